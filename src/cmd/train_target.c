#include "cmd/train_target.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* runs/<name of the config file> */
static int default_dir(struct train_target *t, struct err *e)
{
    const char *base = strrchr(t->path, '/');
    base = base ? base + 1 : t->path;
    const char *dot = strrchr(base, '.');
    int length = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
    if (snprintf(t->dir, sizeof t->dir, "runs/%.*s", length, base) >=
        (int)sizeof t->dir)
        return err_set(e, ERR_CONFIG, "%s: name too long", t->path);
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
static int load_run_config(struct train_target *t, struct config *c,
                           struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, t->dir, "config.ini");
    if (access(path, F_OK) != 0)
        return err_set(e, ERR_USAGE,
                       "%s was never started: give its config file instead, "
                       "`sinklab train CONFIG.ini run.dir=...`",
                       t->dir);
    return config_load(c, path, NULL, 0, NULL, e);
}

/* With --resume: the config file must describe the run that is there. */
static int check_same_run(struct train_target *t, struct err *e)
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
                       t->dir, t->path, t->dir);
    return OK;
}

int train_target_resolve(struct train_target *t, bool is_dry, struct err *e)
{
    struct stat s;
    bool is_folder = stat(t->path, &s) == 0 && S_ISDIR(s.st_mode);
    if (is_folder) {
        if (strlen(t->path) >= sizeof t->dir)
            return err_set(e, ERR_CONFIG, "%s: path too long", t->path);
        strcpy(t->dir, t->path);
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
    if (config_load(&t->config, t->path, t->overrides, t->n_overrides,
                    &t->origins, e))
        return e->code;
    make_data_path_absolute(&t->config);
    if (t->config.run.dir[0])
        strcpy(t->dir, t->config.run.dir);
    else if (default_dir(t, e))
        return e->code;
    /* A run folder may be moved, so its config does not say where it is */
    t->config.run.dir[0] = '\0';
    if (t->wants_resume && !is_dry && run_holds_run(t->dir)) {
        t->is_resumed = true;
        return check_same_run(t, e);
    }
    return OK;
}
