/* Metrics of what heads do, on heads made by hand: what they look for, how
 * many directions they write, which algorithm their sink serves. */
#include "harness.h"
#include "metric_case.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

enum { T = CASE_T, HALF = T / 2, E = 8 };

static struct metric_case c;
static real values[T * E], outputs[T * E];

static double head_value(const char *name)
{
    return ratio_value(metric_of_head(name, &c, 0));
}

static bool has_value(const char *name)
{
    return !metric_of_head(name, &c, 0).is_none;
}

/* Tokens of two equal halves, all different within one. */
static void start_copies(void)
{
    metric_case_init(&c, 0);
    metric_case_uniform(&c);
    for (idx t = 0; t < T; t++)
        c.tokens[t] = (int32_t)(t % HALF);
}

/* Each row that can gives `share` to the key `back` places before it, and
 * divides the rest evenly among the others. */
static void look_back(idx back, double share)
{
    for (idx row = back; row < T; row++)
        for (idx j = 0; j <= row; j++)
            *metric_case_weight(&c, row, j) =
                (real)(j == row - back ? share : (1 - share) / (double)row);
}

static double harmonic(idx n)
{
    double sum = 0;
    for (idx i = 1; i <= n; i++)
        sum += 1 / (double)i;
    return sum;
}

static void test_induction__uniform_attention_has_what_it_must(void **state)
{
    (void)state;
    start_copies();
    /* one key of each row of the second half */
    assert_close(head_value("induction_score"),
                 (harmonic(T) - harmonic(HALF)) / HALF, 1e-6);
    assert_close(head_value("previous_score"), (harmonic(T) - 1) / (T - 1),
                 1e-6);
}

/* Each of the two sees its own head, and not the other's; and not one that
 * looks for the token itself. */
static void test_induction__is_found_where_it_was_planted(void **state)
{
    static const struct {
        idx back;
        bool is_induction, is_previous;
    } heads[] = { { HALF - 1, true, false },
                  { 1, false, true },
                  { HALF, false, false },
                  { 0, false, false } };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        start_copies();
        look_back(heads[i].back, 0.9);
        double induction = head_value("induction_score");
        double previous = head_value("previous_score");
        assert_true(heads[i].is_induction ? fabs(induction - 0.9) < 1e-6
                                          : induction < 0.1);
        assert_true(heads[i].is_previous ? fabs(previous - 0.9) < 1e-6
                                         : previous < 0.1);
    }
}

/* A token that came several times has a key behind each; the place of the query
 * itself is none of them, and padding asks nothing. */
static void test_induction__is_of_all_earlier_ones(void **state)
{
    (void)state;
    metric_case_init(&c, 0);
    metric_case_uniform(&c);
    for (idx t = 0; t < T; t++)
        c.tokens[t] = (int32_t)t;
    assert_false(has_value("induction_score"));
    c.tokens[10] = c.tokens[11] = c.tokens[30] = 5; /* and 5 itself */
    /* query 10: key 6; 11: key 6, for 11 is its own; 30: 6, 11, 12 */
    assert_close(head_value("induction_score"),
                 (1.0 / 11 + 1.0 / 12 + 3.0 / 31) / 3, 1e-6);
    c.view.rows = 11;
    assert_close(head_value("induction_score"), 1.0 / 11, 1e-6);
}

static void test_rest__is_what_no_sink_has(void **state)
{
    (void)state;
    metric_case_init(&c, 1);
    metric_case_uniform(&c);
    /* of t + 2 columns t are other tokens */
    double want = 0;
    for (idx t = 0; t < T; t++)
        want += (double)t / (double)(t + 2) / T;
    assert_close(head_value("rest_mass"), want, 1e-6);
    assert_close(head_value("rest_mass") + head_value("nowhere_mass"), 1, 1e-6);
    start_copies();
    for (idx row = 0; row < T; row++)
        for (idx j = 0; j <= row; j++)
            *metric_case_weight(&c, row, j) = j == 0;
    assert_true(head_value("rest_mass") == 0);
    *metric_case_weight(&c, 0, 0) = (real)0.25; /* of a prefix */
    *metric_case_weight(&c, 0, 3) = (real)0.75;
    assert_close(head_value("rest_mass"), 0.75 / T, 1e-6);
    assert_close(head_value("rest_mass") + head_value("nowhere_mass"), 1, 1e-6);
}

/* Over the heads of their layer, and the spread of that: 1, 3 and 2, 2. */
static void test_load__is_a_spread_over_heads(void **state)
{
    const struct metric *m = metric_named("head_load");
    const struct metric_shape s = { .L = 3, .H = 2, .T = T, .C = E, .E = E };
    double x[] = { 0.1, 0.3, 0.2, 0.2, 0, 0 };
    const bool given[6] = { true, true, true, true, true, true };
    const double want[] = { 0.5, 1.5, 1, 1, 1, 1 };
    (void)state;
    m->finish(x, &s);
    for (int i = 0; i < 6; i++)
        assert_close(x[i], want[i], 1e-12);
    assert_close(metric_reduce(m, x, given, 6), sqrt(0.5 / 6), 1e-12);
    x[1] = NAN;
    assert_true(isnan(metric_reduce(m, x, given, 6)));
    m->finish(x, &s);
    assert_true(isnan(x[0]) && x[2] == 1);
}

/* Where no head gives anything none gives less than others, but all nothing. */
static void test_layer__of_nothing_is_of_dormant_heads(void **state)
{
    const struct metric_shape s = { .L = 3, .H = 2, .T = T, .C = E, .E = E };
    double over[] = { 0.1, 0.3, 0, 0, NAN, 1 },
           dormant[] = { 1, 9, 0, 0, NAN, 1 };
    const double want_over[] = { 0.5, 1.5, 1, 1 }, want[] = { 1, 0, 1, 1 };
    (void)state;
    metric_named("ahon_ln")->finish(over, &s);
    metric_named("dormant_heads")->finish(dormant, &s);
    for (int i = 0; i < 4; i++) {
        assert_close(over[i], want_over[i], 1e-12);
        assert_true(dormant[i] == want[i]);
    }
    for (int i = 4; i < 6; i++)
        assert_true(isnan(over[i]) && isnan(dormant[i]));
}

/* ---- what heads give --------------------------------------------------- */

/* A head of one sink: the first value and `share` of each row's weight, whose
 * rest is on the row's own key; the others' values are unit vectors along one
 * axis after the other. */
static void start_outputs(double share, double first)
{
    metric_case_init(&c, 0);
    metric_case_uniform(&c);
    for (idx row = 1; row < T; row++)
        for (idx j = 0; j <= row; j++)
            *metric_case_weight(&c, row, j) = (real)(j == 0     ? share
                                                     : j == row ? 1 - share
                                                                : 0);
    memset(values, 0, sizeof values);
    for (idx t = 0; t < T; t++)
        values[t * E + t % E] = (real)(t == 0 ? first : 1);
    for (idx row = 0; row < T; row++)
        for (idx i = 0; i < E; i++) {
            double sum = 0;
            for (idx j = 0; j <= row; j++)
                sum += (double)*metric_case_weight(&c, row, j) *
                       (double)values[j * E + i];
            outputs[row * E + i] = (real)sum;
        }
    c.head.E = E;
    c.head.v = values;
    c.head.out = outputs;
    c.head.ld_qkv = c.head.ld_out = E;
}

static void test_outputs__ranks_of_axes_are_known(void **state)
{
    /* two directions, of squares 9 and 1; nothing besides */
    (void)state;
    start_outputs(0.5, 1);
    memset(outputs, 0, sizeof outputs);
    outputs[3 * E + 1] = 3;
    outputs[9 * E + 4] = 1;
    double p = 0.9, q = 0.1;
    assert_close(head_value("head_stable_rank"), 10.0 / 9, 1e-9);
    assert_close(head_value("head_participation"),
                 exp(-p * log(p) - q * log(q)), 1e-9);
    p = 0.75, q = 0.25;
    assert_close(head_value("head_rank"), exp(-p * log(p) - q * log(q)), 1e-9);
    /* what gives nothing has no direction; padding is not looked at */
    c.view.rows = 3;
    assert_false(has_value("head_stable_rank"));
    assert_false(has_value("head_participation"));
    assert_false(has_value("head_rank"));
    c.view.rows = 4;
    assert_close(head_value("head_participation"), 1, 1e-9);
}

static void test_outputs__all_axes_alike_are_all_directions(void **state)
{
    (void)state;
    start_outputs(0.5, 1);
    for (idx t = 0; t < T; t++)
        for (idx i = 0; i < E; i++)
            outputs[t * E + i] = t % E == i;
    assert_close(head_value("head_stable_rank"), E, 1e-9);
    assert_close(head_value("head_participation"), E, 1e-9);
    assert_close(head_value("head_rank"), E, 1e-9);
}

/* Either algorithm is told from the other, and from no sink. */
static void test_outputs__nop_and_broadcast_are_told_apart(void **state)
{
    static const struct {
        double share, first;
        bool is_nop, is_broadcast;
    } heads[] = {
        { 0.9, 0.01, true, false },   /* the sink's value is nothing */
        { 0.9, 1, false, true },      /* it is what all get */
        { 0.02, 0.01, false, false }, /* no sink */
        { 0.35, 0.3, false, false },  /* a sink of little use */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++) {
        start_outputs(heads[i].share, heads[i].first);
        assert_true(head_value("nop_heads") == heads[i].is_nop);
        assert_true(head_value("broadcast_heads") == heads[i].is_broadcast);
    }
    start_outputs(0.9, 0); /* a head without values does nothing */
    memset(values, 0, sizeof values);
    memset(outputs, 0, sizeof outputs);
    assert_true(head_value("nop_heads") == 1);
    assert_true(head_value("broadcast_heads") == 0);
    start_outputs(0.9, 1); /* nor does one hand out what it does not give */
    memset(outputs, 0, sizeof outputs);
    assert_true(head_value("broadcast_heads") == 0);
    start_outputs(0.9, 0.01);
    c.view.eps = 0.95;
    assert_true(head_value("nop_heads") == 0);
}

/* A fifth of the others' norm; twice the largest square. */
static void test_outputs__kinds_have_their_thresholds(void **state)
{
    static const double squares[][2] = { { 0.49, 0.49 }, { 0.51, 0.51 } };
    (void)state;
    for (int i = 0; i < 2; i++) {
        start_outputs(0.9, i ? 0.201 : 0.199);
        assert_true(head_value("nop_heads") == !i);
        start_outputs(0.9, 1);
        memset(outputs, 0, sizeof outputs);
        outputs[3 * E + 1] = 1;
        outputs[9 * E + 4] = (real)sqrt(squares[i][0]);
        outputs[12 * E + 2] = (real)sqrt(squares[i][1]);
        assert_true(head_value("broadcast_heads") == !i);
    }
}

/* ---- NaN --------------------------------------------------------------- */

static void test_nan__stays(void **state)
{
    static const char *const of_weights[] = { "induction_score",
                                              "previous_score", "rest_mass",
                                              "nop_heads", "broadcast_heads" };
    static const char *const of_outputs[] = { "head_stable_rank",
                                              "head_participation", "head_rank",
                                              "nop_heads", "broadcast_heads" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(of_weights); i++) {
        start_outputs(0.9, 0.01);
        for (idx t = 0; t < T; t++)
            c.tokens[t] = (int32_t)(t % HALF);
        for (idx j = 0; j < T; j++)
            *metric_case_weight(&c, 50, j) = (real)NAN;
        assert_true(isnan(head_value(of_weights[i])));
    }
    for (size_t i = 0; i < COUNT_OF(of_outputs); i++) {
        start_outputs(0.02, 0.01);
        outputs[20 * E + 1] = (real)NAN;
        assert_true(isnan(head_value(of_outputs[i])));
    }
    start_outputs(0.02, 0.01);
    values[20 * E + 1] = (real)NAN;
    assert_true(isnan(head_value("nop_heads")));
    assert_true(isnan(head_value("broadcast_heads")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_induction__uniform_attention_has_what_it_must),
        cmocka_unit_test(test_induction__is_found_where_it_was_planted),
        cmocka_unit_test(test_induction__is_of_all_earlier_ones),
        cmocka_unit_test(test_rest__is_what_no_sink_has),
        cmocka_unit_test(test_load__is_a_spread_over_heads),
        cmocka_unit_test(test_layer__of_nothing_is_of_dormant_heads),
        cmocka_unit_test(test_outputs__ranks_of_axes_are_known),
        cmocka_unit_test(test_outputs__all_axes_alike_are_all_directions),
        cmocka_unit_test(test_outputs__nop_and_broadcast_are_told_apart),
        cmocka_unit_test(test_outputs__kinds_have_their_thresholds),
        cmocka_unit_test(test_nan__stays),
    };
    return cmocka_run_group_tests_name("metric_circuits", tests, NULL, NULL);
}
