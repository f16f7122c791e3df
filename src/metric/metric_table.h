/* metric_table.h - files of metrics, one line each; the file metric_NAME.c or
 * intervention_NAME.c has the rows, `const struct metric metrics_NAME[]`, the
 * last without a name. Their order is that of columns, and of `sinklab list
 * metric`. */
#ifndef SINKLAB_METRIC_TABLE_H
#define SINKLAB_METRIC_TABLE_H

#include "metric/metric.h"

/* clang-format off */
#define METRIC_FILES(each) \
    each(sinks) \
    each(first) \
    each(places) \
    each(entropy) \
    each(norms) \
    each(massive) \
    each(kurtosis) \
    each(geometry) \
    each(inactive) \
    each(rank) \
    each(secondary) \
    each(alignment) \
    each(dimensions) \
    each(circuits) \
    each(outputs) \
    each(gradients) \
    each(intervention_sink) \
    each(intervention_head) \
    each(intervention_parts) \
    each(intervention_cache) \
    each(intervention_share) \
    each(intervention_quantise)
/* clang-format on */

#define DECLARE_METRICS(name) extern const struct metric metrics_##name[];
METRIC_FILES(DECLARE_METRICS)
#undef DECLARE_METRICS

/* Number i of all rows, in the order of columns; NULL past the last. */
const struct metric *metric_at(idx i);

#endif
