/* stage_value_residual.c - values mixed with those of the first block, as its
 * heads read them. That block's own values stay as they are; the gradients of
 * all blocks that read them meet in dfirst_v, from the last block down. */
#include <string.h>

#include "nn/model/stage.h"

enum { FIRST, OWN }; /* the two shares, in one tensor */

static bool is_on(const struct model_spec *s)
{
    return s->attention.value_residual != VALUE_RESIDUAL_NONE;
}

static void declare(struct stage_tensors *t, const struct stage_block *b)
{
    idx n = 2;
    if (b->layer > 0 && b->options->value_residual == VALUE_RESIDUAL_LEARNED)
        stage_declare(t, "value_residual", 1, &n, 0.5, 0);
}

static real share(const struct stage_rows *r, int which)
{
    return r->block_stage->n_params ? stage_weights(r, 0)[which] : (real)0.5;
}

static void forward(const struct stage_rows *r)
{
    idx W = r->block.W, v = r->block.v;
    if (r->block.layer == 0) {
        stage_keep(r, 0, W);
        return;
    }
    const real *first = r->first_qkv;
    real of_first = share(r, FIRST), of_own = share(r, OWN);
    for (idx i = 0; i < r->R * W; i += W) {
#pragma omp simd
        for (idx c = v; c < W; c++)
            r->out[i + c] = of_first * first[i + c] + of_own * r->in[i + c];
    }
    stage_keep(r, 0, v);
}

/* d in: of the mixture, out: of the block's own values. */
static void unmix(const struct stage_rows *r, real *d, real *dfirst,
                  const real *first, const real *own, double sums[2])
{
    real of_first = share(r, FIRST), of_own = share(r, OWN);
    double sum_first = 0, sum_own = 0;
    idx n = r->block.W - r->block.v;
#pragma omp simd reduction(+ : sum_first, sum_own)
    for (idx c = 0; c < n; c++) {
        sum_first += (double)(d[c] * first[c]);
        sum_own += (double)(d[c] * own[c]);
        dfirst[c] += of_first * d[c];
        d[c] *= of_own;
    }
    sums[FIRST] += sum_first;
    sums[OWN] += sum_own;
}

static void backward(const struct stage_rows *r)
{
    idx W = r->block.W, v = r->block.v;
    real *dfirst = r->dfirst_v;
    const real *first = r->first_qkv;
    double sums[2] = { 0, 0 };
    if (r->block.layer == r->block.L - 1)
        memset(dfirst, 0, (size_t)(r->R * W) * sizeof *dfirst);
    for (idx i = v; i < r->R * W; i += W) {
        if (r->block.layer > 0)
            unmix(r, r->din + i, dfirst + i, first + i, r->in + i, sums);
        else
            for (idx c = 0; c < W - v; c++)
                r->din[i + c] += dfirst[i + c];
    }
    for (int i = FIRST; r->block_stage->n_params && i <= OWN; i++)
        stage_partials(r, 0)[i] += (real)sums[i];
}

const struct stage stage_value_residual = {
    .text = { .name = "value_residual",
              .key = "[attention] value_residual = fixed, learned",
              .formula = "v = l1 v_first + l2 v, v_first: the values of the "
                         "first block; fixed: l1 = l2 = 1/2",
              .parameters = "learned: l1, l2 a layer but the first, starting "
                            "at 1/2",
              .source = "Zhou et al., 2024, Value Residual Learning",
              .sinks = "attention less concentrated, values of the first "
                       "token drained less (Zhou et al., 2024); no figures" },
    .reads_first_values = true,
    .is_on = is_on,
    .declare = declare,
    .forward = forward,
    .backward = backward,
};
