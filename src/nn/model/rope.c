#include "nn/model/rope.h"

#include <math.h>

double rope_rate(idx d, idx N, double base)
{
    return pow(base, -2 * (double)d / (double)N);
}

void rope_table(real *table, idx T, idx N, double base)
{
    for (idx t = 0; t < T; t++) {
        for (idx d = 0; d < N / 2; d++) {
            double rate = rope_rate(d, N, base);
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
