#include "io/fsys_tree.h"

#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "io/place.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REMAINS_PREFIX ".removed-"
#define REMAINS_NAME REMAINS_PREFIX "%ld-%s" /* a process, and what it was */

/* No run folder is deeper; a bound for a folder that something else made. */
enum { DEPTH_MAX = 64, NAMES_TRIED = 1000 };

bool fsys_tree_is_remains(const char *name)
{
    if (strncmp(name, REMAINS_PREFIX, strlen(REMAINS_PREFIX)) != 0)
        return false;
    name += strlen(REMAINS_PREFIX);
    size_t n = strspn(name, "0123456789");
    return n > 0 && name[n] == '-' && name[n + 1];
}

void fsys_tree_remains_path(char *path, size_t cap, const char *dir,
                            const char *name)
{
    int n = snprintf(path, cap, "%s/" REMAINS_NAME, dir, (long)getpid(), name);
    BUG_ON(n < 0 || (size_t)n >= cap);
}

/* What to do with a file or folder; a folder comes after what is in it. */
typedef int (*visit)(void *user, const char *path, const struct stat *st,
                     struct err *e);

static int walk(const char *path, visit f, void *user, idx depth,
                struct err *e);

static int walk_names(DIR *folder, const char *path, visit f, void *user,
                      idx depth, struct err *e)
{
    int rc = OK;
    struct dirent *d;
    while (rc == OK && (rc = fsys_next(&d, folder, path, e)) == OK && d) {
        char inner[FSYS_PATH_MAX];
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        int n = snprintf(inner, sizeof inner, "%s/%s", path, d->d_name);
        errno = ENAMETOOLONG;
        rc = n < FSYS_PATH_MAX && depth < DEPTH_MAX
                 ? walk(inner, f, user, depth + 1, e)
                 : err_system(e, path, "go further down");
    }
    return rc;
}

/* Another process may remove the same remains: what is gone is no error. */
static int walk(const char *path, visit f, void *user, idx depth, struct err *e)
{
    struct stat st;
    int rc = OK;
    if (lstat(path, &st))
        return errno == ENOENT ? OK : err_system(e, path, "look at it");
    if (S_ISDIR(st.st_mode)) {
        DIR *folder = opendir(path);
        if (!folder)
            return errno == ENOENT ? OK
                                   : err_system(e, path, "open this folder");
        rc = walk_names(folder, path, f, user, depth, e);
        closedir(folder);
    }
    return rc == OK ? f(user, path, &st, e) : rc;
}

static int count_entry(void *user, const char *path, const struct stat *st,
                       struct err *e)
{
    struct fsys_size *size = user;
    (void)path, (void)e;
    if (S_ISDIR(st->st_mode)) {
        size->folders++;
    } else {
        size->files++;
        size->bytes += (double)st->st_size;
    }
    return OK;
}

int fsys_tree_measure(struct fsys_size *size, const char *dir, struct err *e)
{
    return walk(dir, count_entry, size, 0, e);
}

static int remove_entry(void *user, const char *path, const struct stat *st,
                        struct err *e)
{
    (void)user;
    int failed =
        S_ISDIR(st->st_mode) ? fsys_call_rmdir(path) : fsys_call_unlink(path);
    return failed && errno != ENOENT ? err_system(e, path, "remove") : OK;
}

/* The path without slashes at its end, split: dir (as long as there is one)
 * with its slash, and the last part. */
static int split(char *path, idx *dir_n, const char *given, struct err *e)
{
    size_t n = path_length(given);
    if (n == 0 || n >= FSYS_PATH_MAX) {
        errno = n ? ENAMETOOLONG : ENOENT;
        return err_system(e, given, "use this path");
    }
    memcpy(path, given, n);
    path[n] = '\0';
    const char *slash = strrchr(path, '/');
    *dir_n = slash ? slash + 1 - path : 0;
    return OK;
}

/* A free name for the remains: an empty folder of that name would be replaced
 * by the rename, one with something in it makes it fail. */
static int rename_aside(char *aside, size_t cap, const char *path, idx dir_n,
                        struct err *e)
{
    struct stat st;
    for (int i = 0; i < NAMES_TRIED; i++) {
        int n = snprintf(aside, cap, "%.*s" REMAINS_NAME, (int)dir_n, path,
                         (long)getpid() + i, path + dir_n);
        if (n < 0 || (size_t)n >= cap)
            break;
        if (lstat(aside, &st) == 0)
            continue;
        return fsys_call_rename(path, aside)
                   ? err_system(e, path, "move it aside")
                   : OK;
    }
    errno = EEXIST;
    return err_system(e, path, "find a name to move it aside");
}

int fsys_tree_remove(const char *dir, struct err *e)
{
    char path[FSYS_PATH_MAX], aside[FSYS_PATH_MAX + 64], parent[FSYS_PATH_MAX];
    idx dir_n = 0;
    struct stat st;
    int rc = split(path, &dir_n, dir, e);
    if (rc != OK)
        return rc;
    int failed = lstat(path, &st);
    if (failed || !S_ISDIR(st.st_mode)) {
        errno = failed ? errno : ENOTDIR;
        return err_system(e, path, "remove it as a folder");
    }
    rc = rename_aside(aside, sizeof aside, path, dir_n, e);
    if (rc != OK)
        return rc;
    snprintf(parent, sizeof parent, "%.*s", dir_n > 0 ? (int)dir_n : 2,
             dir_n > 0 ? path : "./");
    rc = fsys_sync(parent, e);
    return rc == OK ? walk(aside, remove_entry, NULL, 0, e) : rc;
}

int fsys_tree_clear(const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    BUG_ON((slash ? slash[1] : path[0]) != '.');
    return walk(path, remove_entry, NULL, 0, e);
}
