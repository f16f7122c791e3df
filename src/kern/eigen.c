#include "kern/eigen.h"

#include <float.h>
#include <math.h>

/* Each value takes two or three; it never took more than ten. */
enum { SWEEPS_MAX = 60 };

idx eigen_room(idx n)
{
    return 3 * n;
}

/* One reflection: column k of the trailing matrix becomes (d, e, 0, ...).
 * v, p: (n) room. Gives e. */
static double reflect(double *a, idx n, idx k, double *v, double *p)
{
    double size = 0, square = 0, dot = 0;
    for (idx i = k + 1; i < n; i++) {
        v[i] = a[i * n + k];
        size += v[i] * v[i];
    }
    double e = -copysign(sqrt(size), v[k + 1]);
    v[k + 1] -= e;
    for (idx i = k + 1; i < n; i++)
        square += v[i] * v[i];
    if (!(square > 0)) /* the column is zero, or NaN */
        return size > 0 || isnan(size) ? NAN : 0;
    for (idx i = k + 1; i < n; i++) {
        p[i] = 0;
        for (idx j = k + 1; j < n; j++)
            p[i] += (j <= i ? a[i * n + j] : a[j * n + i]) * v[j];
        p[i] *= 2 / square;
        dot += v[i] * p[i];
    }
    for (idx i = k + 1; i < n; i++)
        p[i] -= dot / square * v[i];
    for (idx i = k + 1; i < n; i++)
        for (idx j = k + 1; j <= i; j++)
            a[i * n + j] -= v[i] * p[j] + p[i] * v[j];
    return e;
}

/* The block l .. m of a tridiagonal matrix, turned once towards its first
 * value. d: diagonal; e[i] lies between i and i + 1. */
static void turn(double *d, double *e, idx l, idx m)
{
    double g = (d[l + 1] - d[l]) / (2 * e[l]);
    double s = 1, c = 1, shift = 0;
    g = d[m] - d[l] + e[l] / (g + copysign(hypot(g, 1), g));
    for (idx i = m - 1; i >= l; i--) {
        double f = s * e[i], b = c * e[i], r = hypot(f, g);
        e[i + 1] = r;
        if (!(r > 0)) { /* it fell apart in two */
            d[i + 1] -= shift;
            e[m] = 0;
            return;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - shift;
        r = (d[i] - g) * s + 2 * c * b;
        shift = s * r;
        d[i + 1] = g + shift;
        g = c * r - b;
    }
    d[l] -= shift;
    e[l] = g;
    e[m] = 0;
}

/* The first m >= l behind which the matrix falls apart. */
static idx block_end(const double *d, const double *e, idx l, idx n)
{
    idx m = l;
    while (m < n - 1 &&
           fabs(e[m]) > DBL_EPSILON * (fabs(d[m]) + fabs(d[m + 1])))
        m++;
    return m;
}

void eigen_values(double *value, double *a, idx n, double *room)
{
    double *e = room, *v = room + n, *p = room + 2 * n;
    bool is_nan = false;
    for (idx k = 0; k < n; k++) {
        e[k] = k < n - 2 ? reflect(a, n, k, v, p) : 0;
        if (k == n - 2)
            e[k] = a[(k + 1) * n + k];
        value[k] = a[k * n + k];
        is_nan = is_nan || isnan(e[k]) || isnan(value[k]);
    }
    for (idx k = 0; k < n && is_nan; k++)
        value[k] = NAN;
    for (idx l = 0; l < n && !is_nan; l++)
        for (int i = 0; i < SWEEPS_MAX; i++) {
            idx m = block_end(value, e, l, n);
            if (m == l)
                break;
            turn(value, e, l, m);
        }
}
