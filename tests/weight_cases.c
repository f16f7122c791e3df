#include "weight_cases.h"

#include <string.h>

#include "harness.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/options.h"

static void set(struct attention_options *o, const char *name,
                const char *value)
{
    struct err e = { 0 };
    for (idx i = 0; i < n_attention_keys; i++) {
        const struct key *key = &attention_keys[i];
        if (name && strcmp(key->name, name) != 0)
            continue;
        if (key_parse(key, o, value ? value : key->fallback, &e) != OK)
            fail_msg("%s: %s", key->name, e.text);
        if (name)
            return;
    }
    if (name)
        fail_msg("no key %s", name);
}

void weight_case_open(struct weight_case *c, const char *settings)
{
    char copy[sizeof c->text], *rest = NULL;
    *c = (struct weight_case){ 0 };
    assert_true(strlen(settings) < sizeof copy);
    strcpy(c->text, settings);
    strcpy(copy, settings);
    set(&c->options, NULL, NULL);
    for (char *word = strtok_r(copy, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        assert_non_null(equals);
        *equals = 0;
        set(&c->options, word, equals + 1);
    }
    c->stage = weight_stage_of(&c->options, CASE_N_MAX, CASE_WIDTH);
    c->map = weight_maps[c->options.weights];
    c->n_learned = weight_map_learned(c->learned, &c->options);
    assert_true(c->n_learned <= MAP_LEARNED_MAX);
    for (idx i = 0; i < c->n_learned; i++)
        c->numbers[i] = (real)c->learned[i].start;
}

struct weight_row weight_case_row(struct weight_case *c, idx n, idx extra)
{
    memset(c->dnumbers, 0, sizeof c->dnumbers);
    c->dquery = 0;
    return (struct weight_row){
        .n = n,
        .n_keys = n - extra,
        .settings = &c->stage.settings,
        .learned = c->numbers,
        .query = (real)0.5,
        .dlearned = c->dnumbers,
        .dquery = &c->dquery,
        .share = (real)0.125,
    };
}

/* Settings that a map is tried with besides its defaults. */
static const struct {
    const char *map, *settings;
} variants[] = {
    { "sigmoid", "sigmoid_b=-1.5" },
    { "sigmoid", "sigmoid_bias=length" },
    { "sigmoid", "sigmoid_bias=learned sigmoid_b=0.5" },
    { "clipped", "clip_alpha=2 clip_zeta=1.1" },
    { "clipped", "clip_alpha=0.5 clip_visible=yes" },
    { "elastic", "elastic_tau=0.5" },
    { "elastic", "elastic_tau=-0.3" },
    { "ssmax", "ssmax_scale=-1" },
    { "threshold_relu", "threshold_beta=0.1" },
    { "threshold_relu", "threshold_beta=0.1 threshold_power=1" },
    { "threshold_relu", "threshold_beta=0.1 threshold_power=1.5" },
    { "threshold_relu", "threshold_beta=0.1 threshold_power=3" },
};

static void see_scaled(void (*see)(struct weight_case *c), const char *settings)
{
    struct weight_case c;
    char text[sizeof c.text];
    weight_case_open(&c, settings);
    see(&c);
    snprintf(text, sizeof text, "%s scale=0.7", settings);
    weight_case_open(&c, text);
    see(&c);
}

static void see_variants(void (*see)(struct weight_case *c), const char *map,
                         const char *normalizer)
{
    char text[120];
    snprintf(text, sizeof text, "weights=%s normalizer=%s", map, normalizer);
    see_scaled(see, text);
    for (int i = 0; i < COUNT_OF(variants); i++) {
        if (strcmp(variants[i].map, map) != 0)
            continue;
        snprintf(text, sizeof text, "weights=%s normalizer=%s %s", map,
                 normalizer, variants[i].settings);
        see_scaled(see, text);
    }
}

void each_weight_case(void (*see)(struct weight_case *c))
{
    for (int i = 0; weight_map_name(i); i++) {
        const char *map = weight_map_name(i);
        for (int k = NORMALIZER_OWN; normalizer_name(k); k++) {
            if (k != NORMALIZER_OWN && !(weight_maps[i]->normalizers >> k & 1))
                continue;
            if (k != NORMALIZER_P_NORM) {
                see_variants(see, map, normalizer_name(k));
                continue;
            }
            see_variants(see, map, "p_norm normalizer_p=1");
            see_variants(see, map, "p_norm normalizer_p=0.5");
            see_variants(see, map, "p_norm normalizer_p=3");
        }
    }
}
