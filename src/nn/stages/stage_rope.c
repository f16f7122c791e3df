/* stage_rope.c - queries and keys turned by their position (rope.h). */
#include "nn/model/stage.h"
#include "nn/model/rope.h"

static bool is_on(const struct model_spec *s)
{
    return s->model.position == POSITION_ROPE;
}

/* Registers stand at the first positions. */
static void turn(const struct stage_rows *r, real *rows, int direction)
{
    const struct stage_block *b = &r->block;
    struct rope rope = { r->rope, r->S, b->D, b->turned, r->places };
    rope_rows(rows, b->W, &rope, r->row0, r->R, b->H + b->K, direction);
}

static void forward(const struct stage_rows *r)
{
    turn(r, r->out, 1);
}

static void backward(const struct stage_rows *r)
{
    turn(r, r->din, -1);
}

const struct stage stage_rope = {
    .text = { .name = "rope",
              .key = "[model] position = rope",
              .formula =
                  "q_t, k_t turned by t rope_base^(-2d/N) in the planes of "
                  "dimensions d, d + N/2 of the first N = D rope_part",
              .parameters = "rope_base, rope_part, rope_scaling and its keys",
              .source = "arXiv 2104.09864",
              .sinks = "sink_1 18.18 % in the study's default model, which has "
                       "it (arXiv 2410.10781)" },
    .is_in_place = true,
    .is_on = is_on,
    .forward = forward,
    .backward = backward,
};
