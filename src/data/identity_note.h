/* identity_note.h - where the hash of stored tokens is kept, so that they are
 * read for it once and not at every start.
 *
 *   [identity]
 *   version = 1
 *   files = 16 hex digits: names of the files, and of each its size, times of
 *           change (mtime, ctime, in ns) and inode
 *   hashed_at = seconds since 1970, when the reading began
 *   tokens, hash, max_token
 *   ; seal = ...
 *
 * It is a hidden file beside the tokens, or where that cannot be written, in
 * the user's folder for caches. A note counts only if its files are the same
 * and none was changed in the last two seconds before hashed_at (or later): a
 * file may change twice within one tick of the clock of its times. Whatever
 * else is wrong with a note, it is as if there were none.
 */
#ifndef SINKLAB_IDENTITY_NOTE_H
#define SINKLAB_IDENTITY_NOTE_H

#include "base/err.h"
#include "data/stored.h"
#include "data/stored_query.h"
#include "io/fsys.h"

struct identity_note {
    char beside[FSYS_PATH_MAX], cached[FSYS_PATH_MAX]; /* "": no such place */
    char files[HASH_HEX_MAX];
    int64_t changed_ns; /* the latest change of all files */
};

/* identity_note_of - of tokens that are open. OK, ERR_MEMORY. */
int identity_note_of(struct identity_note *note, const struct stored *s,
                     const struct stored_query *q, struct err *e);

/* identity_note_read - set hash and max_token, if a note says them: its path;
 * NULL: none does. */
const char *identity_note_read(const struct identity_note *note,
                               struct stored *s);

/* identity_note_write - keep them, which were read from hashed_at_s (seconds
 * since 1970) on; nothing where nothing can be written, or where it would not
 * count. */
void identity_note_write(const struct identity_note *note,
                         const struct stored *s, int64_t hashed_at_s);

#endif
