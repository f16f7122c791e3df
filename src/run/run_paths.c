#include "run/run_paths.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/paths.h"
#include "io/place.h"

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

/* A pattern of names, as shards are given by: its files are found later. */
static bool is_pattern(const char *path)
{
    return path[strcspn(path, "*?[")] != 0;
}

static int take(char path[KEY_TEXT_MAX], const char *key, const char *text,
                struct err *e)
{
    static const struct key row = { .name = "path", .type = KEY_TEXT };
    return key_parse(&row, path, text, e) ? err_prefix(e, "%s", key) : OK;
}

/* NAME of NAME.bin, as Megatron's files may be given. */
static bool is_stem(const char *path)
{
    char index[KEY_TEXT_MAX + sizeof ".idx"];
    snprintf(index, sizeof index, "%s.idx", path);
    return access(index, F_OK) == 0;
}

/* Names of no one file become absolute as they stand. */
static int make_absolute_name(const char *key, char path[KEY_TEXT_MAX],
                              struct err *e)
{
    char folder[PATH_MAX], whole[2 * PATH_MAX];
    if (path[0] == '/')
        return OK;
    if (!realpath(".", folder))
        return err_system(e, ".", "find out where it lies");
    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    return take(path, key, whole, e);
}

static int make_absolute(void *user, const char *key, char path[KEY_TEXT_MAX],
                         struct err *e)
{
    const char *dir = user;
    char real_path[PATH_MAX], folder[FSYS_PATH_MAX];
    if (!realpath(path, real_path)) { /* reading it says it is absent */
        if (errno != ENOENT && errno != ENOTDIR)
            return err_system(e, path, "find out where it lies");
        return is_pattern(path) || is_stem(path)
                   ? make_absolute_name(key, path, e)
                   : OK;
    }
    if (place_find(folder, dir, e))
        return e->code;
    if (place_is_in(folder, real_path))
        return err_set(e, ERR_CONFIG,
                       "%s %s holds the run folder %s, whose files would be "
                       "read as text: give another run.dir, or a folder of "
                       "texts alone",
                       key, path, dir);
    return take(path, key, real_path, e);
}

int run_data_path(struct config *c, const char *dir, struct err *e)
{
    void *user = (void *)(uintptr_t)dir;
    if (data_map_paths(&c->data, make_absolute, user, e))
        return e->code;
    return c->sink.path[0] ? make_absolute(user, "sink.path", c->sink.path, e)
                           : OK;
}
