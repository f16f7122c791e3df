/* metric_rank.c - how many directions the hidden states of a sequence fill. */
#include <math.h>

#include "metric/metric_table.h"
#include "metric/singular.h"
#include "metric/token.h"

#define OF_DEPTHS                                                              \
    .unit = "1", .group = GROUP_COMPANIONS, .reads = TAP_BIT(TAP_RESIDUAL),    \
    .axes = { OVER_DEPTH }

static idx room(const struct metric_shape *s)
{
    return singular_room(s->T, s->C);
}

/* Of rows from `from` on. */
static idx squares(double **value, const struct metric_rows *v, idx from)
{
    return singular_squares(value, v->room, v->x + from * v->n, v->rows - from,
                            v->n, v->n);
}

static void effective_rank(struct ratio *r, const struct metric_rows *v)
{
    double *value;
    idx n = squares(&value, v, 0);
    for (idx i = 0; i < n; i++)
        value[i] = sqrt(value[i]);
    *r = plain(singular_rank(value, n));
}

/* Share of the largest square. */
static struct ratio largest_of_all(const struct metric_rows *v, idx from)
{
    double *value;
    idx n = squares(&value, v, from);
    return plain(1 / singular_stable_rank(value, n));
}

static void anisotropy(struct ratio *r, const struct metric_rows *v)
{
    *r = largest_of_all(v, 0);
}

static void anisotropy_rest(struct ratio *r, const struct metric_rows *v)
{
    *r = largest_of_all(v, 1);
}

/* Of unit vectors: |sum|^2 is n and all pairs twice. */
static void mean_cosine_rest(struct ratio *r, const struct metric_rows *v)
{
    double square = 0, n = (double)(v->rows - 1);
    double *size = v->room;
    for (idx t = 1; t < v->rows; t++)
        size[t - 1] = token_norm(v->x + t * v->n, v->n);
    for (idx c = 0; c < v->n; c++) {
        double sum = 0;
        for (idx t = 1; t < v->rows; t++)
            sum += (double)v->x[t * v->n + c] / size[t - 1];
        square += sum * sum;
    }
    *r = plain((square - n) / (n * (n - 1)));
}

static idx row_room(const struct metric_shape *s)
{
    return s->T;
}

const struct metric metrics_rank[] = {
    { .text = { .name = "effective_rank",
                .formula =
                    "exp of the entropy of the singular values of a sequence's "
                    "hidden states (T,C), made to sum to one" },
      .title = "effective rank of hidden states",
      OF_DEPTHS,
      .room = room,
      .of_rows = effective_rank },
    { .text = { .name = "anisotropy",
                .formula =
                    "square of the largest singular value of a sequence's "
                    "hidden states over the sum of all squares" },
      .title = "anisotropy of hidden states",
      OF_DEPTHS,
      .is_share = true,
      .room = room,
      .of_rows = anisotropy },
    { .text = { .name = "anisotropy_rest",
                .formula = "the same without the first token" },
      .title = "anisotropy without the first token",
      OF_DEPTHS,
      .least_rows = 2,
      .is_share = true,
      .room = room,
      .of_rows = anisotropy_rest },
    { .text = { .name = "mean_cosine_rest",
                .formula = "mean cosine of pairs of hidden states, without the "
                           "first token's" },
      .title = "cosine of hidden states",
      OF_DEPTHS,
      .least_rows = 3,
      .room = row_room,
      .of_rows = mean_cosine_rest },
    { .text = { .name = NULL } },
};
