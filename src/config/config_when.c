#include "config/config_when.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "nn/attention/weights/weight_stage.h"

enum { WHEN_MAX = 256 };

/* What no comparison of keys can say. */
struct fact {
    const char *name;
    bool (*holds)(const struct config *c);
    const char *keys;  /* that decide it, a blank between them */
    const char *words; /* behind "is read only where" */
};

static bool column_acts(const struct config *c)
{
    return attention_column_acts(&c->attention);
}

static const struct fact facts[] = {
    { "column_acts", column_acts,
      "attention.weights attention.normalizer attention.bias_value "
      "attention.bias_value_scale",
      "its column can change the output: it has a value, or the weights of "
      "keys "
      "depend on its score (by weights = softmax and others, or by normalizer "
      "= sum, abs_sum, p_norm)" },
};

/* A condition being looked at. */
struct look {
    const struct config *c;
    struct config_key of;
    config_excuse *is_excused; /* or NULL */
    void *user;
};

/* ---- pieces ------------------------------------------------------------ */

/* What stands before the mark; *rest is what follows, NULL after the last. */
static char *cut(char **rest, const char *mark)
{
    char *start = *rest, *end = strstr(start, mark);
    *rest = end ? end + strlen(mark) : NULL;
    if (end)
        *end = '\0';
    return start;
}

static bool is_same(struct config_key a, struct config_key b)
{
    return a.key == b.key;
}

/* The key of "section.key"; its `key` is NULL if there is none. */
static struct config_key key_of(const char *name)
{
    for (idx s = 0; s < n_config_sections; s++) {
        const struct config_section *section = &config_sections[s];
        size_t n = strlen(section->name);
        for (idx k = 0; k < *section->n_keys; k++)
            if (!strncmp(name, section->name, n) && name[n] == '.' &&
                !strcmp(name + n + 1, section->keys[k].name))
                return (struct config_key){ section, &section->keys[k] };
    }
    return (struct config_key){ NULL, NULL };
}

static const struct fact *find_fact(const char *name)
{
    for (idx i = 0; i < COUNT_OF(facts); i++)
        if (!strcmp(facts[i].name, name))
            return &facts[i];
    return NULL;
}

enum relation { EQUAL, UNEQUAL, LESS, MORE, FACT };

/* A term taken apart; the texts lie in the term's own. */
struct term {
    enum relation relation;
    struct config_key left;
    char *right; /* what follows the sign */
    const struct fact *fact;
};

/* Our own text, which the tests read whole: what is wrong in it is a bug. */
static struct term take_apart(char *text)
{
    static const char *const signs[] = { " = ", " != ", " < ", " > " };
    struct term t = { .relation = FACT, .fact = find_fact(text) };
    for (int i = 0; i < COUNT_OF(signs) && !t.fact && !t.right; i++) {
        t.right = text;
        char *left = cut(&t.right, signs[i]);
        t.relation = (enum relation)i;
        if (t.right)
            t.left = key_of(left);
    }
    BUG_ON(!t.fact && !t.left.key);
    return t;
}

/* ---- does it hold? ----------------------------------------------------- */

static double number_of(const struct config *c, struct config_key k)
{
    const void *at = (const char *)c + k.section->offset + k.key->offset;
    BUG_ON(k.key->type != KEY_INT && k.key->type != KEY_REAL);
    return k.key->type == KEY_INT ? (double)*(const idx *)at
                                  : *(const double *)at;
}

static bool compares(const struct config *c, const struct term *t)
{
    struct config_key right = key_of(t->right);
    double a = number_of(c, t->left);
    double b = right.key ? number_of(c, right) : strtod(t->right, NULL);
    return t->relation == LESS ? a < b : a > b;
}

static bool term_holds(const struct config *c, const struct term *t)
{
    char now[KEY_PRINT_MAX];
    bool is_one = false;
    if (t->fact)
        return t->fact->holds(c);
    if (t->relation == LESS || t->relation == MORE)
        return compares(c, t);
    config_value(now, sizeof now, c, t->left);
    for (char *rest = t->right; rest;)
        is_one |= !strcmp(now, cut(&rest, " | "));
    return is_one == (t->relation == EQUAL);
}

/* The keys of a term, one a call with i = 0, 1, ...; key NULL past the end. */
static struct config_key key_in(const struct term *t, idx i)
{
    char name[WHEN_MAX];
    if (!t->fact) {
        bool is_number = t->relation == LESS || t->relation == MORE;
        if (i == 0)
            return t->left;
        return i == 1 && is_number ? key_of(t->right) : key_of("");
    }
    snprintf(name, sizeof name, "%s", t->fact->keys);
    for (char *rest = name; rest; i--) {
        const char *one = cut(&rest, " ");
        if (i == 0)
            return key_of(one);
    }
    return key_of("");
}

static bool is_excused(const struct look *l, const struct term *t)
{
    for (idx i = 0; l->is_excused && key_in(t, i).key; i++)
        if (!is_same(key_in(t, i), l->of) &&
            l->is_excused(l->user, key_in(t, i)))
            return true;
    return false;
}

static bool all_hold(const struct look *l, char *all)
{
    while (all) {
        struct term t = take_apart(cut(&all, " and "));
        if (!is_excused(l, &t) && !term_holds(l->c, &t))
            return false;
    }
    return true;
}

bool config_would_be_read(const struct config *c, struct config_key k,
                          config_excuse *excuse, void *user)
{
    struct look l = { c, k, excuse, user };
    char text[WHEN_MAX];
    if (!k.key->when)
        return true;
    int n = snprintf(text, sizeof text, "%s", k.key->when);
    BUG_ON(n >= (int)sizeof text);
    for (char *rest = text; rest;)
        if (all_hold(&l, cut(&rest, " or ")))
            return true;
    return false;
}

bool config_is_read(const struct config *c, struct config_key k)
{
    return config_would_be_read(c, k, NULL, NULL);
}

bool config_is_idle(const struct config *c, struct config_key k)
{
    return k.key->when && !config_has_default(c, k) && !config_is_read(c, k);
}

/* ---- what follows ------------------------------------------------------ */

/* A dropped value may have been what another one was read with. */
void config_drop_idle(struct config *c)
{
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (struct config_key k = { 0 }; config_next_key(&k);) {
            if (!config_is_idle(c, k))
                continue;
            config_reset(c, k);
            is_changed = true;
        }
    }
}

/* ---- in words ---------------------------------------------------------- */

idx config_deciders(struct config_key found[CONFIG_DECIDERS_MAX],
                    struct config_key k)
{
    char text[WHEN_MAX];
    idx n = 0;
    snprintf(text, sizeof text, "%s", k.key->when ? k.key->when : "");
    for (char *rest = text; rest && *rest;) {
        char *all = cut(&rest, " or ");
        while (all) {
            struct term t = take_apart(cut(&all, " and "));
            for (idx i = 0; key_in(&t, i).key; i++) {
                struct config_key one = key_in(&t, i);
                bool is_known = is_same(one, k);
                for (idx j = 0; j < n; j++)
                    is_known |= is_same(found[j], one);
                BUG_ON(!is_known && n == CONFIG_DECIDERS_MAX);
                if (!is_known)
                    found[n++] = one;
            }
        }
    }
    return n;
}

void config_why_idle(char *text, size_t cap, const struct config *c,
                     struct config_key k)
{
    struct text t = { .at = text, .cap_bytes = cap };
    struct config_key deciders[CONFIG_DECIDERS_MAX];
    char value[KEY_PRINT_MAX], shown[TEXT_SHOW_MAX];
    idx n = config_deciders(deciders, k);
    text_add(&t, "is read only %s %s; this run has ", config_when_word(k.key),
             config_show_when(k.key));
    for (idx i = 0; i < n; i++) {
        config_value(value, sizeof value, c, deciders[i]);
        if (n > 1)
            text_add(&t, "%s%s.%s = ", i ? ", " : "", deciders[i].section->name,
                     deciders[i].key->name);
        text_add(&t, "%s", *value ? text_show(shown, value) : "none");
    }
}

const char *config_show_when(const struct key *key)
{
    const struct fact *fact = key->when ? find_fact(key->when) : NULL;
    return fact ? fact->words : key->when ? key->when : "";
}

const char *config_when_word(const struct key *key)
{
    return key->when && find_fact(key->when) ? "where" : "with";
}
