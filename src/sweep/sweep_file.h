/* sweep_file.h - a sweep file: a base configuration, and what varies.
 *
 * An INI file as any config, with five more sections (docs/SWEEPS.md):
 *
 *     [sweep]    jobs, threads, retries, ...         sweep/sweep_options.h
 *     [axes]     optim.lr = log 1e-4 to 1e-2, 5      every value is taken
 *     [random]   draws = 20; optim.lr = loguniform 1e-4 to 1e-2
 *     [exclude]  model.width = 64 and model.heads = 4
 *     [claims]   expect = sink_1 falls as optim.lr rises
 *
 * sweep_axis.h and claim.h say what a line is; sweep_expand.h makes runs of the
 * whole.
 */
#ifndef SINKLAB_SWEEP_FILE_H
#define SINKLAB_SWEEP_FILE_H

#include "config/config.h"
#include "sweep/sweep_options.h"
#include "run/run.h"
#include "sweep/claim.h"
#include "sweep/sweep_axis.h"

enum { SWEEP_AXES_MAX = 64, SWEEP_EXCLUDES_MAX = 256 };

struct sweep_file {
    struct config base; /* run.dir empty; data.path absolute */
    struct config_source *origins;
    struct sweep_options options;
    char dir[RUN_DIR_MAX]; /* of the sweep; where run.dir does not say: runs/
                              and the name of the file, or that of the folder
                              of a sweep.ini elsewhere */
    const char *path;      /* of this file, as it was given */
    bool is_frozen;        /* it is the one in the sweep's own folder */

    idx n_axes, n_grid; /* the first n_grid are [axes], the others [random] */
    struct sweep_axis axes[SWEEP_AXES_MAX];
    idx draws, seed;
    idx n_excludes;
    struct condition excludes[SWEEP_EXCLUDES_MAX];
    struct place excluded_at; /* of the first of them */
    idx n_claims;
    struct claim *claims; /* (n_claims) of memory */
    enum claim_correction correction;
    struct place corrected_at; /* where it is said; no file: nowhere */

    struct pool memory;
};

/* sweep_file_read - from a file, with overrides "section.key=value" (n of
 * them; also of [sweep]) that win over it; or from the folder of a sweep that
 * was frozen before (then run.dir is that folder, and only [sweep] may be
 * overridden).
 * OK; ERR_CONFIG: all mistakes, one a line, with file and line; ERR_IO;
 * ERR_MEMORY. The caller releases it in any case; zeroed, it may be. */
int sweep_file_read(struct sweep_file *f, const char *path,
                    const char *const *overrides, idx n, struct err *e);
void sweep_file_release(struct sweep_file *f);

/* sweep_file_print - the whole as one INI text that reads back to the same
 * runs, includes resolved. The caller frees it; NULL when out of memory. */
char *sweep_file_print(const struct sweep_file *f);

#endif
