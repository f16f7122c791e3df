/* bench.c - `sinklab bench`: training speed against what the matrix library
 * can do on this machine, measured in the same process. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/progress.h"
#include "cmd/session.h"
#include "kern/gemm.h"

static const char usage[] =
    "usage: sinklab bench CONFIG.ini [section.key=value ...]\n"
    "\n"
    "Measures the rate of a large matrix product with the same threads, then\n"
    "training steps of the config, and prints tokens a second, model FLOP/s\n"
    "and their ratio to that rate (utilisation).\n";

enum { CEILING_N = 1536, CEILING_ROUNDS = 5, SLICE = 192 };
static const double STEPS_S = 5; /* measure for about so long */

/* Best rate of an n x n product divided among the threads, FLOP/s. */
static double ceiling_flops(int threads, struct err *e)
{
    const idx n = CEILING_N;
    struct arena arena = { 0 };
    if (arena_open(&arena, 3 * (size_t)(n * n) * sizeof(real) + 256, e))
        return 0;
    real *a = arena_reals(&arena, n * n), *b = arena_reals(&arena, n * n);
    real *c = arena_reals(&arena, n * n);
    for (idx i = 0; i < n * n; i++) {
        a[i] = (real)(i % 13) / 13;
        b[i] = (real)(i % 7) / 7;
    }
    double best_s = 1e30;
    for (int round = 0; round <= CEILING_ROUNDS; round++) { /* 0 warms up */
        double start = clock_s();
#pragma omp parallel for schedule(static) num_threads(threads)
        for (idx row = 0; row < n; row += SLICE)
            gemm_nn(c + row * n, n, a + row * n, n, b, n, SLICE, n, n, 1, 0);
        double wall = clock_s() - start;
        if (round && wall < best_s)
            best_s = wall;
    }
    arena_release(&arena);
    return 2.0 * (double)n * (double)n * (double)n / best_s;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

enum { STEPS_MAX = 1000, STEPS_MIN = 3 };

/* Median seconds of a step; *n steps were timed. */
static double step_s(struct session *s, idx *n, struct err *e)
{
    double times[STEPS_MAX], begin = 0;
    struct update_result u;
    for (*n = -1; *n < STEPS_MAX; ++*n) { /* the first step warms up */
        double start = clock_s();
        if (*n >= STEPS_MIN && start - begin > STEPS_S)
            break;
        if (session_update(s, *n + 1, &u, e))
            return 0;
        if (*n < 0)
            begin = clock_s();
        else
            times[*n] = clock_s() - start;
    }
    qsort(times, (size_t)*n, sizeof *times, by_size);
    return times[*n / 2];
}

static int bench(const struct config *c, struct err *e)
{
    struct session s = { 0 };
    idx n;
    if (session_open(&s, c, true, e))
        goto out;
    double ceiling = ceiling_flops(s.threads, e);
    if (e->code)
        goto out;
    double step = step_s(&s, &n, e);
    if (e->code)
        goto out;
    double tokens_per_s = session_tokens(c, 1) / step;
    double flops =
        tokens_per_s * model_flops_per_token(&s.model, c->model.context);
    printf("%-12s %s, core %s, %s\n", "BLAS", gemm_library(), gemm_core(),
           gemm_threading());
    if (gemm_pinned_core())
        printf("%-12s OPENBLAS_CORETYPE=%s pins it below this processor\n",
               "note", gemm_pinned_core());
    printf("%-12s %d\n", "threads", s.threads);
    printf("%-12s %.1f GFLOP/s, product of %d x %d\n", "ceiling",
           ceiling * 1e-9, CEILING_N, CEILING_N);
    printf("%-12s %.2f ms, median of %td\n", "step", step * 1e3, n);
    printf("%-12s %.0f tokens/s\n", "speed", tokens_per_s);
    printf("%-12s %.1f GFLOP/s\n", "model", flops * 1e-9);
    printf("%-12s %.1f %%\n", "utilisation", 100 * flops / ceiling);
out:
    session_release(&s);
    return e->code;
}

int cmd_bench(int argc, char **argv, struct err *e)
{
    struct config c;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return OK;
    }
    if (argc < 2)
        return err_set(e, ERR_USAGE,
                       "bench: which config? Try `sinklab bench "
                       "configs/bench-small.ini`");
    if (config_load(&c, argv[1], (const char *const *)(argv + 2), argc - 2,
                    NULL, e))
        return e->code;
    return bench(&c, e);
}
