/* stored_files.h - which files a path stands for, in the order of their names.
 */
#ifndef SINKLAB_STORED_FILES_H
#define SINKLAB_STORED_FILES_H

#include "base/err.h"
#include "data/stored_query.h"

struct stored_files {
    char **paths;
    idx n;
};

/* stored_files_check - is there a path? OK, ERR_DATA. First of all. */
int stored_files_check(const struct stored_query *q, struct err *e);

/* stored_files_of_text - path itself, or all regular files below it, hidden
 * ones left out; links are followed. Files and folders of a folder come in the
 * order of their names, and what is in a folder where its name stands.
 * OK; ERR_DATA: none, or there is something else among them; ERR_IO,
 * ERR_MEMORY. */
int stored_files_of_text(struct stored_files *f, const struct stored_query *q,
                         struct err *e);

/* stored_files_of_tokens - path itself (also without its .bin, or with .idx
 * instead), all NAME.bin of a folder, or all files that the pattern matches
 * but NAME.idx. As above; ERR_DATA, too, if there seem to be shards for
 * training and others for validation. */
int stored_files_of_tokens(struct stored_files *f, const struct stored_query *q,
                           struct err *e);

/* stored_files_add - one more. OK, ERR_MEMORY. */
int stored_files_add(struct stored_files *f, const char *path, struct err *e);

void stored_files_release(struct stored_files *f);

#endif
