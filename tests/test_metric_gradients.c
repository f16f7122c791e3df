/* Where gradients gather: by hand on rows of known norms, and the meter against
 * one sequence at a time, whatever the passes they are in. */
#include "harness.h"
#include "metric/meter.h"
#include "metric/metric_table.h"
#include "metric_case.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/gemm.h"

/* Two passes, the second of two sequences: other factors of the mean loss. */
enum { L = 2, H = 2, C = 12, D = C / H, V = 20, T = 24, N = 87 };

static struct sink_options sinks; /* main sets them */
static struct metrics_options metrics;

static const struct metric *named(const char *name)
{
    for (idx i = 0; metric_at(i); i++)
        if (strcmp(metric_at(i)->text.name, name) == 0)
            return metric_at(i);
    fail_msg("no metric %s", name);
    return NULL;
}

static void test_gradients__of_known_norms(void **state)
{
    (void)state;
    const real x[] = { 30, 40, 0, 3, -4, 0, 0, 5, 6, 8 }; /* 50 3 4 ... */
    double room[5];
    struct ratio r[5] = { { 0 } }, none[5];
    struct metric_rows v = { .x = x, .rows = 5, .n = 2, .room = room };
    /* norms 50, 3, 4, 5, 10: their mean 14.4, the others' median 4.5 */
    named("grad_hidden")->of_rows(r, &v);
    for (int i = 0; i < 5; i++)
        assert_close(r[i].top / r[i].bottom,
                     ((double[]){ 50, 3, 4, 5, 10 })[i] / 14.4, 1e-12);
    named("grad_hidden_ratio")->of_rows(r, &v);
    assert_close(r[0].top / r[0].bottom, 50 / 4.5, 1e-12);
    /* where nothing counts, nothing is there */
    const real nothing[10] = { 0 };
    for (int i = 0; i < 5; i++)
        none[i] = (struct ratio){ .is_none = true };
    v.x = nothing;
    named("grad_hidden")->of_rows(none, &v);
    named("grad_hidden_ratio")->of_rows(none, &v);
    for (int i = 0; i < 5; i++)
        assert_true(none[i].is_none);
    /* nor where the median has no gradient, as behind loss.to */
    const real half[10] = { 30, 40, 0, 3 };
    v.x = half;
    named("grad_hidden_ratio")->of_rows(none, &v);
    assert_true(none[0].is_none);
}

/* The last of them has no target, so that nothing may flow back to it. */
static void test_gradients__have_no_median_of_the_last_token(void **state)
{
    static const char *const names[] = { "grad_hidden_ratio", "grad_key_ratio",
                                         "grad_value_ratio" };
    (void)state;
    for (int i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(named(names[i])->least_rows, 3);
}

/* Norms of one sequence, from a pass of its own. */
struct norms {
    double hidden[L + 1][T], key[L][H][T], value[L][H][T];
};

static void take(double *norms, const real *x, idx n, idx ld)
{
    for (idx t = 0; t < T; t++) {
        double square = 0;
        for (idx i = 0; i < n; i++)
            square += (double)x[t * ld + i] * (double)x[t * ld + i];
        norms[t] = sqrt(square);
    }
}

static void see_rows(void *context, const struct tap_rows *r)
{
    struct norms *n = context;
    take(n->hidden[r->layer], r->x, C, C);
}

static void see_head(void *context, const struct head_view *v)
{
    struct norms *n = context;
    take(n->key[v->layer][v->head], v->dk, D, v->ld_dqkv);
    take(n->value[v->layer][v->head], v->dv, D, v->ld_dqkv);
}

static double mean_of(const double *x)
{
    double sum = 0;
    for (idx t = 0; t < T; t++)
        sum += x[t];
    return sum / T;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of_rest(const double *x)
{
    double rest[T - 1];
    memcpy(rest, x + 1, sizeof rest);
    qsort(rest, T - 1, sizeof *rest, by_size);
    return rest[(T - 1) / 2];
}

static void check(const struct meter *m, const char *name, const char *ratio,
                  idx places, const double (*sum)[T], const double *medians)
{
    const struct meter_column *all = find_column(m, name);
    const struct meter_column *first = find_column(m, ratio);
    assert_non_null(all);
    assert_non_null(first);
    assert_int_equal(all->n, places * T);
    assert_int_equal(first->n, places);
    for (idx i = 0; i < places; i++) {
        assert_close(first->value[i], sum[i][0] / medians[i], 1e-4);
        for (idx t = 0; t < T; t++)
            assert_near(all->value[i * T + t], sum[i][t] / N, 1e-4, 1);
    }
}

static void test_gradients__are_those_of_single_sequences(void **state)
{
    (void)state;
    enum { PLACES = 2 * L * H + L + 1 };
    static double sum[PLACES][T], medians[PLACES];
    struct model_options o = tiny_options("llama", L, C, H, T);
    struct attention_options a = ATTENTION(.registers = 1);
    struct metric_choice choice = { &sinks, &metrics };
    struct engine_request r = { .B = 1, .T = T, .threads = 2 };
    struct rng rng = rng_open(3, RNG_TEST, 0, 0);
    struct engine engine;
    struct meter meter;
    struct tiny t;
    struct err e = { 0 };
    tiny_open(&t, &o, &a, 1, V, 2, 25);
    r.reads = meter_reads(&choice);
    meter_shape(&r.seen_B, &r.seen_T, &t.m.spec.model, &sinks, N);
    assert_true(r.seen_B < N);
    struct batch_rules rules = model_batch_rules(&t.m, T);
    assert_int_equal(engine_start(2, "threads", &e), OK);
    assert_int_equal(engine_open(&engine, &t.m, &r, &e), OK);
    assert_int_equal(meter_open(&meter, &engine, &choice, N, &rules, &e), OK);
    memcpy(engine_download(&engine).weights, t.w,
           (size_t)t.m.table.total * sizeof *t.w);
    engine_upload(&engine);
    for (idx i = 0; i < N * T; i++) {
        meter.batch.tokens[i] = (int32_t)rng_below(&rng, V);
        meter.batch.targets[i] = (int32_t)rng_below(&rng, V);
        meter.batch.weights[i] = 0; /* as a source leaves it */
    }
    batch_mark(&meter.batch);
    for (idx s = 0; s < N; s++) {
        struct norms n;
        struct batch one = batch_part(&meter.batch, s, 1);
        for (idx k = 0; k < T; k++) /* the last has none behind it */
            one.weights[k] = k < T - 1;
        struct observer observer = { r.reads & TAPS_OF_GRADIENTS, see_head,
                                     see_rows, &n };
        model_observe_gradients(&t.m, t.w, t.dw, &t.x, &one, &observer);
        const double *all = &n.hidden[0][0];
        for (idx i = 0; i < PLACES; i++, all += T) {
            medians[i] += median_of_rest(all) / mean_of(all);
            for (idx k = 0; k < T; k++)
                sum[i][k] += all[k] / mean_of(all);
        }
    }
    memset(meter.batch.weights, 0, N * T * sizeof *meter.batch.weights);
    meter_run(&meter);
    check(&meter, "grad_hidden", "grad_hidden_ratio", L + 1, sum, medians);
    check(&meter, "grad_key", "grad_key_ratio", L * H, sum + L + 1,
          medians + L + 1);
    check(&meter, "grad_value", "grad_value_ratio", L * H, sum + L + 1 + L * H,
          medians + L + 1 + L * H);
    meter_release(&meter);
    engine_release(&engine);
    tiny_close(&t);
}

static int start(void **state)
{
    (void)state;
    key_defaults(sink_keys, n_sink_keys, &sinks);
    key_defaults(metrics_keys, n_metrics_keys, &metrics);
    sinks.tokens = T;
    key_copy_text(metrics.names, "grad_*, sink_1");
    return gemm_start(2, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients__of_known_norms),
        cmocka_unit_test(test_gradients__have_no_median_of_the_last_token),
        cmocka_unit_test(test_gradients__are_those_of_single_sequences),
    };
    return cmocka_run_group_tests_name("metric_gradients", tests, start, NULL);
}
