/* Columns of updates in metrics.csv, against the checkpoints in front of and
 * behind some updates; and that asking for them changes nothing else. */
#include "harness.h"
#include "io/table.h"
#include "metric/update_metric.h"
#include "metric/window.h"
#include "run/run.h"
#include "train/session.h"
#include "train/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 90, LAYERS = 2 };

/* Updates with checkpoints on both sides. */
static const idx looked_at[] = { 1, 2, 45, STEPS };

static const char config[] =
    "[model]\nlayers = 2\nwidth = 8\nheads = 2\ncontext = 8\n"
    "tied_head = no\n[attention]\nbias = key\n"
    "[optim]\nweight_decay = 0.2\nfreeze = block.1.ffn.*\nlr_attention = 2\n"
    "[train]\nsteps = 90\nbatch = 2\naccumulate = 2\nlog_every = 1\n"
    "val_every = 0\nthreads = 1\n"
    "[data]\nvocab = 8\n"
    "[sink]\ntokens = 8\nprobe_every = 0\n"
    "[checkpoint]\nevery = 0\nsteps = 1, 2, 44, 45, 89\nresume_every = 0\n";

static void train(const char *dir, const char *override)
{
    char word[] = "train", *argv[] = { word }, where[RUN_PATH_MAX];
    const char *overrides[] = { where, override };
    struct err e = { 0 };
    snprintf(where, sizeof where, "run.dir=%s", dir);
    const struct train_request r = { .path =
                                         test_write_text("tiny.ini", config),
                                     .overrides = overrides,
                                     .n_overrides = override ? 2 : 1,
                                     .argc = 1,
                                     .argv = argv };
    if (train_run(&r, &e) != OK)
        fail_msg("%s", e.text);
}

static void read_log(struct table *t, const char *dir)
{
    char path[RUN_PATH_MAX];
    struct err e = { 0 };
    run_path(path, dir, "metrics.csv");
    if (table_read(t, path, NULL, &e) != OK)
        fail_msg("%s", e.text);
}

/* Weights before and after an update. */
struct kept {
    struct session s;
    real *old, *w;
};

static void open_run(struct kept *k, const char *dir)
{
    struct config c;
    struct err e = { 0 };
    assert_int_equal(run_config_load(&c, dir, &e), OK);
    assert_int_equal(session_open(&k->s, &c, true, &e), OK);
    k->old = calloc((size_t)k->s.model.table.total, sizeof(real));
    k->w = calloc((size_t)k->s.model.table.total, sizeof(real));
}

static void read_weights(struct kept *k, const char *dir, idx step)
{
    char path[RUN_PATH_MAX];
    struct err e = { 0 };
    for (int i = 0; i < 2; i++) {
        struct checkpoint_data d = { .weights = i ? k->w : k->old };
        run_step_path(path, dir, step - 1 + i);
        assert_int_equal(checkpoint_load(NULL, path, &k->s.model.table, &d, &e),
                         OK);
    }
}

static bool is_of(const struct param *p, idx part)
{
    char block[32];
    snprintf(block, sizeof block, "block.%td.", part - PART_LAYER);
    if (part >= PART_LAYER)
        return strncmp(p->name, block, strlen(block)) == 0;
    return part == PART_ALL || (idx)param_group(p) == part - PART_GROUP;
}

static double by_hand(const struct kept *k, idx part, bool is_ratio)
{
    double weights = 0, change = 0;
    for (idx i = 0; i < k->s.model.table.count; i++) {
        const struct param *p = &k->s.model.table.rows[i];
        for (idx j = p->offset; is_of(p, part) && j < p->offset + p->n; j++) {
            double w = (double)k->w[j];
            weights += w * w;
            change += pow(w - (double)k->old[j], 2);
        }
    }
    return is_ratio ? sqrt(change / weights) : sqrt(weights);
}

/* From the rows before; NAN: they are too few. */
static double z_by_hand(const struct update_name *n, const struct table *t,
                        idx step)
{
    struct window w = { .n = 0 };
    struct update_name plain = *n;
    plain.name[strlen(plain.name) - 2] = '\0'; /* without _z */
    const double *x = table_column(t, table_find(t, plain.name));
    for (idx before = 1; before < step; before++)
        window_add(&w, x[before]);
    return step <= WINDOW_LEAST ? NAN : window_z(&w, x[step]);
}

/* What the column should say after an update; NAN: nothing. */
static double wanted(const struct kept *k, const struct update_name *n,
                     const struct table *t, idx step)
{
    const char *what = n->metric->text.name;
    if (n->metric->is_z)
        return z_by_hand(n, t, step);
    if (strcmp(what, "lr") == 0)
        return n->part - PART_GROUP == GROUP_ATTENTION ? 2e-3 : 1e-3;
    if (strcmp(what, "grad_norm") == 0) /* see below */
        return table_column(t, table_find(t, n->name))[step];
    return by_hand(k, n->part, strcmp(what, "update_ratio") == 0);
}

/* Rows have nine digits, of which a z-score is made here. */
static void check_row(const struct kept *k, const struct table *t, idx step)
{
    idx seen = 0;
    for (struct update_name n = { 0 }; update_metric_next(&n, LAYERS);) {
        idx column = table_find(t, n.name);
        double want = wanted(k, &n, t, step);
        if (column < 0)
            fail_msg("no column %s", n.name);
        seen++;
        assert_int_equal(table_given(t, column)[step], !isnan(want));
        if (!isnan(want) && n.metric->is_z)
            assert_near(table_column(t, column)[step], want, 1e-3, 1);
        else if (!isnan(want))
            assert_close(table_column(t, column)[step], want, 1e-8);
    }
    /* of all, groups, layers: norms, ratio, z of each; rates of groups; the
     * logs have the gradient of all */
    assert_int_equal(seen, 6 * (1 + PARAM_GROUPS + LAYERS) - 1 + PARAM_GROUPS);
}

static void test_update_columns__agree_with_checkpoints(void **state)
{
    struct kept k;
    struct table t = { 0 };
    char dir[RUN_DIR_MAX];
    (void)state;
    snprintf(dir, sizeof dir, "%s/seen", test_dir());
    train(dir, "metrics.names=default, optimizer");
    read_log(&t, dir);
    open_run(&k, dir);
    assert_int_equal(t.rows, STEPS + 1);
    for (idx i = 0; i < COUNT_OF(looked_at); i++) {
        read_weights(&k, dir, looked_at[i]);
        check_row(&k, &t, looked_at[i]);
    }
    for (struct update_name n = { 0 }; update_metric_next(&n, LAYERS);)
        assert_false(table_given(&t, table_find(&t, n.name))[0]);
    free(k.old), free(k.w);
    session_release(&k.s);
    table_release(&t);
}

/* The groups' gradients are cut from the whole. */
static void test_update_columns__gradients_add_up(void **state)
{
    struct table t = { 0 };
    char dir[RUN_DIR_MAX], name[COLUMN_NAME_MAX];
    (void)state;
    snprintf(dir, sizeof dir, "%s/seen", test_dir());
    read_log(&t, dir);
    for (idx step = 1; step <= STEPS; step++) {
        double sum = 0;
        for (int g = 0; g < PARAM_GROUPS; g++) {
            snprintf(name, sizeof name, "grad_norm_%s", param_group_name(g));
            sum += pow(table_column(&t, table_find(&t, name))[step], 2);
        }
        assert_close(sqrt(sum),
                     table_column(&t, table_find(&t, "grad_norm"))[step], 1e-8);
    }
    table_release(&t);
}

static void test_update_columns__change_no_other_column(void **state)
{
    struct table a = { 0 }, b = { 0 };
    char dir[RUN_DIR_MAX];
    (void)state;
    snprintf(dir, sizeof dir, "%s/seen", test_dir());
    read_log(&a, dir);
    snprintf(dir, sizeof dir, "%s/unseen", test_dir());
    train(dir, NULL);
    read_log(&b, dir);
    assert_int_equal(b.rows, a.rows);
    assert_true(b.columns < a.columns);
    for (idx i = 0; i < b.columns; i++) {
        idx k = table_find(&a, b.names[i]);
        assert_int_equal(k, i); /* those of updates are behind */
        assert_memory_equal(table_column(&b, i), table_column(&a, k),
                            (size_t)a.rows * sizeof(double));
    }
    table_release(&a);
    table_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_columns__agree_with_checkpoints),
        cmocka_unit_test(test_update_columns__gradients_add_up),
        cmocka_unit_test(test_update_columns__change_no_other_column),
    };
    return cmocka_run_group_tests_name("update_columns", tests, NULL, NULL);
}
