#include "kern/activation.h"

#include "kern/vecmath.h"

/* GELU by its tanh form: u/2 (1 + tanh(c (u + 0.044715 u^3))), c = sqrt(2/pi)
 * (arXiv 1606.08415, equation after 2). */
static const real GELU_C = (real)0.79788456080286535588;
static const real GELU_CUBE = (real)0.044715;

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

static const struct activation gelu = {
    .name = "gelu",
    .formula = "0.5 u (1 + tanh(sqrt(2/pi) (u + 0.044715 u^3)))",
    .source = "arXiv 1606.08415",
    .forward = gelu_forward,
    .backward = gelu_backward,
};

static const struct activation swiglu = {
    .name = "swiglu",
    .formula = "silu(gate) * up",
    .source = "arXiv 2002.05202",
    .is_gated = true,
    .forward = swiglu_forward,
    .backward = swiglu_backward,
};

/* KEEP WITH: enum ffn_kind */
const struct activation *const activations[] = { &gelu, &swiglu };

const char *activation_name(int i)
{
    return i >= 0 && i < COUNT_OF(activations) ? activations[i]->name : NULL;
}
