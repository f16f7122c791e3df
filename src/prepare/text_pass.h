/* text_pass.h - once through all text of the source files, document by
 * document, each byte to the part that it belongs to.
 */
#ifndef SINKLAB_TEXT_PASS_H
#define SINKLAB_TEXT_PASS_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "prepare/documents.h"
#include "prepare/held_out.h"

enum text_part { TEXT_TRAIN, TEXT_VAL, TEXT_PARTS };

struct text_sources {
    const struct file_list *files;
    size_t total_bytes;
    enum document_rule rule;
    const char *text; /* the separator, or JSON's name */
    struct held_out held_out;
    FILE *progress; /* how far a pass is, now and then; NULL: nothing */
};

/* What is done with the text of a document in a part. Functions may be NULL. */
struct text_visitor {
    const char *what; /* as progress calls the pass */
    /* its first byte here is byte `skipped` of the document */
    int (*begin)(void *user, enum text_part part, const struct document *d,
                 size_t skipped, struct err *e);
    int (*add)(void *user, enum text_part part, const unsigned char *bytes,
               size_t n, struct err *e);
    int (*end)(void *user, enum text_part part, size_t n_all, struct err *e);
    void *user;
    bool is_train_only;
};

/* text_pass - hashes (files->n): of the files' bytes, out; NULL: nobody asks.
 */
int text_pass(const struct text_sources *s, const struct text_visitor *v,
              char (*hashes)[HASH_HEX_MAX], struct err *e);

/* text_has_many - *has: are there at least HELD_OUT_MANY documents? Reads no
 * further than they go, and nothing where files are documents. */
int text_has_many(bool *has, const struct text_sources *s, struct err *e);

#endif
