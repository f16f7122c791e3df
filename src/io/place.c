#include "io/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The length of a path without its last name: of what the root or this folder
 * is above, 1 or 0. */
static size_t without_last(const char *path, size_t n)
{
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

/* realpath of the first n bytes, none of which are this folder. */
static bool find_first(char real_path[PATH_MAX], const char *path, size_t n)
{
    char first[FSYS_PATH_MAX];
    snprintf(first, sizeof first, "%.*s", (int)n, path);
    return realpath(n > 0 ? first : ".", real_path) != NULL;
}

int place_find(char place[FSYS_PATH_MAX], const char *path, struct err *e)
{
    char real_path[PATH_MAX];
    size_t n = strlen(path);
    if (n >= FSYS_PATH_MAX)
        return err_set(e, ERR_USAGE, "%.60s...: path too long", path);
    while (!find_first(real_path, path, n)) {
        if ((errno != ENOENT && errno != ENOTDIR) || n == 0)
            return err_system(e, path, "find out where it lies");
        n = without_last(path, n);
    }
    const char *rest = path + n + strspn(path + n, "/");
    bool is_root = strcmp(real_path, "/") == 0;
    const char *slash = *rest || is_root ? "/" : "";
    if (snprintf(place, FSYS_PATH_MAX, "%s%s%s", is_root ? "" : real_path,
                 slash, rest) >= FSYS_PATH_MAX)
        return err_set(e, ERR_USAGE, "%.60s...: path too long", path);
    return OK;
}

bool place_is_in(const char *place, const char *folder)
{
    size_t n = strlen(folder);
    if (strcmp(folder, "/") == 0)
        return true;
    return strncmp(place, folder, n) == 0 &&
           (place[n] == '/' || place[n] == '\0');
}
