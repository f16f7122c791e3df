/* What `sinklab verify` checks of one run. */
#include "verify/verify.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "data/paths.h"
#include "io/arrays.h"
#include "io/fsys.h"
#include "io/table.h"
#include "metric/columns.h"
#include "run/manifest.h"
#include "train/plan.h"
#include "train/session.h"
#include "train/train_target.h"

/* The run at hand, filled check by check; each uses what those in front of it
 * found to be sound. */
struct checked {
    struct verify *v;
    const char *dir;
    struct err *e;
    bool is_used;            /* a process is at it */
    char path[RUN_PATH_MAX]; /* path_of's */

    bool has_status;
    struct run_status status;
    bool has_config;
    struct config config;
    bool has_id;
    char id[RUN_ID_MAX]; /* manifest.ini's */
    idx scheduled_from;  /* config.ini says what is due behind this step */
    bool has_state;      /* resume.h5 is sound: */
    idx state_step;      /* updates done then, */
    char last_row[HASH_HEX_MAX]; /* and the last row of metrics.csv */
    const char *analysis;        /* name of the one that is looked at */
    struct step_list steps;      /* of the weights files there are */
    struct verified_log metrics;
    bool has_metrics;
    idx imported_to; /* the last step of what it was made of; -1: of nothing */
    idx unrecorded_to; /* up to here no start says what was due; -1: nothing */
};

/* Ended in order: what it wrote last is whole. */
static bool has_ended(const struct checked *c)
{
    return c->has_status && !c->is_used &&
           run_states[c->status.state].is_in_order;
}

/* Until the next call. */
static const char *path_of(struct checked *c, const char *name)
{
    run_path(c->path, c->dir, name);
    return c->path;
}

static bool is_there(struct checked *c, const char *name)
{
    return access(path_of(c, name), F_OK) == 0;
}

/* ---- status, config.ini, manifest.ini ---------------------------------- */

static void check_status(struct checked *c)
{
    struct err e = { 0 };
    if (!verify_seal(c->v, c->dir, RUN_STATUS, ERR_DATA, RUN_STATUS_REMEDY,
                     RUN_STATUS_REMEDY))
        return;
    c->has_status = run_status_read(&c->status, c->dir, &e) == OK;
    verify_err(c->v, &e);
}

static void check_config(struct checked *c)
{
    struct err e = { 0 };
    if (train_config_check(c->dir, &e) == ERR_CONFIG) {
        verify_err(c->v, &e); /* once, and not of each checkpoint */
        return;
    }
    e = (struct err){ 0 };
    if (!verify_seal(c->v, c->dir, RUN_CONFIG, ERR_CONFIG, RUN_CONFIG_REMEDY,
                     RUN_CONFIG_LOST))
        return;
    c->has_config = run_config_load(&c->config, c->dir, &e) == OK;
    verify_err(c->v, &e);
}

/* What lies in front of a start that changed the schedule was due by another
 * than config.ini's; what lies in front of the first one, if the record of the
 * others was lost, by whatever these or an import had. */
static void check_starts(struct checked *c, const struct manifest *m)
{
    const struct manifest_process *p = m->latest;
    if (p && has_ended(c) && p->has_ended && p->to_step != c->status.step)
        verify_say(c->v, ERR_DATA,
                   "%s: its last start ended at step %td, `status` says %td; "
                   "put the file back that belongs to the other",
                   path_of(c, RUN_MANIFEST), p->to_step, c->status.step);
    c->imported_to = manifest_import_step(m);
    c->unrecorded_to = p ? c->imported_to : PTRDIFF_MAX;
    for (; p && p->from_step > 0; p = p->before) {
        if (p->changes_schedule)
            c->scheduled_from = idx_max(c->scheduled_from, p->from_step);
        if (!p->before)
            c->unrecorded_to = p->from_step;
    }
}

static void check_manifest(struct checked *c)
{
    struct manifest m = { 0 };
    struct err e = { 0 };
    bool goes_on = is_there(c, RUN_CHECKPOINTS "/" RUN_RESUME) || !has_ended(c);
    if (!verify_seal(c->v, c->dir, RUN_MANIFEST, ERR_DATA, RUN_MANIFEST_REMEDY,
                     goes_on ? RUN_MANIFEST_LOST : "put a copy back"))
        return;
    c->has_id = manifest_read(&m, c->dir, &e) == OK;
    verify_err(c->v, &e);
    if (c->has_id)
        check_starts(c, &m);
    strcpy(c->id, m.id);
    manifest_release(&m);
}

/* ---- checkpoints ------------------------------------------------------- */

/* What to do about files that are lost or of something else. */
static const char *recompute(const struct checked *c)
{
    return c->imported_to >= 0
               ? "put a copy back (no training computes an import again)"
               : "put a copy back, or `sinklab train RUN --restart` computes "
                 "it";
}

/* Head of a checkpoint against the rest of the run. */
static void check_head(struct checked *c, const char *path,
                       const struct checkpoint_head *head, bool is_state)
{
    struct config sealed;
    struct err e = { 0 };
    if (c->has_id && strcmp(head->run_id, c->id) != 0)
        verify_say(c->v, ERR_CHECKPOINT,
                   "%s: belongs to run %s, manifest.ini to %s; put the right "
                   "file back",
                   path, head->run_id, c->id);
    if ((head->last_row[0] != '\0') != is_state)
        verify_say(c->v, ERR_CHECKPOINT, "%s: holds %s; %s", path,
                   is_state ? "weights only, want a full state"
                            : "a full state, want weights only",
                   recompute(c));
    if (config_load_text(&sealed, head->config, path, &e)) {
        verify_say(c->v, ERR_CHECKPOINT, "%s", e.text);
        return;
    }
    if (head->tokens != session_tokens(&sealed, head->step))
        verify_say(c->v, ERR_CHECKPOINT,
                   "%s: says %.15g tokens at step %td, want %.15g; %s", path,
                   head->tokens, head->step,
                   session_tokens(&sealed, head->step), recompute(c));
    if (c->has_config && !train_same_run(&sealed, &c->config))
        verify_say(c->v, ERR_CHECKPOINT,
                   "%s: was computed with other settings than config.ini has; "
                   "put the right one of the two back",
                   path);
}

static bool is_read(struct checked *c, struct checkpoint_head *head,
                    const char *path)
{
    struct err e = { 0 };
    if (checkpoint_read_head(head, path, &e) == OK)
        return true;
    if (e.code == ERR_MEMORY)
        *c->e = e;
    else
        verify_say(c->v, e.code, "%s", e.text);
    return false;
}

/* Before the rows: those of a running run go on, beyond this state. */
static void check_state(struct checked *c)
{
    struct checkpoint_head head = { 0 };
    char path[RUN_PATH_MAX];
    run_resume_path(path, c->dir);
    if (access(path, F_OK)) {
        if (has_ended(c) && c->status.step != c->imported_to)
            verify_say(c->v, ERR_CHECKPOINT, "%s: is missing; %s", path,
                       recompute(c));
        return;
    }
    if (!is_read(c, &head, path))
        return;
    check_head(c, path, &head, true);
    c->has_state = true;
    c->state_step = head.step;
    if (c->unrecorded_to == PTRDIFF_MAX)
        c->unrecorded_to = head.step;
    snprintf(c->last_row, sizeof c->last_row, "%s", head.last_row);
    if (has_ended(c) && c->status.step != head.step)
        verify_say(c->v, ERR_CHECKPOINT,
                   "%s: is of step %td, `status` says %td; put the file back "
                   "that belongs to the other",
                   path, head.step, c->status.step);
    free(head.config);
}

/* Does something say that config.ini's schedule was that of this step? All
 * keep the first. */
static bool is_scheduled(const struct checked *c, idx step)
{
    return step > c->unrecorded_to && (step == 0 || step > c->scheduled_from);
}

static bool has_step(const struct checked *c, idx step)
{
    for (idx i = 0; i < c->steps.n; i++)
        if (c->steps.steps[i] == step)
            return true;
    return false;
}

static void check_weights(struct checked *c)
{
    char path[RUN_PATH_MAX];
    struct err e = { 0 };
    run_list_checkpoints(&c->steps, c->dir, &e);
    if (verify_err(c->v, &e))
        return;
    for (idx i = 0; i < c->steps.n && !c->e->code; i++) {
        struct checkpoint_head head = { 0 };
        run_step_path(path, c->dir, c->steps.steps[i]);
        if (!is_read(c, &head, path))
            continue;
        check_head(c, path, &head, false);
        if (head.step != c->steps.steps[i])
            verify_say(c->v, ERR_CHECKPOINT,
                       "%s: says it is of step %td; put the right file back",
                       path, head.step);
        free(head.config);
    }
    for (idx step = 0; c->has_state && c->has_config && step <= c->state_step;
         step++) {
        if (!is_scheduled(c, step) || !plan_keeps(&c->config, step) ||
            has_step(c, step))
            continue;
        run_step_path(path, c->dir, step);
        verify_say(c->v, ERR_CHECKPOINT, "%s: is missing; %s", path,
                   recompute(c));
    }
}

/* ---- logs -------------------------------------------------------------- */

static void check_torn(struct checked *c, const struct verified_log *log,
                       const char *name)
{
    if (log->is_torn && has_ended(c))
        verify_say(c->v, ERR_DATA,
                   "%s:%td: the last line is cut off, but the run ended in "
                   "order; put a copy of the file back",
                   path_of(c, name), log->n + 2);
}

/* The rows against the state that counts on them. */
static void check_last_row(struct checked *c, const char *path)
{
    const struct verified_log *log = &c->metrics;
    idx at = log->n;
    while (at > 0 && strcmp(log->rows[at - 1].chain.hex, c->last_row) != 0)
        at--;
    if (at == 0 && strcmp(log->header.hex, c->last_row) != 0)
        at = -1;
    if (at < 0 || (has_ended(c) && at < log->n))
        verify_say(c->v, ERR_DATA,
                   "%s:%td: %s the row that resume.h5 counts on at step %td; "
                   "put a copy of the file back, or `sinklab train RUN "
                   "--restart` computes all rows again",
                   path, (at < 0 ? log->n : at) + 1,
                   at < 0 ? "ends without" : "goes on behind", c->state_step);
}

/* Every row that is due up to the last one. */
static void check_rows(struct checked *c, const char *path)
{
    const struct verified_log *log = &c->metrics;
    idx at = 0, step = 0, n_missing = 0, first = 0;
    idx last = log->n > 0 ? log->rows[log->n - 1].step : -1;
    for (idx i = 1; i < log->n; i++)
        if (log->rows[i].step <= log->rows[i - 1].step)
            verify_say(c->v, ERR_DATA,
                       "%s:%td: step %td behind step %td; put a copy of the "
                       "file back",
                       path, i + 2, log->rows[i].step, log->rows[i - 1].step);
    for (; c->has_config && step <= last; step++) {
        while (at < log->n && log->rows[at].step < step)
            at++;
        bool is_here = at < log->n && log->rows[at].step == step;
        if (is_here || !is_scheduled(c, step) || !plan_logs(&c->config, step))
            continue;
        first = n_missing++ ? first : step;
    }
    if (n_missing)
        verify_say(c->v, ERR_DATA, "%s: %td row%s missing, %sof step %td; %s",
                   path, n_missing, n_missing == 1 ? " is" : "s are",
                   n_missing == 1 ? "" : "the first ", first, recompute(c));
}

static void check_metrics(struct checked *c)
{
    char path[RUN_PATH_MAX];
    run_path(path, c->dir, RUN_METRICS);
    c->has_metrics = verify_log(c->v, &c->metrics, c->dir, RUN_METRICS);
    if (!c->has_metrics)
        return;
    check_torn(c, &c->metrics, RUN_METRICS);
    if (c->has_state)
        check_last_row(c, path);
    if (!c->metrics.is_damaged)
        check_rows(c, path);
}

/* Times may have gaps (of a power cut), but end with the run. */
static void check_timing(struct checked *c)
{
    struct verified_log log = { 0 };
    const struct verified_log *m = &c->metrics;
    if (!verify_log(c->v, &log, c->dir, RUN_TIMING)) {
        verified_log_release(&log);
        return;
    }
    check_torn(c, &log, RUN_TIMING);
    if (has_ended(c) && c->has_metrics && !m->is_damaged && !log.is_damaged &&
        m->n > 0 &&
        (log.n == 0 || log.rows[log.n - 1].step != m->rows[m->n - 1].step))
        verify_say(c->v, ERR_DATA,
                   "%s:%td: ends in front of step %td, where metrics.csv ends; "
                   "put a copy of the file back (times alone are lost)",
                   path_of(c, RUN_TIMING), log.n + 1, m->rows[m->n - 1].step);
    verified_log_release(&log);
}

/* What was said follows from the weights: of which steps there are rows is as
 * settings were then. */
static void check_samples(struct checked *c)
{
    struct verified_log log = { 0 };
    bool is_lost = c->has_config && c->config.train.sample_tokens > 0 &&
                   c->has_metrics && c->metrics.n > 0 &&
                   !is_there(c, RUN_SAMPLES);
    if (is_lost)
        verify_say(c->v, ERR_DATA,
                   "%s: lost, though [train] sample_tokens asks for it; put a "
                   "copy of the file back (`sinklab sample` says the same of "
                   "every checkpoint)",
                   path_of(c, RUN_SAMPLES));
    if (is_there(c, RUN_SAMPLES) && verify_log(c->v, &log, c->dir, RUN_SAMPLES))
        check_torn(c, &log, RUN_SAMPLES);
    verified_log_release(&log);
}

/* ---- the analysis ------------------------------------------------------ */

#define ANALYZE "run `sinklab analyze` again"

static bool is_same_number(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-8 * fabs(b);
}

static const char *arrays_of(struct checked *c)
{
    run_analysis_path(c->path, c->dir, c->analysis, ".h5");
    return c->path;
}

static const char *table_of(struct checked *c)
{
    run_analysis_path(c->path, c->dir, c->analysis, ".csv");
    return c->path;
}

/* A column of the CSV against the array of the same name. */
static void check_column(struct checked *c, const struct table *t,
                         const char *name)
{
    struct array_values a;
    struct err e = { 0 };
    const double *column = table_column(t, table_find(t, name));
    array_load(&a, arrays_of(c), name, &e);
    if (verify_err(c->v, &e))
        return;
    idx row = 0;
    while (column && a.n == t->rows && row < a.n &&
           is_same_number(column[row], a.values[row]))
        row++;
    if (!column || a.n != t->rows || row < a.n)
        verify_say(c->v, ERR_DATA,
                   "%s:%td: %s is not what its .h5 beside it says; " ANALYZE,
                   table_of(c), row + 2, name);
    array_values_release(&a);
}

/* Its steps are those of the weights files; one that has a name may be of the
 * last ones alone. */
static void check_analysed(struct checked *c)
{
    struct array_values a;
    struct err e = { 0 };
    array_load(&a, arrays_of(c), "step", &e);
    if (verify_err(c->v, &e))
        return;
    idx n_before = *c->analysis ? c->steps.n - a.n : 0;
    bool is_same = n_before >= 0 && n_before + a.n == c->steps.n;
    for (idx i = 0; i < a.n && is_same; i++)
        is_same = a.values[i] == (double)c->steps.steps[n_before + i];
    if (!is_same && !c->is_used)
        verify_say(c->v, ERR_DATA,
                   "%s: is of %td checkpoint%s, there %s %td, or others; run "
                   "`sinklab analyze` again%s",
                   arrays_of(c), a.n, a.n == 1 ? "" : "s",
                   c->steps.n == 1 ? "is" : "are", c->steps.n,
                   *c->analysis ? " with its --as" : "");
    array_values_release(&a);
}

static void check_one_analysis(struct checked *c)
{
    struct table t = { 0 };
    struct err of_arrays = { 0 }, of_table = { 0 };
    char *id = NULL;
    bool has_arrays = access(arrays_of(c), F_OK) == 0;
    bool has_table = access(table_of(c), F_OK) == 0;
    if (has_arrays != has_table)
        verify_say(
            c->v, ERR_DATA, "%s: is missing, but its .%s is there; " ANALYZE,
            has_arrays ? table_of(c) : arrays_of(c), has_arrays ? "h5" : "csv");
    if (has_arrays && note_load(&id, arrays_of(c), "run_id", &of_arrays))
        has_arrays = false;
    verify_err(c->v, &of_arrays);
    if (has_arrays && c->has_id && strcmp(id, c->id) != 0)
        verify_say(c->v, ERR_DATA,
                   "%s: is of run %s, manifest.ini of %s; " ANALYZE,
                   arrays_of(c), id, c->id);
    free(id);
    if (has_arrays)
        check_analysed(c);
    if (has_table && analysis_read_csv(&t, c->dir, c->analysis, &of_table))
        verify_err(c->v, &of_table);
    else if (has_table && !t.is_chained)
        verify_say(c->v, ERR_DATA,
                   "%s: not protected, as those of older versions; " ANALYZE,
                   table_of(c));
    for (idx i = 0; i < n_column_table && has_arrays; i++)
        if (table_find(&t, column_table[i].text.name) >= 0)
            check_column(c, &t, column_table[i].text.name);
    table_release(&t);
}

static int is_table(const struct dirent *d)
{
    char name[RUN_ANALYSIS_NAME_MAX];
    return run_analysis_of_file(name, d->d_name);
}

/* The usual one, and those with names, each once. */
static void check_analysis(struct checked *c)
{
    struct dirent **files;
    struct err own = { 0 };
    char name[RUN_ANALYSIS_NAME_MAX], last[RUN_ANALYSIS_NAME_MAX] = "";
    c->analysis = "";
    check_one_analysis(c);
    int n = scandir(c->dir, &files, is_table, alphasort);
    if (n < 0) {
        err_system(&own, c->dir, "look into this folder");
        verify_err(c->v, &own);
        return;
    }
    for (int i = 0; i < n; i++) {
        run_analysis_of_file(name, files[i]->d_name);
        c->analysis = name;
        if (strcmp(name, last) != 0)
            check_one_analysis(c);
        memcpy(last, name, sizeof last);
        free(files[i]);
    }
    free(files);
}

/* ---- the rest ---------------------------------------------------------- */

static int look_for(void *user, const char *key, char path[KEY_TEXT_MAX],
                    struct err *e)
{
    (void)user;
    if (strpbrk(path, "*?[") || access(path, F_OK) == 0)
        return OK;
    return err_set(e, ERR_DATA, "%s %s: is not there", key, path);
}

/* Its tokens are hashed anew: whatever is kept of them may be older. */
static void check_corpus(struct checked *c)
{
    struct err e = { 0 };
    const struct data_options *o = &c->config.data;
    struct data_options own = *o;
    if (!c->has_config || !o->hash[0] ||
        data_map_paths(&own, look_for, NULL, &e) != OK)
        return; /* it may lie elsewhere now */
    source_check(o, c->config.model.context, &e);
    if (e.code == ERR_MEMORY)
        *c->e = e;
    else if (e.code)
        verify_say(c->v, e.code, "%s", e.text);
}

static void check_temporaries(struct checked *c)
{
    if (c->is_used)
        return;
    verify_temporaries(c->v, c->dir, "");
    verify_temporaries(c->v, c->dir, RUN_CHECKPOINTS);
}

/* In this order. */
static void (*const checks[])(struct checked *c) = {
    check_status,   check_config,  check_manifest,    check_state,
    check_weights,  check_metrics, check_timing,      check_samples,
    check_analysis, check_corpus,  check_temporaries,
};

int verify_run(struct verify *v, const char *dir, struct err *e)
{
    struct checked c = { .v = v, .dir = dir, .e = e };
    c.imported_to = -1;
    c.unrecorded_to = PTRDIFF_MAX;
    if (!verify_is_new(v, dir, e))
        return e->code;
    v->n_runs++;
    c.is_used = verify_lock(v, dir);
    v->n_used += c.is_used;
    if (c.is_used && !v->json)
        fprintf(v->out, "%s: in use: checked as far as it is written\n", dir);
    for (idx i = 0; i < COUNT_OF(checks) && !e->code; i++) {
        checks[i](&c);
        if (c.has_status && c.status.state == RUN_PENDING)
            break; /* nothing is computed yet */
    }
    step_list_release(&c.steps);
    verified_log_release(&c.metrics);
    return e->code;
}

int verify_is_sound(bool *is_sound, const char *dir, struct err *e)
{
    struct verify v = { .out = fopen("/dev/null", "w") };
    *is_sound = false;
    if (!v.out)
        return err_system(e, "/dev/null", "open");
    if (verify_run(&v, dir, e) == OK)
        *is_sound = v.n_findings == 0 && v.n_used == 0;
    fclose(v.out);
    verify_release(&v);
    return e->code;
}
