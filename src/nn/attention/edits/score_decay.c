/* score_decay.c - forget = learned, fixed: the forget gate with one number b a
 * head instead of one a token, so that only the distance counts.
 *
 *   s_tj += (t-j) ln sigma(b),  db = sigma(-b) sum_tj (t-j) ds_tj
 *
 * b starts, or stays, at -ln(expm1(1/tau)), where sigma(b) = exp(-1/tau): a key
 * is forgotten by a factor e in tau tokens. From the first head to the last tau
 * grows in equal factors. Its ends are constants and not the context, because a
 * model has to forget at the same rate whatever the length of what it reads. */
#include <math.h>

#include "nn/attention/edits/score_shared.h"

/* Chosen here: a few tokens, and hardly anything in a context of hundreds. */
static const double TAU_FIRST = 4, TAU_LAST = 1024;

static bool is_on(const struct model_spec *s)
{
    return s->attention.forget == FORGET_LEARNED ||
           s->attention.forget == FORGET_FIXED;
}

static idx n_learned(const struct attention_options *a, idx T, idx D)
{
    (void)T, (void)D;
    return a->forget == FORGET_LEARNED ? 1 : 0;
}

static double start(idx head, idx H)
{
    double place = H > 1 ? (double)head / (double)(H - 1) : 0.5;
    double tau = TAU_FIRST * pow(TAU_LAST / TAU_FIRST, place);
    return -log(expm1(1 / tau)); /* tau >= 4: far from overflow */
}

static idx n_scratch(idx T, idx D)
{
    (void)D;
    return 2 * T; /* what each distance adds, and its gradient */
}

static double b_of(const struct edit_head *h)
{
    return h->learned ? (double)h->learned[0] : start(h->head, h->H);
}

static void open(const struct edit_head *h)
{
    double b = b_of(h), e = exp(-fabs(b)), step = fmin(b, 0) - log1p(e);
    for (idx i = 0; i < h->T; i++)
        h->scratch[i] = (real)(step * (double)i);
    if (h->dlearned)
        edit_clear(h->scratch + h->T, h->T);
}

static void forward(real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    distances_add(s, h->scratch, row, AHEAD_IS_FAR);
}

static void backward(real *ds, const real *s, const struct edit_row *row,
                     const struct edit_head *h)
{
    (void)s;
    if (h->dlearned)
        distances_collect(h->scratch + h->T, ds, row, AHEAD_IS_FAR);
}

static void close(const struct edit_head *h)
{
    if (!h->dlearned)
        return;
    double b = b_of(h), e = exp(-fabs(b)), sum = 0;
    for (idx i = 0; i < h->T; i++)
        sum += (double)i * (double)h->scratch[h->T + i];
    h->dlearned[0] += (real)((b > 0 ? e : 1) / (1 + e) * sum);
}

const struct score_edit score_decay = {
    .text = { .name = "decay",
              .key = "[attention] forget = learned, fixed",
              .formula = "s_tj + (t-j) ln sigma(b); b = -ln(expm1(1/tau)), at "
                         "first if learned, tau from 4 in the first head to "
                         "1024 in the last in equal factors",
              .parameters = "learned: b a head; fixed: none",
              .source = "arXiv 2503.02130; the range of tau is ours",
              .sinks = "not reported; by the formula, a first token's weight "
                       "decays with the distance" },
    .is_causal_only = true,
    .is_on = is_on,
    .n_learned = n_learned,
    .start = start,
    .n_scratch = n_scratch,
    .open = open,
    .forward = forward,
    .backward = backward,
    .close = close,
};
