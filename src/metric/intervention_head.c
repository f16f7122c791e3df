/* intervention_head.c - without a head. */
#include "metric/intervention.h"
#include "metric/metric_table.h"

static const struct intervention silent = {
    .edits = { { TAP_HEAD, intervention_silence } },
};

#define INACTIVE "Sandoval-Segura et al., 2025, inactive heads"
#define SILENT                                                                 \
    "what heads give is 0, in front of the stages behind them and of the "     \
    "output matrix"

const struct metric metrics_intervention_head[] = {
    COST_OF_LAYERS(silent, "zero", "no heads", INACTIVE, SILENT),
    COST_OF_HEADS(silent, "zero", "no head", INACTIVE, SILENT),
    { .text = { .name = NULL } },
};
