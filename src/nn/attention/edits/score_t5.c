/* score_t5.c - a number for each bucket of distances: near ones have a bucket
 * each, farther ones share.
 *
 *   e < 16:  bucket e;   else  min(31, 16 + floor(16 ln(e/16) / ln 8))
 *
 * so from 113 on all are in the last. Keys behind the query are in bucket 0.
 *
 * t5 learns the number of each head and bucket. It starts at 0, a head without
 * a preference for any distance. t5_study adds the bucket's number itself to
 * the score: what the code of arXiv 2410.10781 does under the same name. It
 * makes far keys weigh up to e^31 times as much as near ones. */
#include <math.h>

#include "nn/attention/edits/score_shared.h"

/* Raffel et al., 2020 */
enum { BUCKETS = 32, SINGLES = 16, FARTHEST = 128 };

static idx bucket_of(idx distance)
{
    if (distance < SINGLES)
        return distance;
    if (distance >= FARTHEST)
        return BUCKETS - 1;
    double way =
        log((double)distance / SINGLES) / log((double)FARTHEST / SINGLES);
    return SINGLES + (idx)((BUCKETS - SINGLES) * way);
}

static bool t5_is_on(const struct model_spec *s)
{
    return s->model.position == POSITION_T5;
}

static bool study_is_on(const struct model_spec *s)
{
    return s->model.position == POSITION_T5_STUDY;
}

static idx n_learned(const struct attention_options *a, idx T, idx D)
{
    (void)a, (void)T, (void)D;
    return BUCKETS;
}

static idx t5_scratch(idx T, idx D)
{
    (void)D;
    return 2 * T; /* the number of each distance, and its gradient */
}

static idx study_scratch(idx T, idx D)
{
    (void)D;
    return T;
}

static void t5_open(const struct edit_head *h)
{
    for (idx e = 0; e < h->T; e++)
        h->scratch[e] = h->learned[bucket_of(e)];
    if (h->dlearned)
        edit_clear(h->scratch + h->T, h->T);
}

static void study_open(const struct edit_head *h)
{
    for (idx e = 0; e < h->T; e++)
        h->scratch[e] = (real)bucket_of(e);
}

static void forward(real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    distances_add(s, h->scratch, row, AHEAD_IS_HERE);
}

static void t5_backward(real *ds, const real *s, const struct edit_row *row,
                        const struct edit_head *h)
{
    (void)s;
    distances_collect(h->scratch + h->T, ds, row, AHEAD_IS_HERE);
}

static void t5_close(const struct edit_head *h)
{
    for (idx e = 0; e < h->T; e++)
        h->dlearned[bucket_of(e)] += h->scratch[h->T + e];
}

const struct score_edit score_t5 = {
    .text = { .name = "t5",
              .key = "[model] position = t5",
              .formula = "s_tj + w[bucket(t-j)], w learned; 16 buckets for "
                         "distances below 16, 16 more, log-spaced, up to 128",
              .parameters = "learned: 32 numbers a head, at first 0",
              .source = "Raffel et al., 2020",
              .sinks = "not reported" },
    .is_on = t5_is_on,
    .n_learned = n_learned,
    .n_scratch = t5_scratch,
    .open = t5_open,
    .forward = forward,
    .backward = t5_backward,
    .close = t5_close,
};

const struct score_edit score_t5_study = {
    .text = { .name = "t5_study",
              .key = "[model] position = t5_study",
              .formula = "s_tj + bucket(t-j), the number 0 .. 31 itself; "
                         "buckets as in t5",
              .parameters = "none",
              .source = "the code of arXiv 2410.10781",
              .sinks = "sink_1 35.53 %, loss 5.45 (arXiv 2410.10781); derived "
                       "here: with q.k = 0 it alone gives the first of 64 "
                       "tokens a weight of 0.334" },
    .is_on = study_is_on,
    .n_scratch = study_scratch,
    .open = study_open,
    .forward = forward,
    .backward = edit_passes_on,
};
