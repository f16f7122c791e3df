/* score_alibi.c - a penalty that grows with the distance, at a rate of the
 * head's own: s -= m_h |t-j|, m_h = 2^(-8 (h+1) / H). Nothing is learned. */
#include <math.h>

#include "nn/attention/edits/score_shared.h"

static bool is_on(const struct model_spec *s)
{
    return s->model.position == POSITION_ALIBI;
}

static idx n_scratch(idx T, idx D)
{
    (void)D;
    return T;
}

static void open(const struct edit_head *h)
{
    double slope = exp2(-8 * (double)(h->head + 1) / (double)h->H);
    for (idx e = 0; e < h->T; e++)
        h->scratch[e] = (real)(-slope * (double)e);
}

static void forward(real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    distances_add(s, h->scratch, row, AHEAD_IS_FAR);
}

const struct score_edit score_alibi = {
    .text = { .name = "alibi",
              .key = "[model] position = alibi",
              .formula = "s_tj - m |t-j|, m = 2^(-8 (h+1) / H) in head h = 0 "
                         ".. H-1",
              .parameters = "none",
              .source = "Press et al., 2022; so in arXiv 2410.10781",
              .sinks = "sink_1 20.78 %, loss 3.71; 18.18 %, 3.73 with rope "
                       "(arXiv 2410.10781)" },
    .is_on = is_on,
    .n_scratch = n_scratch,
    .open = open,
    .forward = forward,
    .backward = edit_passes_on,
};
