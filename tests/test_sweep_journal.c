/* The journal of a sweep: many writers, torn lines, damage. */
#include "harness.h"
#include "sweep/sweep_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/moment.h"
#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "io/jobs.h"

enum { RUNS = 3 };

/* A sweep of three runs, made by hand; what is read of it. */
static struct sweep s;
static struct sweep_run runs[RUNS];
static struct sweep_record records[RUNS];
static struct err e;

/* In a folder of its own. */
static void make_sweep(const char *name)
{
    s = (struct sweep){ .n = RUNS, .runs = runs };
    e = (struct err){ 0 };
    snprintf(s.dir, sizeof s.dir, "%s/%s", test_dir(), name);
    assert_int_equal(fsys_mkdirs(s.dir, &e), OK);
    for (idx i = 0; i < RUNS; i++) {
        runs[i] = (struct sweep_run){ .index = i, .name = "x" };
        snprintf(runs[i].id, sizeof runs[i].id, "000000000000000%d", (int)i);
    }
}

static void append(idx run, int event, const char *detail)
{
    if (sweep_journal_append(&s, run < 0 ? NULL : &runs[run], event, detail,
                             &e))
        fail_msg("%s", e.text);
}

static int read_all(void)
{
    e = (struct err){ 0 };
    return sweep_journal_read(records, &s, &e);
}

/* noinline: gcc 12 takes what it read for a pointer to `text` itself. */
__attribute__((noinline)) static char *read_file(size_t *n)
{
    char path[RUN_PATH_MAX], *text;
    sweep_path(path, s.dir, "journal");
    if (fsys_read_file(&text, n, path, 1 << 24, &e))
        fail_msg("%s", e.text);
    return text;
}

static void write_file(const char *text, size_t n)
{
    char path[RUN_PATH_MAX];
    sweep_path(path, s.dir, "journal");
    test_write_file(path, text, n);
}

static void test_sweep_journal__history_adds_up(void **state)
{
    (void)state;
    make_sweep("history");
    assert_int_equal(read_all(), OK); /* none yet */
    assert_int_equal(records[1].attempts, 0);
    append(-1, EVENT_LAUNCHED, NULL);
    append(1, EVENT_STARTED, "");
    append(1, RUN_FAILED, "disk\tfull\nreally");
    append(1, EVENT_STARTED, NULL);
    append(2, EVENT_STARTED, NULL);
    append(2, RUN_FAILED, "x");
    append(2, RUN_DONE, "done: \xc3\xa4");
    append(-1, EVENT_LEFT, NULL);
    assert_int_equal(read_all(), OK);
    assert_int_equal(records[0].last, RUN_PENDING);
    assert_int_equal(records[1].attempts, 2);
    assert_int_equal(records[1].last, EVENT_STARTED);
    assert_int_equal(records[2].last, RUN_DONE);
    assert_string_equal(records[2].detail, "done: \xc3\xa4");
    size_t n;
    char *text = read_file(&n);
    assert_non_null(strstr(text, "\tdisk full really\t"));
    free(text);
}

static void test_sweep_journal__long_details_are_cut(void **state)
{
    char detail[5000];
    (void)state;
    memset(detail, 'x', sizeof detail);
    detail[sizeof detail - 1] = '\0';
    make_sweep("long");
    append(0, RUN_FAILED, detail);
    assert_int_equal(read_all(), OK);
    assert_int_equal(strlen(records[0].detail), SWEEP_DETAIL_MAX - 1);
}

static void test_sweep_journal__a_torn_line_is_dropped(void **state)
{
    size_t n, n_first, n_now;
    (void)state;
    make_sweep("torn");
    append(0, EVENT_STARTED, "one");
    free(read_file(&n_first));
    append(0, RUN_FAILED, "two");
    char *text = read_file(&n);
    for (size_t cut = 0; cut <= n; cut++) {
        write_file(text, cut);
        assert_int_equal(read_all(), OK);
        assert_int_equal(records[0].attempts, cut >= n_first);
        assert_int_equal(records[0].last == RUN_FAILED, cut >= n);
        append(0, RUN_DONE, "three"); /* cuts it off */
        assert_int_equal(read_all(), OK);
        assert_int_equal(records[0].last, RUN_DONE);
        char *now = read_file(&n_now);
        assert_int_equal(now[n_now - 1], '\n');
        free(now);
    }
    free(text);
}

static void test_sweep_journal__mending_adds_no_event(void **state)
{
    (void)state;
    make_sweep("mended");
    size_t n, n_whole;
    assert_int_equal(sweep_journal_mend(&s, &e), OK);
    free(read_file(&n)); /* a head alone */
    append(1, EVENT_STARTED, NULL);
    char *text, *whole = read_file(&n_whole);
    assert_true(n_whole > n);
    append(2, EVENT_STARTED, NULL);
    text = read_file(&n);
    write_file(text, n - 10);
    free(text);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(sweep_journal_mend(&s, &e), OK);
        text = read_file(&n);
        assert_int_equal(n, n_whole);
        assert_memory_equal(text, whole, n);
        free(text);
    }
    free(whole);
    assert_int_equal(read_all(), OK);
    assert_int_equal(records[1].attempts, 1);
}

static void test_sweep_journal__damage_is_found(void **state)
{
    size_t n;
    (void)state;
    make_sweep("damage");
    append(0, EVENT_STARTED, "one");
    append(1, EVENT_STARTED, "two");
    char *text = read_file(&n);
    for (size_t i = 0; i + 1 < n; i++) {
        char was = text[i];
        text[i] = i % 2 ? '\0' : was == 'a' ? 'b' : 'a';
        write_file(text, n);
        assert_int_equal(read_all(), ERR_DATA);
        assert_non_null(strstr(e.text, "journal"));
        text[i] = was;
    }
    *(strstr(text, "\ttwo\t") + 1) = 'T';
    write_file(text, n);
    assert_int_equal(read_all(), ERR_DATA);
    assert_non_null(strstr(e.text, "journal:3: damaged"));
    free(text);
}

static void test_sweep_journal__others_are_left_alone(void **state)
{
    static const char newer[] = "sinklab-sweep-journal 2\nwhat comes then\n";
    (void)state;
    make_sweep("newer");
    write_file(newer, strlen(newer));
    assert_int_equal(sweep_journal_append(&s, NULL, EVENT_LEFT, NULL, &e),
                     ERR_DATA);
    assert_non_null(strstr(e.text, "has version 2"));
    assert_int_equal(read_all(), ERR_DATA);
    size_t n;
    char *text = read_file(&n);
    assert_string_equal(text, newer);
    free(text);
    /* of another sweep: the identity tells */
    make_sweep("other");
    append(1, EVENT_STARTED, NULL);
    runs[1].id[0] = '9';
    assert_int_equal(read_all(), ERR_DATA);
    assert_non_null(strstr(e.text, "journal:2:"));
}

/* Found by a fuzzer: a reader took such a head, a writer did not. */
static void test_sweep_journal__a_changed_head_is_refused(void **state)
{
    static const char *const heads[] = {
        "sinklab-sweep-journal 1r\n", "sinklab-sweep-journal  1\n",
        "sinklab-sweep-journal +1\n", "sinklab-sweep-journal 1 \n",
        "sinklab-sweep-journal\n",
    };
    (void)state;
    make_sweep("head");
    for (idx i = 0; i < COUNT_OF(heads); i++) {
        write_file(heads[i], strlen(heads[i]));
        assert_int_equal(read_all(), ERR_DATA);
        assert_non_null(strstr(e.text, "want 'sinklab-sweep-journal 1'"));
        assert_int_equal(
            sweep_journal_append(&s, NULL, EVENT_LEFT, NULL, ERR_IGNORED),
            ERR_DATA);
    }
}

static void test_sweep_journal__runs_added_since_are_passed_over(void **state)
{
    size_t n;
    (void)state;
    make_sweep("grown");
    append(0, EVENT_STARTED, NULL);
    append(2, EVENT_STARTED, "late");
    append(0, RUN_FAILED, NULL);
    s.n = 2; /* a list read before the third was added */
    assert_int_equal(read_all(), OK);
    assert_int_equal(records[0].last, RUN_FAILED);
    assert_int_equal(records[1].attempts, 0);
    char *text = read_file(&n);
    *strstr(text, "late") = 'r';
    write_file(text, n);
    assert_int_equal(read_all(), ERR_DATA);
    assert_non_null(strstr(e.text, "journal:3: damaged"));
    free(text);
}

static void test_sweep_journal__a_full_disk_leaves_it_whole(void **state)
{
    (void)state;
    make_sweep("full");
    append(0, EVENT_STARTED, NULL);
    bool was_refused = true;
    for (long at = 1; was_refused; at++) {
        e = (struct err){ 0 };
        fsys_fail_from(at, ENOSPC);
        int rc = sweep_journal_append(&s, &runs[1], EVENT_STARTED, NULL, &e);
        fsys_fail_from(0, 0);
        was_refused = rc != OK;
        if (was_refused)
            assert_int_equal(rc, ERR_IO);
        assert_int_equal(read_all(), OK);
        assert_int_equal(records[0].attempts, 1);
        assert_true(at < 100);
    }
    append(0, EVENT_STARTED, NULL);
    assert_int_equal(read_all(), OK);
    assert_int_equal(records[0].attempts, 2);
}

static void test_sweep_journal__many_processes_may_append(void **state)
{
    enum { WRITERS = 8, LINES = 50 };
    (void)state;
    make_sweep("many");
    for (int w = 0; w < WRITERS; w++) {
        if (fork() != 0)
            continue;
        int rc = OK;
        for (int i = 0; i < LINES && rc == OK; i++)
            rc = sweep_journal_append(&s, &runs[w % RUNS], EVENT_STARTED,
                                      "a detail of some length", ERR_IGNORED);
        _exit(rc);
    }
    for (int w = 0; w < WRITERS; w++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(read_all(), OK);
    idx sum = 0;
    for (int i = 0; i < RUNS; i++)
        sum += records[i].attempts;
    assert_int_equal(sum, WRITERS * LINES);
}

static void test_sweep_journal__who_never_lets_go_is_told(void **state)
{
    char path[RUN_PATH_MAX];
    size_t n, n_then;
    (void)state;
    make_sweep("held");
    append(0, EVENT_STARTED, NULL);
    free(read_file(&n));
    sweep_path(path, s.dir, "journal");
    int fd = open(path, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    assert_int_equal(moments_read("sweep journal 3 value 600", "sweep", &e),
                     OK);
    assert_int_equal(sweep_journal_append(&s, NULL, EVENT_LEFT, NULL, &e),
                     ERR_BUSY);
    assert_non_null(strstr(e.text, "held/journal is locked by another"));
    close(fd);
    assert_int_equal(moments_read(NULL, "sweep", &e), OK);
    free(read_file(&n_then));
    assert_int_equal(n_then, n);
    e = (struct err){ 0 };
    append(0, RUN_DONE, NULL);
    assert_int_equal(read_all(), OK);
}

static void test_sweep_journal__a_signal_ends_a_long_wait(void **state)
{
    char path[RUN_PATH_MAX];
    struct jobs jobs = { 0 };
    (void)state;
    make_sweep("asked");
    append(0, EVENT_STARTED, NULL);
    sweep_path(path, s.dir, "journal");
    int fd = open(path, O_RDONLY);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    jobs_open(&jobs);
    assert_false(jobs_is_asked());
    assert_int_equal(jobs_take_signal(&jobs), 0);
    raise(SIGTERM);
    assert_true(jobs_is_asked());
    assert_int_equal(moments_read("sweep journal 2 value 3", "sweep", &e), OK);
    assert_int_equal(sweep_journal_append(&s, NULL, EVENT_LEFT, NULL, &e),
                     ERR_INTERRUPTED);
    assert_non_null(strstr(e.text, "while "));
    assert_non_null(strstr(e.text, "asked/journal was locked by another"));
    close(fd);
    assert_int_equal(moments_read(NULL, "sweep", &e), OK);
    e = (struct err){ 0 };
    append(0, RUN_DONE, NULL); /* what need not wait is written */
    assert_int_equal(jobs_take_signal(&jobs), SIGTERM);
    assert_false(jobs_is_asked());
    jobs_close(&jobs);
    assert_int_equal(read_all(), OK);
}

int main(void)
{
#define RUN(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        RUN(test_sweep_journal__history_adds_up),
        RUN(test_sweep_journal__long_details_are_cut),
        RUN(test_sweep_journal__a_torn_line_is_dropped),
        RUN(test_sweep_journal__mending_adds_no_event),
        RUN(test_sweep_journal__damage_is_found),
        RUN(test_sweep_journal__others_are_left_alone),
        RUN(test_sweep_journal__a_changed_head_is_refused),
        RUN(test_sweep_journal__runs_added_since_are_passed_over),
        RUN(test_sweep_journal__a_full_disk_leaves_it_whole),
        RUN(test_sweep_journal__many_processes_may_append),
        RUN(test_sweep_journal__who_never_lets_go_is_told),
        RUN(test_sweep_journal__a_signal_ends_a_long_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
