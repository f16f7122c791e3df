#include "metric/singular.h"

#include <math.h>

#include "kern/eigen.h"

/* The products, their eigenvalues, and room for those. */
idx singular_room(idx rows, idx n)
{
    idx least = idx_min(rows, n);
    return least * least + least + eigen_room(least);
}

/* Products of rows with each other, or of columns, whichever are fewer: both
 * have the squares of the singular values. a (n,n); returns n. */
static idx products(double *a, const real *x, idx rows, idx columns, idx ld)
{
    idx n = idx_min(rows, columns);
    bool is_rows = n == rows;
    idx step = is_rows ? ld : 1, along = is_rows ? 1 : ld;
    idx terms = is_rows ? columns : rows;
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

idx singular_squares(double **value, double *room, const real *x, idx rows,
                     idx n, idx ld)
{
    idx least = products(room, x, rows, n, ld);
    *value = room + least * least;
    eigen_values(*value, room, least, *value + least);
    for (idx i = 0; i < least; i++)
        if ((*value)[i] < 0) /* rounding; NaN stays */
            (*value)[i] = 0;
    return least;
}

double singular_rank(const double *value, idx n)
{
    double sum = 0, log_sum = 0;
    for (idx i = 0; i < n; i++)
        sum += value[i];
    for (idx i = 0; i < n; i++) {
        double p = value[i] / sum;
        if (p != 0)
            log_sum += p * log(p);
    }
    return exp(-log_sum);
}

double singular_stable_rank(const double *square, idx n)
{
    double sum = 0, most = 0;
    for (idx i = 0; i < n; i++) {
        sum += square[i];
        if (square[i] > most)
            most = square[i];
    }
    return sum / most;
}
