/* runs.h - `sinklab runs`: list runs, name and remove them. */
#ifndef SINKLAB_RUNS_H
#define SINKLAB_RUNS_H

#include <stdio.h>

#include "base/err.h"
#include "report/runs_list.h"

/* runs_run - the command without its command line. OK; ERR_USAGE; ERR_DATA: a
 * run is damaged, and programs, which read no notes, were to get it; ERR_BUSY,
 * ERR_IO, ERR_MEMORY. */
int runs_run(FILE *out, const struct runs_options *o, struct err *e);

#endif
