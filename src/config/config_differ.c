#include "config/config_differ.h"

#include <string.h>

#include "config/config_when.h"
#include "data/paths.h"

bool config_key_has_paths(struct config_key k)
{
    return strcmp(k.section->name, "data") == 0 && data_key_has_paths(k.key);
}

/* Its value, for a text under the paths of the first that has it. */
static void value_of(char value[KEY_PRINT_MAX], struct config_key k,
                     config_at *at, const void *list, idx i)
{
    const struct config *c = at(list, i);
    struct config own;
    if (config_key_has_paths(k)) {
        own = *c;
        for (idx j = 0; j < i && own.data.hash[0]; j++)
            if (at(list, j) && data_share_paths(&own.data, &at(list, j)->data))
                break;
        c = &own;
    }
    config_value(value, KEY_PRINT_MAX, c, k);
}

static bool reads(config_at *at, const void *list, idx i, struct config_key k)
{
    return at(list, i) && config_is_read(at(list, i), k);
}

/* Among all of them, or those alone that read it. */
static bool is_differing(struct config_key k, config_at *at, const void *list,
                         idx n, bool is_of_readers)
{
    char first[KEY_PRINT_MAX], other[KEY_PRINT_MAX];
    bool has_first = false;
    if (config_key_is_cosmetic(k))
        return false;
    for (idx i = 0; i < n; i++) {
        if (is_of_readers ? !reads(at, list, i, k) : !at(list, i))
            continue;
        value_of(has_first ? other : first, k, at, list, i);
        if (has_first && strcmp(first, other) != 0)
            return true;
        has_first = true;
    }
    return is_of_readers && !has_first;
}

idx config_differing(struct config_key found[DIFFERING_MAX], config_at *at,
                     const void *list, idx n)
{
    idx n_found = 0;
    for (struct config_key k = { 0 }; config_next_key(&k);)
        if (n_found < DIFFERING_MAX && is_differing(k, at, list, n, false))
            found[n_found++] = k;
    return n_found;
}

bool config_key_tells(struct config_key k, config_at *at, const void *list,
                      idx n)
{
    return is_differing(k, at, list, n, true);
}

/* Each is held against one run of each text at each place, of which there are
 * few however many runs there are. */
bool config_other_text(idx *a, idx *b, config_at *at, const void *list, idx n)
{
    enum { TEXTS_MAX = 64 };
    idx texts[TEXTS_MAX], n_texts = 0;
    for (*b = 0; *b < n; ++*b) {
        const struct config *c = at(list, *b);
        bool is_new = c && c->data.hash[0];
        for (idx i = 0; i < n_texts && is_new; i++) {
            const struct config *x = at(list, *a = texts[i]);
            is_new = !data_is_one_place(&x->data, &c->data);
            if (!is_new && strcmp(x->data.hash, c->data.hash) != 0)
                return true;
        }
        if (is_new && n_texts < TEXTS_MAX)
            texts[n_texts++] = *b;
    }
    return false;
}

bool config_past_differs(struct config_key *found, const struct config *a,
                         const struct config *b)
{
    char x[KEY_PRINT_MAX], y[KEY_PRINT_MAX];
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        if (k.key->flags & (KEY_RESUME | KEY_READ))
            continue;
        config_value(x, sizeof x, a, k);
        config_value(y, sizeof y, b, k);
        *found = k;
        if (strcmp(x, y) != 0)
            return true;
    }
    return false;
}

static int sign(double a, double b)
{
    return (a > b) - (a < b);
}

/* By the first piece that differs. */
static int steps_order(const struct key_steps *a, const struct key_steps *b)
{
    for (idx i = 0; i < a->n && i < b->n; i++) {
        const struct key_piece *x = &a->piece[i], *y = &b->piece[i];
        int order = sign(x->value, y->value);
        if (order == 0)
            order = sign((double)x->until, (double)y->until);
        if (order != 0)
            return order;
    }
    return sign((double)a->n, (double)b->n);
}

bool config_key_is_local(struct config_key k)
{
    return (!strcmp(k.section->name, "train") &&
            !strcmp(k.key->name, "threads")) ||
           (!strcmp(k.section->name, "run") && !strcmp(k.key->name, "dir"));
}

int config_value_order(const struct config *a, const struct config *b,
                       struct config_key k)
{
    char x[KEY_PRINT_MAX], y[KEY_PRINT_MAX];
    size_t at = k.section->offset + k.key->offset;
    const void *u = (const char *)a + at, *v = (const char *)b + at;
    switch (k.key->type) {
    case KEY_INT:
    case KEY_REAL:
        return sign(config_number(a, k), config_number(b, k));
    case KEY_BOOL:
        return *(const bool *)u - *(const bool *)v;
    case KEY_CHOICE:
        return *(const int *)u - *(const int *)v;
    case KEY_STEPS:
        return steps_order(u, v);
    case KEY_TEXT:
    case KEY_LIST:
        break;
    }
    config_value(x, sizeof x, a, k);
    config_value(y, sizeof y, b, k);
    return strcmp(x, y);
}

bool config_key_is_clear(const struct config_key *keys, idx n, idx k)
{
    const char *name = keys[k].key->name;
    bool is_clear = strcmp(name, "steps") != 0;
    for (idx i = 0; i < n && is_clear; i++)
        is_clear = i == k || strcmp(keys[i].key->name, name) != 0;
    return is_clear;
}
