#include "optim/optim.h"

#include <fnmatch.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "optim/rotation.h"
#include "optim/schedule.h"

enum { STRETCH = 1 << 14, ALIGN_REALS = 64 / sizeof(real) };

/* What PARAM_STATE says it is. */
static const real STATE_RATE = (real)PARAM_STATE_RATE;

/* --- what is frozen ------------------------------------------------------- */

/* The pattern that begins at *at, which moves behind it; false: none. */
static bool next_pattern(char pattern[KEY_TEXT_MAX], const char **at)
{
    *at += strspn(*at, " ,");
    size_t n = strcspn(*at, " ,");
    snprintf(pattern, KEY_TEXT_MAX, "%.*s", (int)n, *at);
    *at += n;
    return n > 0;
}

static bool is_frozen(const struct optim_options *o, const struct param *p)
{
    char pattern[KEY_TEXT_MAX];
    for (const char *at = o->freeze; next_pattern(pattern, &at);)
        if (fnmatch(pattern, p->name, 0) == 0)
            return true;
    return false;
}

/* --- is it sound? --------------------------------------------------------- */

static bool decays(const struct optim_options *o, bool is_matrix)
{
    return o->weight_decay != 0 && (o->decay == DECAY_ALL || is_matrix);
}

/* Of the groups of which no condition of a key says whether a model has one. */
int optim_check_factors(const struct optim_options *o,
                        const struct param_table *t, struct err *e)
{
    static const enum param_group untold[] = { GROUP_BIASES, GROUP_ATTENTION };
    for (idx i = 0; i < COUNT_OF(untold); i++) {
        enum param_group group = untold[i];
        double lr = o->lr_group[group], decay = o->decay_group[group];
        bool is_there = false;
        for (idx k = 0; k < t->count; k++)
            is_there |= param_group(&t->rows[k]) == group &&
                        t->rows[k].role != PARAM_STATE;
        if (!is_there && (lr != 1 || (decay != 1 && decays(o, false))))
            return err_set(e, ERR_CONFIG,
                           "[optim] %s_%s = %g: this model has no tensor of "
                           "this group, so it does nothing: leave it at 1",
                           lr != 1 ? "lr" : "decay", param_group_name(group),
                           lr != 1 ? lr : decay);
    }
    return OK;
}

int optim_check(const struct optim_options *o, const struct param_table *t,
                struct err *e)
{
    char pattern[KEY_TEXT_MAX];
    for (const char *at = o->freeze; next_pattern(pattern, &at);) {
        idx n = 0;
        for (idx i = 0; i < t->count; i++)
            n += fnmatch(pattern, t->rows[i].name, 0) == 0;
        if (!n)
            return err_set(e, ERR_CONFIG,
                           "[optim] freeze: no tensor of this model is called "
                           "'%s': they have names as %s and %s",
                           pattern, t->rows[0].name,
                           t->rows[t->count - 1].name);
    }
    if (schedules[o->schedule]->needs_places && o->drop_at.n == 0)
        return err_set(e, ERR_CONFIG,
                       "[optim] drop_at: is empty, so schedule = %s drops the "
                       "learning rate nowhere: give steps, or another schedule",
                       schedule_name(o->schedule));
    return OK;
}

/* --- units ---------------------------------------------------------------- */

/* Who updates it. */
static const struct optimizer *kind_of(const struct optim_options *o,
                                       const struct param *p)
{
    const struct optimizer *k = optimizers[o->name];
    bool is_matrix = p->ndim == 2 && param_group(p) == GROUP_MATRICES;
    return k->is_for_matrices && !is_matrix ? optimizer_rest(o->rest) : k;
}

static idx parts_of(const struct optimizer *k, const struct param *p)
{
    return k->update || p->n_parts == 0 ? 1 : p->n_parts;
}

/* Part i of parts_of. */
static struct tensor tensor_of(const struct optimizer *k, const struct param *p,
                               idx i)
{
    struct tensor t = { .param = p,
                        .offset = p->offset,
                        .n = p->n,
                        .cols = p->shape[p->ndim - 1] };
    if (parts_of(k, p) > 1) {
        for (idx j = 0; j < i; j++)
            t.offset += p->parts[j].rows * t.cols;
        t.n = p->parts[i].rows * t.cols;
        t.part = p->parts[i].name;
    }
    t.rows = t.n / t.cols;
    return t;
}

/* Names and shapes of its states; returns how many. */
static idx shapes_of(struct state_shape list[OPTIM_STATES_MAX],
                     const struct optimizer *k, const struct tensor *t,
                     const struct optim_options *o)
{
    for (idx i = 0; i < k->n_slots; i++) {
        struct state_shape *x = &list[i];
        *x = (struct state_shape){ k->slot_names[i], 2, { t->rows, t->cols } };
        if (t->part)
            continue;
        x->ndim = t->param->ndim;
        memcpy(x->shape, t->param->shape, sizeof x->shape);
    }
    idx n = k->n_slots;
    if (k->more_states)
        n += k->more_states(list + n, t, o);
    BUG_ON(n > OPTIM_STATES_MAX);
    return n;
}

static idx count_of(const struct state_shape *x)
{
    idx n = 1;
    for (int i = 0; i < x->ndim; i++)
        n *= x->shape[i];
    return n;
}

/* Calls visit for each unit in order. */
typedef void visit_unit(void *user, const struct optimizer *k,
                        const struct tensor *t);
static void walk(const struct optim_options *o, const struct param_table *table,
                 visit_unit *visit, void *user)
{
    for (idx i = 0; i < table->count; i++) {
        const struct param *p = &table->rows[i];
        const struct optimizer *k = kind_of(o, p);
        for (idx j = 0; j < parts_of(k, p); j++) {
            struct tensor t = tensor_of(k, p, j);
            visit(user, k, &t);
        }
    }
}

struct numbers {
    const struct optim_options *o;
    idx n;
};

static void count_numbers(void *user, const struct optimizer *k,
                          const struct tensor *t)
{
    struct numbers *x = user;
    struct state_shape list[OPTIM_STATES_MAX];
    idx n = shapes_of(list, k, t, x->o);
    for (idx i = 0; i < n; i++)
        x->n += count_of(&list[i]);
}

idx optim_state_numbers(const struct optim_options *o,
                        const struct param_table *t)
{
    struct numbers x = { .o = o };
    walk(o, t, count_numbers, &x);
    return x.n;
}

/* --- plan ----------------------------------------------------------------- */

/* Sizes are few: the width of a model, its multiples and parts. */
static struct optim_rotation *rotation_of(struct optim *s, idx n)
{
    idx i = 0;
    while (i < s->n_rotations && s->rotations[i].n != n)
        i++;
    BUG_ON(i == OPTIM_SIZES_MAX);
    s->rotations[i].n = n;
    s->n_rotations = idx_max(s->n_rotations, i + 1);
    return &s->rotations[i];
}

static void measure(void *user, const struct optimizer *k,
                    const struct tensor *t)
{
    struct optim *s = user;
    struct state_shape list[OPTIM_STATES_MAX];
    idx sizes[OPTIM_ROTATIONS_MAX] = { 0 };
    s->n_units++;
    s->n_states += shapes_of(list, k, t, s->options);
    s->n_stretches += idx_ceil_div(t->n, STRETCH);
    s->n_wholes += !k->update;
    if (!k->update)
        s->whole_n = idx_max(s->whole_n, t->n);
    if (k->scratch)
        s->scratch_n = idx_max(s->scratch_n, k->scratch(t, s->options));
    if (k->rotations)
        k->rotations(sizes, t);
    for (idx i = 0; i < OPTIM_ROTATIONS_MAX; i++)
        if (sizes[i])
            rotation_of(s, sizes[i]);
}

/* Where the next of each list goes. */
struct placing {
    struct optim *s;
    struct arena *arena;
    idx unit, state, stretch, whole;
    idx before, n; /* numbers of the units before this one; of all */
};

/* The process whose part holds the middle of a unit. */
static int owner_of(const struct placing *x, const struct tensor *t)
{
    double middle = (double)x->before + (double)t->n / 2;
    return (int)(middle * x->s->n_parts / (double)x->n);
}

static void place_state(struct optim_state *to, const struct state_shape *x,
                        const struct tensor *t, real *values)
{
    *to = (struct optim_state){
        .slot = x->name, .ndim = x->ndim, .n = count_of(x), .values = values
    };
    memcpy(to->shape, x->shape, sizeof to->shape);
    int n = snprintf(to->name, sizeof to->name, "%s%s%s", t->param->name,
                     t->part ? "." : "", t->part ? t->part : "");
    BUG_ON(n >= (int)sizeof to->name);
}

static void fill_unit(struct placing *x, struct optim_unit *u,
                      const struct optimizer *k, const struct tensor *t)
{
    const struct optim_options *o = x->s->options;
    const struct param *p = t->param;
    enum param_group group = param_group(p);
    idx sizes[OPTIM_ROTATIONS_MAX] = { 0 };
    *u = (struct optim_unit){
        .tensor = *t,
        .kind = k,
        .lr_factor = o->lr_group[group],
        .decay = decays(o, param_is_matrix(p))
                     ? o->weight_decay * o->decay_group[group]
                     : 0,
        .is_state = p->role == PARAM_STATE,
    };
    u->is_fixed = is_frozen(o, p) || (u->lr_factor == 0 && !u->is_state);
    if (k->rotations)
        k->rotations(sizes, t);
    for (idx i = 0; i < OPTIM_ROTATIONS_MAX; i++)
        if (sizes[i])
            u->rotations[i] = rotation_of(x->s, sizes[i])->q;
    u->first = x->stretch;
    u->n_stretches = idx_ceil_div(t->n, STRETCH);
    for (idx from = 0; from < t->n; from += STRETCH)
        x->s->stretches[x->stretch++] =
            (struct stretch){ u, from, idx_min(STRETCH, t->n - from) };
    if (k->update)
        return;
    idx at = x->whole++; /* behind all that are no smaller */
    for (; at > 0 && x->s->wholes[at - 1]->tensor.n < t->n; at--)
        x->s->wholes[at] = x->s->wholes[at - 1];
    x->s->wholes[at] = u;
}

static void place(void *user, const struct optimizer *k, const struct tensor *t)
{
    struct placing *x = user;
    struct optim *s = x->s;
    struct state_shape list[OPTIM_STATES_MAX];
    struct optim_unit *u = s->units ? &s->units[x->unit++] : NULL;
    idx n = shapes_of(list, k, t, s->options);
    int owner = owner_of(x, t);
    x->before += t->n;
    if (u)
        fill_unit(x, u, k, t);
    if (u)
        u->owner = owner;
    for (idx i = 0; i < n; i++) {
        bool is_here = owner == s->part;
        real *values =
            is_here ? arena_reals(x->arena, count_of(&list[i])) : NULL;
        if (!u)
            continue;
        place_state(&s->states[x->state + i], &list[i], t, values);
        s->states[x->state + i].owner = owner;
        u->values[i] = values;
    }
    if (u) {
        u->n_states = n;
        u->states = s->states + x->state;
        x->state += n;
    }
}

void optim_plan(struct optim *s, struct arena *arena,
                const struct optim_options *o, const struct param_table *t,
                int threads)
{
    optim_plan_part(s, arena, o, t, threads, 0, 1);
}

idx optim_cut(const struct optim *s, int i)
{
    for (idx k = 0; k < s->n_units; k++)
        if (s->units[k].owner >= i)
            return s->units[k].tensor.offset;
    return s->total;
}

idx optim_cut_stretches(const struct optim *s, int i)
{
    for (idx k = 0; k < s->n_units; k++)
        if (s->units[k].owner >= i)
            return s->units[k].first;
    return s->n_stretches;
}

void optim_plan_part(struct optim *s, struct arena *arena,
                     const struct optim_options *o, const struct param_table *t,
                     int threads, int part, int n_parts)
{
    *s = (struct optim){ .options = o,
                         .kind = optimizers[o->name],
                         .gemm = &gemm_openblas,
                         .total = t->total,
                         .threads = threads,
                         .part = part,
                         .n_parts = n_parts };
    struct placing x = { .s = s, .arena = arena, .n = t->n };
    walk(o, t, measure, s);
    s->scratch_n = idx_ceil_div(s->scratch_n, ALIGN_REALS) * ALIGN_REALS;
    s->units = arena_bytes(arena, (size_t)s->n_units * sizeof *s->units);
    s->states = arena_bytes(arena, (size_t)s->n_states * sizeof *s->states);
    s->stretches =
        arena_bytes(arena, (size_t)s->n_stretches * sizeof *s->stretches);
    s->wholes = arena_bytes(arena, (size_t)s->n_wholes * sizeof *s->wholes);
    s->partial = arena_doubles(arena, s->n_stretches);
    s->scratch = arena_reals(arena, s->scratch_n * threads);
    for (idx i = 0; i < s->n_rotations; i++) {
        idx n = s->rotations[i].n;
        s->rotations[i].q = arena_reals(arena, n * n);
        if (s->rotations[i].q)
            rotation_fill(s->rotations[i].q, n);
    }
    if (s->kind->has_eval)
        s->trained = arena_reals(arena, t->total);
    walk(o, t, place, &x);
}

/* Does another process update it? */
static bool is_away(const struct optim *s, const struct optim_unit *u)
{
    return u->owner != s->part;
}

/* --- where gradients are taken -------------------------------------------- */

static void look_at(const struct optim *s, const struct optim_unit *u,
                    const real *w)
{
    const struct tensor *t = &u->tensor;
    if (is_away(s, u))
        return; /* it comes from there */
    if (u->kind->look && !u->is_state)
        u->kind->look(s->trained + t->offset, w + t->offset, u->values, t->n,
                      s->options);
    else
        memcpy(s->trained + t->offset, w + t->offset, (size_t)t->n * sizeof *w);
}

void optim_look(const struct optim *s, const real *w)
{
    for (idx i = 0; s->trained && i < s->n_units; i++)
        look_at(s, &s->units[i], w);
}

const real *optim_trained(const struct optim *s, const real *w)
{
    return s->trained ? s->trained : w;
}

/* --- norm ----------------------------------------------------------------- */

static double norm_part(const struct optim *s, const struct stretch *x,
                        const real *dw)
{
    const struct optim_unit *u = x->unit;
    return u->is_state || u->is_fixed || is_away(s, u)
               ? 0
               : sum_squares(dw + u->tensor.offset + x->from, x->n);
}

void optim_norm_parts(const struct optim *s, const real *dw)
{
#pragma omp parallel for schedule(static) num_threads(s->threads)
    for (idx i = 0; i < s->n_stretches; i++)
        s->partial[i] = norm_part(s, &s->stretches[i], dw);
}

double optim_norm_of_parts(const struct optim *s)
{
    double sum = 0;
    for (idx i = 0; i < s->n_stretches; i++)
        sum += s->partial[i];
    return sqrt(sum);
}

double optim_grad_norm(const struct optim *s, const real *dw)
{
    optim_norm_parts(s, dw);
    return optim_norm_of_parts(s);
}

/* --- step ----------------------------------------------------------------- */

struct step {
    const struct optim *s;
    real *w, *dw; /* (table total) */
    idx step;
    double lr, scale;
    bool is_watched;
};

static struct update update_of(const struct step *x, const struct optim_unit *u)
{
    const struct optim *s = x->s;
    const struct optim_options *o = s->options;
    double lr = x->lr * u->lr_factor;
    double decay_lr = o->decay_scheduled ? lr : o->lr * u->lr_factor;
    struct update y = {
        .options = o,
        .step = x->step,
        .lr = lr,
        .decay = u->decay,
        .shrink = decay_lr * u->decay,
        .grad_scale = (real)x->scale,
        .trained = s->trained ? s->trained + u->tensor.offset : NULL,
        .gemm = s->gemm,
        .tensor = &u->tensor,
    };
    memcpy(y.rotations, u->rotations, sizeof y.rotations);
    return y;
}

/* A state's gradient is what it follows, the mean over the batch. */
static void follow(real *w, const real *target, real *trained, idx n)
{
    for (idx i = 0; i < n; i++)
        w[i] += STATE_RATE * (target[i] - w[i]);
    if (trained)
        memcpy(trained, w, (size_t)n * sizeof *w);
}

/* Keep weights (n) that are about to change. */
static const real *keep_before(const struct step *x, const real *w, idx n)
{
    const struct optim_watch *watch = &x->s->watch;
    if (!x->is_watched)
        return NULL;
    real *before = watch->before + watch->before_n * omp_get_thread_num();
    memcpy(before, w, (size_t)n * sizeof *w);
    return before;
}

/* Stretch i, whose weights were `before`. */
static void see_change(const struct step *x, idx i, const real *before)
{
    const struct optim_watch *watch = &x->s->watch;
    const struct stretch *part = &x->s->stretches[i];
    const struct optim_unit *unit = part->unit;
    const real *w = x->w + unit->tensor.offset + part->from;
    watch->change[i] = watch->weights[i] = 0;
    if (unit->is_state)
        return;
    if (unit->is_fixed)
        watch->weights[i] = sum_squares(w, part->n);
    else
        sum_update(&watch->change[i], &watch->weights[i], w, before, part->n);
}

/* States that are as large as the tensor go along with the stretch. */
static void step_stretch(const struct step *x, const struct stretch *part)
{
    const struct optim_unit *unit = part->unit;
    const struct optimizer *k = unit->kind;
    struct update u = update_of(x, unit);
    real *w = x->w + unit->tensor.offset + part->from;
    real *g = x->dw + unit->tensor.offset + part->from;
    if (is_away(x->s, unit)) { /* it has no states here */
        memset(g, 0, (size_t)part->n * sizeof *g);
        return;
    }
    real *state[OPTIM_STATES_MAX] = { NULL };
    for (idx i = 0; i < unit->n_states; i++)
        state[i] = unit->values[i] + (i < k->n_slots ? part->from : 0);
    if (u.trained)
        u.trained += part->from;
    const real *before = keep_before(x, w, part->n);
    if (unit->is_fixed)
        ;
    else if (unit->is_state)
        follow(w, g, u.trained, part->n);
    else
        k->update(w, g, state, part->n, &u);
    if (before)
        see_change(x, part - x->s->stretches, before);
    memset(g, 0, (size_t)part->n * sizeof *g);
}

static void step_whole(const struct step *x, const struct optim_unit *unit)
{
    const struct optim *s = x->s;
    const struct tensor *t = &unit->tensor;
    struct update u = update_of(x, unit);
    if (s->scratch)
        u.scratch = s->scratch + s->scratch_n * omp_get_thread_num();
    const real *before = keep_before(x, x->w + t->offset, t->n);
    if (unit->is_fixed || is_away(s, unit))
        ;
    else if (unit->is_state)
        follow(x->w + t->offset, x->dw + t->offset, NULL, t->n);
    else
        unit->kind->update_tensor(x->w + t->offset, x->dw + t->offset,
                                  unit->values, &u);
    for (idx i = 0; before && i < unit->n_stretches; i++)
        see_change(x, unit->first + i, before + i * STRETCH);
    memset(x->dw + t->offset, 0, (size_t)t->n * sizeof *x->dw);
}

static void begin(const struct step *x)
{
    for (idx i = 0; i < x->s->n_units; i++) {
        const struct optim_unit *unit = &x->s->units[i];
        struct update u = update_of(x, unit);
        if (unit->kind->begin && !unit->is_fixed && !unit->is_state &&
            !is_away(x->s, unit))
            unit->kind->begin(unit->values, &u);
    }
}

static void step_all(struct step x, double grad_norm)
{
    const struct optim *s = x.s;
    x.scale = s->options->clip > 0 && grad_norm > s->options->clip
                  ? s->options->clip / grad_norm
                  : 1;
    begin(&x);
#pragma omp parallel num_threads(s->threads)
    {
#pragma omp for schedule(dynamic, 1) nowait
        for (idx i = 0; i < s->n_wholes; i++)
            step_whole(&x, s->wholes[i]);
#pragma omp for schedule(dynamic, 1)
        for (idx i = 0; i < s->n_stretches; i++)
            if (s->stretches[i].unit->kind->update)
                step_stretch(&x, &s->stretches[i]);
    }
}

void optim_step(const struct optim *s, real *w, real *dw, idx step, double lr,
                double grad_norm)
{
    step_all((struct step){ s, w, dw, .step = step, .lr = lr }, grad_norm);
}

/* --- how large it was ----------------------------------------------------- */

void optim_plan_watch(struct optim *s, struct arena *arena)
{
    struct optim_watch *watch = &s->watch;
    idx n = s->n_stretches;
    watch->change = arena_doubles(arena, n);
    watch->weights = arena_doubles(arena, n);
    watch->before_n = idx_max(STRETCH, s->whole_n);
    watch->before = arena_reals(arena, watch->before_n * s->threads);
}

static void add_unit(struct update_sums *sums, const struct optim *s,
                     const struct optim_unit *u)
{
    for (idx i = u->first; i < u->first + u->n_stretches; i++) {
        sums->gradient += s->partial[i];
        sums->change += s->watch.change[i];
        sums->weights += s->watch.weights[i];
    }
}

void optim_step_watched(const struct optim *s, struct update_sums *sums,
                        const struct param_table *t, real *w, real *dw,
                        idx step, double lr, double grad_norm)
{
    BUG_ON(!s->watch.before);
    step_all((struct step){ s, w, dw, step, lr, .is_watched = true },
             grad_norm);
    optim_sums(s, sums, t);
}

void optim_sums(const struct optim *s, struct update_sums *sums,
                const struct param_table *t)
{
    for (idx i = 0; i < t->count; i++)
        sums[i] = (struct update_sums){ 0 };
    for (idx i = 0; i < s->n_units; i++)
        add_unit(&sums[s->units[i].tensor.param - t->rows], s, &s->units[i]);
}
