#include "optim/options.h"

#include "optim/matrix_scale.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

STATIC_NAMED(decay_name, [DECAY_ALL] = "all", [DECAY_MATRICES] = "matrices")

#define FOR_MATRICES "optim.name = muon | soap | shampoo"
#define REST FOR_MATRICES " and optim.rest = "

/* Who reads a key: by name, and as what treats the rest. */
#define OWN_BETAS                                                              \
    "optim.name = adamw | adam | lion | soap | shampoo | orthoadam | "         \
    "schedule-free"
#define OWN_EPS "optim.name = adamw | adam | soap | orthoadam | schedule-free"
#define OWN_MOMENTUM "optim.name = sgd | signum"
#define BETAS OWN_BETAS " or " REST "adamw | lion"
#define EPS OWN_EPS " or " REST "adamw"
#define MOMENTUM OWN_MOMENTUM " or " REST "sgd | signum"
#define NESTEROV "optim.name = sgd or " REST "sgd"
#define DECAYS "optim.weight_decay != 0"
#define ALL_DECAY "optim.weight_decay != 0 and optim.decay = all"

/* Whether a model has biases, or numbers that attention owns, no condition
 * says: optim_check does. */
#define HAS_HEAD "model.tied_head = no"
#define HAS_NORMS "model.norm_place != none"

#define GROUP(name, group, what, lr_when, decay_when)                          \
    { "lr_" #name,                                                             \
      KEY_REAL,                                                                \
      FIELD(lr_group[group]),                                                  \
      "1",                                                                     \
      0,                                                                       \
      1e6,                                                                     \
      NULL,                                                                    \
      0,                                                                       \
      "factor on lr of " what "; 0: they keep their bits",                     \
      lr_when },                                                               \
    {                                                                          \
        "decay_" #name, KEY_REAL, FIELD(decay_group[group]), "1", 0, 1e6,      \
            NULL, 0, "factor on weight_decay of " what, decay_when             \
    }

#define FIELD(f) offsetof(struct optim_options, f)
const struct key optim_keys[] = {
    { "name", KEY_CHOICE, FIELD(name), "adamw", 0, 0, optimizer_name, 0,
      "optimizer", NULL },
    { "rest", KEY_CHOICE, FIELD(rest), "adamw", 0, 0, optimizer_rest_name, 0,
      "optimizer of all but the matrices within blocks", FOR_MATRICES },
    { "lr", KEY_REAL, FIELD(lr), "1e-3", 0, 1000, NULL, 0, "peak learning rate",
      NULL },
    { "beta1", KEY_REAL, FIELD(beta1), "0.9", 0, 0.999999, NULL, 0,
      "decay of the first moment; lion: its share in the step", BETAS },
    { "beta2", KEY_REAL, FIELD(beta2), "0.95", 0, 0.999999, NULL, 0,
      "decay of the second moment; lion: of its momentum", BETAS },
    { "eps", KEY_REAL, FIELD(eps), "1e-8", 1e-30, 1, NULL, 0,
      "added to the root of the second moment", EPS },
    { "momentum", KEY_REAL, FIELD(momentum), "0.9", 0, 0.999999, NULL, 0,
      "sgd, signum: share of the previous step that is kept", MOMENTUM },
    { "nesterov", KEY_BOOL, FIELD(nesterov), "no", 0, 0, NULL, 0,
      "sgd: the step goes where the momentum will lead", NESTEROV },
    { "muon_momentum", KEY_REAL, FIELD(muon_momentum), "0.95", 0, 0.999999,
      NULL, 0, "share of the previous momentum that is kept",
      "optim.name = muon" },
    { "muon_nesterov", KEY_BOOL, FIELD(muon_nesterov), "yes", 0, 0, NULL, 0,
      "the step goes where the momentum will lead", "optim.name = muon" },
    { "muon_steps", KEY_INT, FIELD(muon_steps), "5", 0, 99, NULL, 0,
      "steps of Newton-Schulz", "optim.name = muon" },
    { "matrix_scale", KEY_CHOICE, FIELD(matrix_scale), "shape", 0, 0,
      matrix_scale_name, 0,
      "factor on lr by a matrix' shape: shape, sqrt(max(1, rows / "
      "columns)); "
      "rms, 0.2 sqrt(max(rows, columns)), the size of AdamW's steps; "
      "ratio, "
      "sqrt(rows / columns); none",
      "optim.name = muon | shampoo" },
    { "precondition_every", KEY_INT, FIELD(precondition_every), "10", 1, 1e9,
      NULL, 0, "steps between updates of the preconditioner's basis or roots",
      "optim.name = soap | shampoo" },
    { "precondition_max", KEY_INT, FIELD(precondition_max), "8192", 2, 1e9,
      NULL, 0,
      "a matrix is preconditioned on sides that are no longer than this",
      "optim.name = soap | shampoo" },
    { "weight_decay", KEY_REAL, FIELD(weight_decay), "0.1", 0, 1000, NULL, 0,
      "decoupled: weights shrink by the factor 1 - lr x weight_decay a "
      "step; "
      "adam: its share of the weights is added to their gradient",
      NULL },
    { "decay", KEY_CHOICE, FIELD(decay), "all", 0, 0, decay_name, 0,
      "which tensors decay: all, or matrices (embeddings included) only",
      "optim.weight_decay != 0" },
    { "decay_scheduled", KEY_BOOL, FIELD(decay_scheduled), "yes", 0, 0, NULL, 0,
      "lr in that factor is the schedule's; no: always the peak's",
      "optim.weight_decay != 0 and optim.name != adam" },
    GROUP(matrices, GROUP_MATRICES, "matrices within blocks", NULL, DECAYS),
    GROUP(embedding, GROUP_EMBEDDING, "embeddings", NULL, DECAYS),
    GROUP(head, GROUP_HEAD, "a head that is not tied", HAS_HEAD,
          DECAYS " and " HAS_HEAD),
    GROUP(norms, GROUP_NORMS, "gains and shifts of norms", HAS_NORMS,
          ALL_DECAY " and " HAS_NORMS),
    GROUP(biases, GROUP_BIASES, "biases of linear layers", NULL, ALL_DECAY),
    GROUP(attention, GROUP_ATTENTION,
          "numbers that attention owns (extra columns, biases of scores, "
          "...)",
          NULL, ALL_DECAY),
    { "freeze", KEY_TEXT, FIELD(freeze), "", 0, 0, NULL, 0,
      "names of tensors that do not learn, as shell patterns with blanks "
      "between",
      NULL },
    { "clip", KEY_REAL, FIELD(clip), "1", 0, 1e9, NULL, 0,
      "gradients are scaled down to this global norm; 0 = never", NULL },
    { "schedule", KEY_CHOICE, FIELD(schedule), "constant", 0, 0, schedule_name,
      0, "learning rate after the warm-up", NULL },
    { "warmup_steps", KEY_INT, FIELD(warmup_steps), "0", 0, 1e12, NULL, 0,
      "steps over which the learning rate rises from 0", NULL },
    { "min_lr", KEY_REAL, FIELD(min_lr), "0", 0, 1, NULL, 0,
      "where the learning rate ends, or tends to, as a share of lr",
      "optim.schedule != constant" },
    { "cooldown", KEY_REAL, FIELD(cooldown), "0.2", 0, 1, NULL, 0,
      "share of the run, at its end, over which the learning rate falls",
      "optim.schedule = wsd" },
    { "drop_at", KEY_LIST, FIELD(drop_at), "", 1, 1e12, NULL, 0,
      "updates behind which the learning rate drops", "optim.schedule = step" },
    { "drop", KEY_REAL, FIELD(drop), "0.1", 0, 1, NULL, 0,
      "factor on the learning rate at each of drop_at",
      "optim.schedule = step" },
};
const idx n_optim_keys = COUNT_OF(optim_keys);
