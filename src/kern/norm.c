#include "kern/norm.h"

#include <math.h>

#include "kern/vecmath.h"

static void layer_forward(real *restrict y, real *restrict stats, const real *x,
                          const real *gain, const real *shift, double eps,
                          idx R, idx C)
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
        real rstd = 1 / (real)sqrt(square / (real)C + (real)eps);
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
                        const real *gain, const real *shift, double eps, idx R,
                        idx C)
{
    (void)shift;
    for (idx r = 0; r < R; r++, x += C, y += C, stats += 2) {
        real square = 0;
#pragma omp simd reduction(+ : square)
        for (idx c = 0; c < C; c++)
            square += x[c] * x[c];
        real rstd = 1 / (real)sqrt(square / (real)C + (real)eps);
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

/* RMSNorm whose gain is one number. At the start it is the published form
 * gamma x / |x| with gamma = sqrt(C). */
static void single_forward(real *restrict y, real *restrict stats,
                           const real *x, const real *gain, const real *shift,
                           double eps, idx R, idx C)
{
    (void)shift;
    for (idx r = 0; r < R; r++, x += C, y += C, stats += 2) {
        real square = 0;
#pragma omp simd reduction(+ : square)
        for (idx c = 0; c < C; c++)
            square += x[c] * x[c];
        real rstd = 1 / (real)sqrt(square / (real)C + (real)eps);
        stats[0] = 0;
        stats[1] = rstd;
#pragma omp simd
        for (idx c = 0; c < C; c++)
            y[c] = gain[0] * (x[c] * rstd);
    }
}

/* dx = rstd gain (dy - n mean(dy n)), dgain = sum dy n, n = x rstd. */
static void single_backward(real *restrict dx, real *restrict dgain,
                            real *restrict dshift, const real *dy,
                            const real *x, const real *stats, const real *gain,
                            idx R, idx C)
{
    double sum = 0; /* R C terms in one number */
    (void)dshift;
    for (idx r = 0; r < R; r++, x += C, dx += C, dy += C, stats += 2) {
        real rstd = stats[1], dot = 0;
#pragma omp simd reduction(+ : dot)
        for (idx c = 0; c < C; c++)
            dot += dy[c] * (x[c] * rstd);
        real mean_dn = dot / (real)C, scale = rstd * gain[0];
        sum += (double)dot;
#pragma omp simd
        for (idx c = 0; c < C; c++)
            dx[c] += scale * (dy[c] - x[c] * rstd * mean_dn);
    }
    dgain[0] += (real)sum;
}

/* Dynamic tanh: no statistics, each number for itself. */
static void dyt_forward(real *restrict y, real *restrict stats, const real *x,
                        const real *gain, const real *shift, double eps, idx R,
                        idx C)
{
    (void)eps;
    real alpha = gain[C];
    for (idx r = 0; r < R; r++, x += C, y += C, stats += 2) {
        stats[0] = 0;
        stats[1] = alpha;
#pragma omp simd
        for (idx c = 0; c < C; c++)
            y[c] = gain[c] * vec_tanh_relative(alpha * x[c]);
        if (shift)
            for (idx c = 0; c < C; c++)
                y[c] += shift[c];
    }
}

/* With t = tanh(alpha x) and w = gain dy (1 - t^2):
 * dx = alpha w,  dalpha = sum w x,  dgain = sum over rows of dy t. */
static void dyt_backward(real *restrict dx, real *restrict dgain,
                         real *restrict dshift, const real *dy, const real *x,
                         const real *stats, const real *gain, idx R, idx C)
{
    (void)stats;
    real alpha = gain[C];
    for (idx r = 0; r < R; r++, x += C, dx += C, dy += C) {
        real dalpha = 0;
#pragma omp simd reduction(+ : dalpha)
        for (idx c = 0; c < C; c++) {
            real t = vec_tanh_relative(alpha * x[c]);
            real w = gain[c] * dy[c] * (1 - t * t);
            dgain[c] += dy[c] * t;
            dx[c] += alpha * w;
            dalpha += w * x[c];
        }
        dgain[C] += dalpha;
        if (dshift)
            for (idx c = 0; c < C; c++)
                dshift[c] += dy[c];
    }
}

const struct norm norm_layer = {
    .has_gains = true,
    .has_shift = true,
    .forward = layer_forward,
    .backward = layer_backward,
};

const struct norm norm_rms = {
    .has_gains = true,
    .forward = rms_forward,
    .backward = rms_backward,
};

const struct norm norm_single = {
    .has_scalar = true,
    .scalar_start = 1,
    .forward = single_forward,
    .backward = single_backward,
};

const struct norm norm_dyt = {
    .has_gains = true,
    .has_scalar = true,
    .scalar_start = 0.5,
    .has_shift = true,
    .forward = dyt_forward,
    .backward = dyt_backward,
};
