/* edit.h - what is changed in a sample, and the table of all edits, in the
 * order in which they are applied: one file (edit_NAME.c) and one line in
 * edit.c.
 *
 * An edit is a pure function of (settings, seed, sample). What it draws depends
 * on the piece of the corpus alone, and is the same for every run of a task,
 * or with data.random_fresh on the sample's number and the run's seed.
 */
#ifndef SINKLAB_EDIT_H
#define SINKLAB_EDIT_H

#include "base/op_text.h"
#include "base/err.h"
#include "base/rng.h"
#include "data/options.h"
#include "data/row.h"

/* What edits know of the source whose sample they change. */
struct edit_view {
    const struct data_options *o;
    uint64_t seed; /* of the split */
    enum split split;
    idx index;           /* of the sample */
    idx n_front;         /* 1: the row begins with a BOS of its own */
    bool is_stored;      /* what has no offset is none of the corpus; of a
                            generated one nothing has any */
    idx n_plain;         /* tokens of the corpus */
    int32_t fixed_token; /* its id */
};

struct edit {
    struct op_text text;
    bool is_for_training; /* held-out samples are left as they are */
    bool (*is_on)(const struct data_options *o);
    /* Change tokens and weights of the row, or targets, when all tokens are
     * what they are to be; one of the two is NULL. */
    void (*tokens)(const struct edit_view *v, struct row *r);
    void (*targets)(const struct edit_view *v, struct row *r);
};

/* edits_apply - all edits that are on, then targets. without: none at all. */
void edits_apply(const struct edit_view *v, struct row *r, bool without);

/* Does any edit change tokens or targets of held-out samples? Then nobody knows
 * the least loss. */
bool edits_change(const struct data_options *o);

/* Do edits draw random numbers? */
bool edits_draw(const struct data_options *o);

/* edits_check - do positions lie in a sequence of T tokens, and is the fixed
 * token one of V? OK or ERR_DATA. */
int edits_check(const struct data_options *o, idx T, idx V, struct err *e);

/* edit_rng - the random numbers of edit number `edit` (from 0) on this row. */
struct rng edit_rng(const struct edit_view *v, const struct row *r, int edit);

enum { EDIT_SHUFFLE, EDIT_RANDOM, EDIT_FIXED, EDIT_NOISE };
extern const struct edit *const edits[]; /* ends with NULL */

#endif
