/* stop.h - being asked to stop: SIGINT, SIGTERM and SIGUSR1, for some SIGHUP
 * too, set a flag. After any of these but SIGUSR1, SIGINT and SIGTERM find the
 * system's default again and end the process at once; SIGUSR1, by which Slurm
 * warns of a time limit and a sweep's launcher stops its runs, is only ever a
 * request. */
#ifndef SINKLAB_STOP_H
#define SINKLAB_STOP_H

#include "base/base.h"

/* From now on; asked again, it does nothing to what has come since. */
void stop_watch(void);

/* stop_watch_hangup - SIGHUP, too, as of a terminal that is closed: for what
 * starts runs, which stop as well then. */
void stop_watch_hangup(void);

/* stop_unwatch - unless one has come: they do again what they do by default. */
void stop_unwatch(void);
bool stop_requested(void);
int stop_signal(void);       /* its number; 0 if none came */
const char *stop_name(void); /* "SIGINT", for messages; "" if none came */

/* "SIGINT", "SIGKILL", ...; "a signal" for those nobody asks to stop with. */
const char *signal_name(int number);

#endif
