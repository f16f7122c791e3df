/* Logs of runs that another version began. */
#include "chained.h"
#include "harness.h"
#include "io/fsys.h"
#include "io/table.h"
#include "run/run.h"
#include "train/session.h"
#include "train/train.h"
#include "train/train_log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DROPPED = 5, TEXT_MAX_BYTES = 1 << 14 }; /* val_loss */

static const char config[] = "[model]\nlayers = 1\nwidth = 8\nheads = 2\n"
                             "context = 8\n"
                             "[train]\nsteps = 4\nbatch = 2\nlog_every = 1\n"
                             "val_every = 2\nval_tokens = 16\nthreads = 1\n"
                             "[data]\nvocab = 8\n"
                             "[sink]\ntokens = 8\nprobe_every = 2\n"
                             "probe_sequences = 2\n"
                             "[checkpoint]\nresume_every = 2\n";

static void train(const char *path, const char *override)
{
    char word[] = "train", *argv[] = { word };
    struct err e = { 0 };
    const struct train_request r = { .path = path,
                                     .overrides = &override,
                                     .n_overrides = 1,
                                     .argc = 1,
                                     .argv = argv };
    if (train_run(&r, &e) != OK)
        fail_msg("%s", e.text);
}

static void begin(char dir[RUN_DIR_MAX], const char *name)
{
    char path[RUN_PATH_MAX], where[RUN_PATH_MAX + 8];
    snprintf(dir, RUN_DIR_MAX, "%s/%s", test_dir(), name);
    run_path(path, test_dir(), "tiny.ini");
    test_write_file(path, config, strlen(config));
    snprintf(where, sizeof where, "run.dir=%s", dir);
    train(path, where);
}

/* The rows without row_hash and without one of the columns. */
static void drop_column(char *out, const char *text, idx column)
{
    idx cell = 0;
    for (const char *at = text; *at; at += *at != '\0') {
        size_t n = strcspn(at, ",\n");
        bool is_last = at[n] == '\n';
        if (cell != column && !is_last)
            out += sprintf(out, "%s%.*s", cell ? "," : "", (int)n, at);
        if (is_last)
            *out++ = '\n';
        cell = is_last ? 0 : cell + 1;
        at += n;
    }
    *out = '\0';
}

/* Make the run one of a version that did not know the column. */
static void make_older(const char *dir)
{
    char path[RUN_PATH_MAX], fewer[TEXT_MAX_BYTES], *text;
    struct session s = { 0 };
    struct config c;
    struct checkpoint_head head = { 0 };
    struct err e = { 0 };
    size_t n;
    run_path(path, dir, "metrics.csv");
    assert_int_equal(fsys_read_file(&text, &n, path, TEXT_MAX_BYTES, &e), OK);
    drop_column(fewer, text, DROPPED);
    free(text);
    test_write_file(path, chained(fewer), strlen(chained(fewer)));
    assert_int_equal(run_config_load(&c, dir, &e), OK);
    assert_int_equal(session_open(&s, &c, true, &e), OK);
    struct checkpoint_data d = session_data(&s, true);
    run_resume_path(path, dir);
    assert_int_equal(checkpoint_load(&head, path, &s.model.table, &d, &e), OK);
    snprintf(head.last_row, sizeof head.last_row, "%s", chained_last(fewer));
    assert_int_equal(checkpoint_save(path, &head, &s.model.table, &d, &e), OK);
    free(head.config);
    session_release(&s);
}

static void read_log(struct table *t, const char *dir)
{
    char path[RUN_PATH_MAX];
    struct err e = { 0 };
    run_path(path, dir, "metrics.csv");
    if (table_read(t, path, NULL, &e) != OK)
        fail_msg("%s", e.text);
}

static void test_train_log__a_new_column_locks_no_old_run_out(void **state)
{
    char now[RUN_DIR_MAX], old[RUN_DIR_MAX];
    struct table a = { 0 }, b = { 0 };
    (void)state;
    begin(now, "now");
    begin(old, "old");
    make_older(old);
    train(now, "train.steps=8");
    train(old, "train.steps=8");
    read_log(&a, now);
    read_log(&b, old);
    assert_int_equal(a.rows, 9);
    assert_int_equal(b.rows, 9);
    assert_string_equal(a.names[DROPPED], "val_loss");
    assert_int_equal(b.columns, a.columns - 1);
    for (idx i = 0; i < b.columns; i++) {
        idx k = table_find(&a, b.names[i]);
        assert_int_equal(k, i + (i >= DROPPED));
        assert_memory_equal(table_column(&b, i), table_column(&a, k),
                            (size_t)a.rows * sizeof(double));
        assert_memory_equal(table_given(&b, i), table_given(&a, k),
                            (size_t)a.rows * sizeof(bool));
    }
    table_release(&a);
    table_release(&b);
}

/* What another program takes away while the run writes to it. */
static void test_train_log__lost_times_stop_nothing_lost_rows_do(void **state)
{
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX];
    struct train_log l;
    struct session s = { 0 };
    struct config c;
    struct table t = { 0 };
    struct err e = { 0 };
    struct readings r = { .step = reading_of(0) };
    (void)state;
    begin(dir, "lost");
    assert_int_equal(run_config_load(&c, dir, &e), OK);
    assert_int_equal(session_open(&s, &c, true, &e), OK);
    assert_int_equal(train_log_create(&l, session_columns(&s), dir, &e), OK);
    assert_int_equal(train_log_row(&l, &r, &e), OK);
    run_path(path, dir, RUN_TIMING);
    assert_int_equal(unlink(path), 0);
    r.step = reading_of(1);
    assert_int_equal(train_log_row(&l, &r, &e), OK);
    assert_int_not_equal(access(path, F_OK), 0);
    read_log(&t, dir);
    assert_int_equal(t.rows, 2);
    table_release(&t);
    run_path(path, dir, RUN_METRICS);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(train_log_row(&l, &r, &e), ERR_IO);
    session_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_train_log__lost_times_stop_nothing_lost_rows_do),
        cmocka_unit_test(test_train_log__a_new_column_locks_no_old_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
