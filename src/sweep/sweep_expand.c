#include "sweep/sweep_expand.h"

#include <math.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/hash.h"
#include "base/rng.h"
#include "base/text.h"
#include "config/config_when.h"
#include "nn/model/model.h"
#include "run/run_paths.h"
#include "sweep/sweep_folder.h"
#include "sweep/sweep_label.h"
#include "train/plan.h"
#include "train/session.h"

enum {
    PROBLEMS_ENOUGH = 5,
    NUMBER_MAX = 40,
    CHOICES_MAX = SWEEP_AXES_MAX * SWEEP_TOGETHER_MAX,
    SHOWN_MAX = 400,
    WATCHED_MAX = 128, /* more than keys with a condition */
};

/* A setting that all runs share, and that not all of them need read. */
struct watched {
    struct config_key k;
    const struct config_origin *origin;
    idx n_read, n_idle; /* combinations */
    bool is_overruled;  /* where it was idle first, by a later place */
};

struct walk {
    struct sweep_points *p;
    const struct sweep_file *f;
    struct draft draft; /* gathers what cannot be built */
    struct plan_data data;
    idx draw;
    idx n_choices, n_leaves;
    struct sweep_choice choices[CHOICES_MAX];
    bool was_there[SWEEP_AXES_MAX]; /* the condition held somewhere */
    bool was_used[SWEEP_EXCLUDES_MAX];
    bool was_idle[SWEEP_AXES_MAX]; /* and that was told */
    idx n_watched;                 /* settings of the base that may be idle */
    struct watched watched[WATCHED_MAX];
    struct claim_use *claims; /* (n_claims) of the pool */
    void *known;              /* tsearch's, of struct known */
    bool is_later;            /* of a seed that sweep.seeds leaves out */
    int code;                 /* out of memory: nothing else matters */
};

/* ---- problems ---------------------------------------------------------- */

static const char *show_choices(char out[SHOWN_MAX], const struct walk *w)
{
    struct text t = { .at = out, .cap_bytes = SHOWN_MAX };
    char shown[TEXT_SHOW_MAX];
    text_add(&t, "%s", "");
    for (idx i = 0; i < w->n_choices; i++)
        text_add(&t, "%s%s.%s=%s", i ? " " : "", w->choices[i].of.section->name,
                 w->choices[i].of.key->name,
                 text_show(shown, w->choices[i].value));
    return out;
}

/* The last axis, or the last one that the message names. */
static struct place blame(const struct walk *w, const char *message)
{
    const struct sweep_axis *a = NULL;
    for (idx i = w->n_choices - 1; i >= 0; i--) {
        const struct sweep_choice *c = &w->choices[i];
        a = a ? a : c->axis;
        if (strstr(message, c->of.key->name)) {
            a = c->axis;
            break;
        }
    }
    return (struct place){ .file = a ? a->file : w->f->path,
                           .line = a ? a->line : 1 };
}

static void tell_unbuildable(struct walk *w, int code, const char *message)
{
    char shown[SHOWN_MAX];
    struct place at = blame(w, message);
    draft_problem(&w->draft, &at, code, "the run with %s cannot be built: %s",
                  show_choices(shown, w), message);
}

/* ---- one run ----------------------------------------------------------- */

/* As a run would open it; then data.hash is filled in. */
static int check_run(struct walk *w, struct config *c, struct err *e)
{
    struct model m = { 0 };
    struct model_spec spec = config_spec(c);
    int rc = model_spec_check(&spec, e);
    if (rc == OK)
        rc = run_data_path(c, w->f->dir, e);
    if (rc == OK)
        rc = plan_open_data(&w->data, c, true, e);
    if (rc == OK)
        rc = model_init(&m, &spec, w->data.source.vocab, e);
    if (rc == OK)
        rc = session_check_model(c, &m, e);
    if (rc == OK)
        rc = session_check_new(c, &m, e);
    if (rc == OK)
        key_copy_text(c->data.hash, w->data.source.hash);
    model_release(&m);
    return rc;
}

/* ---- settings that some runs, or none, read ------------------------------ */

static bool is_chosen(const struct walk *w, struct config_key k)
{
    for (idx i = 0; i < w->n_choices; i++)
        if (w->choices[i].of.key == k.key)
            return true;
    return false;
}

static void tell_idle(struct walk *w, const struct sweep_choice *choice,
                      const struct config *c)
{
    const struct sweep_axis *a = choice->axis;
    idx number = a - w->f->axes;
    struct place at = { .file = a->file, .line = a->line };
    struct config_key k = choice->of;
    char shown[TEXT_SHOW_MAX], run[SHOWN_MAX], why[ERR_TEXT_MAX / 2];
    bool has_words = !strcmp(config_when_word(k.key), "with");
    if (w->was_idle[number])
        return;
    w->was_idle[number] = true;
    config_why_idle(why, sizeof why, c, k);
    draft_problem(&w->draft, &at, ERR_CONFIG,
                  "[%s] %s.%s = %s %s (%s): give the axis a condition%s%s%s",
                  number < w->f->n_grid ? "axes" : "random", k.section->name,
                  k.key->name, text_show(shown, choice->value), why,
                  show_choices(run, w), has_words ? ", `if " : "",
                  has_words ? k.key->when : "", has_words ? "`" : "");
}

/* Did another place decide, when the value of the base stood already? Axes are
 * lines of the sweep's own file, behind what it includes. */
struct later {
    const struct walk *w;
    const struct config_origin *origin;
};

static bool set_later(void *user, struct config_key decider)
{
    const struct later *x = user;
    idx number = config_key_number(decider.section, decider.key);
    const struct config_origin *o = &x->w->f->origins->origins[number];
    if (is_chosen(x->w, decider))
        return x->origin->visit > VISIT_NAMED;
    return config_is_overruled(x->origin, o);
}

/* What the base gave and became of it: c as all is set, `read` without what is
 * idle. */
static void count(struct walk *w, const struct config *c,
                  const struct config *read)
{
    for (idx i = 0; i < w->n_watched; i++) {
        struct watched *x = &w->watched[i];
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

static bool drop_idle(struct walk *w, struct config *c)
{
    struct config read = *c;
    bool is_told = false;
    config_drop_idle(&read);
    for (idx i = 0; i < w->n_choices; i++) {
        struct config_key k = w->choices[i].of;
        if (config_has_default(c, k) || !config_has_default(&read, k))
            continue;
        tell_idle(w, &w->choices[i], &read);
        is_told = true;
    }
    count(w, c, &read);
    *c = read;
    return !is_told;
}

static void watch_base(struct walk *w)
{
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        const struct config_origin *origin =
            &w->f->origins->origins[config_key_number(k.section, k.key)];
        if (!k.key->when || !origin->is_given ||
            config_has_default(&w->f->base, k))
            continue;
        BUG_ON(w->n_watched == WATCHED_MAX);
        w->watched[w->n_watched++] =
            (struct watched){ .k = k, .origin = origin };
    }
}

/* "FILE:LINE: [section] key = value" */
static void show_setting(struct text *t, const struct walk *w,
                         const struct watched *x)
{
    char value[KEY_PRINT_MAX], shown[TEXT_SHOW_MAX];
    config_value(value, sizeof value, &w->f->base, x->k);
    text_add(t, "%s: [%s] %s = %s", x->origin->text, x->k.section->name,
             x->k.key->name, text_show(shown, value));
}

static void tell_unread(struct walk *w, const struct watched *x)
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

static bool has_seeds(const struct sweep_file *f)
{
    bool has = false;
    for (idx i = 0; i < f->n_grid; i++)
        has |= sweep_axis_is_of_seeds(&f->axes[i]);
    return has;
}

static void judge_base(struct walk *w)
{
    char notes[CONFIG_NOTES_MAX];
    struct text t = { .at = notes, .cap_bytes = sizeof notes };
    text_add(&t, "%s", config_notes(w->f->origins));
    if (w->f->options.seeds && !has_seeds(w->f))
        text_add(&t,
                 "%ssweep.seeds = %td chooses among seeds, and no line of "
                 "[axes] varies them alone: all runs are taken",
                 t.n ? "\n" : "", w->f->options.seeds);
    for (idx i = 0; i < w->n_watched; i++) {
        const struct watched *x = &w->watched[i];
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

/* ---- claims ------------------------------------------------------------ */

/* A run with this configuration is there: which claims is it for? */
static void use_in_claims(struct walk *w, const struct config *c)
{
    for (idx i = 0; w->claims && i < w->f->n_claims; i++) {
        char shown[SHOWN_MAX];
        struct claim_use *use = &w->claims[i];
        if (claim_use_run(use, &w->f->claims[i], c) && !use->twice)
            use->twice =
                pool_text(&w->p->memory, show_choices(shown, w), SHOWN_MAX);
    }
}

static void check_claims(struct walk *w)
{
    size_t n = (size_t)w->f->n_claims;
    w->p->claims =
        w->claims ? pool_bytes(&w->p->memory, n * sizeof *w->p->claims) : NULL;
    for (idx i = 0; w->p->claims && i < w->f->n_claims; i++) {
        w->p->claims[i] = claim_use_seeds(&w->claims[i]);
        claim_use_check(&w->draft, &w->f->claims[i], &w->claims[i]);
    }
}

/* ---- the points -------------------------------------------------------- */

/* A point by its identity, for tsearch. */
struct known {
    char id[CONFIG_ID_MAX];
    idx point;
};

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->id, ((const struct known *)b)->id);
}

static void tell_twins(struct walk *w, const struct sweep_point *first)
{
    char one[SHOWN_MAX], text[3 * SHOWN_MAX];
    struct text t = { .at = text, .cap_bytes = sizeof text };
    text_add(&t, "%s is ", show_choices(one, w));
    for (idx i = 0; i < first->n_changes; i++)
        text_add(&t, "%s%s", i ? " " : "", first->changes[i]);
    if (w->p->n_duplicates++ == 0)
        w->p->twins = pool_text(&w->p->memory, text, sizeof text);
}

/* Keep what was chosen here, unless a point has this identity already. Memory
 * that runs out shows in the points' pool. */
static void add_point(struct walk *w, const char *id)
{
    struct pool *pool = &w->p->memory;
    char label[SWEEP_LABEL_MAX];
    struct known *own = pool_bytes(pool, sizeof *own), **node = NULL;
    if (own && GROW(w->p->points, w->p->n)) {
        *own = (struct known){ .point = w->p->n };
        strcpy(own->id, id);
        node = tsearch(own, &w->known, compare_ids);
    }
    pool->is_out_of_memory |= !node;
    if (node && *node != own)
        tell_twins(w, &w->p->points[(*node)->point]);
    if (!node || *node != own)
        return;
    struct sweep_point *point = &w->p->points[w->p->n++];
    sweep_label(label, sizeof label, w->choices, w->n_choices);
    *point = (struct sweep_point){
        .n_changes = w->n_choices,
        .changes = pool_bytes(pool, (size_t)w->n_choices * sizeof(char *)),
        .label = pool_text(pool, label, sizeof label),
        .hash = pool_text(pool, w->data.source.hash, HASH_HEX_MAX),
    };
    strcpy(point->id, id);
    for (idx i = 0; i < w->n_choices && point->changes; i++)
        point->changes[i] =
            pool_print(pool, "%s.%s=%s", w->choices[i].of.section->name,
                       w->choices[i].of.key->name, w->choices[i].value);
}

/* ---- assignments ------------------------------------------------------- */

/* Has the file, or an axis on the way here, a value of its own for it? */
static bool is_given(void *user, struct config_key k)
{
    const struct walk *w = user;
    return is_chosen(w, k) ||
           w->f->origins->origins[config_key_number(k.section, k.key)].is_given;
}

static void set(struct walk *w, struct config *c, struct config_key k,
                const char *value)
{
    BUG_ON(key_parse(k.key, (char *)c + k.section->offset, value, ERR_IGNORED));
    if (config_is_preset(k))
        config_follow_preset(c, is_given, w);
}

static bool has_enough(const struct walk *w)
{
    return w->code || w->draft.n_problems >= PROBLEMS_ENOUGH;
}

/* ---- walking ----------------------------------------------------------- */

static void meet(struct walk *w, const struct config *at)
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
        if (condition_holds(&w->f->excludes[i], condition_fits_config, &c)) {
            w->was_used[i] = true;
            w->p->n_excluded++;
            return;
        }
    if (w->is_later) {
        w->p->n_later++;
        return;
    }
    if (!drop_idle(w, &c))
        return;
    if (check_run(w, &c, &e)) {
        tell_unbuildable(w, e.code, e.text);
    } else {
        sweep_identity(id, &c);
        add_point(w, id);
        use_in_claims(w, &c);
    }
    w->code = pool_check(&w->p->memory, ERR_IGNORED);
}

/* Two axes of one key whose conditions both hold. */
static bool is_free(struct walk *w, const struct sweep_axis *a)
{
    for (idx i = 0; i < w->n_choices; i++)
        for (idx k = 0; k < a->n_keys; k++)
            if (w->choices[i].of.key == a->keys[k].key) {
                struct place at = { .file = a->file, .line = a->line };
                char shown[SHOWN_MAX];
                draft_problem(&w->draft, &at, ERR_CONFIG,
                              "[axes] %s: already set by line %td where %s: "
                              "give conditions that never hold together",
                              a->name, w->choices[i].axis->line,
                              show_choices(shown, w));
                w->code = ERR_CONFIG;
                return false;
            }
    return true;
}

/* A drawn value as text; six digits, so that the last bits of this machine's
 * exp do not count. KEEP WITH: tests/test_sweep_expand.c, which holds some. */
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
static const char **draw_row(const struct walk *w, const struct sweep_axis *a,
                             char number[KEY_PRINT_MAX], const char **one)
{
    char name[CONFIG_KEY_NAME_MAX];
    config_key_name(name, a->keys[0]);
    uint64_t seed = (uint64_t)w->f->seed ^ hash_bytes(name, strlen(name));
    struct rng rng = rng_open(seed, RNG_SWEEP, 0, (uint64_t)w->draw);
    if (a->draw == DRAW_CHOICE)
        return a->values + a->n_keys * rng_below(&rng, a->n_values);
    struct config scratch = { 0 };
    const struct config_key *of = &a->keys[0];
    char text[NUMBER_MAX], *options = (char *)&scratch + of->section->offset;
    draw_number(text, a, &rng);
    BUG_ON(key_parse(of->key, options, text,
                     ERR_IGNORED)); /* low, high are fine */
    key_print(of->key, options, number, KEY_PRINT_MAX);
    *one = number;
    return one;
}

static void step(struct walk *w, idx axis, const struct config *c);

/* Go on below with one row of an axis' values. */
static void take(struct walk *w, idx axis, const char **row,
                 const struct config *c)
{
    const struct sweep_axis *a = &w->f->axes[axis];
    struct config next = *c;
    for (idx k = 0; k < a->n_keys; k++) {
        set(w, &next, a->keys[k], row[k]);
        w->choices[w->n_choices++] =
            (struct sweep_choice){ a, a->keys[k], row[k] };
    }
    step(w, axis + 1, &next);
    w->n_choices -= a->n_keys;
}

static void step_random(struct walk *w, idx axis, const struct config *c)
{
    char number[KEY_PRINT_MAX];
    const char *one;
    take(w, axis, draw_row(w, &w->f->axes[axis], number, &one), c);
}

static void take_all(struct walk *w, idx axis, const struct config *c)
{
    const struct sweep_axis *a = &w->f->axes[axis];
    bool is_later = w->is_later;
    for (idx i = 0; i < a->n_values; i++) {
        w->is_later = is_later || i >= a->n_values - a->n_left_out;
        take(w, axis, a->values + i * a->n_keys, c);
    }
    w->is_later = is_later;
}

/* All that axes from this one on make of c. */
static void step(struct walk *w, idx axis, const struct config *c)
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
        meet(w, c);
    } else if (!condition_holds(&a->when, condition_fits_config, c)) {
        step(w, axis + 1, c);
    } else {
        w->was_there[axis] = true;
        if (!is_free(w, a))
            return;
        if (a->draw != DRAW_ALL)
            step_random(w, axis, c);
        else
            take_all(w, axis, c);
    }
}

/* ---- the whole --------------------------------------------------------- */

static void check_use(struct walk *w)
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
        draft_problem(&w->draft, &f->excluded_at, ERR_CONFIG,
                      "[exclude] leaves no run: all %td combinations are "
                      "excluded",
                      w->p->n_excluded);
    }
}

/* What the tree points to is the pool's. */
static void keep(void *known)
{
    (void)known;
}

int sweep_expand(struct sweep_points *p, const struct sweep_file *f,
                 struct err *e)
{
    struct walk *w = calloc(1, sizeof *w);
    *p = (struct sweep_points){ 0 };
    if (!w)
        return err_memory(e, NULL);
    w->p = p;
    w->f = f;
    w->draw = -1;
    watch_base(w);
    if (f->n_claims) /* no memory: the pool tells */
        w->claims =
            pool_bytes(&p->memory, (size_t)f->n_claims * sizeof *w->claims);
    step(w, 0, &f->base);
    if (w->draft.n_problems == 0)
        check_use(w);
    if (w->draft.n_problems == 0)
        check_claims(w);
    if (w->draft.n_problems == 0)
        judge_base(w);
    int rc = pool_check(&p->memory, e);
    if (rc == OK)
        rc = draft_close(&w->draft, e);
    tdestroy(w->known, keep);
    plan_data_release(&w->data);
    free(w);
    return rc;
}

void sweep_points_release(struct sweep_points *p)
{
    free(p->points);
    pool_release(&p->memory);
    *p = (struct sweep_points){ 0 };
}

void sweep_points_tell(FILE *out, const char *prefix,
                       const struct sweep_points *p)
{
    if (p->n_later)
        fprintf(out,
                "%s%td combinations are of seeds that sweep.seeds leaves for "
                "later: the same command with more of them, or with 0, goes on "
                "to those\n",
                prefix, p->n_later);
    if (p->n_duplicates)
        fprintf(out,
                "%s%td combinations equal another one and are not run again: "
                "%s\n",
                prefix, p->n_duplicates, p->twins);
    text_print_lines(out, prefix, p->notes);
    if (p->idle)
        fprintf(out, "%san exclusion excludes nothing: %s\n", prefix, p->idle);
}

int sweep_point_config(struct config *c, const struct sweep_file *f,
                       const struct sweep_point *point, struct err *e)
{
    *c = f->base;
    if (config_override(c, f->origins, point->changes, point->n_changes, 0,
                        NULL, e) ||
        run_data_path(c, f->dir, e))
        return e->code;
    key_copy_text(c->data.hash, point->hash);
    return OK;
}
