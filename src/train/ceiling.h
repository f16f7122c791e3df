/* ceiling.h - how fast a large product of matrices is where nothing else is to
 * do, on as many threads and by the library that training multiplies with
 * weights: what the speed of steps is held against. That of our own kernels is
 * OpenBLAS's: they are made for small matrices.
 */
#ifndef SINKLAB_CEILING_H
#define SINKLAB_CEILING_H

#include "base/arena.h"
#include "nn/model/linear.h"

struct ceiling {
    idx n;
    int threads;
    struct product_way way;
    real *a, *b, *c;      /* (n,n) */
    struct linear linear; /* where oneDNN multiplies: b is packed, as weights */
    struct onednn_set *set;
    struct arena arena; /* all of it */
};

/* ceiling_open - have what a product of (n,n) needs, a and b filled. The
 * library has been started, as the engine does. OK, ERR_MEMORY, ERR_TOOL. A
 * zeroed one may be closed, as may one that failed to open. */
int ceiling_open(struct ceiling *x, idx n, int threads, struct product_way way,
                 struct err *e);
void ceiling_close(struct ceiling *x);

/* ceiling_rate - c = a b, its rows divided among the threads: FLOP/s. */
double ceiling_rate(const struct ceiling *x);

#endif
