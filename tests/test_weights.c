/* Weight maps and normalisers: golden vectors, definitions in double, and what
 * holds for every row of the table. */
#include "nn/weights.h"
#include "gradcheck.h"
#include "harness.h"

#include <math.h>
#include <string.h>

#include "nn/normalizer.h"

enum { N_MAX = 70 };

static int map_index(const char *name)
{
    for (int i = 0; weight_map_name(i); i++)
        if (strcmp(weight_map_name(i), name) == 0)
            return i;
    fail_msg("no weight map %s", name);
    return -1;
}

/* Calls see for every map with every normaliser it may have. */
static void each_stage(void (*see)(const struct weight_stage *w))
{
    for (int i = 0; weight_map_name(i); i++) {
        for (int k = NORMALIZER_OWN; normalizer_name(k); k++) {
            if (k != NORMALIZER_OWN && !(weight_maps[i]->normalizers >> k & 1))
                continue;
            struct attention_options o = { .weights = i, .normalizer = k };
            struct weight_stage w = weight_stage_of(&o);
            see(&w);
        }
    }
}

/* Three visible keys; the vectors follow from the definitions of the papers
 * named in each map's row, evaluated in double. */
static void test_weights__match_golden_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        int normalizer;
        double a[3], ds[3];
    } golden[] = {
        { "softmax",
          NORMALIZER_OWN,
          { 0.253716, 0.056612, 0.689672 },
          { -0.027815, -0.034512, 0.062327 } },
        { "softmax",
          NORMALIZER_SUM,
          { 0.253716, 0.056612, 0.689672 },
          { -0.027815, -0.034512, 0.062327 } },
        { "sigmoid",
          NORMALIZER_SUM,
          { 0.367478, 0.189776, 0.442746 },
          { 0.000626, -0.058315, 0.010890 } },
        { "sigmoid",
          NORMALIZER_OWN,
          { 0.7310586, 0.3775407, 0.8807971 },
          { 0.0589836, -0.0470007, 0.0524968 } },
        { "sigmoid",
          NORMALIZER_LENGTH,
          { 0.2436862, 0.1258469, 0.2935990 },
          { 0.0196612, -0.0156669, 0.0174989 } },
        { "relu",
          NORMALIZER_OWN,
          { 0.333333, 0, 0.666667 },
          { 0.1, 0, 0.166667 } },
        { "relu", NORMALIZER_NONE, { 1, 0, 2 }, { 0.3, 0, 0.5 } },
        { "relu",
          NORMALIZER_SUM,
          { 0.333333, 0, 0.666667 },
          { -0.0444444, 0, 0.0222222 } },
    };
    const real s[] = { 1, (real)-0.5, 2 };
    const struct weight_row row = { 3, 3 };
    for (int i = 0; i < COUNT_OF(golden); i++) {
        struct attention_options o = { .weights = map_index(golden[i].map),
                                       .normalizer = golden[i].normalizer };
        struct weight_stage w = weight_stage_of(&o);
        real a[3], again[3], g[] = { (real)0.3, (real)-0.2, (real)0.5 };
        weight_stage_forward(&w, a, s, &row);
        weight_stage_backward(&w, again, s, g, &row);
        for (int j = 0; j < 3; j++) {
            assert_close((double)a[j], golden[i].a[j], 1e-6);
            assert_close((double)again[j], golden[i].a[j], 1e-6);
            assert_close((double)g[j], golden[i].ds[j], 1e-6);
        }
    }
}

/* The maps' formulas in double, before any normaliser but a built-in one. */
static double naive_map(const char *name, double s, double max)
{
    if (strcmp(name, "softmax") == 0)
        return exp(s - max);
    if (strcmp(name, "sigmoid") == 0)
        return 1 / (1 + exp(-s));
    if (strcmp(name, "relu") == 0)
        return fmax(s, 0);
    return NAN; /* a new map: give it a line here */
}

static double naive_sum(const struct weight_stage *w, const double *f, idx n,
                        idx n_keys)
{
    double sum = 0;
    for (idx j = 0; j < n; j++)
        sum += f[j];
    if (w->map->has_own_built_in)
        return sum;
    if (w->normalizer == NORMALIZER_SUM)
        return sum + 1e-8;
    return w->normalizer == NORMALIZER_LENGTH ? (double)n_keys : 1;
}

static void see_definition(const struct weight_stage *w)
{
    for (idx n = 1; n <= N_MAX; n += 1 + n / 7) {
        for (idx extra = 0; extra <= 1 && extra < n; extra++) {
            real s[N_MAX], a[N_MAX];
            double f[N_MAX], max = -INFINITY;
            struct weight_row row = { n, n - extra };
            fill_normal(s, n, 3, (uint64_t)n);
            s[0] = 1; /* no empty row */
            weight_stage_forward(w, a, s, &row);
            for (idx j = 0; j < n; j++)
                max = fmax(max, (double)s[j]);
            for (idx j = 0; j < n; j++)
                f[j] = naive_map(w->map->name, (double)s[j], max);
            double z = naive_sum(w, f, n, row.n_keys);
            for (idx j = 0; j < n; j++)
                assert_close((double)a[j], f[j] / z, 1e-6);
        }
    }
}

static void test_weights__match_their_definitions(void **state)
{
    (void)state;
    each_stage(see_definition);
}

/* What a map has built in is not applied once more. */
static void see_built_in(const struct weight_stage *w)
{
    if (w->map->has_own_built_in)
        assert_int_equal(w->normalizer, NORMALIZER_NONE);
    assert_int_not_equal(w->normalizer, NORMALIZER_OWN);
}

static void test_weights__are_normalised_once(void **state)
{
    (void)state;
    each_stage(see_built_in);
}

/* Scores with at least one positive: an all-negative row of relu is empty. */
static void see_row_sums(const struct weight_stage *w)
{
    bool all_sum_to_one = true, has_negative = false;
    for (idx n = 1; n <= N_MAX; n++) {
        real s[N_MAX], a[N_MAX];
        struct weight_row row = { n, n };
        double sum = 0;
        fill_normal(s, n, 1, (uint64_t)(100 + n));
        s[n - 1] = (real)0.7;
        weight_stage_forward(w, a, s, &row);
        for (idx j = 0; j < n; j++) {
            sum += (double)a[j];
            has_negative = has_negative || a[j] < 0;
        }
        all_sum_to_one = all_sum_to_one && fabs(sum - 1) < 1e-5;
    }
    assert_int_equal(weight_stage_sums_to_one(w),
                     all_sum_to_one && !has_negative);
    assert_true(w->map->is_signed || !has_negative);
}

static void test_weights__say_whether_rows_sum_to_one(void **state)
{
    (void)state;
    each_stage(see_row_sums);
    struct attention_options o = { .weights = map_index("softmax") };
    assert_true(attention_sums_to_one(&o));
    o.weights = map_index("relu");
    assert_false(attention_sums_to_one(&o));
    o.normalizer = NORMALIZER_SUM;
    assert_true(attention_sums_to_one(&o));
}

static void see_large_scores(const struct weight_stage *w)
{
    static const double sizes[] = { 50, 100, 1e4 };
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        for (int pattern = 0; pattern < 3; pattern++) {
            real s[9], a[9], g[9];
            struct weight_row row = { 9, 8 };
            for (int j = 0; j < 9; j++) {
                bool is_up = pattern == 0 || (pattern == 1 && j % 3 == 0);
                s[j] = (real)(is_up ? sizes[i] : -sizes[i]);
            }
            fill_normal(g, 9, 1, 1);
            weight_stage_forward(w, a, s, &row);
            for (int j = 0; j < 9; j++)
                assert_true(isfinite(a[j]));
            weight_stage_backward(w, a, s, g, &row);
            for (int j = 0; j < 9; j++)
                assert_true(isfinite(a[j]) && isfinite(g[j]));
        }
    }
}

static void test_weights__large_scores_stay_finite(void **state)
{
    (void)state;
    each_stage(see_large_scores);
}

static void test_weights__softmax_ignores_a_shift_of_all_scores(void **state)
{
    (void)state;
    struct attention_options o = { .weights = map_index("softmax") };
    struct weight_stage w = weight_stage_of(&o);
    struct weight_row row = { 3, 3 };
    for (double shift = -1e4; shift <= 1e4; shift += 1e4) {
        real s[3] = { (real)shift, (real)(shift + 1), (real)(shift - 2) };
        real a[3];
        weight_stage_forward(&w, a, s, &row);
        assert_close((double)a[0], 1 / (1 + exp(1) + exp(-2)), 1e-6);
        assert_close((double)a[2], exp(-2) / (1 + exp(1) + exp(-2)), 1e-6);
    }
}

static void test_weights__empty_relu_row_is_zero_not_nan(void **state)
{
    (void)state;
    for (int k = NORMALIZER_OWN; normalizer_name(k); k++) {
        struct attention_options o = { .weights = map_index("relu"),
                                       .normalizer = k };
        struct weight_stage w = weight_stage_of(&o);
        struct weight_row row = { 4, 4 };
        real s[4] = { -1, -2, 0, (real)-0.5 }, a[4], g[4] = { 1, 1, 1, 1 };
        weight_stage_forward(&w, a, s, &row);
        weight_stage_backward(&w, a, s, g, &row);
        for (int j = 0; j < 4; j++)
            assert_true(a[j] == 0 && g[j] == 0);
    }
}

/* a == s, and backward's a is forward's. */
static void see_in_place(const struct weight_stage *w)
{
    for (idx n = 1; n <= N_MAX; n += 3) {
        real s[N_MAX], a[N_MAX], again[N_MAX], g[N_MAX];
        struct weight_row row = { n, n };
        size_t bytes = (size_t)n * sizeof *s;
        fill_normal(s, n, 2, (uint64_t)n);
        fill_normal(g, n, 1, 9);
        weight_stage_forward(w, a, s, &row);
        weight_stage_backward(w, again, s, g, &row);
        weight_stage_forward(w, s, s, &row);
        assert_memory_equal(s, a, bytes);
        for (idx j = 0; j < n; j++)
            assert_close((double)again[j], (double)a[j], 1e-7);
    }
}

static void test_weights__in_place_equals_out_of_place(void **state)
{
    (void)state;
    each_stage(see_in_place);
}

static void test_weights__length_counts_keys_not_the_extra_column(void **state)
{
    (void)state;
    struct attention_options o = { .weights = map_index("relu") };
    struct weight_stage w = weight_stage_of(&o);
    struct weight_row row = { 3, 2 };
    const real s[3] = { 6, 4, 2 };
    real a[3];
    weight_stage_forward(&w, a, s, &row);
    for (int j = 0; j < 3; j++)
        assert_close((double)a[j], (double)s[j] / 2, 1e-6);
}

static void test_weights__every_row_has_its_texts(void **state)
{
    (void)state;
    for (int i = 0; weight_map_name(i); i++) {
        const struct weight_map *map = weight_maps[i];
        assert_string_equal(weight_map_name(i), map->name);
        assert_true(strlen(map->name) == strcspn(map->name, " ,;#="));
        const char *texts[] = { map->name, map->formula, map->parameters,
                                map->source, map->sinks };
        for (int j = 0; j < COUNT_OF(texts); j++)
            assert_true(texts[j] && strlen(texts[j]) > 0);
        assert_true(map->own != NORMALIZER_OWN);
        assert_true(map->normalizers >> map->own & 1);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(map->name, weight_maps[j]->name);
    }
    assert_null(weight_map_name(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights__match_golden_vectors),
        cmocka_unit_test(test_weights__match_their_definitions),
        cmocka_unit_test(test_weights__are_normalised_once),
        cmocka_unit_test(test_weights__say_whether_rows_sum_to_one),
        cmocka_unit_test(test_weights__large_scores_stay_finite),
        cmocka_unit_test(test_weights__softmax_ignores_a_shift_of_all_scores),
        cmocka_unit_test(test_weights__empty_relu_row_is_zero_not_nan),
        cmocka_unit_test(test_weights__in_place_equals_out_of_place),
        cmocka_unit_test(test_weights__length_counts_keys_not_the_extra_column),
        cmocka_unit_test(test_weights__every_row_has_its_texts),
    };
    return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
