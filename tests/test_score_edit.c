/* Score edits: against their formulas in double, row by row. What follows
 * from the formulas: test_score_edit_facts.c; gradients:
 * test_grad_score_edit.c. */
#include "edit_cases.h"
#include "gradcheck.h"
#include "harness.h"
#include "nn/attention/edits/score_edit.h"
#include "tiny.h"

#include <math.h>
#include <string.h>

#include "nn/visible.h"

enum { D_MAX = 6, T_MAX = 320 };

/* --- the formulas --------------------------------------------------------- */

static double log_sigmoid(double x)
{
    return x > 0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

static idx naive_bucket(idx n)
{
    if (n < 16)
        return idx_max(n, 0);
    return idx_min(31, 16 + (idx)floor(16 * log((double)n / 16) / log(8)));
}

/* *size: of what is added up. */
static double naive_txl(double *size, const struct edit_head *h, idx t, idx j)
{
    idx D = h->D, e = t > j ? t - j : j - t;
    const real *q = h->q + t * h->ld, *k = h->k + j * h->ld;
    const real *u = h->learned, *r = u + D + e * (D + 1);
    double sum = (double)r[D], terms = fabs(sum);
    for (idx d = 0; d < D; d++) {
        double by_key = (double)u[d] * (double)k[d];
        double by_query = (double)q[d] * (double)r[d];
        sum += by_key + by_query;
        terms += fabs(by_key) + fabs(by_query);
    }
    *size = (double)h->scale * terms;
    return (double)h->scale * sum;
}

static double naive_forget(const struct edit_head *h, idx t, idx j)
{
    double sum = 0;
    for (idx i = j + 1; i <= t; i++)
        sum += log_sigmoid((double)h->projected[i * h->ld_projected]);
    return sum;
}

/* *size: of what was added to the score, where its terms may cancel. */
static double naive_edit(double *size, const char *name, double s,
                         const struct edit_head *h, idx t, idx j)
{
    *size = 0;
    double e = fabs((double)(t - j));
    double cap = h->options->soft_cap;
    if (strcmp(name, "alibi") == 0)
        return s - e * pow(2, -8 * (double)(h->head + 1) / EDIT_HEADS);
    if (strcmp(name, "t5") == 0)
        return s + (double)h->learned[naive_bucket(t - j)];
    if (strcmp(name, "t5_study") == 0)
        return s + (double)naive_bucket(t - j);
    if (strcmp(name, "distance") == 0)
        return s + (double)h->learned[(idx)e];
    if (strcmp(name, "txl") == 0)
        return s + naive_txl(size, h, t, j);
    if (strcmp(name, "forget") == 0)
        return s + naive_forget(h, t, j);
    if (strcmp(name, "decay") == 0 && h->learned)
        return s + e * log_sigmoid((double)h->learned[0]);
    if (strcmp(name, "decay") == 0) /* tau = 4 * 256^(h / (H-1)) */
        return s - e / (4 * pow(256, (double)h->head / (EDIT_HEADS - 1)));
    if (strcmp(name, "cap") == 0)
        return cap * tanh(s / cap);
    fail_msg("%s: a new edit, give it a line here", name);
    return NAN;
}

static void check_keys(const struct edit_case *c, idx t, idx first, idx n)
{
    real s[T_MAX + 2], before[T_MAX + 2];
    struct edit_row row = { t, first, n };
    fill_normal(before, n + 2, 3, 5 + (uint64_t)t);
    memcpy(s, before, sizeof s);
    c->edit->forward(s + 1, &row, &c->h);
    assert_true(s[0] == before[0] && s[n + 1] == before[n + 1]);
    for (idx i = 0; i < n; i++) {
        double score = (double)before[i + 1], size;
        double want =
            naive_edit(&size, c->edit->text.name, score, &c->h, t, first + i);
        size = fmax(size, fabs(want - score)); /* what was added */
        assert_near((double)s[i + 1], want, 3e-6, fabs(score) + size);
    }
}

/* All of what query t sees, in two pieces or one. */
static void check_query(const struct edit_case *c, idx t)
{
    idx end = visible_end(&c->options, c->h.T, t), cut = end / 3;
    check_keys(c, t, 0, end);
    check_keys(c, t, cut, end - cut);
    if (cut)
        check_keys(c, t, 0, cut);
    check_keys(c, t, t, 1);
}

static void check_edit(const struct edit_setting *s, idx prefix, idx T, idx D)
{
    for (idx head = 0; head < EDIT_HEADS; head += EDIT_HEADS - 1) {
        struct edit_case c;
        edit_case_open(&c, s, head, prefix, T, D);
        idx jump = T > 100 ? 17 : 1;
        for (idx t = 0; t < T; t += jump) /* up and down: any order */
            check_query(&c, t);
        for (idx t = T - 1; t >= 0; t -= jump)
            check_query(&c, t);
        edit_case_close(&c);
    }
}

static void test_score_edit__is_its_formula(void **state)
{
    (void)state;
    static const idx lengths[] = { 1, 2, 3, 12, 13, 29, 64, 130, T_MAX };
    for (int i = 0; i < n_edit_settings; i++)
        for (int j = 0; j < COUNT_OF(lengths); j++)
            check_edit(&edit_settings[i], 0, lengths[j], j % D_MAX + 1);
}

static void test_score_edit__is_its_formula_behind_the_query(void **state)
{
    (void)state;
    for (int i = 0; i < n_edit_settings; i++) {
        struct edit_case c;
        edit_case_open(&c, &edit_settings[i], 0, 0, 2, 2);
        bool is_causal_only = c.edit->is_causal_only;
        edit_case_close(&c);
        if (is_causal_only)
            continue;
        for (idx T = 1; T < 40; T += 19)
            check_edit(&edit_settings[i], 7, T, 3);
        check_edit(&edit_settings[i], 100, 150, 3);
    }
}

/* --- the table ------------------------------------------------------------ */

static void test_score_edits__say_what_they_are(void **state)
{
    (void)state;
    for (idx i = 0; score_edits[i]; i++) {
        const struct op_text *t = &score_edits[i]->text;
        assert_true(t->name && t->key && t->formula && t->parameters &&
                    t->source && t->sinks);
        assert_null(strchr(t->name, ' '));
        assert_true(score_edits[i]->is_on && score_edits[i]->forward &&
                    score_edits[i]->backward);
        for (idx j = 0; j < i; j++)
            assert_string_not_equal(t->name, score_edits[j]->text.name);
        bool is_tested = false;
        for (int j = 0; j < n_edit_settings; j++)
            is_tested |= strcmp(edit_settings[j].name, t->name) == 0;
        assert_true(is_tested);
    }
}

static void test_score_edits__cap_comes_last(void **state)
{
    (void)state;
    const struct score_edit *on[SCORE_EDITS_MAX];
    for (int i = 0; i < n_edit_settings; i++) {
        for (int forget = FORGET_NONE; forget <= FORGET_FIXED; forget++) {
            struct model_options m = edit_model(&edit_settings[i], 8, 2);
            struct attention_options a =
                ATTENTION(.forget = forget, .soft_cap = 1);
            idx n = score_edits_of(
                on, &(struct model_spec){ .model = m, .attention = a });
            assert_int_equal(n, 1 + (m.position != POSITION_NONE) +
                                    (forget != FORGET_NONE));
            assert_string_equal(on[n - 1]->text.name, "cap");
        }
    }
}

static void test_score_edits__none_is_on_by_itself(void **state)
{
    (void)state;
    static const int positions[] = { POSITION_LEARNED, POSITION_ROPE,
                                     POSITION_NONE, POSITION_SINUSOID };
    const struct score_edit *on[SCORE_EDITS_MAX];
    struct attention_options a = ATTENTION();
    for (int i = 0; i < COUNT_OF(positions); i++) {
        struct edit_setting s = { "", positions[i], 0, 0 };
        struct model_options m = edit_model(&s, 8, 2);
        assert_int_equal(
            score_edits_of(on,
                           &(struct model_spec){ .model = m, .attention = a }),
            0);
    }
}

/* What is learned for a short sequence is the beginning of what is learned for
 * a long one: a model may read less than its context. */
static void test_score_edits__a_short_sequence_is_the_start(void **state)
{
    (void)state;
    for (int i = 0; i < n_edit_settings; i++) {
        struct edit_case c, d;
        edit_case_open(&c, &edit_settings[i], 1, 0, 20, 3);
        edit_case_open(&d, &edit_settings[i], 1, 0, 50, 3);
        for (idx t = 0; t < 20; t++) {
            real s[20] = { 0 }, u[20] = { 0 };
            struct edit_row row = { t, 0, t + 1 };
            c.edit->forward(s, &row, &c.h);
            d.edit->forward(u, &row, &d.h);
            for (idx j = 0; j <= t; j++)
                assert_close((double)s[j], (double)u[j], 1e-6);
        }
        edit_case_close(&c);
        edit_case_close(&d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_score_edit__is_its_formula),
        cmocka_unit_test(test_score_edit__is_its_formula_behind_the_query),
        cmocka_unit_test(test_score_edits__say_what_they_are),
        cmocka_unit_test(test_score_edits__cap_comes_last),
        cmocka_unit_test(test_score_edits__none_is_on_by_itself),
        cmocka_unit_test(test_score_edits__a_short_sequence_is_the_start),
    };
    return cmocka_run_group_tests_name("score_edit", tests, NULL, NULL);
}
