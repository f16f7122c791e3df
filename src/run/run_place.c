#include "run/run_place.h"

#include <string.h>

#include "io/place.h"
#include "run/run_list.h"

/* From here, where the path given was and it lies below. */
static int shorten(char place[FSYS_PATH_MAX], const char *given, struct err *e)
{
    char here[FSYS_PATH_MAX];
    if (given[0] == '/' || place_find(here, ".", e))
        return e->code;
    size_t n = strlen(here);
    if (n > 1 && place_is_in(place, here) && place[n])
        memmove(place, place + n + 1, strlen(place + n));
    return OK;
}

/* A file called status makes no run of a stranger's folder. */
static int find_run(bool *is_run, const char *dir, struct err *e)
{
    struct run_status status;
    struct err own = { 0 };
    if (run_holds_run(is_run, dir, e) || !*is_run)
        return e->code;
    if (run_status_read(&status, dir, &own) == ERR_DATA)
        return run_file_exists(is_run, dir, RUN_CONFIG, e);
    return OK;
}

int run_above(char above[FSYS_PATH_MAX], const char *dir, struct err *e)
{
    bool is_run;
    if (place_find(above, dir, e))
        return e->code;
    for (char *slash; (slash = strrchr(above, '/')) && slash > above;) {
        *slash = '\0';
        if (find_run(&is_run, above, e))
            return e->code;
        if (is_run)
            return shorten(above, dir, e);
    }
    above[0] = '\0';
    return OK;
}

int run_place_outside(const char *dir, const char *option, struct err *e)
{
    char above[FSYS_PATH_MAX];
    if (place_find(above, dir, e))
        return e->code;
    if (strcmp(above, "/") == 0)
        return err_set(e, ERR_BUSY,
                       "%s is the root of all folders: give another %s", dir,
                       option);
    if (run_above(above, dir, e))
        return e->code;
    return above[0] ? err_set(e, ERR_BUSY,
                              "%s lies within the run %s: give another %s", dir,
                              above, option)
                    : OK;
}

/* The first run in a folder, if there is one. */
static int check_below(const char *dir, const char *option, struct err *e)
{
    struct run_list inner = { 0 };
    bool is_run = false;
    int rc = run_list_below(&inner, dir, e);
    for (idx i = 0; i < inner.n && rc == OK; i++) {
        rc = find_run(&is_run, inner.paths[i], e);
        if (rc == OK && is_run)
            rc = err_set(e, ERR_BUSY,
                         "%s holds other runs, as %s: give another %s", dir,
                         inner.paths[i], option);
    }
    run_list_release(&inner);
    return rc;
}

int run_place_check(const char *dir, const char *option, struct err *e)
{
    bool is_run, is_sweep, is_folder;
    if (run_place_outside(dir, option, e) || run_holds_run(&is_run, dir, e) ||
        run_file_exists(&is_sweep, dir, SWEEP_LIST, e) ||
        fsys_is_folder(&is_folder, dir, e))
        return e->code;
    if (is_sweep)
        return err_set(e, ERR_BUSY, "%s holds a sweep: give another %s", dir,
                       option);
    return is_run || !is_folder ? OK : check_below(dir, option, e);
}
