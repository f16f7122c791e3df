#include "nn/model/rope.h"

#include <math.h>

void rope_table(real *table, idx T, idx D)
{
    for (idx t = 0; t < T; t++) {
        for (idx d = 0; d < D / 2; d++) {
            double rate = pow(10000, -2 * (double)d / (double)D);
            table[t * D + d] = (real)cos((double)t * rate);
            table[t * D + D / 2 + d] = (real)sin((double)t * rate);
        }
    }
}

void rope_rows(real *x, idx ld, const struct rope *rope, idx row0, idx R, idx H,
               int direction)
{
    idx D = rope->D, half = D / 2;
    for (idx r = 0; r < R; r++) {
        idx place =
            rope->places ? rope->places[row0 + r] : (row0 + r) % rope->T;
        const real *cosine = rope->table + place * D;
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
