/* Groups of runs: what is there twice, and what nobody can vouch for. */
#include "harness.h"

#include "io/fsys.h"
#include "report/compare.h"

#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 512 };

static const char *path_to(const char *name)
{
    static char path[4][PATH_BYTES];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, PATH_BYTES, "%s/%s", test_dir(), name);
    return p;
}

static void put_file(const char *run, const char *file, const char *text)
{
    struct err e = { 0 };
    char inner[2 * PATH_BYTES];
    assert_int_equal(fsys_mkdirs(path_to(run), &e), OK);
    snprintf(inner, sizeof inner, "%s/%s", path_to(run), file);
    test_write_file(inner, text, strlen(text));
}

static void put_run(const char *run, const char *status, int seed,
                    const char *rows)
{
    char text[256];
    snprintf(text, sizeof text, "%s\nstep 20, 2026-01-31T12:00:00Z\n", status);
    put_file(run, "status", text);
    snprintf(text, sizeof text, "[run]\nseed = %d\n", seed);
    put_file(run, "config.ini", text);
    snprintf(text, sizeof text, "step,loss,val_loss,sink_1\n%s", rows);
    put_file(run, "metrics.csv", text);
}

static char *compare_text(const char *const *folders, idx n)
{
    struct compare_options o = {
        .metric = "sink_1", .loss = "val_loss", .threshold = 0.5, .width = 60
    };
    char *text = NULL;
    size_t size = 0;
    struct err e = { 0 };
    o.runs = folders;
    o.n_runs = n;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    int rc = compare_run(out, &o, &e);
    assert_int_equal(fclose(out), 0);
    if (rc != OK)
        fail_msg("%s", e.text);
    return text;
}

static void assert_within(const char *text, const char *want)
{
    if (!strstr(text, want))
        fail_msg("got\n%s\nwant \"%s\"", text, want);
}

static void test_compare_repeated__copies_are_each_told_once(void **state)
{
    (void)state;
    put_run("copies/a", "done", 1, "0,5,4,0\n20,2,1,0.5\n");
    put_run("copies/b", "done", 2, "0,5,4,0\n20,2,1,0.5\n");
    put_run("copies/c", "done", 1, "0,5,4,0\n20,2,1,0.5\n");
    put_run("copies/d", "done", 1, "0,5,4,0\n20,2,1,0.5\n");
    const char *const folders[] = { path_to("copies") };
    char *text = compare_text(folders, 1);
    assert_within(text, "note: c: has the settings and seeds of a, so their");
    assert_within(text, "note: d: has the settings and seeds of a, so their");
    assert_null(strstr(text, "seeds of c"));
    assert_null(strstr(text, "seeds of b"));
    free(text);
}

static void test_compare_repeated__a_folder_counts_once(void **state)
{
    (void)state;
    put_run("twice/a", "done", 1, "0,5,4,0\n20,2,1,0.5\n");
    put_run("twice/b", "done", 2, "0,5,4,0\n20,2,1,0.5\n");
    const char *const folders[] = { path_to("twice/b"), path_to("twice"),
                                    path_to("twice/a") };
    char *text = compare_text(folders, 3);
    assert_within(text, "\nall runs  2 ");
    assert_null(strstr(text, "so their numbers count twice"));
    free(text);
}

static void test_compare_repeated__unknown_runs_are_not_averaged(void **state)
{
    (void)state;
    put_run("vague/a", "what?", 1, "0,5,4,0\n20,2,1,0.5\n");
    put_run("vague/b", "running", 2, "0,5,4,0\n20,2,3,0.5\n");
    const char *const folders[] = { path_to("vague") };
    char *text = compare_text(folders, 1);
    assert_within(text, "1 interrupted, 1 unknown  (1)");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_repeated__copies_are_each_told_once),
        cmocka_unit_test(test_compare_repeated__a_folder_counts_once),
        cmocka_unit_test(test_compare_repeated__unknown_runs_are_not_averaged),
    };
    return cmocka_run_group_tests_name("compare_repeated", tests, NULL, NULL);
}
