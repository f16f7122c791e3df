#include "sweep/sweep_label.h"

#include <string.h>

#include "base/text.h"

/* Stands for parts that there was no room for. */
static const char left_out[] = "etc";

/* Does the value say too little alone, or may another key of these choices
 * have it, too? */
static bool is_ambiguous(const struct key *key, const char *value,
                         const struct sweep_choice *choices, idx n)
{
    if (!strcmp(value, "none") || !strcmp(value, "own"))
        return true;
    for (idx c = 0; c < n; c++) {
        const struct key *other = choices[c].of.key;
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
    const struct key *key = c->of.key;
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

/* What tells repetitions apart stands at a label's end, whole. By the name:
 * that is wider than config_key_is_seed, over which runs are averaged, as it
 * has data.task_seed and data.eval_seed, too. */
static bool ends_in_seed(const struct key *key)
{
    size_t n = strlen(key->name), tail = strlen("seed");
    return n >= tail && strcmp(key->name + n - tail, "seed") == 0;
}

/* Every value of this axis would have it. */
static bool is_fixed(const struct sweep_choice *c)
{
    return c->axis->draw == DRAW_ALL && c->axis->n_values == 1;
}

/* The parts of all choices that are seeds, or of all others. Of these `room`
 * bytes are filled with whole parts; where that leaves some out, a mark says
 * so. */
static void add_parts(struct text *t, size_t room,
                      const struct sweep_choice *choices, idx n,
                      bool is_of_seeds)
{
    for (idx i = 0; i < n; i++) {
        char buffer[SWEEP_LABEL_MAX];
        struct text part = { buffer, sizeof buffer, 0 };
        if (is_fixed(&choices[i]) ||
            ends_in_seed(choices[i].of.key) != is_of_seeds)
            continue;
        text_add(&part, "%s", t->n ? "-" : "");
        add_choice(&part, &choices[i], choices, n);
        if (is_of_seeds || t->n + part.n + sizeof left_out < room) {
            text_add(t, "%s", buffer);
            continue;
        }
        if (t->n == 0 && room > 2 * sizeof left_out) /* better than nothing */
            text_add(t, "%.*s", (int)(room - 2 * sizeof left_out), buffer);
        text_add(t, "%s%s", t->n ? "-" : "", left_out);
        return;
    }
}

void sweep_label(char *label, size_t cap, const struct sweep_choice *choices,
                 idx n)
{
    char buffer[SWEEP_LABEL_MAX];
    struct text seeds = { buffer, sizeof buffer, 0 };
    struct text t = { .at = label, .cap_bytes = cap };
    text_add(&seeds, "%s", "");
    text_add(&t, "%s", "");
    add_parts(&seeds, sizeof buffer, choices, n, true);
    size_t taken = idx_min((idx)seeds.n + 1, (idx)cap);
    add_parts(&t, cap - taken, choices, n, false);
    text_add(&t, "%s%s", t.n && seeds.n ? "-" : "", buffer);
}
