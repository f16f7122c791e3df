/* compare's command line, and what it says about what it cannot compare. */
#include "harness.h"
#include "runs_case.h"

#include "cmd/cmd.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 4, PATH_BYTES = 512 };

/* Run compare with arguments that end with NULL; it must fail so. */
static void expect_error(const char *const *arguments, int code,
                         const char *want)
{
    char *argv[ARGUMENTS_MAX + 2] = { strdup("compare") };
    struct err e = { 0 };
    int argc = 1;
    for (; arguments[argc - 1]; argc++)
        argv[argc] = strdup(arguments[argc - 1]);
    assert_int_equal(command_compare.run(argc, argv, &e), code);
    if (!strstr(e.text, want))
        fail_msg("got \"%s\", want \"%s\"", e.text, want);
    while (argc > 0)
        free(argv[--argc]);
}

static void test_compare_cli__command_lines_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[ARGUMENTS_MAX], *want;
    } cases[] = {
        { { NULL }, "no run folder given" },
        { { "--log-x", NULL }, "no run folder given" },
        { { "run", "--colour", NULL }, "unknown option --colour" },
        { { "run", "-x", NULL }, "unknown option -x" },
        { { "run", "--metrics=a", NULL }, "unknown option --metrics=a" },
        { { "run", "-o", NULL }, "-o without a value" },
        { { "run", "--csv=", NULL }, "--csv without a value" },
        { { "run", "--threshold", "high", NULL }, "got 'high', want number" },
        { { "run", "--threshold=nan", NULL }, "got 'nan', want number" },
        { { "run", "--where", "optim.lrr=1", NULL },
          "did you mean optim.lr? (see `sinklab help runs`)" },
        { { "run", "-o", "x.eps", NULL }, "must end in .svg, .png or .pdf" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++)
        expect_error(cases[i].arguments, ERR_USAGE, cases[i].want);
}

static void test_compare_cli__bad_folders_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *run, *file, *text, *want;
    } cases[] = {
        { "em pty", "metrics.csv", "step,loss,sink_1\n0,1,\n",
          "em pty: no analysis.csv, and no sink_1 in metrics.csv: run "
          "`sinklab analyze '" },
        { "none", "status", "done\n", "none: no analysis.csv, and no sink_1" },
        { "damaged", "analysis.csv", "step,sink_1\n0,x\n",
          "analysis.csv:2: sink_1: got 'x', want a number" },
        { "damaged2", "metrics.csv", "step,sink_1\n0\n",
          "metrics.csv:2: got 1 cells, want 2" },
        { "stepless", "analysis.csv", "sink_1\n0\n",
          "analysis.csv:1: no column named step" },
        { "foreign", "analysis.csv", "step,loss\n0,1\n",
          "foreign` measures it; there are loss" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        const char *const arguments[] = { path_to(cases[i].run, ""), NULL };
        put_file(cases[i].run, cases[i].file, cases[i].text);
        expect_error(arguments, ERR_DATA, cases[i].want);
    }
}

static void test_compare_cli__what_is_no_folder_is_named(void **state)
{
    (void)state;
    char path[PATH_BYTES], longer[2000];
    const char *const missing[] = { "/nowhere/at all", NULL };
    const char *const nothing[] = { "", NULL };
    const char *const oversized[] = { longer, NULL };
    const char *const file[] = { path, NULL };
    const char *const empty[] = { path_to("bare", ""), NULL };
    put_file("bare", "notes", "");
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    snprintf(path, sizeof path, "%s/file", test_dir());
    test_write_file(path, "", 0);
    expect_error(missing, ERR_USAGE,
                 "/nowhere/at all: no such file or folder: give");
    expect_error(nothing, ERR_USAGE, "compare: a name or path is empty");
    expect_error(oversized, ERR_USAGE, "longer than");
    expect_error(file, ERR_USAGE, "file holds no run: give");
    expect_error(empty, ERR_USAGE, "bare holds no run: give the folder that");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_cli__command_lines_are_checked),
        cmocka_unit_test(test_compare_cli__bad_folders_are_named),
        cmocka_unit_test(test_compare_cli__what_is_no_folder_is_named),
    };
    return cmocka_run_group_tests_name("compare_cli", tests, NULL, NULL);
}
