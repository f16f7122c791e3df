#include "data/bigram_text.h"

#include <string.h>

#include "data/stored_open.h"

/* A piece is a file. */
static void count_bytes(struct bigram_text *b, const struct stored_piece *p)
{
    for (idx at = 0; at < p->n; at++) {
        b->count[p->bytes[at]]++;
        if (at > 0)
            b->pair[p->bytes[at - 1]][p->bytes[at]]++;
    }
}

static void order_bytes(struct bigram_text *b)
{
    for (int byte = 0; byte < BYTES; byte++) {
        idx at = b->n_kinds;
        if (b->count[byte] == 0)
            continue;
        for (; at > 0 && b->count[b->byte[at - 1]] > b->count[byte]; at--)
            b->byte[at] = b->byte[at - 1];
        b->byte[at] = (unsigned char)byte;
        b->n_kinds++;
    }
}

int bigram_text_count(struct bigram_text *b, const char *path, bool is_anew,
                      struct err *e)
{
    struct stored_query q = { .key = "data.bigram_path",
                              .path = path,
                              .format = &stored_text,
                              .is_anew = is_anew };
    struct stored text;
    memset(b, 0, sizeof *b);
    int rc = stored_open(&text, &q, e);
    for (idx i = 0; rc == OK && i < text.n_pieces; i++)
        count_bytes(b, &text.pieces[i]);
    if (rc == OK)
        stored_identity(b->hash, &text, &(const struct stored){ 0 });
    stored_close(&text);
    order_bytes(b);
    return rc;
}
