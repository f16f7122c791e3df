#include "report/compare_rows.h"

#include "base/text.h"
#include "metric/names.h"
#include "report/cells.h"
#include "report/compare_sort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EACH_RUNS = 5 }; /* runs of a group whose values are all listed */

/* ---- what is measured -------------------------------------------------- */

/* Beside loss and metric, unless --columns says others; files have them all. */
static const struct measure beside[] = {
    { "val_excess", true, SHOWN },
    { "val_bits_per_byte", false, SHOWN },
    { "sink_bias", false, SHOWN },
    { "first_mass_raw", true, SHOWN },
    { "row_sum", false, SHOWN },
    { "bias_mass", false, SHOWN_IN_FILES },
    { "hidden_max", false, SHOWN_IN_FILES },
    { "value_ratio", false, SHOWN_IN_FILES },
    { "val_loss_se", false, SHOWN_OF_RUNS },
};

/* Unless it is there; its number. */
static idx add_measure(struct compare_rows *t, const char *column,
                       bool is_judged, enum shown shown)
{
    for (idx i = 0; i < t->n_measures; i++)
        if (strcmp(t->measures[i].name, column) == 0)
            return i;
    t->measures[t->n_measures] = (struct measure){ column, is_judged, shown };
    return t->n_measures++;
}

/* The name as the first run that has the column spells it, which lasts as long
 * as the run; NULL: none has it. */
static const char *name_of(const struct groups *s, const char *column)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++) {
            const struct run_data *r = s->g[i].runs[k];
            const struct table *const tables[] = { &r->metrics, &r->analysis };
            for (idx j = 0; j < COUNT_OF(tables); j++) {
                idx at = table_find(tables[j], column);
                if (at >= 0)
                    return tables[j]->names[at];
            }
        }
    return NULL;
}

static int add_asked(struct compare_rows *t, struct err *e)
{
    char shown[TEXT_SHOW_MAX], *rest = t->columns, *name;
    if (snprintf(t->columns, sizeof t->columns, "%s", t->o->columns) >=
        (int)sizeof t->columns)
        return err_set(e, ERR_USAGE,
                       "compare: --columns: longer than %zu "
                       "bytes",
                       sizeof t->columns - 1);
    while ((name = strsep(&rest, ","))) {
        name = text_trim(name);
        if (t->n_measures == MEASURES_MAX)
            return err_set(e, ERR_USAGE,
                           "compare: --columns: more than %d columns",
                           MEASURES_MAX - 2);
        if (!name_of(t->groups, name))
            return err_set(e, ERR_USAGE,
                           "compare: --columns: no run has a column '%s'; %s",
                           text_show(shown, name),
                           column_is_of_layer(name)
                               ? "layers count from 0, and `sinklab analyze` "
                                 "measures their metric"
                               : "`sinklab list metric` has their names");
        add_measure(t, name, true, SHOWN);
    }
    return OK;
}

/* The metric of each layer that any run has, from the first on. */
static int add_layers(struct compare_rows *t, struct err *e)
{
    char name[COLUMN_NAME_MAX];
    struct metric_name n;
    bool has_layers =
        metric_name_find(&n, t->o->metric) && metric_name_of_layer(name, &n, 0);
    idx most = MEASURES_MAX - (t->o->columns ? 0 : COUNT_OF(beside));
    while (has_layers && metric_name_of_layer(name, &n, t->n_layers)) {
        const char *column = name_of(t->groups, name);
        if (!column)
            break;
        if (t->n_measures >= most)
            return err_set(e, ERR_USAGE,
                           "compare: --layers: with them there are more than "
                           "%d columns: name some of them in --columns instead",
                           (int)most);
        t->layers[t->n_layers++] = add_measure(t, column, true, SHOWN);
    }
    if (t->n_layers > 0)
        return OK;
    return err_set(e, ERR_USAGE,
                   "compare: --layers: no run has %s by layer: `sinklab list "
                   "metric` says of each metric whether it has layers, and "
                   "`sinklab analyze` measures it",
                   t->o->metric);
}

/* Loss and metric first. */
static int list_measures(struct compare_rows *t, struct err *e)
{
    add_measure(t, t->o->loss, true, SHOWN);
    if (strcmp(t->o->metric, t->o->loss) != 0)
        t->metric = t->n_measures;
    add_measure(t, t->o->metric, true, SHOWN);
    if (t->o->columns && add_asked(t, e))
        return e->code;
    if (t->o->has_layers && add_layers(t, e))
        return e->code;
    if (t->o->columns)
        return OK;
    for (idx i = 0; i < COUNT_OF(beside); i++)
        add_measure(t, beside[i].name, beside[i].is_judged,
                    t->o->has_layers ? SHOWN_IN_FILES : beside[i].shown);
    return OK;
}

/* --layers without a number would look like a model without layers: where a
 * run that counts has no analysis, all are taken from their logs. */
static int check_layers(const struct compare_rows *t, struct err *e)
{
    for (idx i = 0; i < t->n_layers; i++)
        if (rows_have(t, t->layers[i]))
            return OK;
    return t->n_layers == 0
               ? OK
               : err_set(e, ERR_DATA,
                         "compare: --layers: not all runs that count have a "
                         "sound analysis.csv, without which layers are not "
                         "compared: `sinklab analyze` makes it, --where leaves "
                         "runs out");
}

/* ---- rows -------------------------------------------------------------- */

/* Means hide what happened where runs end at one of two ends. */
static int write_each(struct compare_row *r, const struct compare_rows *t,
                      struct err *e)
{
    char a[CELL_NUMBER_MAX], b[CELL_NUMBER_MAX];
    const struct group *g = r->group;
    double v[EACH_RUNS];
    idx n = 0;
    bool is_share = metric_is_share(t->o->metric);
    double scale = is_share ? 100 : 1;
    int digits = is_share ? 0 : 2;
    struct text text = { r->each, sizeof r->each, 0 };
    const struct summary *s = &r->finals[t->metric];
    text_add(&text, "%s", "");
    if (g->n_counted > EACH_RUNS && !isnan(s->min))
        text_add(&text, "%s to %s", cell_number(a, scale * s->min, digits),
                 cell_number(b, scale * s->max, digits));
    if (g->n_counted <= EACH_RUNS && group_finals(v, &n, g, t->o->metric, e))
        return e->code;
    for (idx i = 0; i < n; i++)
        text_add(&text, "%s%s", i > 0 ? " " : "",
                 cell_number(a, scale * v[i], digits));
    return OK;
}

static int fill_row(struct compare_row *r, const struct compare_rows *t,
                    const struct group *base, struct err *e)
{
    const struct group *g = r->group;
    int rc = group_final(&r->steps, g, "step", e);
    for (idx i = 0; i < t->n_measures && rc == OK; i++) {
        const struct measure *m = &t->measures[i];
        rc = group_final(&r->finals[i], g, m->name, e);
        if (rc == OK && m->is_judged && g != base && !t->groups->are_single)
            rc = group_judge(&r->judged[i], t->groups, g, base, m->name, e);
    }
    if (rc == OK)
        rc = group_emerged(&r->emerged, g, t->o->metric, &t->groups->emergence,
                           e);
    return rc == OK ? write_each(r, t, e) : rc;
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
static struct compare_row row_of(const struct compare_rows *t, idx i, idx k)
{
    const struct group *g = &t->groups->g[i];
    return (struct compare_row){ .group = g,
                                 .run = g->runs[k],
                                 .label = g->label,
                                 .status = g->status,
                                 .base = t->groups->g[t->base].label,
                                 .n_runs = g->n_runs };
}

int rows_make(struct compare_rows *t, const struct compare_options *o,
              struct groups *s, struct err *e)
{
    *t = (struct compare_rows){ .groups = s, .o = o, .n = s->n };
    if (list_measures(t, e) || find_base(t, e) ||
        (o->sort && compare_sort(s, &t->base, o->metric, o->sort, e)))
        return e->code;
    t->rows = calloc((size_t)s->n, sizeof *t->rows);
    if (!t->rows)
        return err_memory(e, NULL);
    int rc = OK;
    for (idx i = 0; i < s->n && rc == OK; i++) {
        struct compare_row *r = &t->rows[i];
        *r = row_of(t, i, 0);
        rc = fill_row(r, t, &s->g[t->base], e);
    }
    return rc == OK ? check_layers(t, e) : rc;
}

void rows_release(struct compare_rows *t)
{
    free(t->rows);
    *t = (struct compare_rows){ 0 };
}

/* ---- a run of a group -------------------------------------------------- */

/* The last value of a series, as a summary of one. */
static struct summary last_of(const struct series *s)
{
    double v;
    return summarise(&v, series_final(&v, s));
}

void rows_run(struct compare_row *r, const struct compare_rows *t, idx i, idx k)
{
    double step;
    *r = row_of(t, i, k);
    struct series of = group_series(r->group, k, "step");
    r->name = r->run->name;
    r->status = r->run->status;
    r->counts = k < r->group->n_counted ? "yes" : "no";
    r->steps = last_of(&of);
    for (idx m = 0; m < t->n_measures; m++) {
        of = group_series(r->group, k, t->measures[m].name);
        r->finals[m] = last_of(&of);
    }
    of = group_series(r->group, k, t->o->metric);
    r->emerged.steps =
        summarise(&step, emergence_find(&step, &of, &t->groups->emergence));
    if (of.n > 0 && run_data_measured(r->run, &of)->is_known)
        measured_print_of(r->on, run_data_measured(r->run, &of), t->o->metric);
}

/* ---- what there is ----------------------------------------------------- */

bool rows_have(const struct compare_rows *t, idx measure)
{
    for (idx i = 0; i < t->n; i++)
        if (t->rows[i].finals[measure].n > 0)
            return true;
    return false;
}

bool rows_repeats(const struct compare_rows *t, idx measure)
{
    return strcmp(t->measures[measure].name, "val_excess") == 0 &&
           measure != MEASURE_LOSS && strcmp(t->o->loss, "val_loss") == 0;
}

bool rows_are_judged(const struct compare_rows *t, idx measure)
{
    if (rows_repeats(t, measure))
        return false;
    for (idx k = 0; k < t->n; k++) {
        const struct judgement *j = &t->rows[k].judged[measure].j;
        if (j->n > 1 || j->n_base > 1 || j->n_runs > 1)
            return true;
    }
    return false;
}
