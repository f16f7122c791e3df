#include "sweep/sweep_expand.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/rng.h"
#include "sweep/sweep_walk.h"

enum { PROBLEMS_ENOUGH = 5, NUMBER_MAX = 40 };

/* ---- assignments ------------------------------------------------------- */

/* Has the file, or an axis on the way here, a value of its own for it? */
static bool is_given(const struct sweep_walk *w, const struct sweep_key *of)
{
    idx number = config_key_number(of->section, of->key);
    for (idx i = 0; i < w->n_choices; i++)
        if (w->choices[i].of->key == of->key)
            return true;
    return w->f->origins->origins[number].is_given;
}

static void set(const struct sweep_walk *w, struct config *c,
                const struct sweep_key *of, const char *value)
{
    char *options = (char *)c + of->section->offset;
    BUG_ON(key_parse(of->key, options, value, NULL)); /* sweep_parse.c */
    /* KEEP WITH: model_keys' row preset */
    for (idx k = 0; k < n_model_keys && of->key == &model_keys[0]; k++) {
        struct sweep_key one = { of->section, &model_keys[k] };
        const char *text = model_preset_value(c->model.preset, one.key);
        if (text && !is_given(w, &one))
            BUG_ON(key_parse(one.key, options, text, NULL));
    }
}

static bool holds(const struct sweep_condition *when, const struct config *c)
{
    char now[KEY_PRINT_MAX];
    for (idx t = 0; t < when->n; t++) {
        const struct sweep_term *term = &when->terms[t];
        bool is_one = false;
        key_print(term->of.key, (const char *)c + term->of.section->offset, now,
                  sizeof now);
        for (idx i = 0; i < term->n; i++)
            is_one |= !strcmp(now, term->values[i]);
        if (is_one == term->is_not)
            return false;
    }
    return true;
}

static bool has_enough(const struct sweep_walk *w)
{
    return w->code || w->draft.n_problems >= PROBLEMS_ENOUGH;
}

/* ---- walking ----------------------------------------------------------- */

static void leaf(struct sweep_walk *w, const struct config *at)
{
    struct config c = *at;
    struct err e = { 0 };
    char id[CONFIG_ID_MAX];
    if (w->n_leaves++ == SWEEP_RUNS_MAX) {
        struct place whole = { .file = w->f->path, .line = 1 };
        draft_problem(&w->draft, &whole, ERR_CONFIG,
                      "more than %d combinations: give fewer values, or "
                      "[random] draws",
                      SWEEP_RUNS_MAX);
        w->code = ERR_CONFIG;
        return;
    }
    for (idx i = 0; i < w->f->n_excludes; i++)
        if (holds(&w->f->excludes[i], &c)) {
            w->was_used[i] = true;
            w->p->n_excluded++;
            return;
        }
    if (!sweep_drop_idle(w, &c))
        return;
    if (sweep_check_run(w, &c, &e)) {
        sweep_tell_unbuildable(w, e.code, e.text);
    } else {
        sweep_identity(id, &c);
        sweep_add_point(w, id);
    }
    w->code = pool_check(&w->p->memory, NULL);
}

/* Two axes of one key whose conditions both hold. */
static bool is_free(struct sweep_walk *w, const struct sweep_axis *a)
{
    for (idx i = 0; i < w->n_choices; i++)
        for (idx k = 0; k < a->n_keys; k++)
            if (w->choices[i].of->key == a->keys[k].key) {
                struct place at = { .file = a->file, .line = a->line };
                char shown[SWEEP_SHOWN_MAX];
                draft_problem(&w->draft, &at, ERR_CONFIG,
                              "[axes] %s: already set by line %td where %s: "
                              "give conditions that never hold together",
                              a->name, w->choices[i].axis->line,
                              sweep_show_choices(shown, w));
                w->code = ERR_CONFIG;
                return false;
            }
    return true;
}

/* A drawn value as text; six digits, so that the last bits of this machine's
 * exp do not count. */
static void draw_number(char text[NUMBER_MAX], const struct sweep_axis *a,
                        struct rng *rng)
{
    bool is_integer = a->keys[0].key->type == KEY_INT;
    double x, low = a->low, high = a->high;
    if (a->draw == DRAW_LOGUNIFORM)
        x = low * exp(rng_uniform(rng) * log(high / low));
    else if (is_integer)
        x = low + (double)rng_below(rng, (idx)(high - low) + 1);
    else
        x = low + rng_uniform(rng) * (high - low);
    if (is_integer) {
        x = round(x);
    } else {
        snprintf(text, NUMBER_MAX, "%.6g", x);
        x = strtod(text, NULL);
    }
    snprintf(text, NUMBER_MAX, "%.17g", fmin(fmax(x, low), high));
}

/* The row of values that a draw takes; a number is written to `number`. */
static const char **draw_row(const struct sweep_walk *w,
                             const struct sweep_axis *a,
                             char number[KEY_PRINT_MAX], const char **one)
{
    char name[2 * KEY_TEXT_MAX];
    int n = snprintf(name, sizeof name, "%s.%s", a->keys[0].section->name,
                     a->keys[0].key->name);
    uint64_t seed = (uint64_t)w->f->seed ^ hash_bytes(name, (size_t)n);
    struct rng rng = rng_open(seed, RNG_SWEEP, 0, (uint64_t)w->draw);
    if (a->draw == DRAW_CHOICE)
        return a->values + a->n_keys * rng_below(&rng, a->n_values);
    struct config scratch = { 0 };
    const struct sweep_key *of = &a->keys[0];
    char text[NUMBER_MAX], *options = (char *)&scratch + of->section->offset;
    draw_number(text, a, &rng);
    BUG_ON(key_parse(of->key, options, text, NULL)); /* low, high are fine */
    key_print(of->key, options, number, KEY_PRINT_MAX);
    *one = number;
    return one;
}

static void step(struct sweep_walk *w, idx axis, const struct config *c);

/* Go on below with one row of an axis' values. */
static void take(struct sweep_walk *w, idx axis, const char **row,
                 const struct config *c)
{
    const struct sweep_axis *a = &w->f->axes[axis];
    struct config next = *c;
    for (idx k = 0; k < a->n_keys; k++) {
        set(w, &next, &a->keys[k], row[k]);
        w->choices[w->n_choices++] =
            (struct sweep_choice){ a, &a->keys[k], row[k] };
    }
    step(w, axis + 1, &next);
    w->n_choices -= a->n_keys;
}

static void step_random(struct sweep_walk *w, idx axis, const struct config *c)
{
    char number[KEY_PRINT_MAX];
    const char *one;
    take(w, axis, draw_row(w, &w->f->axes[axis], number, &one), c);
}

/* All that axes from this one on make of c. */
static void step(struct sweep_walk *w, idx axis, const struct config *c)
{
    const struct sweep_file *f = w->f;
    const struct sweep_axis *a = &f->axes[axis];
    if (has_enough(w))
        return;
    if (axis == f->n_grid && w->draw < 0 && f->draws) {
        for (w->draw = 0; w->draw < f->draws; w->draw++)
            step(w, axis, c);
        w->draw = -1;
    } else if (axis == f->n_axes) {
        leaf(w, c);
    } else if (!holds(&a->when, c)) {
        step(w, axis + 1, c);
    } else {
        w->was_there[axis] = true;
        if (!is_free(w, a))
            return;
        if (a->draw != DRAW_ALL)
            step_random(w, axis, c);
        else
            for (idx i = 0; i < a->n_values; i++)
                take(w, axis, a->values + i * a->n_keys, c);
    }
}

/* ---- the whole --------------------------------------------------------- */

static void check_use(struct sweep_walk *w)
{
    const struct sweep_file *f = w->f;
    for (idx i = 0; i < f->n_axes; i++) {
        const struct sweep_axis *a = &f->axes[i];
        struct place at = { .file = a->file, .line = a->line };
        if (!w->was_there[i])
            draft_problem(&w->draft, &at, ERR_CONFIG,
                          "[%s] %s: its condition never holds: %s",
                          i < f->n_grid ? "axes" : "random", a->name,
                          a->when.text);
    }
    for (idx i = 0; i < f->n_excludes && !w->p->idle; i++)
        if (!w->was_used[i])
            w->p->idle = f->excludes[i].text;
    if (w->p->n == 0 && w->draft.n_problems == 0) {
        struct place whole = { .file = f->path, .line = 1 };
        draft_problem(&w->draft, &whole, ERR_CONFIG,
                      "[exclude] leaves no run: all %td combinations are "
                      "excluded",
                      w->p->n_excluded);
    }
}

int sweep_expand(struct sweep_points *p, const struct sweep_file *f,
                 struct err *e)
{
    struct sweep_walk *w = calloc(1, sizeof *w);
    *p = (struct sweep_points){ 0 };
    if (!w)
        return err_set(e, ERR_MEMORY, "out of memory");
    w->p = p;
    w->f = f;
    w->draw = -1;
    sweep_watch_base(w);
    step(w, 0, &f->base);
    if (w->draft.n_problems == 0)
        check_use(w);
    if (w->draft.n_problems == 0)
        sweep_judge_base(w);
    int rc = pool_check(&p->memory, e);
    if (rc == OK)
        rc = draft_close(&w->draft, e);
    free(w->slots);
    free(w);
    return rc;
}
