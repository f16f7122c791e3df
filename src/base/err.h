/* err.h - errors that are not our mistake: the user's, the world's, the run's.
 *
 * A function that can fail returns one of the codes below and sets the message
 * where the failure happened: place, what was found, what to do. Only main.c
 * prints the message and exits; the exit status is the code (docs/ERRORS.md).
 * (A signal's handler has nowhere to return to, nor has a product in the middle
 * of a pass: io/mapping and kern/onednn end the process.)
 *
 * A struct err *e is never NULL: what a function did is asked of e->code all
 * over. Who wants the code alone gives ERR_IGNORED.
 */
#ifndef SINKLAB_ERR_H
#define SINKLAB_ERR_H

#include <stdbool.h>

enum {
    OK = 0,
    ERR_USAGE = 2,        /* command line not understood */
    ERR_CONFIG = 3,       /* INI file or override: unknown key, bad value */
    ERR_DATA = 4,         /* training text missing, empty, too short, foreign */
    ERR_IO = 5,           /* the system refused: disk full, no permission */
    ERR_CHECKPOINT = 6,   /* checkpoint damaged or of another model */
    ERR_BUSY = 7,         /* run folder exists already, or is in use */
    ERR_DIVERGED = 8,     /* loss or gradient is NaN or infinite */
    ERR_MEMORY = 9,       /* not enough memory for this model and batch */
    ERR_TOOL = 10,        /* a helper program (gnuplot) is missing or failed */
    ERR_RUNS = 11,        /* some runs of a sweep failed; the others are done */
    ERR_INTERRUPTED = 75, /* stopped by a signal, saved, can be resumed */
};

enum { ERR_TEXT_MAX = 2048 };

struct err {
    int code;
    char text[ERR_TEXT_MAX];
};

/* A new one, which holds no failure and lasts as long as the block: for a call
 * whose message nobody reads. */
#define ERR_IGNORED (&(struct err){ .code = OK })

/* err_set - record a failure and return its code, for `return err_set(...)`.
 * A zeroed struct err holds no failure. The first message is kept: a caller
 * that adds nothing may pass the code on. */
int err_set(struct err *e, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* err_pass - hand on what `from` holds, if anything; returns its code. */
int err_pass(struct err *e, const struct err *from);

/* err_pass_memory - the same, and behind want of memory what to do about it. */
int err_pass_memory(struct err *e, const struct err *from, const char *remedy);

/* Did the system refuse it (ERR_IO, ERR_MEMORY), so that nobody knows whether
 * what was asked for is sound? */
bool err_is_refusal(int code);

/* err_system - what errno says a system call refused: "PLACE: cannot WHAT:
 * <the system's words>; <what to do>". Returns ERR_IO, or ERR_MEMORY if it was
 * for lack of memory. */
int err_system(struct err *e, const char *place, const char *what);

/* err_memory - ERR_MEMORY: "PLACE: not enough memory: <what to do>"; with place
 * NULL none is named. */
int err_memory(struct err *e, const char *place);

/* err_foreign - as err_system, of a file that somebody else made: one that is
 * not there is ERR_DATA, not ERR_IO. */
int err_foreign(struct err *e, const char *place, const char *what);

/* err_prefix - put "text: " in front of the recorded message (the place, seen
 * from the caller). Returns e->code. */
int err_prefix(struct err *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
