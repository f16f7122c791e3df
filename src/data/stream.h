/* stream.h - stored tokens with what stands between their documents.
 *
 * A stream numbers the tokens of a corpus and the BOS and EOS tokens put around
 * its documents one after the other; nothing is copied. Pure functions.
 *
 *     places    0    1 ..        s     s+1
 *               BOS  document 0  EOS   BOS  document 1 ...  last document
 */
#ifndef SINKLAB_STREAM_H
#define SINKLAB_STREAM_H

#include "data/row.h"
#include "data/stored.h"

struct stream {
    const struct stored *tokens; /* borrowed */
    int32_t bos;                 /* in front of each document, or NO_TOKEN */
    int32_t eos;                 /* between two documents, or NO_TOKEN */
    idx first;                   /* of the part that is read, */
    idx n;                       /* and how many */
};

/* stream_open - over all documents of a corpus; borrows it. */
struct stream stream_open(const struct stored *tokens, int32_t bos,
                          int32_t eos);

/* stream_part - n places from `first` of it on. */
struct stream stream_part(const struct stream *s, idx first, idx n);

/* stream_without_bos - the same tokens of the corpus, no BOS between them. */
struct stream stream_without_bos(const struct stream *s);

/* stream_read - row->tokens, documents and offsets (n) from place `from` on. A
 * document that began in front of the row begins at its first token. */
void stream_read(const struct stream *s, struct row *r, idx n, idx from);

/* The documents whose beginning lies in the part: first and how many. */
void stream_documents(const struct stream *s, idx *first, idx *n);

#endif
