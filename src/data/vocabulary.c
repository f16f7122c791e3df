#include "data/vocabulary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "data/prepared.h"
#include "io/fsys.h"

/* Of a model file; a quarter of a million pieces take some 4 MB. */
enum { MODEL_MAX_BYTES = 1 << 28, BYTES = 256 };

/* ---- protobuf ------------------------------------------------------------ */

/* What is left of a message. */
struct message {
    const unsigned char *at, *end;
};

enum wire { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct field {
    uint64_t number, value; /* of a varint */
    enum wire wire;
    struct message bytes; /* of WIRE_BYTES */
};

static bool take_varint(uint64_t *value, struct message *m)
{
    *value = 0;
    for (int shift = 0; shift < 64 && m->at < m->end; shift += 7) {
        unsigned char byte = *m->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* The next field; false: no whole one is there. */
static bool take_field(struct field *f, struct message *m)
{
    uint64_t key, n = 0;
    if (!take_varint(&key, m))
        return false;
    *f = (struct field){ .number = key >> 3, .wire = (enum wire)(key & 7) };
    switch (f->wire) {
    case WIRE_VARINT:
        return take_varint(&f->value, m);
    case WIRE_64:
        n = 8;
        break;
    case WIRE_32:
        n = 4;
        break;
    case WIRE_BYTES:
        if (!take_varint(&n, m))
            return false;
        break;
    default:
        return false;
    }
    if (n > (uint64_t)(m->end - m->at))
        return false;
    f->bytes = (struct message){ m->at, m->at + n };
    m->at += n;
    return true;
}

/* ---- pieces -------------------------------------------------------------- */

/* KEEP WITH: sentencepiece_model.proto of SentencePiece, field numbers */
enum { MODEL_PIECES = 1, PIECE_TEXT = 1, PIECE_TYPE = 3 };

static int hex_digit(char c)
{
    const char *digits = "0123456789ABCDEF", *at = strchr(digits, c);
    return c && at ? (int)(at - digits) : -1;
}

/* "<0x0A>" becomes its byte, in place. */
static bool unspell_byte(char *text, idx *n)
{
    int high = *n == 6 ? hex_digit(text[3]) : -1;
    int low = *n == 6 ? hex_digit(text[4]) : -1;
    if (high < 0 || low < 0 || memcmp(text, "<0x", 3) != 0 || text[5] != '>')
        return false;
    text[0] = (char)(high << 4 | low);
    *n = 1;
    return true;
}

/* The marks become blanks, in place. */
static void unmark_blanks(char *text, idx *n)
{
    const idx mark_n = sizeof PIECE_BLANK - 1;
    idx to = 0;
    for (idx at = 0; at < *n;) {
        bool is_mark = *n - at >= mark_n && memcmp(text + at, PIECE_BLANK,
                                                   sizeof PIECE_BLANK - 1) == 0;
        text[to++] = is_mark ? ' ' : text[at];
        at += is_mark ? mark_n : 1;
    }
    *n = to;
}

static bool take_piece(struct vocabulary_piece *p, struct message m,
                       char *model)
{
    struct field f;
    *p = (struct vocabulary_piece){ .type = PIECE_NORMAL };
    while (m.at < m.end) {
        if (!take_field(&f, &m))
            return false;
        if (f.number == PIECE_TEXT && f.wire == WIRE_BYTES) {
            p->bytes = (const char *)f.bytes.at;
            p->n = f.bytes.end - f.bytes.at;
        } else if (f.number == PIECE_TYPE && f.wire == WIRE_VARINT) {
            if (f.value < PIECE_NORMAL || f.value > PIECE_BYTE)
                return false;
            p->type = (enum piece_type)f.value;
        }
    }
    if (p->n == 0)
        return false;
    char *text = model + (p->bytes - model);
    if (p->type == PIECE_BYTE)
        return unspell_byte(text, &p->n);
    unmark_blanks(text, &p->n);
    return true;
}

/* Fills v->pieces, if there are any yet; v->n: how many there are. */
static bool take_pieces(struct vocabulary *v, char *model, size_t n)
{
    struct message m = { (unsigned char *)model, (unsigned char *)model + n };
    struct field f;
    v->n = 0;
    while (m.at < m.end) {
        if (!take_field(&f, &m))
            return false;
        if (f.number != MODEL_PIECES || f.wire != WIRE_BYTES)
            continue;
        if (v->pieces && !take_piece(&v->pieces[v->n], f.bytes, model))
            return false;
        v->n++;
    }
    return v->n > 0 && v->n <= INT32_MAX;
}

int vocabulary_parse(struct vocabulary *v, char *model, size_t n,
                     const char *name, struct err *e)
{
    *v = (struct vocabulary){ 0 };
    bool is_model = take_pieces(v, model, n);
    if (is_model) {
        v->pieces = malloc((size_t)v->n * sizeof *v->pieces);
        if (!v->pieces)
            return err_memory(e, name);
        is_model = take_pieces(v, model, n);
    }
    if (!is_model) {
        vocabulary_release(v);
        return err_set(e, ERR_DATA,
                       "%s: is no whole model of SentencePiece's: give a file "
                       "that spm_train wrote",
                       name);
    }
    v->memory = model;
    return OK;
}

int vocabulary_read_model(struct vocabulary *v, const char *path, struct err *e)
{
    char *model;
    size_t n;
    *v = (struct vocabulary){ 0 };
    int rc = fsys_read_file(&model, &n, path, MODEL_MAX_BYTES, e);
    if (rc != OK)
        return rc;
    rc = vocabulary_parse(v, model, n, path, e);
    if (rc != OK)
        free(model);
    return rc;
}

static int open_bytes(struct vocabulary *v, struct err *e)
{
    *v = (struct vocabulary){ .pieces = malloc(BYTES * sizeof *v->pieces),
                              .n = BYTES,
                              .memory = malloc(BYTES) };
    if (!v->pieces || !v->memory) {
        vocabulary_release(v);
        return err_memory(e, NULL);
    }
    for (int i = 0; i < BYTES; i++) {
        v->memory[i] = (char)i;
        v->pieces[i] =
            (struct vocabulary_piece){ v->memory + i, 1, PIECE_BYTE };
    }
    return OK;
}

int vocabulary_open(struct vocabulary *v, const char *dir, struct err *e)
{
    char path[FSYS_PATH_MAX];
    const struct stored_query q = { .path = dir };
    struct prepared p;
    *v = (struct vocabulary){ 0 };
    if (prepared_read(&p, &q, e))
        return e->code;
    if (!p.is_one)
        return err_set(e, ERR_DATA,
                       "%s: is no folder that `sinklab data prepare` brought "
                       "to its end",
                       dir);
    snprintf(path, sizeof path, "%s/%s", dir, PREPARED_MODEL);
    if (p.has_model ? vocabulary_read_model(v, path, e) : open_bytes(v, e))
        return e->code;
    if (v->n == p.vocab)
        return OK;
    err_set(e, ERR_DATA,
            "%s: has %td pieces, but " PREPARED_MANIFEST " says %td: put a "
            "copy of the folder back, or prepare it anew",
            p.has_model ? path : dir, v->n, p.vocab);
    vocabulary_release(v);
    return e->code;
}

const char *vocabulary_text(const struct vocabulary *v, int32_t token, idx *n)
{
    if (token < 0 || token >= v->n)
        return NULL;
    *n = v->pieces[token].n;
    return v->pieces[token].bytes;
}

void vocabulary_release(struct vocabulary *v)
{
    free(v->pieces);
    free(v->memory);
    *v = (struct vocabulary){ 0 };
}
