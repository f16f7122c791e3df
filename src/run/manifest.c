#include "run/manifest.h"
#include "base/build.h"
#include "base/shell.h"
#include "io/sealed_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MANIFEST_MAX_BYTES = 1 << 24 };

static void add_time(struct text *t, const char *key)
{
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    text_add(t, "%s = %s\n", key, when);
}

static void add_line(struct text *t, const char *key, const char *value)
{
    text_add(t, "%s = %s\n", key, value && *value ? value : "unknown");
}

static void add_command(struct text *t, int argc, char *const *argv)
{
    text_add(t, "command =");
    for (int i = 0; i < argc; i++) {
        text_add(t, " ");
        shell_add(t, argv[i]);
    }
    text_add(t, "\n");
}

/* "model name : AMD ..." of the first processor; "unknown" elsewhere. */
static void find_cpu(char *cpu, size_t cap)
{
    char line[512];
    static const char key[] = "model name";
    FILE *f = fopen("/proc/cpuinfo", "r");
    snprintf(cpu, cap, "unknown");
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

static void add_start(struct text *t, idx number,
                      const struct manifest_start *s, const char *cpu,
                      const char *host)
{
    text_add(t, "\n[start %lld]\n", (long long)number);
    add_time(t, "started");
    text_add(t, "from_step = %lld\n", (long long)s->from_step);
    add_command(t, s->argc, s->argv);
    add_line(t, "version", build_version());
    add_line(t, "commit", build_commit());
    add_line(t, "compiler", build_compiler());
    add_line(t, "flags", build_flags());
    text_add(t, "real = %s\n",
             sizeof(real) == sizeof(float) ? "float" : "double");
    add_line(t, "blas", s->blas);
    add_line(t, "blas_core", s->blas_core);
    add_line(t, "blas_threading", s->blas_threading);
    add_line(t, "cpu", cpu);
    text_add(t, "cores = %ld\n", sysconf(_SC_NPROCESSORS_ONLN));
    text_add(t, "threads = %lld\n", (long long)s->threads);
    add_line(t, "host", host);
    text_add(t, "process = %ld\n", (long)getpid());
}

/* Sections "[start N]" so far. */
static idx count_starts(const char *text)
{
    idx n = 0;
    for (const char *p = text; (p = strstr(p, "\n[start ")); p++)
        n++;
    return n;
}

/* The file's text, or the head of a new one; freed by the caller. */
static int read_text(char **text, size_t *n, const struct run_folder *r,
                     const char *path, struct err *e)
{
    char head[256];
    struct text t = { head, sizeof head, 0 };
    bool is_there = false;
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK || is_there)
        return rc != OK
                   ? rc
                   : sealed_text_read(text, n, NULL, path, MANIFEST_MAX_BYTES,
                                      ERR_DATA, RUN_MANIFEST_REMEDY, e);
    text_add(&t, "; what made this run's numbers, start by start\n[run]\n");
    text_add(&t, "id = %s\n", r->id);
    add_time(&t, "created");
    *text = strdup(head);
    *n = t.n;
    return *text ? OK : err_set(e, ERR_MEMORY, "%s: out of memory", path);
}

static int append(const char *path, const char *old, size_t old_n,
                  const struct text *more, struct err *e)
{
    char *both = malloc(old_n + more->n + 1);
    BUG_ON(more->n >= more->cap_bytes);
    if (!both)
        return err_set(e, ERR_MEMORY, "%s: out of memory", path);
    memcpy(both, old, old_n);
    memcpy(both + old_n, more->at, more->n);
    int rc = sealed_text_write(path, both, old_n + more->n, e);
    free(both);
    return rc;
}

int manifest_add_start(const struct run_folder *r,
                       const struct manifest_start *s, struct err *e)
{
    char path[RUN_PATH_MAX], *old;
    size_t n;
    BUG_ON(!r->lock.is_held);
    run_path(path, r->dir, "manifest.ini");
    int rc = read_text(&old, &n, r, path, e);
    if (rc != OK)
        return rc;
    idx number = count_starts(old) + 1;
    struct text more = { 0 };
    char cpu[256], host[128] = ""; /* once: they might differ another time */
    find_cpu(cpu, sizeof cpu);
    gethostname(host, sizeof host - 1);
    add_start(&more, number, s, cpu, host); /* how long is the command? */
    more.cap_bytes = more.n + 1;
    more.n = 0;
    more.at = malloc(more.cap_bytes);
    if (more.at) {
        add_start(&more, number, s, cpu, host);
        rc = append(path, old, n, &more, e);
    } else {
        rc = err_set(e, ERR_MEMORY, "%s: out of memory", path);
    }
    free(more.at);
    free(old);
    return rc;
}

/* The value of a key in the section that begins at `section`; "" if none.
 * Cut to cap. */
static void find_value(char *value, size_t cap, const char *section,
                       const char *key)
{
    const char *end = strstr(section + 1, "\n[");
    char name[64];
    snprintf(name, sizeof name, "\n%s = ", key);
    const char *at = strstr(section, name);
    value[0] = '\0';
    if (!at || (end && at > end))
        return;
    at += strlen(name);
    snprintf(value, cap, "%.*s", (int)strcspn(at, "\n"), at);
}

void manifest_changes(char changes[MANIFEST_CHANGES_MAX],
                      const struct run_folder *r)
{
    static const char *const keys[] = { "blas_core", "blas",  "real",
                                        "commit",    "flags", "compiler" };
    char path[RUN_PATH_MAX], *text = NULL;
    const char *last = NULL, *before = NULL;
    struct text t = { changes, MANIFEST_CHANGES_MAX, 0 };
    size_t n;
    changes[0] = '\0';
    run_path(path, r->dir, "manifest.ini");
    if (sealed_text_read(&text, &n, NULL, path, MANIFEST_MAX_BYTES, ERR_DATA,
                         RUN_MANIFEST_REMEDY, NULL) != OK)
        return;
    for (const char *p = text; (p = strstr(p, "\n[start ")); p++) {
        before = last;
        last = p;
    }
    for (idx i = 0; before && i < COUNT_OF(keys); i++) {
        char was[1024], is[1024];
        find_value(was, sizeof was, before, keys[i]);
        find_value(is, sizeof is, last, keys[i]);
        if (strcmp(was, is) == 0)
            continue;
        text_add(&t, "%s%s ", t.n ? "; " : "", keys[i]);
        if (strcmp(keys[i], "flags") == 0) /* too long to show */
            text_add(&t, "changed");
        else
            text_add(&t, "was %.80s and is %.80s", was[0] ? was : "unknown",
                     is);
    }
    free(text);
}

int manifest_add_end(const struct run_folder *r, enum run_state state, idx step,
                     struct err *e)
{
    char path[RUN_PATH_MAX], end[256], *old;
    struct text more = { end, sizeof end, 0 };
    size_t n;
    BUG_ON(!r->lock.is_held);
    run_path(path, r->dir, "manifest.ini");
    int rc = read_text(&old, &n, r, path, e);
    if (rc != OK)
        return rc;
    add_time(&more, "ended");
    text_add(&more, "state = %s\nto_step = %lld\n", run_state_name(state),
             (long long)step);
    rc = append(path, old, n, &more, e);
    free(old);
    return rc;
}
