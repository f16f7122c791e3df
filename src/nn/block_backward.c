/* block_backward.c - one block, backward: gradients of its input, then of its
 * weights. */
#include <string.h>

#include "kern/activation.h"
#include "kern/norm.h"
#include "nn/linear.h"
#include "nn/pass.h"
#include "nn/rope.h"

/* From the block's end to the heads' outputs, for one tile:
 * dx_out -> dy -> du -> dnorm2 -> dx_mid -> dmixed. */
static void ffn_backward(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    struct back_acts *k = &p->x->back;
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C;
    size_t row_bytes = (size_t)C * sizeof(real);
    const real *dx_out = k->dx_out + r0 * C;
    real *dx_mid = k->dx_mid + r0 * C, *du = k->du + r0 * m->U;
    real *dy = pass_scratch(p), *dnorm2 = dy + TILE_ROWS * m->F;

    linear_backward(dy, dx_out, weight_at(p, b->down_w), R, C, m->F);
    activations[m->options.ffn]->backward(du, a->u + r0 * m->U, dy, R, m->F);
    linear_backward(dnorm2, du, weight_at(p, b->up_w), R, m->U, C);
    pass_mark(p, PART_FFN);
    memcpy(dx_mid, dx_out, (size_t)R * row_bytes);
    memset(k->dgain2 + tile * C, 0, row_bytes);
    memset(k->dshift2 + tile * C, 0, row_bytes);
    norms[m->options.norm]->backward(
        dx_mid, k->dgain2 + tile * C, k->dshift2 + tile * C, dnorm2,
        pass_stream(p, 2 * l + 1) + r0 * C, a->stats2 + r0 * 2,
        weight_at(p, b->norm2_gain), R, C);
    pass_mark(p, PART_NORM);
    linear_backward(k->dmixed + r0 * C, dx_mid, weight_at(p, b->out_w), R, C,
                    C);
    pass_mark(p, PART_QKV);
}

static void head_backward(const struct pass *p, idx l, idx sequence, idx h)
{
    struct acts *x = p->x;
    idx C = p->m->C, D = p->m->D, row0 = sequence * x->T;
    struct head head = pass_head(p, l, sequence, h);
    real *dqkv = x->back.dqkv + row0 * 3 * C + h * D, *dcolumn = NULL;
    if (head.column_key)
        dcolumn = x->back.dcolumn + (sequence * p->m->H + h) * D;
    attention_backward(&x->attention, dqkv, dqkv + C, dqkv + 2 * C, dcolumn,
                       x->back.dmixed + row0 * C + h * D, &head,
                       pass_scratch(p));
}

/* From queries, keys, values to the block's start, for one tile. */
static void qkv_backward(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    struct back_acts *k = &p->x->back;
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C;
    size_t row_bytes = (size_t)C * sizeof(real);
    real *dqkv = k->dqkv + r0 * 3 * C, *dx_in = k->dx_in + r0 * C;
    real *dnorm1 = pass_scratch(p);

    if (p->x->rope)
        rope_rows(dqkv, 3 * C, p->x->rope, r0, R, p->x->T, 2 * m->H, m->D, -1);
    linear_backward(dnorm1, dqkv, weight_at(p, b->qkv_w), R, 3 * C, C);
    pass_mark(p, PART_QKV);
    memcpy(dx_in, k->dx_mid + r0 * C, (size_t)R * row_bytes);
    memset(k->dgain1 + tile * C, 0, row_bytes);
    memset(k->dshift1 + tile * C, 0, row_bytes);
    norms[m->options.norm]->backward(
        dx_in, k->dgain1 + tile * C, k->dshift1 + tile * C, dnorm1,
        pass_stream(p, 2 * l) + r0 * C, a->stats1 + r0 * 2,
        weight_at(p, b->norm1_gain), R, C);
    pass_mark(p, PART_NORM);
}

/* The four matrices' gradients, as one list of tasks. */
static void matrix_grads(const struct pass *p, idx l)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    const struct back_acts *k = &p->x->back;
    idx C = m->C, M = p->M, end[4], total = 0;
    struct linear_grad grads[4] = {
        { grad_at(p, b->up_w), grad_at(p, b->up_b), k->du, a->norm2, M, m->U,
          C },
        { grad_at(p, b->qkv_w), grad_at(p, b->qkv_b), k->dqkv, a->norm1, M,
          3 * C, C },
        { grad_at(p, b->down_w), grad_at(p, b->down_b), k->dx_out, a->y, M, C,
          m->F },
        { grad_at(p, b->out_w), grad_at(p, b->out_b), k->dx_mid, a->mixed, M, C,
          C },
    };
    for (int i = 0; i < 4; i++)
        end[i] = total += linear_grad_tasks(&grads[i]);
#pragma omp for schedule(dynamic, 1) nowait
    for (idx task = 0; task < total; task++) {
        int i = 0;
        while (task >= end[i])
            i++;
        linear_grad_run(&grads[i], task - (i ? end[i - 1] : 0));
    }
}

/* The extra column's keys: sums over the batch, in its order. */
static void column_grads(const struct pass *p, idx l)
{
    real *dkeys = grad_at(p, p->m->blocks[l].column_key);
    if (!dkeys)
        return;
    idx HD = p->m->C;
#pragma omp for schedule(static) nowait
    for (idx h = 0; h < p->m->H; h++)
        add_partials(dkeys, p->x->back.dcolumn, p->B, HD, h * p->m->D, p->m->D);
}

void block_backward(const struct pass *p, idx l)
{
    const struct block_params *b = &p->m->blocks[l];
    struct back_acts *k = &p->x->back;
    idx tiles = pass_tiles(p), H = p->m->H;
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++)
        ffn_backward(p, l, i);
#pragma omp for schedule(static)
    for (idx i = 0; i < p->B * H; i++)
        head_backward(p, l, i / H, i % H);
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++)
        qkv_backward(p, l, i);
    pass_mark(p, PART_WAIT);
    matrix_grads(p, l);
    column_grads(p, l);
    pass_norm_grads(p, b->norm1_gain, b->norm1_shift, k->dgain1, k->dshift1);
    pass_norm_grads(p, b->norm2_gain, b->norm2_shift, k->dgain2, k->dshift2);
    pass_mark(p, PART_GRADS);
#pragma omp barrier
#pragma omp single
    {
        real *start = k->dx_in;
        k->dx_in = k->dx_out;
        k->dx_out = start;
    }
}
