/* head_weights.h - a head's weights as metrics read them: as they are, or as
 * the study's proxies of rows that need not sum to one. docs/METRICS.md, "Raw
 * and proxy weights". Column n_extra + j is key j's; column 0, where n_extra is
 * 1, is all that goes to no token. */
#ifndef SINKLAB_HEAD_WEIGHTS_H
#define SINKLAB_HEAD_WEIGHTS_H

#include "metric/metric.h"

/* What a row sums to, all weights taken without sign. */
double row_mass_of(const struct head_view *h, idx row);

/* A weight's part in such a sum. */
double proxy_of(double weight, double row_mass);

double raw_weight(const struct metric_head *v, idx row, idx column);

/* Weights as the study reads them: themselves if rows sum to one, else made
 * to (arXiv 2410.10781, section 7). */
double proxy_weight(const struct metric_head *v, idx row, idx column);

/* How many keys a row may see: those up to its own, and the prefix. Windows and
 * the like, which leave fewer, do not count. */
idx keys_in_reach(const struct metric_head *v, idx row);

/* Importance of key k (from 1): its mean weight over the rows-k+1 that see
 * it. */
double importance(const struct metric_head *v, idx k,
                  double (*weight)(const struct metric_head *, idx, idx));

/* 1 if the value exceeds eps; NaN stays NaN, it is no absent sink. */
struct ratio exceeds(double value, double eps);

#endif
