#include "optim/options.h"

#include "optim/optimizer.h"
#include "optim/schedule.h"

static const char *decay_name(int i)
{
    static const char *const names[] = {
        [DECAY_ALL] = "all", [DECAY_MATRICES] = "matrices"
    };
    return i >= 0 && i < COUNT_OF(names) ? names[i] : NULL;
}

#define FIELD(f) offsetof(struct optim_options, f)
const struct key optim_keys[] = {
    { "name", KEY_CHOICE, FIELD(name), "adamw", 0, 0, optimizer_name, 0,
      "optimizer", NULL },
    { "lr", KEY_REAL, FIELD(lr), "1e-3", 0, 1000, NULL, 0, "peak learning rate",
      NULL },
    { "beta1", KEY_REAL, FIELD(beta1), "0.9", 0, 0.999999, NULL, 0,
      "adamw: decay of the first moment", "optim.name = adamw" },
    { "beta2", KEY_REAL, FIELD(beta2), "0.95", 0, 0.999999, NULL, 0,
      "adamw: decay of the second moment", "optim.name = adamw" },
    { "eps", KEY_REAL, FIELD(eps), "1e-8", 1e-30, 1, NULL, 0,
      "adamw: added to the root of the second moment", "optim.name = adamw" },
    { "momentum", KEY_REAL, FIELD(momentum), "0.9", 0, 0.999999, NULL, 0,
      "sgd: share of the previous step that is kept", "optim.name = sgd" },
    { "weight_decay", KEY_REAL, FIELD(weight_decay), "0.1", 0, 1000, NULL, 0,
      "decoupled: weights shrink by the factor 1 - lr x weight_decay a step",
      NULL },
    { "decay", KEY_CHOICE, FIELD(decay), "all", 0, 0, decay_name, 0,
      "which tensors decay: all, or matrices (embeddings included) only",
      "optim.weight_decay != 0" },
    { "clip", KEY_REAL, FIELD(clip), "1", 0, 1e9, NULL, 0,
      "gradients are scaled down to this global norm; 0 = never", NULL },
    { "schedule", KEY_CHOICE, FIELD(schedule), "constant", 0, 0, schedule_name,
      0, "learning rate after the warm-up", NULL },
    { "warmup_steps", KEY_INT, FIELD(warmup_steps), "0", 0, 1e12, NULL, 0,
      "steps over which the learning rate rises from 0", NULL },
    { "min_lr", KEY_REAL, FIELD(min_lr), "0", 0, 1, NULL, 0,
      "cosine, linear: where the learning rate ends, as a share of lr",
      "optim.schedule != constant" },
};
const idx n_optim_keys = COUNT_OF(optim_keys);
