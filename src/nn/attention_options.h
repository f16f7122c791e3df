/* attention_options.h - what attention is made of: the [attention] keys, and
 * what excludes what. Letters: options.h.
 */
#ifndef SINKLAB_ATTENTION_OPTIONS_H
#define SINKLAB_ATTENTION_OPTIONS_H

#include "base/base.h"
#include "base/key.h"

struct err;
struct model_spec;
struct op_text;

enum bias_kind { BIAS_NONE, BIAS_KEY, BIAS_KEY_VALUE, BIAS_VALUE, BIAS_LOGIT };
enum bias_value { BIAS_VALUE_ZERO, BIAS_VALUE_FIRST, BIAS_VALUE_UNIFORM };
enum sigmoid_bias {
    SIGMOID_CONSTANT,
    SIGMOID_LENGTH, /* - ln n, n visible keys */
    SIGMOID_LEARNED,
};
enum feature_kind { FEATURE_NONE, FEATURE_ELU1, FEATURE_MLP };
enum operation_kind { OPERATION_ROWS, OPERATION_FLOW, OPERATION_DIFFERENTIAL };
enum qk_norm { QK_NORM_NONE, QK_NORM_RMS, QK_NORM_UNIT, QK_NORM_RMS_WIDE };
enum forget_kind { FORGET_NONE, FORGET_INPUT, FORGET_LEARNED, FORGET_FIXED };
enum gate_kind { GATE_NONE, GATE_INPUT, GATE_STATIC };
enum gate_per { GATE_PER_ELEMENT, GATE_PER_HEAD };
enum v_scale { V_SCALE_NONE, V_SCALE_LAYER, V_SCALE_HEAD };
enum value_residual {
    VALUE_RESIDUAL_NONE,
    VALUE_RESIDUAL_FIXED,
    VALUE_RESIDUAL_LEARNED,
};
enum combine_kind { COMBINE_CONCAT, COMBINE_ADD };
enum documents_kind { DOCUMENTS_ACROSS, DOCUMENTS_WITHIN };

struct attention_options {
    int operation; /* enum operation_kind: what a head does */
    double flow_clamp;

    int weights;         /* row of nn/attention/weights/weights.c */
    int normalizer;      /* enum normalizer */
    double normalizer_p; /* of p_norm */
    double scale;        /* factor on the normalised weights */
    int sigmoid_bias;    /* enum sigmoid_bias */
    double sigmoid_b;    /* the constant, or where the learned one starts */
    double clip_zeta;    /* clipped: clip((zeta - gamma) p + gamma, 0, 1) */
    double clip_alpha;   /* gamma = -clip_alpha / n */
    bool clip_visible;   /* n: visible keys; else the context */
    double elastic_tau;  /* where tau starts */
    double ssmax_scale;  /* where s starts */
    double threshold_beta, threshold_power;

    int features;     /* enum feature_kind, on queries and keys */
    bool linear_time; /* running sums where the mathematics allows them */

    int bias;                /* enum bias_kind: the extra column */
    bool bias_shared;        /* one for all heads of a layer */
    idx bias_dims;           /* learnable dimensions of its key; 0: all */
    int bias_value;          /* enum bias_value, of bias = key */
    double bias_value_scale; /* norm of that value */
    idx registers;           /* learned tokens in front of every sequence */

    double score_scale; /* factor on q.k; 0: 1 / sqrt(D) */
    int qk_norm;        /* enum qk_norm */
    double qk_norm_eps; /* of rms, rms_wide */
    double soft_cap;    /* c tanh(s / c); 0: none */
    int forget;         /* enum forget_kind */

    idx window; /* keys a query sees, itself included; 0: all */
    struct key_list window_layers; /* which have it, rising; none: all. Empty
                                      in the settings of one layer */
    idx prefix;                    /* first keys that all queries see */
    idx group;          /* length of a block of queries and keys; 0: one */
    bool group_shift;   /* half of the heads shifted by half a group */
    idx group_globals;  /* first keys that all groups see */
    int documents;      /* enum documents_kind: may those that the data know
                           be seen across? */
    idx document_token; /* a new document begins with it; -1: none */

    int gate, gate_per; /* enum gate_kind, enum gate_per: on the output */
    bool context_scale; /* 2 sigmoid(x w + b) on the output, a head */
    bool value_gate;    /* value_j sigmoid(value_j W) */
    bool head_norm;     /* RMS norm of each head's output */
    bool exclusive;     /* output without its own value's direction */
    int value_residual; /* enum value_residual */
    int v_scale;        /* enum v_scale: a learned number on values */

    idx conv;     /* taps of the convolution on q, k, v; 0: none */
    idx kv_heads; /* 0: as many as heads */
    int combine;  /* enum combine_kind */
};

/* What the values of a key mean, by its enum, beside the code that does it;
 * `more`: what belongs to them. Each ends with NULL. Operations:
 * nn/stages/operation.c; columns: nn/attention/column.c. */
extern const struct op_text *const operation_texts[];
extern const struct op_text *const operation_more[];
extern const struct op_text *const column_texts[];
extern const struct op_text *const column_value_texts[];
extern const struct op_text *const column_more[];

/* Do heads work two and two, with one value of twice the width? */
static inline bool attention_in_pairs(const struct attention_options *o)
{
    return o->operation == OPERATION_DIFFERENTIAL;
}

/* Heads, or pairs of them, that stand in line, of so many heads. */
static inline idx attention_views(const struct attention_options *o, idx heads)
{
    return attention_in_pairs(o) ? heads / 2 : heads;
}

/* E, width of a value, from D, that of a query. */
static inline idx attention_value_width(const struct attention_options *o,
                                        idx D)
{
    return attention_in_pairs(o) ? 2 * D : D;
}

/* Does a query see nothing in front of its document? */
static inline bool attention_has_documents(const struct attention_options *o)
{
    return o->document_token >= 0 || o->documents == DOCUMENTS_WITHIN;
}

/* Is there an extra column? bias = value adds a value without one. */
static inline bool attention_has_column(const struct attention_options *o)
{
    return o->bias != BIAS_NONE && o->bias != BIAS_VALUE;
}

/* Dimensions of the extra key that are learned, in force. */
static inline idx attention_bias_dims(const struct attention_options *o, idx D)
{
    return o->bias_dims ? idx_min(o->bias_dims, D) : D;
}

/* attention_of_layer - what one layer has of settings that name layers: no
 * window, if window_layers does not name it (nn/visible.c). */
struct attention_options attention_of_layer(const struct attention_options *all,
                                            idx layer);

/* attention_options_check - model_spec_check's part on [attention]
 * (nn/attention/attention_check.c). */
int attention_options_check(const struct model_spec *s, struct err *e);

/* attention_rule - rule i of that check, beside the normalisers that go with
 * a weight map: the keys that exclude each other, and why. False past the
 * end. */
bool attention_rule(idx i, const char **keys, const char **reason);

#endif
