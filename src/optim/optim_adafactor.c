/* optim_adafactor.c - second moments as a product of two vectors (arXiv
 * 1804.04235), without first moment.
 *
 *   b = t^-0.8;  r = (1-b) r + b mean_j g_ij^2;  c = (1-b) c + b mean_i g_ij^2
 *   x = g / max(sqrt(r c / max(mean r, eps1)), eps1)
 *   of vectors: v = (1-b) v + b g^2;  x = g / max(sqrt v, eps1)
 *   rho = min(lr, 1 / sqrt t);  alpha = max(0.001, rms w) rho
 *   w = (1 - lr decay) w - alpha x / max(1, rms x)
 *
 * eps1 is the numbers' own precision: constants and order of operations are
 * those of PyTorch's Adafactor.
 */
#include <float.h>
#include <math.h>

#include "optim/optimizer.h"
#include "optim/options.h"
#include "optim/update_sums.h"

#ifdef SINKLAB_DOUBLE
static const double EPS1 = DBL_EPSILON;
#else
static const double EPS1 = FLT_EPSILON;
#endif
static const double EPS2 = 1e-3, FALL = -0.8;

static bool is_factored(const struct tensor *t)
{
    return t->param->ndim > 1;
}

static idx states(struct state_shape *list, const struct tensor *t,
                  const struct optim_options *o)
{
    (void)o;
    if (!is_factored(t)) {
        list[0] = (struct state_shape){ "moment2", 1, { t->n } };
        return 1;
    }
    list[0] = (struct state_shape){ "rows", 1, { t->rows } };
    list[1] = (struct state_shape){ "columns", 1, { t->cols } };
    return 2;
}

static idx scratch(const struct tensor *t, const struct optim_options *o)
{
    (void)o;
    return 2 * t->n;
}

static double rms(const real *x, idx n)
{
    return sqrt(sum_squares(x, n) / (double)n);
}

enum { BLOCK = 64 };

/* n columns of g, of R rows of K. */
static void follow_columns(real *columns, const real *g, idx R, idx K, idx n,
                           double b)
{
    double sum[BLOCK] = { 0 };
    for (idx i = 0; i < R; i++)
        for (idx j = 0; j < n; j++)
            sum[j] += (double)g[i * K + j] * (double)g[i * K + j];
    for (idx j = 0; j < n; j++) {
        double c = (double)columns[j];
        columns[j] = (real)(c + b * (sum[j] / (double)R - c));
    }
}

/* x (R,K) out: g without its size. */
static void of_matrix(real *restrict x, const real *restrict g, real *rows,
                      real *columns, const struct tensor *t, double b)
{
    idx R = t->rows, K = t->cols;
    double mean = 0;
    for (idx i = 0; i < R; i++) {
        double sum = 0;
        for (idx j = 0; j < K; j++)
            sum += (double)g[i * K + j] * (double)g[i * K + j];
        double r = (double)rows[i];
        rows[i] = (real)(r + b * (sum / (double)K - r));
        mean += (double)rows[i];
    }
    for (idx j = 0; j < K; j += BLOCK)
        follow_columns(columns + j, g + j, R, K, idx_min(BLOCK, K - j), b);
    mean = fmax(mean / (double)R, EPS1);
    for (idx i = 0; i < R; i++)
        for (idx j = 0; j < K; j++) {
            double v = (double)rows[i] / mean * (double)columns[j];
            x[i * K + j] = g[i * K + j] / real_sqrt((real)fmax(v, EPS1 * EPS1));
        }
}

static void of_vector(real *restrict x, const real *restrict g,
                      real *restrict moment2, idx n, double b)
{
    for (idx i = 0; i < n; i++) {
        moment2[i] += (real)b * (g[i] * g[i] - moment2[i]);
        x[i] = g[i] / real_sqrt((real)fmax((double)moment2[i], EPS1 * EPS1));
    }
}

static void update(real *restrict w, const real *restrict g, real *const *state,
                   const struct update *u)
{
    const struct tensor *t = u->tensor;
    double step = (double)u->step, b = pow(step, FALL);
    real *x = u->scratch, *clipped = x + t->n;
    for (idx i = 0; i < t->n; i++)
        clipped[i] = u->grad_scale * g[i];
    double alpha = fmax(EPS2, rms(w, t->n)) * fmin(u->lr, 1 / sqrt(step));
    if (is_factored(t))
        of_matrix(x, clipped, state[0], state[1], t, b);
    else
        of_vector(x, clipped, state[0], t->n, b);
    real keep = (real)(1 - u->shrink);
    real rate = (real)(alpha / fmax(1, rms(x, t->n)));
    for (idx i = 0; i < t->n; i++)
        w[i] = keep * w[i] - rate * x[i];
}

const struct optimizer optim_adafactor = {
    .text = { .name = "adafactor",
              .formula = "x = g / sqrt(r c / mean r), r and c the means of "
                         "squares by row and column; w = (1 - lr decay) w - "
                         "max(0.001, rms w) min(lr, 1 / sqrt t) x / max(1, "
                         "rms x)",
              .parameters = "none but lr, which counts relative to the "
                            "weights' size",
              .source = "arXiv 1804.04235, as torch.optim.Adafactor",
              .sinks = "not reported by itself" },
    .more_states = states,
    .update_tensor = update,
    .scratch = scratch,
};
