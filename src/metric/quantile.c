#include "metric/quantile.h"

#include <math.h>
#include <stdlib.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool sort(double *x, idx n)
{
    for (idx i = 0; i < n; i++)
        if (isnan(x[i]))
            return false;
    qsort(x, (size_t)n, sizeof *x, compare);
    return true;
}

double median_of(double *x, idx n)
{
    return sort(x, n) ? (x[(n - 1) / 2] + x[n / 2]) / 2 : NAN;
}

double quantile_of(double *x, idx n, double q)
{
    idx rank = (idx)ceil(q * (double)n);
    return sort(x, n) ? x[idx_max(rank, 1) - 1] : NAN;
}
