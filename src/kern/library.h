/* library.h - libraries that are loaded when they are first asked for. */
#ifndef SINKLAB_LIBRARY_H
#define SINKLAB_LIBRARY_H

#include "base/base.h"

/* library_open - the first of n files that the loader takes, a handle for dlsym
 * and dlclose. NULL: none; *why in its words, and *is_memory: it lacked memory
 * rather than the file, and no more were tried. */
void *library_open(const char *const *files, idx n, const char **why,
                   bool *is_memory);

#endif
