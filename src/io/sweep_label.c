/* What a run is called, after the settings in which it differs. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "io/sweep_expand.h"

/* Does the value say too little alone, or may another key of these choices
 * have it, too? */
static bool is_ambiguous(const struct key *key, const char *value,
                         const struct sweep_choice *choices, idx n)
{
    if (!strcmp(value, "none") || !strcmp(value, "own"))
        return true;
    for (idx c = 0; c < n; c++) {
        const struct key *other = choices[c].of->key;
        if (other->type != KEY_CHOICE || other == key)
            continue;
        for (int i = 0; other->choice(i); i++)
            if (!strcmp(other->choice(i), value))
                return true;
    }
    return false;
}

static void add_safe(struct text *t, const char *text)
{
    for (; *text; text++) {
        char c = *text;
        bool is_safe = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                       (c >= 'a' && c <= 'z') || c == '.' || c == '_' ||
                       c == '+' || c == '-';
        text_add(t, "%c", is_safe ? c : '-');
    }
}

static void add_choice(struct text *t, const struct sweep_choice *c,
                       const struct sweep_choice *choices, idx n)
{
    const struct key *key = c->of->key;
    const char *value = c->value, *slash = strrchr(value, '/');
    switch (key->type) {
    case KEY_CHOICE:
        if (is_ambiguous(key, value, choices, n)) {
            add_safe(t, key->name);
            text_add(t, "-");
        }
        break;
    case KEY_BOOL:
        text_add(t, "%s%s", strcmp(value, "no") ? "" : "no-", key->name);
        return;
    case KEY_TEXT:
        value = slash && slash[1] ? slash + 1 : value;
        break;
    default:
        add_safe(t, key->name);
    }
    add_safe(t, value);
}

void sweep_label(char *label, size_t cap, const struct sweep_choice *choices,
                 idx n)
{
    struct text t = { .at = label, .cap_bytes = cap };
    text_add(&t, "%s", "");
    for (idx i = 0; i < n; i++) {
        const struct sweep_axis *a = choices[i].axis;
        if (a->draw == DRAW_ALL && a->n_values == 1)
            continue;
        text_add(&t, "%s", t.n ? "-" : "");
        add_choice(&t, &choices[i], choices, n);
    }
}
