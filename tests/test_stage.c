/* Stages in whole models: what their tables promise, settings in which they do
 * nothing, no look ahead, the same bits for any number of threads. */
#include "harness.h"
#include "nn/model/stage.h"
#include "stage_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"

/* 300 rows and more: two tiles, whose border cuts a sequence. */
enum { B = 3, T = 100 };

static void check_table(const struct stage *const *table)
{
    idx n = 0;
    while (table[n])
        n++;
    assert_true(n <= STAGES_MAX);
    for (idx i = 0; i < n; i++) {
        const struct op_text *text = &table[i]->text;
        const char *all[] = { text->name,       text->key,    text->formula,
                              text->parameters, text->source, text->sinks };
        for (int j = 0; j < COUNT_OF(all); j++)
            assert_true(all[j] && all[j][0]);
        assert_null(strchr(text->name, ' '));
        assert_true(!table[i]->crosses_tiles ||
                    (i == 0 && table == stages_in && !table[i]->is_in_place));
        /* those between may all be off */
        for (idx j = i + 1; j < n; j++) {
            assert_false(table[i]->reads_out && table[j]->is_in_place);
            assert_string_not_equal(text->name, table[j]->text.name);
        }
    }
}

static void test_stage__tables_keep_their_rules(void **state)
{
    (void)state;
    check_table(stages_in);
    check_table(stages_out);
}

/* --- settings that do nothing --------------------------------------------- */

static real *find(const struct tiny *t, const char *name, idx *n)
{
    for (idx i = 0; i < t->m.table.count; i++)
        if (strcmp(t->m.table.rows[i].name, name) == 0) {
            *n = t->m.table.rows[i].n;
            return t->w + t->m.table.rows[i].offset;
        }
    return NULL;
}

/* Weights of the same name; the others stay. */
static void copy_weights(struct tiny *to, const struct tiny *from)
{
    for (idx i = 0; i < from->m.table.count; i++) {
        const struct param *p = &from->m.table.rows[i];
        idx n = 0;
        real *w = find(to, p->name, &n);
        if (!w)
            continue;
        assert_int_equal(n, p->n);
        memcpy(w, from->w + p->offset, (size_t)n * sizeof *w);
    }
}

static void set_all(struct tiny *t, const char *tensor, double value)
{
    for (idx l = 0; l < t->m.L; l++) {
        char name[PARAM_NAME_MAX];
        idx n = 0;
        snprintf(name, sizeof name, "block.%td.attention.%s", l, tensor);
        real *w = find(t, name, &n);
        assert_non_null(w);
        for (idx i = 0; i < n; i++)
            w[i] = (real)value;
    }
}

static struct attention_options plain(void)
{
    return ATTENTION();
}

static void open_plain(struct tiny *t, const struct attention_options *a,
                       idx heads)
{
    struct model_options o = tiny_options("gpt2", 3, 8, heads, T);
    tiny_open(t, &o, a, B, 7, 1, 10);
}

struct neutral {
    struct attention_options a;
    idx heads;
    const char *tensors[2]; /* all set to `value`; NULL: none */
    double value;
};

static void check_neutral(const struct neutral *n)
{
    struct tiny with, without;
    struct attention_options a = plain();
    open_plain(&with, &n->a, n->heads);
    open_plain(&without, &a, n->heads);
    copy_weights(&without, &with);
    for (int i = 0; i < COUNT_OF(n->tensors) && n->tensors[i]; i++)
        set_all(&with, n->tensors[i], n->value);
    double loss = tiny_loss(&with, B);
    double want = tiny_loss(&without, B);
    assert_true(loss == want);
    tiny_close(&with);
    tiny_close(&without);
}

static void test_stage__some_settings_do_nothing(void **state)
{
    (void)state;
    const struct neutral all[] = {
        { .a = ATTENTION(.gate = GATE_STATIC),
          .heads = 4,
          .tensors = { "gate" },
          .value = 100 },
        { .a = ATTENTION(.context_scale = true),
          .heads = 2,
          .tensors = { "context_scale.weight", "context_scale.bias" } },
        { .a = ATTENTION(.exclusive = true),
          .heads = 4,
          .tensors = { "exclusive.weight", "exclusive.bias" } },
        { .a = ATTENTION(.combine = COMBINE_ADD), .heads = 1 },
    };
    for (int i = 0; i < COUNT_OF(all); i++)
        check_neutral(&all[i]);
}

/* Untrained, a convolution is the identity. */
static void test_stage__convolution_starts_as_nothing(void **state)
{
    (void)state;
    struct tiny with, without;
    struct attention_options a = plain(), conv = a;
    struct model_options o = tiny_options("llama", 2, 8, 2, T);
    conv.conv = 4;
    tiny_open(&with, &o, &conv, B, 7, 1, 1);
    tiny_open(&without, &o, &a, B, 7, 1, 1);
    copy_weights(&with, &without);
    double loss = tiny_loss(&with, B);
    assert_true(loss == tiny_loss(&without, B));
    tiny_close(&with);
    tiny_close(&without);
}

/* The first block's values are its own, and so are all, if nothing of the first
 * is taken. */
static void test_stage__value_residual_leaves_the_first_block(void **state)
{
    (void)state;
    struct tiny with, without;
    struct attention_options a = plain(), residual = a;
    residual.value_residual = VALUE_RESIDUAL_LEARNED;
    open_plain(&with, &residual, 2);
    open_plain(&without, &a, 2);
    copy_weights(&without, &with);
    tiny_loss(&with, B);
    const struct block_acts *k = with.x.blocks;
    size_t bytes = (size_t)(with.x.M * with.m.W) * sizeof(real);
    assert_memory_equal(k[0].in[0], k[0].qkv, bytes);
    assert_memory_not_equal(k[1].in[0], k[1].qkv, bytes);
    for (idx l = 1; l < 3; l++) {
        char name[PARAM_NAME_MAX];
        idx n = 0;
        snprintf(name, sizeof name, "block.%td.attention.value_residual", l);
        real *share = find(&with, name, &n);
        assert_true(share && n == 2);
        share[0] = 0;
        share[1] = 1;
    }
    assert_true(tiny_loss(&with, B) == tiny_loss(&without, B));
    tiny_close(&with);
    tiny_close(&without);
}

/* lambda = 0: the second head of a pair does not matter, and the first goes
 * through the norm alone. */
static void test_stage__differential_of_lambda_0_is_its_first_head(void **state)
{
    (void)state;
    struct tiny t;
    struct attention_options a = plain();
    a.operation = OPERATION_DIFFERENTIAL;
    open_plain(&t, &a, 4);
    idx n = 0, D = t.m.D, C = t.m.C;
    double start = 0.8 - 0.6; /* of the first block */
    set_all(&t, "differential.gain", 1);
    set_all(&t, "lambda_q1", 0);
    set_all(&t, "lambda_q2", 1);
    set_all(&t, "lambda_k2", log(1 + start) / (double)D);
    tiny_loss(&t, B);
    size_t row_bytes = (size_t)C * sizeof(real);
    real *before = malloc((size_t)t.x.M * row_bytes);
    memcpy(before, t.x.blocks[0].out[0], (size_t)t.x.M * row_bytes);
    for (idx r = 0; r < t.x.M * t.m.views; r++) {
        const real *o = t.x.blocks[0].mixed + 2 * r * t.m.E;
        double square = 0;
        for (idx c = 0; c < t.m.E; c++)
            square += (double)(o[c] * o[c]) / (double)t.m.E;
        for (idx c = 0; c < t.m.E; c++)
            assert_near((double)before[r * t.m.E + c],
                        (1 - start) * (double)o[c] / sqrt(square + 1e-5), 1e-6,
                        1 - start); /* what is large in a normed row */
    }
    real *w = find(&t, "block.0.attention.qkv.weight", &n);
    for (idx h = 1; h < t.m.H; h += 2)
        for (idx i = 0; i < D * C; i++)
            w[h * D * C + i] = -w[h * D * C + i];
    tiny_loss(&t, B);
    for (idx i = 0; i < t.x.M * C; i++)
        assert_near((double)t.x.blocks[0].out[0][i], (double)before[i], 1e-6,
                    1 - start);
    free(before);
    tiny_close(&t);
}

/* --- all of them ---------------------------------------------------------- */

/* Other tokens from the middle of a sequence on change no earlier loss. */
static void test_stage__none_looks_ahead(void **state)
{
    (void)state;
    for (const struct stage_case *c = stage_cases; c->name; c++) {
        struct tiny t;
        stage_case_open(&t, c, B, T, 1, 0.4);
        idx M = t.x.M, S = t.x.S, first = S + t.m.R + T / 2;
        real *loss = malloc((size_t)M * sizeof *loss);
        tiny_loss(&t, B);
        memcpy(loss, t.x.loss, (size_t)M * sizeof *loss);
        for (idx i = T + T / 2; i < 2 * T; i++)
            t.batch.tokens[i] = (t.batch.tokens[i] + 1) % 7;
        tiny_loss(&t, B);
        for (idx r = 0; r < M; r++)
            if (r < first || r >= 2 * S)
                assert_true(t.x.loss[r] == loss[r]);
        assert_true(t.x.loss[first] != loss[first]);
        free(loss);
        tiny_close(&t);
    }
}

static void test_stage__threads_change_no_bit(void **state)
{
    (void)state;
    for (const struct stage_case *c = stage_cases; c->name; c++) {
        struct tiny one;
        stage_case_open(&one, c, B, T, 1, 0.4);
        double loss = tiny_backward(&one, 1);
        size_t bytes = (size_t)one.m.table.total * sizeof *one.dw;
        assert_true(isfinite(loss));
        for (int threads = 2; threads <= 4; threads += 2) {
            struct tiny t;
            stage_case_open(&t, c, B, T, threads, 0.4);
            assert_true(tiny_backward(&t, 1) == loss);
            assert_memory_equal(t.dw, one.dw, bytes);
            tiny_close(&t);
        }
        tiny_close(&one);
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(4, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stage__tables_keep_their_rules),
        cmocka_unit_test(test_stage__some_settings_do_nothing),
        cmocka_unit_test(test_stage__convolution_starts_as_nothing),
        cmocka_unit_test(test_stage__value_residual_leaves_the_first_block),
        cmocka_unit_test(
            test_stage__differential_of_lambda_0_is_its_first_head),
        cmocka_unit_test(test_stage__none_looks_ahead),
        cmocka_unit_test(test_stage__threads_change_no_bit),
    };
    return cmocka_run_group_tests_name("stage", tests, start, NULL);
}
