/* Every optimizer, clipping, decay and the means that follow, against plain
 * loops in double. */
#include "gradcheck.h"
#include "harness.h"
#include "kern/gemm.h"
#include "optim/optim.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A table with a matrix larger than one stretch, ragged ends and padding, and
 * one tensor of each kind that decay may treat differently. */
struct bench {
    struct optim_options o;
    struct param_table table;
    struct optim s;
    struct arena arena;
    real *w, *dw;        /* (table.total) */
    double *m, *v, *ref; /* the same in double: moments and weights */
};

static int optimizer_index(const char *name)
{
    for (int i = 0; optimizer_name(i); i++)
        if (strcmp(optimizer_name(i), name) == 0)
            return i;
    fail_msg("no optimizer %s", name);
    return -1;
}

static void open_bench(struct bench *b, const struct optim_options *o,
                       int threads)
{
    struct arena measure = { 0 };
    struct err e = { 0 };
    *b = (struct bench){ .o = *o };
    param_declare(&b->table, PARAM_LINEAR, 1, 2, (idx[]){ 131, 127 }, "a");
    param_declare(&b->table, PARAM_BIAS, 1, 1, (idx[]){ 7 }, "b");
    param_declare(&b->table, PARAM_EMBEDDING, 1, 2, (idx[]){ 5, 3 }, "c");
    param_declare(&b->table, PARAM_GAIN, 1, 1, (idx[]){ 33 }, "d");
    param_declare(&b->table, PARAM_COLUMN, 1, 2, (idx[]){ 2, 8 }, "e");
    param_declare(&b->table, PARAM_STATE, 1, 1, (idx[]){ 19 }, "f");
    size_t n = (size_t)b->table.total;
    optim_plan(&b->s, &measure, &b->o, &b->table, threads);
    assert_int_equal(arena_open(&b->arena, measure.used_bytes, &e), OK);
    optim_plan(&b->s, &b->arena, &b->o, &b->table, threads);
    b->w = calloc(n, sizeof *b->w);
    b->dw = calloc(n, sizeof *b->dw);
    b->m = calloc(n, sizeof *b->m);
    b->v = calloc(n, sizeof *b->v);
    b->ref = calloc(n, sizeof *b->ref);
    for (idx i = 0; i < b->table.count; i++) {
        const struct param *p = &b->table.rows[i];
        fill_normal(b->w + p->offset, p->n, 1, (uint64_t)i);
        for (idx j = p->offset; j < p->offset + p->n; j++)
            b->ref[j] = (double)b->w[j];
    }
}

/* The same, to be watched. */
static void open_watched(struct bench *b, const struct optim_options *o,
                         int threads)
{
    struct arena measure = { 0 };
    struct err e = { 0 };
    open_bench(b, o, threads);
    arena_release(&b->arena);
    optim_plan(&b->s, &measure, &b->o, &b->table, threads);
    optim_plan_watch(&b->s, &measure);
    assert_int_equal(arena_open(&b->arena, measure.used_bytes, &e), OK);
    optim_plan(&b->s, &b->arena, &b->o, &b->table, threads);
    optim_plan_watch(&b->s, &b->arena);
    assert_int_equal(b->arena.used_bytes, measure.used_bytes);
}

/* The same, of process `part` of n. */
static void open_part(struct bench *b, const struct optim_options *o, int part,
                      int n)
{
    struct arena measure = { 0 };
    struct err e = { 0 };
    open_bench(b, o, 2);
    arena_release(&b->arena);
    optim_plan_part(&b->s, &measure, &b->o, &b->table, 2, part, n);
    assert_int_equal(arena_open(&b->arena, measure.used_bytes, &e), OK);
    optim_plan_part(&b->s, &b->arena, &b->o, &b->table, 2, part, n);
}

static void close_bench(struct bench *b)
{
    free(b->w), free(b->dw), free(b->m), free(b->v), free(b->ref);
    param_table_release(&b->table);
    arena_release(&b->arena);
}

static void fill_gradients(struct bench *b, idx step, double std)
{
    for (idx i = 0; i < b->table.count; i++) {
        const struct param *p = &b->table.rows[i];
        fill_normal(b->dw + p->offset, p->n, std, (uint64_t)(100 * step + i));
    }
}

static double naive_norm(const struct bench *b)
{
    double sum = 0;
    for (idx k = 0; k < b->table.count; k++) {
        const struct param *p = &b->table.rows[k];
        for (idx i = p->offset; i < p->offset + p->n; i++)
            if (p->role != PARAM_STATE)
                sum += (double)b->dw[i] * (double)b->dw[i];
    }
    return sqrt(sum);
}

/* One number's update by the papers' formulas; g is already clipped, and the
 * weight has decayed. */

static void naive_sgd(struct bench *b, idx i, double g, double step, double lr)
{
    (void)step;
    b->m[i] = b->o.momentum * b->m[i] + g;
    b->ref[i] -= lr * (b->o.nesterov ? g + b->o.momentum * b->m[i] : b->m[i]);
}

static void naive_lion(struct bench *b, idx i, double g, double step, double lr)
{
    const struct optim_options *o = &b->o;
    double c = o->beta1 * b->m[i] + (1 - o->beta1) * g;
    (void)step;
    b->ref[i] -= c > 0 ? lr : c < 0 ? -lr : 0;
    b->m[i] = o->beta2 * b->m[i] + (1 - o->beta2) * g;
}

static void naive_signum(struct bench *b, idx i, double g, double step,
                         double lr)
{
    double momentum = b->o.momentum;
    (void)step;
    b->m[i] = momentum * b->m[i] + (1 - momentum) * g;
    b->ref[i] -= b->m[i] > 0 ? lr : b->m[i] < 0 ? -lr : 0;
}

static void naive_adamw(struct bench *b, idx i, double g, double step,
                        double lr)
{
    const struct optim_options *o = &b->o;
    b->m[i] = o->beta1 * b->m[i] + (1 - o->beta1) * g;
    b->v[i] = o->beta2 * b->v[i] + (1 - o->beta2) * g * g;
    double m = b->m[i] / (1 - pow(o->beta1, step));
    double v = b->v[i] / (1 - pow(o->beta2, step));
    b->ref[i] -= lr * m / (sqrt(v) + o->eps);
}

/* A row of the program's table needs one here, of its own. */
static const struct naive {
    const char *name;
    void (*update)(struct bench *b, idx i, double g, double step, double lr);
} naives[] = {
    /* clang-format off */
    { "adamw", naive_adamw },
    { "adam", naive_adamw },
    { "sgd", naive_sgd },
    { "lion", naive_lion },
    { "signum", naive_signum },
    /* clang-format on */
};

static void naive_update(struct bench *b, idx i, double g, double step,
                         double lr)
{
    const char *name = optimizer_name(b->o.name);
    for (idx k = 0; k < COUNT_OF(naives); k++)
        if (strcmp(naives[k].name, name) == 0) {
            naives[k].update(b, i, g, step, lr);
            return;
        }
    fail_msg("%s: a new optimizer, give it its formula here", name);
}

/* A mean that is followed: a tenth of the way, whatever the learning rate, no
 * decay, no clipping. */
static void naive_follow(struct bench *b, const struct param *p)
{
    for (idx i = p->offset; i < p->offset + p->n; i++)
        b->ref[i] = 0.9 * b->ref[i] + 0.1 * (double)b->dw[i];
}

static void naive_step(struct bench *b, idx step, double lr)
{
    double norm = naive_norm(b), scale = 1;
    if (b->o.clip > 0 && norm > b->o.clip)
        scale = b->o.clip / norm;
    for (idx k = 0; k < b->table.count; k++) {
        const struct param *p = &b->table.rows[k];
        bool decays = b->o.decay == DECAY_ALL || p->role == PARAM_LINEAR ||
                      p->role == PARAM_EMBEDDING;
        if (p->role == PARAM_STATE) {
            naive_follow(b, p);
            continue;
        }
        for (idx i = p->offset; i < p->offset + p->n; i++) {
            double g = scale * (double)b->dw[i];
            double decay = decays ? b->o.weight_decay : 0;
            if (b->o.name == optimizer_index("adam"))
                g += decay * b->ref[i];
            else
                b->ref[i] *= 1 - lr * decay;
            naive_update(b, i, g, (double)step, lr);
        }
    }
}

static struct optim_options options_of(const char *name)
{
    struct optim_options o = { 0 };
    key_defaults(optim_keys, n_optim_keys, &o);
    o.name = optimizer_index(name);
    o.weight_decay = 0;
    o.clip = 0;
    return o;
}

static void check(const struct optim_options *o, double std)
{
    struct bench b;
    open_bench(&b, o, 2);
    for (idx step = 1; step <= 5; step++) {
        double lr = 0.01 * (double)step;
        fill_gradients(&b, step, std);
        naive_step(&b, step, lr);
        optim_step(&b.s, b.w, b.dw, step, lr, optim_grad_norm(&b.s, b.dw));
        for (idx i = 0; i < b.table.total; i++) {
            /* of steps whose rates add up to 0.15 */
            assert_near((double)b.w[i], b.ref[i], 3e-6, 0.15);
            assert_true(b.dw[i] == 0);
        }
    }
    close_bench(&b);
}

/* Gradients of two sizes: the norm of 16,708 numbers N(0,1) is about 129. */
static void check_optimizer(const char *name)
{
    for (int decay = DECAY_ALL; decay <= DECAY_MATRICES; decay++) {
        struct optim_options o = options_of(name);
        o.decay = decay;
        check(&o, 0.01);
        o.weight_decay = 0.5;
        check(&o, 0.01);
        o.clip = 1; /* reached */
        check(&o, 0.01);
        check(&o, 100);
        o.clip = 1000; /* not reached */
        check(&o, 0.01);
    }
}

static void test_optim__every_optimizer_matches_its_formula(void **state)
{
    (void)state;
    for (int i = 0; optimizer_name(i); i++)
        if (optimizers[i]->update && !optimizers[i]->has_eval)
            check_optimizer(optimizer_name(i));
}

static void test_sgd__looks_ahead_with_nesterov(void **state)
{
    (void)state;
    struct optim_options o = options_of("sgd");
    o.nesterov = true;
    o.weight_decay = 0.5;
    check(&o, 0.01);
}

/* --- what learns ---------------------------------------------------------- */

/* One step with gradients of 1 and every group at its own rate and decay. */
static void test_optim__groups_have_factors_of_their_own(void **state)
{
    (void)state;
    struct optim_options o = options_of("sgd");
    struct bench b;
    o.momentum = 0;
    o.weight_decay = 0.5;
    for (int i = 0; i < PARAM_GROUPS; i++) {
        o.lr_group[i] = 1 + i;
        o.decay_group[i] = 0.1 * i;
    }
    open_bench(&b, &o, 2);
    for (idx i = 0; i < b.table.total; i++)
        b.dw[i] = 1;
    optim_step(&b.s, b.w, b.dw, 1, 0.125, 0);
    for (idx k = 0; k < b.table.count; k++) {
        const struct param *p = &b.table.rows[k];
        int group = (int)param_group(p);
        double lr = 0.125 * (1 + group), decay = 0.5 * 0.1 * group;
        for (idx i = p->offset; i < p->offset + p->n; i++)
            if (p->role != PARAM_STATE)
                assert_near((double)b.w[i], b.ref[i] * (1 - lr * decay) - lr,
                            1e-6, 1);
    }
    close_bench(&b);
}

static bool is_same(const struct bench *b, const struct param *p)
{
    for (idx i = p->offset; i < p->offset + p->n; i++)
        if ((double)b->w[i] != b->ref[i] || b->dw[i] != 0)
            return false;
    return true;
}

/* Neither rate nor decay, momentum or norm of the gradient sees them. */
static void check_still(const struct optim_options *o, const char *still)
{
    struct bench b;
    open_bench(&b, o, 2);
    for (idx step = 1; step <= 3; step++) {
        fill_gradients(&b, step, 1);
        double norm = optim_grad_norm(&b.s, b.dw);
        for (idx k = 0; k < b.table.count; k++)
            if (strchr(still, b.table.rows[k].name[0]))
                memset(b.dw + b.table.rows[k].offset, 0,
                       (size_t)b.table.rows[k].n * sizeof *b.dw);
        double of_rest = naive_norm(&b);
        assert_near(norm, of_rest, 1e-12, of_rest);
        fill_gradients(&b, step, 1);
        optim_step(&b.s, b.w, b.dw, step, 0.1, norm);
    }
    for (idx k = 0; k < b.table.count; k++)
        assert_int_equal(is_same(&b, &b.table.rows[k]),
                         strchr(still, b.table.rows[k].name[0]) != NULL);
    for (idx i = 0; i < b.s.n_states; i++) {
        const struct optim_state *x = &b.s.states[i];
        bool is_zero = true;
        for (idx j = 0; j < x->n; j++)
            is_zero = is_zero && x->values[j] == 0;
        assert_true(is_zero || !strchr(still, x->name[0]));
    }
    close_bench(&b);
}

static void test_optim__what_is_frozen_keeps_its_bits(void **state)
{
    (void)state;
    for (int name = 0; optimizer_name(name); name++) {
        struct optim_options o = options_of(optimizer_name(name));
        o.weight_decay = 0.5;
        o.clip = 1;
        o.lr_group[GROUP_MATRICES] = o.lr_group[GROUP_NORMS] = 0;
        check_still(&o, "ad");
        strcpy(o.freeze, " [bf] , ?");
        check_still(&o, "abcdef");
        o = options_of(optimizer_name(name));
        strcpy(o.freeze, "c e");
        check_still(&o, "ce");
    }
}

static void test_optim__a_pattern_that_names_nothing_is_refused(void **state)
{
    (void)state;
    struct optim_options o = options_of("adamw");
    struct bench b;
    struct err e = { 0 };
    open_bench(&b, &o, 1);
    strcpy(o.freeze, "a, [b-d]");
    assert_int_equal(optim_check(&o, &b.table, &e), OK);
    strcpy(o.freeze, "a block.*");
    assert_int_equal(optim_check(&o, &b.table, &e), ERR_CONFIG);
    assert_string_equal(e.text,
                        "[optim] freeze: no tensor of this model is called "
                        "'block.*': they have names as a and f");
    close_bench(&b);
}

/* Biases of linear layers, and what attention owns; whether a model has the
 * other groups, conditions of their keys say. */
static void test_optim__a_factor_on_no_tensor_is_refused(void **state)
{
    (void)state;
    struct optim_options o = options_of("adamw");
    struct bench b;
    struct err e = { 0 };
    o.weight_decay = 0.1;
    open_bench(&b, &o, 1);
    o.lr_group[GROUP_BIASES] = o.decay_group[GROUP_ATTENTION] = 2;
    assert_int_equal(optim_check_factors(&o, &b.table, &e), OK);
    b.table.rows[1].role = PARAM_SHIFT; /* the only bias */
    assert_int_equal(optim_check_factors(&o, &b.table, &e), ERR_CONFIG);
    assert_string_equal(e.text,
                        "[optim] lr_biases = 2: this model has no tensor of "
                        "this group, so it does nothing: leave it at 1");
    o.lr_group[GROUP_BIASES] = 1;
    b.table.rows[4].role = PARAM_STATE; /* which no rate moves */
    e = (struct err){ 0 };
    assert_int_equal(optim_check_factors(&o, &b.table, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "[optim] decay_attention = 2: "));
    o.weight_decay = 0; /* nothing reads it, which its condition says */
    assert_int_equal(optim_check_factors(&o, &b.table, ERR_IGNORED), OK);
    o.weight_decay = 0.1;
    o.decay = DECAY_MATRICES;
    assert_int_equal(optim_check_factors(&o, &b.table, ERR_IGNORED), OK);
    close_bench(&b);
}

/* With decay_scheduled = no a rate of 0 shrinks as the peak does. */
static void test_optim__decay_may_stay_when_the_rate_falls(void **state)
{
    (void)state;
    struct optim_options o = options_of("sgd");
    o.weight_decay = 0.5;
    o.lr = 0.25;
    for (int scheduled = 0; scheduled < 2; scheduled++) {
        struct bench b;
        o.decay_scheduled = scheduled;
        open_bench(&b, &o, 1);
        optim_step(&b.s, b.w, b.dw, 1, 0, 0);
        assert_near((double)b.w[0], b.ref[0] * (scheduled ? 1 : 0.875), 1e-6,
                    1);
        close_bench(&b);
    }
}

/* What has no gradient stays where it is; a sign of nothing is none. */
static void test_optim__no_gradient_moves_nothing(void **state)
{
    (void)state;
    for (int name = 0; optimizer_name(name); name++) {
        struct optim_options o = options_of(optimizer_name(name));
        struct bench b;
        open_bench(&b, &o, 1);
        for (idx step = 1; step <= 2; step++)
            optim_step(&b.s, b.w, b.dw, step, 0.1, 0);
        for (idx k = 0; k < b.table.count; k++)
            if (b.table.rows[k].role != PARAM_STATE)
                assert_true(is_same(&b, &b.table.rows[k]));
        close_bench(&b);
    }
}

/* --- adamw ---------------------------------------------------------------- */

static void test_adamw__adds_eps_beside_the_root(void **state)
{
    (void)state;
    struct optim_options o = options_of("adamw");
    o.eps = 0.1; /* beside the root, not below it */
    check(&o, 0.1);
}

/* Whatever the gradients' size, the first step of Adam is lr per number. */
static void test_adamw__first_step_is_the_learning_rate(void **state)
{
    (void)state;
    for (double std = 1e-4; std < 1e4; std *= 100) {
        struct optim_options o = options_of("adamw");
        struct bench b;
        open_bench(&b, &o, 1);
        fill_gradients(&b, 1, std);
        double sign = b.dw[0] > 0 ? 1 : -1;
        optim_step(&b.s, b.w, b.dw, 1, 0.5, optim_grad_norm(&b.s, b.dw));
        assert_close((double)b.w[0], b.ref[0] - sign * 0.5, 1e-3);
        close_bench(&b);
    }
}

static void test_optim__norm_is_over_all_gradients(void **state)
{
    (void)state;
    struct optim_options o = options_of("sgd");
    struct bench b;
    open_bench(&b, &o, 3);
    assert_true(optim_grad_norm(&b.s, b.dw) == 0);
    for (double std = 1e-8; std < 1e10; std *= 1e4) {
        fill_gradients(&b, 1, std);
        assert_close(optim_grad_norm(&b.s, b.dw) / naive_norm(&b), 1, 1e-12);
    }
    for (idx i = 0; i < b.table.count; i++) { /* a number at each end counts */
        const struct param *p = &b.table.rows[i];
        memset(b.dw, 0, (size_t)b.table.total * sizeof *b.dw);
        b.dw[p->offset] = 3;
        b.dw[p->offset + p->n - 1] = -4; /* but what follows has no gradient */
        assert_close(optim_grad_norm(&b.s, b.dw),
                     p->role == PARAM_STATE ? 0 : 5, 1e-12);
    }
    b.dw[5] = (real)NAN;
    assert_true(isnan(optim_grad_norm(&b.s, b.dw)));
    b.dw[5] = INFINITY;
    assert_true(isinf(optim_grad_norm(&b.s, b.dw)));
    close_bench(&b);
}

static void test_optim__clipped_step_has_the_clip_as_norm(void **state)
{
    (void)state;
    struct optim_options o = options_of("sgd");
    struct bench b;
    double sum = 0;
    o.momentum = 0;
    o.clip = 0.25;
    open_bench(&b, &o, 1);
    fill_gradients(&b, 1, 1);
    memset(b.w, 0, (size_t)b.table.total * sizeof *b.w);
    optim_step(&b.s, b.w, b.dw, 1, 1, optim_grad_norm(&b.s, b.dw));
    for (idx k = 0; k < b.table.count; k++) {
        const struct param *p = &b.table.rows[k];
        for (idx i = p->offset; i < p->offset + p->n; i++)
            if (p->role != PARAM_STATE)
                sum += (double)b.w[i] * (double)b.w[i];
    }
    assert_close(sqrt(sum), 0.25, 1e-6);
    close_bench(&b);
}

/* Stretches are the tensors cut up, in their order: nothing twice, nothing left
 * out, nothing of the padding. */
static void test_optim__stretches_are_all_tensors_once(void **state)
{
    (void)state;
    struct optim_options o = options_of("adamw");
    struct bench b;
    open_bench(&b, &o, 1);
    idx at = 0;
    for (idx k = 0; k < b.table.count; k++) {
        const struct param *p = &b.table.rows[k];
        for (idx done = 0; done < p->n; done += b.s.stretches[at++].n) {
            assert_true(at < b.s.n_stretches);
            const struct stretch *x = &b.s.stretches[at];
            assert_int_equal(x->unit->tensor.offset + x->from,
                             p->offset + done);
            assert_true(x->n > 0);
            assert_true(x->n <= p->n - done);
        }
    }
    assert_int_equal(at, b.s.n_stretches);
    close_bench(&b);
}

/* What a kind says it remembers is placed, named and counted. */
static void test_optim__states_are_what_the_kinds_declare(void **state)
{
    (void)state;
    for (int name = 0; optimizer_name(name); name++) {
        struct optim_options o = options_of(optimizer_name(name));
        struct bench b;
        open_bench(&b, &o, 1);
        idx numbers = 0, states = 0;
        for (idx i = 0; i < b.s.n_units; i++) {
            const struct optim_unit *u = &b.s.units[i];
            assert_true(u->n_states >= u->kind->n_slots);
            for (idx k = 0; k < u->n_states; k++, states++) {
                const struct optim_state *x = &b.s.states[states];
                assert_ptr_equal(x, &u->states[k]);
                assert_ptr_equal(x->values, u->values[k]);
                assert_ptr_equal(x->name,
                                 strstr(x->name, u->tensor.param->name));
                for (idx j = 0; j < x->n; j++)
                    assert_true(x->values[j] == 0);
                if (k < u->kind->n_slots) {
                    assert_string_equal(x->slot, u->kind->slot_names[k]);
                    assert_int_equal(x->n, u->tensor.n);
                }
                numbers += x->n;
            }
        }
        assert_int_equal(states, b.s.n_states);
        assert_int_equal(numbers, optim_state_numbers(&o, &b.table));
        close_bench(&b);
    }
}

/* An update that looks at the states it is given: of probed, the first n. */
static struct {
    const struct optim *s;
    idx n, calls;
} probed;

static void probe(real *restrict w, const real *restrict g, real *const *slot,
                  idx n, const struct update *u)
{
    const struct stretch *x = &probed.s->stretches[probed.calls++];
    (void)w, (void)g;
    assert_ptr_equal(u->tensor, &x->unit->tensor);
    assert_int_equal(n, x->n);
    for (idx k = 0; k < OPTIM_STATES_MAX; k++)
        assert_ptr_equal(slot[k],
                         k < probed.n ? x->unit->values[k] + x->from : NULL);
}

static void test_optim__an_update_has_its_own_states_alone(void **state)
{
    (void)state;
    struct optim_options o = options_of("adamw"); /* has all there can be */
    for (idx n = 0; n <= OPTIM_SLOTS_MAX; n++) {
        const struct optimizer kind = { .n_slots = n, .update = probe };
        struct bench b;
        idx following = 0;
        open_bench(&b, &o, 1);
        for (idx i = 0; i < b.s.n_units; i++) {
            b.s.units[i].kind = &kind;
            b.s.units[i].n_states = n;
            following += b.s.units[i].is_state;
        }
        probed.s = &b.s, probed.n = n, probed.calls = 0;
        optim_step(&b.s, b.w, b.dw, 1, 0.1, 0);
        assert_int_equal(probed.calls, b.s.n_stretches - following);
        close_bench(&b);
    }
}

static void test_optim__threads_change_no_bit(void **state)
{
    (void)state;
    for (int name = 0; optimizer_name(name); name++) {
        struct optim_options o = options_of(optimizer_name(name));
        struct bench one, four;
        o.weight_decay = 0.1;
        o.clip = 1;
        open_bench(&one, &o, 1);
        open_bench(&four, &o, 4);
        size_t bytes = (size_t)one.table.total * sizeof(real);
        for (idx step = 1; step <= 3; step++) {
            fill_gradients(&one, step, 1);
            fill_gradients(&four, step, 1);
            double norm = optim_grad_norm(&one.s, one.dw);
            assert_true(optim_grad_norm(&four.s, four.dw) == norm);
            optim_step(&one.s, one.w, one.dw, step, 0.01, norm);
            optim_step(&four.s, four.w, four.dw, step, 0.01, norm);
        }
        assert_memory_equal(one.w, four.w, bytes);
        for (idx k = 0; k < one.s.n_states; k++)
            assert_memory_equal(one.s.states[k].values, four.s.states[k].values,
                                (size_t)one.s.states[k].n * sizeof(real));
        close_bench(&one);
        close_bench(&four);
    }
}

/* Each of two updates what it has the states of, and nothing else; the gradient
 * is zero behind it everywhere. */
static void test_optim__parts_together_are_the_step(void **state)
{
    (void)state;
    for (int name = 0; optimizer_name(name); name++) {
        struct optim_options o = options_of(optimizer_name(name));
        struct bench whole, part;
        open_bench(&whole, &o, 2);
        real *zero = calloc((size_t)whole.table.total, sizeof *zero);
        real *old = malloc((size_t)whole.table.total * sizeof *old);
        memcpy(old, whole.w, (size_t)whole.table.total * sizeof *old);
        fill_gradients(&whole, 1, 1);
        optim_step(&whole.s, whole.w, whole.dw, 1, 0.01, 1);
        idx n_here = 0;
        for (int i = 0; i < 2; i++) {
            open_part(&part, &o, i, 2);
            fill_gradients(&part, 1, 1);
            optim_step(&part.s, part.w, part.dw, 1, 0.01, 1);
            for (idx k = 0; k < part.s.n_units; k++) {
                const struct optim_unit *u = &part.s.units[k];
                size_t bytes = (size_t)u->tensor.n * sizeof(real);
                const real *want = u->owner == i ? whole.w : old;
                n_here += u->owner == i;
                assert_memory_equal(part.w + u->tensor.offset,
                                    want + u->tensor.offset, bytes);
            }
            assert_memory_equal(part.dw, zero,
                                (size_t)part.table.total * sizeof(real));
            close_bench(&part);
        }
        assert_int_equal(n_here, whole.s.n_units);
        close_bench(&whole);
        free(zero), free(old);
    }
}

/* Norms of each tensor, by plain loops: of what was, `old`, and what is. */
static void check_sums(const struct bench *b, const struct update_sums *sums,
                       const real *old, const real *dw)
{
    for (idx k = 0; k < b->table.count; k++) {
        const struct param *p = &b->table.rows[k];
        bool is_trained = p->role != PARAM_STATE;
        bool learns = is_trained && strcmp(p->name, "c") != 0;
        struct update_sums want = { 0, 0, 0 };
        for (idx i = p->offset; i < p->offset + p->n; i++) {
            double d = (double)b->w[i] - (double)old[i];
            want.gradient += learns * (double)dw[i] * (double)dw[i];
            want.change += is_trained * d * d;
            want.weights += is_trained * (double)b->w[i] * (double)b->w[i];
        }
        assert_true(learns || want.change == 0);
        assert_close(sums[k].gradient, want.gradient, 1e-12);
        assert_close(sums[k].change, want.change, 1e-12);
        assert_close(sums[k].weights, want.weights, 1e-12);
    }
}

/* One that is watched is the same step, and is measured right; by any number of
 * threads. One tensor is larger than a stretch, one frozen. */
static void test_optim__a_watched_step_is_the_same(void **state)
{
    enum { TENSORS = 6 };
    (void)state;
    for (int name = 0; optimizer_name(name); name++) {
        struct optim_options o = options_of(optimizer_name(name));
        struct update_sums sums[TENSORS], again[TENSORS];
        struct bench plain, watched, three;
        o.weight_decay = 0.1;
        o.clip = 1;
        strcpy(o.freeze, "c f"); /* of what follows a mean, nothing counts */
        open_bench(&plain, &o, 1);
        open_watched(&watched, &o, 1);
        open_watched(&three, &o, 3);
        size_t bytes = (size_t)plain.table.total * sizeof(real);
        real *old = malloc(bytes), *dw = malloc(bytes);
        assert_int_equal(plain.table.count, TENSORS);
        for (idx step = 1; step <= 2; step++) { /* soap's first is none */
            fill_gradients(&plain, step, 1);
            fill_gradients(&watched, step, 1);
            fill_gradients(&three, step, 1);
            memcpy(old, plain.w, bytes);
            memcpy(dw, plain.dw, bytes);
            double norm = optim_grad_norm(&plain.s, plain.dw);
            optim_step(&plain.s, plain.w, plain.dw, step, 0.01, norm);
            optim_grad_norm(&watched.s, watched.dw);
            optim_step_watched(&watched.s, sums, &watched.table, watched.w,
                               watched.dw, step, 0.01, norm);
            optim_grad_norm(&three.s, three.dw);
            optim_step_watched(&three.s, again, &three.table, three.w, three.dw,
                               step, 0.01, norm);
            assert_memory_equal(plain.w, watched.w, bytes);
            assert_memory_equal(plain.dw, watched.dw, bytes);
            assert_memory_equal(plain.w, three.w, bytes);
            assert_memory_equal(sums, again, sizeof sums);
            check_sums(&watched, sums, old, dw);
        }
        free(old), free(dw);
        close_bench(&plain), close_bench(&watched), close_bench(&three);
    }
}

static void test_optim__every_row_has_its_texts(void **state)
{
    (void)state;
    for (int i = 0; optimizer_name(i); i++) {
        const struct optimizer *k = optimizers[i];
        assert_string_equal(optimizer_name(i), k->text.name);
        assert_true(strlen(k->text.formula) > 0 && strlen(k->text.source) > 0);
        assert_true((k->update != NULL) != (k->update_tensor != NULL));
        assert_true(k->update || !k->is_rest);
        assert_in_range(k->n_slots, 0, OPTIM_SLOTS_MAX);
        for (idx j = 0; j < k->n_slots; j++)
            assert_true(strlen(k->slot_names[j]) > 0);
    }
    assert_null(optimizer_name(-1));
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optim__every_optimizer_matches_its_formula),
        cmocka_unit_test(test_sgd__looks_ahead_with_nesterov),
        cmocka_unit_test(test_optim__groups_have_factors_of_their_own),
        cmocka_unit_test(test_optim__what_is_frozen_keeps_its_bits),
        cmocka_unit_test(test_optim__a_pattern_that_names_nothing_is_refused),
        cmocka_unit_test(test_optim__a_factor_on_no_tensor_is_refused),
        cmocka_unit_test(test_optim__decay_may_stay_when_the_rate_falls),
        cmocka_unit_test(test_optim__no_gradient_moves_nothing),
        cmocka_unit_test(test_adamw__adds_eps_beside_the_root),
        cmocka_unit_test(test_adamw__first_step_is_the_learning_rate),
        cmocka_unit_test(test_optim__norm_is_over_all_gradients),
        cmocka_unit_test(test_optim__clipped_step_has_the_clip_as_norm),
        cmocka_unit_test(test_optim__stretches_are_all_tensors_once),
        cmocka_unit_test(test_optim__states_are_what_the_kinds_declare),
        cmocka_unit_test(test_optim__an_update_has_its_own_states_alone),
        cmocka_unit_test(test_optim__threads_change_no_bit),
        cmocka_unit_test(test_optim__parts_together_are_the_step),
        cmocka_unit_test(test_optim__a_watched_step_is_the_same),
        cmocka_unit_test(test_optim__every_row_has_its_texts),
    };
    return cmocka_run_group_tests_name("optim", tests, start, NULL);
}
