#include "kern/gate.h"

#include "kern/vecmath.h"

void gate_forward(real *y, idx ld_y, const struct gate *g)
{
    idx width = g->width;
    for (idx r = 0; r < g->R; r++) {
        const real *x = g->x + r * g->ld_x, *z = g->z + r * g->ld_z;
        real *to = y + r * ld_y, factor = g->factor;
        if (width == 1) {
#pragma omp simd
            for (idx i = 0; i < g->n; i++)
                to[i] = factor * vec_sigmoid(z[i]) * x[i];
            continue;
        }
        for (idx i = 0; i < g->n; i++, x += width, to += width) {
            real open = factor * vec_sigmoid(z[i]);
#pragma omp simd
            for (idx k = 0; k < width; k++)
                to[k] = open * x[k];
        }
    }
}

/* y holds the gate already, so that no x is needed: dz = dy y (1 - s). */
static void backward_elements(real *restrict d, real *restrict dz,
                              const real *y, const real *z,
                              const struct gate *g)
{
    real factor = g->factor;
    bool is_added = g->ld_z == 0;
#pragma omp simd
    for (idx i = 0; i < g->n; i++) {
        real s = vec_sigmoid(z[i]), grad = d[i] * y[i] * (1 - s);
        dz[i] = is_added ? dz[i] + grad : grad;
        d[i] *= factor * s;
    }
}

static void backward_heads(real *restrict d, real *restrict dz, const real *y,
                           const real *z, const struct gate *g)
{
    idx width = g->width;
    for (idx i = 0; i < g->n; i++, d += width, y += width) {
        real s = vec_sigmoid(z[i]), open = g->factor * s, dot = 0;
#pragma omp simd reduction(+ : dot)
        for (idx k = 0; k < width; k++) {
            dot += d[k] * y[k];
            d[k] *= open;
        }
        real grad = dot * (1 - s);
        dz[i] = g->ld_z == 0 ? dz[i] + grad : grad;
    }
}

void gate_backward(real *restrict d, idx ld_d, real *restrict dz, idx ld_dz,
                   const real *y, idx ld_y, const struct gate *g)
{
    for (idx r = 0; r < g->R; r++) {
        const real *z = g->z + r * g->ld_z, *from = y + r * ld_y;
        real *to = dz + (g->ld_z ? r * ld_dz : 0);
        if (g->width == 1)
            backward_elements(d + r * ld_d, to, from, z, g);
        else
            backward_heads(d + r * ld_d, to, from, z, g);
    }
}
