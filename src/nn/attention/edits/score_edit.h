/* score_edit.h - edits of the scores between q.k and the weight map: what a
 * distance, a gate or a cap adds to or makes of them.
 *
 * One file an edit (score_NAME.c) and one line in edits_table.h.
 * An edit sees one query's scores of consecutive keys at a time; keys that are
 * not visible never come by. Several edits may be on: they are applied in the
 * table's order and undone backward in the opposite one.
 */
#ifndef SINKLAB_SCORE_EDIT_H
#define SINKLAB_SCORE_EDIT_H

#include "base/base.h"
#include "base/op_text.h"
#include "nn/options.h"
#include "nn/projection.h"

enum { SCORE_EDITS_MAX = 4 };

/* One head of one sequence. Key t and query t stand at the same place. */
struct edit_head {
    idx T, D, H, head; /* head: number of the query head, 0 .. H-1 */
    real scale;        /* what q.k was multiplied with */
    const struct attention_options *options;
    const real *q, *k; /* (T,D), rows ld apart */
    idx ld;
    const real *learned;   /* (learned) this head's numbers, or NULL */
    const real *projected; /* (T) the edit's projection for this head, entries
                              ld_projected apart; NULL if it asks for none */
    idx ld_projected;
    real *scratch; /* (scratch) from open to close, kept between its calls */

    /* backward only, NULL in forward */
    real *dlearned;   /* += gradients */
    real *dprojected; /* (T) as projected, written; open to close */
    real *dq, *dk;    /* (T,D) rows ld apart: only close may add to them */
};

/* Scores s[0 .. n) of query t for keys first .. first+n-1. */
struct edit_row {
    idx t, first, n;
};

struct score_edit {
    struct op_text text;
    bool is_causal_only; /* has no meaning for keys behind the query */
    /* One number a token and head: no width; without a name: none. */
    struct projection projection;

    bool (*is_on)(const struct model_spec *s);
    /* Learned numbers a head; NULL: none. T: rows of the longest sequence; a
     * shorter one must find its numbers at the same places. They start as
     * N(0, std^2), or, with `start`, all of a head's at start(head, H). */
    idx (*n_learned)(const struct attention_options *a, idx T, idx D);
    double std;
    double (*start)(idx head, idx H);
    idx (*n_scratch)(idx T, idx D); /* reals; NULL: none */

    void (*open)(const struct edit_head *h); /* before any row; or NULL */
    void (*forward)(real *s, const struct edit_row *row,
                    const struct edit_head *h);
    /* ds in: gradient of the edited scores s; out: of the scores before. Rows
     * come in any order, each key range once. */
    void (*backward)(real *ds, const real *s, const struct edit_row *row,
                     const struct edit_head *h);
    /* After the last row of backward; or NULL. */
    void (*close)(const struct edit_head *h);
};

extern const struct score_edit *const score_edits[]; /* ends with NULL */

/* The edits that are on, in order; returns how many. */
idx score_edits_of(const struct score_edit *on[SCORE_EDITS_MAX],
                   const struct model_spec *s);

#endif
