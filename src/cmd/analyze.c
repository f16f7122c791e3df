/* analyze.c - `sinklab analyze`: every checkpoint of a run, measured again with
 * care, into analysis.csv and analysis.h5. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/cmd.h"
#include "cmd/session.h"
#include "cmd/train_log.h"
#include "io/arrays.h"
#include "io/row_chain.h"

static const char usage[] =
    "usage: sinklab analyze RUN_FOLDER [section.key=value ...]\n"
    "\n"
    "Reads every checkpoint of the run, measures sinks and validation loss,\n"
    "prints a line each and writes analysis.csv and analysis.h5 there.\n"
    "Useful keys: sink.eps, sink.tokens, sink.sequences, sink.positions,\n"
    "sink.val_tokens, train.threads.\n";

struct analysis {
    const char *dir;
    struct config config;
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

/* Weights of the i-th checkpoint into the session. */
static int load_weights(struct analysis *a, idx i, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_head head = { 0 };
    struct checkpoint_data data = session_data(&a->session, false);
    run_step_path(path, a->dir, a->steps.steps[i]);
    if (checkpoint_load(&head, path, &a->session.model.table, &data, e))
        return e->code;
    free(head.config);
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
        printf("  %7.2f", 100 * c->scalar);
    else
        printf("  %7s", "-");
}

static const char *const shown[] = { "sink_1",         "sink_bias",
                                     "sink_1_raw",     "first_mass",
                                     "first_mass_raw", "bias_mass" };
static const char *const shown_head[] = { "sink_1",  "bias",   "raw",
                                          "first m", "raw m.", "bias m" };

static void print_header(void)
{
    printf("%8s  %8s  %7s", "step", "val_loss", "se");
    for (idx i = 0; i < COUNT_OF(shown_head); i++)
        printf("  %7s", shown_head[i]);
    printf("  %7s  %7s\n%8s  %8s  %7s", "row_sum", "value", "", "nats", "nats");
    for (idx i = 0; i < COUNT_OF(shown_head); i++)
        printf("  %7s", "%");
    printf("  %7s  %7s\n", "", "ratio");
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
    char *config = config_print(&a->config, NULL);
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
    const struct note notes[] = { { "run_id", a->run_id },
                                  { "config", config } };
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

static int analyze(struct analysis *a, const char *const *overrides, idx n,
                   struct err *e)
{
    char path[RUN_PATH_MAX];
    if (strlen(a->dir) >= RUN_DIR_MAX)
        return err_set(e, ERR_USAGE, "%s: path too long", a->dir);
    bool is_run;
    if (run_holds_run(&is_run, a->dir, e))
        return e->code;
    if (!is_run)
        return err_set(e, ERR_USAGE,
                       "%s holds no run: give the folder that `sinklab train` "
                       "wrote",
                       a->dir);
    run_path(path, a->dir, "config.ini");
    if (config_load_stored(&a->config, path, e) ||
        config_override(&a->config, NULL, overrides, n, KEY_COSMETIC, NULL,
                        e) ||
        run_list_checkpoints(&a->steps, a->dir, e))
        return e->code;
    if (a->steps.n == 0)
        return err_set(e, ERR_DATA,
                       "%s has no checkpoints yet: `sinklab train %s` writes "
                       "them",
                       a->dir, a->dir);
    if (session_open(&a->session, &a->config, false, e))
        return e->code;
    struct arena measuring = { 0 };
    plan(a, &measuring);
    if (arena_open(&a->arena, measuring.used_bytes, e))
        return e->code;
    plan(a, &a->arena);

    struct text csv = { a->csv, a->csv_cap, 0 };
    if (measure(a, &csv, e) || save_arrays(a, e))
        return e->code;
    run_path(path, a->dir, "analysis.csv");
    if (row_chain_write(path, csv.at, csv.n, e))
        return e->code;
    printf("wrote analysis.csv and analysis.h5 in %s\n", a->dir);
    return OK;
}

int cmd_analyze(int argc, char **argv, struct err *e)
{
    struct analysis a = { 0 };
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return OK;
    }
    const char **overrides = calloc((size_t)argc, sizeof *overrides);
    idx n = 0;
    if (!overrides)
        return err_set(e, ERR_MEMORY, "out of memory");
    for (int i = 1; i < argc && !e->code; i++) {
        if (strchr(argv[i], '=') && argv[i][0] != '-')
            overrides[n++] = argv[i];
        else if (!a.dir && argv[i][0] != '-')
            a.dir = argv[i];
        else
            err_set(e, ERR_USAGE,
                    "analyze: unexpected argument %s (see `sinklab help "
                    "analyze`)",
                    argv[i]);
    }
    if (!e->code && !a.dir)
        err_set(e, ERR_USAGE,
                "analyze: which run? Try `sinklab analyze runs/quick`, or "
                "`sinklab help analyze`");
    if (!e->code)
        analyze(&a, overrides, n, e);
    free(overrides);
    session_release(&a.session);
    step_list_release(&a.steps);
    arena_release(&a.arena);
    return e->code;
}
