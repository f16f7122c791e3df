/* Metrics of weights on heads made by hand: known answers, sinks that were
 * planted, and what is no sink. */
#include "harness.h"
#include "metric_case.h"

#include <math.h>
#include <string.h>

enum { T = CASE_T, PLACE = 20, EDGE = 8 };

static struct metric_case c;

static double head_value(const char *name)
{
    return ratio_value(metric_of_head(name, &c, 0));
}

static double place_value(const char *name, idx i)
{
    return ratio_value(metric_of_head(name, &c, i));
}

static double harmonic(idx n)
{
    double sum = 0;
    for (idx i = 1; i <= n; i++)
        sum += 1 / (double)i;
    return sum;
}

/* Each row gives `share` to one key, if it sees that, and divides the rest. */
static void plant(idx key, double share)
{
    metric_case_init(&c, 0);
    metric_case_uniform(&c);
    for (idx row = key; row < T; row++)
        for (idx j = 0; j <= row; j++)
            *metric_case_weight(&c, row, j) =
                (real)(j == key ? (row ? share : 1)
                                : (1 - share) / (double)row);
}

static void test_first__uniform_attention_has_no_excess(void **state)
{
    (void)state;
    double late = 0, next = 0;
    metric_case_init(&c, 0);
    metric_case_uniform(&c);
    assert_close(head_value("first_excess"), 1, 1e-6);
    for (idx row = 8; row < T; row++)
        late += 1 / (double)(row + 1) / (T - 8);
    assert_close(head_value("first_mass_late"), late, 1e-6);
    for (idx k = 2; k <= 5; k++)
        next += (harmonic(T) - harmonic(k - 1)) / (double)(T - k + 1) / 4;
    assert_near(head_value("first_over_next"), harmonic(T) / T - next, 1e-6, 1);
    assert_close(head_value("nowhere_mass"), harmonic(T) / T, 1e-6);
}

static void test_first__a_sink_shows_in_each(void **state)
{
    (void)state;
    plant(0, 0.5);
    double mass = (0.5 * (T - 1) + 1) / T;
    assert_close(head_value("first_excess"), mass * T / harmonic(T), 1e-6);
    assert_close(head_value("first_mass_late"), 0.5, 1e-6);
    assert_true(head_value("first_over_next") > 0.4);
    assert_close(head_value("nowhere_mass"), mass, 1e-6);
}

/* 0.2 on the first token and 0.6 on the extra column. */
static void test_nowhere__a_sink_that_moved_stays_in_it(void **state)
{
    (void)state;
    metric_case_init(&c, 1);
    for (idx row = 0; row < T; row++) {
        *metric_case_weight(&c, row, -1) = (real)0.6;
        *metric_case_weight(&c, row, 0) = (real)0.2;
        *metric_case_weight(&c, row, row) += (real)0.2;
    }
    assert_close(head_value("nowhere_mass"), (0.8 * (T - 1) + 1) / T, 1e-6);
}

static void test_logit_gap__is_of_keys_that_are_seen(void **state)
{
    (void)state;
    static real scores[T * T];
    metric_case_init(&c, 0);
    assert_true(metric_of_head("logit_gap", &c, 0).is_none);
    for (idx i = 0; i < T * T; i++)
        scores[i] = i % T > i / T ? (real)INFINITY : (real)(i % T % 2 ? 1 : 3);
    for (idx row = 0; row < T; row++)
        scores[row * T] = 7;
    c.head.scores = scores;
    c.head.ld_scores = T;
    /* of even rows half of the others are 1, of odd ones one more */
    double want = 0;
    for (idx row = 1; row < T; row++)
        want += (row % 2 ? 7 - (1 + 2 * (double)(row / 2) / (double)row) : 5) /
                (double)(T - 1);
    assert_close(head_value("logit_gap"), want, 1e-6);
    for (idx i = 0; i < T * T; i++) /* only odd keys, and not from row 9 */
        if (i % T != 0 && (i % T % 2 == 0 || i / T == 9))
            scores[i] = -(real)INFINITY;
    scores[10 * T] = -(real)INFINITY;
    assert_close(head_value("logit_gap"), 6, 1e-6);
    c.view.prefix = 4; /* rows 1 and 2 see key 3, too */
    scores[1 * T + 3] = 4;
    scores[2 * T + 3] = 1;
    assert_close(head_value("logit_gap"), 6 - 1.5 / (T - 3), 1e-6);
    scores[11 * T + 3] = (real)NAN;
    assert_true(isnan(head_value("logit_gap")));
}

static void test_places__a_planted_sink_is_found_there_alone(void **state)
{
    (void)state;
    for (idx key = 0; key <= T - EDGE; key += PLACE) {
        plant(key, 0.6);
        for (idx j = 0; j <= T - EDGE; j++)
            assert_true(place_value("sink_place", j) == (j == key));
        for (idx j = T - EDGE + 1; j < T; j++) /* too few rows to say */
            assert_true(metric_of_head("sink_place", &c, j).is_none);
        assert_true(head_value("sink_any") == 1);
        assert_true(head_value("sink_else") == (key > 0));
        assert_near(place_value("key_mass", key),
                    key ? 0.6 : (0.6 * (T - 1) + 1) / T, 1e-6, 1);
    }
}

static void test_places__separators_are_told_apart(void **state)
{
    (void)state;
    plant(PLACE, 0.6);
    assert_true(metric_of_head("sink_separator", &c, 0).is_none);
    c.separators[0] = c.separators[7] = true;
    assert_true(head_value("sink_separator") == 0);
    assert_true(head_value("sink_else") == 1);
    c.separators[PLACE] = true;
    assert_true(head_value("sink_separator") == 1);
    assert_true(head_value("sink_else") == 0);
    assert_true(head_value("sink_any") == 1);
}

/* Padding is no row, and no key. */
static void test_places__padding_is_left_out(void **state)
{
    (void)state;
    plant(PLACE, 0.6);
    for (idx row = 40; row < T; row++)
        for (idx j = 0; j <= row; j++)
            *metric_case_weight(&c, row, j) = j == 33;
    c.view.rows = 40;
    for (idx j = 0; j <= 40 - EDGE; j++)
        assert_true(place_value("sink_place", j) == (j == PLACE));
    for (idx j = 40 - EDGE + 1; j < T; j++)
        assert_true(metric_of_head("sink_place", &c, j).is_none);
}

/* The last keys of a head that looks at its neighbours get as much of their few
 * rows as a sink does: at a threshold of 0.1 they would all be called one. */
static void test_places__a_trend_is_no_sink(void **state)
{
    (void)state;
    metric_case_init(&c, 0);
    c.view.eps = 0.1;
    for (idx row = 0; row < T; row++) {
        *metric_case_weight(&c, row, row) += (real)0.5;
        *metric_case_weight(&c, row, idx_max(row - 1, 0)) += (real)0.5;
    }
    assert_true(place_value("key_mass", T - EDGE) > 0.1);
    assert_true(head_value("sink_any") == 0);
    metric_case_uniform(&c);
    c.view.eps = 0.01;
    assert_true(head_value("sink_any") == 0);
}

static void test_entropy__is_1_of_uniform_and_0_of_one_key(void **state)
{
    (void)state;
    for (idx extra = 0; extra <= 1; extra++) {
        metric_case_init(&c, extra);
        metric_case_uniform(&c);
        assert_close(head_value("entropy"), 1, 1e-6);
        assert_close(head_value("entropy_low"), 1, 1e-6);
        assert_close(head_value("entropy_rest"), 1, 1e-6);
        assert_true(head_value("sparsity") == 0);
        assert_true(head_value("sparsity_exact") == 0);
    }
    metric_case_init(&c, 0);
    for (idx row = 0; row < T; row++)
        *metric_case_weight(&c, row, 0) = 1;
    assert_near(head_value("entropy"), 0, 0, 1e-12);
    assert_true(metric_of_head("entropy_rest", &c, 0).is_none);
    assert_close(head_value("sparsity_exact"), (T - 1) / (double)(T + 1), 1e-9);
}

/* All rows see the first keys, and a row of them as much as the last of them.
 */
static void test_entropy__of_a_prefix_is_of_what_it_sees(void **state)
{
    enum { PREFIX = 5 };
    (void)state;
    for (idx extra = 0; extra <= 1; extra++) {
        metric_case_init(&c, extra);
        metric_case_uniform(&c);
        c.view.prefix = PREFIX;
        for (idx row = 0; row < PREFIX; row++)
            for (idx j = -extra; j < PREFIX; j++)
                *metric_case_weight(&c, row, j) = (real)1 / (PREFIX + extra);
        assert_close(head_value("entropy"), 1, 1e-6);
        assert_close(head_value("entropy_low"), 1, 1e-6);
        assert_close(head_value("entropy_rest"), 1, 1e-6);
        assert_true(extra || fabs(head_value("first_excess") - 1) < 1e-6);
        assert_true(head_value("sparsity") == 0);
        *metric_case_weight(&c, 0, PREFIX - 1) = 0;
        idx keys = T * (T + 1) / 2 + PREFIX * (PREFIX - 1) / 2;
        assert_close(head_value("sparsity"), 1 / (double)keys, 1e-9);
        assert_close(head_value("sparsity_exact"), 1 / (double)keys, 1e-9);
    }
}

/* Half on the first, the rest even: the rest's entropy is that of uniform rows
 * whatever the sink has. */
static void test_entropy__rest_does_not_see_the_sink(void **state)
{
    (void)state;
    double want = 0;
    plant(0, 0.5);
    assert_close(head_value("entropy_rest"), 1, 1e-6);
    for (idx row = 1; row < T; row++)
        want += (log(2) + 0.5 * log((double)row)) / log((double)(row + 1)) /
                (T - 1);
    assert_close(head_value("entropy"), want, 1e-6);
    assert_true(head_value("entropy_low") < head_value("entropy"));
}

/* Two keys share a row's weight, 1e-5 lies on a third. */
static void test_sparsity__has_a_threshold(void **state)
{
    (void)state;
    metric_case_init(&c, 0);
    c.view.rows = 4;
    for (idx row = 0; row < 4; row++)
        for (idx j = 0; j <= row; j++)
            *metric_case_weight(&c, row, j) = (real)(j == 2   ? 1e-5
                                                     : j == 3 ? 0
                                                              : 0.5);
    assert_close(head_value("sparsity"), 3 / 10.0, 1e-9);
    assert_close(head_value("sparsity_exact"), 1 / 10.0, 1e-9);
}

/* One NaN in one row is in the mean of every key that the row sees. */
static void test_nan__is_no_absent_sink(void **state)
{
    static const char *const names[] = {
        "first_excess", "first_over_next", "first_mass_late",
        "nowhere_mass", "sink_any",        "entropy",
        "entropy_low",  "sparsity",        "awft",
        "aeqd",
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(names); i++) {
        plant(0, 0.5);
        *metric_case_weight(&c, 30, 0) = (real)NAN;
        if (!isnan(head_value(names[i])))
            fail_msg("%s: got %g", names[i], head_value(names[i]));
    }
    plant(0, 0.5);
    *metric_case_weight(&c, 30, 12) = (real)NAN;
    assert_true(isnan(place_value("sink_place", 12)));
    assert_true(isnan(place_value("sink_place", 15))); /* its trend */
    assert_true(place_value("sink_place", 30) == 0);
    assert_true(isnan(head_value("sink_any")));
    assert_true(isnan(head_value("entropy_rest")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first__uniform_attention_has_no_excess),
        cmocka_unit_test(test_first__a_sink_shows_in_each),
        cmocka_unit_test(test_nowhere__a_sink_that_moved_stays_in_it),
        cmocka_unit_test(test_logit_gap__is_of_keys_that_are_seen),
        cmocka_unit_test(test_places__a_planted_sink_is_found_there_alone),
        cmocka_unit_test(test_places__separators_are_told_apart),
        cmocka_unit_test(test_places__padding_is_left_out),
        cmocka_unit_test(test_places__a_trend_is_no_sink),
        cmocka_unit_test(test_entropy__is_1_of_uniform_and_0_of_one_key),
        cmocka_unit_test(test_entropy__of_a_prefix_is_of_what_it_sees),
        cmocka_unit_test(test_entropy__rest_does_not_see_the_sink),
        cmocka_unit_test(test_sparsity__has_a_threshold),
        cmocka_unit_test(test_nan__is_no_absent_sink),
    };
    return cmocka_run_group_tests_name("metric_sinks", tests, NULL, NULL);
}
