/* attention_options.c - the [attention] keys, and what excludes what. */
#include <math.h>

#include "nn/normalizer.h"
#include "nn/op_text.h"
#include "nn/options.h"
#include "nn/weights.h"

#define NAMES(function, ...)                                                   \
    static const char *function(int i)                                         \
    {                                                                          \
        static const char *const names[] = { __VA_ARGS__ };                    \
        return i >= 0 && i < COUNT_OF(names) ? names[i] : NULL;                \
    }

static const char *operation_name(int i)
{
    return op_text_name(operation_texts, i);
}

static const char *bias_name(int i)
{
    return op_text_name(column_texts, i);
}

static const char *bias_value_name(int i)
{
    return op_text_name(column_value_texts, i);
}

/* KEEP WITH: the enums of options.h */
NAMES(sigmoid_bias_name, "constant", "length", "learned")
NAMES(features_name, "none", "elu1", "mlp")
NAMES(qk_norm_name, "none", "rms", "unit")
NAMES(forget_name, "none", "input", "learned", "fixed")
NAMES(gate_name, "none", "input", "static")
NAMES(gate_per_name, "element", "head")
NAMES(value_residual_name, "none", "fixed", "learned")
NAMES(combine_name, "concat", "add")

#define FIELD(f) offsetof(struct attention_options, f)
#define CHOICE(f, fallback, names, help)                                       \
    {                                                                          \
#f, KEY_CHOICE, FIELD(f), fallback, 0, 0, names, 0, help               \
    }
#define YES_NO(f, help)                                                        \
    {                                                                          \
#f, KEY_BOOL, FIELD(f), "no", 0, 0, NULL, 0, help                      \
    }
#define COUNT(f, fallback, min, max, help)                                     \
    {                                                                          \
#f, KEY_INT, FIELD(f), fallback, min, max, NULL, 0, help               \
    }
#define NUMBER(f, fallback, min, max, help)                                    \
    {                                                                          \
#f, KEY_REAL, FIELD(f), fallback, min, max, NULL, 0, help              \
    }

const struct key attention_keys[] = {
    CHOICE(operation, "rows", operation_name,
           "what a head does: rows (scores to weights, row by row), flow "
           "(causal Flow-attention), differential (pairs of heads, the second "
           "subtracted)"),
    CHOICE(weights, "softmax", weight_map_name,
           "from scores to weights; `sinklab list attention` has the "
           "formulas"),
    CHOICE(normalizer, "own", normalizer_name,
           "what a row of weights is divided by: own (the map's usual one), "
           "none, sum, length (number of visible keys), abs_sum (at least 1), "
           "p_norm"),
    NUMBER(normalizer_p, "1", 0.01, 100, "p of normalizer = p_norm"),
    NUMBER(scale, "1", 1e-6, 1e6, "factor on the normalised weights"),
    CHOICE(sigmoid_bias, "constant", sigmoid_bias_name,
           "what weights = sigmoid adds to the scores: constant (sigmoid_b), "
           "length (-ln of the number of visible keys), learned (a head)"),
    NUMBER(sigmoid_b, "0", -1000, 1000,
           "sigmoid: the constant, or where the learned bias starts"),
    NUMBER(clip_zeta, "1", 0, 100, "clipped: upper end of the stretch"),
    NUMBER(clip_alpha, "12", 0, 1e6,
           "clipped: lower end of the stretch is -clip_alpha / length"),
    YES_NO(clip_visible,
           "clipped: length is the number of visible keys, not the context"),
    NUMBER(elastic_tau, "-1", -1000, 1000, "elastic: where tau starts"),
    NUMBER(ssmax_scale, "0.43", -1000, 1000, "ssmax: where s starts"),
    NUMBER(threshold_beta, "1", 0, 1000,
           "threshold_relu: factor on sqrt(2 ln n / head width)"),
    NUMBER(threshold_power, "2", 1, 8, "threshold_relu: exponent"),
    CHOICE(features, "none", features_name,
           "feature map on queries and keys after positions: none (the "
           "identity), elu1 (elu + 1), mlp (W2 relu(W1 x), one pair a "
           "layer)"),
    YES_NO(linear_time,
           "running sums instead of scores, where weights = identity allows "
           "it: time grows with the context, not its square"),
    CHOICE(bias, "none", bias_name,
           "extra column or value: none; key (learned key, fixed value); "
           "key_value (both learned); value (learned, added to the output); "
           "logit (learned score, no value)"),
    YES_NO(bias_shared, "one bias for all heads of a layer"),
    COUNT(bias_dims, "0", 0, 65536,
          "first dimensions of the extra key that are learned, the others "
          "stay zero; 0: all"),
    CHOICE(bias_value, "zero", bias_value_name,
           "value of bias = key: zero, first (1, 0, ..., 0), uniform (all "
           "1/sqrt(head width))"),
    NUMBER(bias_value_scale, "1", -1e6, 1e6, "factor on bias_value"),
    COUNT(registers, "0", 0, 1024,
          "learned tokens in front of every sequence; 1: a sink token"),
    CHOICE(qk_norm, "none", qk_norm_name,
           "norm of queries and keys before positions: none, rms (with "
           "learned gain), unit (length 1, scores not divided by "
           "sqrt(head width))"),
    NUMBER(soft_cap, "0", 0, 1e6,
           "scores become c tanh(s / c) after all other edits; 0: none"),
    CHOICE(forget, "none", forget_name,
           "forget gate on the scores: none, input (projected), learned (a "
           "number a head), fixed (log-spaced over heads)"),
    COUNT(window, "0", 0, 1048576,
          "keys a query sees, itself included; 0: all before it"),
    COUNT(prefix, "0", 0, 1048576, "first tokens that every query sees"),
    COUNT(group, "0", 0, 1048576,
          "tokens of a group, outside which nothing is seen; 0: no groups"),
    YES_NO(group_shift, "the second half of the heads shifted by half a group"),
    COUNT(group_globals, "0", 0, 1048576, "first tokens that every group sees"),
    COUNT(document_token, "-1", -1, 1048576,
          "token that begins a document, across whose start nothing is seen; "
          "-1: none"),
    CHOICE(gate, "none", gate_name,
           "sigmoid gate on a head's output: none, input (projected from the "
           "block's normed input), static (learned numbers)"),
    CHOICE(gate_per, "element", gate_per_name,
           "gate: a number for each element, or one a head"),
    YES_NO(context_scale, "output of a head times 2 sigmoid(x w + b)"),
    YES_NO(value_gate, "value times sigmoid of its projection, a head"),
    YES_NO(head_norm, "RMS norm with learned gain on each head's output"),
    YES_NO(exclusive,
           "takes a learned share of the token's own value out of the output"),
    CHOICE(value_residual, "none", value_residual_name,
           "values mixed with the first block's: none, fixed (half and half), "
           "learned"),
    COUNT(conv, "0", 0, 32,
          "taps of a causal convolution on queries, keys and values; 0: none"),
    COUNT(kv_heads, "0", 0, 1024,
          "heads of keys and values, each shared by as many query heads; 0: "
          "one each"),
    CHOICE(combine, "concat", combine_name,
           "heads side by side before the output matrix, or added up"),
    NUMBER(flow_clamp, "5", 0.01, 1000,
           "flow: bound of the competition among sources"),
};
const idx n_attention_keys = COUNT_OF(attention_keys);
