#include "train/train.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/moment.h"
#include "base/shell.h"
#include "base/stop.h"
#include "base/text.h"
#include "kern/gemm.h"
#include "run/manifest.h"
#include "train/plan.h"
#include "train/progress.h"
#include "train/session.h"
#include "train/train_log.h"
#include "train/train_rules.h"
#include "train/train_target.h"

struct train {
    int argc;
    char **argv;
    struct train_target target;
    bool is_dry;

    struct run_folder folder;
    struct session session;
    struct train_log log;
    struct train_rules rules;
    struct progress progress;
    char *config_text;           /* resolved, as kept in every checkpoint */
    idx step;                    /* updates done */
    idx saved_step;              /* of the newest resume.h5; -1: none */
    char last_row[HASH_HEX_MAX]; /* row_hash that it counts on */
    idx row_step;                /* of the last row */
    double row_s;                /* clock at the last row */
};

static struct checkpoint_head head_now(const struct train *t)
{
    struct checkpoint_head head = {
        .step = t->step,
        .tokens = session_tokens(&t->target.config, t->step),
        .config = t->config_text,
    };
    strcpy(head.run_id, t->folder.id);
    strcpy(head.last_row, t->log.metrics.chain.hex);
    return head;
}

static int save_state(struct train *t, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_data data = session_data(&t->session, true);
    struct checkpoint_head head = head_now(t);
    run_resume_path(path, t->target.dir);
    if (t->saved_step == t->step)
        return OK;
    if (session_check(&t->session, t->step, true, e))
        return e->code; /* the last good state stays */
    if (metrics_sync(&t->log.metrics, e) ||
        checkpoint_save(path, &head, &t->session.model.table, &data, e))
        return e->code;
    t->saved_step = t->step;
    return OK;
}

static int save_weights(struct train *t, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_data data = session_data(&t->session, false);
    struct checkpoint_head head = head_now(t);
    run_step_path(path, t->target.dir, t->step);
    if (session_check(&t->session, t->step, false, e))
        return e->code; /* no file is better than a bad one */
    return checkpoint_save(path, &head, &t->session.model.table, &data, e);
}

/* Weights and optimizer state as the run left them; t->step says when. */
static int load_state(struct train *t, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_data data = session_data(&t->session, true);
    struct checkpoint_head head = { 0 };
    struct config saved;
    bool is_there;
    run_resume_path(path, t->target.dir);
    if (fsys_exists(&is_there, path, e))
        return e->code;
    if (!is_there) {
        bool has_state = t->folder.found.state == RUN_DONE ||
                         t->folder.found.state == RUN_PREEMPTED ||
                         t->folder.found.state == RUN_STOPPED;
        if (!has_state)
            return OK; /* killed before the first state was saved */
        char dir[RUN_DIR_MAX + 8];
        shell_word(dir, sizeof dir, t->target.dir);
        return err_set(e, ERR_CHECKPOINT,
                       "%s: not there, but the run had saved it: put the file "
                       "back, or let `sinklab train %s --restart` compute the "
                       "run again",
                       path, dir);
    }
    if (checkpoint_load(&head, path, &t->session.model.table, &data, e))
        return e->code;
    if (strcmp(head.run_id, t->folder.id))
        err_set(e, ERR_CHECKPOINT,
                "%s belongs to run %s, not to this one (%s): put the right "
                "file back",
                path, head.run_id, t->folder.id);
    else if (config_load_text(&saved, head.config, path, e) == OK &&
             !train_same_run(&saved, &t->target.config))
        err_set(e, ERR_CONFIG,
                "%s/config.ini was changed: %s was computed with other "
                "settings; undo the change, or start another run",
                t->target.dir, path);
    else if (!e->code && saved.train.steps > t->target.config.train.steps)
        err_set(e, ERR_CONFIG,
                "train.steps = %td, but the run in %s was planned for %td: it "
                "may be made longer, not shorter",
                t->target.config.train.steps, t->target.dir, saved.train.steps);
    free(head.config);
    if (e->code)
        return e->code;
    t->step = t->saved_step = head.step;
    strcpy(t->last_row, head.last_row);
    return OK;
}

/* Lock the folder and find out where the run is. */
static int take_folder(struct train *t, struct err *e)
{
    t->saved_step = -1;
    if (!t->target.is_resumed)
        return run_create(&t->folder, t->target.dir, e);
    if (run_open(&t->folder, t->target.dir, e))
        return e->code;
    return t->target.wants_restart ? OK : load_state(t, e);
}

/* The run is to be computed again: from here on it is one that was killed
 * before its first state was saved. */
static int forget_state(struct train *t, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_resume_path(path, t->target.dir);
    return run_status_write(&t->folder, RUN_RUNNING, 0, NULL, e)
               ? e->code
               : fsys_remove(path, e);
}

/* config.ini, if the command line says more than it holds, and the text that
 * checkpoints keep. */
static int write_config(struct train *t, struct err *e)
{
    key_copy_text(t->target.config.data.hash, t->session.source.hash);
    t->config_text = config_print(&t->target.config, NULL);
    char *commented = config_print(&t->target.config, t->target.origins);
    if (!t->config_text || !commented)
        err_set(e, ERR_MEMORY, "out of memory");
    else if (t->target.origins || t->target.n_overrides)
        run_config_write(&t->folder, commented, e);
    free(commented);
    return e->code;
}

/* Write down what starts here: config, manifest, status, logs. */
static int begin(struct train *t, struct err *e)
{
    struct manifest_start start = {
        .blas = gemm_library(),
        .blas_core = gemm_core(),
        .blas_threading = gemm_threading(),
        .threads = t->session.threads,
        .from_step = t->step,
        .argc = t->argc,
        .argv = t->argv,
    };
    if (!write_config(t, e))
        manifest_add_start(t->folder.dir, t->folder.id, &start, e);
    if (!e->code)
        run_status_write(&t->folder, RUN_RUNNING, t->step, NULL, e);
    return e->code;
}

static bool is_every(idx every, idx step, idx last)
{
    return every && (step % every == 0 || step == last);
}

/* Measure and log what is due after update t->step; u is NULL before the
 * first. */
static int report(struct train *t, const struct update_result *u, struct err *e)
{
    const struct config *c = &t->target.config;
    struct session *s = &t->session;
    idx last = c->train.steps;
    bool wants_val = is_every(c->train.val_every, t->step, last);
    bool wants_sinks = is_every(c->sink.probe_every, t->step, last);
    if (!wants_val && !wants_sinks &&
        !is_every(c->train.log_every, t->step, last))
        return OK;
    struct readings row = {
        .step = reading_of((double)t->step),
        .tokens = reading_of(session_tokens(c, t->step)),
        .loss = { u != NULL, u ? u->loss : NAN },
        .grad_norm = { u != NULL, u ? u->grad_norm : NAN },
        .lr = { u != NULL, u ? u->lr : NAN },
    };
    if (wants_val) {
        struct val_result v = session_validate(s);
        readings_of_validation(&row, &v);
    }
    if (wants_sinks) {
        meter_run(&s->meter, s->w);
        row.meter = &s->meter;
        t->progress.sink = meter_find(&s->meter, "sink_1")->scalar;
    }
    double now = clock_s();
    double wall_s = train_rules_clock(
        &t->rules, moment_value("row", now - t->progress.start_s));
    double tokens = session_tokens(c, t->step - t->row_step);
    row.wall_s = reading_of(wall_s);
    row.tokens_per_s =
        reading_of(t->step > t->row_step ? tokens / (now - t->row_s) : 0);
    int rc = train_log_row(&t->log, &row, e);
    t->row_step = t->step;
    t->row_s = now;
    train_rules_judge(&t->rules, t->step, row.loss.value, wall_s);
    return rc;
}

/* Has a rule ended it, rather than its last step? */
static bool is_stopped(const struct train *t)
{
    return t->rules.broken[0] && t->step < t->target.config.train.steps;
}

/* The training loop. */
static int loop(struct train *t, struct err *e)
{
    const struct config *c = &t->target.config;
    struct update_result u;
    progress_start(&t->progress, t->step, c->train.steps, session_tokens(c, 1));
    t->row_step = t->step;
    t->row_s = clock_s();
    stop_watch();
    if (t->saved_step < 0 && (save_weights(t, e) || report(t, NULL, e)))
        return e->code;
    moment_at("step", t->step);
    while (t->step < c->train.steps && !is_stopped(t)) {
        if (stop_requested()) {
            progress_end(&t->progress);
            if (save_state(t, e))
                return e->code;
            return err_set(e, ERR_INTERRUPTED,
                           "stopped by %s at step %td of %td, all saved",
                           stop_name(), t->step, c->train.steps);
        }
        if (session_update(&t->session, t->step, &u, e)) {
            progress_end(&t->progress);
            return e->code;
        }
        t->step++;
        t->progress.loss = u.loss;
        if (report(t, &u, e) ||
            (plan_keeps(c, t->step) && save_weights(t, e)) ||
            (plan_saves_state(c, t->step) && save_state(t, e)))
            return e->code;
        progress_step(&t->progress, t->step);
        moment_at("step", t->step);
    }
    progress_end(&t->progress);
    return save_state(t, e); /* if it was not due: stopped, or no step at all */
}

static enum run_state state_after(const struct train *t, int rc)
{
    switch (rc) {
    case OK:
        return is_stopped(t) ? RUN_STOPPED : RUN_DONE;
    case ERR_INTERRUPTED:
        return RUN_PREEMPTED;
    case ERR_DIVERGED:
        return RUN_DIVERGED;
    default:
        return RUN_FAILED;
    }
}

static void say_stopped(const struct train *t)
{
    char dir[RUN_DIR_MAX + 8];
    shell_word(dir, sizeof dir, t->target.dir);
    printf("stopped early: %s: %s; to go on without this rule: sinklab train "
           "%s %.*s=0\n",
           t->target.dir, t->rules.broken, dir,
           (int)strcspn(t->rules.broken, ":"), t->rules.broken);
}

/* Tell the folder and the user how it ended; e keeps what loop found. */
static void finish(struct train *t, struct err *e)
{
    struct err ignored = { 0 }; /* of a disk that is full anyway */
    enum run_state state = state_after(t, e->code);
    run_status_write(&t->folder, state, t->step,
                     e->code         ? e->text
                     : is_stopped(t) ? t->rules.broken
                                     : NULL,
                     e->code ? &ignored : e);
    manifest_add_end(t->folder.dir, t->folder.id, run_state_name(state),
                     t->step, e->code ? &ignored : e);
    char dir[RUN_DIR_MAX + 8];
    shell_word(dir, sizeof dir, t->target.dir);
    if (e->code == ERR_INTERRUPTED) {
        struct err full = { 0 };
        err_set(&full, e->code, "%s; go on with: sinklab train %s", e->text,
                dir);
        *e = full;
    } else if (e->code == OK && is_stopped(t)) {
        say_stopped(t);
    } else if (e->code == OK) {
        printf("done: %s; next: sinklab analyze %s\n", t->target.dir, dir);
    }
}

/* What is another program, library or processor than the last time. */
static void say_changes(const struct train *t)
{
    char changes[MANIFEST_CHANGES_MAX];
    struct manifest m = { 0 };
    if (manifest_read(&m, t->folder.dir, NULL) == OK) {
        manifest_changes(changes, &m);
        if (changes[0])
            printf("note: not computed as before, so last bits may differ: "
                   "%s\n",
                   changes);
    }
    manifest_release(&m);
}

static int run(struct train *t, struct err *e)
{
    if (train_target_resolve(&t->target, t->is_dry, e))
        return e->code;
    text_print_lines(stdout, "note: ", config_notes(t->target.origins));
    text_print_lines(stdout, "note: ", config_notes(t->target.changes));
    if (t->is_dry)
        return plan_print(stdout, &t->target.config, t->target.dir, e);
    if (session_open(&t->session, &t->target.config, true, e))
        return e->code;
    if (gemm_pinned_core())
        printf("note: OPENBLAS_CORETYPE=%s pins matrix products to slower "
               "kernels than this processor has\n",
               gemm_pinned_core());
    if (take_folder(t, e))
        return e->code;
    if (t->step >= t->target.config.train.steps &&
        t->folder.found.state == RUN_DONE) {
        if (t->target.has_lost_config && write_config(t, e))
            return e->code;
        printf("%s is done already, at step %td; more steps: "
               "train.steps=N\n",
               t->target.dir, t->step);
        return OK;
    }
    if (train_rules_open(&t->rules, &t->target.config.train, t->target.dir,
                         t->step, e))
        return e->code;
    if (is_stopped(t) && t->folder.found.state == RUN_STOPPED) {
        say_stopped(t);
        return OK;
    }
    if (t->target.wants_restart && forget_state(t, e))
        return e->code;
    /* Logs first: if they refuse, the folder stays as it was */
    if (t->saved_step < 0
            ? train_log_create(&t->log, &t->session, t->target.dir, e)
            : train_log_open(&t->log, &t->session, t->target.dir, t->step,
                             t->last_row, e))
        return e->code;
    if (begin(t, e)) {
        finish(t, e);
        return e->code;
    }
    printf("%s %s: %td parameters, %td steps from %td, %d thread%s\n",
           t->target.wants_restart ? "computing again"
           : t->target.is_resumed  ? "going on with"
                                   : "training",
           t->target.dir, t->session.model.table.n,
           t->target.config.train.steps, t->step, t->session.threads,
           t->session.threads == 1 ? "" : "s");
    if (t->target.is_resumed)
        say_changes(t);
    fflush(stdout);
    loop(t, e);
    finish(t, e);
    return e->code;
}

int train_run(const struct train_request *r, struct err *e)
{
    struct train t = {
        .argc = r->argc,
        .argv = r->argv,
        .target = { .path = r->path,
                    .overrides = r->overrides,
                    .n_overrides = r->n_overrides,
                    .wants_resume = r->wants_resume,
                    .wants_restart = r->wants_restart },
        .is_dry = r->is_dry,
    };
    run(&t, e);
    session_release(&t.session);
    run_close(&t.folder);
    config_source_free(t.target.origins);
    config_source_free(t.target.changes);
    free(t.config_text);
    return e->code;
}
