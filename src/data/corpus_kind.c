#include "data/corpus_kind.h"

#include <string.h>

extern const struct corpus_kind corpus_bigram, corpus_text, corpus_random,
    corpus_tokens, corpus_repeat, corpus_copy, corpus_induction;

/* The order is that of the values in stored configs: new ones at the end. */
const struct corpus_kind *const corpora[] = {
    &corpus_bigram, &corpus_text,      &corpus_random,
    &corpus_tokens, &corpus_mixture,   &corpus_repeat,
    &corpus_copy,   &corpus_induction, NULL,
};

const char *corpus_name(int i)
{
    return i >= 0 && i < COUNT_OF(corpora) - 1 ? corpora[i]->text.name : NULL;
}

int corpus_find(const char *name, size_t n)
{
    for (int i = 0; corpora[i]; i++)
        if (strlen(corpus_name(i)) == n && !memcmp(corpus_name(i), name, n))
            return i;
    return -1;
}
