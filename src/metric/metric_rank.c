/* metric_rank.c - how many directions the hidden states of a sequence fill. */
#include <math.h>

#include "kern/eigen.h"
#include "metric/metric_table.h"

#define OF_DEPTHS                                                              \
    .unit = "1", .group = GROUP_COMPANIONS, .reads = TAP_BIT(TAP_RESIDUAL),    \
    .axes = { OVER_DEPTH }

static idx smaller(idx rows, idx C)
{
    return idx_min(rows, C);
}

/* The products, their eigenvalues, and room for those. */
static idx room(const struct metric_shape *s)
{
    idx n = smaller(s->T, s->C);
    return n * n + n + eigen_room(n);
}

/* Products of rows from `from` on with each other, or of columns, whichever are
 * fewer: both have the squares of the singular values. a (n,n); returns n. */
static idx products(double *a, const struct metric_rows *v, idx from)
{
    idx rows = v->rows - from, n = smaller(rows, v->n);
    bool is_rows = n == rows;
    idx step = is_rows ? v->n : 1, along = is_rows ? 1 : v->n;
    idx terms = is_rows ? v->n : rows;
    const real *x = v->x + from * v->n;
    for (idx i = 0; i < n; i++)
        for (idx j = 0; j <= i; j++) {
            double sum = 0;
            for (idx k = 0; k < terms; k++)
                sum += (double)x[i * step + k * along] *
                       (double)x[j * step + k * along];
            a[i * n + j] = sum;
        }
    return n;
}

/* Squares of singular values, none below zero; returns how many. */
static idx squares(double **value, const struct metric_rows *v, idx from)
{
    double *a = v->room;
    idx n = products(a, v, from);
    *value = a + n * n;
    eigen_values(*value, a, n, *value + n);
    for (idx i = 0; i < n; i++)
        if ((*value)[i] < 0) /* rounding; NaN stays */
            (*value)[i] = 0;
    return n;
}

static void effective_rank(struct ratio *r, const struct metric_rows *v)
{
    double *value, sum = 0, log_sum = 0;
    idx n = squares(&value, v, 0);
    for (idx i = 0; i < n; i++)
        sum += sqrt(value[i]);
    for (idx i = 0; i < n; i++) {
        double p = sqrt(value[i]) / sum;
        if (p != 0)
            log_sum += p * log(p);
    }
    *r = plain(exp(-log_sum));
}

static struct ratio largest_of_all(const struct metric_rows *v, idx from)
{
    double *value;
    struct ratio r = { 0, 0, false };
    idx n = squares(&value, v, from);
    for (idx i = 0; i < n; i++) {
        r.top = isnan(r.top) || r.top > value[i] ? r.top : value[i];
        r.bottom += value[i];
    }
    return plain(r.top / r.bottom);
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
    for (idx t = 1; t < v->rows; t++) {
        size[t - 1] = 0;
        for (idx c = 0; c < v->n; c++)
            size[t - 1] += pow((double)v->x[t * v->n + c], 2);
    }
    for (idx c = 0; c < v->n; c++) {
        double sum = 0;
        for (idx t = 1; t < v->rows; t++)
            sum += (double)v->x[t * v->n + c] / sqrt(size[t - 1]);
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
