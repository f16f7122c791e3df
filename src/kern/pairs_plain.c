/* pairs_plain.c - what the kernels of processors are held against. */
#include <string.h>

#include "kern/bfloat16.h"
#include "kern/pairs.h"

static float number(uint16_t x)
{
    uint32_t bits = (uint32_t)x << 16;
    float y;
    memcpy(&y, &bits, sizeof y);
    return y;
}

static uint16_t rounded(real x)
{
    uint16_t y;
    bfloat16_store(&y, &x, 1);
    return y;
}

static bool is_here(void)
{
    return true;
}

static idx place(idx k, idx n, idx panel)
{
    return n / PAIRS_SIDE * panel + (k / 2 * PAIRS_SIDE + n % PAIRS_SIDE) * 2 +
           k % 2;
}

static void product(const struct pairs_product *p)
{
    for (idx m = 0; m < p->M; m++)
        for (idx n = 0; n < p->N; n++) {
            real *c = &p->c[m * p->ldc + n], sum = p->is_added ? *c : 0;
            for (idx k = 0; k < p->K; k++)
                sum += number(p->a[m * p->lda + k]) *
                       number(p->b[place(k, n, p->panel)]);
            *c = sum;
        }
}

static void round_rows(uint16_t *y, idx ldy, const real *x, idx ldx, idx R,
                       idx n, real factor)
{
    for (idx r = 0; r < R; r++)
        for (idx i = 0; i < pairs_depth(n); i++)
            y[r * ldy + i] = i < n ? rounded(factor * x[r * ldx + i]) : 0;
}

static void pair_rows(uint16_t *y, idx panel, const real *x, idx ldx, idx R,
                      idx n, real factor)
{
    for (idx r = 0; r < pairs_depth(R); r++)
        for (idx i = 0; i < pairs_side(n); i++)
            y[place(r, i, panel)] =
                r < R && i < n ? rounded(factor * x[r * ldx + i]) : 0;
}

static void turn(uint16_t *y, idx ldy, const uint16_t *x, idx ldx, idx R, idx n)
{
    for (idx r = 0; r < R; r++)
        for (idx i = 0; i < n; i++)
            memcpy(y + i * ldy + 2 * r, x + r * ldx + 2 * i, 2 * sizeof *y);
}

static void add_turned(real *y, idx ldy, const real *x, idx ldx, idx R, idx n,
                       bool is_added)
{
    for (idx r = 0; r < R; r++)
        for (idx i = 0; i < n; i++)
            y[r * ldy + i] = (is_added ? y[r * ldy + i] : 0) + x[i * ldx + r];
}

const struct pairs_kernel pairs_plain = {
    .name = "plain loops",
    .is_here = is_here,
    .product = product,
    .round = round_rows,
    .pair = pair_rows,
    .turn = turn,
    .add_turned = add_turned,
};
