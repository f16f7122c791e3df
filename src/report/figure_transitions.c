#include "report/figure.h"

#include "analysis/transition.h"
#include "io/grid.h"
#include "report/cells.h"
#include "report/compare_notes.h"

#include <math.h>
#include <string.h>

enum { PANELS_MAX = 24 };

/* A transition of a group. */
struct transition_shown {
    const char *column; /* NULL: none of these runs has it */
    double *x, *y;      /* (n) the mean over runs, */
    idx n;
    double lo, hi;        /* between which values it lies, */
    double zero, full;    /* and what 0 and 100 % of the axis are */
    struct summary steps; /* at which it formed, of the runs in which it did */
    idx n_gone;           /* of these: it is no more so at the end */
    idx n_once;           /* of the others: it is so, but not twice in a row */
    idx n_last;           /* of these: at the last step alone */
    idx n_runs;           /* that measured it */
    idx n_logged;         /* of these: in training, metrics.csv */
};

static struct transition_shown *shown_at(const struct figure *f, idx group,
                                         idx kind)
{
    return &f->shown[group * TRANSITIONS + kind];
}

/* What measures it, between these words; "" where no run lacks it. */
static const char *how(struct figure *f, const char *before, const char *behind)
{
    char text[ADVICE_MAX];
    groups_advice(text, f->s, f->o, NULL);
    const char *words =
        *text ? pool_print(&f->memory, "%s%s%s", before, text, behind) : "";
    return words ? words : "";
}

/* ---- what there is ----------------------------------------------------- */

static bool is_in(const struct group *g, const char *column)
{
    for (idx i = 0; i < g->n_counted; i++) {
        struct series s = group_series(g, i, column);
        for (idx k = 0; k < s.n; k++)
            if (s.given[k])
                return true;
    }
    return false;
}

static double value_at(const void *of, idx i)
{
    return ((const double *)of)[i];
}

/* In each run by itself. */
static int find_steps(struct transition_shown *s, struct figure *f,
                      const struct transition *t, const struct group *g,
                      struct err *e)
{
    double *steps = figure_doubles(f, g->n_counted);
    idx n_formed = 0;
    for (idx i = 0; i < g->n_counted; i++) {
        struct series of = group_series(g, i, s->column);
        double *x, *y;
        idx n;
        if (!steps || !figure_series(&x, &y, &n, f, &of))
            return pool_check(&f->memory, e);
        idx at = transition_find(t, value_at, y, n);
        s->n_runs += n > 0;
        s->n_logged += n > 0 && of.is_logged;
        if (at < 0) {
            while (++at < n && !transition_holds(t, y[at]))
                ;
            s->n_once += at < n;
            s->n_last += n > 0 && at == n - 1;
            continue;
        }
        steps[n_formed++] = x[at];
        s->n_gone += !transition_holds(t, y[n - 1]);
    }
    s->steps = summarise(steps, n_formed);
    return OK;
}

static int make_curve(struct transition_shown *s, struct figure *f,
                      const struct group *g, struct err *e)
{
    struct band b = { 0 };
    int rc = band_make(&b, g, s->column, e);
    s->x = figure_doubles(f, b.n);
    s->y = figure_doubles(f, b.n);
    if (rc == OK)
        rc = pool_check(&f->memory, e);
    s->n = rc == OK ? b.n : 0;
    s->lo = INFINITY;
    s->hi = -INFINITY;
    for (idx i = 0; i < s->n; i++) {
        s->x[i] = b.step[i];
        s->y[i] = b.mean[i];
        s->lo = fmin(s->lo, b.mean[i]);
        s->hi = fmax(s->hi, b.mean[i]);
    }
    band_release(&b);
    return rc;
}

/* The first number of the curve; NAN: there is none. */
static double first_of(const struct transition_shown *s)
{
    for (idx i = 0; i < s->n; i++)
        if (!isnan(s->y[i]))
            return s->y[i];
    return NAN;
}

/* From 0 where there is none of it to 1 where it has most; or where it would
 * have formed, for what never comes near that would look as large. There is
 * none at its least; but what falls, and is the least of many numbers, has
 * noise above and below where it began: there, and what is less than none
 * is 0. */
static void scale_curve(struct transition_shown *s, const struct transition *t)
{
    s->zero = t->is_below ? fmax(first_of(s), t->threshold)
                          : fmin(s->lo, t->threshold);
    s->full =
        t->is_below ? fmin(s->lo, t->threshold) : fmax(s->hi, t->threshold);
    for (idx i = 0; i < s->n; i++) { /* NaN stays: a gap */
        double share =
            s->full == s->zero ? 0 : (s->y[i] - s->zero) / (s->full - s->zero);
        s->y[i] = share < 0 ? 0 : share;
    }
}

static int find_all(struct figure *f, struct err *e)
{
    idx n = f->s->n * TRANSITIONS;
    bool has_any = false;
    f->shown = pool_bytes(&f->memory, (size_t)n * sizeof *f->shown);
    if (pool_check(&f->memory, e))
        return e->code;
    for (idx i = 0; i < n; i++) {
        const struct group *g = &f->s->g[i / TRANSITIONS];
        const struct transition *t = &transitions[i % TRANSITIONS];
        struct transition_shown *s = &f->shown[i];
        *s = (struct transition_shown){ .column = NULL };
        if (!is_in(g, t->column))
            continue;
        s->column = t->column;
        if (find_steps(s, f, t, g, e) || make_curve(s, f, g, e))
            return e->code;
        scale_curve(s, t);
        has_any = true;
    }
    return has_any ? OK
                   : err_set(e, ERR_USAGE,
                             "compare: --figure transitions: no run has "
                             "measured any%s",
                             how(f, ": ", " does"));
}

/* ---- the figure -------------------------------------------------------- */

/* Did more than half of the runs turn? */
static bool has_formed(const struct transition_shown *s)
{
    return s->column && 2 * s->steps.n > s->n_runs;
}

/* Where it formed, as a bar from the bottom to the top; what formed at one step
 * shares it. */
static int add_bar(struct plot_curve *c, struct figure *f, idx group,
                   const struct transition_shown *s, struct plot_style style,
                   struct err *e)
{
    double *v = figure_doubles(f, 4);
    idx at = 0, rank = 0, n = 0;
    if (!v)
        return pool_check(&f->memory, e);
    while (at + 1 < s->n && s->x[at] < s->steps.mean)
        at++;
    v[0] = s->steps.mean;
    for (idx k = 0; k < TRANSITIONS; k++) {
        const struct transition_shown *other = shown_at(f, group, k);
        if (has_formed(other) && other->steps.mean == s->steps.mean) {
            rank += other < s;
            n++;
        }
    }
    v[2] = (double)rank / (double)n;
    v[3] = (double)(rank + 1) / (double)n;
    if (strcmp(f->o->x, "tokens") == 0) {
        v[0] = s->x[at]; /* a step of which tokens are known */
        if (figure_x(v, 1, f, &f->s->g[group], e))
            return e->code;
    }
    v[1] = v[0];
    *c = (struct plot_curve){
        .style = style, .form = PLOT_THIN, .x = v, .y = v + 2, .n = 2
    };
    return OK;
}

static int fill_panel(struct plot_panel *q, struct figure *f, idx group,
                      struct err *e)
{
    struct plot_curve *curves = figure_panel(q, f, group, 2 * TRANSITIONS, e);
    for (idx k = 0; k < TRANSITIONS && curves; k++) {
        struct transition_shown *s = shown_at(f, group, k);
        struct plot_style style = { .number = k };
        if (s->n == 0)
            continue;
        curves[q->n_curves++] = (struct plot_curve){
            .style = style, .x = s->x, .y = s->y, .n = s->n
        };
        if (has_formed(s) &&
            add_bar(&curves[q->n_curves++], f, group, s, style, e))
            return e->code;
        if (figure_x(s->x, s->n, f, &f->s->g[group], e))
            return e->code;
    }
    return curves ? OK : e->code;
}

/* "3 to 92 %", "1.02 to 14.3" */
static const char *range_words(struct figure *f,
                               const struct transition_shown *s, double from,
                               double to)
{
    bool is_share = metric_is_share(s->column);
    double scale = is_share ? 100 : 1;
    return pool_print(&f->memory, "%.3g to %.3g%s", scale * from, scale * to,
                      is_share ? " %" : "");
}

/* "2/3", of all groups together. */
static const char *share_words(struct figure *f, idx kind)
{
    idx n = 0, n_formed = 0;
    for (idx i = 0; i < f->s->n; i++) {
        n += shown_at(f, i, kind)->n_runs;
        n_formed += shown_at(f, i, kind)->steps.n;
    }
    return pool_print(&f->memory, "%td/%td", n_formed, n);
}

/* Gone at the end in every run in which it had formed? */
static bool is_gone(const struct transition_shown *s)
{
    return s->steps.n > 0 && s->n_gone == s->steps.n;
}

/* What is missing where it passes its threshold and has formed in no run. */
static const char *once_words(const struct transition_shown *s)
{
    return s->steps.n > 0 || s->n_once == 0 ? NULL
           : s->n_last == s->n_once         ? "last step only"
                                            : "not twice running";
}

/* "step 20, in 2/3 runs"; of several groups without the step; where a run is a
 * group without the runs. "(step 20)": gone at the end. */
static const char *formed_words(struct figure *f, idx kind)
{
    const struct transition_shown *s = shown_at(f, 0, kind);
    bool is_formed = s->steps.n > 0;
    const char *share = share_words(f, kind);
    const char *step = pool_print(
        &f->memory, is_gone(s) ? "(step %.0f)" : "step %.0f", s->steps.mean);
    if (!share || !step)
        return NULL;
    if (is_formed && f->s->n == 1)
        return f->s->are_single
                   ? step
                   : pool_print(&f->memory, "%s, in %s runs", step, share);
    const char *words =
        f->s->are_single ? "not formed"
                         : pool_print(&f->memory, "formed in %s runs", share);
    const char *once = f->s->n == 1 ? once_words(s) : NULL;
    return once && words ? pool_print(&f->memory, "%s, %s", words, once)
                         : words;
}

/* Of one group the ends of the axis, too. */
static const char *entry_words(struct figure *f, idx kind)
{
    const struct transition_shown *s = shown_at(f, 0, kind);
    const char *name = transitions[kind].name;
    const char *column = transitions[kind].column;
    const char *formed = formed_words(f, kind);
    if (!formed)
        return NULL;
    if (f->s->n > 1)
        return f->s->are_single
                   ? pool_print(&f->memory, "%s (%s)", name, column)
                   : pool_print(&f->memory, "%s (%s): %s", name, column,
                                formed);
    return pool_print(&f->memory, "%s (%s, %s): %s", name, column,
                      range_words(f, s, s->zero, s->full), formed);
}

static bool is_measured(const struct figure *f, idx kind)
{
    for (idx i = 0; i < f->s->n; i++)
        if (shown_at(f, i, kind)->column)
            return true;
    return false;
}

static int fill_facets(struct figure *f, struct err *e)
{
    struct facets *a = &f->facets;
    a->n = f->s->n;
    a->entries = pool_bytes(&f->memory, TRANSITIONS * sizeof *a->entries);
    a->titles = pool_bytes(&f->memory, (size_t)a->n * sizeof *a->titles);
    if (pool_check(&f->memory, e))
        return e->code;
    for (idx i = 0; i < a->n; i++)
        a->titles[i] = f->s->g[i].label;
    for (idx k = 0; k < TRANSITIONS; k++)
        if (is_measured(f, k))
            a->entries[a->n_entries++] =
                (struct plot_entry){ { .number = k }, entry_words(f, k) };
    return pool_check(&f->memory, e);
}

/* Those that no run has, and what one group lacks that another has: "" if
 * there is nothing. */
static const char *missing_words(struct figure *f, const char *before)
{
    const char *words = "";
    for (idx k = 0; k < TRANSITIONS && words; k++)
        if (!is_measured(f, k))
            words = pool_print(&f->memory, "%s%s%s (%s)", words,
                               *words ? ", " : before, transitions[k].name,
                               transitions[k].column);
    for (idx i = 0; i < f->s->n; i++)
        for (idx k = 0, n = 0; k < TRANSITIONS && words; k++) {
            if (!is_measured(f, k) || shown_at(f, i, k)->column)
                continue;
            words = pool_print(&f->memory, "%s%s", words,
                               n++      ? ", "
                               : *words ? "; "
                                        : before);
            if (words && n == 1)
                words =
                    pool_print(&f->memory, "%sin %s ", words, f->s->g[i].label);
            if (words)
                words =
                    pool_print(&f->memory, "%s%s", words, transitions[k].name);
        }
    return words ? words : "";
}

/* ">= 50 %", "<= 0.5" */
static const char *rule_words(struct figure *f, const struct transition *t)
{
    bool is_share = metric_is_share(t->column);
    return pool_print(&f->memory, "%s %g%s", t->is_below ? "<=" : ">=",
                      is_share ? 100 * t->threshold : t->threshold,
                      is_share ? " %" : "");
}

/* "previous_score >= 50 %, value_ratio_min <= 0.5": of those that are shown */
static const char *rules_words(struct figure *f)
{
    const char *words = "";
    for (idx k = 0; k < TRANSITIONS && words; k++) {
        const char *rule = rule_words(f, &transitions[k]);
        if (rule && is_measured(f, k))
            words = pool_print(&f->memory, "%s%s%s %s", words,
                               *words ? ", " : "", transitions[k].column, rule);
    }
    return words ? words : "";
}

/* What was so and is no more, group by group: of one the legend says it. */
static const char *gone_words(struct figure *f)
{
    const char *words = "";
    for (idx i = 0; i < f->s->n * TRANSITIONS && words; i++)
        if (is_gone(&f->shown[i]) && f->s->n > 1)
            words = pool_print(&f->memory, "%s%s%s of %s", words,
                               *words ? ", " : " Gone again at the end: ",
                               transitions[i % TRANSITIONS].name,
                               f->s->g[i / TRANSITIONS].label);
        else if (is_gone(&f->shown[i]))
            words = " (In brackets): gone again at the end.";
    if (words && *words && f->s->n > 1)
        words = pool_print(&f->memory, "%s.", words);
    return words ? words : "";
}

/* What passes its threshold and has not formed, in the same way. */
static const char *only_words(struct figure *f)
{
    const char *words = "", *once;
    for (idx i = 0; i < f->s->n * TRANSITIONS && words && f->s->n > 1; i++)
        if ((once = once_words(&f->shown[i])))
            words = pool_print(&f->memory, "%s%s%s of %s (%s)", words,
                               *words ? ", " : " Seen, but not formed: ",
                               transitions[i % TRANSITIONS].name,
                               f->s->g[i / TRANSITIONS].label, once);
    return words && *words ? pool_print(&f->memory, "%s.", words)
           : words         ? words
                           : "";
}

static int fill(struct figure *f, struct err *e)
{
    const char *columns[TRANSITIONS];
    idx n = 0;
    if (f->s->n > PANELS_MAX)
        return err_set(e, ERR_USAGE,
                       "compare: --figure transitions: %td groups, and a panel "
                       "each has room for %d: choose some by --where",
                       f->s->n, PANELS_MAX);
    if (find_all(f, e) || fill_facets(f, e))
        return e->code;
    struct plot_block *block = pool_bytes(&f->memory, sizeof *block);
    struct plot_panel *panels =
        pool_bytes(&f->memory, (size_t)f->s->n * sizeof *panels);
    if (pool_check(&f->memory, e))
        return e->code;
    for (idx i = 0; i < f->s->n; i++)
        if (fill_panel(&panels[i], f, i, e))
            return e->code;
    *block = (struct plot_block){ .y = { .label = "% of the curve's own scale",
                                         .brief = "% of own scale",
                                         .scale = 100,
                                         .lo = 0,
                                         .hi = 100 },
                                  .panels = panels,
                                  .n_panels = f->s->n };
    f->plot = (struct plot){
        .x = { .label = f->o->x, .is_log = f->o->log_x, .is_counted = true },
        .blocks = block,
        .n_blocks = 1,
        .across = facets_across(&f->facets),
        .legend = f->facets.entries,
        .n_entries = f->facets.n_entries,
    };
    for (idx k = 0; k < TRANSITIONS; k++)
        if (is_measured(f, k))
            columns[n++] = transitions[k].column;
    f->plot.caption = figure_caption(
        f, columns, n,
        "Each curve is scaled to its own range%s: 0 %% is its least value, "
        "100 %% its largest, or its threshold if it never got there.%s Bars: "
        "where it has formed, the first of two steps in a row at its own "
        "threshold (%s)%s.%s%s%s",
        f->s->n == 1 ? " (legend)" : "",
        is_measured(f, TRANSITION_DRAIN)
            ? " Value drain falls, so its scale is reversed: 0 % is where it "
              "began (or above), 100 % its least, or its threshold."
            : "",
        rules_words(f),
        f->s->are_single ? ""
                         : ", in more than half of the runs, at the mean "
                           "of their steps",
        gone_words(f), only_words(f), missing_words(f, " Not measured: "));
    return pool_check(&f->memory, e);
}

/* ---- in numbers -------------------------------------------------------- */

static void put_row(struct grid *g, idx row, struct figure *f, idx group,
                    idx kind)
{
    const struct transition_shown *s = shown_at(f, group, kind);
    bool has_runs = !f->s->are_single;
    char step[CELL_NUMBER_MAX];
    const char *rule = rule_words(f, &transitions[kind]);
    idx c = 0;
    grid_set(g, row, c++, "%s", f->s->g[group].label);
    grid_set(g, row, c++, "%s", transitions[kind].name);
    grid_set(g, row, c++, "%s", s->column);
    grid_set(g, row, c++, "%s", rule ? rule : "");
    if (s->steps.n > 0)
        grid_set(g, row, c, is_gone(s) ? "(%s)" : "%s",
                 cell_number(step, s->steps.mean, 0));
    else
        put_missing(g, row, c, false);
    c++;
    if (has_runs && s->steps.n > 1)
        put_number(g, row, c, s->steps.spread, (struct cell_look){ 0 }, false);
    if (has_runs)
        grid_set(g, row, c + 1, "%td/%td", s->steps.n, s->n_runs);
    c += has_runs ? 2 : 0;
    grid_set(g, row, c, "%s", range_words(f, s, s->lo, s->hi));
    if (once_words(s))
        grid_set(g, row, c + 1, "%s", once_words(s));
}

/* Columns that training alone has measured, in some run. */
static void note_logged(FILE *out, struct figure *f)
{
    idx n = 0;
    for (idx k = 0; k < TRANSITIONS; k++) {
        const char *column = NULL;
        for (idx i = 0; i < f->s->n && !column; i++)
            column = shown_at(f, i, k)->n_logged > 0 ? shown_at(f, i, k)->column
                                                     : NULL;
        if (column)
            fprintf(out, "%s%s",
                    n++ ? ", "
                        : "note: what training measured "
                          "(metrics.csv), in some run: ",
                    column);
    }
    if (n > 0)
        fprintf(out, "%s\n",
                how(f, ": ", " measures every checkpoint with more sequences"));
}

/* The table above has a step, too, of another question. */
static void print_meaning(FILE *out, const struct figure *f)
{
    const struct emergence *m = &f->s->emergence;
    const char *metric = f->o->metric;
    bool is_share = metric_is_share(metric), has_gone = false;
    for (idx i = 0; i < f->s->n * TRANSITIONS; i++)
        has_gone = has_gone || is_gone(&f->shown[i]);
    fprintf(out,
            "at step: the first at which it is so, there and at the next that "
            "was measured%s\n",
            !has_gone          ? ""
            : f->s->are_single ? "; (in brackets): gone again at the end"
                               : "; (in brackets): gone again at the end in "
                                 "all of them");
    if (m->is_asked)
        fprintf(out,
                "\"emerged\" in the table above asks for something else: %s "
                "%s %.3g%s, at one step; each of these is\nof the one head or "
                "depth that shows it most\n",
                metric, m->is_below ? "below" : "above",
                is_share ? 100 * m->threshold : m->threshold,
                is_share ? " %" : "");
}

static int print(FILE *out, struct figure *f, struct err *e)
{
    struct grid g = { 0 };
    idx n = 0, row = 0;
    bool has_once = false;
    for (idx i = 0; i < f->s->n * TRANSITIONS; i++) {
        n += f->shown[i].column != NULL;
        has_once = has_once || once_words(&f->shown[i]);
    }
    int rc = grid_init(&g, n + 1, 0, e);
    if (rc != OK)
        return rc;
    grid_add(&g, "%s", f->s->are_single ? "run" : "group");
    grid_add(&g, "transition");
    grid_add(&g, "seen in");
    grid_add(&g, "formed if");
    grid_add(&g, "at step");
    if (!f->s->are_single) {
        grid_add(&g, "%s", f->o->unicode ? "\u00b1" : "+-");
        grid_add(&g, "in");
    }
    grid_add(&g, "%s",
             f->s->are_single ? "from least to most"
                              : "mean, from least to most");
    if (has_once)
        grid_add(&g, "%s", f->s->are_single ? "seen" : "seen in some run");
    for (idx i = 0; i < f->s->n * TRANSITIONS; i++)
        if (f->shown[i].column)
            put_row(&g, ++row, f, i / TRANSITIONS, i % TRANSITIONS);
    rc = grid_check(&g, e);
    if (rc == OK) {
        fputs("transitions: what has formed, and when\n", out);
        grid_print(out, &g, CELL_COLUMNS, f->o->unicode);
        print_meaning(out, f);
        if (*missing_words(f, ""))
            fprintf(out, "note: not measured: %s%s\n", missing_words(f, ""),
                    how(f, ": ", " does"));
        note_logged(out, f);
    }
    grid_release(&g);
    return rc;
}

const struct figure_kind figure_transitions = {
    .name = "transitions",
    .what = "induction, sink, massive activation and value drain on one axis",
    .reads = READS_X | READS_LOG_X,
    .has_text = true,
    .fill = fill,
    .print = print,
};
