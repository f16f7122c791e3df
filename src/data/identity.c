#include "data/identity.h"

#include "io/mapping.h"

/* Tokens at a time. */
enum { CHUNK = 1 << 14 };

/* Of one piece; bytes are hashed as 16-bit numbers, as all texts were since
 * there are any. */
static void hash_piece(struct hash_run *run, idx *max, const struct piece *p,
                       idx width)
{
    uint16_t wide[CHUNK];
    for (idx at = 0; at < p->n; at += CHUNK) {
        idx n = idx_min(CHUNK, p->n - at);
        const unsigned char *bytes = p->bytes + at * width;
        *max = idx_max(*max, stored_max(bytes, width, n));
        for (idx i = 0; width == 1 && i < n; i++)
            wide[i] = bytes[i];
        if (width == 1)
            hash_more(run, wide, (size_t)n * sizeof *wide);
        else
            hash_more(run, bytes, (size_t)(n * width));
    }
}

int identity_find(struct stored *s, const struct stored_query *q, struct err *e)
{
    struct hash_run *run = hash_begin();
    if (!run)
        return err_set(e, ERR_MEMORY, "%s %s: no memory to hash it", q->key,
                       q->path);
    s->max_token = 0;
    for (idx i = 0; i < s->n_pieces; i++)
        hash_piece(run, &s->max_token, &s->pieces[i], s->width);
    hash_hex(s->hash, hash_end(run));
    s->is_hashed = true;
    return OK;
}
