#include "data/source_kind.h"

extern const struct source_kind source_bigram, source_text, source_random;

const struct source_kind *const source_kinds[] = {
    &source_bigram,
    &source_text,
    &source_random,
    NULL,
};

const char *source_name(int i)
{
    return i >= 0 && i < COUNT_OF(source_kinds) - 1 ? source_kinds[i]->text.name
                                                    : NULL;
}
