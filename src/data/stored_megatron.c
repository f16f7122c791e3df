/* stored_megatron.c - Megatron's indexed data sets: NAME.bin has tokens and
 * nothing else, NAME.idx says how wide they are, which of them are a sequence,
 * and which sequences are a document.
 *
 *     "MMIDIDX\0\0", version (8 bytes), type (1), sequences N (8), D (8)
 *     N lengths (4 each, in tokens), N places in NAME.bin (8, in bytes)
 *     D sequences with which documents begin (8), the last one N
 *
 * Every writer lays sequences end to end, and so they must be here: what lay
 * over another, or in no sequence, would be read as text that nobody wrote.
 * Nothing of NAME.idx is believed before it fits the sizes of both files.
 *
 * KEEP WITH: docs/FORMATS.md, "Token files".
 */
#include <inttypes.h>
#include <string.h>

#include "data/stored.h"
#include "data/stored_format.h"
#include "data/stored_query.h"
#include "io/fsys.h"
#include "io/mapping.h"

enum { HEADER_BYTES = 34, LENGTH_BYTES = 4, PLACE_BYTES = 8 };

static const char magic[9] = "MMIDIDX\0"; /* and the one that ends it */

/* What a type code means; width 0: no tokens that are read here. */
static const struct {
    const char *name;
    idx width;
} types[] = {
    [1] = { "uint8", 1 },   [2] = { "int8", 0 },   [3] = { "int16", 0 },
    [4] = { "int32", 4 },   [5] = { "int64", 0 },  [6] = { "float64", 0 },
    [7] = { "float32", 0 }, [8] = { "uint16", 2 },
};

/* NAME.idx, while it is checked. */
struct index {
    const struct mapping *m;
    idx width;
    idx sequences, ends; /* N, D */
    const unsigned char *lengths, *places, *documents;
};

static uint64_t u64_at(const unsigned char *bytes, idx i)
{
    uint64_t value;
    memcpy(&value, bytes + i * (idx)sizeof value, sizeof value);
    return value;
}

static int32_t length_of(const struct index *x, idx i)
{
    int32_t value;
    memcpy(&value, x->lengths + i * LENGTH_BYTES, sizeof value);
    return value;
}

/* The path of the .idx beside a file; false if it is too long. */
static bool index_path(char path[PATH_MAX], const char *bin)
{
    size_t n = strlen(bin);
    if (n > 4 && strcmp(bin + n - 4, ".bin") == 0)
        n -= 4;
    return snprintf(path, PATH_MAX, "%.*s.idx", (int)n, bin) < PATH_MAX;
}

static int claim_megatron(bool *is_one, const struct mapping *m, struct err *e)
{
    char path[PATH_MAX];
    *is_one = false;
    return index_path(path, m->path) ? fsys_exists(is_one, path, e) : OK;
}

static int open_header(struct index *x, struct err *e)
{
    const struct mapping *m = x->m;
    if (m->n < HEADER_BYTES || memcmp(m->bytes, magic, sizeof magic) != 0)
        return err_set(e, ERR_DATA,
                       "%s: does not begin as an index of Megatron's does "
                       "(MMIDIDX): it was cut off, or is none; put a whole "
                       "one there",
                       m->place);
    const unsigned char *at = m->bytes + sizeof magic;
    uint64_t version = u64_at(at, 0), n = u64_at(at + 9, 0);
    uint64_t ends = u64_at(at + 9, 1);
    int type = at[8];
    if (version != 1)
        return err_set(e, ERR_DATA,
                       "%s: has version %" PRIu64 ", this program knows 1: "
                       "write it again in that version",
                       m->place, version);
    if (type < 1 || type >= COUNT_OF(types) || types[type].width == 0)
        return err_set(e, ERR_DATA,
                       "%s: its tokens are of type %d (%s), want uint8 (1), "
                       "uint16 (8) or int32 (4): write them again as one of "
                       "these",
                       m->place, type,
                       type >= 1 && type < COUNT_OF(types) ? types[type].name
                                                           : "unknown");
    uint64_t left = m->n - HEADER_BYTES;
    uint64_t a_sequence = LENGTH_BYTES + PLACE_BYTES;
    if (n > left / a_sequence || ends > left / PLACE_BYTES ||
        n * a_sequence + ends * PLACE_BYTES != left)
        return err_set(e, ERR_DATA,
                       "%s: its %zu bytes are not those of %" PRIu64
                       " sequences and %" PRIu64 " ends of documents, as its "
                       "header says: it was cut off or damaged; put a whole "
                       "one there",
                       m->place, m->n, n, ends);
    x->width = types[type].width;
    x->sequences = (idx)n;
    x->ends = (idx)ends;
    x->lengths = m->bytes + HEADER_BYTES;
    x->places = x->lengths + n * LENGTH_BYTES;
    x->documents = x->places + n * PLACE_BYTES;
    return OK;
}

static int damaged(const struct index *x, const char *what, idx i,
                   struct err *e)
{
    return err_set(e, ERR_DATA,
                   "%s: damaged, or not of the .bin beside it: %s %td; put "
                   "both files there as they were written",
                   x->m->place, what, i);
}

/* Walk all sequences, which lie end to end in n tokens, and note where in the
 * stream documents begin. */
static int add_documents(struct stored *s, const struct index *x, idx n,
                         struct err *e)
{
    idx at = 0, d = 0;
    int rc = OK;
    for (idx i = 0; rc == OK && i <= x->sequences; i++) {
        while (rc == OK && d < x->ends &&
               u64_at(x->documents, d) == (uint64_t)i)
            if (++d < x->ends) /* the last one ends the one before */
                rc = stored_add_document(s, s->n + at, e);
        if (rc != OK || i == x->sequences)
            break;
        if (i == 0 && d == 0)
            return damaged(x, "no document begins with sequence", 0, e);
        int32_t length = length_of(x, i);
        if (u64_at(x->places, i) != (uint64_t)(at * x->width))
            return damaged(x,
                           "it does not begin where the one before ends, "
                           "sequence",
                           i, e);
        if (length < 0 || length > n - at)
            return damaged(x, "it does not end within the file, sequence", i,
                           e);
        at += length;
    }
    if (rc != OK)
        return rc;
    if (at != n)
        return damaged(x, "tokens in no sequence, from token", at, e);
    if (d != x->ends || x->ends == 0 ||
        u64_at(x->documents, x->ends - 1) != (uint64_t)x->sequences)
        return damaged(
            x, "sequences are in no order, or in none, from document", d, e);
    return OK;
}

static int add_index(struct stored *s, const struct mapping *m,
                     const struct mapping *index, struct err *e)
{
    struct index x = { .m = index };
    int rc = open_header(&x, e);
    if (rc != OK)
        return rc;
    if (m->n % (size_t)x.width)
        return err_set(e, ERR_DATA,
                       "%s: its %zu bytes are no whole number of tokens of "
                       "%td, which %s says: it was cut off; put a whole one "
                       "there",
                       m->place, m->n, x.width, index->path);
    idx n = (idx)(m->n / (size_t)x.width);
    rc = add_documents(s, &x, n, e);
    return rc == OK ? stored_add_piece(s, m, m->bytes, n, x.width, e) : rc;
}

static int add_megatron(struct stored *s, const struct mapping *m,
                        const struct stored_query *q, struct err *e)
{
    char path[PATH_MAX], place[STORED_PLACE_MAX];
    struct mapping *index;
    if (m->n == 0)
        return err_set(e, ERR_DATA, "%s: is empty: take it away", m->place);
    if (!index_path(path, m->path))
        return err_set(
            e, ERR_DATA,
            "%s: its path is too long: give it by a link to its folder",
            m->place);
    int rc = mapping_open(&index, path, stored_place(place, q, path), e);
    if (rc != OK)
        return rc;
    rc = add_index(s, m, index, e);
    mapping_close(index);
    return rc;
}

const struct stored_format stored_megatron = {
    .text = { .name = "megatron",
              .formula = "Megatron's NAME.bin with NAME.idx beside it, which "
                         "says how wide tokens are (uint8, uint16, int32) and "
                         "where documents begin",
              .source = "NVIDIA/Megatron-LM, "
                        "megatron/core/datasets/indexed_dataset.py" },
    .claims = claim_megatron,
    .add = add_megatron,
};
