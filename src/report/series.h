/* series.h - a column of a run over its steps.
 *
 * Empty (n = 0) where the table has no number of it. NAN where `given` says
 * that something was measured is what came out. Borrows the table's memory.
 */
#ifndef SINKLAB_SERIES_H
#define SINKLAB_SERIES_H

#include "base/base.h"
#include "io/table.h"

struct series {
    const double *step, *value; /* (n) */
    const bool *given;          /* (n) was it measured at that step? */
    idx n;
    bool is_logged; /* of metrics.csv, not of analysis.csv */
};

/* series_of - of the column with this name. */
struct series series_of(const struct table *t, const char *name,
                        bool is_logged);

/* series_final - the last value that was measured; false (NAN) where there is
 * none. It may be NAN all the same: so ended the run. */
bool series_final(double *value, const struct series *s);

/* series_at_common - the values of both at the last step at which both were
 * measured; false if there is none. */
bool series_at_common(double *a, double *b, const struct series *x,
                      const struct series *y);

/* series_before - the last step measured that is at most `end`, and the value
 * there; false if there is none. */
bool series_before(double *step, double *value, const struct series *s,
                   double end);

#endif
