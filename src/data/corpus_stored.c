#include "data/corpus_stored.h"

#include <string.h>

#include "data/options.h"
#include "data/order.h"
#include "data/paths.h"
#include "data/stored_open.h"
#include "io/mapping.h"

/* Runs of older versions know a text of several files by its bytes alone, and
 * ask for nothing that their borders could change. */
static bool is_known_by_bytes(const struct corpus *c,
                              const struct data_options *o)
{
    return !c->val.n_pieces && !o->eos && !o->restart_positions &&
           !orders[o->order]->has_documents &&
           strcmp(o->hash, c->train.hash) == 0;
}

/* No file may be read for training and be held out. */
static int check_apart(const struct corpus *c, struct err *e)
{
    for (idx i = 0; i < c->val.n_maps; i++)
        for (idx j = 0; j < c->train.n_maps; j++) {
            const struct file_stamp *a = &c->val.maps[i]->stamp;
            const struct file_stamp *b = &c->train.maps[j]->stamp;
            if (a->inode == b->inode && a->device == b->device)
                return err_set(e, ERR_DATA,
                               "data.val_path %s: data.path has this file, "
                               "too, so training would read what is held out: "
                               "give each file to one of them",
                               c->val.maps[i]->path);
        }
    return OK;
}

int corpus_open_stored(struct corpus *c, const struct data_options *o,
                       const struct stored_format *format, struct err *e)
{
    struct stored_query q = { .key = data_path_key(o),
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
    if (check_apart(c, e))
        return e->code;
    stored_identity(c->hash, &c->train, &c->val);
    if (format == &stored_text && is_known_by_bytes(c, o))
        strcpy(c->hash, c->train.hash);
    return OK;
}
