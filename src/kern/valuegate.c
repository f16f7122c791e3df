#include "kern/valuegate.h"

#include "kern/vecmath.h"

void valuegate_forward(real *u, idx ld_u, const struct valuegate *g)
{
    for (idx r = 0; r < g->R; r++) {
        for (idx h = 0; h < g->H; h++) {
            const real *v = g->v + r * g->ld_v + h * g->D;
            const real *w = g->w + h * g->ld_w;
            real *to = u + r * ld_u + h * g->D, dot = 0;
#pragma omp simd reduction(+ : dot)
            for (idx i = 0; i < g->D; i++)
                dot += v[i] * w[i];
            real s = vec_sigmoid(dot);
#pragma omp simd
            for (idx i = 0; i < g->D; i++)
                to[i] = s * v[i];
        }
    }
}

static void backward_head(real *restrict d, real *restrict dw, const real *v,
                          const real *w, idx D)
{
    real dot = 0, grad = 0;
#pragma omp simd reduction(+ : dot, grad)
    for (idx i = 0; i < D; i++) {
        dot += v[i] * w[i];
        grad += d[i] * v[i];
    }
    real s = vec_sigmoid(dot), k = s * (1 - s) * grad;
#pragma omp simd
    for (idx i = 0; i < D; i++) {
        dw[i] += k * v[i];
        d[i] = s * d[i] + k * w[i];
    }
}

void valuegate_backward(real *restrict d, idx ld_d, real *restrict dw,
                        const struct valuegate *g)
{
    for (idx r = 0; r < g->R; r++)
        for (idx h = 0; h < g->H; h++)
            backward_head(d + r * ld_d + h * g->D, dw + h * g->ld_w,
                          g->v + r * g->ld_v + h * g->D, g->w + h * g->ld_w,
                          g->D);
}
