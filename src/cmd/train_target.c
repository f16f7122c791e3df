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
static int make_data_path_absolute(struct train_target *t, struct err *e)
{
    char real_path[PATH_MAX], folder[PATH_MAX];
    char override[PATH_MAX + 16];
    const char *one = override;
    if (!t->config.data.path[0] || !realpath(t->config.data.path, real_path))
        return OK; /* the source says what is wrong with it */
    size_t n = strlen(real_path);
    if (t->dir[0] == '/')
        snprintf(folder, sizeof folder, "%s", t->dir);
    else if (!realpath(".", folder))
        folder[0] = '\0';
    if (strncmp(folder, real_path, n) == 0 &&
        (folder[n] == '/' || folder[n] == '\0'))
        return err_set(e, ERR_CONFIG,
                       "data.path %s holds the run folder %s, whose files "
                       "would be read as text: give another run.dir, or a "
                       "folder of texts alone",
                       t->config.data.path, t->dir);
    snprintf(override, sizeof override, "data.path=%s", real_path);
    return config_override(&t->config, &one, 1, 0, e);
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

bool train_same_run(const struct config *a, const struct config *b)
{
    struct config other = *b;
    char id[CONFIG_ID_MAX], other_id[CONFIG_ID_MAX];
    other.train.steps = a->train.steps;    /* may grow */
    strcpy(other.data.path, a->data.path); /* the text may move: its hash */
    strcpy(other.data.hash, a->data.hash); /* is checked when it is read */
    config_id(id, a);
    config_id(other_id, &other);
    return strcmp(id, other_id) == 0;
}

/* With --resume: the config file must describe the run that is there. */
static int check_same_run(struct train_target *t, struct err *e)
{
    struct config kept;
    if (load_run_config(t, &kept, e))
        return e->code;
    if (!train_same_run(&t->config, &kept))
        return err_set(e, ERR_CONFIG,
                       "%s holds a run with other settings than %s (compare "
                       "its config.ini): give another run.dir, or go on with "
                       "that run by `sinklab train %s`",
                       t->dir, t->path, t->dir);
    if (!t->config.data.hash[0])
        strcpy(t->config.data.hash, kept.data.hash);
    t->kept_steps = kept.train.steps;
    return OK;
}

static int resolve_folder(struct train_target *t, struct err *e)
{
    if (strlen(t->path) >= sizeof t->dir)
        return err_set(e, ERR_CONFIG, "%s: path too long", t->path);
    strcpy(t->dir, t->path);
    if (!run_holds_run(t->dir))
        return err_set(e, ERR_USAGE,
                       "%s holds no run: give a run folder to go on with, or "
                       "a config file",
                       t->dir);
    t->is_resumed = true;
    if (load_run_config(t, &t->config, e))
        return e->code;
    t->kept_steps = t->config.train.steps;
    if (config_override(&t->config, t->overrides, t->n_overrides, KEY_RESUME,
                        e))
        return e->code;
    if (t->config.run.dir[0])
        return err_set(e, ERR_CONFIG,
                       "run.dir cannot move the run in %s: move the folder "
                       "itself, then go on with it",
                       t->dir);
    return make_data_path_absolute(t, e);
}

static int resolve_config(struct train_target *t, bool is_dry, struct err *e)
{
    char path[RUN_PATH_MAX];
    if (config_load(&t->config, t->path, t->overrides, t->n_overrides,
                    &t->origins, e))
        return e->code;
    if (t->config.run.dir[0])
        strcpy(t->dir, t->config.run.dir);
    else if (default_dir(t, e))
        return e->code;
    if (make_data_path_absolute(t, e))
        return e->code;
    /* A run folder may be moved, so its config does not say where it is */
    t->config.run.dir[0] = '\0';
    run_path(path, t->dir, "config.ini");
    t->is_resumed = t->wants_resume && !is_dry && run_holds_run(t->dir) &&
                    access(path, F_OK) == 0;
    return t->is_resumed ? check_same_run(t, e) : OK;
}

int train_target_resolve(struct train_target *t, bool is_dry, struct err *e)
{
    struct stat s;
    bool is_folder = stat(t->path, &s) == 0 && S_ISDIR(s.st_mode);
    int rc = is_folder ? resolve_folder(t, e) : resolve_config(t, is_dry, e);
    if (rc == OK && t->is_resumed && t->config.train.steps < t->kept_steps)
        return err_set(e, ERR_CONFIG,
                       "train.steps = %td, but the run in %s was planned for "
                       "%td: it may be made longer, not shorter",
                       t->config.train.steps, t->dir, t->kept_steps);
    return rc;
}
