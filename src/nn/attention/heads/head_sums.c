#include "nn/attention/heads/head_sums.h"

#include <string.h>

#include "kern/small.h"
#include "kern/rows.h"

/* Rows a chunk: a constant, for fixed bits. More of them waste work on pairs
 * among themselves, fewer on the matrix's way through memory; from 24 to 64 the
 * time is the same within a tenth (D 32 to 128), and 32 fills any panel. */
enum { CHUNK = 32 };

struct chunks {
    double *sum;    /* (D,E) */
    real *state;    /* (D,E) the same, rounded */
    real *growth;   /* (D,E) of one chunk */
    real *panels;   /* (D, padded CHUNK) keys, transposed */
    real *k, *x;    /* (CHUNK,D), (CHUNK,E) without jumps */
    real *products; /* (CHUNK, padded CHUNK) q_t . k_j */
};

static struct chunks chunks_at(const struct head_sums *s, real *scratch)
{
    idx DE = s->D * s->E, wide = small_padded(CHUNK);
    struct chunks c = { .sum = (double *)(void *)scratch };
    c.state = scratch + reals_of_doubles(DE);
    c.growth = c.state + DE;
    c.panels = c.growth + DE;
    c.k = c.panels + wide * s->D;
    c.x = c.k + CHUNK * s->D;
    c.products = c.x + CHUNK * s->E;
    return c;
}

idx head_sums_scratch(idx D, idx E)
{
    idx wide = small_padded(CHUNK);
    return reals_of_doubles(D * E) + 2 * D * E + wide * idx_max(D, E) +
           CHUNK * (D + E + wide);
}

/* y = what rows t0 .. t0+R-1 get from each other. */
static void add_pairs(const struct head_sums *s, const struct chunks *c, idx t0,
                      idx R)
{
    idx ld = small_padded(CHUNK);
    struct small_left q = { sums_row(s->q, t0), s->q.ld, 1 };
    small_product(c->products, ld, q, small_panels(c->panels, s->D), R,
                  small_padded(R), s->D, 1, false);
    for (idx r = 0; r < R; r++) {
        idx from = s->is_reverse ? 0 : r + 1, to = s->is_reverse ? r : R;
        memset(c->products + r * ld + from, 0,
               (size_t)(to - from) * sizeof(real));
    }
    small_product(s->y + t0 * s->ld_y, s->ld_y,
                  (struct small_left){ c->products, ld, 1 },
                  small_plain(c->x, s->E), R, s->E, R, 1, s->is_added);
}

/* state += sum of k_j x_j^T over the chunk's R rows. */
static void grow(const struct head_sums *s, const struct chunks *c, idx R)
{
    struct small_left k = { c->k, 1, s->D };
    small_product(c->growth, s->E, k, small_plain(c->x, s->E), s->D, s->E, R, 1,
                  false);
#pragma omp simd
    for (idx i = 0; i < s->D * s->E; i++) {
        c->sum[i] += (double)c->growth[i];
        c->state[i] = (real)c->sum[i];
    }
}

void head_sums(const struct head_sums *s, real *scratch)
{
    struct chunks c = chunks_at(s, scratch);
    idx n = idx_ceil_div(s->T, CHUNK);
    memset(c.sum, 0, (size_t)(s->D * s->E) * sizeof *c.sum);
    for (idx i = 0; i < n; i++) {
        idx t0 = (s->is_reverse ? n - 1 - i : i) * CHUNK;
        idx R = idx_min(CHUNK, s->T - t0);
        struct small_left q = { sums_row(s->q, t0), s->q.ld, 1 };
        small_transpose(c.panels, sums_row(s->k, t0), s->k.ld, R, s->D);
        small_copy(c.k, sums_row(s->k, t0), s->k.ld, R, s->D);
        small_copy(c.x, sums_row(s->x, t0), s->x.ld, R, s->E);
        add_pairs(s, &c, t0, R);
        if (i > 0)
            small_product(s->y + t0 * s->ld_y, s->ld_y, q,
                          small_plain(c.state, s->E), R, s->E, s->D, 1, true);
        if (i + 1 < n)
            grow(s, &c, R);
    }
}

void head_sums_weights(real *weights, const struct head_sums *s,
                       const real *row, const real *column)
{
    memset(weights, 0, (size_t)(s->T * s->T) * sizeof *weights);
    for (idx t = 0; t < s->T; t++)
        for (idx j = 0; j <= t; j++)
            weights[t * s->T + j] =
                row[t] * (column ? column[j] : 1) *
                row_dot(sums_row(s->q, t), sums_row(s->k, j), s->D);
}
