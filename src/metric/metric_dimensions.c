/* metric_dimensions.c - sinks told by the numbers of their hidden states: by
 * the dimensions in which the first token is large (Kang et al. 2025, VAR), and
 * dimensions that are large of most tokens (residual sinks, arXiv 2601.22966).
 * KEEP WITH: intervention_share.c, which dimensions and how large. */
#include <math.h>

#include "metric/metric_table.h"
#include "metric/quantile.h"
#include "metric/token.h"

#define VAR "github.com/seilk/VisAttnSink, with 20 times, of large models"
#define RESIDUAL_SINKS "arXiv 2601.22966"
#define OF_DEPTHS                                                              \
    .unit = "1", .group = GROUP_COMPANIONS, .reads = TAP_BIT(TAP_RESIDUAL),    \
    .reduce = REDUCE_MAX

static const double LARGE = 5; /* times the root mean square, of phi */
/* The same, of half of all tokens: of a normal number one in 370 is. Ours. */
static const double PERSISTENT = 3;

static double rms(const struct metric_rows *v, idx t)
{
    return token_norm(v->x + t * v->n, v->n) / sqrt((double)v->n);
}

/* A state of zeros has no large number; NaN stays NaN. */
static double over(double size, double rms)
{
    return rms == 0 ? 0 : size / rms;
}

static double size_at(const struct metric_rows *v, idx t, idx i)
{
    return fabs((double)v->x[t * v->n + i]);
}

/* ---- sink dimensions --------------------------------------------------- */

/* The two in which the first token is largest; the same one where there is no
 * other. */
struct sink_dimensions {
    idx first, second;
};

static struct sink_dimensions find_dimensions(const struct metric_rows *v)
{
    struct sink_dimensions d = { 0, 0 };
    for (idx i = 1; i < v->n; i++)
        if (size_at(v, 0, i) > size_at(v, 0, d.first))
            d.first = i;
    d.second = d.first == 0 && v->n > 1;
    for (idx i = 0; i < v->n; i++)
        if (i != d.first && size_at(v, 0, i) > size_at(v, 0, d.second))
            d.second = i;
    return d;
}

static double phi(const struct metric_rows *v, const struct sink_dimensions *d,
                  idx t)
{
    double most = fmax(size_at(v, t, d->first), size_at(v, t, d->second));
    return over(most, rms(v, t)) + 0 * rms(v, 0); /* NaN in either */
}

static void sink_phi(struct ratio *r, const struct metric_rows *v)
{
    struct sink_dimensions d = find_dimensions(v);
    for (idx t = 0; t < v->rows; t++)
        r[t] = plain(phi(v, &d, t));
}

static void phi_sinks(struct ratio *r, const struct metric_rows *v)
{
    struct sink_dimensions d = find_dimensions(v);
    double n = 0;
    for (idx t = 1; t < v->rows; t++) {
        double x = phi(v, &d, t);
        n += isnan(x) ? x : x >= LARGE;
    }
    *r = plain(n);
}

/* ---- dimensions that stay large ---------------------------------------- */

static double usual_size(const struct metric_rows *v, const double *rms_of,
                         double *sizes, idx i)
{
    for (idx t = 0; t < v->rows; t++)
        sizes[t] = over(size_at(v, t, i), rms_of[t]);
    return median_of(sizes, v->rows);
}

static void fill_rms(double *rms_of, const struct metric_rows *v)
{
    for (idx t = 0; t < v->rows; t++)
        rms_of[t] = rms(v, t);
}

static void residual_size(struct ratio *r, const struct metric_rows *v)
{
    fill_rms(v->room, v);
    for (idx i = 0; i < v->n; i++)
        r[i] = plain(usual_size(v, v->room, v->room + v->rows, i));
}

static void residual_sinks(struct ratio *r, const struct metric_rows *v)
{
    double n = 0;
    fill_rms(v->room, v);
    for (idx i = 0; i < v->n; i++) {
        double x = usual_size(v, v->room, v->room + v->rows, i);
        n += isnan(x) ? x : x >= PERSISTENT;
    }
    *r = plain(n);
}

static idx room(const struct metric_shape *s)
{
    return 2 * s->T;
}

const struct metric metrics_dimensions[] = {
    { .text = { .name = "sink_phi",
                .formula =
                    "phi: the larger of a token's numbers in the two sink "
                    "dimensions, the first token's largest, in size over the "
                    "root mean square of its hidden state; the scalar is the "
                    "largest",
                .source = VAR },
      .title = "phi, size in the sink dimensions",
      OF_DEPTHS,
      .axes = { OVER_DEPTH, OVER_POSITION },
      .of_rows = sink_phi },
    { .text = { .name = "phi_sinks",
                .formula =
                    "tokens of a sequence, beside the first, with sink_phi of "
                    "5 at least; the scalar is the largest over depths",
                .source = VAR },
      .title = "sinks by dimension beside the first",
      OF_DEPTHS,
      .axes = { OVER_DEPTH },
      .least_rows = 2,
      .of_rows = phi_sinks },
    { .text = { .name = "residual_size",
                .formula =
                    "median over tokens of the size of each number of the "
                    "hidden state over its root mean square; the scalar is "
                    "the largest of all",
                .source = RESIDUAL_SINKS },
      .title = "usual size by dimension",
      OF_DEPTHS,
      .axes = { OVER_DEPTH, OVER_DIMENSION },
      .room = room,
      .of_rows = residual_size },
    { .text = { .name = "residual_sinks",
                .formula = "dimensions in which it is 3 at least; the scalar "
                           "is the largest over depths",
                .source = RESIDUAL_SINKS },
      .title = "dimensions that are residual sinks",
      OF_DEPTHS,
      .axes = { OVER_DEPTH },
      .room = room,
      .of_rows = residual_sinks },
    { .text = { .name = NULL } },
};
