/* sweep_file.h - a sweep file: a base configuration, and what varies.
 *
 * An INI file as any config, with four more sections (docs/SWEEPS.md):
 *
 *     [sweep]    jobs, threads, retries, ...         sweep/sweep_options.h
 *     [axes]     optim.lr = log 1e-4 to 1e-2, 5      every value is taken
 *     [random]   draws = 20; optim.lr = loguniform 1e-4 to 1e-2
 *     [exclude]  model.width = 64 and model.heads = 4
 *
 * This file reads them; sweep_expand.h makes runs of them. Every value is
 * checked against its key here, so an expansion cannot meet an unknown key or
 * one out of bounds.
 */
#ifndef SINKLAB_SWEEP_FILE_H
#define SINKLAB_SWEEP_FILE_H

#include "base/pool.h"
#include "config/config.h"
#include "sweep/sweep_options.h"
#include "run/run.h"

enum {
    SWEEP_AXES_MAX = 64,
    SWEEP_TOGETHER_MAX = 8, /* keys of one axis: a & b & ... */
    SWEEP_TERMS_MAX = 16,   /* of one condition */
    SWEEP_EXCLUDES_MAX = 256,
    SWEEP_VALUES_MAX = 10000, /* of one axis */
};

struct sweep_key {
    const struct config_section *section;
    const struct key *key;
};

/* key = value | value, or key != value | value; values as key_print has them */
struct sweep_term {
    struct sweep_key of;
    bool is_not;
    idx n;
    const char **values; /* (n) */
};

/* All terms hold. No terms: always. */
struct sweep_condition {
    const char *file;
    idx line;
    const char *text; /* as written */
    idx n;
    struct sweep_term terms[SWEEP_TERMS_MAX];
};

enum sweep_draw {
    DRAW_ALL,        /* not random: every value */
    DRAW_CHOICE,     /* one of the values */
    DRAW_UNIFORM,    /* low to high */
    DRAW_LOGUNIFORM, /* uniform in the logarithm */
};

/* One line of [axes] or [random]: keys that move together. */
struct sweep_axis {
    const char *file;
    idx line;
    const char *name; /* "optim.lr", "optim.lr & train.steps" */
    const char *text; /* behind the =, as written, with its line ends */
    idx n_keys;
    struct sweep_key keys[SWEEP_TOGETHER_MAX];
    enum sweep_draw draw;
    idx n_values;
    const char **values; /* (n_values,n_keys), as key_print has them */
    double low, high;    /* DRAW_UNIFORM, DRAW_LOGUNIFORM */
    struct sweep_condition when;
};

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
    bool has_random;
    idx draws, seed;
    idx n_excludes;
    struct sweep_condition excludes[SWEEP_EXCLUDES_MAX];

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
