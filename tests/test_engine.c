/* The engine says what the model says, trains as the optimizer does, and gives
 * and takes its numbers. */
#include "engine/engine.h"
#include "harness.h"
#include "optim/optim.h"
#include "tiny.h"

#include <math.h>
#include <string.h>

enum { L = 2, C = 16, H = 2, B = 3, T = 11, V = 9 };

static struct optim_options adamw; /* main sets it */

/* A model with registers and a prefix, and an engine with its weights. */
struct both {
    struct tiny t;
    struct engine g;
};

static void open_both(struct both *x, const struct optim_options *o)
{
    struct model_options m = tiny_options("gpt2", L, C, H, T);
    struct attention_options a = ATTENTION(.registers = 2, .prefix = 4);
    struct engine_request r = { .B = B,
                                .T = T,
                                .seen_B = B,
                                .seen_T = T,
                                .reads =
                                    TAP_BIT(TAP_WEIGHTS) | TAP_BIT(TAP_D_V),
                                .writes = TAP_BIT(TAP_V),
                                .optim = o,
                                .threads = 2 };
    struct err e = { 0 };
    tiny_open(&x->t, &m, &a, B, V, 2, 20);
    assert_int_equal(engine_start(2, "threads", &e), OK);
    assert_int_equal(engine_open(&x->g, &x->t.m, &r, &e), OK);
    memcpy(engine_download(&x->g).weights, x->t.w,
           (size_t)x->t.m.table.total * sizeof *x->t.w);
    engine_upload(&x->g);
}

static void close_both(struct both *x)
{
    engine_release(&x->g);
    tiny_close(&x->t);
}

static void test_engine__loses_what_the_model_loses(void **state)
{
    (void)state;
    struct both x;
    open_both(&x, NULL);
    assert_int_equal(engine_download(&x.g).n_states, 0);
    for (idx n = 1; n <= B; n++) {
        struct batch part = batch_part(&x.t.batch, 0, n);
        double want = tiny_loss(&x.t, n), sum = 0;
        struct pass_loss got = engine_loss(&x.g, &part);
        assert_true(got.cross_entropy == want && got.objective == want);
        for (idx b = 0; b < n; b++)
            for (idx t = 0; t < T; t++) {
                double nats = (double)engine_losses(&x.g, b)[t];
                assert_int_equal(nats > 0, t >= 3);
                sum += nats;
            }
        assert_close(sum / batch_weight(&part), want, 1e-12);
    }
    close_both(&x);
}

/* Without targets that count there is nothing to lose. */
static void test_engine__loses_nothing_where_nothing_counts(void **state)
{
    (void)state;
    struct both x;
    open_both(&x, &adamw);
    for (idx i = 0; i < B * T; i++)
        x.t.batch.weights[i] = 0;
    struct pass_loss loss =
        engine_backward(&x.g, &x.t.batch, batch_total(&x.t.batch));
    assert_true(loss.cross_entropy == 0 && loss.objective == 0);
    assert_true(engine_grad_norm(&x.g) == 0);
    close_both(&x);
}

/* Two updates of two micro-batches each, the model and its optimizer by hand
 * beside them: same bits. */
static void test_engine__trains_as_its_parts_do(void **state)
{
    (void)state;
    struct both x;
    struct arena measure = { 0 }, arena = { 0 };
    struct optim s;
    struct err e = { 0 };
    open_both(&x, &adamw);
    size_t bytes = (size_t)x.t.m.table.total * sizeof(real);
    struct batch_total both = batch_total(&x.t.batch);
    both.weight *= 2;
    both.sequences *= 2;
    optim_plan(&s, &measure, &adamw, &x.t.m.table, 2);
    assert_int_equal(arena_open(&arena, measure.used_bytes, &e), OK);
    optim_plan(&s, &arena, &adamw, &x.t.m.table, 2);
    for (idx step = 1; step <= 2; step++) {
        for (int i = 0; i < 2; i++)
            assert_true(
                tiny_backward(&x.t, 2) ==
                2 * engine_backward(&x.g, &x.t.batch, both).cross_entropy);
        double norm = optim_grad_norm(&s, x.t.dw);
        assert_true(engine_grad_norm(&x.g) == norm);
        optim_step(&s, x.t.w, x.t.dw, step, 0.01, norm);
        engine_step(&x.g, step, 0.01, norm);
        struct engine_numbers n = engine_download(&x.g);
        assert_memory_equal(n.weights, x.t.w, bytes);
        assert_int_equal(n.n_states, s.n_states);
        for (idx k = 0; k < n.n_states; k++) {
            assert_string_equal(n.states[k].slot, s.states[k].slot);
            assert_string_equal(n.states[k].name, s.states[k].name);
            assert_int_equal(n.states[k].n, s.states[k].n);
            assert_memory_equal(n.states[k].values, s.states[k].values,
                                (size_t)s.states[k].n * sizeof(real));
        }
    }
    arena_release(&arena);
    close_both(&x);
}

static void count(void *context, const struct head_view *v)
{
    assert_in_range(v->worker, 0, 1); /* of two threads */
#pragma omp atomic
    ++*(int *)context;
}

static void test_engine__shows_what_the_model_shows(void **state)
{
    (void)state;
    struct both x;
    int heads = 0;
    struct observer observer = tiny_observer(count, &heads);
    open_both(&x, NULL);
    tiny_observe(&x.t, B, &observer);
    assert_int_equal(heads, L * B * H);
    engine_observe(&x.g, &x.t.batch, &observer);
    assert_int_equal(heads, 2 * L * B * H);
    for (idx depth = 0; depth <= L; depth++)
        for (idx b = 0; b < B; b++)
            assert_memory_equal(engine_hidden(&x.g, depth, b),
                                acts_hidden(&x.t.x, &x.t.m, depth, b),
                                T * C * sizeof(real));
    close_both(&x);
}

static void drop_first_value(void *context, const struct tap_slice *s)
{
    (void)context;
    for (idx i = 0; i < s->n; i++)
        s->x[s->registers * s->ld + i] = 0;
}

/* Until they are taken away again. */
static void test_engine__works_under_edits(void **state)
{
    (void)state;
    struct both x;
    real logits[2][B * V];
    const struct tap_edit edit = { TAP_V, -1, -1, drop_first_value, NULL };
    const struct edits edits = { &edit, 1 };
    struct err e = { 0 };
    open_both(&x, NULL);
    double plain = engine_loss(&x.g, &x.t.batch).cross_entropy;
    engine_logits(&x.g, &x.t.batch, T - 1, logits[0]);
    assert_int_equal(engine_edit(&x.g, &edit, 1, &e), OK);
    double want = model_forward_loss(&x.t.m, x.t.w, &x.t.x, &x.t.batch, &edits)
                      .cross_entropy;
    assert_true(engine_loss(&x.g, &x.t.batch).cross_entropy == want);
    assert_true(want != plain);
    engine_logits(&x.g, &x.t.batch, T - 1, logits[1]);
    assert_memory_not_equal(logits[0], logits[1], sizeof logits[0]);
    assert_int_equal(engine_edit(&x.g, NULL, 0, &e), OK);
    assert_true(engine_loss(&x.g, &x.t.batch).cross_entropy == plain);
    engine_logits(&x.g, &x.t.batch, T - 1, logits[1]);
    assert_memory_equal(logits[0], logits[1], sizeof logits[0]);
    close_both(&x);
}

static void sum_gradients(void *context, const struct head_view *v)
{
    double sum = 0;
    for (idx t = 0; v->dv && t < v->T; t++)
        for (idx i = 0; i < v->E; i++)
            sum += fabs((double)v->dv[t * v->ld_dqkv + i]);
#pragma omp critical
    *(double *)context += sum;
}

/* Looking at gradients between two updates changes neither. */
static void test_engine__observes_gradients_and_leaves_all_else(void **state)
{
    (void)state;
    struct both x, plain;
    double sum = 0;
    struct observer observer = { TAP_BIT(TAP_D_V), sum_gradients, NULL, &sum };
    open_both(&x, &adamw);
    open_both(&plain, &adamw);
    size_t bytes = (size_t)x.t.m.table.total * sizeof(real);
    struct batch_total of = batch_total(&x.t.batch);
    for (idx step = 1; step <= 3; step++) {
        double seen =
            engine_observe_gradients(&x.g, &x.t.batch, &observer).cross_entropy;
        assert_true(seen == engine_loss(&x.g, &x.t.batch).cross_entropy);
        assert_true(sum > 0);
        engine_backward(&x.g, &x.t.batch, of);
        engine_backward(&plain.g, &x.t.batch, of);
        double norm = engine_grad_norm(&x.g);
        assert_true(norm == engine_grad_norm(&plain.g));
        engine_step(&x.g, step, 0.01, norm);
        engine_step(&plain.g, step, 0.01, norm);
        assert_memory_equal(engine_download(&x.g).weights,
                            engine_download(&plain.g).weights, bytes);
    }
    close_both(&plain);
    close_both(&x);
}

static void test_engine__says_what_computes(void **state)
{
    (void)state;
    struct both x;
    open_both(&x, NULL);
    struct engine_library blas = engine_library();
    assert_true(blas.name && blas.core && blas.threading);
    assert_true(engine_threads() >= 1);
    close_both(&x);
}

int main(void)
{
    key_defaults(optim_keys, n_optim_keys, &adamw);
    adamw.lr = 1e-2;
    adamw.clip = 0.5;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine__loses_what_the_model_loses),
        cmocka_unit_test(test_engine__loses_nothing_where_nothing_counts),
        cmocka_unit_test(test_engine__trains_as_its_parts_do),
        cmocka_unit_test(test_engine__shows_what_the_model_shows),
        cmocka_unit_test(test_engine__works_under_edits),
        cmocka_unit_test(test_engine__observes_gradients_and_leaves_all_else),
        cmocka_unit_test(test_engine__says_what_computes),
    };
    return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
