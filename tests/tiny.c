#include "tiny.h"

#include <string.h>

#include "base/rng.h"
#include "harness.h"

static void set(struct model_options *o, const char *name, const char *value)
{
    struct err e = { 0 };
    for (idx i = 0; i < n_model_keys; i++)
        if (strcmp(model_keys[i].name, name) == 0) {
            assert_int_equal(key_parse(&model_keys[i], o, value, &e), OK);
            return;
        }
    fail_msg("no key %s", name);
}

struct model_options tiny_options(const char *preset, idx L, idx C, idx H,
                                  idx T)
{
    struct model_options o = {
        .layers = L, .width = C, .heads = H, .context = T
    };
    bool is_known = false;
    for (const struct preset_value *p = model_presets; p->preset; p++)
        if (strcmp(p->preset, preset) == 0) {
            set(&o, p->key, p->value);
            is_known = true;
        }
    assert_true(is_known);
    return o;
}

void tiny_open(struct tiny *t, const struct model_options *o,
               const struct attention_options *a, idx B, idx V, int threads,
               double gain)
{
    struct arena measure = { 0 };
    struct err e = { 0 };
    *t = (struct tiny){ 0 };
    assert_int_equal(model_init(&t->m, o, a, V, &e), OK);
    assert_int_equal(acts_open(&t->x, &t->arena, &t->m, B, o->context, threads,
                               true, true, &e),
                     OK);
    idx n = t->m.table.total;
    arena_reals(&measure, n);
    arena_reals(&measure, n);
    assert_int_equal(arena_open(&t->numbers, measure.used_bytes, &e), OK);
    t->w = arena_reals(&t->numbers, n);
    t->dw = arena_reals(&t->numbers, n);
    params_init(t->w, &t->m.table, INIT_GPT2, o->layers, 1);
    for (idx i = 0; i < t->m.table.count; i++) {
        const struct param *p = &t->m.table.rows[i];
        for (idx j = 0; j < p->n && p->role != PARAM_GAIN; j++)
            t->w[p->offset + j] *= (real)gain;
    }
    struct rng r = rng_open(2, RNG_TEST, 0, 0);
    for (idx i = 0; i < t->x.M; i++) {
        t->x.tokens[i] = (int32_t)rng_below(&r, V);
        t->x.targets[i] = (int32_t)rng_below(&r, V);
    }
}

void tiny_close(struct tiny *t)
{
    arena_release(&t->numbers);
    arena_release(&t->arena);
    model_release(&t->m);
}
