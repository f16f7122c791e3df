/* weights.h - attention weight maps: from a row of scores to a row of weights.
 *
 * One file a map (weights_NAME.c, exporting one const struct) and one line in
 * the table of weights.c; the INI value, `sinklab list`, the docs and the
 * gradient, causality and thread-count tests follow from the row.
 *
 * A map works on one row at a time: query t's scores against what it sees, the
 * extra column (if any) first, then the visible keys in order, contiguous. It
 * knows nothing of masks, positions, heads or tiles. Its normaliser is a stage
 * of its own (normalizer.h) unless the map has it built in, as softmax does;
 * weight_stage.h puts them together.
 *
 * Numbers of its own a map may have in three ways: keys of [attention], read
 * once (`prepare`); numbers learned a head (`learned`); one number a query and
 * head, projected from the layer's normed input (`query_number`).
 */
#ifndef SINKLAB_WEIGHTS_H
#define SINKLAB_WEIGHTS_H

#include "base/base.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/projection.h"
#include "base/op_text.h"

struct attention_options;

enum { MAP_LEARNED_MAX = 4, MAP_SETTINGS_MAX = 4 };

/* A learned number a head. A state is not trained: instead of a gradient it
 * is given what it is to move towards, and each update moves it a part of the
 * way (PARAM_STATE_RATE). */
struct map_learned {
    const char *name;
    double start;
    bool is_state;
};

/* What a map's keys come to, the same for all rows; the map's own order. */
struct map_settings {
    double x[MAP_SETTINGS_MAX];
    int kind; /* which of its forms */
};

struct weight_row {
    idx n;      /* entries: extra column, then visible keys; >= 1 */
    idx n_keys; /* visible keys among them; >= 1 */
    const struct map_settings *settings; /* as `prepare` left them */
    const real *learned;                 /* this head's, in the map's order */
    real query; /* the query's own number, before any function */

    /* backward only */
    real *dlearned; /* += gradients */
    real *dquery;   /* gradient, written; never NULL if there is one */
    real share;     /* 1 / rows of a whole update: of a state's mean */
};

struct weight_map {
    struct op_text text;

    enum normalizer own;   /* what `normalizer = own` means */
    unsigned normalizers;  /* bit set of those it may be given, 1 << kind */
    bool has_own_built_in; /* forward applies `own` itself */
    bool ignores_column;   /* no key's weight depends on the score of the column
                              in front, as a_j is made of s_j alone, or of keys
                              behind it */
    bool is_signed;        /* weights may be negative */
    bool has_remainder;    /* a row's sum is at most one; what is missing is
                              weight that goes nowhere, shown as a column */
    bool is_linear;        /* a_j = s_j: running sums can stand for rows */
    bool is_causal_only;   /* needs keys up to the query, the query last */

    /* The query's own number: no width, no bias; without a name: none. */
    struct projection query_number;

    /* The learned numbers of a head; returns how many. NULL: none. */
    idx (*learned)(struct map_learned learned[MAP_LEARNED_MAX],
                   const struct attention_options *o);

    /* Settings from the keys; context: rows of a whole sequence, D: width of a
     * head. They are zero before. NULL: it reads none. */
    void (*prepare)(struct map_settings *settings,
                    const struct attention_options *o, idx context, idx D);

    /* a (n) from s (n); a may be s. */
    void (*forward)(real *a, const real *s, const struct weight_row *row);
    /* ds (n) from the scores s, what forward gave (a), and the gradient g of
     * the loss with respect to a; ds may be g. */
    void (*backward)(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row);
};

extern const struct weight_map *const weight_maps[]; /* ends with NULL */
const char *weight_map_name(int i);                  /* NULL past the end */

#endif
