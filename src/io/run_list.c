#include "io/run_list.h"

#include "io/fsys_tree.h"
#include "io/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FIRST_CAP = 32 };

size_t run_list_parent(const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

static int add(char ***paths, idx *n, idx *cap, const char *path, struct err *e)
{
    if (*n == *cap) {
        idx more = *cap > 0 ? 2 * *cap : FIRST_CAP;
        char **grown = realloc(*paths, (size_t)more * sizeof *grown);
        if (!grown)
            return err_set(e, ERR_MEMORY, "not enough memory for %td runs",
                           more);
        *paths = grown;
        *cap = more;
    }
    char *copy = strdup(path);
    if (!copy)
        return err_set(e, ERR_MEMORY, "not enough memory for a path");
    (*paths)[(*n)++] = copy;
    return OK;
}

static int add_run(struct run_list *l, const char *path, struct err *e)
{
    return add(&l->paths, &l->n, &l->cap, path, e);
}

/* -1: it cannot be looked at. */
static int is_folder(const char *path)
{
    struct stat st;
    if (lstat(path, &st))
        return errno == ENOENT ? 0 : -1;
    return S_ISDIR(st.st_mode);
}

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.' || fsys_tree_is_remains(d->d_name);
}

static int search(struct run_list *l, const char *dir, idx levels, bool is_top,
                  struct err *e);

/* One pass over the names of a folder: its runs, or what lies further down. */
static int take_names(struct run_list *l, const char *dir,
                      struct dirent *const *names, int n, idx levels,
                      bool want_runs, struct err *e)
{
    int rc = OK;
    for (int i = 0; i < n && rc == OK; i++) {
        char path[RUN_DIR_MAX];
        const char *slash = dir[strlen(dir) - 1] == '/' ? "" : "/";
        int length =
            snprintf(path, sizeof path, "%s%s%s", dir, slash, names[i]->d_name);
        if (length >= RUN_DIR_MAX) {
            l->n_unread += want_runs;
            continue;
        }
        int is_inner = is_folder(path);
        bool is_run = false, is_remains = false, is_left;
        is_left = names[i]->d_name[0] == '.';
        if (is_inner < 0 || (is_inner && run_holds_run(&is_run, path, NULL)) ||
            (is_inner && is_left &&
             run_holds_remains(&is_remains, path, NULL))) {
            l->n_unread += want_runs;
            continue;
        }
        if (!is_inner)
            continue;
        if (is_left)
            rc = want_runs && is_remains
                     ? add(&l->remains, &l->n_remains, &l->cap_remains, path, e)
                     : OK;
        else if (is_run && want_runs)
            rc = add_run(l, path, e);
        else if (!is_run && !want_runs && levels > 1)
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
        return OK;
    }
    int rc = take_names(l, dir, names, n, levels, true, e);
    if (rc == OK)
        rc = take_names(l, dir, names, n, levels, false, e);
    while (n > 0)
        free(names[--n]);
    free(names);
    return rc;
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
    bool is_run;
    int rc = run_holds_run(&is_run, dir, e);
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
