/* Weight maps and normalisers: what holds for every row of the table, with all
 * settings. Their numbers: test_weights_golden.c, test_weights_equal.c. */
#include "gradcheck.h"
#include "harness.h"
#include "nn/attention/weights/weights.h"
#include "weight_cases.h"

#include <math.h>
#include <string.h>

#include "nn/attention/weights/normalizer.h"

enum { N_MAX = 70 };

/* What a map has built in is not applied once more. */
static void see_built_in(struct weight_case *c)
{
    if (c->map->has_own_built_in && c->options.normalizer != NORMALIZER_P_NORM)
        assert_int_equal(c->stage.normalizer, NORMALIZER_NONE);
    assert_int_not_equal(c->stage.normalizer, NORMALIZER_OWN);
}

static void test_weights__are_normalised_once(void **state)
{
    (void)state;
    each_weight_case(see_built_in);
}

/* Scores with at least one positive: an all-negative row of relu is empty. */
static void see_row_sums(struct weight_case *c)
{
    bool all_sum_to_one = true, has_negative = false;
    bool has_remainder =
        attention_has_remainder(&c->options) && c->options.scale == 1;
    for (idx n = 1; n <= N_MAX; n++) {
        real s[N_MAX], a[N_MAX];
        struct weight_row row = weight_case_row(c, n, 0);
        double sum = 0;
        fill_normal(s, n, 1, (uint64_t)(100 + n));
        s[n - 1] = (real)0.7;
        weight_stage_forward(&c->stage, a, s, &row);
        for (idx j = 0; j < n; j++) {
            sum += (double)a[j];
            has_negative = has_negative || a[j] < 0;
        }
        bool is_one = fabs(sum - 1) < 1e-5 || (has_remainder && sum < 1);
        all_sum_to_one = all_sum_to_one && is_one;
    }
    if (weight_stage_sums_to_one(&c->stage) !=
        (all_sum_to_one && !has_negative))
        fail_msg("%s: sums to one: %d, negative: %d", c->text, all_sum_to_one,
                 has_negative);
    assert_true(c->map->is_signed || !has_negative);
    assert_true(weight_stage_sums_to_one(&c->stage) || !has_remainder);
    assert_int_equal(attention_sums_to_one(&c->options),
                     weight_stage_sums_to_one(&c->stage));
}

static void test_weights__say_whether_rows_sum_to_one(void **state)
{
    (void)state;
    each_weight_case(see_row_sums);
}

static bool all_finite(const real *x, idx n)
{
    for (idx j = 0; j < n; j++)
        if (!isfinite(x[j]))
            return false;
    return true;
}

static void see_large_scores(struct weight_case *c)
{
    static const double sizes[] = { 50, 100, 1e4 };
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        for (int pattern = 0; pattern < 3; pattern++) {
            real s[9], a[9], g[9];
            struct weight_row row = weight_case_row(c, 9, 1);
            for (int j = 0; j < 9; j++) {
                bool is_up = pattern == 0 || (pattern == 1 && j % 3 == 0);
                s[j] = (real)(is_up ? sizes[i] : -sizes[i]);
            }
            fill_normal(g, 9, 1, 1);
            weight_stage_forward(&c->stage, a, s, &row);
            assert_true(all_finite(a, 9));
            weight_stage_backward(&c->stage, a, s, g, &row);
            if (!all_finite(a, 9) || !all_finite(g, 9) ||
                !all_finite(c->dnumbers, MAP_LEARNED_MAX) ||
                !isfinite(c->dquery))
                fail_msg("%s: not finite at %g", c->text, sizes[i]);
        }
    }
}

static void test_weights__large_scores_stay_finite(void **state)
{
    (void)state;
    each_weight_case(see_large_scores);
}

/* A run that diverges must not look healthy: what depends on a number is NaN if
 * that number is. What depends on it is found by moving it. */

enum { NAN_N = 9, MOVES = 2 };
static const double moves[MOVES] = { 0.9, -1.1 };

/* Everything that a row gives, in both directions. */
struct outcome {
    real a[NAN_N], ds[NAN_N], dnumbers[MAP_LEARNED_MAX], dquery;
};

static struct outcome outcome_of(struct weight_case *c, const real *s,
                                 const real *g, real query)
{
    struct outcome o = { 0 };
    real again[NAN_N];
    struct weight_row row = weight_case_row(c, NAN_N, 1);
    row.query = query;
    memcpy(o.ds, g, sizeof o.ds);
    weight_stage_forward(&c->stage, o.a, s, &row);
    weight_stage_backward(&c->stage, again, s, o.ds, &row);
    memcpy(o.dnumbers, c->dnumbers, sizeof o.dnumbers);
    o.dquery = c->dquery;
    return o;
}

/* Where `moved` differs from `base`, `got` must be NaN; number by number. */
static void expect_nan(const struct weight_case *c, const char *what, idx at,
                       const real *got, const real *base, const real *moved,
                       idx n)
{
    for (idx j = 0; j < n; j++)
        if (moved[j] != base[j] && !isnan(got[j]))
            fail_msg("%s: NaN in %s %td is lost in number %td of %td: %g",
                     c->text, what, at, j, n, (double)got[j]);
}

struct row_input {
    real s[NAN_N], g[NAN_N], query;
};

static void see_nan_in(struct weight_case *c, const char *what, idx at,
                       struct row_input *x, real *number)
{
    real kept = *number;
    struct outcome base = outcome_of(c, x->s, x->g, x->query);
    *number = (real)NAN;
    struct outcome got = outcome_of(c, x->s, x->g, x->query);
    for (int i = 0; i < MOVES; i++) {
        *number = kept + (real)moves[i];
        struct outcome moved = outcome_of(c, x->s, x->g, x->query);
        expect_nan(c, what, at, got.a, base.a, moved.a, NAN_N);
        if (number < x->g || number >= x->g + NAN_N)
            continue; /* gradients come back as NaN, too: see below */
        expect_nan(c, what, at, got.ds, base.ds, moved.ds, NAN_N);
        expect_nan(c, what, at, got.dnumbers, base.dnumbers, moved.dnumbers,
                   c->n_learned);
        expect_nan(c, what, at, &got.dquery, &base.dquery, &moved.dquery, 1);
    }
    *number = kept;
}

/* What forward read is none: so are weights, and so is every gradient that
 * comes back; none of them may become a number again. at: of a score; or -1. */
static void see_nan_back(struct weight_case *c, const char *what,
                         struct row_input *x, real *number, idx at)
{
    real kept = *number;
    real g[NAN_N];
    for (int j = 0; j < NAN_N; j++)
        g[j] = (real)NAN;
    *number = (real)NAN;
    struct outcome o = outcome_of(c, x->s, g, x->query);
    *number = kept;
    bool is_lost = at >= 0 && (!isnan(o.a[at]) || !isnan(o.ds[at]));
    for (idx i = 0; i < c->n_learned; i++)
        is_lost = is_lost || (!c->learned[i].is_state && !isnan(o.dnumbers[i]));
    if (is_lost || (c->map->query_number.name && !isnan(o.dquery)))
        fail_msg("%s: NaN in %s is lost on its way back", c->text, what);
}

static void see_nan(struct weight_case *c)
{
    struct row_input x = { .query = (real)0.5 };
    fill_normal(x.s, NAN_N, 1, 3);
    fill_normal(x.g, NAN_N, 1, 4);
    for (idx at = 0; at < NAN_N; at++) {
        see_nan_in(c, "score", at, &x, &x.s[at]);
        see_nan_in(c, "gradient", at, &x, &x.g[at]);
        see_nan_back(c, "a score", &x, &x.s[at], at);
    }
    for (idx i = 0; i < c->n_learned; i++) {
        see_nan_in(c, "learned number", i, &x, &c->numbers[i]);
        see_nan_back(c, "a learned number", &x, &c->numbers[i], -1);
    }
    see_nan_in(c, "the query's number", 0, &x, &x.query);
    if (c->map->query_number.name)
        see_nan_back(c, "the query's number", &x, &x.query, -1);
}

static void test_weights__pass_nan_on(void **state)
{
    (void)state;
    each_weight_case(see_nan);
}

/* Rows that weigh nothing are zero, and so is their gradient. */
static void see_empty_row(struct weight_case *c)
{
    static const char *const always[] = { "relu", "relu2", "softpick",
                                          "threshold_relu" };
    struct weight_row row = weight_case_row(c, 4, 0);
    real s[4] = { -1, -2, 0, (real)-0.5 }, a[4], g[4] = { 1, 2, 3, -1 };
    bool is_empty = true;
    weight_stage_forward(&c->stage, a, s, &row);
    weight_stage_backward(&c->stage, a, s, g, &row);
    for (int j = 0; j < 4; j++)
        is_empty = is_empty && a[j] == 0;
    for (int j = 0; j < 4 && is_empty; j++)
        assert_true(g[j] == 0);
    for (int i = 0; i < COUNT_OF(always); i++)
        assert_true(is_empty || strcmp(c->map->text.name, always[i]) != 0);
}

static void test_weights__empty_rows_are_zero_not_nan(void **state)
{
    (void)state;
    each_weight_case(see_empty_row);
}

/* a == s, and backward's a is forward's. */
static void see_in_place(struct weight_case *c)
{
    for (idx n = 1; n <= CASE_N_MAX; n += 1 + n / 3) {
        real s[CASE_N_MAX], a[CASE_N_MAX], again[CASE_N_MAX], g[CASE_N_MAX];
        struct weight_row row = weight_case_row(c, n, n > 2);
        size_t bytes = (size_t)n * sizeof *s;
        fill_normal(s, n, 2, (uint64_t)n);
        fill_normal(g, n, 1, 9);
        weight_stage_forward(&c->stage, a, s, &row);
        weight_stage_backward(&c->stage, again, s, g, &row);
        weight_stage_forward(&c->stage, s, s, &row);
        assert_memory_equal(s, a, bytes);
        for (idx j = 0; j < n; j++)
            assert_close((double)again[j], (double)a[j], 1e-7);
    }
}

static void test_weights__in_place_equals_out_of_place(void **state)
{
    (void)state;
    each_weight_case(see_in_place);
}

/* Keys have no order, unless the map says so: then a key does not depend on
 * those farther from the query. */
static void see_order(struct weight_case *c)
{
    real s[N_MAX], a[N_MAX], other[N_MAX], b[N_MAX];
    struct weight_row row = weight_case_row(c, N_MAX, 0);
    bool is_causal = c->map->is_causal_only;
    double largest = 0; /* of the row: what it was divided by */
    fill_normal(s, N_MAX, 2, 5);
    for (idx j = 0; j < N_MAX; j++)
        other[j] = is_causal ? s[j] + (j < 5) : s[N_MAX - 1 - j];
    weight_stage_forward(&c->stage, a, s, &row);
    weight_stage_forward(&c->stage, b, other, &row);
    for (idx j = 0; j < N_MAX; j++)
        largest = fmax(largest, fabs((double)a[j]));
    for (idx j = 0; j < N_MAX; j++)
        if (!is_causal)
            assert_near((double)b[N_MAX - 1 - j], (double)a[j], 1e-6, largest);
        else if (j >= 5)
            assert_true(a[j] == b[j]);
}

static void
test_weights__do_not_depend_on_an_order_they_do_not_name(void **state)
{
    (void)state;
    each_weight_case(see_order);
}

static void test_weights__length_counts_keys_not_the_extra_column(void **state)
{
    (void)state;
    struct weight_case c;
    weight_case_open(&c, "weights=relu");
    struct weight_row row = weight_case_row(&c, 3, 1);
    const real s[3] = { 6, 4, 2 };
    real a[3];
    weight_stage_forward(&c.stage, a, s, &row);
    for (int j = 0; j < 3; j++)
        assert_close((double)a[j], (double)s[j] / 2, 1e-6);
}

static void test_weights__every_row_has_its_texts(void **state)
{
    (void)state;
    for (int i = 0; weight_map_name(i); i++) {
        const struct weight_map *map = weight_maps[i];
        assert_string_equal(weight_map_name(i), map->text.name);
        assert_true(strlen(map->text.name) == strcspn(map->text.name, " ,;#="));
        const char *texts[] = { map->text.name, map->text.formula,
                                map->text.parameters, map->text.source,
                                map->text.sinks };
        for (int j = 0; j < COUNT_OF(texts); j++)
            assert_true(texts[j] && strlen(texts[j]) > 0);
        assert_true(map->own != NORMALIZER_OWN);
        assert_true(map->normalizers >> map->own & 1);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(map->text.name, weight_maps[j]->text.name);
    }
    assert_null(weight_map_name(-1));
}

static void test_weights__name_their_learned_numbers(void **state)
{
    (void)state;
    struct weight_case c;
    weight_case_open(&c, "weights=softmax");
    assert_int_equal(c.n_learned, 0);
    weight_case_open(&c, "weights=sigmoid sigmoid_b=2");
    assert_int_equal(c.n_learned, 0);
    weight_case_open(&c, "weights=sigmoid sigmoid_b=2 sigmoid_bias=learned");
    assert_int_equal(c.n_learned, 1);
    assert_true(c.learned[0].start == 2 && !c.learned[0].is_state);
    weight_case_open(&c, "weights=affine");
    assert_int_equal(c.n_learned, 1);
    assert_true(c.learned[0].start == 0 && c.learned[0].is_state);
}

static void test_weights__remainder_is_as_the_map_defined_it(void **state)
{
    (void)state;
    struct weight_case c;
    weight_case_open(&c, "weights=softmax1");
    assert_true(attention_has_remainder(&c.options));
    weight_case_open(&c, "weights=stick_breaking");
    assert_true(attention_has_remainder(&c.options));
    weight_case_open(&c, "weights=softmax1 scale=0.5"); /* 0.5 - sum */
    assert_true(attention_has_remainder(&c.options));
    weight_case_open(&c, "weights=softmax1 operation=differential");
    assert_true(attention_has_remainder(&c.options));
    weight_case_open(&c, "weights=softmax1 operation=flow");
    assert_false(attention_has_remainder(&c.options));
    weight_case_open(&c, "weights=softmax");
    assert_false(attention_has_remainder(&c.options));
}

/* What the column in front does to the keys' weights, and whether the map says
 * so. */
static void see_column(struct weight_case *c)
{
    bool touches = false;
    for (int k = 0; k < 8; k++) {
        real s[N_MAX], a[N_MAX], b[N_MAX];
        idx n = 2 + 9 * k;
        struct weight_row row = weight_case_row(c, n, 1);
        fill_normal(s, n, 1, (uint64_t)(200 + k));
        s[0] = -4;
        c->map->forward(a, s, &row);
        s[0] = 4;
        c->map->forward(b, s, &row);
        touches |= memcmp(a + 1, b + 1, (size_t)(n - 1) * sizeof *a) != 0;
    }
    if (touches == c->map->ignores_column)
        fail_msg("%s: the column touches keys: %d", c->text, touches);
}

static void test_weights__say_whether_the_column_touches_keys(void **state)
{
    (void)state;
    each_weight_case(see_column);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights__are_normalised_once),
        cmocka_unit_test(test_weights__say_whether_rows_sum_to_one),
        cmocka_unit_test(test_weights__large_scores_stay_finite),
        cmocka_unit_test(test_weights__pass_nan_on),
        cmocka_unit_test(test_weights__empty_rows_are_zero_not_nan),
        cmocka_unit_test(test_weights__in_place_equals_out_of_place),
        cmocka_unit_test(
            test_weights__do_not_depend_on_an_order_they_do_not_name),
        cmocka_unit_test(test_weights__length_counts_keys_not_the_extra_column),
        cmocka_unit_test(test_weights__every_row_has_its_texts),
        cmocka_unit_test(test_weights__name_their_learned_numbers),
        cmocka_unit_test(test_weights__say_whether_the_column_touches_keys),
        cmocka_unit_test(test_weights__remainder_is_as_the_map_defined_it),
    };
    return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
