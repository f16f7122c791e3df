#include "stage_cases.h"

#include <string.h>

#include "base/rng.h"
#include "harness.h"
#include "nn/attention/weights/weights.h"

enum { LAYERS = 2, WIDTH = 8, HEADS = 4, TOKENS = 7 };

/* What is not given has its default: see tiny_attention. */
#define PLAIN(...)                                                             \
    {                                                                          \
        __VA_ARGS__                                                            \
    }

const struct stage_case stage_cases[] = {
    { "rope", "llama", "softmax", LAYERS, PLAIN(0) },
    { "conv", "gpt2", "softmax", LAYERS, PLAIN(.conv = 3) },
    { "conv, one tap", "gpt2", "softmax", LAYERS, PLAIN(.conv = 1) },
    { "conv, rope, registers", "llama", "softmax", LAYERS,
      PLAIN(.conv = 4, .registers = 2) },
    { "conv, shared keys", "llama", "softmax", LAYERS,
      PLAIN(.conv = 2, .kv_heads = 2) },
    { "qk_norm rms", "llama", "softmax", LAYERS,
      PLAIN(.qk_norm = QK_NORM_RMS) },
    { "qk_norm rms, one key head", "gpt2", "softmax", LAYERS,
      PLAIN(.qk_norm = QK_NORM_RMS, .kv_heads = 1) },
    { "qk_norm rms_wide", "llama", "softmax", LAYERS,
      PLAIN(.qk_norm = QK_NORM_RMS_WIDE, .qk_norm_eps = 0.3) },
    { "qk_norm rms_wide, shared keys", "gpt2", "softmax", LAYERS,
      PLAIN(.qk_norm = QK_NORM_RMS_WIDE, .kv_heads = 2) },
    { "qk_norm unit", "llama", "softmax", LAYERS,
      PLAIN(.qk_norm = QK_NORM_UNIT) },
    { "elu1", "llama", "identity", LAYERS,
      PLAIN(.features = FEATURE_ELU1, .normalizer = NORMALIZER_SUM) },
    { "elu1, no positions behind", "gpt2", "softmax", LAYERS,
      PLAIN(.features = FEATURE_ELU1) },
    { "mlp", "llama", "identity", LAYERS,
      PLAIN(.features = FEATURE_MLP, .normalizer = NORMALIZER_NONE) },
    { "mlp, shared keys", "llama", "softmax", LAYERS,
      PLAIN(.features = FEATURE_MLP, .kv_heads = 2) },
    { "value_gate", "llama", "softmax", LAYERS, PLAIN(.value_gate = true) },
    { "v_scale layer", "gpt2", "softmax", LAYERS,
      PLAIN(.v_scale = V_SCALE_LAYER) },
    { "v_scale head", "llama", "softmax", LAYERS,
      PLAIN(.v_scale = V_SCALE_HEAD, .kv_heads = 2) },
    { "value_residual fixed", "gpt2", "softmax", 3,
      PLAIN(.value_residual = VALUE_RESIDUAL_FIXED) },
    { "value_residual learned", "llama", "softmax", 3,
      PLAIN(.value_residual = VALUE_RESIDUAL_LEARNED) },
    { "value_residual, shared values", "llama", "softmax", LAYERS,
      PLAIN(.value_residual = VALUE_RESIDUAL_LEARNED, .kv_heads = 1) },
    { "differential", "llama", "softmax", LAYERS,
      PLAIN(.operation = OPERATION_DIFFERENTIAL) },
    { "exclusive", "gpt2", "softmax", LAYERS, PLAIN(.exclusive = true) },
    { "exclusive, shared values", "llama", "softmax", LAYERS,
      PLAIN(.exclusive = true, .kv_heads = 2) },
    { "head_norm", "gpt2", "softmax", LAYERS, PLAIN(.head_norm = true) },
    { "gate input, element", "gpt2", "softmax", LAYERS,
      PLAIN(.gate = GATE_INPUT) },
    { "gate input, head", "llama", "softmax", LAYERS,
      PLAIN(.gate = GATE_INPUT, .gate_per = GATE_PER_HEAD) },
    { "gate static, element", "llama", "softmax", LAYERS,
      PLAIN(.gate = GATE_STATIC) },
    { "gate static, head", "gpt2", "softmax", LAYERS,
      PLAIN(.gate = GATE_STATIC, .gate_per = GATE_PER_HEAD) },
    { "context_scale", "llama", "softmax", LAYERS,
      PLAIN(.context_scale = true) },
    { "add_heads", "gpt2", "softmax", LAYERS, PLAIN(.combine = COMBINE_ADD) },
    { "all before the heads", "llama", "softmax", 3,
      PLAIN(.conv = 3, .qk_norm = QK_NORM_RMS, .features = FEATURE_MLP,
            .value_gate = true, .v_scale = V_SCALE_HEAD,
            .value_residual = VALUE_RESIDUAL_LEARNED, .kv_heads = 2) },
    { "all behind the heads", "gpt2", "softmax", LAYERS,
      PLAIN(.exclusive = true, .head_norm = true, .gate = GATE_INPUT,
            .context_scale = true, .combine = COMBINE_ADD) },
    { "all, in pairs", "llama", "softmax", LAYERS,
      PLAIN(.operation = OPERATION_DIFFERENTIAL, .registers = 1, .conv = 2,
            .qk_norm = QK_NORM_UNIT, .features = FEATURE_ELU1,
            .value_gate = true, .v_scale = V_SCALE_HEAD,
            .value_residual = VALUE_RESIDUAL_LEARNED, .exclusive = true,
            .head_norm = true, .gate = GATE_INPUT, .gate_per = GATE_PER_HEAD,
            .context_scale = true) },
    { "gate static and sum, in pairs", "gpt2", "softmax", LAYERS,
      PLAIN(.operation = OPERATION_DIFFERENTIAL, .exclusive = true,
            .gate = GATE_STATIC, .combine = COMBINE_ADD) },
    { NULL, NULL, NULL, 0, PLAIN(.conv = 0) },
};

static int weights_of(const struct stage_case *c)
{
    for (int i = 0; weight_map_name(i); i++)
        if (strcmp(weight_map_name(i), c->weights) == 0)
            return i;
    fail_msg("no weights %s", c->weights);
    return -1;
}

void stage_case_open(struct tiny *t, const struct stage_case *c, idx B, idx T,
                     int threads, double std)
{
    struct model_options o =
        tiny_options(c->preset, c->layers, WIDTH, HEADS, T);
    struct attention_options a = tiny_attention(c->a);
    o.ffn_width = 3;
    a.weights = weights_of(c);
    tiny_open(t, &o, &a, B, TOKENS, threads, 1);
    struct rng r = rng_open(3, RNG_TEST, 1, 0);
    for (idx i = 0; i < t->m.table.count; i++) {
        const struct param *p = &t->m.table.rows[i];
        for (idx j = 0; j < p->n; j++)
            t->w[p->offset + j] += (real)(std * rng_normal(&r));
    }
}
