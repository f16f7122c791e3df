/* pieces.h - sub-words by SentencePiece's own programs, spm_train, spm_encode.
 *
 * Nothing of a text is lost, whatever model is given: each segment is held
 * against what its pieces spell. A model learned here depends on the text and
 * SentencePiece's version alone: byte pairs (BPE), one thread, no
 * normalisation, a piece for each byte that no other spells.
 *
 * Errors: ERR_TOOL (a program is missing or failed), ERR_DATA (the model does
 * not give the text back), ERR_IO, ERR_MEMORY.
 */
#ifndef SINKLAB_PIECES_H
#define SINKLAB_PIECES_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "data/vocabulary.h"
#include "prepare/text_batch.h"
#include "prepare/token_part.h"

/* Bytes of text that a vocabulary is learned on, at most: spm_train holds them
 * in memory several times over. */
enum { PIECES_SAMPLE_BYTES = 1 << 26 };

enum { PIECES_VERSION_MAX = 64, PIECES_MODEL_MAX_BYTES = 1 << 28 };

/* pieces_version - "0.1.97", of a program, which must be there. */
int pieces_version(char version[PIECES_VERSION_MAX], const char *program,
                   struct err *e);

/* Lines of the training text, for a vocabulary to be learned on: all of them,
 * or of more than PIECES_SAMPLE_BYTES a share, spread evenly. */
struct pieces_sample {
    FILE *file;
    double share;
    uint64_t n_lines; /* seen */
};

/* pieces_sample_open - of text from files of so many bytes; close in any case.
 * pieces_sample - add the whole segments of the batch, which are dropped. */
int pieces_sample_open(struct pieces_sample *s, size_t total_bytes,
                       struct err *e);
int pieces_sample(struct pieces_sample *s, struct text_batch *batch,
                  struct err *e);
void pieces_sample_close(struct pieces_sample *s);

/* pieces_learn - a vocabulary of n pieces from the sample. *model: the model's
 * *n_bytes, which the caller frees. dir is where spm_train works, in a folder
 * of its own that is gone afterwards. */
int pieces_learn(char **model, size_t *n_bytes,
                 const struct pieces_sample *sample, idx n, const char *dir,
                 struct err *e);

struct pieces {
    struct vocabulary vocabulary;
    const char *model;  /* path of its file; borrowed */
    const char *name;   /* what messages call it; borrowed */
    int32_t bytes[256]; /* the piece of each byte; -1: none */
    bool puts_blank;    /* in front of every line, whatever it begins with */
};

/* pieces_open - with a model file, of which spm_encode is asked what it does in
 * front of a line. ERR_DATA: it cannot give a line feed. */
int pieces_open(struct pieces *p, const char *model, const char *name,
                struct err *e);

/* pieces_encode - the whole segments of the batch as tokens into part, and its
 * ends of documents; what is done is dropped from the batch. */
int pieces_encode(const struct pieces *p, struct text_batch *batch,
                  struct token_part *part, struct err *e);

/* pieces_spell - a text in memory as *n tokens, which the caller frees (NULL of
 * an empty text); name: what messages call it, "NAME: byte 3 ...". The text is
 * UTF-8. */
int pieces_spell(int32_t **tokens, idx *n, const struct pieces *p,
                 const char *text, const char *name, struct err *e);

void pieces_release(struct pieces *p);

#endif
