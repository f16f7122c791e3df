#include "optim/update_sums.h"

double sum_squares(const real *x, idx n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

double sum_changes(const real *restrict w, const real *restrict old, idx n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx i = 0; i < n; i++) {
        double d = (double)w[i] - (double)old[i];
        sum += d * d;
    }
    return sum;
}
