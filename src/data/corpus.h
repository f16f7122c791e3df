/* corpus.h - tokens in files, or what draws them, of some kind
 * (corpus_kind.h), ready to be read. */
#ifndef SINKLAB_CORPUS_H
#define SINKLAB_CORPUS_H

#include "base/arena.h"
#include "base/err.h"
#include "data/corpus_kind.h"
#include "data/stored.h"

struct corpus {
    const struct corpus_kind *kind;
    idx n_plain; /* tokens are 0 .. n_plain-1 */
    /* (n_plain) bytes of text that tokens stand for; NULL: nobody knows, or a
     * token is its byte */
    const unsigned char *bytes;
    uint64_t task_seed;
    bool is_checked;          /* identities are computed anew */
    struct stored train, val; /* stored; val without pieces: train's tail */
    char hash[HASH_HEX_MAX];  /* of all stored tokens; or "" */
    struct arena arena;
    void *own; /* what its kind keeps */
};

/* corpus_open - of the kind that o->source names. is_checked: identities are
 * computed anew, not taken from where they are kept.
 * OK, ERR_DATA, ERR_IO, ERR_MEMORY; close in any state. */
int corpus_open(struct corpus *c, const struct data_options *o, bool is_checked,
                struct err *e);
void corpus_close(struct corpus *c);

#endif
