#include "report/compare_table.h"

#include "base/text.h"
#include "report/cells.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { EACH_RUNS = 5 }; /* runs of a group whose values are all listed */

/* ---- what is measured -------------------------------------------------- */

/* Beside loss and metric. */
static const struct measure beside[] = {
    { "val_excess", "val_excess", true, false },
    { "sink_bias", "sink\nbias\n%", false, true },
    { "first_mass_raw", "first\nmass\nraw %", true, true },
    { "row_sum", "row\nsum", false, true },
    { "bias_mass", NULL, false, false },
    { "hidden_max", NULL, false, false },
    { "value_ratio", NULL, false, false },
    { "val_loss_se", NULL, false, false },
};

static bool is_named(const struct compare_options *o, const char *column)
{
    return strcmp(column, o->metric) == 0 || strcmp(column, o->loss) == 0;
}

/* Loss and metric first. */
static void list_measures(struct compare_rows *t,
                          const struct compare_options *o)
{
    t->measures[t->n_measures++] = (struct measure){ o->loss, "", true, false };
    if (strcmp(o->metric, o->loss) != 0) {
        t->metric = t->n_measures++;
        t->measures[t->metric] = (struct measure){ o->metric, "", true, false };
    }
    for (idx i = 0; i < COUNT_OF(beside); i++)
        if (!is_named(o, beside[i].name))
            t->measures[t->n_measures++] = beside[i];
}

/* ---- rows -------------------------------------------------------------- */

/* Means hide what happened where runs end at one of two ends. */
static void write_each(struct row *r, const struct compare_rows *t)
{
    char a[CELL_NUMBER_MAX], b[CELL_NUMBER_MAX];
    const struct group *g = r->group;
    bool is_share = metric_is_share(t->o->metric);
    double scale = is_share ? 100 : 1;
    int digits = is_share ? 0 : 2;
    struct text text = { r->each, sizeof r->each, 0 };
    const struct summary *s = &r->finals[t->metric];
    text_add(&text, "%s", "");
    if (g->n_counted > EACH_RUNS && !isnan(s->min))
        text_add(&text, "%s to %s", cell_number(a, scale * s->min, digits),
                 cell_number(b, scale * s->max, digits));
    for (idx i = 0; i < g->n_counted && g->n_counted <= EACH_RUNS; i++) {
        double v;
        struct series of = group_series(g, i, t->o->metric);
        if (series_final(&v, &of))
            text_add(&text, "%s%s", text.n > 0 ? " " : "",
                     cell_number(a, scale * v, digits));
    }
}

static int find_last(struct summary *s, const struct group *g,
                     const char *column, struct err *e)
{
    struct band b = { 0 };
    int rc = band_make(&b, g, column, e);
    *s = b.last;
    band_release(&b);
    return rc;
}

static int fill_row(struct row *r, const struct compare_rows *t,
                    const struct group *base, struct err *e)
{
    const struct group *g = r->group;
    int rc = find_last(&r->steps, g, "step", e);
    for (idx i = 0; i < t->n_measures && rc == OK; i++) {
        const struct measure *m = &t->measures[i];
        rc = find_last(&r->finals[i], g, m->name, e);
        if (rc == OK && m->is_paired && g != base)
            rc = group_pair(&r->pairs[i], g, base, m->name, e);
    }
    if (rc == OK)
        rc = group_emerged(&r->emerged, g, t->o->metric, &t->groups->emergence,
                           e);
    write_each(r, t);
    return rc;
}

/* The group that --baseline names, or the first. */
static int find_base(struct compare_rows *t, struct err *e)
{
    char labels[ERR_TEXT_MAX / 2] = "";
    const struct groups *s = t->groups;
    struct text text = { labels, sizeof labels, 0 };
    for (; t->o->baseline && t->base < s->n; t->base++) {
        if (strcmp(s->g[t->base].label, t->o->baseline) == 0)
            return OK;
        text_add(&text, "%s'%s'", text.n > 0 ? ", " : "", s->g[t->base].label);
    }
    if (!t->o->baseline)
        return OK;
    return err_set(e, ERR_USAGE,
                   "compare: --baseline: no group is called '%.80s'; there are "
                   "%s",
                   t->o->baseline, labels);
}

/* Of run k of group i, without numbers. */
static struct row row_of(const struct compare_rows *t, idx i, idx k)
{
    const struct group *g = &t->groups->g[i];
    return (struct row){ .group = g,
                         .run = g->runs[k],
                         .label = g->label,
                         .status = g->status,
                         .base = t->groups->g[t->base].label,
                         .n_runs = g->n_runs };
}

int rows_make(struct compare_rows *t, const struct compare_options *o,
              const struct groups *s, struct err *e)
{
    *t = (struct compare_rows){ .groups = s, .o = o, .n = s->n };
    list_measures(t, o);
    int rc = find_base(t, e);
    if (rc != OK)
        return rc;
    t->rows = calloc((size_t)s->n, sizeof *t->rows);
    if (!t->rows)
        return err_set(e, ERR_MEMORY, "not enough memory for a table");
    for (idx i = 0; i < s->n && rc == OK; i++) {
        struct row *r = &t->rows[i];
        *r = row_of(t, i, 0);
        rc = fill_row(r, t, &s->g[t->base], e);
    }
    return rc;
}

void rows_release(struct compare_rows *t)
{
    free(t->rows);
    *t = (struct compare_rows){ 0 };
}

idx rows_pairs_most(const struct compare_rows *t)
{
    idx most = 0;
    for (idx i = 0; i < t->n; i++)
        for (idx k = 0; k < t->n_measures; k++)
            most = idx_max(most, t->rows[i].pairs[k].d.n);
    return most;
}

/* ---- columns ----------------------------------------------------------- */

/* A table that is being made, column by column. */
struct sheet {
    struct grid *g;
    const struct compare_rows *t;
    const struct row *rows; /* (n) */
    idx n;
    bool is_file;
    const char *spread; /* heading of the column behind a mean */
};

static struct sheet sheet_of(struct grid *g, const struct compare_rows *t,
                             const struct row *rows, idx n, bool is_file)
{
    return (struct sheet){ g, t, rows, n, is_file, t->o->unicode ? "±" : "+-" };
}

enum statistic { MEAN, SPREAD, ERROR, MIN, MAX };

/* A column, headed in the manner of printf, of what stands `at` bytes into each
 * row: a text, a count, or a part of a summary of this measure (NULL: of
 * steps). */
static const void *field_at(const struct sheet *s, idx i, size_t at)
{
    return (const char *)&s->rows[i] + at;
}

static void add_text(struct sheet *s, size_t at, const char *heading)
{
    idx c = grid_add(s->g, "%s", heading);
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, c, "%s",
                 *(const char *const *)field_at(s, i, at));
}

static void __attribute__((format(printf, 3, 4)))
add_count(struct sheet *s, size_t at, const char *heading, ...)
{
    va_list args;
    va_start(args, heading);
    idx c = grid_addv(s->g, heading, args);
    va_end(args);
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, c, "%td", *(const idx *)field_at(s, i, at));
}

static void __attribute__((format(printf, 5, 6)))
add_part(struct sheet *s, size_t at, enum statistic part, const char *measure,
         const char *heading, ...)
{
    va_list args;
    va_start(args, heading);
    idx c = grid_addv(s->g, heading, args);
    va_end(args);
    struct cell_look look = cell_look(measure ? measure : "step");
    for (idx i = 0; i < s->n; i++) {
        const struct summary *x = field_at(s, i, at);
        const double v[] = { x->mean, x->spread, x->error, x->min, x->max };
        /* what there is not is no NaN: that is a number that came out */
        if (x->n > (part == SPREAD || part == ERROR))
            put_number(s->g, i + 1, c, v[part], look, s->is_file);
        else
            put_missing(s->g, i + 1, c, s->is_file);
    }
}

static size_t final_at(idx measure)
{
    return offsetof(struct row, finals) +
           (size_t)measure * sizeof(struct summary);
}

static size_t pair_at(idx measure)
{
    return offsetof(struct row, pairs) + (size_t)measure * sizeof(struct pair) +
           offsetof(struct pair, d);
}

/* Files have all keys, a screen only so many. */
static void add_keys(struct sheet *s, const struct config_key *keys, idx n,
                     idx most)
{
    for (idx k = 0; k < (s->is_file ? n : idx_min(n, most)); k++) {
        idx c = add_key(s->g, keys, n, k, s->is_file);
        for (idx i = 0; i < s->n; i++)
            if (s->rows[i].run->has_config)
                put_key(s->g, i + 1, c, &s->rows[i].run->config, keys[k]);
            else if (s->t->groups->are_single)
                put_missing(s->g, i + 1, c, s->is_file);
    }
}

/* The last value of a measure, for people: of loss and metric so. */
static void add_final(struct sheet *s, idx i)
{
    const struct measure *m = &s->t->measures[i];
    if (m->heading && *m->heading)
        add_part(s, final_at(i), MEAN, m->name, "%s", m->heading);
    else
        add_part(s, final_at(i), MEAN, m->name, "final\n%s%s", m->name,
                 metric_is_share(m->name) ? "\n%" : "");
}

static bool has_any(const struct sheet *s, idx measure)
{
    for (idx i = 0; i < s->n; i++)
        if (s->rows[i].finals[measure].n > 0)
            return true;
    return false;
}

/* ---- a row a run ------------------------------------------------------- */

/* The same of a column, under another heading. */
static void add_named(struct sheet *s, const char *column, const char *heading,
                      const char *of_files)
{
    idx i = 0;
    while (strcmp(s->t->measures[i].name, column) != 0)
        i++;
    if (s->is_file || has_any(s, i) || strcmp(heading, column) != 0)
        add_part(s, final_at(i), MEAN, column, "%s",
                 s->is_file ? of_files : heading);
}

/* In brackets where it was gone at the end. */
static void add_emerged(struct sheet *s)
{
    add_part(s, offsetof(struct row, emerged.steps), MEAN, NULL, "%s",
             s->is_file ? "emerged_at_step" : "emerged\nat step");
    for (idx i = 0; i < s->n && !s->is_file; i++)
        if (s->rows[i].emerged.n_gone > 0)
            grid_set(s->g, i + 1, s->g->columns - 1, "(%.0f)",
                     s->rows[i].emerged.steps.mean);
}

/* Files always have the same columns; people see the loss's error, and what is
 * above the floor, where a run has it. */
static void add_single(struct sheet *s, bool has_status)
{
    const struct groups *groups = s->t->groups;
    idx run = grid_add(s->g, "run");
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, run, "%s",
                 s->is_file ? s->rows[i].run->path : s->rows[i].label);
    add_keys(s, groups->keys, groups->n_keys, KEYS_OF_RUNS);
    if (has_status)
        add_text(s, offsetof(struct row, status), "status");
    add_part(s, offsetof(struct row, steps), MEAN, NULL, "steps");
    for (idx i = 0; i <= s->t->metric; i++)
        if (s->is_file)
            add_part(s, final_at(i), MEAN, NULL, "final_%s",
                     s->t->measures[i].name);
        else
            add_final(s, i);
    for (idx i = 0; i < COUNT_OF(beside); i++)
        if (beside[i].is_always)
            add_named(s, beside[i].name, beside[i].heading, beside[i].name);
    add_emerged(s);
    if (!is_named(s->t->o, "val_loss_se"))
        add_named(s, "val_loss_se", "val_loss_se", "final_val_loss_se");
    if (!is_named(s->t->o, "val_excess"))
        add_named(s, "val_excess", "val_excess", "final_val_excess");
}

/* ---- a row a group ----------------------------------------------------- */

static void add_file_measure(struct sheet *s, idx i)
{
    const char *name = s->t->measures[i].name;
    size_t at = final_at(i);
    add_part(s, at, MEAN, name, "final_%s_mean", name);
    add_part(s, at, SPREAD, name, "final_%s_spread", name);
    add_count(s, at + offsetof(struct summary, n), "final_%s_n", name);
    add_part(s, at, MIN, name, "final_%s_min", name);
    add_part(s, at, MAX, name, "final_%s_max", name);
}

/* Loss and metric always, with their spread; others where they say anything. */
static void add_measure(struct sheet *s, idx i)
{
    const struct measure *m = &s->t->measures[i];
    bool is_main = i <= s->t->metric, has_each = false;
    for (idx k = 0; k < s->n; k++)
        has_each = has_each || s->rows[k].finals[i].n > 1;
    if (!is_main && !(m->heading && has_any(s, i)))
        return;
    add_final(s, i);
    if (is_main)
        add_part(s, final_at(i), SPREAD, m->name, "%s", s->spread);
    if (i != s->t->metric || !has_each)
        return;
    idx c = grid_add(s->g, "each");
    for (idx k = 0; k < s->n; k++)
        grid_set(s->g, k + 1, c, "%s", s->rows[k].each);
}

static void add_file_pair(struct sheet *s, idx i)
{
    const char *name = s->t->measures[i].name;
    size_t d = pair_at(i), pair = d - offsetof(struct pair, d);
    add_part(s, d, MEAN, name, "paired_%s_mean", name);
    add_part(s, d, SPREAD, name, "paired_%s_spread", name);
    add_part(s, d, ERROR, name, "paired_%s_error", name);
    add_count(s, pair + offsetof(struct pair, n_up), "paired_%s_up", name);
    add_count(s, pair + offsetof(struct pair, n_down), "paired_%s_down", name);
    add_count(s, d + offsetof(struct summary, n), "paired_%s_n", name);
}

/* How many count, in brackets where none is done. */
static void add_counted(struct sheet *s)
{
    idx c = grid_add(s->g, "n");
    for (idx i = 0; i < s->n; i++) {
        const struct group *g = s->rows[i].group;
        bool is_final = s->is_file || g->is_done || g->n_counted == 0;
        grid_set(s->g, i + 1, c, is_final ? "%td" : "(%td)", g->n_counted);
    }
}

static void add_group_keys(struct sheet *s, bool has_status)
{
    const struct groups *groups = s->t->groups;
    bool has_label = s->is_file || groups->n_keys == 0;
    for (idx i = 0; i < s->n; i++)
        has_label = has_label || !s->rows[i].run->has_config;
    if (has_label)
        add_text(s, offsetof(struct row, label), "group");
    add_keys(s, groups->keys, groups->n_keys, KEYS_OF_GROUPS);
    if (s->is_file)
        add_count(s, offsetof(struct row, n_runs), "runs");
    if (has_status)
        add_text(s, offsetof(struct row, status), "status");
    add_counted(s);
    add_part(s, offsetof(struct row, steps), MEAN, NULL, "steps");
}

static void add_groups(struct sheet *s, bool has_status)
{
    size_t emerged = offsetof(struct row, emerged.steps);
    add_group_keys(s, has_status);
    for (idx i = 0; i < s->t->n_measures; i++)
        add_measure(s, i);
    add_part(s, emerged, MEAN, NULL, "emerged\nat step");
    add_part(s, emerged, SPREAD, NULL, "%s", s->spread);
    idx c = grid_add(s->g, "in");
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, c, "%td/%td", s->rows[i].emerged.steps.n,
                 s->rows[i].emerged.n_measured);
}

static void add_file_groups(struct sheet *s)
{
    size_t emerged = offsetof(struct row, emerged.steps);
    add_group_keys(s, true);
    for (idx i = 0; i < s->t->n_measures; i++)
        add_file_measure(s, i);
    add_part(s, emerged, MEAN, NULL, "emerged_at_step_mean");
    add_part(s, emerged, SPREAD, NULL, "emerged_at_step_spread");
    add_count(s, emerged + offsetof(struct summary, n), "emerged_at_step_n");
    add_text(s, offsetof(struct row, base), "baseline");
    for (idx i = 0; i < s->t->n_measures; i++)
        if (s->t->measures[i].is_paired)
            add_file_pair(s, i);
}

static bool are_all_done(const struct groups *s)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++)
            if (s->g[i].runs[k]->state != RUN_DONE)
                return false;
    return true;
}

int rows_grid(struct grid *g, const struct compare_rows *t, bool is_file,
              struct err *e)
{
    struct sheet s = sheet_of(g, t, t->rows, t->n, is_file);
    bool has_status = is_file || !are_all_done(t->groups);
    int rc = grid_init(g, t->n + 1, 0, e);
    if (rc != OK)
        return rc;
    if (t->groups->are_single)
        add_single(&s, has_status);
    else if (is_file)
        add_file_groups(&s);
    else
        add_groups(&s, has_status);
    return grid_check(g, e);
}

/* ---- paired differences, for people ------------------------------------ */

/* Are there differences to show? */
static bool has_pairs(const struct compare_rows *t, idx i)
{
    /* val_excess is val_loss less a constant */
    if (strcmp(t->measures[i].name, "val_excess") == 0 && i != MEASURE_LOSS &&
        strcmp(t->o->loss, "val_loss") == 0)
        return false;
    for (idx k = 0; k < t->n; k++)
        if (t->rows[k].pairs[i].d.n > 1)
            return true;
    return false;
}

/* "all +", "2+ 1-" */
static void add_signs(struct sheet *s, idx measure)
{
    idx c = grid_add(s->g, "signs");
    for (idx i = 1; i <= s->n; i++) {
        const struct pair *p = &s->rows[i - 1].pairs[measure];
        if (p->d.n == 0)
            grid_set(s->g, i, c, "-");
        else if (p->n_up == p->d.n || p->n_down == p->d.n)
            grid_set(s->g, i, c, "all %c", p->n_up > 0 ? '+' : '-');
        else
            grid_set(s->g, i, c, "%td+ %td-", p->n_up, p->n_down);
    }
}

static void add_pairs(struct sheet *s)
{
    idx n_pairs = grid_add(s->g, "pairs");
    for (idx i = 0; i < s->n; i++) {
        idx most = 0;
        for (idx k = 0; k < s->t->n_measures; k++)
            if (has_pairs(s->t, k))
                most = idx_max(most, s->rows[i].pairs[k].d.n);
        grid_set(s->g, i + 1, n_pairs, "%td", most);
    }
    for (idx i = 0; i < s->t->n_measures; i++) {
        const char *name = s->t->measures[i].name;
        if (!has_pairs(s->t, i))
            continue;
        add_part(s, pair_at(i), MEAN, name, "%s%s", name,
                 metric_is_share(name) ? "\n%" : "");
        add_part(s, pair_at(i), SPREAD, name, "%s", s->spread);
        add_part(s, pair_at(i), ERROR, name, "error");
        add_signs(s, i);
    }
}

int rows_pairs_grid(struct grid *g, const struct compare_rows *t, struct err *e)
{
    struct row *others = calloc((size_t)t->n, sizeof *others);
    struct sheet s = sheet_of(g, t, others, 0, false);
    bool has_some = false;
    for (idx i = 0; i < t->n_measures; i++)
        has_some = has_some || has_pairs(t, i);
    int rc = others ? OK : err_set(e, ERR_MEMORY, "not enough memory");
    for (idx i = 0; i < t->n && rc == OK; i++)
        if (i != t->base)
            others[s.n++] = t->rows[i];
    if (rc == OK && has_some)
        rc = grid_init(g, s.n + 1, 0, e);
    if (rc == OK && has_some) {
        add_text(&s, offsetof(struct row, label), "group");
        add_pairs(&s);
        rc = grid_check(g, e);
    }
    free(others);
    return rc;
}

/* ---- a row a run of a group, for files --------------------------------- */

/* The last value of a series, as a summary of one. */
static struct summary last_of(const struct series *s)
{
    double v;
    return summarise(&v, series_final(&v, s));
}

static void fill_run(struct row *r, const struct compare_rows *t, idx i)
{
    double step;
    struct series of = group_series(r->group, i, "step");
    r->name = r->run->name;
    r->status = r->run->status;
    r->counts = i < r->group->n_counted ? "yes" : "no";
    r->steps = last_of(&of);
    for (idx k = 0; k < t->n_measures; k++) {
        of = group_series(r->group, i, t->measures[k].name);
        r->finals[k] = last_of(&of);
    }
    of = group_series(r->group, i, t->o->metric);
    r->emerged.steps =
        summarise(&step, emergence_find(&step, &of, &t->groups->emergence));
    if (of.n > 0 && run_data_measured(r->run, &of)->is_known)
        measured_print_of(r->on, run_data_measured(r->run, &of), t->o->metric);
}

static void add_runs(struct sheet *s)
{
    const struct groups *groups = s->t->groups;
    add_text(s, offsetof(struct row, label), "group");
    add_text(s, offsetof(struct row, name), "run");
    add_keys(s, groups->keys, groups->n_keys, groups->n_keys);
    add_keys(s, groups->over, groups->n_over, groups->n_over);
    add_text(s, offsetof(struct row, status), "status");
    add_text(s, offsetof(struct row, counts), "counts");
    idx on = grid_add(s->g, "measured_on");
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, on, "%s", s->rows[i].on);
    add_part(s, offsetof(struct row, steps), MEAN, NULL, "steps");
    for (idx i = 0; i < s->t->n_measures; i++)
        add_part(s, final_at(i), MEAN, NULL, "final_%s",
                 s->t->measures[i].name);
    add_emerged(s);
}

int rows_runs_grid(struct grid *g, const struct compare_rows *t, struct err *e)
{
    idx n = 0;
    if (t->groups->are_single)
        return rows_grid(g, t, true, e);
    for (idx i = 0; i < t->n; i++)
        n += t->groups->g[i].n_runs;
    struct row *runs = calloc((size_t)n, sizeof *runs);
    struct sheet s = sheet_of(g, t, runs, 0, true);
    if (!runs)
        return err_set(e, ERR_MEMORY, "not enough memory for a table");
    for (idx i = 0; i < t->n; i++)
        for (idx k = 0; k < t->groups->g[i].n_runs; k++) {
            runs[s.n] = row_of(t, i, k);
            fill_run(&runs[s.n++], t, k);
        }
    int rc = grid_init(g, n + 1, 0, e);
    if (rc == OK) {
        add_runs(&s);
        rc = grid_check(g, e);
    }
    free(runs);
    return rc;
}
