#include "nn/attention/edits/score_shared.h"

#include <string.h>

/* Keys of a row up to the query itself. */
static idx keys_up_to_query(const struct edit_row *row)
{
    return idx_max(0, idx_min(row->n, row->t + 1 - row->first));
}

void distances_add(real *restrict s, const real *restrict table,
                   const struct edit_row *row, enum ahead ahead)
{
    idx n = keys_up_to_query(row), from = row->t - row->first;
#pragma omp simd
    for (idx i = 0; i < n; i++)
        s[i] += table[from - i];
    for (idx i = n; i < row->n; i++)
        s[i] += table[ahead == AHEAD_IS_FAR ? i - from : 0];
}

void distances_collect(real *restrict dtable, const real *restrict ds,
                       const struct edit_row *row, enum ahead ahead)
{
    idx n = keys_up_to_query(row), from = row->t - row->first;
#pragma omp simd
    for (idx i = 0; i < n; i++)
        dtable[from - i] += ds[i];
    for (idx i = n; i < row->n; i++)
        dtable[ahead == AHEAD_IS_FAR ? i - from : 0] += ds[i];
}

void edit_clear(real *x, idx n)
{
    memset(x, 0, (size_t)n * sizeof *x);
}

void edit_passes_on(real *ds, const real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    (void)ds, (void)s, (void)row, (void)h;
}
