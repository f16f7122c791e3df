/* families.c - the families there are, and the activations that they have. */
#include <stdio.h>
#include <string.h>

#include "exchange/family.h"

const struct family *const families[] = {
    &family_gpt2,  &family_llama,   &family_neox, &family_mistral,
    &family_qwen2, &family_qwen3,   &family_olmo, &family_olmo2,
    &family_opt,   &family_gpt_neo, NULL
};

const struct family *family_find(const char *type)
{
    for (idx i = 0; families[i]; i++)
        for (idx k = 0; families[i]->types[k]; k++)
            if (!strcmp(families[i]->types[k], type))
                return families[i];
    return NULL;
}

const char *family_types(char text[FAMILY_TYPES_MAX])
{
    size_t n = 0;
    for (idx i = 0; families[i]; i++)
        for (idx k = 0; families[i]->types[k]; k++)
            n += (size_t)snprintf(text + n, FAMILY_TYPES_MAX - n, "%s%s",
                                  n ? ", " : "", families[i]->types[k]);
    return text;
}

/* Theirs of one line are the same function, to rounding. */
static const struct act {
    const char *theirs, *plain, *gated;
    int kind, gated_kind;
} acts[] = {
    { "gelu_new", "gelu", NULL, FFN_GELU, -1 },
    { "gelu_pytorch_tanh", "gelu", NULL, -1, -1 },
    { "gelu_fast", "gelu", NULL, -1, -1 },
    { "gelu", "gelu_erf", "geglu", FFN_GELU_ERF, FFN_GEGLU },
    { "relu", "relu", "reglu", FFN_RELU, FFN_REGLU },
    { "silu", "silu", "swiglu", FFN_SILU, FFN_SWIGLU },
    { "swish", "silu", "swiglu", -1, -1 },
};

const char *family_ffn(const char *act, bool is_gated)
{
    for (idx i = 0; i < COUNT_OF(acts); i++)
        if (!strcmp(acts[i].theirs, act))
            return is_gated ? acts[i].gated : acts[i].plain;
    return NULL;
}

const char *family_act(int ffn)
{
    for (idx i = 0; i < COUNT_OF(acts); i++)
        if (acts[i].kind == ffn || acts[i].gated_kind == ffn)
            return acts[i].theirs;
    return NULL;
}

bool family_is_plain(int ffn)
{
    for (idx i = 0; i < COUNT_OF(acts); i++)
        if (acts[i].kind == ffn)
            return true;
    return false;
}
