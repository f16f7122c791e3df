#include "kern/norm.h"

#include <math.h>

static void layer_forward(real *restrict y, real *restrict stats, const real *x,
                          const real *gain, const real *shift, idx R, idx C)
{
    for (idx r = 0; r < R; r++, x += C, y += C, stats += 2) {
        real sum = 0, square = 0;
#pragma omp simd reduction(+ : sum)
        for (idx c = 0; c < C; c++)
            sum += x[c];
        real mean = sum / (real)C;
#pragma omp simd reduction(+ : square)
        for (idx c = 0; c < C; c++)
            square += (x[c] - mean) * (x[c] - mean);
        real rstd = 1 / (real)sqrt(square / (real)C + (real)NORM_EPS);
        stats[0] = mean;
        stats[1] = rstd;
        if (shift) {
            for (idx c = 0; c < C; c++)
                y[c] = gain[c] * ((x[c] - mean) * rstd) + shift[c];
        } else {
            for (idx c = 0; c < C; c++)
                y[c] = gain[c] * ((x[c] - mean) * rstd);
        }
    }
}

/* With n = (x - mean) rstd and w = gain dy:
 * dx = rstd (w - mean(w) - n mean(w n)).               docs/MATH.md, 4 */
static void layer_backward(real *restrict dx, real *restrict dgain,
                           real *restrict dshift, const real *dy, const real *x,
                           const real *stats, const real *gain, idx R, idx C)
{
    for (idx r = 0; r < R; r++, x += C, dx += C, dy += C, stats += 2) {
        real mean = stats[0], rstd = stats[1], sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
        for (idx c = 0; c < C; c++) {
            real w = gain[c] * dy[c];
            sum += w;
            dot += w * ((x[c] - mean) * rstd);
        }
        real mean_w = sum / (real)C, mean_wn = dot / (real)C;
#pragma omp simd
        for (idx c = 0; c < C; c++) {
            real n = (x[c] - mean) * rstd;
            dgain[c] += dy[c] * n;
            dx[c] += rstd * (gain[c] * dy[c] - mean_w - n * mean_wn);
        }
        if (dshift)
            for (idx c = 0; c < C; c++)
                dshift[c] += dy[c];
    }
}

static void rms_forward(real *restrict y, real *restrict stats, const real *x,
                        const real *gain, const real *shift, idx R, idx C)
{
    (void)shift;
    for (idx r = 0; r < R; r++, x += C, y += C, stats += 2) {
        real square = 0;
#pragma omp simd reduction(+ : square)
        for (idx c = 0; c < C; c++)
            square += x[c] * x[c];
        real rstd = 1 / (real)sqrt(square / (real)C + (real)NORM_EPS);
        stats[0] = 0;
        stats[1] = rstd;
        for (idx c = 0; c < C; c++)
            y[c] = gain[c] * (x[c] * rstd);
    }
}

/* The same without the mean: dx = rstd (w - n mean(w n)), n = x rstd. */
static void rms_backward(real *restrict dx, real *restrict dgain,
                         real *restrict dshift, const real *dy, const real *x,
                         const real *stats, const real *gain, idx R, idx C)
{
    (void)dshift;
    for (idx r = 0; r < R; r++, x += C, dx += C, dy += C, stats += 2) {
        real rstd = stats[1], dot = 0;
#pragma omp simd reduction(+ : dot)
        for (idx c = 0; c < C; c++)
            dot += gain[c] * dy[c] * (x[c] * rstd);
        real mean_wn = dot / (real)C;
#pragma omp simd
        for (idx c = 0; c < C; c++) {
            real n = x[c] * rstd;
            dgain[c] += dy[c] * n;
            dx[c] += rstd * (gain[c] * dy[c] - n * mean_wn);
        }
    }
}

static const struct norm layer_norm = {
    .name = "layernorm",
    .formula = "gain (x - mean x) / sqrt(var x + 1e-5) + shift",
    .source = "arXiv 1607.06450",
    .has_shift = true,
    .forward = layer_forward,
    .backward = layer_backward,
};

static const struct norm rms_norm = {
    .name = "rmsnorm",
    .formula = "gain x / sqrt(mean x^2 + 1e-5)",
    .source = "arXiv 1910.07467",
    .forward = rms_forward,
    .backward = rms_backward,
};

/* KEEP WITH: enum norm_kind */
const struct norm *const norms[] = { &layer_norm, &rms_norm };

const char *norm_name(int i)
{
    return i >= 0 && i < COUNT_OF(norms) ? norms[i]->name : NULL;
}
