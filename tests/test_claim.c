/* The grammar of [claims]: every form, every mistake and its sentence, and what
 * no run of the sweep can answer. */
#include "harness.h"
#include "sweep_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/fsys.h"

static const struct claim *read_claim(const char *line)
{
    char text[4096];
    struct err e = { 0 };
    snprintf(text, sizeof text, "[axes]\nrun.seed = 1, 2\n[claims]\n%s\n",
             line);
    if (sweep_case_read(text, NULL, 0, &e))
        fail_msg("%s: %s", line, e.text);
    assert_int_equal(case_file.n_claims, 1);
    return &case_file.claims[0];
}

static void test_claim__every_form_is_read(void **state)
{
    (void)state;
    const struct claim *c = read_claim(
        "expect = sink_1(attention.weights=sigmoid, optim.lr=1e-3) < "
        "sink_1@200(attention.weights = softmax)");
    char keys[CLAIM_TEXT_MAX];
    assert_int_equal(c->kind, CLAIM_LESS);
    assert_true(c->has_b && c->a.n == 2 && c->b.n == 1);
    assert_string_equal(c->a.column, "sink_1");
    assert_string_equal(claim_side_keys(keys, &c->a),
                        "attention.weights=sigmoid, optim.lr=0.001");
    assert_true(isnan(c->a.step) && c->b.step == 200);
    assert_int_equal(c->at.line, 4);
    c = read_claim("expect = value_ratio rises as model.layers rises");
    assert_int_equal(c->kind, CLAIM_RISES);
    assert_string_equal(c->key.key->name, "layers");
    assert_true(claim_is_trend(c) && c->a.n == 0);
    c = read_claim("expect = sink_1 falls  as optim.lr  rises");
    assert_int_equal(c->kind, CLAIM_FALLS);
    c = read_claim("expect = sink_1(attention.window=16) stays under 5 %");
    assert_int_equal(c->kind, CLAIM_UNDER);
    assert_true(!c->has_b && c->number == 0.05);
    c = read_claim("expect = sink_1@10 stays over 5%");
    assert_true(c->kind == CLAIM_OVER && c->a.step == 10);
    c = read_claim("expect = formation(optim.lr=1e-3) later than\n"
                   "    formation(optim.lr=1e-2)");
    assert_true(c->kind == CLAIM_MORE && c->a.is_formation && c->has_b);
    assert_string_equal(c->text, "formation(optim.lr=1e-3) later than "
                                 "formation(optim.lr=1e-2)");
    c = read_claim("expect = sink_1@end rises as train.steps rises");
    assert_true(claim_side_at_end(&c->a) && claim_is_trend(c));
    c = read_claim("expect = sink_1@20(train.steps=20) < "
                   "sink_1@end(train.steps=40)");
    assert_true(c->a.step == 20 && claim_side_at_end(&c->b));
    c = read_claim("expect = formation:first_mass earlier than 400");
    assert_true(c->kind == CLAIM_LESS && !c->has_b && c->number == 400);
    assert_string_equal(c->a.column, "first_mass");
    c = read_claim("expect = val_loss(model.width=32)=val_loss(model.width=64)"
                   "within 0.1");
    assert_true(c->kind == CLAIM_SAME && c->has_b && c->number == 0.1);
    c = read_claim("expect = sink_1>0.5");
    assert_true(c->kind == CLAIM_MORE && c->number == 0.5);
    sweep_case_release();
}

static void test_claim__mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *line, *want;
    } cases[] = {
        { "expect = sinc_1 < 1",
          "no run has a metric sinc_1, did you mean sink_1?" },
        { "expect = snk_2 < 1", "did you mean sink_2?" },
        { "expect = zzzzzzzzzz < 1",
          "no run has a metric 'zzzzzzzzzz': `sinklab list metric`" },
        { "expect = step < 1", "got step, which says how far" },
        { "expect = tokens_per_s > 1", "got tokens_per_s, which says how far" },
        { "expect = sink_1", "got '': want METRIC" },
        { "expect = < 1", "got no metric: want METRIC" },
        { "expect = sink_1 <= 1", "got '<= 1': want <, for" },
        { "expect = sink_1 >= 1", "got '>= 1': want >, for" },
        { "expect = sink_1 fall as optim.lr rises",
          "did you mean METRIC falls as section.key rises?" },
        { "expect = sink_1 stay under 1",
          "did you mean METRIC stays under (over) NUMBER?" },
        { "expect = first_mass stays under 5",
          "got '5', and first_mass is a share, which lies in 0 to 1: did you "
          "mean 5 %?" },
        { "expect = sink_1 > -0.1", "and sink_1 is a share: want 0 to 1" },
        { "expect = sink_1 < 500 %", "got '500 %', and sink_1 is a share" },
        { "expect = sink_1 = sink_2 within 5", "did you mean 5 %?" },
        { "expect = formation < 1e308", "got '1e308', want a step, as" },
        { "expect = formation > -1", "got '-1', want a step, as" },
        { "expect = sink_1 is small", "got 'is small': want METRIC" },
        { "expect = sink_1 < small(", "got a ( without its )" },
        { "expect = sink_1 < 1 2", "got '1 2', want a number" },
        { "expect = sink_1 < sink_2 2", "got '2' behind the claim" },
        { "expect = sink_1(optim.lr) < 1", "got '(optim.lr)', want" },
        { "expect = sink_1(optim.lr!=1) < 1", "got '(optim.lr!=1)', want" },
        { "expect = sink_1(optim.lrr=1) < 1", "lrr" },
        { "expect = sink_1(optim.lr=fast) < 1",
          "optim.lr: got 'fast', want number" },
        { "expect = sink_1(run.seed=1) < 1", "a claim is judged over seeds" },
        { "expect = sink_1(optim.lr=1, optim.lr=2) < 1",
          "got optim.lr twice on one side" },
        { "expect = sink_1@x < 1", "got '@x', want a step" },
        { "expect = sink_1@1.5 < 1", "got '@1.5', want a step" },
        { "expect = sink_1@ends < 1", "got '@ends', want a step" },
        { "expect = formation@end < 100", "@end is one step of a run" },
        { "expect = sink_1@end stays under 1 %", "@end is one step of a run" },
        { "expect = sink_1 rises as train.steps rises",
          "say sink_1@end, where each ends itself, or sink_1@STEP" },
        { "expect = sink_1(train.steps=10) < sink_1(train.steps=20)",
          "where the shortest ends" },
        { "expect = sink_1@end(train.steps=10) < sink_1(train.steps=20)",
          "where the shortest ends" },
        { "expect = sink_1 < sink_1", "both sides are the same number" },
        { "expect = sink_1 = sink_2", "got = without a margin" },
        { "expect = sink_1 = 0.1", "got = without a second side" },
        { "expect = sink_1 = sink_2 within 0", "got a margin of 0" },
        { "expect = sink_1 falls as optim.lr",
          "want METRIC falls (rises) as section.key rises" },
        { "expect = sink_1 falls as attention.weights rises",
          "attention.weights does not rise, as it is no number" },
        { "expect = sink_1 falls as run.seed rises", "does not rise" },
        { "expect = sink_1(optim.lr=1) falls as optim.lr rises",
          "is to rise, and has one value" },
        { "expect = sink_1 later than sink_2", "earlier and later are of" },
        { "expect = formation stays under 3", "does not stay anywhere" },
        { "expect = formation < sink_1", "held against another one only" },
        { "expect = formation@20(optim.lr=1) < formation@30(optim.lr=2)",
          "watched up to the same step" },
        { "expect = formation@20(optim.lr=1) < formation(optim.lr=2)",
          "watched up to the same step" },
        { "expect = formation(optim.lr=1) = formation(optim.lr=2) within 3",
          "knows no margin" },
        { "hope = sink_1 < 1", "unknown key 'hope', want expect or" },
        { "correction = bonferroni", "want one of holm, none" },
        { "correction = none", "has a correction, but no claim to correct" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char text[1024], place[] = "s.ini:4: [";
        struct err e = { 0 };
        snprintf(text, sizeof text, "[axes]\nrun.seed = 1, 2\n[claims]\n%s\n",
                 cases[i].line);
        assert_int_equal(sweep_case_read(text, NULL, 0, &e), ERR_CONFIG);
        if (!strstr(e.text, cases[i].want) || !strstr(e.text, place))
            fail_msg("%s: got \"%s\"", cases[i].line, e.text);
    }
    const char *given = "claims.correction=none";
    struct err e = { 0 };
    assert_int_equal(sweep_case_read("[axes]\nrun.seed = 1, 2\n[claims]\n"
                                     "correction = none\ncorrection = holm\n"
                                     "expect = sink_1 < 1\n",
                                     NULL, 0, &e),
                     ERR_CONFIG);
    assert_true(strstr(e.text, "s.ini:5: [claims] correction: given twice in "
                               "this file, first in line 4"));
    e = (struct err){ 0 };
    assert_int_equal(
        sweep_case_read("[axes]\nrun.seed = 1, 2\n", &given, 1, &e),
        ERR_CONFIG);
    assert_true(strstr(e.text, "cannot be set on the command line"));
    sweep_case_release();
}

#define AXES                                                                   \
    "[data]\nsource = bigram-backcopy\nvocab = 16\n[model]\nlayers = 1\n"      \
    "width = 16\nheads = 1\ncontext = 16\n[axes]\n"                            \
    "attention.weights = softmax, relu\nrun.seed = 1, 2\n"                     \
    "optim.lr = 1e-3, 1e-2 if attention.weights = relu\n[claims]\n"

/* Before a step is trained. */
static void test_claim__what_no_run_answers_is_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    sweep_case_refused(AXES "expect = sink_1(attention.weights=sigmoid) < 1\n",
                       ERR_CONFIG,
                       "s.ini:14: [claims] expect: no run of this sweep has "
                       "attention.weights=sigmoid: add it to the axes, or "
                       "change the claim");
    sweep_case_refused(AXES
                       "expect = sink_1(attention.weights=relu) < "
                       "sink_1(attention.weights=softmax, optim.lr=1e-2)\n",
                       ERR_CONFIG,
                       "no run of this sweep has attention.weights=softmax, "
                       "optim.lr=0.01");
    sweep_case_refused(AXES "expect = sink_1 falls as model.layers rises\n",
                       ERR_CONFIG,
                       "all runs that it means have model.layers=1");
    sweep_case_refused(
        AXES "expect = sink_1(attention.weights=softmax) falls as optim.lr "
             "rises\n",
        ERR_CONFIG, "all runs that it means have optim.lr=");
    sweep_case_refused(AXES "expect = sink_1(model.layers=1) < "
                            "sink_1(attention.weights=relu)\n",
                       ERR_CONFIG, "both sides have the run with");
    sweep_case_refused(AXES "expect = weight_norm < 1\n", ERR_CONFIG,
                       "weight_norm is measured while training or never: "
                       "[metrics] names must hold it");
    sweep_case_refused(AXES "expect = val_loss@400 < 1\n[train]\n"
                            "steps = 150\n",
                       ERR_CONFIG,
                       "s.ini:14: [claims] expect: got step 400, and a run "
                       "that it means ends at train.steps=150");
    sweep_case_refused(AXES "expect = formation > 151\n[train]\nsteps = 150\n",
                       ERR_CONFIG,
                       "s.ini:14: [claims] expect: got step 151, and a run "
                       "that it means ends at train.steps=150");
    if (sweep_case_expand(AXES "expect = val_loss@150 < 1\n"
                               "expect = sink_1(attention.weights=softmax) < "
                               "sink_1(attention.weights=relu)\n"
                               "expect = sink_1(attention.weights=relu) falls "
                               "as optim.lr rises\n"
                               "expect = formation < 150\n"
                               "expect = val_loss@end < 1\n"
                               "[train]\nsteps = 150\n",
                          NULL, 0, &e))
        fail_msg("%s", e.text);
    const struct claim_seeds *s = case_points.claims;
    assert_true(s[0].n_a == 2 && s[0].n_b == 0);
    assert_true(s[1].n_a == 2 && s[1].n_b == 2 && s[1].n_both == 2);
    assert_true(s[2].n_a == 2 && s[2].n_levels == 2);
    if (sweep_case_expand(AXES "expect = weight_norm < 1\n[metrics]\n"
                               "names = default, weight_norm\n",
                          NULL, 0, &e))
        fail_msg("%s", e.text);
    if (sweep_case_expand(AXES "expect = sink_1(attention.weights=relu) falls "
                               "as optim.lr rises\n"
                               "expect = sink_2 < sink_1\n",
                          NULL, 0, &e))
        fail_msg("%s", e.text);
    assert_int_equal(case_points.n, 6);
    sweep_case_release();
}

static void test_claim__a_trend_of_too_many_values_is_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    char text[2048];
    static const char form[] =
        "[data]\nsource = bigram-backcopy\nvocab = 16\n[model]\nlayers = 1\n"
        "width = 16\nheads = 1\ncontext = 16\n[axes]\n"
        "optim.lr = log 1e-4 to 1e-2, %d\n[claims]\n"
        "expect = sink_1 falls as optim.lr rises\n";
    snprintf(text, sizeof text, form, CLAIM_LEVELS_MAX + 1);
    sweep_case_refused(text, ERR_CONFIG,
                       "s.ini:12: [claims] expect: runs that it means have "
                       "more than 64 values of optim.lr, want at most so many");
    snprintf(text, sizeof text, form, CLAIM_LEVELS_MAX);
    if (sweep_case_expand(text, NULL, 0, &e))
        fail_msg("%s", e.text);
    assert_int_equal(case_points.claims[0].n_levels, CLAIM_LEVELS_MAX);
    sweep_case_release();
}

/* However it is written; what differs in anything is another. */
static void test_claim__one_stated_twice_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second;
        bool is_one;
    } cases[] = {
        { "sink_1 < 0.05", "sink_1 <  5 %", true },
        { "sink_1 < 0.05", "sink_1 > 0.05", true },
        { "sink_1 < 0.05", "sink_1 < 0.06", false },
        { "sink_1 < 0.05", "sink_2 < 0.05", false },
        { "sink_1 < 0.05", "sink_1@20 < 0.05", false },
        { "sink_1 < 0.05", "sink_1 stays under 0.05", false },
        { "sink_1 stays over 0.05", "sink_1 stays under 0.05", false },
        { "sink_1 stays over 0.05", "sink_1 stays over 5%", true },
        { "sink_1 < sink_2", "sink_2 > sink_1", true },
        { "sink_1 < sink_2", "sink_1 > sink_2", true },
        { "sink_1 < sink_2", "sink_1 < sink_3", false },
        { "sink_1 < sink_2", "sink_1 = sink_2 within 0.1", false },
        { "sink_1 = sink_2 within 0.1", "sink_2 = sink_1 within 10 %", true },
        { "sink_1 = sink_2 within 0.1", "sink_2 = sink_1 within 0.2", false },
        { "sink_1(optim.lr=1e-3, model.layers=2) < sink_1(optim.lr=1)",
          "sink_1(optim.lr=1) > sink_1(model.layers=2, optim.lr=0.001)", true },
        { "sink_1(optim.lr=1e-3) < 1", "sink_1(optim.lr=1e-2) < 1", false },
        { "sink_1(optim.lr=1e-3) < 1", "sink_1 < 1", false },
        { "sink_1 rises as optim.lr rises", "sink_1 falls as optim.lr rises",
          true },
        { "sink_1 rises as optim.lr rises",
          "sink_1 rises as model.layers rises", false },
        { "formation < formation:first_mass",
          "formation:first_mass later than formation:sink_1", true },
        { "formation < 20", "formation:first_mass < 20", false },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char text[1024];
        struct err e = { 0 };
        snprintf(text, sizeof text,
                 "[axes]\nrun.seed = 1, 2\n[claims]\nexpect = %s\n"
                 "expect = first_mass < 1\nexpect = %s\n",
                 cases[i].first, cases[i].second);
        int rc = sweep_case_read(text, NULL, 0, &e);
        if (rc != (cases[i].is_one ? ERR_CONFIG : OK))
            fail_msg("%s, %s: %s", cases[i].first, cases[i].second, e.text);
        if (rc && (!strstr(e.text, "s.ini:6: [claims] expect: ") ||
                   !strstr(e.text, "s.ini:4 has the same claim")))
            fail_msg("%s", e.text);
    }
    sweep_case_release();
}

/* What a sweep's folder keeps says the same. */
static void test_claim__a_frozen_sweep_keeps_its_claims(void **state)
{
    (void)state;
    struct err e = { 0 };
    if (sweep_case_read(AXES "correction = none\nexpect = sink_1\n    < 5 %\n"
                             "expect = sink_1@20 > 0.1\n",
                        NULL, 0, &e))
        fail_msg("%s", e.text);
    char *text = sweep_file_print(&case_file);
    assert_true(strstr(text, "\n[claims]\ncorrection = none\nexpect = sink_1 < "
                             "5 %\nexpect = sink_1@20 > 0.1\n"));
    if (sweep_case_read(text, NULL, 0, &e))
        fail_msg("%s", e.text);
    assert_int_equal(case_file.n_claims, 2);
    assert_int_equal(case_file.correction, CORRECTION_NONE);
    free(text);
    sweep_case_release();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claim__every_form_is_read),
        cmocka_unit_test(test_claim__mistakes_are_told_with_their_place),
        cmocka_unit_test(test_claim__what_no_run_answers_is_refused),
        cmocka_unit_test(test_claim__a_trend_of_too_many_values_is_refused),
        cmocka_unit_test(test_claim__one_stated_twice_is_refused),
        cmocka_unit_test(test_claim__a_frozen_sweep_keeps_its_claims),
    };
    return cmocka_run_group_tests_name("claim", tests, NULL, NULL);
}
