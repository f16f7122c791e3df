/* file_stamp.h - is a file still the one that it was? */
#ifndef SINKLAB_FILE_STAMP_H
#define SINKLAB_FILE_STAMP_H

#include <sys/stat.h>

#include "base/base.h"

struct file_stamp {
    int64_t bytes, mtime_ns, ctime_ns;
    uint64_t inode, device;
};

struct file_stamp file_stamp_of(const struct stat *st);
bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b);

#endif
