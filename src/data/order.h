/* order.h - an order in which samples are read, and the table of all: one file
 * (sampler_NAME.c) and one line in order.c. */
#ifndef SINKLAB_ORDER_H
#define SINKLAB_ORDER_H

#include "base/err.h"
#include "base/op_text.h"
#include "data/row.h"

struct data_options;
struct sampler;

/* An order in which stored tokens, or streams of a generator, are read. */
struct order {
    struct op_text text;
    bool has_documents; /* needs a corpus that knows where they begin */
    bool ends;          /* needs a number of samples: of a generated corpus
                           data.unique_tokens */
    /* BOS stands in front of each document instead of each row. */
    bool bos_by_document;
    /* Set streams and counts of a stored corpus. OK or ERR_DATA. */
    int (*open)(struct sampler *s, const struct data_options *o, struct err *e);
    /* Training's unit number for sample `index`: of a stored corpus what `read`
     * takes, of a generated one the random stream, one of n_units. */
    idx (*unit)(const struct sampler *s, idx index);
    /* Stored: fill a row of at most T + 1 tokens, without BOS of the row, from
     * training's unit. */
    void (*read)(const struct sampler *s, struct row *r, idx unit);
    /* The same of held-out sample `index`. */
    void (*held_out)(const struct sampler *s, struct row *r, enum split split,
                     idx index);
    /* Targets that held-out sample `index` has; NULL: T each. */
    idx (*targets)(const struct sampler *s, enum split split, idx index);
    /* How many different sequences of n tokens of the corpus there are to
     * measure sinks on. */
    idx (*sinks)(const struct sampler *s, idx n);
};

/* Row i is what the key [data] order calls order_name(i). */
extern const struct order *const orders[];  /* ends with NULL */
const char *order_name(int i);              /* NULL past the end */
extern const struct order order_sequential; /* of input.h, and none of them */

#endif
