/* memory.h - how much memory this process may have: limits of the shell, of
 * control groups, and what the machine has left. */
#ifndef SINKLAB_MEMORY_H
#define SINKLAB_MEMORY_H

#include "base/base.h"
#include "base/err.h"

/* memory_available - memory that may be had without swapping: the system's own
 * estimate, or less if this process's control group, or one around it, allows
 * less; at least 1. 0: not known.
 * root: "", or a folder with other files in place of /proc and /sys. */
double memory_available(const char *root);

/* What is going to be asked for. */
struct memory_need {
    const char *what;    /* "training", "reading FILE": subject of a sentence */
    double bytes;        /* that will be filled */
    double beside_bytes; /* the same of other processes on this machine that are
                            about to begin, too */
    double mapped_bytes; /* of addresses beside those, hardly filled */
    const char *remedy;  /* "use a smaller model" */
};

/* memory_check - is there room for it? Address space and data are compared
 * with their limits (ulimit -v, ulimit -d), what will be filled, by all of
 * them, with available memory and swap, of control groups, too.
 * What is not known is no obstacle.
 * OK, or ERR_MEMORY with both figures. root as above. */
int memory_check(const struct memory_need *need, const char *root,
                 struct err *e);

#endif
