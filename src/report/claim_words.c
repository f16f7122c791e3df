#include "report/claim_words.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "report/cells.h"

const char *claim_verdict_word(enum claim_verdict v)
{
    static const char *const words[] = {
        [CLAIM_UNDECIDED] = "undecided",
        [CLAIM_SUPPORTED] = "supported",
        [CLAIM_CONTRADICTED] = "contradicted",
    };
    return words[v];
}

/* ---- numbers ----------------------------------------------------------- */

static bool is_percent(const struct claim_side *s)
{
    return !s->is_formation && cell_look(s->column).is_share;
}

/* With `more` digits than are usual. */
static void add_finer(struct text *t, const struct claim_side *s, double v,
                      int more)
{
    char text[CELL_NUMBER_MAX];
    struct cell_look look = cell_look(s->column);
    text_add(
        t, "%s",
        cell_number(text, look.is_share ? 100 * v : v, look.digits + more));
}

static void add_number(struct text *t, const struct claim_side *s, double v)
{
    if (s->is_formation)
        text_add(t, isinf(v) ? "never" : "%.0f", v);
    else
        add_finer(t, s, v, 0);
}

/* With its unit. */
static void add_value(struct text *t, const struct claim_side *s, double v)
{
    add_number(t, s, v);
    text_add(t, "%s", is_percent(s) ? " %" : "");
}

/* A bound as it was read. */
static void add_bound(struct text *t, const struct claim *c)
{
    if (is_percent(&c->a))
        text_add(t, "%.6g %%", 100 * c->number);
    else
        text_add(t, "%.6g", c->number);
}

/* "3 of 5 (15 to 95 %)": the interval takes runs for drawn one by one, which
 * several of one seed are not. */
static void add_share(struct text *t, idx k, idx n, bool has_interval)
{
    double low, high;
    text_add(t, "%td of %td", k, n);
    if (!has_interval || n == 0)
        return;
    share_interval(&low, &high, k, n);
    text_add(t, " (%.0f to %.0f %%)", 100 * low, 100 * high);
}

static void add_beyond(struct text *t, const struct claim_group *x)
{
    add_share(t, x->n_beyond, x->n_runs, x->n_runs == x->n_seeds);
}

/* ", above 10 % in 0 of 5 (0 to 52 %) and 5 of 5 (48 to 100 %)" */
static void add_counts(struct text *t, const struct claim_result *r)
{
    const struct claim *c = r->claim;
    if (isnan(r->threshold))
        return;
    if (c->a.is_formation)
        text_add(t, ", formed in ");
    else
        text_add(t, ", above %.3g %% in ", 100 * r->threshold);
    add_beyond(t, &r->a);
    if (!c->has_b)
        return;
    text_add(t, " and ");
    add_beyond(t, &r->b);
}

/* Is each side of a step of its own? */
static bool has_two_steps(const struct claim *c)
{
    bool are_last = isnan(c->a.step) && isnan(c->b.step);
    return c->has_b && c->a.step != c->b.step && !are_last &&
           !c->a.is_formation;
}

static void add_step(struct text *t, const struct claim_result *r)
{
    if (claim_side_at_end(&r->claim->a))
        text_add(t, " where each run ends");
    else if (!isnan(r->step) && !r->claim->a.is_formation)
        text_add(t, " at step %.0f", r->step);
}

/* Digits that an interval so narrow wants beside the usual ones, lest all of it
 * reads as one number. */
static int digits_more(const struct claim_side *s, double low, double high)
{
    enum { MORE_MAX = 6, UNITS_LEAST = 5 };
    struct cell_look look = cell_look(s->column);
    double units =
        (look.is_share ? 100 : 1) * (high - low) * pow(10, look.digits);
    int more = 0;
    for (; units < UNITS_LEAST && more < MORE_MAX; more++) /* NAN: none */
        units *= 10;
    return more;
}

/* "-52.1 points (95 % interval -60.0 to -44.3)"; of shares in points of
 * percent. */
static void add_difference(struct text *t, const struct claim_result *r)
{
    const struct claim_side *s = &r->claim->a;
    const struct judgement *j = &r->j;
    int more = digits_more(s, j->low, j->high);
    text_add(t, "%s", j->difference > 0 ? "+" : "");
    add_finer(t, s, j->difference, more);
    text_add(t, "%s", is_percent(s) ? " points" : "");
    if (isnan(j->low))
        return;
    text_add(t, " (95 %% interval ");
    add_finer(t, s, j->low, more);
    text_add(t, " to ");
    add_finer(t, s, j->high, more);
    text_add(t, ")");
}

/* ---- figures ----------------------------------------------------------- */

static void add_sides(struct text *t, const struct claim_result *r)
{
    const struct claim *c = r->claim;
    text_add(t, "medians ");
    add_value(t, &c->a, r->a.median);
    text_add(t, " and ");
    add_value(t, &c->b, r->b.median);
    if (has_two_steps(c))
        text_add(t, " at their steps");
    else
        add_step(t, r);
    add_counts(t, r);
    if (c->a.is_formation)
        return;
    text_add(t, ", mean difference ");
    add_difference(t, r);
}

static void add_trend(struct text *t, const struct claim_result *r)
{
    const struct claim *c = r->claim;
    text_add(t, "medians ");
    for (idx i = 0; i < r->n_levels; i++) {
        text_add(t, "%s", i ? ", " : "");
        add_number(t, &c->a, r->median[i]);
    }
    text_add(t, "%s at %s = ", is_percent(&c->a) ? " %" : "", c->key.key->name);
    for (idx i = 0; i < r->n_levels; i++)
        text_add(t, "%s%g", i ? ", " : "", r->level[i]);
    add_step(t, r);
    bool rises = c->kind == CLAIM_RISES;
    text_add(t, ", of seeds ");
    add_share(t, rises ? r->trend.n_rising : r->trend.n_falling,
              r->trend.n_seeds, true);
    text_add(t, rises ? " rise, and fall nowhere" : " fall, and rise nowhere");
    if (c->a.is_formation || isnan(r->j.difference))
        return;
    text_add(t, ", from first to last ");
    add_difference(t, r);
}

static void add_against_number(struct text *t, const struct claim_result *r)
{
    const struct claim *c = r->claim;
    bool is_under = c->kind == CLAIM_LESS || c->kind == CLAIM_UNDER;
    bool is_stay = claim_is_stay(c);
    if (is_stay)
        text_add(t, "%s of a run %s ", is_under ? "largest" : "least",
                 "at the median");
    else
        text_add(t, "median ");
    add_value(t, &c->a, r->a.median);
    if (r->a.n_runs > 1) {
        text_add(t, ", from ");
        add_value(t, &c->a, r->a.low);
        text_add(t, " to ");
        add_value(t, &c->a, r->a.high);
    }
    if (!is_stay)
        add_step(t, r);
    else if (!isnan(r->step))
        text_add(t, " from step %.0f on", r->step);
    if (c->a.is_formation)
        add_counts(t, r);
    text_add(t, ", %s ",
             !c->a.is_formation ? (is_under ? "below" : "above")
             : is_under         ? "before step"
                                : "after step");
    add_bound(t, c);
    text_add(t, " in ");
    add_share(t, r->n_holding, r->n_judged, true);
    text_add(t, " seeds");
}

static void add_figures(struct text *t, const struct claim_result *r)
{
    if (claim_is_trend(r->claim))
        add_trend(t, r);
    else if (r->claim->has_b)
        add_sides(t, r);
    else
        add_against_number(t, r);
    text_add(t, "%s", r->beside);
}

/* ---- test -------------------------------------------------------------- */

static void add_seeds(struct text *t, const char *what, idx n)
{
    text_add(t, " over %td %s%s", n, what, n == 1 ? "" : "s");
}

static void add_pairs(struct text *t, idx n)
{
    add_seeds(t, "pair", n);
    text_add(t, " of seeds");
}

static void add_name(struct text *t, const struct claim_result *r)
{
    const struct judgement *j = &r->j;
    switch (r->test) {
    case CLAIM_TEST_PAIRS:
        text_add(t, j->is_exact ? "exact permutation test" : "t test");
        add_pairs(t, j->n);
        break;
    case CLAIM_TEST_GROUPS:
        text_add(t, "%s over %td and %td seeds",
                 j->is_exact ? "exact permutation test" : "Welch's t test",
                 j->n, j->n_base);
        break;
    case CLAIM_TEST_SIGN:
        text_add(t, "sign test");
        add_seeds(t, "seed", r->n_judged);
        break;
    case CLAIM_TEST_TREND:
        text_add(t, "Page's test");
        add_seeds(t, "seed", r->trend.n_seeds);
        text_add(t, "%s", r->trend.is_exact ? ", exact" : "");
        break;
    case CLAIM_TEST_MARGIN_PAIRS:
        text_add(t, "two one-sided t tests");
        add_pairs(t, j->n);
        break;
    case CLAIM_TEST_MARGIN_GROUPS:
        text_add(t, "two one-sided t tests over %td and %td seeds", j->n,
                 j->n_base);
        break;
    case CLAIM_TEST_NONE:
        break;
    }
}

/* Seeds of the smaller side that there are. */
static double seeds_now(const struct claim_result *r)
{
    return (double)(r->test == CLAIM_TEST_SIGN ? r->n_judged
                    : r->test == CLAIM_TEST_TREND
                        ? r->trend.n_seeds
                        : idx_min(r->j.n, r->j.n_base));
}

static void add_seeds_wanted(struct text *t, const struct claim_result *r)
{
    if (isnan(r->seeds))
        return;
    if (isinf(r->seeds)) {
        text_add(t,
                 "; with results like these, more seeds would not decide it");
        return;
    }
    if (r->seeds_least > seeds_now(r))
        text_add(t, "; at least %.0f seeds%s are needed at all", r->seeds_least,
                 r->claim->has_b ? " a side" : "");
    text_add(t,
             "; with results like these, about %.0f seeds would have an even "
             "chance to %s it",
             fmax(r->seeds, seeds_now(r) + 1),
             r->direction > 0   ? "support"
             : r->direction < 0 ? "contradict"
                                : "decide");
}

/* The interval's p beside the test's, where it decides, and where an interval
 * without zero is not enough. */
static void add_p(struct text *t, const struct claim_result *r)
{
    char p[P_TEXT_MAX];
    bool is_of_sides =
        r->test == CLAIM_TEST_PAIRS || r->test == CLAIM_TEST_GROUPS;
    text_add(t, ", p = %s", p_text(p, is_of_sides ? r->j.p : r->p));
    if (is_of_sides && isnan(r->j.p_t) && !r->claim->a.is_formation)
        text_add(t, "; but one seed has no interval");
    else if (is_of_sides && r->p > r->j.p)
        text_add(t, ", of the interval %s", p_text(p, r->p));
    else if (is_of_sides && r->j.p > JUDGED_AT && r->j.p_t <= JUDGED_AT)
        text_add(t, ", of the interval %s, and both count",
                 p_text(p, r->j.p_t));
}

static void add_test(struct text *t, const struct claim_file *f,
                     const struct claim_result *r)
{
    char p[P_TEXT_MAX];
    add_name(t, r);
    add_p(t, r);
    if (f->correction == CORRECTION_HOLM && f->n > 1)
        text_add(t, ", %s by Holm for %td claims", p_text(p, r->p_corrected),
                 f->n);
    enum claim_verdict v = claim_verdict(r);
    if (v != CLAIM_UNDECIDED)
        return;
    if (r->but[0]) {
        text_add(t, "; but %s", r->but);
        return;
    }
    add_seeds_wanted(t, r);
}

const char *claim_line(char text[CLAIM_LINE_MAX], const struct claim_file *f,
                       idx i)
{
    const struct claim_result *r = &f->results[i];
    struct text t = { text, CLAIM_LINE_MAX, 0 };
    text_add(&t, "%s: %s: ", claim_verdict_word(claim_verdict(r)),
             r->claim->text);
    if (r->why[0]) {
        text_add(&t, "not judged: %s", r->why);
        return text;
    }
    add_figures(&t, r);
    text_add(&t, "; ");
    add_test(&t, f, r);
    return text;
}

const char *claims_judged(char text[CLAIM_LINE_MAX], const struct claim_file *f)
{
    struct text t = { text, CLAIM_LINE_MAX, 0 };
    text_add(&t, "at 5 %%, two-sided, ");
    if (f->n == 1)
        text_add(&t, "as the only claim");
    else if (f->correction == CORRECTION_HOLM)
        text_add(&t,
                 "corrected by Holm's method for being %td claims; intervals "
                 "are of one claim each, not corrected",
                 f->n);
    else
        text_add(&t, "each claim by itself: one in 20 that is chance comes "
                     "out all the same");
    return text;
}

const char *claims_footer(char text[CLAIM_LINE_MAX], const struct claim_file *f)
{
    char judged[CLAIM_LINE_MAX];
    struct text t = { text, CLAIM_LINE_MAX, 0 };
    idx n[CLAIM_CONTRADICTED + 1] = { 0 }, n_not = 0;
    for (idx i = 0; i < f->n; i++)
        if (f->results[i].why[0])
            n_not++;
        else
            n[claim_verdict(&f->results[i])]++;
    text_add(&t, "%td claim%s: %td supported, %td contradicted, %td undecided",
             f->n, f->n == 1 ? "" : "s", n[CLAIM_SUPPORTED],
             n[CLAIM_CONTRADICTED], n[CLAIM_UNDECIDED]);
    if (n_not > 0)
        text_add(&t, ", %td not judged", n_not);
    text_add(&t, "; judged %s", claims_judged(judged, f));
    return text;
}

/* ---- tables ------------------------------------------------------------ */

static void put(struct grid *g, idx row, const char *heading, double v)
{
    idx c = -1;
    for (idx i = 0; i < g->columns && c < 0; i++)
        c = strcmp(grid_cell(g, 0, i), heading) == 0 ? i : c;
    if (c < 0)
        c = grid_add(g, "%s", heading);
    if (c >= 0 && !isnan(v))
        grid_set(g, row, c, "%.15g", v);
}

/* What a program wants to know beside the words. */
static void put_numbers(struct grid *g, idx row, const struct claim_result *r)
{
    bool has_b = r->claim->has_b, is_trend = claim_is_trend(r->claim);
    bool is_sign = r->test == CLAIM_TEST_SIGN;
    bool has_step =
        !claim_side_at_end(&r->claim->a) && !has_two_steps(r->claim);
    put(g, row, "step", has_step ? r->step : NAN);
    put(g, row, "runs", (double)r->a.n_runs);
    put(g, row, "runs_base", has_b ? (double)r->b.n_runs : NAN);
    put(g, row, "median", is_trend ? NAN : r->a.median);
    put(g, row, "median_base", has_b ? r->b.median : NAN);
    put(g, row, "beyond", isnan(r->threshold) ? NAN : (double)r->a.n_beyond);
    put(g, row, "beyond_base",
        isnan(r->threshold) || !has_b ? NAN : (double)r->b.n_beyond);
    put(g, row, "holding", is_sign ? (double)r->n_holding : NAN);
    bool has_difference = (has_b || is_trend) && !r->claim->a.is_formation;
    put(g, row, "difference", has_difference ? r->j.difference : NAN);
    put(g, row, "low", has_difference ? r->j.low : NAN);
    put(g, row, "high", has_difference ? r->j.high : NAN);
    put(g, row, "p", r->p);
    put(g, row, "p_corrected", r->p_corrected);
    put(g, row, "p_least", r->p_least);
    put(g, row, "seeds", r->test ? seeds_now(r) : NAN);
    put(g, row, "seeds_wanted",
        isnan(r->seeds) ? NAN : fmax(r->seeds, seeds_now(r) + 1));
}

static void put_row(struct grid *g, const struct claim_file *f, idx i,
                    bool is_file)
{
    const struct claim_result *r = &f->results[i];
    char line[CLAIM_LINE_MAX], part[CLAIM_LINE_MAX];
    struct text t = { part, sizeof part, 0 };
    idx row = i + 1, c = 0;
    enum claim_verdict v = claim_verdict(r);
    if (is_file)
        grid_set(g, row, c++, "%s", f->sweep);
    grid_set(g, row, c++, "%s", claim_verdict_word(v));
    grid_set(g, row, c++, "%s", r->claim->text);
    if (!r->why[0])
        add_figures(&t, r);
    else
        text_add(&t, "%s", r->why);
    grid_set(g, row, c++, "%s", part);
    t = (struct text){ part, sizeof part, 0 };
    text_add(&t, "%s", "");
    if (!r->why[0])
        add_test(&t, f, r);
    grid_set(g, row, c++, "%s", part);
    if (!is_file)
        return;
    grid_set(g, row, c++, "%s", claim_line(line, f, i));
    grid_set(g, row, c, "%s", claims_judged(line, f));
    put_numbers(g, row, r);
}

int claims_grid(struct grid *g, const struct claim_file *f, bool is_file,
                struct err *e)
{
    static const char *const headings[] = { "sweep",   "verdict", "claim",
                                            "figures", "test",    "line",
                                            "judged" };
    if (grid_init(g, f->n + 1, 0, e))
        return e->code;
    for (idx i = is_file ? 0 : 1; i < (is_file ? 7 : 5); i++)
        grid_add(g, "%s", headings[i]);
    for (idx i = 0; i < f->n && !g->is_out_of_memory; i++)
        put_row(g, f, i, is_file);
    return grid_check(g, e);
}
