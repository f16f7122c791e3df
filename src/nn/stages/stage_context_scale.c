/* stage_context_scale.c - what a head gives, more or less of it as the token
 * says: a gate for each head that starts near 1 and reaches up to 2. */
#include "kern/gate.h"
#include "nn/model/stage.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.context_scale;
}

static struct gate part(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    return (struct gate){ .R = r->R,
                          .n = b->views,
                          .width = b->E,
                          .factor = 2,
                          .x = r->in,
                          .ld_x = b->A,
                          .z = r->projected,
                          .ld_z = b->views };
}

static void forward(const struct stage_rows *r)
{
    struct gate g = part(r);
    gate_forward(r->out, r->block.A, &g);
}

static void backward(const struct stage_rows *r)
{
    struct gate g = part(r);
    gate_backward(r->din, r->block.A, r->dprojected, g.ld_z, r->out, r->block.A,
                  &g);
}

static struct projection projection(const struct stage_block *b)
{
    return (struct projection){ .name = "context_scale",
                                .width = b->views,
                                .has_bias = true };
}

const struct stage stage_context_scale = {
    .text = { .name = "context_scale",
              .key = "[attention] context_scale = yes",
              .formula = "o = 2 sigmoid(x W + b) o, head by head",
              .parameters = "W (heads, width), b (heads) a layer",
              .source = "arXiv 2502.06415",
              .sinks = "GPT-2 124M: outliers of attention, activations and "
                       "weights gone (arXiv 2502.06415)" },
    .reads_out = true,
    .is_on = is_on,
    .projection = projection,
    .forward = forward,
    .backward = backward,
};
