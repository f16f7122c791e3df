/* hdf_lib.h - what hdf*.c share; the one home of hdf5.h.
 *
 * Private to these files. Every id is closed where it was opened; a negative id
 * may be closed, so cleanup is unconditional.
 */
#ifndef SINKLAB_HDF_LIB_H
#define SINKLAB_HDF_LIB_H

#include <hdf5.h>
#include <hdf5_hl.h>

#include "io/hdf.h"

/* The seal behind the image: these bytes, 16 hex digits, a line end.
 * KEEP WITH: docs/FORMATS.md, section on the seal. */
#define HDF_SEAL_MARK "\nsinklab-seal-xxh3-64 "
enum {
    HDF_SEAL_MARK_BYTES = sizeof HDF_SEAL_MARK - 1,
    HDF_SEAL_BYTES = HDF_SEAL_MARK_BYTES + 16 + 1,
};

/* Hash and numbers are defined over little-endian bytes, and taken as they
 * lie in memory. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "this code needs a little-endian machine");

struct hdf {
    hid_t file;
    const char *path;   /* for messages and hdf_save; borrowed */
    struct err *e;      /* borrowed */
    int rc;             /* of the first failure */
    int damage_code;    /* reading */
    const char *remedy; /* reading; borrowed */
    char *bytes;        /* reading: the whole file; owned */
    size_t n_bytes;     /* of the image, without seal */
};

/* Must come before any other use of the library, on every way into it. */
void hdf_init(void);

/* Failures, each recorded unless there was one before; all return h->rc. The
 * library forgets its reason at the next call of it, be it one that closes.
 * Building in memory fails for want of memory alone. */
int hdf_no_memory(struct hdf *h, const char *what);
int hdf_unreadable(struct hdf *h, const char *what); /* the library balked */
int hdf_foreign(struct hdf *h, const char *object, const char *what);

void hdf_close_id(hid_t id); /* of whatever kind; negative: nothing */

hid_t hdf_file_type(enum hdf_type type); /* predefined: never close */

/* hdf_open_object - a group or dataset, through hard links on the whole way.
 * Negative, with the error recorded, on failure. */
hid_t hdf_open_object(struct hdf *h, const char *path);

#endif
