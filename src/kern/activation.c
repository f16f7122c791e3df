#include "kern/activation.h"

#include "kern/vec512.h"
#include "kern/vecmath.h"

/* GELU by its tanh form: u/2 (1 + tanh(c (u + 0.044715 u^3))), c = sqrt(2/pi)
 * (arXiv 1606.08415, equation after 2). */
static const real GELU_C = (real)0.79788456080286535588;
static const real GELU_CUBE = (real)0.044715;

#ifdef VEC512

/* As (1 + tanh z)/2 = 1 / (1 + e), e = exp(-2z). */
VEC512 __m512 gelu_e(__m512 u, __m512 square)
{
    __m512 z = u * _mm512_fmadd_ps(_mm512_set1_ps(GELU_C * GELU_CUBE), square,
                                   _mm512_set1_ps(GELU_C));
    return vec512_exp(-2.0f * z);
}

VEC512 __m512 gelu_value(__m512 u)
{
    return u * vec512_reciprocal(1.0f + gelu_e(u, u * u));
}

/* s + u s' of s = 1/(1 + e); 1 - s is e s, which is right where s is near 1. */
VEC512 __m512 gelu_slope(__m512 u)
{
    __m512 square = u * u, e = gelu_e(u, square);
    __m512 s = vec512_reciprocal(1.0f + e);
    __m512 slope = 2 * GELU_C + 6 * GELU_C * GELU_CUBE * square;
    return s + u * slope * s * (e * s);
}

static void gelu_forward(real *restrict y, const real *u, idx R, idx F)
{
    idx n = R * F, i = 0;
    for (; i + VEC512_LANES <= n; i += VEC512_LANES)
        _mm512_storeu_ps(y + i, gelu_value(vec512_load(u + i)));
    __mmask16 rest = vec512_first(n - i);
    _mm512_mask_storeu_ps(y + i, rest,
                          gelu_value(vec512_load_some(u + i, rest)));
}

static void gelu_backward(real *restrict du, const real *u, const real *dy,
                          idx R, idx F)
{
    idx n = R * F, i = 0;
    for (; i + VEC512_LANES <= n; i += VEC512_LANES)
        _mm512_storeu_ps(du + i,
                         vec512_load(dy + i) * gelu_slope(vec512_load(u + i)));
    __mmask16 rest = vec512_first(n - i);
    _mm512_mask_storeu_ps(du + i, rest,
                          vec512_load_some(dy + i, rest) *
                              gelu_slope(vec512_load_some(u + i, rest)));
}

#else

static void gelu_forward(real *restrict y, const real *u, idx R, idx F)
{
#pragma omp simd
    for (idx i = 0; i < R * F; i++) {
        real cube = GELU_CUBE * u[i] * u[i] * u[i];
        y[i] = (real)0.5 * u[i] * (1 + vec_tanh(GELU_C * (u[i] + cube)));
    }
}

static void gelu_backward(real *restrict du, const real *u, const real *dy,
                          idx R, idx F)
{
#pragma omp simd
    for (idx i = 0; i < R * F; i++) {
        real square = u[i] * u[i];
        real t = vec_tanh(GELU_C * u[i] * (1 + GELU_CUBE * square));
        real slope = GELU_C * (1 + 3 * GELU_CUBE * square);
        du[i] = dy[i] * (real)0.5 * (1 + t + u[i] * (1 - t * t) * slope);
    }
}

#endif

/* SwiGLU: silu(gate) * up, silu(x) = x sigmoid(x). */
static void swiglu_forward(real *restrict y, const real *u, idx R, idx F)
{
    for (idx r = 0; r < R; r++, u += 2 * F, y += F) {
#pragma omp simd
        for (idx f = 0; f < F; f++)
            y[f] = u[f] * vec_sigmoid(u[f]) * u[F + f];
    }
}

static void swiglu_backward(real *restrict du, const real *u, const real *dy,
                            idx R, idx F)
{
    for (idx r = 0; r < R; r++, u += 2 * F, du += 2 * F, dy += F) {
#pragma omp simd
        for (idx f = 0; f < F; f++) {
            real s = vec_sigmoid(u[f]);
            du[f] = dy[f] * u[F + f] * s * (1 + u[f] * (1 - s));
            du[F + f] = dy[f] * u[f] * s;
        }
    }
}

#define INLINE static inline __attribute__((always_inline))

/* A curve and its slope. Always inlined, so that loops over them are vector
 * code and what both share is computed once. */
typedef real curve(real u);

INLINE real relu_value(real u)
{
    return u < 0 ? 0 : u; /* NaN goes through */
}

INLINE real relu_slope(real u)
{
    return u > 0 ? 1 : 0;
}

INLINE real silu_value(real u)
{
    return u * vec_sigmoid(u);
}

INLINE real silu_slope(real u)
{
    real s = vec_sigmoid(u);
    return s * (1 + u * (1 - s));
}

/* The normal distribution's cumulative function, for u Phi(u). */
INLINE real normal_below(real u)
{
    return (real)0.5 * (1 + vec_erf(u * (real)0.70710678118654752440));
}

INLINE real gelu_erf_value(real u)
{
    return u * normal_below(u);
}

INLINE real gelu_erf_slope(real u)
{
    const real density0 = (real)0.39894228040143267794; /* 1/sqrt(2 pi) */
    return normal_below(u) + u * density0 * vec_exp((real)-0.5 * u * u);
}

INLINE void plain_forward(real *restrict y, const real *u, idx n, curve *value)
{
#pragma omp simd
    for (idx i = 0; i < n; i++)
        y[i] = value(u[i]);
}

INLINE void plain_backward(real *restrict du, const real *u, const real *dy,
                           idx n, curve *slope)
{
#pragma omp simd
    for (idx i = 0; i < n; i++)
        du[i] = dy[i] * slope(u[i]);
}

INLINE void gated_forward(real *restrict y, const real *u, idx R, idx F,
                          curve *value)
{
    for (idx r = 0; r < R; r++, u += 2 * F, y += F) {
#pragma omp simd
        for (idx f = 0; f < F; f++)
            y[f] = value(u[f]) * u[F + f];
    }
}

INLINE void gated_backward(real *restrict du, const real *u, const real *dy,
                           idx R, idx F, curve *value, curve *slope)
{
    for (idx r = 0; r < R; r++, u += 2 * F, du += 2 * F, dy += F) {
#pragma omp simd
        for (idx f = 0; f < F; f++) {
            du[f] = dy[f] * u[F + f] * slope(u[f]);
            du[F + f] = dy[f] * value(u[f]);
        }
    }
}

static void relu_forward(real *restrict y, const real *u, idx R, idx F)
{
    plain_forward(y, u, R * F, relu_value);
}

static void relu_backward(real *restrict du, const real *u, const real *dy,
                          idx R, idx F)
{
    plain_backward(du, u, dy, R * F, relu_slope);
}

static void gelu_erf_forward(real *restrict y, const real *u, idx R, idx F)
{
    plain_forward(y, u, R * F, gelu_erf_value);
}

static void gelu_erf_backward(real *restrict du, const real *u, const real *dy,
                              idx R, idx F)
{
    plain_backward(du, u, dy, R * F, gelu_erf_slope);
}

static void silu_forward(real *restrict y, const real *u, idx R, idx F)
{
    plain_forward(y, u, R * F, silu_value);
}

static void silu_backward(real *restrict du, const real *u, const real *dy,
                          idx R, idx F)
{
    plain_backward(du, u, dy, R * F, silu_slope);
}

static void reglu_forward(real *restrict y, const real *u, idx R, idx F)
{
    gated_forward(y, u, R, F, relu_value);
}

static void reglu_backward(real *restrict du, const real *u, const real *dy,
                           idx R, idx F)
{
    gated_backward(du, u, dy, R, F, relu_value, relu_slope);
}

static void geglu_forward(real *restrict y, const real *u, idx R, idx F)
{
    gated_forward(y, u, R, F, gelu_erf_value);
}

static void geglu_backward(real *restrict du, const real *u, const real *dy,
                           idx R, idx F)
{
    gated_backward(du, u, dy, R, F, gelu_erf_value, gelu_erf_slope);
}

const struct activation activation_gelu = {
    .forward = gelu_forward,
    .backward = gelu_backward,
};

const struct activation activation_swiglu = {
    .is_gated = true,
    .forward = swiglu_forward,
    .backward = swiglu_backward,
};

const struct activation activation_relu = {
    .forward = relu_forward,
    .backward = relu_backward,
};

const struct activation activation_gelu_erf = {
    .forward = gelu_erf_forward,
    .backward = gelu_erf_backward,
};

const struct activation activation_silu = {
    .forward = silu_forward,
    .backward = silu_backward,
};

const struct activation activation_reglu = {
    .is_gated = true,
    .forward = reglu_forward,
    .backward = reglu_backward,
};

const struct activation activation_geglu = {
    .is_gated = true,
    .forward = geglu_forward,
    .backward = geglu_backward,
};
