/* stage_exclusive.c - what a head found, without the direction of the token's
 * own value. That value is the one its heads read, so its gradient joins the
 * heads' in back.dv. */
#include "kern/exclusive.h"
#include "nn/model/model.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.exclusive;
}

static struct exclusive part(const struct stage_rows *r)
{
    const struct model *m = r->m;
    idx v = model_v(m, 0), n_values = (m->W - v) / m->E;
    return (struct exclusive){ .R = r->R,
                               .H = m->views,
                               .D = m->E,
                               .share = m->views / n_values,
                               .x = r->in,
                               .ld_x = m->C,
                               .v = stage_qkv(r, r->layer) + v,
                               .ld_v = m->W,
                               .a = stage_side(r, SIDE_EXCLUSIVE),
                               .ld_a = m->views };
}

static void forward(const struct stage_rows *r)
{
    struct exclusive e = part(r);
    exclusive_forward(r->out, r->m->C, &e);
}

static void backward(const struct stage_rows *r)
{
    const struct model *m = r->m;
    struct exclusive e = part(r);
    real *dv = r->x->back.dv + r->row0 * m->W + model_v(m, 0);
    exclusive_backward(r->din, m->C, dv, m->W, stage_dside(r, SIDE_EXCLUSIVE),
                       m->views, &e);
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
    .is_on = is_on,
    .forward = forward,
    .backward = backward,
};
