#include "report/filter.h"

#include "base/nearest.h"
#include "base/text.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CONDITION_MAX = 2 * FILTER_VALUE_MAX };

/* Longer ones first: < begins <=. */
static const struct {
    const char *text;
    enum filter_sign sign;
} signs[] = {
    { "==", FILTER_EQUAL },   { "!=", FILTER_UNEQUAL },
    { "<=", FILTER_AT_MOST }, { ">=", FILTER_AT_LEAST },
    { "=", FILTER_EQUAL },    { "<", FILTER_LESS },
    { ">", FILTER_MORE },
};

/* ---- values ------------------------------------------------------------ */

static int parse_number(struct filter_condition *c, const char *value,
                        struct err *e)
{
    char shown[TEXT_SHOW_MAX], *end;
    c->number = strtod(value, &end);
    if (end != value && !*end && isfinite(c->number) && !text_is_blank(*value))
        return OK;
    return err_set(e, ERR_USAGE, "got '%s', want a number",
                   text_show(shown, value));
}

static int parse_status(struct filter_condition *c, const char *value,
                        struct err *e)
{
    char shown[TEXT_SHOW_MAX], names[ERR_TEXT_MAX / 2];
    struct text all = { names, sizeof names, 0 };
    struct nearest near = { .wanted = value };
    for (int i = 0; run_standing_name(i); i++) {
        if (strcmp(run_standing_name(i), value) == 0) {
            snprintf(c->word, sizeof c->word, "%s", value);
            return OK;
        }
        nearest_offer(&near, run_standing_name(i));
        text_add(&all, "%s%s", i > 0 ? ", " : "", run_standing_name(i));
    }
    text_show(shown, value);
    if (near.name)
        return err_set(e, ERR_USAGE, "got '%s', did you mean %s?", shown,
                       near.name);
    return err_set(e, ERR_USAGE, "got '%s', want one of %s", shown, names);
}

/* Through the key's own parser, so that any spelling that a config takes is
 * found again: yes and true, 5,30 and 5, 30. */
static int parse_key_value(struct filter_condition *c, const char *value,
                           struct err *e)
{
    char *options = calloc(1, sizeof(struct config));
    if (!options)
        return err_set(e, ERR_MEMORY, "not enough memory");
    struct config_key k = c->field.key;
    int rc = key_parse(k.key, options + k.section->offset, value, e);
    if (rc == OK)
        config_value(c->word, sizeof c->word, (struct config *)(void *)options,
                     k);
    free(options);
    return rc == OK ? OK : ERR_USAGE;
}

static int parse_value(struct filter_condition *c, const char *value,
                       struct err *e)
{
    if (run_field_is_number(&c->field))
        return parse_number(c, value, e);
    if (c->sign != FILTER_EQUAL && c->sign != FILTER_UNEQUAL)
        return err_set(e, ERR_USAGE,
                       "it is no number, so it can only be = or != something");
    if (strlen(value) >= sizeof c->word)
        return err_set(e, ERR_USAGE, "got %zu bytes, want at most %d",
                       strlen(value), FILTER_VALUE_MAX - 1);
    switch (c->field.kind) {
    case FIELD_STATUS:
        return parse_status(c, value, e);
    case FIELD_KEY:
        return parse_key_value(c, value, e);
    default:
        snprintf(c->word, sizeof c->word, "%s", value);
        return OK;
    }
}

/* ---- conditions -------------------------------------------------------- */

/* Where the condition at text ends: at " and " outside of quotes, or at the
 * end. *next is where the one behind it begins, NULL if there is none. */
static size_t condition_end(const char **next, const char *text)
{
    char quote = '\0';
    *next = NULL;
    for (const char *p = text; *p; p++) {
        if (quote || *p == '\'' || *p == '"')
            quote = !quote ? *p : *p == quote ? '\0' : quote;
        else if (p > text && text_is_blank(p[-1]) &&
                 strncasecmp(p, "and", 3) == 0 && text_is_blank(p[3])) {
            *next = p + 4;
            return (size_t)(p - text);
        }
    }
    return strlen(text);
}

/* '...' or "..." around the whole value are no part of it. */
static char *unquote(char *value)
{
    size_t n = strlen(value);
    if (n < 2 || (*value != '\'' && *value != '"') || value[n - 1] != *value)
        return value;
    value[n - 1] = '\0';
    return value + 1;
}

static int parse_parts(struct filter_condition *c, char *text, struct err *e)
{
    size_t at = strcspn(text, "=!<>");
    idx s = 0;
    while (s < COUNT_OF(signs) &&
           strncmp(text + at, signs[s].text, strlen(signs[s].text)) != 0)
        s++;
    if (s == COUNT_OF(signs))
        return err_set(e, ERR_USAGE,
                       "want a condition as optim.lr>1e-3, with one of = != < "
                       "<= > >=");
    char *value = text + at + strlen(signs[s].text);
    text[at] = '\0';
    c->sign = signs[s].sign;
    int rc = run_field_find(&c->field, text_trim(text), e);
    return rc == OK ? parse_value(c, unquote(text_trim(value)), e) : rc;
}

static int parse_condition(struct filter *f, const char *text, size_t n,
                           struct err *e)
{
    char own[CONDITION_MAX], shown[TEXT_SHOW_MAX];
    struct err why = { 0 };
    int rc = ERR_USAGE;
    snprintf(own, sizeof own, "%.*s", (int)n, text);
    text_show(shown, text_trim(own));
    if (n >= sizeof own)
        err_set(&why, rc, "got %zu bytes, want at most %d", n,
                CONDITION_MAX - 1);
    else if (f->n == FILTER_CONDITIONS_MAX)
        err_set(&why, rc, "got more than %d conditions", FILTER_CONDITIONS_MAX);
    else
        rc = parse_parts(&f->conditions[f->n], text_trim(own), &why);
    if (rc != OK)
        return err_set(e, rc, "condition '%s': %s", shown, why.text);
    f->n++;
    return OK;
}

int filter_add(struct filter *f, const char *text, struct err *e)
{
    int rc = OK;
    while (text && rc == OK) {
        const char *next;
        size_t n = condition_end(&next, text);
        rc = parse_condition(f, text, n, e);
        text = next;
    }
    return rc;
}

/* ---- runs -------------------------------------------------------------- */

static bool number_fits(const struct filter_condition *c, double v)
{
    switch (c->sign) {
    case FILTER_EQUAL:
        return v == c->number;
    case FILTER_UNEQUAL:
        return !(v == c->number);
    case FILTER_LESS:
        return v < c->number;
    case FILTER_AT_MOST:
        return v <= c->number;
    case FILTER_MORE:
        return v > c->number;
    case FILTER_AT_LEAST:
        return v >= c->number;
    }
    BUG_ON(true);
    return false;
}

static bool holds(const struct filter_condition *c, const struct run_facts *r)
{
    char text[KEY_PRINT_MAX];
    double number;
    if (run_field_is_number(&c->field)) {
        run_field_number(&number, &c->field, r);
        return number_fits(c, number);
    }
    bool is_known = run_field_text(text, sizeof text, &c->field, r);
    bool is_same = is_known &&
                   (c->field.kind == FIELD_NAME ? fnmatch(c->word, text, 0) == 0
                                                : strcmp(c->word, text) == 0);
    return is_same == (c->sign == FILTER_EQUAL);
}

bool filter_accepts(const struct filter *f, const struct run_facts *r)
{
    for (idx i = 0; i < f->n; i++)
        if (!holds(&f->conditions[i], r))
            return false;
    return true;
}
