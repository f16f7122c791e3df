#include "config/config_keys.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"

#define FIELD(f) offsetof(struct run_options, f)
static const struct key run_keys[] = {
    { "dir", KEY_TEXT, FIELD(dir), "", 0, 0, NULL, KEY_COSMETIC | KEY_STAYS,
      "run folder; empty: runs/ and the name of the config file", NULL },
    { "seed", KEY_INT, FIELD(seed), "1", 0, RNG_SEED_MAX, NULL, KEY_SEED,
      "seed of the run: its initial weights and training sequences",
      "run.init_seed = -1 or run.data_seed = -1" },
    { "init_seed", KEY_INT, FIELD(init_seed), "-1", -1, RNG_SEED_MAX, NULL,
      KEY_SEED, "seed of the initial weights; -1: seed", NULL },
    { "data_seed", KEY_INT, FIELD(data_seed), "-1", -1, RNG_SEED_MAX, NULL,
      KEY_SEED, "seed of the training sequences and their order; -1: seed",
      NULL },
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
      "threads of a process; 0: one for each core that it may use, which "
      "processes that may use the same share; or OMP_NUM_THREADS",
      NULL },
    { "products", KEY_CHOICE, FIELD(products), "openblas", 0, 0, products_name,
      KEY_READ,
      "who multiplies activations with weights; own: kernels of sinklab, in "
      "optimizers, too; auto: oneDNN where it and AVX-512 are, else OpenBLAS",
      NULL },
    { "precision", KEY_CHOICE, FIELD(precision), "float32", 0, 0,
      precision_name, 0,
      "what activations, weights and gradients are rounded to where these are "
      "multiplied; sums and all else are float32",
      NULL },
    { "shard_state", KEY_BOOL, FIELD(shard_state), "no", 0, 0, NULL,
      KEY_COSMETIC,
      "of several processes that train together, each keeps and steps the "
      "optimizer's state of a part of the tensors only",
      NULL },
    { "wait_limit_s", KEY_REAL, FIELD(wait_limit_s), "1800", 0, 1e9, NULL,
      KEY_COSMETIC,
      "seconds after which a process gives up another that does not answer, "
      "where several train together (docs/SCALING.md); 0: never",
      NULL },
    { "log_every", KEY_INT, FIELD(log_every), "10", 1, STEP_MAX, NULL,
      KEY_COSMETIC, "steps between rows of metrics.csv", NULL },
    { "val_every", KEY_INT, FIELD(val_every), "100", 0, STEP_MAX, NULL,
      KEY_COSMETIC, "steps between validations; 0: none", NULL },
    { "val_tokens", KEY_INT, FIELD(val_tokens), "16384", 1, 1e12, NULL,
      KEY_COSMETIC,
      "held-out tokens that a validation while training reads: rounded up to "
      "whole sequences, and no more than the text holds",
      "train.val_every != 0" },
    { "sample_tokens", KEY_INT, FIELD(sample_tokens), "0", 0, 512, NULL,
      KEY_COSMETIC,
      "tokens that the model says at each validation, as `sinklab sample` has "
      "it: a row of samples.csv; 0: none",
      "train.val_every != 0" },
    { "sample_prompt", KEY_TEXT, FIELD(sample_prompt), "", 0, 0, NULL,
      KEY_COSMETIC,
      "the text that it goes on behind (numbers of tokens, where the corpus is "
      "no text); empty: BOS",
      "train.sample_tokens != 0" },
    { "sample_temperature", KEY_REAL, FIELD(sample_temperature), "1", 0, 1e6,
      NULL, KEY_COSMETIC,
      "what logits are divided by; 0: always the most likely token",
      "train.sample_tokens != 0" },
    { "sample_top_k", KEY_INT, FIELD(sample_top_k), "0", 0, 1e9, NULL,
      KEY_COSMETIC, "one of so many most likely tokens; 0: of all",
      "train.sample_tokens != 0 and train.sample_temperature != 0" },
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
    SECTION(loss, "what is added to the cross-entropy, which targets count"),
    SECTION(optim, "optimizer, learning rate, decay and clipping"),
    SECTION(train, "how long, how much at a time, what is reported"),
    SECTION(data, "where tokens come from"),
    SECTION(sink, "how attention sinks are measured"),
    SECTION(metrics, "what is measured"),
    SECTION(checkpoint, "which steps are kept"),
};
const idx n_config_sections = COUNT_OF(config_sections);

/* ---- finding keys ------------------------------------------------------ */

bool config_next_key(struct config_key *k)
{
    const struct config_section *end = config_sections + n_config_sections;
    if (!k->section)
        *k = (struct config_key){ config_sections, config_sections->keys };
    else
        k->key++;
    while (k->key == k->section->keys + *k->section->n_keys) {
        if (++k->section == end)
            return false;
        k->key = k->section->keys;
    }
    return true;
}

idx config_key_number(const struct config_section *section,
                      const struct key *key)
{
    idx number = key - section->keys;
    for (const struct config_section *s = config_sections; s < section; s++)
        number += *s->n_keys;
    return number;
}

idx config_key_count(void)
{
    const struct config_section *last = &config_sections[n_config_sections - 1];
    return config_key_number(last, last->keys + *last->n_keys);
}

const struct config_section *config_find_section(const char *name)
{
    for (idx s = 0; s < n_config_sections; s++)
        if (!strcmp(config_sections[s].name, name))
            return &config_sections[s];
    return NULL;
}

const struct key *config_find_key(const struct config_section *section,
                                  const char *name)
{
    for (idx k = 0; k < *section->n_keys; k++)
        if (!strcmp(section->keys[k].name, name))
            return &section->keys[k];
    return NULL;
}

struct config_key config_key_find(const char *name)
{
    const char *dot = strchr(name, '.');
    for (struct config_key k = { 0 }; dot && config_next_key(&k);) {
        size_t n = strlen(k.section->name);
        if (n == (size_t)(dot - name) && !strncmp(name, k.section->name, n) &&
            !strcmp(dot + 1, k.key->name))
            return k;
    }
    return (struct config_key){ 0 };
}

const char *config_key_name(char name[CONFIG_KEY_NAME_MAX], struct config_key k)
{
    int n = snprintf(name, CONFIG_KEY_NAME_MAX, "%s.%s", k.section->name,
                     k.key->name);
    BUG_ON(n < 0 || n >= CONFIG_KEY_NAME_MAX);
    return name;
}

/* ---- values ------------------------------------------------------------ */

static const void *options_of(const struct config *c, struct config_key k)
{
    return (const char *)c + k.section->offset;
}

void config_value(char *text, size_t cap, const struct config *c,
                  struct config_key k)
{
    key_print(k.key, options_of(c, k), text, cap);
}

double config_number(const struct config *c, struct config_key k)
{
    const void *at = (const char *)options_of(c, k) + k.key->offset;
    BUG_ON(k.key->type != KEY_INT && k.key->type != KEY_REAL);
    return k.key->type == KEY_INT ? (double)*(const idx *)at
                                  : *(const double *)at;
}

void config_defaults(struct config *c)
{
    memset(c, 0, sizeof *c);
    for (idx s = 0; s < n_config_sections; s++)
        key_defaults(config_sections[s].keys, *config_sections[s].n_keys,
                     (char *)c + config_sections[s].offset);
}

void config_reset(struct config *c, struct config_key k)
{
    key_defaults(k.key, 1, (char *)c + k.section->offset);
}

static size_t value_bytes(const struct key *key, const void *field)
{
    switch (key->type) {
    case KEY_INT:
        return sizeof(idx);
    case KEY_REAL:
        return sizeof(double);
    case KEY_BOOL:
        return sizeof(bool);
    case KEY_TEXT:
        return strlen(field) + 1;
    case KEY_CHOICE:
        return sizeof(int);
    case KEY_STEPS: {
        const struct key_steps *steps = field;
        return offsetof(struct key_steps, piece) +
               (size_t)steps->n * sizeof steps->piece[0];
    }
    case KEY_LIST:
        break;
    }
    const struct key_list *list = field;
    return offsetof(struct key_list, v) + (size_t)list->n * sizeof list->v[0];
}

/* Read once, by the first thread, which alone reads configs: a sweep asks this
 * of every key of every run, and takes a fifth longer if each is read anew. */
static const struct config *all_defaults(void)
{
    static struct config plain;
    static bool is_read;
    if (!is_read)
        config_defaults(&plain);
    is_read = true;
    return &plain;
}

/* What stands behind the end of a text or a list is no part of it. */
bool config_has_default(const struct config *c, struct config_key k)
{
    const char *plain =
        (const char *)options_of(all_defaults(), k) + k.key->offset;
    const char *field = (const char *)options_of(c, k) + k.key->offset;
    size_t n = value_bytes(k.key, plain);
    return n == value_bytes(k.key, field) && memcmp(field, plain, n) == 0;
}

bool config_key_is_cosmetic(struct config_key k)
{
    return (k.key->flags & KEY_COSMETIC) == KEY_COSMETIC;
}

bool config_key_is_seed(struct config_key k)
{
    return k.key->flags & KEY_SEED;
}

bool config_same_seeds(const struct config *a, const struct config *b)
{
    const struct run_options *x = &a->run, *y = &b->run;
    return x->seed == y->seed && x->init_seed == y->init_seed &&
           x->data_seed == y->data_seed;
}

/* ---- presets ----------------------------------------------------------- */

bool config_is_preset(struct config_key k)
{
    return k.section->offset + k.key->offset ==
           offsetof(struct config, model.preset);
}

const char *config_preset_value(const struct config *c, struct config_key k)
{
    return k.section->keys == model_keys
               ? model_preset_value(c->model.preset, k.key)
               : NULL;
}

bool config_moves(struct config_key one, struct config_key other)
{
    const struct config any = { 0 }; /* all presets set the same keys */
    return one.key == other.key ||
           (config_is_preset(one) && config_preset_value(&any, other));
}

void config_follow_preset(struct config *c,
                          bool (*is_given)(void *user, struct config_key k),
                          void *user)
{
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        const char *value = config_preset_value(c, k);
        if (value && !is_given(user, k))
            BUG_ON(key_parse(k.key, (char *)c + k.section->offset, value,
                             ERR_IGNORED));
    }
}
