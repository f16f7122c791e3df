/* loss_keys.c - the keys of [loss]: a factor for each term, then the rest. */
#include "nn/loss/terms_table.h"

#define FIELD(f) offsetof(struct loss_options, f)
#define FACTOR(name, least, most, unit, what, when)                            \
    { #name, KEY_STEPS, FIELD(factor[LOSS_##name]), "0", least, most,          \
      NULL,  0,         "factor on " what,          when },
const struct key loss_keys[] = {
    LOSS_TERMS(FACTOR) //
    { "from", KEY_INT, FIELD(from), "0", 0, 1 << 20, NULL, 0,
      "first target of a sequence that counts, from 0: the token behind token "
      "`from`",
      NULL },
    { "to", KEY_INT, FIELD(to), "0", 0, 1 << 20, NULL, 0,
      "first target of a sequence that does not count any more; 0: all count",
      NULL },
};
const idx n_loss_keys = COUNT_OF(loss_keys);
