/* stage_gate.c - a sigmoid gate on what heads give, so that they can give
 * nothing without a sink: projected from the block's normed input, or, for
 * comparison, a learned number that knows no input. */
#include "kern/gate.h"
#include "nn/model/stage.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.gate != GATE_NONE;
}

/* Gates in a row. */
static idx gates(const struct stage_block *b)
{
    return b->options->gate_per == GATE_PER_HEAD ? b->views : b->A;
}

static struct projection projection(const struct stage_block *b)
{
    if (b->options->gate != GATE_INPUT)
        return (struct projection){ .name = NULL };
    return (struct projection){ .name = "gate", .width = gates(b) };
}

/* From 0, half open, as a projected one is on average. */
static void declare(struct stage_tensors *t, const struct stage_block *b)
{
    idx n = gates(b);
    if (b->options->gate == GATE_STATIC)
        stage_declare(t, "gate", 1, &n, 0, 0);
}

static struct gate part(const struct stage_rows *r)
{
    const struct stage_block *b = &r->block;
    bool is_static = r->block.options->gate == GATE_STATIC;
    idx n = gates(b);
    return (struct gate){ .R = r->R,
                          .n = n,
                          .width = b->A / n,
                          .factor = 1,
                          .x = r->in,
                          .ld_x = b->A,
                          .z = is_static ? stage_weights(r, 0) : r->projected,
                          .ld_z = is_static ? 0 : n };
}

static void forward(const struct stage_rows *r)
{
    struct gate g = part(r);
    gate_forward(r->out, r->block.A, &g);
}

static void backward(const struct stage_rows *r)
{
    struct gate g = part(r);
    real *dz = g.ld_z ? r->dprojected : stage_partials(r, 0);
    gate_backward(r->din, r->block.A, dz, g.ld_z, r->out, r->block.A, &g);
}

const struct stage stage_gate = {
    .text = { .name = "gate",
              .key = "[attention] gate = input, static",
              .formula = "o = sigmoid(z) o; input: z = x W; static: z learned",
              .parameters = "input: W (width or heads, width); static: z "
                            "(width or heads), starting at 0; a layer; as "
                            "gate_per says: element or head",
              .source = "arXiv 2505.06708",
              .sinks = "gate = input: attention to the first token 4.8 % "
                       "against 46.7 %, massive activations gone; a gate that "
                       "knows no input has no effect (arXiv 2505.06708)" },
    .is_in_place = true,
    .reads_out = true,
    .is_on = is_on,
    .projection = projection,
    .declare = declare,
    .forward = forward,
    .backward = backward,
};
