/* moment.h - places in the program's life that a test reaches by name.
 *
 * Whether a run is stopped in its seventh step must not depend on how fast the
 * machine is. So the program says where it is, and a test may ask for something
 * to happen there, in the environment variable SINKLAB_TEST:
 *
 *     COMMAND MOMENT NUMBER ACTION [; ...]
 *
 *     train step 7 KILL           in step 7 it sends itself that signal
 *     train step 7 KILL parent    ... or sends it to who started it
 *     train step 7 wait PATH      it waits until PATH, a FIFO, has a writer;
 *                                 another wait of a test takes another FIFO
 *     sweep signal 2 value 11.5   there it takes 11.5 for the number at hand
 *
 * MOMENT and the meaning of NUMBER, from 1 unless stated otherwise:
 *
 *     step     train: so many updates are done and all that is due is written,
 *              from the step it began with (0: before the first)
 *     call     the next system call that changes a file, io/fsys_calls.h
 *     row      train: the next row of its logs; value: seconds of this process
 *     checkpoint  analyze: so many weights files of a run are measured
 *     start    sweep: a run has been started
 *     timing   sweep: a run was timed for a dry run; value: its seconds a step
 *     end      sweep: a run has ended and nobody knows yet
 *     signal   sweep: it has got a signal; value: the clock_s then
 *     memory   sweep, analyze: how many runs at once? value: the bytes that
 *              are free
 *     hash     tokens of files are about to be hashed; value: the time of day
 *              then, in seconds since 1970
 *     meeting  one of several processes: all are to meet (ranks_agree);
 *              value: seconds for which the others are waited for there
 *     poll     one of several processes: it looks for a message that has not
 *              come; value: the clock_s then
 *     journal  sweep: its journal is locked by another process; value: the
 *              seconds for which it has waited
 *     obeyed   sweep: it has done what the signal asks for
 *     taken    sweep: a run that was finished elsewhere is copied whole, and
 *              not in place yet
 *
 * Rules hold for the command they name alone, so a launcher and its runs can be
 * given different ones. Without the variable all this does nothing. For the
 * first thread.
 */
#ifndef SINKLAB_MOMENT_H
#define SINKLAB_MOMENT_H

#include "base/base.h"
#include "base/err.h"

/* moments_read - take the rules of this command out of text (NULL: none), in
 * place of those before. ERR_USAGE names a rule that is none. */
int moments_read(const char *text, const char *command, struct err *e);

/* moment_at - here the moment has this number. */
void moment_at(const char *moment, idx number);

/* moment_next - here it comes once more: numbers count the calls. */
void moment_next(const char *moment);

/* moment_value - moment_next, and the number to take: value, or a rule's. */
double moment_value(const char *moment, double value);

#endif
