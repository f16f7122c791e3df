/* claim_values.h - the numbers of a claim's runs, and of its seeds. */
#ifndef SINKLAB_CLAIM_VALUES_H
#define SINKLAB_CLAIM_VALUES_H

#include "report/claim_judging.h"

/* claim_values_take - the number of each run that is used. */
void claim_values_take(struct judging *g);

/* claim_values_describe - medians, and how many are beyond the threshold, into
 * r; the mean of each seed into g->seeds. */
void claim_values_describe(struct judging *g);

#endif
