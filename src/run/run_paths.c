#include "run/run_paths.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int run_dir_default(char dir[RUN_DIR_MAX], const char *path, struct err *e)
{
    const char *base = strrchr(path, '/');
    base = base ? base + 1 : path;
    const char *dot = strrchr(base, '.');
    int length = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
    if (snprintf(dir, RUN_DIR_MAX, "runs/%.*s", length, base) >= RUN_DIR_MAX)
        return err_set(e, ERR_CONFIG, "%s: name too long", path);
    return OK;
}

int run_data_path(struct config *c, const char *dir, struct err *e)
{
    char real_path[PATH_MAX], folder[PATH_MAX];
    if (!c->data.path[0])
        return OK;
    if (!realpath(c->data.path, real_path)) /* reading it says it is absent */
        return errno == ENOENT || errno == ENOTDIR
                   ? OK
                   : err_system(e, c->data.path, "find out where it lies");
    size_t n = strlen(real_path);
    if (dir[0] == '/')
        snprintf(folder, sizeof folder, "%s", dir);
    else if (!realpath(".", folder))
        return err_system(e, ".", "find out where it lies");
    if (strncmp(folder, real_path, n) == 0 &&
        (folder[n] == '/' || folder[n] == '\0'))
        return err_set(e, ERR_CONFIG,
                       "data.path %s holds the run folder %s, whose files "
                       "would be read as text: give another run.dir, or a "
                       "folder of texts alone",
                       c->data.path, dir);
    for (idx k = 0; k < n_data_keys; k++)
        if (!strcmp(data_keys[k].name, "path") &&
            key_parse(&data_keys[k], &c->data, real_path, e))
            return err_prefix(e, "data.path");
    return OK;
}
