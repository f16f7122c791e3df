#include "report/claim_runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/paths.h"
#include "io/csv_lines.h"
#include "metric/columns.h"
#include "report/run_layers.h"
#include "sweep/sweep_folder.h"

/* A copy of a run is no other run: the first counts. The first copy that is
 * found here is named: of folders one whose log is another one, as of another
 * machine, for the others have gone before (compare_gather); of tables any. */
static int leave_copies(struct claim_runs *s, struct err *e)
{
    char(*ids)[CONFIG_ID_MAX] = calloc((size_t)s->n + 1, sizeof *ids);
    struct text left = { s->left, sizeof s->left, strlen(s->left) };
    idx n = 0;
    struct claim_run copy = { 0 }, kept = { 0 };
    if (!ids)
        return err_memory(e, NULL);
    for (idx i = 0; i < s->n; i++) {
        idx k = 0;
        sweep_identity(ids[n], s->at[i].config);
        while (strcmp(ids[k], ids[n]) != 0)
            k++;
        if (k == n) {
            s->at[n++] = s->at[i];
        } else if (!copy.name) {
            copy = s->at[i];
            kept = s->at[k];
        }
    }
    free(ids);
    idx n_copies = s->n - n + s->set.n_copies;
    memmove(s->at + n, s->at + s->n, (size_t)s->n_unended * sizeof *s->at);
    s->n = n;
    s->n_left += n_copies;
    if (n_copies > 0)
        text_add(&left, "%s%td with the settings and seeds of another",
                 left.n ? ", " : "", n_copies);
    if (copy.name)
        text_add(&left, " (%s those of %s)", copy.name, kept.name);
    return OK;
}

static void find_texts(struct claim_runs *s)
{
    for (idx i = 0; i < s->n; i++) {
        struct data_options own = s->at[i].config->data;
        idx k = 0;
        while (k < i && !data_share_paths(&own, &s->at[k].config->data))
            k++;
        s->at[i].text = k;
    }
}

const struct config *claim_runs_config(const struct claim_runs *s, idx i,
                                       struct config_key k)
{
    return s->at[config_key_has_paths(k) ? s->at[i].text : i].config;
}

/* ---- run folders ------------------------------------------------------- */

static int none_done(const struct claim_runs *s, const char *place,
                     struct err *e)
{
    return err_set(e, ERR_DATA,
                   "%s: no run is done, and others do not count (%s): `sinklab "
                   "sweep` goes on with them",
                   place, s->left);
}

/* Names of the runs that the sweep no longer asks for. */
static bool is_dropped(const struct sweep *list, const char *name)
{
    for (idx i = 0; i < list->n; i++)
        if (list->runs[i].is_dropped && strcmp(list->runs[i].name, name) == 0)
            return true;
    return false;
}

static struct claim_run claim_run_of(const struct run_data *r)
{
    return (struct claim_run){ .name = run_data_label(r),
                               .config = &r->config,
                               .data = r };
}

/* A run whose files cannot be read is no run without them: verdicts would be of
 * other numbers than the reader thinks. */
static int check_sound(const struct run_data *r, struct err *e)
{
    if (r->is_analysis_bad || r->is_metrics_bad ||
        (!r->has_config && r->unread.code))
        return err_set(e, r->unread.code, "%s", r->unread.text);
    if (!r->has_config)
        return err_set(e, ERR_DATA,
                       "%s: holds no config.ini, without which no claim tells "
                       "what it is of: move the folder elsewhere, and `sinklab "
                       "sweep` trains it again",
                       r->path);
    return OK;
}

static int take_runs(struct claim_runs *s, const struct sweep *list,
                     struct err *e)
{
    idx states[RUN_STATES] = { 0 }, n_dropped = 0;
    struct text left = { s->left, sizeof s->left, 0 };
    s->at = calloc((size_t)s->set.n, sizeof *s->at);
    if (!s->at)
        return err_memory(e, NULL);
    for (idx i = 0; i < s->set.n; i++) {
        const struct run_data *r = &s->set.runs[i];
        if (is_dropped(list, r->name)) {
            n_dropped++;
        } else if (r->state != RUN_DONE) {
            states[r->state]++;
            s->n_left++;
        } else if (check_sound(r, e)) {
            return e->code;
        } else {
            s->at[s->n++] = claim_run_of(r);
        }
    }
    for (idx i = 0; i < s->set.n; i++) {
        const struct run_data *r = &s->set.runs[i];
        if (r->state != RUN_DONE && r->has_config && !is_dropped(list, r->name))
            s->at[s->n + s->n_unended++] = claim_run_of(r);
    }
    states[RUN_PENDING] += s->set.n_waiting;
    s->n_left += s->set.n_waiting + n_dropped;
    run_states_text(&left, states);
    if (n_dropped > 0)
        text_add(&left, "%s%td no longer in the sweep", left.n ? ", " : "",
                 n_dropped);
    if (leave_copies(s, e))
        return e->code;
    find_texts(s);
    for (idx i = 0; i < s->n; i++)
        s->is_logged = s->is_logged || s->at[i].data->analysis.rows == 0;
    for (idx i = 0; i < s->n; i++)
        s->at[i].on =
            s->is_logged ? &s->at[i].data->logged : &s->at[i].data->analysed;
    return OK;
}

int claim_runs_of_folder(struct claim_runs *s, const char *dir, struct err *e)
{
    const struct compare_options o = { .runs = &dir,
                                       .n_runs = 1,
                                       .metric = COMPARE_METRIC,
                                       .loss = COMPARE_LOSS };
    struct sweep list = { 0 };
    *s = (struct claim_runs){ 0 };
    int rc = compare_gather(&s->set, &o, e);
    if (rc == OK)
        rc = sweep_open(&list, dir, e);
    if (rc == OK)
        rc = take_runs(s, &list, e);
    sweep_close(&list);
    return rc == OK && s->n == 0 ? none_done(s, dir, e) : rc;
}

int claim_runs_add_layers(struct claim_runs *s, const char *column,
                          struct err *e)
{
    for (idx i = 0; i < s->n; i++) {
        struct run_data *r = &s->set.runs[s->at[i].data - s->set.runs];
        if (run_layers_add(r, column, e))
            return e->code;
    }
    return OK;
}

/* ---- tables ------------------------------------------------------------ */

static int open_table(struct csv_lines *l, char **text, char path[RUN_PATH_MAX],
                      const char *folder, const char *name, struct err *e)
{
    if (snprintf(path, RUN_PATH_MAX, "%s/%s", folder, name) >= RUN_PATH_MAX)
        return err_set(e, ERR_USAGE, "%.60s...: path longer than %d bytes",
                       folder, RUN_PATH_MAX - 1);
    if (csv_lines_open(l, text, path, TABLE_MAX_BYTES,
                       "`tools/collect.py` makes it anew", e))
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
    return l->n == n ? OK
                     : err_set(e, ERR_DATA, "%s:%td: got %td cells, want %td",
                               l->path, l->line, l->n, n);
}

/* Is it a run of this sweep: "lr/0003-seed4" of "lr"? */
static bool is_of(const char *run, const char *sweep)
{
    size_t n = strlen(sweep);
    return strncmp(run, sweep, n) == 0 && run[n] == '/';
}

/* A line of settings.csv. What another version called otherwise is passed over;
 * where a run is does not matter. */
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

static struct claim_run *find_run(struct claim_runs *s, const char *name)
{
    for (idx i = 0; i < s->n; i++)
        if (strcmp(s->at[i].name, name) == 0)
            return &s->at[i];
    return NULL;
}

static int read_settings(struct claim_runs *s, const char *tables,
                         const char *sweep, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct csv_lines l;
    if (open_table(&l, &s->settings, path, tables, "settings.csv", e))
        return e->code;
    idx n_lines = 1 + text_count(l.rest, '\n'), n_names = l.n;
    char **names = calloc((size_t)n_names, sizeof *names);
    s->at = calloc((size_t)n_lines, sizeof *s->at);
    s->configs = calloc((size_t)n_lines, sizeof *s->configs);
    s->measured = calloc((size_t)n_lines, sizeof *s->measured);
    if (!names || !s->at || !s->configs || !s->measured)
        err_memory(e, path);
    else
        memcpy(names, l.cells, (size_t)n_names * sizeof *names);
    while (!e->code && csv_lines_next(&l, e)) {
        struct config *c = &s->configs[s->n];
        if (!is_of(l.cells[0], sweep))
            continue;
        if (count_check(&l, n_names, e) || read_config(c, &l, names, e))
            break;
        if (find_run(s, l.cells[0] + strlen(sweep) + 1)) {
            err_set(e, ERR_DATA, "%s:%td: got %s twice: want a line a run",
                    path, l.line, l.cells[0]);
            break;
        }
        s->measured[s->n] = measured_by(c, true);
        s->at[s->n] =
            (struct claim_run){ .name = l.cells[0] + strlen(sweep) + 1,
                                .config = c,
                                .on = &s->measured[s->n] };
        s->n++;
    }
    free(names);
    return e->code || s->n > 0
               ? e->code
               : err_set(e, ERR_DATA,
                         "%s: no run of %s/ in it: `tools/collect.py` writes "
                         "them into it",
                         path, sweep);
}

static int read_cells(struct claim_runs *s, const struct csv_lines *l, idx row,
                      struct err *e)
{
    for (idx c = 1; c < l->n; c++) {
        char *end, shown[TEXT_SHOW_MAX];
        idx at = c * s->n_rows + row;
        s->v[at] = *l->cells[c] ? strtod(l->cells[c], &end) : NAN;
        s->given[at] = *l->cells[c] != '\0';
        if (s->given[at] && (end == l->cells[c] || *end))
            return err_set(e, ERR_DATA, "%s:%td: %s: got '%s', want a number",
                           l->path, l->line, s->columns[c],
                           text_show(shown, l->cells[c]));
    }
    return OK;
}

/* A heading twice would be one column of two. */
static int check_headings(const struct csv_lines *l, struct err *e)
{
    for (idx i = 0; i < l->n; i++)
        for (idx k = 0; k < i; k++)
            if (strcmp(l->cells[i], l->cells[k]) == 0)
                return err_set(e, ERR_DATA,
                               "%s:1: got column %s twice: `tools/collect.py` "
                               "makes it anew",
                               l->path, l->cells[i]);
    return OK;
}

/* Steps rise, so what is first and last of a run is so on the page, too. */
static int check_steps(const struct claim_runs *s, const struct claim_run *r,
                       const struct csv_lines *l, struct err *e)
{
    idx at = s->step * s->n_rows + r->first + r->rows - 1;
    if (s->given[at] && (r->rows == 1 || s->v[at] > s->v[at - 1]))
        return OK;
    return err_set(e, ERR_DATA,
                   "%s:%td: %s: want a step beyond that of the line before: "
                   "`tools/collect.py` makes it anew",
                   l->path, l->line, r->name);
}

/* The lines of a run stand together. */
static int read_curves(struct claim_runs *s, const char *tables,
                       const char *sweep, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct csv_lines l;
    if (open_table(&l, &s->curves, path, tables, "curves.csv", e))
        return e->code;
    if (check_headings(&l, e))
        return e->code;
    for (s->step = 0; s->step < l.n; s->step++)
        if (strcmp(l.cells[s->step], "step") == 0)
            break;
    if (s->step == l.n)
        return err_set(e, ERR_DATA,
                       "%s:1: no column step: `tools/collect.py` makes it anew",
                       path);
    s->n_columns = l.n;
    s->n_rows = 1 + text_count(l.rest, '\n');
    size_t n = (size_t)(s->n_columns * s->n_rows);
    s->columns = calloc((size_t)l.n, sizeof *s->columns);
    s->v = calloc(n, sizeof *s->v);
    s->given = calloc(n, sizeof *s->given);
    if (!s->columns || !s->v || !s->given)
        return err_memory(e, path);
    memcpy(s->columns, l.cells, (size_t)l.n * sizeof *s->columns);
    for (idx row = 0; csv_lines_next(&l, e); row++) {
        const char *run = l.cells[0];
        struct claim_run *r =
            is_of(run, sweep) ? find_run(s, run + strlen(sweep) + 1) : NULL;
        if (count_check(&l, s->n_columns, e))
            return e->code;
        if (!r)
            continue;
        if (r->rows > 0 && r->first + r->rows != row)
            return err_set(e, ERR_DATA,
                           "%s:%td: the lines of %s do not stand together",
                           path, l.line, r->name);
        if (r->rows == 0)
            r->first = row;
        r->rows++;
        if (read_cells(s, &l, row, e) || check_steps(s, r, &l, e))
            return e->code;
    }
    return e->code;
}

/* A run is done that was measured at its last step. The others go behind. */
static void leave_others(struct claim_runs *s)
{
    idx n = 0;
    for (idx i = 0; i < s->n; i++) {
        double at;
        struct series steps = claim_run_series(s, i, "step");
        if (!series_final(&at, &steps) ||
            at != (double)s->at[i].config->train.steps)
            continue;
        struct claim_run done = s->at[i];
        memmove(s->at + n + 1, s->at + n, (size_t)(i - n) * sizeof *s->at);
        s->at[n++] = done;
    }
    s->n_left = s->n_unended = s->n - n;
    s->n = n;
    if (s->n_left > 0)
        snprintf(s->left, sizeof s->left, "%td without numbers of the end",
                 s->n_left);
}

int claim_runs_of_tables(struct claim_runs *s, const char *tables,
                         const char *sweep, struct err *e)
{
    *s = (struct claim_runs){ 0 };
    if (read_settings(s, tables, sweep, e) || read_curves(s, tables, sweep, e))
        return e->code;
    leave_others(s);
    if (leave_copies(s, e))
        return e->code;
    find_texts(s);
    return s->n > 0 ? OK : none_done(s, tables, e);
}

/* ---- both -------------------------------------------------------------- */

static struct series series_of_rows(const struct claim_runs *s,
                                    const struct claim_run *r,
                                    const char *column)
{
    idx at = -1, n_given = 0;
    for (idx c = 1; c < s->n_columns; c++)
        at = strcmp(s->columns[c], column) == 0 ? c : at;
    if (at < 0)
        return (struct series){ 0 };
    const bool *given = s->given + at * s->n_rows + r->first;
    for (idx i = 0; i < r->rows; i++)
        n_given += given[i];
    return (struct series){ .step = s->v + s->step * s->n_rows + r->first,
                            .value = s->v + at * s->n_rows + r->first,
                            .given = given,
                            .n = n_given > 0 ? r->rows : 0 };
}

/* Is it of metrics.csv alone, as what is measured on updates? */
static bool is_of_training(const char *column)
{
    struct column_facts f;
    return column_find(&f, column) && !(f.files & COLUMN_ANALYSIS);
}

struct series claim_run_series(const struct claim_runs *s, idx run,
                               const char *column)
{
    const struct claim_run *r = &s->at[run];
    if (!r->data)
        return series_of_rows(s, r, column);
    return s->is_logged || is_of_training(column)
               ? run_data_logged(r->data, column)
               : run_data_analysed(r->data, column);
}

void claim_runs_release(struct claim_runs *s)
{
    compare_set_release(&s->set);
    free(s->at);
    free(s->configs);
    free(s->measured);
    free(s->settings);
    free(s->curves);
    free(s->columns);
    free(s->v);
    free(s->given);
    *s = (struct claim_runs){ 0 };
}
