#include "io/run.h"
#include "base/shell.h"
#include "io/config.h"
#include "io/sealed_text.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_MAX_BYTES = 4096, MANIFEST_MAX_BYTES = 1 << 24 };

static const char *const state_names[] = {
    [RUN_PENDING] = "pending",     [RUN_RUNNING] = "running",
    [RUN_DONE] = "done",           [RUN_FAILED] = "failed",
    [RUN_PREEMPTED] = "preempted", [RUN_DIVERGED] = "diverged",
    [RUN_STOPPED] = "stopped",
};

const char *run_state_name(enum run_state state)
{
    BUG_ON((int)state < 0 || state >= RUN_STATES);
    return state_names[state];
}

/* --- paths -------------------------------------------------------------- */

void run_path(char path[RUN_PATH_MAX], const char *dir, const char *name)
{
    const char *slash = dir[strlen(dir) - 1] == '/' ? "" : "/";
    int n = snprintf(path, RUN_PATH_MAX, "%s%s%s", dir, slash, name);
    BUG_ON(n < 0 || n >= RUN_PATH_MAX);
}

#define STEP_NAME "step-%08lld.h5"

void run_step_path(char path[RUN_PATH_MAX], const char *dir, idx step)
{
    char name[64];
    snprintf(name, sizeof name, "checkpoints/" STEP_NAME, (long long)step);
    run_path(path, dir, name);
}

void run_resume_path(char path[RUN_PATH_MAX], const char *dir)
{
    run_path(path, dir, "checkpoints/resume.h5");
}

static bool has_file(const char *dir, const char *name)
{
    char path[RUN_PATH_MAX];
    struct stat st;
    run_path(path, dir, name);
    return stat(path, &st) == 0;
}

bool run_holds_run(const char *dir)
{
    if (!*dir || strlen(dir) >= RUN_DIR_MAX)
        return false;
    return has_file(dir, "status") ||
           (has_file(dir, "config.ini") && has_file(dir, "checkpoints"));
}

static bool is_empty(const char *dir)
{
    idx n = 0;
    DIR *folder = opendir(dir);
    for (; folder && readdir(folder); n++) {
    }
    if (folder)
        closedir(folder);
    return folder && n <= 2; /* . and .. */
}

bool run_holds_remains(const char *dir)
{
    /* KEEP WITH: docs/FORMATS.md */
    static const char *const names[] = {
        "status",      "lock",        "config.ini",   "manifest.ini",
        "log.txt",     "metrics.csv", "analysis.csv", "timing.csv",
        "analysis.h5", "checkpoints",
    };
    for (idx i = 0; i < COUNT_OF(names); i++)
        if (has_file(dir, names[i]))
            return true;
    return is_empty(dir);
}

static int set_dir(struct run_folder *r, const char *dir, struct err *e)
{
    size_t n = strlen(dir);
    while (n > 1 && dir[n - 1] == '/')
        n--;
    if (n == 0)
        return err_set(e, ERR_CONFIG, "run folder: empty, want a path");
    if (n >= RUN_DIR_MAX)
        return err_set(e, ERR_CONFIG,
                       "run folder: a path of %zu bytes, want at most %d", n,
                       RUN_DIR_MAX - 1);
    memcpy(r->dir, dir, n);
    r->dir[n] = '\0';
    return OK;
}

/* --- status ------------------------------------------------------------- */

int run_status_write(const struct run_folder *r, enum run_state state, idx step,
                     const char *reason, struct err *e)
{
    char path[RUN_PATH_MAX], text[RUN_REASON_MAX + 128], when[32];
    time_t now = time(NULL);
    struct tm utc;
    bool has_reason = reason && *reason;
    BUG_ON(!r->lock.is_held);
    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    int head = snprintf(text, sizeof text, "%s\nstep %lld, %s",
                        run_state_name(state), (long long)step, when);
    snprintf(text + head, sizeof text - (size_t)head, "%s%.*s",
             has_reason ? ": " : "", RUN_REASON_MAX - 1,
             has_reason ? reason : "");
    for (char *p = text + head; *p; p++) /* the reason stays on its line */
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    size_t n = strlen(text);
    text[n] = '\n';
    run_path(path, r->dir, "status");
    return sealed_text_write(path, text, n + 1, e);
}

static int find_state(const char *name)
{
    for (int i = 0; i < RUN_STATES; i++)
        if (strcmp(state_names[i], name) == 0)
            return i;
    return -1;
}

/* "step N, TIME: reason"; anything else leaves step 0 and no reason. */
static void parse_details(struct run_status *s, const char *line)
{
    long long step;
    if (sscanf(line, "step %lld,", &step) == 1 && step >= 0)
        s->step = (idx)step;
    const char *reason = strstr(line, ": ");
    if (reason)
        snprintf(s->reason, sizeof s->reason, "%s", reason + 2);
}

int run_status_read(struct run_status *s, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX], *text;
    size_t n;
    *s = (struct run_status){ 0 };
    run_path(path, dir, "status");
    int rc = sealed_text_read(&text, &n, NULL, path, STATUS_MAX_BYTES, ERR_DATA,
                              "`sinklab train RUN` finds out anew how far the "
                              "run is",
                              e);
    if (rc != OK)
        return rc;
    char *rest = text + strcspn(text, "\n");
    if (*rest)
        *rest++ = '\0';
    rest[strcspn(rest, "\n")] = '\0';
    int state = find_state(text);
    if (state < 0) {
        char shown[TEXT_SHOW_MAX];
        rc = err_set(e, ERR_DATA,
                     "%s:1: got '%s', want pending, running, done, failed, "
                     "preempted, diverged or stopped",
                     path, text_show(shown, text));
    } else {
        s->state = (enum run_state)state;
        parse_details(s, rest);
    }
    free(text);
    return rc;
}

/* --- opening ------------------------------------------------------------ */

static void draw_id(char id[RUN_ID_MAX])
{
    uint64_t bits;
    if (getentropy(&bits, sizeof bits)) /* no such device: never seen */
        bits = (uint64_t)time(NULL) << 24 ^ (uint64_t)getpid();
    snprintf(id, RUN_ID_MAX, "%016llx", (unsigned long long)bits);
}

/* The line "id = ..." of manifest.ini. */
static int read_id(struct run_folder *r, const char *path, struct err *e)
{
    static const char key[] = "\nid = ";
    char *text;
    size_t n;
    int rc = sealed_text_read(&text, &n, NULL, path, MANIFEST_MAX_BYTES,
                              ERR_DATA, RUN_MANIFEST_REMEDY, e);
    if (rc != OK)
        return rc;
    const char *line = strstr(text, key);
    size_t length = line ? strcspn(line + strlen(key), "\n") : 0;
    if (length > 0 && length < RUN_ID_MAX) {
        memcpy(r->id, line + strlen(key), length);
        r->id[length] = '\0';
    } else {
        rc = err_set(e, ERR_DATA, "%s: has no id of the run; %s", path,
                     RUN_MANIFEST_REMEDY);
    }
    free(text);
    return rc;
}

/* The id that a checkpoint bears; false if it cannot be read. */
static bool adopt_id(struct run_folder *r, const char *path)
{
    struct checkpoint_head head = { 0 };
    bool is_read = access(path, R_OK) == 0 &&
                   checkpoint_read_head(&head, path, NULL) == OK;
    if (is_read)
        snprintf(r->id, sizeof r->id, "%s", head.run_id);
    free(head.config);
    return is_read;
}

/* Without manifest.ini: as the checkpoints have it; a new one where there are
 * none. */
static int find_id_elsewhere(struct run_folder *r, struct err *e)
{
    struct step_list list = { 0 };
    char path[RUN_PATH_MAX];
    int rc = run_list_checkpoints(&list, r->dir, e);
    run_resume_path(path, r->dir);
    bool is_found = adopt_id(r, path);
    for (idx i = 0; i < list.n && !is_found; i++) {
        run_step_path(path, r->dir, list.steps[i]);
        is_found = adopt_id(r, path);
    }
    if (!is_found)
        draw_id(r->id);
    step_list_release(&list);
    return rc;
}

static int find_id(struct run_folder *r, struct err *e)
{
    char path[RUN_PATH_MAX];
    bool is_there = false;
    run_path(path, r->dir, "manifest.ini");
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK)
        return rc;
    return is_there ? read_id(r, path, e) : find_id_elsewhere(r, e);
}

static int already_holds(const struct run_folder *r, const struct run_status *s,
                         bool is_known, struct err *e)
{
    char state[64] = "state unknown", command_text[2 * RUN_DIR_MAX];
    struct text command = { command_text, sizeof command_text, 0 };
    if (is_known && s->state == RUN_RUNNING)
        snprintf(state, sizeof state, "interrupted");
    else if (is_known)
        snprintf(state, sizeof state, "%s at step %lld",
                 run_state_name(s->state), (long long)s->step);
    shell_add(&command, r->dir);
    return err_set(e, ERR_BUSY,
                   "%s already holds a run (%s): go on with `sinklab train "
                   "%s`, or give another run.dir",
                   r->dir, state, command_text);
}

/* Nothing of a run, and nothing under our names, may be overwritten. */
static int check_free(const struct run_folder *r, struct err *e)
{
    static const char *const names[] = { "config.ini",  "manifest.ini",
                                         "metrics.csv", "timing.csv",
                                         "analysis.h5", "analysis.csv" };
    struct step_list list = { 0 };
    struct run_status found = { 0 };
    bool has_status = has_file(r->dir, "status");
    int status_rc = has_status ? run_status_read(&found, r->dir, NULL) : ERR_IO;
    int rc = run_list_checkpoints(&list, r->dir, e);
    bool has_weights = list.n > 0 || has_file(r->dir, "checkpoints/resume.h5");
    step_list_release(&list);
    if (rc != OK)
        return rc;
    if (has_weights || (has_status && status_rc != OK) ||
        (has_status && found.state != RUN_PENDING))
        return already_holds(r, &found, status_rc == OK, e);
    for (idx i = 0; i < COUNT_OF(names) && !has_status; i++)
        if (has_file(r->dir, names[i]))
            return err_set(e, ERR_BUSY,
                           "%s is no run folder but holds a file %s: give "
                           "another run.dir",
                           r->dir, names[i]);
    return OK;
}

static int take_lock(struct run_folder *r, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, r->dir, "lock");
    return lock_take(&r->lock, path, r->dir, e);
}

/* With the lock held: the leftovers of writers that were killed. */
static int tidy(const struct run_folder *r, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, r->dir, "checkpoints");
    int rc = fsys_mkdirs(path, e);
    if (rc == OK)
        rc = fsys_remove_stale(r->dir, e);
    if (rc == OK)
        rc = fsys_remove_stale(path, e);
    return rc;
}

int run_create(struct run_folder *r, const char *dir, struct err *e)
{
    *r = (struct run_folder){ 0 };
    int rc = set_dir(r, dir, e);
    if (rc == OK)
        rc = fsys_mkdirs(r->dir, e);
    if (rc == OK)
        rc = take_lock(r, e);
    if (rc == OK)
        rc = check_free(r, e);
    if (rc == OK)
        rc = tidy(r, e);
    if (rc == OK)
        rc = find_id(r, e); /* a start that was killed may have left one */
    if (rc == OK)
        rc = run_status_write(r, RUN_PENDING, 0, NULL, e);
    if (rc != OK)
        run_close(r);
    return rc;
}

int run_open(struct run_folder *r, const char *dir, struct err *e)
{
    *r = (struct run_folder){ 0 };
    int rc = set_dir(r, dir, e);
    if (rc == OK && !run_holds_run(r->dir))
        rc = err_set(e, ERR_IO, "%s: holds no run, want a run folder", r->dir);
    if (rc == OK)
        rc = take_lock(r, e);
    if (rc == OK)
        rc = tidy(r, e);
    if (rc == OK)
        rc = find_id(r, e);
    if (rc != OK) {
        run_close(r);
        return rc;
    }
    /* Only a note: what can be resumed stands in resume.h5. */
    if (run_status_read(&r->found, r->dir, NULL) != OK)
        r->found = (struct run_status){ RUN_FAILED, 0, "status is damaged" };
    return OK;
}

void run_close(struct run_folder *r)
{
    lock_release(&r->lock);
    *r = (struct run_folder){ 0 };
}

int run_config_write(const struct run_folder *r, const char *text,
                     struct err *e)
{
    char path[RUN_PATH_MAX];
    BUG_ON(!r->lock.is_held);
    run_path(path, r->dir, "config.ini");
    return sealed_text_write(path, text, strlen(text), e);
}

int run_config_load(struct config *c, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, "config.ini");
    return config_load_sealed(c, path,
                              "undo the change, or `sinklab train CONFIG.ini "
                              "--resume run.dir=RUN` writes it anew",
                              e);
}

/* --- checkpoints -------------------------------------------------------- */

/* The step in a file's name, or -1 if run_step_path would not write it so. */
static idx step_of_name(const char *name)
{
    char again[64];
    long long step;
    if (sscanf(name, "step-%lld", &step) != 1 || step < 0)
        return -1;
    snprintf(again, sizeof again, STEP_NAME, step);
    return strcmp(again, name) == 0 ? (idx)step : -1;
}

static int compare_steps(const void *a, const void *b)
{
    idx x = *(const idx *)a, y = *(const idx *)b;
    return (x > y) - (x < y);
}

/* Count the files with a step in their name; fill steps (cap) if not NULL. */
static idx read_steps(DIR *folder, idx *steps, idx cap)
{
    idx n = 0;
    rewinddir(folder);
    for (struct dirent *d; (d = readdir(folder));) {
        idx step = step_of_name(d->d_name);
        if (step < 0 || (steps && n == cap)) /* new since they were counted */
            continue;
        if (steps)
            steps[n] = step;
        n++;
    }
    return n;
}

int run_list_checkpoints(struct step_list *list, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, "checkpoints");
    DIR *folder = opendir(path);
    if (!folder && errno == ENOENT)
        return OK;
    if (!folder)
        return err_system(e, path, "open this folder");
    idx cap = read_steps(folder, NULL, 0);
    int rc = arena_open(&list->memory, (size_t)cap * sizeof(idx) + 1, e);
    if (rc == OK) {
        list->steps = arena_bytes(&list->memory, (size_t)cap * sizeof(idx));
        list->n = read_steps(folder, list->steps, cap);
        qsort(list->steps, (size_t)list->n, sizeof(idx), compare_steps);
    }
    closedir(folder);
    return rc;
}

void step_list_release(struct step_list *list)
{
    arena_release(&list->memory);
    *list = (struct step_list){ 0 };
}
