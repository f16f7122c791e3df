#include "io/file_list.h"

#include "base/grow.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Folders in folders; a bound for links that lead in a circle. */
enum { DEPTH_MAX = 64 };

static int is_visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static int add_file(struct file_list *l, const char *path,
                    const struct stat *st, struct err *e)
{
    char *own = strdup(path);
    if (!own || !GROW(l->items, l->n)) {
        free(own);
        return err_memory(e, path);
    }
    l->items[l->n++] = (struct file_list_item){
        .path = own,
        .stamp = file_stamp_of(st),
    };
    return OK;
}

static int cannot(struct err *e, const char *path, const char *what,
                  const char *action)
{
    char place[PATH_MAX + 64];
    int errnum = errno;
    snprintf(place, sizeof place, "%s%s", what, path);
    errno = errnum;
    return err_foreign(e, place, action);
}

static int find(struct file_list *l, const char *path, const char *what,
                idx depth, struct err *e)
{
    struct stat st;
    struct dirent **names;
    int rc = OK;
    if (stat(path, &st)) /* also of a link to nothing: it would be missing */
        return cannot(e, path, what, "look at it");
    if (S_ISREG(st.st_mode))
        return add_file(l, path, &st, e);
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_DATA,
                       "%s%s: neither a file nor a folder: take it away", what,
                       path);
    if (depth == DEPTH_MAX)
        return err_set(e, ERR_DATA,
                       "%s%s: deeper than %d folders; does a link lead back to "
                       "a folder above it?",
                       what, path, DEPTH_MAX);
    int n = scandir(path, &names, is_visible, alphasort);
    if (n < 0)
        return cannot(e, path, what, "read this folder");
    bool has_slash = path[strlen(path) - 1] == '/';
    for (int i = 0; i < n; i++) {
        char inner[PATH_MAX];
        if (rc == OK &&
            snprintf(inner, sizeof inner, "%s%s%s", path, has_slash ? "" : "/",
                     names[i]->d_name) >= PATH_MAX)
            rc = err_set(e, ERR_DATA, "%s%s: a path is too long", what, path);
        if (rc == OK)
            rc = find(l, inner, what, depth + 1, e);
        free(names[i]);
    }
    free(names);
    return rc;
}

int file_list_add(struct file_list *l, const char *path, const char *what,
                  struct err *e)
{
    return find(l, path, what, 0, e);
}

bool file_list_same(const struct file_list_item *item, const struct stat *st)
{
    struct file_stamp now = file_stamp_of(st);
    return S_ISREG(st->st_mode) && file_stamp_same(&now, &item->stamp);
}

void file_list_release(struct file_list *l)
{
    for (idx i = 0; i < l->n; i++)
        free(l->items[i].path);
    free(l->items);
    *l = (struct file_list){ 0 };
}
