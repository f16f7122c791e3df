#include "data/corpus_stored.h"

#include <string.h>

#include "data/options.h"
#include "data/stored_open.h"

/* One part's own hash, or that of both. */
static void join_hashes(struct corpus *c)
{
    char both[2 * HASH_HEX_MAX];
    strcpy(c->hash, c->train.hash);
    if (!c->val.n_pieces)
        return;
    int n = snprintf(both, sizeof both, "%s %s", c->train.hash, c->val.hash);
    hash_hex(c->hash, hash_bytes(both, (size_t)n));
}

int corpus_open_stored(struct corpus *c, const struct data_options *o,
                       const struct stored_format *format, struct err *e)
{
    struct stored_query q = { .key = "data.path",
                              .path = o->path,
                              .format = format,
                              .token_bytes = o->token_bytes,
                              .is_anew = c->is_checked };
    if (!o->path[0])
        return err_set(e, ERR_DATA,
                       "[data] path is empty: source = %s needs data.path=FILE "
                       "or data.path=FOLDER",
                       c->kind->text.name);
    if (stored_open(&c->train, &q, e))
        return e->code;
    if (o->val_path[0]) {
        q.key = "data.val_path";
        q.path = o->val_path;
    }
    q.part = STORED_VAL;
    if ((o->val_path[0] || c->train.is_prepared) && stored_open(&c->val, &q, e))
        return e->code;
    join_hashes(c);
    return OK;
}
