/* head_case.h - one head of attention with everything its settings ask for,
 * for tests: random tensors with room between their rows, where nothing may be
 * written; scratch and results filled with NaN, so that what is read before it
 * is written shows. */
#ifndef SINKLAB_HEAD_CASE_H
#define SINKLAB_HEAD_CASE_H

#include "nn/attention/attention.h"
#include "weight_cases.h"

enum {
    HEAD_GAP = 1,       /* reals behind each part of a row */
    HEAD_QUERY_LD = 2,  /* between the queries' own numbers */
    HEAD_DOCUMENT = 17, /* rows of a document, if there are documents */
    HEAD_HEADS = 4
};

struct head_case {
    struct weight_case weights; /* options; the map's numbers */
    struct attention at;
    idx number, row_n;      /* of the head; n_extra + T */
    idx part, ld;           /* reals from q to k to v, and to the next row */
    real *qkv, *dqkv;       /* (T,ld) */
    real *column, *dcolumn; /* (2D+1) key, value, score */
    real *query, *dquery;   /* (T), HEAD_QUERY_LD apart */
    int32_t *documents;     /* (T) */
    real *o, *do_;          /* (T,part) */
    real *map;              /* (T,row_n) weights, from the first forward on */
    real *scratch;
};

/* "key=value key=value" over the [attention] defaults. */
void head_case_open(struct head_case *c, const char *settings, idx T, idx D,
                    double std);
/* And with products made in a way of their own. */
void head_case_open_way(struct head_case *c, const char *settings, idx T, idx D,
                        double std, struct product_way way);
void head_case_close(struct head_case *c);

struct head head_case_head(const struct head_case *c);
struct head_grads head_case_grads(struct head_case *c);

void head_case_forward(struct head_case *c);  /* o and weights */
void head_case_backward(struct head_case *c); /* gradients of do_ . o */

/* do_ . o, o anew: a scalar_fn of gradcheck.h. */
double head_case_value(void *head_case);

/* head_case_check - every gradient there is against differences. */
void head_case_check(struct head_case *c, double bound);

#endif
