#include "report/compare_print.h"

#include "base/text.h"
#include "io/grid_json.h"
#include "io/grid_markup.h"
#include "report/cells.h"
#include "report/compare_differences.h"
#include "report/compare_table.h"
#include "report/report_file.h"

#include <stdlib.h>
#include <string.h>

/* More lines of differences than this nobody reads on a screen. */
enum { DIFFERENCES_MAX = 48 };

bool compare_is_piped(const struct compare_options *o)
{
    const char *const paths[] = { o->csv, o->runs_csv, o->json, o->markdown,
                                  o->latex };
    for (idx i = 0; i < COUNT_OF(paths); i++)
        if (report_is_stdout(paths[i]))
            return true;
    return false;
}

/* ---- on the terminal --------------------------------------------------- */

/* What there was no room for is told. */
static void print_fitting(FILE *out, struct grid *g,
                          const struct compare_options *o)
{
    char heading[GRID_HEADING_MAX];
    const char *between = "not shown, for want of room: ";
    idx hidden = 0;
    if (o->table_width > 0 && !o->is_wide)
        hidden = grid_fit(g, o->table_width, CELL_COLUMNS, o->unicode);
    grid_print(out, g, CELL_COLUMNS, o->unicode);
    for (idx c = 0; c < g->columns; c++)
        if (g->layout[c].is_hidden) {
            fprintf(out, "%s%s", between, grid_heading(heading, g, c));
            between = ", ";
        }
    if (hidden > 0)
        fputs(" (--wide shows all)\n", out);
}

int compare_print_table(FILE *out, const struct compare_rows *t, struct err *e)
{
    struct grid g = { 0 };
    int rc = rows_grid(&g, t, SHEET_SCREEN, e);
    if (rc == OK)
        print_fitting(out, &g, t->o);
    grid_release(&g);
    return rc;
}

int compare_print_differences(bool *is_printed, FILE *out,
                              const struct compare_rows *t, struct err *e)
{
    struct grid g = { 0 };
    idx n_lines = 0;
    int rc = differences_grid(&g, t, DIFFERENCES_MAX, &n_lines, e);
    if (rc == OK && n_lines > 0) {
        differences_title(out, t);
        print_fitting(out, &g, t->o);
        if (n_lines > DIFFERENCES_MAX)
            fprintf(out, "and %td more (--csv has all)\n",
                    n_lines - DIFFERENCES_MAX);
        differences_words(out, t);
    }
    *is_printed = n_lines > 0;
    grid_release(&g);
    return rc;
}

/* ---- files ------------------------------------------------------------- */

typedef int fill_grid(struct grid *g, const struct compare_rows *t,
                      struct err *e);

static int write_csv(FILE *out, const char *path, const struct compare_rows *t,
                     fill_grid *fill, struct err *e)
{
    struct grid g = { 0 };
    int rc = path ? fill(&g, t, e) : OK;
    if (rc == OK && path)
        rc = report_write_csv(out, path, &g, e);
    grid_release(&g);
    return rc;
}

static int file_grid(struct grid *g, const struct compare_rows *t,
                     struct err *e)
{
    return rows_grid(g, t, SHEET_FILE, e);
}

struct markup {
    void (*table)(FILE *out, const struct grid *g);
    const char *prefix; /* of lines of words */
};

static const struct markup markdown = { grid_markdown, "" };
static const struct markup latex = { grid_latex, "% " };

/* Words that a function prints, behind the prefix; no line is lost. */
static int print_words(FILE *out, const struct markup *m,
                       const struct compare_rows *t,
                       void (*words)(FILE *out, const struct compare_rows *t),
                       struct err *e)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    if (!f)
        return err_memory(e, NULL);
    words(f, t);
    int rc = fclose(f) == 0 ? OK : err_memory(e, NULL);
    if (rc == OK)
        text_print_lines(out, m->prefix, text);
    free(text);
    return rc;
}

/* No more than n bytes of lines that end with an empty one. */
static void print_first(FILE *out, const struct markup *m, const char *lines,
                        size_t n)
{
    const char *end = lines + n;
    while (lines < end) {
        int length = (int)strcspn(lines, "\n");
        if (length > 0)
            fprintf(out, "%s%.*s\n", m->prefix, length, lines);
        lines += length + 1;
    }
}

static int print_markup(FILE *out, const struct compare_rows *t,
                        const char *notes, size_t n_first,
                        const struct markup *m, struct err *e)
{
    struct grid g = { 0 }, d = { 0 };
    idx n_lines = 0;
    if (rows_grid(&g, t, SHEET_PAPER, e) == OK &&
        differences_grid(&d, t, PTRDIFF_MAX, &n_lines, e) == OK) {
        m->table(out, &g);
        fputc('\n', out);
        print_first(out, m, notes, n_first);
    }
    if (e->code == OK && n_lines > 0) {
        fputc('\n', out);
        print_words(out, m, t, differences_title, e);
        fputc('\n', out);
        m->table(out, &d);
        fputc('\n', out);
        print_words(out, m, t, differences_words, e);
    }
    if (e->code == OK && notes[n_first]) {
        fputc('\n', out);
        text_print_lines(out, m->prefix, notes + n_first);
    }
    grid_release(&g);
    grid_release(&d);
    return e->code;
}

static int write_markup(FILE *out, const char *path,
                        const struct compare_rows *t, const char *notes,
                        size_t n_first, const struct markup *m, struct err *e)
{
    struct report r;
    if (!path)
        return OK;
    if (report_begin(&r, out, path, e) == OK)
        print_markup(r.f, t, notes, n_first, m, e);
    return report_end(&r, e);
}

static int write_json(FILE *out, const char *path, const struct compare_rows *t,
                      struct err *e)
{
    struct grid g = { 0 };
    struct report r;
    if (!path)
        return OK;
    if (file_grid(&g, t, e) == OK) {
        if (report_begin(&r, out, path, e) == OK)
            grid_json(r.f, &g, e);
        report_end(&r, e);
    }
    grid_release(&g);
    return e->code;
}

int compare_write_tables(FILE *out, const struct compare_rows *t,
                         const char *notes, size_t n_first, struct err *e)
{
    const struct compare_options *o = t->o;
    if (write_csv(out, o->csv, t, file_grid, e) ||
        write_csv(out, o->runs_csv, t, rows_runs_grid, e) ||
        write_json(out, o->json, t, e) ||
        write_markup(out, o->markdown, t, notes, n_first, &markdown, e) ||
        write_markup(out, o->latex, t, notes, n_first, &latex, e))
        return e->code;
    return OK;
}
