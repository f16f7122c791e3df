#include "io/place.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Without slashes at the end. */
static size_t trimmed(const char *path, size_t n)
{
    while (n > 1 && path[n - 1] == '/')
        n--;
    return n;
}

size_t path_length(const char *path)
{
    return trimmed(path, strlen(path));
}

size_t path_above(const char *path, size_t n)
{
    while (n > 0 && path[n - 1] != '/')
        n--;
    return trimmed(path, n);
}

/* realpath of the first n bytes of a path; where n is 0, of this folder. */
static bool find_first(char real_path[PATH_MAX], const char *path, size_t n)
{
    char first[FSYS_PATH_MAX];
    snprintf(first, sizeof first, "%.*s", (int)n, path);
    return realpath(n > 0 ? first : ".", real_path) != NULL;
}

/* Go down from a place by the names of a path, none of which is there, so that
 * none is a link. */
static int descend(char place[FSYS_PATH_MAX], const char *rest)
{
    size_t at = strcmp(place, "/") == 0 ? 0 : strlen(place);
    while (*(rest += strspn(rest, "/"))) {
        size_t n = strcspn(rest, "/");
        if (n == 2 && strncmp(rest, "..", 2) == 0) {
            while (at > 0 && place[--at] != '/')
                ;
        } else if (n != 1 || *rest != '.') {
            if (at + n + 2 > FSYS_PATH_MAX)
                return ERR_USAGE;
            place[at] = '/';
            memcpy(place + at + 1, rest, n);
            at += n + 1;
        }
        rest += n;
    }
    strcpy(place + at, at > 0 ? "" : "/");
    return OK;
}

int place_find(char place[FSYS_PATH_MAX], const char *path, struct err *e)
{
    char real_path[PATH_MAX];
    size_t n = strlen(path);
    bool is_found;
    if (n >= FSYS_PATH_MAX)
        return err_set(e, ERR_USAGE, "%.60s...: path too long", path);
    while (!(is_found = find_first(real_path, path, n)) && n > 0 &&
           (errno == ENOENT || errno == ENOTDIR))
        n = path_above(path, n);
    snprintf(place, FSYS_PATH_MAX, "%s", is_found ? real_path : path);
    if (is_found && descend(place, path + n))
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
