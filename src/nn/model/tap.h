/* tap.h - the named points of a model: what passes there can be read while a
 * pass goes by, and changed.
 *
 * An observer reads. It names its points as bits; only those are filled and
 * told, and what nobody reads costs nothing. What belongs to a head comes a
 * (layer, sequence, head) at a time, as one struct head_view; what belongs to
 * rows of tokens a (layer, sequence) at a time, as struct tap_rows. Any thread
 * calls, in any order, but the calls of one worker come one after the other.
 * What is told has the same bits for any number of threads, and is valid during
 * the call.
 *
 * An edit writes: right behind the point, before anything reads what is there.
 * Edits are applied in the order in which they are given, each to whole
 * sequences; an edit that changes nothing leaves every bit of the pass as it
 * was. Observers see what edits left. There are none in training.
 */
#ifndef SINKLAB_TAP_H
#define SINKLAB_TAP_H

#include "base/base.h"
#include "base/op_text.h"

enum tap {
    TAP_EMBEDDING, /* in the order in which a pass comes by */
    TAP_NORM1,
    TAP_Q,
    TAP_K,
    TAP_V,
    TAP_SCORES,
    TAP_WEIGHTS,
    TAP_HEAD,
    TAP_MIXED,
    TAP_ATTENTION,
    TAP_MIDDLE,
    TAP_NORM2,
    TAP_FFN_INNER,
    TAP_FFN,
    TAP_RESIDUAL,
    TAP_LOGITS,
    TAP_LOSS,
    TAP_D_RESIDUAL,
    TAP_D_Q,
    TAP_D_K,
    TAP_D_V,
    N_TAPS
};

#define TAP_BIT(tap) (1 << (tap))

/* What is told through see_head; what only a backward pass can tell; what does
 * not fit beside a residual stream and has room of its own. */
enum {
    TAPS_OF_HEADS = TAP_BIT(TAP_Q) | TAP_BIT(TAP_K) | TAP_BIT(TAP_V) |
                    TAP_BIT(TAP_SCORES) | TAP_BIT(TAP_WEIGHTS) |
                    TAP_BIT(TAP_HEAD),
    TAPS_OF_HEAD_GRADIENTS =
        TAP_BIT(TAP_D_Q) | TAP_BIT(TAP_D_K) | TAP_BIT(TAP_D_V),
    TAPS_OF_GRADIENTS = TAP_BIT(TAP_D_RESIDUAL) | TAPS_OF_HEAD_GRADIENTS,
    TAPS_OF_SUBLAYERS = TAP_BIT(TAP_ATTENTION) | TAP_BIT(TAP_FFN),
};

/* What a tap says of itself. */
struct tap_text {
    struct op_text text; /* its formula: what it is */
    const char *shape;   /* in the letters of docs/NOTATION.md */
    bool is_written;     /* edits may change it */
};

extern const struct tap_text tap_texts[]; /* by enum tap; ends with no name */

/* What one head computed. Row r of a tensor with leading dimension ld starts at
 * r * ld. Queries, keys and values are always there; what else was not asked
 * for is NULL. A forward pass calls once a head, without gradients; a backward
 * pass once more, with nothing else. */
struct head_view {
    idx layer, head, sequence; /* sequence within the batch */
    idx T, D, E, n_extra;      /* D: width of q, k; E: of v; n_extra: 0 or 1 */
    const real *weights;       /* (T, n_extra + T); the first column is all that
                              goes to no token: extra column, registers,
                              remainder */
    const real *extra_mass;    /* (T) of that column, signs left out; NULL: its
                               weights are all there is */
    const real *scores;        /* (T,T) as the weight map reads them; -infinity:
                                  not seen. NULL, too, of heads that have no
                                  scores, or two of each */
    idx ld_scores;
    const real *q, *k, *v; /* (T,D), (T,D), (T,E) as heads read them: positions
                              applied */
    idx ld_qkv;
    const real *out; /* (T,E) what the head gives */
    idx ld_out;
    const real *dq, *dk, *dv; /* gradients of the mean loss by q, k and v,
                                 through heads alone; where heads share k or v,
                                 through all of them */
    idx ld_dqkv;
    int worker; /* 0 .. threads of the pass - 1 */
};

/* Rows of tokens at one point. */
struct tap_rows {
    enum tap tap;
    idx layer;       /* of RESIDUAL and D_RESIDUAL the depth, 0 .. L: behind so
                        many blocks; of EMBEDDING, LOGITS and LOSS 0 */
    idx sequence;    /* within the batch */
    idx first, rows; /* tokens first .. first + rows - 1: all T of them, but
                        logits come in parts, in order */
    idx n;
    const real *x; /* (rows,n) */
    int worker;
};

struct observer {
    int reads; /* bits of taps */
    void (*see_head)(void *context, const struct head_view *view);
    void (*see_rows)(void *context, const struct tap_rows *rows);
    void *context;
};

/* What an edit is given to change. Rows and keys count tokens from 0; registers
 * stand in front of them, at -registers .. -1.
 *
 * Of SCORES and WEIGHTS one query's row at a time: x[j] is that of key j, and
 * in front of the registers' lies the extra column's, if there is one. Rows of
 * a head come in order, from -registers on, by one worker. Seen are the keys
 * -registers .. globals-1 and lo .. hi-1; what lies between and behind is to be
 * left as it is. A score of -infinity takes its key out of the row: the weight
 * map makes the row as if it were not seen. One key must be left.
 *
 * Of all others all rows of a sequence: row first + i is at x + i * ld. */
struct tap_slice {
    enum tap tap;
    idx layer;    /* as in tap_rows */
    idx head;     /* as observers count them; 0 of what is no head's */
    idx sequence; /* within the batch */
    idx first, rows;
    idx n, ld;
    real *x;
    idx T, registers, n_extra;
    idx globals, lo, hi;
    int worker;
};

/* Does this row see key j? */
static inline bool tap_sees(const struct tap_slice *s, idx j)
{
    return j < s->globals || (j >= s->lo && j < s->hi);
}

struct tap_edit {
    enum tap tap;
    idx layer, head; /* -1: all of them */
    void (*edit)(void *context, const struct tap_slice *slice);
    void *context;
};

/* May an edit's point be in this layer and head? */
static inline bool tap_edit_is_of(const struct tap_edit *e, enum tap tap,
                                  idx layer, idx head)
{
    return e->tap == tap && (e->layer < 0 || e->layer == layer) &&
           (e->head < 0 || e->head == head);
}

#endif
