/* stage_qk_norm.c - queries and keys brought to one length, head by head or
 * over all heads, so that scores are bounded whatever the residual stream's
 * size. Positions come behind it: turning keeps a length, but mixes the
 * dimensions of the gain. */
#include "kern/headnorm.h"
#include "kern/norm.h"
#include "nn/model/stage.h"

enum { QUERY, KEY }; /* the gains; unit has none */

static bool is_on(const struct model_spec *s)
{
    return s->attention.qk_norm != QK_NORM_NONE;
}

static void declare(struct stage_tensors *t, const struct stage_block *b)
{
    bool is_wide = b->options->qk_norm == QK_NORM_RMS_WIDE;
    idx n_query = is_wide ? b->H * b->D : b->D;
    idx n_key = is_wide ? b->K * b->D : b->D;
    if (b->options->qk_norm == QK_NORM_UNIT)
        return;
    stage_declare(t, "qk_norm.query", 1, &n_query, 1, 0);
    stage_declare(t, "qk_norm.key", 1, &n_key, 1, 0);
}

/* All queries, or all keys. */
static struct headnorm heads(const struct stage_rows *r, int which)
{
    const struct stage_block *b = &r->block;
    bool is_unit = b->options->qk_norm == QK_NORM_UNIT;
    bool is_wide = b->options->qk_norm == QK_NORM_RMS_WIDE;
    idx H = which == QUERY ? b->H : b->K;
    return (struct headnorm){
        .R = r->R,
        .H = is_wide ? 1 : H,
        .D = is_wide ? H * b->D : b->D,
        .is_unit = is_unit,
        .eps = is_unit ? NORM_UNIT_EPS : b->options->qk_norm_eps,
        .x = r->in + (which == QUERY ? 0 : b->k),
        .ld_x = b->W,
        .gain = is_unit ? NULL : stage_weights(r, which),
    };
}

static void forward(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    idx v = b->v;
    for (int which = QUERY; which <= KEY; which++) {
        struct headnorm n = heads(r, which);
        headnorm_forward(r->out + (n.x - r->in), b->W, &n);
    }
    stage_keep(r, v, b->W - v);
}

static void backward(const struct stage_rows *r)
{
    for (int which = QUERY; which <= KEY; which++) {
        struct headnorm n = heads(r, which);
        headnorm_backward(r->din + (n.x - r->in), r->block.W,
                          n.gain ? stage_partials(r, which) : NULL, &n);
    }
}

const struct stage stage_qk_norm = {
    .text = { .name = "qk_norm",
              .key = "[attention] qk_norm = rms, rms_wide, unit",
              .formula = "rms: q = g_q q / sqrt(mean q^2 + qk_norm_eps), k "
                         "alike, head by head; rms_wide: the same of all "
                         "queries of a token together, and of all keys; unit: "
                         "q = q / |q|, k alike, scores q.k",
              .parameters = "qk_norm_eps; rms: gains g_q, g_k (D) a layer, "
                            "starting at 1; rms_wide: (H D) and (kv_heads D); "
                            "unit: none",
              .source = "Henry et al., 2020, Query-Key Normalization for "
                        "Transformers; rms_wide: arXiv 2501.00656 (OLMo 2)",
              .sinks = "sinks stay, activation spikes fall from 3818 to 92 "
                       "(Sun et al., 2026); sinks as frequent as without "
                       "(Zhang et al., 2025)" },
    .is_on = is_on,
    .declare = declare,
    .forward = forward,
    .backward = backward,
};
