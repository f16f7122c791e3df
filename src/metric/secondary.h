/* secondary.h - which tokens turn into the sink's direction, at which depths:
 * Wong et al. 2025, arXiv 2512.22213, with thresholds that are fractions
 * (docs/METRICS.md, "Secondary sinks"). Pure functions of a sequence of two
 * tokens or more. */
#ifndef SINKLAB_SECONDARY_H
#define SINKLAB_SECONDARY_H

#include "metric/metric.h"

/* The sink, and the depths first .. end - 1 at which it is one. */
struct sink_window {
    idx sink, first, end;
};

struct sink_window sink_window_of(const struct metric_sequence *v);

/* What became of a token. */
struct sink_life {
    idx first, n; /* depth at which it turns, at how many it stays turned */
    bool is_primary, is_secondary;
};

struct sink_life sink_life_of(const struct metric_sequence *v,
                              const struct sink_window *w, idx t);

/* Has any token a NaN in a hidden state? Then all that is said of the sequence
 * is NaN. */
bool sink_has_nan(const struct metric_sequence *v);

#endif
