#include "sweep/sweep_axis.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { NUMBER_MAX = 40 };

/* What numbers of a range are read by, and how many of them there are to be. */
static const struct key any_number = {
    .name = "", .type = KEY_REAL, .min = -HUGE_VAL, .max = HUGE_VAL
};
static const struct key how_many = {
    .name = "", .type = KEY_INT, .min = 1, .max = SWEEP_VALUES_MAX
};

bool sweep_problem(struct sweep_parse *p, const char *format, ...)
{
    char text[ERR_TEXT_MAX], shown[TEXT_SHOW_MAX];
    struct text t = { .at = text, .cap_bytes = sizeof text };
    va_list args;
    va_start(args, format);
    text_addv(&t, format, args);
    va_end(args);
    text_show(shown, p->line->key);
    draft_problem(p->d, &p->line->at, ERR_CONFIG, "[%s] %s%s%s",
                  p->line->section, shown, *shown ? ": " : "", text);
    return false;
}

/* ---- pieces of a line -------------------------------------------------- */

static bool starts_with_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    return !strncmp(text, word, n) && (text_is_blank(text[n]) || !text[n]);
}

/* The first place outside of braces where this word stands between blanks (or
 * at an end), or NULL. */
static char *find_word(char *text, const char *word)
{
    struct text_hold hold = { 0 };
    for (char *s = text; *s; s++)
        if (!text_is_held(&hold, *s, false) &&
            (s == text || text_is_blank(s[-1])) && starts_with_word(s, word))
            return s;
    return NULL;
}

/* Do braces come in pairs? */
static bool is_balanced(const char *text)
{
    int depth = 0;
    for (; *text && depth >= 0; text++)
        depth += (*text == '{') - (*text == '}');
    return depth == 0;
}

/* A comma ends a line of values that goes on, even if none is written. */
static bool needs_comma(const char *before, size_t n, const char *after)
{
    while (n > 0 && text_is_blank(before[n - 1]))
        n--;
    return n > 0 && !strchr(",&|{=", before[n - 1]) &&
           !strchr(",&|}=", *after) && !starts_with_word(after, "if") &&
           !starts_with_word(after, "and") && !starts_with_word(after, "or");
}

/* The line in one piece; NULL if there is no memory. */
char *sweep_join_lines(struct sweep_parse *p, bool is_list)
{
    const char *text = p->line->text;
    size_t n = strlen(text), at = 0;
    char *joined = pool_bytes(p->memory, 2 * n + 1);
    for (size_t i = 0; joined && i < n; i++) {
        if (text[i] != '\n') {
            joined[at++] = text[i];
            continue;
        }
        if (is_list && needs_comma(joined, at, text + i + 1))
            joined[at++] = ',';
        joined[at++] = ' ';
    }
    if (joined && is_balanced(joined))
        return text_trim(joined);
    if (joined)
        sweep_problem(p, "got a { or } that has no partner");
    return NULL;
}

/* The key of a name "section.key"; false, and told, if there is none. */
bool sweep_key_find(struct sweep_parse *p, struct config_key *k, char *name)
{
    char *dot = strchr(name, '.');
    *k = (struct config_key){ 0 };
    if (dot) {
        *dot = '\0';
        k->section = draft_find_section(p->d, &p->line->at, name);
        *dot = '.';
        name = dot + 1;
    }
    if (dot && !k->section)
        return false; /* told */
    k->key = draft_find_key(p->d, &p->line->at, k->section, name);
    return k->key != NULL;
}

/* Braces around a value are no part of it. */
static int read_value(struct condition_value *v, const struct condition_term *t,
                      struct pool *pool, char *text, struct err *e)
{
    size_t n = strlen(text);
    if (n == 0)
        return err_set(e, ERR_CONFIG,
                       "got an empty value of %s.%s; {} stands for an empty "
                       "text or list",
                       t->key.section->name, t->key.key->name);
    if (text[0] == '{' && text[n - 1] == '}') {
        text[n - 1] = '\0';
        text = text_trim(text + 1);
    }
    return condition_read_key(v, t, pool, text, e);
}

/* The value of an axis as key_print has it; NULL, and told, if the key refuses
 * it. */
const char *sweep_take_value(struct sweep_parse *p, struct config_key k,
                             char *text)
{
    const struct condition_term t = { .key = k };
    struct condition_value v;
    struct err e = { 0 };
    if (read_value(&v, &t, p->memory, text, &e) == OK)
        return v.text;
    size_t n = strlen(k.section->name);
    bool is_plain = !strncmp(p->line->key, k.section->name, n) &&
                    !strcmp(p->line->key + n + 1, k.key->name);
    if (is_plain || !*text)
        sweep_problem(p, "%s", e.text);
    else
        sweep_problem(p, "%s.%s: %s", k.section->name, k.key->name, e.text);
    return NULL;
}

/* ---- conditions -------------------------------------------------------- */

static int find_name(void *user, struct condition_term *t, const char *name,
                     struct err *e)
{
    struct sweep_parse *p = user;
    char *own = pool_text(p->memory, name, SIZE_MAX);
    if (!own)
        return pool_check(p->memory, e);
    return sweep_key_find(p, &t->key, own) ? OK : ERR_CONFIG; /* told */
}

/* A number may be that of another key. */
static int read_term_value(void *user, struct condition_value *v,
                           const struct condition_term *t, struct pool *pool,
                           char *text, struct err *e)
{
    (void)user;
    v->key = t->is_number ? config_key_find(text) : v->key;
    return v->key.key ? OK : read_value(v, t, pool, text, e);
}

static bool parse_condition(struct sweep_parse *p, struct condition *c,
                            const char *text)
{
    const struct condition_reader keys = {
        .user = p,
        .example = "section.key = value",
        .find = find_name,
        .read = read_term_value,
    };
    struct err e = { 0 };
    if (condition_parse(c, p->memory, text, &keys, &e) == OK)
        return true;
    if (*e.text)
        sweep_problem(p, "%s", e.text);
    return false;
}

bool sweep_axis_is_of_seeds(const struct sweep_axis *a)
{
    idx n_seeds = 0;
    for (idx k = 0; k < a->n_keys; k++)
        n_seeds += config_key_is_seed(a->keys[k]);
    return a->draw == DRAW_ALL && n_seeds == a->n_keys;
}

bool sweep_condition_has(const struct condition *c,
                         bool (*is_it)(struct config_key k, const void *user),
                         const void *user)
{
    for (idx t = 0; t < c->n; t++) {
        const struct condition_term *term = &c->terms[t];
        bool is_there = is_it(term->key, user);
        for (idx i = 0; i < term->n && !is_there; i++)
            is_there =
                term->values[i].key.key && is_it(term->values[i].key, user);
        if (is_there)
            return true;
    }
    return false;
}

bool sweep_exclude_parse(struct condition *c, struct sweep_parse *p)
{
    const char *text = sweep_join_lines(p, false);
    return text && parse_condition(p, c, text);
}

/* ---- values of an axis ------------------------------------------------- */

/* Where values are gathered: (cap,n_keys). */
struct values {
    struct sweep_axis *axis;
    idx cap;
};

/* Room for one more point. */
static const char **add_row(struct sweep_parse *p, struct values *v)
{
    struct sweep_axis *a = v->axis;
    if (a->n_values == SWEEP_VALUES_MAX) {
        sweep_problem(p, "got more than %d values", SWEEP_VALUES_MAX);
        return NULL;
    }
    if (a->n_values == v->cap) {
        idx cap = v->cap ? 2 * v->cap : 16;
        size_t row = (size_t)a->n_keys * sizeof *a->values;
        const char **more = pool_bytes(p->memory, (size_t)cap * row);
        if (!more)
            return NULL;
        if (a->n_values)
            memcpy(more, a->values, (size_t)a->n_values * row);
        a->values = more;
        v->cap = cap;
    }
    return &a->values[a->n_keys * a->n_values++];
}

/* A value of a range; the same as the one before it is not taken again. */
static bool add_number(struct sweep_parse *p, struct values *v, double x,
                       const char *format)
{
    struct sweep_axis *a = v->axis;
    char text[NUMBER_MAX];
    snprintf(text, sizeof text, format, x);
    const char *value = sweep_take_value(p, a->keys[0], text);
    if (!value)
        return false;
    if (a->n_values && !strcmp(a->values[a->n_values - 1], value))
        return true;
    const char **row = add_row(p, v);
    if (row)
        row[0] = value;
    return row != NULL;
}

/* "A to B", both of them numbers that the key takes. */
static bool parse_ends(struct sweep_parse *p, const struct sweep_axis *a,
                       char *text, double ends[2])
{
    char *to = find_word(text, "to"), shown[TEXT_SHOW_MAX], *end[2];
    if (!to)
        return sweep_problem(p, "got '%s', want A to B",
                             text_show(shown, text));
    *to = '\0';
    end[0] = text_trim(text);
    end[1] = text_trim(to + strlen("to"));
    for (int i = 0; i < 2; i++) {
        struct err e = { 0 };
        if (key_parse(&any_number, &ends[i], end[i], &e))
            return sweep_problem(p, "%s", e.text);
        if (!sweep_take_value(p, a->keys[0], end[i]))
            return false;
    }
    return true;
}

static bool has_numbers(struct sweep_parse *p, const struct sweep_axis *a,
                        const char *word)
{
    enum key_type type = a->keys[0].key->type;
    if (a->n_keys == 1 &&
        (type == KEY_INT || type == KEY_REAL || type == KEY_STEPS))
        return true;
    return sweep_problem(
        p,
        "got '%s', which goes with a single key whose values are "
        "numbers: list the values",
        word);
}

static bool check_log(struct sweep_parse *p, const double ends[2],
                      const char *word)
{
    if (ends[0] > 0 && ends[1] > 0)
        return true;
    return sweep_problem(p, "got %s of %g to %g, want both ends above 0", word,
                         ends[0], ends[1]);
}

/* linear A to B, N; log A to B, N */
static bool parse_range(struct sweep_parse *p, struct sweep_axis *a, char *text,
                        bool is_log)
{
    const char *word = is_log ? "log" : "linear";
    struct values v = { .axis = a };
    struct err e = { 0 };
    double ends[2];
    idx n = 0;
    char *rest = text, *span = text_part(&rest, ',', false);
    if (!has_numbers(p, a, word))
        return false;
    if (!rest || key_parse(&how_many, &n, text_trim(rest), &e)) {
        char shown[TEXT_SHOW_MAX];
        sweep_problem(p, "got '%s %s', want %s A to B, N: how many values?",
                      word, text_show(shown, span), word);
        return false;
    }
    if (!parse_ends(p, a, span, ends) || (is_log && !check_log(p, ends, word)))
        return false;
    bool is_integer = a->keys[0].key->type == KEY_INT;
    double low = fmin(ends[0], ends[1]), high = fmax(ends[0], ends[1]);
    for (idx i = 0; i < n; i++) {
        double share = n > 1 ? (double)i / (double)(n - 1) : 0, x;
        char rounded[NUMBER_MAX];
        if (i == 0 || i == n - 1)
            x = ends[i > 0];
        else if (is_log)
            x = ends[0] * pow(ends[1] / ends[0], share);
        else
            x = ends[0] + share * (ends[1] - ends[0]);
        if (is_integer) {
            x = round(x);
        } else if (i > 0 && i < n - 1) { /* six digits: see sweep_expand.h */
            snprintf(rounded, sizeof rounded, "%.6g", x);
            key_parse(&any_number, &x, rounded, ERR_IGNORED);
        }
        x = fmin(fmax(x, low), high);
        if (!add_number(p, &v, x, is_integer ? "%.0f" : "%.17g"))
            return false;
    }
    return true;
}

/* A to B: every integer */
static bool add_integers(struct sweep_parse *p, struct values *v, char *item)
{
    double ends[2];
    char shown[TEXT_SHOW_MAX];
    text_show(shown, item);
    if (!parse_ends(p, v->axis, item, ends))
        return false;
    if (ends[0] > ends[1] || ends[1] - ends[0] >= SWEEP_VALUES_MAX)
        return sweep_problem(p,
                             "got '%s', want the smaller number first, and at "
                             "most %d values",
                             shown, SWEEP_VALUES_MAX);
    for (double x = ends[0]; x <= ends[1]; x++)
        if (!add_number(p, v, x, "%.0f"))
            return false;
    return true;
}

/* One item of a list: a value of each key, & between them. */
static bool add_item(struct sweep_parse *p, struct values *v, char *item)
{
    struct sweep_axis *a = v->axis;
    enum key_type type = a->keys[0].key->type;
    char shown[TEXT_SHOW_MAX];
    text_show(shown, item);
    if (a->n_keys == 1 && find_word(item, "to")) {
        if (type == KEY_INT)
            return add_integers(p, v, item);
        if (type == KEY_REAL)
            return sweep_problem(
                p, "got '%s', want linear A to B, N or log A to B, N", shown);
    }
    const char **row = add_row(p, v);
    idx k = 0;
    for (char *rest = item; row && rest; k++) {
        char *value = a->n_keys > 1 ? text_part(&rest, '&', false) : rest;
        if (a->n_keys == 1)
            rest = NULL;
        if (k < a->n_keys && !(row[k] = sweep_take_value(p, a->keys[k], value)))
            return false;
    }
    if (row && k != a->n_keys)
        sweep_problem(p,
                      "got '%s', want a value for each of the %td keys, "
                      "with & between them",
                      shown, a->n_keys);
    return row && k == a->n_keys;
}

static bool parse_list(struct sweep_parse *p, struct sweep_axis *a, char *text)
{
    struct values v = { .axis = a };
    if (!*text)
        return sweep_problem(p,
                             "is an empty axis: give its values, separated by "
                             "commas");
    for (char *rest = text; rest;)
        if (!add_item(p, &v, text_part(&rest, ',', false)))
            return false;
    return true;
}

static bool parse_draw(struct sweep_parse *p, struct sweep_axis *a, char *text,
                       enum sweep_draw draw)
{
    double ends[2];
    const char *word = draw == DRAW_UNIFORM ? "uniform" : "loguniform";
    if (!has_numbers(p, a, word) || !parse_ends(p, a, text, ends) ||
        (draw == DRAW_LOGUNIFORM && !check_log(p, ends, word)))
        return false;
    if (!(ends[0] < ends[1]))
        return sweep_problem(p,
                             "got %s %g to %g, want the smaller number first",
                             word, ends[0], ends[1]);
    a->draw = draw;
    a->low = ends[0];
    a->high = ends[1];
    return true;
}

/* A list, a range, a draw. */
static bool parse_values(struct sweep_parse *p, struct sweep_axis *a,
                         char *text)
{
    static const struct {
        const char *word;
        enum sweep_draw draw; /* DRAW_ALL: a range of [axes] */
        bool is_log;          /* of a range */
    } forms[] = {
        { "linear", DRAW_ALL, false },
        { "log", DRAW_ALL, true },
        { "choice", DRAW_CHOICE, false },
        { "uniform", DRAW_UNIFORM, false },
        { "loguniform", DRAW_LOGUNIFORM, false },
    };
    bool is_random = !strcmp(p->line->section, "random");
    for (idx i = 0; i < COUNT_OF(forms); i++) {
        size_t n = strlen(forms[i].word);
        if (strncmp(text, forms[i].word, n) != 0 || !text_is_blank(text[n]))
            continue;
        if ((forms[i].draw != DRAW_ALL) != is_random)
            return sweep_problem(p, "'%s' belongs in [%s]", forms[i].word,
                                 is_random ? "axes" : "random");
        char *rest = text_trim(text + n);
        a->draw = forms[i].draw;
        if (!is_random)
            return parse_range(p, a, rest, forms[i].is_log);
        return a->draw == DRAW_CHOICE ? parse_list(p, a, rest)
                                      : parse_draw(p, a, rest, a->draw);
    }
    if (!is_random || !*text)
        return parse_list(p, a, text);
    return sweep_problem(
        p, "want uniform A to B, loguniform A to B, or choice value, "
           "value, ...");
}

/* ---- axes -------------------------------------------------------------- */

bool sweep_axis_has(const struct sweep_axis *a, const struct key *key)
{
    for (idx i = 0; i < a->n_keys; i++)
        if (a->keys[i].key == key)
            return true;
    return false;
}

static bool parse_keys(struct sweep_parse *p, struct sweep_axis *a)
{
    char *rest = pool_text(p->memory, p->line->key, SIZE_MAX);
    while (rest) {
        struct config_key k;
        char *name = text_part(&rest, '&', false);
        if (!sweep_key_find(p, &k, name))
            return false;
        if (a->n_keys == SWEEP_TOGETHER_MAX)
            return sweep_problem(p, "got more than %d keys that move together",
                                 SWEEP_TOGETHER_MAX);
        if (sweep_axis_has(a, k.key))
            return sweep_problem(p, "%s is named twice", name);
        if (k.section->offset == offsetof(struct config, run) &&
            !strcmp(k.key->name, "dir"))
            return sweep_problem(
                p, "is no axis: every run gets a folder of its own "
                   "below that of the sweep");
        a->keys[a->n_keys++] = k;
    }
    return a->n_keys > 0;
}

/* Runs that differ in cosmetic keys alone are one run. A preset is cosmetic by
 * itself, but what it sets is not. */
static bool check_effect(struct sweep_parse *p, const struct sweep_axis *a)
{
    bool is_cosmetic = true;
    for (idx k = 0; k < a->n_keys; k++)
        is_cosmetic = is_cosmetic && config_key_is_cosmetic(a->keys[k]) &&
                      !config_is_preset(a->keys[k]);
    if (is_cosmetic)
        sweep_problem(p, "is no axis: it changes no number, so all its values "
                         "would be one run; set it in its own section, or let "
                         "it move together with a key that does (a & b)");
    return !is_cosmetic;
}

static bool is_own(struct config_key k, const void *axis)
{
    return sweep_axis_has(axis, k.key);
}

bool sweep_axis_parse(struct sweep_axis *a, struct sweep_parse *p)
{
    *a = (struct sweep_axis){
        .file = p->line->at.file,
        .line = p->line->at.line,
        .name = p->line->key,
        .text = p->line->text,
    };
    char *text = sweep_join_lines(p, true);
    if (!text || !parse_keys(p, a))
        return false;
    char *when = find_word(text, "if");
    if (when) {
        *when = '\0';
        if (!parse_condition(p, &a->when, text_trim(when + strlen("if"))))
            return false;
    }
    text = text_trim(text);
    size_t n = strlen(text);
    if (n > 0 && when && text[n - 1] == ',')
        text[n - 1] = '\0'; /* of the line above the condition */
    if (!parse_values(p, a, text) || !check_effect(p, a))
        return false;
    if (!sweep_condition_has(&a->when, is_own, a))
        return true;
    return sweep_problem(
        p, "the condition speaks of the axis itself; leave values out "
           "by [exclude]");
}
