#include "run/manifest.h"
#include "base/build.h"
#include "base/shell.h"
#include "io/fsys.h"
#include "io/ini.h"
#include "io/sealed_text.h"
#include "run/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNKNOWN "unknown"
#define SCHEDULE_KEPT "kept"

/* Words of commands fill one half at most, so that what else starts say finds
 * room for a long time; no start and its end take more than START_MAX_BYTES
 * beside them. */
enum {
    MANIFEST_MAX_BYTES = 1 << 24,
    WORDS_MAX_BYTES = MANIFEST_MAX_BYTES / 2,
    START_MAX_BYTES = 1 << 16,
    NAME_MAX_BYTES = 64, /* of the subcommand, which always has room */
};

/* ---- what a start says -------------------------------------------------- */

static void add_time(struct text *t, const char *key)
{
    text_add(t, "%s = ", key);
    text_add_now(t);
    text_add(t, "\n");
}

static void add_line(struct text *t, const char *key, const char *value)
{
    text_add(t, "%s = %s\n", key, value && *value ? value : UNKNOWN);
}

/* As many of the words as room_bytes hold. */
static void add_command(struct text *t, int argc, char *const *argv,
                        size_t room_bytes)
{
    int n = 0;
    text_add(t, "command =");
    for (; n < argc; n++) {
        struct text word = { 0 };
        shell_add(&word, argv[n]);
        if (word.n >= room_bytes)
            break;
        room_bytes -= word.n + 1;
        text_add(t, " ");
        shell_add(t, argv[n]);
    }
    if (n < argc)
        text_add(t, " [%d word%s left out]", argc - n,
                 argc - n == 1 ? "" : "s");
    text_add(t, "\n");
}

/* "model name : AMD ..." of the first processor; "unknown" elsewhere. */
static void find_cpu(char *cpu, size_t cap)
{
    char line[512];
    static const char key[] = "model name";
    FILE *f = fopen("/proc/cpuinfo", "r");
    snprintf(cpu, cap, UNKNOWN);
    while (f && fgets(line, sizeof line, f)) {
        char *value = strchr(line, ':');
        if (!value || strncmp(line, key, strlen(key)) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(cpu, cap, "%s", text_trim(value + 1));
        break;
    }
    if (f)
        fclose(f);
}

/* What this program and *s are, as the file says it. */
struct makers {
    char program[HASH_HEX_MAX], libc[PROGRAM_LIBC_MAX];
    const char *of[MANIFEST_MAKERS];
};

static void find_makers(struct makers *m, const struct manifest_start *s)
{
    program_hash(m->program);
    program_libc(m->libc);
    const char *const of[MANIFEST_MAKERS] = {
        [MAKER_PRODUCTS] = s->products,
        [MAKER_PRECISION] = s->precision,
        [MAKER_BLAS_CORE] = s->blas_core,
        [MAKER_BLAS] = s->blas,
        [MAKER_REAL] = sizeof(real) == sizeof(float) ? "float" : "double",
        [MAKER_COMMIT] = build_commit(),
        [MAKER_FLAGS] = build_flags(),
        [MAKER_COMPILER] = build_compiler(),
        [MAKER_LIBC] = m->libc,
        [MAKER_PROGRAM] = m->program,
    };
    for (int i = 0; i < MANIFEST_MAKERS; i++)
        m->of[i] = of[i] && *of[i] ? of[i] : UNKNOWN;
}

static const char *const maker_keys[MANIFEST_MAKERS] = {
    [MAKER_PRODUCTS] = "products",   [MAKER_PRECISION] = "precision",
    [MAKER_BLAS_CORE] = "blas_core", [MAKER_BLAS] = "blas",
    [MAKER_REAL] = "real",           [MAKER_COMMIT] = "commit",
    [MAKER_FLAGS] = "flags",         [MAKER_COMPILER] = "compiler",
    [MAKER_LIBC] = "libc",           [MAKER_PROGRAM] = "program",
};

/* In the order in which they are best read: the last of the table first. */
static void add_makers(struct text *t, const struct makers *m)
{
    for (int i = MANIFEST_MAKERS - 1; i >= 0; i--)
        add_line(t, maker_keys[i], m->of[i]);
}

static void add_start(struct text *t, idx number,
                      const struct manifest_start *s, size_t room_bytes,
                      const struct makers *m, const char *cpu, const char *host)
{
    text_add(t, "\n[start %lld]\n", (long long)number);
    add_time(t, "started");
    text_add(t, "from_step = %lld\n", (long long)s->from_step);
    add_command(t, s->argc, s->argv, room_bytes);
    add_line(t, "schedule", s->changes_schedule ? "changed" : SCHEDULE_KEPT);
    add_line(t, "version", build_version());
    add_makers(t, m);
    add_line(t, "blas_threading", s->blas_threading);
    add_line(t, "cpu", cpu);
    text_add(t, "cores = %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
    text_add(t, "processes = %lld\n", (long long)s->processes);
    text_add(t, "threads = %lld\n", (long long)s->threads);
    add_line(t, "host", host);
    text_add(t, "process = %ld\n", (long)getpid());
}

/* ---- reading ----------------------------------------------------------- */

struct manifest_reading {
    struct manifest *m;
    const char *path;
    bool is_run; /* in [run] */
    struct err *e;
};

static void begin_section(struct manifest_reading *r, const char *section)
{
    struct manifest *m = r->m;
    r->is_run = strcmp(section, "run") == 0;
    if (strncmp(section, "start ", strlen("start ")) != 0)
        return;
    struct manifest_process *p = pool_bytes(&m->memory, sizeof *p);
    if (!p)
        return;
    p->before = m->latest;
    p->command = "";
    for (int i = 0; i < MANIFEST_MAKERS; i++)
        p->makers[i] = "";
    p->makers[MAKER_PRODUCTS] = "OpenBLAS"; /* before there was a choice */
    p->makers[MAKER_PRECISION] = "float32";
    m->latest = p;
    m->n++;
}

/* A copy; "" for want of memory, which manifest_read tells. */
static const char *keep(struct manifest *m, const char *text)
{
    const char *copy = pool_text(&m->memory, text, SIZE_MAX);
    return copy ? copy : "";
}

/* May this command of an older version have changed what is due when? One that
 * its reader took for a comment in part has a quote that is not closed, and
 * may have. */
static bool may_change_schedule(const char *command)
{
    static const char *const words[] = { "_every", "checkpoint.", "--resume" };
    bool may = text_count(command, '\'') % 2 != 0;
    for (idx i = 0; i < COUNT_OF(words); i++)
        may |= strstr(command, words[i]) != NULL;
    return may;
}

static void take_value(struct manifest_reading *r, const char *key,
                       const char *text)
{
    struct manifest *m = r->m;
    struct manifest_process *p = m->latest;
    if (r->is_run && strcmp(key, "id") == 0 && strlen(text) < RUN_ID_MAX)
        snprintf(m->id, sizeof m->id, "%s", text);
    if (r->is_run || !p)
        return;
    if (strcmp(key, "command") == 0) {
        p->command = keep(m, text);
        p->changes_schedule = may_change_schedule(text);
    } else if (strcmp(key, "schedule") == 0) { /* behind the command */
        p->changes_schedule = strcmp(text, SCHEDULE_KEPT) != 0;
    } else if (strcmp(key, "from_step") == 0)
        p->from_step = strtoll(text, NULL, 10);
    else if (strcmp(key, "to_step") == 0)
        p->to_step = strtoll(text, NULL, 10);
    else if (strcmp(key, "ended") == 0)
        p->has_ended = true;
    for (int i = 0; i < MANIFEST_MAKERS; i++)
        if (strcmp(key, maker_keys[i]) == 0)
            p->makers[i] = keep(m, text);
}

static void take_item(void *user, const struct ini_item *item)
{
    struct manifest_reading *r = user;
    if (item->kind == INI_SECTION)
        begin_section(r, item->section);
    else if (item->kind == INI_VALUE)
        take_value(r, item->key, item->text);
    else if (item->kind == INI_PROBLEM)
        err_set(r->e, ERR_DATA, "%s:%td: %s; %s", r->path, item->line,
                item->text, RUN_MANIFEST_REMEDY);
}

int manifest_read(struct manifest *m, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX], *text;
    struct err own = { 0 };
    struct manifest_reading r = { .m = m, .path = path, .e = &own };
    size_t n;
    run_path(path, dir, RUN_MANIFEST);
    int rc = sealed_text_read(&text, &n, NULL, path, MANIFEST_MAX_BYTES,
                              ERR_DATA, RUN_MANIFEST_REMEDY, e);
    if (rc != OK)
        return rc;
    ini_read_own(text, n, take_item, &r, &own);
    free(text);
    if (m->memory.is_out_of_memory)
        return err_memory(e, path);
    if (own.code == OK && !m->id[0])
        err_set(&own, ERR_DATA, "%s: has no id of the run; %s", path,
                RUN_MANIFEST_REMEDY);
    return err_pass(e, &own);
}

void manifest_release(struct manifest *m)
{
    pool_release(&m->memory);
    *m = (struct manifest){ 0 };
}

void manifest_changes(char changes[MANIFEST_CHANGES_MAX],
                      const struct manifest *m)
{
    struct text t = { changes, MANIFEST_CHANGES_MAX, 0 };
    const struct manifest_process *p = m->latest;
    changes[0] = '\0';
    for (int i = 0; i < MAKER_PROGRAM && p && p->before; i++) {
        const char *was = p->before->makers[i], *is = p->makers[i];
        /* what an import did not write, nothing was computed with */
        if (strcmp(was, is) == 0 || !*was || strcmp(was, UNKNOWN) == 0)
            continue;
        text_add(&t, "%s%s ", t.n ? "; " : "", maker_keys[i]);
        if (i == MAKER_FLAGS) /* too long to show */
            text_add(&t, "changed");
        else
            text_add(&t, "was %.80s and is %.80s", was, is);
    }
}

bool manifest_would_make(const struct manifest *m,
                         const struct manifest_start *s)
{
    struct makers ours;
    if (m->n != 1 || !m->latest->has_ended || m->latest->from_step != 0)
        return false;
    find_makers(&ours, s);
    for (int i = 0; i < MANIFEST_MAKERS; i++)
        if (strcmp(ours.of[i], UNKNOWN) == 0 ||
            strcmp(ours.of[i], m->latest->makers[i]) != 0)
            return false;
    return true;
}

/* ---- writing ----------------------------------------------------------- */

int manifest_find(bool *is_there, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, RUN_MANIFEST);
    return fsys_exists(is_there, path, e);
}

/* The file with more text behind it, or a new one. */
static int append(const char *dir, const char *id, const struct text *more,
                  struct err *e)
{
    char path[RUN_PATH_MAX], head[256], *old = NULL, *both;
    struct text t = { head, sizeof head, 0 };
    bool is_there;
    size_t n = 0;
    BUG_ON(more->n >= more->cap_bytes);
    run_path(path, dir, RUN_MANIFEST);
    int rc = manifest_find(&is_there, dir, e);
    if (rc == OK && is_there)
        rc = sealed_text_read(&old, &n, NULL, path, MANIFEST_MAX_BYTES,
                              ERR_DATA, RUN_MANIFEST_REMEDY, e);
    if (rc != OK)
        return rc;
    if (!is_there) {
        text_add(&t,
                 "; what made this run's numbers, start by start\n[run]\n"
                 "id = %s\n",
                 id);
        add_time(&t, "created");
        n = t.n;
    }
    if (asprintf(&both, "%s%s", old ? old : head, more->at) >= 0) {
        rc = sealed_text_write(path, both, n + more->n, e);
        free(both);
    } else {
        rc = err_memory(e, path);
    }
    free(old);
    return rc;
}

/* Starts so far. */
static int count_starts(idx *n, const char *dir, struct err *e)
{
    struct manifest m = { 0 };
    bool is_there;
    int rc = manifest_find(&is_there, dir, e);
    if (rc == OK && is_there)
        rc = manifest_read(&m, dir, e);
    *n = m.n;
    manifest_release(&m);
    return rc;
}

/* 0: there is none. */
static int find_size(size_t *bytes, const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct stat st;
    run_path(path, dir, RUN_MANIFEST);
    *bytes = 0;
    if (stat(path, &st) == 0)
        *bytes = (size_t)st.st_size;
    else if (errno != ENOENT)
        return err_system(e, path, "look at");
    return OK;
}

int manifest_check_room(const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX];
    size_t bytes;
    if (find_size(&bytes, dir, e) ||
        bytes + START_MAX_BYTES <= MANIFEST_MAX_BYTES)
        return e->code;
    run_path(path, dir, RUN_MANIFEST);
    return err_set(e, ERR_DATA,
                   "%s: has no room for another start (%d MiB at most); %s",
                   path, MANIFEST_MAX_BYTES >> 20, RUN_MANIFEST_REMEDY);
}

int manifest_add_start(const char *dir, const char *id,
                       const struct manifest_start *s, struct err *e)
{
    struct text more = { 0 };
    struct makers makers;
    char cpu[256], host[128] = ""; /* once: they might differ another time */
    size_t size, room = NAME_MAX_BYTES;
    idx n;
    if (manifest_check_room(dir, e) || count_starts(&n, dir, e) ||
        find_size(&size, dir, e))
        return e->code;
    if (size + room < WORDS_MAX_BYTES)
        room = WORDS_MAX_BYTES - size;
    find_makers(&makers, s);
    find_cpu(cpu, sizeof cpu);
    gethostname(host, sizeof host - 1);
    add_start(&more, n + 1, s, room, &makers, cpu,
              host); /* how long is the command? */
    more.cap_bytes = more.n + 1;
    more.n = 0;
    more.at = malloc(more.cap_bytes);
    if (!more.at)
        return err_memory(e, dir);
    add_start(&more, n + 1, s, room, &makers, cpu, host);
    int rc = append(dir, id, &more, e);
    free(more.at);
    return rc;
}

int manifest_add_end(const char *dir, const char *id, const char *state,
                     idx step, struct err *e)
{
    char end[256];
    struct text more = { end, sizeof end, 0 };
    add_time(&more, "ended");
    text_add(&more, "state = %s\nto_step = %lld\n", state, (long long)step);
    return append(dir, id, &more, e);
}

/* The import that counts: one that was killed may have been given again. */
static const struct manifest_process *last_import(const struct manifest *m)
{
    const struct manifest_process *p = m->latest;
    while (p && strncmp(p->command, "import ", 7) != 0)
        p = p->before;
    return p;
}

bool manifest_is_import(const struct manifest *m)
{
    return last_import(m) != NULL;
}

idx manifest_import_step(const struct manifest *m)
{
    const struct manifest_process *p = last_import(m), *next = m->latest;
    while (next && next != p && next->before != p)
        next = next->before;
    return !p             ? -1
           : p->has_ended ? p->to_step
           : next != p    ? next->from_step
                          : -1;
}
