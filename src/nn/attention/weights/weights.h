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
 *
 * Numbers of its own a map may have in three ways: keys of [attention]; numbers
 * learned a head (`learned`); one number a query and head, projected from the
 * layer's normed input (`query_number`).
 */
#ifndef SINKLAB_WEIGHTS_H
#define SINKLAB_WEIGHTS_H

#include "base/base.h"
#include "nn/options.h"

enum { MAP_LEARNED_MAX = 4 };

/* A learned number a head. A state is not trained: instead of a gradient it
 * is given what it is to move towards, and each update moves it a tenth of the
 * way. */
struct map_learned {
    const char *name;
    double start;
    bool is_state;
};

struct weight_row {
    idx n;          /* entries: extra column, then visible keys; >= 1 */
    idx n_keys;     /* visible keys among them; >= 1 */
    idx context, D; /* tokens a sequence; head width */
    const struct attention_options *options;
    const real *learned; /* this head's, in the map's order */
    real query;          /* the query's own number, before any function */

    /* backward only */
    real *dlearned; /* += gradients */
    real *dquery;   /* gradient, written; never NULL if there is one */
    real share;     /* 1 / rows of a whole update: of a state's mean */
};

struct weight_map {
    const char *name, *formula, *parameters, *source;
    const char *sinks; /* what was reported, with its source */

    enum normalizer own;      /* what `normalizer = own` means */
    unsigned normalizers;     /* bit set of those it may be given, 1 << kind */
    bool has_own_built_in;    /* forward applies `own` itself */
    bool ignores_column;      /* no key's weight depends on the score of the
                                 column in front, as a_j is made of s_j alone,
                                 or of keys behind it */
    bool is_signed;           /* weights may be negative */
    bool has_remainder;       /* a row's sum is at most one; what is missing is
                                 weight that goes nowhere, shown as a column */
    bool is_linear;           /* a_j = s_j: running sums can stand for rows */
    bool is_causal_only;      /* needs keys up to the query, the query last */
    const char *query_number; /* name of the query's own number, or NULL */

    /* The learned numbers of a head; returns how many. NULL: none. */
    idx (*learned)(struct map_learned learned[MAP_LEARNED_MAX],
                   const struct attention_options *o);

    /* a (n) from s (n); a may be s. */
    void (*forward)(real *a, const real *s, const struct weight_row *row);
    /* ds (n) from the scores s, what forward gave (a), and the gradient g of
     * the loss with respect to a; ds may be g. */
    void (*backward)(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row);
};

extern const struct weight_map *const weight_maps[]; /* ends with NULL */
const char *weight_map_name(int i);                  /* NULL past the end */

/* The stages together: map, normaliser, scale. */
struct weight_stage {
    const struct weight_map *map;
    enum normalizer normalizer; /* still to be applied; NONE if built in */
    real scale;                 /* [attention] scale */
};

struct weight_stage weight_stage_of(const struct attention_options *o);

/* The map's learned numbers; 0 where it has none. */
idx weight_map_learned(struct map_learned learned[MAP_LEARNED_MAX],
                       const struct attention_options *o);

/* Do weights of a row, remainder included, always sum to one and are none
 * negative? If not, sink metrics use proxy weights (metric/proxy). */
bool weight_stage_sums_to_one(const struct weight_stage *w);
bool attention_sums_to_one(const struct attention_options *o);

/* Is what a row lacks to [attention] scale weight that goes nowhere? Only if
 * no normaliser stands behind the map. */
bool attention_has_remainder(const struct attention_options *o);

/* Can the extra column that `bias` asks for change what a head gives? Not if it
 * has no value and no key's weight depends on its score: the map ignores it,
 * and no normaliser sums the row up. True where there is no column. */
bool attention_column_acts(const struct attention_options *o);

/* a (n) = weights of scores s (n), normalised; a may be s. */
void weight_stage_forward(const struct weight_stage *w, real *a, const real *s,
                          const struct weight_row *row);

/* From scores s and gradient g of the loss with respect to the normalised
 * weights: a (n) out, the weights again; g becomes the gradient ds of s.
 * a, s and g are three buffers. */
void weight_stage_backward(const struct weight_stage *w, real *a, const real *s,
                           real *g, const struct weight_row *row);

#endif
