#include "metric/quantile.h"

#include <math.h>

static bool has_nan(const double *x, idx n)
{
    for (idx i = 0; i < n; i++)
        if (isnan(x[i]))
            return true;
    return false;
}

/* The number that rank k (0 .. n-1) has, in its place, none above it in front
 * (Hoare's FIND). Pivots are drawn, so that numbers that are in some order
 * already take no longer. */
static double find(double *x, idx n, idx k)
{
    uint64_t drawn = 1;
    for (idx low = 0, high = n - 1; low < high;) {
        drawn = drawn * 6364136223846793005u + 1442695040888963407u; /* MMIX */
        double pivot = x[low + (idx)(drawn >> 33) % (high - low + 1)];
        idx i = low, j = high;
        while (i <= j) {
            while (x[i] < pivot)
                i++;
            while (x[j] > pivot)
                j--;
            if (i > j)
                break;
            double other = x[i];
            x[i++] = x[j];
            x[j--] = other;
        }
        if (k > j && k < i) /* between the two is nothing but the pivot */
            break;
        if (k <= j)
            high = j;
        else
            low = i;
    }
    return x[k];
}

double median_of(double *x, idx n)
{
    if (has_nan(x, n))
        return NAN;
    double upper = find(x, n, n / 2);
    if (n % 2)
        return upper;
    double lower = x[0];
    for (idx i = 1; i < n / 2; i++)
        lower = x[i] > lower ? x[i] : lower;
    return (lower + upper) / 2;
}

double quantile_of(double *x, idx n, double q)
{
    idx rank = (idx)ceil(q * (double)n);
    return has_nan(x, n) ? NAN : find(x, n, idx_max(rank, 1) - 1);
}
