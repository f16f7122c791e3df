/* stage_v_scale.c - one learned number on values, a layer or a head. A matrix
 * could do the same to values; what is new is the gradient that comes back
 * through them, which grows or shrinks by the same number. */
#include "nn/model/stage.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.v_scale != V_SCALE_NONE;
}

/* Heads that have values. */
static idx heads(const struct stage_block *b)
{
    return (b->W - b->v) / b->E;
}

static bool is_a_head(const struct stage_block *b)
{
    return b->options->v_scale == V_SCALE_HEAD;
}

static void declare(struct stage_tensors *t, const struct stage_block *b)
{
    idx n = is_a_head(b) ? heads(b) : 1;
    stage_declare(t, "v_scale", 1, &n, 1, 0);
}

static void forward(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    const real *scale = stage_weights(r, 0);
    idx H = heads(b);
    for (idx i = 0; i < r->R * H; i++) {
        real s = scale[is_a_head(b) ? i % H : 0];
        idx at = i / H * b->W + b->v + i % H * b->E;
#pragma omp simd
        for (idx c = at; c < at + b->E; c++)
            r->out[c] = s * r->in[c];
    }
    stage_keep(r, 0, b->v);
}

static void backward(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    const real *scale = stage_weights(r, 0);
    idx H = heads(b);
    for (idx h = 0; h < H; h++) {
        idx number = is_a_head(b) ? h : 0;
        double sum = 0;
        for (idx i = 0; i < r->R; i++) {
            idx at = i * b->W + b->v + h * b->E;
#pragma omp simd reduction(+ : sum)
            for (idx c = at; c < at + b->E; c++) {
                sum += (double)(r->din[c] * r->in[c]);
                r->din[c] *= scale[number];
            }
        }
        stage_partials(r, 0)[number] += (real)sum;
    }
}

const struct stage stage_v_scale = {
    .text = { .name = "v_scale",
              .key = "[attention] v_scale = layer, head",
              .formula = "v = s v, and so dv = s du",
              .parameters = "s a layer, or a head of values, starting at 1",
              .source = "V-scale (arXiv 2603.17771)",
              .sinks = "sinks stay, massive activations go; median of the "
                       "gradient sink 40.3 -> 5.6 (arXiv 2603.17771)" },
    .is_on = is_on,
    .declare = declare,
    .forward = forward,
    .backward = backward,
};
