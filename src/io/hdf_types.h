/* hdf_types.h - types and shapes of the datasets in our HDF5 files. */
#ifndef SINKLAB_HDF_TYPES_H
#define SINKLAB_HDF_TYPES_H

#include "base/base.h"
#include "base/hash.h"

enum {
    HDF_NDIM_MAX = 4,
    HDF_PATH_MAX = 256,
    HDF_LATE_MAX = 4, /* datasets of a file whose values come late */
};

enum hdf_type { HDF_FLOAT32, HDF_FLOAT64, HDF_INT64 };

struct hdf_shape {
    int ndim;
    idx n[HDF_NDIM_MAX]; /* row-major; each at least 1 */
};

idx hdf_shape_count(const struct hdf_shape *s); /* numbers in it */
bool hdf_shape_is(const struct hdf_shape *s, int ndim, const idx *n);

/* "384 x 128" into text; returns text. */
enum { HDF_SHAPE_TEXT_MAX = 96 };
const char *hdf_shape_print(char text[HDF_SHAPE_TEXT_MAX],
                            const struct hdf_shape *s);

/* Bytes of one number. */
size_t hdf_type_bytes(enum hdf_type type);

/* What the library found in a file, for reading the same bytes again without
 * it, which takes a process. Zeroed, it is of no file. Owns its text. */
struct hdf_layout {
    char seal[HASH_HEX_MAX]; /* of those bytes, which are */
    size_t n_bytes;          /* so many */
    char *text;              /* (n) */
    size_t n;
};

#endif
