/* options.h - what a model is made of: the [model] and [attention] keys.
 *
 * Dimensions (docs/NOTATION.md): B batch, T time, C width, H heads, D = C/H
 * head width, F feed-forward width, V vocabulary, L layers, M = B*T rows.
 */
#ifndef SINKLAB_NN_OPTIONS_H
#define SINKLAB_NN_OPTIONS_H

#include "base/base.h"
#include "base/err.h"
#include "base/key.h"

enum norm_kind { NORM_LAYER, NORM_RMS };
enum ffn_kind { FFN_GELU, FFN_SWIGLU };
enum position_kind { POSITION_LEARNED, POSITION_ROPE, POSITION_NONE };
enum init_kind { INIT_GPT2, INIT_STUDY, INIT_FRAMEWORK };
enum normalizer {
    NORMALIZER_OWN,
    NORMALIZER_NONE,
    NORMALIZER_SUM,
    NORMALIZER_LENGTH
};
enum bias_kind { BIAS_NONE, BIAS_KEY };

struct model_options {
    int preset;     /* only how the other keys were set; see model_presets */
    idx layers;     /* L */
    idx width;      /* C, divisible by heads */
    idx heads;      /* H */
    idx context;    /* T, tokens a sequence */
    idx ffn_width;  /* F; 0: 4 C, or 8/3 C rounded up to 32 if gated */
    int norm;       /* enum norm_kind */
    int ffn;        /* enum ffn_kind */
    int position;   /* enum position_kind */
    bool biases;    /* on linear layers */
    bool tied_head; /* head shares the token embedding's matrix */
    int init;       /* enum init_kind */
};

struct attention_options {
    int weights;    /* row of the weight-map table, nn/weights.h */
    int normalizer; /* enum normalizer */
    int bias;       /* enum bias_kind: the extra column */
};

extern const struct key model_keys[];
extern const idx n_model_keys;
extern const struct key attention_keys[];
extern const idx n_attention_keys;

/* A preset is a list of assignments to [model] keys, at the place where
 * `preset = NAME` stands; later assignments win as always. */
struct preset_value {
    const char *preset, *key, *value;
};
extern const struct preset_value model_presets[]; /* ends with preset NULL */

/* model_options_check - what one row's bounds cannot say: width divisible by
 * heads, RoPE's even head width, a normaliser the weight map allows.
 * OK or ERR_CONFIG naming the keys. */
int model_options_check(const struct model_options *m,
                        const struct attention_options *a, struct err *e);

/* F in force: ffn_width, or its default for this kind of feed-forward. */
idx model_ffn_width(const struct model_options *m);

#endif
