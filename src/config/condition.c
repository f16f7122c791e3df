#include "config/condition.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"

/* Longer ones first: < begins <=. */
static const struct {
    const char *text;
    enum condition_sign sign;
} signs[] = {
    { "==", SIGN_EQUAL },    { "!=", SIGN_UNEQUAL }, { "<=", SIGN_AT_MOST },
    { ">=", SIGN_AT_LEAST }, { "=", SIGN_EQUAL },    { "<", SIGN_LESS },
    { ">", SIGN_MORE },
};

/* ---- pieces ------------------------------------------------------------ */

/* The sign that text begins with: its bytes, 0 if there is none. */
static size_t find_sign(enum condition_sign *sign, const char *text)
{
    for (idx i = 0; i < COUNT_OF(signs); i++)
        if (!strncmp(text, signs[i].text, strlen(signs[i].text))) {
            *sign = signs[i].sign;
            return strlen(signs[i].text);
        }
    return 0;
}

/* NAME SIGN */
static bool begins_term(const char *text)
{
    enum condition_sign sign;
    text += strspn(text, " \t");
    size_t n = strcspn(text, " \t=!<>");
    return n > 0 && find_sign(&sign, text + n + strspn(text + n, " \t")) > 0;
}

/* Bytes of the word at text that joins terms; 0: it is none. */
static size_t find_joint(const char *text, const struct condition_reader *r)
{
    size_t n = !strncasecmp(text, "and", 3) ? 3 : 2;
    if (n == 2 && strncasecmp(text, "or", 2) != 0)
        return 0;
    bool is_and = !strncmp(text, "and", 3);
    if (!text[n])
        return is_and && !r->has_quotes ? n : 0;
    return text_is_blank(text[n]) && (is_and || begins_term(text + n)) ? n : 0;
}

/* The first term of *rest, trimmed; *rest is what follows the joint, NULL after
 * the last; *is_or: which joint that is. */
static char *cut_term(char **rest, bool *is_or,
                      const struct condition_reader *r)
{
    char *start = *rest;
    struct text_hold hold = { 0 };
    *is_or = false;
    for (char *p = start; *p; p++) {
        bool is_held = text_is_held(&hold, *p, r->has_quotes);
        bool is_word = p == start || text_is_blank(p[-1]);
        size_t n = is_word && !is_held ? find_joint(p, r) : 0;
        if (n == 0)
            continue;
        *is_or = n == strlen("or");
        *p = '\0';
        *rest = p + n;
        return text_trim(start);
    }
    *rest = NULL;
    return text_trim(start);
}

/* ---- terms ------------------------------------------------------------- */

static int read_values(struct condition_term *t, struct pool *pool, char *text,
                       const struct condition_reader *r, struct err *e)
{
    idx most = 1;
    for (const char *s = text; *s; s++)
        most += *s == '|';
    t->values = pool_bytes(pool, (size_t)most * sizeof *t->values);
    int rc = pool_check(pool, e);
    for (char *rest = text; rest && rc == OK;) {
        char *one = t->is_plain ? text_trim(rest)
                                : text_part(&rest, '|', r->has_quotes);
        rest = t->is_plain ? NULL : rest;
        rc = r->read(r->user, &t->values[t->n++], t, pool, one, e);
    }
    return rc;
}

static int parse_term(struct condition_term *t, struct pool *pool, char *text,
                      const struct condition_reader *r, struct err *e)
{
    char *sign = text + strcspn(text, "=!<>"), *values;
    size_t n = find_sign(&t->sign, sign);
    if (n == 0)
        t->sign = SIGN_NONE;
    bool has_shape = n > 0 || (r->has_facts && !*sign);
    values = sign + n;
    *sign = '\0';
    char *name = text_trim(text);
    if (!has_shape || !*name)
        return err_set(e, ERR_USAGE, "want %s", r->example);
    int rc = r->find(r->user, t, name, e);
    if (rc != OK || (r->has_facts && !t->key.key))
        return rc;
    if (t->key.key)
        t->is_number =
            t->key.key->type == KEY_INT || t->key.key->type == KEY_REAL;
    if (t->sign > SIGN_UNEQUAL && !t->is_number)
        return err_set(e, ERR_USAGE,
                       "it is no number, so it can only be = or != something");
    return read_values(t, pool, values, r, e);
}

int condition_parse(struct condition *c, struct pool *pool, const char *text,
                    const struct condition_reader *r, struct err *e)
{
    char *own = pool_text(pool, text, SIZE_MAX), shown[TEXT_SHOW_MAX];
    bool is_or = false;
    *c = (struct condition){ .text = pool_text(pool, text, SIZE_MAX) };
    if (pool_check(pool, e))
        return ERR_MEMORY;
    for (char *rest = own; rest;) {
        struct err why = { 0 };
        struct condition_term *t = &c->terms[c->n];
        bool is_next_or;
        char *term = cut_term(&rest, &is_next_or, r);
        text_show(shown, term);
        int rc = ERR_USAGE;
        if (c->n == CONDITION_TERMS_MAX)
            err_set(&why, rc, "it is one of more than %d terms",
                    CONDITION_TERMS_MAX);
        else
            rc = parse_term(t, pool, term, r, &why);
        if (rc == OK && pool->is_out_of_memory)
            return pool_check(pool, e);
        if (rc != OK && *why.text)
            return err_set(e, rc, "condition '%s': %s", shown, why.text);
        if (rc != OK)
            return rc;
        t->is_or = is_or;
        is_or = is_next_or;
        c->n++;
    }
    return OK;
}

int condition_read_key(struct condition_value *v,
                       const struct condition_term *t, struct pool *pool,
                       const char *text, struct err *e)
{
    struct config room = { 0 };
    char printed[KEY_PRINT_MAX];
    int rc =
        key_parse(t->key.key, (char *)&room + t->key.section->offset, text, e);
    if (rc != OK)
        return rc;
    config_value(printed, sizeof printed, &room, t->key);
    if (t->is_number)
        v->number = config_number(&room, t->key);
    v->text = pool_text(pool, printed, sizeof printed);
    return pool_check(pool, e);
}

/* ---- does it hold? ----------------------------------------------------- */

bool condition_holds(const struct condition *c, condition_judge *judge,
                     const void *user)
{
    bool holds = true;
    for (idx i = 0; i < c->n; i++) {
        if (c->terms[i].is_or && holds)
            return true;
        holds = (holds || c->terms[i].is_or) && judge(&c->terms[i], user);
    }
    return holds;
}

static bool compare(double a, enum condition_sign sign, double b)
{
    switch (sign) {
    case SIGN_EQUAL:
    case SIGN_UNEQUAL: /* turned round by who asks */
        return a == b;
    case SIGN_LESS:
        return a < b;
    case SIGN_AT_MOST:
        return a <= b;
    case SIGN_MORE:
        return a > b;
    case SIGN_AT_LEAST:
        return a >= b;
    case SIGN_NONE:
        break;
    }
    BUG_ON(true);
    return false;
}

bool condition_fits_number(const struct condition_term *t, double number)
{
    bool is_one = false;
    for (idx i = 0; i < t->n; i++)
        is_one |= compare(number, t->sign, t->values[i].number);
    return is_one != (t->sign == SIGN_UNEQUAL);
}

bool condition_fits_text(const struct condition_term *t, const char *text)
{
    bool is_one = false;
    for (idx i = 0; i < t->n && text; i++)
        is_one |= !strcmp(text, t->values[i].text);
    return is_one != (t->sign == SIGN_UNEQUAL);
}

bool condition_fits_config(const struct condition_term *t, const void *config)
{
    char text[KEY_PRINT_MAX];
    if (!t->is_number) {
        config_value(text, sizeof text, config, t->key);
        return condition_fits_text(t, text);
    }
    double number = config_number(config, t->key);
    bool is_one = false;
    for (idx i = 0; i < t->n; i++) {
        const struct condition_value *v = &t->values[i];
        is_one |=
            compare(number, t->sign,
                    v->key.key ? config_number(config, v->key) : v->number);
    }
    return is_one != (t->sign == SIGN_UNEQUAL);
}
