#include "prepare/source_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/fsys.h"

static int say_changed(const struct source_file *f, struct err *e)
{
    return err_set(e, ERR_DATA,
                   "%s: was changed while it was read: wait until nobody "
                   "writes to it, then give the command again",
                   f->item->path);
}

static int check_same(const struct source_file *f, struct err *e)
{
    struct stat st;
    if (fstat(f->fd, &st))
        return err_system(e, f->item->path, "look at it");
    return file_list_same(f->item, &st) ? OK : say_changed(f, e);
}

int source_file_open(struct source_file *f, const struct file_list_item *item,
                     bool is_hashed, struct err *e)
{
    BUG_ON(f->item);
    if (!f->buffer)
        f->buffer = malloc(SOURCE_WINDOW_BYTES);
    if (!f->buffer)
        return err_memory(e, item->path);
    /* O_NONBLOCK: do not wait for the other end of a pipe */
    f->fd = open(item->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (f->fd < 0)
        return err_system(e, item->path, "open");
    f->item = item;
    f->at = f->n = f->hashed = 0;
    f->hash = is_hashed ? hash_begin() : NULL;
    if (is_hashed && !f->hash)
        return err_memory(e, item->path);
    return check_same(f, e);
}

/* The window from a place within the file on. */
static int fill(struct source_file *f, size_t from, struct err *e)
{
    size_t left = (size_t)f->item->stamp.bytes - from;
    f->at = from;
    f->n = left < SOURCE_WINDOW_BYTES ? left : SOURCE_WINDOW_BYTES;
    if (!fsys_read_at(f->fd, f->buffer, f->n, (off_t)from)) {
        int errnum = errno;
        if (check_same(f, e))
            return e->code;
        errno = errnum;
        return err_system(e, f->item->path, "read");
    }
    if (f->hash && f->at <= f->hashed && f->hashed < f->at + f->n) {
        hash_more(f->hash, f->buffer + (f->hashed - f->at),
                  f->at + f->n - f->hashed);
        f->hashed = f->at + f->n;
    }
    return OK;
}

int source_file_view(struct source_file *f, const unsigned char **bytes,
                     size_t *n, size_t from, size_t want, struct err *e)
{
    BUG_ON(want > SOURCE_WINDOW_BYTES);
    size_t size = (size_t)f->item->stamp.bytes, end = f->at + f->n;
    *n = 0;
    if (from >= size)
        return OK;
    bool is_within =
        from >= f->at && from < end && (end - from >= want || end == size);
    if (!is_within && fill(f, from, e))
        return e->code;
    *bytes = f->buffer + (from - f->at);
    *n = f->at + f->n - from;
    return OK;
}

int source_file_close(struct source_file *f, char hex[HASH_HEX_MAX],
                      struct err *e)
{
    const unsigned char *bytes;
    size_t n;
    BUG_ON(!hex != !f->hash);
    while (hex && f->hashed < (size_t)f->item->stamp.bytes)
        if (source_file_view(f, &bytes, &n, f->hashed, 1, e))
            return e->code;
    if (check_same(f, e))
        return e->code;
    if (hex)
        hash_hex(hex, hash_end(f->hash));
    f->hash = NULL;
    close(f->fd);
    f->item = NULL;
    return OK;
}

void source_file_release(struct source_file *f)
{
    if (f->item)
        close(f->fd);
    if (f->hash)
        hash_end(f->hash);
    free(f->buffer);
    *f = (struct source_file){ 0 };
}
