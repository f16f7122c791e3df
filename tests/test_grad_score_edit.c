/* Score edits within whole attention heads: backward against central
 * differences, 1e-7, for every edit with every rule of what a query sees. */
#include "edit_cases.h"
#include "gradcheck.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "nn/attention/attention.h"

static const double BOUND = 1e-7;

enum { HEAD = 2, GAP = 2 }; /* the head is a shifted one */

/* Several at once, in the order they are applied. */
static const struct edit_setting stacks[] = {
    { "alibi, cap", POSITION_ALIBI, 0, 2 },
    { "t5, forget, cap", POSITION_T5, FORGET_INPUT, 3 },
    { "txl, decay, cap", POSITION_TXL, FORGET_LEARNED, 3 },
    { "txl, forget", POSITION_TXL, FORGET_INPUT, 0 },
};

static idx n_settings(void)
{
    return n_edit_settings + COUNT_OF(stacks);
}

static const struct edit_setting *setting(idx i)
{
    return i < n_edit_settings ? &edit_settings[i]
                               : &stacks[i - n_edit_settings];
}

static const struct sight {
    const char *name;
    idx registers, window, prefix, group, globals;
    bool has_documents;
} sights[] = {
    { "all", 0, 0, 0, 0, 0, false },
    { "window", 0, 5, 0, 0, 0, false },
    { "prefix", 0, 0, 20, 0, 0, false },
    { "window, prefix", 0, 4, 3, 0, 0, false },
    { "groups", 0, 0, 0, 6, 0, false },
    { "groups, globals", 0, 0, 0, 6, 2, false },
    { "groups, globals, prefix", 0, 3, 4, 6, 1, false },
    { "registers", 2, 0, 0, 0, 0, false },
    { "registers, window", 2, 3, 0, 0, 0, false },
    { "registers, prefix", 2, 0, 4, 0, 0, false },
    { "documents", 0, 0, 0, 0, 0, true },
    { "documents, registers, window", 1, 4, 0, 0, 0, true },
};

struct whole_case {
    struct attention at;
    idx n[SCORE_EDITS_MAX];
    real *qkv, *column, *g, *scratch; /* qkv (T,ld), g (T,D) */
    real *learned[SCORE_EDITS_MAX], *side;
    int32_t *documents; /* or NULL */
};

static idx row_of(const struct whole_case *c)
{
    return 3 * (c->at.D + GAP);
}

static struct head head_of(const struct whole_case *c)
{
    idx part = c->at.D + GAP;
    struct head head = { .number = HEAD,
                         .q = c->qkv,
                         .k = c->qkv + part,
                         .v = c->qkv + 2 * part,
                         .ld_qkv = row_of(c),
                         .ld_o = c->at.D,
                         .documents = c->documents };
    if (c->at.n_extra)
        head.column_key = c->column;
    for (idx i = 0; i < c->at.n_edits; i++) {
        head.edit_learned[i] = c->n[i] ? c->learned[i] : NULL;
        if (c->at.edits[i]->projection.name)
            head.edit_projected[i] = c->side + HEAD;
        head.ld_projected[i] = EDIT_HEADS;
    }
    return head;
}

static double value_of(void *context)
{
    struct whole_case *c = context;
    idx n = c->at.T * c->at.D;
    struct head head = head_of(c);
    real o[400];
    double sum = 0;
    attention_forward(&c->at, o, &head, NULL, c->scratch);
    for (idx i = 0; i < n; i++)
        sum += (double)(o[i] * c->g[i]);
    return sum;
}

static void open_case(struct whole_case *c, const struct edit_setting *edit,
                      const struct sight *sight, int bias, idx T, idx D)
{
    struct model_options m = edit_model(edit, T, D);
    struct attention_options a = edit_attention(edit);
    a.bias = bias;
    a.registers = sight->registers;
    a.window = sight->window;
    a.prefix = sight->prefix;
    a.group = sight->group;
    a.group_shift = sight->group > 0;
    a.group_globals = sight->globals;
    *c = (struct whole_case){
        .at = attention_of(&(struct model_spec){ .model = m, .attention = a },
                           T, D)
    };
    assert_true(c->at.n_edits > 0);
    assert_true(T * D <= 400);
    c->qkv = normal_numbers(T * row_of(c), 1, 1);
    c->column = normal_numbers(D, 1, 2);
    c->g = normal_numbers(T * D, 1, 3);
    c->side = normal_numbers(T * EDIT_HEADS, 2, 4);
    c->scratch =
        normal_numbers(attention_scratch(&c->at), 1, 5); /* not clean */
    for (idx i = 0; i < c->at.n_edits; i++) {
        const struct score_edit *e = c->at.edits[i];
        c->n[i] = e->n_learned ? e->n_learned(&a, T + 4, D) : 0;
        c->learned[i] = normal_numbers(c->n[i], 0.7, 6 + (uint64_t)i);
    }
    if (!sight->has_documents)
        return;
    c->documents = calloc((size_t)T, sizeof *c->documents);
    for (idx t = 0; t < T; t++)
        c->documents[t] = t < 4 ? 0 : (int32_t)(4 + (t - 4) / 9 * 9);
}

static void close_case(struct whole_case *c)
{
    free(c->qkv), free(c->column), free(c->g);
    free(c->side), free(c->scratch), free(c->documents);
    for (idx i = 0; i < c->at.n_edits; i++)
        free(c->learned[i]);
}

static void check_side(const char *what, struct whole_case *c,
                       const real *dside)
{
    for (idx t = 0; t < c->at.T; t++)
        for (idx h = 0; h < EDIT_HEADS; h++) {
            idx i = t * EDIT_HEADS + h;
            if (h != HEAD)
                assert_true(dside[i] == 0);
            else
                check_gradient(what, value_of, c, c->side + i, dside + i, 1,
                               BOUND, 1);
        }
}

static void check_case(const char *what, struct whole_case *c)
{
    idx T = c->at.T, D = c->at.D, part = D + GAP, n = T * row_of(c);
    real *d = calloc((size_t)n, sizeof *d);
    real *dcolumn = calloc((size_t)D, sizeof *d);
    real *dside = calloc((size_t)(T * EDIT_HEADS), sizeof *d);
    struct head head = head_of(c);
    struct head_grads grads = {
        .dq = d, .dk = d + part, .dv = d + 2 * part, .column_key = dcolumn
    };
    bool has_side = false;
    for (idx i = 0; i < c->at.n_edits; i++) {
        if (c->n[i])
            grads.edit_learned[i] = calloc((size_t)c->n[i], sizeof *d);
        if (c->at.edits[i]->projection.name) {
            grads.edit_projected[i] = dside + HEAD;
            has_side = true;
        }
    }
    attention_backward(&c->at, &grads, c->g, &head, c->scratch);
    check_gradient(what, value_of, c, c->qkv, d, n, BOUND, 1);
    if (c->at.n_extra)
        check_gradient(what, value_of, c, c->column, dcolumn, D, BOUND, 1);
    if (has_side)
        check_side(what, c, dside);
    for (idx i = 0; i < c->at.n_edits; i++) {
        check_gradient(what, value_of, c, c->learned[i], grads.edit_learned[i],
                       c->n[i], BOUND, 1);
        free(grads.edit_learned[i]);
    }
    free(d), free(dcolumn), free(dside);
}

static bool is_causal_only(const struct whole_case *c)
{
    for (idx i = 0; i < c->at.n_edits; i++)
        if (c->at.edits[i]->is_causal_only)
            return true;
    return false;
}

static void check_all(int bias, idx T, idx D)
{
    for (idx e = 0; e < n_settings(); e++) {
        for (int s = 0; s < COUNT_OF(sights); s++) {
            struct whole_case c;
            char what[120];
            if (sights[s].registers >= T)
                continue;
            open_case(&c, setting(e), &sights[s], bias, T, D);
            snprintf(what, sizeof what, "%s; %s; extra %d, T %td",
                     setting(e)->name, sights[s].name, bias, T);
            if (!sights[s].prefix || !is_causal_only(&c))
                check_case(what, &c);
            close_case(&c);
        }
    }
}

static void test_score_edit__one_and_two_tokens(void **state)
{
    (void)state;
    for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++)
        for (idx T = 1; T <= 3; T++)
            check_all(bias, T, 2);
}

/* Ragged against strips of 12 and tiles of 24 queries, several of each. */
static void test_score_edit__ragged(void **state)
{
    (void)state;
    check_all(BIAS_NONE, 29, 3);
    check_all(BIAS_KEY, 17, 4);
}

/* Buckets of t5 that several distances share, many blocks of txl. */
static void test_score_edit__long(void **state)
{
    (void)state;
    for (idx e = 0; e < n_settings(); e++) {
        struct whole_case c;
        open_case(&c, setting(e), &sights[0], BIAS_NONE, 61, 1);
        check_case(setting(e)->name, &c);
        close_case(&c);
    }
}

/* Heads of one key add to its gradient; what edits add comes on top. */
static void test_score_edit__adds_to_a_shared_key(void **state)
{
    (void)state;
    enum { T = 29, D = 3, PART = D + GAP, N = T * 3 * PART };
    static real one[N], two[N], dside[2][T * EDIT_HEADS];
    static real dlearned[2][SCORE_EDITS_MAX][400];
    for (idx e = 0; e < n_settings(); e++) {
        struct whole_case c;
        open_case(&c, setting(e), &sights[0], BIAS_NONE, T, D);
        struct head head = head_of(&c);
        for (int i = 0; i < 2; i++) {
            real *d = i ? two : one;
            struct head_grads g = { .dq = d,
                                    .dk = d + PART,
                                    .dv = d + 2 * PART,
                                    .adds_k = i == 1,
                                    .adds_v = i == 1 };
            memset(dlearned, 0, sizeof dlearned);
            for (idx j = 0; j < c.at.n_edits; j++) {
                assert_true(c.n[j] <= 400);
                g.edit_learned[j] = c.n[j] ? dlearned[i][j] : NULL;
                if (c.at.edits[j]->projection.name)
                    g.edit_projected[j] = dside[i] + HEAD;
            }
            fill_normal(d, N, 1, 9);
            attention_backward(&c.at, &g, c.g, &head, c.scratch);
        }
        real before[N];
        fill_normal(before, N, 1, 9);
        for (idx i = 0; i < N; i++) {
            idx part = i % (3 * PART) / PART, d = i % PART;
            if (d >= D) /* not ours */
                assert_true(one[i] == before[i] && two[i] == before[i]);
            else
                assert_close((double)two[i],
                             (double)(one[i] + (part ? before[i] : 0)), 1e-12);
        }
        close_case(&c);
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
        cmocka_unit_test(test_score_edit__one_and_two_tokens),
        cmocka_unit_test(test_score_edit__ragged),
        cmocka_unit_test(test_score_edit__long),
        cmocka_unit_test(test_score_edit__adds_to_a_shared_key),
    };
    return cmocka_run_group_tests_name("grad_score_edit", tests, start, NULL);
}
