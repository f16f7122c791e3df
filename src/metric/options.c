#include "metric/options.h"

#include "data/input.h"

#define FIELD(f) offsetof(struct sink_options, f)

STATIC_NAMED(bos_name, "data", "no")

const struct key sink_keys[] = {
    { "eps", KEY_REAL, FIELD(eps), "0.3", 0, 1, NULL, KEY_MEASURES,
      "a head sinks into a key if the key's importance exceeds this", NULL },
    { "tokens", KEY_INT, FIELD(tokens), "64", 2, 65536, NULL, KEY_MEASURES,
      "length of the measured sequences; capped at model.context", NULL },
    { "sequences", KEY_INT, FIELD(sequences), "100", 1, 100000, NULL,
      KEY_MEASURES, "held-out sequences that `sinklab analyze` measures",
      NULL },
    { "val_tokens", KEY_INT, FIELD(val_tokens), "65536", 1, 1e12, NULL,
      KEY_MEASURES,
      "held-out tokens on which `sinklab analyze` takes val_loss, as "
      "train.val_tokens",
      NULL },
    { "positions", KEY_INT, FIELD(positions), "4", 1, SINK_POSITIONS_MAX, NULL,
      KEY_MEASURES | KEY_STAYS,
      "sinks are reported for the first so many keys: sink_1, sink_2, ...",
      NULL },
    { "input", KEY_CHOICE, FIELD(input), "data", 0, 0, input_name,
      KEY_MEASURES | KEY_STAYS,
      "what sinks are measured on; `sinklab list input` explains each", NULL },
    { "path", KEY_TEXT, FIELD(path), "", 0, 0, NULL, KEY_COSMETIC,
      "a text where the model's tokens are bytes, else token files or what "
      "`sinklab data prepare` made with its vocabulary",
      "sink.input = file" },
    { "hash", KEY_TEXT, FIELD(hash), "", 0, 0, NULL, KEY_MEASURES | KEY_STAYS,
      "16 hex digits that the tokens of sink.path must hash to; empty: not "
      "checked. A run fills it in; `sinklab analyze` writes down its own",
      "sink.input = file" },
    { "bos", KEY_CHOICE, FIELD(bos), "data", 0, 0, bos_name,
      KEY_MEASURES | KEY_STAYS,
      "data: measured sequences have the BOS that those of training have; "
      "no: "
      "they have none, whatever training has",
      NULL },
    { "edits", KEY_BOOL, FIELD(edits), "yes", 0, 0, NULL,
      KEY_MEASURES | KEY_STAYS,
      "measured sequences are changed as those of training are "
      "(data.fixed_position and others); no: as they were, whatever "
      "training "
      "does",
      NULL },
    { "probe_every", KEY_INT, FIELD(probe_every), "50", 0, 1e12, NULL,
      KEY_COSMETIC, "steps between sink probes while training; 0 = none",
      NULL },
    { "probe_sequences", KEY_INT, FIELD(probe_sequences), "8", 1, 100000, NULL,
      KEY_COSMETIC, "held-out sequences that a probe measures",
      "sink.probe_every != 0" },
};
const idx n_sink_keys = COUNT_OF(sink_keys);
#undef FIELD

#define FIELD(f) offsetof(struct metrics_options, f)
const struct key metrics_keys[] = {
    { "names", KEY_TEXT, FIELD(names), "default", 0, 0, NULL,
      KEY_MEASURES | KEY_STAYS,
      "what is measured: names of metrics or groups, or patterns as sink_*, "
      "separated by commas; `sinklab list metric` has all",
      NULL },
    { "eps", KEY_TEXT, FIELD(eps), "", 0, 0, NULL, KEY_MEASURES | KEY_STAYS,
      "sinks are counted at these thresholds, too, separated by commas: 0.1, "
      "0.5 adds sink_1_at_0.1 and others",
      NULL },
    { "loss_tokens", KEY_INT, FIELD(loss_tokens), "16384", 1, 1e12, NULL,
      KEY_MEASURES | KEY_STAYS,
      "held-out tokens, of the validation's sequences of model.context, on "
      "which the costs of interventions are taken",
      "asks_costs" },
    { "sink_key", KEY_INT, FIELD(sink_key), "1", 1, 1e12, NULL,
      KEY_MEASURES | KEY_STAYS,
      "the key, from 1, whose column interventions take to be the sink",
      "asks_no_sink" },
    { "cache", KEY_INT, FIELD(cache), "16", 2, 1e12, NULL,
      KEY_MEASURES | KEY_STAYS,
      "keys that a query sees, its own included, where an intervention makes "
      "it forget the others",
      "asks_cache" },
    { "kept", KEY_INT, FIELD(kept), "4", 0, 1e12, NULL,
      KEY_MEASURES | KEY_STAYS,
      "first keys that are never forgotten; fewer than metrics.cache",
      "asks_stream" },
};
const idx n_metrics_keys = COUNT_OF(metrics_keys);
