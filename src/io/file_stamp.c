#include "io/file_stamp.h"

static int64_t in_ns(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct file_stamp file_stamp_of(const struct stat *st)
{
    return (struct file_stamp){
        .bytes = st->st_size,
        .mtime_ns = in_ns(st->st_mtim),
        .ctime_ns = in_ns(st->st_ctim),
        .inode = st->st_ino,
        .device = st->st_dev,
    };
}

bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->bytes == b->bytes && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns && a->inode == b->inode &&
           a->device == b->device;
}
