/* token_text.h - what tokens of a source look like on a screen: bytes as text,
 * pieces of words by their vocabulary, others as numbers, ours by name. */
#ifndef SINKLAB_TOKEN_TEXT_H
#define SINKLAB_TOKEN_TEXT_H

#include <stdio.h>

#include "data/source.h"
#include "data/vocabulary.h"

/* Bytes of what is shown for a token, NUL included. */
enum { TOKEN_TEXT_MAX = 128 };

enum token_look { LOOK_NUMBERS, LOOK_BYTES, LOOK_PIECES };

struct token_text {
    const struct source *source; /* borrowed */
    bool unicode;                /* the terminal shows it */
    enum token_look looks[PARTS_MAX];
    struct vocabulary vocabularies[PARTS_MAX]; /* of those with pieces */
};

/* token_text_open - for an open source, which it borrows. OK, ERR_DATA, ERR_IO,
 * ERR_MEMORY; close in any state. */
int token_text_open(struct token_text *x, const struct source *s, bool unicode,
                    struct err *e);
void token_text_close(struct token_text *x);

/* tokens_show - the first of n tokens of a part, or so many as are one
 * character together: printable. Returns how many they are. */
idx tokens_show(char out[TOKEN_TEXT_MAX], const struct token_text *x, idx part,
                const int32_t *tokens, idx n);

/* One token by itself. */
void token_show(char out[TOKEN_TEXT_MAX], const struct token_text *x, idx part,
                int32_t token);

/* tokens_write - n tokens of a part as the text they stand for, byte for byte:
 * nothing is escaped; ours by name, <BOS>; numbers with blanks between. */
void tokens_write(FILE *out, const struct token_text *x, idx part,
                  const int32_t *tokens, idx n);

/* What stands between two tokens: nothing between bytes. */
const char *token_gap(const struct token_text *x, idx part);

#endif
