/* stage_exclusive.c - what a head found, without the direction of the token's
 * own value. That value is the one its heads read, so its gradient joins the
 * heads' in dv. */
#include "kern/exclusive.h"
#include "nn/model/stage.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.exclusive;
}

static struct exclusive part(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    idx v = b->v, n_values = (b->W - v) / b->E;
    return (struct exclusive){ .R = r->R,
                               .H = b->views,
                               .D = b->E,
                               .share = b->views / n_values,
                               .x = r->in,
                               .ld_x = b->A,
                               .v = r->qkv + v,
                               .ld_v = b->W,
                               .a = r->projected,
                               .ld_a = b->views };
}

static void forward(const struct stage_rows *r)
{
    struct exclusive e = part(r);
    exclusive_forward(r->out, r->block.A, &e);
}

static void backward(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    struct exclusive e = part(r);
    real *dv = r->dv + b->v;
    exclusive_backward(r->din, b->A, dv, b->W, r->dprojected, b->views, &e);
}

/* Ranked: its tensors stand behind those of the gates. */
static struct projection projection(const struct stage_block *b)
{
    return (struct projection){
        .name = "exclusive", .width = b->views, .has_bias = true, .rank = 1
    };
}

const struct stage stage_exclusive = {
    .text = { .name = "exclusive",
              .key = "[attention] exclusive = yes",
              .formula = "o_t = o_t - tanh(a_t) (o_t . u_t) u_t, u_t = v_t / "
                         "|v_t|, a_t = x_t W + b",
              .parameters = "W (heads, width), b (heads) a layer",
              .source = "arXiv 2603.09078; the learned share: a variant in "
                        "public use",
              .sinks = "not reported" },
    .adds_to_values = true,
    .is_on = is_on,
    .projection = projection,
    .forward = forward,
    .backward = backward,
};
