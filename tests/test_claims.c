/* Claims judged: by tables that are written here, run by run, so that every
 * verdict and figure is known. */
#include "harness.h"

#include "base/rng.h"
#include "report/claim_judge.h"
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

/* A claim, alone, and what its line says beside the verdict. */
struct expected {
    const char *claim;
    enum claim_verdict verdict;
    const char *part;
};

static void expect_one(const char *claim, enum claim_verdict verdict,
                       const char *part)
{
    char text[1024];
    snprintf(text, sizeof text, "expect = %s\n", claim);
    judge(text);
    expect_part(0, part);
    if (claim_verdict(&results[0]) != verdict)
        fail_msg("%s: got %s, want %s", claim,
                 claim_verdict_word(claim_verdict(&results[0])),
                 claim_verdict_word(verdict));
}

/* Of the same runs, one by one. */
static void expect_each(const struct expected *cases, idx n)
{
    for (idx i = 0; i < n; i++)
        expect_one(cases[i].claim, cases[i].verdict, cases[i].part);
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

/* Sides of claims, and those that most tests are about. */
#define SIGMOID "(attention.weights=sigmoid)"
#define SOFTMAX "(attention.weights=softmax)"
#define LOWER "sink_1" SIGMOID " < sink_1" SOFTMAX
#define HIGHER "sink_1" SIGMOID " > sink_1" SOFTMAX
#define CONTRAST "expect = " LOWER "\n"

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
    expect_one(HIGHER, CLAIM_CONTRADICTED, "over 6 pairs of seeds, p = 0.031");
    end();
}

/* Five pairs cannot reach the level whatever comes out, five runs against five
 * can; three cannot either way. */
static void test_claims__fewer_seeds_are_groups(void **state)
{
    (void)state;
    add_contrast(5);
    expect_one(LOWER, CLAIM_SUPPORTED, "test over 5 and 5 seeds, p = 0.0079");
    assert_close(results[0].p, 2 / 252.0, 1e-12);
    /* two numbers of the same runs share more than a seed */
    expect_one("val_loss > sink_1", CLAIM_UNDECIDED,
               "over 5 pairs of seeds, p = 0.062, of the interval");
    add_contrast(3);
    expect_one(LOWER, CLAIM_UNDECIDED,
               "exact permutation test over 3 and 3 seeds, p = 0.1, of the "
               "interval 0.00011, and both count; at least 4 seeds a side are "
               "needed at all; with results like these, about 4 seeds would "
               "have an even chance to support it");
    expect_one(HIGHER, CLAIM_UNDECIDED,
               "with results like these, about 4 seeds would have an even "
               "chance to contradict it");
    end();
}

/* Seeds that would decide a claim are reckoned by its own part of the level:
 * beside claims that are decided it is the whole, as if it stood alone. */
static void test_claims__seeds_wanted_are_by_the_own_level(void **state)
{
    (void)state;
    static const char weak[] =
        "expect = sink_1@100(attention.weights=sigmoid) < sink_1@100" SOFTMAX
        "\n",
                      strong[] = "expect = " LOWER "\n"
                                 "expect = val_loss(attention.weights=sigmoid)"
                                 " < val_loss" SOFTMAX "\n";
    char text[1024];
    begin();
    for (idx i = 1; i <= 6; i++) {
        double odd = i % 2 ? 0.1 : 0;
        add_run(i, softmax, 0, 0.1 + odd, 0.5 + 0.01 * (double)i);
        add_run(i, (struct values){ .weights = "sigmoid" }, 0, 0.1,
                0.001 * (double)i);
    }
    judge(weak);
    double alone = results[0].seeds;
    assert_true(alone > 6 && isfinite(alone));
    snprintf(text, sizeof text, "%s%s", weak, strong);
    judge(text);
    assert_int_equal(claim_verdict(&results[1]), CLAIM_SUPPORTED);
    assert_true(results[0].p > results[1].p && results[0].p > results[2].p);
    assert_true(results[0].seeds == alone);
    end();
}

/* One that comes right below the level of a stronger one is decided only where
 * that is. */
static void test_claims__no_level_is_lent_by_what_is_undecided(void **state)
{
    (void)state;
    struct claim_result r[2] = {
        { .test = CLAIM_TEST_SIGN, .p = 0.028, .n_holding = 9, .n_judged = 11 },
        { .test = CLAIM_TEST_SIGN, .p = 0.055, .n_holding = 9, .n_judged = 12 },
    };
    for (idx i = 0; i < COUNT_OF(r); i++)
        r[i].outlook.is = OUTLOOK_SEEDS;
    claims_correct(r, 2, CORRECTION_HOLM); /* 0.028 > 0.05 / 2 */
    double both = r[1].seeds;
    r[0].p = 0.02;
    r[0].direction = 1;
    claims_correct(r, 2, CORRECTION_HOLM);
    assert_int_equal(claim_verdict(&r[0]), CLAIM_SUPPORTED);
    assert_true(isnan(r[0].seeds));
    /* three of four: 9 of 12 is 0.146; 12 of 16 0.077; 15 of 20 0.041 */
    assert_true(r[1].seeds <= 20 && both > r[1].seeds);
    claims_correct(r, 2, CORRECTION_NONE);
    assert_true(r[1].seeds <= 20);
}

/* Seeds of a margin: of differences with that mean and spread half lie within
 * it, interval and all, by simulation. */
static void test_claims__seeds_of_a_margin_are_an_even_chance(void **state)
{
    (void)state;
    enum { TRIES = 4000 };
    static const double means[] = { 0, 0.02, 0.05 };
    struct rng rng = rng_open(7, RNG_TEST, 0, 0);
    for (idx k = 0; k < COUNT_OF(means); k++) {
        const double spread = 0.2, margin = 0.1;
        struct claim_result r = { .test = CLAIM_TEST_MARGIN_PAIRS,
                                  .p = 0.5,
                                  .direction = 1,
                                  .outlook = { OUTLOOK_SEEDS, means[k], margin,
                                               spread, NAN } };
        double d[200];
        idx n_within = 0;
        claims_correct(&r, 1, CORRECTION_HOLM);
        idx n = (idx)r.seeds;
        assert_true(n > 6 && n < COUNT_OF(d));
        for (idx t = 0; t < TRIES; t++) {
            for (idx i = 0; i < n; i++)
                d[i] = means[k] + spread * rng_normal(&rng);
            struct judgement j = judge_pairs(d, n);
            double room = student_quantile(0.05, j.df) * j.error;
            n_within += fabs(j.difference) + room < margin;
        }
        double share = (double)n_within / TRIES;
        if (share < 0.45 || share > 0.6)
            fail_msg("mean %g, %td seeds: %g", means[k], n, share);
    }
}

/* Pairs are what more seeds would be judged as, of margins, too. */
static void test_claims__seeds_of_a_margin_are_of_pairs(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 5; i++) { /* seeds spread, what is between does not */
        double v = 0.2 * (double)i;
        add_run(i, softmax, 0, 0, v);
        add_run(i, sigmoid, 0, 0, v + 0.001 * (double)(i % 2));
    }
    judge("expect = sink_1" SIGMOID " = sink_1" SOFTMAX " within 0.01\n");
    assert_int_equal(results[0].test, CLAIM_TEST_MARGIN_GROUPS);
    assert_true(results[0].seeds == 6);
    end();
}

/* Nobody knows how one number spreads. */
static void test_claims__one_seed_gives_no_outlook(void **state)
{
    (void)state;
    begin();
    add_run(1, softmax, 0, 0, 0.3);
    add_run(1, sigmoid, 0, 0, 0.301);
    judge("expect = " LOWER "\nexpect = sink_1@100" SOFTMAX " < sink_1" SOFTMAX
          "\n");
    assert_true(isnan(results[0].seeds) && isnan(results[1].seeds));
    end();
}

/* One side spreads, the other does not: then five against five are all apart
 * more often than the level says, though the means are equal. So the interval's
 * p counts where it is larger, and is corrected for several, too. */
static void add_unlike_spreads(double largest)
{
    const double wide[] = { 0.205, 0.21, 0.22, 0.25, largest };
    begin();
    for (idx i = 1; i <= 5; i++) {
        add_run(i, softmax, 0, 0, 0.2 + 0.0001 * (double)i);
        add_run(i, sigmoid, 0, 0, wide[i - 1]);
    }
}

static void test_claims__an_interval_with_0_decides_nothing(void **state)
{
    (void)state;
    add_unlike_spreads(0.9);
    expect_one(HIGHER, CLAIM_UNDECIDED,
               "5 and 5 seeds, p = 0.0079, of the interval 0.31; with results "
               "like these, about ");
    assert_true(results[0].j.p < 0.05 && results[0].j.low < 0);
    /* nor is the contrary contradicted */
    expect_one(LOWER, CLAIM_UNDECIDED, ", of the interval 0.31");
    end();
}

static void test_claims__intervals_are_corrected_for_several(void **state)
{
    (void)state;
    add_unlike_spreads(0.245);
    expect_one(HIGHER, CLAIM_SUPPORTED, "p = 0.0079, of the interval 0.048");
    assert_true(results[0].j.low > 0);
    judge("expect = " HIGHER "\nexpect = sink_1" SIGMOID " < 0.9\n");
    assert_int_equal(claim_verdict(&results[0]), CLAIM_UNDECIDED);
    expect_part(0, "p = 0.0079, of the interval 0.048, 0.096 by Holm for 2");
    end();
}

/* However many there are on the other side. */
static void test_claims__one_seed_is_no_side(void **state)
{
    (void)state;
    begin();
    add_run(1, sigmoid, 0, 0, 0.9);
    for (idx i = 1; i <= 100; i++) {
        add_run(i, softmax, 0, 0, 0.1 + 0.0001 * (double)i);
        if (i == 20 || i == 100)
            expect_one(HIGHER, CLAIM_UNDECIDED,
                       i == 20 ? "1 and 20 seeds, p = 0.048; but one seed has "
                                 "no interval"
                               : "1 and 100 seeds, p = 0.0099; but one seed");
    }
    end();
}

/* Averages of equal numbers in another order differ in their last digit. */
static void test_claims__rounding_is_no_difference(void **state)
{
    (void)state;
    for (idx n = 5; n <= 6; n++) {
        begin();
        for (idx i = 1; i <= n; i++)
            for (idx k = 1; k <= 3; k++) {
                struct values v = { .weights = "softmax", .layers = k },
                              w = { .weights = "sigmoid", .layers = 4 - k };
                add_run(i, v, 0, 0, 0.1 * (double)k);
                add_run(i, w, 0, 0, 0.1 * (double)(4 - k));
            }
        expect_one(HIGHER, CLAIM_UNDECIDED, "p = 1");
    }
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
    expect_one(LOWER, CLAIM_SUPPORTED, "mean difference -100.0 points; exact");
    assert_true(isnan(results[0].j.low) && isnan(results[0].j.high));
    begin();
    for (idx i = 1; i <= 5; i++) {
        add_run(i, softmax, 0, 0, 1);
        add_run(i, sigmoid, 0, 0, i == 1 ? 0.5 : 0);
    }
    expect_one(LOWER, CLAIM_SUPPORTED,
               "mean difference -90.0 points (95 % interval -100.0 to -62.2)");
    expect_one("val_loss" SIGMOID " < val_loss" SOFTMAX, /* no share */
               CLAIM_SUPPORTED,
               "mean difference -0.9000 (95 % interval -1.1776 to -0.6224)");
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
    static const struct expected cases[] = {
        { "formation" SIGMOID " later than formation" SOFTMAX, CLAIM_SUPPORTED,
          "formed in 5 of 10 and 10 of 10; averaged over" },
        { "formation" SIGMOID " < 200", CLAIM_UNDECIDED,
          "before step 200 in 0 of 5" },
    };
    expect_each(cases, COUNT_OF(cases));
    end();
}

/* Six pairs do for one claim, not for two, which halve the level. */
static void test_claims__several_are_corrected(void **state)
{
    (void)state;
    static const char two[] = CONTRAST "expect = sink_1" SIGMOID " < 0.2\n";
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
                   "of seeds 4 of 4 (40 to 100 %) fall, and rise nowhere, from "
                   "first to last -40.0 points; "
                   "Page's test over 4 seeds, exact, p = 0.0015");
    expect_one("sink_1 rises as optim.lr rises", CLAIM_CONTRADICTED,
               "p = 0.0015");
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
    expect_one("sink_1 falls as model.layers rises", CLAIM_UNDECIDED,
               "; but from 1 to 2 the median goes the other way");
    assert_true(results[0].p < 0.001);
    end();
}

static void test_claims__one_run_beyond_is_not_staying(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 9; i++)
        add_run(i, softmax, 0.3, i == 9 ? 0.06 : 0.01, 0.02);
    static const struct expected cases[] = {
        { "sink_1@100 stays under 0.05", CLAIM_UNDECIDED,
          "from step 100 on, below 5 % in 8 of 9" },
        { "sink_1@100 stays under 0.05", CLAIM_UNDECIDED,
          "p = 0.039; but it does not in 1 of 9" },
        { "sink_1@200 stays under 0.05", CLAIM_SUPPORTED, "in 9 of 9" },
        /* from the beginning on */
        { "sink_1 stays under 0.05", CLAIM_CONTRADICTED, "in 0 of 9" },
    };
    expect_each(cases, COUNT_OF(cases));
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
    expect_one("formation" SIGMOID " later than formation" SOFTMAX,
               CLAIM_SUPPORTED,
               "medians never and 0, formed in 1 of 5 (1 to 72 %) and 5 of 5 "
               "(48 to 100 %); exact permutation test");
    assert_close(results[0].p, 4 / 252.0, 1e-12); /* counted by hand */
    static const struct expected cases[] = {
        { "formation" SIGMOID " < 50", CLAIM_UNDECIDED, "in 0 of 5" },
        { "formation" SIGMOID " > 200", CLAIM_UNDECIDED, "in 4 of 5" },
        /* nobody saw what they did then, unless all had formed */
        { "formation" SIGMOID " > 201", CLAIM_UNDECIDED,
          "not judged: runs that had not formed were watched up to step 200: "
          "name one up to there" },
        { "formation" SIGMOID " < 400", CLAIM_UNDECIDED, "not judged: runs" },
        { "formation" SOFTMAX " < 400", CLAIM_UNDECIDED, "in 5 of 5" },
    };
    expect_each(cases, COUNT_OF(cases));
    end();
}

/* What was not watched has not been seen not to form. */
static void test_claims__what_was_not_watched_is_not_never(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 6; i++) {
        add_run(i, softmax, 0, 0, 0); /* up to 200 */
        add(settings, "lr/%td,%td,sigmoid,0.001,1000,1,8\n", n_runs, i);
        for (idx k = 0; k <= 10; k++)
            add(curves, "lr/%td,%td,0,%g,3\n", n_runs, 100 * k,
                k >= 5 ? 0.5 : 0);
        n_runs++;
    }
    static const struct expected never[] = {
        { "formation@1000" SOFTMAX " later than formation@1000" SIGMOID,
          CLAIM_UNDECIDED,
          "not judged: 0 had not formed when it was measured last, at step "
          "200: name one up to there" },
        { "formation@1000" SOFTMAX " > 900", CLAIM_UNDECIDED, "not judged: " },
        { "formation@200" SOFTMAX " later than formation@200" SIGMOID,
          CLAIM_UNDECIDED, "medians never and never" },
        { "formation@1000" SIGMOID " < 600", CLAIM_SUPPORTED, "in 6 of 6" },
    };
    expect_each(never, COUNT_OF(never));
    begin();
    for (idx i = 1; i <= 6; i++) {
        add_run(i, sigmoid, 0, 0.5, 0.5);
        add(settings, "lr/%td,%td,softmax,0.001,200,1,8\n", n_runs, i);
        add(curves, "lr/%td,150,0,0.5,3\nlr/%td,200,0,0.5,3\n", n_runs, n_runs);
        n_runs++;
    }
    expect_one("formation" SOFTMAX " later than formation" SIGMOID,
               CLAIM_UNDECIDED,
               "not judged: 1 had formed when it was measured first, at step "
               "150, and others were measured from step 0 on");
    end();
}

/* Nor is what is no number. */
static void test_claims__a_nan_is_not_never(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 8; i++)
        add_run(i, softmax, 0.5, i == 3 ? NAN : 0, 0);
    expect_one("formation > 100", CLAIM_UNDECIDED,
               "not judged: sink_1 of 2 is no finite number (nan)");
    end();
}

/* Seeds that a trend leaves out have no part in its medians. */
static void test_claims__medians_of_a_trend_are_of_its_seeds(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 12; i++) {
        double v = 0.05 * (double)i;
        add_run(i, (struct values){ .weights = "softmax", .lr = 0.01 }, 0, 0,
                v);
        if (i <= 7)
            add_run(i, (struct values){ .weights = "softmax", .lr = 0.02 }, 0,
                    0, v + 0.02);
    }
    expect_one("sink_1 rises as optim.lr rises", CLAIM_SUPPORTED,
               "medians 20.0, 22.0 % at lr = 0.01, 0.02");
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

#define ALIKE "sink_1" SIGMOID " = sink_1" SOFTMAX " within "

static void test_claims__alike_takes_a_margin(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 6; i++) {
        add_run(i, softmax, 0, 0, 0.3 + 0.001 * (double)(i % 3));
        add_run(i, sigmoid, 0, 0, 0.3 + 0.001 * (double)(i % 2));
    }
    expect_one(ALIKE "0.01", CLAIM_SUPPORTED,
               "two one-sided t tests over 6 pairs of seeds, p = 0.031");
    assert_close(results[0].p, 2 / 64.0, 1e-12); /* t's is less */
    expect_one(ALIKE "0.0001", CLAIM_UNDECIDED, "p = ");
    add_contrast(6);
    expect_one(ALIKE "0.01", CLAIM_CONTRADICTED, "p = ");
    end();
}

static void test_claims__a_side_may_have_its_own_step(void **state)
{
    (void)state;
    add_contrast(6);
    expect_one("sink_1@100" SOFTMAX " < sink_1" SOFTMAX, CLAIM_SUPPORTED,
               "medians 20.0 % and 53.5 % at their steps, above 10 % in 6 of 6 "
               "(54 to 100 %) and 6 of 6 (54 to 100 %)");
    assert_int_equal(results[0].j.n, 6); /* each run with itself */
    assert_int_equal(results[0].test, CLAIM_TEST_PAIRS);
    expect_one("sink_1@100" SIGMOID " < sink_1@100" SOFTMAX, CLAIM_SUPPORTED,
               "medians 0.0 % and 20.0 % at step 100, ");
    end();
}

/* Half of the runs end at 100, where the others have no sink yet. */
static void test_claims__each_run_may_be_taken_at_its_end(void **state)
{
    (void)state;
    begin();
    for (idx i = 1; i <= 6; i++) {
        double more = 0.01 * (double)i;
        add_run(i, softmax, 0, 0, 0.5 + more);
        idx run = n_runs++;
        add(settings, "lr/%td,%td,softmax,0.001,100,1,8\n", run, i);
        for (idx k = 0; k < 2; k++)
            add(curves, "lr/%td,%td,0,%.17g,3\n", run, 100 * k,
                k ? 0.2 + more : 0);
    }
    expect_one("sink_1@end(train.steps=100) < sink_1@end(train.steps=200)",
               CLAIM_SUPPORTED,
               "medians 23.5 % and 53.5 % where each run ends, above 10 % in "
               "6 of 6 (54 to 100 %) and 6 of 6");
    expect_one("sink_1@end rises as train.steps rises", CLAIM_SUPPORTED,
               "medians 23.5, 53.5 % at steps = 100, 200 where each run ends, "
               "of seeds 6 of 6 (54 to 100 %) rise, and fall nowhere");
    expect_one("sink_1@100(train.steps=100) > sink_1@100(train.steps=200)",
               CLAIM_SUPPORTED, "medians 23.5 % and 0.0 % at step 100, ");
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

/* Which optimizer has a second moment is no difference beside the optimizer. */
static void test_claims__what_one_side_alone_reads_is_not_told(void **state)
{
    (void)state;
    begin();
    strcpy(settings, "run,run.seed,train.steps,optim.name,optim.beta2\n");
    for (idx i = 0; i < 10; i++) {
        add(settings, "lr/%td,%td,100,%s\n", i, 1 + i / 2,
            i % 2 ? "sgd,0.95" : "adamw,0.99");
        add(curves, "lr/%td,100,0,%g,3\n", i, i % 2 ? 0.1 : 0.5);
    }
    judge("expect = sink_1(optim.name=adamw) > sink_1(optim.name=sgd)\n");
    assert_null(strstr(results[0].beside, "differ also"));
    end();
}

/* sink_1 depends on the learning rate alone: seeds that lack the higher one
 * must not look like a difference of weights. */
static void add_rate(idx seed, struct values v, double lr)
{
    v.lr = lr;
    add_run(seed, v, 0, 0, (lr > 0.01 ? 0.8 : 0.1) + 0.001 * (double)seed);
}

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
    expect_one(HIGHER, CLAIM_UNDECIDED,
               "; averaged over optim.lr; 4 runs are left out, so that "
               "like is held against like; exact permutation test over 5 "
               "and 1 seeds");
    begin();
    for (idx i = 1; i <= 5; i++) { /* no softmax has both */
        add_rate(i, softmax, i == 5 ? 0.03 : 0.001);
        add_rate(i, sigmoid, 0.001);
        add_rate(i, sigmoid, 0.03);
    }
    expect_one(HIGHER, CLAIM_UNDECIDED,
               "not judged: no seed has runs of all settings that those "
               "with attention.weights=softmax are averaged over: name "
               "them in the claim");
    begin();
    for (idx i = 1; i <= 5; i++) { /* what goes with the seed is no average */
        add_rate(i, softmax, i > 2 ? 0.03 : 0.001);
        add_rate(i, sigmoid, i > 2 ? 0.03 : 0.001);
    }
    judge("expect = " HIGHER "\n");
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
    judge("expect = " HIGHER "\n");
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
    judge("expect = sink_1" SIGMOID " > "
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
    judge("expect = sink_1" SIGMOID " > "
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
    judge("expect = " HIGHER "\n");
    assert_int_equal(runs.n, 24);
    assert_int_equal(runs.n_left, 6);
    assert_string_equal(runs.left, "6 with the settings and seeds of another "
                                   "(24 those of 3)");
    assert_int_equal(results[0].a.n_runs, 12);
    assert_true(results[0].j.difference == 0);
    end();
}

/* Six seeds of each weights, on one text that lay at two places; and, where
 * asked, as many of another text at the first of these. */
static void add_texts(const char *here, const char *there, bool has_other)
{
    strcpy(settings, "run,run.seed,attention.weights,train.steps,data.source,"
                     "data.path,data.val_path,data.bigram_path,data.mixture,"
                     "data.hash\n");
    strcpy(curves, "run,step,tokens,sink_1,val_loss\n");
    n_runs = 0;
    for (int other = 0; other <= has_other; other++)
        for (idx i = 1; i <= 6; i++)
            for (int k = 0; k < 2; k++) {
                bool is_moved = !other && k == 1;
                double sink = (other ? 0.5 : 0.2) + 0.3 * k + 0.001 * (double)i;
                add(settings, "lr/%td,%td,%s,200,%s,%s\n", n_runs, i,
                    k ? "softmax" : "sigmoid", is_moved ? there : here,
                    other ? "fedcba9876543210" : "0123456789abcdef");
                add(curves, "lr/%td,200,0,%.17g,3\n", n_runs, sink);
                n_runs++;
            }
}

static void test_claims__a_text_is_one_wherever_it_lies(void **state)
{
    static const struct {
        const char *here, *there, *key;
    } texts[] = {
        { "text,/p,,,", "text,/q,,,", "data.path" },
        { "text,/p,/v,,", "text,/p,/w,,", "data.val_path" },
        { "bigram-backcopy,,,/p,", "bigram-backcopy,,,/q,", "data.bigram" },
        { "mixture,,,,1*text:/p", "mixture,,,,1*text:/q", "data.mixture" },
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(texts); i++) {
        add_texts(texts[i].here, texts[i].there, false);
        judge("expect = " HIGHER "\n");
        assert_int_equal(results[0].test, CLAIM_TEST_PAIRS);
        assert_null(strstr(results[0].beside, "data."));
        add_texts(texts[i].here, texts[i].there, true);
        judge("expect = " HIGHER "\n");
        assert_int_equal(results[0].test, CLAIM_TEST_PAIRS);
        assert_int_equal(results[0].a.n_runs, 12);
        assert_int_equal(results[0].b.n_runs, 12);
        expect_part(0, "averaged over data.hash");
        assert_null(strstr(results[0].beside, texts[i].key));
    }
    end();
}

/* A place means the text that lies, or lay, there. */
static void test_claims__a_side_may_name_either_place(void **state)
{
    (void)state;
    add_texts("text,/p,,,", "text,/q,,,", false);
    add(settings, "lr/again,6,softmax,200,text,/r,,,,0123456789abcdef\n");
    add(curves, "lr/again,200,0,0.1,3\n");
    expect_one("sink_1(attention.weights=softmax, data.path=/p) > "
               "sink_1(attention.weights=sigmoid, data.path=/q)",
               CLAIM_SUPPORTED, "6 pairs");
    /* a seed counts once wherever its text lies */
    assert_string_equal(runs.left, "1 with the settings and seeds of another "
                                   "(again those of 11)");
    end();
}

static void test_claims__two_places_of_one_text_are_told(void **state)
{
    (void)state;
    add_texts("text,/p,,,", "text,/q,,,", false);
    judge("expect = sink_1(data.path=/p) < sink_1(data.path=/q)\n"
          "expect = sink_1(data.path=/p) < "
          "sink_1(attention.weights=softmax)\n");
    expect_part(0, "not judged: 0 is on both sides: the places that they name "
                   "hold one text (data.hash 0123456789abcdef)");
    expect_part(1, "not judged: 1 is on both sides: name what sets them apart");
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
    expect_part(0, "sink_1 of 0 is no finite number (nan)");
    begin();
    add_run(1, softmax, 0, 0, INFINITY);
    judge("expect = sink_1 < 1\n");
    expect_part(0, "sink_1 of 0 is no finite number (inf)");
    end();
}

/* ---- before anything is trained ---------------------------------------- */

static void test_claims__what_seeds_cannot_decide_is_told(void **state)
{
    (void)state;
    struct claim_seeds seeds[] = { { .n_a = 2, .n_b = 2, .n_both = 2 },
                                   { .n_a = 4, .n_b = 4, .n_both = 4 },
                                   { .n_a = 1, .n_b = 99, .n_both = 1 },
                                   { .n_a = 9 },
                                   { .n_a = 4, .n_levels = 3 } };
    const struct sweep_points p = { .claims = seeds };
    char *text = NULL;
    size_t n = 0;
    add_contrast(6);
    judge(CONTRAST "expect = sink_2(attention.weights=sigmoid) < "
                   "sink_2(attention.weights=softmax)\n"
                   "expect = first_mass(attention.weights=sigmoid) < "
                   "first_mass(attention.weights=softmax)\n"
                   "expect = sink_1 < 0.2\n"
                   "expect = sink_1 falls as optim.lr rises\n");
    FILE *out = open_memstream(&text, &n);
    claims_tell(out, &file, &p);
    fclose(out);
    assert_string_equal(
        text,
        "claims       5, judged at 5 %, corrected for being several\n"
        "             sink_1(attention.weights=sigmoid) < "
        "sink_1(attention.weights=softmax): 2 and 2 seeds can give no p below "
        "0.33 and cannot decide it; 5 seeds of each could\n"
        "             sink_2(attention.weights=sigmoid) < "
        "sink_2(attention.weights=softmax): 4 and 4 seeds can give no p below "
        "0.029, which decides it only if others are decided first (0.01 is "
        "the strictest level); 5 seeds of each could\n"
        "             first_mass(attention.weights=sigmoid) < "
        "first_mass(attention.weights=softmax): 1 and 99 seeds can give no p "
        "below 1 and cannot decide it; 5 seeds of each could\n");
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
    /* seeds, and none that would be wanted */
    assert_true(strstr(text, ",seeds,seeds_wanted\n"));
    assert_true(strstr(text, ",6,\n"));
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
    free(run_command(o, ERR_DATA, "curves.csv:2: got 2 cells, want 3: `tools"));
    test_write_text("curves.csv", "run,step,sink_1,sink_1\nlr/0,0,1,1\n");
    free(run_command(o, ERR_DATA, "curves.csv:1: got column sink_1 twice"));
    test_write_text("curves.csv", "run,sink_1\nlr/0,1\n");
    free(run_command(o, ERR_DATA, "curves.csv:1: no column step"));
    test_write_text("curves.csv", "run,step,sink_1\nlr/0,5,0\nlr/0,5,0\n");
    free(run_command(o, ERR_DATA, "curves.csv:3: 0: want a step beyond that"));
    test_write_text("curves.csv", "run,step,sink_1\nlr/0,,0\n");
    free(run_command(o, ERR_DATA, "curves.csv:2: 0: want a step"));
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
        cmocka_unit_test(test_claims__intervals_are_corrected_for_several),
        cmocka_unit_test(test_claims__one_seed_is_no_side),
        cmocka_unit_test(test_claims__rounding_is_no_difference),
        cmocka_unit_test(test_claims__intervals_say_what_is_possible),
        cmocka_unit_test(test_claims__one_run_that_never_formed_is_its_seeds),
        cmocka_unit_test(test_claims__several_are_corrected),
        cmocka_unit_test(test_claims__holm_is_holms),
        cmocka_unit_test(test_claims__trends_are_within_seeds),
        cmocka_unit_test(test_claims__a_trend_that_turns_is_not_supported),
        cmocka_unit_test(test_claims__one_run_beyond_is_not_staying),
        cmocka_unit_test(test_claims__what_never_formed_is_the_last),
        cmocka_unit_test(test_claims__what_was_not_watched_is_not_never),
        cmocka_unit_test(test_claims__a_nan_is_not_never),
        cmocka_unit_test(test_claims__medians_of_a_trend_are_of_its_seeds),
        cmocka_unit_test(
            test_claims__two_transitions_are_held_against_each_other),
        cmocka_unit_test(test_claims__alike_takes_a_margin),
        cmocka_unit_test(test_claims__a_side_may_have_its_own_step),
        cmocka_unit_test(test_claims__each_run_may_be_taken_at_its_end),
        cmocka_unit_test(test_claims__seeds_wanted_are_by_the_own_level),
        cmocka_unit_test(test_claims__no_level_is_lent_by_what_is_undecided),
        cmocka_unit_test(test_claims__seeds_of_a_margin_are_an_even_chance),
        cmocka_unit_test(test_claims__seeds_of_a_margin_are_of_pairs),
        cmocka_unit_test(test_claims__one_seed_gives_no_outlook),
        cmocka_unit_test(test_claims__what_is_not_named_is_averaged_or_told),
        cmocka_unit_test(test_claims__what_one_side_alone_reads_is_not_told),
        cmocka_unit_test(test_claims__uneven_seeds_and_lost_runs_are_told),
        cmocka_unit_test(test_claims__a_seed_without_all_is_left_out_of_groups),
        cmocka_unit_test(test_claims__pairs_are_of_what_both_have),
        cmocka_unit_test(test_claims__what_one_side_names_the_other_has),
        cmocka_unit_test(test_claims__a_trend_is_of_the_same_at_each_value),
        cmocka_unit_test(test_claims__a_copy_of_a_run_is_no_other),
        cmocka_unit_test(test_claims__a_text_is_one_wherever_it_lies),
        cmocka_unit_test(test_claims__a_side_may_name_either_place),
        cmocka_unit_test(test_claims__two_places_of_one_text_are_told),
        cmocka_unit_test(test_claims__odd_runs_are_told),
        cmocka_unit_test(test_claims__what_seeds_cannot_decide_is_told),
        cmocka_unit_test(test_claims__what_cannot_form_is_refused),
        cmocka_unit_test(test_claims__tables_and_errors_of_the_command),
    };
    return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
