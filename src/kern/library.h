/* library.h - libraries that are loaded when they are first asked for. */
#ifndef SINKLAB_LIBRARY_H
#define SINKLAB_LIBRARY_H

#include "base/base.h"

enum library_fault {
    LIBRARY_MISSING,   /* there is none, or it is none of this system's */
    LIBRARY_DAMAGED,   /* whoever loads it crashes */
    LIBRARY_NO_MEMORY, /* rather than the file */
};

struct library_failure {
    enum library_fault fault;
    char text[256]; /* in the loader's words, or ours */
};

/* library_open - the first of n files that the loader takes, a handle for dlsym
 * and dlclose. NULL: none, and *why: the gravest fault; behind want of memory
 * no more were tried. It loads each in a child first. */
void *library_open(const char *const *files, idx n,
                   struct library_failure *why);

#endif
