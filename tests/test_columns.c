#include "harness.h"
#include "io/fsys.h"
#include "metric/columns.h"
#include "metric/meter.h"
#include "metric/metric_table.h"
#include "metric/update_metric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A meter of two columns of its own, for it alone decides which there are. */
static struct meter_column measured[] = {
    { .is.k = 1, .name = "sink_1", .is_given = true, .n = 1, .scalar = 0.25 },
    { .is.k = 2, .name = "sink_2", .is_given = false, .n = 1, .scalar = NAN },
};
static struct meter meter = { .columns = measured, .n_columns = 2 };
static const struct run_columns all = { &meter, true, true, NULL, NULL },
                                none_known = { &meter, false, false, NULL,
                                               NULL },
                                text = { &meter, false, true, NULL, NULL };

static int open_meter(void **state)
{
    (void)state;
    for (idx i = 0; i < meter.n_columns; i++)
        measured[i].metric = measured[i].is.metric = metric_at(0); /* sink_ */
    return 0;
}

static const char *names(const struct run_columns *c, enum column_file file)
{
    static char line[512];
    struct text t = { line, sizeof line, 0 };
    columns_names(&t, c, file);
    return line;
}

static const char *values(enum column_file file, const struct readings *r)
{
    static char line[512];
    struct text t = { line, sizeof line, 0 };
    line[0] = '\0';
    columns_values(&t, &all, file, r);
    return line;
}

/* Files that exist have these names in this order. */
static void test_columns__files_have_theirs_in_order(void **state)
{
    (void)state;
    assert_string_equal(names(&all, COLUMN_METRICS),
                        "step,tokens,loss,grad_norm,lr,val_loss,val_loss_se,"
                        "val_excess,val_bits_per_byte,sink_1,sink_2");
    assert_string_equal(names(&text, COLUMN_METRICS),
                        "step,tokens,loss,grad_norm,lr,val_loss,val_loss_se,"
                        "val_bits_per_byte,sink_1,sink_2");
    assert_string_equal(names(&none_known, COLUMN_METRICS),
                        "step,tokens,loss,grad_norm,lr,val_loss,val_loss_se,"
                        "sink_1,sink_2");
    assert_string_equal(names(&all, COLUMN_TIMING), "step,wall_s,tokens_per_s");
    assert_string_equal(names(&all, COLUMN_ANALYSIS),
                        "step,tokens,val_loss,val_loss_se,val_excess,"
                        "val_bits_per_byte,sink_1,sink_2");
    assert_string_equal(names(&all, COLUMN_PRINTED),
                        "step,val_loss,val_loss_se,sink_1");
}

static void test_columns__write_what_was_measured_and_only_that(void **state)
{
    struct readings none = { .meter = NULL };
    struct readings r = { .step = reading_of(1e12),
                          .tokens = reading_of(1e15 / 3),
                          .loss = reading_of(0.1),
                          .grad_norm = reading_of(-NAN),
                          .lr = reading_of(-INFINITY),
                          .val_excess = { false, 7 },
                          .wall_s = reading_of(1. / 3),
                          .tokens_per_s = reading_of(1e9),
                          .meter = &meter };
    (void)state;
    assert_string_equal(values(COLUMN_METRICS, &none), ",,,,,,,,,,");
    assert_string_equal(values(COLUMN_METRICS, &r),
                        "1000000000000,333333333333333,0.1,nan,-inf,,,,,0.25,");
    assert_string_equal(values(COLUMN_TIMING, &r),
                        "1000000000000,0.333,1000000000.0");
}

static void test_columns__every_one_is_told(void **state)
{
    struct column_facts f;
    (void)state;
    for (idx at = 0; column_next(&f, &at, &all, COLUMN_METRICS);) {
        struct column_facts again;
        assert_true(column_find(&again, f.name));
        assert_ptr_equal(again.row, f.row);
        assert_ptr_equal(again.metric, f.metric);
        assert_true(*f.unit && *f.definition && *f.format && *f.title);
        assert_true(strlen(f.name) < COLUMN_NAME_MAX);
    }
    assert_true(column_find(&f, "sink_64") && f.is_share);
    assert_false(column_find(&f, "sink_") || column_find(&f, "sink_x"));
    assert_false(column_find(&f, "los") || column_find(&f, "lossy"));
    assert_false(column_find(&f, "") || column_find(&f, "analysis"));
    assert_true(metric_is_share("first_mass_raw"));
    assert_false(metric_is_share("row_sum") || metric_is_share("loss"));
    assert_true(column_is_validation("val_excess"));
    assert_false(column_is_validation("loss"));
}

static void test_columns__headings_are_broken_where_they_are_long(void **state)
{
    static const char *const wanted[][3] = {
        { "", "step", "" },
        { "val_", "loss_se", "nats" },
        { "", "sink_1", "%" },
        { "sink_1_", "raw", "%" },
        { "first_", "mass_raw", "%" },
        { "value_", "ratio", "" },
    };
    static const char *const of[] = { "step",           "val_loss_se",
                                      "sink_1",         "sink_1_raw",
                                      "first_mass_raw", "value_ratio" };
    (void)state;
    for (idx i = 0; i < COUNT_OF(of); i++) {
        struct column_facts f;
        assert_true(column_find(&f, of[i]));
        for (idx line = 0; line < COLUMN_HEADING_LINES; line++) {
            char at[COLUMN_NAME_MAX];
            assert_string_equal(column_heading(at, &f, line, 8),
                                wanted[i][line]);
        }
    }
}

static void test_columns__documents_tell_of_each(void **state)
{
    char *pages[2];
    size_t n;
    struct err e = { 0 };
    (void)state;
    assert_int_equal(
        fsys_read_file(&pages[0], &n, "docs/FORMATS.md", 1 << 20, &e), OK);
    assert_int_equal(
        fsys_read_file(&pages[1], &n, "docs/METRICS.md", 1 << 20, &e), OK);
    for (idx i = 0; i < n_column_table || metric_at(i - n_column_table); i++) {
        const struct metric *m = metric_at(idx_max(i - n_column_table, 0));
        char word[COLUMN_NAME_MAX + 2];
        snprintf(word, sizeof word, "`%s%s`",
                 i < n_column_table ? column_table[i].text.name : m->text.name,
                 i >= n_column_table && m->is_per_position ? "1" : "");
        if (!strstr(pages[0], word) && !strstr(pages[1], word))
            fail_msg("no word of %s", word);
    }
    for (const struct update_metric *m = update_metric_table; m->text.name;
         m++) {
        char word[COLUMN_NAME_MAX + 2];
        snprintf(word, sizeof word, "`%s_%s`", m->text.name,
                 m->is_z ? "z" : "matrices");
        if (!strstr(pages[1], word))
            fail_msg("no word of %s", word);
    }
    free(pages[0]);
    free(pages[1]);
}

/* Each cell is one head; the number that stands for all is the largest. */
static void test_columns__say_what_stands_for_all(void **state)
{
    struct column_facts f;
    char title[COLUMN_TITLE_MAX];
    (void)state;
    assert_true(column_find(&f, "previous_score"));
    assert_string_equal(f.title, "previous-token score");
    assert_string_equal(column_title(title, &f),
                        "previous-token score, largest head");
    assert_true(column_find(&f, "first_mass"));
    assert_string_equal(column_title(title, &f), f.title);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns__files_have_theirs_in_order),
        cmocka_unit_test(test_columns__write_what_was_measured_and_only_that),
        cmocka_unit_test(test_columns__every_one_is_told),
        cmocka_unit_test(test_columns__documents_tell_of_each),
        cmocka_unit_test(test_columns__say_what_stands_for_all),
        cmocka_unit_test(test_columns__headings_are_broken_where_they_are_long),
    };
    return cmocka_run_group_tests(tests, open_meter, NULL);
}
