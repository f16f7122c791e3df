#include "metric/token.h"

#include <math.h>

static double dot(const real *a, const real *b, idx n)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

double token_norm(const real *a, idx n)
{
    return sqrt(dot(a, a, n));
}

double token_cosine(const real *a, const real *b, idx n)
{
    return dot(a, b, n) / sqrt(dot(a, a, n) * dot(b, b, n));
}

double token_largest(const real *x, idx n)
{
    double max = 0;
    for (idx i = 0; i < n; i++) {
        double size = fabs((double)x[i]);
        if (size > max || isnan(size))
            max = size;
    }
    return max;
}

double tokens_mean_norm(const real *x, idx rows, idx n, idx ld)
{
    double sum = 0;
    for (idx t = 0; t < rows; t++)
        sum += token_norm(x + t * ld, n);
    return sum / (double)rows;
}

struct ratio tokens_first_over_rest(const real *x, idx rows, idx n, idx ld)
{
    return (struct ratio){ token_norm(x, n),
                           tokens_mean_norm(x + ld, rows - 1, n, ld), false };
}

bool tokens_have_nan(const real *x, idx rows, idx n, idx ld)
{
    for (idx t = 0; t < rows; t++)
        if (isnan(token_norm(x + t * ld, n)))
            return true;
    return false;
}
