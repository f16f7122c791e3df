#include "run/run_list.h"

#include "base/grow.h"
#include "base/shell.h"
#include "io/fsys_tree.h"
#include "io/place.h"
#include "run/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

size_t run_list_parent(const char *path)
{
    return path_above(path, path_length(path));
}

static int add(char ***paths, idx *n, const char *path, struct err *e)
{
    char *copy = GROW(*paths, *n) ? strdup(path) : NULL;
    if (!copy)
        return err_memory(e, NULL);
    (*paths)[(*n)++] = copy;
    return OK;
}

static int add_run(struct run_list *l, const char *path, struct err *e)
{
    return add(&l->paths, &l->n, path, e);
}

enum inner { INNER_NONE, INNER_RUN, INNER_FOLDER, INNER_REMAINS };

/* What a name in a folder stands for. */
static int inspect(enum inner *kind, const char *path, bool is_hidden,
                   struct err *e)
{
    struct stat st;
    bool is_it;
    *kind = INNER_NONE;
    if (lstat(path, &st))
        return errno == ENOENT ? OK : err_system(e, path, "look at it");
    if (!S_ISDIR(st.st_mode))
        return OK;
    int rc = is_hidden ? run_holds_remains(&is_it, path, e)
                       : run_holds_run(&is_it, path, e);
    if (rc == OK && is_hidden)
        *kind = is_it ? INNER_REMAINS : INNER_NONE;
    else if (rc == OK)
        *kind = is_it ? INNER_RUN : INNER_FOLDER;
    return rc;
}

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.' || fsys_tree_is_remains(d->d_name);
}

static int search(struct run_list *l, const char *dir, idx levels, bool is_top,
                  struct err *e);

/* The path of a name in a folder, and what it is; none where that cannot be
 * found out, which is noted. */
static enum inner look(char path[RUN_DIR_MAX], struct run_list *l,
                       const char *dir, const char *name)
{
    const char *slash = dir[strlen(dir) - 1] == '/' ? "" : "/";
    int length = snprintf(path, RUN_DIR_MAX, "%s%s%s", dir, slash, name);
    enum inner kind = INNER_NONE;
    int rc = OK;
    if (length >= RUN_DIR_MAX)
        rc = err_set(&l->unread, ERR_IO,
                     "%.60s...: path longer than %d bytes; move it up", path,
                     RUN_DIR_MAX - 1);
    else
        rc = inspect(&kind, path, name[0] == '.', &l->unread);
    l->n_unread += rc != OK;
    return rc == OK ? kind : INNER_NONE;
}

/* The runs of a folder, then what lies further down. */
static int take_names(struct run_list *l, const char *dir,
                      struct dirent *const *names, int n, idx levels,
                      enum inner *kinds, struct err *e)
{
    char path[RUN_DIR_MAX];
    int rc = OK;
    for (int i = 0; i < n && rc == OK; i++) {
        kinds[i] = look(path, l, dir, names[i]->d_name);
        if (kinds[i] == INNER_RUN)
            rc = add_run(l, path, e);
        else if (kinds[i] == INNER_REMAINS)
            rc = add(&l->remains, &l->n_remains, path, e);
    }
    for (int i = 0; i < n && rc == OK && levels > 1; i++) {
        if (kinds[i] != INNER_FOLDER)
            continue;
        snprintf(path, sizeof path, "%s%s%s", dir,
                 dir[strlen(dir) - 1] == '/' ? "" : "/", names[i]->d_name);
        rc = search(l, path, levels - 1, false, e);
    }
    return rc;
}

static int search(struct run_list *l, const char *dir, idx levels, bool is_top,
                  struct err *e)
{
    struct dirent **names;
    int n = scandir(dir, &names, is_visible, versionsort);
    if (n < 0 && (is_top || errno == ENOMEM))
        return err_system(e, dir, "look into this folder");
    if (n < 0) {
        l->n_unread++;
        err_system(&l->unread, dir, "look into this folder");
        return OK;
    }
    enum inner *kinds = calloc((size_t)n + 1, sizeof *kinds);
    int rc = kinds ? take_names(l, dir, names, n, levels, kinds, e)
                   : err_memory(e, dir);
    free(kinds);
    while (n > 0)
        free(names[--n]);
    free(names);
    return rc;
}

/* The first run that was begun; NULL: none. A file called `status` makes no run
 * of a folder that is nobody's. */
static const char *first_begun(const struct run_list *l)
{
    bool has_config;
    for (idx i = 0; i < l->n; i++)
        if (run_file_exists(&has_config, l->paths[i], RUN_CONFIG,
                            ERR_IGNORED) == OK &&
            has_config)
            return l->paths[i];
    return NULL;
}

int run_list_none(const char *path, struct err *e)
{
    enum { LEVELS = 2 }; /* more of them may take minutes */
    struct run_list below = { .n = 0 };
    struct err own = { 0 };
    const char *first = NULL;
    char word[RUN_PATH_MAX * 4];
    bool is_folder;
    if (fsys_is_folder(&is_folder, path, ERR_IGNORED) != OK || !is_folder)
        return run_none(path, RUN_WANTED, e);
    if (search(&below, path, LEVELS, true, &own) == OK)
        first = first_begun(&below);
    if (first) {
        char folder[RUN_PATH_MAX];
        snprintf(folder, sizeof folder, "%.*s", (int)run_list_parent(first),
                 first);
        shell_word(word, sizeof word, folder);
        err_set(e, ERR_USAGE,
                "%s holds no run itself, but there are runs in %s: give that "
                "folder, or others like it",
                path, word);
    } else if (own.code || below.n_unread > 0)
        err_set(e, own.code ? own.code : below.unread.code, "%s",
                own.code ? own.text : below.unread.text);
    run_list_release(&below);
    return e->code ? e->code : run_none(path, RUN_WANTED, e);
}

int run_list_given(struct run_list *l, const char *path, struct err *e)
{
    bool is_folder;
    if (strlen(path) >= RUN_DIR_MAX)
        return err_set(e, ERR_USAGE, "%.60s...: path longer than %d bytes",
                       path, RUN_DIR_MAX - 1);
    int rc = fsys_is_folder(&is_folder, path, e);
    if (rc == OK && is_folder)
        rc = run_list_find(l, path, RUN_LIST_DIRECT, e);
    if (rc == OK && l->n_unread > 0)
        return err_set(e, l->unread.code, "%s", l->unread.text);
    return rc == OK && l->n == 0 ? run_list_none(path, e) : rc;
}

int run_list_below(struct run_list *l, const char *dir, struct err *e)
{
    int rc = search(l, *dir ? dir : "./", RUN_LIST_ALL, true, e);
    if (rc != OK)
        run_list_release(l);
    return rc;
}

int run_list_find(struct run_list *l, const char *dir, idx levels,
                  struct err *e)
{
    bool is_run, is_folder = true;
    int rc = run_holds_run(&is_run, dir, e);
    if (rc == OK && *dir)
        rc = fsys_is_folder(&is_folder, dir, e);
    if (rc == OK && !is_folder)
        rc = run_none(dir, RUN_WANTED, e);
    if (rc == OK)
        rc = is_run ? add_run(l, dir, e)
                    : search(l, *dir ? dir : "./", levels, true, e);
    if (rc != OK)
        run_list_release(l);
    return rc;
}

void run_list_release(struct run_list *l)
{
    for (idx i = 0; i < l->n; i++)
        free(l->paths[i]);
    for (idx i = 0; i < l->n_remains; i++)
        free(l->remains[i]);
    free(l->paths);
    free(l->remains);
    *l = (struct run_list){ 0 };
}
