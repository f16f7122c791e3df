/* metric_alignment.c - secondary sinks are written by feed-forwards, in the
 * direction in which one wrote the sink: Wong et al. 2025, arXiv 2512.22213
 * (docs/METRICS.md, "Secondary sinks"). */
#include <math.h>

#include "metric/metric_table.h"
#include "metric/secondary.h"
#include "metric/token.h"

#define WONG "arXiv 2512.22213"
#define OF_SEQUENCES                                                           \
    .unit = "1", .group = GROUP_COMPANIONS,                                    \
    .reads = TAP_BIT(TAP_RESIDUAL) | TAP_BIT(TAP_FFN), .least_rows = 2

static const double ALIGNED = 0.98; /* least cosine */

/* What the feed-forward adds in the block that ends at a depth. */
static const real *written(const struct metric_sequence *v, idx depth, idx t)
{
    return v->ffn[depth - 1] + t * v->C;
}

/* In the block in which the sink's norm rises most. */
static const real *sink_write(const struct metric_sequence *v,
                              const struct sink_window *w)
{
    return written(v, w->first, w->sink);
}

static bool has_nan(const struct metric_sequence *v)
{
    for (idx l = 0; l < v->L; l++)
        if (tokens_have_nan(v->ffn[l], v->rows, v->C, v->C))
            return true;
    return sink_has_nan(v);
}

/* Of rows that a feed-forward left alone there is no direction. */
static void ffn_cosine(struct ratio *r, const struct metric_sequence *v)
{
    struct sink_window w = sink_window_of(v);
    const real *own = sink_write(v, &w);
    bool is_nan = has_nan(v);
    for (idx l = 0; l < v->L; l++)
        for (idx t = 0; t < v->rows; t++) {
            const real *x = v->ffn[l] + t * v->C;
            struct ratio *at = &r[l * v->T + t];
            if (is_nan)
                *at = plain(NAN);
            else if (token_norm(x, v->C) > 0 && token_norm(own, v->C) > 0)
                *at = plain(token_cosine(x, own, v->C));
        }
}

/* Mean over secondary sinks of what `of` says of their write and the sink's;
 * none without any, or if nothing was written to the sink. Where a direction is
 * wanted, of those that something was written to. */
static struct ratio
mean_write(const struct metric_sequence *v, bool wants_direction,
           double (*of)(const real *x, const real *sink, idx C))
{
    struct sink_window w = sink_window_of(v);
    const real *own = sink_write(v, &w);
    struct ratio r = { 0, 0, true };
    if (has_nan(v))
        return plain(NAN);
    for (idx t = 0; token_norm(own, v->C) > 0 && t < v->rows; t++) {
        struct sink_life life = sink_life_of(v, &w, t);
        if (t == w.sink || !life.is_secondary)
            continue;
        const real *x = written(v, life.first, t);
        if (wants_direction && !(token_norm(x, v->C) > 0))
            continue;
        r.top += of(x, own, v->C);
        r.bottom += 1;
        r.is_none = false;
    }
    return r;
}

static double is_aligned(const real *x, const real *sink, idx C)
{
    return token_cosine(x, sink, C) > ALIGNED;
}

static double size_over(const real *x, const real *sink, idx C)
{
    return token_norm(x, C) / token_norm(sink, C);
}

static void secondary_ffn_cosine(struct ratio *r,
                                 const struct metric_sequence *v)
{
    *r = mean_write(v, true, token_cosine);
}

static void secondary_ffn_aligned(struct ratio *r,
                                  const struct metric_sequence *v)
{
    *r = mean_write(v, true, is_aligned);
}

static void secondary_ffn_size(struct ratio *r, const struct metric_sequence *v)
{
    *r = mean_write(v, false, size_over);
}

const struct metric metrics_alignment[] = {
    { .text = { .name = "ffn_cosine",
                .formula =
                    "cosine of what a feed-forward adds to a token with what "
                    "the one of the block in which the sink's norm rises most "
                    "(sink_life) adds to the sink",
                .source = WONG },
      .title = "alignment of feed-forwards with the sink's",
      OF_SEQUENCES,
      .axes = { OVER_LAYER, OVER_POSITION },
      .of_sequence = ffn_cosine },
    { .text = { .name = "secondary_ffn_cosine",
                .formula = "the same of secondary sinks, in the block behind "
                           "which they are first sunk, mean over them",
                .source = WONG },
      .title = "alignment of secondary sinks' feed-forward",
      OF_SEQUENCES,
      .of_sequence = secondary_ffn_cosine },
    { .text = { .name = "secondary_ffn_aligned",
                .formula = "share of secondary sinks in which it exceeds 0.98",
                .source = WONG },
      .title = "secondary sinks with an aligned feed-forward",
      OF_SEQUENCES,
      .is_share = true,
      .of_sequence = secondary_ffn_aligned },
    { .text = { .name = "secondary_ffn_size",
                .formula = "norm of what the feed-forward adds to a secondary "
                           "sink there over that of the sink's, mean over them",
                .source = WONG },
      .title = "size of secondary sinks' feed-forward",
      OF_SEQUENCES,
      .of_sequence = secondary_ffn_size },
    { .text = { .name = NULL } },
};
