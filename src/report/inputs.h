/* inputs.h - `sinklab inputs`: runs side by side on what sinks are measured on.
 *
 * The first table of "When Attention Sink Emerges in Language Models"
 * (arXiv 2410.10781), of any runs: a row each, a column for each input - the
 * run's own data, random tokens, uniform and by their frequency in the data,
 * one token over and over - with BOS and without.
 */
#ifndef SINKLAB_INPUTS_H
#define SINKLAB_INPUTS_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"

/* All borrowed. */
struct inputs_options {
    const char *const *folders; /* (n_folders) runs, or folders of runs */
    idx n_folders;
    const char *const *settings; /* (n_settings) "sink.sequences=20" */
    idx n_settings;
    const char *columns;  /* what is shown, a table each: "sink_1,first_mass" */
    const char *csv;      /* file; "-": standard output; NULL: none */
    const char *markdown; /* the same */
    idx jobs;             /* runs at once; 0: as many as there are cores
                             and memory for */
    idx last;             /* of the newest checkpoints alone; 0: all */
    bool is_again;        /* measure all anew */
    bool unicode;
};

/* inputs_run - measure what is not up to date, each input as an analysis of its
 * own, and print the tables on out; how measuring goes on, too, but on standard
 * error where a file goes there. OK; ERR_RUNS: some
 * could not be measured, which were named; the tables lack them, and no file is
 * written; ERR_USAGE:
 * no run, or no such column; or the codes of
 * analyze_folders. */
int inputs_run(FILE *out, const struct inputs_options *o, struct err *e);

#endif
