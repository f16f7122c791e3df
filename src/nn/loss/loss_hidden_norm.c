/* loss_hidden_norm.c - the mean square of hidden states: behind one block, or
 * the mean over all. */
#include "nn/loss/loss_term.h"

#include "nn/loss_options.h"

static real of_hidden(const struct loss_hidden *row, real *dx, real share)
{
    idx depth = row->options->hidden_depth;
    real each = 1 / (real)(depth ? row->C : row->C * row->L), sum = 0;
    if (depth && depth != row->depth)
        return 0;
#pragma omp simd reduction(+ : sum)
    for (idx c = 0; c < row->C; c++)
        sum += row->x[c] * row->x[c];
    real factor = 2 * share * each;
    if (dx) {
#pragma omp simd
        for (idx c = 0; c < row->C; c++)
            dx[c] += factor * row->x[c];
    }
    return sum * each;
}

const struct loss_term loss_hidden_norm = {
    .text = { .name = "hidden_norm",
              .formula = "|x_l|^2 / C of the stream behind block l = "
                         "hidden_depth; of 0, mean over all blocks",
              .parameters = "hidden_depth",
              .source = "after Krueger & Memisevic, 2015 (arXiv 1511.08400), "
                        "who hold the norm to that of the token before",
              .sinks = "not reported" },
    .of_hidden = of_hidden,
};
