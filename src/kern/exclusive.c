#include "kern/exclusive.h"

#include <math.h>

#include "kern/norm.h"
#include "kern/vecmath.h"

static real strength(const struct exclusive *e, idx r, idx h)
{
    return e->a ? vec_tanh_relative(e->a[r * e->ld_a + h]) : 1;
}

static const real *value_of(const struct exclusive *e, idx r, idx h)
{
    return e->v + r * e->ld_v + h / e->share * e->D;
}

void exclusive_forward(real *y, idx ld_y, const struct exclusive *e)
{
    for (idx r = 0; r < e->R; r++) {
        for (idx h = 0; h < e->H; h++) {
            const real *x = e->x + r * e->ld_x + h * e->D;
            const real *v = value_of(e, r, h);
            real *to = y + r * ld_y + h * e->D, square = 0, dot = 0;
#pragma omp simd reduction(+ : square, dot)
            for (idx i = 0; i < e->D; i++) {
                square += v[i] * v[i];
                dot += x[i] * v[i];
            }
            real inverse = 1 / (real)sqrt(square + (real)NORM_UNIT_EPS);
            /* in two steps: the square of inverse may be beyond float */
            real part = strength(e, r, h) * (dot * inverse) * inverse;
#pragma omp simd
            for (idx i = 0; i < e->D; i++)
                to[i] = x[i] - part * v[i];
        }
    }
}

/* One head of one row. Its strength's gradient, -p q (1 - t^2), is returned.
 * The formula for dv is exact with the eps too: d u / d v = (1 - u u^T) inverse
 * holds for any u = v inverse with inverse = (|v|^2 + eps)^(-1/2). */
static real backward_head(real *restrict d, real *restrict dv, const real *x,
                          const real *v, real t, idx D)
{
    real square = 0, xv = 0, dyv = 0;
#pragma omp simd reduction(+ : square, xv, dyv)
    for (idx i = 0; i < D; i++) {
        square += v[i] * v[i];
        xv += x[i] * v[i];
        dyv += d[i] * v[i];
    }
    real inverse = 1 / (real)sqrt(square + (real)NORM_UNIT_EPS);
    real p = xv * inverse, q = dyv * inverse;
#pragma omp simd
    for (idx i = 0; i < D; i++) {
        real u = v[i] * inverse;
        dv[i] -= t * inverse * (q * x[i] + p * d[i] - 2 * p * q * u);
        d[i] -= t * q * u;
    }
    return -(1 - t * t) * p * q;
}

void exclusive_backward(real *restrict d, idx ld_d, real *restrict dv,
                        idx ld_dv, real *restrict da, idx ld_da,
                        const struct exclusive *e)
{
    for (idx r = 0; r < e->R; r++) {
        for (idx h = 0; h < e->H; h++) {
            real grad = backward_head(
                d + r * ld_d + h * e->D, dv + r * ld_dv + h / e->share * e->D,
                e->x + r * e->ld_x + h * e->D, value_of(e, r, h),
                strength(e, r, h), e->D);
            if (e->a)
                da[r * ld_da + h] = grad;
        }
    }
}
