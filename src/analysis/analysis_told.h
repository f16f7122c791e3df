/* analysis_told.h - what `sinklab analyze` says of a run while it works: to
 * people a table and sentences, to programs a JSON object on a line when all is
 * done. KEEP WITH: docs/METRICS.md, what `--json` has.
 */
#ifndef SINKLAB_ANALYSIS_TOLD_H
#define SINKLAB_ANALYSIS_TOLD_H

#include "analysis/replaced.h"
#include "base/err.h"
#include "io/json.h"
#include "metric/columns.h"

struct analysis_told {
    bool is_json;
    const struct run_columns *columns; /* borrowed */
    struct json json;
    idx n_measured, n_kept, n_failed;
};

/* told_begin - of the run in dir; before the first checkpoint. */
void told_begin(struct analysis_told *t, const char *dir,
                const struct run_columns *c, bool is_json);

/* A checkpoint's row; is_kept: an earlier analysis had all of it. */
void told_row(struct analysis_told *t, idx step, const struct readings *r,
              bool is_kept);

/* One that could not be measured. */
void told_failed(struct analysis_told *t, idx step, const char *why);

/* What is said behind the table; NULL or 0: nothing. */
struct analysis_end {
    const char *dir;         /* its files are written there; NULL: none are */
    const char *name;        /* of the analysis; "": the usual one */
    const char *measured_on; /* in words */
    const char *loss_on;
    bool is_unusual; /* sinks are not of data as training has them */
    const char *emerged, *formation; /* a sentence each */
    const struct replaced *replaced; /* what stood there before */
};

/* told_end - OK or ERR_MEMORY. */
int told_end(struct analysis_told *t, const struct analysis_end *end,
             struct err *e);

/* told_release - where an error keeps told_end from being called. */
void told_release(struct analysis_told *t);

#endif
