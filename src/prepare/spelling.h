/* spelling.h - a text that a user gives, as the tokens that a model was trained
 * on: bytes, sub-words by SentencePiece's spm_encode, or, where the corpus has
 * no text, numbers of tokens.
 *
 * `what` is what messages call it: "--prompt". The caller frees *tokens, which
 * is NULL where there are none. Errors: ERR_DATA: the vocabulary cannot spell
 * it; ERR_TOOL: spm_encode is missing or failed; ERR_IO, ERR_MEMORY.
 */
#ifndef SINKLAB_SPELLING_H
#define SINKLAB_SPELLING_H

#include "data/token_text.h"

/* spell - as tokens of one part of x's source. */
int spell(int32_t **tokens, idx *n, const struct token_text *x, idx part,
          const char *text, const char *what, struct err *e);

/* spell_numbers - tokens told by their numbers, with blanks or commas between,
 * ours included. */
int spell_numbers(int32_t **tokens, idx *n, const struct source *s,
                  const char *text, const char *what, struct err *e);

#endif
