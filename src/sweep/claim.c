#include "sweep/claim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "metric/metric_table.h"
#include "metric/names.h"

static const char forms[] =
    "want METRIC(section.key=value, ...) < METRIC(...), > or = ... within "
    "MARGIN, METRIC falls (rises) as section.key rises, METRIC stays under "
    "(over) NUMBER, or formation(...) later (earlier) than formation(...)";

/* ---- a metric ---------------------------------------------------------- */

/* Is it measured at steps, and no count of them? */
static bool is_measured(const struct column_facts *f)
{
    return f->files & (COLUMN_METRICS | COLUMN_ANALYSIS) &&
           strcmp(f->name, "step") != 0 && strcmp(f->name, "tokens") != 0;
}

/* As a user would write it: a name that ends in _ takes a number, the one that
 * was meant. */
static const char *show_column(char text[COLUMN_NAME_MAX], const char *name,
                               const char *wanted)
{
    static const char figures[] = "0123456789";
    size_t n = strlen(wanted), digits = 0, stem = strlen(name);
    while (digits < n && strchr(figures, wanted[n - 1 - digits]))
        digits++;
    if (stem == 0 || name[stem - 1] != '_')
        return name;
    snprintf(text, COLUMN_NAME_MAX, "%s%.9s", name,
             digits ? wanted + n - digits : "1");
    return text;
}

static void offer_columns(struct nearest *n)
{
    idx i = 0;
    for (idx k = 0; k < n_column_table; k++)
        nearest_offer(n, column_table[k].text.name);
    for (const struct metric *m; (m = metric_at(i)); i++)
        nearest_offer(n, m->text.name);
}

/* "sink_1", "formation", "formation:first_mass" */
static bool parse_metric(struct sweep_parse *p, struct claim_side *s,
                         const char *name)
{
    static const char formation[] = "formation";
    size_t n = strlen(formation);
    char shown[TEXT_SHOW_MAX];
    struct column_facts f;
    s->is_formation =
        !strncmp(name, formation, n) && (!name[n] || name[n] == ':');
    const char *column = !s->is_formation ? name
                         : name[n]        ? name + n + 1
                                          : "sink_1";
    if (column_find(&f, column) && is_measured(&f) &&
        strlen(column) < sizeof s->column) {
        strcpy(s->column, column);
        return true;
    }
    if (column_find(&f, column) && !is_measured(&f))
        return sweep_problem(p,
                             "got %s, which says how far or how fast a run is: "
                             "want what is measured (`sinklab list metric`)",
                             column);
    struct nearest near = { .wanted = column };
    char name_shown[COLUMN_NAME_MAX];
    offer_columns(&near);
    text_show(shown, column);
    return near.name
               ? sweep_problem(p, "no run has a metric %s, did you mean %s?",
                               shown,
                               show_column(name_shown, near.name, column))
               : sweep_problem(p,
                               "no run has a metric '%s': `sinklab list "
                               "metric` names what is measured",
                               shown);
}

static bool parse_step(struct sweep_parse *p, struct claim_side *s,
                       const char *text)
{
    char *end, shown[TEXT_SHOW_MAX];
    if (strcmp(text, "end") == 0) {
        s->step = INFINITY;
        return true;
    }
    s->step = strtod(text, &end);
    if (end != text && !*end && s->step >= 0 && s->step <= STEP_MAX &&
        s->step == floor(s->step))
        return true;
    return sweep_problem(p,
                         "got '@%s', want a step, as sink_1@2000, or "
                         "@end, where each run ends",
                         text_show(shown, text));
}

static bool parse_selector(struct sweep_parse *p, struct claim_side *s,
                           char *text)
{
    for (char *rest = text; rest;) {
        char shown[TEXT_SHOW_MAX], *part = text_part(&rest, ',', false);
        char *sign = strchr(part, '=');
        struct config_key k;
        if (!sign || sign == part || strchr("!<>", sign[-1]) || sign[1] == '=')
            return sweep_problem(p, "got '(%s)', want (section.key=value, ...)",
                                 text_show(shown, part));
        *sign = '\0';
        if (!sweep_key_find(p, &k, text_trim(part)))
            return false;
        if (s->n == CLAIM_KEYS_MAX)
            return sweep_problem(p, "got more than %d keys on a side",
                                 CLAIM_KEYS_MAX);
        if (config_key_is_seed(k))
            return sweep_problem(p,
                                 "got %s.%s: a claim is judged over seeds, so "
                                 "it cannot name one",
                                 k.section->name, k.key->name);
        for (idx i = 0; i < s->n; i++)
            if (s->keys[i].key == k.key)
                return sweep_problem(p, "got %s.%s twice on one side",
                                     k.section->name, k.key->name);
        s->keys[s->n] = k;
        s->values[s->n] = sweep_take_value(p, k, text_trim(sign + 1));
        if (!s->values[s->n++])
            return false;
    }
    return true;
}

/* The bracket that ends what begins at `text`, not within braces; or NULL. */
static char *find_end(char *text)
{
    struct text_hold hold = { 0 };
    for (; *text; text++)
        if (!text_is_held(&hold, *text, false) && *text == ')')
            return text;
    return NULL;
}

/* METRIC[@STEP|@end][(section.key=value, ...)] in front of *at, which is then
 * what follows. */
static bool parse_side(struct sweep_parse *p, struct claim_side *s, char **at)
{
    char *name = *at, *end = name + strcspn(name, "( \t<>=!"), *rest = end;
    *s = (struct claim_side){ .step = NAN };
    if (end == name)
        return sweep_problem(p, "got no metric: %s", forms);
    while (text_is_blank(*rest))
        rest++;
    char *selector = NULL;
    if (*rest == '(') {
        selector = rest + 1;
        rest = find_end(selector);
        if (!rest)
            return sweep_problem(p, "got a ( without its )");
        *rest++ = '\0';
    }
    char after = *end;
    *end = '\0';
    char *step = strchr(name, '@');
    if (step)
        *step = '\0';
    bool is_right = parse_metric(p, s, name) &&
                    (!step || parse_step(p, s, step + 1)) &&
                    (!selector || parse_selector(p, s, selector));
    if (!selector)
        *end = after;
    *at = rest;
    while (text_is_blank(**at))
        ++*at;
    return is_right;
}

/* ---- what is said of it ------------------------------------------------ */

/* Do these words stand in front of *at? Then *at is what follows. */
static bool takes_words(char **at, const char *words)
{
    char *s = *at;
    for (;; words++) {
        if (*words == ' ' || !*words) {
            if (*s && !text_is_blank(*s))
                return false;
            while (text_is_blank(*s))
                s++;
            if (!*words)
                break;
        } else if (*s++ != *words) {
            return false;
        }
    }
    *at = s;
    return true;
}

/* 0.05, 5%, 5 % */
static bool parse_number(struct sweep_parse *p, double *x, const char *text)
{
    char shown[TEXT_SHOW_MAX], *end;
    *x = strtod(text, &end);
    bool is_there = end != text && isfinite(*x);
    while (text_is_blank(*end))
        end++;
    if (is_there && *end == '%') {
        *x /= 100;
        end++;
    }
    if (is_there && !*end)
        return true;
    return sweep_problem(p, "got '%s', want a number, as 0.05 or 5%%",
                         text_show(shown, text));
}

/* The number that a column is held against, or the margin of two: of what lies
 * in 0 to 1 no number beyond decides anything. */
static bool parse_bound(struct sweep_parse *p, struct claim *c,
                        const char *text)
{
    char shown[TEXT_SHOW_MAX];
    if (!parse_number(p, &c->number, text))
        return false;
    if (c->a.is_formation && !(c->number >= 0 && c->number <= STEP_MAX))
        return sweep_problem(p, "got '%s', want a step, as formation < 2000",
                             text_show(shown, text));
    if (c->a.is_formation || !metric_is_bounded(c->a.column) ||
        (c->number >= 0 && c->number <= 1))
        return true;
    text_show(shown, text);
    if (c->number > 1 && c->number <= 100 && !strchr(text, '%'))
        return sweep_problem(p,
                             "got '%s', and %s is a share, which lies in 0 to "
                             "1: did you mean %s %%?",
                             shown, c->a.column, shown);
    return sweep_problem(p,
                         "got '%s', and %s is a share: want 0 to 1, or 0 %% to "
                         "100 %%",
                         shown, c->a.column);
}

static bool parse_trend(struct sweep_parse *p, struct claim *c, char *text)
{
    char *end = text + strcspn(text, " \t"), *rest = end;
    while (text_is_blank(*rest))
        rest++;
    if (strcmp(rest, "rises") != 0)
        return sweep_problem(p, "want METRIC falls (rises) as section.key "
                                "rises");
    *end = '\0';
    if (!sweep_key_find(p, &c->key, text))
        return false;
    enum key_type type = c->key.key->type;
    if (config_key_is_seed(c->key) || (type != KEY_INT && type != KEY_REAL))
        return sweep_problem(p,
                             "%s.%s does not rise, as it is no number; hold "
                             "two of its values against each other by < or >",
                             c->key.section->name, c->key.key->name);
    for (idx i = 0; i < c->a.n; i++)
        if (c->a.keys[i].key == c->key.key)
            return sweep_problem(p,
                                 "%s.%s is to rise, and has one value: leave "
                                 "it out of the brackets",
                                 c->key.section->name, c->key.key->name);
    return true;
}

/* Is it the other side, rather than a number? */
static bool is_side(const char *text)
{
    return (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
}

/* Do both name the same runs? */
static bool has_same_runs(const struct claim_side *a,
                          const struct claim_side *b)
{
    bool is_equal = a->n == b->n;
    for (idx i = 0; i < a->n && is_equal; i++) {
        bool is_there = false;
        for (idx k = 0; k < b->n; k++)
            is_there |= a->keys[i].key == b->keys[k].key &&
                        !strcmp(a->values[i], b->values[k]);
        is_equal = is_there;
    }
    return is_equal;
}

bool claim_side_at_end(const struct claim_side *s)
{
    return isinf(s->step);
}

static bool is_same_step(const struct claim_side *a, const struct claim_side *b)
{
    return a->step == b->step || (isnan(a->step) && isnan(b->step));
}

static bool is_length(struct config_key k)
{
    return strcmp(k.section->name, "train") == 0 &&
           strcmp(k.key->name, "steps") == 0;
}

/* The train.steps that a side names, or NULL. */
static const char *length_of(const struct claim_side *s)
{
    for (idx i = 0; i < s->n; i++)
        if (is_length(s->keys[i]))
            return s->values[i];
    return NULL;
}

static bool have_lengths(const struct claim *c)
{
    if (claim_is_trend(c))
        return is_length(c->key);
    const char *a = length_of(&c->a), *b = length_of(&c->b);
    return c->has_b && (a || b) && !(a && b && strcmp(a, b) == 0);
}

/* What @end is not of, and what asks for it: runs that end at different steps
 * have in common what the shortest has. */
static bool check_ends(struct sweep_parse *p, const struct claim *c)
{
    bool is_of_many = c->a.is_formation || claim_is_stay(c);
    if (is_of_many && (claim_side_at_end(&c->a) || claim_side_at_end(&c->b)))
        return sweep_problem(p, "@end is one step of a run, and this claim is "
                                "of many: leave it out");
    if (is_of_many || !have_lengths(c) ||
        (!isnan(c->a.step) && !(c->has_b && isnan(c->b.step))))
        return true;
    return sweep_problem(p,
                         "runs of different train.steps would be held against "
                         "each other where the shortest ends: say %s@end, "
                         "where each ends itself, or %s@STEP",
                         c->a.column, c->a.column);
}

static bool check_sides(struct sweep_parse *p, const struct claim *c)
{
    const struct claim_side *a = &c->a, *b = &c->b;
    if (!c->has_b)
        return true;
    if (claim_needs_two(c) && has_same_runs(a, b))
        return sweep_problem(p, "both sides are the same number of the same "
                                "runs");
    if (a->is_formation != b->is_formation)
        return sweep_problem(p, "a step at which something formed is held "
                                "against another one only");
    if (a->is_formation && !is_same_step(a, b))
        return sweep_problem(p, "both sides of a formation are watched up to "
                                "the same step: give both the same @STEP, or "
                                "none");
    return true;
}

static bool parse_other(struct sweep_parse *p, struct claim *c, char *text)
{
    c->has_b = is_side(text);
    if (!c->has_b)
        return parse_bound(p, c, text);
    if (!parse_side(p, &c->b, &text))
        return false;
    char shown[TEXT_SHOW_MAX];
    if (*text)
        return sweep_problem(p, "got '%s' behind the claim",
                             text_show(shown, text));
    return check_sides(p, c);
}

static bool parse_same(struct sweep_parse *p, struct claim *c, char *text)
{
    if (!is_side(text))
        return sweep_problem(p, "got = without a second side: it takes two "
                                "sides and a margin, METRIC(...) = METRIC(...) "
                                "within NUMBER; against a number say < or >");
    if (!parse_side(p, &c->b, &text))
        return false;
    c->has_b = true;
    if (!takes_words(&text, "within"))
        return sweep_problem(p, "got = without a margin, and no number of "
                                "seeds shows that nothing differs at all: say "
                                "= ... within NUMBER");
    if (c->a.is_formation || c->b.is_formation)
        return sweep_problem(p, "the step at which something formed is judged "
                                "by its rank, which knows no margin");
    if (!parse_bound(p, c, text))
        return false;
    if (!(c->number > 0))
        return sweep_problem(p, "got a margin of %g, want one above 0",
                             c->number);
    return check_sides(p, c);
}

static bool parse_stays(struct sweep_parse *p, struct claim *c, char *text)
{
    if (c->a.is_formation)
        return sweep_problem(p, "a step at which something formed does not "
                                "stay anywhere: say < or >");
    return parse_bound(p, c, text);
}

/* Of what is no form: the one that it is nearest to. */
static bool tell_nearest(struct sweep_parse *p, const char *at)
{
    static const struct {
        const char *word, *form;
    } known[] = {
        { "falls", "METRIC falls as section.key rises" },
        { "rises", "METRIC rises as section.key rises" },
        { "stays", "METRIC stays under (over) NUMBER" },
        { "earlier", "formation(...) earlier than formation(...)" },
        { "later", "formation(...) later than formation(...)" },
    };
    char shown[TEXT_SHOW_MAX], word[16];
    struct nearest near = { .wanted = word };
    text_show(shown, at);
    if (strchr("<>", *at) && *at && at[1] == '=')
        return sweep_problem(p,
                             "got '%s': want %c, for what is equal speaks for "
                             "neither side",
                             shown, *at);
    snprintf(word, sizeof word, "%.*s", (int)strcspn(at, " \t"), at);
    for (idx i = 0; i < COUNT_OF(known) && *word; i++)
        nearest_offer(&near, known[i].word);
    for (idx i = 0; i < COUNT_OF(known); i++)
        if (near.name == known[i].word)
            return sweep_problem(p, "got '%s', did you mean %s?", shown,
                                 known[i].form);
    return sweep_problem(p, "got '%s': %s", shown, forms);
}

static bool parse_rest(struct sweep_parse *p, struct claim *c, char *at)
{
    static const struct {
        const char *words;
        enum claim_kind kind;
    } said[] = {
        { "falls as", CLAIM_FALLS },    { "rises as", CLAIM_RISES },
        { "stays under", CLAIM_UNDER }, { "stays over", CLAIM_OVER },
        { "earlier than", CLAIM_LESS }, { "later than", CLAIM_MORE },
    };
    for (idx i = 0; i < COUNT_OF(said); i++) {
        if (!takes_words(&at, said[i].words))
            continue;
        c->kind = said[i].kind;
        if (claim_is_trend(c))
            return parse_trend(p, c, at);
        if (claim_is_stay(c))
            return parse_stays(p, c, at);
        if (!c->a.is_formation)
            return sweep_problem(p, "earlier and later are of formation; of a "
                                    "metric say < or >");
        return parse_other(p, c, at);
    }
    if (*at && strchr("<>=", *at) && at[1] != '=') {
        c->kind = *at == '<'   ? CLAIM_LESS
                  : *at == '>' ? CLAIM_MORE
                               : CLAIM_SAME;
        for (at++; text_is_blank(*at);)
            at++;
        return c->kind == CLAIM_SAME ? parse_same(p, c, at)
                                     : parse_other(p, c, at);
    }
    return tell_nearest(p, at);
}

bool sweep_claim_parse(struct claim *c, struct sweep_parse *p)
{
    char *text = sweep_join_lines(p, false);
    *c = (struct claim){ .at = p->line->at };
    if (!text)
        return false;
    c->text = pool_text(p->memory, text, SIZE_MAX);
    if (strlen(text) >= CLAIM_TEXT_MAX)
        return sweep_problem(p, "got a claim of %zu bytes, want at most %d",
                             strlen(text), CLAIM_TEXT_MAX - 1);
    return c->text && parse_side(p, &c->a, &text) && parse_rest(p, c, text) &&
           check_ends(p, c);
}

/* ---- the others -------------------------------------------------------- */

static const char *const corrections[] = {
    [CORRECTION_HOLM] = "holm",
    [CORRECTION_NONE] = "none",
};

const char *claim_correction_word(enum claim_correction c)
{
    return corrections[c];
}

bool sweep_correction_parse(enum claim_correction *c, struct sweep_parse *p)
{
    char shown[TEXT_SHOW_MAX];
    for (idx i = 0; i < COUNT_OF(corrections); i++)
        if (!strcmp(p->line->text, corrections[i])) {
            *c = (enum claim_correction)i;
            return true;
        }
    return sweep_problem(p, "got '%s', want one of holm, none",
                         text_show(shown, p->line->text));
}

bool claim_side_fits(const struct claim_side *s, const struct config *c)
{
    for (idx i = 0; i < s->n; i++) {
        char value[KEY_PRINT_MAX];
        config_value(value, sizeof value, c, s->keys[i]);
        if (strcmp(value, s->values[i]) != 0)
            return false;
    }
    return true;
}

bool claim_side_unmeasured(const struct claim_side *s, const struct config *c)
{
    struct column_facts f;
    return column_find(&f, s->column) && f.update_metric &&
           !metrics_is_asked(&c->metrics, f.group, s->column);
}

bool claim_side_no_layer(const struct claim_side *s, const struct config *c)
{
    struct column_facts f;
    return column_find(&f, s->column) && f.is_of_layer &&
           f.layer >= c->model.layers;
}

/* Of runs, whichever. */
static bool is_same_number(const struct claim_side *a,
                           const struct claim_side *b)
{
    return is_same_step(a, b) && a->is_formation == b->is_formation &&
           !strcmp(a->column, b->column);
}

bool claim_needs_two(const struct claim *c)
{
    return c->has_b && is_same_number(&c->a, &c->b);
}

bool claim_is_within(const struct claim *c)
{
    return c->has_b && has_same_runs(&c->a, &c->b);
}

static bool is_same_side(const struct claim_side *a, const struct claim_side *b)
{
    return is_same_number(a, b) && has_same_runs(a, b);
}

/* What is tested, from both ends: < and >, falls and rises. */
static enum claim_kind test_of(const struct claim *c)
{
    return c->kind == CLAIM_MORE    ? CLAIM_LESS
           : c->kind == CLAIM_RISES ? CLAIM_FALLS
                                    : c->kind;
}

bool claim_repeats(const struct claim *a, const struct claim *b)
{
    bool is_number = !a->has_b || a->kind == CLAIM_SAME;
    if (test_of(a) != test_of(b) || a->has_b != b->has_b ||
        (is_number && a->number != b->number) ||
        (claim_is_trend(a) && a->key.key != b->key.key))
        return false;
    if (!a->has_b)
        return is_same_side(&a->a, &b->a);
    return (is_same_side(&a->a, &b->a) && is_same_side(&a->b, &b->b)) ||
           (is_same_side(&a->a, &b->b) && is_same_side(&a->b, &b->a));
}

bool claim_is_trend(const struct claim *c)
{
    return c->kind == CLAIM_FALLS || c->kind == CLAIM_RISES;
}

bool claim_is_stay(const struct claim *c)
{
    return c->kind == CLAIM_UNDER || c->kind == CLAIM_OVER;
}

const char *claim_side_keys(char text[CLAIM_TEXT_MAX],
                            const struct claim_side *s)
{
    struct text t = { text, CLAIM_TEXT_MAX, 0 };
    text_add(&t, "%s", "");
    for (idx i = 0; i < s->n; i++)
        text_add(&t, "%s%s.%s=%s", i ? ", " : "", s->keys[i].section->name,
                 s->keys[i].key->name, s->values[i]);
    return text;
}
