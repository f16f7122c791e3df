/* kept.h - what an earlier analysis of a run measured and still holds: of the
 * same settings, but for which metrics, and of checkpoints that are the same
 * bytes.
 *
 * Opening cannot fail: what cannot be read, or is of other settings, is not
 * kept, and so measured again. Borrows the columns; owns the rest.
 */
#ifndef SINKLAB_KEPT_H
#define SINKLAB_KEPT_H

#include "base/hash.h"
#include "io/arrays.h"
#include "io/table.h"
#include "metric/columns.h"
#include "metric/meter.h"

struct kept {
    struct table csv;
    char *checkpoints;            /* lines of kept_line, a row each */
    struct array_values *columns; /* (n) of those asked for; no values: it is
                                     not there, or no array */
    idx *at;                      /* (n) their columns in csv; -1: not kept */
    bool has_all, has_losses;     /* all columns; all of the validation */
    idx n;
};

void kept_open(struct kept *k, const char *dir, const char *name,
               const char *settings, const struct run_columns *c);
void kept_close(struct kept *k);

/* kept_line - how a checkpoint is written down: in the note `checkpoints`, in
 * the order of rows. */
void kept_line(struct text *t, idx step, const char *seal);

/* kept_row - of this checkpoint; -1: it was not measured. */
idx kept_row(const struct kept *k, idx step, const char *seal);

/* kept_restore - what is kept of a row, as if it had been measured now: into
 * the readings and the meter, whose columns are skipped from now on. row -1:
 * nothing, and none is skipped. */
void kept_restore(const struct kept *k, idx row, struct readings *r,
                  struct meter *t, const struct run_columns *c);

#endif
