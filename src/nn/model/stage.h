/* stage.h - what happens to rows of queries, keys and values on their way into
 * the heads, and to the heads' output on its way to the output matrix: norms,
 * convolutions, positions, feature maps; gates, scales, norms, sums.
 *
 * One file a stage (stage_NAME.c) and one line in a table of stage.c. A stage
 * maps rows of `in` to rows of `out`, a tile at a time, by any thread; all
 * that are on are run in the table's order. Activations keep each stage's
 * output, so backward has its input, if the stage does not work in place, and
 * its output, if it says that it reads it.
 */
#ifndef SINKLAB_STAGE_H
#define SINKLAB_STAGE_H

#include "base/base.h"
#include "base/op_text.h"
#include "nn/options.h"
#include "nn/param.h"

struct model;
struct acts;
struct stage;

enum { STAGES_MAX = 8, STAGE_PARAMS_MAX = 6 };

/* A learned tensor of a stage; its gradient is summed tile by tile. */
struct stage_param {
    idx offset; /* in the flat buffers */
    idx n;
    idx at; /* of its partial sums in a tile's row of them */
};

/* A stage that is on, in one block. */
struct block_stage {
    const struct stage *stage;
    struct stage_param params[STAGE_PARAMS_MAX];
    idx n_params;
    idx in_width, out_width; /* of a row */
};

/* One tile: rows row0 .. row0+R-1 of the batch, of which every S are one
 * sequence's. Pointers are at row row0. */
struct stage_rows {
    const struct model *m;
    struct acts *x;
    const struct block_stage *block_stage;
    idx layer, tile, row0, R;
    const real *w; /* all weights; stage_weights finds the stage's own */
    const real *in;
    real *out;

    /* backward only */
    const real *dout;
    real *din;      /* is dout, to be changed; with moves_gradient: another
                       place, to be written */
    real *partials; /* (partials a tile) of this tile; add to them */

    real *scratch; /* (scratch), in both directions */
};

struct stage {
    struct op_text text;
    bool is_in_place;    /* out is in: no buffer of its own */
    bool reads_out;      /* backward reads out: no stage that works in place may
                            come next */
    bool moves_gradient; /* din is not dout, since its rows have another width
                            or their neighbours' are needed */
    bool crosses_tiles;  /* reads rows of other tiles, of in and dout: all are
                            there before it starts. Only the first stage may. */

    bool (*is_on)(const struct model_spec *layer);
    /* Declare what it learns in block `layer` (stage_declare). NULL: nothing.
     */
    void (*declare)(struct model *m, struct block_stage *s, idx layer);
    idx (*out_width)(const struct model *m, idx in_width); /* NULL: as in */
    idx (*scratch)(const struct model *m); /* reals; NULL: none */
    void (*forward)(const struct stage_rows *r);
    void (*backward)(const struct stage_rows *r);
};

/* Between the matrix of queries, keys and values, and the heads: rows hold
 * H query heads, then keys, then values (model_q, model_k, model_v). */
extern const struct stage *const stages_in[]; /* ends with NULL */
/* Between the heads and the output matrix. */
extern const struct stage *const stages_out[];

/* stage_declare - a tensor of `ndim` dimensions that starts as
 * N(mean, std^2); appended to s->params and the table. */
void stage_declare(struct model *m, struct block_stage *s, idx layer,
                   const char *name, int ndim, const idx *shape, double mean,
                   double std);

/* Weights of the stage's i-th tensor, and this tile's partial sums of its
 * gradient. */
static inline const real *stage_weights(const struct stage_rows *r, idx i)
{
    return r->w + r->block_stage->params[i].offset;
}

static inline real *stage_partials(const struct stage_rows *r, idx i)
{
    return r->partials + r->block_stage->params[i].at;
}

/* Rows of queries, keys and values that the heads of block `layer` read, at the
 * tile; a stage behind the heads may ask for its own block's, any for those of
 * an earlier one. */
const real *stage_qkv(const struct stage_rows *r, idx layer);

/* Settings of the rows' block. */
const struct attention_options *stage_options(const struct stage_rows *r);

/* Columns c0 .. c0+n-1 of in, which the stage leaves as they are, to out. */
void stage_keep(const struct stage_rows *r, idx c0, idx n);

/* Projections of a block's normed input, one number a token and head or
 * element, that stages and heads may ask for. */
enum side_kind {
    SIDE_QUERY,     /* the weight map's own: (H) */
    SIDE_FORGET,    /* (H), with bias */
    SIDE_GATE,      /* (C) or (views) */
    SIDE_SCALE,     /* (views), with bias */
    SIDE_EXCLUSIVE, /* (views), with bias */
    SIDES
};

/* Rows of a side at the tile, and of its gradient, which is written. */
const real *stage_side(const struct stage_rows *r, enum side_kind kind);
real *stage_dside(const struct stage_rows *r, enum side_kind kind);

#endif
