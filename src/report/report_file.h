/* report_file.h - where a command may write a report that the user names.
 *
 * Reports are replaced whole (io/fsys.h), so a slip of the hand would replace
 * whatever bears the name: a run's only state, a device, a link.
 */
#ifndef SINKLAB_REPORT_FILE_H
#define SINKLAB_REPORT_FILE_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "io/grid.h"

/* Does the path ("-"; NULL: not asked for) mean standard output? */
bool report_is_stdout(const char *path);

/* report_files_check - may these n paths (NULL: not asked for) be written?
 * They must lead to different places, and what is there already must be a
 * regular file that no run, sweep or config is made of. OK; ERR_USAGE: two
 * are the same; ERR_BUSY: something else is there; ERR_IO. Nothing is
 * touched. */
int report_files_check(const char *const *paths, idx n, struct err *e);

/* report_place_check - is there a folder for the file (NULL: not asked for), or
 * will the same command make it, as `made` (NULL: it makes none)? OK or ERR_IO;
 * what cannot be looked at is told by who writes. */
int report_place_check(const char *path, const char *made, struct err *e);

/* report_folder_check - a file is made `inside` a folder that may be made for
 * it: neither it nor any folder above it may be one of these n paths. OK or
 * ERR_USAGE. */
int report_folder_check(const char *inside, const char *const *paths, idx n,
                        struct err *e);

/* A report that is being written: whole or not at all into a file, or to
 * standard output for "-". */
struct report {
    FILE *f; /* to print to */
    const char *path;
    char *text;
    size_t n;
};

/* report_begin - path is borrowed until report_end, which must follow. OK or
 * ERR_MEMORY. */
int report_begin(struct report *r, FILE *out, const char *path, struct err *e);

/* report_end - put it in its place, unless e holds an error already. OK,
 * ERR_IO, ERR_MEMORY; or what e holds. */
int report_end(struct report *r, struct err *e);

/* report_write_csv - a filled grid as such a report. */
int report_write_csv(FILE *out, const char *path, const struct grid *g,
                     struct err *e);

#endif
