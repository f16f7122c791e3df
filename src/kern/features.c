#include "kern/features.h"

#include "kern/vecmath.h"

void elu1_forward(real *y, idx ld_y, const real *x, idx ld_x, idx R, idx n)
{
    for (idx r = 0; r < R; r++, y += ld_y, x += ld_x) {
#pragma omp simd
        for (idx i = 0; i < n; i++)
            y[i] = x[i] > 0 ? x[i] + 1 : vec_exp(x[i]);
    }
}

void elu1_backward(real *restrict d, idx ld_d, const real *y, idx ld_y, idx R,
                   idx n)
{
    for (idx r = 0; r < R; r++, d += ld_d, y += ld_y) {
#pragma omp simd
        for (idx i = 0; i < n; i++)
            d[i] *= y[i] > 1 ? 1 : y[i];
    }
}
