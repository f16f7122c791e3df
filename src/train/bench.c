#include "train/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "io/fsys.h"
#include "io/json.h"
#include "nn/parts.h"
#include "train/ceiling.h"
#include "train/same_job.h"
#include "train/session.h"

enum {
    CEILING_N = 2048, /* of the square product */
    ROUNDS_MAX = 400,
    ROUNDS_MIN = 5,
    WARM_STEPS = 2,
    DIGITS = 6, /* of a measured number */
};
static const double ROUND_S = 0.25; /* steps of a round take at least this */

struct bench {
    const struct config *config;
    double seconds;
    struct ranks ranks;
    struct session session;
    struct ceiling product;
    struct stopwatch watch;
    idx step;   /* updates done */
    idx rounds; /* of one product and some steps */
    double ceiling[ROUNDS_MAX], step_s[ROUNDS_MAX], share[ROUNDS_MAX];
    double probe_s, weights_s, state_s; /* a probe; saving either file */
    double wall_s;                      /* of all measured steps */
    idx n_steps;                        /* measured */
};

/* Does process 0 say so? All do the same number of steps. */
static bool says(struct bench *x, bool yes, struct err *e)
{
    return ranks_broadcast(&x->ranks, 0, &yes, sizeof yes, e) == OK && yes;
}

/* Steps for ROUND_S: seconds of one, in the mean. */
static double steps_time(struct bench *x, struct err *e)
{
    struct update_result u;
    double start = clock_s(), now = start;
    idx n = 0;
    for (; says(x, now - start < ROUND_S, e); n++, now = clock_s())
        if (session_update(&x->session, x->step++, &u, e))
            return 0;
    x->n_steps += n;
    x->wall_s += now - start;
    return (now - start) / (double)n;
}

/* In turns, so that a machine that slows down slows both. */
static int measure(struct bench *x, struct err *e)
{
    struct update_result u;
    double per_step =
        model_flops_per_token(&x->session.model, x->config->model.context) *
        session_tokens(x->config, 1);
    for (int i = 0; i < WARM_STEPS; i++) {
        ceiling_rate(&x->product);
        if (session_update(&x->session, x->step++, &u, e))
            return e->code;
    }
    session_watch(&x->session, &x->watch);
    stopwatch_start(&x->watch);
    while (says(x,
                x->rounds < ROUNDS_MAX &&
                    (x->rounds < ROUNDS_MIN || x->wall_s < x->seconds),
                e)) {
        idx i = x->rounds++;
        double before = ceiling_rate(&x->product);
        x->watch.last_s = clock_s();
        x->step_s[i] = steps_time(x, e);
        if (e->code)
            return e->code;
        x->ceiling[i] = (before + ceiling_rate(&x->product)) / 2;
        x->share[i] = per_step / x->step_s[i] / x->ceiling[i];
    }
    session_watch(&x->session, NULL);
    return e->code;
}

enum { EXTRA_ROUNDS = 3 };

/* Mean seconds of saving the weights, or the whole state, to a temporary file
 * in the current folder, as a run does. */
static double save_time(struct bench *x, bool with_state, struct err *e)
{
    char path[64], config[] = "";
    struct checkpoint_head head = { .run_id = "bench", .config = config };
    struct checkpoint_data data = session_data(&x->session, with_state);
    snprintf(path, sizeof path, ".bench-%ld.h5", (long)getpid());
    double start = clock_s();
    for (int i = 0; i < EXTRA_ROUNDS && !e->code; i++)
        checkpoint_save(path, &head, &x->session.model.table, &data, e);
    double wall = clock_s() - start;
    fsys_remove(path, e);
    return wall / EXTRA_ROUNDS;
}

/* What happens only every so many steps. */
static int measure_extras(struct bench *x, struct err *e)
{
    double start = clock_s();
    for (int i = 0; i < EXTRA_ROUNDS; i++)
        meter_run(&x->session.meter);
    x->probe_s = (clock_s() - start) / EXTRA_ROUNDS;
    x->weights_s = save_time(x, false, e);
    x->state_s = save_time(x, true, e);
    return e->code;
}

static double share_of(double s, idx every, double step_s)
{
    return every ? s / (double)every / step_s : 0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, idx n)
{
    qsort(v, (size_t)n, sizeof *v, by_size);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* KiB, as Linux counts it. */
static double peak_mib(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)used.ru_maxrss / 1024;
}

struct result {
    double ceiling, step_s, utilisation, tokens_per_s, flops, memory_mib;
};

static void print_parts(const struct bench *x)
{
    double sum = 0;
    printf("\nwhere the time of a step goes (first thread)\n");
    for (int p = 0; p < PARTS; p++) {
        double s = x->watch.part_s[p] / (double)x->n_steps;
        sum += s;
        if (s > 0)
            printf("  %-20s %9.3f ms  %5.1f %%\n", part_name(p), s * 1e3,
                   100 * x->watch.part_s[p] / x->wall_s);
    }
    printf("  %-20s %9.3f ms  %5.1f %%\n", "sum", sum * 1e3,
           100 * sum * (double)x->n_steps / x->wall_s);
}

static void print_extra(const char *what, double s, idx every, double step_s)
{
    if (every)
        printf("  %-20s %9.3f ms every %td steps: %.2f %%\n", what, s * 1e3,
               every, 100 * share_of(s, every, step_s));
}

static void print_extras(const struct bench *x, double step_s)
{
    const struct checkpoint_options *o = &x->config->checkpoint;
    printf("\nbeside the steps\n");
    print_extra("probe", x->probe_s, x->config->sink.probe_every, step_s);
    print_extra("weights file", x->weights_s, o->every, step_s);
    print_extra("resume.h5", x->state_s, o->resume_every, step_s);
}

static struct engine_products products_of(const struct bench *x)
{
    const struct train_options *o = &x->config->train;
    return engine_products(o->products, o->precision);
}

static void print_products(const struct bench *x)
{
    struct engine_products products = products_of(x);
    printf("%-12s %s\n", "products", products.library);
    printf("%-12s %s\n", "precision", products.precision);
    if (products.remark)
        printf("%-12s %s\n", "note", products.remark);
}

static void print_people(const struct bench *x, const struct result *r)
{
    struct engine_library blas = engine_library();
    printf("%-12s %s, %s\n", "BLAS", blas.name, blas.threading);
    printf("%-12s %s\n", "core", blas.core);
    if (blas.pinned_core)
        printf("%-12s OPENBLAS_CORETYPE=%s pins it below what this processor "
               "offers\n",
               "note", blas.pinned_core);
    print_products(x);
    printf("%-12s %d", "threads", x->session.threads);
    printf(ranks_n(&x->ranks) > 1 ? " in each of %d processes\n" : "\n",
           ranks_n(&x->ranks));
    printf("%-12s %.1f GFLOP/s, product of %d x %d\n", "ceiling",
           r->ceiling * 1e-9, CEILING_N, CEILING_N);
    printf("%-12s %.3f ms, median of %td rounds, %td steps\n", "step",
           r->step_s * 1e3, x->rounds, x->n_steps);
    printf("%-12s %.0f tokens/s\n", "speed", r->tokens_per_s);
    printf("%-12s %.1f GFLOP/s\n", "model", r->flops * 1e-9);
    printf("%-12s %.1f %%\n", "utilisation", 100 * r->utilisation);
    printf("%-12s %.0f MiB at its peak, %.0f MiB of it the product's\n",
           "memory", r->memory_mib,
           (double)x->product.arena.cap_bytes / (1 << 20));
    print_parts(x);
    print_extras(x, r->step_s);
}

static int print_json(const struct bench *x, const struct result *r,
                      struct err *e)
{
    struct json j = { .depth = 0 };
    struct engine_library blas = engine_library();
    struct engine_products products = products_of(x);
    json_begin_object(&j, NULL);
    json_put_number(&j, "utilisation", r->utilisation);
    json_put_number(&j, "tokens_per_s", r->tokens_per_s);
    json_put_number(&j, "ceiling_gflops", r->ceiling * 1e-9);
    json_put_number(&j, "model_gflops", r->flops * 1e-9);
    json_put_number(&j, "step_ms", r->step_s * 1e3);
    json_put_count(&j, "threads", x->session.threads);
    json_put_text(&j, "blas_core", blas.core);
    json_put_text(&j, "blas_threading", blas.threading);
    json_put_text(&j, "products", products.library);
    json_put_text(&j, "precision", products.precision);
    json_put_number(&j, "peak_memory_mib", r->memory_mib);
    json_put_number(&j, "probe_ms", x->probe_s * 1e3);
    json_put_number(&j, "weights_file_ms", x->weights_s * 1e3);
    json_put_number(&j, "state_file_ms", x->state_s * 1e3);
    json_put_count(&j, "rounds", x->rounds);
    json_put_count(&j, "steps", x->n_steps);
    json_begin_object(&j, "parts_ms");
    for (int p = 0; p < PARTS; p++)
        json_put_number(&j, part_name(p),
                        1e3 * x->watch.part_s[p] / (double)x->n_steps);
    json_end(&j);
    json_end(&j);
    return json_write(stdout, &j, DIGITS, e);
}

static int open_product(struct bench *x, struct err *e)
{
    const struct train_options *o = &x->config->train;
    struct product_way way =
        products_way((enum products)o->products, (enum precision)o->precision);
    return ceiling_open(&x->product, CEILING_N, x->session.threads, way, e);
}

static int run(struct bench *x, bool is_json, struct err *e)
{
    if (session_open_shared(&x->session, x->config, true, &x->ranks, e) ||
        open_product(x, e) || ranks_agree(&x->ranks, false, e) ||
        same_job_check(&x->ranks, &x->session, e) || measure(x, e))
        return e->code;
    double memory = peak_mib();
    if (engine_take_states(&x->session.engine, true, e) ||
        !ranks_writes(&x->ranks))
        return e->code;
    if (measure_extras(x, e))
        return e->code;
    struct result r = {
        .ceiling = median(x->ceiling, x->rounds),
        .step_s = median(x->step_s, x->rounds),
        .utilisation = median(x->share, x->rounds),
        .memory_mib = memory,
    };
    r.tokens_per_s = session_tokens(x->config, 1) / r.step_s;
    r.flops = r.tokens_per_s * model_flops_per_token(&x->session.model,
                                                     x->config->model.context);
    if (is_json)
        return print_json(x, &r, e);
    print_people(x, &r);
    return OK;
}

int bench_run(const struct config *c, double seconds, bool is_json,
              struct err *e)
{
    struct bench *x = calloc(1, sizeof *x);
    if (!x)
        return err_memory(e, NULL);
    x->config = c;
    x->seconds = seconds;
    if (ranks_open(&x->ranks, "bench", e) == OK) {
        x->ranks.limit_s = c->train.wait_limit_s;
        run(x, is_json, e);
        ranks_agree(&x->ranks, false, e);
    }
    session_release(&x->session);
    ceiling_close(&x->product);
    ranks_close(&x->ranks, e);
    free(x);
    return e->code;
}
