/* hdf_tree.h - what an HDF5 file holds, as plain data.
 *
 * Private to hdf*.c. A file is built as a tree and read into one; the HDF5
 * library (hdf_library.h) sees neither a caller nor, if it can be helped, this
 * process.
 */
#ifndef SINKLAB_HDF_TREE_H
#define SINKLAB_HDF_TREE_H

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"
#include "base/pool.h"
#include "io/hdf_types.h"

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

enum hdf_value {
    VALUE_TEXT,
    VALUE_INT,
    VALUE_DOUBLE,
    VALUE_OTHER, /* of a type that is not ours; not read */
};

enum hdf_extent { EXTENT_SCALAR, EXTENT_LIST, EXTENT_OTHER };

struct hdf_attribute {
    struct hdf_attribute *next;
    const char *name;
    enum hdf_value value;
    enum hdf_extent extent;
    const char *text;
    double number;
    idx n; /* EXTENT_LIST: numbers in it, even if more than fit here */
    int64_t ints[HDF_NDIM_MAX];
};

enum hdf_kind {
    KIND_GROUP,
    KIND_DATASET,
    KIND_LINK,       /* soft or external: not followed */
    KIND_UNREADABLE, /* the library balked; complaint is its reason */
    KIND_OTHER,
};

struct hdf_object {
    const char *path;
    enum hdf_kind kind;
    const char *complaint; /* NULL, or why the dataset is not sound */
    bool has_long_names;   /* of a group: a member's is overlong */
    enum hdf_type type;
    struct hdf_shape shape;
    size_t start;       /* reading: of the numbers in the file */
    const void *values; /* building; borrowed */
    bool is_late;       /* building: values come when the image is there */
    struct hdf_attribute *attributes, *last;
};

/* What building does, in order. */
enum hdf_step_kind { STEP_ADD, STEP_PUT, STEP_SCALE, STEP_ATTACH };

struct hdf_step {
    struct hdf_step *next;
    enum hdf_step_kind kind;
    const struct hdf_object *object;
    const struct hdf_attribute *attribute; /* STEP_PUT */
    const char *name;                      /* of a scale */
    int axis;                              /* STEP_ATTACH */
};

struct hdf {
    const char *path;         /* for messages and hdf_save; borrowed */
    struct err *e;            /* borrowed */
    int rc;                   /* of the first failure */
    int damage_code;          /* reading */
    const char *remedy;       /* reading; borrowed */
    char *bytes;              /* reading: the whole file; owned */
    size_t n_bytes;           /* of the image, without seal */
    size_t expected_bytes;    /* building */
    struct hdf_layout layout; /* reading: what the library found, and of which
                                 bytes; until it is taken */

    struct hdf_object **objects; /* (n_objects) as found or added; owned */
    struct hdf_object **sorted;  /* (n_sorted) the same by path; owned */
    idx n_objects, n_sorted;
    struct hdf_step *steps, *last_step;
    struct pool memory; /* of all of these */
};

/* Failures, each recorded unless there was one before; all return h->rc. What
 * is told in a printf's words is damage: "path: text". */
int hdf_failv(struct hdf *h, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));
int hdf_no_memory(struct hdf *h, const char *what);
int hdf_unreadable(struct hdf *h, const char *what, const char *reason);
int hdf_foreign(struct hdf *h, const char *object, const char *what);

/* A new object, in no group's order but that of calls; NULL: out of memory,
 * which is recorded. */
struct hdf_object *hdf_new_object(struct hdf *h, const char *path,
                                  enum hdf_kind kind);
struct hdf_attribute *hdf_new_attribute(struct hdf *h, struct hdf_object *o,
                                        const char *name);

#endif
