#include "io/table.h"

#include "base/text.h"
#include "base/utf8.h"
#include "io/fsys.h"
#include "io/row_chain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is shown of a foreign piece of text in a message. */
enum { SHOWN_MAX = 100, SHOWN_COLUMNS = 40 };

/* The file up to its last newline, as a string. */
static int read_text(struct table *t, const char *path, struct err *e)
{
    size_t n;
    int rc = fsys_read_file(&t->text, &n, path, TABLE_MAX_BYTES, e);
    if (rc != OK)
        return rc;
    if (memchr(t->text, '\0', n))
        return err_set(e, ERR_DATA, "%s: holds a NUL byte, want text", path);
    t->is_torn = n > 0 && t->text[n - 1] != '\n';
    while (n > 0 && t->text[n - 1] != '\n')
        n--;
    t->text[n] = '\0';
    return OK;
}

/* Cut the line at *rest off, without its line end; NULL after the last. */
static char *next_line(char **rest)
{
    char *line = *rest, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *rest = end + 1;
    if (end > line && end[-1] == '\r')
        end--;
    *end = '\0';
    return line;
}

static int parse_header(struct table *t, struct row_chain *chain, char *line,
                        const char *path, struct err *e)
{
    t->is_chained = row_chain_start(chain, line, strlen(line));
    t->columns = text_count(line, ',') + 1;
    if (t->columns > TABLE_MAX_COLUMNS)
        return err_set(e, ERR_DATA, "%s:1: %td columns, want at most %d", path,
                       t->columns, TABLE_MAX_COLUMNS);
    t->names = calloc((size_t)t->columns, sizeof *t->names);
    if (!t->names)
        return err_memory(e, path);
    for (idx c = 0; c < t->columns; c++) {
        char *name = strsep(&line, ","), shown[SHOWN_MAX];
        utf8_show(shown, sizeof shown, name, SHOWN_COLUMNS, true);
        if (!*name)
            return err_set(e, ERR_DATA, "%s:1: column %td has no name", path,
                           c + 1);
        t->names[c] = name;
        if (table_find(t, name) != c)
            return err_set(e, ERR_DATA, "%s:1: two columns are named '%s'",
                           path, shown);
    }
    t->columns -= t->is_chained;
    return OK;
}

static bool parse_cell(double *v, const char *cell)
{
    char *end;
    *v = NAN;
    if (!*cell)
        return true;
    if (strspn(cell, " \t\r\v\f") > 0) /* strtod would skip them */
        return false;
    *v = strtod(cell, &end);
    return !*end;
}

/* Every line of `rest` has one cell a column: looked at before memory for the
 * numbers is asked for, so that a header cannot ask for more than the file
 * holds. */
static int check_rows(const struct table *t, const char *rest, const char *path,
                      struct err *e)
{
    for (idx row = 0; row < t->rows; row++, rest++) {
        idx cells = 1;
        for (; *rest != '\n'; rest++)
            cells += *rest == ',';
        idx want = t->columns + t->is_chained;
        if (cells != want)
            return err_set(e, ERR_DATA, "%s:%td: got %td cells, want %td", path,
                           row + 2, cells, want);
    }
    return OK;
}

/* The cell of the column that is no number: as in the rows before. */
static bool take_origin(struct table *t, const char *cell)
{
    if (!t->origin[0] && hash_is_hex(cell))
        strcpy(t->origin, cell);
    return t->origin[0] && strcmp(cell, t->origin) == 0;
}

static int parse_row(struct table *t, struct row_chain *chain, idx at_origin,
                     idx row, char *line, const char *path, struct err *e)
{
    if (t->is_chained && !row_chain_take(chain, line, strlen(line)))
        return err_set(
            e, ERR_DATA,
            "%s:%td: damaged: this row was changed, or the line in "
            "front of it was changed or lost; put a copy of the file back "
            "(`sinklab verify` says what else there is)",
            path, row + 2);
    for (idx c = 0; c < t->columns; c++) {
        const char *cell = strsep(&line, ",");
        char shown[SHOWN_MAX], column[SHOWN_MAX];
        t->given[c * t->rows + row] = *cell != '\0';
        bool is_origin = c == at_origin;
        t->v[c * t->rows + row] = NAN;
        if (is_origin ? take_origin(t, cell)
                      : parse_cell(&t->v[c * t->rows + row], cell))
            continue;
        utf8_show(shown, sizeof shown, cell, SHOWN_COLUMNS, true);
        utf8_show(column, sizeof column, t->names[c], SHOWN_COLUMNS, true);
        return err_set(e, ERR_DATA, "%s:%td: %s: got '%s', want %s", path,
                       row + 2, column, shown,
                       is_origin ? "16 hex digits, the same in every row"
                                 : "a number");
    }
    return OK;
}

static void plan_values(struct table *t, struct arena *arena)
{
    idx n = t->rows * t->columns;
    t->v = arena_doubles(arena, n);
    t->given = arena_bytes(arena, (size_t)n * sizeof *t->given);
}

static int open_values(struct table *t, const char *path, struct err *e)
{
    struct arena measure = { 0 };
    plan_values(t, &measure);
    int rc = arena_open(&t->memory, measure.used_bytes, e);
    if (rc != OK) {
        err_prefix(e, "%s", path);
        return rc;
    }
    plan_values(t, &t->memory);
    return OK;
}

int table_read(struct table *t, const char *path, const char *origin,
               struct err *e)
{
    idx at_origin;
    char *rest, *line;
    struct row_chain chain;
    int rc = read_text(t, path, e);
    if (rc != OK)
        goto out;
    rest = t->text;
    t->rows = idx_max(text_count(rest, '\n') - 1, 0);
    line = next_line(&rest);
    if (!line) {
        rc = err_set(e, ERR_DATA, "%s:1: no header line of column names", path);
        goto out;
    }
    rc = parse_header(t, &chain, line, path, e);
    if (rc != OK)
        goto out;
    at_origin = origin ? table_find(t, origin) : -1;
    rc = check_rows(t, rest, path, e);
    if (rc != OK)
        goto out;
    rc = open_values(t, path, e);
    if (rc != OK)
        goto out;
    for (idx r = 0; r < t->rows && rc == OK; r++)
        rc = parse_row(t, &chain, at_origin, r, next_line(&rest), path, e);
out:
    if (rc != OK)
        table_release(t);
    return rc;
}

static int check_steps(const struct table *t, const char *path, struct err *e)
{
    const double largest = 1LL << 53; /* integers up to there are exact */
    idx column = table_find(t, "step");
    const double *steps = table_column(t, column);
    const bool *given = table_given(t, column);
    if (!steps)
        return err_set(
            e, ERR_DATA,
            "%s:1: no column named step; put a copy of the file back", path);
    for (idx r = 0; r < t->rows; r++) {
        char got[40] = "nothing";
        if (steps[r] >= 0 && steps[r] <= largest && steps[r] == floor(steps[r]))
            continue;
        if (given[r])
            snprintf(got, sizeof got, "%.17g", steps[r]);
        return err_set(e, ERR_DATA,
                       "%s:%td: step: got %s, want 0, 1, 2, ...; put a copy of "
                       "the file back",
                       path, r + 2, got);
    }
    return OK;
}

int table_read_steps(struct table *t, const char *path, const char *origin,
                     struct err *e)
{
    int rc = table_read(t, path, origin, e);
    if (rc == OK)
        rc = check_steps(t, path, e);
    if (rc != OK)
        table_release(t);
    return rc;
}

int table_make(struct table *t, char *const *names, idx columns, idx rows,
               struct err *e)
{
    t->rows = rows;
    t->columns = columns;
    t->names = calloc((size_t)columns, sizeof *t->names);
    for (idx c = 0; t->names && c < columns; c++)
        t->names[c] = pool_text(&t->added, names[c], strlen(names[c]));
    if (!t->names || pool_check(&t->added, e))
        err_memory(e, NULL);
    else
        open_values(t, "a table", e);
    if (e->code)
        table_release(t);
    return e->code;
}

/* As many names and one more, which is the pool's. */
static bool add_name(struct table *t, const char *name)
{
    size_t n = (size_t)t->columns + 1;
    char *own = pool_text(&t->added, name, strlen(name));
    char **names = own ? realloc(t->names, n * sizeof *names) : NULL;
    if (!names)
        return false;
    t->names = names;
    t->names[t->columns] = own;
    return true;
}

int table_add(struct table *t, const char *name, const double *value,
              const bool *given, struct err *e)
{
    struct table wider = *t;
    idx old = t->rows * t->columns;
    wider.columns++;
    wider.memory = (struct arena){ 0 };
    if (open_values(&wider, name, e))
        return e->code;
    if (!add_name(t, name)) {
        arena_release(&wider.memory);
        return err_memory(e, name);
    }
    for (idx i = 0; i < old + t->rows; i++) {
        wider.v[i] = i < old ? t->v[i] : value[i - old];
        wider.given[i] = i < old ? t->given[i] : given[i - old];
    }
    arena_release(&t->memory);
    t->memory = wider.memory;
    t->v = wider.v;
    t->given = wider.given;
    t->columns++;
    return OK;
}

void table_release(struct table *t)
{
    arena_release(&t->memory);
    pool_release(&t->added);
    free(t->names);
    free(t->text);
    *t = (struct table){ 0 };
}

idx table_find(const struct table *t, const char *name)
{
    for (idx c = 0; c < t->columns && t->names[c]; c++)
        if (strcmp(t->names[c], name) == 0)
            return c;
    return -1;
}

const double *table_column(const struct table *t, idx column)
{
    BUG_ON(column >= t->columns);
    return column < 0 ? NULL : t->v + column * t->rows;
}

const bool *table_given(const struct table *t, idx column)
{
    BUG_ON(column >= t->columns);
    return column < 0 ? NULL : t->given + column * t->rows;
}

bool table_is_given(const struct table *t, idx column)
{
    double last;
    return table_last(&last, t, column);
}

bool table_is_same(const struct table *a, const struct table *b)
{
    if (a->rows != b->rows || a->columns != b->columns)
        return false;
    for (idx c = 0; c < a->columns; c++) {
        size_t n = (size_t)a->rows;
        if (strcmp(a->names[c], b->names[c]) != 0 ||
            memcmp(table_column(a, c), table_column(b, c), n * sizeof *a->v) !=
                0 ||
            memcmp(table_given(a, c), table_given(b, c),
                   n * sizeof *a->given) != 0)
            return false;
    }
    return true;
}

bool table_last(double *value, const struct table *t, idx column)
{
    const double *v = table_column(t, column);
    const bool *given = table_given(t, column);
    *value = NAN;
    for (idx i = t->rows; given && i-- > 0;)
        if (given[i]) {
            *value = v[i];
            return true;
        }
    return false;
}
