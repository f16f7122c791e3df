/* Judging differences: against scipy 1.17.1 (stats.t, ttest_1samp, ttest_ind
 * with equal_var = False and their confidence_interval, permutation_test with
 * n_resamples = inf), and by hand. */
#include "harness.h"

#include "report/statistics.h"

#include <math.h>
#include <string.h>

/* All digits but those that lgamma's terms cancel. */
#define assert_digits(got, want) assert_close(got, want, 1e-11)

static void test_statistics__the_tails_of_t_are_scipys(void **state)
{
    (void)state;
    static const struct {
        double t, df, p;
    } cases[] = {
        { 0, 3, 1 },
        { 0.5, 1, 0.70483276469913347 },
        { 1, 1, 0.5 },
        { 2, 2, 0.18350341907227397 },
        { 2.5, 4.7, 0.057592159346867323 },
        { 3, 30, 0.0053899640656519454 },
        { 1e-3, 7, 0.99923001724499882 },
        { 50, 2, 0.00039976015988808057 },
        { 1e4, 1, 6.366197702455154e-05 },
        { 6, 200, 9.1151203488103459e-09 },
        { 30, 10, 3.9617923420313247e-11 },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        assert_digits(student_two_sided(cases[i].t, cases[i].df), cases[i].p);
        assert_digits(student_two_sided(-cases[i].t, cases[i].df), cases[i].p);
    }
    /* the terms of lgamma cancel: 1e6 of them, digits are lost */
    double p = student_two_sided(1.96, 1e6);
    assert_true(fabs(p - 0.049996067585269852) < 1e-8);
    assert_true(student_two_sided(INFINITY, 3) == 0);
    assert_true(isnan(student_two_sided(NAN, 3)));
    assert_true(isnan(student_two_sided(1, NAN)));
}

static void test_statistics__quantiles_of_t_are_scipys(void **state)
{
    (void)state;
    static const struct {
        double p, df, t;
    } cases[] = {
        { 0.05, 1, 12.706204736174705 },    { 0.05, 2, 4.3026527297494637 },
        { 0.05, 4.7, 2.6207260753531707 },  { 0.05, 30, 2.0422724563012382 },
        { 0.05, 1000, 1.9623390808264085 }, { 0.01, 3, 5.8409093097333571 },
        { 0.5, 9, 0.70272214675132638 },    { 1e-6, 5, 28.478473462984212 },
        { 0.9, 2.5, 0.13881476791946945 },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++)
        assert_digits(student_quantile(cases[i].p, cases[i].df), cases[i].t);
}

/* Tables of results hold all digits, which a lint compares: no compiler and no
 * processor makes one of a product and a sum (Makefile, src/report). */
static void test_statistics__each_build_gives_the_same_bits(void **state)
{
    (void)state;
    static const double a[] = { 0.0575, 0.1325, 0.0775, 0.2875, 0.1025 };
    static const double base[] = { 0.0125, 0.003, 0.0075, 0.11, 0.021 };
    struct judgement groups = judge_groups(a, 5, base, 5);
    struct judgement pairs = judge_pairs(a, 5);
    assert_true(groups.low == -0x1.821916ea13e68p-7);
    assert_true(groups.high == 0x1.b4992bd9f1ef6p-3);
    assert_true(pairs.low == 0x1.22d2b2fa0a388p-6);
    assert_true(pairs.high == 0x1.f6456817876d3p-3);
}

static void test_statistics__pairs_are_judged_as_scipy_does(void **state)
{
    (void)state;
    static const struct {
        double d[8];
        idx n;
        double difference, error, low, high, p, p_least;
        enum verdict verdict;
    } cases[] = {
        { { 2, 1.5 },
          2,
          1.75,
          0.25,
          -1.4265511840436735,
          4.9265511840436735,
          0.5,
          0.5,
          VERDICT_TOO_FEW },
        { { 0.1, -0.2, 0.4, 0.3, 0.05 },
          5,
          0.13,
          0.10440306508910552,
          -0.15986937903429363,
          0.41986937903429367,
          0.3125,
          0.0625,
          VERDICT_TOO_FEW },
        { { 0.1, 0.2, 0.4, 0.3, 0.05, 0.07 },
          6,
          0.18666666666666668,
          0.057251880124392238,
          0.039496023562876265,
          0.33383730977045711,
          0.03125,
          0.03125,
          VERDICT_HIGHER },
        { { -0.1, -0.2, -0.4, -0.3, -0.05, -0.07 },
          6,
          -0.18666666666666668,
          0.057251880124392238,
          -0.33383730977045711,
          -0.039496023562876265,
          0.03125,
          0.03125,
          VERDICT_LOWER },
        { { 0.1, -0.2, 0.4, 0.3, 0.05, 0.07, -0.01, 0.2 },
          8,
          0.11375,
          0.066006966623661345,
          -0.042331674052385082,
          0.26983167405238506,
          0.140625,
          0.0078125,
          VERDICT_ALIKE },
        /* ties: signs of zeros, and equal sums */
        { { 0, 0, 1, 2, 3, 0.5, 0.25 },
          7,
          0.9642857142857143,
          0.43104445214837311,
          -0.090442064046434623,
          2.0190134926178631,
          0.0625,
          0.015625,
          VERDICT_ALIKE },
        { { 1, 2, -3, 2, 5, -1, 2 },
          7,
          1.1428571428571428,
          0.96185761317734064,
          -1.210723649940515,
          3.4964379356548005,
          0.34375,
          0.015625,
          VERDICT_ALIKE },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct judgement j = judge_pairs(cases[i].d, cases[i].n);
        assert_true(j.is_paired && j.is_exact);
        assert_int_equal(j.n, cases[i].n);
        assert_digits(j.difference, cases[i].difference);
        assert_digits(j.error, cases[i].error);
        assert_digits(j.low, cases[i].low);
        assert_digits(j.high, cases[i].high);
        assert_true(j.p == cases[i].p);
        assert_true(j.p_least == cases[i].p_least);
        assert_int_equal(j.verdict, cases[i].verdict);
    }
}

static void test_statistics__groups_are_judged_as_scipy_does(void **state)
{
    (void)state;
    static const struct {
        double a[5];
        idx n;
        double base[5];
        idx n_base;
        double difference, df, low, high, p, p_least;
        enum verdict verdict;
    } cases[] = {
        { { 1, 2, 4 },
          3,
          { 3, 3.5 },
          2,
          -0.91666666666666652,
          2.3045805131433967,
          -4.4010397465085269,
          2.5677064131751943,
          0.5,
          1 / 10.0,
          VERDICT_TOO_FEW },
        { { 3.1, 3.2, 3.15, 3.3 },
          4,
          { 3.0, 2.9, 3.05, 2.95 },
          4,
          0.2125,
          5.5846153846153834,
          0.079138968876300259,
          0.34586103112370048,
          2 / 70.0,
          2 / 70.0,
          VERDICT_HIGHER },
        { { 3.0, 2.9, 3.05, 2.95 },
          4,
          { 3.1, 3.2, 3.15, 3.3 },
          4,
          -0.2125,
          5.5846153846153834,
          -0.34586103112370048,
          -0.079138968876300259,
          2 / 70.0,
          2 / 70.0,
          VERDICT_LOWER },
        { { 0.9, 1.1, 1.0, 0.95, 1.2 },
          5,
          { 1.5, 0.2, 2.8, 1.0, 0.1 },
          5,
          -0.09,
          4.0953028228428519,
          -1.4553569905812818,
          1.275356990581282,
          234 / 252.0,
          2 / 252.0,
          VERDICT_ALIKE },
        /* two ways of 35 are as far apart, one of them is what was seen */
        { { 0.1, 0.2, 0.3, 0.4 },
          4,
          { 0.5, 0.6, 0.7 },
          3,
          -0.35,
          4.9591836734693873,
          -0.57317114813387882,
          -0.12682885186612119,
          2 / 35.0,
          1 / 35.0,
          VERDICT_ALIKE },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct judgement j = judge_groups(cases[i].a, cases[i].n, cases[i].base,
                                          cases[i].n_base);
        assert_true(!j.is_paired && j.is_exact);
        assert_true(j.n == cases[i].n && j.n_base == cases[i].n_base);
        assert_digits(j.difference, cases[i].difference);
        assert_digits(j.df, cases[i].df);
        assert_digits(j.low, cases[i].low);
        assert_digits(j.high, cases[i].high);
        assert_digits(j.p, cases[i].p);
        assert_digits(j.p_least, cases[i].p_least);
        assert_int_equal(j.verdict, cases[i].verdict);
    }
}

/* The same number, but for how it was summed. */
static void test_statistics__rounding_tells_no_groups_apart(void **state)
{
    (void)state;
    static const double thirds = (0.1 + 0.1 + 0.1) / 3;
    const double a[] = { thirds, thirds, thirds, thirds },
                 base[] = { 0.1, 0.1, 0.1, 0.1 };
    assert_true(thirds != 0.1);
    assert_true(judge_groups(a, 4, base, 4).p == 1);
}

/* A large number that all share takes digits away: ties stay ties. */
static void test_statistics__a_common_offset_moves_no_p(void **state)
{
    (void)state;
    double a[4], base[4], near[8];
    static const double offsets[] = { 0, 3, 1e3, 1e6 };
    for (idx i = 0; i < COUNT_OF(offsets); i++) {
        for (idx k = 0; k < 4; k++) {
            a[k] = offsets[i] + 0.1 * (double)k;
            base[k] = offsets[i] + 0.1 * (double)(k + 2);
        }
        for (idx k = 0; k < 8; k++)
            near[k] = (offsets[i] + 0.1 * (double)(k + 1)) - offsets[i];
        /* 0.1 (0 1 2 3 | 2 3 4 5): 10 of the 70 ways, counted apart */
        assert_digits(judge_groups(a, 4, base, 4).p, 10 / 70.0);
        assert_true(judge_pairs(near, 8).p == 2 / 256.0);
    }
}

static void test_statistics__many_seeds_are_judged_by_t(void **state)
{
    (void)state;
    double d[20], a[12], b[15];
    for (idx i = 0; i < 20; i++)
        d[i] = (double)i * 0.1 - 0.3;
    for (idx i = 0; i < 12; i++)
        a[i] = (double)i * 0.1;
    for (idx i = 0; i < 15; i++)
        b[i] = (double)i * 0.3 - 1;
    struct judgement j = judge_pairs(d, 20);
    assert_true(!j.is_exact && j.p_least == 0);
    assert_digits(j.p, 9.6461286050942438e-05);
    assert_digits(j.low, 0.3731189431979747);
    assert_digits(j.high, 0.9268810568020254);
    j = judge_groups(a, 12, b, 15);
    assert_false(j.is_exact);
    assert_digits(j.p, 0.14733420422286539);
    assert_digits(j.df, 16.471027761626647);
    assert_digits(j.low, -1.3150103250651886);
    assert_digits(j.high, 0.2150103250651888);
    /* the largest that are gone through */
    assert_true(judge_pairs(d, 17).is_exact);
    assert_false(judge_pairs(d, 18).is_exact);
    assert_true(judge_groups(d, 10, b, 10).is_exact);
    assert_false(judge_groups(d, 11, b, 11).is_exact);
}

static void test_statistics__odd_numbers_are_judged(void **state)
{
    (void)state;
    static const double same[] = { 1, 1, 1, 1, 1, 1 }, zeros[6];
    static const double broken[] = { 1, NAN, 2 };
    struct judgement j = judge_pairs(same, 6); /* no spread */
    assert_true(j.difference == 1 && j.error == 0 && j.low == 1 && j.high == 1);
    assert_true(j.p == 2 / 64.0 && j.verdict == VERDICT_HIGHER);
    j = judge_pairs(zeros, 6);
    assert_true(j.p == 1 && j.verdict == VERDICT_ALIKE);
    j = judge_groups(same, 3, zeros, 3);
    assert_true(j.low == 1 && j.high == 1 && j.verdict == VERDICT_TOO_FEW);
    assert_digits(j.p, 0.1);
    j = judge_pairs(same, 1); /* one pair has no error, and no interval */
    assert_true(j.difference == 1 && isnan(j.error) && isnan(j.low));
    assert_true(j.p == 1 && j.p_least == 1 && j.verdict == VERDICT_TOO_FEW);
    j = judge_groups(same, 1, zeros, 3); /* nor has one run against three */
    assert_true(j.difference == 1 && isnan(j.low) && j.p == 0.25);
    assert_int_equal(j.verdict, VERDICT_TOO_FEW);
    double many[100];
    for (idx i = 0; i < 100; i++)
        many[i] = (double)i / 200;
    j = judge_groups(same, 1, many, 100); /* however many */
    assert_true(j.is_exact && isnan(j.low) && isnan(j.p_t));
    assert_digits(j.p, 1 / 101.0);
    j = judge_groups(same, 1, zeros, 1);
    assert_true(j.p == 1 && j.verdict == VERDICT_TOO_FEW);
    assert_int_equal(judge_pairs(broken, 3).verdict, VERDICT_NONE);
    assert_int_equal(judge_pairs(same, 0).verdict, VERDICT_NONE);
    assert_true(isnan(judge_pairs(same, 0).difference));
    assert_int_equal(judge_groups(broken, 3, same, 3).verdict, VERDICT_NONE);
    assert_int_equal(judge_groups(same, 3, same, 0).verdict, VERDICT_NONE);
    j = judge_pairs((const double[]){ INFINITY, 1 }, 2);
    assert_int_equal(j.verdict, VERDICT_NONE);
}

static void test_statistics__words_say_what_was_done(void **state)
{
    (void)state;
    static const double d[] = { 0.1, 0.2, 0.4, 0.3, 0.05, 0.07 };
    double many[20];
    char text[JUDGEMENT_TEXT_MAX];
    struct judgement j = judge_pairs(d, 6);
    assert_string_equal(judgement_test(text, &j),
                        "exact permutation test over 6 pairs, p = 0.031");
    assert_string_equal(verdict_words(j.verdict), "higher");
    j = judge_pairs(d, 2);
    assert_string_equal(judgement_test(text, &j),
                        "exact permutation test over 2 pairs, p = 0.5; so few "
                        "can give none below 0.5");
    assert_string_equal(verdict_words(j.verdict), "too few seeds to tell");
    j = judge_groups(d, 3, d + 3, 1);
    assert_string_equal(judgement_seeds(text, &j), "3 and 1 run");
    j = judge_pairs(d, 0);
    assert_string_equal(judgement_seeds(text, &j), "0 pairs");
    for (idx i = 0; i < 20; i++)
        many[i] = (double)i;
    j = judge_pairs(many, 20);
    judgement_test(text, &j);
    assert_int_equal(strncmp(text, "t test over 20 pairs, p = ", 26), 0);
    j = judge_groups(many, 12, many, 12);
    assert_string_equal(judgement_test(text, &j),
                        "Welch's t test over 12 and 12 runs, p = 1");
}

static void test_statistics__shares_are_scipys(void **state)
{
    (void)state;
    static const struct { /* binomtest, proportion_ci(0.95, "exact") */
        idx k, n;
        double low, high, p;
    } cases[] = {
        { 0, 5, 0, 0.52182375010498139, 0.0625 },
        { 5, 5, 0.47817624989501856, 1, 0.0625 },
        { 3, 5, 0.14663279963467254, 0.94725504947368433, 1 },
        { 1, 12, 0.0021075932318616332, 0.38479616515094384, 0.00634765625 },
        { 7, 20, 0.1539092047845412, 0.59218853453282827, 0.26317596435546875 },
        { 0, 1, 0, 0.97499999999999998, 1 },
        { 50, 100, 0.39832112950330095, 0.6016788704966991, 1 },
        { 480, 1100, 0.40680557695310055, 0.46626295941144661,
          2.7131381093007078e-05 },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        double low, high;
        share_interval(&low, &high, cases[i].k, cases[i].n);
        assert_digits(low, cases[i].low);
        assert_digits(high, cases[i].high);
        assert_digits(sign_test(cases[i].k, cases[i].n), cases[i].p);
    }
    assert_true(sign_test(0, 0) == 1);
    assert_true(pairs_least(6) == 2 / 64.0 && pairs_least(1) == 1);
    assert_digits(groups_least(5, 5), 2 / 252.0);
    assert_digits(groups_least(3, 5), 1 / 56.0);
    assert_true(groups_least(0, 0) == 1 && groups_least(0, 4) == 1);
}

/* Of n independent runs of a law, as often as p is at most JUDGED_AT: by going
 * through all that may come out. */
static double rate_of_pairs(void)
{
    idx n_beyond = 0, n = 0;
    for (; n < 729; n++) { /* six differences of -1, 0, 1 */
        double d[6];
        for (idx i = 0, rest = n; i < 6; i++, rest /= 3)
            d[i] = (double)(rest % 3 - 1);
        n_beyond += judge_pairs(d, 6).p <= JUDGED_AT;
    }
    return (double)n_beyond / (double)n;
}

/* Four runs against four: 0 or 1 by chance, and `shared` more or not by what
 * those of one seed have in common. */
static double rate_of_groups(double shared)
{
    idx n_beyond = 0, n = 0;
    for (; n < 4096; n++) {
        double a[4], b[4];
        for (idx i = 0, rest = n; i < 4; i++, rest /= 8) {
            double seed = rest & 1 ? shared : 0;
            a[i] = seed + (rest & 2 ? 1 : 0);
            b[i] = seed + (rest & 4 ? 1 : 0);
        }
        n_beyond += judge_groups(a, 4, b, 4).p <= JUDGED_AT;
    }
    return (double)n_beyond / (double)n;
}

/* Equal means, 0: five numbers of -1 or 1 against five of -spread or spread. */
static double rate_of_spreads(double spread, double level)
{
    idx n_beyond = 0, n = 0;
    for (; n < 1024; n++) {
        double a[5], b[5];
        for (idx i = 0; i < 5; i++) {
            a[i] = n >> i & 1 ? 1 : -1;
            b[i] = n >> (5 + i) & 1 ? spread : -spread;
        }
        n_beyond += judge_groups(a, 5, b, 5).p <= level;
    }
    return (double)n_beyond / (double)n;
}

/* The test asks for one distribution, not for one mean: where one side has all
 * the spread, its five need but be equal. */
static void test_statistics__unlike_spreads_are_found_apart(void **state)
{
    (void)state;
    double level = JUDGED_AT / 6;
    assert_true(rate_of_spreads(1, level) <= level);
    assert_true(rate_of_spreads(1, JUDGED_AT) <= JUDGED_AT);
    assert_digits(rate_of_spreads(0.05, level), 2 / 32.0);
}

/* Claims take pairs for groups where these are too few (claim_sides.h): what
 * their seeds share makes errors rarer, not more frequent. */
static void test_statistics__errors_are_as_rare_as_the_level_says(void **state)
{
    (void)state;
    double apart = rate_of_groups(0);
    assert_true(rate_of_pairs() > 0 && rate_of_pairs() <= JUDGED_AT);
    assert_true(apart > 0 && apart <= JUDGED_AT);
    assert_true(rate_of_groups(1) <= JUDGED_AT);
    assert_true(rate_of_groups(2) < apart);
}

static void test_ranks__equal_numbers_share_the_mean(void **state)
{
    static const double v[] = { 3, -1, INFINITY, 3, 0, INFINITY, 3 };
    static const double want[] = { 4, 1, 6.5, 4, 2, 6.5, 4 };
    double rank[COUNT_OF(v)];
    (void)state;
    ranks_of(rank, v, COUNT_OF(v));
    for (idx i = 0; i < COUNT_OF(v); i++)
        assert_true(rank[i] == want[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_statistics__the_tails_of_t_are_scipys),
        cmocka_unit_test(test_statistics__quantiles_of_t_are_scipys),
        cmocka_unit_test(test_statistics__pairs_are_judged_as_scipy_does),
        cmocka_unit_test(test_statistics__groups_are_judged_as_scipy_does),
        cmocka_unit_test(test_statistics__a_common_offset_moves_no_p),
        cmocka_unit_test(test_statistics__rounding_tells_no_groups_apart),
        cmocka_unit_test(test_statistics__many_seeds_are_judged_by_t),
        cmocka_unit_test(test_statistics__odd_numbers_are_judged),
        cmocka_unit_test(test_statistics__words_say_what_was_done),
        cmocka_unit_test(test_statistics__each_build_gives_the_same_bits),
        cmocka_unit_test(test_statistics__shares_are_scipys),
        cmocka_unit_test(test_statistics__unlike_spreads_are_found_apart),
        cmocka_unit_test(test_statistics__errors_are_as_rare_as_the_level_says),
        cmocka_unit_test(test_ranks__equal_numbers_share_the_mean),
    };
    return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
