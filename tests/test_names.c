/* What columns of metrics are called, and which a list asks for. */
#include "harness.h"
#include "metric/names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

static struct sink_options sinks;
static struct metrics_options metrics;
static const struct metric_choice choice = { &sinks, &metrics };

static void ask(const char *names, const char *eps)
{
    key_defaults(sink_keys, n_sink_keys, &sinks);
    key_defaults(metrics_keys, n_metrics_keys, &metrics);
    key_copy_text(metrics.names, names);
    key_copy_text(metrics.eps, eps);
    sinks.positions = 2;
}

/* All columns of default, or of whatever is asked for, by blanks. */
static const char *asked(const char *names, const char *eps)
{
    static char line[4096];
    struct text t = { line, sizeof line, 0 };
    struct metric_name n;
    struct metric_cursor at = { 0 };
    struct err e = { 0 };
    ask(names, eps);
    if (metrics_check(&choice, &e))
        fail_msg("%s", e.text);
    text_add(&t, "%s", "");
    while (metric_next_asked(&n, &at, &choice))
        text_add(&t, "%s%s", t.n ? " " : "", n.name);
    return line;
}

static void check_refused(const char *names, const char *eps, const char *why)
{
    struct err e = { 0 };
    ask(names, eps);
    assert_int_equal(metrics_check(&choice, &e), ERR_CONFIG);
    if (!strstr(e.text, why))
        fail_msg("'%s' and '%s': got %s, want %s", names, eps, e.text, why);
}

/* Files that exist have these names in this order. */
#define DEFAULT                                                                \
    "sink_1 sink_2 sink_bias sink_1_raw first_mass first_mass_raw bias_mass "  \
    "row_sum hidden_ratio hidden_max key_ratio value_ratio"

static void test_names__default_is_what_it_always_was(void **state)
{
    (void)state;
    assert_string_equal(asked("default", ""), DEFAULT);
}

static void test_names__order_is_the_tables(void **state)
{
    (void)state;
    assert_string_equal(asked("first_mass,default , first_mass", ""), DEFAULT);
    assert_string_equal(asked("value_ratio, sink_2", ""), "sink_2 value_ratio");
    assert_string_equal(asked("r[no]*_sum", ""), "row_sum");
    assert_string_equal(asked("sink_?", ""), "sink_1 sink_2");
    assert_non_null(strstr(asked("companions", ""), "key_ratio"));
    assert_non_null(strstr(asked("transitions", ""), "induction_score"));
    assert_null(strstr(asked("transitions", ""), "key_ratio"));
    assert_null(strstr(asked("companions", ""), "mass "));
}

static void test_names__thresholds_follow_those_that_have_one(void **state)
{
    (void)state;
    assert_string_equal(asked("sink_1, sink_bias, row_sum", "0.10, 0.5"),
                        "sink_1 sink_1_at_0.1 sink_1_at_0.5 sink_bias "
                        "sink_bias_at_0.1 sink_bias_at_0.5 row_sum");
    assert_string_equal(asked("sink_1_at_0.5, *bias_at*", "0.1,0.5"),
                        "sink_1_at_0.5 sink_bias_at_0.1 sink_bias_at_0.5");
}

static void test_names__each_is_found_again(void **state)
{
    struct metric_name n, again;
    struct metric_cursor at = { 0 };
    (void)state;
    ask("*", "0.1, 0.05");
    for (idx i = 0; metric_next_asked(&n, &at, &choice); i++) {
        char title[COLUMN_TITLE_MAX];
        assert_true(metric_name_find(&again, n.name));
        assert_ptr_equal(again.metric, n.metric);
        assert_int_equal(again.k, n.k);
        assert_int_equal(again.is_at, n.is_at);
        if (n.is_at)
            assert_true(again.eps == n.eps);
        else
            assert_true(n.eps == 0.3 && isnan(again.eps));
        assert_true(strlen(metric_name_title(title, &n)) > 0);
    }
    static const char *const none[] = { "",
                                        "sink_",
                                        "sink_x",
                                        "sink_0",
                                        "sink_65",
                                        "sink_1_at_",
                                        "sink_1_at_2",
                                        "row_sum_at_0.1",
                                        "sink_1_at_0.1x" };
    for (idx i = 0; i < COUNT_OF(none); i++)
        assert_false(metric_name_find(&n, none[i]));
}

/* Of each metric that has values by layer, and of no other. */
static void test_names__layers_are_named_and_found(void **state)
{
    struct metric_name n, again;
    struct metric_cursor at = { 0 };
    idx layered = 0;
    (void)state;
    ask("*", "0.1");
    while (metric_next_asked(&n, &at, &choice)) {
        char name[COLUMN_NAME_MAX], title[COLUMN_TITLE_MAX];
        if (n.metric->axes[0] != OVER_LAYER) {
            assert_false(metric_name_of_layer(name, &n, 0));
            continue;
        }
        layered++;
        assert_true(metric_name_of_layer(name, &n, 12));
        assert_true(metric_name_find(&again, name));
        assert_ptr_equal(again.metric, n.metric);
        assert_int_equal(again.layer, 12);
        assert_non_null(strstr(metric_name_title(title, &again), "layer 12"));
        assert_false(metric_name_of_layer(title, &again, 0));
        struct metric_name all = metric_name_of_all(&again);
        assert_string_equal(all.name, n.name);
    }
    assert_true(layered > 10);
    static const char *const none[] = {
        "sink_1_layer_",   "sink_1_layer_x",       "sink_1_layer_01",
        "sink_layer_1",    "hidden_ratio_layer_0", "sink_1_layer_0_at_0.1",
        "sink_1_layer_1_", "sink_1_layer_99999",   "sink_1_layer_256",
    };
    for (idx i = 0; i < COUNT_OF(none); i++)
        assert_false(metric_name_find(&n, none[i]));
}

static void test_names__what_asks_for_nothing_is_refused(void **state)
{
    (void)state;
    check_refused("default, frist_mass", "", "did you mean first_mass; ");
    check_refused("companion", "", "did you mean companions; ");
    check_refused("xyzzy*", "", "no metric or group 'xyzzy*'; `sinklab list");
    check_refused("optimiser", "", "did you mean optimizer; ");
    check_refused("grad_norms", "", "did you mean grad_norm_");
    check_refused("update_ratio_layer_256", "", "no metric or group");
    check_refused("lr", "", "no metric or group 'lr'");
    check_refused("sink_1_layer_0", "", "compare --columns` makes it");
    check_refused("sink_3", "", "sink.positions is 2: make it larger");
    check_refused("sink_0", "", "did you mean sink_1; ");
    check_refused("sink_1_at_0.2", "0.1", "0.2 is not in metrics.eps");
    check_refused("", "", "a name is missing");
    check_refused("default,", "", "a name is missing");
    check_refused("row_sum", "0.1", "no metric of metrics.names has a");
    check_refused("default", "0.1,,0.2", "got '', want numbers between 0");
    check_refused("default", "1", "got '1', want numbers between 0 and 1");
    check_refused("default", "1e-3", "got '1e-3'");
    check_refused("default", "0.123456789", "got '0.123456789'");
    check_refused("default", "0.1, 0.10", "0.10 twice: leave one out");
}

/* Columns of updates are none of a meter's, but may be asked for. */
static void test_names__updates_may_be_asked_for(void **state)
{
    (void)state;
    assert_string_equal(asked("optimizer", ""), "");
    assert_string_equal(asked("first_mass, *_layer_255_z", ""), "first_mass");
    ask("default, optim*, lr_norms", "");
    assert_true(metrics_is_asked(&metrics, GROUP_OPTIMIZER, "lr_norms"));
    assert_false(metrics_is_asked(&metrics, GROUP_OPTIMIZER, "lr_biases"));
}

static void test_names__columns_have_a_bound(void **state)
{
    char eps[KEY_TEXT_MAX];
    struct text t = { eps, sizeof eps, 0 };
    struct err e = { 0 };
    (void)state;
    for (int i = 1; i <= 16; i++)
        text_add(&t, "%s%g", i > 1 ? "," : "", 0.01 * i);
    ask("default", eps);
    assert_int_equal(metrics_check(&choice, &e), OK);
    sinks.positions = 64;
    assert_int_equal(metrics_check(&choice, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "columns: want at most"));
    text_add(&t, ",0.9");
    check_refused("default", eps, "more than 16 numbers: leave some out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names__default_is_what_it_always_was),
        cmocka_unit_test(test_names__order_is_the_tables),
        cmocka_unit_test(test_names__thresholds_follow_those_that_have_one),
        cmocka_unit_test(test_names__each_is_found_again),
        cmocka_unit_test(test_names__layers_are_named_and_found),
        cmocka_unit_test(test_names__what_asks_for_nothing_is_refused),
        cmocka_unit_test(test_names__updates_may_be_asked_for),
        cmocka_unit_test(test_names__columns_have_a_bound),
    };
    return cmocka_run_group_tests_name("names", tests, NULL, NULL);
}
