/* train.c - `sinklab train`: a config or a run folder becomes a trained run. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/shell.h"
#include "cmd/cmd.h"
#include "cmd/plan.h"
#include "cmd/progress.h"
#include "cmd/session.h"
#include "cmd/stop.h"
#include "cmd/train_log.h"
#include "io/manifest.h"
#include "kern/gemm.h"

static const char usage[] =
    "usage: sinklab train CONFIG.ini [section.key=value ...] [--resume]\n"
    "       sinklab train RUN_FOLDER [section.key=value ...]\n"
    "\n"
    "Trains the model that CONFIG.ini describes; the run folder (run.dir) keeps\n"
    "checkpoints and metrics.csv. With a run folder instead, goes on where it\n"
    "stopped, bit for bit.\n"
    "\n"
    "  --resume    go on if the run folder already holds this run\n"
    "  --dry-run   print parameters, memory, disk and FLOPs; run nothing\n"
    "\n"
    "All keys: sinklab help config\n";

struct train {
    int argc;
    char **argv;
    const char *target; /* config file or run folder */
    const char **overrides;
    idx n_overrides;
    bool wants_resume, is_dry;

    struct config config;
    struct config_source *origins; /* NULL for a resumed run */
    char dir[RUN_DIR_MAX];
    bool is_resumed;
    struct run_folder folder;
    struct session session;
    struct train_log log;
    struct progress progress;
    char *config_text; /* resolved, as kept in every checkpoint */
    idx step;          /* updates done */
    idx saved_step;    /* of the newest resume.h5; -1: none */
    idx row_step;      /* of the last row */
    double row_s;      /* clock at the last row */
};

static int parse_arguments(struct train *t, struct err *e)
{
    for (int i = 1; i < t->argc; i++) {
        const char *arg = t->argv[i];
        if (strcmp(arg, "--resume") == 0)
            t->wants_resume = true;
        else if (strcmp(arg, "--dry-run") == 0)
            t->is_dry = true;
        else if (arg[0] == '-')
            return err_set(e, ERR_USAGE,
                           "train: unknown option %s (see `sinklab help "
                           "train`)",
                           arg);
        else if (!t->target)
            t->target = arg;
        else if (strchr(arg, '='))
            t->overrides[t->n_overrides++] = arg;
        else
            return err_set(e, ERR_USAGE,
                           "train: %s is neither an option nor an override "
                           "section.key=value",
                           arg);
    }
    if (!t->target)
        return err_set(e, ERR_USAGE,
                       "train: which config? Try `sinklab train "
                       "configs/quick.ini`, or `sinklab help train`");
    return OK;
}

/* runs/<name of the config file> */
static int default_dir(struct train *t, struct err *e)
{
    const char *base = strrchr(t->target, '/');
    base = base ? base + 1 : t->target;
    const char *dot = strrchr(base, '.');
    int length = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
    if (snprintf(t->dir, sizeof t->dir, "runs/%.*s", length, base) >=
        (int)sizeof t->dir)
        return err_set(e, ERR_CONFIG, "%s: name too long", t->target);
    return OK;
}

/* The text's path as seen from anywhere, so that the run can go on from
 * another folder. */
static void make_data_path_absolute(struct config *c)
{
    char real_path[PATH_MAX];
    if (c->data.path[0] && realpath(c->data.path, real_path) &&
        strlen(real_path) < sizeof c->data.path)
        strcpy(c->data.path, real_path);
}

/* The config of the run in t->dir, with the overrides that a resumed run
 * may take. */
static int load_run_config(struct train *t, struct config *c, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, t->dir, "config.ini");
    if (config_load(c, path, NULL, 0, NULL, e))
        return e->code;
    return OK;
}

/* With --resume: the config file must describe the run that is there. */
static int check_same_run(struct train *t, struct err *e)
{
    struct config kept;
    char id[CONFIG_ID_MAX], kept_id[CONFIG_ID_MAX];
    if (load_run_config(t, &kept, e))
        return e->code;
    kept.train.steps = t->config.train.steps; /* may be extended */
    config_id(id, &t->config);
    config_id(kept_id, &kept);
    if (strcmp(id, kept_id))
        return err_set(e, ERR_CONFIG,
                       "%s holds a run with other settings than %s (compare "
                       "its config.ini): give another run.dir, or go on with "
                       "that run by `sinklab train %s`",
                       t->dir, t->target, t->dir);
    return OK;
}

/* What to run and where: fills config, dir, is_resumed. */
static int resolve(struct train *t, struct err *e)
{
    struct stat s;
    bool is_folder = stat(t->target, &s) == 0 && S_ISDIR(s.st_mode);
    if (is_folder) {
        if (strlen(t->target) >= sizeof t->dir)
            return err_set(e, ERR_CONFIG, "%s: path too long", t->target);
        strcpy(t->dir, t->target);
        if (!run_holds_run(t->dir))
            return err_set(e, ERR_USAGE,
                           "%s holds no run: give a run folder to go on with, "
                           "or a config file",
                           t->dir);
        t->is_resumed = true;
        if (load_run_config(t, &t->config, e))
            return e->code;
        return config_override(&t->config, t->overrides, t->n_overrides,
                               KEY_RESUME, e);
    }
    if (config_load(&t->config, t->target, t->overrides, t->n_overrides,
                    &t->origins, e))
        return e->code;
    make_data_path_absolute(&t->config);
    if (t->config.run.dir[0])
        strcpy(t->dir, t->config.run.dir);
    else if (default_dir(t, e))
        return e->code;
    /* A run folder may be moved, so its config does not say where it is */
    t->config.run.dir[0] = '\0';
    if (t->wants_resume && !t->is_dry && run_holds_run(t->dir)) {
        t->is_resumed = true;
        return check_same_run(t, e);
    }
    return OK;
}

static int save_state(struct train *t, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_data data = session_data(&t->session, true);
    struct checkpoint_head head = {
        .step = t->step,
        .tokens = session_tokens(&t->config, t->step),
        .config = t->config_text,
    };
    strcpy(head.run_id, t->folder.id);
    run_resume_path(path, t->dir);
    if (t->saved_step == t->step)
        return OK;
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
    struct checkpoint_head head = {
        .step = t->step,
        .tokens = session_tokens(&t->config, t->step),
        .config = t->config_text,
    };
    strcpy(head.run_id, t->folder.id);
    run_step_path(path, t->dir, t->step);
    return checkpoint_save(path, &head, &t->session.model.table, &data, e);
}

/* Weights and optimizer state as the run left them; t->step says when. */
static int load_state(struct train *t, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_data data = session_data(&t->session, true);
    struct checkpoint_head head = { 0 };
    struct stat s;
    run_resume_path(path, t->dir);
    if (stat(path, &s)) /* stopped before the first state was saved */
        return OK;
    if (checkpoint_load(&head, path, &t->session.model.table, &data, e))
        return e->code;
    free(head.config);
    if (strcmp(head.run_id, t->folder.id))
        return err_set(e, ERR_CHECKPOINT,
                       "%s belongs to run %s, not to this one (%s): put the "
                       "right file back",
                       path, head.run_id, t->folder.id);
    t->step = t->saved_step = head.step;
    return OK;
}

/* Lock the folder and find out where the run is. */
static int take_folder(struct train *t, struct err *e)
{
    t->saved_step = -1;
    if (!t->is_resumed)
        return run_create(&t->folder, t->dir, e);
    if (run_open(&t->folder, t->dir, e))
        return e->code;
    return load_state(t, e);
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
    t->config_text = config_print(&t->config, NULL);
    char *commented = config_print(&t->config, t->origins);
    if (!t->config_text || !commented)
        err_set(e, ERR_MEMORY, "out of memory");
    else if (!t->is_resumed || t->n_overrides)
        run_config_write(&t->folder, commented, e);
    free(commented);
    if (e->code || manifest_add_start(&t->folder, &start, e) ||
        run_status_write(&t->folder, RUN_RUNNING, t->step, NULL, e))
        return e->code;
    return train_log_open(&t->log, &t->session, t->dir,
                          t->saved_step < 0 ? -1 : t->step, e);
}

static bool is_every(idx every, idx step, idx last)
{
    return every && (step % every == 0 || step == last);
}

/* Measure and log what is due after update t->step. u: NULL before the first. */
static int report(struct train *t, const struct update_result *u, struct err *e)
{
    const struct config *c = &t->config;
    struct session *s = &t->session;
    idx last = c->train.steps;
    bool wants_val = is_every(c->train.val_every, t->step, last);
    bool wants_sinks = s->has_meter &&
                       is_every(c->sink.probe_every, t->step, last);
    if (!wants_val && !wants_sinks && !is_every(c->train.log_every, t->step, last))
        return OK;
    struct train_row row = {
        .step = t->step,
        .loss = u ? u->loss : NAN,
        .grad_norm = u ? u->grad_norm : NAN,
        .lr = u ? u->lr : NAN,
        .val_loss = wants_val ? session_val_loss(s) : NAN,
        .has_sinks = wants_sinks,
    };
    if (wants_sinks) {
        meter_run(&s->meter, s->w);
        t->progress.sink = meter_find(&s->meter, "sink_1")->scalar;
    }
    double now = clock_s();
    double tokens = session_tokens(c, t->step - t->row_step);
    int rc = train_log_row(&t->log, s, &row, now - t->progress.start_s,
                           t->step > t->row_step ? tokens / (now - t->row_s)
                                                 : 0,
                           e);
    t->row_step = t->step;
    t->row_s = now;
    return rc;
}

/* The training loop. */
static int loop(struct train *t, struct err *e)
{
    const struct config *c = &t->config;
    struct update_result u;
    progress_start(&t->progress, t->step, c->train.steps,
                   session_tokens(c, 1));
    t->row_step = t->step;
    t->row_s = clock_s();
    stop_watch();
    if (t->saved_step < 0 && (save_weights(t, e) || report(t, NULL, e)))
        return e->code;
    while (t->step < c->train.steps) {
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
    }
    progress_end(&t->progress);
    return OK;
}

static enum run_state state_after(int rc)
{
    switch (rc) {
    case OK:
        return RUN_DONE;
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
    enum run_state state = state_after(e->code);
    run_status_write(&t->folder, state, t->step, e->code ? e->text : NULL,
                     e->code ? &ignored : e);
    manifest_add_end(&t->folder, state, t->step, e->code ? &ignored : e);
    char buffer[RUN_DIR_MAX + 8];
    struct text dir = { buffer, sizeof buffer, 0 };
    shell_add(&dir, t->dir);
    if (e->code == ERR_INTERRUPTED) {
        struct err full = { 0 };
        err_set(&full, e->code, "%s; go on with: sinklab train %s", e->text,
                buffer);
        *e = full;
    } else if (e->code == OK) {
        printf("done: %s; next: sinklab analyze %s\n", t->dir, buffer);
    }
}

static int train_run(struct train *t, struct err *e)
{
    if (resolve(t, e))
        return e->code;
    if (t->is_dry)
        return plan_print(stdout, &t->config, t->dir, e);
    if (gemm_pinned_core())
        printf("note: OPENBLAS_CORETYPE=%s pins matrix products to slower "
               "kernels than this processor has\n",
               gemm_pinned_core());
    if (session_open(&t->session, &t->config, true, e) || take_folder(t, e))
        return e->code;
    if (t->step >= t->config.train.steps && t->folder.found.state == RUN_DONE) {
        printf("%s is done already, at step %td; more steps: "
               "train.steps=N\n",
               t->dir, t->step);
        return OK;
    }
    if (begin(t, e))
        return e->code;
    printf("%s %s: %td parameters, %td steps from %td, %d thread%s\n",
           t->is_resumed ? "going on with" : "training", t->dir,
           t->session.model.table.n, t->config.train.steps, t->step,
           t->session.threads, t->session.threads == 1 ? "" : "s");
    fflush(stdout);
    loop(t, e);
    finish(t, e);
    return e->code;
}

int cmd_train(int argc, char **argv, struct err *e)
{
    struct train t = { .argc = argc, .argv = argv };
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 ||
                      strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return OK;
    }
    t.overrides = calloc((size_t)argc, sizeof *t.overrides);
    if (!t.overrides)
        return err_set(e, ERR_MEMORY, "out of memory");
    if (!parse_arguments(&t, e))
        train_run(&t, e);
    session_release(&t.session);
    run_close(&t.folder);
    config_source_free(t.origins);
    free(t.config_text);
    free(t.overrides);
    return e->code;
}
