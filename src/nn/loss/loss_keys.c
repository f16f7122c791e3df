/* loss_keys.c - the keys of [loss]: a factor for each term, then the rest. */
#include "nn/loss/terms_table.h"

STATIC_NAMED(l2_name, [L2_ALL] = "all", [L2_MATRICES] = "matrices")

#define FIELD(f) offsetof(struct loss_options, f)
#define FACTOR(name, least, most, unit, what, when)                            \
    { #name, KEY_STEPS, FIELD(factor[LOSS_##name]), "0", least, most,          \
      NULL,  0,         "factor on " what,          when },
const struct key loss_keys[] = {
    LOSS_TERMS(FACTOR) //
    { "activation_tau", KEY_REAL, FIELD(activation_tau), "3", 1e-3, 1e6, NULL,
      0, "activation: size above which it grows", "loss.activation != 0" },
    { "activation_power", KEY_REAL, FIELD(activation_power), "4", 2, 16, NULL,
      0, "activation: exponent", "loss.activation != 0" },
    { "hidden_depth", KEY_INT, FIELD(hidden_depth), "0", 0, 512, NULL, 0,
      "hidden_norm: block behind which states are taken, from 1; 0: mean "
      "over "
      "all",
      "loss.hidden_norm != 0" },
    { "l2_on", KEY_CHOICE, FIELD(l2_on), "all", 0, 0, l2_name, 0,
      "l2: which tensors: all, or matrices (embeddings included) only",
      "loss.l2 != 0" },
    { "from", KEY_INT, FIELD(from), "0", 0, 1 << 20, NULL, 0,
      "first target of a sequence that counts, from 0: the token behind "
      "token "
      "`from`",
      NULL },
    { "to", KEY_INT, FIELD(to), "0", 0, 1 << 20, NULL, 0,
      "first target of a sequence that does not count any more; 0: all "
      "count",
      NULL },
};
const idx n_loss_keys = COUNT_OF(loss_keys);
