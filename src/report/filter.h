/* filter.h - which runs are meant: `optim.lr>1e-3 and status=done`.
 *
 *     filter    = condition { " and " condition }
 *     condition = field operator value
 *     operator  = "=" | "==" | "!=" | "<" | "<=" | ">" | ">="
 *
 * A field is what run_facts.h names. Numbers are compared as numbers; words
 * with = and != only, name by the patterns of a shell (name=relu*). A value
 * may stand in '...' or "..."; blanks around fields and values do not count.
 * Of what is not known or not measured only != holds. No memory is owned.
 */
#ifndef SINKLAB_FILTER_H
#define SINKLAB_FILTER_H

#include "base/base.h"
#include "base/err.h"
#include "run/run_facts.h"

enum filter_sign {
    FILTER_EQUAL,
    FILTER_UNEQUAL,
    FILTER_LESS,
    FILTER_AT_MOST,
    FILTER_MORE,
    FILTER_AT_LEAST,
};

enum { FILTER_CONDITIONS_MAX = 16, FILTER_VALUE_MAX = 512 };

struct filter_condition {
    struct run_field field;
    enum filter_sign sign;
    double number;               /* of fields with a size */
    char word[FILTER_VALUE_MAX]; /* of the others, as run_field_text has it */
};

/* All conditions must hold; none: every run is meant. */
struct filter {
    idx n;
    struct filter_condition conditions[FILTER_CONDITIONS_MAX];
};

/* filter_add - read text and add its conditions. OK, or ERR_USAGE that quotes
 * the condition and says what is wrong with it. */
int filter_add(struct filter *f, const char *text, struct err *e);

bool filter_accepts(const struct filter *f, const struct run_facts *r);

#endif
