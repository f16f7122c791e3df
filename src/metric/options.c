#include "metric/options.h"

#define FIELD(f) offsetof(struct sink_options, f)
const struct key sink_keys[] = {
    { "eps", KEY_REAL, FIELD(eps), "0.3", 0, 1, NULL, KEY_COSMETIC,
      "a head sinks into a key if the key's importance exceeds this", NULL },
    { "tokens", KEY_INT, FIELD(tokens), "64", 2, 65536, NULL, KEY_COSMETIC,
      "length of the measured sequences; capped at model.context", NULL },
    { "sequences", KEY_INT, FIELD(sequences), "100", 1, 100000, NULL,
      KEY_COSMETIC, "held-out sequences that `sinklab analyze` measures",
      NULL },
    { "val_tokens", KEY_INT, FIELD(val_tokens), "65536", 1, 1e12, NULL,
      KEY_COSMETIC,
      "held-out tokens on which `sinklab analyze` takes val_loss, as "
      "train.val_tokens",
      NULL },
    { "positions", KEY_INT, FIELD(positions), "4", 1, 64, NULL,
      KEY_COSMETIC | KEY_STAYS,
      "sinks are reported for the first so many keys: sink_1, sink_2, ...",
      NULL },
    { "probe_every", KEY_INT, FIELD(probe_every), "50", 0, 1e12, NULL,
      KEY_COSMETIC, "steps between sink probes while training; 0 = none",
      NULL },
    { "probe_sequences", KEY_INT, FIELD(probe_sequences), "8", 1, 100000, NULL,
      KEY_COSMETIC, "held-out sequences that a probe measures",
      "sink.probe_every != 0" },
};
const idx n_sink_keys = COUNT_OF(sink_keys);
