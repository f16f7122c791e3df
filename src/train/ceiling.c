#include "train/ceiling.h"

#include "base/stopwatch.h"
#include "kern/gemm.h"
#include "kern/onednn.h"

enum { ROW_BLOCK = 8 }; /* rows of a product are shared out by so many */

/* Returns the scratch of oneDNN. */
static void *plan(struct ceiling *x, struct arena *arena)
{
    const idx n = x->n;
    const struct linear_request r = { .b = -1,
                                      .N = n,
                                      .K = n,
                                      .way = x->way,
                                      .has_backward = true,
                                      .dy =
                                          linear_operand(arena, x->way, n, n) };
    x->a = arena_reals(arena, n * n);
    x->b = arena_reals(arena, n * n);
    x->c = arena_reals(arena, n * n);
    if (!x->way.is_onednn)
        return NULL;
    linear_plan(&x->linear, arena, &r);
    return arena_bytes(arena, (size_t)x->threads * ONEDNN_SCRATCH_BYTES);
}

int ceiling_open(struct ceiling *x, idx n, int threads, struct product_way way,
                 struct err *e)
{
    struct arena measure = { 0 };
    *x = (struct ceiling){ .n = n, .threads = threads, .way = way };
    plan(x, &measure);
    if (arena_open(&x->arena, measure.used_bytes, e))
        return e->code;
    void *scratch = plan(x, &x->arena);
    for (idx i = 0; i < n * n; i++) {
        x->a[i] = (real)(i % 13) / 13;
        x->b[i] = (real)(i % 7) / 7;
    }
    if (!way.is_onednn)
        return OK;
    x->set = onednn_open(threads, scratch);
    return x->set ? linear_open(&x->linear, x->set, e) : err_memory(e, NULL);
}

void ceiling_close(struct ceiling *x)
{
    onednn_close(x->set);
    arena_release(&x->arena);
    *x = (struct ceiling){ 0 };
}

static void multiply_onednn(const struct ceiling *x)
{
    const idx n = x->n;
#pragma omp parallel for schedule(static) num_threads(x->threads)
    for (idx row = 0; row < n; row += TILE_ROWS)
        linear_backward(&x->linear, x->b, row, x->c + row * n, x->a + row * n,
                        idx_min(TILE_ROWS, n - row));
}

static void multiply(const struct ceiling *x)
{
    const idx n = x->n;
    const idx per = idx_ceil_div(n, x->threads * ROW_BLOCK) * ROW_BLOCK;
#pragma omp parallel for schedule(static, 1) num_threads(x->threads)
    for (idx row = 0; row < n; row += per)
        gemm_nn(x->c + row * n, n, x->a + row * n, n, x->b, n,
                idx_min(per, n - row), n, n, 1, 0);
}

double ceiling_rate(const struct ceiling *x)
{
    if (x->way.is_onednn)
        linear_pack(&x->linear, x->b);
    double n = (double)x->n, start_s = clock_s();
    if (x->way.is_onednn)
        multiply_onednn(x);
    else
        multiply(x);
    return 2 * n * n * n / (clock_s() - start_s);
}
