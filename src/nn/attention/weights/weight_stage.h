/* weight_stage.h - a weight map, the normaliser behind it and the scale behind
 * both, as the config chose them. */
#ifndef SINKLAB_WEIGHT_STAGE_H
#define SINKLAB_WEIGHT_STAGE_H

#include "nn/attention/weights/weights.h"
#include "nn/attention_options.h"

struct weight_stage {
    const struct weight_map *map;
    struct map_settings settings;
    enum normalizer normalizer; /* still to be applied; NONE if built in */
    double p;                   /* of p_norm */
    real scale;                 /* [attention] scale */
};

/* context: rows of a whole sequence; D: width of a head. */
struct weight_stage weight_stage_of(const struct attention_options *o,
                                    idx context, idx D);

/* The map's learned numbers; 0 where it has none. */
idx weight_map_learned(struct map_learned learned[MAP_LEARNED_MAX],
                       const struct attention_options *o);

/* What was chosen, settings of the map left out. */
struct weight_stage weight_stage_choice(const struct attention_options *o);

/* Do weights of a row, remainder included, always sum to one and are none
 * negative? */
bool weight_stage_sums_to_one(const struct weight_stage *w);

/* a (n) = weights of scores s (n), normalised; a may be s. */
void weight_stage_forward(const struct weight_stage *w, real *a, const real *s,
                          const struct weight_row *row);

/* From scores s and gradient g of the loss with respect to the normalised
 * weights: a (n) out, the weights again; g becomes the gradient ds of s.
 * a, s and g are three buffers. */
void weight_stage_backward(const struct weight_stage *w, real *a, const real *s,
                           real *g, const struct weight_row *row);

#endif
