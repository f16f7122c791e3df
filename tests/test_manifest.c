#include "harness.h"
#include "new_run.h"
#include "io/sealed_text.h"
#include "run/manifest.h"
#include "run/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_manifest(const char *dir)
{
    char path[RUN_PATH_MAX], *text;
    size_t n;
    struct err e = { 0 };
    run_path(path, dir, "manifest.ini");
    assert_int_equal(fsys_read_file(&text, &n, path, 1 << 20, &e), OK);
    return text;
}

static void check_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("manifest does not say '%s':\n%s", words, text);
}

static char word_0[] = "sinklab", word_1[] = "train", word_2[] = "my run.ini";
static char *words[] = { word_0, word_1, word_2 };

static struct manifest_start first_start(void)
{
    return (struct manifest_start){
        .blas = "OpenBLAS 0.0",
        .blas_core = "Somecore",
        .blas_threading = "serial",
        .threads = 3,
        .processes = 2,
        .argc = COUNT_OF(words),
        .argv = words,
    };
}

static void test_manifest__a_start_says_what_made_the_numbers(void **state)
{
    struct run_folder r;
    char dir[RUN_DIR_MAX];
    struct err e = { 0 };
    struct manifest_start s = first_start();
    (void)state;
    new_run(&r, dir, "start");
    assert_int_equal(manifest_add_start(r.dir, r.id, &s, &e), OK);
    char *text = read_manifest(dir);
    check_says(text, "\n[run]\nid = ");
    check_says(text, "\n[start 1]\nstarted = 2");
    check_says(text, "\nfrom_step = 0\n");
    check_says(text, "\ncommand = sinklab train 'my run.ini'\n"
                     "schedule = kept\n");
    check_says(text, "\nblas_core = Somecore\n");
    check_says(text, "\nthreads = 3\n");
    check_says(text, "\ncompiler = ");
    check_says(text, "\nflags = -std=c11 ");
    check_says(text, "\nlibc = ");
    check_says(text, "\nprogram = ");
    assert_null(strstr(text, "ended"));
    free(text);
    run_close(&r);
}

static void test_manifest__resumed_run_adds_to_its_past(void **state)
{
    struct run_folder r;
    char dir[RUN_DIR_MAX], id[RUN_ID_MAX];
    struct err e = { 0 };
    struct manifest_start s = first_start();
    (void)state;
    new_run(&r, dir, "resumed");
    memcpy(id, r.id, sizeof id);
    assert_int_equal(run_status_write(&r, RUN_RUNNING, 0, NULL, &e), OK);
    assert_int_equal(manifest_add_start(r.dir, r.id, &s, &e), OK);
    assert_int_equal(manifest_add_end(r.dir, r.id, "preempted", 40, &e), OK);
    char *before = read_manifest(dir);
    run_close(&r);

    assert_int_equal(run_open(&r, dir, &e), OK);
    assert_string_equal(r.id, id);
    s.from_step = 40;
    assert_int_equal(manifest_add_start(r.dir, r.id, &s, &e), OK);
    assert_int_equal(manifest_add_end(r.dir, r.id, "done", 100, &e), OK);
    char *after = read_manifest(dir);
    before[strlen(before) - SEAL_LINE_BYTES] = '\0'; /* it moves to the end */
    assert_memory_equal(after, before, strlen(before));
    check_says(before, "\nstate = preempted\nto_step = 40\n");
    check_says(after + strlen(before), "\n[start 2]\nstarted = ");
    check_says(after + strlen(before), "\nfrom_step = 40\n");
    check_says(after + strlen(before), "\nstate = done\nto_step = 100\n");
    free(before);
    free(after);
    run_close(&r);
}

static void test_manifest__records_a_long_command(void **state)
{
    enum { N = 1 << 17 };
    struct run_folder r;
    char dir[RUN_DIR_MAX];
    struct err e = { 0 };
    struct manifest_start s = first_start();
    char *word = malloc(N + 1);
    (void)state;
    assert_non_null(word);
    memset(word, 'x', N);
    word[N] = '\0';
    char *argv[] = { word_0, word };
    s.argc = 2;
    s.argv = argv;
    new_run(&r, dir, "long");
    assert_int_equal(manifest_add_start(r.dir, r.id, &s, &e), OK);
    char *text = read_manifest(dir);
    check_says(text, word);
    check_says(text, "\nprocess = ");
    free(text);
    free(word);
    run_close(&r);
}

/* A manifest of a run "a", which is filled up with empty lines. */
static void put_long(size_t n)
{
    static const char head[] = "[run]\nid = a\n";
    char path[RUN_PATH_MAX], *text = malloc(n);
    assert_non_null(text);
    memset(text, '\n', n);
    memcpy(text, head, sizeof head - 1);
    run_path(path, test_dir(), "manifest.ini");
    test_write_file(path, text, n);
    free(text);
}

static void check_command(const struct manifest_start *s, const char *want)
{
    struct manifest m = { 0 };
    struct err e = { 0 };
    assert_int_equal(manifest_add_start(test_dir(), "a", s, &e), OK);
    assert_int_equal(manifest_add_end(test_dir(), "a", "done", 1, &e), OK);
    assert_int_equal(manifest_read(&m, test_dir(), &e), OK);
    assert_string_equal(m.latest->command, want);
    assert_true(manifest_is_import(&m));
    manifest_release(&m);
}

/* Words of commands are left out in its second half, and it never gets longer
 * than its reader takes. */
static void test_manifest__never_outgrows_its_reader(void **state)
{
    enum { FULL = 1 << 24, ROOM = 1 << 16, N = 100 };
    struct manifest_start s = first_start();
    struct err e = { 0 };
    char import[] = "import", word[N + 1], whole[N + 20];
    (void)state;
    memset(word, 'x', N);
    word[N] = '\0';
    snprintf(whole, sizeof whole, "import train %s", word);
    s.argv = (char *[]){ import, word_1, word };
    put_long(FULL / 2 - 2 * N);
    check_command(&s, whole);
    check_command(&s, "import train [1 word left out]");
    s.argv = (char *[]){ import, word, word_1 };
    put_long(FULL - ROOM);
    check_command(&s, "import [2 words left out]");
    assert_int_equal(manifest_add_start(test_dir(), "a", &s, &e), ERR_DATA);
    check_says(e.text, "manifest.ini: has no room for another start (16 MiB "
                       "at most); put a copy back, or move it away (");
}

static void changes_of(char changes[MANIFEST_CHANGES_MAX], const char *dir)
{
    struct manifest m = { 0 };
    struct err e = { 0 };
    if (manifest_read(&m, dir, &e) != OK)
        fail_msg("%s", e.text);
    manifest_changes(changes, &m);
    manifest_release(&m);
}

static void test_manifest__tells_what_changed_between_starts(void **state)
{
    struct run_folder r;
    char dir[RUN_DIR_MAX], changes[MANIFEST_CHANGES_MAX];
    struct err e = { 0 };
    struct manifest_start s = first_start();
    (void)state;
    new_run(&r, dir, "changed");
    assert_int_equal(manifest_add_start(r.dir, r.id, &s, &e), OK);
    changes_of(changes, dir);
    assert_string_equal(changes, "");
    s.threads = 8; /* changes no bit */
    assert_int_equal(manifest_add_start(r.dir, r.id, &s, &e), OK);
    changes_of(changes, dir);
    assert_string_equal(changes, "");
    s.blas_core = "Othercore";
    assert_int_equal(manifest_add_end(r.dir, r.id, "preempted", 1, &e), OK);
    assert_int_equal(manifest_add_start(r.dir, r.id, &s, &e), OK);
    changes_of(changes, dir);
    assert_string_equal(changes, "blas_core was Somecore and is Othercore");
    run_close(&r);
}

/* Also a long command, and one with what looks like a comment. */
static void test_manifest__is_read_as_it_was_written(void **state)
{
    enum { N = 1 << 14 };
    struct manifest_start s = first_start();
    char long_word[N + 1], comment[] = "data.path=a ; b # c";
    char control[] = "\n # \1;";
    char *argv[] = { word_0, comment, control };
    struct manifest m = { 0 };
    struct run_folder r;
    char dir[RUN_DIR_MAX];
    struct err e = { 0 };
    (void)state;
    memset(long_word, 'x', N);
    long_word[N] = '\0';
    new_run(&r, dir, "read");
    assert_int_equal(manifest_add_start(dir, r.id, &s, &e), OK);
    s.argv = argv;
    s.from_step = 40;
    s.changes_schedule = true;
    assert_int_equal(manifest_add_start(dir, r.id, &s, &e), OK);
    assert_int_equal(manifest_add_end(dir, r.id, "done", 70, &e), OK);
    assert_int_equal(manifest_read(&m, dir, &e), OK);
    assert_string_equal(m.id, r.id);
    assert_int_equal(m.n, 2);
    assert_true(m.latest->has_ended && !m.latest->before->has_ended);
    assert_int_equal(m.latest->from_step, 40);
    assert_int_equal(m.latest->to_step, 70);
    assert_string_equal(m.latest->before->command,
                        "sinklab train 'my run.ini'");
    assert_string_equal(
        m.latest->command,
        "sinklab 'data.path=a ''; b ''# c' $'\\012 \\043 \\001;'");
    assert_true(m.latest->changes_schedule);
    assert_false(m.latest->before->changes_schedule);
    assert_string_equal(m.latest->makers[MAKER_BLAS], "OpenBLAS 0.0");
    assert_null(m.latest->before->before);
    manifest_release(&m);
    s.argv = (char *[]){ word_0, long_word };
    s.argc = 2;
    assert_int_equal(manifest_add_start(dir, r.id, &s, &e), OK);
    assert_int_equal(manifest_read(&m, dir, &e), OK);
    assert_int_equal(strlen(m.latest->command), strlen(word_0) + 1 + N);
    manifest_release(&m);
    run_close(&r);
}

/* The command of an older version is all that may say it. */
static void test_manifest__says_who_changed_the_schedule(void **state)
{
    static const struct {
        const char *start;
        bool changes;
    } cases[] = {
        { "command = train run train.steps=9", false },
        { "command = train run train.log_every=9", true },
        { "command = train run checkpoint.steps=9", true },
        { "command = train --resume a.ini", true },
        { "command = train 'run'", false },
        { "command = train 'run # train.log_every=9'", true }, /* cut off */
        { "command = train --resume a.ini\nschedule = kept", false },
        { "command = train run\nschedule = changed", true },
        { "command = train run\nschedule =", true },
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char path[RUN_PATH_MAX], text[200];
        struct manifest m = { 0 };
        struct err e = { 0 };
        run_path(path, test_dir(), "manifest.ini");
        snprintf(text, sizeof text, "[run]\nid = a\n[start 1]\n%s\n",
                 cases[i].start);
        test_write_file(path, text, strlen(text));
        assert_int_equal(manifest_read(&m, test_dir(), &e), OK);
        if (m.latest->changes_schedule != cases[i].changes)
            fail_msg("%s", cases[i].start);
        manifest_release(&m);
    }
}

/* One of an older version has no seal to say that it was changed. */
static void test_manifest__what_is_no_line_of_it_is_told(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "[run]\nid = a\nrubbish\n",
          "manifest.ini:3: got 'rubbish', want key" },
        { "[run\nid = a\n", "manifest.ini:1: got '[run', want [section]" },
        { "[start 1]\nid = a\n", "manifest.ini: has no id of the run; put" },
        { "[run]\nid = a\x01\n", "manifest.ini:2: got control character 1" },
        { "[run]\n", "manifest.ini: has no id of the run; put" },
        { "", "manifest.ini: is empty: what sinklab wrote in it is gone; put" },
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char path[RUN_PATH_MAX];
        struct manifest m = { 0 };
        struct err e = { 0 };
        run_path(path, test_dir(), "manifest.ini");
        test_write_file(path, cases[i].text, strlen(cases[i].text));
        assert_int_equal(manifest_read(&m, test_dir(), &e), ERR_DATA);
        check_says(e.text, cases[i].words);
        manifest_release(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_manifest__is_read_as_it_was_written),
        cmocka_unit_test(test_manifest__says_who_changed_the_schedule),
        cmocka_unit_test(test_manifest__what_is_no_line_of_it_is_told),
        cmocka_unit_test(test_manifest__tells_what_changed_between_starts),
        cmocka_unit_test(test_manifest__a_start_says_what_made_the_numbers),
        cmocka_unit_test(test_manifest__resumed_run_adds_to_its_past),
        cmocka_unit_test(test_manifest__records_a_long_command),
        cmocka_unit_test(test_manifest__never_outgrows_its_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
