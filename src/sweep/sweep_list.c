#include "sweep/sweep_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/fsys.h"
#include "io/sealed_line.h"
#include "sweep/sweep_expand.h"

/* KEEP WITH: docs/FORMATS.md */
enum { LIST_VERSION = 2, LIST_MAX_BYTES = 1 << 28 };
static const char list_word[] = "sinklab-sweep-list";
static const char is_in[] = "in", is_out[] = "out", end_word[] = "end";

/* ---- reading ----------------------------------------------------------- */

static idx count(const char *text, char c)
{
    idx n = 0;
    for (; *text; text++)
        n += *text == c;
    return n;
}

/* A name that is one folder here, and ours. */
static bool is_name(const char *name)
{
    return *name && *name != '.' && strlen(name) < SWEEP_NAME_MAX &&
           !strchr(name, '/');
}

/* index, identity, in or out, name, changes; false: not as we write it. */
static bool parse_run(struct sweep_run *r, struct pool *pool, idx index,
                      char *line)
{
    idx n_fields = count(line, '\t') + 1;
    char *end, *number = sealed_line_field(&line);
    char *id = sealed_line_field(&line), *state = sealed_line_field(&line);
    char *name = sealed_line_field(&line);
    if (n_fields < 4 || strtoll(number, &end, 10) != index || *end ||
        strlen(id) != CONFIG_ID_MAX - 1 || !is_name(name) ||
        (strcmp(state, is_in) != 0 && strcmp(state, is_out) != 0))
        return false;
    *r = (struct sweep_run){
        .index = index,
        .is_dropped = !strcmp(state, is_out),
        .name = pool_text(pool, name, SIZE_MAX),
        .n_changes = n_fields - 4,
        .changes =
            pool_bytes(pool, (size_t)(n_fields - 4) * sizeof *r->changes),
    };
    strcpy(r->id, id);
    strcpy(r->now, id);
    for (idx i = 0; i < r->n_changes && r->changes; i++)
        r->changes[i] = pool_text(pool, sealed_line_field(&line), SIZE_MAX);
    return true;
}

/* "end", how many runs there are; and nothing behind it. */
static bool is_end(const char *line, idx n_runs, const char *rest)
{
    char want[64];
    snprintf(want, sizeof want, "%s\t%td", end_word, n_runs);
    return strcmp(line, want) == 0 && !*rest;
}

static int parse_list(struct sweep *s, const char *path, char *text,
                      struct err *e)
{
    idx cap = count(text, '\n'); /* one too many: the head */
    int rc = sealed_line_head(&text, path, list_word, LIST_VERSION, e);
    if (rc)
        return rc;
    s->runs = pool_bytes(&s->memory, (size_t)cap * sizeof *s->runs);
    rc = pool_check(&s->memory, e);
    if (rc)
        return rc;
    bool is_ended = false, is_good = true;
    while (is_good && !is_ended) {
        char *line = sealed_line_next(&text);
        is_good = line && sealed_line_open(line);
        is_ended = is_good && is_end(line, s->n, text);
        if (is_good && !is_ended) {
            is_good = parse_run(&s->runs[s->n], &s->memory, s->n, line);
            s->n += is_good;
        }
    }
    if (!is_ended)
        return err_set(e, ERR_DATA,
                       "%s:%td: damaged: this line is not what was written; "
                       "put a copy of the file back, or start in another "
                       "folder",
                       path, s->n + 2);
    return pool_check(&s->memory, e);
}

int sweep_list_read(struct sweep *s, struct err *e)
{
    char path[RUN_PATH_MAX], *text;
    size_t n;
    sweep_path(path, s->dir, "runs.list");
    int rc = fsys_read_file(&text, &n, path, LIST_MAX_BYTES, e);
    if (rc)
        return rc;
    if (memchr(text, '\0', n))
        rc = err_set(e, ERR_DATA,
                     "%s: damaged: it holds NUL bytes; put a copy of the file "
                     "back, or start in another folder",
                     path);
    else
        rc = parse_list(s, path, text, e);
    free(text);
    return rc ? rc : sweep_list_index(s, e);
}

/* ---- order ------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b, void *runs)
{
    const struct sweep_run *all = runs;
    return strcmp(all[*(const idx *)a].now, all[*(const idx *)b].now);
}

int sweep_list_index(struct sweep *s, struct err *e)
{
    s->by_id = pool_bytes(&s->memory, (size_t)s->n * sizeof *s->by_id);
    int rc = pool_check(&s->memory, e);
    if (rc)
        return rc;
    for (idx i = 0; i < s->n; i++)
        s->by_id[i] = i;
    qsort_r(s->by_id, (size_t)s->n, sizeof *s->by_id, compare_ids, s->runs);
    return OK;
}

int sweep_identify(struct sweep *s, struct err *e)
{
    for (idx i = 0; i < s->n; i++) {
        struct config c;
        if (sweep_config_load(&c, s, &s->runs[i], NULL) == OK)
            sweep_identity(s->runs[i].now, &c);
    }
    return sweep_list_index(s, e);
}

const struct sweep_run *sweep_find(const struct sweep *s, const char *id)
{
    idx low = 0, high = s->n;
    while (low < high) {
        idx middle = low + (high - low) / 2;
        const struct sweep_run *r = &s->runs[s->by_id[middle]];
        int order = strcmp(r->now, id);
        if (order == 0)
            return r;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- writing ----------------------------------------------------------- */

/* Bytes that the longest line may take. */
static size_t line_bytes(const struct sweep *s)
{
    size_t most = 0;
    for (idx i = 0; i < s->n; i++) {
        size_t n = 128 + SWEEP_NAME_MAX;
        for (idx k = 0; k < s->runs[i].n_changes; k++)
            n += 1 + strlen(s->runs[i].changes[k]);
        most = n > most ? n : most;
    }
    return most;
}

static void print_run(FILE *out, char *buffer, size_t cap,
                      const struct sweep_run *r)
{
    struct text t = { .at = buffer, .cap_bytes = cap };
    text_add(&t, "%04td\t%s\t%s\t%s", r->index, r->id,
             r->is_dropped ? is_out : is_in, r->name);
    for (idx i = 0; i < r->n_changes; i++)
        text_add(&t, "\t%s", r->changes[i]);
    sealed_line_end(&t, 0);
    BUG_ON(t.n >= t.cap_bytes);
    fputs(buffer, out);
}

static void print_end(FILE *out, idx n_runs)
{
    char line[128];
    struct text t = { .at = line, .cap_bytes = sizeof line };
    text_add(&t, "%s\t%td", end_word, n_runs);
    sealed_line_end(&t, 0);
    fputs(line, out);
}

int sweep_list_write(const struct sweep *s, struct err *e)
{
    size_t n = 0, cap = line_bytes(s);
    char path[RUN_PATH_MAX], *text = NULL, *buffer = malloc(cap + 1);
    FILE *out = buffer ? open_memstream(&text, &n) : NULL;
    bool failed = !out;
    if (out) {
        fprintf(out, "%s %d\n", list_word, LIST_VERSION);
        for (idx i = 0; i < s->n; i++)
            print_run(out, buffer, cap, &s->runs[i]);
        print_end(out, s->n);
        failed = ferror(out);
        failed |= fclose(out) != 0;
    }
    sweep_path(path, s->dir, "runs.list");
    int rc = failed ? err_set(e, ERR_MEMORY, "out of memory")
                    : fsys_replace(path, text, n, e);
    free(text);
    free(buffer);
    return rc;
}
