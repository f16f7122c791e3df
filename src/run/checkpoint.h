/* checkpoint.h - a model's weights, or its whole training state, as HDF5.
 *
 * Layout of the file: docs/FORMATS.md. A checkpoint appears whole or not at
 * all: built in memory, written under a temporary name, fsynced, renamed, the
 * folder fsynced. Reading trusts nothing: the seal over all bytes is checked
 * before HDF5 sees them; names, types, shapes and sizes must equal what the
 * parameter table says before anything is copied; storage must be plain; every
 * dataset's hash and the content hash must match. Saving and loading take the
 * file's size in memory for the time of the call. Not for concurrent use.
 */
#ifndef SINKLAB_CHECKPOINT_H
#define SINKLAB_CHECKPOINT_H

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "metric/window.h"
#include "nn/param.h"
#include "optim/state.h"
#include "run/run_files.h"

enum { CHECKPOINT_FORMAT = 2 };

/* What a file says about itself. */
struct checkpoint_head {
    char run_id[RUN_ID_MAX];
    idx step;      /* optimizer updates done */
    double tokens; /* seen so far */
    char *config;  /* resolved INI text; on load owned by the caller: free() */
    /* Of a full state: row_hash of the last row of metrics.csv then, or of its
     * header; empty in weights. */
    char last_row[HASH_HEX_MAX];
};

/* The numbers: weights, and for a full state what the optimizer remembers. */
struct checkpoint_data {
    real *weights; /* (table->total) */
    idx n_states;  /* 0: weights only */
    const struct optim_state *states;
    idx n_windows; /* with states alone */
    struct window *windows;
};

/* checkpoint_save - write head and data to path, atomically replacing it.
 * Datasets /param/<name>, and /optim/<slot>/<name> for a full state, with
 * /window/<name> of windows that hold values.
 * OK, ERR_IO (old file intact, temporary removed), ERR_MEMORY. */
int checkpoint_save(const char *path, const struct checkpoint_head *head,
                    const struct param_table *t,
                    const struct checkpoint_data *d, struct err *e);

/* checkpoint_read_head - only what the file says about itself.
 * OK, ERR_IO, ERR_CHECKPOINT. */
int checkpoint_read_head(struct checkpoint_head *head, const char *path,
                         struct err *e);

/* checkpoint_load - fill d (buffers given by the caller) from path. With
 * d->n_states > 0 the file must hold those states, and no others. Windows that
 * it does not hold come out empty, and what it holds of others is passed over:
 * it is no state that numbers depend on. head may be NULL. OK, ERR_IO,
 * ERR_CHECKPOINT (damaged, or another model's); on error the contents of the
 * buffers are unspecified. */
int checkpoint_load(struct checkpoint_head *head, const char *path,
                    const struct param_table *t, struct checkpoint_data *d,
                    struct err *e);

#endif
