/* filter.h - which runs are meant: `optim.lr>1e-3 and status=done`.
 *
 * The grammar is config/condition.h's. A name is a field of run_facts.h: a key,
 * or name, status, step, a loss, a metric. Names of runs are compared by the
 * patterns of a shell (name=relu*). A value may stand in '...' or "...", and
 * must where " and " is part of it; in a name or a text "|" is a letter like
 * any other. Of what is not known or not measured only != holds.
 */
#ifndef SINKLAB_FILTER_H
#define SINKLAB_FILTER_H

#include "config/condition.h"
#include "run/run_facts.h"

enum { FILTER_CONDITIONS_MAX = 16 };

/* All conditions must hold; none: every run is meant. Zeroed, it is empty and
 * may be released. */
struct filter {
    idx n;
    struct condition conditions[FILTER_CONDITIONS_MAX];
    struct pool memory;
};

/* filter_add - read text and add its condition. OK; ERR_USAGE that quotes what
 * is wrong and says why; ERR_MEMORY. */
int filter_add(struct filter *f, const char *text, struct err *e);

bool filter_accepts(const struct filter *f, const struct run_facts *r);

void filter_release(struct filter *f);

#endif
