#include "analysis/analyze.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "analysis/analysis_told.h"
#include "analysis/formation.h"
#include "analysis/kept.h"
#include "analysis/measured.h"
#include "analysis/replaced.h"
#include "analysis/run_model.h"
#include "analysis/transition.h"
#include "base/moment.h"
#include "base/stop.h"
#include "base/text.h"
#include "io/arrays.h"
#include "io/fsys.h"
#include "io/hdf.h"
#include "run/run.h"
#include "train/same_job.h"
#include "train/session.h"

/* What a sequence that sinks are measured on was made of: row.h. */
enum { SEQUENCE_PART, SEQUENCE_UNIT, SEQUENCE_OFFSET, SEQUENCE_FACTS };

struct analysis {
    const char *dir, *name; /* of the analysis */
    struct ranks *ranks;    /* who share it; the first one reads and writes */
    bool *skips;            /* (columns of the meter + 1) as hand_out has it */
    struct config config;
    char made_from[HASH_HEX_MAX];
    struct session session;
    struct step_list steps;
    struct run_columns columns;
    struct arena arena;
    double **values; /* (columns of analysis.csv) of (steps, column_count) */
    double *sink_1;  /* (steps) of the whole model */
    bool has_sink_1;
    int64_t *step_axis, *sequence_axis;
    double *sequences[SEQUENCE_FACTS]; /* (the meter's sequences) */
    char sequences_hash[HASH_HEX_MAX]; /* of all their tokens */
    char *csv;
    size_t csv_cap;
    char run_id[RUN_ID_MAX];
    char settings[HASH_HEX_MAX]; /* analysis_settings */
    struct kept kept;
    struct replaced replaced;
    struct text checkpoints;   /* kept_line of each row */
    struct step_list measured; /* (steps) steps of rows: those that could be
                                  read, one after the other */
    idx n_restored;  /* rows of an earlier analysis that are among them */
    bool is_stopped; /* by a signal, before the last checkpoint */
    struct analysis_told told;
    char why[ERR_TEXT_MAX]; /* of the first that is damaged */
};

enum { KEPT_LINE_MAX = 48 };

/* Of analysis.h5: in front of them those of metrics, by their number. */
enum { AXIS_STEP = METRIC_AXES, AXIS_SEQUENCE, AXES };

static const struct array sequence_facts[SEQUENCE_FACTS] = {
    { .name = "sequence_part",
      .long_name = "part of the mixture",
      .unit = "1",
      .definition = "part of data.mixture that it is from, from 0" },
    { .name = "sequence_unit",
      .long_name = "unit of the sequence",
      .unit = "1",
      .definition = "number of the document with order = documents, of the "
                    "random stream of a generator, else its first place in "
                    "what is held out" },
    { .name = "sequence_offset",
      .long_name = "place of its first token",
      .unit = "1",
      .definition =
          "where its first token lies that is one of the files', from "
          "0: in data.path, data.val_path or sink.path, whichever it "
          "is from; of a prepared folder in its held-out part" },
};

static idx count_columns(const struct analysis *a)
{
    struct column_facts f;
    idx n = 0;
    for (idx at = 0; column_next(&f, &at, &a->columns, COLUMN_ANALYSIS);)
        n++;
    return n;
}

static void plan(struct analysis *a, struct arena *arena)
{
    struct column_facts f;
    idx n = a->steps.n, columns = count_columns(a);
    a->step_axis = arena_bytes(arena, (size_t)n * sizeof *a->step_axis);
    idx measured = a->session.meter.n_sequences;
    a->sequence_axis =
        arena_bytes(arena, (size_t)measured * sizeof *a->sequence_axis);
    for (int i = 0; i < SEQUENCE_FACTS; i++)
        a->sequences[i] = arena_doubles(arena, measured);
    a->checkpoints.cap_bytes = (size_t)n * KEPT_LINE_MAX + 1;
    a->checkpoints.at = arena_bytes(arena, a->checkpoints.cap_bytes);
    a->measured.steps = arena_bytes(arena, (size_t)n * sizeof(idx));
    a->sink_1 = arena_doubles(arena, n);
    a->csv_cap = (size_t)(n + 1) * RUN_LINE_MAX + 1;
    a->csv = arena_bytes(arena, a->csv_cap);
    a->values = arena_bytes(arena, (size_t)columns * sizeof *a->values);
    for (idx i = 0, at = 0; column_next(&f, &at, &a->columns, COLUMN_ANALYSIS);
         i++) {
        double *v = arena_doubles(arena, n * column_count(&f));
        if (a->values)
            a->values[i] = v;
    }
}

/* Weights of the i-th checkpoint into the session; how many tokens they saw. */
static int load_weights(double *tokens, struct analysis *a, idx i,
                        struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_head head = { 0 };
    struct checkpoint_data data = session_data(&a->session, false);
    run_step_path(path, a->dir, a->steps.steps[i]);
    if (checkpoint_load(&head, path, &a->session.model.table, &data, e))
        return e->code;
    engine_upload(&a->session.engine);
    run_model_check(&a->config, a->dir, head.config, path, e);
    free(head.config);
    if (e->code)
        return e->code;
    if (strcmp(head.run_id, a->run_id))
        return err_set(e, ERR_CHECKPOINT,
                       "%s belongs to run %s, the first checkpoint to %s: put "
                       "the right file back",
                       path, head.run_id, a->run_id);
    if (head.step != a->steps.steps[i])
        return err_set(e, ERR_CHECKPOINT,
                       "%s says it is of step %td: put the right file back",
                       path, head.step);
    *tokens = head.tokens;
    return OK;
}

/* Whatever else such weights give is no measurement. */
static int refuse_loss(struct analysis *a, idx i, double loss, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct param_fault f = params_fault(
        &a->session.model.table, session_data(&a->session, false).weights);
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

/* Before anything is built after config.ini: what does the run say itself, in
 * the first checkpoint that can be read? */
static int check_first(struct analysis *a, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct err own = { .code = ERR_CHECKPOINT };
    struct checkpoint_head head = { 0 };
    for (idx i = 0; i < a->steps.n && own.code == ERR_CHECKPOINT; i++) {
        own = (struct err){ 0 };
        run_step_path(path, a->dir, a->steps.steps[i]);
        checkpoint_read_head(&head, path, &own);
    }
    if (own.code)
        return err_pass(e, &own);
    run_model_check(&a->config, a->dir, head.config, path, e);
    strcpy(a->run_id, head.run_id);
    free(head.config);
    return e->code;
}

/* What was measured, as analysis.h5 has it. */
static void keep(struct analysis *a, idx row, const struct readings *r)
{
    struct column_facts f;
    a->step_axis[row] = a->measured.steps[row];
    for (idx i = 0, at = 0; column_next(&f, &at, &a->columns, COLUMN_ANALYSIS);
         i++) {
        struct reading x = column_reading(&f, r);
        idx n = column_count(&f);
        if (f.own)
            memcpy(a->values[i] + row * n, f.own->value,
                   (size_t)n * sizeof(double));
        else
            a->values[i][row] = x.is_given ? x.value : NAN;
        if (strcmp(f.name, "sink_1") == 0) {
            a->sink_1[row] = x.is_given ? x.value : NAN;
            a->has_sink_1 = a->has_sink_1 || x.is_given;
        }
    }
}

/* ---- what processes share ---------------------------------------------- */

/* Another checkpoint, from the first process to all: what is not kept of it,
 * the validation (validates) and columns; and its weights. */
static int hand_out(struct analysis *a, bool *validates, struct err *e)
{
    struct meter *t = &a->session.meter;
    idx n = t->n_columns;
    for (idx i = 0; i < n; i++)
        a->skips[i] = t->columns[i].is_skipped;
    a->skips[n] = !*validates;
    if (ranks_broadcast(a->ranks, 0, a->skips, (size_t)(n + 1), e))
        return e->code;
    for (idx i = 0; i < n; i++)
        t->columns[i].is_skipped = a->skips[i];
    *validates = !a->skips[n];
    return engine_hand_out(&a->session.engine, false, e);
}

/* Did such weights make of targets what is no number? */
static bool is_no_loss(const struct val_result *v)
{
    return v->sequences > 0 && !isfinite(v->loss);
}

/* The others: a checkpoint each time they are called together, until nothing
 * more is to be measured. */
static int help(struct analysis *a, struct err *e)
{
    bool validates = false;
    struct val_result val = { .loss = 0 };
    while (ranks_agree(a->ranks, false, e) == OK && !a->ranks->is_over) {
        if (hand_out(a, &validates, e) ||
            (validates && session_validate_shared(&a->session, &val, e)))
            return e->code;
        if (validates && is_no_loss(&val)) /* the first one refuses it */
            continue;
        if (meter_run_shared(&a->session.meter, a->ranks, e))
            return e->code;
    }
    return e->code;
}

/* ---- checkpoints ------------------------------------------------------- */

/* One checkpoint: what is kept of it, and the rest of its weights. */
static int measure_one(struct analysis *a, struct readings *r, bool *is_kept,
                       idx i, char seal[HASH_HEX_MAX], struct err *e)
{
    struct meter *t = &a->session.meter;
    char path[RUN_PATH_MAX];
    double tokens = 0;
    run_step_path(path, a->dir, a->steps.steps[i]);
    if (hdf_read_seal(seal, path, ERR_CHECKPOINT, "use another checkpoint", e))
        return e->code;
    idx row = kept_row(&a->kept, a->steps.steps[i], seal);
    a->n_restored += row >= 0;
    *r = (struct readings){ .meter = t };
    kept_restore(&a->kept, row, r, t, &a->columns);
    *is_kept = row >= 0 && a->kept.has_all;
    if (*is_kept)
        return OK;
    bool validates = row < 0 || !a->kept.has_losses;
    struct val_result val;
    if (load_weights(&tokens, a, i, e) || ranks_agree(a->ranks, false, e) ||
        hand_out(a, &validates, e) ||
        (validates && session_validate_shared(&a->session, &val, e)))
        return e->code;
    if (validates && is_no_loss(&val))
        return refuse_loss(a, i, val.loss, e);
    if (validates)
        readings_of_validation(r, &val);
    if (meter_run_shared(t, a->ranks, e) || session_check_files(&a->session, e))
        return e->code;
    r->step = reading_of((double)a->steps.steps[i]);
    r->tokens = reading_of(tokens);
    return OK;
}

/* A damaged checkpoint is told and left out; the others are worth having. */
static void leave_out(struct analysis *a, idx i, const struct err *why)
{
    if (a->told.n_failed == 0)
        snprintf(a->why, sizeof a->why, "%s", why->text);
    told_failed(&a->told, a->steps.steps[i], why->text);
}

static int measure(struct analysis *a, struct text *csv, struct err *e)
{
    columns_names(csv, &a->columns, COLUMN_ANALYSIS);
    text_add(csv, "\n");
    text_add(&a->checkpoints, "%s", "");
    for (idx i = 0; i < a->steps.n; i++) {
        struct readings r;
        struct err own = { 0 };
        char seal[HASH_HEX_MAX];
        bool is_kept = false;
        a->is_stopped = i > 0 && stop_requested();
        if (a->is_stopped)
            break;
        int rc = measure_one(a, &r, &is_kept, i, seal, &own);
        if (rc == ERR_CHECKPOINT)
            leave_out(a, i, &own);
        else if (rc != OK)
            return err_pass(e, &own);
        if (rc != OK)
            continue;
        a->measured.steps[a->measured.n] = a->steps.steps[i];
        keep(a, a->measured.n++, &r);
        kept_line(&a->checkpoints, a->steps.steps[i], seal);
        columns_values(csv, &a->columns, COLUMN_ANALYSIS, &r);
        text_add(csv, "\n");
        told_row(&a->told, a->steps.steps[i], &r, is_kept);
        moment_at("checkpoint", i + 1);
    }
    BUG_ON(csv->n >= csv->cap_bytes ||
           a->checkpoints.n >= a->checkpoints.cap_bytes);
    if (a->measured.n > 0 || a->is_stopped)
        return OK;
    const struct analysis_end nothing = { .dir = NULL };
    return told_end(&a->told, &nothing, e)
               ? e->code
               : err_set(e, ERR_CHECKPOINT, "%s", a->why);
}

static void fill_counts(int64_t *v, idx n)
{
    for (idx i = 0; i < n; i++)
        v[i] = i;
}

/* Where the tokens of a row lie in their corpus; NAN if they are in none. */
static double offset_of(const struct row *r)
{
    double first = NAN;
    for (idx t = 0; t < r->n; t++)
        if (r->offsets[t] != NO_OFFSET) /* a shuffle may have moved them */
            first = fmin(first, (double)r->offsets[t]);
    return first;
}

/* Which sequences the meter has, as anybody can draw them again. */
static void name_sequences(struct analysis *a)
{
    const struct meter *t = &a->session.meter;
    struct source *source = session_sinks(&a->session);
    for (idx i = 0; i < t->n_sequences; i++) {
        const struct row *r = source_row(source, t->T, SPLIT_SINK, i);
        a->sequences[SEQUENCE_PART][i] = (double)r->part;
        a->sequences[SEQUENCE_UNIT][i] = (double)r->unit;
        a->sequences[SEQUENCE_OFFSET][i] = offset_of(r);
    }
    fill_counts(a->sequence_axis, t->n_sequences);
    hash_hex(a->sequences_hash,
             hash_bytes(t->batch.tokens, (size_t)(t->n_sequences * t->T) *
                                             sizeof *t->batch.tokens));
}

/* Axes of analysis.h5, those that arrays have and no others. */
struct axis_set {
    int64_t *counts; /* owned: 0, 1, 2, ... */
    struct axis all[AXES];
    idx n;
    int number[AXES]; /* in all; -1: none has it yet */
};

static int open_axes(struct axis_set *s, const struct analysis *a)
{
    const struct metric_shape *shape = &a->session.meter.shape;
    idx most = 0;
    for (int i = OVER_NOTHING + 1; i < METRIC_AXES; i++)
        most = idx_max(most, metric_axes[i].extent(shape));
    for (int i = 0; i < AXES; i++)
        s->number[i] = -1;
    s->counts = calloc((size_t)most, sizeof *s->counts);
    if (!s->counts)
        return ERR_MEMORY;
    fill_counts(s->counts, most);
    return OK;
}

static int axis_number(struct axis_set *s, const struct analysis *a, int axis)
{
    struct axis x = { "step",        "1",          "optimizer updates done",
                      a->measured.n, a->step_axis, NULL };
    if (s->number[axis] >= 0)
        return s->number[axis];
    if (axis == AXIS_SEQUENCE)
        x = (struct axis){ "sequence",
                           "1",
                           "number of a measured sequence, from 0",
                           a->session.meter.n_sequences,
                           a->sequence_axis,
                           NULL };
    else if (axis < METRIC_AXES)
        x = (struct axis){ metric_axes[axis].name,
                           "1",
                           metric_axes[axis].long_name,
                           metric_axes[axis].extent(&a->session.meter.shape),
                           s->counts,
                           NULL };
    s->all[s->n] = x;
    return s->number[axis] = (int)s->n++;
}

/* The columns over their axes, but for the step, which is one; returns how
 * many. facts: their texts, as many. */
static idx fill_arrays(struct array *arrays, struct column_facts *facts,
                       struct axis_set *axes, const struct analysis *a)
{
    idx n = 0, at = 0;
    for (idx i = 0; column_next(&facts[i], &at, &a->columns, COLUMN_ANALYSIS);
         i++) {
        const struct column_facts *f = &facts[i];
        struct array x = { .name = f->name,
                           .long_name = f->title,
                           .unit = f->unit,
                           .definition = f->definition,
                           .source = f->source,
                           .ndim = 1,
                           .axes = { axis_number(axes, a, AXIS_STEP) },
                           .doubles = a->values[i] };
        for (idx k = 0; f->metric && f->metric->axes[k] != OVER_NOTHING; k++)
            x.axes[x.ndim++] = axis_number(axes, a, (int)f->metric->axes[k]);
        if (i > 0)
            arrays[n++] = x;
    }
    for (int i = 0; i < SEQUENCE_FACTS; i++) {
        arrays[n] = sequence_facts[i];
        arrays[n].ndim = 1;
        arrays[n].axes[0] = axis_number(axes, a, AXIS_SEQUENCE);
        arrays[n++].doubles = a->sequences[i];
    }
    return n;
}

/* analysis.h5 from what was measured; end: on what, in words. */
static int save_arrays(struct analysis *a, const struct analysis_end *end,
                       struct err *e)
{
    struct config told = a->session.config; /* with the hashes of files */
    told.train.threads = 0; /* they change no byte, here neither */
    char *config = config_print(&told, NULL);
    size_t n = (size_t)(count_columns(a) + SEQUENCE_FACTS + 1);
    struct array *arrays = calloc(n, sizeof *arrays);
    struct column_facts *facts = calloc(n, sizeof *facts);
    struct axis_set axes = { 0 };
    if (open_axes(&axes, a) || !config || !arrays || !facts) {
        err_memory(e, NULL);
        goto out;
    }
    const struct note notes[] = {
        { "run_id", a->run_id },
        { "config", config },
        { "made_from", a->made_from },
        { "settings", a->settings },
        { "checkpoints", a->checkpoints.at },
        { "measured_on", end->measured_on },
        { "loss_on", end->loss_on },
        { "input", input_name(a->config.sink.input) },
        { "sequences", a->sequences_hash },
    };
    idx n_arrays = fill_arrays(arrays, facts, &axes, a);
    struct arrays all = { notes,  COUNT_OF(notes), axes.all,
                          axes.n, arrays,          n_arrays };
    char path[RUN_PATH_MAX];
    run_analysis_path(path, a->dir, a->name, ".h5");
    arrays_save(path, &all, e);
out:
    free(axes.counts);
    free(facts);
    free(arrays);
    free(config);
    return e->code;
}

static void keep_last(struct step_list *steps, idx n)
{
    memmove(steps->steps, steps->steps + steps->n - n,
            (size_t)n * sizeof *steps->steps);
    steps->n = n;
}

int analyze_config(struct config *c, struct step_list *steps, const char *dir,
                   const char *const *overrides, idx n, idx last, struct err *e)
{
    if (strlen(dir) >= RUN_DIR_MAX)
        return err_set(e, ERR_USAGE, "%s: path too long", dir);
    bool is_run;
    if (run_holds_run(&is_run, dir, e))
        return e->code;
    if (!is_run)
        return run_none(dir, RUN_WANTED, e);
    if (run_config_load(c, dir, e))
        return e->code;
    /* what the run was measured on is not what it is measured on now */
    key_copy_text(c->sink.hash, "");
    if (config_override(c, NULL, overrides, n, KEY_RESUME | KEY_READ, NULL,
                        e) ||
        run_list_checkpoints(steps, dir, e) || session_name_input(c, e))
        return e->code;
    if (last > 0 && last < steps->n)
        keep_last(steps, last);
    return steps->n > 0 ? OK : run_model_none(dir, e);
}

enum { FORMATION_MAX = 200 };

/* That none formed may change where the run is not at its end: its own,
 * whatever train.steps `analyze` was given. */
static void add_how_far(struct text *t, const struct analysis *a)
{
    idx n = a->measured.n;
    long long last = n > 0 ? a->step_axis[n - 1] : 0;
    struct config own;
    if (n < 2 || run_config_load(&own, a->dir, ERR_IGNORED))
        return;
    if (last < own.train.steps)
        text_add(t, ", up to step %lld of the run's %td", last,
                 own.train.steps);
}

/* When did sink_1 emerge? One checkpoint, which the table shows, tells no
 * when: NULL, as where it was not measured. */
static const char *find_emerged(char line[FORMATION_MAX],
                                const struct analysis *a)
{
    struct text t = { line, FORMATION_MAX, 0 };
    if (!a->has_sink_1 || a->measured.n < 2)
        return NULL;
    if (!emerged_print(&t, a->sink_1, a->step_axis, a->measured.n))
        add_how_far(&t, a);
    return line;
}

/* When did a head form a sink? Where the column of late rows was not asked for
 * by that of all rows. NULL: nothing that says so was measured. */
static const char *find_formation(char line[FORMATION_MAX],
                                  const struct analysis *a)
{
    const char *const names[] = { transitions[TRANSITION_SINK].column,
                                  "first_mass" };
    struct column_facts f;
    for (idx k = 0; k < COUNT_OF(names); k++)
        for (idx i = 0, at = 0;
             column_next(&f, &at, &a->columns, COLUMN_ANALYSIS); i++) {
            struct text t = { line, FORMATION_MAX, 0 };
            if (strcmp(f.name, names[k]) != 0 || !f.own->is_given)
                continue;
            struct formation found =
                formation_find(a->values[i], a->measured.n, a->session.model.L,
                               a->session.model.views);
            formation_print(&t, &found, f.name, a->step_axis);
            if (!found.is_formed)
                add_how_far(&t, a);
            return line;
        }
    return NULL;
}

static int save(struct analysis *a, const struct text *csv, struct err *e)
{
    char on[MEASURED_TEXT_MAX], loss_on[MEASURED_TEXT_MAX];
    char emerged[FORMATION_MAX], formation[FORMATION_MAX];
    struct measured m = measured_by(&a->session.config, true);
    const struct analysis_end end = {
        .dir = a->dir,
        .name = a->name,
        .measured_on = measured_print(on, &m),
        .loss_on = measured_print_loss(loss_on, &m),
        .is_unusual = m.input != INPUT_DATA || m.no_bos || m.no_edits,
        .emerged = find_emerged(emerged, a),
        .formation = find_formation(formation, a),
        .replaced = &a->replaced,
    };
    if (analysis_made_from(a->made_from, a->dir, &a->config, &a->measured, e) ||
        save_arrays(a, &end, e) ||
        analysis_write_csv(a->dir, a->name, csv->at, csv->n, e))
        return e->code;
    return told_end(&a->told, &end, e);
}

static int conclude(struct analysis *a, const struct text *csv, struct err *e)
{
    if (save(a, csv, e) || a->told.n_failed == 0)
        return e->code;
    return err_set(e, ERR_CHECKPOINT,
                   "%td of %td checkpoints could not be measured, the others "
                   "are: %s",
                   a->told.n_failed, a->steps.n, a->why);
}

/* What was measured until it was to stop is an analysis, too, but where one is
 * there that holds more, or something else. */
static int conclude_stop(struct analysis *a, const struct text *csv,
                         struct err *e)
{
    char path[RUN_PATH_MAX], damaged[64] = "";
    idx n_before = a->kept.csv.rows;
    bool is_there;
    run_analysis_path(path, a->dir, a->name, ".h5");
    if (fsys_exists(&is_there, path, e))
        return e->code;
    bool is_kept = a->measured.n > 0 &&
                   (!is_there || (n_before > 0 && a->n_restored == n_before));
    if (is_kept && save(a, csv, e))
        return e->code;
    if (a->told.n_failed > 0)
        snprintf(damaged, sizeof damaged, "; %td could not be",
                 a->told.n_failed);
    return err_set(e, ERR_INTERRUPTED,
                   "%s: stopped by %s, with %td of %td checkpoints "
                   "measured%s%s; the same command goes on",
                   a->dir, stop_name(), a->measured.n, a->steps.n,
                   is_kept    ? ", which are kept"
                   : is_there ? ", which are not kept: the analysis that was "
                                "there is as it was"
                              : "",
                   damaged);
}

/* Each run of a sweep may be large or small; all share one. */
static int check_run(const struct ranks *r, const char *dir, struct err *e)
{
    bool is_run, is_there;
    if (ranks_n(r) == 1 || run_holds_run(&is_run, dir, e) || is_run ||
        fsys_exists(&is_there, dir, e) || !is_there)
        return e->code; /* or told as one process tells it */
    return err_set(e, ERR_USAGE,
                   "%s holds no run of its own, and %d processes that were "
                   "started together analyze one: name it, or start one "
                   "process for a sweep",
                   dir, ranks_n(r));
}

/* What is to be measured, as the first process finds it in the run's folder;
 * and in each what it takes. */
static int open(struct analysis *a, const struct analyze_options *o,
                struct err *e)
{
    struct ranks *r = a->ranks;
    if (ranks_writes(r) && check_run(r, a->dir, e) == OK &&
        analyze_config(&a->config, &a->steps, a->dir, o->overrides,
                       o->n_overrides, o->last, e) == OK)
        check_first(a, e);
    if (ranks_agree(r, false, e) || same_program_check(r, e) ||
        ranks_broadcast(r, 0, &a->config, sizeof a->config, e))
        return e->code;
    r->limit_s = a->config.train.wait_limit_s;
    if (session_open_shared(&a->session, &a->config, false, r, e) == OK) {
        size_t n = (size_t)a->session.meter.n_columns + 1;
        a->skips = calloc(n, sizeof *a->skips);
        if (!a->skips)
            err_memory(e, NULL);
    }
    return ranks_agree(r, false, e) ? e->code
                                    : same_job_check(r, &a->session, e);
}

static int analyze(struct analysis *a, const struct analyze_options *o,
                   struct err *e)
{
    struct arena measuring = { 0 };
    a->columns = session_columns(&a->session);
    plan(a, &measuring);
    if (arena_open(&a->arena, measuring.used_bytes, e))
        return e->code;
    plan(a, &a->arena);
    name_sequences(a);
    analysis_settings(a->settings, &a->config);
    replaced_open(&a->replaced, a->dir, a->name, &a->config);
    if (!o->is_again)
        kept_open(&a->kept, a->dir, a->name, a->settings, &a->columns);
    run_model_tell(o->is_json ? stderr : stdout, &a->config, a->dir);
    told_begin(&a->told, a->dir, &a->columns, o->is_json);

    struct text csv = { a->csv, a->csv_cap, 0 };
    /* several processes end at once, as their launcher does */
    if (ranks_n(a->ranks) == 1)
        stop_watch();
    if (measure(a, &csv, e))
        return e->code;
    return a->is_stopped ? conclude_stop(a, &csv, e) : conclude(a, &csv, e);
}

static void share(struct analysis *a, const struct analyze_options *o,
                  struct err *e)
{
    if (open(a, o, e))
        return;
    if (!ranks_writes(a->ranks)) {
        help(a, e);
        return;
    }
    analyze(a, o, e);
    ranks_agree(a->ranks, true, e);
}

int analyze_run(const char *dir, const struct analyze_options *o, struct err *e)
{
    struct ranks ranks = { 0 };
    struct analysis *a = malloc(sizeof *a);
    if (!a)
        return err_memory(e, dir);
    *a = (struct analysis){ .dir = dir, .name = o->name, .ranks = &ranks };
    if (ranks_open(&ranks, "analyze", e) == OK)
        share(a, o, e);
    ranks_close(&ranks, e);
    told_release(&a->told);
    free(a->skips);
    kept_close(&a->kept);
    replaced_close(&a->replaced);
    session_release(&a->session);
    step_list_release(&a->steps);
    arena_release(&a->arena);
    free(a);
    return e->code;
}
