/* prepare_folder.h - the folder that a corpus is made in, from the first look
 * at it until it is whole or as it was before.
 *
 * While it is made, DIR/lock is held and all files have temporary names; the
 * manifest comes last. What a killed process left is known by the lock file and
 * the names, and the next one clears it; any other folder that holds something
 * is refused.
 */
#ifndef SINKLAB_PREPARE_FOLDER_H
#define SINKLAB_PREPARE_FOLDER_H

#include "base/base.h"
#include "base/err.h"
#include "io/lock.h"

struct prepare_folder {
    const char *dir; /* borrowed */
    size_t n_there;  /* bytes of its path that named a folder before */
    bool is_placing; /* some files may have their names */
    bool has_corpus; /* a whole one is there, now */
    struct lock lock;
};

/* prepare_folder_take - look at dir, make it if it is not there, lock it, clear
 * left-over files. A zeroed struct; to be released in any case.
 * OK; ERR_BUSY: it holds something else, or another process works in it;
 * ERR_DATA: a damaged manifest; ERR_IO. */
int prepare_folder_take(struct prepare_folder *f, const char *dir,
                        struct err *e);

/* prepare_folder_clear - a corpus that is there is none any more: from now on
 * files are given their names, and corpus_manifest_write ends it. */
int prepare_folder_clear(struct prepare_folder *f, struct err *e);

/* prepare_folder_release - is_whole: the manifest is written. Else all is
 * removed that this process brought. */
void prepare_folder_release(struct prepare_folder *f, bool is_whole);

#endif
