#include "config/config_differ.h"

#include <string.h>

static const void *options_of(const struct config *c, struct config_key k)
{
    return (const char *)c + k.section->offset;
}

void config_value(char *text, size_t cap, const struct config *c,
                  struct config_key k)
{
    key_print(k.key, options_of(c, k), text, cap);
}

bool config_key_is_cosmetic(struct config_key k)
{
    return (k.key->flags & KEY_COSMETIC) == KEY_COSMETIC;
}

static size_t value_bytes(const struct key *key, const void *field)
{
    switch (key->type) {
    case KEY_INT:
        return sizeof(idx);
    case KEY_REAL:
        return sizeof(double);
    case KEY_BOOL:
        return sizeof(bool);
    case KEY_TEXT:
        return strlen(field) + 1;
    case KEY_CHOICE:
        return sizeof(int);
    case KEY_LIST:
        break;
    }
    const struct key_list *list = field;
    return offsetof(struct key_list, v) + (size_t)list->n * sizeof list->v[0];
}

/* What stands behind the end of a text or a list is no part of it. */
bool config_has_default(const struct config *c, struct config_key k)
{
    struct config room; /* for any section's options */
    const char *plain = (const char *)&room + k.key->offset;
    const char *field = (const char *)options_of(c, k) + k.key->offset;
    BUG_ON(key_parse(k.key, &room, k.key->fallback, NULL));
    size_t n = value_bytes(k.key, plain);
    return n == value_bytes(k.key, field) && memcmp(field, plain, n) == 0;
}

/* KEEP WITH: run_keys in config_keys.c */
bool config_key_is_seed(struct config_key k)
{
    static const char *const seeds[] = { "seed", "init_seed", "data_seed" };
    for (idx i = 0; i < COUNT_OF(seeds); i++)
        if (strcmp(k.section->name, "run") == 0 &&
            strcmp(k.key->name, seeds[i]) == 0)
            return true;
    return false;
}

static bool is_differing(struct config_key k, config_at *at, const void *list,
                         idx n)
{
    char first[KEY_PRINT_MAX], other[KEY_PRINT_MAX];
    bool has_first = false;
    if (config_key_is_cosmetic(k))
        return false;
    for (idx i = 0; i < n; i++) {
        const struct config *c = at(list, i);
        if (!c)
            continue;
        config_value(has_first ? other : first, KEY_PRINT_MAX, c, k);
        if (has_first && strcmp(first, other) != 0)
            return true;
        has_first = true;
    }
    return false;
}

idx config_differing(struct config_key found[DIFFERING_MAX], config_at *at,
                     const void *list, idx n)
{
    idx n_found = 0;
    for (idx s = 0; s < n_config_sections; s++)
        for (idx i = 0; i < *config_sections[s].n_keys; i++) {
            struct config_key k = { &config_sections[s],
                                    &config_sections[s].keys[i] };
            if (n_found < DIFFERING_MAX && is_differing(k, at, list, n))
                found[n_found++] = k;
        }
    return n_found;
}

bool config_past_differs(struct config_key *found, const struct config *a,
                         const struct config *b)
{
    char x[KEY_PRINT_MAX], y[KEY_PRINT_MAX];
    for (idx s = 0; s < n_config_sections; s++)
        for (idx i = 0; i < *config_sections[s].n_keys; i++) {
            struct config_key k = { &config_sections[s],
                                    &config_sections[s].keys[i] };
            if (k.key->flags & KEY_RESUME)
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

int config_value_order(const struct config *a, const struct config *b,
                       struct config_key k)
{
    char x[KEY_PRINT_MAX], y[KEY_PRINT_MAX];
    const void *u = (const char *)options_of(a, k) + k.key->offset;
    const void *v = (const char *)options_of(b, k) + k.key->offset;
    switch (k.key->type) {
    case KEY_INT:
        return sign((double)*(const idx *)u, (double)*(const idx *)v);
    case KEY_REAL:
        return sign(*(const double *)u, *(const double *)v);
    case KEY_BOOL:
        return *(const bool *)u - *(const bool *)v;
    case KEY_CHOICE:
        return *(const int *)u - *(const int *)v;
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
