/* The values of an axis: lists, ranges, and what a random draw is taken of. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sweep/sweep_parse.h"

enum { NUMBER_MAX = 40 };

static const struct key any_number = {
    .name = "", .type = KEY_REAL, .min = -HUGE_VAL, .max = HUGE_VAL
};
static const struct key how_many = {
    .name = "", .type = KEY_INT, .min = 1, .max = SWEEP_VALUES_MAX
};

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
        const char **more = pool_bytes(&p->f->memory, (size_t)cap * row);
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
    const char *value = sweep_value(p, &a->keys[0], text);
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
    char *to = sweep_word(text, "to"), shown[TEXT_SHOW_MAX], *end[2];
    if (!to) {
        sweep_problem(p, "got '%s', want A to B", text_show(shown, text));
        return false;
    }
    *to = '\0';
    end[0] = text_trim(text);
    end[1] = text_trim(to + strlen("to"));
    for (int i = 0; i < 2; i++) {
        struct err e = { 0 };
        if (key_parse(&any_number, &ends[i], end[i], &e)) {
            sweep_problem(p, "%s", e.text);
            return false;
        }
        if (!sweep_value(p, &a->keys[0], end[i]))
            return false;
    }
    return true;
}

static bool has_numbers(struct sweep_parse *p, const struct sweep_axis *a,
                        const char *word)
{
    enum key_type type = a->keys[0].key->type;
    if (a->n_keys == 1 && (type == KEY_INT || type == KEY_REAL))
        return true;
    sweep_problem(p,
                  "got '%s', which goes with a single key whose values are "
                  "numbers: list the values",
                  word);
    return false;
}

static bool check_log(struct sweep_parse *p, const double ends[2],
                      const char *word)
{
    if (ends[0] > 0 && ends[1] > 0)
        return true;
    sweep_problem(p, "got %s of %g to %g, want both ends above 0", word,
                  ends[0], ends[1]);
    return false;
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
    char *rest = text, *span = sweep_part(&rest, ',');
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
        } else if (i > 0 && i < n - 1) { /* see sweep_expand.h: six digits */
            snprintf(rounded, sizeof rounded, "%.6g", x);
            key_parse(&any_number, &x, rounded, NULL);
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
    if (ends[0] > ends[1] || ends[1] - ends[0] >= SWEEP_VALUES_MAX) {
        sweep_problem(p,
                      "got '%s', want the smaller number first, and at "
                      "most %d values",
                      shown, SWEEP_VALUES_MAX);
        return false;
    }
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
    if (a->n_keys == 1 && sweep_word(item, "to")) {
        if (type == KEY_INT)
            return add_integers(p, v, item);
        if (type == KEY_REAL) {
            sweep_problem(p, "got '%s', want linear A to B, N or log A to B, N",
                          shown);
            return false;
        }
    }
    const char **row = add_row(p, v);
    idx k = 0;
    for (char *rest = item; row && rest; k++) {
        char *value = a->n_keys > 1 ? sweep_part(&rest, '&') : rest;
        if (a->n_keys == 1)
            rest = NULL;
        if (k < a->n_keys && !(row[k] = sweep_value(p, &a->keys[k], value)))
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
    if (!*text) {
        sweep_problem(p, "is an empty axis: give its values, separated by "
                         "commas");
        return false;
    }
    for (char *rest = text; rest;)
        if (!add_item(p, &v, sweep_part(&rest, ',')))
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
    if (!(ends[0] < ends[1])) {
        sweep_problem(p, "got %s %g to %g, want the smaller number first", word,
                      ends[0], ends[1]);
        return false;
    }
    a->draw = draw;
    a->low = ends[0];
    a->high = ends[1];
    return true;
}

bool sweep_parse_values(struct sweep_parse *p, struct sweep_axis *a, char *text)
{
    static const struct {
        const char *word;
        bool is_random;
        enum sweep_draw draw;
    } forms[] = {
        { "linear", false, DRAW_ALL },
        { "log", false, DRAW_ALL },
        { "choice", true, DRAW_CHOICE },
        { "uniform", true, DRAW_UNIFORM },
        { "loguniform", true, DRAW_LOGUNIFORM },
    };
    bool is_random = !strcmp(p->line->section, "random");
    for (idx i = 0; i < COUNT_OF(forms); i++) {
        size_t n = strlen(forms[i].word);
        if (strncmp(text, forms[i].word, n) != 0 || !text_is_blank(text[n]))
            continue;
        if (forms[i].is_random != is_random) {
            sweep_problem(p, "'%s' belongs in [%s]", forms[i].word,
                          is_random ? "axes" : "random");
            return false;
        }
        char *rest = text_trim(text + n);
        a->draw = forms[i].draw;
        if (!is_random)
            return parse_range(p, a, rest, i == 1);
        return a->draw == DRAW_CHOICE ? parse_list(p, a, rest)
                                      : parse_draw(p, a, rest, a->draw);
    }
    if (!is_random || !*text)
        return parse_list(p, a, text);
    sweep_problem(p, "want uniform A to B, loguniform A to B, or choice value, "
                     "value, ...");
    return false;
}
