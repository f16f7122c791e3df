/* Claims judged: by tables that are written here, run by run, so that every
 * verdict and figure is known. */
#include "harness.h"

#include "report/claim_words.h"
#include "report/claims.h"
#include "sweep/sweep_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 1 << 16, STEPS = 200 };

/* The tables, written line by line. */
static char settings[TEXT_MAX], curves[TEXT_MAX];
static idx n_runs;

static void begin(void)
{
    strcpy(settings, "run,run.seed,attention.weights,optim.lr,train.steps,"
                     "model.layers,train.batch\n");
    strcpy(curves, "run,step,tokens,sink_1,val_loss\n");
    n_runs = 0;
}

static void add(char *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(char *table, const char *format, ...)
{
    size_t n = strlen(table);
    va_list args;
    va_start(args, format);
    vsnprintf(table + n, TEXT_MAX - n, format, args);
    va_end(args);
}

struct values {
    const char *weights;
    double lr;
    idx layers, batch, steps;
};

/* A run with sink_1 at steps 0, 100, 200. */
static void add_run(idx seed, struct values v, double first, double middle,
                    double last)
{
    const double at[] = { first, middle, last };
    idx run = n_runs++;
    add(settings, "lr/%td,%td,%s,%g,%td,%td,%td\n", run, seed, v.weights,
        v.lr ? v.lr : 0.001, v.steps ? v.steps : STEPS, v.layers ? v.layers : 1,
        v.batch ? v.batch : 8);
    for (idx i = 0; i < 3; i++)
        add(curves, "lr/%td,%td,0,%.17g,%.17g\n", run, 100 * i, at[i],
            3 + at[i]);
}

static struct sweep_file file;
static struct claim_runs runs;
static struct claim_result results[CLAIMS_MAX];

static void end(void)
{
    claim_runs_release(&runs);
    sweep_file_release(&file);
}

/* Judge claims, a line each. */
static void judge(const char *claims)
{
    char text[4096];
    struct err e = { 0 };
    test_write_text("settings.csv", settings);
    test_write_text("curves.csv", curves);
    snprintf(text, sizeof text, "[axes]\nrun.seed = 1, 2\n[claims]\n%s",
             claims);
    end();
    if (sweep_file_read(&file, test_write_text("lr.ini", text), NULL, 0, &e) ||
        claim_runs_of_tables(&runs, test_dir(), "lr", &e))
        fail_msg("%s", e.text);
    for (idx i = 0; i < file.n_claims; i++) {
        double level = claims_level(file.n_claims, file.correction);
        assert_int_equal(
            claim_judge(&results[i], &file.claims[i], &runs, level, &e), OK);
    }
    claims_correct(results, file.n_claims, file.correction);
}

static void expect_line(idx i, const char *want)
{
    char line[CLAIM_LINE_MAX];
    const struct claim_file f = { results, file.n_claims, file.correction,
                                  "lr" };
    assert_string_equal(claim_line(line, &f, i), want);
}

static void expect_part(idx i, const char *want)
{
    char line[CLAIM_LINE_MAX];
    const struct claim_file f = { results, file.n_claims, file.correction,
                                  "lr" };
    if (!strstr(claim_line(line, &f, i), want))
        fail_msg("\"%s\" does not say \"%s\"", line, want);
}

static const struct values softmax = { .weights = "softmax" },
                           sigmoid = { .weights = "sigmoid" };

/* Sinks of softmax in all of n seeds, of sigmoid in none. */
static void add_contrast(idx n)
{
    begin();
    for (idx i = 1; i <= n; i++) {
        add_run(i, softmax, 0, 0.2, 0.5 + 0.01 * (double)i);
        add_run(i, sigmoid, 0, 0, 0.001 * (double)(i % 3));
    }
}

#define CONTRAST                                                               \
    "expect = sink_1(attention.weights=sigmoid) < "                            \
    "sink_1(attention.weights=softmax)\n"

static void test_claims__six_seeds_are_pairs(void **state)
{
    (void)state;
    add_contrast(6);
    judge(CONTRAST);
    assert_int_equal(results[0].test, CLAIM_TEST_PAIRS);
    expect_line(
        0, "supported: sink_1(attention.weights=sigmoid) < "
           "sink_1(attention.weights=softmax): medians 0.1 % and 53.5 % at "
           "step 200, above 10 % in 0 of 6 (0 to 46 %) and 6 of 6 (54 to "
           "100 %), mean difference -53.4 points (95 % interval -55.4 to "
           "-51.4); "
           "exact permutation test over 6 pairs of seeds, p = 0.031");
    judge("expect = sink_1(attention.weights=sigmoid) > "
          "sink_1(attention.weights=softmax)\n");
    assert_int_equal(claim_verdict(&results[0]), CLAIM_CONTRADICTED);
    end();
}

/* Five pairs cannot reach the level whatever comes out, five runs against five
 * can; three cannot either way. */
static void test_claims__fewer_seeds_are_groups(void **state)
{
    (void)state;
    add_contrast(5);
    judge(CONTRAST);
    assert_int_equal(results[0].test, CLAIM_TEST_GROUPS);
    assert_int_equal(claim_verdict(&results[0]), CLAIM_SUPPORTED);
    assert_close(results[0].p, 2 / 252.0, 1e-12);
    add_contrast(3);
    judge(CONTRAST);
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    expect_part(0, "exact permutation test over 3 and 3 seeds, p = 0.1; about "
                   "4 seeds would have an even chance to decide it as it "
                   "stands");
    end();
}

/* One side spreads, the other does not: the ways to deal them out are few
 * enough, and the interval of the means holds 0. Then neither is said. */
static void test_claims__an_interval_with_0_decides_nothing(void **state)
{
    (void)state;
    static const double wide[] = { 0.205, 0.21, 0.22, 0.25, 0.9 };
    begin();
    for (idx i = 1; i <= 5; i++) {
        add_run(i, softmax, 0, 0, 0.2 + 0.0001 * (double)i);
        add_run(i, sigmoid, 0, 0, wide[i - 1]);
    }
    judge("expect = sink_1(attention.weights=sigmoid) > "
          "sink_1(attention.weights=softmax)\n");
    assert_true(results[0].p_corrected < 0.05);
    assert_true(results[0].j.low < 0 && results[0].j.high > 0);
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    expect_part(0, "5 and 5 seeds, p = 0.0079; but the interval contains 0; "
                   "about ");
    judge(CONTRAST); /* nor is the contrary contradicted */
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    end();
}

/* No spread has no interval, and shares differ by 100 points at most. */
static void test_claims__intervals_say_what_is_possible(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 5; i++) {
        add_run(i, softmax, 0, 0, 1);
        add_run(i, sigmoid, 0, 0, 0);
    }
    judge(CONTRAST);
    assert_int_equal(claim_verdict(&results[0]), CLAIM_SUPPORTED);
    assert_true(isnan(results[0].j.low) && isnan(results[0].j.high));
    expect_part(0, "mean difference -100.0 points; exact");
    begin();
    for (idx i = 1; i <= 5; i++) {
        add_run(i, softmax, 0, 0, 1);
        add_run(i, sigmoid, 0, 0, i == 1 ? 0.5 : 0);
    }
    judge(CONTRAST);
    expect_part(0, "mean difference -90.0 points (95 % interval -100.0 to "
                   "-62.2)");
    judge("expect = val_loss(attention.weights=sigmoid) < "
          "val_loss(attention.weights=softmax)\n"); /* no share */
    expect_part(0, "mean difference -0.9000 (95 % interval -1.1776 to "
                   "-0.6224)");
    end();
}

/* Where a seed has several runs and one of them never formed. */
static void test_claims__one_run_that_never_formed_is_its_seeds(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 5; i++)
        for (idx k = 1; k <= 2; k++) {
            add_run(i, (struct values){ .weights = "softmax", .layers = k },
                    0.2, 0.3, 0.3);
            add_run(i, (struct values){ .weights = "sigmoid", .layers = k },
                    k == 2 ? 0 : 0.2, k == 2 ? 0 : 0.2, 0.2);
        }
    judge("expect = formation(attention.weights=sigmoid) later than "
          "formation(attention.weights=softmax)\n"
          "expect = formation(attention.weights=sigmoid) < 200\n");
    assert_close(results[0].p, 2 / 252.0, 1e-12); /* all five never */
    expect_part(0, "formed in 5 of 10 and 10 of 10; averaged over");
    assert_int_equal(results[1].n_holding, 0);
    expect_part(1, "before step 200 in 0 of 5");
    end();
}

/* Six pairs do for one claim, not for two, which halve the level. */
static void test_claims__several_are_corrected(void **state)
{
    (void)state;
    static const char two[] = CONTRAST "expect = sink_1(attention.weights="
                                       "sigmoid) < 0.2\n";
    char text[512];
    add_contrast(6);
    judge(two);
    assert_int_equal(results[0].test, CLAIM_TEST_GROUPS);
    assert_close(results[0].p_corrected, 2 * results[0].p, 1e-12);
    assert_close(results[1].p, 2 / 64.0, 1e-12);
    assert_close(results[1].p_corrected, 2 / 64.0, 1e-12); /* Holm's second */
    assert_int_equal(claim_verdict(&results[0]), CLAIM_SUPPORTED);
    assert_int_equal(claim_verdict(&results[1]), CLAIM_SUPPORTED);
    expect_part(0, "p = 0.0022, 0.0043 by Holm for 2 claims");
    expect_part(1, "median 0.1 %, from 0.0 % to 0.2 % at step 200, below 20 % "
                   "in 6 of 6 (54 to 100 %) seeds; sign test over 6 seeds, "
                   "p = 0.031, 0.031 by Holm for 2 claims");
    snprintf(text, sizeof text, "correction = none\n%s", two);
    judge(text);
    assert_int_equal(results[0].test, CLAIM_TEST_PAIRS);
    assert_true(results[0].p_corrected == results[0].p);
    expect_part(0, "6 pairs of seeds, p = 0.031");
    end();
}

static void test_claims__holm_is_holms(void **state)
{
    (void)state;
    /* statsmodels' multipletests(p, method="holm") of the first four */
    static const double p[] = { 0.01, 0.04, 0.03, 0.005, NAN };
    static const double want[] = { 0.03, 0.06, 0.06, 0.02 };
    struct claim_result r[5] = { 0 };
    for (idx i = 0; i < 5; i++)
        r[i].p = r[i].p_corrected = p[i];
    claims_correct(r, 4, CORRECTION_HOLM);
    for (idx i = 0; i < 4; i++)
        assert_close(r[i].p_corrected, want[i], 1e-12);
    claims_correct(r, 5, CORRECTION_HOLM); /* what has no p might have */
    assert_close(r[3].p_corrected, 0.025, 1e-12);
    assert_true(isnan(r[4].p_corrected));
}

static void test_claims__trends_are_within_seeds(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 4; i++)
        for (idx k = 0; k < 3; k++)
            add_run(i,
                    (struct values){ .weights = "softmax",
                                     .lr = 0.001 * (double)(k + 1) },
                    0, 0, 0.2 * (double)i - 0.1 * (double)k * (double)k);
    judge("expect = sink_1 falls as optim.lr rises\n");
    expect_line(0, "supported: sink_1 falls as optim.lr rises: medians 50.0, "
                   "40.0, 10.0 % at lr = 0.001, 0.002, 0.003 at step 200, "
                   "falling throughout in 4 of 4 (40 to 100 %) seeds, from "
                   "first to last -40.0 points; "
                   "Page's test over 4 seeds, exact, p = 0.0015");
    judge("expect = sink_1 rises as optim.lr rises\n");
    assert_int_equal(claim_verdict(&results[0]), CLAIM_CONTRADICTED);
    end();
}

/* It falls on the whole, and not from the first to the second. */
static void test_claims__a_trend_that_turns_is_not_supported(void **state)
{
    (void)state;
    static const double at[] = { 0.6, 0.7, 0.4, 0.2 };
    begin();
    for (idx i = 1; i <= 5; i++)
        for (idx k = 0; k < 4; k++)
            add_run(i, (struct values){ .weights = "softmax", .layers = k + 1 },
                    0, 0, at[k]);
    judge("expect = sink_1 falls as model.layers rises\n");
    assert_true(results[0].p < 0.001);
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    expect_part(0, "; but from 1 to 2 the median goes the other way");
    end();
}

static void test_claims__one_run_beyond_is_not_staying(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 9; i++)
        add_run(i, softmax, 0.3, i == 9 ? 0.06 : 0.01, 0.02);
    judge("expect = sink_1@100 stays under 0.05\n");
    assert_true(results[0].p < 0.05 && results[0].direction > 0);
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    expect_part(0, "from step 100 on, below 5 % in 8 of 9");
    expect_part(0, "; but it does not in 1 of 9");
    judge("expect = sink_1@200 stays under 0.05\n");
    assert_int_equal(claim_verdict(&results[0]), CLAIM_SUPPORTED);
    judge("expect = sink_1 stays under 0.05\n"); /* from the beginning on */
    assert_int_equal(claim_verdict(&results[0]), CLAIM_CONTRADICTED);
    end();
}

/* Never is later than any step, whichever; a rank. */
static void test_claims__what_never_formed_is_the_last(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 5; i++) {
        add_run(i, softmax, i == 1 ? 0 : 0.2, 0.3, 0.3);
        add_run(i, sigmoid, 0, i == 1 ? 0.2 : 0, 0.2);
    }
    judge("expect = formation(attention.weights=sigmoid) later than "
          "formation(attention.weights=softmax)\n");
    expect_part(0, "medians never and 0, formed in 1 of 5 (1 to 72 %) and 5 "
                   "of 5 (48 to 100 %); exact permutation test");
    assert_close(results[0].p, 4 / 252.0, 1e-12); /* counted by hand */
    judge("expect = formation(attention.weights=sigmoid) < 50\n");
    assert_int_equal(results[0].n_holding, 0);
    assert_int_equal(results[0].n_judged, 5);
    end();
}

/* Which of two comes first in a run, by thresholds of their own. */
static void
test_claims__two_transitions_are_held_against_each_other(void **state)
{
    (void)state;
    begin();
    strcpy(curves, "run,step,tokens,sink_1,induction_score,hidden_max\n");
    for (idx i = 1; i <= 6; i++) {
        add(settings, "lr/%td,%td,softmax,0.001,200,1,8\n", i, i);
        for (idx k = 0; k < 5; k++)
            add(curves, "lr/%td,%td,0,%g,%g,1\n", i, 50 * k, k >= 2 ? 0.2 : 0,
                k >= 1             ? 0.5
                : k == 0 && i == 1 ? 0.6
                                   : 0);
    }
    judge("expect = formation:induction_score earlier than formation\n");
    expect_line(0, "supported: formation:induction_score earlier than "
                   "formation: medians 50 and 100, formed in 6 of 6 (54 to 100 "
                   "%) and 6 of 6 (54 to 100 %); exact permutation test over 6 "
                   "pairs of seeds, p = 0.031");
    assert_true(results[0].a.low == 0);
    judge("expect = formation:hidden_max earlier than formation\n");
    expect_part(0, "not judged: there is no usual threshold of hidden_max");
    end();
}

static void test_claims__alike_takes_a_margin(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 6; i++) {
        add_run(i, softmax, 0, 0, 0.3 + 0.001 * (double)(i % 3));
        add_run(i, sigmoid, 0, 0, 0.3 + 0.001 * (double)(i % 2));
    }
    judge("expect = sink_1(attention.weights=sigmoid) = "
          "sink_1(attention.weights=softmax) within 0.01\n");
    assert_int_equal(results[0].test, CLAIM_TEST_MARGIN_PAIRS);
    assert_close(results[0].p, 2 / 64.0, 1e-12); /* t's is less */
    assert_int_equal(claim_verdict(&results[0]), CLAIM_SUPPORTED);
    judge("expect = sink_1(attention.weights=sigmoid) = "
          "sink_1(attention.weights=softmax) within 0.0001\n");
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    add_contrast(6);
    judge("expect = sink_1(attention.weights=sigmoid) = "
          "sink_1(attention.weights=softmax) within 0.01\n");
    assert_int_equal(claim_verdict(&results[0]), CLAIM_CONTRADICTED);
    end();
}

static void test_claims__a_side_may_have_its_own_step(void **state)
{
    (void)state;
    add_contrast(6);
    judge("expect = sink_1@100(attention.weights=softmax) < "
          "sink_1(attention.weights=softmax)\n");
    expect_part(0, "medians 20.0 % and 53.5 % at their steps, above 10 % in 6 "
                   "of 6 (54 to 100 %) and 6 of 6 (54 to 100 %)");
    assert_int_equal(results[0].j.n, 6); /* each run with itself */
    assert_int_equal(results[0].test, CLAIM_TEST_PAIRS);
    judge("expect = sink_1@100(attention.weights=sigmoid) < "
          "sink_1@100(attention.weights=softmax)\n");
    expect_part(0, "medians 0.0 % and 20.0 % at step 100, ");
    end();
}

/* A seed counts once, however many runs it has; what else differs is said. */
static void test_claims__what_is_not_named_is_averaged_or_told(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 5; i++)
        for (idx k = 1; k <= 2; k++) {
            add_run(i, (struct values){ .weights = "softmax", .layers = k }, 0,
                    0, 0.5);
            add_run(i, (struct values){ "sigmoid", .layers = k, .batch = 16 },
                    0, 0, 0.1 * (double)k);
        }
    judge(CONTRAST);
    assert_int_equal(results[0].j.n, 5);
    assert_int_equal(results[0].a.n_runs, 10);
    expect_part(0, "above 10 % in 5 of 10 and 10 of 10, mean difference -35.0 "
                   "points;");
    expect_part(0, "; the sides differ also in train.batch; averaged over "
                   "model.layers; exact permutation test over 5 and 5 seeds");
    end();
}

/* sink_1 hangs on the learning rate alone: seeds that lack the higher one must
 * not look like a difference of weights. */
static void add_rate(idx seed, struct values v, double lr)
{
    v.lr = lr;
    add_run(seed, v, 0, 0, (lr > 0.01 ? 0.8 : 0.1) + 0.001 * (double)seed);
}

#define UNLIKE                                                                 \
    "expect = sink_1(attention.weights=sigmoid) > "                            \
    "sink_1(attention.weights=softmax)\n"

static void test_claims__a_seed_without_all_is_left_out_of_groups(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 5; i++) {
        add_rate(i, softmax, 0.001);
        add_rate(i, sigmoid, 0.001);
        add_rate(i, sigmoid, 0.03);
    }
    add_rate(5, softmax, 0.03);
    judge(UNLIKE);
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    expect_part(0, "; averaged over optim.lr; 4 runs are left out, so that "
                   "like is held against like; exact permutation test over 5 "
                   "and 1 seeds");
    begin();
    for (idx i = 1; i <= 5; i++) { /* no softmax has both */
        add_rate(i, softmax, i == 5 ? 0.03 : 0.001);
        add_rate(i, sigmoid, 0.001);
        add_rate(i, sigmoid, 0.03);
    }
    judge(UNLIKE);
    expect_part(0, "not judged: no seed has runs of all settings that those "
                   "with attention.weights=softmax are averaged over: name "
                   "them in the claim");
    begin();
    for (idx i = 1; i <= 5; i++) { /* what goes with the seed is no average */
        add_rate(i, softmax, i > 2 ? 0.03 : 0.001);
        add_rate(i, sigmoid, i > 2 ? 0.03 : 0.001);
    }
    judge(UNLIKE);
    assert_int_equal(results[0].j.n, 5);
    assert_true(results[0].j.difference == 0);
    end();
}

/* Six pairs are alike each by itself. */
static void test_claims__pairs_are_of_what_both_have(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 6; i++) {
        add_rate(i, softmax, 0.001);
        add_rate(i, sigmoid, 0.001);
        add_rate(i, sigmoid, 0.03);
    }
    add_rate(6, softmax, 0.03);
    judge(UNLIKE);
    assert_int_equal(results[0].test, CLAIM_TEST_PAIRS);
    assert_true(results[0].j.difference == 0);
    assert_int_equal(results[0].a.n_runs, 7);
    expect_part(0, "; averaged over optim.lr; 5 runs are left out, so that "
                   "like is held against like; means of a seed are over 1 to "
                   "2 runs; exact permutation test over 6 pairs");
    end();
}

static void test_claims__what_one_side_names_the_other_has(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 6; i++) {
        add_rate(i, softmax, 0.001);
        add_rate(i, sigmoid, 0.001);
        add_rate(i, sigmoid, 0.03);
    }
    judge("expect = sink_1(attention.weights=sigmoid) > "
          "sink_1(attention.weights=softmax, optim.lr=1e-3)\n");
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    assert_true(results[0].j.difference == 0);
    expect_part(0, "; 6 runs are left out, so that like is held against like");
    assert_true(!strstr(results[0].beside, "averaged"));
    begin();
    for (idx i = 1; i <= 6; i++) { /* it cannot have it: then it is said */
        add_rate(i, softmax, 0.001);
        add_rate(i, sigmoid, 0.02);
        add_rate(i, sigmoid, 0.03);
    }
    judge("expect = sink_1(attention.weights=sigmoid) > "
          "sink_1(attention.weights=softmax, optim.lr=1e-3)\n");
    expect_part(0, "; averaged over optim.lr; ");
    end();
}

static void test_claims__a_trend_is_of_the_same_at_each_value(void **state)
{
    (void)state;
    static const double rates[] = { 0.001, 0.01, 0.03 };
    begin();
    for (idx i = 1; i <= 6; i++)
        for (idx k = 0; k < 3; k++) {
            struct values v = softmax, w = sigmoid;
            v.lr = w.lr = rates[k];
            if (k < 2 || i == 6)
                add_run(i, v, 0, 0, 0.1);
            add_run(i, w, 0, 0, 0.8);
        }
    judge("expect = sink_1 rises as optim.lr rises\n");
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    assert_true(results[0].median[0] == results[0].median[2]);
    expect_part(0, "; averaged over attention.weights; 10 runs are left out, "
                   "so that like is held against like; Page's test over 6");
    begin();
    for (idx i = 1; i <= 6; i++)
        for (idx k = 0; k < 3; k++)
            add_run(i,
                    (struct values){ .weights = "softmax",
                                     .lr = rates[k],
                                     .batch = k < 2 ? 8 : 16 },
                    0, 0, 0.1 * (double)k);
    judge("expect = sink_1 rises as optim.lr rises\n");
    expect_part(0, "; with it changes train.batch; Page's test over 6 seeds");
    begin();
    for (idx i = 1; i <= 6; i++) /* each key has it, both have not */
        for (idx k = 0; k < 4; k++)
            add_run(i,
                    (struct values){ .weights = "softmax",
                                     .lr = k < 2 ? 0.001 : 0.01,
                                     .batch = k == 0 || k == 3 ? 8 : 16,
                                     .layers = k % 2 + 1 },
                    0, 0, 0.1);
    judge("expect = sink_1 rises as optim.lr rises\n");
    expect_part(0, "not judged: no seed has a run with the same other settings "
                   "at all its values of optim.lr: name them in the claim");
    end();
}

static void test_claims__uneven_seeds_and_lost_runs_are_told(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 5; i++)
        for (idx k = 1; k <= 2; k++) {
            add_run(i, (struct values){ .weights = "softmax", .layers = k }, 0,
                    0, 0.5);
            add_run(i,
                    (struct values){ .weights = "sigmoid",
                                     .layers = k,
                                     .steps = i == 1 && k == 2 ? 900 : 0 },
                    0, 0, 0.1);
        }
    judge(CONTRAST);
    assert_int_equal(runs.n, 19);
    expect_part(0, "; averaged over model.layers; 1 more such run is not done; "
                   "1 run is left out, so that like is held against like; "
                   "exact permutation test over 4 and 5 seeds");
    judge("expect = sink_1(attention.weights=softmax) > 0.1\n");
    assert_true(!strstr(results[0].beside, "more such"));
    end();
}

/* Else it would count twice in the mean of its seed. */
static void test_claims__a_copy_of_a_run_is_no_other(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 6; i++)
        for (idx k = 1; k <= 2; k++) {
            add_run(i, (struct values){ .weights = "softmax", .layers = k }, 0,
                    0, 0.4 * (double)k);
            add_run(i, (struct values){ .weights = "sigmoid", .layers = k }, 0,
                    0, 0.4 * (double)k);
        }
    for (idx i = 1; i <= 6; i++)
        add_run(i, (struct values){ .weights = "sigmoid", .layers = 2 }, 0, 0,
                0.8);
    judge("expect = sink_1(attention.weights=sigmoid) > "
          "sink_1(attention.weights=softmax)\n");
    assert_int_equal(runs.n, 24);
    assert_int_equal(runs.n_left, 6);
    assert_string_equal(runs.left, "6 with the settings and seeds of another");
    assert_int_equal(results[0].a.n_runs, 12);
    assert_true(results[0].j.difference == 0);
    end();
}

static void test_claims__odd_runs_are_told(void **state)
{
    (void)state;
    add_contrast(5);
    add_run(6, (struct values){ .weights = "softmax", .steps = 900 }, 0, 0,
            0.5);
    judge("expect = sink_1(attention.weights=relu) < 1\n"
          "expect = sink_1@150 < 1\n"
          "expect = first_mass < 1\n"
          "expect = sink_1 falls as optim.lr rises\n");
    assert_int_equal(runs.n, 10);
    assert_int_equal(runs.n_left, 1);
    assert_string_equal(runs.left, "1 without numbers of the end");
    expect_line(0, "undecided: sink_1(attention.weights=relu) < 1: not judged: "
                   "no run that counts has attention.weights=relu");
    expect_part(1, "was not measured at step 150");
    expect_part(2, "0 has no first_mass: `sinklab analyze`");
    expect_part(3, "all runs that count have one value of optim.lr");
    char footer[CLAIM_LINE_MAX];
    const struct claim_file f = { results, file.n_claims, file.correction,
                                  "lr" };
    assert_string_equal(
        claims_footer(footer, &f),
        "4 claims: 0 supported, 0 contradicted, 0 undecided, 4 not judged; "
        "judged at 5 %, two-sided, corrected by Holm's method for being 4 "
        "claims; intervals are of one claim each, not corrected");
    begin();
    add_run(1, softmax, 0, 0, NAN);
    judge("expect = sink_1 < 1\n");
    expect_part(0, "sink_1 of 0 is no number (nan)");
    end();
}

/* ---- before anything is trained ---------------------------------------- */

static void test_claims__what_seeds_cannot_decide_is_told(void **state)
{
    (void)state;
    struct claim_seeds seeds[] = { { .n_a = 2, .n_b = 2, .n_both = 2 },
                                   { .n_a = 4, .n_b = 4, .n_both = 4 },
                                   { .n_a = 9 },
                                   { .n_a = 4, .n_levels = 3 } };
    const struct sweep_points p = { .claims = seeds };
    char *text = NULL;
    size_t n = 0;
    add_contrast(6);
    judge(CONTRAST "expect = sink_2(attention.weights=sigmoid) < "
                   "sink_2(attention.weights=softmax)\n"
                   "expect = sink_1 < 0.2\n"
                   "expect = sink_1 falls as optim.lr rises\n");
    FILE *out = open_memstream(&text, &n);
    claims_tell(out, &file, &p);
    fclose(out);
    assert_string_equal(
        text,
        "claims       4, judged at 5 %, corrected for being several\n"
        "             sink_1(attention.weights=sigmoid) < "
        "sink_1(attention.weights=softmax): 2 and 2 seeds give no p below "
        "0.33 and cannot decide it\n"
        "             sink_2(attention.weights=sigmoid) < "
        "sink_2(attention.weights=softmax): 4 and 4 seeds give no p below "
        "0.029, which decides it only if others are decided first (0.013 is "
        "the strictest level)\n");
    free(text);
    end();
}

static void test_claims__what_cannot_form_is_refused(void **state)
{
    (void)state;
    struct err e = { 0 };
    add_contrast(6);
    judge("expect = formation < 100\n"
          "expect = formation < formation:value_ratio\n");
    assert_int_equal(claims_check(&file, &e), OK);
    judge("expect = formation < 100\nexpect = formation < "
          "formation:val_loss\n");
    assert_int_equal(claims_check(&file, &e), ERR_CONFIG);
    assert_true(strstr(e.text, "lr.ini:5: [claims] expect: there is no usual "
                               "threshold of val_loss"));
    end();
}

/* ---- the command ------------------------------------------------------- */

static char *run_command(struct compare_options o, int code, const char *want)
{
    char *text = NULL;
    size_t n = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &n);
    o.step = o.threshold = NAN;
    assert_int_equal(claims_run(out, &o, &e), code);
    fclose(out);
    if (want && !strstr(code ? e.text : text, want))
        fail_msg("got \"%s\"", code ? e.text : text);
    return text;
}

static void test_claims__tables_and_errors_of_the_command(void **state)
{
    (void)state;
    char path[512];
    const char *sweep = path;
    snprintf(path, sizeof path, "%s/lr.ini", test_dir());
    add_contrast(6);
    judge(CONTRAST);
    struct compare_options o = {
        .runs = &sweep, .n_runs = 1, .is_claims = true, .tables = test_dir()
    };
    char *text = run_command(o, OK,
                             "1 claim: 1 supported, 0 contradicted, 0 "
                             "undecided; judged at 5 %, two-sided, as "
                             "the only claim\n");
    assert_int_equal(strncmp(text, "supported: ", 11), 0);
    free(text);
    o.csv = "-";
    text = run_command(o, OK, "sweep,verdict,claim,figures,test,line,judged,");
    assert_true(strstr(text, "\nlr,supported,"));
    free(text);
    o.csv = NULL;
    o.json = "-";
    text = run_command(o, OK, "\"verdict\":\"supported\"");
    assert_int_equal(text[0], '[');
    free(text);
    o.json = NULL;
    o.markdown = "-";
    free(run_command(o, OK, "| supported |"));
    o.columns = "sink_2";
    free(run_command(o, ERR_USAGE, "--columns does nothing with --claims"));
    o.columns = NULL;
    o.n_runs = 2;
    free(run_command(o, ERR_USAGE, "got 2 sweeps, want one"));
    o.n_runs = 1;
    test_write_text("lr.ini", "[axes]\nrun.seed = 1, 2\n");
    free(run_command(o, ERR_CONFIG, "lr.ini: states no claims"));
    test_write_text("lr.ini", "[axes]\nrun.seed = 1, 2\n[claims]\n" CONTRAST);
    test_write_text("curves.csv", "run,step,sink_1\nlr/0,0,x\n");
    free(run_command(o, ERR_DATA, "curves.csv:2: sink_1: got 'x', want a"));
    test_write_text("curves.csv", "run,step,sink_1\nlr/0,0\n");
    free(run_command(o, ERR_DATA, "curves.csv:2: got 2 cells, want 3"));
    test_write_text("curves.csv", "step,sink_1\n0,1\n");
    free(run_command(o, ERR_DATA, "curves.csv:1: the first column is not run"));
    test_write_text("curves.csv", "run,step,sink_1\n\"lr/0,0,1\n");
    free(run_command(o, ERR_DATA, "curves.csv:2: got a quote that is not"));
    test_write_text("curves.csv", "run,step,sink_1\nlr/0,0,0.5");
    free(run_command(o, ERR_DATA, "curves.csv:2: got a line without its end"));
    test_write_text("settings.csv", "run,run.seed\nlr/0,1\nlr/1,2\nlr/0,3\n");
    free(run_command(o, ERR_DATA, "settings.csv:4: got lr/0 twice: want a "));
    test_write_text("settings.csv", "run,optim.lr\nlr/0,\"fa\"\"st, x\"\n");
    free(run_command(o, ERR_DATA, "settings.csv:2: optim.lr: got 'fa\"st, x'"));
    test_write_text("settings.csv", "run,optim.lr\nother/0,1\n");
    free(run_command(o, ERR_DATA, "settings.csv: no run of lr/ in it"));
    o.tables = NULL;
    test_write_text("lr.ini", "[run]\ndir = none\n[axes]\nrun.seed = 1, 2\n"
                              "[claims]\n" CONTRAST);
    free(run_command(o, ERR_USAGE, "none"));
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claims__six_seeds_are_pairs),
        cmocka_unit_test(test_claims__fewer_seeds_are_groups),
        cmocka_unit_test(test_claims__an_interval_with_0_decides_nothing),
        cmocka_unit_test(test_claims__intervals_say_what_is_possible),
        cmocka_unit_test(test_claims__one_run_that_never_formed_is_its_seeds),
        cmocka_unit_test(test_claims__several_are_corrected),
        cmocka_unit_test(test_claims__holm_is_holms),
        cmocka_unit_test(test_claims__trends_are_within_seeds),
        cmocka_unit_test(test_claims__a_trend_that_turns_is_not_supported),
        cmocka_unit_test(test_claims__one_run_beyond_is_not_staying),
        cmocka_unit_test(test_claims__what_never_formed_is_the_last),
        cmocka_unit_test(
            test_claims__two_transitions_are_held_against_each_other),
        cmocka_unit_test(test_claims__alike_takes_a_margin),
        cmocka_unit_test(test_claims__a_side_may_have_its_own_step),
        cmocka_unit_test(test_claims__what_is_not_named_is_averaged_or_told),
        cmocka_unit_test(test_claims__uneven_seeds_and_lost_runs_are_told),
        cmocka_unit_test(test_claims__a_seed_without_all_is_left_out_of_groups),
        cmocka_unit_test(test_claims__pairs_are_of_what_both_have),
        cmocka_unit_test(test_claims__what_one_side_names_the_other_has),
        cmocka_unit_test(test_claims__a_trend_is_of_the_same_at_each_value),
        cmocka_unit_test(test_claims__a_copy_of_a_run_is_no_other),
        cmocka_unit_test(test_claims__odd_runs_are_told),
        cmocka_unit_test(test_claims__what_seeds_cannot_decide_is_told),
        cmocka_unit_test(test_claims__what_cannot_form_is_refused),
        cmocka_unit_test(test_claims__tables_and_errors_of_the_command),
    };
    return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
