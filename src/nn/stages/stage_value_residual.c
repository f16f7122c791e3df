/* stage_value_residual.c - values mixed with those of the first block, as its
 * heads read them. That block's own values stay as they are; the gradients of
 * all blocks that read them meet in back.dv_first, from the last block down. */
#include <string.h>

#include "nn/model/model.h"

enum { FIRST, OWN }; /* the two shares, in one tensor */

static bool is_on(const struct model_spec *s)
{
    return s->attention.value_residual != VALUE_RESIDUAL_NONE;
}

static void declare(struct model *m, struct block_stage *s, idx layer)
{
    idx n = 2;
    if (layer > 0 &&
        m->blocks[layer].attention.value_residual == VALUE_RESIDUAL_LEARNED)
        stage_declare(m, s, layer, "value_residual", 1, &n, 0.5, 0);
}

static real share(const struct stage_rows *r, int which)
{
    return r->block_stage->n_params ? stage_weights(r, 0)[which] : (real)0.5;
}

static void forward(const struct stage_rows *r)
{
    idx W = r->m->W, v = model_v(r->m, 0);
    if (r->layer == 0) {
        stage_keep(r, 0, W);
        return;
    }
    const real *first = stage_qkv(r, 0);
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
    idx n = r->m->W - model_v(r->m, 0);
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
    idx W = r->m->W, v = model_v(r->m, 0);
    real *dfirst = r->x->back.dv_first + r->row0 * W;
    const real *first = stage_qkv(r, 0);
    double sums[2] = { 0, 0 };
    if (r->layer == r->m->L - 1)
        memset(dfirst, 0, (size_t)(r->R * W) * sizeof *dfirst);
    for (idx i = v; i < r->R * W; i += W) {
        if (r->layer > 0)
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
    .is_on = is_on,
    .declare = declare,
    .forward = forward,
    .backward = backward,
};
