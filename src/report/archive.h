/* archive.h - folders packed by the system's tar into a .tar.gz.
 *
 * Whole or absent: tar writes beside the place under a temporary name; the
 * result is listed by tar again, which checks gzip's sums, then fsynced and
 * renamed. A file that was there is never replaced.
 */
#ifndef SINKLAB_ARCHIVE_H
#define SINKLAB_ARCHIVE_H

#include "base/base.h"
#include "base/err.h"

/* archive_check - may a new archive be made there? OK; ERR_USAGE: it must end
 * in .tar.gz or .tgz, or it is there already. */
int archive_check(const char *path, struct err *e);

/* archive_write - pack the folders base/names[0..n), which must hold n_entries
 * files and folders in all, as names[i]/... OK; ERR_TOOL: no tar, or it failed,
 * or the archive lacks entries; ERR_IO. On error there is no archive. */
int archive_write(const char *path, const char *base, const char *const *names,
                  idx n, idx n_entries, struct err *e);

#endif
