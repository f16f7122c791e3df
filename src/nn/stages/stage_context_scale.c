/* stage_context_scale.c - what a head gives, more or less of it as the token
 * says: a gate for each head that starts near 1 and reaches up to 2. */
#include "kern/gate.h"
#include "nn/model/model.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.context_scale;
}

static struct gate part(const struct stage_rows *r)
{
    const struct model *m = r->m;
    return (struct gate){ .R = r->R,
                          .n = m->views,
                          .width = m->E,
                          .factor = 2,
                          .x = r->in,
                          .ld_x = m->C,
                          .z = stage_side(r, SIDE_SCALE),
                          .ld_z = m->views };
}

static void forward(const struct stage_rows *r)
{
    struct gate g = part(r);
    gate_forward(r->out, r->m->C, &g);
}

static void backward(const struct stage_rows *r)
{
    struct gate g = part(r);
    gate_backward(r->din, r->m->C, stage_dside(r, SIDE_SCALE), g.ld_z, r->out,
                  r->m->C, &g);
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
    .forward = forward,
    .backward = backward,
};
