/* Documents that are packed into one sequence and do not see each other: with
 * positions that restart, a model makes of each what it makes of it alone, and
 * gradients are right. In double. */
#include "combine.h"
#include "gradcheck.h"
#include "gradwalk.h"
#include "harness.h"
#include "kern/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { B = 2, T = 13, V = 7 };

/* The last document of a sequence goes on for longer than it holds. */
static const idx lengths[] = { 4, 1, 8 };

/* What tells positions: by a table or an angle, which restart; by distances;
 * not at all. */
static const char *const packed[] = {
    "model.position=learned",
    "model.position=sinusoid",
    "model.position=rope",
    "model.position=alibi",
    "model.position=t5",
    "model.position=txl",
    "model.position=distance",
    "model.position=none",
    "model.position=learned attention.registers=2",
    "model.position=sinusoid attention.registers=1 attention.bias=key",
    "model.position=rope attention.registers=3",
    "model.position=rope attention.weights=stick_breaking attention.window=3",
    "model.position=rope attention.weights=sigmoid "
    "attention.sigmoid_bias=length",
    "model.position=learned attention.forget=input attention.group=20",
    "model.position=rope attention.operation=differential",
    "model.position=rope model.heads=4 attention.kv_heads=2",
};

static void open_packed(struct tiny *t, const char *settings)
{
    struct combination c;
    char copy[256], *rest = copy;
    combine_defaults(&c, T);
    snprintf(copy, sizeof copy, "%s", settings);
    for (char *s; (s = strtok_r(rest, " ", &rest));)
        combine_set(&c, s);
    combine_set(&c, "attention.documents=within");
    tiny_open_spec(t, &c.spec, B, V, 1, 1);
    struct rng r = rng_open(8, RNG_TEST, 0, 0);
    for (idx k = 0; k < t->m.table.count; k++) {
        const struct param *p = &t->m.table.rows[k];
        for (idx j = 0; j < p->n; j++)
            t->w[p->offset + j] += (real)(0.3 * rng_normal(&r));
    }
}

/* A batch of its own beside the model's: rules with positions that restart. */
struct own {
    struct batch b;
    struct arena arena;
};

static void plan_own(struct own *o, const struct model *m, idx rows, idx tokens)
{
    struct arena measure = { 0 };
    struct err e = { 0 };
    struct batch_rules rules = model_batch_rules(m, tokens);
    rules.restarts_positions = true;
    *o = (struct own){ 0 };
    batch_plan(&o->b, &measure, rows, tokens, &rules);
    assert_int_equal(arena_open(&o->arena, measure.used_bytes, &e), OK);
    batch_plan(&o->b, &o->arena, rows, tokens, &rules);
}

/* Random tokens, targets and weights. */
static void fill_packed(struct own *o, const struct model *m)
{
    plan_own(o, m, B, T);
    struct rng r = rng_open(9, RNG_TEST, 0, 0);
    for (idx i = 0; i < B * T; i++) {
        o->b.tokens[i] = (int32_t)rng_below(&r, V);
        o->b.targets[i] = (int32_t)rng_below(&r, V);
        o->b.weights[i] = (real)(0.5 * (double)rng_below(&r, 4));
        idx start = 0;
        for (int d = 0; start + lengths[d] <= i % T; d++)
            start += lengths[d];
        o->b.documents[i] = (int32_t)start;
    }
    batch_mark(&o->b);
}

/* One document of all sequences, in sequences as long as it. */
static void fill_alone(struct own *o, const struct own *all,
                       const struct model *m, idx start, idx length)
{
    plan_own(o, m, B, length);
    for (idx b = 0; b < B; b++)
        for (idx t = 0; t < length; t++) {
            idx to = b * length + t, from = b * T + start + t;
            o->b.tokens[to] = all->b.tokens[from];
            o->b.targets[to] = all->b.targets[from];
            o->b.weights[to] = all->b.weights[from];
        }
    batch_mark(&o->b);
}

static void check_document(struct tiny *t, const char *what,
                           const struct own *all, idx start, idx length)
{
    struct own alone;
    const struct acts_request room = {
        .B = B, .T = length, .threads = 1, .is_training = true
    };
    struct acts x;
    struct arena arena = { 0 };
    struct err e = { 0 };
    idx C = t->m.C;
    fill_alone(&alone, all, &t->m, start, length);
    assert_int_equal(acts_open(&x, &arena, &t->m, &room, &e), OK);
    model_backward_loss(&t->m, t->w, t->dw, &x, &alone.b, batch_total(&all->b));
    for (idx b = 0; b < B; b++)
        for (idx i = 0; i < length; i++) {
            double got = (double)acts_losses(&t->x, &t->m, b)[start + i];
            double want = (double)acts_losses(&x, &t->m, b)[i];
            if (!(fabs(got - want) <= 1e-12))
                fail_msg("%s: document at %td, token %td: %.15g, alone %.15g",
                         what, start, i, got, want);
            const real *row =
                acts_hidden(&t->x, &t->m, t->m.L, b) + (start + i) * C;
            const real *row_alone = acts_hidden(&x, &t->m, t->m.L, b) + i * C;
            /* Rounding is that of what is added up, as large as the row: a
             * number near 0 is what is left of it */
            double size = 0;
            for (idx c = 0; c < C; c++)
                size = fmax(size, fabs((double)row_alone[c]));
            for (idx c = 0; c < C; c++)
                test_near((double)row[c], (double)row_alone[c], 1e-12, size,
                          __FILE__, __LINE__);
        }
    arena_release(&arena);
    arena_release(&alone.arena);
}

/* Losses and last hidden states of each, and the gradients of all together. */
static void test_documents__packed_are_as_if_alone(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(packed); i++) {
        struct own all;
        struct tiny t;
        open_packed(&t, packed[i]);
        fill_packed(&all, &t.m);
        idx n = t.m.table.total, start = 0;
        model_backward_loss(&t.m, t.w, t.dw, &t.x, &all.b, batch_total(&all.b));
        real *together = calloc((size_t)n, sizeof *together);
        assert_non_null(together);
        memcpy(together, t.dw, (size_t)n * sizeof *together);
        memset(t.dw, 0, (size_t)n * sizeof *t.dw);
        for (int d = 0; d < COUNT_OF(lengths); start += lengths[d++])
            check_document(&t, packed[i], &all, start, lengths[d]);
        assert_int_equal(start, T);
        for (idx k = 0; k < t.m.table.count; k++) {
            const struct param *p = &t.m.table.rows[k];
            double largest = 1e-3;
            for (idx j = p->offset; j < p->offset + p->n; j++)
                largest = fmax(largest, fabs((double)together[j]));
            for (idx j = p->offset; j < p->offset + p->n; j++)
                assert_near(t.dw[j], together[j], 1e-12, largest);
        }
        free(together);
        arena_release(&all.arena);
        tiny_close(&t);
    }
}

static void test_documents__gradient_matches_differences(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(packed); i++) {
        char failed[WALK_TEXT_MAX];
        struct own all;
        struct tiny t;
        open_packed(&t, packed[i]);
        fill_packed(&all, &t.m);
        t.batch = all.b;
        tiny_backward(&t, 1);
        if (walk_entries(&t, failed))
            walk_fail(packed[i], failed);
        arena_release(&all.arena);
        tiny_close(&t);
    }
}

/* Documents may also be seen across while positions restart; and hidden while
 * positions go on. Neither is what the other gives, but for angles, of which
 * differences alone count: they restart where one document sees another. */
static void test_documents__hiding_and_positions_are_two_things(void **state)
{
    (void)state;
    static const char *const positions[] = { "model.position=learned",
                                             "model.position=sinusoid",
                                             "model.position=rope" };
    for (int i = 0; i < COUNT_OF(positions); i++) {
        double loss[2][2];
        for (int within = 0; within <= 1; within++)
            for (int restarts = 0; restarts <= 1; restarts++) {
                struct own all;
                struct tiny t;
                open_packed(&t, positions[i]);
                fill_packed(&all, &t.m);
                t.batch = all.b;
                if (!restarts)
                    t.batch.positions = NULL;
                if (!within)
                    for (idx l = 0; l < t.m.L; l++)
                        t.m.blocks[l].attention.documents = DOCUMENTS_ACROSS;
                loss[within][restarts] = tiny_loss(&t, B);
                arena_release(&all.arena);
                tiny_close(&t);
            }
        bool is_relative = strstr(positions[i], "rope");
        assert_true(fabs(loss[0][0] - loss[0][1]) > 1e-4);
        assert_true(fabs(loss[0][0] - loss[1][0]) > 1e-4);
        assert_true(fabs(loss[0][1] - loss[1][1]) > 1e-4);
        if (is_relative)
            assert_close(loss[1][0], loss[1][1], 1e-12);
        else
            assert_true(fabs(loss[1][0] - loss[1][1]) > 1e-4);
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents__packed_are_as_if_alone),
        cmocka_unit_test(test_documents__gradient_matches_differences),
        cmocka_unit_test(test_documents__hiding_and_positions_are_two_things),
    };
    return cmocka_run_group_tests_name("grad_documents", tests, start, NULL);
}
