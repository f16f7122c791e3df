/* compare's table of groups. */
#include "report/compare_group.h"

#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A column of means. */
struct measure {
    const char *name, *heading;
    int digits;
    bool has_spread;   /* on a screen, too */
    bool is_file_only; /* too much for a screen */
    bool is_paired;    /* differences of it are shown */
};

enum {
    MEASURES = 10,
    LOSS = 0, /* number of a measure */
    KEYS_SHOWN = 8,
    HEADING_MAX = 256,
    EACH_RUNS = 5, /* runs of a group whose values are all listed */
    EACH_MAX = 96,
};

/* What a row is made of. */
struct row {
    struct summary steps, finals[MEASURES], emerged;
    struct pair pairs[MEASURES];
    idx n_emerged_of;
    char each[EACH_MAX]; /* "98 0 100": the metric, run by run */
};

struct layout {
    struct measure measures[MEASURES];
    bool is_shown[MEASURES];
    idx n_measures, n_keys;
    idx metric; /* number of its measure: LOSS if it is the loss */
    bool has_label, has_status, has_each, is_file;
    idx base; /* group that others are paired with */
    char heading[HEADING_MAX], loss[HEADING_MAX];
    struct row *rows; /* (groups) */
};

static void list_measures(struct layout *l, const struct compare_options *o)
{
    const struct measure beside[] = {
        { "val_excess", "val_excess", COMPARE_LOSS, false, false, true },
        { "sink_bias", "sink\nbias %", COMPARE_PERCENT, false, false, false },
        { "first_mass_raw", "first\nmass\nraw %", COMPARE_PERCENT, false, false,
          true },
        { "row_sum", "row\nsum", COMPARE_RATIO, false, false, false },
        { "bias_mass", "bias\nmass %", COMPARE_PERCENT, false, true, false },
        { "hidden_max", "largest\nhidden", COMPARE_RATIO, false, true, false },
        { "value_ratio", "value\nratio", COMPARE_RATIO, false, true, false },
        { "val_loss_se", "loss's\nerror", COMPARE_LOSS, false, true, false },
    };
    bool is_share = metric_is_share(o->metric);
    snprintf(l->loss, sizeof l->loss, "final\n%s", o->loss);
    snprintf(l->heading, sizeof l->heading, "final\n%s%s", o->metric,
             is_share ? "\n%" : "");
    l->measures[l->n_measures++] =
        (struct measure){ o->loss, l->loss, COMPARE_LOSS, true, false, true };
    if (strcmp(o->metric, o->loss) != 0) {
        l->metric = l->n_measures++;
        l->measures[l->metric] = (struct measure){
            o->metric, l->heading, is_share ? COMPARE_PERCENT : COMPARE_RATIO,
            true,      false,      true
        };
    }
    for (idx i = 0; i < COUNT_OF(beside); i++)
        if (strcmp(beside[i].name, o->metric) != 0 &&
            strcmp(beside[i].name, o->loss) != 0)
            l->measures[l->n_measures++] = beside[i];
}

/* Means hide what happened where runs end at one of two ends. */
static void write_each(struct row *r, const struct layout *l,
                       const struct group *g, const struct compare_options *o)
{
    bool is_share = metric_is_share(o->metric);
    double scale = is_share ? 100 : 1;
    int digits = is_share ? 0 : COMPARE_RATIO;
    struct text t = { r->each, sizeof r->each, 0 };
    const struct summary *s = &r->finals[l->metric];
    text_add(&t, "%s", "");
    if (g->n_counted > EACH_RUNS && !isnan(s->min))
        text_add(&t, "%.*f to %.*f", digits, scale * s->min, digits,
                 scale * s->max);
    for (idx i = 0; i < g->n_counted && g->n_counted <= EACH_RUNS; i++) {
        double v;
        struct series of = group_series(g, i, o->metric);
        if (!series_final(&v, &of))
            continue;
        text_add(&t, "%s", t.n > 0 ? " " : "");
        if (isnan(v))
            text_add(&t, "nan");
        else
            text_add(&t, "%.*f", digits, scale * v);
    }
}

static int fill_row(struct layout *l, struct row *r, const struct group *g,
                    const struct groups *s, const struct compare_options *o,
                    struct err *e)
{
    idx n_gone;
    int rc = OK;
    for (idx i = -1; i < l->n_measures && rc == OK; i++) {
        struct band b = { 0 };
        rc = band_make(&b, g, i < 0 ? "step" : l->measures[i].name, e);
        if (rc == OK && i < 0)
            r->steps = band_final(&b);
        else if (rc == OK)
            r->finals[i] = band_final(&b);
        /* loss and metric always; others where they say anything */
        if (i >= 0 && !l->measures[i].is_file_only &&
            (i <= l->metric || r->finals[i].n > 0))
            l->is_shown[i] = true;
        band_release(&b);
        if (i >= 0 && rc == OK && l->measures[i].is_paired &&
            g != &s->g[l->base])
            rc = group_pair(&r->pairs[i], g, &s->g[l->base],
                            l->measures[i].name, e);
    }
    r->emerged =
        group_emergence(&r->n_emerged_of, &n_gone, g, o->metric, &s->emergence);
    write_each(r, l, g, o);
    l->has_each = l->has_each || (!l->is_file && r->finals[l->metric].n > 1);
    return rc;
}

static bool are_all_done(const struct groups *s)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++)
            if (strcmp(s->g[i].runs[k]->status, run_state_name(RUN_DONE)) != 0)
                return false;
    return true;
}

static int plan_layout(struct layout *l, const struct compare_options *o,
                       const struct groups *s, bool is_file, struct err *e)
{
    int rc = groups_baseline(&l->base, s, o, e);
    l->is_file = is_file;
    l->has_status = is_file || !are_all_done(s);
    l->n_keys = is_file ? s->n_keys : idx_min(s->n_keys, KEYS_SHOWN);
    l->has_label = is_file || l->n_keys == 0;
    list_measures(l, o);
    l->rows = calloc((size_t)s->n, sizeof *l->rows);
    if (!l->rows)
        return err_set(e, ERR_MEMORY, "not enough memory for a table");
    for (idx i = 0; i < s->n && rc == OK; i++) {
        rc = fill_row(l, &l->rows[i], &s->g[i], s, o, e);
        l->has_label = l->has_label || !s->g[i].runs[0]->has_config;
    }
    for (idx i = 0; i < l->n_measures; i++)
        l->is_shown[i] = l->is_shown[i] || is_file;
    return rc;
}

static idx count_columns(const struct layout *l)
{
    idx n = l->has_label + l->n_keys + l->has_status + 1 + 1 + 3 + l->has_each;
    for (idx i = 0; i < l->n_measures; i++) {
        if (l->is_shown[i])
            n += l->is_file ? 5 : 1 + l->measures[i].has_spread;
        if (l->is_file && l->measures[i].is_paired)
            n += 6;
    }
    return n + 2 * l->is_file; /* runs, baseline */
}

/* What there is not is no NaN: that is a number that came out. */
static void put(struct grid *g, idx row, idx column, const struct layout *l,
                bool is_there, double v, double scale, int digits)
{
    if (!is_there)
        grid_set(g, row, column, "%s", l->is_file ? "" : "-");
    else if (l->is_file && !isnan(v))
        grid_set(g, row, column, "%.15g", v);
    else
        compare_put_number(g, row, column, v * scale, digits, false);
}

static void head_measure(struct grid *g, idx *column, const struct layout *l,
                         idx i, bool unicode)
{
    const struct measure *m = &l->measures[i];
    if (l->is_file) {
        grid_set(g, 0, (*column)++, "final_%s_mean", m->name);
        grid_set(g, 0, (*column)++, "final_%s_spread", m->name);
        grid_set(g, 0, (*column)++, "final_%s_n", m->name);
        grid_set(g, 0, (*column)++, "final_%s_min", m->name);
        grid_set(g, 0, (*column)++, "final_%s_max", m->name);
        return;
    }
    grid_set(g, 0, (*column)++, "%s", m->heading);
    if (m->has_spread)
        grid_set(g, 0, (*column)++, unicode ? "±" : "+-");
    if (i == l->metric && l->has_each)
        grid_set(g, 0, (*column)++, "each");
}

static void set_measure(struct grid *g, idx row, idx *column,
                        const struct layout *l, idx i)
{
    const struct measure *m = &l->measures[i];
    const struct summary *v = &l->rows[row - 1].finals[i];
    double scale = metric_is_share(m->name) ? 100 : 1;
    put(g, row, (*column)++, l, v->n > 0, v->mean, scale, m->digits);
    if (l->is_file || m->has_spread)
        put(g, row, (*column)++, l, v->n > 1, v->spread, scale, m->digits);
    if (i == l->metric && l->has_each)
        grid_set(g, row, (*column)++, "%s", l->rows[row - 1].each);
    if (!l->is_file)
        return;
    grid_set(g, row, (*column)++, "%td", v->n);
    put(g, row, (*column)++, l, v->n > 0, v->min, 1, 0);
    put(g, row, (*column)++, l, v->n > 0, v->max, 1, 0);
}

/* Six columns for files. */
static void set_pair(struct grid *g, idx row, idx *column,
                     const struct layout *l, idx i)
{
    static const char *const names[] = { "mean", "spread", "error",
                                         "up",   "down",   "n" };
    if (row == 0) {
        for (idx k = 0; k < COUNT_OF(names); k++)
            grid_set(g, 0, (*column)++, "paired_%s_%s", l->measures[i].name,
                     names[k]);
        return;
    }
    const struct pair *p = &l->rows[row - 1].pairs[i];
    put(g, row, (*column)++, l, p->n > 0, p->mean, 1, 0);
    put(g, row, (*column)++, l, p->n > 1, p->spread, 1, 0);
    put(g, row, (*column)++, l, p->n > 1, p->error, 1, 0);
    grid_set(g, row, (*column)++, "%td", p->n_up);
    grid_set(g, row, (*column)++, "%td", p->n_down);
    grid_set(g, row, (*column)++, "%td", p->n);
}

static void set_pairs(struct grid *g, idx row, idx *column,
                      const struct layout *l, const struct groups *s)
{
    if (!l->is_file)
        return;
    grid_set(g, row, (*column)++, "%s",
             row == 0 ? "baseline" : s->g[l->base].label);
    for (idx i = 0; i < l->n_measures; i++)
        if (l->measures[i].is_paired)
            set_pair(g, row, column, l, i);
}

static void set_head(struct grid *g, const struct layout *l,
                     const struct groups *s, bool unicode)
{
    idx c = 0;
    if (l->has_label)
        grid_set(g, 0, c++, "group");
    for (idx k = 0; k < l->n_keys; k++)
        compare_head_key(g, c++, s->keys, s->n_keys, k, l->is_file);
    if (l->is_file)
        grid_set(g, 0, c++, "runs");
    if (l->has_status)
        grid_set(g, 0, c++, "status");
    grid_set(g, 0, c++, "n");
    grid_set(g, 0, c++, "steps");
    for (idx i = 0; i < l->n_measures; i++)
        if (l->is_shown[i])
            head_measure(g, &c, l, i, unicode);
    grid_set(g, 0, c++,
             l->is_file ? "emerged_at_step_mean" : "emerged\nat step");
    grid_set(g, 0, c++, "%s",
             l->is_file ? "emerged_at_step_spread"
             : unicode  ? "±"
                        : "+-");
    grid_set(g, 0, c++, l->is_file ? "emerged_at_step_n" : "in");
    set_pairs(g, 0, &c, l, s);
}

static void set_row(struct grid *g, idx row, const struct layout *l,
                    const struct groups *s)
{
    const struct group *group = &s->g[row - 1];
    const struct row *r = &l->rows[row - 1];
    const struct compared *first = group->runs[0];
    idx c = 0;
    if (l->has_label)
        grid_set(g, row, c++, "%s", group->label);
    for (idx k = 0; k < l->n_keys; k++) {
        char value[KEY_PRINT_MAX] = "";
        if (first->has_config)
            config_value(value, sizeof value, &first->config, s->keys[k]);
        grid_set(g, row, c++, "%s", value);
    }
    if (l->is_file)
        grid_set(g, row, c++, "%td", group->n_runs);
    if (l->has_status)
        grid_set(g, row, c++, "%s", group->status);
    bool is_final = l->is_file || group->is_done || group->n_counted == 0;
    grid_set(g, row, c++, is_final ? "%td" : "(%td)", group->n_counted);
    put(g, row, c++, l, r->steps.n > 0, r->steps.mean, 1, 0);
    for (idx i = 0; i < l->n_measures; i++)
        if (l->is_shown[i])
            set_measure(g, row, &c, l, i);
    put(g, row, c++, l, r->emerged.n > 0, r->emerged.mean, 1, 0);
    put(g, row, c++, l, r->emerged.n > 1, r->emerged.spread, 1, 0);
    if (l->is_file)
        grid_set(g, row, c++, "%td", r->emerged.n);
    else
        grid_set(g, row, c++, "%td/%td", r->emerged.n, r->n_emerged_of);
    set_pairs(g, row, &c, l, s);
}

int groups_grid(struct grid *grid, const struct compare_options *o,
                const struct groups *s, bool is_file, struct err *e)
{
    struct layout l = { 0 };
    int rc = plan_layout(&l, o, s, is_file, e);
    if (rc == OK)
        rc = grid_init(grid, s->n + 1, count_columns(&l), e);
    if (rc == OK) {
        set_head(grid, &l, s, o->unicode);
        for (idx i = 0; i < s->n; i++)
            set_row(grid, i + 1, &l, s);
        rc = grid_check(grid, e);
    }
    free(l.rows);
    return rc;
}

/* ---- paired differences, for people ------------------------------------ */

/* "all +", "2 of 3 +" */
static void put_signs(struct grid *g, idx row, idx column, const struct pair *p)
{
    if (p->n == 0)
        grid_set(g, row, column, "-");
    else if (p->n_up == p->n)
        grid_set(g, row, column, "all +");
    else if (p->n_down == p->n)
        grid_set(g, row, column, "all -");
    else
        grid_set(g, row, column, "%td+ %td-", p->n_up, p->n_down);
}

static bool has_pairs(const struct layout *l, const struct groups *s, idx i)
{
    for (idx k = 0; k < s->n; k++)
        if (l->rows[k].pairs[i].n > 1)
            return true;
    return false;
}

static void head_pairs(struct grid *g, const struct layout *l,
                       const idx *measures, idx n, bool unicode)
{
    grid_set(g, 0, 0, "group");
    grid_set(g, 0, 1, "pairs");
    for (idx k = 0; k < n; k++) {
        const struct measure *m = &l->measures[measures[k]];
        idx c = 2 + 4 * k;
        grid_set(g, 0, c, "%s%s", m->name,
                 metric_is_share(m->name) ? "\n%" : "");
        grid_set(g, 0, c + 1, unicode ? "±" : "+-");
        grid_set(g, 0, c + 2, "error");
        grid_set(g, 0, c + 3, "signs");
    }
}

static void set_pairs_row(struct grid *g, idx row, const struct layout *l,
                          idx group, const idx *measures, idx n)
{
    idx n_pairs = 0;
    for (idx k = 0; k < n; k++) {
        const struct measure *m = &l->measures[measures[k]];
        const struct pair *p = &l->rows[group].pairs[measures[k]];
        double scale = metric_is_share(m->name) ? 100 : 1;
        idx c = 2 + 4 * k;
        put(g, row, c, l, p->n > 0, p->mean, scale, m->digits);
        put(g, row, c + 1, l, p->n > 1, p->spread, scale, m->digits);
        put(g, row, c + 2, l, p->n > 1, p->error, scale, m->digits);
        put_signs(g, row, c + 3, p);
        n_pairs = idx_max(n_pairs, p->n);
    }
    grid_set(g, row, 1, "%td", n_pairs);
}

int groups_pairs_grid(struct grid *grid, idx *base, idx *n_pairs,
                      const struct compare_options *o, const struct groups *s,
                      struct err *e)
{
    struct layout l = { 0 };
    idx measures[MEASURES], n = 0, row = 1;
    int rc = plan_layout(&l, o, s, false, e);
    *base = l.base;
    *n_pairs = 0;
    for (idx i = 0; i < l.n_measures && rc == OK; i++)
        for (idx k = 0; k < s->n; k++)
            *n_pairs = idx_max(*n_pairs, l.rows[k].pairs[i].n);
    for (idx i = 0; i < l.n_measures && rc == OK; i++)
        if (l.measures[i].is_paired && has_pairs(&l, s, i) &&
            (i == LOSS || strcmp(l.measures[i].name, "val_excess") != 0 ||
             strcmp(o->loss, "val_loss") != 0)) /* it says the same */
            measures[n++] = i;
    if (rc == OK && n > 0)
        rc = grid_init(grid, s->n, 2 + 4 * n, e);
    if (rc == OK && n > 0) {
        head_pairs(grid, &l, measures, n, o->unicode);
        for (idx i = 0; i < s->n; i++) {
            if (i == l.base)
                continue;
            grid_set(grid, row, 0, "%s", s->g[i].label);
            set_pairs_row(grid, row++, &l, i, measures, n);
        }
        rc = grid_check(grid, e);
    }
    free(l.rows);
    return rc;
}

/* ---- run by run, for files --------------------------------------------- */

static void head_runs(struct grid *g, const struct layout *l,
                      const struct groups *s)
{
    idx c = 0;
    grid_set(g, 0, c++, "group");
    grid_set(g, 0, c++, "run");
    for (idx k = 0; k < s->n_keys; k++)
        compare_head_key(g, c++, s->keys, s->n_keys, k, true);
    for (idx k = 0; k < s->n_over; k++)
        compare_head_key(g, c++, s->over, s->n_over, k, true);
    grid_set(g, 0, c++, "status");
    grid_set(g, 0, c++, "counts");
    grid_set(g, 0, c++, "measured_on");
    grid_set(g, 0, c++, "steps");
    for (idx i = 0; i < l->n_measures; i++)
        grid_set(g, 0, c++, "final_%s", l->measures[i].name);
    grid_set(g, 0, c++, "emerged_at_step");
}

static void set_run(struct grid *g, idx row, const struct layout *l,
                    const struct groups *s, const struct group *group, idx i,
                    const struct compare_options *o)
{
    const struct compared *r = group->runs[i];
    char value[KEY_PRINT_MAX], on[MEASURED_TEXT_MAX];
    double v;
    idx c = 0;
    grid_set(g, row, c++, "%s", group->label);
    grid_set(g, row, c++, "%s", r->name);
    for (idx k = 0; k < s->n_keys + s->n_over; k++) {
        if (r->has_config)
            config_value(value, sizeof value, &r->config,
                         k < s->n_keys ? s->keys[k] : s->over[k - s->n_keys]);
        grid_set(g, row, c++, "%s", r->has_config ? value : "");
    }
    grid_set(g, row, c++, "%s", r->status);
    grid_set(g, row, c++, i < group->n_counted ? "yes" : "no");
    struct series metric = group_series(group, i, o->metric);
    const struct measured *m = metric.is_sparse ? &r->logged : &r->analysed;
    grid_set(g, row, c++, "%s",
             m->is_known && metric.n > 0 ? measured_print_of(on, m, o->metric)
                                         : "");
    for (idx k = -1; k < l->n_measures; k++, c++) {
        struct series of =
            group_series(group, i, k < 0 ? "step" : l->measures[k].name);
        if (series_final(&v, &of))
            compare_put_number(g, row, c, v, 0, true);
    }
    if (series_emergence(&v, &metric, &s->emergence))
        compare_put_number(g, row, c, v, 0, true);
}

int groups_runs_grid(struct grid *grid, const struct compare_options *o,
                     const struct groups *s, struct err *e)
{
    struct layout l = { 0 };
    idx n = 0, row = 1;
    for (idx i = 0; i < s->n; i++)
        n += s->g[i].n_runs;
    list_measures(&l, o);
    int rc =
        grid_init(grid, n + 1, 7 + s->n_keys + s->n_over + l.n_measures, e);
    if (rc != OK)
        return rc;
    head_runs(grid, &l, s);
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++)
            set_run(grid, row++, &l, s, &s->g[i], k, o);
    return grid_check(grid, e);
}
