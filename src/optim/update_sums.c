#include "optim/update_sums.h"

double sum_squares(const real *x, idx n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

double sum_products(const real *x, const real *y, idx n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

void sum_update(double *change, double *weights, const real *restrict w,
                const real *restrict old, idx n)
{
    double changes = 0, squares = 0;
#pragma omp simd reduction(+ : changes, squares)
    for (idx i = 0; i < n; i++) {
        double x = (double)w[i], d = x - (double)old[i];
        changes += d * d;
        squares += x * x;
    }
    *change = changes;
    *weights = squares;
}
