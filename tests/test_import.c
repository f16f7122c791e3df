/* Of which step a folder is, by its name. All else of an import is in
 * tests/system/models.sh. */
#include "exchange/import.h"

#include "harness.h"

#include <sys/stat.h>
#include <unistd.h>

#include "config/config_keys.h"

static void test_import__a_name_has_its_step(void **state)
{
    (void)state;
    static const struct {
        const char *folder;
        idx step;
    } cases[] = {
        { "step1000", 1000 },
        { "pythia-160m/step143000", 143000 },
        { "pythia-160m/step0", 0 },
        { "step-00001000", 1000 },
        { "Step_7", 7 },
        { "runs/step5/step12/", 12 },
        { "step1000-tokens4B", 1000 },
        { "OLMo/stage1-step99-unsharded", 99 },
        { "step", -1 },
        { "steps", -1 },
        { "step5/step", -1 },
        { "step5/final", -1 },
        { "step5/final//", -1 },
        { "my2step3model", -1 },
        { "misstep3", -1 },
        { "step3b", -1 },
        { "out/a_step3-step", 3 },
        { "gpt2", -1 },
        { "1000", -1 },
        { "", -1 },
        { "step99999999", STEP_MAX },
        { "step100000000", STEP_MAX + 1 },
        { "step99999999999999999999999", STEP_MAX + 1 },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++)
        if (import_step(cases[i].folder) != cases[i].step)
            fail_msg("%s: step %td, want %td", cases[i].folder,
                     import_step(cases[i].folder), cases[i].step);
}

static void test_import__another_name_of_a_folder_has_its_step(void **state)
{
    (void)state;
    assert_int_equal(chdir(test_dir()) | mkdir("step5", 0777) |
                         symlink("step5", "latest") | symlink("step5", "step7"),
                     0);
    assert_int_equal(import_step("step5/."), 5);
    assert_int_equal(import_step("latest"), 5);
    assert_int_equal(import_step("latest/"), 5);
    assert_int_equal(import_step("step7"), 7);
    assert_int_equal(import_step("step5/.."), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_import__a_name_has_its_step),
        cmocka_unit_test(test_import__another_name_of_a_folder_has_its_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
