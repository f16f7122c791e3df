/* stage.h - what happens to rows of queries, keys and values on their way into
 * the heads, and to the heads' output on its way to the output matrix: norms,
 * convolutions, positions, feature maps; gates, scales, norms, sums.
 *
 * One file a stage (stage_NAME.c) and one line in stages_table.h. A stage
 * maps rows of `in` to rows of `out`, a tile at a time, by any thread; all
 * that are on are run in the table's order. Activations keep each stage's
 * output, so backward has its input, if the stage does not work in place, and
 * its output, if it says that it reads it.
 *
 * A stage sees its rows and the sizes and settings of its block; the model
 * around it (model.h) it need not know.
 */
#ifndef SINKLAB_STAGE_H
#define SINKLAB_STAGE_H

#include "base/base.h"
#include "base/op_text.h"
#include "kern/gemm.h"
#include "nn/options.h"
#include "nn/param.h"
#include "nn/projection.h"

struct stage;

enum { STAGES_MAX = 10, STAGE_PARAMS_MAX = 6, NO_PROJECTION = -1 };

/* The block that a stage stands in. A row of queries, keys and values holds H
 * query heads of D, from column k on K keys of D, from v on values of E. */
struct stage_block {
    const struct attention_options *options;
    idx layer, L; /* of L */
    idx H, K, D, E;
    idx A;      /* of what heads give, side by side: H*D */
    idx turned; /* dimensions of a head that positions turn */
    idx W, k, v;
    idx views; /* heads behind the pairs of differential attention */
};

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
    int projection;          /* which of the block's is its; NO_PROJECTION */
};

/* Where a stage's tensors go while a model is declared. */
struct stage_tensors {
    struct block_stage *stage;
    struct param_table *table;
    idx *partials_n; /* numbers that stages of the block learn so far */
    idx layer;
};

/* One tile: rows row0 .. row0+R-1 of the batch, of which every S are one
 * sequence's. Pointers are at row row0. */
struct stage_rows {
    struct stage_block block;
    const struct block_stage *block_stage;
    idx S, row0, R;
    const struct gemm *gemm; /* who multiplies */
    const real *w; /* all weights; stage_weights finds the stage's own */
    const real *in;
    real *out;
    const real *projected; /* (R,n) of the projection it asked for */
    const real *qkv;       /* (R,W) rows that the block's heads read, for stages
                              behind them */
    const real *first_qkv; /* (R,W) the same of the first block */
    const real *rope;      /* (S,turned) turns by position (rope.h), or NULL */
    const int32_t *places; /* (M) at which of S places each row of the batch
                              stands; NULL: in line */

    /* backward only */
    const real *dout;
    real *din;        /* is dout, to be changed; with moves_gradient: another
                         place, to be written */
    real *dprojected; /* (R,n) to be written */
    real *partials;   /* (partials a tile) of this tile; add to them */
    real *dv;         /* (R,W) with adds_to_values: add to columns of values */
    real *dfirst_v;   /* (R,W) with reads_first_values: the same */

    real *scratch; /* (scratch), in both directions */
};

struct stage {
    struct op_text text;
    bool is_in_place;    /* out is in: no buffer of its own */
    bool reads_out;      /* backward reads out: no stage that works in place
                                may come next */
    bool moves_gradient; /* din is not dout, since its rows have another
                                width or their neighbours' are needed */
    bool crosses_tiles;  /* reads rows of other tiles, of in and dout: all
                                are there before it starts. Only the first stage
                                may. */
    bool adds_to_values; /* its block's values have gradients from it, too */
    bool reads_first_values; /* so have those of the first block; what layers
                                add meets in dfirst_v, from the last one down */

    bool (*is_on)(const struct model_spec *layer);
    /* The projection that it wants, its width given; NULL: none. */
    struct projection (*projection)(const struct stage_block *b);
    /* Declare what it learns (stage_declare). NULL: nothing. */
    void (*declare)(struct stage_tensors *t, const struct stage_block *b);
    idx (*out_width)(const struct stage_block *b,
                     idx in_width);              /* NULL: in's */
    idx (*scratch)(const struct stage_block *b); /* reals; NULL: none */
    void (*forward)(const struct stage_rows *r);
    void (*backward)(const struct stage_rows *r);

    /* Of the first stage behind the heads, if it subtracts the second of each
     * pair of heads from the first: the factor on the second, for observers. */
    real (*pair_factor)(const struct block_stage *s, const real *w,
                        const struct stage_block *b);
};

/* Between the matrix of queries, keys and values, and the heads. */
extern const struct stage *const stages_in[]; /* ends with NULL */
/* Between the heads and the output matrix. */
extern const struct stage *const stages_out[];

/* stage_declare - a tensor of `ndim` dimensions that starts as N(mean, std^2);
 * appended to the stage's and the table. Returns its row, for those that start
 * otherwise. */
struct param *stage_declare(struct stage_tensors *t, const char *name, int ndim,
                            const idx *shape, double mean, double std);

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

/* Columns c0 .. c0+n-1 of in, which the stage leaves as they are, to out. */
void stage_keep(const struct stage_rows *r, idx c0, idx n);

#endif
