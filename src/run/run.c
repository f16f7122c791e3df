#include "run/run.h"
#include "base/grow.h"
#include "base/shell.h"
#include "config/config.h"
#include "io/place.h"
#include "io/sealed_text.h"
#include "run/manifest.h"
#include "run/metrics.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { STATUS_MAX_BYTES = 4096 };

/* --- what is there ------------------------------------------------------ */

/* A folder called status makes no run of the one it lies in. */
static int find_status(bool *is_there, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    bool is_folder = false;
    run_path(path, dir, RUN_STATUS);
    int rc = fsys_exists(is_there, path, e);
    if (rc == OK && *is_there)
        rc = fsys_is_folder(&is_folder, path, e);
    *is_there &= !is_folder;
    return rc;
}

int run_holds_run(bool *holds, const char *dir, struct err *e)
{
    bool has_config, has_checkpoints;
    *holds = false;
    if (!*dir || strlen(dir) >= RUN_DIR_MAX)
        return OK;
    int rc = find_status(holds, dir, e);
    if (rc != OK || *holds)
        return rc;
    rc = run_file_exists(&has_config, dir, RUN_CONFIG, e);
    if (rc == OK)
        rc = run_file_exists(&has_checkpoints, dir, RUN_CHECKPOINTS, e);
    *holds = rc == OK && has_config && has_checkpoints;
    return rc;
}

int run_none(const char *dir, const char *want, struct err *e)
{
    bool is_there;
    if (fsys_exists(&is_there, dir, ERR_IGNORED) == OK && !is_there)
        return err_set(e, ERR_USAGE, "%s: no such file or folder: give %s", dir,
                       want);
    return err_set(e, ERR_USAGE, "%s holds no run: give %s", dir, want);
}

static int find_empty(bool *is_empty, const char *dir, struct err *e)
{
    idx n = 0;
    struct dirent *d;
    DIR *folder = opendir(dir);
    *is_empty = false;
    if (!folder)
        return err_system(e, dir, "open this folder");
    int rc;
    while ((rc = fsys_next(&d, folder, dir, e)) == OK && d)
        n++;
    closedir(folder);
    *is_empty = n <= 2; /* . and .. */
    return rc;
}

int run_holds_remains(bool *holds, const char *dir, struct err *e)
{
    const char *name;
    int rc = run_files_find(&name, dir, true, e);
    *holds = rc == OK && name;
    return rc != OK || name ? rc : find_empty(holds, dir, e);
}

static int set_dir(struct run_folder *r, const char *dir, struct err *e)
{
    size_t n = path_length(dir);
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
    char path[RUN_PATH_MAX], text[RUN_REASON_MAX + 128];
    struct text t = { text, sizeof text, 0 };
    bool has_reason = reason && *reason;
    BUG_ON(!r->lock.is_held);
    text_add(&t, "%s\nstep %td, ", run_state_name(state), step);
    text_add_now(&t);
    size_t head = t.n;
    text_add(&t, "%s%.*s", has_reason ? ": " : "", RUN_REASON_MAX - 1,
             has_reason ? reason : "");
    for (char *p = text + head; *p; p++) /* the reason stays on its line */
        if (*p == '\n' || *p == '\r')
            *p = ' ';
    text_add(&t, "\n");
    BUG_ON(t.n >= sizeof text);
    run_path(path, r->dir, RUN_STATUS);
    return sealed_text_write(path, text, t.n, e);
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
    run_path(path, dir, RUN_STATUS);
    int rc = sealed_text_read(&text, &n, NULL, path, STATUS_MAX_BYTES, ERR_DATA,
                              RUN_STATUS_REMEDY, e);
    if (rc != OK)
        return rc;
    char *rest = text + strcspn(text, "\n");
    if (*rest)
        *rest++ = '\0';
    rest[strcspn(rest, "\n")] = '\0';
    s->state = run_state_find(text);
    if (s->state == RUN_UNKNOWN) {
        char shown[TEXT_SHOW_MAX], names[128];
        struct text all = { names, sizeof names, 0 };
        for (int i = 0; i < RUN_UNKNOWN; i++)
            text_add(&all, "%s%s", i > 0 ? ", " : "", run_states[i].name);
        *s = (struct run_status){ 0 };
        rc = err_set(e, ERR_DATA, "%s:1: got '%s', want %s", path,
                     text_show(shown, text), names);
    } else {
        parse_details(s, rest);
    }
    free(text);
    return rc;
}

/* Did its last process end in order, so that all rows are whole? */
static bool has_ended(const char *dir)
{
    struct run_status status;
    return run_status_read(&status, dir, ERR_IGNORED) == OK &&
           run_states[status.state].is_in_order;
}

int run_metrics_read(struct table *t, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    bool is_there = false, is_over = has_ended(dir); /* before it is read */
    run_path(path, dir, RUN_METRICS);
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK || !is_there)
        return rc;
    rc = table_read_steps(t, path, NULL, e);
    if (rc != OK || !t->is_torn || !is_over)
        return rc;
    table_release(t);
    return err_set(e, ERR_DATA,
                   "%s: its last row is cut off, but the run had ended; put a "
                   "copy of the file back",
                   path);
}

enum run_state run_look(struct run_status *found, const char *dir,
                        struct err *e)
{
    char path[RUN_PATH_MAX];
    struct run_status status = { 0 };
    struct err own = { 0 };
    bool is_there = false, is_taken = false;
    int rc = run_file_exists(&is_there, dir, RUN_STATUS, &own);
    if (rc == OK && is_there)
        rc = run_status_read(&status, dir, &own);
    run_path(path, dir, RUN_LOCK);
    if (rc == OK && status.state != RUN_DONE)
        rc = lock_is_taken(&is_taken, path, &own);
    enum run_state state = status.state;
    if (is_taken)
        state = RUN_RUNNING;
    else if (state == RUN_RUNNING)
        state = RUN_PREEMPTED;
    if (rc != OK || !is_there) {
        state = RUN_UNKNOWN;
        snprintf(status.reason, sizeof status.reason, "%.*s",
                 RUN_REASON_MAX - 1, own.text);
    }
    if (err_is_refusal(rc))
        err_pass(e, &own);
    if (found)
        *found = status;
    return state;
}

/* --- opening ------------------------------------------------------------ */

static void draw_id(char id[RUN_ID_MAX])
{
    uint64_t bits;
    if (getentropy(&bits, sizeof bits)) /* no such device: never seen */
        bits = (uint64_t)time(NULL) << 24 ^ (uint64_t)getpid();
    snprintf(id, RUN_ID_MAX, "%016llx", (unsigned long long)bits);
}

static int read_id(struct run_folder *r, struct err *e)
{
    struct manifest m = { 0 };
    int rc = manifest_read(&m, r->dir, e);
    strcpy(r->id, m.id);
    manifest_release(&m);
    return rc;
}

/* The id that a checkpoint bears, if it is there and not damaged. */
static int adopt_id(bool *is_found, struct run_folder *r, const char *path,
                    struct err *e)
{
    struct checkpoint_head head = { 0 };
    struct err own = { 0 };
    bool is_there;
    *is_found = false;
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK || !is_there)
        return rc;
    rc = checkpoint_read_head(&head, path, &own);
    *is_found = rc == OK;
    if (*is_found)
        snprintf(r->id, sizeof r->id, "%s", head.run_id);
    free(head.config);
    return rc == ERR_CHECKPOINT ? OK : err_pass(e, &own);
}

/* Without manifest.ini: as the checkpoints have it; a new one where there are
 * none. */
static int find_id_elsewhere(struct run_folder *r, struct err *e)
{
    struct step_list list = { 0 };
    char path[RUN_PATH_MAX];
    int rc = run_list_checkpoints(&list, r->dir, e);
    run_resume_path(path, r->dir);
    bool is_found = false;
    if (rc == OK)
        rc = adopt_id(&is_found, r, path, e);
    for (idx i = 0; rc == OK && i < list.n && !is_found; i++) {
        run_step_path(path, r->dir, list.steps[i]);
        rc = adopt_id(&is_found, r, path, e);
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
    run_path(path, r->dir, RUN_MANIFEST);
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK)
        return rc;
    return is_there ? read_id(r, e) : find_id_elsewhere(r, e);
}

static int already_holds(const struct run_folder *r, const struct run_status *s,
                         bool is_known, struct err *e)
{
    char state[64] = "state unknown", command_text[2 * RUN_DIR_MAX];
    struct text command = { command_text, sizeof command_text, 0 };
    if (is_known && s->state == RUN_RUNNING)
        snprintf(state, sizeof state, "%s", run_state_word(RUN_PREEMPTED));
    else if (is_known)
        snprintf(state, sizeof state, "%s at step %lld",
                 run_state_word(s->state), (long long)s->step);
    shell_add(&command, r->dir);
    if (is_known && s->state == RUN_DONE)
        return err_set(
            e, ERR_BUSY,
            "%s already holds a run (%s): give another run.dir, or "
            "make it longer with `sinklab train %s` and train.steps=N",
            r->dir, state, command_text);
    return err_set(e, ERR_BUSY,
                   "%s already holds a run (%s): go on with `sinklab train "
                   "%s`, or give another run.dir",
                   r->dir, state, command_text);
}

/* Is there a row in a log whose first line names its columns? */
static int find_rows(bool *has_rows, const struct run_folder *r, struct err *e)
{
    char path[RUN_PATH_MAX], *text = NULL;
    size_t n = 0;
    bool is_there;
    *has_rows = false;
    run_path(path, r->dir, RUN_METRICS);
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK || !is_there)
        return rc;
    rc = fsys_read_file(&text, &n, path, TABLE_MAX_BYTES, e);
    const char *header_end = text ? memchr(text, '\n', n) : NULL;
    *has_rows = header_end && header_end + 1 < text + n;
    free(text);
    return rc;
}

/* Has anything been computed here? */
static int find_numbers(bool *has_numbers, const struct run_folder *r,
                        struct err *e)
{
    struct step_list list = { 0 };
    bool has_resume = false, has_rows = false;
    int rc = run_list_checkpoints(&list, r->dir, e);
    if (rc == OK)
        rc = run_file_exists(&has_resume, r->dir,
                             RUN_CHECKPOINTS "/" RUN_RESUME, e);
    if (rc == OK)
        rc = find_rows(&has_rows, r, e);
    *has_numbers = list.n > 0 || has_resume || has_rows;
    step_list_release(&list);
    return rc;
}

/* A run in this state may have been computed and lost its numbers. */
static bool is_begun(enum run_state state)
{
    return state != RUN_PENDING && state != RUN_RUNNING && state != RUN_FAILED;
}

/* A folder under our names without a status is not ours; nor is a status that
 * we would not write, unless a run's config stands beside it. */
static int check_ours(const struct run_folder *r, bool has_status,
                      bool is_known, struct err *e)
{
    const char *found = NULL;
    int rc = has_status ? OK : run_files_find(&found, r->dir, false, e);
    if (rc != OK)
        return rc;
    if (has_status && !is_known)
        found = RUN_STATUS;
    return found ? err_set(e, ERR_BUSY,
                           "%s is no run folder but holds a file %s: give "
                           "another run.dir",
                           r->dir, found)
                 : OK;
}

/* Nothing of a run, and nothing under our names, may be overwritten. What a
 * start has left that came to nothing is no run. */
static int check_free(const struct run_folder *r, struct err *e)
{
    struct run_status found = { 0 };
    struct err own = { 0 };
    bool has_status, has_numbers, has_config;
    if (run_file_exists(&has_status, r->dir, RUN_STATUS, e) ||
        find_numbers(&has_numbers, r, e) ||
        run_file_exists(&has_config, r->dir, RUN_CONFIG, e))
        return e->code;
    if (has_status && run_status_read(&found, r->dir, &own) != OK &&
        own.code != ERR_DATA)
        return err_pass(e, &own);
    bool is_known = own.code == OK;
    if (has_numbers || (has_status && is_known && is_begun(found.state)) ||
        (has_status && !is_known && has_config))
        return already_holds(r, &found, has_status && is_known, e);
    return check_ours(r, has_status, is_known, e);
}

static int take_lock(struct run_folder *r, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, r->dir, RUN_LOCK);
    return lock_take(&r->lock, path, r->dir, e);
}

/* With the lock held: the leftovers of writers that were killed. */
static int tidy(const struct run_folder *r, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, r->dir, RUN_CHECKPOINTS);
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
    bool holds = false;
    *r = (struct run_folder){ 0 };
    int rc = set_dir(r, dir, e);
    if (rc == OK)
        rc = run_holds_run(&holds, r->dir, e);
    if (rc == OK && !holds)
        rc = run_none(r->dir, "the folder of a run", e);
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
    bool has_status;
    struct err own = { 0 };
    rc = run_file_exists(&has_status, r->dir, RUN_STATUS, e);
    if (rc == OK && (!has_status || run_status_read(&r->found, r->dir, &own)))
        r->found = (struct run_status){ .state = RUN_FAILED,
                                        .reason = "status is damaged" };
    if (rc == OK && err_is_refusal(own.code))
        rc = err_pass(e, &own);
    if (rc != OK)
        run_close(r);
    return rc;
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
    run_path(path, r->dir, RUN_CONFIG);
    return sealed_text_write(path, text, strlen(text), e);
}

int run_config_load(struct config *c, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, RUN_CONFIG);
    return config_load_sealed(c, path, RUN_CONFIG_REMEDY, e);
}

/* --- checkpoints -------------------------------------------------------- */

static int compare_steps(const void *a, const void *b)
{
    idx x = *(const idx *)a, y = *(const idx *)b;
    return (x > y) - (x < y);
}

int run_list_checkpoints(struct step_list *list, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct dirent *d;
    int rc;
    run_path(path, dir, RUN_CHECKPOINTS);
    DIR *folder = opendir(path);
    if (!folder && errno == ENOENT)
        return OK;
    if (!folder)
        return err_system(e, path, "open this folder");
    while ((rc = fsys_next(&d, folder, path, e)) == OK && d) {
        idx step = run_step_of_name(d->d_name);
        if (step < 0)
            continue;
        if (!GROW(list->steps, list->n)) {
            rc = err_memory(e, NULL);
            break;
        }
        list->steps[list->n++] = step;
    }
    if (list->n > 0)
        qsort(list->steps, (size_t)list->n, sizeof(idx), compare_steps);
    closedir(folder);
    return rc;
}

void step_list_release(struct step_list *list)
{
    free(list->steps);
    *list = (struct step_list){ 0 };
}
