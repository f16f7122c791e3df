#include "report/run_tables.h"

#include "io/csv_lines.h"
#include "io/fsys.h"
#include "run/run_paths.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char SETTINGS[] = "settings.csv", CURVES[] = "curves.csv";
static const char REMEDY[] = "`tools/collect.py` makes it anew";

int run_tables_are_in(bool *are_in, const char *folder, struct err *e)
{
    const char *const names[] = { SETTINGS, CURVES };
    *are_in = true;
    for (idx i = 0; i < COUNT_OF(names) && *are_in; i++) {
        char path[RUN_PATH_MAX];
        run_path(path, folder, names[i]);
        if (fsys_exists(are_in, path, e))
            return e->code;
    }
    return OK;
}

static int open_table(struct csv_lines *l, char **text, char path[RUN_PATH_MAX],
                      const char *folder, const char *name, struct err *e)
{
    if (snprintf(path, RUN_PATH_MAX, "%s/%s", folder, name) >= RUN_PATH_MAX)
        return err_set(e, ERR_USAGE, "%.60s...: path longer than %d bytes",
                       folder, RUN_PATH_MAX - 1);
    if (csv_lines_open(l, text, path, TABLE_MAX_BYTES, REMEDY, e))
        return e->code;
    return l->n > 0 && strcmp(l->cells[0], "run") == 0
               ? OK
               : err_set(e, ERR_DATA,
                         "%s:1: the first column is not run: "
                         "`tools/collect.py` makes such tables",
                         path);
}

static int count_check(const struct csv_lines *l, idx n, struct err *e)
{
    return l->n == n
               ? OK
               : err_set(e, ERR_DATA, "%s:%td: got %td cells, want %td: %s",
                         l->path, l->line, l->n, n, REMEDY);
}

/* Is it a run of this sweep: "lr/0003-seed4" of "lr"? */
static bool is_of(const char *run, const char *sweep)
{
    size_t n = sweep ? strlen(sweep) : 0;
    return !sweep || (strncmp(run, sweep, n) == 0 && run[n] == '/');
}

static struct run_data *find(struct run_tables *t, const char *path)
{
    for (idx i = 0; i < t->n; i++)
        if (strcmp(t->runs[i].path, path) == 0)
            return &t->runs[i];
    return NULL;
}

/* ---- settings.csv ------------------------------------------------------ */

/* What another version called otherwise is passed over; where a run is does not
 * matter. */
static int read_config(struct config *c, const struct csv_lines *l,
                       char *const *names, struct err *e)
{
    config_defaults(c);
    for (idx i = 1; i < l->n; i++) {
        struct config_key k = config_key_find(names[i]);
        struct err own = { 0 };
        if (!k.key || !*l->cells[i])
            continue;
        if (key_parse(k.key, (char *)c + k.section->offset, l->cells[i], &own))
            return err_set(e, ERR_DATA, "%s:%td: %s: %s", l->path, l->line,
                           names[i], own.text);
    }
    return OK;
}

static int add_run(struct run_tables *t, const struct csv_lines *l,
                   char *const *names, struct err *e)
{
    struct run_data *r = &t->runs[t->n];
    const char *path = l->cells[0], *slash = strrchr(path, '/');
    if (find(t, path))
        return err_set(e, ERR_DATA, "%s:%td: got %s twice: want a line a run",
                       l->path, l->line, path);
    *r = (struct run_data){ .path = path,
                            .analysis_name = "",
                            .is_of_tables = true,
                            .step = NAN,
                            .has_config = true };
    snprintf(r->name, sizeof r->name, "%s", slash ? slash + 1 : path);
    if (read_config(&r->config, l, names, e))
        return e->code;
    r->analysed = measured_by(&r->config, true);
    r->analysed_sink = r->config.sink;
    r->analysed_metrics = r->config.metrics;
    t->n++;
    return OK;
}

static int read_settings(struct run_tables *t, const char *folder,
                         const char *sweep, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct csv_lines l;
    if (open_table(&l, &t->settings, path, folder, SETTINGS, e))
        return e->code;
    idx n_names = l.n;
    char **names = calloc((size_t)n_names, sizeof *names);
    t->runs = calloc((size_t)(1 + text_count(l.rest, '\n')), sizeof *t->runs);
    if (!names || !t->runs)
        err_memory(e, path);
    else
        memcpy(names, l.cells, (size_t)n_names * sizeof *names);
    while (!e->code && csv_lines_next(&l, e))
        if (is_of(l.cells[0], sweep) && count_check(&l, n_names, e) == OK)
            add_run(t, &l, names, e);
    free(names);
    if (e->code || t->n > 0)
        return e->code;
    return err_set(e, ERR_DATA,
                   "%s: no run of %s%s in it: `tools/collect.py` writes "
                   "them into it",
                   path, sweep ? sweep : "any sweep", sweep ? "/" : "");
}

/* ---- curves.csv -------------------------------------------------------- */

/* The file, and the run whose lines are being read. */
struct curves {
    struct csv_lines lines;
    char *text, **names; /* (columns) with that of the runs' names */
    idx columns, step;
    struct run_data *run; /* NULL: none */
    idx rows;             /* so many of its */
    double *v;            /* (room,columns - 1), a row a line */
    bool *given;
    idx room;
};

/* A heading twice would be one column of two. */
static int open_curves(struct curves *c, char path[RUN_PATH_MAX],
                       const char *folder, struct err *e)
{
    struct csv_lines *l = &c->lines;
    if (open_table(l, &c->text, path, folder, CURVES, e))
        return e->code;
    c->step = -1;
    for (idx i = 0; i < l->n; i++) {
        for (idx k = 0; k < i; k++)
            if (strcmp(l->cells[i], l->cells[k]) == 0)
                return err_set(e, ERR_DATA, "%s:1: got column %s twice: %s",
                               path, l->cells[i], REMEDY);
        c->step = strcmp(l->cells[i], "step") == 0 ? i - 1 : c->step;
    }
    if (c->step < 0)
        return err_set(e, ERR_DATA, "%s:1: no column step: %s", path, REMEDY);
    c->columns = l->n;
    c->names = calloc((size_t)l->n, sizeof *c->names);
    if (!c->names)
        return err_memory(e, path);
    memcpy(c->names, l->cells, (size_t)l->n * sizeof *c->names);
    return OK;
}

static int make_room(struct curves *c, struct err *e)
{
    idx room = c->room ? 2 * c->room : 64, n = room * c->columns;
    if (c->rows < c->room)
        return OK;
    double *v = realloc(c->v, (size_t)n * sizeof *v);
    c->v = v ? v : c->v;
    bool *given = realloc(c->given, (size_t)n * sizeof *given);
    c->given = given ? given : c->given;
    if (!v || !given)
        return err_memory(e, c->lines.path);
    c->room = room;
    return OK;
}

static int take_cells(struct curves *c, struct err *e)
{
    const struct csv_lines *l = &c->lines;
    idx n = c->columns - 1;
    for (idx i = 0; i < n; i++) {
        char *cell = l->cells[i + 1], *end, shown[TEXT_SHOW_MAX];
        idx at = c->rows * n + i;
        c->v[at] = *cell ? strtod(cell, &end) : NAN;
        c->given[at] = *cell != '\0';
        if (c->given[at] && (end == cell || *end))
            return err_set(e, ERR_DATA, "%s:%td: %s: got '%s', want a number",
                           l->path, l->line, c->names[i + 1],
                           text_show(shown, cell));
    }
    return OK;
}

/* Steps rise, so what is first and last of a run is so on the page, too. */
static int check_step(const struct curves *c, struct err *e)
{
    idx n = c->columns - 1, at = c->rows * n + c->step;
    if (c->given[at] && (c->rows == 0 || c->v[at] > c->v[at - n]))
        return OK;
    return err_set(e, ERR_DATA,
                   "%s:%td: %s: want a step beyond that of the line before: %s",
                   c->lines.path, c->lines.line, c->run->name, REMEDY);
}

/* The run's lines are all there: they are its analysis. */
static int end_run(struct curves *c, struct err *e)
{
    struct run_data *r = c->run;
    idx n = c->columns - 1;
    if (!r)
        return OK;
    if (table_make(&r->analysis, c->names + 1, n, c->rows, e))
        return e->code;
    for (idx row = 0; row < c->rows; row++)
        for (idx i = 0; i < n; i++) {
            r->analysis.v[i * c->rows + row] = c->v[row * n + i];
            r->analysis.given[i * c->rows + row] = c->given[row * n + i];
        }
    r->step = c->v[(c->rows - 1) * n + c->step];
    c->run = NULL;
    c->rows = 0;
    return OK;
}

static int take_line(struct curves *c, struct run_tables *t, struct err *e)
{
    const struct csv_lines *l = &c->lines;
    bool is_next = c->run && strcmp(c->run->path, l->cells[0]) == 0;
    struct run_data *r = is_next ? c->run : find(t, l->cells[0]);
    if (count_check(l, c->columns, e))
        return e->code;
    if (r != c->run && end_run(c, e))
        return e->code;
    if (!r)
        return OK;
    if (!c->run && r->analysis.columns > 0)
        return err_set(e, ERR_DATA,
                       "%s:%td: the lines of %s do not stand together: %s",
                       l->path, l->line, r->name, REMEDY);
    c->run = r;
    if (make_room(c, e) || take_cells(c, e) || check_step(c, e))
        return e->code;
    c->rows++;
    return OK;
}

static int read_curves(struct run_tables *t, const char *folder, struct err *e)
{
    struct curves c = { .text = NULL };
    char path[RUN_PATH_MAX];
    if (open_curves(&c, path, folder, e) == OK) {
        while (csv_lines_next(&c.lines, e) && take_line(&c, t, e) == OK)
            ;
        if (e->code == OK)
            end_run(&c, e);
    }
    free(c.names);
    free(c.text);
    free(c.v);
    free(c.given);
    return e->code;
}

/* ---- both -------------------------------------------------------------- */

static void judge_end(struct run_data *r)
{
    bool is_done = r->step == (double)r->config.train.steps;
    r->state = r->analysis.columns > 0 && is_done ? RUN_DONE : RUN_UNKNOWN;
    r->status = run_state_word(r->state);
    if (r->state != RUN_DONE)
        snprintf(r->note, sizeof r->note, "has no numbers of its end");
}

int run_tables_read(struct run_tables *t, const char *folder, const char *sweep,
                    struct err *e)
{
    if (read_settings(t, folder, sweep, e) || read_curves(t, folder, e))
        return e->code;
    for (idx i = 0; i < t->n; i++)
        judge_end(&t->runs[i]);
    return OK;
}

void run_tables_release(struct run_tables *t)
{
    for (idx i = 0; i < t->n; i++)
        run_data_release(&t->runs[i]);
    free(t->runs);
    free(t->settings);
    *t = (struct run_tables){ 0 };
}
