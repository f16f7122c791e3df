/* attention_facts.h - what follows from the [attention] keys of a layer: of its
 * operation, whose row of head_operations says it (attention.h), of its
 * weights, and of its extra column. */
#ifndef SINKLAB_ATTENTION_FACTS_H
#define SINKLAB_ATTENTION_FACTS_H

#include "nn/attention_options.h"

/* Are the weights those that [attention] weights, normalizer and scale make of
 * scores? Else the operation has its own. */
bool attention_has_map(const struct attention_options *o);

/* Are there rows of scores, to be edited and masked? */
bool attention_has_rows(const struct attention_options *o);

/* Does a query read running sums, a (D,E) state, instead of T keys? */
bool attention_has_sums(const struct attention_options *o);

/* Do weights of a row, remainder included, always sum to one and are none
 * negative? If not, sink metrics use proxy weights (metric/metric.c). */
bool attention_sums_to_one(const struct attention_options *o);

/* Are there rows of weights none of which is negative, so that they can be read
 * as shares? Of the two heads of a pair, each has its own. */
bool attention_has_shares(const struct attention_options *o);

/* Is what a row lacks to [attention] scale weight that goes nowhere? Only if
 * no normaliser stands behind the map. */
bool attention_has_remainder(const struct attention_options *o);

/* Can the extra column that `bias` asks for change what a head gives? Not if it
 * has no value and no key's weight depends on its score: the map ignores it,
 * and no normaliser sums the row up. True where there is no column. */
bool attention_column_acts(const struct attention_options *o);

#endif
