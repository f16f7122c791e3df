#include "kern/bfloat16.h"

#include <string.h>

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The upper 16 bits are the result's. A NaN keeps one bit, lest it become
 * infinity. */
static inline uint32_t rounded(float x)
{
    uint32_t bits = bits_of(x), up = bits + 0x7fff + (bits >> 16 & 1);
    return (bits & 0x7fffffff) > 0x7f800000 ? bits | 0x400000 : up;
}

void bfloat16_store(uint16_t *y, const real *x, idx n)
{
#pragma omp simd
    for (idx i = 0; i < n; i++)
        y[i] = (uint16_t)(rounded((float)x[i]) >> 16);
}

void bfloat16_round(real *y, const real *x, idx n)
{
    for (idx i = 0; i < n; i++) {
        uint32_t bits = rounded((float)x[i]) & 0xffff0000;
        float back;
        memcpy(&back, &bits, sizeof back);
        y[i] = (real)back;
    }
}
