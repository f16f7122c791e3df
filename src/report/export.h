/* export.h - `sinklab export`: the rows of runs, for other programs. */
#ifndef SINKLAB_EXPORT_H
#define SINKLAB_EXPORT_H

#include <stdio.h>

#include "base/err.h"
#include "report/filter.h"

/* All borrowed. */
struct export_options {
    const char *const *folders; /* (n_folders) runs, or folders of runs */
    idx n_folders;
    const char *tensorboard; /* folder; NULL: none */
    const char *jsonl;       /* file; "-": standard output; NULL: none */
    const char *analysis;    /* name of the analyses; NULL: the usual ones */
    const char *layers; /* metrics, by commas, of which each layer is written,
                          too (run_layers.h); NULL: none */
    struct filter where;
};

/* export_run - the command without its command line; says on out what it
 * wrote, unless the rows go there. OK; ERR_USAGE: no run, nothing asked for, or
 * two runs of one name for one folder; ERR_DATA: a run is damaged; ERR_BUSY:
 * something else is where a file should be; ERR_IO, ERR_MEMORY. */
int export_run(FILE *out, const struct export_options *o, struct err *e);

#endif
