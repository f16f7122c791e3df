#include "analysis/transition.h"

#include <string.h>

#define HALF "usual: half of the weight of some head"

const struct transition transitions[TRANSITIONS] = {
    [TRANSITION_PREVIOUS] = { .name = "previous token",
                              .column = "previous_score",
                              .threshold = 0.5,
                              .why = HALF },
    [TRANSITION_INDUCTION] = { .name = "induction",
                               .column = "induction_score",
                               .threshold = 0.5,
                               .why = HALF },
    [TRANSITION_SINK] = { .name = "sink",
                          .column = "first_mass_late",
                          .threshold = 0.5,
                          .why = HALF },
    [TRANSITION_MASSIVE] = { .name = "massive activation",
                             .column = "hidden_peak",
                             .threshold = 3,
                             .why =
                                 "usual: three times the other tokens' norm" },
    [TRANSITION_DRAIN] = { .name = "value drain",
                           .column = "value_ratio_min",
                           .threshold = 0.5,
                           .is_below = true,
                           .why = "usual: half of the other tokens' norm" },
};

const struct transition *transition_of(const char *column)
{
    for (idx i = 0; i < TRANSITIONS; i++)
        if (strcmp(transitions[i].column, column) == 0)
            return &transitions[i];
    return NULL;
}

bool transition_holds(const struct transition *t, double value)
{
    return t->is_below ? value <= t->threshold : value >= t->threshold;
}

idx transition_find(const struct transition *t,
                    double (*value)(const void *of, idx i), const void *of,
                    idx n)
{
    for (idx i = 0; i + 1 < n; i++)
        if (transition_holds(t, value(of, i)) &&
            transition_holds(t, value(of, i + 1)))
            return i;
    return -1;
}
