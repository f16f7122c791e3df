#include "report/compare_table.h"

#include "report/cells.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What goes first where a terminal is too narrow for all; what has no rank
 * stays. */
enum {
    RANK_KEYS, /* and more for each but the first */
    RANK_EMERGED = RANK_KEYS + KEYS_OF_GROUPS,
    RANK_STATUS,
    RANK_STEPS,
    RANK_EACH,
    RANK_MEASURES,
};

/* A column of a measure, ranked by its place among them: the last goes
 * first. */
static void rank_measure(struct sheet *s, idx c, idx measure)
{
    if (measure > s->t->metric)
        grid_rank(s->g, c, RANK_MEASURES + (int)measure);
}

static void rank_keys(struct sheet *s, idx from, idx n)
{
    for (idx k = 1; k < n; k++)
        grid_rank(s->g, from + k, RANK_KEYS + (int)k);
}

/* The last value of a measure, for people: of loss and metric so. */
static void heading_of(char text[HEADING_MAX], const struct sheet *s,
                       idx measure)
{
    sheet_heading(text, measure <= s->t->metric ? "final" : "",
                  s->t->measures[measure].name);
}

static void add_steps(struct sheet *s)
{
    grid_rank(
        s->g,
        sheet_part(s, offsetof(struct compare_row, steps), MEAN, NULL, "steps"),
        RANK_STEPS);
}

static void add_status(struct sheet *s)
{
    grid_rank(s->g,
              sheet_text(s, offsetof(struct compare_row, status), "status"),
              RANK_STATUS);
}

static void add_keys(struct sheet *s, const struct groups *groups, idx most)
{
    idx from = s->g->columns;
    sheet_keys(s, groups->keys, groups->n_keys, most);
    rank_keys(s, from, s->g->columns - from);
}

/* In brackets where it is gone at the end, in all runs that had it. */
static void put_gone(struct sheet *s, idx c)
{
    char text[2 * CELL_NUMBER_MAX + 8];
    for (idx i = 0; i < s->n; i++) {
        if (!emerged_is_gone(&s->rows[i].emerged))
            continue;
        snprintf(text, sizeof text, "%s", grid_cell(s->g, i + 1, c));
        grid_set(s->g, i + 1, c, "(%s)", text);
    }
}

/* ---- a row a run ------------------------------------------------------- */

static void add_emerged(struct sheet *s)
{
    bool is_file = s->form == SHEET_FILE;
    idx c =
        sheet_part(s, offsetof(struct compare_row, emerged.steps), MEAN, NULL,
                   "%s", is_file ? "emerged_at_step" : "emerged\nat step");
    if (!is_file)
        put_gone(s, c);
    grid_rank(s->g, c, RANK_EMERGED);
}

static void add_run_names(struct sheet *s)
{
    idx c = grid_add(s->g, "run");
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, c, "%s",
                 s->form == SHEET_FILE ? s->rows[i].run->path
                                       : s->rows[i].label);
}

/* People see what a run has, loss and metric always. */
static void add_single(struct sheet *s, bool has_status)
{
    char heading[HEADING_MAX];
    add_run_names(s);
    add_keys(s, s->t->groups,
             s->t->groups->n_keys > KEYS_OF_RUNS ? KEYS_OF_UNLIKE_RUNS
                                                 : KEYS_OF_RUNS);
    if (has_status)
        add_status(s);
    add_steps(s);
    for (idx i = 0; i < s->t->n_measures; i++) {
        const struct measure *m = &s->t->measures[i];
        if (i > s->t->metric &&
            !(m->shown >= SHOWN_OF_RUNS && rows_have(s->t, i)))
            continue;
        heading_of(heading, s, i);
        rank_measure(
            s, sheet_part(s, sheet_final_at(i), MEAN, m->name, "%s", heading),
            i);
    }
    add_emerged(s);
}

/* The value of a column under that heading; empty where it is none of the
 * measures. */
static void add_named(struct sheet *s, const char *column, const char *heading)
{
    idx i = 0;
    while (i < s->t->n_measures && strcmp(s->t->measures[i].name, column) != 0)
        i++;
    if (i < s->t->n_measures)
        sheet_part(s, sheet_final_at(i), MEAN, column, "%s", heading);
}

/* Files have the same columns whatever the runs have; the first three are
 * called as they were before others came. */
static void add_single_file(struct sheet *s)
{
    static const struct {
        const char *name, *heading;
    } first[] = { { "sink_bias", "sink_bias" },
                  { "first_mass_raw", "first_mass_raw" },
                  { "row_sum", "row_sum" } },
      last[] = { { "val_loss_se", "final_val_loss_se" },
                 { "val_excess", "final_val_excess" },
                 { "val_bits_per_byte", "final_val_bits_per_byte" } };
    const struct compare_rows *t = s->t;
    bool is_usual = !t->o->columns && !t->o->has_layers;
    add_run_names(s);
    add_keys(s, t->groups, 0);
    add_status(s);
    add_steps(s);
    for (idx i = 0; i < (is_usual ? t->metric + 1 : t->n_measures); i++)
        sheet_part(s, sheet_final_at(i), MEAN, NULL, "final_%s",
                   t->measures[i].name);
    for (idx i = 0; is_usual && i < COUNT_OF(first); i++)
        add_named(s, first[i].name, first[i].heading);
    add_emerged(s);
    for (idx i = 0; is_usual && i < COUNT_OF(last); i++)
        if (strcmp(last[i].name, t->measures[MEASURE_LOSS].name) != 0 &&
            strcmp(last[i].name, t->measures[t->metric].name) != 0)
            add_named(s, last[i].name, last[i].heading);
}

/* ---- a row a group ----------------------------------------------------- */

static void add_file_measure(struct sheet *s, idx i)
{
    const char *name = s->t->measures[i].name;
    size_t at = sheet_final_at(i);
    sheet_part(s, at, MEAN, name, "final_%s_mean", name);
    sheet_part(s, at, SPREAD, name, "final_%s_spread", name);
    sheet_count(s, at + offsetof(struct summary, n), "final_%s_n", name);
    sheet_part(s, at, MIN, name, "final_%s_min", name);
    sheet_part(s, at, MAX, name, "final_%s_max", name);
}

static void add_each(struct sheet *s)
{
    bool has_each = false;
    for (idx k = 0; k < s->n; k++)
        has_each = has_each || s->rows[k].finals[s->t->metric].n > 1;
    if (!has_each || s->form == SHEET_PAPER)
        return;
    idx c = grid_add(s->g, "each");
    for (idx k = 0; k < s->n; k++)
        grid_set(s->g, k + 1, c, "%s", s->rows[k].each);
    grid_rank(s->g, c, RANK_EACH);
}

/* Loss and metric always, with their spread; others where they say anything. */
static void add_measure(struct sheet *s, idx i)
{
    const struct measure *m = &s->t->measures[i];
    bool is_main = i <= s->t->metric;
    char heading[HEADING_MAX];
    if (!is_main && !(m->shown == SHOWN && rows_have(s->t, i)))
        return;
    heading_of(heading, s, i);
    if (is_main || s->form == SHEET_PAPER)
        sheet_spread(s, sheet_final_at(i), m->name, heading);
    else
        rank_measure(
            s, sheet_part(s, sheet_final_at(i), MEAN, m->name, "%s", heading),
            i);
    if (i == s->t->metric)
        add_each(s);
}

/* How many count, in brackets where none is done. */
static void add_counted(struct sheet *s)
{
    idx c = grid_add(s->g, "n");
    for (idx i = 0; i < s->n; i++) {
        const struct group *g = s->rows[i].group;
        bool is_final =
            s->form == SHEET_FILE || g->is_done || g->n_counted == 0;
        grid_set(s->g, i + 1, c, is_final ? "%td" : "(%td)", g->n_counted);
    }
}

static void add_group_keys(struct sheet *s, bool has_status)
{
    const struct groups *groups = s->t->groups;
    bool is_file = s->form == SHEET_FILE;
    bool has_label = is_file || groups->n_keys == 0;
    for (idx i = 0; i < s->n; i++)
        has_label = has_label || !s->rows[i].run->has_config;
    if (has_label)
        sheet_text(s, offsetof(struct compare_row, label), "group");
    add_keys(s, groups, KEYS_OF_GROUPS);
    if (is_file)
        sheet_count(s, offsetof(struct compare_row, n_runs), "runs");
    if (has_status)
        add_status(s);
    add_counted(s);
    add_steps(s);
}

static void add_groups(struct sheet *s, bool has_status)
{
    add_group_keys(s, has_status);
    for (idx i = 0; i < s->t->n_measures; i++)
        add_measure(s, i);
    idx from = s->g->columns;
    sheet_spread(s, offsetof(struct compare_row, emerged.steps), NULL,
                 "emerged\nat step");
    put_gone(s, from);
    idx c = grid_add(s->g, "in");
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, c, "%td/%td", s->rows[i].emerged.steps.n,
                 s->rows[i].emerged.n_measured);
    for (; from <= c; from++)
        grid_rank(s->g, from, RANK_EMERGED);
}

/* A column of numbers that judgements hold, at so many bytes into them. */
static void add_judged(struct sheet *s, idx i, size_t at, const char *what)
{
    idx c = grid_add(s->g, "judged_%s_%s", s->t->measures[i].name, what);
    for (idx k = 0; k < s->n; k++) {
        const struct judgement *j = &s->rows[k].judged[i].j;
        double v = *(const double *)(const void *)((const char *)j + at);
        if (j->n > 0 && !isnan(v))
            grid_set(s->g, k + 1, c, "%.15g", v);
    }
}

/* How a group was held against the base, and what came out. */
static void add_file_judged(struct sheet *s, idx i)
{
    static const struct {
        const char *what;
        size_t at;
    } numbers[] = { { "difference", offsetof(struct judgement, difference) },
                    { "low", offsetof(struct judgement, low) },
                    { "high", offsetof(struct judgement, high) },
                    { "p", offsetof(struct judgement, p) },
                    { "p_least", offsetof(struct judgement, p_least) } };
    const char *name = s->t->measures[i].name;
    idx over = grid_add(s->g, "judged_%s_over", name);
    for (idx k = 0; k < COUNT_OF(numbers); k++)
        add_judged(s, i, numbers[k].at, numbers[k].what);
    idx verdict = grid_add(s->g, "judged_%s_verdict", name);
    for (idx k = 0; k < s->n; k++) {
        char text[JUDGEMENT_TEXT_MAX];
        const struct judgement *j = &s->rows[k].judged[i].j;
        if (j->n == 0)
            continue;
        grid_set(s->g, k + 1, over, "%s", judgement_seeds(text, j));
        grid_set(s->g, k + 1, verdict, "%s", verdict_words(j->verdict));
    }
}

static void add_file_pair(struct sheet *s, idx i)
{
    const char *name = s->t->measures[i].name;
    size_t d = sheet_pair_at(i), pair = d - offsetof(struct pair, d);
    sheet_part(s, d, MEAN, name, "paired_%s_mean", name);
    sheet_part(s, d, SPREAD, name, "paired_%s_spread", name);
    sheet_part(s, d, ERROR, name, "paired_%s_error", name);
    sheet_count(s, pair + offsetof(struct pair, n_up), "paired_%s_up", name);
    sheet_count(s, pair + offsetof(struct pair, n_down), "paired_%s_down",
                name);
    sheet_count(s, d + offsetof(struct summary, n), "paired_%s_n", name);
}

static void add_file_groups(struct sheet *s)
{
    size_t emerged = offsetof(struct compare_row, emerged.steps);
    add_group_keys(s, true);
    for (idx i = 0; i < s->t->n_measures; i++)
        add_file_measure(s, i);
    sheet_part(s, emerged, MEAN, NULL, "emerged_at_step_mean");
    sheet_part(s, emerged, SPREAD, NULL, "emerged_at_step_spread");
    sheet_count(s, emerged + offsetof(struct summary, n), "emerged_at_step_n");
    sheet_text(s, offsetof(struct compare_row, base), "baseline");
    for (idx i = 0; i < s->t->n_measures; i++)
        if (s->t->measures[i].is_judged)
            add_file_pair(s, i);
    for (idx i = 0; i < s->t->n_measures; i++)
        if (s->t->measures[i].is_judged)
            add_file_judged(s, i);
}

/* ---- the whole --------------------------------------------------------- */

static bool are_all_done(const struct groups *s)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++)
            if (s->g[i].runs[k]->state != RUN_DONE)
                return false;
    return true;
}

int rows_grid(struct grid *g, const struct compare_rows *t,
              enum sheet_form form, struct err *e)
{
    struct sheet s = sheet_of(g, t, t->rows, t->n, form);
    bool is_file = form == SHEET_FILE;
    bool has_status = is_file || !are_all_done(t->groups);
    int rc = grid_init(g, t->n + 1, 0, e);
    if (rc != OK)
        return rc;
    if (t->groups->are_single && is_file)
        add_single_file(&s);
    else if (t->groups->are_single)
        add_single(&s, has_status);
    else if (is_file)
        add_file_groups(&s);
    else
        add_groups(&s, has_status);
    return grid_check(g, e);
}

/* ---- a row a run of a group, for files --------------------------------- */

static void add_runs(struct sheet *s)
{
    const struct groups *groups = s->t->groups;
    sheet_text(s, offsetof(struct compare_row, label), "group");
    sheet_text(s, offsetof(struct compare_row, name), "run");
    sheet_keys(s, groups->keys, groups->n_keys, 0);
    sheet_keys(s, groups->over, groups->n_over, 0);
    sheet_text(s, offsetof(struct compare_row, status), "status");
    sheet_text(s, offsetof(struct compare_row, counts), "counts");
    idx on = grid_add(s->g, "measured_on");
    for (idx i = 0; i < s->n; i++)
        grid_set(s->g, i + 1, on, "%s", s->rows[i].on);
    sheet_part(s, offsetof(struct compare_row, steps), MEAN, NULL, "steps");
    for (idx i = 0; i < s->t->n_measures; i++)
        sheet_part(s, sheet_final_at(i), MEAN, NULL, "final_%s",
                   s->t->measures[i].name);
    add_emerged(s);
}

int rows_runs_grid(struct grid *g, const struct compare_rows *t, struct err *e)
{
    idx n = 0;
    if (t->groups->are_single)
        return rows_grid(g, t, SHEET_FILE, e);
    for (idx i = 0; i < t->n; i++)
        n += t->groups->g[i].n_runs;
    struct compare_row *runs = calloc((size_t)n, sizeof *runs);
    struct sheet s = sheet_of(g, t, runs, 0, SHEET_FILE);
    if (!runs)
        return err_memory(e, NULL);
    for (idx i = 0; i < t->n; i++)
        for (idx k = 0; k < t->groups->g[i].n_runs; k++)
            rows_run(&runs[s.n++], t, i, k);
    int rc = grid_init(g, n + 1, 0, e);
    if (rc == OK) {
        add_runs(&s);
        rc = grid_check(g, e);
    }
    free(runs);
    return rc;
}
