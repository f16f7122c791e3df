#include "metric/head_weights.h"

#include <math.h>

/* Guard of the study's proxy weights, |A| / (sum |A| + 1e-8). */
static const double PROXY_GUARD = 1e-8;

double row_mass_of(const struct head_view *h, idx row)
{
    idx row_n = h->n_extra + h->T;
    double mass = 0;
    for (idx j = 0; j < row_n; j++)
        mass += fabs((double)h->weights[row * row_n + j]);
    if (h->extra_mass)
        mass +=
            (double)h->extra_mass[row] - fabs((double)h->weights[row * row_n]);
    return mass;
}

double proxy_of(double weight, double row_mass)
{
    return fabs(weight) / (row_mass + PROXY_GUARD);
}

double raw_weight(const struct metric_head *v, idx row, idx column)
{
    const struct head_view *h = v->head;
    return (double)h->weights[row * (h->n_extra + h->T) + column];
}

double proxy_weight(const struct metric_head *v, idx row, idx column)
{
    double a = raw_weight(v, row, column);
    if (column < v->head->n_extra && v->head->extra_mass)
        a = (double)v->head->extra_mass[row];
    return v->sums_to_one ? a : proxy_of(a, v->row_mass[row]);
}

idx keys_in_reach(const struct metric_head *v, idx row)
{
    return idx_min(idx_max(row + 1, v->prefix), v->rows);
}

double importance(const struct metric_head *v, idx k,
                  double (*weight)(const struct metric_head *, idx, idx))
{
    double sum = 0;
    for (idx row = k - 1; row < v->rows; row++)
        sum += weight(v, row, v->head->n_extra + k - 1);
    return sum / (double)(v->rows - k + 1);
}

struct ratio exceeds(double value, double eps)
{
    return plain(isnan(value) ? value : value > eps);
}
