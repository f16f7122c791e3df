#include "io/grid.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 1024, GAP_COLUMNS = 2 };

/* More columns, empty. False if there is no memory for them. */
static bool widen(struct grid *g, idx columns)
{
    size_t n = (size_t)(g->rows * columns);
    char **cells = realloc(g->cells, n * sizeof *cells);
    if (cells)
        g->cells = cells;
    struct grid_column *layout =
        realloc(g->layout, (size_t)columns * sizeof *layout);
    if (layout)
        g->layout = layout;
    if (!cells || !layout)
        return false;
    for (idx i = g->rows * g->columns; i < g->rows * columns; i++)
        cells[i] = NULL;
    for (idx c = g->columns; c < columns; c++)
        layout[c] = (struct grid_column){ 0 };
    g->columns = columns;
    return true;
}

int grid_init(struct grid *g, idx rows, idx columns, struct err *e)
{
    BUG_ON(rows < 1 || columns < 0);
    *g = (struct grid){ .rows = rows };
    return columns == 0 || widen(g, columns) ? OK : err_memory(e, NULL);
}

void grid_release(struct grid *g)
{
    for (idx i = 0; g->cells && i < g->rows * g->columns; i++)
        free(g->cells[i]);
    free(g->cells);
    free(g->layout);
    *g = (struct grid){ 0 };
}

static char **cell_at(const struct grid *g, idx row, idx column)
{
    BUG_ON(row < 0 || row >= g->rows || column < 0 || column >= g->columns);
    return &g->cells[column * g->rows + row];
}

const char *grid_cell(const struct grid *g, idx row, idx column)
{
    const char *text = *cell_at(g, row, column);
    return text ? text : "";
}

static void set(struct grid *g, idx row, idx column, const char *format,
                va_list args)
{
    if (g->is_out_of_memory) /* whoever counts columns has too many */
        return;
    char **cell = cell_at(g, row, column);
    free(*cell);
    if (vasprintf(cell, format, args) < 0) {
        *cell = NULL;
        g->is_out_of_memory = true;
    }
}

void grid_set(struct grid *g, idx row, idx column, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(g, row, column, format, args);
    va_end(args);
}

idx grid_addv(struct grid *g, const char *format, va_list args)
{
    idx column = g->columns;
    if (!widen(g, column + 1)) {
        g->is_out_of_memory = true;
        column = -1;
    }
    set(g, 0, column, format, args);
    return column;
}

idx grid_add(struct grid *g, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    idx column = grid_addv(g, format, args);
    va_end(args);
    return column;
}

int grid_check(const struct grid *g, struct err *e)
{
    return g->is_out_of_memory ? err_memory(e, NULL) : OK;
}

/* "12.5", "(12.5)", "12.5 ± 0.3", "-" or empty. */
static bool is_numeric(const char *text)
{
    static const char sign[] = " \u00b1 ";
    bool has_bracket = text[0] == '(';
    char *end;
    strtod(text + has_bracket, &end);
    if (end > text && strncmp(end, sign, strlen(sign)) == 0)
        strtod(end + strlen(sign), &end);
    return strcmp(text, "-") == 0 || strcmp(end, has_bracket ? ")" : "") == 0;
}

bool grid_is_right(const struct grid *g, idx column)
{
    for (idx row = 1; row < g->rows; row++)
        if (!is_numeric(grid_cell(g, row, column)))
            return false;
    return g->rows > 1;
}

/* Line `line` of a heading of `lines` lines in all, set at the bottom. */
static void heading_line(char text[SHOWN_BYTES], const char *heading, idx line,
                         idx lines)
{
    idx own = 1;
    for (const char *p = strchr(heading, '\n'); p; p = strchr(p + 1, '\n'))
        own++;
    text[0] = '\0';
    if (line < lines - own)
        return;
    for (idx skip = line - (lines - own); skip > 0; skip--)
        heading = strchr(heading, '\n') + 1;
    snprintf(text, SHOWN_BYTES, "%.*s", (int)strcspn(heading, "\n"), heading);
}

static idx heading_lines(const struct grid *g)
{
    idx lines = 1;
    for (idx column = 0; column < g->columns; column++) {
        idx own = 1;
        for (const char *p = grid_cell(g, 0, column); *p; p++)
            own += *p == '\n';
        lines = idx_max(lines, own);
    }
    return lines;
}

/* How the lines of the printed table are made. */
struct look {
    const struct grid *g;
    idx lines; /* of the headings */
    idx widest;
    bool unicode;
};

/* What stands in a column of printed line i; returns the columns it takes. */
static idx cell_show(char text[SHOWN_BYTES], const struct look *k, idx i,
                     idx column)
{
    char heading[SHOWN_BYTES];
    idx row = i - k->lines + 1;
    const char *cell = grid_cell(k->g, idx_max(row, 0), column);
    if (row <= 0) {
        heading_line(heading, cell, i, k->lines);
        cell = heading;
    }
    return utf8_show(text, SHOWN_BYTES, cell, k->widest, k->unicode);
}

static void print_line(FILE *out, const struct look *k, idx i)
{
    char text[SHOWN_BYTES];
    idx blanks = 0; /* owed: printed only before something */
    for (idx c = 0; c < k->g->columns; c++) {
        struct grid_column at = k->g->layout[c];
        if (at.is_hidden)
            continue;
        idx used = cell_show(text, k, i, c);
        idx before = at.is_right ? at.width - used : 0;
        if (used > 0) {
            fprintf(out, "%*s%s", (int)(blanks + before), "", text);
            blanks = 0;
        } else {
            before = 0;
        }
        blanks += at.width - used - before + GAP_COLUMNS;
    }
    fputc('\n', out);
}

void grid_rank(struct grid *g, idx column, int rank)
{
    if (column >= 0 && column < g->columns)
        g->layout[column].rank = rank;
}

/* Widths and sides of the columns; returns what those that are shown take. */
static idx lay_out(struct grid *g, const struct look *k)
{
    char text[SHOWN_BYTES];
    idx n_lines = k->lines + g->rows - 1, total = -GAP_COLUMNS;
    for (idx c = 0; c < g->columns; c++) {
        struct grid_column *at = &g->layout[c];
        at->width = 0;
        at->is_right = grid_is_right(g, c);
        for (idx i = 0; i < n_lines; i++)
            at->width = idx_max(at->width, cell_show(text, k, i, c));
        if (!at->is_hidden)
            total += at->width + GAP_COLUMNS;
    }
    return total;
}

idx grid_fit(struct grid *g, idx columns, idx widest, bool unicode)
{
    struct look k = { g, heading_lines(g), widest, unicode };
    idx total = lay_out(g, &k), hidden = 0;
    while (total > columns) {
        int rank = 0;
        for (idx c = 0; c < g->columns; c++)
            if (!g->layout[c].is_hidden && g->layout[c].rank > rank)
                rank = g->layout[c].rank;
        if (rank == 0)
            break;
        for (idx c = 0; c < g->columns; c++) {
            struct grid_column *at = &g->layout[c];
            if (at->is_hidden || at->rank != rank)
                continue;
            at->is_hidden = true;
            total -= at->width + GAP_COLUMNS;
            hidden++;
        }
    }
    return hidden;
}

const char *grid_heading(char text[GRID_HEADING_MAX], const struct grid *g,
                         idx column)
{
    const char *heading = grid_cell(g, 0, column);
    idx n = 0;
    for (; *heading && n + 1 < GRID_HEADING_MAX; heading++) {
        bool is_broken = *heading == '\n' && n > 0 && strchr("_.", text[n - 1]);
        if (!is_broken)
            text[n++] = *heading == '\n' ? ' ' : *heading;
    }
    text[n] = '\0';
    return text;
}

void grid_print(FILE *out, struct grid *g, idx widest, bool unicode)
{
    struct look k = { g, heading_lines(g), widest, unicode };
    idx n_lines = k.lines + g->rows - 1, total = lay_out(g, &k);
    for (idx i = 0; i < n_lines; i++) {
        print_line(out, &k, i);
        if (i != k.lines - 1)
            continue;
        for (idx dash = 0; dash < total; dash++)
            fputs(unicode ? "─" : "-", out);
        fputc('\n', out);
    }
}

void grid_csv(FILE *out, const struct grid *g)
{
    for (idx row = 0; row < g->rows; row++)
        for (idx c = 0; c < g->columns; c++) {
            const char *text = grid_cell(g, row, c);
            bool is_quoted = strpbrk(text, ",\"\r\n") != NULL;
            fputs(is_quoted ? "\"" : "", out);
            for (; *text; text++) {
                if (*text == '"')
                    fputc('"', out);
                fputc(*text, out);
            }
            fputs(is_quoted ? "\"" : "", out);
            fputc(c + 1 < g->columns ? ',' : '\n', out);
        }
}
