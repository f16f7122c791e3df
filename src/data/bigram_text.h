/* bigram_text.h - how often each byte of a text comes, and comes after which.
 */
#ifndef SINKLAB_BIGRAM_TEXT_H
#define SINKLAB_BIGRAM_TEXT_H

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"

enum { BYTES = 256 };

struct bigram_text {
    uint64_t count[BYTES];       /* of each byte */
    uint64_t pair[BYTES][BYTES]; /* of byte u with byte v behind it; both lie in
                                    one file */
    idx n_kinds;                 /* bytes that occur */
    unsigned char byte[BYTES];   /* (n_kinds) they, rare ones first; of those
                                    as frequent the least first */
    char hash[HASH_HEX_MAX];     /* of the text */
};

/* bigram_text_count - of a file, or of all files below a folder, as data.path
 * takes them. is_anew: the hash is computed, whatever is known.
 * OK; ERR_DATA: missing, empty; ERR_IO, ERR_MEMORY. */
int bigram_text_count(struct bigram_text *b, const char *path, bool is_anew,
                      struct err *e);

#endif
