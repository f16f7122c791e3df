/* over_layer.h - a head against the heads of its layer. */
#ifndef SINKLAB_OVER_LAYER_H
#define SINKLAB_OVER_LAYER_H

#include "metric/metric.h"

/* over_layer - value (L,H): each over the mean of its layer's heads, a metric's
 * `finish`. Where the mean is 0 none has more than others: 1. A NaN is in all
 * of its layer. */
void over_layer(double *value, const struct metric_shape *s);

/* layer_mean - that mean. of (H) */
double layer_mean(const double *of, idx H);

#endif
