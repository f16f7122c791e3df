/* Axes that would not do what they say, and folders with odd names. */
#include "harness.h"
#include "sweep/sweep_file.h"

#include <string.h>

static struct sweep_file file;

static int read_text(const char *text, const char *const *overrides, idx n,
                     struct err *e)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/s.ini", test_dir());
    test_write_file(path, text, strlen(text));
    return sweep_file_read(&file, path, overrides, n, e);
}

static void check_refused(const char *text, const char *want)
{
    struct err e = { 0 };
    assert_int_equal(read_text(text, NULL, 0, &e), ERR_CONFIG);
    if (!strstr(e.text, want))
        fail_msg("'%s' does not say '%s'", e.text, want);
    sweep_file_release(&file);
}

static void check_taken(const char *text)
{
    struct err e = { 0 };
    if (read_text(text, NULL, 0, &e) != OK)
        fail_msg("%s: %s", text, e.text);
    sweep_file_release(&file);
}

static void test_sweep_axes__a_preset_stands_in_any_order(void **state)
{
    (void)state;
    check_taken("[axes]\nmodel.norm & model.preset = layernorm & llama\n");
    check_taken("[axes]\nmodel.preset & model.norm = llama & layernorm\n");
    check_taken("[axes]\noptim.lr & model.preset = 1 & llama\n");
    check_taken("[axes]\nmodel.norm = rmsnorm\nmodel.preset = gpt2, llama\n");
    /* but a condition sees only what stands above it */
    check_refused("[axes]\noptim.lr = 1, 2 if model.norm = rmsnorm\n"
                  "model.preset = gpt2, llama\n",
                  "s.ini:2: [axes] optim.lr: the condition speaks of "
                  "model.preset, an axis of ");
}

static void test_sweep_axes__cosmetic_keys_alone_are_none(void **state)
{
    (void)state;
    check_refused("[axes]\nrun.seed = 1\ncheckpoint.steps = {1, 2}, {}\n",
                  "s.ini:3: [axes] checkpoint.steps: is no axis: it changes no "
                  "number");
    check_refused("[axes]\ntrain.log_every & sink.eps = 1 & 0.1, 2 & 0.2\n",
                  "s.ini:2: [axes] train.log_every & sink.eps: is no axis");
    check_refused("[random]\ndraws = 2\ntrain.threads = uniform 1 to 4\n",
                  "s.ini:3: [random] train.threads: is no axis");
    check_taken("[axes]\noptim.lr & checkpoint.steps = 1 & {1, 2}, 2 & {}\n");
}

static void test_sweep_axes__options_of_the_sweep_are_none(void **state)
{
    (void)state;
    check_refused("[axes]\nsweep.jobs = 3\n",
                  "s.ini:2: [sweep] is a section of the sweep file, not of its "
                  "runs: its keys stand below a line [sweep]");
    check_refused("[axes]\nsweeep.jobs = 3\n", "did you mean sweep?");
}

static void test_sweep_axes__no_folder_looks_like_an_option(void **state)
{
    static const char *const overrides[] = { "run.dir=-x/" };
    struct err e = { 0 };
    (void)state;
    assert_int_equal(read_text("[axes]\nrun.seed = 1\n", overrides, 1, &e), OK);
    assert_string_equal(file.dir, "./-x");
    sweep_file_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sweep_axes__a_preset_stands_in_any_order),
        cmocka_unit_test(test_sweep_axes__cosmetic_keys_alone_are_none),
        cmocka_unit_test(test_sweep_axes__options_of_the_sweep_are_none),
        cmocka_unit_test(test_sweep_axes__no_folder_looks_like_an_option),
    };
    return cmocka_run_group_tests_name("sweep_axes", tests, NULL, NULL);
}
