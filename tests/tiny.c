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

struct attention_options tiny_attention(struct attention_options given)
{
    const struct attention_options zero = { 0 };
    struct attention_options o = zero;
    struct err e = { 0 };
    key_defaults(attention_keys, n_attention_keys, &o);
    o.clip_alpha = 1;
    o.elastic_tau = -0.5;
    for (idx i = 0; i < n_attention_keys; i++) {
        char value[KEY_PRINT_MAX], nothing[KEY_PRINT_MAX];
        key_print(&attention_keys[i], &given, value, sizeof value);
        key_print(&attention_keys[i], &zero, nothing, sizeof nothing);
        if (strcmp(value, nothing) != 0 &&
            key_parse(&attention_keys[i], &o, value, &e))
            fail_msg("%s: %s", attention_keys[i].name, e.text);
    }
    return o;
}

struct model_options tiny_options(const char *preset, idx L, idx C, idx H,
                                  idx T)
{
    struct model_options o = { 0 };
    key_defaults(model_keys, n_model_keys, &o);
    o.layers = L;
    o.width = C;
    o.heads = H;
    o.context = T;
    bool is_known = false;
    for (const struct preset_value *p = model_presets; p->preset; p++)
        if (strcmp(p->preset, preset) == 0) {
            set(&o, p->key, p->value);
            is_known = true;
        }
    assert_true(is_known);
    return o;
}

static void open_room(struct tiny *t, const struct model_spec *spec, idx V,
                      double gain, const struct acts_request *room)
{
    idx B = room->B;
    struct arena measure = { 0 };
    struct err e = { 0 };
    *t = (struct tiny){ 0 };
    assert_int_equal(model_init(&t->m, spec, V, &e), OK);
    assert_int_equal(acts_open(&t->x, &t->arena, &t->m, room, &e), OK);
    idx n = t->m.table.total;
    idx T = spec->model.context;
    struct batch_rules rules = model_batch_rules(&t->m, T);
    arena_reals(&measure, n);
    arena_reals(&measure, n);
    batch_plan(&t->batch, &measure, B, T, &rules);
    assert_int_equal(arena_open(&t->numbers, measure.used_bytes, &e), OK);
    t->w = arena_reals(&t->numbers, n);
    t->dw = arena_reals(&t->numbers, n);
    batch_plan(&t->batch, &t->numbers, B, T, &rules);
    params_init(t->w, &t->m.table, INIT_GPT2, spec->model.layers, 1);
    for (idx i = 0; i < t->m.table.count; i++) {
        const struct param *p = &t->m.table.rows[i];
        for (idx j = 0; j < p->n && p->role != PARAM_GAIN; j++)
            t->w[p->offset + j] *= (real)gain;
    }
    struct rng r = rng_open(2, RNG_TEST, 0, 0);
    for (idx i = 0; i < B * T; i++) {
        t->batch.tokens[i] = (int32_t)rng_below(&r, V);
        t->batch.targets[i] = (int32_t)rng_below(&r, V);
        t->batch.weights[i] = 1;
    }
    for (idx i = 0; t->batch.documents && i < B * T; i++) {
        int32_t at = (int32_t)(i % T), length = (int32_t)(3 + i / T % 3);
        t->batch.documents[i] = at - at % length;
    }
    batch_mark(&t->batch);
}

void tiny_open_spec(struct tiny *t, const struct model_spec *spec, idx B, idx V,
                    int threads, double gain)
{
    const struct acts_request room = { .B = B,
                                       .T = spec->model.context,
                                       .threads = threads,
                                       .is_training = true,
                                       .reads = TINY_TAPS,
                                       .writes = TINY_TAPS };
    open_room(t, spec, V, gain, &room);
}

void tiny_open_way(struct tiny *t, const struct model_spec *spec, idx B, idx V,
                   int threads, double gain, struct product_way way,
                   bool is_training, int taps)
{
    const struct acts_request room = { .B = B,
                                       .T = spec->model.context,
                                       .threads = threads,
                                       .is_training = is_training,
                                       .reads = taps,
                                       .writes = taps,
                                       .way = way };
    open_room(t, spec, V, gain, &room);
}

void tiny_open(struct tiny *t, const struct model_options *o,
               const struct attention_options *a, idx B, idx V, int threads,
               double gain)
{
    struct model_spec spec = { .model = *o, .attention = *a };
    tiny_open_spec(t, &spec, B, V, threads, gain);
}

double tiny_loss(struct tiny *t, idx B)
{
    struct batch first = t->batch;
    first.B = B;
    return model_forward_loss(&t->m, t->w, &t->x, &first, NULL).cross_entropy;
}

double tiny_backward(struct tiny *t, int parts)
{
    struct batch_total of = batch_total(&t->batch);
    of.weight *= parts;
    of.sequences *= parts;
    return parts * model_backward_loss(&t->m, t->w, t->dw, &t->x, &t->batch, of)
                       .cross_entropy;
}

struct observer tiny_observer(void (*see)(void *context,
                                          const struct head_view *view),
                              void *context)
{
    return (struct observer){ .reads = TAP_BIT(TAP_WEIGHTS),
                              .see_head = see,
                              .context = context };
}

void tiny_observe(struct tiny *t, idx B, const struct observer *observer)
{
    struct batch first = t->batch;
    first.B = B;
    model_observe(&t->m, t->w, &t->x, &first, observer, NULL);
}

void tiny_close(struct tiny *t)
{
    acts_close(&t->x);
    arena_release(&t->numbers);
    arena_release(&t->arena);
    model_release(&t->m);
}
