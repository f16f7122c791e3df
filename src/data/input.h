/* input.h - what sinks are measured on where it is not what a corpus holds out:
 * sequences that separate "this place" from "this token".
 *
 * They are samples of SPLIT_SINK of a source of their own, which has the
 * vocabulary of the one that a model was trained on, its tokens beside those of
 * the corpus (BOS, EOS, the fixed one) and its edits.
 */
#ifndef SINKLAB_INPUT_H
#define SINKLAB_INPUT_H

#include "base/op_text.h"
#include "data/source.h"

enum input_kind {
    INPUT_DATA,
    INPUT_RANDOM,
    INPUT_REPEAT,
    INPUT_FILE,
    INPUT_COPY,
    INPUT_UNIGRAM
};

/* Row i is what the key [sink] input calls input_name(i). */
extern const struct op_text *const input_texts[]; /* ends with NULL */
const char *input_name(int i);                    /* NULL past the end */

struct input_query {
    enum input_kind kind; /* not INPUT_DATA */
    const char *path;     /* of INPUT_FILE: tokens in one of the layouts of
                             stored_format.h, or bytes of a text where the
                             vocabulary is bytes */
    const char *hash;     /* that its tokens must have; "": any */
    idx tokens;           /* of INPUT_COPY, INPUT_UNIGRAM: of a sequence,
                             without BOS */
};

/* input_open - in place of `of`, which is open and may be released then. Fills
 * the row of `of`, of INPUT_UNIGRAM.
 * OK; ERR_DATA: no such file, of another hash or another vocabulary, no token
 * that could be drawn; ERR_IO, ERR_MEMORY; release in any state. */
int input_open(struct source *s, const struct source *of,
               const struct input_query *q, struct err *e);

#endif
