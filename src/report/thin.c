#include "report/thin.h"

#include <math.h>

/* Number i of `count` numbers from 0 to `last`, evenly. */
static idx evenly(idx i, idx count, idx last)
{
    return count > 1 ? (i * last + (count - 1) / 2) / (count - 1) : 0;
}

/* The same on a logarithmic scale, where 0 stands at 1. */
static idx crowded(idx i, idx count, idx last)
{
    double share = count > 1 ? (double)i / (double)(count - 1) : 0;
    return idx_min(last, (idx)floor(pow((double)last + 1, share)) - 1);
}

/* Both rise, so they are merged. */
idx thin_rows(idx *rows, idx n, idx most)
{
    BUG_ON(most < 2);
    idx n_crowded = most < 4 ? 0 : most / 2, n_even = most - n_crowded;
    idx kept = 0;
    if (n <= most) {
        for (idx i = 0; i < n; i++)
            rows[i] = i;
        return n;
    }
    for (idx i = 0, k = 0; i < n_even || k < n_crowded;) {
        idx a = i < n_even ? evenly(i, n_even, n - 1) : n;
        idx b = k < n_crowded ? crowded(k, n_crowded, n - 1) : n;
        idx row = idx_min(a, b);
        i += a <= b;
        k += b <= a;
        if (kept == 0 || rows[kept - 1] != row)
            rows[kept++] = row;
    }
    return kept;
}
