/* compare.h - `sinklab compare`: gather runs, tabulate, draw. */
#ifndef SINKLAB_COMPARE_H
#define SINKLAB_COMPARE_H

#include <stdio.h>

#include "base/err.h"
#include "report/compare_options.h"

/* compare_run - the command without its command line: everything it prints
 * goes to out; where a CSV does, notes go to standard error. OK or the codes of
 * what it calls. */
int compare_run(FILE *out, const struct compare_options *o, struct err *e);

#endif
