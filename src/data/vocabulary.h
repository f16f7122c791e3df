/* vocabulary.h - the bytes of text that a token of a prepared corpus stands
 * for.
 *
 * Of bytes a token is its byte. Sub-words come from SentencePiece's own model
 * file, of which the pieces alone are read: a protobuf message, here taken
 * apart field by field, every length checked. In a piece SentencePiece writes
 * a blank as U+2581, and a byte as <0xNN>; both come out as what they mean.
 *
 * Owns its memory; to be released. After opening, any thread.
 */
#ifndef SINKLAB_VOCABULARY_H
#define SINKLAB_VOCABULARY_H

#include "base/base.h"
#include "base/err.h"

#define PIECE_BLANK "\xe2\x96\x81" /* U+2581, what a blank is in a piece */

/* KEEP WITH: sentencepiece_model.proto of SentencePiece, SentencePiece.Type */
enum piece_type {
    PIECE_NORMAL = 1,
    PIECE_UNKNOWN = 2, /* what nothing else can spell */
    PIECE_CONTROL = 3, /* <s>, </s>: stand for no text */
    PIECE_USER = 4,
    PIECE_UNUSED = 5,
    PIECE_BYTE = 6,
};

struct vocabulary_piece {
    const char *bytes; /* no NUL behind them; may hold some */
    idx n;
    enum piece_type type;
};

struct vocabulary {
    struct vocabulary_piece *pieces; /* (n) */
    idx n;
    char *memory;
};

/* vocabulary_open - that of the prepared folder. OK; ERR_DATA: no such folder,
 * or a model that is none or of another size than the manifest
 * says; ERR_IO, ERR_MEMORY. */
int vocabulary_open(struct vocabulary *v, const char *dir, struct err *e);

/* vocabulary_read_model - that of a model file of SentencePiece's. As above. */
int vocabulary_read_model(struct vocabulary *v, const char *path,
                          struct err *e);

/* vocabulary_parse - that of n bytes of a model, of which v takes hold if it is
 * OK; `name` is what messages call it. */
int vocabulary_parse(struct vocabulary *v, char *model, size_t n,
                     const char *name, struct err *e);

/* vocabulary_text - what the token stands for, *n bytes; of unknown and control
 * pieces their names; NULL where the vocabulary has no such token, as BOS and
 * EOS of a config. */
const char *vocabulary_text(const struct vocabulary *v, int32_t token, idx *n);

void vocabulary_release(struct vocabulary *v);

#endif
