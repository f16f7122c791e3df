#include "train/train_state.h"

#include <stdlib.h>
#include <string.h>

#include "base/shell.h"
#include "run/manifest.h"
#include "train/plan.h"
#include "train/train_target.h"

static struct checkpoint_head head_now(const struct train_state *s)
{
    struct checkpoint_head head = {
        .step = s->step,
        .tokens = session_tokens(&s->session->config, s->step),
        .config = s->config_text,
    };
    strcpy(head.run_id, s->folder->id);
    strcpy(head.last_row, s->metrics->chain.hex);
    return head;
}

int train_state_save(const struct train_state *s, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_data data = session_data(s->session, true);
    struct checkpoint_head head = head_now(s);
    run_resume_path(path, s->folder->dir);
    if (!session_check(s->session, s->step, true, e) &&
        !metrics_sync(s->metrics, e) && !train_samples_sync(s->samples, e))
        checkpoint_save(path, &head, &s->session->model.table, &data, e);
    return e->code;
}

int train_state_save_weights(const struct train_state *s, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_data data = session_data(s->session, false);
    struct checkpoint_head head = head_now(s);
    run_step_path(path, s->folder->dir, s->step);
    if (session_check(s->session, s->step, false, e))
        return e->code; /* no file is better than a bad one */
    return checkpoint_save(path, &head, &s->session->model.table, &data, e);
}

static bool is_import(const char *dir)
{
    struct manifest m = { 0 };
    bool is =
        manifest_read(&m, dir, ERR_IGNORED) == OK && manifest_is_import(&m);
    manifest_release(&m);
    return is;
}

int train_state_check_restart(const char *dir, struct err *e)
{
    return is_import(dir)
               ? err_set(e, ERR_USAGE,
                         "train: --restart: %s was imported, and no training "
                         "computes its checkpoints again: leave it out, or "
                         "give the import again into another folder",
                         dir)
               : OK;
}

int train_state_check_import(const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    bool is_there;
    run_resume_path(path, dir);
    if (fsys_exists(&is_there, path, e) || is_there || !is_import(dir))
        return e->code;
    return err_set(e, ERR_CHECKPOINT,
                   "%s: not there: the run was imported without a state to go "
                   "on from; `sinklab import --state` makes one",
                   path);
}

/* There is no resume.h5: has there never been one? */
static int check_absence(const struct train_state *s, const char *path,
                         struct err *e)
{
    enum run_state found = s->folder->found.state;
    char dir[RUN_DIR_MAX + 8];
    if (train_state_check_import(s->folder->dir, e))
        return e->code;
    if (found != RUN_DONE && found != RUN_PREEMPTED && found != RUN_STOPPED)
        return OK; /* killed before the first state was saved */
    shell_word(dir, sizeof dir, s->folder->dir);
    return err_set(e, ERR_CHECKPOINT,
                   "%s: not there, but the run had saved it: put the file "
                   "back, or let `sinklab train %s --restart` compute the "
                   "run again",
                   path, dir);
}

/* Is it a state of this run, with these settings? */
static int check_head(struct train_state *s, const struct checkpoint_head *head,
                      const struct config *c, const char *path, struct err *e)
{
    struct config saved;
    if (strcmp(head->run_id, s->folder->id))
        return err_set(e, ERR_CHECKPOINT,
                       "%s belongs to run %s, not to this one (%s): put the "
                       "right file back",
                       path, head->run_id, s->folder->id);
    if (config_load_text(&saved, head->config, path, e))
        return e->code;
    if (!train_same_run(&saved, c))
        return err_set(e, ERR_CONFIG,
                       "%s/config.ini was changed: %s was computed with other "
                       "settings; undo the change, or start another run",
                       s->folder->dir, path);
    s->planned_steps = saved.train.steps;
    s->changes_schedule = !plan_is_same(&saved, c);
    return train_check_length(c, saved.train.steps, s->folder->dir, e);
}

int train_state_load(struct train_state *s, const struct config *c,
                     struct err *e)
{
    char path[RUN_PATH_MAX];
    struct checkpoint_data data = session_data(s->session, true);
    struct checkpoint_head head = { 0 };
    bool is_there;
    run_resume_path(path, s->folder->dir);
    if (fsys_exists(&is_there, path, e))
        return e->code;
    if (!is_there)
        return check_absence(s, path, e);
    if (checkpoint_load(&head, path, &s->session->model.table, &data, e) == OK)
        check_head(s, &head, c, path, e);
    free(head.config);
    if (e->code)
        return e->code;
    engine_upload(&s->session->engine);
    s->step = s->saved_step = head.step;
    strcpy(s->last_row, head.last_row);
    return OK;
}

int train_state_forget(struct train_state *s, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_resume_path(path, s->folder->dir);
    return run_status_write(s->folder, RUN_RUNNING, 0, NULL, e)
               ? e->code
               : fsys_remove(path, e);
}
