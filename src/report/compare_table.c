#include "report/compare_table.h"

#include "base/text.h"
#include "report/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    EACH_RUNS = 5, /* runs of a group whose values are all listed */
    COLUMN_MAX = 256,
};

/* ---- what is measured -------------------------------------------------- */

/* Beside loss and metric. */
static const struct measure beside[] = {
    { "val_excess", "val_excess", DIGITS_LOSS, true, false },
    { "sink_bias", "sink\nbias\n%", DIGITS_PERCENT, false, true },
    { "first_mass_raw", "first\nmass\nraw %", DIGITS_PERCENT, true, true },
    { "row_sum", "row\nsum", DIGITS_RATIO, false, true },
    { "bias_mass", NULL, DIGITS_PERCENT, false, false },
    { "hidden_max", NULL, DIGITS_RATIO, false, false },
    { "value_ratio", NULL, DIGITS_RATIO, false, false },
    { "val_loss_se", NULL, DIGITS_LOSS, false, false },
};

static bool is_named(const struct compare_options *o, const char *column)
{
    return strcmp(column, o->metric) == 0 || strcmp(column, o->loss) == 0;
}

static struct measure measure_of(const char *column, int digits)
{
    return (struct measure){ column, "",
                             metric_is_share(column) ? DIGITS_PERCENT : digits,
                             true, false };
}

/* Loss and metric first. */
static void list_measures(struct rows *t, const struct compare_options *o)
{
    t->measures[t->n_measures++] = measure_of(o->loss, DIGITS_LOSS);
    if (strcmp(o->metric, o->loss) != 0) {
        t->metric = t->n_measures++;
        t->measures[t->metric] = measure_of(o->metric, DIGITS_RATIO);
    }
    for (idx i = 0; i < COUNT_OF(beside); i++)
        if (!is_named(o, beside[i].name))
            t->measures[t->n_measures++] = beside[i];
}

/* ---- rows -------------------------------------------------------------- */

/* Means hide what happened where runs end at one of two ends. */
static void write_each(struct row *r, const struct rows *t)
{
    char a[CELL_NUMBER_MAX], b[CELL_NUMBER_MAX];
    const struct group *g = r->group;
    bool is_share = metric_is_share(t->o->metric);
    double scale = is_share ? 100 : 1;
    int digits = is_share ? 0 : DIGITS_RATIO;
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

static int fill_row(struct row *r, const struct rows *t,
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
static int find_base(struct rows *t, struct err *e)
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

int rows_make(struct rows *t, const struct compare_options *o,
              const struct groups *s, struct err *e)
{
    *t = (struct rows){ .groups = s, .o = o, .n = s->n };
    list_measures(t, o);
    int rc = find_base(t, e);
    if (rc != OK)
        return rc;
    t->rows = calloc((size_t)s->n, sizeof *t->rows);
    if (!t->rows)
        return err_set(e, ERR_MEMORY, "not enough memory for a table");
    for (idx i = 0; i < s->n && rc == OK; i++) {
        struct row *r = &t->rows[i];
        *r = (struct row){ .group = &s->g[i], .run = s->g[i].runs[0] };
        rc = fill_row(r, t, &s->g[t->base], e);
    }
    return rc;
}

void rows_release(struct rows *t)
{
    free(t->rows);
    *t = (struct rows){ 0 };
}

idx rows_pairs_most(const struct rows *t)
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
    const struct rows *t;
    const struct row *rows; /* (n) */
    idx n;
    bool is_file;
    const char *spread; /* heading of the column behind a mean */
};

static struct sheet sheet_of(struct grid *g, const struct rows *t,
                             const struct row *rows, idx n, bool is_file)
{
    return (struct sheet){ g, t, rows, n, is_file, t->o->unicode ? "±" : "+-" };
}

enum part { MEAN, SPREAD, ERROR, MIN, MAX };

/* A part of the summary that stands `at` bytes into a row. */
static void add_part(struct sheet *s, const char *heading, size_t at,
                     enum part part, int digits, bool is_share)
{
    idx c = grid_add(s->g, "%s", heading);
    for (idx i = 0; i < s->n; i++) {
        const char *row = (const void *)&s->rows[i];
        const struct summary *x = (const void *)(row + at);
        const double v[] = { x->mean, x->spread, x->error, x->min, x->max };
        /* what there is not is no NaN: that is a number that came out */
        if (x->n > (part == SPREAD || part == ERROR))
            put_number(s->g, i + 1, c, v[part], digits, is_share, s->is_file);
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

static void add_keys(struct sheet *s, const struct config_key *keys, idx n,
                     idx shown)
{
    for (idx k = 0; k < shown; k++) {
        idx c = add_key(s->g, keys, n, k, s->is_file);
        for (idx i = 0; i < s->n; i++)
            if (s->rows[i].run->has_config)
                put_key(s->g, i + 1, c, &s->rows[i].run->config, keys[k]);
            else if (s->t->groups->are_single)
                put_missing(s->g, i + 1, c, s->is_file);
    }
}

/* Are there differences to show? */
static bool has_pairs(const struct rows *t, idx i)
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

/* What a cell says that is no part of a summary. */
enum say {
    SAY_LABEL,
    SAY_RUN,
    SAY_STATUS,
    SAY_RUN_STATUS,
    SAY_RUNS,    /* how many there are, */
    SAY_COUNTED, /* and how many count */
    SAY_VALUES,  /* how many have the measure */
    SAY_EACH,
    SAY_EMERGED, /* how many did; of a run at which step */
    SAY_BASE,
    SAY_MOST_PAIRS, /* of the measures that are shown */
    SAY_PAIRS,      /* how many, how many above and below 0 */
    SAY_UP,
    SAY_DOWN,
    SAY_SIGNS,
    SAY_COUNTS,
    SAY_MEASURED_ON,
};

/* "all +", "2+ 1-" */
static void put_signs(struct grid *g, idx row, idx column, const struct pair *p)
{
    if (p->d.n == 0)
        grid_set(g, row, column, "-");
    else if (p->n_up == p->d.n || p->n_down == p->d.n)
        grid_set(g, row, column, "all %c", p->n_up > 0 ? '+' : '-');
    else
        grid_set(g, row, column, "%td+ %td-", p->n_up, p->n_down);
}

static void put_emerged(const struct sheet *s, idx row, idx c,
                        const struct row *r)
{
    const struct emerged *x = &r->emerged;
    if (!s->t->groups->are_single)
        grid_set(s->g, row, c, s->is_file ? "%td" : "%td/%td", x->steps.n,
                 x->n_measured);
    else if (x->steps.n == 0)
        put_missing(s->g, row, c, s->is_file);
    else if (!s->is_file && x->n_gone > 0)
        grid_set(s->g, row, c, "(%.0f)", x->steps.mean);
    else
        put_number(s->g, row, c, x->steps.mean, 0, false, s->is_file);
}

static void put_measured_on(const struct sheet *s, idx row, idx c,
                            const struct row *r)
{
    char on[MEASURED_TEXT_MAX];
    struct series of = group_is_logged(r->group, s->t->o->metric)
                           ? run_data_logged(r->run, s->t->o->metric)
                           : run_data_analysed(r->run, s->t->o->metric);
    const struct measured *m = run_data_measured(r->run, &of);
    if (m->is_known && of.n > 0)
        grid_set(s->g, row, c, "%s", measured_print_of(on, m, s->t->o->metric));
}

static void put(const struct sheet *s, idx row, idx c, enum say what, idx which)
{
    const struct row *r = &s->rows[row - 1];
    const struct group *x = r->group;
    const struct pair *p = &r->pairs[which];
    const char *text = NULL;
    idx n = -1;
    switch (what) {
    case SAY_LABEL:
        text = x->label;
        break;
    case SAY_RUN:
        text = s->t->groups->are_single ? r->run->path : r->run->name;
        break;
    case SAY_STATUS:
        text = x->status;
        break;
    case SAY_RUN_STATUS:
        text = r->run->status;
        break;
    case SAY_RUNS:
        n = x->n_runs;
        break;
    case SAY_COUNTED:
        grid_set(s->g, row, c,
                 s->is_file || x->is_done || x->n_counted == 0 ? "%td"
                                                               : "(%td)",
                 x->n_counted);
        break;
    case SAY_VALUES:
        n = r->finals[which].n;
        break;
    case SAY_EACH:
        text = r->each;
        break;
    case SAY_EMERGED:
        put_emerged(s, row, c, r);
        break;
    case SAY_BASE:
        text = s->t->rows[s->t->base].group->label;
        break;
    case SAY_MOST_PAIRS:
        for (idx i = 0; i < s->t->n_measures; i++)
            n = has_pairs(s->t, i) ? idx_max(n, r->pairs[i].d.n) : n;
        break;
    case SAY_PAIRS:
        n = p->d.n;
        break;
    case SAY_UP:
        n = p->n_up;
        break;
    case SAY_DOWN:
        n = p->n_down;
        break;
    case SAY_SIGNS:
        put_signs(s->g, row, c, p);
        break;
    case SAY_COUNTS:
        text = r->counts ? "yes" : "no";
        break;
    case SAY_MEASURED_ON:
        put_measured_on(s, row, c, r);
        break;
    }
    if (text)
        grid_set(s->g, row, c, "%s", text);
    else if (n >= 0)
        grid_set(s->g, row, c, "%td", n);
}

static void add(struct sheet *s, const char *heading, enum say what, idx which)
{
    idx c = grid_add(s->g, "%s", heading);
    for (idx i = 1; i <= s->n; i++)
        put(s, i, c, what, which);
}

/* "final_NAME_mean" */
static const char *name_column(char text[COLUMN_MAX], const char *before,
                               const struct measure *m, const char *behind)
{
    snprintf(text, COLUMN_MAX, "%s_%.200s%s", before, m->name, behind);
    return text;
}

/* What the last value of a measure is called: of loss and metric so. */
static const char *head_final(char text[COLUMN_MAX], const struct measure *m)
{
    if (m->heading && *m->heading)
        return m->heading;
    snprintf(text, COLUMN_MAX, "final\n%.200s%s", m->name,
             metric_is_share(m->name) ? "\n%" : "");
    return text;
}

/* ---- a row a run ------------------------------------------------------- */

/* The last value of a column; heading NULL: "final" and its name. */
static void add_final(struct sheet *s, const char *column, const char *heading,
                      const char *of_files)
{
    char text[COLUMN_MAX];
    idx i = 0;
    while (strcmp(s->t->measures[i].name, column) != 0)
        i++;
    const struct measure *m = &s->t->measures[i];
    if (s->is_file)
        heading = of_files ? of_files : name_column(text, "final", m, "");
    add_part(s, heading ? heading : head_final(text, m), final_at(i), MEAN,
             m->digits, metric_is_share(column));
}

static bool has_any(const struct sheet *s, const char *column)
{
    for (idx i = 0; i < s->n; i++)
        if (run_data_series(s->rows[i].run, column).n > 0)
            return true;
    return false;
}

/* Files always have the same columns; people see the loss's error, and what is
 * above the floor, where a run has it. */
static void add_single(struct sheet *s, bool has_status)
{
    static const char *const of_loss[] = { "val_loss_se", "val_excess" };
    const struct groups *groups = s->t->groups;
    const struct compare_options *o = s->t->o;
    add(s, "run", s->is_file ? SAY_RUN : SAY_LABEL, 0);
    add_keys(s, groups->keys, groups->n_keys,
             s->is_file ? groups->n_keys
                        : idx_min(groups->n_keys, KEYS_OF_RUNS));
    if (has_status)
        add(s, "status", SAY_STATUS, 0);
    add_part(s, "steps", offsetof(struct row, steps), MEAN, 0, false);
    add_final(s, o->loss, NULL, NULL);
    if (s->t->metric != MEASURE_LOSS)
        add_final(s, o->metric, NULL, NULL);
    for (idx i = 0; i < COUNT_OF(beside); i++)
        if (beside[i].is_always)
            add_final(s, beside[i].name, beside[i].heading, beside[i].name);
    add(s, s->is_file ? "emerged_at_step" : "emerged\nat step", SAY_EMERGED, 0);
    for (idx i = 0; i < COUNT_OF(of_loss); i++)
        if (!is_named(o, of_loss[i]) && (s->is_file || has_any(s, of_loss[i])))
            add_final(s, of_loss[i], of_loss[i], NULL);
}

/* ---- a row a group ----------------------------------------------------- */

static void add_measure(struct sheet *s, idx i)
{
    static const struct {
        const char *behind;
        enum part part;
    } parts[] = { { "_mean", MEAN },
                  { "_spread", SPREAD },
                  { "_n", MEAN },
                  { "_min", MIN },
                  { "_max", MAX } };
    const struct measure *m = &s->t->measures[i];
    bool is_share = metric_is_share(m->name), is_main = i <= s->t->metric;
    bool is_shown = is_main, has_each = false;
    char heading[COLUMN_MAX];
    for (idx k = 0; k < COUNT_OF(parts) && s->is_file; k++) {
        name_column(heading, "final", m, parts[k].behind);
        if (strcmp(parts[k].behind, "_n") == 0)
            add(s, heading, SAY_VALUES, i);
        else
            add_part(s, heading, final_at(i), parts[k].part, 0, false);
    }
    /* loss and metric always; others where they say anything */
    for (idx k = 0; k < s->n; k++) {
        is_shown = is_shown || (m->heading && s->rows[k].finals[i].n > 0);
        has_each = has_each || s->rows[k].finals[i].n > 1;
    }
    if (s->is_file || !is_shown)
        return;
    add_part(s, head_final(heading, m), final_at(i), MEAN, m->digits, is_share);
    if (is_main)
        add_part(s, s->spread, final_at(i), SPREAD, m->digits, is_share);
    if (i == s->t->metric && has_each)
        add(s, "each", SAY_EACH, i);
}

/* Six columns for files. */
static void add_pair(struct sheet *s, idx i)
{
    const struct measure *m = &s->t->measures[i];
    char heading[COLUMN_MAX];
    add_part(s, name_column(heading, "paired", m, "_mean"), pair_at(i), MEAN, 0,
             false);
    add_part(s, name_column(heading, "paired", m, "_spread"), pair_at(i),
             SPREAD, 0, false);
    add_part(s, name_column(heading, "paired", m, "_error"), pair_at(i), ERROR,
             0, false);
    add(s, name_column(heading, "paired", m, "_up"), SAY_UP, i);
    add(s, name_column(heading, "paired", m, "_down"), SAY_DOWN, i);
    add(s, name_column(heading, "paired", m, "_n"), SAY_PAIRS, i);
}

static void add_groups(struct sheet *s, bool has_status)
{
    const struct groups *groups = s->t->groups;
    size_t emerged = offsetof(struct row, emerged.steps);
    bool has_label = s->is_file || groups->n_keys == 0;
    for (idx i = 0; i < s->n; i++)
        has_label = has_label || !s->rows[i].run->has_config;
    if (has_label)
        add(s, "group", SAY_LABEL, 0);
    add_keys(s, groups->keys, groups->n_keys,
             s->is_file ? groups->n_keys
                        : idx_min(groups->n_keys, KEYS_OF_GROUPS));
    if (s->is_file)
        add(s, "runs", SAY_RUNS, 0);
    if (has_status)
        add(s, "status", SAY_STATUS, 0);
    add(s, "n", SAY_COUNTED, 0);
    add_part(s, "steps", offsetof(struct row, steps), MEAN, 0, false);
    for (idx i = 0; i < s->t->n_measures; i++)
        add_measure(s, i);
    add_part(s, s->is_file ? "emerged_at_step_mean" : "emerged\nat step",
             emerged, MEAN, 0, false);
    add_part(s, s->is_file ? "emerged_at_step_spread" : s->spread, emerged,
             SPREAD, 0, false);
    add(s, s->is_file ? "emerged_at_step_n" : "in", SAY_EMERGED, 0);
    if (!s->is_file)
        return;
    add(s, "baseline", SAY_BASE, 0);
    for (idx i = 0; i < s->t->n_measures; i++)
        if (s->t->measures[i].is_paired)
            add_pair(s, i);
}

static bool are_all_done(const struct groups *s)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++)
            if (strcmp(s->g[i].runs[k]->status, run_state_word(RUN_DONE)) != 0)
                return false;
    return true;
}

int rows_grid(struct grid *g, const struct rows *t, bool is_file, struct err *e)
{
    struct sheet s = sheet_of(g, t, t->rows, t->n, is_file);
    bool has_status = is_file || !are_all_done(t->groups);
    int rc = grid_init(g, t->n + 1, 0, e);
    if (rc != OK)
        return rc;
    if (t->groups->are_single)
        add_single(&s, has_status);
    else
        add_groups(&s, has_status);
    return grid_check(g, e);
}

/* ---- paired differences, for people ------------------------------------ */

int rows_pairs_grid(struct grid *g, const struct rows *t, struct err *e)
{
    char heading[COLUMN_MAX];
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
        add(&s, "group", SAY_LABEL, 0);
        add(&s, "pairs", SAY_MOST_PAIRS, 0);
    }
    for (idx i = 0; i < t->n_measures && rc == OK; i++) {
        const struct measure *m = &t->measures[i];
        bool is_share = metric_is_share(m->name);
        if (!has_pairs(t, i))
            continue;
        snprintf(heading, sizeof heading, "%.200s%s", m->name,
                 is_share ? "\n%" : "");
        add_part(&s, heading, pair_at(i), MEAN, m->digits, is_share);
        add_part(&s, s.spread, pair_at(i), SPREAD, m->digits, is_share);
        add_part(&s, "error", pair_at(i), ERROR, m->digits, is_share);
        add(&s, "signs", SAY_SIGNS, i);
    }
    free(others);
    return rc == OK ? grid_check(g, e) : rc;
}

/* ---- a row a run of a group, for files --------------------------------- */

/* The last value of a series, as a summary of one. */
static struct summary last_of(const struct series *s)
{
    double v;
    return summarise(&v, series_final(&v, s));
}

static void fill_run(struct row *r, const struct rows *t, idx i)
{
    double step;
    struct series of = group_series(r->group, i, "step");
    r->run = r->group->runs[i];
    r->counts = i < r->group->n_counted;
    r->steps = last_of(&of);
    for (idx k = 0; k < t->n_measures; k++) {
        of = group_series(r->group, i, t->measures[k].name);
        r->finals[k] = last_of(&of);
    }
    of = group_series(r->group, i, t->o->metric);
    r->emerged.steps =
        summarise(&step, emergence_find(&step, &of, &t->groups->emergence));
}

int rows_runs_grid(struct grid *g, const struct rows *t, struct err *e)
{
    const struct groups *groups = t->groups;
    char heading[COLUMN_MAX];
    idx n = 0;
    if (groups->are_single)
        return rows_grid(g, t, true, e);
    for (idx i = 0; i < t->n; i++)
        n += groups->g[i].n_runs;
    struct row *runs = calloc((size_t)n, sizeof *runs);
    struct sheet s = sheet_of(g, t, runs, 0, true);
    int rc = runs ? grid_init(g, n + 1, 0, e)
                  : err_set(e, ERR_MEMORY, "not enough memory for a table");
    for (idx i = 0; i < t->n && rc == OK; i++)
        for (idx k = 0; k < groups->g[i].n_runs; k++) {
            runs[s.n].group = &groups->g[i];
            fill_run(&runs[s.n++], t, k);
        }
    if (rc == OK) {
        add(&s, "group", SAY_LABEL, 0);
        add(&s, "run", SAY_RUN, 0);
        add_keys(&s, groups->keys, groups->n_keys, groups->n_keys);
        add_keys(&s, groups->over, groups->n_over, groups->n_over);
        add(&s, "status", SAY_RUN_STATUS, 0);
        add(&s, "counts", SAY_COUNTS, 0);
        add(&s, "measured_on", SAY_MEASURED_ON, 0);
        add_part(&s, "steps", offsetof(struct row, steps), MEAN, 0, false);
        for (idx i = 0; i < t->n_measures; i++)
            add_part(&s, name_column(heading, "final", &t->measures[i], ""),
                     final_at(i), MEAN, 0, false);
        add_part(&s, "emerged_at_step", offsetof(struct row, emerged.steps),
                 MEAN, 0, false);
        rc = grid_check(g, e);
    }
    free(runs);
    return rc;
}
