/* over_layer.h - a head against the heads of its layer. */
#ifndef SINKLAB_OVER_LAYER_H
#define SINKLAB_OVER_LAYER_H

#include "metric/metric.h"

/* over_layer - divide each of value (L,H) by the mean of its layer's heads: for
 * a metric's `finish`. Where the mean is 0, no head has more than the others,
 * and all get 1. A NaN makes all of its layer NaN. */
void over_layer(double *value, const struct metric_shape *s);

/* layer_mean - the mean of one layer's heads, of (H). */
double layer_mean(const double *of, idx H);

#endif
