#include "report/report_file.h"

#include "base/text.h"
#include "io/fsys.h"
#include "io/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/run_files.h"
#include "sweep/sweep_folder.h"

/* Names of files that are the only copy of something. */
static bool is_kept(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    return run_file_is_one(name) || sweep_file_is_one(name) ||
           text_ends_in(name, ".ini") || text_ends_in(name, ".h5");
}

static int check_one(const char *path, struct err *e)
{
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT ? OK
                               : err_set(e, ERR_IO,
                                         "%s: cannot look at it: %s; give "
                                         "another name",
                                         path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_BUSY,
                       "%s is %s, and would be replaced by a file: give "
                       "another name",
                       path,
                       S_ISDIR(st.st_mode)   ? "a folder"
                       : S_ISLNK(st.st_mode) ? "a symbolic link"
                                             : "no regular file");
    if (is_kept(path))
        return err_set(e, ERR_BUSY,
                       "%s bears the name of a file that runs, sweeps or "
                       "configs are made of, and would be replaced: give "
                       "another name",
                       path);
    return OK;
}

bool report_is_stdout(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

/* Do the two lead to one place, written as they may be: a.svg, ./a.svg? */
static bool is_one_place(const char *a, const char *b)
{
    char at_a[FSYS_PATH_MAX], at_b[FSYS_PATH_MAX];
    return strcmp(a, b) == 0 ||
           (place_find(at_a, a, ERR_IGNORED) == OK &&
            place_find(at_b, b, ERR_IGNORED) == OK && strcmp(at_a, at_b) == 0);
}

static int say_twice(const char *path, struct err *e)
{
    return err_set(e, ERR_USAGE,
                   "%s is named for two reports, and one would replace the "
                   "other: give each its own",
                   path);
}

int report_folder_check(const char *inside, const char *const *paths, idx n,
                        struct err *e)
{
    char above[FSYS_PATH_MAX];
    size_t length = strlen(inside);
    if (length >= sizeof above)
        return OK; /* whoever makes it says so */
    for (size_t end = length; end > 0; end--) {
        if (end < length && inside[end] != '/')
            continue;
        snprintf(above, sizeof above, "%.*s", (int)end, inside);
        for (idx i = 0; i < n; i++)
            if (paths[i] && !report_is_stdout(paths[i]) &&
                is_one_place(paths[i], above))
                return say_twice(paths[i], e);
    }
    return OK;
}

/* Is the folder `made`, or one below it? */
static bool is_inside(const char *folder, const char *made)
{
    char at[FSYS_PATH_MAX], above[FSYS_PATH_MAX];
    return made && place_find(at, folder, ERR_IGNORED) == OK &&
           place_find(above, made, ERR_IGNORED) == OK && place_is_in(at, above);
}

int report_place_check(const char *path, const char *made, struct err *e)
{
    char folder[FSYS_PATH_MAX];
    struct stat st;
    const char *slash = path ? strrchr(path, '/') : NULL;
    idx n = slash ? slash - path : 0;
    if (n == 0 || n >= FSYS_PATH_MAX)
        return OK;
    snprintf(folder, sizeof folder, "%.*s", (int)n, path);
    if (stat(folder, &st) == 0 || errno != ENOENT || is_inside(folder, made))
        return OK;
    return err_set(e, ERR_IO, "%s: there is no folder %s%s", path, folder,
                   lstat(folder, &st) == 0
                       ? ", but a symbolic link that leads nowhere: give "
                         "another name"
                       : ": make it, or give another name");
}

int report_files_check(const char *const *paths, idx n, struct err *e)
{
    for (idx i = 0; i < n; i++) {
        for (idx k = 0; k < i && paths[i]; k++)
            if (paths[k] && is_one_place(paths[i], paths[k]))
                return say_twice(paths[i], e);
        if (paths[i] && !report_is_stdout(paths[i]) && check_one(paths[i], e))
            return e->code;
    }
    return OK;
}

int report_begin(struct report *r, FILE *out, const char *path, struct err *e)
{
    *r = (struct report){ .path = path };
    r->f = report_is_stdout(path) ? out : open_memstream(&r->text, &r->n);
    return r->f ? OK : err_memory(e, path);
}

int report_end(struct report *r, struct err *e)
{
    if (!r->f || report_is_stdout(r->path))
        return e->code;
    if (fclose(r->f) != 0)
        err_memory(e, r->path);
    if (!e->code)
        fsys_replace(r->path, r->text, r->n, e);
    free(r->text);
    *r = (struct report){ 0 };
    return e->code;
}

int report_write_csv(FILE *out, const char *path, const struct grid *g,
                     struct err *e)
{
    struct report r;
    if (report_begin(&r, out, path, e) == OK)
        grid_csv(r.f, g);
    return report_end(&r, e);
}
