#include "combine.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "harness.h"

/* The members of a spec that keys fill. */
static const struct section {
    const char *name;
    const struct key *keys;
    const idx *n;
    size_t at;
} sections[] = {
    { "model", model_keys, &n_model_keys, offsetof(struct model_spec, model) },
    { "attention", attention_keys, &n_attention_keys,
      offsetof(struct model_spec, attention) },
    { "loss", loss_keys, &n_loss_keys, offsetof(struct model_spec, loss) },
};

static void set(struct combination *c, const struct section *s,
                const char *name, const char *value)
{
    struct err e = { 0 };
    for (idx i = 0; i < *s->n; i++)
        if (strcmp(s->keys[i].name, name) == 0) {
            if (key_parse(&s->keys[i], (char *)&c->spec + s->at, value, &e))
                fail_msg("%s = %s: %s", name, value, e.text);
            return;
        }
    fail_msg("no key %s", name);
}

void combine_set(struct combination *c, const char *setting)
{
    char section[64], name[64];
    const char *dot = strchr(setting, '.'), *equals = strchr(setting, '=');
    assert_true(dot && equals && dot < equals);
    snprintf(section, sizeof section, "%.*s", (int)(dot - setting), setting);
    snprintf(name, sizeof name, "%.*s", (int)(equals - dot - 1), dot + 1);
    idx i = 0;
    while (i < COUNT_OF(sections) && strcmp(sections[i].name, section) != 0)
        i++;
    assert_true(i < COUNT_OF(sections));
    set(c, &sections[i], name, equals + 1);
    size_t n = strlen(c->text);
    snprintf(c->text + n, sizeof c->text - n, "%s%s", n ? " " : "", setting);
}

void combine_defaults(struct combination *c, idx T)
{
    *c = (struct combination){ 0 };
    for (int k = 0; k < COUNT_OF(sections); k++)
        for (idx i = 0; i < *sections[k].n; i++)
            set(c, &sections[k], sections[k].keys[i].name,
                sections[k].keys[i].fallback);
    c->spec.model.layers = 2;
    c->spec.model.width = 8;
    c->spec.model.heads = 2;
    c->spec.model.context = T;
    c->spec.model.ffn_width = 5;
}

/* One of a choice's names, or of some numbers. */
static void set_any(struct combination *c, struct rng *r, const char *name,
                    const char *(*choice)(int i))
{
    char setting[128];
    int n = 0;
    while (choice(n))
        n++;
    snprintf(setting, sizeof setting, "%s=%s", name,
             choice((int)rng_below(r, n)));
    combine_set(c, setting);
}

static const struct key *attention_key(const char *name)
{
    for (idx i = 0; i < n_attention_keys; i++)
        if (strcmp(attention_keys[i].name, name) == 0)
            return &attention_keys[i];
    fail_msg("no key %s", name);
    return NULL;
}

static const struct key *model_key(const char *name)
{
    for (idx i = 0; i < n_model_keys; i++)
        if (strcmp(model_keys[i].name, name) == 0)
            return &model_keys[i];
    fail_msg("no key %s", name);
    return NULL;
}

/* Settings that a combination takes with one chance in ten each; those of one
 * line belong together. */
static const char *const extras[][3] = {
    { "attention.sigmoid_bias=learned" },
    { "attention.sigmoid_bias=length" },
    { "attention.scale=0.7" },
    { "attention.normalizer_p=2" },
    { "attention.clip_visible=yes", "attention.clip_alpha=0.3" },
    { "attention.features=elu1" },
    { "attention.features=mlp" },
    { "attention.weights=identity", "attention.features=elu1",
      "attention.linear_time=yes" },
    { "attention.weights=identity", "attention.normalizer=sum",
      "attention.features=elu1" },
    { "attention.operation=flow" },
    { "attention.operation=differential" },
    { "attention.bias=key" },
    { "attention.bias=key", "attention.bias_dims=2",
      "attention.bias_shared=yes" },
    { "attention.bias=key", "attention.bias_value=first",
      "attention.bias_value_scale=3" },
    { "attention.bias=key", "attention.bias_value=uniform" },
    { "attention.bias=key_value" },
    { "attention.bias=value", "attention.bias_shared=yes" },
    { "attention.bias=logit" },
    { "attention.registers=2" },
    { "attention.qk_norm=rms" },
    { "attention.qk_norm=unit" },
    { "attention.qk_norm=rms", "attention.qk_norm_eps=0.2" },
    { "attention.qk_norm=rms_wide" },
    { "attention.score_scale=0.9" },
    { "attention.soft_cap=2" },
    { "attention.forget=input" },
    { "attention.forget=learned" },
    { "attention.forget=fixed" },
    { "attention.window=3" },
    { "attention.window=3", "attention.window_layers=1" },
    { "attention.prefix=3" },
    { "attention.group=4", "attention.group_shift=yes" },
    { "attention.group=3", "attention.group_globals=1" },
    { "attention.documents=within" },
    { "attention.document_token=2" },
    { "attention.gate=input" },
    { "attention.gate=input", "attention.gate_per=head" },
    { "attention.gate=static" },
    { "attention.context_scale=yes" },
    { "attention.value_gate=yes" },
    { "attention.head_norm=yes" },
    { "attention.exclusive=yes" },
    { "attention.value_residual=learned" },
    { "attention.v_scale=layer" },
    { "attention.v_scale=head" },
    { "attention.value_residual=fixed" },
    { "attention.conv=3" },
    { "model.heads=4", "attention.kv_heads=2" },
    { "attention.combine=add" },
    { "model.biases=no" },
    { "model.biases_on=qkv" },
    { "model.biases_on=attention" },
    { "model.biases_on=ffn" },
    { "model.biases_on=not_qkv" },
    { "model.norm_eps=0.2" },
    { "model.parallel=yes" },
    { "model.head_width=6" },
    { "model.position=rope", "model.rope_part=0.5", "model.rope_base=50" },
    { "model.position=rope", "model.rope_scaling=linear",
      "model.rope_factor=3" },
    { "model.tied_head=no" },
    { "loss.label_smoothing=0.3" },
    { "loss.z=0.1" },
    { "loss.activation=0.2", "loss.activation_tau=0.7" },
    { "loss.hidden_norm=0.2" },
    { "loss.hidden_norm=0.2", "loss.hidden_depth=1" },
    { "loss.l2=0.1" },
    { "loss.entropy=-0.3" },
    { "loss.first_mass=0.5" },
    { "loss.head_balance=0.5" },
    { "loss.hidden_z=0.3" },
    { "loss.from=2" },
    { "loss.to=5" },
};

/* As far as a sequence goes. */
static void fit(struct combination *c, idx T)
{
    c->spec.attention.prefix = idx_min(c->spec.attention.prefix, T);
    c->spec.loss.from = idx_min(c->spec.loss.from, T - 1);
    c->spec.loss.to = idx_min(c->spec.loss.to, T);
}

/* Combination i has extra number i for certain, so that each has its turn. */
static void draw(struct combination *c, struct rng *r, idx forced)
{
    set_any(c, r, "model.norm", model_key("norm")->choice);
    set_any(c, r, "model.norm_place", model_key("norm_place")->choice);
    set_any(c, r, "model.ffn", model_key("ffn")->choice);
    set_any(c, r, "model.position", model_key("position")->choice);
    set_any(c, r, "attention.weights", attention_key("weights")->choice);
    if (rng_below(r, 3) == 0)
        set_any(c, r, "attention.normalizer",
                attention_key("normalizer")->choice);
    for (idx i = 0; i < COUNT_OF(extras); i++) {
        if (i != forced && rng_below(r, 10))
            continue;
        for (int j = 0; j < 3 && extras[i][j]; j++)
            combine_set(c, extras[i][j]);
    }
}

void combine_random(struct combination *c, idx T, idx i)
{
    for (uint64_t attempt = 0;; attempt++) {
        struct rng r = rng_open(77, RNG_TEST, (uint64_t)i, attempt);
        combine_defaults(c, T);
        draw(c, &r, i % COUNT_OF(extras));
        fit(c, T);
        if (model_spec_check(&c->spec, ERR_IGNORED) == OK)
            return;
        BUG_ON(attempt > 10000);
    }
}

/* c without its setting number `left_out`; false if it has not so many. */
static bool without(struct combination *to, const struct combination *c,
                    idx left_out)
{
    char copy[sizeof c->text], *rest = copy;
    idx n = 0, T = c->spec.model.context;
    strcpy(copy, c->text);
    combine_defaults(to, T);
    for (char *s; (s = strtok_r(rest, " ", &rest)); n++)
        if (n != left_out)
            combine_set(to, s);
    fit(to, T);
    return left_out < n;
}

void combine_shrink(struct combination *c,
                    bool (*fails)(const struct combination *c, void *context),
                    void *context)
{
    struct combination fewer;
    for (idx i = 0; without(&fewer, c, i);) {
        if (model_spec_check(&fewer.spec, ERR_IGNORED) ||
            !fails(&fewer, context)) {
            i++;
            continue;
        }
        *c = fewer;
        i = 0;
    }
}
