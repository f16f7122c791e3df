#include "data/corpus_stored.h"

#include <string.h>

#include "data/options.h"
#include "data/order.h"
#include "data/stored_open.h"

enum { HASHES_MAX = 4 };

static void add_borders(char text[HASHES_MAX * HASH_HEX_MAX],
                        const struct stored *s)
{
    char hex[HASH_HEX_MAX];
    hash_hex(hex, hash_bytes(s->documents, (size_t)(s->n_documents + 1) *
                                               sizeof *s->documents));
    strcat(strcat(text, " "), hex);
}

/* The hash of the tokens alone, of one part; or that of the hashes of both
 * parts and of where their documents begin. Files of a text are documents only
 * if somebody asks where they begin. */
static void join_hashes(struct corpus *c, const struct data_options *o,
                        bool is_text)
{
    char text[HASHES_MAX * HASH_HEX_MAX];
    bool has_borders = !is_text || o->eos || o->restart_positions ||
                       orders[o->order]->has_documents;
    strcpy(text, c->train.hash);
    if (c->val.n_pieces)
        strcat(strcat(text, " "), c->val.hash);
    if (has_borders && c->train.n_documents > 1)
        add_borders(text, &c->train);
    if (has_borders && c->val.n_documents > 1)
        add_borders(text, &c->val);
    strcpy(c->hash, c->train.hash);
    if (strcmp(text, c->hash) != 0)
        hash_hex(c->hash, hash_bytes(text, strlen(text)));
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
    join_hashes(c, o, format == &stored_text);
    return OK;
}
