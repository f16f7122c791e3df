#include "report/filter.h"

#include "base/nearest.h"
#include "base/text.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- names and values -------------------------------------------------- */

/* The field stays with the term. */
static int find_field(void *user, struct condition_term *t, const char *name,
                      struct err *e)
{
    struct filter *f = user;
    struct run_field *field = pool_bytes(&f->memory, sizeof *field);
    if (!field)
        return pool_check(&f->memory, e);
    int rc = run_field_find(field, name, e);
    if (rc != OK)
        return rc;
    t->other = field;
    t->key = field->kind == FIELD_KEY ? field->key : t->key;
    t->is_number = run_field_is_number(field);
    t->is_plain = field->kind == FIELD_NAME ||
                  (t->key.key && t->key.key->type == KEY_TEXT);
    return OK;
}

static int read_number(struct condition_value *v, const char *text,
                       struct err *e)
{
    char shown[TEXT_SHOW_MAX], *end;
    v->number = strtod(text, &end);
    if (end != text && !*end && isfinite(v->number) && !text_is_blank(*text))
        return OK;
    return err_set(e, ERR_USAGE, "got '%s', want a number",
                   text_show(shown, text));
}

static int read_status(struct condition_value *v, const char *text,
                       struct err *e)
{
    char shown[TEXT_SHOW_MAX], names[ERR_TEXT_MAX / 2];
    struct text all = { names, sizeof names, 0 };
    struct nearest near = { .wanted = text };
    for (int i = 0; i < RUN_STATES; i++) {
        const char *name = run_states[i].name;
        v->text = run_state_word((enum run_state)i);
        if (!strcmp(v->text, text) || (name && !strcmp(name, text)))
            return OK;
        nearest_offer(&near, v->text);
        text_add(&all, "%s%s", i > 0 ? ", " : "", v->text);
    }
    text_show(shown, text);
    if (near.name)
        return err_set(e, ERR_USAGE, "got '%s', did you mean %s?", shown,
                       near.name);
    return err_set(e, ERR_USAGE, "got '%s', want one of %s", shown, names);
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

/* A key reads its own values, so that any spelling that a config takes is found
 * again: yes and true, 5,30 and 5, 30. Numbers have no bounds here. */
static int read_value(void *user, struct condition_value *v,
                      const struct condition_term *t, struct pool *pool,
                      char *text, struct err *e)
{
    const struct run_field *field = t->other;
    (void)user;
    text = unquote(text);
    v->text = text;
    if (t->is_number)
        return read_number(v, text, e);
    if (field->kind == FIELD_STATUS)
        return read_status(v, text, e);
    if (field->kind != FIELD_KEY)
        return OK;
    int rc = condition_read_key(v, t, pool, text, e);
    return rc == ERR_CONFIG ? ERR_USAGE : rc;
}

int filter_add(struct filter *f, const char *text, struct err *e)
{
    const struct condition_reader fields = {
        .user = f,
        .has_quotes = true,
        .example = "a condition as optim.lr>1e-3, with one of = != < <= > >=",
        .find = find_field,
        .read = read_value,
    };
    if (f->n == FILTER_CONDITIONS_MAX)
        return err_set(e, ERR_USAGE, "got more than %d conditions",
                       FILTER_CONDITIONS_MAX);
    int rc =
        condition_parse(&f->conditions[f->n], &f->memory, text, &fields, e);
    f->n += rc == OK;
    return rc;
}

void filter_release(struct filter *f)
{
    pool_release(&f->memory);
    *f = (struct filter){ 0 };
}

/* ---- runs -------------------------------------------------------------- */

static bool fits(const struct condition_term *t, const void *facts)
{
    const struct run_field *field = t->other;
    char text[KEY_PRINT_MAX];
    double number;
    if (t->is_number) {
        run_field_number(&number, field, facts);
        return condition_fits_number(t, number);
    }
    bool is_known = run_field_text(text, sizeof text, field, facts);
    if (field->kind == FIELD_NAME)
        return (fnmatch(t->values[0].text, text, 0) == 0) ==
               (t->sign == SIGN_EQUAL);
    return condition_fits_text(t, is_known ? text : NULL);
}

bool filter_accepts(const struct filter *f, const struct run_facts *r)
{
    for (idx i = 0; i < f->n; i++)
        if (!condition_holds(&f->conditions[i], fits, r))
            return false;
    return true;
}
