/* stage_mlp.c - the learned feature map W2 relu(W1 x) of queries and keys: one
 * pair of matrices a layer, for both and for all heads. The hidden numbers are
 * made again in backward: two small products are cheaper than keeping them. */
#include "nn/model/stage.h"

enum { IN, OUT }; /* W1, W2: (D,D) each */

static bool is_on(const struct model_spec *s)
{
    return s->attention.features == FEATURE_MLP;
}

static void declare(struct stage_tensors *t, const struct stage_block *b)
{
    idx shape[2] = { b->D, b->D };
    stage_declare(t, "features.in", 2, shape, 0, 0)->role = PARAM_FEATURE;
    stage_declare(t, "features.out", 2, shape, 0, 0)->role = PARAM_FEATURE;
}

static idx scratch(const struct stage_block *b)
{
    return 2 * TILE_ROWS * b->D;
}

/* a (R,D) = relu(W1 x) of one head */
static void hidden(const struct stage_rows *r, real *a, const real *x)
{
    idx D = r->block.D;
    r->gemm->nt(a, D, x, r->block.W, stage_weights(r, IN), D, r->R, D, D, 1, 0);
#pragma omp simd
    for (idx i = 0; i < r->R * D; i++)
        a[i] = a[i] < 0 ? 0 : a[i]; /* so written, NaN stays */
}

static void forward(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    idx D = b->D, W = b->W, v = b->v;
    real *a = r->scratch;
    for (idx c = 0; c < v; c += D) {
        hidden(r, a, r->in + c);
        r->gemm->nt(r->out + c, W, a, D, stage_weights(r, OUT), D, r->R, D, D,
                    1, 0);
    }
    stage_keep(r, v, W - v);
}

static void backward(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    idx D = b->D, W = b->W, R = r->R;
    real *a = r->scratch, *da = a + TILE_ROWS * D;
    for (idx c = 0; c < b->v; c += D) {
        const real *x = r->in + c;
        real *d = r->din + c;
        hidden(r, a, x);
        r->gemm->tn(stage_partials(r, OUT), D, d, W, a, D, D, D, R, 1, 1);
        r->gemm->nn(da, D, d, W, stage_weights(r, OUT), D, R, D, D, 1, 0);
#pragma omp simd
        for (idx i = 0; i < R * D; i++)
            da[i] = a[i] <= 0 ? 0 : da[i];
        r->gemm->tn(stage_partials(r, IN), D, da, D, x, W, D, D, R, 1, 1);
        r->gemm->nn(d, W, da, D, stage_weights(r, IN), D, R, D, D, 1, 0);
    }
}

const struct stage stage_mlp = {
    .text = { .name = "mlp",
              .key = "[attention] features = mlp",
              .formula = "q, k = W2 relu(W1 q), W2 relu(W1 k), behind "
                         "positions",
              .parameters = "W1, W2 (D,D) a layer, shared by queries, keys and "
                            "heads; N(0, 2 / (5 D)), or uniform within "
                            "1 / sqrt(D) with init = framework",
              .source = "arXiv 2410.10781",
              .sinks = "with weights = identity: sink_1 0.19 % (abs_sum) and "
                       "0.74 % (none), proxy weights, loss 3.85 and 3.91 "
                       "against 3.73 (arXiv 2410.10781)" },
    .is_on = is_on,
    .declare = declare,
    .scratch = scratch,
    .forward = forward,
    .backward = backward,
};
