#include "data/stored_format.h"

static const struct stored_format stored_auto = {
    .text = { .name = "auto",
              .formula = "what each file is: llm.c's by its first bytes, "
                         "Megatron's by the .idx beside it, nanoGPT's if "
                         "data.token_bytes says how wide tokens are" },
};

const struct stored_format *const stored_formats[] = {
    &stored_auto, &stored_llmc, &stored_nanogpt, &stored_megatron, NULL,
};

const char *stored_format_name(int i)
{
    return i >= 0 && i < COUNT_OF(stored_formats) - 1
               ? stored_formats[i]->text.name
               : NULL;
}
