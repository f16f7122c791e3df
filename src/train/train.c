/* The way of a run, from top to bottom: what is to be trained and where
 * (run), what is written down before (begin), the loop, its rows (report), and
 * how it ended (finish). */
#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/launcher.h"
#include "base/machine.h"
#include "base/moment.h"
#include "base/shell.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "base/text.h"
#include "base/utf8.h"
#include "optim/learning_rate.h"
#include "optim/schedule.h"
#include "run/manifest.h"
#include "train/plan.h"
#include "train/progress.h"
#include "train/same_job.h"
#include "train/session.h"
#include "train/train_log.h"
#include "train/train_rules.h"
#include "train/train_samples.h"
#include "train/train_state.h"
#include "train/train_target.h"

struct train {
    int argc;
    char **argv;
    struct train_target target;  /* config and folder */
    char shown[4 * RUN_DIR_MAX]; /* the folder, as a terminal may have it */
    bool is_dry;
    struct dry_run_options dry;

    struct ranks *ranks; /* the processes of the job; the first one writes */
    struct run_folder folder;
    struct session session;   /* data, model, optimizer */
    struct train_state state; /* how far it is */
    struct train_log log;
    struct train_samples samples;
    struct train_rules rules; /* what may end it early */
    struct progress progress;
    char *config_text;
    idx row_step;   /* of the last row */
    double row_s;   /* clock then */
    bool is_over;   /* there is nothing to train */
    bool has_begun; /* the folder is to be told how it ends, */
    bool has_start; /* and this start in manifest.ini */
};

/* ---- how it stands ------------------------------------------------------- */

/* Has a rule ended it, rather than its last step? */
static bool is_stopped(const struct train *t)
{
    return t->rules.broken[0] && t->state.step < t->target.config.train.steps;
}

static void say_stopped(const struct train *t)
{
    char dir[RUN_DIR_MAX + 8];
    shell_word(dir, sizeof dir, t->target.dir);
    printf("stopped early: %s: %s; to go on without this rule: sinklab train "
           "%s %.*s=0\n",
           t->shown, t->rules.broken, dir, (int)strcspn(t->rules.broken, ":"),
           t->rules.broken);
}

/* ---- before -------------------------------------------------------------- */

/* Launchers bind a process to one core unless they are told of its threads, or
 * to none, and then all share all. */
static void say_binding(const struct train *t)
{
    struct core_list cores;
    machine_cores(&cores);
    int n = ranks_beside(t->ranks), threads = t->session.threads;
    if (ranks_n(t->ranks) == 1 || n * threads <= cores.n)
        return;
    printf("note: %d threads of %d process%s share %td core%s: fewer "
           "train.threads, or where the machine has more cores, mpirun "
           "--map-by slot:pe=%d, or srun --cpus-per-task=%d\n",
           n * threads, n, n == 1 ? "" : "es", cores.n, cores.n == 1 ? "" : "s",
           threads, threads);
}

/* Lock the folder and find out where the run is. */
static int take_folder(struct train *t, struct err *e)
{
    t->state = (struct train_state){ .folder = &t->folder,
                                     .session = &t->session,
                                     .metrics = &t->log.metrics,
                                     .samples = &t->samples,
                                     .saved_step = -1 };
    if (!t->target.is_resumed)
        return run_create(&t->folder, t->target.dir, e);
    if (run_open(&t->folder, t->target.dir, e))
        return e->code;
    return t->target.wants_restart
               ? train_state_check_restart(t->folder.dir, e)
               : train_state_load(&t->state, &t->target.config, e);
}

static int open_logs(struct train *t, struct err *e)
{
    const char *dir = t->target.dir;
    struct train_state *s = &t->state;
    if (s->saved_step < 0)
        return train_log_create(&t->log, session_columns(&t->session), dir,
                                e) ||
                       train_samples_create(&t->samples, dir, e)
                   ? e->code
                   : OK;
    return train_log_open(&t->log, &t->session, dir, s->step, s->last_row, e) ||
                   train_samples_resume(&t->samples, dir, s->step, e)
               ? e->code
               : OK;
}

/* config.ini, if the command line says more than it holds, and the text that
 * checkpoints keep. */
static int write_config(struct train *t, struct err *e)
{
    key_copy_text(t->target.config.data.hash, t->session.source.hash);
    key_copy_text(t->target.config.sink.hash, t->session.input.hash);
    t->state.config_text = t->config_text =
        config_print(&t->target.config, NULL);
    char *commented = config_print(&t->target.config, t->target.origins);
    if (!t->config_text || !commented)
        err_memory(e, NULL);
    else if (t->target.origins || t->target.n_overrides)
        run_config_write(&t->folder, commented, e);
    free(commented);
    return e->code;
}

/* Has it ended before, so that there is nothing to train? That another schedule
 * than the run had takes the place of a lost config is for the manifest: a
 * start. */
static bool has_ended(const struct train *t)
{
    enum run_state found = t->folder.found.state;
    if (t->target.has_lost_config && t->state.changes_schedule)
        return false;
    return t->state.step >= t->target.config.train.steps
               ? found == RUN_DONE
               : is_stopped(t) && found == RUN_STOPPED;
}

static struct manifest_start start_now(const struct train *t)
{
    struct manifest_start s = session_products(&t->target.config.train);
    s.threads = t->session.threads;
    s.processes = ranks_n(t->ranks);
    s.from_step = t->state.step;
    s.changes_schedule = t->state.changes_schedule;
    s.argc = t->argc;
    s.argv = t->argv;
    return s;
}

/* A record that was lost begins anew: no other command of a run that is over
 * would write it. */
static int renew_manifest(struct train *t, struct err *e)
{
    const struct run_folder *f = &t->folder;
    const char *state = run_state_name(f->found.state);
    struct manifest_start s = start_now(t);
    bool is_there;
    if (manifest_find(&is_there, f->dir, e) || is_there ||
        manifest_add_start(f->dir, f->id, &s, e) ||
        manifest_add_end(f->dir, f->id, state, t->state.step, e))
        return e->code;
    printf("note: %s/" RUN_MANIFEST " is missing: a new one begins behind step "
           "%td\n",
           t->shown, t->state.step);
    return OK;
}

static int say_ended(struct train *t, struct err *e)
{
    if ((t->target.has_lost_config && write_config(t, e)) ||
        renew_manifest(t, e))
        return e->code;
    if (is_stopped(t))
        say_stopped(t);
    else
        printf("%s is done already, at step %td; more steps: train.steps=N\n",
               t->shown, t->state.step);
    return OK;
}

/* Write down what starts here: manifest, config, status. The manifest first:
 * it says that the config is of another schedule than what there is. */
static int begin(struct train *t, struct err *e)
{
    struct manifest_start start = start_now(t);
    if (manifest_add_start(t->folder.dir, t->folder.id, &start, e))
        return e->code;
    t->has_start = true;
    if (write_config(t, e))
        return e->code;
    return run_status_write(&t->folder, RUN_RUNNING, t->state.step, NULL, e);
}

/* A run that was made longer goes on as one of its new length. */
static void say_jump(const struct train *t)
{
    const struct config *c = &t->target.config;
    idx step = t->state.step, planned = t->state.planned_steps;
    if (step > 0 && planned < c->train.steps &&
        schedule_jumps(&c->optim, step, planned, c->train.steps))
        printf("note: the run was planned for %td steps, and optim.schedule = "
               "%s depends on that: the learning rate goes from %g to %g\n",
               planned, schedule_name(c->optim.schedule),
               schedule_lr(&c->optim, step, planned),
               schedule_lr(&c->optim, step + 1, c->train.steps));
}

/* A try of a few steps may be over before the rate is there. */
static void say_warmup(const struct config *c)
{
    idx steps = c->train.steps;
    if (steps > 0 && steps < c->optim.warmup_steps)
        printf("note: the last step is still one of optim.warmup_steps = %td: "
               "the learning rate ends at %g, of %g\n",
               c->optim.warmup_steps, schedule_lr(&c->optim, steps, steps),
               c->optim.lr);
}

static void say_begin(const struct train *t)
{
    char changes[MANIFEST_CHANGES_MAX] = "";
    struct manifest m = { 0 };
    char processes[48] = "";
    if (ranks_n(t->ranks) > 1)
        snprintf(processes, sizeof processes, "%d processes of ", t->ranks->n);
    printf("%s %s: %td parameters, %td steps from %td, %s%d thread%s\n",
           t->target.wants_restart ? "computing again"
           : t->target.is_resumed  ? "going on with"
                                   : "training",
           t->shown, t->session.model.table.n, t->target.config.train.steps,
           t->state.step, processes, t->session.threads,
           t->session.threads == 1 ? "" : "s");
    if (t->target.is_resumed &&
        manifest_read(&m, t->folder.dir, ERR_IGNORED) == OK)
        manifest_changes(changes, &m);
    if (changes[0])
        printf("note: not computed as before, so last bits may differ, "
               "and with time more: %s\n",
               changes);
    say_jump(t);
    say_warmup(&t->target.config);
    manifest_release(&m);
    fflush(stdout);
}

/* What the process that writes does before the loop. */
static int start(struct train *t, struct err *e)
{
    const struct train_options *o = &t->target.config.train;
    if (take_folder(t, e) ||
        (!has_ended(t) &&
         train_rules_open(&t->rules, o, t->target.dir, t->state.step, e)))
        return e->code;
    t->is_over = has_ended(t);
    if (t->is_over)
        return say_ended(t, e);
    if (manifest_check_room(t->folder.dir, e) ||
        (t->target.wants_restart && train_state_forget(&t->state, e)))
        return e->code;
    /* Logs first: if they refuse, the folder stays as it was */
    if (open_logs(t, e))
        return e->code;
    t->has_begun = true;
    if (begin(t, e) == OK)
        say_begin(t);
    return e->code;
}

/* Where the run stands, from the process that writes to all. */
static int hand_out(struct train *t, struct err *e)
{
    struct place {
        bool is_over;
        idx step, saved_step;
    } at = { t->is_over, t->state.step, t->state.saved_step };
    if (ranks_agree(t->ranks, false, e) ||
        ranks_broadcast(t->ranks, 0, &at, sizeof at, e))
        return e->code;
    t->is_over = at.is_over;
    t->state.step = at.step;
    t->state.saved_step = at.saved_step;
    int rc = at.is_over
                 ? OK
                 : engine_hand_out(&t->session.engine, at.saved_step >= 0, e);
    engine_drop_states(&t->session.engine);
    return rc;
}

/* ---- the training loop --------------------------------------------------- */

/* Of all processes together, as each may have a part of it. */
static int save_state(struct train *t, struct err *e)
{
    struct train_state *s = &t->state;
    if (s->saved_step == s->step)
        return OK;
    if (engine_take_states(&t->session.engine, true, e) == OK &&
        ranks_writes(t->ranks) && session_check_files(&t->session, e) == OK)
        train_state_save(s, e);
    engine_drop_states(&t->session.engine);
    s->saved_step = e->code ? s->saved_step : s->step;
    return e->code;
}

static int save_weights(struct train *t, struct err *e)
{
    if (!ranks_writes(t->ranks))
        return OK;
    return session_check_files(&t->session, e)
               ? e->code
               : train_state_save_weights(&t->state, e);
}

/* Of several processes all must know of it: as they met last. */
static bool asked_to_stop(const struct train *t)
{
    return ranks_n(t->ranks) > 1 ? t->ranks->signal != 0 : stop_requested();
}

/* What is known of an update, if there was one: if no target of it counts, no
 * mean over them. */
static void add_update(struct readings *row, const struct update_result *u)
{
    if (!u)
        return;
    bool has_targets = u->weight > 0;
    row->loss = (struct reading){ has_targets, u->loss.cross_entropy };
    row->objective = (struct reading){ has_targets, u->loss.objective };
    row->grad_norm = reading_of(u->grad_norm);
    row->lr = reading_of(u->lr);
    for (idx i = 0; loss_terms[i]; i++)
        row->terms[i] =
            (struct reading){ has_targets || loss_terms[i]->of_params,
                              u->loss.terms[i] };
}

/* Measure and log what is due after this step; u is NULL before the first. */
static int report(struct train *t, const struct update_result *u, struct err *e)
{
    const struct config *c = &t->target.config;
    struct session *s = &t->session;
    idx step = t->state.step;
    struct val_result v = { 0 };
    if (!plan_logs(c, step))
        return OK;
    if (plan_validates(c, step) &&
        (ranks_agree(t->ranks, false, e) || session_validate_shared(s, &v, e)))
        return e->code;
    if (plan_probes(c, step) && (ranks_agree(t->ranks, false, e) ||
                                 meter_run_shared(&s->meter, t->ranks, e)))
        return e->code;
    if (!ranks_writes(t->ranks))
        return OK;
    struct readings row = {
        .step = reading_of((double)step),
        .tokens = reading_of(session_tokens(c, step)),
    };
    add_update(&row, u);
    if (plan_validates(c, step))
        readings_of_validation(&row, &v);
    if (plan_probes(c, step)) {
        row.meter = &s->meter;
        t->progress.sink = meter_progress(&s->meter);
    }
    double now = clock_s(), tokens = session_tokens(c, step - t->row_step);
    double wall_s = train_rules_clock(
        &t->rules, moment_value("row", now - t->progress.start_s));
    row.wall_s = reading_of(wall_s);
    row.tokens_per_s =
        reading_of(step > t->row_step ? tokens / (now - t->row_s) : 0);
    t->row_step = step;
    t->row_s = now;
    int rc = train_log_row(&t->log, &row, e);
    if (rc == OK && plan_validates(c, step))
        rc = train_samples_add(&t->samples, step, e);
    train_rules_judge(&t->rules, step, row.loss.is_given ? row.loss.value : NAN,
                      wall_s);
    return rc;
}

/* A signal came. */
static int interrupt(struct train *t, struct err *e)
{
    if (save_state(t, e))
        return e->code;
    return err_set(
        e, ERR_INTERRUPTED, "stopped by %s at step %td of %td, all saved",
        ranks_n(t->ranks) > 1 ? signal_name(t->ranks->signal) : stop_name(),
        t->state.step, t->target.config.train.steps);
}

static int loop(struct train *t, struct err *e)
{
    const struct config *c = &t->target.config;
    struct train_state *s = &t->state;
    struct update_result u;
    progress_start(&t->progress, s->step, c->train.steps, session_tokens(c, 1));
    t->row_step = s->step;
    t->row_s = clock_s();
    if (s->saved_step < 0 && (save_weights(t, e) || report(t, NULL, e)))
        return e->code;
    moment_at("step", s->step);
    while (s->step < c->train.steps) {
        /* First, as all know of it; of a rule process 0 alone */
        if (asked_to_stop(t))
            return interrupt(t, e);
        if (is_stopped(t))
            break;
        t->session.is_logged = plan_logs(c, s->step + 1);
        if (session_update(&t->session, s->step, &u, e))
            return e->code;
        if (t->ranks->is_over) /* a rule has, which process 0 judges */
            break;
        s->step++;
        t->progress.loss = u.weight > 0 ? u.loss.cross_entropy : NAN;
        if (report(t, &u, e) ||
            (plan_keeps(c, s->step) && save_weights(t, e)) ||
            (plan_saves_state(c, s->step) && save_state(t, e)))
            return e->code;
        progress_step(&t->progress, s->step);
        moment_at("step", s->step);
    }
    if (is_stopped(t) && ranks_agree(t->ranks, true, e))
        return e->code;
    return save_state(t, e); /* if it was not due: stopped, or no step */
}

/* ---- behind -------------------------------------------------------------- */

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

/* Tell the folder and the user how it ended; e keeps what loop found. */
static void finish(struct train *t, struct err *e)
{
    struct err ignored = { 0 }; /* of a disk that is full anyway */
    enum run_state state = state_after(t, e->code);
    run_status_write(&t->folder, state, t->state.step,
                     e->code         ? e->text
                     : is_stopped(t) ? t->rules.broken
                                     : NULL,
                     e->code ? &ignored : e);
    if (t->has_start)
        manifest_add_end(t->folder.dir, t->folder.id, run_state_name(state),
                         t->state.step, e->code ? &ignored : e);
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
        printf("done: %s; next: sinklab analyze %s\n", t->shown, dir);
    }
}

/* ---- all of it ----------------------------------------------------------- */

/* How far the run is that a dry run asks about; what training would refuse of
 * it is refused here, too. */
static int find_done(struct train *t, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_head head = { 0 };
    bool is_there;
    if (!t->target.is_resumed)
        return OK;
    if (t->target.wants_restart)
        return train_state_check_restart(t->target.dir, e);
    if (train_state_check_import(t->target.dir, e))
        return e->code;
    run_resume_path(path, t->target.dir);
    if (fsys_exists(&is_there, path, e) == OK && is_there &&
        checkpoint_read_head(&head, path, e) == OK)
        t->dry.done = head.step;
    free(head.config);
    return e->code;
}

static int run(struct train *t, struct err *e)
{
    if (train_target_resolve(&t->target, t->is_dry, e))
        return e->code;
    utf8_show(t->shown, sizeof t->shown, t->target.dir, sizeof t->shown, true);
    t->ranks->limit_s = t->target.config.train.wait_limit_s;
    FILE *notes = t->is_dry && t->dry.is_json ? stderr : stdout;
    text_print_lines(notes, "note: ", config_notes(t->target.origins));
    text_print_lines(notes, "note: ", config_notes(t->target.changes));
    if (t->is_dry && find_done(t, e))
        return e->code;
    if (t->is_dry && engine_start_products(
                         &(struct engine_request){
                             .products = t->target.config.train.products },
                         e))
        return e->code;
    t->dry.is_begun = t->target.is_resumed && !t->target.wants_restart;
    if (t->is_dry)
        return dry_run_print(stdout, &t->target.config, t->target.dir, &t->dry,
                             e);
    if (session_open_shared(&t->session, &t->target.config, true, t->ranks,
                            e) ||
        (!t->target.is_resumed &&
         session_check_new(&t->session.config, &t->session.model, e)) ||
        train_samples_open(&t->samples, &t->session, e) ||
        ranks_agree(t->ranks, false, e) ||
        same_job_check(t->ranks, &t->session, e) ||
        engine_take_states(&t->session.engine, false, e))
        return e->code;
    const char *pinned = engine_library().pinned_core;
    if (pinned && t->target.config.train.products != PRODUCTS_OWN)
        printf("note: OPENBLAS_CORETYPE=%s pins matrix products to slower "
               "kernels than this processor has\n",
               pinned);
    const struct train_options *options = &t->target.config.train;
    const char *remark =
        engine_products(options->products, options->precision).remark;
    if (remark)
        printf("note: %s\n", remark);
    say_binding(t);
    stop_watch(); /* before a status says that it is running */
    if (ranks_writes(t->ranks))
        start(t, e);
    if (hand_out(t, e) == OK && !t->is_over)
        loop(t, e);
    terminal_end_line();
    if (t->has_begun)
        finish(t, e);
    return e->code;
}

int train_run_shared(const struct train_request *r, struct ranks *ranks,
                     struct err *e)
{
    struct train *t = malloc(sizeof *t);
    if (!t)
        return err_memory(e, NULL);
    *t = (struct train){
        .ranks = ranks,
        .argc = r->argc,
        .argv = r->argv,
        .target = { .path = r->path,
                    .overrides = r->overrides,
                    .n_overrides = r->n_overrides,
                    .wants_resume = r->wants_resume,
                    .wants_restart = r->wants_restart },
        .is_dry = r->is_dry,
        .dry = r->dry,
    };
    run(t, e);
    ranks_agree(t->ranks, false, e);
    train_samples_release(&t->samples);
    session_release(&t->session);
    run_close(&t->folder);
    config_source_free(t->target.origins);
    config_source_free(t->target.changes);
    free(t->config_text);
    free(t);
    return e->code;
}

void train_watch_job(void)
{
    if (launched_processes() > 1)
        stop_watch();
}

int train_run(const struct train_request *r, struct err *e)
{
    struct ranks ranks = { 0 };
    char job[RANKS_JOB_MAX];
    snprintf(job, sizeof job, "train%s%s", r->wants_resume ? " --resume" : "",
             r->wants_restart ? " --restart" : "");
    train_watch_job();
    if (ranks_open(&ranks, job, e) == OK)
        train_run_shared(r, &ranks, e);
    ranks_close(&ranks, e);
    return e->code;
}
