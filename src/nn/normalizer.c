#include "nn/normalizer.h"

static const real SUM_GUARD = (real)1e-8;

const char *normalizer_name(int i)
{
    /* KEEP WITH: enum normalizer */
    static const char *const names[] = { "own", "none", "sum", "length" };
    return i >= 0 && i < COUNT_OF(names) ? names[i] : NULL;
}

real normalizer_factor(enum normalizer kind, const real *f,
                       const struct weight_row *row)
{
    if (kind == NORMALIZER_NONE)
        return 1;
    if (kind == NORMALIZER_LENGTH)
        return 1 / (real)row->n_keys;
    BUG_ON(kind != NORMALIZER_SUM);
    real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < row->n; j++)
        sum += f[j];
    return 1 / (sum + SUM_GUARD);
}

void normalizer_backward(enum normalizer kind, real *g, const real *f,
                         real factor, const struct weight_row *row)
{
    real dot = 0;
    if (kind == NORMALIZER_SUM) {
#pragma omp simd reduction(+ : dot)
        for (idx j = 0; j < row->n; j++)
            dot += f[j] * g[j];
        dot *= factor;
    }
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        g[j] = (g[j] - dot) * factor;
}

void row_scale(real *x, real factor, idx n)
{
#pragma omp simd
    for (idx j = 0; j < n; j++)
        x[j] *= factor;
}
