/* intervention_head.c - without a head. */
#include <string.h>

#include "metric/intervention.h"
#include "metric/metric_table.h"

static void silence(void *work, const struct tap_slice *s)
{
    (void)work;
    for (idx r = 0; r < s->rows; r++)
        memset(s->x + r * s->ld, 0, (size_t)s->n * sizeof *s->x);
}

static const struct intervention silent = {
    .edits = { { TAP_HEAD, silence } },
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
