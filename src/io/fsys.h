/* fsys.h - the one door through which files are changed.
 *
 * Every system call that creates, writes, renames, shortens or removes a file
 * or folder is made through fsys_calls.h, so that a test can make the n-th one
 * fail.
 * A file is replaced whole or not at all: written beside its place under the
 * temporary name `.tmp-<pid>-<name>`, fsynced, renamed, the folder fsynced.
 *
 * Errors are ERR_IO with the path, the system's words and what to do.
 * One thread at a time; one process per folder (the run folder's lock).
 */
#ifndef SINKLAB_FSYS_H
#define SINKLAB_FSYS_H

#include <dirent.h>
#include <sys/types.h>

#include "base/base.h"
#include "base/err.h"

enum { FSYS_PATH_MAX = 4096 };

/* A piece of a file that lies somewhere in memory. */
struct fsys_part {
    const void *bytes;
    size_t n;
};

/* fsys_replace - make path a file of exactly these bytes, durably.
 * OK; ERR_IO: no temporary is left, and path holds the old bytes, or (only if
 * the folder could not be fsynced) the new ones; never a mixture. */
int fsys_replace(const char *path, const void *bytes, size_t n, struct err *e);
int fsys_replace_parts(const char *path, const struct fsys_part *parts,
                       idx n_parts, struct err *e);

/* The same for what is written piece by piece, and never all in memory: open,
 * write, finish (all of it is on the disk, under the temporary name), place. A
 * zeroed stream is closed and may be dropped; open makes its path of at most
 * FSYS_PATH_MAX. Each OK or ERR_IO, after which it is to be dropped. */
struct fsys_stream {
    bool is_open, is_temporary; /* written to; to be unlinked */
    int fd;
    size_t n; /* bytes written */
    char path[FSYS_PATH_MAX], temporary[FSYS_PATH_MAX + 64];
};

int fsys_stream_open(struct fsys_stream *s, const char *path, struct err *e);
int fsys_stream_write(struct fsys_stream *s, const void *bytes, size_t n,
                      struct err *e);
int fsys_stream_finish(struct fsys_stream *s, struct err *e);

/* fsys_stream_place - rename it to its path, of which the folder is not synced
 * yet: fsys_sync(folder) does that for several files at once. */
int fsys_stream_place(struct fsys_stream *s, struct err *e);

/* fsys_stream_settle - finish, place and sync the folder: all that there is to
 * a single file. */
int fsys_stream_settle(struct fsys_stream *s, struct err *e);

/* fsys_stream_drop - what has not been placed is gone. */
void fsys_stream_drop(struct fsys_stream *s);

/* fsys_append - add one row to the end of path, which has so many bytes; -1:
 * however many, and it is created if missing. If a write fails, what it left is
 * cut off again. Not durable before fsys_sync. OK; ERR_IO; ERR_DATA: it has not
 * what its writer left, and nothing was written. */
int fsys_append(const char *path, idx has_bytes, const void *bytes, size_t n,
                struct err *e);

/* fsys_copy - make path a file of the bytes of `from`. As fsys_replace.
 * fsys_share - make path, which is not there yet, another name of the file
 * `from`, for what is replaced whole and never changed; a copy where the file
 * system has no such names, or not between the two folders. Not durable before
 * fsys_sync of the folder. OK or ERR_IO. */
int fsys_copy(const char *path, const char *from, struct err *e);
int fsys_share(const char *path, const char *from, struct err *e);

/* fsys_sync - what was appended to path survives a power cut from here on. */
int fsys_sync(const char *path, struct err *e);

/* fsys_truncate - cut path to length bytes (at most its length), durably. */
int fsys_truncate(const char *path, size_t length, struct err *e);

/* fsys_mkdirs - the folder and its missing parents. OK if it exists. */
int fsys_mkdirs(const char *path, struct err *e);

/* fsys_remove - unlink a file. OK if there is none. */
int fsys_remove(const char *path, struct err *e);

/* fsys_remove_folder - the folder, if it is empty. OK also if it is not, or if
 * there is none. */
int fsys_remove_folder(const char *path, struct err *e);

/* fsys_remove_stale - unlink the temporary files in a folder whose writer is
 * dead. Call it with the folder's lock held and before anything is written:
 * a file that bears this process's own id is stale too (process ids repeat in
 * containers). A folder of such a name stays. OK if there is no such folder. */
int fsys_remove_stale(const char *dir, struct err *e);

/* fsys_remove_stale_of - only those that were to become the file `path`, in a
 * folder where others may have files of such names. */
int fsys_remove_stale_of(const char *path, struct err *e);

/* fsys_exists - *is_there: is there a file or folder of this name? OK; ERR_IO:
 * the system does not say, which is not the same as no. */
int fsys_exists(bool *is_there, const char *path, struct err *e);

/* fsys_is_folder - *is_folder: is it one, or a link to one? false where there
 * is nothing. OK; ERR_IO: it cannot be looked at. */
int fsys_is_folder(bool *is_folder, const char *path, struct err *e);

/* fsys_next - *entry: what an open folder holds next, NULL at its end; path is
 * the folder's. OK, ERR_IO. */
int fsys_next(struct dirent **entry, DIR *folder, const char *path,
              struct err *e);

/* Is this the name of a file that fsys_replace has not yet put in place? */
bool fsys_is_temporary(const char *name);

/* fsys_read_file - the whole of a regular file of at most cap_bytes, with a
 * NUL behind it (not counted in *n). The caller frees *bytes.
 * OK, ERR_IO (missing, unreadable, not a regular file, too large),
 * ERR_MEMORY. */
int fsys_read_file(char **bytes, size_t *n, const char *path, size_t cap_bytes,
                   struct err *e);

/* fsys_read_foreign - as fsys_read_file, of a file that somebody else made: one
 * that is not a regular file, or too large, is ERR_DATA. */
int fsys_read_foreign(char **bytes, size_t *n, const char *path,
                      size_t cap_bytes, struct err *e);

/* fsys_read_at - exactly n bytes of an open file from byte `at` on; false:
 * errno says why (EIO where the file ends before). */
bool fsys_read_at(int fd, void *bytes, size_t n, off_t at);

#endif
