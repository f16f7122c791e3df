#include "report/claims.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/grid_json.h"
#include "io/grid_markup.h"
#include "report/alike.h"
#include "report/claim_average.h"
#include "report/claim_judge.h"
#include "report/claim_sides.h"
#include "report/claim_words.h"
#include "report/emergence.h"
#include "report/report_file.h"
#include "sweep/sweep_folder.h"

static bool is_other(const char *given, const char *usual)
{
    return given && strcmp(given, usual) != 0;
}

/* What asks for figures, groups or other tables means nothing here. */
static int check_options(const struct compare_options *o, struct err *e)
{
    const struct {
        const char *name;
        bool is_given;
    } others[] = {
        { "output", o->output },
        { "figure", o->figure },
        { "setting", o->setting },
        { "y-range", o->y_range },
        { "loss-range", o->loss_range },
        { "seeds", o->has_seeds },
        { "bare", o->is_bare },
        { "log-x", o->log_x },
        { "step", !isnan(o->step) },
        { "threshold", !isnan(o->threshold) },
        { "runs-csv", o->runs_csv },
        { "latex", o->latex },
        { "report", o->report },
        { "baseline", o->baseline },
        { "sort", o->sort },
        { "columns", o->columns },
        { "layers", o->has_layers },
        { "wide", o->is_wide },
        { "by", o->by },
        { "where", o->where.n > 0 },
        { "metric", is_other(o->metric, COMPARE_METRIC) },
        { "loss", is_other(o->loss, COMPARE_LOSS) },
        { "x", is_other(o->x, COMPARE_X) },
        { "analysis", o->analysis },
    };
    for (idx i = 0; i < COUNT_OF(others); i++)
        if (others[i].is_given)
            return err_set(e, ERR_USAGE,
                           "compare: --%s does nothing with --claims, whose "
                           "lines say what is compared: leave it out",
                           others[i].name);
    if (o->n_runs != 1)
        return err_set(e, ERR_USAGE,
                       "compare: --claims: got %td sweeps, want one: its file "
                       "or its folder",
                       o->n_runs);
    return OK;
}

/* ---- the output -------------------------------------------------------- */

static bool is_piped(const struct compare_options *o)
{
    return report_is_stdout(o->csv) || report_is_stdout(o->json) ||
           report_is_stdout(o->markdown);
}

static const struct config *config_of(const void *runs, idx i)
{
    return ((const struct claim_run *)runs)[i].config;
}

static void print_notes(FILE *out, const struct claim_runs *runs)
{
    idx a, b;
    if (runs->n_left > 0)
        fprintf(out, "note: %td run%s not counted: %s\n", runs->n_left,
                runs->n_left == 1 ? " is" : "s are", runs->left);
    if (runs->is_logged)
        fprintf(out, "note: not all runs have an analysis, so the numbers are "
                     "those of training's probe: `sinklab analyze` measures "
                     "more\n");
    if (config_other_text(&a, &b, config_of, runs->at, runs->n))
        alike_other_text(out, runs->at[a].name, runs->at[a].config,
                         runs->at[b].name, runs->at[b].config);
}

static void print_lines(FILE *out, const struct claim_file *f)
{
    char line[CLAIM_LINE_MAX];
    for (idx i = 0; i < f->n; i++)
        fprintf(out, "%s\n", claim_line(line, f, i));
    fprintf(out, "%s\n", claims_footer(line, f));
}

static int write_json(FILE *out, const char *path, const struct grid *g,
                      struct err *e)
{
    struct report r;
    if (report_begin(&r, out, path, e) == OK)
        grid_json(r.f, g, e);
    return report_end(&r, e);
}

static int write_markdown(FILE *out, const char *path,
                          const struct claim_file *f, struct err *e)
{
    struct report r;
    struct grid g = { 0 };
    char line[CLAIM_LINE_MAX];
    if (claims_grid(&g, f, false, e) == OK &&
        report_begin(&r, out, path, e) == OK) {
        grid_markdown(r.f, &g);
        fprintf(r.f, "\n%s\n", claims_footer(line, f));
        report_end(&r, e);
    }
    grid_release(&g);
    return e->code;
}

static int write_files(FILE *out, const struct compare_options *o,
                       const struct claim_file *f, struct err *e)
{
    struct grid g = { 0 };
    int rc = claims_grid(&g, f, true, e);
    if (rc == OK && o->csv)
        rc = report_write_csv(out, o->csv, &g, e);
    if (rc == OK && o->json)
        rc = write_json(out, o->json, &g, e);
    if (rc == OK && o->markdown)
        rc = write_markdown(out, o->markdown, f, e);
    grid_release(&g);
    return rc;
}

/* ---- before anything is trained ---------------------------------------- */

static bool can_form(const struct claim_side *s)
{
    return !s->is_formation ||
           emergence_of_column(s->column, TOKENS_USUAL).is_asked;
}

int claims_check(const struct sweep_file *f, struct err *e)
{
    for (idx i = 0; i < f->n_claims; i++) {
        const struct claim *c = &f->claims[i];
        bool is_a = !can_form(&c->a);
        if (is_a || (c->has_b && !can_form(&c->b)))
            return err_set(e, ERR_CONFIG,
                           "%s:%td: [claims] expect: there is no usual "
                           "threshold of %s, beyond which it would have "
                           "formed: say < or > of its values",
                           c->at.file, c->at.line,
                           is_a ? c->a.column : c->b.column);
    }
    return OK;
}

/* The least p that so many seeds can give. */
static double least_of(const struct claim *c, const struct claim_seeds *s,
                       double level)
{
    if (claim_is_trend(c))
        return trend_least(s->n_a, s->n_levels);
    if (!c->has_b)
        return pairs_least(s->n_a);
    if (idx_min(s->n_a, s->n_b) < 2 && !c->a.is_formation)
        return 1; /* one seed has no interval */
    return claim_takes_pairs(c, s->n_a, s->n_b, s->n_both, level)
               ? pairs_least(s->n_both)
               : groups_least(s->n_a, s->n_b);
}

static void tell_seeds(FILE *out, const struct claim *c,
                       const struct claim_seeds *s, double level)
{
    if (c->has_b && claim_takes_pairs(c, s->n_a, s->n_b, s->n_both, level))
        fprintf(out, "%td pair%s of seeds", s->n_both,
                s->n_both == 1 ? "" : "s");
    else if (c->has_b)
        fprintf(out, "%td and %td seeds", s->n_a, s->n_b);
    else
        fprintf(out, "%td seed%s", s->n_a, s->n_a == 1 ? "" : "s");
}

/* How many seeds of each setting could decide it; 0: more than a sweep has. */
static idx seeds_needed(const struct claim *c, const struct claim_seeds *s,
                        double level)
{
    for (idx n = 2; n <= CLAIM_SEEDS_MAX; n++) {
        struct claim_seeds more = { .n_a = n,
                                    .n_b = n,
                                    .n_both = s->n_both ? n : 0,
                                    .n_levels = s->n_levels };
        if (least_of(c, &more, level) <= level)
            return n;
    }
    return 0;
}

/* What each claim's sides are averaged over; without memory nothing. */
static void tell_averages(FILE *out, const struct sweep_file *f,
                          const struct sweep_points *p)
{
    struct config *configs = calloc((size_t)idx_max(p->n, 1), sizeof *configs);
    char words[CLAIM_LINE_MAX];
    idx n = 0;
    while (configs && n < p->n &&
           sweep_point_config(&configs[n], f, &p->points[n], ERR_IGNORED) == OK)
        n++;
    for (idx i = 0; n == p->n && n > 0 && i < f->n_claims; i++) {
        struct text t = { words, sizeof words, 0 };
        if (claim_average_print(&t, &f->claims[i], f, configs, n))
            fprintf(out, "%-12s %s: %s\n", "", f->claims[i].text, words);
    }
    free(configs);
}

void claims_tell(FILE *out, const struct sweep_file *f,
                 const struct sweep_points *p)
{
    bool is_holm = f->correction == CORRECTION_HOLM && f->n_claims > 1;
    double level = claims_level(f->n_claims, f->correction);
    if (f->n_claims > 0)
        fprintf(out, "%-12s %td, judged at 5 %%%s\n", "claims", f->n_claims,
                is_holm ? ", corrected for being several" : "");
    for (idx i = 0; p->claims && i < f->n_claims; i++) {
        const struct claim *c = &f->claims[i];
        double least = least_of(c, &p->claims[i], level);
        if (least <= level)
            continue;
        fprintf(out, "%-12s %s: ", "", c->text);
        tell_seeds(out, c, &p->claims[i], level);
        if (least > JUDGED_AT)
            fprintf(out, " can give no p below %.2g and cannot decide it",
                    least);
        else
            fprintf(
                out,
                " can give no p below %.2g, which decides it only if others "
                "are decided first (%.2g is the strictest level)",
                least, level);
        idx needed = seeds_needed(c, &p->claims[i], level);
        if (needed)
            fprintf(out, "; %td seeds%s could", needed,
                    c->has_b ? " of each" : "");
        fprintf(out, "\n");
    }
    if (f->n_claims > 0)
        tell_averages(out, f, p);
}

/* ---- the command ------------------------------------------------------- */

/* Runs that the file asks for and its folder lacks; 0 where that cannot be
 * found out, as the corpus is elsewhere. */
static idx count_new(const struct sweep_file *f)
{
    struct sweep_points p = { 0 };
    struct sweep s = { 0 };
    struct err own = { 0 };
    idx n = 0;
    if (sweep_expand(&p, f, &own) == OK && sweep_open(&s, f->dir, &own) == OK &&
        sweep_identify(&s, &own) == OK)
        for (idx i = 0; i < p.n; i++)
            n += sweep_find(&s, p.points[i].id) == NULL;
    sweep_close(&s);
    sweep_points_release(&p);
    return n;
}

static void note_new(FILE *out, const struct compare_options *o,
                     const struct sweep_file *f)
{
    idx n = o->tables || f->is_frozen ? 0 : count_new(f);
    if (n > 0)
        fprintf(out,
                "note: %td run%s of %s %s not there yet: `sinklab sweep` adds "
                "what is new in the file\n",
                n, n == 1 ? "" : "s", f->path, n == 1 ? "is" : "are");
}

static int judge_all(struct claim_result *results, const struct sweep_file *f,
                     const struct claim_runs *runs, struct err *e)
{
    double level = claims_level(f->n_claims, f->correction);
    for (idx i = 0; i < f->n_claims; i++)
        if (claim_judge(&results[i], &f->claims[i], runs, level, e))
            return e->code;
    claims_correct(results, f->n_claims, f->correction);
    return OK;
}

static int show(FILE *out, const struct compare_options *o,
                const struct sweep_file *f, const struct claim_runs *runs,
                const char *sweep, struct err *e)
{
    struct claim_result *results = calloc((size_t)f->n_claims, sizeof *results);
    int rc = results ? judge_all(results, f, runs, e) : err_memory(e, NULL);
    if (rc == OK) {
        const struct claim_file file = { results, f->n_claims, f->correction,
                                         sweep };
        if (!is_piped(o))
            print_lines(out, &file);
        print_notes(is_piped(o) ? stderr : out, runs);
        note_new(is_piped(o) ? stderr : out, o, f);
        rc = write_files(out, o, &file, e);
    }
    free(results);
    return rc;
}

static int read_runs(struct claim_runs *runs, const struct compare_options *o,
                     const struct sweep_file *f, const char *sweep,
                     struct err *e)
{
    if (f->n_claims == 0)
        return err_set(e, ERR_CONFIG,
                       "%s: states no claims: a section [claims] with lines "
                       "expect = ... does (docs/EXPERIMENTS.md)",
                       f->path);
    if (o->tables)
        return claim_runs_of_tables(runs, o->tables, sweep, e);
    int rc = claim_runs_of_folder(runs, f->dir, e);
    for (idx i = 0; i < f->n_claims && rc == OK; i++) {
        const struct claim *c = &f->claims[i];
        rc = claim_runs_add_layers(runs, c->a.column, e);
        if (rc == OK && c->has_b)
            rc = claim_runs_add_layers(runs, c->b.column, e);
    }
    return rc;
}

void claims_add(FILE *out, const struct compare_options *o)
{
    struct sweep_file *f = calloc(1, sizeof *f);
    struct claim_runs runs = { 0 };
    struct err own = { 0 };
    const struct compare_options plain = { .runs = o->runs, .n_runs = 1 };
    bool is_sweep = false;
    is_sweep = f && o->n_runs == 1 && o->where.n == 0 && !o->analysis &&
               sweep_holds_sweep(&is_sweep, o->runs[0], ERR_IGNORED) == OK &&
               is_sweep;
    if (is_sweep && sweep_file_read(f, o->runs[0], NULL, 0, &own) == OK &&
        f->n_claims > 0 && read_runs(&runs, &plain, f, "", &own) == OK)
        show(out, &plain, f, &runs, "", &own);
    if (own.code)
        fprintf(out, "note: the claims are not judged: %s\n", own.text);
    claim_runs_release(&runs);
    if (f)
        sweep_file_release(f);
    free(f);
}

int claims_run(FILE *out, const struct compare_options *o, struct err *e)
{
    const char *const reports[] = { o->csv, o->json, o->markdown };
    struct sweep_file *f = calloc(1, sizeof *f);
    struct claim_runs runs = { 0 };
    if (!f)
        return err_memory(e, NULL);
    int rc = check_options(o, e);
    if (rc == OK)
        rc = report_files_check(reports, COUNT_OF(reports), e);
    if (rc == OK)
        rc = sweep_file_read(f, o->runs[0], NULL, 0, e);
    if (rc == OK) {
        const char *slash = strrchr(f->dir, '/');
        const char *sweep = slash ? slash + 1 : f->dir;
        rc = read_runs(&runs, o, f, sweep, e);
        if (rc == OK)
            rc = show(out, o, f, &runs, sweep, e);
    }
    claim_runs_release(&runs);
    sweep_file_release(f);
    free(f);
    return rc;
}
