#include "data/stored.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "io/mapping.h"

/* Files of all formats are little-endian, and taken as they lie. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "this code needs a little-endian machine");

int stored_map(struct stored *s, struct mapping **m, const char *path,
               const char *place, struct err *e)
{
    if (!GROW(s->maps, s->n_maps))
        return err_memory(e, NULL);
    int rc = mapping_open(m, path, place, e);
    if (rc == OK)
        s->maps[s->n_maps++] = *m;
    return rc;
}

int stored_add_piece(struct stored *s, const struct mapping *m,
                     const unsigned char *bytes, idx n, idx width,
                     struct err *e)
{
    if (n == 0)
        return OK;
    if (s->n_pieces > 0 && width != s->width)
        return err_set(e, ERR_DATA,
                       "%s: has tokens of %td bytes, but %s has tokens of %td: "
                       "give files of one width",
                       m->place, width, s->pieces[0].map->path, s->width);
    if (!GROW(s->pieces, s->n_pieces))
        return err_memory(e, NULL);
    s->pieces[s->n_pieces++] = (struct stored_piece){
        .bytes = bytes, .first = s->n, .n = n, .map = m
    };
    s->width = width;
    s->n += n;
    return OK;
}

int stored_add_document(struct stored *s, idx at, struct err *e)
{
    idx n = s->documents ? s->n_documents + 1 : 0;
    if (!GROW(s->documents, n))
        return err_memory(e, NULL);
    s->documents[n] = at;
    s->n_documents = n;
    return OK;
}

void stored_close(struct stored *s)
{
    for (idx i = 0; i < s->n_maps; i++)
        mapping_close(s->maps[i]);
    free(s->maps);
    free(s->pieces);
    free(s->documents);
    *s = (struct stored){ 0 };
}

/* --- reading ------------------------------------------------------------- */

/* Loops of their own, so that compilers make vectors of them; memcpy, because
 * tokens need not be aligned. */
static void decode(int32_t *out, const unsigned char *bytes, idx width, idx n)
{
    if (width == 4) {
        memcpy(out, bytes, (size_t)n * sizeof *out);
    } else if (width == 2) {
        for (idx i = 0; i < n; i++) {
            uint16_t token;
            memcpy(&token, bytes + 2 * i, sizeof token);
            out[i] = token;
        }
    } else {
        for (idx i = 0; i < n; i++)
            out[i] = bytes[i];
    }
}

/* The last piece that does not begin behind token `at`. */
static const struct stored_piece *piece_at(const struct stored *s, idx at)
{
    idx low = 0, high = s->n_pieces;
    while (high - low > 1) {
        idx middle = low + (high - low) / 2;
        if (s->pieces[middle].first <= at)
            low = middle;
        else
            high = middle;
    }
    return &s->pieces[low];
}

void stored_read(const struct stored *s, int32_t *out, idx from, idx n)
{
    BUG_ON(from < 0 || n < 0 || n > s->n - from);
    if (n == 0)
        return;
    for (const struct stored_piece *p = piece_at(s, from); n > 0; p++) {
        idx into = from - p->first, here = idx_min(n, p->n - into);
        decode(out, p->bytes + into * s->width, s->width, here);
        out += here;
        from += here;
        n -= here;
    }
}

idx stored_max(const unsigned char *bytes, idx width, idx n)
{
    uint8_t max8 = 0;
    uint16_t max16 = 0, token16;
    uint32_t max32 = 0, token32;
    if (width == 4) {
        for (idx i = 0; i < n; i++) {
            memcpy(&token32, bytes + 4 * i, sizeof token32);
            max32 = token32 > max32 ? token32 : max32;
        }
        return max32;
    }
    if (width == 2) {
        for (idx i = 0; i < n; i++) {
            memcpy(&token16, bytes + 2 * i, sizeof token16);
            max16 = token16 > max16 ? token16 : max16;
        }
        return max16;
    }
    for (idx i = 0; i < n; i++)
        max8 = bytes[i] > max8 ? bytes[i] : max8;
    return max8;
}

/* The first token of a piece that is not below vocab; -1: all are. */
static idx find_foreign(const struct stored_piece *p, idx width, idx vocab)
{
    enum { STRIDE = 1 << 16 };
    for (idx i = 0; i < p->n; i++) {
        idx n = idx_min(STRIDE, p->n - i);
        if (i % STRIDE == 0 &&
            stored_max(p->bytes + i * width, width, n) < vocab) {
            i += n - 1;
            continue;
        }
        if (stored_max(p->bytes + i * width, width, 1) >= vocab)
            return i;
    }
    return -1;
}

void stored_near(const struct stored *s)
{
    for (idx i = 0; i < s->n_pieces; i++) {
        const struct stored_piece *p = &s->pieces[i];
        mapping_advise(p->map, p->bytes, (size_t)(p->n * s->width),
                       MAPPING_NEAR);
    }
}

int stored_check_vocab(const struct stored *s, idx vocab, struct err *e)
{
    if (s->max_token < vocab)
        return OK;
    for (idx k = 0; k < s->n_pieces; k++) {
        const struct stored_piece *p = &s->pieces[k];
        idx i = find_foreign(p, s->width, vocab);
        if (i < 0)
            continue;
        return err_set(e, ERR_DATA,
                       "%s: token %td is %td, but ids of a vocabulary of %td "
                       "(data.vocab) end at %td: give the vocabulary that "
                       "the tokens were made with, or, if that is right, "
                       "data.format or data.token_bytes is not",
                       p->map->place, i,
                       stored_max(p->bytes + i * s->width, s->width, 1), vocab,
                       vocab - 1);
    }
    return err_set(e, ERR_DATA,
                   "%s: was changed while it was open: give the command again",
                   s->maps[0]->place);
}

enum { HASHES_MAX = 4 };

static void add_borders(char text[HASHES_MAX * HASH_HEX_MAX],
                        const struct stored *s)
{
    char hex[HASH_HEX_MAX];
    hash_hex(hex, hash_bytes(s->documents, (size_t)(s->n_documents + 1) *
                                               sizeof *s->documents));
    strcat(strcat(text, " "), hex);
}

void stored_identity(char hash[HASH_HEX_MAX], const struct stored *train,
                     const struct stored *val)
{
    char text[HASHES_MAX * HASH_HEX_MAX];
    strcpy(text, train->hash);
    if (val->n_pieces)
        strcat(strcat(text, " "), val->hash);
    if (train->n_documents > 1)
        add_borders(text, train);
    if (val->n_documents > 1)
        add_borders(text, val);
    strcpy(hash, train->hash);
    if (strcmp(text, hash) != 0)
        hash_hex(hash, hash_bytes(text, strlen(text)));
}
