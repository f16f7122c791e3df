/* corpus_names.h - the files of a prepared folder (docs/FORMATS.md).
 *
 * KEEP WITH: data/prepared.h, which reads them, and data/vocabulary.h
 */
#ifndef SINKLAB_CORPUS_NAMES_H
#define SINKLAB_CORPUS_NAMES_H

#include <stdio.h>

#include "data/prepared.h"
#include "data/vocabulary.h"
#include "io/fsys.h"

#define CORPUS_LOCK "lock"
#define CORPUS_NOTE ".sinklab-" /* and digits: a hash, noted by a reader */

/* corpus_path - DIR/NAME and what stands behind. A path that is cut is found
 * too long by who opens it. */
static inline void corpus_path(char path[FSYS_PATH_MAX], const char *dir,
                               const char *name, const char *suffix)
{
    snprintf(path, FSYS_PATH_MAX, "%s/%s%s", dir, name, suffix);
}

#endif
