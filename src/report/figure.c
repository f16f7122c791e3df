#include "report/figure.h"

#include "base/nearest.h"
#include "base/text.h"
#include "data/input.h"
#include "metric/metric_table.h"
#include "report/alike.h"
#include "report/compare_print.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Of an axis: beyond it no labels can be read, and far beyond gnuplot gives
 * up. */
static const double RANGE_MAX = 1e17, RANGE_LEAST = 1e-9;

static const struct figure_kind *const kinds[] = {
    &figure_curves, &figure_setting,   &figure_loss,
    &figure_heads,  &figure_positions, &figure_transitions,
};

/* ---- what is asked for ------------------------------------------------- */

static const struct figure_kind *find_kind(const char *name)
{
    for (idx i = 0; i < COUNT_OF(kinds); i++)
        if (!name || strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

static int say_kinds(const char *name, struct err *e)
{
    char all[256], shown[TEXT_SHOW_MAX];
    struct text t = { all, sizeof all, 0 };
    struct nearest near = { .wanted = name };
    for (idx i = 0; i < COUNT_OF(kinds); i++) {
        text_add(&t, "%s%s", i > 0 ? ", " : "", kinds[i]->name);
        nearest_offer(&near, kinds[i]->name);
    }
    return err_set(e, ERR_USAGE,
                   "compare: --figure: no kind of figure '%s'%s%s%s: want one "
                   "of %s (and -o FILE says where it goes)",
                   text_show(shown, name), near.name ? " (did you mean " : "",
                   near.name ? near.name : "", near.name ? "?)" : "", all);
}

/* "0.1:0.5", "0:20%": shares as 0 to 1, or in percent. */
static bool parse_range(double range[2], const char *text, double scale)
{
    char *end;
    range[0] = strtod(text, &end);
    if (end == text || *end != ':')
        return false;
    text = end + 1;
    range[1] = strtod(text, &end);
    if (end == text || !isfinite(range[0]) || !(range[0] < range[1]) ||
        !isfinite(range[1]))
        return false;
    if (strcmp(end, "%") == 0 && scale == 100)
        return true;
    range[0] *= scale;
    range[1] *= scale;
    return *end == '\0';
}

static int check_range(const char *option, const char *text, struct err *e)
{
    double range[2];
    char shown[TEXT_SHOW_MAX];
    if (!text)
        return OK;
    text_show(shown, text);
    if (!parse_range(range, text, 100))
        return err_set(e, ERR_USAGE,
                       "compare: --%s: got '%s', want LOW:HIGH, as 0:0.2 or "
                       "0:20%%",
                       option, shown);
    if (fabs(range[0]) > RANGE_MAX || fabs(range[1]) > RANGE_MAX ||
        !(range[1] - range[0] >
          RANGE_LEAST * fmax(fabs(range[0]), fabs(range[1]))))
        return err_set(e, ERR_USAGE,
                       "compare: --%s: got '%s', which is no range to draw: "
                       "want ends up to 1e15 that differ by more than 1e-9 of "
                       "them",
                       option, shown);
    return OK;
}

struct figure_option {
    const char *name;
    int reads; /* a kind that reads it has this bit; 0: all kinds do */
    bool is_given;
    bool is_of_files; /* no plot in text has it */
};

enum { FIGURE_OPTIONS = 9 };

/* All that say how a figure is drawn, but for -o itself. */
static void list_options(struct figure_option all[FIGURE_OPTIONS],
                         const struct compare_options *o)
{
    const struct figure_option rows[FIGURE_OPTIONS] = {
        { "figure", 0, o->figure != NULL, false },
        { "x", READS_X, strcmp(o->x, "step") != 0, false },
        { "log-x", READS_LOG_X, o->log_x, false },
        { "y-range", READS_Y_RANGE, o->y_range != NULL, false },
        { "loss-range", READS_LOSS_RANGE, o->loss_range != NULL, false },
        { "seeds", READS_SEEDS, o->has_seeds, false },
        { "setting", READS_SETTING, o->setting != NULL, false },
        { "step", READS_STEP, !isnan(o->step), false },
        { "bare", 0, o->is_bare, true },
    };
    memcpy(all, rows, sizeof rows);
}

/* Whoever gives an option that does nothing means something else. */
static int check_options(const struct figure_kind *kind,
                         const struct compare_options *o, struct err *e)
{
    struct figure_option all[FIGURE_OPTIONS];
    list_options(all, o);
    for (idx i = 0; i < FIGURE_OPTIONS; i++) {
        const struct figure_option *x = &all[i];
        if (!x->is_given)
            continue;
        if (!o->output && (compare_is_piped(o) || x->is_of_files))
            return err_set(e, ERR_USAGE,
                           "compare: --%s: %s: give -o FILE, or leave it out",
                           x->name,
                           x->is_of_files ? "a plot in text has no caption"
                                          : "no figure is drawn");
        if ((kind->reads & x->reads) == x->reads)
            continue;
        char names[256];
        struct text t = { names, sizeof names, 0 };
        for (idx k = 0; k < COUNT_OF(kinds); k++)
            if (kinds[k]->reads & x->reads)
                text_add(&t, "%s%s", t.n > 0 ? ", " : "", kinds[k]->name);
        return err_set(e, ERR_USAGE,
                       "compare: --%s does nothing with --figure %s, only "
                       "with %s: leave it out, or give another --figure",
                       x->name, kind->name, names);
    }
    return OK;
}

/* Has the metric the axes that the figure is over? */
static bool has_axes(const struct figure_kind *kind, const char *metric)
{
    int n;
    const enum metric_axis *axes = run_array_axes(&n, metric);
    for (idx i = 0; kind->wants[i] != OVER_NOTHING; i++) {
        bool has_axis = false;
        for (int k = 0; k < n; k++)
            has_axis = has_axis || axes[k] == kind->wants[i];
        if (!has_axis)
            return false;
    }
    return true;
}

/* A metric that nobody knows is refused with those that there are: later. */
static int check_axes(const struct figure_kind *kind,
                      const struct compare_options *o, struct err *e)
{
    enum { NAMED_MAX = 4 };
    struct column_facts f;
    char names[256] = "";
    struct text t = { .at = names, .cap_bytes = sizeof names };
    const char *column = figure_column(o);
    if (!kind->wants || !column_find(&f, column) || has_axes(kind, column))
        return OK;
    if (has_axes(kind, COMPARE_METRIC))
        text_add(&t, "%s, ", COMPARE_METRIC);
    for (idx i = 0, n = 0; metric_at(i) && n < NAMED_MAX; i++)
        if (has_axes(kind, metric_at(i)->text.name))
            text_add(&t, "%s%s", n++ ? ", " : "", metric_at(i)->text.name);
    return err_set(e, ERR_USAGE,
                   "compare: --figure %s: %.60s %s: give another --metric, as "
                   "%s (`sinklab list metric` says over what each is)",
                   kind->name, column, kind->lacks, names);
}

bool figure_takes(const char **lacks, const struct compare_options *o,
                  const char *column)
{
    const struct figure_kind *kind = find_kind(o->figure);
    *lacks = kind && kind->wants ? kind->lacks : "";
    return !kind || !kind->wants || has_axes(kind, column);
}

const char *figure_metric(const char *kind)
{
    const struct figure_kind *k = find_kind(kind);
    return k ? k->metric : NULL;
}

int figure_check(const struct compare_options *o, struct err *e)
{
    const struct figure_kind *kind = find_kind(o->figure);
    if (!kind)
        return say_kinds(o->figure, e);
    if (!kind->has_text && !o->output)
        return err_set(e, ERR_USAGE,
                       "compare: --figure %s cannot be drawn in text: give -o "
                       "FILE",
                       kind->name);
    if (o->output && plot_file_check(o->output, e))
        return e->code;
    if (strcmp(o->x, "step") != 0 && strcmp(o->x, "tokens") != 0)
        return err_set(e, ERR_USAGE,
                       "compare: --x: got '%.40s', want step or tokens", o->x);
    if (check_options(kind, o, e) || check_axes(kind, o, e) ||
        check_range("y-range", o->y_range, e) ||
        check_range("loss-range", o->loss_range, e))
        return e->code;
    return OK;
}

/* ---- for the kinds ----------------------------------------------------- */

const char *figure_column(const struct compare_options *o)
{
    return o->drawn ? o->drawn : o->metric;
}

idx figure_most(const struct figure *f)
{
    idx n = 0;
    for (idx i = 0; i < f->s->n; i++)
        n = idx_max(n, f->s->g[i].n_counted);
    if (!f->o->output)
        return 0;
    return n > 1 ? FACETS_BANDS_MOST : PLOT_STYLES;
}

const char *figure_range(const struct figure *f, const char *column)
{
    return strcmp(column, f->o->loss) == 0 ? f->o->loss_range : f->o->y_range;
}

/* Of each cell in a figure that draws them, else of what stands for all. */
static const char *title_of(struct figure *f, const struct column_facts *facts)
{
    char title[COLUMN_TITLE_MAX];
    return find_kind(f->o->figure)->wants
               ? pool_print(&f->memory, "%s", facts->title)
               : pool_print(&f->memory, "%s", column_title(title, facts));
}

int figure_axis(struct plot_axis *a, struct figure *f, const char *column,
                const char *range, struct err *e)
{
    struct column_facts facts;
    double ends[2];
    bool is_known = column_find(&facts, column);
    bool is_share = is_known && facts.is_share;
    const char *unit = !is_known      ? ""
                       : !is_share    ? unit_word(facts.unit)
                       : f->o->output ? "%"
                                      : "percent";
    /* on a terminal by the name that the table above has */
    const char *name = is_known && f->o->output ? title_of(f, &facts) : column;
    *a = (struct plot_axis){ .scale = is_share ? 100 : 1,
                             .is_share = is_share,
                             .is_bounded = is_known && facts.is_bounded };
    a->label = pool_print(&f->memory, "%s%s%s", name, *unit ? ", " : "", unit);
    a->brief =
        pool_print(&f->memory, "%s%s%s", column, *unit ? ", " : "", unit);
    if (range && !parse_range(ends, range, a->scale))
        return err_set(e, ERR_USAGE,
                       "compare: '%.40s' is no range of %.40s, which is no "
                       "share: leave the %% away",
                       range, column);
    if (range) {
        a->lo = ends[0];
        a->hi = ends[1];
    }
    return pool_check(&f->memory, e);
}

static int say_nothing(const struct run_data *r, const char *column,
                       struct err *e)
{
    struct column_facts f;
    bool needs_extra =
        column_find(&f, column) && f.metric && f.metric->needs_extra;
    return err_set(e, ERR_DATA,
                   "%s: %s has no number in its analysis.h5: not measured, as "
                   "%s: give another --metric, or leave the run out",
                   r->path, column,
                   needs_extra ? "the model has no extra column that acts"
                               : "the model has no such part, or its sequences "
                                 "too few tokens");
}

static bool has_number(const struct run_array *a)
{
    for (idx i = 0; i < a->n_steps * a->n; i++)
        if (!isnan(a->v[i]))
            return true;
    return false;
}

int figure_array(struct run_array *a, struct figure *f,
                 const struct figure_kind *kind, const struct run_data *r,
                 double step, struct err *e)
{
    if (run_array_load(a, &f->memory, r, figure_column(f->o), step, e))
        return e->code;
    for (idx i = 0; kind->wants[i] != OVER_NOTHING; i++)
        if (!run_array_is_over(a, kind->wants[i]))
            return err_set(e, ERR_DATA,
                           "%s: %s in its analysis.h5 %s: `sinklab analyze "
                           "--again` measures it anew",
                           r->path, figure_column(f->o), kind->lacks);
    return has_number(a) ? OK : say_nothing(r, figure_column(f->o), e);
}

struct plot_curve *figure_panel(struct plot_panel *q, struct figure *f,
                                idx panel, idx most, struct err *e)
{
    const char **titles = f->facets.titles;
    struct plot_curve *curves =
        pool_bytes(&f->memory, (size_t)most * sizeof *curves);
    *q = (struct plot_panel){ .curves = curves,
                              .title = titles ? titles[panel] : NULL };
    return pool_check(&f->memory, e) ? NULL : curves;
}

double *figure_doubles(struct figure *f, idx n)
{
    return pool_bytes(&f->memory, (size_t)idx_max(n, 1) * sizeof(double));
}

bool figure_series(double **x, double **y, idx *n, struct figure *f,
                   const struct series *s)
{
    *x = figure_doubles(f, s->n);
    *y = figure_doubles(f, s->n);
    *n = 0;
    for (idx i = 0; *x && *y && i < s->n; i++) {
        if (!s->given[i])
            continue;
        (*x)[*n] = s->step[i];
        (*y)[(*n)++] = s->value[i];
    }
    return *x && *y;
}

int figure_x(double *x, idx n, const struct figure *f, const struct group *g,
             struct err *e)
{
    struct band b = { 0 };
    if (strcmp(f->o->x, "tokens") != 0)
        return OK;
    int rc = band_make(&b, g, "tokens", e);
    for (idx i = 0, k = 0; i < n && rc == OK; i++) {
        while (k < b.n && b.step[k] < x[i])
            k++;
        x[i] = k < b.n && b.step[k] == x[i] ? b.mean[k] : NAN;
    }
    band_release(&b);
    return rc;
}

bool figure_is_uneven(const struct groups *s)
{
    for (idx i = 1; i < s->n; i++)
        if (s->g[i].n_counted != s->g[0].n_counted)
            return true;
    return false;
}

/* N, T and eps by the letters that papers have for them. */
static void add_measured(struct text *t, const struct measured *m,
                         const char *column)
{
    char words[MEASURED_TEXT_MAX];
    struct column_facts f;
    struct measured own = *m;
    bool is_metric = column_find(&f, column) && f.metric;
    if (is_metric && !f.metric->has_eps)
        own.eps = NAN;
    bool is_plain = m->input == INPUT_DATA && !m->no_bos && !m->no_edits &&
                    measured_parts(column) & MEASURED_SINKS &&
                    !(is_metric && f.metric->of_copies);
    if (is_metric && is_plain)
        text_add(t, "%s, N = %td sequences of T = %td tokens",
                 m->is_analysis ? "analysis" : "probe", m->sequences,
                 m->tokens);
    else
        text_add(t, "%s", measured_print_of(words, &own, column));
    if (is_metric && is_plain && f.metric->has_eps)
        text_add(t, ", eps = %g", m->eps);
}

const char *figure_caption(struct figure *f, const char *const *columns, idx n,
                           const char *words, ...)
{
    char text[4096];
    struct text t = { text, sizeof text, 0 };
    const struct measured *told = NULL;
    bool is_eps_told = false;
    for (idx i = 0; i < n; i++) {
        const struct measured *m = groups_measured(f->s, columns[i]);
        struct column_facts facts;
        bool is_measured = column_find(&facts, columns[i]) &&
                           (facts.metric || facts.is_validation);
        if (!m || !is_measured)
            continue;
        bool is_own =
            facts.metric && (facts.metric->of_copies || facts.metric->under);
        bool has_eps = facts.metric && facts.metric->has_eps;
        if (facts.metric && !is_own && told && (is_eps_told || !has_eps) &&
            told->is_analysis == m->is_analysis &&
            measured_alike(told, m, MEASURED_SINKS))
            continue; /* as the one before */
        told = facts.metric && !is_own ? m : told;
        is_eps_told = is_eps_told || has_eps;
        const char *title = title_of(f, &facts);
        text_add(&t, "%s (%s): ", columns[i], title ? title : "");
        add_measured(&t, m, columns[i]);
        text_add(&t, "%s", alike_is(f->s, columns[i]) ? "" : ALIKE_NOT);
        text_add(&t, ". ");
    }
    va_list args;
    va_start(args, words);
    text_addv(&t, words, args);
    va_end(args);
    return pool_text(&f->memory, text, sizeof text);
}

/* ---- the whole --------------------------------------------------------- */

/* Bands and bars are of mean and spread, which know no bounds. */
static const char *add_trimmed(struct figure *f)
{
    size_t n = strlen(f->plot.caption);
    bool has_blank = n == 0 || f->plot.caption[n - 1] == ' ';
    return pool_print(&f->memory,
                      "%s%sBands and bars are cut where a share ends, at 0 or "
                      "100 %%.",
                      f->plot.caption, has_blank ? "" : " ");
}

int figure_draw(FILE *out, FILE *words, const struct compare_rows *t,
                struct err *e)
{
    const struct compare_options *o = t->o;
    struct figure f = { .t = t, .o = o, .s = t->groups };
    int rc = find_kind(o->figure)->fill(&f, e);
    if (rc == OK)
        rc = pool_check(&f.memory, e);
    if (rc == OK && find_kind(o->figure)->print)
        rc = find_kind(o->figure)->print(words, &f, e);
    if (rc == OK && o->is_bare)
        f.plot.caption = NULL;
    else if (rc == OK && f.plot.caption && plot_trims(&f.plot))
        f.plot.caption = add_trimmed(&f);
    if (rc == OK)
        rc = pool_check(&f.memory, e);
    if (rc == OK)
        rc = o->output ? plot_write(&f.plot, o->output, e)
                       : plot_text(out, &f.plot, o->width, o->unicode, e);
    pool_release(&f.memory);
    return rc;
}
