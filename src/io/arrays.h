/* arrays.h - named arrays over named axes, as HDF5 that explains itself.
 *
 * For analysis.h5: every axis is a dimension scale, every array has its axes
 * attached, with unit and definition, so that xarray, h5netcdf, netCDF and
 * h5dump show the meaning with the numbers. Layout: docs/FORMATS.md.
 * Written whole or not at all; the same content gives the same bytes.
 * Saving borrows everything for the call; loading gives memory to the caller.
 */
#ifndef SINKLAB_ARRAYS_H
#define SINKLAB_ARRAYS_H

#include "base/base.h"
#include "base/err.h"

struct hdf;

enum { ARRAY_NDIM_MAX = 4, ARRAY_AXES_TEXT_MAX = 128, ARRAY_NAME_MAX = 64 };

/* A coordinate. Exactly one of ints and doubles is given. */
struct axis {
    const char *name;      /* a plain word: "step" */
    const char *unit;      /* "1" where there is none */
    const char *long_name; /* "optimizer updates done" */
    idx n;                 /* >= 1 */
    const int64_t *ints;   /* (n) */
    const double *doubles; /* (n) */
};

/* Numbers over axes. Exactly one of floats and doubles is given. NaN stands
 * for "not measured". */
struct array {
    const char *name;         /* a plain word, other than any axis's */
    const char *long_name;    /* in a few words, for axes of figures */
    const char *unit;         /* "1" where there is none */
    const char *definition;   /* one sentence: what exactly it is */
    const char *source;       /* who defined it; NULL: nobody to name */
    int ndim;                 /* 1 .. ARRAY_NDIM_MAX */
    int axes[ARRAY_NDIM_MAX]; /* numbers of axes, slowest first */
    const float *floats;      /* row-major */
    const double *doubles;
};

/* An attribute of the file. */
struct note {
    const char *name, *text; /* "run_id"; UTF-8 */
};

struct arrays {
    const struct note *notes;
    idx n_notes;
    const struct axis *axes;
    idx n_axes;
    const struct array *arrays;
    idx n_arrays;
};

/* arrays_save - all of it to path, atomically replacing it.
 * OK, ERR_IO (old file intact), ERR_MEMORY. */
int arrays_save(const char *path, const struct arrays *a, struct err *e);

/* One array (or axis) out of a file. */
struct array_values {
    int ndim;
    idx shape[ARRAY_NDIM_MAX];
    idx n;          /* product of shape */
    double *values; /* (n) row-major; owned */
};

/* array_load - the array or axis of this name, whatever its type, as double.
 * OK, ERR_IO, ERR_MEMORY, ERR_DATA (damaged, or there is no such array). */
int array_load(struct array_values *a, const char *path, const char *name,
               struct err *e);
void array_values_release(struct array_values *a);

/* Which arrays a file has, and their numbers; read once for all of them. */
struct array_facts {
    char name[ARRAY_NAME_MAX];
    char axes[ARRAY_AXES_TEXT_MAX]; /* "step layer head" */
    int ndim;
    idx shape[ARRAY_NDIM_MAX];
};

struct array_file {
    const struct hdf_layout *known; /* of the caller, before it is opened:
                                       hdf_open_known; NULL */
    struct hdf *h;
    struct array_facts *arrays; /* (n) by name; axes are not among them */
    idx n;
    bool is_out_of_memory;
};

/* array_file_open - fill one that is zeroed, but for `known`; path and e are
 * borrowed until it is closed, in any case. OK, ERR_IO, ERR_MEMORY, ERR_DATA
 * (damaged).
 * array_file_read - an array or axis, as array_load. */
int array_file_open(struct array_file *f, const char *path, struct err *e);
int array_file_read(struct array_values *a, struct array_file *f,
                    const char *name, struct err *e);
void array_file_close(struct array_file *f);

/* note_load - the file's attribute; the caller frees *text. As array_load.
 * note_load_layout - and what is to be known of the file later (hdf.h), to be
 * released in any case. */
int note_load(char **text, const char *path, const char *name, struct err *e);
int note_load_layout(char **text, struct hdf_layout *layout, const char *path,
                     const char *name, struct err *e);

#endif
