/* options.h - what a model is made of: the [model] keys, those of [attention]
 * (attention_options.h), and those of [loss] (loss_options.h).
 *
 * Dimensions (docs/NOTATION.md): B batch, T time, C width, H heads, D head
 * width (C/H, if nothing else is said), F feed-forward width, V vocabulary, L
 * layers, M = B*T rows.
 */
#ifndef SINKLAB_NN_OPTIONS_H
#define SINKLAB_NN_OPTIONS_H

#include "base/base.h"
#include "base/err.h"
#include "base/key.h"
#include "nn/attention_options.h"
#include "nn/loss_options.h"

enum norm_kind { NORM_LAYER, NORM_RMS, NORM_SINGLE, NORM_DYT };
enum ffn_kind {
    FFN_GELU,
    FFN_SWIGLU,
    FFN_RELU,
    FFN_GELU_ERF,
    FFN_SILU,
    FFN_REGLU,
    FFN_GEGLU,
};
enum norm_place {
    PLACE_PRE,
    PLACE_POST,
    PLACE_SANDWICH,
    PLACE_NONE,
    PLACE_BEHIND,
};
enum biases_on {
    BIASES_ALL,
    BIASES_QKV,
    BIASES_ATTENTION,
    BIASES_FFN,
    BIASES_NOT_QKV,
};
enum rope_scaling { ROPE_PLAIN, ROPE_LINEAR, ROPE_LLAMA3 };
enum position_kind {
    POSITION_LEARNED,
    POSITION_ROPE,
    POSITION_NONE,
    POSITION_SINUSOID,
    POSITION_ALIBI,
    POSITION_T5,       /* learned number a head and bucket */
    POSITION_T5_STUDY, /* the bucket's number itself */
    POSITION_TXL,      /* Transformer-XL */
    POSITION_DISTANCE, /* learned number a head and distance */
};

enum { MODEL_LAYERS_MAX = 256 };

struct model_options {
    int preset;     /* whose values the keys have that are given nowhere */
    idx layers;     /* L */
    idx width;      /* C, divisible by heads if head_width is 0 */
    idx heads;      /* H */
    idx head_width; /* D; 0: C / H */
    idx context;    /* T, tokens a sequence */
    idx ffn_width;  /* F; 0: 4 C, or 8/3 C rounded up to 32 if gated */
    int norm;       /* enum norm_kind */
    int norm_place; /* enum norm_place */
    double norm_eps;
    bool parallel;               /* both sublayers read the block's start */
    int ffn;                     /* enum ffn_kind */
    int position;                /* enum position_kind */
    double rope_base, rope_part; /* part: of D, from the front, is turned */
    int rope_scaling;            /* enum rope_scaling: longer positions */
    double rope_factor;          /* by which rates are divided */
    double rope_slow, rope_fast; /* llama3: turns in rope_from tokens, below
                                    which a rate is divided, above which not */
    idx rope_from;               /* llama3: context it was made for */
    bool biases;                 /* on linear layers */
    int biases_on;               /* enum biases_on: which of them */
    bool tied_head;              /* head shares the token embedding's matrix */
    int init;                    /* row of the table, nn/param.h */
};

/* What a model is made of, and what its training minimizes. Options of another
 * kind become a member here, and reach whatever takes a spec. */
struct model_spec {
    struct model_options model;
    struct attention_options attention;     /* of all layers, or: */
    const struct attention_options *layers; /* (model.layers) of each; borrowed
                                               by model_init alone. NULL: all
                                               are alike */
    struct loss_options loss;
};

struct op_text;

/* What the values of the key mean, by its enum; ends with NULL. Presets:
 * nn/model_keys.c; positions: nn/stages/position.c. */
extern const struct op_text *const preset_texts[];
extern const struct op_text *const position_texts[];

extern const struct key model_keys[];
extern const idx n_model_keys;
/* Of struct attention_options; nn/attention/attention_keys.c. */
extern const struct key attention_keys[];
extern const idx n_attention_keys;

/* A preset is a list of values for [model] keys that are given nowhere: a key
 * that is given keeps what it was given, wherever both stand. All presets name
 * the same keys, so the last one given counts as a whole. */
struct preset_value {
    const char *preset, *key, *value;
};
extern const struct preset_value model_presets[]; /* ends with preset NULL */

/* model_preset_value - what a preset, a number of model_options.preset, says of
 * a row of model_keys; NULL: nothing, as no preset does. */
const char *model_preset_value(int preset, const struct key *key);

/* model_spec_check - what one row's bounds cannot say: width divisible by
 * heads, RoPE's even number of dimensions, settings that exclude each other, a
 * range of targets that is none.
 * OK or ERR_CONFIG naming the keys and the reason. */
int model_spec_check(const struct model_spec *s, struct err *e);

/* D in force. */
static inline idx model_head_width(const struct model_options *m)
{
    return m->head_width ? m->head_width : m->width / m->heads;
}

/* Dimensions of a head that position = rope turns, in force. */
idx model_rope_width(const struct model_options *m);

/* F in force: ffn_width, or its default for this kind of feed-forward. */
idx model_ffn_width(const struct model_options *m);

/* Heads that keys and values are made for. */
static inline idx model_kv_heads(const struct model_spec *s)
{
    return s->attention.kv_heads ? s->attention.kv_heads : s->model.heads;
}

#endif
