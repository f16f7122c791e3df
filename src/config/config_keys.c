/* The sections of a config, and the keys that no other module owns. */
#include "base/rng.h"
#include "config/config.h"

/* A checkpoint's name has eight digits for the step.
 * KEEP WITH: checkpoint file names */
#define STEP_MAX 99999999

#define FIELD(f) offsetof(struct run_options, f)
static const struct key run_keys[] = {
    { "dir", KEY_TEXT, FIELD(dir), "", 0, 0, NULL, KEY_COSMETIC | KEY_STAYS,
      "run folder; empty: runs/ and the name of the config file", NULL },
    { "seed", KEY_INT, FIELD(seed), "1", 0, RNG_SEED_MAX, NULL, 0,
      "seed of the run: its initial weights and training sequences",
      "run.init_seed = -1 or run.data_seed = -1" },
    { "init_seed", KEY_INT, FIELD(init_seed), "-1", -1, RNG_SEED_MAX, NULL, 0,
      "seed of the initial weights; -1: seed", NULL },
    { "data_seed", KEY_INT, FIELD(data_seed), "-1", -1, RNG_SEED_MAX, NULL, 0,
      "seed of the training sequences and their order; -1: seed", NULL },
};
static const idx n_run_keys = COUNT_OF(run_keys);
#undef FIELD

#define FIELD(f) offsetof(struct train_options, f)
static const struct key train_keys[] = {
    { "steps", KEY_INT, FIELD(steps), "1000", 0, STEP_MAX, NULL, KEY_RESUME,
      "optimizer updates of the whole run", NULL },
    { "batch", KEY_INT, FIELD(batch), "32", 1, 65536, NULL, 0,
      "sequences a micro-batch", NULL },
    { "accumulate", KEY_INT, FIELD(accumulate), "1", 1, 65536, NULL, 0,
      "micro-batches an update", NULL },
    { "threads", KEY_INT, FIELD(threads), "0", 0, 1024, NULL, KEY_COSMETIC,
      "threads; 0: as many as OpenMP offers", NULL },
    { "log_every", KEY_INT, FIELD(log_every), "10", 1, STEP_MAX, NULL,
      KEY_COSMETIC, "steps between rows of metrics.csv", NULL },
    { "val_every", KEY_INT, FIELD(val_every), "100", 0, STEP_MAX, NULL,
      KEY_COSMETIC, "steps between validations; 0: none", NULL },
    { "val_tokens", KEY_INT, FIELD(val_tokens), "16384", 1, 1e12, NULL,
      KEY_COSMETIC,
      "held-out tokens that a validation while training reads: rounded up to "
      "whole sequences, and no more than the text holds",
      "train.val_every != 0" },
    { "stop_loss", KEY_REAL, FIELD(stop_loss), "0", 0, 1000, NULL, KEY_COSMETIC,
      "the run ends at a row of metrics.csv with a larger loss, in nats; 0: "
      "none does",
      NULL },
    { "stop_loss_from", KEY_INT, FIELD(stop_loss_from), "0", 0, STEP_MAX, NULL,
      KEY_COSMETIC, "step of the first row that stop_loss judges",
      "train.stop_loss != 0" },
    { "stop_minutes", KEY_REAL, FIELD(stop_minutes), "0", 0, 1e9, NULL,
      KEY_COSMETIC,
      "the run ends at the first row of metrics.csv after so many minutes of "
      "training, all its starts together; 0: none",
      NULL },
};
static const idx n_train_keys = COUNT_OF(train_keys);
#undef FIELD

#define FIELD(f) offsetof(struct checkpoint_options, f)
static const struct key checkpoint_keys[] = {
    { "every", KEY_INT, FIELD(every), "100", 0, STEP_MAX, NULL, KEY_COSMETIC,
      "steps between weights files; 0: only the first and the last step",
      NULL },
    { "dense_until", KEY_INT, FIELD(dense_until), "0", 0, STEP_MAX, NULL,
      KEY_COSMETIC, "weights files also at steps 1, 2, 4, ... up to here",
      NULL },
    { "steps", KEY_LIST, FIELD(steps), "", 0, STEP_MAX, NULL, KEY_COSMETIC,
      "weights files also at these steps", NULL },
    { "resume_every", KEY_INT, FIELD(resume_every), "250", 0, STEP_MAX, NULL,
      KEY_COSMETIC,
      "steps between full states, from which a run can go on; 0: only when it "
      "ends or is stopped",
      NULL },
};
static const idx n_checkpoint_keys = COUNT_OF(checkpoint_keys);
#undef FIELD

#define SECTION(name, help)                                                    \
    {                                                                          \
#name, help, name##_keys, &n_##name##_keys,                            \
            offsetof(struct config, name)                                      \
    }
const struct config_section config_sections[] = {
    SECTION(run, "the run as a whole"),
    SECTION(model, "what the network is made of"),
    SECTION(attention, "the stages of the attention operation"),
    SECTION(optim, "optimizer, learning rate, decay and clipping"),
    SECTION(train, "how long, how much at a time, what is reported"),
    SECTION(data, "where tokens come from"),
    SECTION(sink, "how attention sinks are measured"),
    SECTION(checkpoint, "which steps are kept"),
};
const idx n_config_sections = COUNT_OF(config_sections);
