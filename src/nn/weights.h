/* weights.h - attention weight maps: from a row of scores to a row of weights.
 *
 * One file a map (weights_NAME.c, exporting one const struct) and one line in
 * the table of weights.c; the INI value, `sinklab list`, the docs and the
 * gradient, causality and thread-count tests follow from the row.
 *
 * A map works on one row at a time: query t's scores against what it sees, the
 * extra column (if any) first, then the visible keys in order, contiguous. It
 * knows nothing of masks, positions, heads or tiles. Its normaliser is a stage
 * of its own (normalizer.h) unless the map has it built in, as softmax does.
 */
#ifndef SINKLAB_WEIGHTS_H
#define SINKLAB_WEIGHTS_H

#include "base/base.h"
#include "nn/options.h"

struct weight_row {
    idx n;      /* entries: extra column, then visible keys; >= 1 */
    idx n_keys; /* visible keys among them; >= 1 */
};

struct weight_map {
    const char *name, *formula, *parameters, *source;
    const char *sinks; /* what was reported, with its source */

    enum normalizer own;   /* what `normalizer = own` means */
    unsigned normalizers;  /* bit set of those it may be given, 1 << kind */
    bool has_own_built_in; /* forward applies `own` itself */
    bool is_signed;        /* weights may be negative */

    /* a (n) from s (n); a may be s. */
    void (*forward)(real *a, const real *s, const struct weight_row *row);
    /* ds (n) from the scores s, what forward gave (a), and the gradient g of
     * the loss with respect to a; ds may be g. */
    void (*backward)(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row);
};

extern const struct weight_map *const weight_maps[]; /* ends with NULL */
const char *weight_map_name(int i);                  /* NULL past the end */

/* The two stages together: map, then normaliser. */
struct weight_stage {
    const struct weight_map *map;
    enum normalizer normalizer; /* still to be applied; NONE if built in */
};

struct weight_stage weight_stage_of(const struct attention_options *o);

/* Do weights of a row always sum to one and are none negative? If not, sink
 * metrics use proxy weights (metric/proxy). */
bool weight_stage_sums_to_one(const struct weight_stage *w);
bool attention_sums_to_one(const struct attention_options *o);

/* a (n) = weights of scores s (n), normalised; a may be s. */
void weight_stage_forward(const struct weight_stage *w, real *a, const real *s,
                          const struct weight_row *row);

/* From scores s and gradient g of the loss with respect to the normalised
 * weights: a (n) out, the weights again; g becomes the gradient ds of s.
 * a, s and g are three buffers. */
void weight_stage_backward(const struct weight_stage *w, real *a, const real *s,
                           real *g, const struct weight_row *row);

#endif
