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
         "the square of log sum exp of a target's logits", NULL)
/* clang-format on */

#define LOSS_NUMBER(name, ...) LOSS_##name,
enum loss_number { LOSS_TERMS(LOSS_NUMBER) N_LOSS_TERMS };
#undef LOSS_NUMBER

#define DECLARE_TERM(name, ...) extern const struct loss_term loss_##name;
LOSS_TERMS(DECLARE_TERM)
#undef DECLARE_TERM

#endif
