/* Settings of a sweep that some of its runs, or none, read. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/config_when.h"
#include "sweep/sweep_walk.h"

static struct config_key key_of(const struct sweep_choice *c)
{
    return (struct config_key){ c->of->section, c->of->key };
}

static bool is_chosen(const struct sweep_walk *w, struct config_key k)
{
    for (idx i = 0; i < w->n_choices; i++)
        if (w->choices[i].of->key == k.key)
            return true;
    return false;
}

/* ---- on the way -------------------------------------------------------- */

/* Can an axis' `if` say it? */
static bool is_condition(const char *when)
{
    return strstr(when, " = ") && !strstr(when, " or ") && !strpbrk(when, "<>");
}

static void tell_idle(struct sweep_walk *w, const struct sweep_choice *choice,
                      const struct config *c)
{
    const struct sweep_axis *a = choice->axis;
    idx number = a - w->f->axes;
    struct place at = { .file = a->file, .line = a->line };
    struct config_key k = key_of(choice);
    char shown[TEXT_SHOW_MAX], run[SWEEP_SHOWN_MAX], why[ERR_TEXT_MAX / 2];
    bool has_words = is_condition(k.key->when);
    if (w->was_idle[number])
        return;
    w->was_idle[number] = true;
    config_why_idle(why, sizeof why, c, k);
    draft_problem(&w->draft, &at, ERR_CONFIG,
                  "[%s] %s.%s = %s %s (%s): give the axis a condition%s%s%s",
                  number < w->f->n_grid ? "axes" : "random", k.section->name,
                  k.key->name, text_show(shown, choice->value), why,
                  sweep_show_choices(run, w), has_words ? ", `if " : "",
                  has_words ? k.key->when : "", has_words ? "`" : "");
}

/* As set_later in draft.c; axes are lines of the sweep's own file. */
struct later {
    const struct sweep_walk *w;
    const struct config_origin *origin;
};

static bool set_later(void *user, struct config_key decider)
{
    enum { OWN_FILE = 1 }; /* the visit of the file that is read first */
    const struct later *x = user;
    idx number = config_key_number(decider.section, decider.key);
    const struct config_origin *o = &x->w->f->origins->origins[number];
    if (is_chosen(x->w, decider))
        return x->origin->visit > OWN_FILE;
    return o->order > x->origin->order && o->visit != x->origin->visit;
}

/* What the base gave and became of it: c as all is set, `read` without what is
 * idle. */
static void count(struct sweep_walk *w, const struct config *c,
                  const struct config *read)
{
    for (idx i = 0; i < w->n_watched; i++) {
        struct sweep_watched *x = &w->watched[i];
        struct later later = { w, x->origin };
        if (is_chosen(w, x->k))
            continue;
        if (!config_has_default(read, x->k))
            x->n_read++;
        else if (!config_has_default(c, x->k) && x->n_idle++ == 0)
            x->is_overruled =
                config_would_be_read(read, x->k, set_later, &later);
    }
}

bool sweep_drop_idle(struct sweep_walk *w, struct config *c)
{
    struct config read = *c;
    bool is_told = false;
    config_drop_idle(&read);
    for (idx i = 0; i < w->n_choices; i++) {
        struct config_key k = key_of(&w->choices[i]);
        if (config_has_default(c, k) || !config_has_default(&read, k))
            continue;
        tell_idle(w, &w->choices[i], &read);
        is_told = true;
    }
    count(w, c, &read);
    *c = read;
    return !is_told;
}

/* ---- the base ---------------------------------------------------------- */

void sweep_watch_base(struct sweep_walk *w)
{
    for (idx s = 0; s < n_config_sections; s++)
        for (idx i = 0; i < *config_sections[s].n_keys; i++) {
            struct config_key k = { &config_sections[s],
                                    &config_sections[s].keys[i] };
            const struct config_origin *origin =
                &w->f->origins->origins[config_key_number(k.section, k.key)];
            if (!k.key->when || !origin->is_given ||
                config_has_default(&w->f->base, k))
                continue;
            BUG_ON(w->n_watched == SWEEP_WATCHED_MAX);
            w->watched[w->n_watched++] =
                (struct sweep_watched){ .k = k, .origin = origin };
        }
}

/* "FILE:LINE: [section] key = value" */
static void show_setting(struct text *t, const struct sweep_walk *w,
                         const struct sweep_watched *x)
{
    char value[KEY_PRINT_MAX], shown[TEXT_SHOW_MAX];
    config_value(value, sizeof value, &w->f->base, x->k);
    text_add(t, "%s: [%s] %s = %s", x->origin->text, x->k.section->name,
             x->k.key->name, text_show(shown, value));
}

static void tell_unread(struct sweep_walk *w, const struct sweep_watched *x)
{
    char setting[2 * ORIGIN_MAX];
    struct text t = { .at = setting, .cap_bytes = sizeof setting };
    show_setting(&t, w, x);
    draft_problem(&w->draft, NULL, ERR_CONFIG,
                  "%s is read only %s %s, which no run of this sweep has: "
                  "leave it out, or change that",
                  setting, config_when_word(x->k.key),
                  config_show_when(x->k.key));
}

void sweep_judge_base(struct sweep_walk *w)
{
    char notes[CONFIG_NOTES_MAX];
    struct text t = { .at = notes, .cap_bytes = sizeof notes };
    text_add(&t, "%s", config_notes(w->f->origins));
    for (idx i = 0; i < w->n_watched; i++) {
        const struct sweep_watched *x = &w->watched[i];
        if (!x->n_idle)
            continue;
        if (!x->n_read && !x->is_overruled) {
            tell_unread(w, x);
            continue;
        }
        text_add(&t, "%s", t.n ? "\n" : "");
        show_setting(&t, w, x);
        text_add(&t,
                 " is read only %s %s: by %td of %td combinations, the "
                 "others have its default",
                 config_when_word(x->k.key), config_show_when(x->k.key),
                 x->n_read, x->n_read + x->n_idle);
    }
    if (t.n)
        w->p->notes = pool_text(&w->p->memory, notes, sizeof notes);
}
