#include "report/compare_notes.h"

#include "base/utf8.h"
#include "metric/columns.h"
#include "report/alike.h"
#include "report/cells.h"
#include "report/compare_table.h"
#include "report/named_analyses.h"
#include "sweep/sweep_folder.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
    NOTES_MAX = 6, /* lines about runs and groups of a sweep */
    WHO_MAX = 256,
    LACKING_MAX = 3, /* runs of a group that are named */
};

/* ---- what is noted ----------------------------------------------------- */

struct notes {
    FILE *out;
    bool unicode;
    idx n, most;
};

/* "note: WHO: WHAT", as long as there are few. */
static void __attribute__((format(printf, 3, 4)))
add_note(struct notes *n, const char *who, const char *what, ...)
{
    char name[WHO_MAX], text[ERR_TEXT_MAX], shown[ERR_TEXT_MAX];
    va_list args;
    if (++n->n > n->most)
        return;
    va_start(args, what);
    vsnprintf(text, sizeof text, what, args);
    va_end(args);
    utf8_show(name, sizeof name, who, CELL_COLUMNS, n->unicode);
    utf8_show(shown, sizeof shown, text, ERR_TEXT_MAX, n->unicode);
    fprintf(n->out, "note: %s: %s\n", name, shown);
}

/* "b, c and 2 more have none" */
static void add_lacking(struct text *t, const struct group *g,
                        const char *column)
{
    idx n = 0;
    for (idx i = 0; i < g->n_counted; i++)
        if (group_series(g, i, column).n == 0 && n++ < LACKING_MAX)
            text_add(t, "%s%s", n > 1 ? ", " : "", run_data_label(g->runs[i]));
    if (n > LACKING_MAX)
        text_add(t, " and %td more", n - LACKING_MAX);
    text_add(t, n == 1 ? " has none" : " have none");
}

static void note_column(struct notes *n, idx *n_logged, idx *n_with,
                        const struct group *g, const struct band *b,
                        const char *column)
{
    char lacking[ERR_TEXT_MAX];
    *n_logged += b->is_logged && b->n_runs > 0;
    *n_with += b->n_runs;
    if (b->n_runs > 0 && b->n_runs < g->n_counted) {
        add_lacking(&(struct text){ lacking, sizeof lacking, 0 }, g, column);
        add_note(n, g->label, "%s is the mean of %td, not %td: %s", column,
                 b->n_runs, g->n_counted, lacking);
    }
    if (b->n_runs > 0 && b->n < b->n_any)
        add_note(n, g->label,
                 "%s was measured at %td steps by all its runs, at %td more by "
                 "some: only the former are shown",
                 column, b->n, b->n_any - b->n);
}

/* Did both log the same losses as far as the shorter one goes? */
static bool are_one_path(const struct run_data *a, const struct run_data *b)
{
    double x, y;
    struct series s = run_data_logged(a, "loss");
    struct series t = run_data_logged(b, "loss");
    return series_at_common(&x, &y, &s, &t) && x == y;
}

/* Two runs with the same settings compute the same numbers, and so do two of
 * different length where no schedule depends on that. (Without memory to find
 * them nothing is said.) */
static void note_copies(struct notes *n, const struct group *g)
{
    char(*ids)[CONFIG_ID_MAX] = calloc((size_t)g->n_counted + 1, sizeof *ids);
    struct config *c = malloc(sizeof *c);
    for (idx i = 0; ids && c && i < g->n_counted; i++) {
        const struct run_data *r = g->runs[i];
        *c = r->config;
        c->train.steps = 0;
        if (r->has_config)
            sweep_identity(ids[i], c);
        for (idx k = 0; r->has_config && k < i; k++) {
            const struct run_data *other = g->runs[k];
            bool is_longer = r->config.train.steps != other->config.train.steps;
            if (strcmp(ids[k], ids[i]) != 0 ||
                (is_longer && !are_one_path(other, r)))
                continue;
            add_note(n, run_data_label(r),
                     "has the settings and seeds of %s%s, so their numbers "
                     "count twice",
                     run_data_label(other),
                     is_longer ? " but for train.steps" : "");
            break;
        }
    }
    free(ids);
    free(c);
}

static void print_keys(FILE *out, const char *before,
                       const struct config_key *keys, idx n, const char *behind)
{
    for (idx k = 0; k < n; k++)
        fprintf(out, "%s%s.%s", k > 0 ? ", " : before, keys[k].section->name,
                keys[k].key->name);
    if (n > 0)
        fprintf(out, "%s\n", behind);
}

/* In which keys, where most of them have no column. */
static void print_sections(FILE *out, const char *who,
                           const struct config_key *keys, idx n)
{
    const struct config_section *last = NULL;
    fprintf(out,
            "%s differ in %td keys (--csv FILE shows all their values): ", who,
            n);
    for (idx k = 0; k < n; last = keys[k++].section) {
        if (keys[k].section != last)
            fprintf(out, "%s[%s] ", k > 0 ? "; " : "", keys[k].section->name);
        else
            fputs(", ", out);
        fputs(keys[k].key->name, out);
    }
    fputc('\n', out);
}

/* What is averaged, and what is not. */
static void print_rules(FILE *out, const struct compare_options *o,
                        const struct groups *s)
{
    bool is_all_done = true, has_unfinished = false;
    for (idx i = 0; i < s->n; i++) {
        is_all_done = is_all_done && s->g[i].is_done &&
                      s->g[i].n_counted == s->g[i].n_runs;
        has_unfinished =
            has_unfinished || (!s->g[i].is_done && s->g[i].n_counted > 0);
    }
    fprintf(out,
            "mean over n runs, %s sample standard deviation (n - 1), at the "
            "last step that\nall n measured",
            o->unicode ? "±" : "+-");
    if (!is_all_done)
        fputs("; n counts the runs that are done, no others", out);
    if (has_unfinished)
        fputs(";\n(n): none is done, so those under way count as far as all of "
              "them came,\nbut none that diverged or failed",
              out);
    fputc('\n', out);
}

static const struct config *config_behind(const void *runs, idx i)
{
    const struct run_data *const *r = runs;
    return r[i]->has_config ? &r[i]->config : NULL;
}

static idx count_runs(const struct groups *s)
{
    idx n = 0;
    for (idx i = 0; i < s->n; i++)
        n += s->g[i].n_runs;
    return n;
}

/* Those of n keys that say more than which runs read them, and all that --by
 * names; returns how many. */
static idx keep_told(struct config_key kept[DIFFERING_MAX],
                     const struct groups *s, const struct config_key *keys,
                     idx n, bool is_narrow)
{
    idx n_kept = 0, n_runs = count_runs(s);
    for (idx k = 0; k < n; k++)
        if (!is_narrow ||
            config_key_tells(keys[k], config_behind, s->runs, n_runs))
            kept[n_kept++] = keys[k];
    return n_kept;
}

static bool has_gone(const struct compare_rows *t)
{
    bool is_gone = false;
    for (idx i = 0; i < t->n; i++)
        is_gone = is_gone || emerged_is_gone(&t->rows[i].emerged);
    return is_gone;
}

/* What a step of emergence is, where there is one. */
static const char *emerged_words(const struct compare_rows *t)
{
    if (t->groups->are_single)
        return "; (in brackets): gone again at the end";
    return has_gone(t) ? ": mean over the runs that have one; (in brackets): "
                         "gone again at the end in all of them"
                       : ": mean over the runs that have one";
}

static bool differ_in_settings(const struct groups *s, const struct config *a,
                               const struct config *b)
{
    for (idx k = 0; k < s->n_keys; k++)
        if (!config_key_is_seed(s->keys[k]) &&
            config_value_order(a, b, s->keys[k]) != 0)
            return true;
    return false;
}

/* Runs of which no two have the same settings are a sample of one each. */
static void print_sample(FILE *out, const struct groups *s)
{
    idx n = count_runs(s);
    bool are_alone = s->are_single && n > 1;
    for (idx i = 0; i < n; i++)
        for (idx j = 0; j < i && are_alone; j++) {
            const struct config *a = config_behind(s->runs, i);
            const struct config *b = config_behind(s->runs, j);
            are_alone = a && b && differ_in_settings(s, a, b);
        }
    if (are_alone)
        fputs("note: one run each: another run.seed may differ as much; a "
              "sweep over it shows (docs/SWEEPS.md)\n",
              out);
}

static void print_meaning(FILE *out, const struct compare_rows *t)
{
    const struct compare_options *o = t->o;
    const struct groups *s = t->groups;
    struct config_key told[DIFFERING_MAX];
    idx most = s->are_single ? KEYS_OF_RUNS : KEYS_OF_GROUPS;
    idx n_told = keep_told(told, s, s->keys, s->n_keys, !o->by);
    if (!s->are_single)
        print_rules(out, o, s);
    emergence_print(out, o, &s->emergence);
    fprintf(out, "%s\n", s->emergence.is_asked ? emerged_words(t) : "");
    if (o->by && s->n == 1)
        print_keys(out, "note: one group, for all runs have the same ", s->keys,
                   s->n_keys, ": --by wants a key in which they differ");
    else if (s->n_keys > most)
        print_sections(out, s->are_single ? "the runs" : "groups", told,
                       n_told);
    else
        print_keys(out,
                   s->are_single ? "the runs differ in " : "groups differ in ",
                   told, n_told, "");
    n_told = keep_told(told, s, s->over, s->n_over, true);
    print_keys(out, "averaged over ", told, n_told, "");
    print_sample(out, s);
}

/* The keys of these that say what data there is; returns how many. */
static idx keep_data(struct config_key *keys, idx n)
{
    idx kept = 0;
    for (idx k = 0; k < n; k++)
        if (strcmp(keys[k].section->name, "data") == 0)
            keys[kept++] = keys[k];
    return kept;
}

/* Losses of other data are no losses of one task. --by may name keys in which
 * runs do not differ, so these are found anew. */
static void note_data(FILE *out, const struct groups *s)
{
    struct config_key keys[DIFFERING_MAX];
    idx n = config_differing(keys, config_behind, s->runs, count_runs(s));
    print_keys(out, "note: runs differ in ", keys, keep_data(keys, n),
               ": their losses are of different data, so a difference may come "
               "from that alone");
    memcpy(keys, s->over, sizeof keys);
    print_keys(out, "note: means are over ", keys, keep_data(keys, s->n_over),
               ", too: losses of different data, whose differences are in the "
               "spread");
    if (s->other_text[0])
        alike_other_text(
            out, run_data_label(s->other_text[0]), &s->other_text[0]->config,
            run_data_label(s->other_text[1]), &s->other_text[1]->config);
}

/* What a mean over other held-out sequences might have been. */
static void note_error(FILE *out, const struct groups *s)
{
    double least = INFINITY, most = -INFINITY;
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_counted; k++) {
            double v;
            struct series of = group_series(&s->g[i], k, "val_loss_se");
            if (!series_final(&v, &of) || isnan(v))
                continue;
            least = fmin(least, v);
            most = fmax(most, v);
        }
    if (most >= least)
        fprintf(
            out,
            "val_loss of a run has a standard error of %.4f to %.4f, from its "
            "held-out sequences,\nwhich runs share\n",
            least, most);
}

/* The last values of runs that went on longer are of more training. */
static void note_lengths(FILE *out, const struct compare_rows *t)
{
    double least = INFINITY, most = -INFINITY;
    for (idx i = 0; i < t->n; i++) {
        const struct summary *steps = &t->rows[i].steps;
        if (steps->n == 0)
            continue;
        least = fmin(least, steps->mean);
        most = fmax(most, steps->mean);
    }
    if (least < most)
        fprintf(out,
                "note: rows end at different steps, %.0f to %.0f: their last "
                "values are of training of different length\n",
                least, most);
}

const char *groups_advice(char text[ADVICE_MAX], const struct groups *s,
                          const struct compare_options *o, const char *column)
{
    return advice(text, &(struct advice){
                            .column = column,
                            .runs = s->runs,
                            .n = count_runs(s),
                            .o = o,
                            .has_others = s->n_unwanted + s->n_copies > 0,
                        });
}

/* What fills the gap. Of a folder it takes those that are done. */
static void print_analyze(FILE *out, const struct compare_options *o,
                          const struct groups *s)
{
    char words[ADVICE_MAX];
    bool has_unfinished = false;
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_counted; k++)
            has_unfinished =
                has_unfinished || (s->g[i].runs[k]->analysis.rows == 0 &&
                                   s->g[i].runs[k]->state != RUN_DONE);
    fprintf(out, ": %s measures it%s\n", groups_advice(words, s, o, o->metric),
            has_unfinished ? ", of runs that are not finished if they are "
                             "named themselves"
                           : "");
}

/* Where the numbers of the metric come from: none that training alone knows.
 * n_logged groups have them from metrics.csv; n_with runs have any. */
static void note_source(FILE *out, const struct compare_options *o,
                        const struct groups *s, idx n_logged, idx n_with)
{
    char on[MEASURED_TEXT_MAX];
    const struct measured *m = NULL;
    for (idx i = 0; i < s->n && !m; i++)
        if (s->g[i].n_counted > 0)
            m = n_logged ? &s->g[i].runs[0]->logged
                         : &s->g[i].runs[0]->analysed;
    struct column_facts f;
    bool is_measured =
        column_find(&f, o->metric) && (f.metric || f.is_validation);
    if (!is_measured || !m || s->n_counted == 0)
        return;
    measured_print_of(on, m, o->metric);
    if (n_with > 0 && n_logged == 0 && m->is_known) {
        fprintf(out, "%s is of analysis%s%s.csv, in ", o->metric,
                o->analysis ? "-" : "", o->analysis ? o->analysis : "");
        if (n_with == s->n_counted)
            fprintf(out, "all runs: %s\n", on);
        else
            fprintf(out, "%td of %td runs: %s\n", n_with, s->n_counted, on);
    }
    if (n_logged == 0)
        return;
    fprintf(out,
            "note: %s is what training measured (metrics.csv%s%s), for want of "
            "%sanalysis.csv",
            o->metric, m->is_known ? ": " : "", m->is_known ? on : "",
            s->n_analysed == s->n_counted ? "it in each " : "");
    if (s->n_analysed > 0 && s->n_analysed < s->n_counted)
        fprintf(out, " in %td of %td runs", s->n_counted - s->n_analysed,
                s->n_counted);
    print_analyze(out, o, s);
}

/* Of single runs also that nobody has analyzed them. */
static void note_runs(struct notes *n, const struct compare_rows *t,
                      const struct group *g)
{
    char words[ADVICE_MAX];
    for (idx i = 0; i < g->n_runs; i++) {
        const struct run_data *r = g->runs[i];
        bool is_logged = run_data_logged(r, t->o->metric).n > 0;
        if (t->groups->are_single && r->analysis.columns == 0 && !is_logged &&
            !r->is_metrics_bad)
            add_note(n, run_data_label(r), "no %s in it: %s measures it",
                     t->o->metric, advice_run(words, r, t->o->metric));
        else if (t->groups->are_single && r->analysis.columns == 0 && is_logged)
            add_note(n, run_data_label(r),
                     "no analysis.csv, so %s is what training measured "
                     "(metrics.csv): %s measures it",
                     t->o->metric, advice_run(words, r, t->o->metric));
        if (r->note[0])
            add_note(n, run_data_label(r), "%s", r->note);
    }
}

int compare_notes(FILE *out, const struct compare_rows *t,
                  const struct band *metric, struct err *e)
{
    const struct groups *s = t->groups;
    const struct compare_options *o = t->o;
    struct notes notes = { out, o->unicode, 0,
                           s->are_single ? PTRDIFF_MAX : NOTES_MAX };
    idx n_logged = 0, n_with = 0;
    print_meaning(out, t);
    for (idx i = 0; i < s->n; i++) {
        note_runs(&notes, t, &s->g[i]);
        if (s->are_single)
            continue;
        note_column(&notes, &n_logged, &n_with, &s->g[i], &metric[i],
                    o->metric);
        note_copies(&notes, &s->g[i]);
        if (t->rows[i].emerged.n_gone > 0)
            add_note(&notes, s->g[i].label,
                     "%td of the %td that emerged: gone again at the end",
                     t->rows[i].emerged.n_gone, t->rows[i].emerged.steps.n);
    }
    if (notes.n > notes.most)
        fprintf(out, "note: and %td more like these\n", notes.n - notes.most);
    if (s->n_waiting > 0)
        fprintf(out, "note: %td more run%s not begun\n", s->n_waiting,
                s->n_waiting == 1 ? " has" : "s have");
    if (s->n_unwanted > 0)
        fprintf(out, "note: %td run%s not match --where and %s left out\n",
                s->n_unwanted, s->n_unwanted == 1 ? " does" : "s do",
                s->n_unwanted == 1 ? "is" : "are");
    if (s->n_copies > 0)
        fprintf(out,
                "note: %td cop%s of runs, with the same settings, seeds "
                "and log, left out: each counts once\n",
                s->n_copies, s->n_copies == 1 ? "y" : "ies");
    if (!s->are_single) {
        note_error(out, s);
        note_source(out, o, s, n_logged, n_with);
    }
    note_lengths(out, t);
    alike_note(out, s, o->metric);
    if (strcmp(o->loss, o->metric) != 0 && column_is_validation(o->loss))
        alike_note(out, s, o->loss);
    note_data(out, s);
    if (!o->analysis && named_analyses_note(out, s, e))
        return e->code;
    fputc('\n', out);
    return OK;
}
