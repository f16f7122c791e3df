/* run_facts.h - what is known of a run, and how it is asked for by name.
 *
 * A field is a key of the configuration ("optim.lr"), or one of name, status,
 * or a number ("loss", "sink_1": COLUMN_FIELD), which is the last one measured
 * in metrics.csv. Filters and orders are made of fields.
 */
#ifndef SINKLAB_RUN_FACTS_H
#define SINKLAB_RUN_FACTS_H

#include "base/base.h"
#include "base/err.h"
#include "config/config_differ.h"
#include "io/table.h"
#include "metric/columns.h"
#include "run/run.h"

/* All borrowed. */
struct run_facts {
    const char *name;
    const char *status;           /* of run_state_word */
    double step;                  /* updates done; NAN: unknown */
    const struct config *config;  /* NULL: unknown */
    const struct table *measured; /* metrics.csv; 0 columns: none */
};

enum run_field_kind { FIELD_KEY, FIELD_NAME, FIELD_STATUS, FIELD_NUMBER };

struct run_field {
    enum run_field_kind kind;
    struct config_key key;        /* FIELD_KEY */
    char column[COLUMN_NAME_MAX]; /* FIELD_NUMBER: "step", "loss", "sink_1" */
};

/* run_field_find - OK, or ERR_USAGE: no such field, with a near one. */
int run_field_find(struct run_field *f, const char *name, struct err *e);

/* Has it a size (else it is a word, and equal or not)? */
bool run_field_is_number(const struct run_field *f);

/* run_field_number - false (NAN) where it is not known or not measured. A
 * number that was measured may be NAN all the same. */
bool run_field_number(double *value, const struct run_field *f,
                      const struct run_facts *r);

/* run_field_text - the word, cut to cap bytes; false where it is not known. */
bool run_field_text(char *text, size_t cap, const struct run_field *f,
                    const struct run_facts *r);

#endif
