/* score_forget.c - forget = input: each token has a gate sigma(f) between what
 * was before it and all later queries, f = x w + b of the layer's input.
 *
 *   s_tj += c_t - c_j,  c_t = sum of ln sigma(f_i), i <= t
 *   dc_t = sum_j ds_tj - sum_i ds_it,  df_t = (1 - sigma(f_t)) sum_u>=t dc_u
 *
 * c falls far below the scores, and only differences count: it is summed up in
 * double and kept as two reals, the second what the first lacks. */
#include <math.h>

#include "nn/attention/edits/score_shared.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.forget == FORGET_INPUT;
}

/* Parts of scratch, T each. */
struct gates {
    real *c, *rest; /* their sum is c */
    real *dc;
};

static struct gates gates_of(const struct edit_head *h)
{
    return (struct gates){ h->scratch, h->scratch + h->T,
                           h->scratch + 2 * h->T };
}

static idx n_scratch(idx T, idx D)
{
    (void)D;
    return 3 * T;
}

/* Never the exp of a positive number. */
static double log_sigmoid(double x)
{
    return fmin(x, 0) - log1p(exp(-fabs(x)));
}

/* sigma(-x) */
static double closed(double x)
{
    double e = exp(-fabs(x));
    return (x > 0 ? e : 1) / (1 + e);
}

static void open(const struct edit_head *h)
{
    struct gates g = gates_of(h);
    double sum = 0;
    for (idx t = 0; t < h->T; t++) {
        sum += log_sigmoid((double)h->projected[t * h->ld_projected]);
        g.c[t] = (real)sum;
        g.rest[t] = (real)(sum - (double)g.c[t]);
    }
    if (h->dprojected)
        edit_clear(g.dc, h->T);
}

static void forward(real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    struct gates g = gates_of(h);
    const real *c = g.c + row->first, *rest = g.rest + row->first;
    real c_t = g.c[row->t], rest_t = g.rest[row->t];
#pragma omp simd
    for (idx i = 0; i < row->n; i++)
        s[i] += (c_t - c[i]) + (rest_t - rest[i]);
}

static void backward(real *ds, const real *s, const struct edit_row *row,
                     const struct edit_head *h)
{
    (void)s;
    struct gates g = gates_of(h);
    real *dc = g.dc + row->first, sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx i = 0; i < row->n; i++) {
        sum += ds[i];
        dc[i] -= ds[i];
    }
    g.dc[row->t] += sum;
}

static void close(const struct edit_head *h)
{
    struct gates g = gates_of(h);
    double sum = 0;
    for (idx t = h->T - 1; t >= 0; t--) {
        sum += (double)g.dc[t];
        h->dprojected[t * h->ld_projected] =
            (real)(closed((double)h->projected[t * h->ld_projected]) * sum);
    }
}

const struct score_edit score_forget = {
    .text = { .name = "forget",
              .key = "[attention] forget = input",
              .formula = "s_tj + sum of ln sigma(x_i w + b), j < i <= t",
              .parameters = "learned: w (width) and b a head",
              .source = "arXiv 2503.02130",
              .sinks = "not reported; by the formula, a first token's weight "
                       "decays with the distance" },
    .is_causal_only = true,
    .projection = { .name = "forget", .has_bias = true },
    .is_on = is_on,
    .n_scratch = n_scratch,
    .open = open,
    .forward = forward,
    .backward = backward,
    .close = close,
};
