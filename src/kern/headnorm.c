#include "kern/headnorm.h"

#include <math.h>

/* What x is multiplied by. */
static real inverse_size(const real *x, const struct headnorm *n)
{
    real square = 0;
#pragma omp simd reduction(+ : square)
    for (idx i = 0; i < n->D; i++)
        square += x[i] * x[i];
    if (!n->is_unit)
        square /= (real)n->D;
    return 1 / (real)sqrt(square + (real)n->eps);
}

void headnorm_forward(real *y, idx ld_y, const struct headnorm *n)
{
    const real *gain = n->gain;
    for (idx r = 0; r < n->R; r++) {
        for (idx h = 0; h < n->H; h++) {
            const real *x = n->x + r * n->ld_x + h * n->D;
            real *to = y + r * ld_y + h * n->D, inverse = inverse_size(x, n);
            if (gain) {
#pragma omp simd
                for (idx i = 0; i < n->D; i++)
                    to[i] = gain[i] * (x[i] * inverse);
            } else {
#pragma omp simd
                for (idx i = 0; i < n->D; i++)
                    to[i] = x[i] * inverse;
            }
        }
    }
}

/* One head of one row, without gain: with u = x inverse,
 * dx = inverse (dy - u share (u . dy)), share = 1/D (rms) or 1 (unit);
 * exact with the eps, since d inverse / dx = -inverse^2 u share. */
static void backward_plain(real *restrict d, const real *restrict x,
                           real inverse, real share, idx D)
{
    real dot = 0;
#pragma omp simd reduction(+ : dot)
    for (idx i = 0; i < D; i++)
        dot += d[i] * (x[i] * inverse);
    dot *= share;
#pragma omp simd
    for (idx i = 0; i < D; i++)
        d[i] = inverse * (d[i] - x[i] * inverse * dot);
}

/* dgain += dy u, and w dy in the place of dy. */
static void backward_gain(real *restrict d, real *restrict dgain,
                          const real *restrict x, const real *restrict gain,
                          real inverse, idx D)
{
#pragma omp simd
    for (idx i = 0; i < D; i++) {
        dgain[i] += d[i] * (x[i] * inverse);
        d[i] *= gain[i];
    }
}

void headnorm_backward(real *restrict d, idx ld_d, real *restrict dgain,
                       const struct headnorm *n)
{
    real share = n->is_unit ? 1 : 1 / (real)n->D;
    for (idx r = 0; r < n->R; r++) {
        for (idx h = 0; h < n->H; h++) {
            const real *x = n->x + r * n->ld_x + h * n->D;
            real *dx = d + r * ld_d + h * n->D, inverse = inverse_size(x, n);
            if (n->gain)
                backward_gain(dx, dgain, x, n->gain, inverse, n->D);
            backward_plain(dx, x, inverse, share, n->D);
        }
    }
}
