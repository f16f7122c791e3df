#include "nn/attention/weights/weight_stage.h"

#include "kern/rows.h"

struct weight_stage weight_stage_choice(const struct attention_options *o)
{
    const struct weight_map *map = weight_maps[o->weights];
    enum normalizer kind = (enum normalizer)o->normalizer;
    if (kind == NORMALIZER_OWN)
        kind = map->own;
    if (kind == NORMALIZER_P_NORM && o->normalizer_p == 1)
        kind = NORMALIZER_SUM; /* the same, and told to be so */
    if (map->has_own_built_in && kind == map->own)
        kind = NORMALIZER_NONE;
    return (struct weight_stage){ .map = map,
                                  .normalizer = kind,
                                  .p = o->normalizer_p,
                                  .scale = (real)o->scale };
}

struct weight_stage weight_stage_of(const struct attention_options *o,
                                    idx context, idx D)
{
    struct weight_stage w = weight_stage_choice(o);
    if (w.map->prepare)
        w.map->prepare(&w.settings, o, context, D);
    return w;
}

idx weight_map_learned(struct map_learned learned[MAP_LEARNED_MAX],
                       const struct attention_options *o)
{
    const struct weight_map *map = weight_maps[o->weights];
    return map->learned ? map->learned(learned, o) : 0;
}

/* The row is as the map made it. */
static bool is_bare(const struct weight_stage *w)
{
    return w->normalizer == NORMALIZER_NONE && w->scale == 1;
}

bool weight_stage_sums_to_one(const struct weight_stage *w)
{
    bool by_map = w->map->has_own_built_in && w->map->own == NORMALIZER_SUM;
    bool by_normalizer = w->normalizer == NORMALIZER_SUM && w->scale == 1;
    return !w->map->is_signed && ((by_map && is_bare(w)) || by_normalizer);
}

void weight_stage_forward(const struct weight_stage *w, real *a, const real *s,
                          const struct weight_row *row)
{
    w->map->forward(a, s, row);
    if (!is_bare(w))
        row_scale(a,
                  w->scale * normalizer_factor(w->normalizer, a, row->n,
                                               row->n_keys, w->p),
                  row->n);
}

void weight_stage_backward(const struct weight_stage *w, real *a, const real *s,
                           real *g, const struct weight_row *row)
{
    w->map->forward(a, s, row);
    if (is_bare(w)) {
        w->map->backward(g, s, a, g, row);
        return;
    }
    real factor =
        normalizer_factor(w->normalizer, a, row->n, row->n_keys, w->p);
    if (w->scale != 1)
        row_scale(g, w->scale, row->n);
    if (w->normalizer != NORMALIZER_NONE)
        normalizer_backward(w->normalizer, g, a, factor, row->n, w->p);
    w->map->backward(g, s, a, g, row);
    row_scale(a, w->scale * factor, row->n);
}
