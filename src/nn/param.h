/* param.h - the one table of a model's parameters.
 *
 * Every learnable tensor is a row: name, shape, how it is initialised, whether
 * it counts as a matrix for weight decay. All tensors of a model lie in one
 * flat buffer; a row's offset is valid for weights, gradients and optimizer
 * slots alike, so optimizer, clipping, checkpoints and norms walk this table
 * and nothing else. Tensors start on 64-byte boundaries; the padding between
 * them stays zero.
 */
#ifndef SINKLAB_PARAM_H
#define SINKLAB_PARAM_H

#include "base/base.h"
#include "base/err.h"
#include "base/op_text.h"

enum {
    PARAM_NAME_MAX = 64,
    PARAM_NDIM_MAX = 3,
    PARAM_MAX = 16384,
    PARAM_PARTS_MAX = 3,
};

#define PARAM_STATE_RATE 0.1

enum param_role {
    PARAM_EMBEDDING, /* token and position tables */
    PARAM_LINEAR,    /* (out, in) matrices */
    PARAM_HEAD,      /* the one that gives logits, where it has its own */
    PARAM_RESIDUAL,  /* the linear matrices that write to the residual stream */
    PARAM_SWIGLU_OUT, /* the same, of a SwiGLU feed-forward */
    PARAM_FEATURE,    /* matrices of a feature map of queries and keys */
    PARAM_BIAS,       /* of a linear layer */
    PARAM_GAIN,       /* of a norm: ones */
    PARAM_SHIFT,      /* of a norm: zeros */
    PARAM_COLUMN,     /* vectors of an extra attention column: N(0, 0.02^2) */
    PARAM_OWN,        /* starts as its row says, whatever the scheme */
    PARAM_STATE,      /* the same, and is not trained: its "gradient" is what it
                        moves PARAM_STATE_RATE of the way towards, each
                        update */
};

/* Matrices that lie in one tensor, one below the other: queries' and keys'. */
struct param_part {
    const char *name; /* for names of what belongs to it */
    idx rows;
};

struct param {
    char name[PARAM_NAME_MAX]; /* letters, digits, '_' and '.' */
    int ndim;
    idx shape[PARAM_NDIM_MAX]; /* row-major */
    idx n;                     /* product of shape */
    idx offset;                /* in reals, in the flat buffers */
    enum param_role role;
    idx fan_in;       /* for the inits that scale by it */
    double last;      /* PARAM_GAIN: ones, and this (kern/norm.h) */
    double mean, std; /* PARAM_OWN, PARAM_STATE: N(mean, std^2), */
    double (*start)(idx i, idx n); /* or row i of n; NULL: the former */
    int n_parts;                   /* of a fused matrix; 0: it is one */
    struct param_part parts[PARAM_PARTS_MAX];
};

struct param_table {
    struct param *rows; /* owned */
    idx count;
    idx total;             /* reals in a flat buffer, padding included */
    idx n;                 /* learnable numbers, padding excluded */
    bool is_out_of_memory; /* rows lack some that were declared */
    struct param spare;    /* the last of those */
};

/* param_declare - append a row; returns its offset. `shape` has ndim entries.
 * The name is built as printf does. Cannot fail: who has declared all asks
 * is_out_of_memory once. */
idx param_declare(struct param_table *t, enum param_role role, idx fan_in,
                  int ndim, const idx *shape, const char *name_format, ...)
    __attribute__((format(printf, 6, 7)));

/* The row that was declared last, to say how it starts. */
struct param *param_last(struct param_table *t);
void param_table_release(struct param_table *t);

/* param_cut - the row's next part, of so many rows; none if it has none. */
void param_cut(struct param *p, const char *name, idx rows);

/* A tensor of two or more dimensions that multiplies activations. */
bool param_is_matrix(const struct param *p);

/* What an optimizer may treat apart; a head that is tied to the embedding is
 * one with it. */
enum param_group {
    GROUP_MATRICES, /* within blocks */
    GROUP_EMBEDDING,
    GROUP_HEAD,
    GROUP_NORMS,
    GROUP_BIASES,    /* of linear layers */
    GROUP_ATTENTION, /* its own numbers: extra columns, biases of scores, ... */
    PARAM_GROUPS
};
enum param_group param_group(const struct param *p);
const char *param_group_name(int i); /* NULL past the end */

/* The block that a tensor is of, from 0, as its name says; -1: of none. */
idx param_layer(const struct param *p);

/* A number of a flat buffer that is none: NaN or infinite. */
struct param_fault {
    const struct param *p; /* the first tensor that has one; NULL: none has */
    idx n;                 /* how many in that tensor, */
    idx at;                /* and the first of them */
};

/* numbers_fault - the same of n numbers, p NULL. */
struct param_fault numbers_fault(const real *x, idx n);

/* params_fault - look at all numbers of a buffer (t->total). */
struct param_fault params_fault(const struct param_table *t, const real *w);

/* How a tensor starts: N(constant, std^2), U(-bound, bound), or constant. */
struct param_start {
    double std, bound, constant;
};

/* A way to start tensors: what [model] init names. Those that tell themselves
 * how they start (PARAM_GAIN, PARAM_OWN, ...) are none of its business. */
struct init_scheme {
    struct op_text text;
    /* L: layers, for schemes that scale residual writes by it */
    struct param_start (*start)(const struct param *p, idx L);
};

enum init_kind { INIT_GPT2, INIT_STUDY, INIT_FRAMEWORK };
extern const struct init_scheme *const init_schemes[]; /* ends with NULL */
const char *init_name(int i);                          /* NULL past the end */

/* params_init - initial weights w (t->total) of all tensors by a scheme, a row
 * of init_schemes (formulas in docs/MATH.md). Each tensor draws from a stream
 * that its name gives, so tensors of the same name, shape and rule start equal
 * in all models of one seed. */
void params_init(real *w, const struct param_table *t, int scheme, idx L,
                 uint64_t seed);

#endif
