#include "metric/update_metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "nn/options.h"

static const char LAYER[] = "_layer_", Z[] = "_z";

static double grad_norm(const struct update_sums *s)
{
    return sqrt(s->gradient);
}

static double weight_norm(const struct update_sums *s)
{
    return sqrt(s->weights);
}

/* What is frozen at 0 does not change. */
static double update_ratio(const struct update_sums *s)
{
    return s->change > 0 ? sqrt(s->change) / sqrt(s->weights) : s->change;
}

#define PARTS                                                                  \
    "PART is matrices, embedding, head, norms, biases, attention, as the "     \
    "groups of [optim] lr_*, or layer_0, layer_1, ..."
#define UNUSUAL(what)                                                          \
    "how many standard deviations " what " lies above its mean over the 128 "  \
    "updates before, of which there must be 64"

#define BEFORE_US                                                              \
    "after llm.c (outlier detector) and OLMo-core (SkipStepOptimizer)"

/* In the order of files. */
const struct update_metric update_metric_table[] = {
    { .title = "gradient norm",
      .text = { .name = "grad_norm",
                .formula = "l2 norm of the update's gradient before clipping, "
                           "of a group of tensors or of a layer",
                .parameters = PARTS },
      .of_sums = grad_norm,
      .digits = 4,
      .has_layers = true },
    { .title = "weight norm",
      .text = { .name = "weight_norm",
                .formula =
                    "l2 norm of the weights after the update, frozen ones "
                    "included: of all, of a group of tensors, of a "
                    "layer",
                .parameters = PARTS },
      .of_sums = weight_norm,
      .digits = 4,
      .has_all = true,
      .has_layers = true },
    { .title = "update-to-weight ratio",
      .text = { .name = "update_ratio",
                .formula = "l2 norm of what the update changed, weight decay "
                           "included, over that of the weights after it: of "
                           "all, of a group of tensors, of a layer",
                .parameters = PARTS },
      .of_sums = update_ratio,
      .digits = 6,
      .has_all = true,
      .has_layers = true },
    { .title = "learning rate",
      .text = { .name = "lr",
                .formula = "learning rate of the update, of a group of "
                           "tensors: [optim] lr_matrices and its like times "
                           "lr",
                .parameters = "GROUP is one of these" },
      .digits = 6 },
    { .title = "gradient norm",
      .text = { .name = "grad_norm",
                .formula = UNUSUAL("grad_norm"),
                .parameters = PARTS,
                .source = BEFORE_US },
      .of_sums = grad_norm,
      .digits = 2,
      .is_z = true,
      .has_all = true,
      .has_layers = true },
    { .title = "weight norm",
      .text = { .name = "weight_norm",
                .formula = UNUSUAL("weight_norm"),
                .parameters = PARTS,
                .source = BEFORE_US },
      .of_sums = weight_norm,
      .digits = 2,
      .is_z = true,
      .has_all = true,
      .has_layers = true },
    { .title = "update-to-weight ratio",
      .text = { .name = "update_ratio",
                .formula = UNUSUAL("update_ratio"),
                .parameters = PARTS,
                .source = BEFORE_US },
      .of_sums = update_ratio,
      .digits = 2,
      .is_z = true,
      .has_all = true,
      .has_layers = true },
    { .text = { .name = NULL } },
};

/* Is there such a column, in a model that has such tensors? */
static bool is_there(const struct update_metric *m, idx part)
{
    return part == PART_ALL ? m->has_all : part < PART_LAYER || m->has_layers;
}

static void print_name(struct update_name *n)
{
    const struct update_metric *m = n->metric;
    struct text t = { n->name, sizeof n->name, 0 };
    text_add(&t, "%s", m->text.name);
    if (n->part >= PART_LAYER)
        text_add(&t, "%s%td", LAYER, n->part - PART_LAYER);
    else if (n->part != PART_ALL)
        text_add(&t, "_%s", param_group_name((int)(n->part - PART_GROUP)));
    if (m->is_z)
        text_add(&t, "%s", Z);
    BUG_ON(t.n >= sizeof n->name);
}

bool update_metric_next(struct update_name *n, idx L)
{
    if (!n->metric)
        *n = (struct update_name){ .metric = update_metric_table, .part = -1 };
    do {
        n->part++;
        if (n->part == PART_LAYER + L) {
            n->part = 0;
            n->metric++;
        }
    } while (n->metric->text.name && !is_there(n->metric, n->part));
    if (!n->metric->text.name)
        return false;
    print_name(n);
    return true;
}

const char *update_metric_title(char title[COLUMN_TITLE_MAX],
                                const struct update_name *n)
{
    struct text t = { title, COLUMN_TITLE_MAX, 0 };
    text_add(&t, "%s", n->metric->title);
    if (n->part >= PART_LAYER)
        text_add(&t, " of layer %td", n->part - PART_LAYER);
    else if (n->part != PART_ALL)
        text_add(&t, " of %s", param_group_name((int)(n->part - PART_GROUP)));
    if (n->metric->is_z)
        text_add(&t, ", z-score");
    return title;
}

/* The part that a name's middle, "_matrices", is; -1: none. */
static idx part_of(const char *middle)
{
    size_t n = sizeof LAYER - 1, digits;
    if (!*middle)
        return PART_ALL;
    for (int g = 0; g < PARAM_GROUPS; g++)
        if (*middle == '_' && strcmp(middle + 1, param_group_name(g)) == 0)
            return PART_GROUP + g;
    if (strncmp(middle, LAYER, n) != 0)
        return -1;
    digits = strspn(middle + n, "0123456789");
    if (digits == 0 || digits >= 5 || middle[n + digits])
        return -1;
    idx layer = atoi(middle + n);
    return layer < MODEL_LAYERS_MAX ? PART_LAYER + layer : -1;
}

bool update_metric_find(struct update_name *n, const char *name)
{
    char middle[COLUMN_NAME_MAX];
    for (n->metric = update_metric_table; n->metric->text.name; n->metric++) {
        const struct update_metric *m = n->metric;
        size_t own = strlen(m->text.name), end = strlen(name);
        if (strncmp(name, m->text.name, own) != 0 || end >= sizeof middle)
            continue;
        memcpy(middle, name + own, end - own + 1);
        end -= own;
        bool is_z = end >= 2 && strcmp(middle + end - 2, Z) == 0;
        if (is_z)
            middle[end - 2] = '\0';
        n->part = is_z == m->is_z ? part_of(middle) : -1;
        if (n->part < 0 || !is_there(m, n->part))
            continue;
        print_name(n);
        if (strcmp(n->name, name) == 0)
            return true; /* unlike grad_norm_layer_00, which no file has */
    }
    return false;
}
