#include "sweep/sweep_folder.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/fsys.h"
#include "sweep/sweep_list.h"

/* --- paths -------------------------------------------------------------- */

void sweep_path(char path[RUN_PATH_MAX], const char *dir, const char *name)
{
    run_path(path, dir, name);
}

void sweep_config_path(char path[RUN_PATH_MAX], const struct sweep *s,
                       const struct sweep_run *r)
{
    char name[SWEEP_NAME_MAX + 16];
    snprintf(name, sizeof name, "configs/%s.ini", r->name);
    run_path(path, s->dir, name);
}

void sweep_run_dir(char path[RUN_DIR_MAX], const struct sweep *s,
                   const struct sweep_run *r)
{
    char whole[RUN_PATH_MAX];
    run_path(whole, s->dir, r->name);
    size_t n = strlen(whole);
    BUG_ON(n >= RUN_DIR_MAX); /* SWEEP_DIR_MAX leaves room */
    memcpy(path, whole, n + 1);
}

void sweep_log_path(char path[RUN_PATH_MAX], const struct sweep *s,
                    const struct sweep_run *r)
{
    char name[SWEEP_NAME_MAX + 16];
    snprintf(name, sizeof name, "%s/log.txt", r->name);
    run_path(path, s->dir, name);
}

int sweep_config_load(struct config *c, const struct sweep *s,
                      const struct sweep_run *r, struct err *e)
{
    char path[RUN_PATH_MAX];
    sweep_config_path(path, s, r);
    return config_load_sealed(c, path, "`sinklab sweep FOLDER` writes it anew",
                              e);
}

static int find_file(bool *is_there, const char *dir, const char *name,
                     struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, name);
    return fsys_exists(is_there, path, e);
}

int sweep_holds_sweep(bool *holds, const char *dir, struct err *e)
{
    *holds = false;
    return *dir && strlen(dir) < SWEEP_DIR_MAX
               ? find_file(holds, dir, "runs.list", e)
               : OK;
}

static int set_dir(struct sweep *s, const char *dir, struct err *e)
{
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    if (n == 0 || n >= SWEEP_DIR_MAX)
        return err_set(e, ERR_CONFIG,
                       "sweep folder: a path of %zu bytes, want 1 to %d", n,
                       SWEEP_DIR_MAX - 1);
    memcpy(s->dir, dir, n);
    s->dir[n] = '\0';
    return OK;
}

/* --- opening ------------------------------------------------------------ */

int sweep_open(struct sweep *s, const char *dir, struct err *e)
{
    bool holds = false;
    *s = (struct sweep){ 0 };
    int rc = set_dir(s, dir, e);
    if (rc == OK)
        rc = sweep_holds_sweep(&holds, s->dir, e);
    if (rc == OK && !holds)
        rc = err_set(e, ERR_IO, "%s holds no sweep: no runs.list is there",
                     s->dir);
    if (rc == OK)
        rc = sweep_list_read(s, e);
    if (rc)
        sweep_close(s);
    return rc;
}

void sweep_close(struct sweep *s)
{
    lock_release(&s->lock);
    pool_release(&s->memory);
    *s = (struct sweep){ 0 };
}

/* What a sweep may not be put into. */
static int check_free(const struct sweep *s, struct err *e)
{
    bool has_list, has_run, has_journal;
    if (find_file(&has_list, s->dir, "runs.list", e) ||
        run_holds_run(&has_run, s->dir, e) ||
        find_file(&has_journal, s->dir, "journal", e))
        return e->code;
    if (has_list)
        return OK;
    if (has_run)
        return err_set(e, ERR_BUSY,
                       "%s holds a single run: give another run.dir for the "
                       "sweep",
                       s->dir);
    if (has_journal)
        return err_set(e, ERR_DATA,
                       "%s has a journal, but runs.list is missing: put it "
                       "back, or give another run.dir",
                       s->dir);
    return OK;
}

int sweep_lock(struct sweep *s, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    *s = (struct sweep){ 0 };
    int rc = set_dir(s, dir, e);
    if (rc == OK)
        rc = check_free(s, e);
    if (rc == OK)
        rc = fsys_mkdirs(s->dir, e);
    if (rc == OK) {
        sweep_path(path, s->dir, "lock");
        rc = lock_take(&s->lock, path, s->dir, e);
    }
    if (rc)
        sweep_close(s);
    return rc;
}

/* --- states ------------------------------------------------------------- */

const char *sweep_state_name(enum sweep_state state)
{
    static const char *const names[] = {
        [SWEEP_WAITING] = "waiting",         [SWEEP_RUNNING] = "running",
        [SWEEP_INTERRUPTED] = "interrupted", [SWEEP_DONE] = "done",
        [SWEEP_FAILED] = "failed",           [SWEEP_DIVERGED] = "diverged",
        [SWEEP_STOPPED] = "stopped",
    };
    BUG_ON((int)state < 0 || state >= SWEEP_STATES);
    return names[state];
}

static enum sweep_state without_process(enum run_state state)
{
    switch (state) {
    case RUN_PENDING:
        return SWEEP_WAITING;
    case RUN_DONE:
        return SWEEP_DONE;
    case RUN_DIVERGED:
        return SWEEP_DIVERGED;
    case RUN_STOPPED:
        return SWEEP_STOPPED;
    case RUN_FAILED:
        return SWEEP_FAILED;
    default:
        return SWEEP_INTERRUPTED;
    }
}

enum sweep_state sweep_run_state(const struct sweep *s,
                                 const struct sweep_run *r,
                                 struct run_status *found)
{
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX];
    struct run_status status = { 0 };
    struct err e = { 0 };
    enum sweep_state state = SWEEP_WAITING;
    bool has_status = false, is_taken = false;
    sweep_run_dir(dir, s, r);
    run_path(path, dir, "lock");
    if (!find_file(&has_status, dir, "status", &e) && has_status &&
        !run_status_read(&status, dir, &e)) {
        state = without_process(status.state);
        if (state != SWEEP_DONE && !lock_is_taken(&is_taken, path, &e) &&
            is_taken)
            state = SWEEP_RUNNING;
    }
    if (e.code) { /* unknown: whoever starts it finds out */
        state = SWEEP_FAILED;
        status.refused = e.code == ERR_IO || e.code == ERR_MEMORY ? e.code : OK;
        snprintf(status.reason, sizeof status.reason, "%.*s",
                 RUN_REASON_MAX - 1, e.text);
    }
    if (found)
        *found = status;
    return state;
}
