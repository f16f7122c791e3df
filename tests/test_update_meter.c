/* What is measured on an update: which columns there are, what they are called,
 * and what they say, against plain sums over an engine's weights. */
#include "engine/engine.h"
#include "harness.h"
#include "metric/columns.h"
#include "metric/meter.h"
#include "metric/update_meter.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { L = 3, C = 16, H = 2, B = 2, T = 11, V = 9, STEPS = 150 };

static struct optim_options options; /* main sets it */

static struct sink_options sinks;
static struct metrics_options metrics;
static const struct metric_choice choice = { &sinks, &metrics };

static void ask(const char *names)
{
    key_defaults(sink_keys, n_sink_keys, &sinks);
    key_defaults(metrics_keys, n_metrics_keys, &metrics);
    key_copy_text(metrics.names, names);
}

/* A model with every group of tensors, an engine with its weights, and a meter
 * of what is asked for. */
struct setup {
    struct tiny t;
    struct engine g;
    struct update_meter meter;
};

static void open_setup(struct setup *x, const char *names)
{
    struct model_options m = tiny_options("gpt2", L, C, H, T);
    struct attention_options a = ATTENTION(.bias = BIAS_KEY, .registers = 2);
    struct err e = { 0 };
    ask(names);
    m.tied_head = false;
    tiny_open(&x->t, &m, &a, B, V, 2, 20);
    struct engine_request r = {
        .B = B, .T = T, .optim = &options, .watches_updates = true, .threads = 2
    };
    assert_int_equal(engine_start(2, "threads", &e), OK);
    assert_int_equal(engine_open(&x->g, &x->t.m, &r, &e), OK);
    memcpy(engine_download(&x->g).weights, x->t.w,
           (size_t)x->t.m.table.total * sizeof *x->t.w);
    engine_upload(&x->g);
    assert_int_equal(
        update_meter_open(&x->meter, &x->t.m.table, &options, &choice, &e), OK);
    assert_int_equal(x->meter.arena.used_bytes,
                     update_meter_bytes(&x->t.m.table, &choice));
}

static void close_setup(struct setup *x)
{
    update_meter_release(&x->meter);
    engine_release(&x->g);
    tiny_close(&x->t);
}

/* Is the tensor one that the end of a column's name speaks of? */
static bool is_of(const struct param *p, const char *part)
{
    char layer[32];
    if (!*part)
        return true;
    for (int l = 0; l < L; l++) {
        snprintf(layer, sizeof layer, "block.%d.", l);
        if (strncmp(p->name, layer, strlen(layer)) == 0) {
            snprintf(layer, sizeof layer, "_layer_%d", l);
            if (strcmp(part, layer) == 0)
                return true;
        }
    }
    return *part == '_' &&
           strcmp(part + 1, param_group_name((int)param_group(p))) == 0;
}

/* The value of a column that is no z, from gradients and weights. */
static double by_hand(const struct setup *x, const char *name, const real *dw,
                      const real *old, const real *w, double lr)
{
    static const char *const of[] = { "grad_norm", "weight_norm",
                                      "update_ratio" };
    double sum[3] = { 0, 0, 0 };
    int q = 0;
    while (q < 3 && strncmp(name, of[q], strlen(of[q])) != 0)
        q++;
    for (idx k = 0; q < 3 && k < x->t.m.table.count; k++) {
        const struct param *p = &x->t.m.table.rows[k];
        for (idx i = p->offset;
             is_of(p, name + strlen(of[q])) && i < p->offset + p->n; i++) {
            sum[0] += (double)dw[i] * (double)dw[i];
            sum[1] += (double)w[i] * (double)w[i];
            sum[2] += ((double)w[i] - (double)old[i]) *
                      ((double)w[i] - (double)old[i]);
        }
    }
    if (q == 3)
        return strcmp(name, "lr_attention") == 0 ? 3 * lr : lr;
    return q == 2 ? sqrt(sum[2] / sum[1]) : sqrt(sum[q]);
}

static bool is_z(const char *name)
{
    size_t n = strlen(name);
    return n > 2 && strcmp(name + n - 2, "_z") == 0;
}

/* Two micro-batches an update; gradients of both, by the model alone. */
static void test_update_meter__says_what_plain_sums_say(void **state)
{
    struct setup x;
    idx seen = 0;
    (void)state;
    open_setup(&x, GROUP_OPTIMIZER);
    size_t bytes = (size_t)x.t.m.table.total * sizeof(real);
    real *old = malloc(bytes), *w = engine_download(&x.g).weights;
    for (idx step = 1; step <= 3; step++) {
        struct batch_total both = batch_total(&x.t.batch);
        both.weight *= 2;
        both.sequences *= 2;
        memcpy(old, w, bytes);
        memcpy(x.t.w, w, bytes);
        memset(x.t.dw, 0, bytes);
        for (int i = 0; i < 2; i++) {
            tiny_backward(&x.t, 2);
            engine_backward(&x.g, &x.t.batch, both);
        }
        double norm = engine_grad_norm(&x.g);
        engine_step_watched(&x.g, x.meter.rows, step, 0.01, norm);
        update_meter_see(&x.meter, 0.01);
        for (idx i = 0; i < x.meter.n_columns; i++) {
            const struct update_column *c = &x.meter.columns[i];
            assert_int_equal(c->is_given, !is_z(c->is.name));
            if (is_z(c->is.name))
                continue;
            assert_close(c->value,
                         by_hand(&x, c->is.name, x.t.dw, old, w, 0.01), 1e-12);
            seen++;
        }
    }
    /* three norms of groups and layers, two of all; rates of groups */
    assert_int_equal(seen, 3 * (3 * (PARAM_GROUPS + L) + 2 + PARAM_GROUPS));
    free(old);
    close_setup(&x);
}

/* The groups together are all, and so is what is in no layer with the layers:
 * the columns cut the same sum. */
static void test_update_meter__parts_add_up(void **state)
{
    struct setup x;
    double groups = 0, all = 0;
    (void)state;
    open_setup(&x, "grad_norm_*[a-y0-9]");
    engine_backward(&x.g, &x.t.batch, batch_total(&x.t.batch));
    double norm = engine_grad_norm(&x.g);
    engine_step_watched(&x.g, x.meter.rows, 1, 0.01, norm);
    update_meter_see(&x.meter, 0.01);
    assert_int_equal(x.meter.n_columns, PARAM_GROUPS + L);
    for (idx i = 0; i < PARAM_GROUPS; i++)
        groups += x.meter.columns[i].value * x.meter.columns[i].value;
    for (idx i = 0; i < x.t.m.table.count; i++)
        all += x.meter.rows[i].gradient;
    assert_close(groups, norm * norm, 1e-12);
    assert_close(all, norm * norm, 1e-12);
    close_setup(&x);
}

/* Of a wobbling number with one spike: how unusual it is among those before. */
static void test_update_meter__z_looks_back(void **state)
{
    struct setup x;
    struct window w = { .n = 0 };
    (void)state;
    open_setup(&x, "grad_norm_layer_1_z");
    assert_int_equal(x.meter.n_columns, 1);
    const struct update_column *c = x.meter.columns;
    for (idx step = 1; step <= STEPS; step++) {
        double norm = 2 + sin((double)step) + (step == 140 ? 10 : 0);
        memset(x.meter.rows, 0,
               (size_t)x.t.m.table.count * sizeof *x.meter.rows);
        for (idx i = 0; i < x.t.m.table.count; i++)
            if (strcmp(x.t.m.table.rows[i].name, "block.1.ffn.up.weight") == 0)
                x.meter.rows[i].gradient = norm * norm;
        assert_true(update_meter_is_due(&x.meter, false));
        update_meter_see(&x.meter, 0.01);
        assert_int_equal(c->is_given, step > WINDOW_LEAST);
        if (c->is_given)
            assert_near(c->value, window_z(&w, norm), 1e-12, 1);
        if (step == 140)
            assert_true(c->value > 10);
        window_add(&w, sqrt(norm * norm));
    }
    assert_memory_equal(x.meter.windows[0].values, w.values, sizeof w.values);
    assert_string_equal(x.meter.windows[0].name, "grad_norm_layer_1_z");
    close_setup(&x);
}

static void test_update_meter__takes_nothing_if_nobody_asks(void **state)
{
    static const struct {
        const char *names;
        idx columns;
        bool is_due, is_due_logged;
    } cases[] = {
        { "sink_1", 0, false, false },
        { "default", 0, false, false },
        { "grad_norm", 0, false, false }, /* the logs have it anyway */
        { "lr", 0, false, false },
        { "update_ratio_layer_3", 0, false, false }, /* of three */
        { "weight_norm", 1, false, true },
        { "lr_*", PARAM_GROUPS, false, true },
        { "update_ratio_z", 1, true, true },
        { "weight_norm, lr_attention, update_*_z", 2 + PARAM_GROUPS + L + 1,
          true, true },
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct setup x;
        open_setup(&x, cases[i].names);
        assert_int_equal(x.meter.n_columns, cases[i].columns);
        assert_int_equal(x.meter.arena.used_bytes > 0, cases[i].columns > 0);
        assert_int_equal(update_meter_is_due(&x.meter, false), cases[i].is_due);
        assert_int_equal(update_meter_is_due(&x.meter, true),
                         cases[i].is_due_logged);
        close_setup(&x);
    }
}

/* What is frozen at 0 has no change, and no nan. */
static void test_update_meter__what_is_frozen_at_0_has_no_change(void **state)
{
    (void)state;
    const struct update_sums still = { 0 },
                             grows = { .change = 4, .weights = 4 };
    for (const struct update_metric *m = update_metric_table; m->text.name; m++)
        if (strcmp(m->text.name, "update_ratio") == 0) {
            assert_true(m->of_sums(&still) == 0);
            assert_true(m->of_sums(&grows) == 1);
        }
}

/* Groups that a model has no tensors of have no columns. */
static void test_update_meter__tells_of_what_there_is(void **state)
{
    struct update_meter meter;
    struct param_table t = { 0 };
    struct err e = { 0 };
    (void)state;
    ask("weight_norm_*[a-y]");
    param_declare(&t, PARAM_EMBEDDING, 1, 1, (idx[]){ 4 }, "token.weight");
    param_declare(&t, PARAM_LINEAR, 1, 1, (idx[]){ 4 }, "blocks");
    param_declare(&t, PARAM_STATE, 1, 1, (idx[]){ 4 }, "mean");
    assert_int_equal(update_meter_open(&meter, &t, &options, &choice, &e), OK);
    assert_int_equal(meter.n_columns, 2);
    assert_string_equal(meter.columns[0].is.name, "weight_norm_matrices");
    assert_string_equal(meter.columns[1].is.name, "weight_norm_embedding");
    update_meter_release(&meter);
    param_table_release(&t);
}

/* What the model has nothing of is refused; what it has is not. */
static void test_update_meter__refuses_what_is_not_there(void **state)
{
    static const struct {
        const char *names, *why;
    } cases[] = {
        { "default, optimizer", NULL },
        { "sink_*, grad_norm_layer_2, lr_biases", NULL },
        { "default", NULL },
        { "default, grad_norm_layer_3", "grad_norm_layer_3: this model has" },
        { "*_layer_7*", "*_layer_7*: this model has" },
    };
    struct setup x;
    (void)state;
    open_setup(&x, GROUP_OPTIMIZER);
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct err e = { 0 };
        ask(cases[i].names);
        assert_int_equal(metrics_check(&choice, &e), OK);
        int rc = update_meter_check(&x.t.m.table, &choice, &e);
        assert_int_equal(rc, cases[i].why ? ERR_CONFIG : OK);
        if (cases[i].why && !strstr(e.text, cases[i].why))
            fail_msg("got %s", e.text);
    }
    close_setup(&x);
}

/* A hundred layers have more columns than files have room for. */
static void test_update_meter__refuses_too_many(void **state)
{
    struct param_table t = { 0 };
    struct err e = { 0 };
    (void)state;
    for (int l = 0; l < 100; l++)
        param_declare(&t, PARAM_LINEAR, 1, 1, (idx[]){ 1 }, "block.%d.a", l);
    ask("optimizer");
    assert_int_equal(update_meter_check(&t, &choice, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "asks for 612 columns, 612 of them of "
                                   "updates: want at most 384"));
    ask("default, grad_norm_layer_*, update_ratio_layer_*");
    assert_int_equal(update_meter_check(&t, &choice, &e), ERR_CONFIG);
    param_table_release(&t);
}

/* One rule for names: what is built is read. */
static void test_update_meter__names_are_read_as_they_are_built(void **state)
{
    static const char *const wrong[] = {
        "grad_norm_layer_00",
        "weight_norm_layer_256",
        "grad_norm_",
        "grad_norm_matrice",
        "grad_norm_layer_",
        "grad_norm_layer_x",
        "grad_norm_layer_1_",
        "grad_norm_matrices_z_z",
        "lr_z",
        "lr_matrices_z",
        "lr_layer_1",
        "weight_norms",
        "_z",
        "update_ratio_layer_12345",
        "weight_norm_layer_9_zz",
    };
    struct setup x;
    struct column_facts f;
    struct meter none = { .n_columns = 0 };
    (void)state;
    open_setup(&x, GROUP_OPTIMIZER);
    struct run_columns columns = { .meter = &none, .updates = &x.meter };
    idx own = 0;
    for (idx at = 0; column_next(&f, &at, &columns, COLUMN_METRICS);) {
        struct column_facts again;
        assert_true(column_find(&again, f.name));
        assert_ptr_equal(again.update_metric, f.update_metric);
        assert_ptr_equal(again.row, f.row);
        assert_true(*f.definition && *f.unit && *f.format && *f.title);
        if (f.own_update)
            assert_string_equal(f.group, GROUP_OPTIMIZER);
        if (f.own_update)
            assert_ptr_equal(f.own_update, &x.meter.columns[own++]);
    }
    assert_int_equal(own, x.meter.n_columns);
    for (idx at = 0; column_next(&f, &at, &columns, COLUMN_ANALYSIS);)
        assert_null(f.own_update);
    for (idx i = 0; i < COUNT_OF(wrong); i++)
        if (column_find(&f, wrong[i]))
            fail_msg("%s is a column", wrong[i]);
    assert_true(column_find(&f, "grad_norm") && f.row);
    assert_true(column_find(&f, "update_ratio_layer_11_z"));
    assert_string_equal(f.title, "update-to-weight ratio of layer 11, z-score");
    assert_true(column_find(&f, "lr_attention"));
    assert_string_equal(f.title, "learning rate of attention");
    close_setup(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_meter__says_what_plain_sums_say),
        cmocka_unit_test(test_update_meter__parts_add_up),
        cmocka_unit_test(test_update_meter__z_looks_back),
        cmocka_unit_test(test_update_meter__takes_nothing_if_nobody_asks),
        cmocka_unit_test(test_update_meter__what_is_frozen_at_0_has_no_change),
        cmocka_unit_test(test_update_meter__tells_of_what_there_is),
        cmocka_unit_test(test_update_meter__refuses_what_is_not_there),
        cmocka_unit_test(test_update_meter__refuses_too_many),
        cmocka_unit_test(test_update_meter__names_are_read_as_they_are_built),
    };
    key_defaults(optim_keys, n_optim_keys, &options);
    options.lr_group[GROUP_ATTENTION] = 3;
    options.clip = 0.5;
    return cmocka_run_group_tests_name("update_meter", tests, NULL, NULL);
}
