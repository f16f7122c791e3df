#include "report/compare_differences.h"

#include "base/utf8.h"
#include "report/cells.h"
#include "report/means.h"

#include <math.h>
#include <string.h>

/* Of a share: what a digit behind the point in percent shows. */
static const double SHARE_SEEN = 0.0005;

/* A line: group i, held against the base by a measure. */
struct line {
    const struct compare_row *row;
    idx measure;
    const struct judged *x;
};

/* Line `at` of the table; false past the last. Measure by measure, so that what
 * compares stands together. */
static bool line_at(struct line *l, const struct compare_rows *t, idx at)
{
    for (idx m = 0; m < t->n_measures; m++) {
        if (!rows_are_judged(t, m))
            continue;
        for (idx i = 0; i < t->n; i++) {
            const struct judged *x = &t->rows[i].judged[m];
            bool is_shown = i != t->base && x->j.n > 0 && x->j.n_base > 0;
            if (is_shown && at-- == 0) {
                *l = (struct line){ &t->rows[i], m, x };
                return true;
            }
        }
    }
    return false;
}

static idx count_lines(const struct compare_rows *t)
{
    struct line l;
    idx n = 0;
    while (line_at(&l, t, n))
        n++;
    return n;
}

/* ---- cells ------------------------------------------------------------- */

struct table_columns {
    idx of, group, over, difference, interval, signs, p, verdict;
};

static const char *number(char text[CELL_NUMBER_MAX], double v,
                          struct cell_look look)
{
    return cell_number(text, look.is_share ? 100 * v : v, look.digits);
}

/* "all +", "2+ 1-": of pairs alone. */
static void put_signs(struct grid *g, idx row, idx c, const struct pair *p)
{
    if (p->n_up == p->d.n || p->n_down == p->d.n)
        grid_set(g, row, c, "all %c", p->n_up > 0 ? '+' : '-');
    else
        grid_set(g, row, c, "%td+ %td-", p->n_up, p->n_down);
}

/* One without width would say that nothing can be told apart from it. */
static void put_interval(struct grid *g, idx row, idx c,
                         const struct judgement *j, struct cell_look look)
{
    char low[CELL_NUMBER_MAX], high[CELL_NUMBER_MAX];
    if (isnan(j->low) || j->low == j->high)
        put_missing(g, row, c, false);
    else
        grid_set(g, row, c, "%s to %s", number(low, j->low, look),
                 number(high, j->high, look));
}

static void put_line(struct grid *g, idx row, const struct table_columns *c,
                     const struct compare_rows *t, const struct line *l)
{
    char p[P_TEXT_MAX];
    char text[CELL_NUMBER_MAX], seeds[JUDGEMENT_TEXT_MAX];
    const struct judgement *j = &l->x->j;
    const char *name = t->measures[l->measure].name;
    struct cell_look look = cell_look(name);
    grid_set(g, row, c->of, "%s%s", name, look.is_share ? " %" : "");
    grid_set(g, row, c->group, "%s", l->row->label);
    grid_set(g, row, c->over, "%s", judgement_seeds(seeds, j));
    grid_set(g, row, c->difference, "%s%s", j->difference > 0 ? "+" : "",
             number(text, j->difference, look));
    put_interval(g, row, c->interval, j, look);
    if (j->is_paired)
        put_signs(g, row, c->signs, &l->x->pair);
    if (!isnan(j->p))
        grid_set(g, row, c->p, "%s", p_text(p, j->p));
    grid_set(g, row, c->verdict, "%s", verdict_words(j->verdict));
}

int differences_grid(struct grid *g, const struct compare_rows *t, idx most,
                     idx *n_lines, struct err *e)
{
    struct line l;
    *n_lines = count_lines(t);
    idx n = idx_min(*n_lines, most);
    if (n == 0)
        return OK;
    int rc = grid_init(g, n + 1, 0, e);
    if (rc != OK)
        return rc;
    const struct table_columns c = {
        .of = grid_add(g, "of"),
        .group = grid_add(g, "group"),
        .over = grid_add(g, "over"),
        .difference = grid_add(g, "difference"),
        .interval = grid_add(g, "95 %% interval"),
        .signs = grid_add(g, "signs"),
        .p = grid_add(g, "p"),
        .verdict = grid_add(g, "verdict"),
    };
    grid_rank(g, c.signs, 1);
    for (idx i = 0; i < n && line_at(&l, t, i); i++)
        put_line(g, i + 1, &c, t, &l);
    return grid_check(g, e);
}

/* ---- words ------------------------------------------------------------- */

static idx count_judged(const struct compare_rows *t)
{
    struct line l;
    idx n = 0;
    for (idx i = 0; line_at(&l, t, i); i++)
        n += l.x->j.verdict >= VERDICT_ALIKE;
    return n;
}

/* Reaches its interval, from where the base is, shares that cannot be? Of
 * weights with signs, which may be below 0, nothing is said. */
static bool is_beyond(const struct compare_rows *t, const struct line *l)
{
    const char *name = t->measures[l->measure].name;
    const struct summary *base = &t->rows[t->base].finals[l->measure];
    const struct judgement *j = &l->x->j;
    if (!metric_is_share(name) || isnan(j->low) || base->n == 0)
        return false;
    bool is_below = base->mean + j->low < -SHARE_SEEN;
    bool is_above = base->mean + j->high > 1 + SHARE_SEEN;
    bool has_signs = base->min < 0 || l->row->finals[l->measure].min < 0;
    return (is_below && !has_signs) || (is_above && metric_is_bounded(name));
}

/* How many intervals reach shares that cannot be, and one of them. */
static void print_beyond(FILE *out, const struct compare_rows *t,
                         const struct line *first, idx n)
{
    char group[GROUP_LABEL_MAX];
    const char *name = t->measures[first->measure].name;
    utf8_show(group, sizeof group, first->row->label, CELL_COLUMNS,
              t->o->unicode);
    fprintf(out,
            "%td interval%s below 0 %% or above 100 %% (%s%s of %s);\nthe t "
            "interval ignores that shares have bounds\n",
            n, n == 1 ? " reaches" : "s reach",
            n == 1 ? "" : "the first: ", name, group);
}

/* Are any, or are all, of the lines of pairs, by permutation, told apart? */
static void print_meaning(FILE *out, const struct compare_rows *t)
{
    struct line l;
    bool has_pairs = false, has_groups = false, has_t = false;
    bool is_few = false, is_few_pairs = false, has_several = false;
    struct line beyond = { 0 };
    idx n_beyond = 0;
    for (idx i = 0; line_at(&l, t, i); i++) {
        const struct judgement *j = &l.x->j;
        has_pairs = has_pairs || j->is_paired;
        has_groups = has_groups || !j->is_paired;
        has_several = has_several || j->n_runs > j->n;
        has_t = has_t || (!j->is_exact && !isnan(j->p));
        if (is_beyond(t, &l) && n_beyond++ == 0)
            beyond = l;
        is_few = is_few || j->verdict == VERDICT_TOO_FEW;
        is_few_pairs =
            is_few_pairs || (j->verdict == VERDICT_TOO_FEW && j->is_paired);
    }
    fputs("difference: of the means at the last step that all of them "
          "measured",
          out);
    if (has_pairs)
        fputs("; over pairs of runs with the\nsame seeds", out);
    if (has_several)
        fputs(" and other settings, where each seed counts once, by the mean "
              "of its pairs",
              out);
    if (has_pairs && has_groups)
        fputs(", or else over all runs", out);
    fprintf(out, ". interval: %s\np: two-sided, of the exact permutation test",
            !has_groups  ? "Student's t"
            : !has_pairs ? "Welch's t"
                         : "Student's t of pairs, Welch's of groups");
    fputs(has_t ? "; of t where these are too many to go through\n" : "\n",
          out);
    if (n_beyond > 0)
        print_beyond(out, t, &beyond, n_beyond);
    if (is_few)
        fprintf(out,
                "too few seeds to tell: whatever comes out, so few give no p "
                "of 0.05; %s\n",
                is_few_pairs
                    ? "this table\nneeds 6 pairs (claims may need fewer: "
                      "docs/EXPERIMENTS.md): more values of\nrun.seed in the "
                      "sweep's file, and the sweep again"
                    : "this table\nneeds 4 runs against 4");
}

void differences_title(FILE *out, const struct compare_rows *t)
{
    char base[GROUP_LABEL_MAX];
    utf8_show(base, sizeof base, t->groups->g[t->base].label, CELL_COLUMNS,
              t->o->unicode);
    fprintf(out, "differences from %s, judged over seeds\n", base);
}

void differences_words(FILE *out, const struct compare_rows *t)
{
    idx n = count_judged(t);
    if (count_lines(t) > 0)
        print_meaning(out, t);
    if (n > 1)
        fprintf(
            out,
            "%td differences are judged, each by itself: one in 20 comes out "
            "so by chance alone\n",
            n);
}

/* What the weights of a row's runs sum to in the end, the mean; NAN. */
static double final_sum(const struct compare_rows *t, idx row)
{
    struct band b = { 0 };
    struct err own = { 0 };
    double last = NAN;
    if (band_make(&b, &t->groups->g[row], "row_sum", &own) == OK && b.n > 0)
        last = b.mean[b.n - 1];
    band_release(&b);
    return last;
}

/* The first of the shown measures that is of weights as they are, and its
 * counterpart of rows scaled to sum 1; false: none is. */
static bool find_raw(const char **raw, const char **scaled,
                     const struct compare_rows *t)
{
    static const char *const of[][2] = { { "first_mass_raw", "first_mass" },
                                         { "sink_1_raw", "sink_1" } };
    for (idx m = 0; m < t->n_measures; m++)
        for (idx k = 0; k < COUNT_OF(of); k++) {
            *raw = of[k][0];
            *scaled = of[k][1];
            if (t->measures[m].shown == SHOWN && rows_have(t, m) &&
                strcmp(t->measures[m].name, *raw) == 0)
                return true;
        }
    return false;
}

/* A share of a row that sums to something else is no share of the same: where
 * the sums of rows differ so, the weights as they are say little of where
 * attention goes, whether their differences are judged or only seen. */
static void note_sums(FILE *out, const struct compare_rows *t)
{
    double least = INFINITY, most = -INFINITY;
    const char *raw, *scaled;
    if (!find_raw(&raw, &scaled, t))
        return;
    for (idx i = 0; i < t->n; i++) {
        double sum = final_sum(t, i);
        least = fmin(least, sum);
        most = fmax(most, sum);
    }
    if (most - least > 0.05 * fabs(least))
        fprintf(
            out,
            "note: %s is of rows as they are, which at the last step sum to "
            "%.2f to %.2f (row_sum):\na difference may be of sums alone; "
            "%s is of rows scaled to sum 1\n",
            raw, least, most, scaled);
}

static bool has_unpaired(const struct compare_rows *t)
{
    struct line l;
    for (idx i = 0; line_at(&l, t, i); i++)
        if (!l.x->j.is_paired)
            return true;
    return false;
}

/* Runs that --by puts into one group are no seeds of their own. */
static void note_seeds(FILE *out, const struct compare_rows *t)
{
    for (idx row = 0; row < t->n && has_unpaired(t); row++) {
        const struct group *g = &t->groups->g[row];
        for (idx i = 0; i < g->n_counted; i++)
            for (idx k = 0; k < i; k++) {
                const struct run_data *a = g->runs[k], *b = g->runs[i];
                if (!a->has_config || !b->has_config ||
                    !config_same_seeds(&a->config, &b->config))
                    continue;
                fprintf(out,
                        "note: %s and %s have the same seeds, and where all "
                        "runs are taken they count as two,\nso p may be too "
                        "small: claims count a seed once\n",
                        run_data_label(a), run_data_label(b));
                return;
            }
    }
}

/* Why a group is not there, once a group and cause. */
void differences_notes(FILE *out, const struct compare_rows *t)
{
    char base[GROUP_LABEL_MAX], label[GROUP_LABEL_MAX];
    utf8_show(base, sizeof base, t->groups->g[t->base].label, CELL_COLUMNS,
              t->o->unicode);
    for (idx m = 0; m < t->n_measures; m++)
        for (idx i = 0; i < t->n; i++) {
            const struct judged *x = &t->rows[i].judged[m];
            bool is_told = !x->unlike[0];
            for (idx k = 0; k < m && !is_told; k++)
                is_told = strcmp(t->rows[i].judged[k].unlike, x->unlike) == 0;
            if (is_told)
                continue;
            utf8_show(label, sizeof label, t->rows[i].label, CELL_COLUMNS,
                      t->o->unicode);
            fprintf(out, "note: %s is not held against %s: %s\n", label, base,
                    x->unlike);
        }
    note_seeds(out, t);
    note_sums(out, t);
    if (!t->o->baseline || count_lines(t) > 0)
        return;
    fprintf(out,
            "note: no differences from %s are shown: they take more than one "
            "run on a side, measured\nalike on the same data%s\n",
            base, t->n == 1 ? ", and there is no other group" : "");
}
