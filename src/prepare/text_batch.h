/* text_batch.h - the text of documents, collected until a helper program is
 * worth starting, and handed over in segments.
 *
 * Bounded memory: what is behind us is dropped, what is not a whole segment yet
 * stays. Segments do not depend on how the text came in. Owns its memory; to be
 * released. Errors: ERR_DATA (no UTF-8, with file and byte), ERR_MEMORY.
 */
#ifndef SINKLAB_TEXT_BATCH_H
#define SINKLAB_TEXT_BATCH_H

#include "base/base.h"
#include "base/err.h"
#include "prepare/documents.h"
#include "prepare/segment.h"

/* From so many bytes on it is to be emptied: some seconds of spm_encode. */
enum { TEXT_BATCH_BYTES = 1 << 22 };

/* A document, or what is left of it. */
struct text_span {
    struct document document; /* path borrowed */
    size_t skipped;           /* bytes of its text in front of what is here */
    size_t end;               /* behind its last byte in the batch */
    size_t n_all;             /* of its text in this part, so far */
    bool is_ended;
};

struct text_batch {
    char *text; /* n bytes and a NUL */
    size_t n, cap;
    struct text_span *spans;
    idx n_spans;
};

/* text_batch_begin - of a document text comes now, from byte `skipped` of it.
 * text_batch_add - it goes on; text_batch_end - that was all of it. */
int text_batch_begin(struct text_batch *b, const struct document *document,
                     size_t skipped, struct err *e);
int text_batch_add(struct text_batch *b, const unsigned char *bytes, size_t n,
                   struct err *e);
void text_batch_end(struct text_batch *b);

/* What is done with segments; `at` is for text_batch_place. */
struct text_visit {
    int (*segment)(void *user, const char *text, struct segment s, size_t at,
                   struct err *e);
    /* a document's text is over; n_all bytes of it. NULL: of no interest */
    int (*end)(void *user, size_t n_all, struct err *e);
    void *user;
};

/* text_batch_visit - hand over all whole segments, in order. It may be done
 * several times. text_batch_drop - forget them. */
int text_batch_visit(const struct text_batch *b, const struct text_visit *v,
                     struct err *e);
int text_batch_drop(struct text_batch *b, struct err *e);

/* text_batch_place - where byte `at` of the batch comes from: "FILE: byte 17",
 * "FILE:3: byte 4 of its text"; into out. Counts from 1. */
enum { TEXT_PLACE_MAX = 4352 };
void text_batch_place(char out[TEXT_PLACE_MAX], const struct text_batch *b,
                      size_t at);

void text_batch_release(struct text_batch *b);

#endif
