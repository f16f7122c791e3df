#include "nn/model/rope.h"

#include <math.h>

struct rope_rates rope_rates_of(const struct model_options *o)
{
    return (struct rope_rates){ .N = model_rope_width(o),
                                .base = o->rope_base,
                                .scaling = o->rope_scaling,
                                .factor = o->rope_factor,
                                .slow = o->rope_slow,
                                .fast = o->rope_fast,
                                .from = (double)o->rope_from };
}

double rope_rate(const struct rope_rates *r, idx d)
{
    double rate = pow(r->base, -2 * (double)d / (double)r->N);
    if (r->scaling == ROPE_LINEAR)
        return rate / r->factor;
    if (r->scaling != ROPE_LLAMA3)
        return rate;
    double turns = r->from * rate / (2 * acos(-1));
    double s = fmin(fmax((turns - r->slow) / (r->fast - r->slow), 0), 1);
    return (1 - s) * rate / r->factor + s * rate;
}

void rope_table(real *table, idx T, const struct rope_rates *r)
{
    idx N = r->N;
    for (idx t = 0; t < T; t++) {
        for (idx d = 0; d < N / 2; d++) {
            double rate = rope_rate(r, d);
            table[t * N + d] = (real)cos((double)t * rate);
            table[t * N + N / 2 + d] = (real)sin((double)t * rate);
        }
    }
}

void rope_rows(real *x, idx ld, const struct rope *rope, idx row0, idx R, idx H,
               int direction)
{
    idx D = rope->D, half = rope->N / 2;
    for (idx r = 0; r < R; r++) {
        idx place =
            rope->places ? rope->places[row0 + r] : (row0 + r) % rope->T;
        const real *cosine = rope->table + place * rope->N;
        const real *sine = cosine + half;
        for (idx h = 0; h < H; h++) {
            real *restrict low = x + r * ld + h * D;
            real *restrict high = low + half;
#pragma omp simd
            for (idx d = 0; d < half; d++) {
                real turn = (real)direction * sine[d];
                real old = low[d];
                low[d] = old * cosine[d] - high[d] * turn;
                high[d] = high[d] * cosine[d] + old * turn;
            }
        }
    }
}
