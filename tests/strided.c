#include "strided.h"

#include <stdlib.h>
#include <string.h>

#include "gradcheck.h"
#include "harness.h"

static const real MARK = (real)-77.5;

real *strided_normal(idx R, idx n, double std, uint64_t seed)
{
    idx ld = n + GAP;
    real *x = malloc((size_t)(R * ld) * sizeof *x);
    assert_non_null(x);
    fill_normal(x, R * ld, std, seed);
    for (idx r = 0; r < R; r++)
        for (idx i = n; i < ld; i++)
            x[r * ld + i] = MARK;
    return x;
}

real *strided_copy(const real *x, idx R, idx n)
{
    size_t bytes = (size_t)(R * (n + GAP)) * sizeof *x;
    real *copy = malloc(bytes);
    assert_non_null(copy);
    return memcpy(copy, x, bytes);
}

void assert_gaps(const real *x, idx R, idx n)
{
    idx ld = n + GAP;
    for (idx r = 0; r < R; r++)
        for (idx i = n; i < ld; i++)
            if (!(x[r * ld + i] == MARK))
                fail_msg("row %td: column %td behind its end was written", r,
                         i - n);
}

double strided_dot(const real *x, const real *y, idx R, idx n)
{
    double sum = 0;
    for (idx r = 0; r < R; r++)
        for (idx i = 0; i < n; i++)
            sum += (double)x[r * (n + GAP) + i] * (double)y[r * (n + GAP) + i];
    return sum;
}
