#include "report/claim_average.h"

#include <string.h>

#include "config/config_differ.h"
#include "config/config_when.h"

enum { VALUES_SHOWN = 6 };

static bool is_key(struct config_key a, struct config_key b)
{
    return a.section == b.section && a.key == b.key;
}

static bool names(const struct claim_side *s, struct config_key k)
{
    for (idx i = 0; i < s->n; i++)
        if (is_key(s->keys[i], k))
            return true;
    return false;
}

static bool is_named(const struct claim *c, struct config_key k)
{
    return names(&c->a, k) || (c->has_b && names(&c->b, k)) ||
           (claim_is_trend(c) && is_key(c->key, k));
}

static bool is_of(const struct claim_side *s, const struct config *c,
                  struct config_key k)
{
    return claim_side_fits(s, c) && config_is_read(c, k);
}

/* Has a seed several values of the key on this side? */
static bool has_several(const struct claim_side *s, struct config_key k,
                        const struct config *configs, idx n)
{
    for (idx i = 0; i < n; i++)
        for (idx j = 0; is_of(s, &configs[i], k) && j < i; j++)
            if (config_same_seeds(&configs[i], &configs[j]) &&
                config_value_order(&configs[i], &configs[j], k) != 0 &&
                is_of(s, &configs[j], k))
                return true;
    return false;
}

/* " (0, 16)": of runs on the first side, in their order. */
static void add_values(struct text *t, const struct claim *c,
                       struct config_key k, const struct config *configs, idx n)
{
    idx n_values = 0;
    text_add(t, " (");
    for (idx i = 0; i < n; i++) {
        char value[KEY_PRINT_MAX];
        bool is_new = is_of(&c->a, &configs[i], k);
        for (idx j = 0; j < i && is_new; j++)
            is_new = config_value_order(&configs[i], &configs[j], k) != 0 ||
                     !is_of(&c->a, &configs[j], k);
        if (!is_new || n_values++ > VALUES_SHOWN)
            continue;
        config_value(value, sizeof value, &configs[i], k);
        text_add(t, "%s%s", n_values > 1 ? ", " : "",
                 n_values > VALUES_SHOWN ? "..." : value);
    }
    text_add(t, ")");
}

bool claim_average_print(struct text *t, const struct claim *c,
                         const struct sweep_file *f,
                         const struct config *configs, idx n)
{
    idx n_keys = 0;
    for (idx i = 0; i < f->n_axes; i++)
        for (idx j = 0; j < f->axes[i].n_keys; j++) {
            struct config_key k = f->axes[i].keys[j];
            if (config_key_is_seed(k) || is_named(c, k) ||
                !has_several(&c->a, k, configs, n) ||
                (c->has_b && !has_several(&c->b, k, configs, n)))
                continue;
            text_add(t, "%s%s.%s",
                     n_keys++ > 0 ? " and "
                     : c->has_b   ? "each side is of all values of "
                                  : "it is of all values of ",
                     k.section->name, k.key->name);
            add_values(t, c, k, configs, n);
        }
    if (n_keys > 0)
        text_add(t, ": name %s to %s within one", n_keys > 1 ? "them" : "it",
                 c->has_b || claim_is_trend(c) ? "compare" : "ask");
    return n_keys > 0;
}
