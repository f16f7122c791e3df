/* stage_head_norm.c - each head's output brought to one size: a head cannot be
 * silent by giving little, which is what a sink is good for. */
#include "kern/headnorm.h"
#include "kern/norm.h"
#include "nn/model/stage.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.head_norm;
}

static void declare(struct stage_tensors *t, const struct stage_block *b)
{
    stage_declare(t, "head_norm.gain", 1, &b->E, 1, 0);
}

static struct headnorm heads(const struct stage_rows *r)
{
    return (struct headnorm){ .R = r->R,
                              .H = r->block.views,
                              .D = r->block.E,
                              .eps = NORM_EPS,
                              .x = r->in,
                              .ld_x = r->block.A,
                              .gain = stage_weights(r, 0) };
}

static void forward(const struct stage_rows *r)
{
    struct headnorm n = heads(r);
    headnorm_forward(r->out, r->block.A, &n);
}

static void backward(const struct stage_rows *r)
{
    struct headnorm n = heads(r);
    headnorm_backward(r->din, r->block.A, stage_partials(r, 0), &n);
}

const struct stage stage_head_norm = {
    .text = { .name = "head_norm",
              .key = "[attention] head_norm = yes",
              .formula = "o = g o / sqrt(mean o^2 + 1e-5), head by head",
              .parameters = "gain g (width of a head) a layer, starting at 1",
              .source = "Li et al., 2026",
              .sinks = "not reported; loss 2.7421 against 2.7812 at 152 M (Li "
                       "et al., 2026)" },
    .is_on = is_on,
    .declare = declare,
    .forward = forward,
    .backward = backward,
};
