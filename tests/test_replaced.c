#include "analysis/replaced.h"

#include "analysis/analysis.h"
#include "harness.h"
#include "io/arrays.h"

#include <stdlib.h>
#include <string.h>

/* Of these settings, by a program that wrote down another hash of them. */
static void write_analysis(const struct config *c)
{
    static const int64_t step[] = { 0 };
    const char rows[] = "step\n0\n";
    char *config = config_print(c, NULL);
    const struct axis axis = { "step", "1", "updates", 1, step, NULL };
    const struct note notes[] = { { "settings", "0123456789abcdef" },
                                  { "measured_on", "analysis, as before" },
                                  { "config", config } };
    const struct arrays all = { notes, COUNT_OF(notes), &axis, 1, NULL, 0 };
    struct err e = { 0 };
    assert_non_null(config);
    assert_int_equal(arrays_save(test_path("analysis.h5"), &all, &e), OK);
    assert_int_equal(analysis_write_csv(test_dir(), "", rows, strlen(rows), &e),
                     OK);
    free(config);
}

static void check_told(const struct config *now, const char *wanted)
{
    struct replaced r;
    replaced_open(&r, test_dir(), "", now);
    if (wanted)
        assert_string_equal(r.measured_on, wanted);
    else
        assert_null(r.measured_on);
    replaced_close(&r);
}

/* Whatever a program hashes: the settings themselves stand beside it. */
static void test_replaced__is_told_of_other_settings_alone(void **state)
{
    struct config c;
    (void)state;
    config_defaults(&c);
    write_analysis(&c);
    check_told(&c, NULL);
    c.train.val_every = 7;
    c.train.threads = 3;
    check_told(&c, NULL);
    c.sink.val_tokens = 64;
    check_told(&c, "analysis, as before; sink.val_tokens 65536, now 64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replaced__is_told_of_other_settings_alone),
    };
    return cmocka_run_group_tests_name("replaced", tests, NULL, NULL);
}
