/* safetensors.h - tensors as models are passed on: one file, or several with an
 * index (https://github.com/huggingface/safetensors).
 *
 *   8 bytes       n, little-endian: bytes of the header, at most 100 MB
 *   n bytes       JSON: {"NAME": {"dtype": "F32", "shape": [2, 3],
 *                 "data_offsets": [from, to]}, ..., "__metadata__": {...}}
 *   the rest      the tensors, row-major, little-endian, without gaps
 *
 * Reading trusts nothing: sizes, types and places are checked as a whole before
 * a number is looked at, and files are mapped, so that nothing is read but what
 * is asked for. Writing is whole or not at all, and never all in memory.
 */
#ifndef SINKLAB_SAFETENSORS_H
#define SINKLAB_SAFETENSORS_H

#include "base/base.h"
#include "base/err.h"
#include "io/json_tree.h"

enum { SAFETENSORS_NDIM_MAX = 8 };

#define SAFETENSORS_FILE "model.safetensors"
#define SAFETENSORS_INDEX "model.safetensors.index.json"

struct safetensor {
    const char *name; /* the file's own */
    const char *type; /* "F32" */
    int ndim;
    idx shape[SAFETENSORS_NDIM_MAX];
    idx n;                      /* product of shape; 1 of no dimension */
    const unsigned char *bytes; /* (n) of its type */
    const char *place;          /* the file, for messages */
};

struct safetensors_file; /* one of them, mapped */

struct safetensors {
    idx n;
    struct safetensor *tensors; /* (n) by name, ascending; owned */
    idx n_files;
    struct safetensors_file *files; /* owned */
};

/* safetensors_open - a file that ends in .safetensors, or a folder's:
 * model.safetensors, or all that model.safetensors.index.json names. Release in
 * any state. OK; ERR_DATA: not there, or damaged, in one sentence that says
 * where; ERR_IO, ERR_MEMORY. */
int safetensors_open(struct safetensors *s, const char *path, struct err *e);
void safetensors_release(struct safetensors *s);

/* By its name; NULL: there is none. */
const struct safetensor *safetensors_find(const struct safetensors *s,
                                          const char *name);

/* Can its numbers be read: F32, F16 or BF16? */
bool safetensor_is_real(const struct safetensor *t);

/* safetensor_read - numbers from .. from+n-1 of a tensor that is real, to
 * x[0], x[stride], ...; widened without rounding (in a build of double, too).
 */
void safetensor_read(real *x, idx stride, const struct safetensor *t, idx from,
                     idx n);

/* A tensor to be written, as F32. */
struct safetensor_out {
    const char *name;
    int ndim;
    idx shape[SAFETENSORS_NDIM_MAX];
    /* Its numbers from .. from+n-1, to x. */
    void (*read)(float *x, const struct safetensor_out *t, idx from, idx n);
    const void *user;
};

/* safetensors_write - make path a file of these tensors, in this order. Names
 * differ. OK, ERR_IO (nothing has changed), ERR_MEMORY. */
int safetensors_write(const char *path, const struct safetensor_out *tensors,
                      idx n, struct err *e);

#endif
