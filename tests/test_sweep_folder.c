/* The folder of a sweep: what is frozen stays, whatever happens to it. */
#include "harness.h"
#include "sweep_case.h"
#include "sweep/sweep_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "sweep/sweep_freeze.h"
#include "sweep/sweep_journal.h"

static struct sweep sweep;
static struct sweep_news news;

static const char *path_of(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", test_dir(), name);
    return path;
}

/* Freeze these axes into the folder `name`; what is open is closed first. */
static int freeze_text(const char *name, const char *text, struct err *e)
{
    char dir[600];
    const char *const overrides[] = { dir };
    sweep_close(&sweep);
    snprintf(dir, sizeof dir, "run.dir=%s", path_of(name));
    if (sweep_case_expand(text, overrides, 1, e) ||
        sweep_lock(&sweep, case_file.dir, e))
        return e->code;
    return sweep_freeze(&sweep, &case_file, &case_points, &news, e);
}

static void freeze(const char *name, const char *text)
{
    struct err e = { 0 };
    if (freeze_text(name, text, &e))
        fail_msg("%s", e.text);
}

static void close_all(void)
{
    sweep_close(&sweep);
    sweep_case_release();
}

static char *read_list(const char *name, size_t *n)
{
    char path[RUN_PATH_MAX], *text;
    struct err e = { 0 };
    sweep_path(path, path_of(name), "runs.list");
    if (fsys_read_file(&text, n, path, 1 << 20, &e))
        fail_msg("%s", e.text);
    return text;
}

static void write_list(const char *name, const char *text, size_t n)
{
    char path[RUN_PATH_MAX];
    sweep_path(path, path_of(name), "runs.list");
    test_write_file(path, text, n);
}

static void check_open(const char *name, int code, const char *words)
{
    struct sweep s;
    struct err e = { 0 };
    assert_int_equal(sweep_open(&s, path_of(name), &e), code);
    if (!strstr(e.text, words))
        fail_msg("'%s' does not say '%s'", e.text, words);
    sweep_close(&s);
    assert_int_equal(sweep_open(&s, path_of(name), ERR_IGNORED), code);
    sweep_close(&s);
}

static void test_sweep_folder__a_frozen_sweep_reads_back(void **state)
{
    struct sweep s;
    struct config c;
    struct err e = { 0 };
    char path[RUN_PATH_MAX], id[CONFIG_ID_MAX];
    (void)state;
    freeze("back", "[axes]\nattention.weights = softmax, relu\nrun.seed = 1, "
                   "2\n");
    assert_true(news.is_new);
    assert_int_equal(news.added, 4);
    bool holds;
    assert_int_equal(sweep_holds_sweep(&holds, path_of("back"), ERR_IGNORED),
                     OK);
    assert_true(holds);
    assert_int_equal(sweep_open(&s, path_of("back/"), &e), OK);
    assert_int_equal(s.n, 4);
    assert_string_equal(s.runs[3].name, "0003-relu-seed2");
    assert_string_equal(s.runs[3].changes,
                        "attention.weights=relu\trun.seed=2");
    for (idx i = 0; i < s.n; i++) {
        sweep_config_path(path, &s, &s.runs[i]);
        assert_int_equal(config_load(&c, path, NULL, 0, NULL, &e), OK);
        sweep_identity(id, &c);
        assert_string_equal(id, s.runs[i].id);
        assert_ptr_equal(sweep_find(&s, id), &s.runs[i]);
        assert_int_equal(sweep_run_state(&s, &s.runs[i], NULL, ERR_IGNORED),
                         RUN_PENDING);
    }
    assert_null(sweep_find(&s, "0123456789abcdef"));
    sweep_close(&s);
    close_all();
    /* its own folder says the same as the file it came from */
    assert_int_equal(sweep_file_read(&case_file, path_of("back"), NULL, 0, &e),
                     OK);
    assert_int_equal(sweep_expand(&case_points, &case_file, &e), OK);
    assert_int_equal(case_points.n, 4);
    assert_string_equal(case_points.points[3].id, id);
    close_all();
}

static void test_sweep_folder__a_changed_file_adds_and_drops(void **state)
{
    (void)state;
    freeze("grow", "[axes]\nrun.seed = 1, 2\n");
    freeze("grow", "[axes]\nrun.seed = 1, 2\n");
    assert_false(news.is_new);
    assert_int_equal(news.added + news.dropped + news.revived, 0);
    freeze("grow", "[axes]\nrun.seed = 5, 2, 1\n");
    assert_int_equal(news.added, 1);
    assert_int_equal(sweep.n, 3);
    assert_string_equal(sweep.runs[0].changes, "run.seed=1");
    assert_string_equal(sweep.runs[2].name, "0002-seed5");
    freeze("grow", "[axes]\nrun.seed = 5, 6\n");
    assert_int_equal(news.added, 1);
    assert_int_equal(news.dropped, 2);
    assert_true(sweep.runs[0].is_dropped);
    assert_false(sweep.runs[2].is_dropped);
    freeze("grow", "[axes]\nrun.seed = 1, 5, 6\n");
    assert_int_equal(news.revived, 1);
    assert_int_equal(news.added + news.dropped, 0);
    assert_false(sweep.runs[0].is_dropped);
    assert_true(sweep.runs[1].is_dropped);
    close_all();
}

static idx frozen_log_every(idx i)
{
    struct config c;
    struct err e = { 0 };
    char path[RUN_PATH_MAX];
    sweep_config_path(path, &sweep, &sweep.runs[i]);
    assert_int_equal(config_load(&c, path, NULL, 0, NULL, &e), OK);
    return c.train.log_every;
}

static void test_sweep_folder__begun_runs_keep_cosmetic_settings(void **state)
{
    struct run_folder r;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX];
    (void)state;
    freeze("keep", "[train]\nlog_every = 3\n[axes]\nrun.seed = 1, 2\n");
    sweep_run_dir(dir, &sweep, &sweep.runs[0]);
    assert_int_equal(run_create(&r, dir, &e), OK);
    assert_int_equal(run_status_write(&r, RUN_PREEMPTED, 5, NULL, &e), OK);
    run_close(&r);
    freeze("keep", "[train]\nlog_every = 4\n[axes]\nrun.seed = 1, 2\n");
    assert_int_equal(news.added, 0);
    assert_int_equal(news.kept, 1);
    assert_int_equal(news.updated, 1);
    assert_int_equal(frozen_log_every(0), 3);
    assert_int_equal(frozen_log_every(1), 4);
    close_all();
}

static void test_sweep_folder__states_are_those_of_the_runs(void **state)
{
    static const struct {
        enum run_state own, held, free;
    } states[] = {
        { RUN_PENDING, RUN_RUNNING, RUN_PENDING },
        { RUN_RUNNING, RUN_RUNNING, RUN_PREEMPTED },
        { RUN_PREEMPTED, RUN_RUNNING, RUN_PREEMPTED },
        { RUN_FAILED, RUN_RUNNING, RUN_FAILED },
        { RUN_DONE, RUN_DONE, RUN_DONE },
        { RUN_DIVERGED, RUN_RUNNING, RUN_DIVERGED },
        { RUN_STOPPED, RUN_RUNNING, RUN_STOPPED },
    };
    struct err e = { 0 };
    struct run_status found;
    char dir[RUN_DIR_MAX];
    (void)state;
    freeze("state", "[axes]\nrun.seed = 1\n");
    const struct sweep_run *run = &sweep.runs[0];
    sweep_run_dir(dir, &sweep, run);
    for (idx i = 0; i < COUNT_OF(states); i++) {
        struct run_folder r;
        int rc = i ? run_open(&r, dir, &e) : run_create(&r, dir, &e);
        assert_int_equal(rc, OK);
        run_status_write(&r, states[i].own, 10 + i, "why", &e);
        assert_int_equal(sweep_run_state(&sweep, run, &found, &e),
                         states[i].held);
        run_close(&r);
        assert_int_equal(sweep_run_state(&sweep, run, &found, &e),
                         states[i].free);
        assert_int_equal(found.step, 10 + i);
        assert_string_equal(found.reason, "why");
    }
    char path[RUN_PATH_MAX];
    run_path(path, dir, "status");
    test_write_file(path, "x\n", 2);
    assert_int_equal(sweep_run_state(&sweep, run, &found, &e), RUN_UNKNOWN);
    assert_int_equal(e.code, OK);
    assert_non_null(strstr(found.reason, "status:1: got 'x'"));
    close_all();
}

static void test_sweep_folder__second_launcher_is_refused(void **state)
{
    struct sweep other;
    struct err e = { 0 };
    (void)state;
    freeze("busy", "[axes]\nrun.seed = 1\n");
    assert_int_equal(sweep_lock(&other, path_of("busy"), &e), ERR_BUSY);
    assert_non_null(strstr(e.text, "is in use by process"));
    close_all();
    e = (struct err){ 0 };
    assert_int_equal(sweep_lock(&other, path_of("busy"), &e), OK);
    sweep_close(&other);
}

static void test_sweep_folder__foreign_folders_are_refused(void **state)
{
    struct sweep s;
    struct run_folder r;
    struct err e = { 0 };
    (void)state;
    assert_int_equal(run_create(&r, path_of("single"), &e), OK);
    run_close(&r);
    assert_int_equal(sweep_lock(&s, path_of("single"), &e), ERR_BUSY);
    assert_non_null(strstr(e.text, "holds a single run"));
    check_open("single", ERR_IO, "holds no sweep");
    freeze("lost", "[axes]\nrun.seed = 1\n");
    close_all();
    char path[RUN_PATH_MAX];
    sweep_path(path, path_of("lost"), "runs.list");
    unlink(path);
    e = (struct err){ 0 };
    assert_int_equal(sweep_lock(&s, path_of("lost"), &e), ERR_DATA);
    assert_non_null(strstr(e.text, "runs.list is missing"));
}

static void test_sweep_folder__torn_and_damaged_lists(void **state)
{
    size_t n;
    (void)state;
    freeze("torn", "[axes]\nrun.seed = 1, 2, 3\n");
    close_all();
    char *text = read_list("torn", &n);
    /* every byte changed is found */
    for (size_t i = 0; i < n; i++) {
        char was = text[i];
        text[i] = was == 'a' ? 'b' : 'a';
        write_list("torn", text, n);
        check_open("torn", ERR_DATA, "runs.list:");
        text[i] = was;
    }
    /* and every cut: a list is replaced whole */
    for (size_t cut = 0; cut < n; cut++) {
        write_list("torn", text, cut);
        check_open("torn", ERR_DATA, "runs.list:");
    }
    /* and lines that went on behind its end, or came twice */
    char *twice = malloc(2 * n);
    assert_non_null(twice);
    size_t head = strcspn(text, "\n") + 1,
           first = strcspn(text + head, "\n") + 1;
    memcpy(twice, text, n);
    memcpy(twice + n, text + head, first);
    write_list("torn", twice, n + first);
    check_open("torn", ERR_DATA, "runs.list:5: damaged");
    memcpy(twice + head + first, text + head, n - head);
    write_list("torn", twice, n + first);
    check_open("torn", ERR_DATA, "runs.list:3: damaged");
    free(twice);
    write_list("torn", text, n);
    check_open("torn", OK, "");
    free(text);
}

static void test_sweep_folder__other_versions_are_refused(void **state)
{
    size_t n;
    (void)state;
    freeze("version", "[axes]\nrun.seed = 1\n");
    close_all();
    char *text = read_list("version", &n), *digit = strchr(text, '\n') - 1;
    *digit = '3';
    write_list("version", text, n);
    check_open("version", ERR_DATA,
               "runs.list:1: has version 3, this program knows 2");
    write_list("version", "what\n", 5);
    check_open("version", ERR_DATA, "want 'sinklab-sweep-list 2'");
    write_list("version", "", 0);
    check_open("version", ERR_DATA, "runs.list: is empty: put a copy of the");
    free(text);
}

/* Whatever call fails, the list is the former one or the new one, and the same
 * command then ends as if nothing had been. */
static void test_sweep_folder__survives_a_disk_that_fails(void **state)
{
    static const char before[] = "[axes]\nrun.seed = 1, 2\n";
    static const char after[] = "[axes]\nrun.seed = 2, 3, 4\n";
    (void)state;
    freeze("ref", before);
    freeze("ref", after);
    close_all();
    size_t n_want, n;
    char *want = read_list("ref", &n_want);
    bool was_refused = true;
    for (long at = 1; was_refused; at++) {
        char name[32];
        struct err e = { 0 };
        struct sweep s;
        snprintf(name, sizeof name, "disk%ld", at);
        freeze(name, before);
        fsys_fail_from(at, ENOSPC);
        int rc = freeze_text(name, after, &e);
        fsys_fail_from(0, 0);
        was_refused = rc != OK;
        close_all();
        if (was_refused) {
            assert_int_equal(rc, ERR_IO);
            assert_non_null(strstr(e.text, "No space left"));
        }
        e = (struct err){ 0 };
        assert_int_equal(sweep_open(&s, path_of(name), &e), OK);
        assert_true(s.n == 2 || s.n == 4);
        sweep_close(&s);
        freeze(name, after);
        close_all();
        char *got = read_list(name, &n);
        assert_int_equal(n, n_want);
        assert_memory_equal(got, want, n);
        free(got);
        assert_true(at < 1000);
    }
    free(want);
}

int main(void)
{
#define RUN(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        RUN(test_sweep_folder__a_frozen_sweep_reads_back),
        RUN(test_sweep_folder__a_changed_file_adds_and_drops),
        RUN(test_sweep_folder__begun_runs_keep_cosmetic_settings),
        RUN(test_sweep_folder__states_are_those_of_the_runs),
        RUN(test_sweep_folder__second_launcher_is_refused),
        RUN(test_sweep_folder__foreign_folders_are_refused),
        RUN(test_sweep_folder__torn_and_damaged_lists),
        RUN(test_sweep_folder__other_versions_are_refused),
        RUN(test_sweep_folder__survives_a_disk_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
