/* hdf_record.h - what the child that reads a file tells of it, and what its
 * parent makes of that.
 *
 * Records of fixed parts in the machine's own form, each followed by its texts,
 * which are a length and bytes. Both ends are one program, but the child has
 * read a stranger's file: its parent trusts nothing. Private to hdf*.c.
 */
#ifndef SINKLAB_HDF_RECORD_H
#define SINKLAB_HDF_RECORD_H

#include "io/hdf_tree.h"

/* A byte in front of all, once the library is up: what fails before has seen
 * nothing of the file. */
enum { HDF_STARTED = 'S' };

enum record_kind {
    RECORD_OBJECT = 'o',
    RECORD_ATTRIBUTE = 'a',
    RECORD_FAILURE = 'f',
    RECORD_END = 'e'
};

struct record {
    uint8_t kind; /* of enum record_kind */
    uint8_t of;   /* enum hdf_kind, or hdf_value */
    uint8_t extent, type, has_long_names, has_text;
    int32_t ndim;
    int64_t n[HDF_NDIM_MAX]; /* shape, or an attribute's numbers */
    int64_t count;
    double number;
    uint64_t start;
    uint32_t name_bytes, text_bytes;
};

/* hdf_tell - a record, its name and, unless NULL, its text. */
void hdf_tell(FILE *out, struct record r, const char *name, const char *text);

/* hdf_take - fill the tree of h from n bytes of records, without the byte in
 * front. OK, ERR_MEMORY or damage_code. For tests, too. */
int hdf_take(struct hdf *h, const char *bytes, size_t n);

#endif
