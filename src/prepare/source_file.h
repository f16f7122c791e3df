/* source_file.h - a file of text that is read through a window, from any place,
 * forward for the most part; and its hash, which comes along.
 *
 * One struct serves one file after the other, with one buffer. A file that is
 * not what the list says, before or after reading, is told. Errors: ERR_DATA
 * (changed meanwhile), ERR_IO, ERR_MEMORY, with its path.
 */
#ifndef SINKLAB_SOURCE_FILE_H
#define SINKLAB_SOURCE_FILE_H

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/file_list.h"

struct source_file {
    const struct file_list_item *item; /* borrowed; NULL: none is open */
    int fd;
    unsigned char *buffer; /* of SOURCE_WINDOW_BYTES */
    size_t at, n;          /* bytes at .. at+n of the file are in it */
    size_t hashed;         /* bytes from the first that hash has got */
    struct hash_run *hash; /* NULL: nobody asks for it */
};

enum { SOURCE_WINDOW_BYTES = 1 << 20 };

/* is_hashed: its hash will be asked for. */
int source_file_open(struct source_file *f, const struct file_list_item *item,
                     bool is_hashed, struct err *e);

/* source_file_view - *bytes: what the file holds from place `from` on, *n of
 * it: at least min(want, what is left), 0 at its end; until the next view.
 * want <= SOURCE_WINDOW_BYTES. */
int source_file_view(struct source_file *f, const unsigned char **bytes,
                     size_t *n, size_t from, size_t want, struct err *e);

/* source_file_close - see that the file is the same still. hex: the hash of all
 * its bytes, which reads what has not been looked at; NULL: if it is not
 * hashed. */
int source_file_close(struct source_file *f, char hex[HASH_HEX_MAX],
                      struct err *e);

/* source_file_release - in any case, at last. A zeroed one may be. */
void source_file_release(struct source_file *f);

#endif
