/* stop.h - being asked to stop: SIGINT and SIGTERM set a flag once; a second
 * one finds the system's default and ends the process at once. */
#ifndef SINKLAB_STOP_H
#define SINKLAB_STOP_H

#include "base/base.h"

void stop_watch(void); /* from now on */
bool stop_requested(void);
const char *stop_name(void); /* "SIGINT", for messages; "" if none came */

#endif
