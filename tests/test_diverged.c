/* Numbers that are none, planted where a run would keep or measure them: they
 * are written as nan, refused by analyze, and never saved. */
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "io/fsys.h"
#include "io/table.h"
#include "run/run.h"
#include "train/session.h"
#include "train/train_log.h"

static const char *const settings[] = {
    "model.layers=2",      "model.width=8",      "model.heads=2",
    "model.context=8",     "attention.bias=key", "data.source=bigram-backcopy",
    "data.vocab=8",        "train.batch=2",      "train.steps=2",
    "train.threads=1",     "train.val_every=1",  "sink.probe_every=1",
    "sink.tokens=8",       "sink.sequences=2",   "sink.probe_sequences=2",
    "train.val_tokens=32", "sink.val_tokens=32",
};

static void open_session(struct session *s)
{
    static struct config c;
    struct err e = { 0 };
    if (config_load(&c, NULL, settings, COUNT_OF(settings), NULL, &e) ||
        session_open(s, &c, true, &e))
        fail_msg("%s", e.text);
}

/* Weights that grow a millionfold a step. */
static const char *const growing[] = { "optim.lr=1000",
                                       "optim.weight_decay=1000",
                                       "train.steps=12", "checkpoint.every=1" };

/* With the settings above, and growing weights if it is told to. */
static int train(const char *dir, bool grows, struct err *e)
{
    char config[512], where[512];
    char *argv[COUNT_OF(settings) + COUNT_OF(growing) + 4];
    int n = 0;
    snprintf(config, sizeof config, "%s/empty.ini", test_dir());
    test_write_file(config, "", 0);
    snprintf(where, sizeof where, "run.dir=%s", dir);
    argv[n++] = (char *)(uintptr_t) "train";
    argv[n++] = config;
    for (idx i = 0; i < COUNT_OF(settings); i++)
        argv[n++] = (char *)(uintptr_t)settings[i];
    argv[n++] = where;
    for (idx i = 0; i < COUNT_OF(growing) && grows; i++)
        argv[n++] = (char *)(uintptr_t)growing[i];
    argv[n] = NULL;
    return command_train.run(n, argv, e);
}

static int analyze(const char *dir, struct err *e)
{
    char *argv[] = { (char *)(uintptr_t) "analyze", (char *)(uintptr_t)dir,
                     NULL };
    return command_analyze.run(2, argv, e);
}

static void assert_within(const char *text, const char *want)
{
    if (!strstr(text, want))
        fail_msg("got \"%s\", want \"%s\"", text, want);
}

static bool is_there(const char *dir, const char *name)
{
    char path[RUN_PATH_MAX];
    struct stat st;
    run_path(path, dir, name);
    return stat(path, &st) == 0;
}

static void name_folder(char dir[RUN_DIR_MAX], const char *name)
{
    snprintf(dir, RUN_DIR_MAX, "%s/%s", test_dir(), name);
}

/* --- what may be saved ---------------------------------------------------- */

/* x: n weights of a tensor, or a state of it. */
static void check_refused(struct session *s, const char *name, idx n, real *x,
                          const char *slot, bool is_weight)
{
    static const real bad[] = { (real)NAN, INFINITY, -INFINITY };
    for (idx at = 0; at < n; at += idx_max(1, n - 1)) {
        for (idx k = 0; k < COUNT_OF(bad); k++) {
            struct err e = { 0 }, none = { 0 };
            char want[256];
            real kept = x[at];
            x[at] = bad[k];
            assert_int_equal(session_check(s, 7, true, &e), ERR_DIVERGED);
            snprintf(want, sizeof want,
                     "at step 7: of %s%s 1 of %td numbers are not finite, the "
                     "first of them number %td:",
                     name, slot, n, at);
            assert_within(e.text, want);
            assert_int_equal(session_check(s, 7, false, &none),
                             is_weight ? ERR_DIVERGED : OK);
            x[at] = kept;
        }
    }
}

/* In every tensor, at both its ends, of weights and of the optimizer. */
static void test_session__refuses_to_save_a_number_that_is_none(void **state)
{
    (void)state;
    struct session s = { 0 };
    struct err e = { 0 };
    open_session(&s);
    struct checkpoint_data d = session_data(&s, true);
    assert_int_equal(session_check(&s, 7, true, &e), OK);
    for (idx i = 0; i < s.model.table.count; i++) {
        const struct param *p = &s.model.table.rows[i];
        check_refused(&s, p->name, p->n, d.weights + p->offset, "", true);
    }
    assert_int_equal(d.n_states, 2 * s.model.table.count);
    for (idx i = 0; i < d.n_states; i++) {
        char slot[32];
        snprintf(slot, sizeof slot, "'s %s", d.states[i].slot);
        check_refused(&s, d.states[i].name, d.states[i].n, d.states[i].values,
                      slot, false);
    }
    assert_int_equal(session_check(&s, 7, true, &e), OK);
    session_release(&s);
}

/* Finite weights whose loss is none: too large by far. */
static void test_session__refuses_weights_without_a_loss(void **state)
{
    (void)state;
    struct session s = { 0 };
    struct err e = { 0 };
    open_session(&s);
    struct checkpoint_data d = session_data(&s, true);
    for (idx i = 0; i < s.model.table.count; i++) {
        const struct param *p = &s.model.table.rows[i];
        double factor = strcmp(p->name, "final.gain") == 0     ? 1e38
                        : strcmp(p->name, "token.weight") == 0 ? 1e4
                                                               : 1;
        for (idx j = 0; j < p->n; j++)
            d.weights[p->offset + j] *= (real)factor;
    }
    assert_int_equal(session_check(&s, 3, false, &e), ERR_DIVERGED);
    assert_within(e.text, "diverged at step 3: loss ");
    session_release(&s);
}

/* The checkpoints up to the last good one stay, no later one is there, nor a
 * resume.h5. */
static void test_train__keeps_only_what_is_good(void **state)
{
    (void)state;
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX], *text;
    struct step_list steps = { 0 };
    struct session s = { 0 };
    struct err e = { 0 };
    size_t n;
    name_folder(dir, "grows");
    assert_int_equal(train(dir, true, &e), ERR_DIVERGED);
    e = (struct err){ 0 };
    assert_int_equal(run_list_checkpoints(&steps, dir, &e), OK);
    open_session(&s);
    for (idx i = 0; i < steps.n; i++) {
        struct checkpoint_data d = session_data(&s, false);
        run_step_path(path, dir, steps.steps[i]);
        assert_int_equal(checkpoint_load(NULL, path, &s.model.table, &d, &e),
                         OK);
        assert_int_equal(session_check(&s, steps.steps[i], false, &e), OK);
    }
    assert_true(steps.n >= 1 && steps.steps[0] == 0);
    assert_false(is_there(dir, "checkpoints/resume.h5"));
    run_path(path, dir, "status");
    assert_int_equal(fsys_read_file(&text, &n, path, 4096, &e), OK);
    assert_within(text, "diverged\n");
    free(text);
    step_list_release(&steps);
    session_release(&s);
}

/* --- what is measured ----------------------------------------------------- */

/* The clean weights of step 2, one number of a tensor set to NaN. */
static void plant(const char *dir, struct session *s, const struct param *p,
                  idx at)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_head head = { 0 };
    struct checkpoint_data d = session_data(s, false);
    struct err e = { 0 };
    run_path(path, dir, "clean.h5");
    if (checkpoint_load(&head, path, &s->model.table, &d, &e))
        fail_msg("%s", e.text);
    d.weights[p->offset + at] = (real)NAN;
    run_step_path(path, dir, 2);
    if (checkpoint_save(path, &head, &s->model.table, &d, &e))
        fail_msg("%s", e.text);
    free(head.config);
}

static void test_analyze__names_checkpoint_and_tensor_of_a_nan(void **state)
{
    (void)state;
    char dir[RUN_DIR_MAX], from[RUN_PATH_MAX], clean[RUN_PATH_MAX];
    struct session s = { 0 };
    struct err e = { 0 };
    name_folder(dir, "planted");
    assert_int_equal(train(dir, false, &e), OK);
    run_step_path(from, dir, 2);
    run_path(clean, dir, "clean.h5");
    assert_int_equal(rename(from, clean), 0);
    open_session(&s);
    for (idx i = 0; i < s.model.table.count; i += test_is_long() ? 1 : 3) {
        const struct param *p = &s.model.table.rows[i];
        char want[512];
        e = (struct err){ 0 };
        plant(dir, &s, p, p->n - 1);
        assert_int_equal(analyze(dir, &e), ERR_DIVERGED);
        snprintf(want, sizeof want,
                 "step-00000002.h5: the loss is nan, for of %s 1 of %td "
                 "numbers are not finite, the first of them number %td:",
                 p->name, p->n, p->n - 1);
        assert_within(e.text, want);
        assert_false(is_there(dir, "analysis.csv"));
        assert_false(is_there(dir, "analysis.h5"));
    }
    session_release(&s);
}

/* A row of metrics.csv, the columns of a model without extra column among it,
 * read back cell by cell. */
static void test_train_log__tells_nan_from_not_measured(void **state)
{
    (void)state;
    char dir[RUN_DIR_MAX];
    struct session s = { 0 };
    struct train_log log;
    struct table t = { 0 };
    struct err e = { 0 };
    const char *plain[COUNT_OF(settings)];
    struct config c;
    memcpy(plain, settings, sizeof plain);
    plain[4] = "attention.bias=none";
    assert_int_equal(config_load(&c, NULL, plain, COUNT_OF(plain), NULL, &e),
                     OK);
    assert_int_equal(session_open(&s, &c, true, &e), OK);
    name_folder(dir, "log");
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(train_log_create(&log, session_columns(&s), dir, &e), OK);
    struct checkpoint_data d = session_data(&s, false);
    for (idx i = 0; i < s.model.table.total; i++)
        d.weights[i] = (real)NAN;
    meter_run(&s.meter);
    struct readings first = { .meter = &s.meter }, second = { .meter = NULL };
    struct val_result val = session_validate(&s);
    readings_of_validation(&first, &val);
    first.step = first.tokens = reading_of(0);
    second.step = second.tokens = second.lr = reading_of(1);
    second.loss = reading_of(INFINITY);
    second.grad_norm = reading_of(-NAN);
    assert_int_equal(train_log_row(&log, &first, &e), OK);
    assert_int_equal(train_log_row(&log, &second, &e), OK);
    char path[RUN_PATH_MAX];
    run_path(path, dir, "metrics.csv");
    assert_int_equal(table_read(&t, path, NULL, &e), OK);
    for (idx i = 0; i < t.columns; i++) {
        const char *name = t.names[i];
        const bool *given = table_given(&t, i);
        const double *v = table_column(&t, i);
        bool is_step = !strcmp(name, "step") || !strcmp(name, "tokens") ||
                       !strcmp(name, "row_hash");
        bool is_update = !strcmp(name, "loss") || !strcmp(name, "grad_norm") ||
                         !strcmp(name, "lr");
        bool is_extra = strstr(name, "bias") != NULL;
        assert_int_equal(given[0], !is_update && !is_extra);
        assert_int_equal(given[1], is_step || is_update);
        if (!strcmp(name, "val_loss") || !strcmp(name, "hidden_max"))
            assert_true(isnan(v[0]));
        if (!strcmp(name, "loss"))
            assert_true(isinf(v[1]));
    }
    table_release(&t);
    session_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session__refuses_to_save_a_number_that_is_none),
        cmocka_unit_test(test_session__refuses_weights_without_a_loss),
        cmocka_unit_test(test_train__keeps_only_what_is_good),
        cmocka_unit_test(test_analyze__names_checkpoint_and_tensor_of_a_nan),
        cmocka_unit_test(test_train_log__tells_nan_from_not_measured),
    };
    return cmocka_run_group_tests_name("diverged", tests, NULL, NULL);
}
