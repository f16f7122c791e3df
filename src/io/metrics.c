#include "io/metrics.h"
#include "base/text.h"
#include "io/fsys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One pass over the file: what of it stays. */
struct scan {
    const char *path;
    idx line;    /* number of the line at hand */
    idx last;    /* step of the row before, -1 at first */
    idx cells;   /* in the header */
    size_t keep; /* bytes that stay */
};

static idx count_cells(const char *line, size_t n)
{
    idx cells = 1;
    for (size_t i = 0; i < n; i++)
        cells += line[i] == ',';
    return cells;
}

/* The first cell of a row: the step, or -1 if it is none. */
static idx row_step(const char *row, size_t n)
{
    size_t digits = 0;
    idx step = 0;
    while (digits < n && row[digits] >= '0' && row[digits] <= '9') {
        if (digits == 18) /* does not fit */
            return -1;
        step = 10 * step + (row[digits++] - '0');
    }
    return digits > 0 && (digits == n || row[digits] == ',') ? step : -1;
}

static int bad_row(const struct scan *s, const char *row, size_t n,
                   const char *want, struct err *e)
{
    char shown[TEXT_SHOW_MAX], copy[2 * TEXT_SHOW_MAX];
    snprintf(copy, sizeof copy, "%.*s", n < sizeof copy ? (int)n : 200, row);
    return err_set(e, ERR_DATA, "%s:%lld: got '%s', want %s", s->path,
                   (long long)s->line, text_show(shown, copy), want);
}

/* A whole line, without newline. Sets *is_kept. */
static int scan_row(struct scan *s, bool *is_kept, const char *row, size_t n,
                    idx up_to_step, struct err *e)
{
    idx step = row_step(row, n);
    *is_kept = false;
    if (step < 0)
        return bad_row(s, row, n, "a row that begins with its step", e);
    if (step > up_to_step)
        return OK;
    if (step <= s->last)
        return bad_row(s, row, n, "a later step than in the row before", e);
    if (count_cells(row, n) != s->cells)
        return bad_row(s, row, n, "as many cells as the header has", e);
    s->last = step;
    *is_kept = true;
    return OK;
}

static int scan_file(struct scan *s, const char *text, size_t n,
                     const char *header, idx up_to_step, struct err *e)
{
    const char *end = text + n, *line = text;
    const char *newline = memchr(line, '\n', n);
    size_t len = (size_t)(newline - line);
    s->line = 1;
    if (len != strlen(header) || memcmp(line, header, len) != 0)
        return bad_row(s, line, len,
                       "the columns that this run would write; another "
                       "version, or other settings, wrote this file",
                       e);
    s->cells = count_cells(header, len);
    bool is_kept = true;
    while (is_kept) {
        line = newline + 1;
        s->keep = (size_t)(line - text);
        newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline) /* the end, or a torn line */
            return OK;
        s->line++;
        int rc = scan_row(s, &is_kept, line, (size_t)(newline - line),
                          up_to_step, e);
        if (rc != OK)
            return rc;
    }
    return OK;
}

static int start_anew(const char *path, const char *header, struct err *e)
{
    struct fsys_part parts[] = { { header, strlen(header) }, { "\n", 1 } };
    return fsys_replace_parts(path, parts, 2, e);
}

int metrics_open(struct metrics *m, const char *path, const char *header,
                 idx up_to_step, struct err *e)
{
    struct scan s = { .path = path, .last = -1 };
    char *text = NULL;
    size_t n = 0;
    BUG_ON(strlen(path) >= sizeof m->path || strchr(header, '\n'));
    snprintf(m->path, sizeof m->path, "%s", path);
    if (up_to_step < 0 || access(path, F_OK))
        return start_anew(path, header, e);
    int rc = fsys_read_file(&text, &n, path, METRICS_MAX_BYTES, e);
    if (rc != OK)
        return rc;
    if (!memchr(text, '\n', n)) {
        rc = start_anew(path, header, e);
    } else {
        rc = scan_file(&s, text, n, header, up_to_step, e);
        if (rc == OK && s.keep < n)
            rc = fsys_truncate(path, s.keep, e);
    }
    free(text);
    return rc;
}

int metrics_append(const struct metrics *m, const char *row, struct err *e)
{
    char line[METRICS_HEADER_MAX];
    size_t n = strlen(row);
    BUG_ON(n + 1 >= sizeof line || strchr(row, '\n'));
    memcpy(line, row, n);
    line[n] = '\n';
    return fsys_append(m->path, line, n + 1, e);
}

int metrics_sync(const struct metrics *m, struct err *e)
{
    return fsys_sync(m->path, e);
}
