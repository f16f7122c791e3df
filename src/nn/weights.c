#include "nn/weights.h"

#include "nn/normalizer.h"

extern const struct weight_map weights_softmax, weights_sigmoid, weights_relu;

/* The table: `sinklab list attention` and the docs keep this order. */
const struct weight_map *const weight_maps[] = {
    &weights_softmax,
    &weights_sigmoid,
    &weights_relu,
    NULL,
};

const char *weight_map_name(int i)
{
    return i >= 0 && i < COUNT_OF(weight_maps) - 1 ? weight_maps[i]->name
                                                   : NULL;
}

struct weight_stage weight_stage_of(const struct attention_options *o)
{
    const struct weight_map *map = weight_maps[o->weights];
    enum normalizer kind = (enum normalizer)o->normalizer;
    if (kind == NORMALIZER_OWN)
        kind = map->own;
    if (map->has_own_built_in && kind == map->own)
        kind = NORMALIZER_NONE;
    return (struct weight_stage){ .map = map, .normalizer = kind };
}

bool weight_stage_sums_to_one(const struct weight_stage *w)
{
    bool by_map = w->map->has_own_built_in && w->map->own == NORMALIZER_SUM &&
                  w->normalizer == NORMALIZER_NONE;
    return !w->map->is_signed && (by_map || w->normalizer == NORMALIZER_SUM);
}

bool attention_sums_to_one(const struct attention_options *o)
{
    struct weight_stage w = weight_stage_of(o);
    return weight_stage_sums_to_one(&w);
}

void weight_stage_forward(const struct weight_stage *w, real *a, const real *s,
                          const struct weight_row *row)
{
    w->map->forward(a, s, row);
    if (w->normalizer != NORMALIZER_NONE)
        row_scale(a, normalizer_factor(w->normalizer, a, row), row->n);
}

void weight_stage_backward(const struct weight_stage *w, real *a, const real *s,
                           real *g, const struct weight_row *row)
{
    w->map->forward(a, s, row);
    if (w->normalizer == NORMALIZER_NONE) {
        w->map->backward(g, s, a, g, row);
        return;
    }
    real factor = normalizer_factor(w->normalizer, a, row);
    normalizer_backward(w->normalizer, g, a, factor, row);
    w->map->backward(g, s, a, g, row);
    row_scale(a, factor, row->n);
}
