/* hdf_mutant.h - HDF5 files that somebody changed, and then sealed again.
 *
 * A good file's bytes are edited; the checksums of HDF5's own metadata are put
 * right where they stood, and the seal is, so that only what parses the file
 * can find fault with it.
 */
#ifndef SINKLAB_HDF_MUTANT_H
#define SINKLAB_HDF_MUTANT_H

#include <stdint.h>

#include "base/base.h"
#include "base/err.h"

enum { MUTANT_SUMS_MAX = 256, MUTANT_EDIT_BYTES = 5 };

struct hdf_mutant {
    char *base;  /* (n) the good file without its seal; owned */
    char *bytes; /* (n) and room for a seal; owned */
    size_t n;
    idx n_sums;
    struct {
        size_t start, end; /* a checksum of [start, end) stands at end */
    } sums[MUTANT_SUMS_MAX];
};

/* From the good file at path. OK, ERR_IO, ERR_MEMORY. */
int hdf_mutant_init(struct hdf_mutant *m, const char *path, struct err *e);
void hdf_mutant_release(struct hdf_mutant *m);

/* hdf_mutant_edit - bytes anew: the good file with one edit for every
 * MUTANT_EDIT_BYTES of edits: place (3 bytes), what is done, a value. */
void hdf_mutant_edit(struct hdf_mutant *m, const uint8_t *edits, size_t n);

/* Write bytes, sealed, to path. OK or ERR_IO. */
int hdf_mutant_save(const struct hdf_mutant *m, const char *path);

/* hdf_mutant_make - good files of each kind in dir: "weights.h5", "state.h5",
 * "analysis.h5". OK or the failure of saving them. */
int hdf_mutant_make(const char *dir, struct err *e);

/* hdf_mutant_load - load the file as what it is named. Any code that the
 * reader gives; e has its message. */
int hdf_mutant_load(const char *dir, const char *name, struct err *e);

#endif
