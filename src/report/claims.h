/* claims.h - `sinklab compare SWEEP --claims`: what the runs of a sweep say of
 * what its file expects. A line a claim, that begins with its verdict. */
#ifndef SINKLAB_CLAIMS_H
#define SINKLAB_CLAIMS_H

#include <stdio.h>

#include "report/compare_options.h"
#include "sweep/sweep_expand.h"

/* claims_run - print the claims of the one sweep of o->runs, its file or its
 * folder, judged by its runs, or by the tables in o->tables; and write them as
 * the options ask. Whatever the verdicts are, it went well.
 * OK; ERR_USAGE: not one sweep, or an option that means nothing here;
 * ERR_CONFIG: the file is not right, or has no claims; ERR_DATA: no run is
 * done; others as sweep_file_read, claim_runs.h, report_file.h. */
int claims_run(FILE *out, const struct compare_options *o, struct err *e);

/* claims_add - those lines of the one sweep that the options name; nothing
 * where they name other runs or not all, or nothing is claimed. */
void claims_add(FILE *out, const struct compare_options *o);

/* claims_check - what reading a sweep file cannot know: has each metric that is
 * to form a usual threshold? OK or ERR_CONFIG. */
int claims_check(const struct sweep_file *f, struct err *e);

/* claims_tell - how many claims the file has, which of them the seeds of its
 * runs cannot decide whatever comes out, and what their sides are averaged over
 * unsaid, a line each; nothing where it has none. */
void claims_tell(FILE *out, const struct sweep_file *f,
                 const struct sweep_points *p);

#endif
