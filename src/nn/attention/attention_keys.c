/* attention_keys.c - the [attention] keys. What excludes what:
 * attention_check.c. */
#include "data/options.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/attention/weights/weights.h"
#include "nn/options.h"
#include "base/op_text.h"

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

STATIC_NAMED(sigmoid_bias_name, [SIGMOID_CONSTANT] = "constant",
             [SIGMOID_LENGTH] = "length", [SIGMOID_LEARNED] = "learned")
STATIC_NAMED(features_name, [FEATURE_NONE] = "none", [FEATURE_ELU1] = "elu1",
             [FEATURE_MLP] = "mlp")
STATIC_NAMED(qk_norm_name, [QK_NORM_NONE] = "none", [QK_NORM_RMS] = "rms",
             [QK_NORM_UNIT] = "unit", [QK_NORM_RMS_WIDE] = "rms_wide")
STATIC_NAMED(forget_name, [FORGET_NONE] = "none", [FORGET_INPUT] = "input",
             [FORGET_LEARNED] = "learned", [FORGET_FIXED] = "fixed")
STATIC_NAMED(gate_name, [GATE_NONE] = "none", [GATE_INPUT] = "input",
             [GATE_STATIC] = "static")
STATIC_NAMED(
    gate_per_name, [GATE_PER_ELEMENT] = "element", [GATE_PER_HEAD] = "head")
STATIC_NAMED(v_scale_name, [V_SCALE_NONE] = "none", [V_SCALE_LAYER] = "layer",
             [V_SCALE_HEAD] = "head")
STATIC_NAMED(
    value_residual_name, [VALUE_RESIDUAL_NONE] = "none",
    [VALUE_RESIDUAL_FIXED] = "fixed", [VALUE_RESIDUAL_LEARNED] = "learned")
STATIC_NAMED(documents_name, [DOCUMENTS_ACROSS] = "across",
             [DOCUMENTS_WITHIN] = "within")
STATIC_NAMED(combine_name, [COMBINE_CONCAT] = "concat", [COMBINE_ADD] = "add")

#define FIELD(f) offsetof(struct attention_options, f)
#define CHOICE(f, fallback, names, help, when)                                 \
    {                                                                          \
#f, KEY_CHOICE, FIELD(f), fallback, 0, 0, names, 0, help, when         \
    }
#define YES_NO(f, help, when)                                                  \
    {                                                                          \
#f, KEY_BOOL, FIELD(f), "no", 0, 0, NULL, 0, help, when                \
    }
#define COUNT(f, fallback, min, max, help, when)                               \
    {                                                                          \
#f, KEY_INT, FIELD(f), fallback, min, max, NULL, 0, help, when         \
    }
#define NUMBER(f, fallback, min, max, help, when)                              \
    {                                                                          \
#f, KEY_REAL, FIELD(f), fallback, min, max, NULL, 0, help, when        \
    }

const struct key attention_keys[] = {
    CHOICE(operation, "rows", operation_name,
           "what a head does: rows (scores to weights, row by row), flow "
           "(causal Flow-attention), differential (pairs of heads, the second "
           "subtracted)",
           NULL),
    CHOICE(weights, "softmax", weight_map_name,
           "from scores to weights; `sinklab list attention` has the "
           "formulas",
           NULL),
    CHOICE(normalizer, "own", normalizer_name,
           "what a row of weights is divided by: own (the map's usual one), "
           "none, sum, length (number of visible keys), abs_sum (at least 1), "
           "p_norm",
           NULL),
    NUMBER(normalizer_p, "1", 0.01, 100, "p of normalizer = p_norm",
           "attention.normalizer = p_norm"),
    NUMBER(scale, "1", 1e-6, 1e6, "factor on the normalised weights", NULL),
    CHOICE(sigmoid_bias, "constant", sigmoid_bias_name,
           "what weights = sigmoid adds to the scores: constant (sigmoid_b), "
           "length (-ln of the number of visible keys), learned (a head)",
           "attention.weights = sigmoid"),
    NUMBER(sigmoid_b, "0", -1000, 1000,
           "sigmoid: the constant, or where the learned bias starts",
           "attention.weights = sigmoid and attention.sigmoid_bias != length"),
    NUMBER(clip_zeta, "1", 0, 100, "clipped: upper end of the stretch",
           "attention.weights = clipped"),
    NUMBER(clip_alpha, "12", 0, 1e6,
           "clipped: lower end of the stretch is -clip_alpha / length",
           "attention.weights = clipped"),
    YES_NO(clip_visible,
           "clipped: length is the number of visible keys, not the context",
           "attention.weights = clipped"),
    NUMBER(elastic_tau, "-1", -1000, 1000, "elastic: where tau starts",
           "attention.weights = elastic"),
    NUMBER(ssmax_scale, "0.43", -1000, 1000, "ssmax: where s starts",
           "attention.weights = ssmax"),
    NUMBER(threshold_beta, "1", 0, 1000,
           "threshold_relu: factor on sqrt(2 ln n / head width)",
           "attention.weights = threshold_relu"),
    NUMBER(threshold_power, "2", 1, 8, "threshold_relu: exponent",
           "attention.weights = threshold_relu"),
    CHOICE(features, "none", features_name,
           "feature map on queries and keys after positions: none (the "
           "identity), elu1 (elu + 1), mlp (W2 relu(W1 x), one pair a "
           "layer)",
           NULL),
    YES_NO(linear_time,
           "running sums instead of scores, where weights = identity allows "
           "it: time grows with the context, not its square",
           NULL),
    CHOICE(bias, "none", bias_name,
           "extra column or value: none; key (learned key, fixed value); "
           "key_value (both learned); value (learned, added to the output); "
           "logit (learned score, no value)",
           "column_acts"),
    YES_NO(bias_shared, "one bias for all heads of a layer",
           "attention.bias != none and model.heads != 1"),
    COUNT(bias_dims, "0", 0, 65536,
          "first dimensions of the extra key that are learned, the others "
          "stay zero; 0: all",
          "attention.bias = key | key_value"),
    CHOICE(bias_value, "zero", bias_value_name,
           "value of bias = key: zero, first (1, 0, ..., 0), uniform (all "
           "1/sqrt(head width))",
           "attention.bias = key"),
    NUMBER(bias_value_scale, "1", -1e6, 1e6, "factor on bias_value",
           "attention.bias = key and attention.bias_value != zero"),
    COUNT(registers, "0", 0, 1024,
          "learned tokens in front of every sequence; 1: a sink token", NULL),
    CHOICE(qk_norm, "none", qk_norm_name,
           "norm of queries and keys before positions: none, rms (head by "
           "head, with learned gain), rms_wide (over all heads together, with "
           "learned gain), unit (length 1, scores not divided by "
           "sqrt(head width))",
           NULL),
    NUMBER(qk_norm_eps, "1e-5", 1e-12, 1,
           "rms, rms_wide: added to the mean square before the root",
           "attention.qk_norm = rms | rms_wide"),
    NUMBER(score_scale, "0", 0, 1e6,
           "factor on the products of queries and keys; 0: 1 / sqrt(head "
           "width)",
           "attention.qk_norm != unit and attention.operation != flow"),
    NUMBER(soft_cap, "0", 0, 1e6,
           "scores become c tanh(s / c) after all other edits; 0: none", NULL),
    CHOICE(forget, "none", forget_name,
           "forget gate on the scores: none, input (projected), learned (a "
           "number a head), fixed (log-spaced over heads)",
           NULL),
    COUNT(window, "0", 0, 1048576,
          "keys a query sees, itself included; 0: no limit",
          "attention.window < model.context"),
    { "window_layers", KEY_LIST, FIELD(window_layers), "", 0,
      MODEL_LAYERS_MAX - 1, NULL, 0,
      "blocks that have the window, counted from 0: 0, 2, 4; empty: all",
      "attention.window != 0" },
    COUNT(prefix, "0", 0, 1048576, "first tokens that every query sees",
          "attention.prefix > 1 or attention.window != 0 or attention.group != "
          "0 or attention.document_token != -1 or attention.documents = "
          "within"),
    COUNT(group, "0", 0, 1048576,
          "tokens of a group, outside which nothing is seen; 0: no groups",
          "attention.group < model.context or attention.group_shift = yes"),
    YES_NO(group_shift, "the second half of the heads shifted by half a group",
           "attention.group != 0 | 1"),
    COUNT(group_globals, "0", 0, 1048576, "first tokens that every group sees",
          "attention.group != 0"),
    CHOICE(documents, "across", documents_name,
           "what a query sees of the documents that the data know: across (all "
           "before it, as if they were one), within (its own alone)",
           DATA_HAS_DOCUMENTS),
    COUNT(document_token, "-1", -1, 1048576,
          "token that begins a document, across whose start nothing is seen; "
          "-1: none",
          NULL),
    CHOICE(gate, "none", gate_name,
           "sigmoid gate on a head's output: none, input (projected from the "
           "block's normed input), static (learned numbers)",
           NULL),
    CHOICE(gate_per, "element", gate_per_name,
           "gate: a number for each element, or one a head",
           "attention.gate != none"),
    YES_NO(context_scale, "output of a head times 2 sigmoid(x w + b)", NULL),
    YES_NO(value_gate, "value times sigmoid of its projection, a head", NULL),
    YES_NO(head_norm, "RMS norm with learned gain on each head's output", NULL),
    YES_NO(exclusive,
           "takes a learned share of the token's own value out of the output",
           NULL),
    CHOICE(v_scale, "none", v_scale_name,
           "learned number on values, which their gradient is scaled by as "
           "well: none, layer (one), head (one each)",
           NULL),
    CHOICE(value_residual, "none", value_residual_name,
           "values mixed with the first block's: none, fixed (half and half), "
           "learned",
           NULL),
    COUNT(conv, "0", 0, 32,
          "taps of a causal convolution on queries, keys and values; 0: none",
          NULL),
    COUNT(kv_heads, "0", 0, 1024,
          "heads of keys and values, each shared by as many query heads; 0: "
          "one each",
          NULL),
    CHOICE(combine, "concat", combine_name,
           "heads side by side before the output matrix, or added up",
           "model.heads != 1 | 2 or model.heads = 2 and attention.operation != "
           "differential"),
    NUMBER(flow_clamp, "5", 0.01, 1000,
           "flow: bound of the competition among sources",
           "attention.operation = flow"),
};
const idx n_attention_keys = COUNT_OF(attention_keys);
