/* prepared.h - a folder that `sinklab data prepare` wrote, as its reader sees
 * it: section [corpus] of its manifest.ini, and Megatron's files for each part.
 *
 * KEEP WITH: docs/FORMATS.md, "Prepared folder".
 */
#ifndef SINKLAB_PREPARED_H
#define SINKLAB_PREPARED_H

#include "base/err.h"
#include "base/hash.h"
#include "data/stored_query.h"

#define PREPARED_MANIFEST "manifest.ini"
#define PREPARED_TRAIN "train" /* .bin and .idx */
#define PREPARED_VAL "val"     /* the same; none where nothing is held out */
#define PREPARED_MODEL "vocabulary.model" /* SentencePiece's */

/* What a tokenizer is called there. */
#define PREPARED_BYTES "bytes"
#define PREPARED_PIECES "sentencepiece"

/* Of one part; bytes are those of its text, 0: not said; hash "": not said. */
struct prepared_part {
    idx tokens, bytes;
    char hash[HASH_HEX_MAX];
};

struct prepared {
    bool is_one;    /* else the folder is another, or none */
    idx vocab;      /* token ids are below */
    bool has_model; /* they are sub-words of PREPARED_MODEL; else bytes */
    struct prepared_part train, val;
};

/* prepared_read - what the manifest in this folder says. OK, also where the
 * path is no folder, has no manifest, or one of something else; ERR_DATA:
 * damaged, or with values that make no sense; ERR_IO, ERR_MEMORY. */
int prepared_read(struct prepared *p, const struct stored_query *q,
                  struct err *e);

/* The .bin of a part; its .idx is beside it. */
const char *prepared_bin(enum stored_part part);

#endif
