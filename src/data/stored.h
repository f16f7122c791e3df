/* stored.h - tokens that lie in files, as one stream.
 *
 * The files are mapped (io/mapping.h): nothing of them is in memory before it
 * is read, and reading cannot fail. stored_open.h opens them; what files look
 * like: docs/FORMATS.md, "Token files". Reading is for any number of threads.
 */
#ifndef SINKLAB_STORED_H
#define SINKLAB_STORED_H

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"

struct mapping;
struct stored_format;

/* Tokens that lie side by side. */
struct stored_piece {
    const unsigned char *bytes; /* little-endian, of width bytes each */
    idx first, n;               /* its first token in the stream; how many */
    const struct mapping *map;  /* the file they are in */
};

struct stored {
    struct stored_piece *pieces;
    idx n_pieces;
    idx width; /* bytes a token: 1, 2 or 4 */
    idx n;     /* tokens */
    /* (n_documents + 1) where each begins, then n: in ascending order, and the
     * same twice where one is empty. NULL: the files do not say. */
    idx *documents;
    idx n_documents;
    double text_bytes; /* of the text that they stand for; 0: nobody knows */
    idx vocab;         /* of a prepared folder: its ids are below; else 0 */
    bool is_prepared;  /* such a folder, which has a held-out part */
    const struct stored_format *format; /* of all its files */

    /* Identity (identity.h): XXH3-64 of all tokens as 16-bit numbers, or 32-bit
     * if width is 4, and the largest of them. */
    char hash[HASH_HEX_MAX];
    idx max_token;
    bool is_hashed; /* all was read for that just now; false: it was known */

    struct mapping **maps; /* all files that are open */
    idx n_maps;
};

/* stored_read - out (n) = tokens from .. from+n-1, which must be there. */
void stored_read(const struct stored *s, int32_t *out, idx from, idx n);

/* stored_near - all tokens will be read here and there: have them at hand. A
 * system call, and reading the files as fast as the disk gives them, instead of
 * a page at a time. */
void stored_near(const struct stored *s);

/* stored_check_vocab - are all tokens below vocab? OK; ERR_DATA names the first
 * that is not, its file and place there. Reads the files only if it fails. */
int stored_check_vocab(const struct stored *s, idx vocab, struct err *e);

/* The largest of n tokens; 0 of none. */
idx stored_max(const unsigned char *bytes, idx width, idx n);

/* stored_identity - what a corpus of one or two parts is (val may be zeroed):
 * the hash of the tokens alone, of one document; else that of the hashes of
 * both parts and of where their documents begin. */
void stored_identity(char hash[HASH_HEX_MAX], const struct stored *train,
                     const struct stored *val);

/* stored_close - a zeroed one, too, or one whose opening failed. */
void stored_close(struct stored *s);

/* --- for those that open ------------------------------------------------- */

/* stored_map - open a file for as long as s lives. As mapping_open. */
int stored_map(struct stored *s, struct mapping **m, const char *path,
               const char *place, struct err *e);

/* stored_add_piece - n tokens (0: nothing happens) of an open file follow.
 * OK, ERR_MEMORY; ERR_DATA: another width than those before. */
int stored_add_piece(struct stored *s, const struct mapping *m,
                     const unsigned char *bytes, idx n, idx width,
                     struct err *e);

/* stored_add_document - a document begins at token `at`, which may be yet to
 * come; after the last, the end of the stream. OK, ERR_MEMORY. */
int stored_add_document(struct stored *s, idx at, struct err *e);

#endif
