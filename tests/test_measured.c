#include "analysis/measured.h"

#include "harness.h"

#include <string.h>

static void hash_with(char hex[HASH_HEX_MAX], const char *override)
{
    struct config c;
    struct err e = { 0 };
    config_defaults(&c);
    if (override && config_override(&c, NULL, &override, 1, 0, NULL, &e) != OK)
        fail_msg("%s", e.text);
    measured_settings(hex, &c);
}

static void check_settings(const char *const *overrides, idx n, bool matters)
{
    char plain[HASH_HEX_MAX], hex[HASH_HEX_MAX];
    hash_with(plain, NULL);
    for (idx i = 0; i < n; i++) {
        hash_with(hex, overrides[i]);
        if ((strcmp(hex, plain) != 0) != matters)
            fail_msg("%s: %s", overrides[i],
                     matters ? "is lost" : "measures all again");
    }
}

static void test_measured__settings_that_an_analysis_reads(void **state)
{
    static const char *const read[] = {
        "model.width=32",      "data.eval_seed=2", "data.order=documents",
        "sink.eps=0.2",        "sink.tokens=32",   "sink.sequences=7",
        "sink.val_tokens=99",  "sink.positions=2", "sink.input=random",
        "sink.bos=no",         "sink.edits=no",    "metrics.eps=0.1",
        "metrics.names=sinks", "optim.lr=0.5",     "data.task_seed=2",
    };
    (void)state;
    check_settings(read, COUNT_OF(read), true);
}

static void test_measured__settings_of_training_alone(void **state)
{
    static const char *const idle[] = {
        "run.dir=a",          "train.steps=7",          "train.threads=3",
        "train.log_every=7",  "train.val_every=7",      "train.val_tokens=99",
        "train.stop_loss=9",  "train.sample_tokens=9",  "sink.probe_every=7",
        "checkpoint.every=7", "sink.probe_sequences=3",
    };
    (void)state;
    check_settings(idle, COUNT_OF(idle), false);
}

/* Their tokens' hash does. */
static void test_measured__where_files_lie(void **state)
{
    struct config c;
    char plain[HASH_HEX_MAX], hex[HASH_HEX_MAX];
    (void)state;
    config_defaults(&c);
    key_copy_text(c.data.path, "a");
    key_copy_text(c.data.val_path, "b");
    key_copy_text(c.sink.path, "c");
    measured_settings(plain, &c);
    key_copy_text(c.data.path, "x");
    key_copy_text(c.data.val_path, "y");
    key_copy_text(c.sink.path, "z");
    measured_settings(hex, &c);
    assert_string_equal(hex, plain);
    key_copy_text(c.data.hash, "0123456789abcdef");
    measured_settings(hex, &c);
    assert_string_not_equal(hex, plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_measured__settings_that_an_analysis_reads),
        cmocka_unit_test(test_measured__settings_of_training_alone),
        cmocka_unit_test(test_measured__where_files_lie),
    };
    return cmocka_run_group_tests_name("measured", tests, NULL, NULL);
}
