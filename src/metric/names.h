/* names.h - what columns of metrics are called, and which are asked for.
 *
 * One rule for names: the metric's; of a metric that is per position its prefix
 * and the position, from 1; at a threshold other than sink.eps "_at_" and that.
 *
 *     first_mass   sink_1   sink_1_at_0.1   sink_bias_at_0.5
 *
 * Behind one that has values by layer, "_layer_" and a layer, from 0, is its
 * reduction over that layer alone, sink_1_layer_0: no file has such a column,
 * report/run_layers.h makes it out of analysis.h5.
 * Those of updates: update_metric.h. Pure functions of the settings; nothing
 * allocates.
 */
#ifndef SINKLAB_METRIC_NAMES_H
#define SINKLAB_METRIC_NAMES_H

#include "base/err.h"
#include "metric/metric.h"
#include "metric/options.h"

/* One metric, at one position and one threshold if it has these. */
struct metric_name {
    const struct metric *metric;
    idx k;      /* of a metric that is per position; else 1 */
    bool is_at; /* the threshold is one of metrics.eps */
    double eps;
    bool is_of_layer; /* of one alone */
    idx layer;        /* from 0 */
    char name[COLUMN_NAME_MAX];
};

/* metric_name_find - what a name says by itself; eps of one that is not at a
 * threshold of its own is NAN. false: no metric has such a column. */
bool metric_name_find(struct metric_name *n, const char *name);

/* metric_name_of_all - the same of all layers. */
struct metric_name metric_name_of_all(const struct metric_name *n);

/* metric_name_of_layer - of a name that is of all layers, that of one of them
 * (from 0). false: it has none, or the name would be too long. */
bool metric_name_of_layer(char layer_name[COLUMN_NAME_MAX],
                          const struct metric_name *n, idx layer);

/* metric_name_title - in a few words, for axes and captions: "sinks on token 1,
 * eps 0.1". Returns title. */
const char *metric_name_title(char title[COLUMN_TITLE_MAX],
                              const struct metric_name *n);

/* What names columns, and asks for some of them; borrowed. */
struct metric_choice {
    const struct sink_options *sink;
    const struct metrics_options *metrics;
};

/* metric_next_asked - the columns that are asked for, in their order; `at` is
 * zeroed before the first. false past the last. */
struct metric_cursor {
    idx metric, eps, k;
};
bool metric_next_asked(struct metric_name *n, struct metric_cursor *at,
                       const struct metric_choice *c);

/* Does metrics.names ask for this column, whatever metrics.eps has? */
bool metrics_ask_for(const struct metrics_options *o,
                     const struct metric_name *n);

/* metrics_count - how many those are. */
idx metrics_count(const struct metric_choice *c);

/* Does an item of metrics.names ask for one of them? */
bool metrics_finds(const char *item, const struct metric_choice *c);

/* Of a column of a group, which is no metric's: does the item, any item of
 * metrics.names ask for it? */
bool metrics_asks(const char *item, const char *group, const char *name);
bool metrics_is_asked(const struct metrics_options *o, const char *group,
                      const char *name);

/* metrics_check - does every item of metrics.names ask for a column that there
 * is, and is every threshold of metrics.eps used? OK or ERR_CONFIG. */
int metrics_check(const struct metric_choice *c, struct err *e);

#endif
