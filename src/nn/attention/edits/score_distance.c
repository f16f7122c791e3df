/* score_distance.c - a learned number for each head and distance, starting at
 * 0, as far as the context reaches. */
#include "nn/attention/edits/score_shared.h"

static bool is_on(const struct model_spec *s)
{
    return s->model.position == POSITION_DISTANCE;
}

static idx n_learned(const struct attention_options *a, idx T, idx D)
{
    (void)a, (void)D;
    return T;
}

static void forward(real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    distances_add(s, h->learned, row, AHEAD_IS_FAR);
}

static void backward(real *ds, const real *s, const struct edit_row *row,
                     const struct edit_head *h)
{
    (void)s;
    distances_collect(h->dlearned, ds, row, AHEAD_IS_FAR);
}

const struct score_edit score_distance = {
    .text = { .name = "distance",
              .key = "[model] position = distance",
              .formula = "s_tj + w[|t-j|], w learned",
              .parameters =
                  "learned: registers + context numbers a head, at first 0",
              .source = "arXiv 2601.00919 (there up to distance 512)",
              .sinks = "not reported by itself" },
    .is_on = is_on,
    .n_learned = n_learned,
    .forward = forward,
    .backward = backward,
};
