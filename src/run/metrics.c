#include "run/metrics.h"
#include "base/text.h"
#include "io/fsys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of each message about rows that were there when the state was saved. */
#define REMEDY                                                                 \
    "put a copy of the file back, or move it away (a new one then begins "     \
    "where the run goes on), or `sinklab train RUN --restart` computes all "   \
    "rows again"

/* A piece of a line. */
struct cell {
    const char *at;
    size_t n;
};

/* One pass over the file: what of it stays. */
struct scan {
    struct metrics *m;
    const char *path;
    const char *last; /* hash of the row to stop behind; NULL: not known */
    idx up_to_step;
    idx line;               /* number of the line at hand */
    idx step;               /* of the row before, -1 at first */
    idx cells;              /* in the header */
    size_t keep;            /* bytes that stay */
    struct row_chain chain; /* of the last of them */
};

/* The next cell of a line that ends at `end`; *at steps over it, and is NULL
 * behind the last. One that begins with a quote ends with one, and holds two in
 * place of each of its own. */
static struct cell next_cell(const char **at, const char *end)
{
    struct cell c = { *at, 0 };
    const char *from = *at;
    while (from < end && *from == '"') { /* two of them: it goes on */
        const char *quote = memchr(from + 1, '"', (size_t)(end - from - 1));
        from = quote ? quote + 1 : end;
    }
    const char *comma = memchr(from, ',', (size_t)(end - from));
    c.n = (size_t)((comma ? comma : end) - *at);
    *at = comma ? comma + 1 : NULL;
    return c;
}

static idx count_cells(const char *line, size_t n)
{
    idx cells = 0;
    for (const char *at = line; at; cells++)
        next_cell(&at, line + n);
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
                    struct err *e)
{
    idx step = row_step(row, n);
    struct row_chain next = s->chain;
    *is_kept = false;
    if (!row_chain_take(&next, row, n))
        return err_set(e, ERR_DATA,
                       "%s:%lld: damaged: this row was changed, or the line in "
                       "front of it was changed or lost; " REMEDY,
                       s->path, (long long)s->line);
    if (!s->last && step > s->up_to_step)
        return OK;
    if (step < 0)
        return bad_row(s, row, n, "a row that begins with its step", e);
    if (step <= s->step)
        return bad_row(s, row, n, "a later step than in the row before", e);
    if (step > s->up_to_step)
        return bad_row(s, row, n, "a step that the saved state has reached", e);
    if (count_cells(row, n) != s->cells)
        return bad_row(s, row, n, "as many cells as the header has", e);
    s->step = step;
    s->chain = next;
    *is_kept = true;
    return OK;
}

/* The number of a cell in the first n cells of a line; -1: not there. */
static idx find_cell(const char *line, const char *end, struct cell wanted)
{
    const char *at = line;
    for (idx i = 0; at; i++) {
        struct cell c = next_cell(&at, end);
        if (c.n == wanted.n && memcmp(c.at, wanted.at, c.n) == 0)
            return i;
    }
    return -1;
}

/* Which of our columns are those of the file? Both lines end in row_hash.
 * false: one is none of ours, or stands there twice. */
static bool match_columns(struct metrics *m, const char *line, size_t n,
                          const char *header)
{
    const char *end = line + n, *header_end = header + strlen(header);
    const char *at = line;
    for (idx i = 0; at; i++) {
        struct cell c = next_cell(&at, end);
        idx ours = find_cell(header, header_end, c);
        if (ours < 0 || find_cell(line, end, c) != i ||
            i >= METRICS_COLUMNS_MAX)
            return false;
        m->cells[i] = (short)ours;
        m->n_columns = i; /* without the last */
    }
    struct text absent = { m->absent, sizeof m->absent, 0 };
    m->absent[0] = '\0';
    for (at = header; at;) {
        struct cell c = next_cell(&at, header_end);
        if (find_cell(line, end, c) < 0)
            text_add(&absent, "%s%.*s", absent.n ? ", " : "", (int)c.n, c.at);
    }
    return m->cells[0] == 0; /* the step */
}

static int check_header(struct scan *s, const char *line, size_t n,
                        const char *header, struct err *e)
{
    if (!row_chain_start(&s->chain, line, n) ||
        !match_columns(s->m, line, n, header))
        return bad_row(s, line, n,
                       "the columns that this run would write; another "
                       "version, or other settings, wrote this file",
                       e);
    s->cells = s->m->n_columns + 1;
    return OK;
}

static int check_end(const struct scan *s, struct err *e)
{
    if (!s->last)
        return OK;
    return err_set(e, ERR_DATA,
                   "%s:%lld: ends too early: rows up to step %lld are lost, "
                   "which were there when the run's state was saved; " REMEDY,
                   s->path, (long long)s->line, (long long)s->up_to_step);
}

/* On damage, s says what is in front of it. */
static int scan_file(struct scan *s, const char *text, size_t n,
                     const char *header, struct err *e)
{
    const char *end = text + n, *line = text;
    const char *newline = memchr(line, '\n', n);
    size_t length = newline ? (size_t)(newline - line) : n;
    s->line = 1;
    int rc = check_header(s, line, length, header, e);
    if (rc == OK && !newline)
        rc = bad_row(s, line, n, "a line feed behind the header", e);
    bool is_kept = true;
    while (rc == OK && is_kept) {
        line = newline + 1;
        s->keep = (size_t)(line - text);
        newline = memchr(line, '\n', (size_t)(end - line));
        if (s->last && strcmp(s->chain.hex, s->last) == 0)
            return OK; /* behind it: what a killed process left */
        s->line += line < end;
        if (!newline) /* the end, or a torn line */
            return check_end(s, e);
        rc = scan_row(s, &is_kept, line, (size_t)(newline - line), e);
    }
    return rc;
}

/* What a row says its hash is. */
static void row_says(struct row_chain *c, const char *line, size_t n)
{
    const size_t digits = sizeof c->hex - 1;
    if (n >= digits)
        memcpy(c->hex, line + n - digits, digits);
}

/* Where does the chain go on behind a row that does not follow from the one
 * before? There are two candidates: what the row says of itself (its text was
 * changed, or rows are lost), and what its text gives (its hash was changed):
 * by_text, until the next row. */
struct walk {
    struct row_chain chain, by_text;
    bool is_open;
};

static bool walk_row(struct walk *w, const char *line, size_t n)
{
    bool is_sound = row_chain_take(&w->chain, line, n);
    if (!is_sound && w->is_open && row_chain_take(&w->by_text, line, n)) {
        w->chain = w->by_text;
        is_sound = true;
    }
    w->is_open = !is_sound;
    if (!is_sound) {
        w->by_text = w->chain;
        if (n > sizeof w->chain.hex)
            row_chain_next(&w->by_text, line, n - sizeof w->chain.hex);
        row_says(&w->chain, line, n);
    }
    return is_sound;
}

int metrics_walk(const char *path, struct row_chain *header, bool *is_torn,
                 int (*take)(void *user, const struct metrics_row *row),
                 void *user, struct err *e)
{
    char *text;
    size_t n;
    struct walk w = { .is_open = false };
    int rc = fsys_read_file(&text, &n, path, TABLE_MAX_BYTES, e);
    if (rc != OK)
        return rc;
    const char *line = text, *end = text + n;
    const char *newline = memchr(text, '\n', n);
    if (!newline || !row_chain_start(&w.chain, text, (size_t)(newline - text)))
        rc = err_set(e, ERR_DATA,
                     "%s:1: not protected: the header does not end in "
                     "row_hash, as those of older versions; damage in it would "
                     "not show",
                     path);
    *header = w.chain;
    for (idx number = 2; rc == OK; number++) {
        line = newline + 1;
        newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline)
            break;
        n = (size_t)(newline - line);
        struct metrics_row row = { .line = number, .step = row_step(line, n) };
        row.is_sound = walk_row(&w, line, n);
        row.chain = w.chain;
        rc = take(user, &row);
    }
    *is_torn = rc == OK && line < end;
    free(text);
    return rc;
}

/* m, and the header as it stands in the file. */
static void set(struct metrics *m, char line[METRICS_HEADER_MAX],
                const char *path, const char *header)
{
    BUG_ON(strlen(path) >= sizeof m->path || strchr(header, '\n'));
    *m = (struct metrics){ 0 };
    snprintf(m->path, sizeof m->path, "%s", path);
    int n = snprintf(line, METRICS_HEADER_MAX, "%s," ROW_CHAIN_COLUMN, header);
    BUG_ON(n < 0 || n >= METRICS_HEADER_MAX);
    row_chain_start(&m->chain, line, (size_t)n);
    bool is_sound = match_columns(m, line, (size_t)n, line);
    BUG_ON(!is_sound);
}

static int write_header(struct metrics *m, const char *header, struct err *e)
{
    struct fsys_part parts[] = { { header, strlen(header) }, { "\n", 1 } };
    m->bytes = strlen(header) + 1;
    return fsys_replace_parts(m->path, parts, 2, e);
}

int metrics_create(struct metrics *m, const char *path, const char *header,
                   struct err *e)
{
    char line[METRICS_HEADER_MAX];
    set(m, line, path, header);
    return write_header(m, line, e);
}

static int open_log(struct metrics *m, const char *path, const char *header,
                    struct scan *s, bool is_cut, struct err *e)
{
    char line[METRICS_HEADER_MAX], *text = NULL;
    size_t n = 0;
    bool is_there = false;
    struct err damage = { 0 };
    set(m, line, path, header);
    int rc = fsys_exists(&is_there, path, e);
    if (rc == OK && !is_there) {
        m->is_new = true;
        return write_header(m, line, e);
    }
    if (rc == OK)
        rc = fsys_read_file(&text, &n, path, TABLE_MAX_BYTES, e);
    if (rc != OK)
        return rc;
    rc = scan_file(s, text, n, line, &damage);
    if (rc != OK && is_cut) {
        m->cut_line = s->line;
        rc = OK;
    }
    if (rc != OK)
        err_pass(e, &damage);
    else if (s->keep == 0) {
        match_columns(m, line, strlen(line), line);
        rc = write_header(m, line, e);
    } else if (s->keep < n)
        rc = fsys_truncate(path, s->keep, e);
    if (s->keep > 0) {
        m->chain = s->chain;
        m->bytes = s->keep;
    }
    free(text);
    return rc;
}

int metrics_open(struct metrics *m, const char *path, const char *header,
                 idx up_to_step, const char *last, struct err *e)
{
    struct scan s = {
        .m = m, .path = path, .last = last, .up_to_step = up_to_step, .step = -1
    };
    return open_log(m, path, header, &s, false, e);
}

int metrics_open_cut(struct metrics *m, const char *path, const char *header,
                     idx up_to_step, struct err *e)
{
    struct scan s = {
        .m = m, .path = path, .up_to_step = up_to_step, .step = -1
    };
    return open_log(m, path, header, &s, true, e);
}

int metrics_append(struct metrics *m, const char *row, struct err *e)
{
    char line[METRICS_ROW_MAX];
    struct text t = { line, sizeof line, 0 };
    struct cell cells[METRICS_COLUMNS_MAX];
    struct row_chain next = m->chain;
    const char *at = row, *end = row + strlen(row);
    idx n = 0;
    while (at && n < METRICS_COLUMNS_MAX)
        cells[n++] = next_cell(&at, end);
    BUG_ON(at || strchr(row, '\n'));
    for (idx i = 0; i < m->n_columns; i++) {
        BUG_ON(m->cells[i] >= n);
        const struct cell *c = &cells[m->cells[i]];
        text_add(&t, "%s%.*s", i ? "," : "", (int)c->n, c->at);
    }
    row_chain_next(&next, line, t.n);
    text_add(&t, ",%s\n", next.hex);
    BUG_ON(t.n >= sizeof line);
    if (m->bytes + t.n > TABLE_MAX_BYTES)
        return err_set(e, ERR_IO,
                       "%s: full: with one more row it would be larger than %d "
                       "MiB, which nothing reads; move it away (a new one then "
                       "begins where the run goes on) and raise "
                       "train.log_every, or what else asks for its rows",
                       m->path, TABLE_MAX_BYTES >> 20);
    struct err own = { 0 };
    int rc = fsys_append(m->path, (idx)m->bytes, line, t.n, &own);
    m->is_changed = rc == ERR_DATA;
    if (rc != OK) /* of a changed file, too: the saved state goes on */
        rc = err_set(e, m->is_changed ? ERR_IO : rc, "%s", own.text);
    if (rc == OK) {
        m->chain = next;
        m->bytes += t.n;
    }
    return rc;
}

int metrics_sync(const struct metrics *m, struct err *e)
{
    return fsys_sync(m->path, e);
}
