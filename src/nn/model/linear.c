#include "nn/model/linear.h"

#include <omp.h>
#include <string.h>

#include "kern/bfloat16.h"
#include "kern/gemm_own.h"
#include "kern/outer.h"

enum {
    TASK_OUTPUTS = OUTER_COLUMNS, /* rows of dw a task; fixed, as bits are */
    GRAD_ROWS = 1024,             /* rows a task adds up at a time */
};

/* Rows that oneDNN's products take: a tile, and what puts together any other
 * number. Fewer than four run at half speed. */
static const idx row_sizes[LINEAR_ROWS] = { TILE_ROWS, 64, 16, 4, 1 };

/* Rows that those of gradients add up. One of 4096 rows is no faster than four
 * of 1024. */
static const idx sum_sizes[LINEAR_SUMS] = { GRAD_ROWS, 256, 64, 16, 4, 1 };

/* --- what is placed and made ---------------------------------------------- */

void *linear_operand(struct arena *arena, struct product_way way, idx M, idx n)
{
    return way.rounds
               ? arena_bytes(arena, (size_t)(M * n) * product_number_bytes(way))
               : NULL;
}

real *linear_sums(struct arena *arena, idx M, idx n)
{
    return arena_reals(arena, idx_ceil_div(M, LINEAR_SUM_ROWS) * n);
}

void linear_plan(struct linear *l, struct arena *arena,
                 const struct linear_request *r)
{
    size_t bytes = onednn_packed_bytes(r->N, r->K, r->way.is_native);
    *l = (struct linear){ .w = r->w,
                          .b = r->b,
                          .N = r->N,
                          .K = r->K,
                          .way = r->way,
                          .x = r->x,
                          .dy = r->dy,
                          .dy_sums = r->b < 0 ? NULL : r->dy_sums,
                          .x_step = r->x_step,
                          .shares_x = r->shares_x,
                          .has_backward = r->has_backward };
    if (r->way.rounds && !r->way.is_native)
        l->rounded = arena_reals(arena, r->N * r->K);
    if (r->way.is_own)
        l->packed = arena_reals(arena, gemm_own_packed(r->K, r->N));
    if (r->way.is_onednn)
        l->forward.room = arena_bytes(arena, bytes);
    if (r->way.is_onednn && r->has_backward)
        l->backward.room = arena_bytes(arena, bytes);
}

static int open_form(struct linear_form *f, struct onednn_set *set,
                     struct onednn_shape shape, bool is_forward, struct err *e)
{
    shape.M = row_sizes[0];
    if (onednn_packed(&f->weights, set, f->room, &shape, is_forward, e))
        return e->code;
    for (idx i = 0; i < LINEAR_ROWS; i++)
        for (int adds = 0; adds < 2; adds++) {
            shape.M = row_sizes[i];
            shape.adds = adds;
            if (onednn_product(&f->of[i][adds], set, &shape, f->weights, e))
                return e->code;
        }
    return OK;
}

/* Are gradients the library's, or our own kernel's? That takes no 16 bits. */
static bool sums_by_onednn(const struct linear *l)
{
    return l->way.is_onednn && (l->way.is_native || !outer_is_fast(l->N));
}

static int open_sums(struct linear *l, struct onednn_set *set, struct err *e)
{
    struct onednn_shape shape = { .N = l->K,
                                  .lda = l->N,
                                  .ldb = l->K,
                                  .ldc = l->K,
                                  .a_is_transposed = true,
                                  .is_bfloat16 = l->way.is_native,
                                  .adds = true };
    idx rest = l->N % TASK_OUTPUTS;
    for (idx i = 0; i < LINEAR_SUMS; i++)
        for (int is_last = 0; is_last < 2; is_last++) {
            shape.K = sum_sizes[i];
            shape.M = is_last ? rest : TASK_OUTPUTS;
            if (shape.M && shape.M <= l->N &&
                onednn_product(&l->sums[i][is_last], set, &shape, NULL, e))
                return e->code;
        }
    return OK;
}

int linear_open(struct linear *l, struct onednn_set *set, struct err *e)
{
    const struct onednn_shape forward = { .N = l->N,
                                          .K = l->K,
                                          .lda = l->K,
                                          .ldc = l->N,
                                          .is_bfloat16 = l->way.is_native };
    const struct onednn_shape backward = { .N = l->K,
                                           .K = l->N,
                                           .lda = l->N,
                                           .ldc = l->K,
                                           .is_bfloat16 = l->way.is_native };
    if (!set || open_form(&l->forward, set, forward, true, e) ||
        !l->has_backward || open_form(&l->backward, set, backward, false, e))
        return set ? e->code : OK;
    return sums_by_onednn(l) ? open_sums(l, set, e) : OK;
}

bool linear_packs(struct product_way way)
{
    return way.is_onednn || way.is_own || way.rounds;
}

void linear_pack(const struct linear *l, const real *weights)
{
    const real *w = weights + l->w;
    if (l->rounded) {
        bfloat16_round(l->rounded, w, l->N * l->K);
        w = l->rounded;
    }
    if (l->packed)
        gemm_own_pack(l->packed, w, l->K, l->K, l->N);
    if (l->forward.room)
        onednn_pack(l->forward.weights, w);
    if (l->backward.room)
        onednn_pack(l->backward.weights, w);
}

/* --- products ------------------------------------------------------------- */

/* Row number `row` of a rounded operand. */
static void *row_at(const struct linear *l, void *operand, idx row, idx ld)
{
    return (char *)operand + (size_t)(row * ld) * product_number_bytes(l->way);
}

/* n numbers, rounded to where they are kept. */
static void round_to(const struct linear *l, void *to, const real *x, idx n)
{
    if (l->way.is_native)
        bfloat16_store(to, x, n);
    else
        bfloat16_round(to, x, n);
}

/* c (R,ldc) = a (R,lda) times packed weights, or += that. */
static void multiply(const struct linear *l, const struct linear_form *f,
                     real *c, idx ldc, const void *a, idx lda, idx R, bool adds)
{
    int thread = omp_get_thread_num();
    for (idx i = 0, r = 0; i < LINEAR_ROWS; i++)
        for (; R - r >= row_sizes[i]; r += row_sizes[i])
            onednn_run(f->of[i][adds], thread, c + r * ldc,
                       (const char *)a +
                           (size_t)(r * lda) * product_number_bytes(l->way),
                       NULL, f->weights);
}

void linear_take_x(const struct linear *l, idx row, const real *x, idx R)
{
    if (l->x && !l->shares_x)
        round_to(l, row_at(l, l->x, row, l->x_step), x, R * l->K);
}

void linear_y(const struct linear *l, const real *weights, idx row, real *y,
              const real *x, idx R, real beta)
{
    const real *b = l->b < 0 ? NULL : weights + l->b;
    const void *a = l->x ? row_at(l, l->x, row, l->x_step) : x;
    idx N = l->N, K = l->K;
    if (l->way.is_onednn)
        multiply(l, &l->forward, y, N, a, K, R, beta != 0);
    else if (l->packed)
        gemm_own_product(y, N, a, K, l->packed, R, N, K, beta != 0);
    else
        gemm_nt(y, N, a, K, l->rounded ? l->rounded : weights + l->w, K, R, N,
                K, 1, beta);
    if (!b)
        return;
    for (idx r = 0; r < R; r++) {
#pragma omp simd
        for (idx n = 0; n < N; n++)
            y[r * N + n] += b[n];
    }
}

void linear_forward(const struct linear *l, const real *weights, idx row,
                    real *y, const real *x, idx R, real beta)
{
    linear_take_x(l, row, x, R);
    linear_y(l, weights, row, y, x, R, beta);
}

/* Row number `row` into its partial sum (N). */
static void add_to_sum(const struct linear *l, idx row, const real *dy)
{
    idx N = l->N;
    real *restrict sum = l->dy_sums + row / LINEAR_SUM_ROWS * N;
    if (row % LINEAR_SUM_ROWS == 0)
        memset(sum, 0, (size_t)N * sizeof *sum);
#pragma omp simd
    for (idx n = 0; n < N; n++)
        sum[n] += dy[n];
}

void linear_take_dy(const struct linear *l, idx row, const real *dy, idx R)
{
    BUG_ON(row % LINEAR_SUM_ROWS);
    if (!l->dy && !l->dy_sums)
        return;
    for (idx r = 0; r < R; r++, row++, dy += l->N) {
        if (l->dy)
            round_to(l, row_at(l, l->dy, row, l->N), dy, l->N);
        if (l->dy_sums)
            add_to_sum(l, row, dy);
    }
}

void linear_dx(const struct linear *l, const real *weights, idx row, real *dx,
               const real *dy, idx R)
{
    const void *a = l->dy ? row_at(l, l->dy, row, l->N) : dy;
    idx N = l->N, K = l->K;
    if (l->way.is_onednn)
        multiply(l, &l->backward, dx, K, a, N, R, false);
    else
        products_gemm(l->way)->nn(dx, K, a, N,
                                  l->rounded ? l->rounded : weights + l->w, K,
                                  R, K, N, 1, 0);
}

void linear_backward(const struct linear *l, const real *weights, idx row,
                     real *dx, const real *dy, idx R)
{
    linear_take_dy(l, row, dy, R);
    linear_dx(l, weights, row, dx, dy, R);
}

/* --- gradients of weights ------------------------------------------------- */

/* Outputs of a task. */
static idx task_outputs(const struct linear_grad *g)
{
    return TASK_OUTPUTS * idx_max(1, g->blocks);
}

idx linear_grad_tasks(const struct linear_grad *g)
{
    return idx_ceil_div(g->l->N, task_outputs(g));
}

/* db (n), of outputs from n0 on, += the sums that were taken of M rows. */
static void add_taken_sums(const struct linear_grad *g, idx n0, idx n)
{
    const struct linear *l = g->l;
    real *db = g->gradients + l->b + n0;
    idx first = g->dy_row / LINEAR_SUM_ROWS;
    for (idx i = 0; i < idx_ceil_div(g->M, LINEAR_SUM_ROWS); i++) {
        const real *sum = l->dy_sums + (first + i) * l->N + n0;
        for (idx j = 0; j < n; j++)
            db[j] += sum[j];
    }
}

/* c (n,K) += dy (R,n)^T x (R,K), a fixed number of rows at a time. */
static void add_sums(const struct linear *l, real *c, const char *dy,
                     const char *x, idx R, bool is_last)
{
    size_t bytes = product_number_bytes(l->way);
    int thread = omp_get_thread_num();
    for (idx i = 0, m = 0; i < LINEAR_SUMS; i++)
        for (; R - m >= sum_sizes[i]; m += sum_sizes[i])
            onednn_run(l->sums[i][is_last], thread, c,
                       dy + (size_t)(m * l->N) * bytes,
                       x + (size_t)(m * l->K) * bytes, NULL);
}

/* dw (n,K), of outputs from n0 on, += what R rows from m on add to it. */
static void add_rows(const struct linear_grad *g, idx n0, idx n, idx m, idx R)
{
    const struct linear *l = g->l;
    idx N = l->N, K = l->K;
    real *dw = g->gradients + l->w + n0 * K;
    const void *x = l->x ? row_at(l, l->x, g->x_row + m, K) : g->x + m * K;
    const void *dy = l->dy ? row_at(l, l->dy, g->dy_row + m, N) : g->dy + m * N;
    const void *from =
        (const char *)dy + (size_t)n0 * product_number_bytes(l->way);
    if (sums_by_onednn(l))
        add_sums(l, dw, from, x, R, n < TASK_OUTPUTS);
    else if (l->way.is_onednn || l->way.is_own)
        outer_sum(dw, K, from, N, x, K, R, n, K);
    else
        gemm_tn(dw, K, from, N, x, K, n, K, R, 1, 1);
}

void linear_grad_run(const struct linear_grad *g, idx task)
{
    const struct linear *l = g->l;
    idx n0 = task * task_outputs(g), end = idx_min(n0 + task_outputs(g), l->N);
    /* OpenBLAS would pack x for each part */
    idx step = l->way.is_onednn || l->way.is_own ? GRAD_ROWS : g->M;
    for (idx m = 0; m < g->M; m += step)
        for (idx n = n0; n < end; n += TASK_OUTPUTS)
            add_rows(g, n, idx_min(TASK_OUTPUTS, end - n), m,
                     idx_min(step, g->M - m));
    if (l->b >= 0)
        add_taken_sums(g, n0, end - n0);
}
