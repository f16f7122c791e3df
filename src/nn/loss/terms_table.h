/* terms_table.h - terms of the loss, one line each:
 *
 *     each(NAME, least, most, unit, what, when)
 *
 * The file loss_NAME.c has the rest. The line makes the key [loss] NAME, the
 * factor on the term, and the column loss_NAME: bounds of the factor, the
 * term's unit, what it is in words that fit behind "factor on" and make a
 * definition, and with what settings the key is read. New lines come last: a
 * term's number is its place.
 */
#ifndef SINKLAB_TERMS_TABLE_H
#define SINKLAB_TERMS_TABLE_H

#include "nn/loss/loss_term.h"
#include "nn/loss_options.h"

/* clang-format off */
#define LOSS_TERMS(each) \
    each(label_smoothing, 0, 1, "nat", \
         "what a target loses more if all tokens were as likely", NULL) \
    each(z, 0, 1e6, "1", \
         "the square of log sum exp of a target's logits", NULL) \
    each(activation, 0, 1e6, "1", \
         "the mean power of |activation| / tau behind blocks", NULL) \
    each(hidden_norm, 0, 1e6, "1", \
         "the mean square of hidden states behind blocks", NULL) \
    each(l2, 0, 1e6, "1", \
         "half the sum of squares of weights", NULL) \
    each(entropy, -1e6, 1e6, "nat", \
         "the entropy of rows of attention", "has_shares") \
    each(first_mass, -1e6, 1e6, "1", \
         "the weight that queries give to the first token", "has_shares") \
    each(head_balance, 0, 1e6, "1", \
         "the imbalance of what heads give to other than the sink", \
         "has_shares and model.heads != 1") \
    each(hidden_z, 0, 1e6, "1", \
         "the square of log sum exp of sizes in the last hidden state", NULL)
/* clang-format on */

#define LOSS_NUMBER(name, ...) LOSS_##name,
enum loss_number { LOSS_TERMS(LOSS_NUMBER) N_LOSS_TERMS };
#undef LOSS_NUMBER

#define DECLARE_TERM(name, ...) extern const struct loss_term loss_##name;
LOSS_TERMS(DECLARE_TERM)
#undef DECLARE_TERM

#endif
