#include "analysis/analyze.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/measured.h"
#include "base/moment.h"
#include "base/text.h"
#include "config/config_differ.h"
#include "io/arrays.h"
#include "io/fsys.h"
#include "train/session.h"
#include "train/train_log.h"

struct analysis {
    const char *dir;
    struct config config;
    char made_from[HASH_HEX_MAX];
    struct session session;
    struct step_list steps;
    struct arena arena;
    double *tokens; /* (steps), as the next three: */
    double *val_loss, *val_loss_se, *val_excess;
    double **values; /* (columns) of (steps, column's n) */
    int64_t *step_axis;
    char *csv;
    size_t csv_cap;
    char run_id[RUN_ID_MAX];
};

enum { CSV_ROW_MAX = 4096, AXES = 4, EXTRA_ARRAYS = 4 };
enum { AXIS_STEP, AXIS_LAYER, AXIS_HEAD, AXIS_DEPTH };

static void plan(struct analysis *a, struct arena *arena)
{
    idx n = a->steps.n, columns = a->session.meter.n_columns;
    a->tokens = arena_doubles(arena, n);
    a->val_loss = arena_doubles(arena, n);
    a->val_loss_se = arena_doubles(arena, n);
    a->val_excess = arena_doubles(arena, n);
    a->step_axis = arena_bytes(arena, (size_t)n * sizeof *a->step_axis);
    a->csv_cap = (size_t)(n + 1) * CSV_ROW_MAX;
    a->csv = arena_bytes(arena, a->csv_cap);
    a->values = arena_bytes(arena, (size_t)columns * sizeof *a->values);
    for (idx i = 0; i < columns; i++) {
        double *v = arena_doubles(arena, n * a->session.meter.columns[i].n);
        if (a->values)
            a->values[i] = v;
    }
}

/* The settings that the numbers of a checkpoint were computed with, as sealed
 * in it. The run's config.ini may say otherwise only where a run's past does
 * not hang on it; there it wins, as it does for training. */
static int check_config(struct analysis *a, const char *sealed,
                        const char *path, struct err *e)
{
    char here[KEY_PRINT_MAX], there[KEY_PRINT_MAX];
    struct config own;
    struct config_key k;
    if (config_load_text(&own, sealed, path, e))
        return e->code;
    if (!config_past_differs(&k, &a->config, &own))
        return OK;
    config_value(here, sizeof here, &a->config, k);
    config_value(there, sizeof there, &own, k);
    return err_set(
        e, ERR_CONFIG,
        "%s/config.ini: %s.%s is %.200s, but %.200s in %s, which the "
        "run wrote: undo that change",
        a->dir, k.section->name, k.key->name, here, there, path);
}

/* Weights of the i-th checkpoint into the session. */
static int load_weights(struct analysis *a, idx i, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_head head = { 0 };
    struct checkpoint_data data = session_data(&a->session, false);
    run_step_path(path, a->dir, a->steps.steps[i]);
    if (checkpoint_load(&head, path, &a->session.model.table, &data, e))
        return e->code;
    check_config(a, head.config, path, e);
    free(head.config);
    if (e->code)
        return e->code;
    if (i == 0)
        strcpy(a->run_id, head.run_id);
    if (strcmp(head.run_id, a->run_id))
        return err_set(e, ERR_CHECKPOINT,
                       "%s belongs to run %s, the first checkpoint to %s: put "
                       "the right file back",
                       path, head.run_id, a->run_id);
    if (head.step != a->steps.steps[i])
        return err_set(e, ERR_CHECKPOINT,
                       "%s says it is of step %td: put the right file back",
                       path, head.step);
    a->tokens[i] = head.tokens;
    return OK;
}

static void print_percent(const struct meter_column *c)
{
    if (c && c->is_given)
        printf("  %8.2f", 100 * c->scalar);
    else
        printf("  %8s", "-");
}

static const char *const shown[] = { "sink_1",         "sink_bias",
                                     "sink_1_raw",     "first_mass",
                                     "first_mass_raw", "bias_mass" };
/* Names of columns, broken in two lines where they are long. KEEP WITH: shown,
 * print_row. */
static void print_header(void)
{
    static const char *const lines[][6] = {
        { "", "sink_", "sink_1_", "first_", "first_", "bias_" },
        { "sink_1", "bias", "raw", "mass", "mass_raw", "mass" },
        { "%", "%", "%", "%", "%", "%" },
    };
    static const char *const before[][3] = { { "", "", "val_" },
                                             { "step", "val_loss", "loss_se" },
                                             { "", "nats", "nats" } };
    static const char *const behind[][2] = { { "", "value_" },
                                             { "row_sum", "ratio" },
                                             { "", "" } };
    for (idx k = 0; k < COUNT_OF(lines); k++) {
        printf("%8s  %8s  %7s", before[k][0], before[k][1], before[k][2]);
        for (idx i = 0; i < COUNT_OF(lines[k]); i++)
            printf("  %8s", lines[k][i]);
        printf("  %7s  %7s\n", behind[k][0], behind[k][1]);
    }
}

static void print_row(const struct analysis *a, idx i)
{
    const struct meter *m = &a->session.meter;
    printf("%8td  %8.4f", a->steps.steps[i], a->val_loss[i]);
    if (isnan(a->val_loss_se[i]))
        printf("  %7s", "-");
    else
        printf("  %7.4f", a->val_loss_se[i]);
    for (idx k = 0; k < COUNT_OF(shown); k++)
        print_percent(meter_find(m, shown[k]));
    printf("  %7.3f  %7.3f\n", meter_find(m, "row_sum")->scalar,
           meter_find(m, "value_ratio")->scalar);
    fflush(stdout);
}

/* Whatever else such weights give is no measurement. */
static int refuse_loss(const struct analysis *a, idx i, struct err *e)
{
    char path[RUN_PATH_MAX];
    double loss = a->val_loss[i];
    struct param_fault f = params_fault(&a->session.model.table, a->session.w);
    run_step_path(path, a->dir, a->steps.steps[i]);
    if (f.p)
        return err_set(e, ERR_DIVERGED,
                       "%s: the loss is %g, for of %s %td of %td numbers are "
                       "not finite, the first of them number %td: move the "
                       "file away to analyze the others",
                       path, isnan(loss) ? fabs(loss) : loss, f.p->name, f.n,
                       f.p->n, f.at);
    return err_set(e, ERR_DIVERGED,
                   "%s: the loss is %g although all weights are finite: move "
                   "the file away to analyze the others",
                   path, isnan(loss) ? fabs(loss) : loss);
}

/* Before anything is built after config.ini: what does the run say itself? */
static int check_first(struct analysis *a, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_head head = { 0 };
    run_step_path(path, a->dir, a->steps.steps[0]);
    if (checkpoint_read_head(&head, path, e) == OK)
        check_config(a, head.config, path, e);
    free(head.config);
    return e->code;
}

static int measure(struct analysis *a, struct text *csv, struct err *e)
{
    struct meter *m = &a->session.meter;
    text_add(csv, "step,tokens");
    csv_val_names(csv, &a->session);
    csv_meter_names(csv, m);
    text_add(csv, "\n");
    print_header();
    for (idx i = 0; i < a->steps.n; i++) {
        if (load_weights(a, i, e))
            return e->code;
        struct val_result val = session_validate(&a->session);
        a->val_loss[i] = val.loss;
        a->val_loss_se[i] = val.loss_se;
        a->val_excess[i] = val.excess;
        if (!isfinite(val.loss))
            return refuse_loss(a, i, e);
        meter_run(m, a->session.w);
        a->step_axis[i] = a->steps.steps[i];
        for (idx k = 0; k < m->n_columns; k++)
            memcpy(a->values[k] + i * m->columns[k].n, m->columns[k].value,
                   (size_t)m->columns[k].n * sizeof(double));
        text_add(csv, "%td,%.15g", a->steps.steps[i], a->tokens[i]);
        csv_val_values(csv, &a->session, &val);
        csv_meter_values(csv, m, true);
        text_add(csv, "\n");
        print_row(a, i);
        moment_at("checkpoint", i + 1);
    }
    BUG_ON(csv->n >= csv->cap_bytes);
    return OK;
}

static void fill_counts(int64_t *v, idx n, int64_t first)
{
    for (idx i = 0; i < n; i++)
        v[i] = first + i;
}

static struct array over_steps(const double *values, const char *name,
                               const char *definition)
{
    return (struct array){ .name = name,
                           .unit = "nat",
                           .definition = definition,
                           .ndim = 1,
                           .axes = { AXIS_STEP },
                           .doubles = values };
}

/* analysis.h5 from what was measured. */
static int save_arrays(struct analysis *a, struct err *e)
{
    const struct meter *m = &a->session.meter;
    idx L = a->session.model.L, H = a->session.model.views, n = 0;
    struct config told = a->config;
    told.train.threads = 0; /* they change no byte, here neither */
    char *config = config_print(&told, NULL);
    struct array *arrays =
        calloc((size_t)(m->n_columns + EXTRA_ARRAYS), sizeof *arrays);
    int64_t *counts = calloc((size_t)(2 * L + H + 1), sizeof *counts);
    if (!config || !arrays || !counts) {
        err_set(e, ERR_MEMORY, "out of memory");
        goto out;
    }
    fill_counts(counts, L, 0);
    fill_counts(counts + L, H, 0);
    fill_counts(counts + L + H, L + 1, 0);
    const struct axis axes[AXES] = {
        { "step", "1", "optimizer updates done", a->steps.n, a->step_axis,
          NULL },
        { "layer", "1", "block, from 0", L, counts, NULL },
        { "head", "1", "head, from 0", H, counts + L, NULL },
        { "depth", "1", "blocks behind the hidden state; 0: embedding", L + 1,
          counts + L + H, NULL },
    };
    arrays[n++] =
        (struct array){ "tokens", "1",           "tokens seen in training",
                        1,        { AXIS_STEP }, NULL,
                        a->tokens };
    arrays[n++] = over_steps(a->val_loss, "val_loss",
                             "mean cross-entropy of a target, over the targets "
                             "of the validation sequences that count");
    arrays[n++] = over_steps(a->val_loss_se, "val_loss_se",
                             "standard error of val_loss, from the losses of "
                             "the sequences");
    if (source_has_floor(&a->session.source))
        arrays[n++] = over_steps(a->val_excess, "val_excess",
                                 "val_loss less the mean of -log p(target) "
                                 "under the source itself, over the same "
                                 "targets");
    for (idx i = 0; i < m->n_columns; i++) {
        const struct meter_column *c = &m->columns[i];
        struct array *x = &arrays[n++];
        *x = (struct array){ .name = c->name,
                             .unit = c->metric->unit,
                             .definition = c->metric->definition,
                             .axes = { AXIS_STEP, AXIS_LAYER, AXIS_HEAD },
                             .ndim = 3,
                             .doubles = a->values[i] };
        if (c->metric->axes == METRIC_DEPTH) {
            x->ndim = 2;
            x->axes[1] = AXIS_DEPTH;
        }
    }
    struct measured measured = measured_by(&a->config, true);
    char on[MEASURED_TEXT_MAX], loss_on[MEASURED_TEXT_MAX];
    measured_print(on, &measured);
    measured_print_loss(loss_on, &measured);
    const struct note notes[] = {
        { "run_id", a->run_id },       { "config", config },
        { "made_from", a->made_from }, { "measured_on", on },
        { "loss_on", loss_on },
    };
    struct arrays all = { notes, COUNT_OF(notes), axes, AXES, arrays, n };
    char path[RUN_PATH_MAX];
    run_path(path, a->dir, "analysis.h5");
    arrays_save(path, &all, e);
out:
    free(counts);
    free(arrays);
    free(config);
    return e->code;
}

int analyze_config(struct config *c, struct step_list *steps, const char *dir,
                   const char *const *overrides, idx n, struct err *e)
{
    if (strlen(dir) >= RUN_DIR_MAX)
        return err_set(e, ERR_USAGE, "%s: path too long", dir);
    bool is_run;
    if (run_holds_run(&is_run, dir, e))
        return e->code;
    if (!is_run)
        return err_set(e, ERR_USAGE,
                       "%s holds no run: give the folder that `sinklab train` "
                       "wrote, or that of a sweep",
                       dir);
    if (run_config_load(c, dir, e) ||
        config_override(c, NULL, overrides, n, KEY_RESUME, NULL, e) ||
        run_list_checkpoints(steps, dir, e))
        return e->code;
    if (steps->n == 0)
        return err_set(e, ERR_DATA,
                       "%s has no checkpoints yet: `sinklab train %s` writes "
                       "them",
                       dir, dir);
    return OK;
}

static int analyze(struct analysis *a, const char *const *overrides, idx n,
                   struct err *e)
{
    if (analyze_config(&a->config, &a->steps, a->dir, overrides, n, e) ||
        analysis_made_from(a->made_from, a->dir, &a->config, &a->steps, e) ||
        check_first(a, e) || session_open(&a->session, &a->config, false, e))
        return e->code;
    struct arena measuring = { 0 };
    plan(a, &measuring);
    if (arena_open(&a->arena, measuring.used_bytes, e))
        return e->code;
    plan(a, &a->arena);

    struct text csv = { a->csv, a->csv_cap, 0 };
    if (measure(a, &csv, e) || save_arrays(a, e) ||
        analysis_write_csv(a->dir, csv.at, csv.n, e))
        return e->code;
    printf("wrote analysis.csv and analysis.h5 in %s\n", a->dir);
    return OK;
}

int analyze_run(const char *dir, const char *const *overrides, idx n,
                struct err *e)
{
    struct analysis a = { .dir = dir };
    analyze(&a, overrides, n, e);
    session_release(&a.session);
    step_list_release(&a.steps);
    arena_release(&a.arena);
    return e->code;
}

/* --- the command line --------------------------------------------------- */
