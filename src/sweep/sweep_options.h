/* sweep_options.h - [sweep]: how the runs of a sweep are started, and how many
 * seeds of those it lists. None of these keys changes what a run computes, so
 * none is part of its config. */
#ifndef SINKLAB_SWEEP_OPTIONS_H
#define SINKLAB_SWEEP_OPTIONS_H

#include "base/key.h"

struct sweep_options {
    idx jobs;    /* runs at once; 0 = as many as there is room for */
    idx threads; /* of each run */
    idx retries; /* of a run that failed */
    idx seeds;   /* the first so many of each axis of seeds; 0: all */
    char reuse[KEY_TEXT_MAX]; /* folder of finished runs; empty: none */

    /* of jobs for Slurm (sweep/sweep_slurm.h); empty: as the cluster has it */
    char slurm_partition[KEY_TEXT_MAX];
    char slurm_time[KEY_TEXT_MAX];
    char slurm_mem[KEY_TEXT_MAX]; /* empty: what the largest run needs */
    idx slurm_warning_s;
    idx slurm_ranks; /* processes of a run */
    char slurm_extra[KEY_TEXT_MAX];
};
extern const struct key sweep_keys[];
extern const idx n_sweep_keys;

/* Names of the sections that make a file a sweep file; ends with NULL. */
extern const char *const sweep_sections[];

/* The default of every key. */
void sweep_options_init(struct sweep_options *o);

#endif
