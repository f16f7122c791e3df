#include "run/run_files.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/config_keys.h"
#include "io/fsys.h"

const struct run_file run_files[] = {
    { .name = RUN_CONFIG, .is_record = true },
    { .name = RUN_MANIFEST, .is_record = true },
    { .name = RUN_METRICS, .is_record = true },
    { .name = RUN_TIMING, .is_record = true },
    { .name = RUN_SAMPLES, .is_record = true },
    { .name = RUN_ARRAYS },
    { .name = RUN_ANALYSIS },
    { .name = RUN_STATUS, .is_foreign = true, .is_record = true },
    { .name = RUN_LOCK, .is_foreign = true },
    { .name = RUN_OUTPUT, .is_foreign = true, .is_record = true },
    { .name = RUN_CHECKPOINTS, .is_foreign = true },
    { .name = NULL },
};

static const char NAMED[] = "analysis-";

static bool is_name(const char *name, size_t n)
{
    return n > 0 && n < RUN_ANALYSIS_NAME_MAX &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                        "0123456789_-") >= n;
}

bool run_analysis_of_file(char name[RUN_ANALYSIS_NAME_MAX], const char *file)
{
    const char *dot = strrchr(file, '.');
    size_t n = sizeof NAMED - 1;
    if (!dot || strncmp(file, NAMED, n) != 0 || dot <= file + n ||
        !is_name(file + n, (size_t)(dot - file) - n) ||
        (strcmp(dot, ".csv") != 0 && strcmp(dot, ".h5") != 0))
        return false;
    snprintf(name, RUN_ANALYSIS_NAME_MAX, "%.*s", (int)(dot - file - (int)n),
             file + n);
    return true;
}

bool run_file_is_one(const char *name)
{
    char analysis[RUN_ANALYSIS_NAME_MAX];
    for (const struct run_file *f = run_files; f->name; f++)
        if (strcmp(f->name, name) == 0)
            return true;
    return strcmp(name, RUN_RESUME) == 0 || run_step_of_name(name) >= 0 ||
           run_analysis_of_file(analysis, name);
}

int run_files_find(const char **name, const char *dir, bool foreign_too,
                   struct err *e)
{
    char path[RUN_PATH_MAX];
    bool is_there = false;
    *name = NULL;
    for (const struct run_file *f = run_files; f->name && !is_there; f++) {
        if (f->is_foreign && !foreign_too)
            continue;
        run_path(path, dir, f->name);
        int rc = fsys_exists(&is_there, path, e);
        if (rc != OK)
            return rc;
        *name = is_there ? f->name : NULL;
    }
    return OK;
}

void run_path(char path[RUN_PATH_MAX], const char *dir, const char *name)
{
    const char *slash = dir[strlen(dir) - 1] == '/' ? "" : "/";
    int n = snprintf(path, RUN_PATH_MAX, "%s%s%s", dir, slash, name);
    BUG_ON(n < 0 || n >= RUN_PATH_MAX);
}

void run_analysis_path(char path[RUN_PATH_MAX], const char *dir,
                       const char *name, const char *ending)
{
    char file[sizeof NAMED + RUN_ANALYSIS_NAME_MAX + 8];
    snprintf(file, sizeof file, "%.*s%s%s", (int)sizeof NAMED - (*name ? 1 : 2),
             NAMED, name, ending);
    run_path(path, dir, file);
}

int run_analysis_check(const char *name, const char *where, struct err *e)
{
    char shown[TEXT_SHOW_MAX];
    return is_name(name, strlen(name))
               ? OK
               : err_set(e, ERR_USAGE,
                         "%s: got '%s', want a name of letters, digits, '-' "
                         "and '_', at most %d",
                         where, text_show(shown, name),
                         RUN_ANALYSIS_NAME_MAX - 1);
}

int run_file_exists(bool *is_there, const char *dir, const char *name,
                    struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, name);
    return fsys_exists(is_there, path, e);
}

#define STEP_NAME "step-%0*lld.h5"

void run_step_path(char path[RUN_PATH_MAX], const char *dir, idx step)
{
    char name[64];
    snprintf(name, sizeof name, RUN_CHECKPOINTS "/" STEP_NAME, STEP_DIGITS,
             (long long)step);
    run_path(path, dir, name);
}

void run_resume_path(char path[RUN_PATH_MAX], const char *dir)
{
    run_path(path, dir, RUN_CHECKPOINTS "/" RUN_RESUME);
}

idx run_step_of_name(const char *name)
{
    char again[64];
    long long step;
    if (sscanf(name, "step-%lld", &step) != 1 || step < 0)
        return -1;
    snprintf(again, sizeof again, STEP_NAME, STEP_DIGITS, step);
    return strcmp(again, name) == 0 ? (idx)step : -1;
}
