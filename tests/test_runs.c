/* `sinklab runs`: what is listed, in what order, and what is let alone. */
#include "harness.h"
#include "runs_case.h"

#include "cmd/cmd.h"
#include "io/lock.h"
#include "report/runs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A run of 20 steps. */
static void put_listed(const char *run, const char *status, int seed,
                       const char *rows)
{
    char config[64];
    snprintf(config, sizeof config, "[run]\nseed = %d\n[train]\nsteps = 20\n",
             seed);
    put_run(run, status, config, rows);
}

/* A few runs, one of them in a sweep's folder, and what is none. */
static void put_runs(const char *folder)
{
    char name[64];
    const struct {
        const char *name, *status, *rows;
        int seed;
    } runs[] = {
        { "run-10", "done", "0,5,4,0\n20,1,,0.5\n", 1 },
        { "run-2", "running", "0,5,3,0\n15,2,,0.25\n", 2 },
        { "many/a", "diverged", "0,5,,\n10,nan,,\n", 1 },
        { "many/b", "done", "0,5,2,0\n20,0.5,1.5,0.75\n", 2 },
    };
    for (idx i = 0; i < COUNT_OF(runs); i++) {
        snprintf(name, sizeof name, "%s/%s", folder, runs[i].name);
        put_listed(name, runs[i].status, runs[i].seed, runs[i].rows);
    }
    snprintf(name, sizeof name, "%s/notes", folder);
    put_file(name, "text", "no run");
}

static struct runs_options options(const char *folder)
{
    static char dir[512]; /* path_to's soon hold others */
    snprintf(dir, sizeof dir, "%s", path_to(folder, ""));
    return (struct runs_options){ .dir = dir, .has_dir = true, .in = stdin };
}

static int run(char **text, struct runs_options o, struct err *e)
{
    size_t size = 0;
    *text = NULL;
    FILE *out = open_memstream(text, &size);
    assert_non_null(out);
    int rc = runs_run(out, &o, e);
    assert_int_equal(fclose(out), 0);
    return rc;
}

static char *run_ok(struct runs_options o)
{
    char *text;
    struct err e = { 0 };
    if (run(&text, o, &e) != OK)
        fail_msg("%s", e.text);
    return text;
}

static void expect_csv(struct runs_options o, const char *want)
{
    size_t n;
    o.csv = path_to("list.csv", "");
    char *text = run_ok(o), *bytes = read_whole(o.csv, &n);
    const char *at = bytes;
    char seen[1024] = "";
    while ((at = strchr(at, '\n')) && at[1]) { /* last part of each path */
        const char *end = strchr(++at, ','), *start = end;
        while (start > at && start[-1] != '/')
            start--;
        size_t used = strlen(seen);
        snprintf(seen + used, sizeof seen - used, "%.*s ", (int)(end - start),
                 start);
    }
    assert_string_equal(seen, want);
    free(bytes);
    free(text);
}

/* Where too many differ for all to be shown. */
static void test_runs__the_key_that_sorts_is_shown(void **state)
{
    (void)state;
    struct runs_options o = options("keys");
    put_run("keys/a", "done",
            "[run]\nseed = 9\n[model]\nwidth = 8\ncontext = 9\n[optim]\n"
            "lr = 0.5\n[train]\nbatch = 1\nsteps = 7\n",
            "0,5,4,0\n");
    put_run("keys/b", "done", "[optim]\nlr = 0.25\n", "0,5,4,0\n");
    char *text = run_ok(o);
    assert_null(strstr(text, " lr"));
    free(text);
    o.sort = "optim.lr";
    text = run_ok(o);
    assert_within(text, "sink_1\n");
    assert_within(text, "  %    lr\n");
    assert_within(text, " 0.25\n");
    assert_null(strstr(text, "seed"));
    free(text);
}

static bool is_there(const char *name)
{
    struct stat st;
    return lstat(path_to(name, ""), &st) == 0;
}

static void where(struct runs_options *o, const char *text)
{
    struct err e = { 0 };
    if (filter_add(&o->where, text, &e) != OK)
        fail_msg("%s", e.text);
}

static void test_runs__are_listed_folder_by_folder(void **state)
{
    (void)state;
    put_runs("list");
    char *text = run_ok(options("list"));
    assert_within(text, "list: 2 runs, 1 done, 1 interrupted\n");
    assert_within(text, "run     status       step  of    loss  val_loss       "
                        "%  seed\n");
    assert_within(text, "run-2   interrupted    15  20  2.0000    3.0000    "
                        "25.0     2\n"
                        "run-10  done           20  20  1.0000    4.0000    "
                        "50.0     1\n");
    assert_within(text, "list/many: 2 runs, 1 done, 1 diverged\n");
    assert_within(text, "a    diverged    10  20     nan         -       -     "
                        "1\n");
    assert_null(strstr(text, "notes"));
    free(text);
}

static void test_runs__are_filtered_and_sorted(void **state)
{
    (void)state;
    struct runs_options o = options("sort");
    put_runs("sort");
    expect_csv(o, "run-2 run-10 a b ");
    o.sort = "loss"; /* whatever folder they lie in: one table */
    expect_csv(o, "b run-10 run-2 a ");
    char *text = run_ok(o); /* names move with the rest */
    assert_within(text, "/sort: 4 runs, 2 done, 1 interrupted, 1 diverged\n");
    assert_within(
        text, "many    b       done           20  20  0.5000    1.5000    "
              "75.0     2\n"
              ".       run-10  done           20  20  1.0000    4.0000    "
              "50.0     1\n"
              ".       run-2   interrupted    15  20  2.0000    3.0000    "
              "25.0     2\n"
              "many    a       diverged       10  20     nan         -       "
              "-     1\n");
    free(text);
    o.sort = "-val_loss";
    expect_csv(o, "run-10 run-2 b a "); /* what is unknown comes last */
    o.sort = "run.seed";
    expect_csv(o, "run-10 a run-2 b ");
    where(&o, "step>=15");
    where(&o, "step<20");
    text = run_ok(o); /* of one folder: as without --sort */
    assert_within(text, "/sort: 1 run, 1 interrupted\n");
    free(text);
    filter_release(&o.where);
    o.where = (struct filter){ 0 };
    o.sort = NULL;
    where(&o, "run.seed=2");
    expect_csv(o, "run-2 b ");
    where(&o, "status=interrupted");
    expect_csv(o, "run-2 ");
    where(&o, "step>15");
    expect_csv(o, "");
    text = run_ok(o);
    assert_within(text, "none of the 4 runs below");
    free(text);
    filter_release(&o.where);
}

/* For programs: nothing but paths, or none where a condition says nothing. */
static void test_runs__paths_stand_alone(void **state)
{
    (void)state;
    struct runs_options o = options("paths");
    struct err e = { 0 };
    char want[2048];
    put_runs("paths");
    o.has_paths = true;
    char *text = run_ok(o);
    snprintf(want, sizeof want, "%s/run-2\n%s/run-10\n%s/many/a\n%s/many/b\n",
             o.dir, o.dir, o.dir, o.dir);
    assert_string_equal(text, want);
    free(text);
    put_file("paths/run-2", "metrics.csv", "step,loss\n0\n");
    free(run_ok(o));
    where(&o, "loss!=7");
    assert_int_equal(run(&text, o, &e), ERR_DATA);
    assert_within(e.text, "metrics.csv:2: ");
    free(text);
    filter_release(&o.where);
}

static void test_runs__a_run_is_its_own_folder(void **state)
{
    (void)state;
    put_runs("one");
    char *text = run_ok(options("one/many/b"));
    assert_within(text, "one/many: 1 run, 1 done\n");
    free(text);
}

static void test_runs__nobody_there_to_answer_is_refused(void **state)
{
    (void)state;
    struct runs_options o = options("ask");
    struct err e = { 0 };
    char *text;
    put_runs("ask");
    o.has_remove = true;
    assert_int_equal(run(&text, o, &e), ERR_USAGE);
    assert_within(e.text, "remove 4 runs (");
    assert_within(e.text, "give --yes");
    free(text);
    o.is_yes = true;
    o.has_dir = false; /* and nothing said which */
    e = (struct err){ 0 };
    assert_int_equal(run(&text, o, &e), ERR_USAGE);
    assert_within(e.text, "name the folder, or say which by --where");
    free(text);
    assert_true(is_there("ask/run-2/status") && is_there("ask/many/a/status"));
}

static void answer(struct runs_options *o, const char *text)
{
    o->in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    assert_non_null(o->in);
    o->is_interactive = true;
}

static void test_runs__only_yes_removes(void **state)
{
    (void)state;
    static const char *const noes[] = { "n\n", "\n", "yellow\n", "Y e\n" };
    struct runs_options o = options("yes");
    put_runs("yes");
    o.has_remove = true;
    where(&o, "status=diverged");
    for (idx i = 0; i < COUNT_OF(noes); i++) {
        answer(&o, noes[i]);
        char *text = run_ok(o);
        assert_within(text, "remove 1 run (");
        assert_within(text, "? [y/N] nothing was changed\n");
        fclose(o.in);
        free(text);
        assert_true(is_there("yes/many/a/status"));
    }
    answer(&o, "Y\n");
    char *text = run_ok(o);
    assert_within(text, "removed 1 run\n");
    fclose(o.in);
    free(text);
    assert_false(is_there("yes/many/a"));
    assert_true(is_there("yes/many/b/status") && is_there("yes/notes/text"));
    filter_release(&o.where);
}

static void test_runs__in_use_or_around_others_are_let_alone(void **state)
{
    (void)state;
    struct runs_options o = options("busy");
    struct lock lock = { 0 };
    struct err e = { 0 };
    char *text;
    put_runs("busy");
    put_listed("busy/run-2/inner", "done", 3, "0,1,1,0\n");
    assert_int_equal(lock_take(&lock, path_to("busy/run-10/lock", ""), "x", &e),
                     OK);
    o.has_remove = o.is_yes = true;
    text = run_ok(o);
    assert_within(text, "run-10: in use\n");
    assert_within(text, "run-2: there are other runs in its folder\n");
    assert_within(text, "removed 2 runs\n");
    free(text);
    assert_true(is_there("busy/run-10/status"));
    assert_true(is_there("busy/run-2/inner/status"));
    assert_false(is_there("busy/many/a"));
    assert_int_equal(run(&text, o, &e), ERR_BUSY); /* nothing else is left */
    free(text);
    lock_release(&lock);
}

static void test_runs__links_are_not_followed(void **state)
{
    (void)state;
    struct runs_options o = options("link");
    put_listed("elsewhere", "done", 1, "0,1,1,0\n");
    put_listed("link/a", "done", 1, "0,1,1,0\n");
    assert_int_equal(symlink(path_to("elsewhere", ""), path_to("link/b", "")),
                     0);
    o.has_remove = o.is_yes = true;
    char *text = run_ok(o);
    assert_within(text, "removed 1 run\n");
    free(text);
    assert_true(is_there("elsewhere/status") && is_there("link/b"));
}

static void test_runs__remains_are_told_and_cleared(void **state)
{
    (void)state;
    struct runs_options o = options("rest");
    put_listed("rest/a", "done", 1, "0,1,1,0\n");
    put_listed("rest/.removed-1-b", "done", 1, "0,1,1,0\n");
    char *text = run_ok(o);
    assert_within(text, "1 run, 1 done\n");
    assert_within(text, "note: 1 run is only half removed (.removed-*)");
    free(text);
    o.has_remove = o.is_yes = true;
    where(&o, "status=failed"); /* of the others none */
    text = run_ok(o);
    assert_within(text, "cleared what was left of 1 run\n");
    free(text);
    assert_true(is_there("rest/a/status"));
    assert_false(is_there("rest/.removed-1-b"));
    filter_release(&o.where);
}

static void test_runs__remains_are_counted_in_the_question(void **state)
{
    (void)state;
    struct runs_options o = options("asked");
    put_listed("asked/a", "done", 1, "0,1,1,0\n");
    put_file("asked/.removed-1-b", "lock", "");
    put_file("asked/.removed-1-mine", "letter", "no run's");
    put_file("asked/.removed-old", "status", "done\n");
    o.has_remove = true;
    answer(&o, "n\n");
    char *text = run_ok(o);
    assert_within(text, "remove 1 run (");
    assert_within(text, ") and what is left of 1 removed run? [y/N] nothing");
    fclose(o.in);
    free(text);
    assert_true(is_there("asked/.removed-1-b") && is_there("asked/a"));
    where(&o, "status=failed"); /* of the others none */
    answer(&o, "y\n");
    text = run_ok(o);
    assert_within(text, "remove what is left of 1 removed run? [y/N] cleared");
    fclose(o.in);
    free(text);
    assert_false(is_there("asked/.removed-1-b"));
    assert_true(is_there("asked/.removed-1-mine/letter"));
    assert_true(is_there("asked/.removed-old/status"));
    assert_true(is_there("asked/a/status"));
    filter_release(&o.where);
}

static void test_runs__command_lines_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *arguments[4], *want;
        int code;
    } cases[] = {
        { { "a", "b" }, "unexpected argument b", ERR_USAGE },
        { { "--fly" }, "unknown option --fly", ERR_USAGE },
        { { "--where" }, "--where without a value", ERR_USAGE },
        { { "--where=x" }, "--where: condition 'x': want", ERR_USAGE },
        { { "--yes" }, "--yes without --remove", ERR_USAGE },
        { { "", "--remove" }, "path is empty", ERR_USAGE },
        { { "/nowhere", "--sort=loss" }, "/nowhere: no such file", ERR_USAGE },
        { { "a", "--paths", "--csv=x" }, "--paths with --csv", ERR_USAGE },
        { { "a", "--paths", "--remove" }, "with --remove", ERR_USAGE },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char *argv[6] = { strdup("runs") };
        struct err e = { 0 };
        int argc = 1;
        for (; cases[i].arguments[argc - 1]; argc++)
            argv[argc] = strdup(cases[i].arguments[argc - 1]);
        assert_int_equal(command_runs.run(argc, argv, &e), cases[i].code);
        assert_within(e.text, cases[i].want);
        while (argc > 0)
            free(argv[--argc]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs__are_listed_folder_by_folder),
        cmocka_unit_test(test_runs__are_filtered_and_sorted),
        cmocka_unit_test(test_runs__the_key_that_sorts_is_shown),
        cmocka_unit_test(test_runs__paths_stand_alone),
        cmocka_unit_test(test_runs__a_run_is_its_own_folder),
        cmocka_unit_test(test_runs__nobody_there_to_answer_is_refused),
        cmocka_unit_test(test_runs__only_yes_removes),
        cmocka_unit_test(test_runs__in_use_or_around_others_are_let_alone),
        cmocka_unit_test(test_runs__links_are_not_followed),
        cmocka_unit_test(test_runs__remains_are_told_and_cleared),
        cmocka_unit_test(test_runs__remains_are_counted_in_the_question),
        cmocka_unit_test(test_runs__command_lines_are_checked),
    };
    return cmocka_run_group_tests_name("runs", tests, NULL, NULL);
}
