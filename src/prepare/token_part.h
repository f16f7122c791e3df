/* token_part.h - one part of a corpus while it is written: NAME.bin, NAME.idx
 * in Megatron's layout (docs/FORMATS.md), its counts and its hash.
 *
 * Memory does not grow with the part. Files lie under temporary names until
 * they are placed. Errors: ERR_IO, ERR_MEMORY; drop it in any case.
 */
#ifndef SINKLAB_TOKEN_PART_H
#define SINKLAB_TOKEN_PART_H

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/fsys.h"

/* Tokens of a document that one sequence takes, whose length is an int32. */
enum { TOKEN_SEQUENCE_MAX = 1 << 30 };

struct token_facts {
    idx tokens, documents;
    idx text_bytes;          /* that the tokens stand for */
    char hash[HASH_HEX_MAX]; /* XXH3-64 of all tokens as they lie in .bin */
};

struct token_part {
    struct fsys_stream bin, index;
    struct fsys_stream lengths; /* of documents, until the index is made of
                                   them: its order is another */
    struct hash_run *hash;
    struct token_facts facts; /* whole when finished */
    idx width;
    idx n_sequences;
    idx n_now; /* tokens of the document at hand */
    unsigned char *buffer, *lengths_buffer;
    size_t n_buffer, n_lengths;
};

/* token_part_open - a zeroed one; dir and name give the files, width (2 or 4)
 * the bytes of a token. */
int token_part_open(struct token_part *p, const char *dir, const char *name,
                    idx width, struct err *e);

/* token_part_add - n more tokens of the document, 0 .. 2^(8 width)-1. */
int token_part_add(struct token_part *p, const int32_t *tokens, idx n,
                   struct err *e);

/* token_part_end_document - it had text_bytes of text; one without tokens is
 * none. */
int token_part_end_document(struct token_part *p, size_t text_bytes,
                            struct err *e);

/* token_part_finish - nothing more is added; p->facts holds. A part without
 * tokens has no files. */
int token_part_finish(struct token_part *p, struct err *e);

/* token_part_place - its files get their names (fsys_stream_place). */
int token_part_place(struct token_part *p, struct err *e);

void token_part_drop(struct token_part *p);

#endif
