/* config_keys.h - struct config: its sections, their keys, and the value of a
 * key by itself.
 *
 * Modules declare the keys of their sections (base/key.h); run, train and
 * checkpoint, which are of no module, are declared here. config_keys.c has the
 * one table of sections. Pure functions over it; but config_has_default, and
 * who asks it, is for the first thread alone: it keeps what it has read.
 */
#ifndef SINKLAB_CONFIG_KEYS_H
#define SINKLAB_CONFIG_KEYS_H

#include "base/base.h"
#include "base/key.h"
#include "data/options.h"
#include "kern/products.h"
#include "metric/options.h"
#include "nn/options.h"
#include "optim/options.h"

/* A step stands in names of files, with leading zeros. */
enum { STEP_DIGITS = 8, STEP_MAX = 99999999 };

struct run_options {
    char dir[KEY_TEXT_MAX]; /* run folder; "" = runs/<name of the config> */
    idx seed;               /* of both of these, unless told apart: */
    idx init_seed;          /* initial weights; -1 = seed */
    idx data_seed;          /* training sequences and their order; -1 = seed */
};

struct train_options {
    idx steps;           /* optimizer updates */
    idx batch;           /* B, sequences a micro-batch */
    idx accumulate;      /* micro-batches an update */
    idx threads;         /* 0 = what OpenMP offers */
    int products;        /* enum products: who makes the large products */
    int precision;       /* enum precision: of their operands */
    bool shard_state;    /* each process has a part of the optimizer's */
    double wait_limit_s; /* that processes wait for each other; 0 = for ever */
    idx log_every;       /* steps between rows of metrics.csv */
    idx val_every;     /* steps between validations in metrics.csv; 0 = none */
    idx val_tokens;    /* held-out tokens that a validation reads */
    idx sample_tokens; /* that the model says at each; 0 = none */
    char sample_prompt[KEY_TEXT_MAX]; /* behind this; empty: BOS */
    double sample_temperature;        /* generator.h */
    idx sample_top_k;                 /* 0 = all */
    double stop_loss;    /* nats; a row with a larger loss ends it; 0 = none */
    idx stop_loss_from;  /* step of the first row that stop_loss judges */
    double stop_minutes; /* of training, all starts together; 0 = none */
};

struct checkpoint_options {
    idx every;             /* steps between weights files; 0 = none */
    idx dense_until;       /* also at 1, 2, 4, ... up to here; 0 = none */
    struct key_list steps; /* also at these */
    idx resume_every;      /* steps between full states; 0 = only at the end */
};

struct config {
    struct run_options run;
    struct model_options model;
    struct attention_options attention;
    struct loss_options loss;
    struct optim_options optim;
    struct train_options train;
    struct data_options data;
    struct sink_options sink;
    struct metrics_options metrics;
    struct checkpoint_options checkpoint;
};

/* What the sections say of a model. */
static inline struct model_spec config_spec(const struct config *c)
{
    return (struct model_spec){ .model = c->model,
                                .attention = c->attention,
                                .loss = c->loss };
}

/* A section of the INI file: its keys, and where its options struct lies. */
struct config_section {
    const char *name, *help;
    const struct key *keys;
    const idx *n_keys;
    size_t offset; /* of the options struct in struct config */
};
extern const struct config_section config_sections[];
extern const idx n_config_sections;

/* A key of the table and the section it stands in; {0}: none. */
struct config_key {
    const struct config_section *section;
    const struct key *key;
};

/* config_next_key - of all sections, in the order of the tables: from {0} to
 * the first, from one to the next. False past the last.
 *
 *     for (struct config_key k = { 0 }; config_next_key(&k);)
 */
bool config_next_key(struct config_key *k);

/* Number of a key among all keys of all sections; how many there are. */
idx config_key_number(const struct config_section *section,
                      const struct key *key);
idx config_key_count(void);

/* The section of that name, a key of it, the key of "section.key"; NULL and {0}
 * if there is none. */
const struct config_section *config_find_section(const char *name);
const struct key *config_find_key(const struct config_section *section,
                                  const char *name);
struct config_key config_key_find(const char *name);

/* config_key_name - "section.key". Returns name. */
enum { CONFIG_KEY_NAME_MAX = 64 };
const char *config_key_name(char name[CONFIG_KEY_NAME_MAX],
                            struct config_key k);

/* config_defaults - every key's. */
void config_defaults(struct config *c);

/* config_value - the value as key_parse reads it back, cut to cap bytes. */
void config_value(char *text, size_t cap, const struct config *c,
                  struct config_key k);

/* config_number - the value of a key of type KEY_INT or KEY_REAL. */
double config_number(const struct config *c, struct config_key k);

/* Has the key its default? Give it that. */
bool config_has_default(const struct config *c, struct config_key k);
void config_reset(struct config *c, struct config_key k);

/* Does it change no number that a run computes? */
bool config_key_is_cosmetic(struct config_key k);

/* Is the key one of a run's own seeds (run.seed, init_seed, data_seed), over
 * which runs are averaged? data.task_seed and data.eval_seed are none: they
 * say what is learned and what is measured on, as other settings do. */
bool config_key_is_seed(struct config_key k);

/* Have both all of these the same? */
bool config_same_seeds(const struct config *a, const struct config *b);

/* A preset gives other keys their values where nobody else does. */

/* Is it the key that names the preset? */
bool config_is_preset(struct config_key k);

/* config_preset_value - what the preset of c says of a key; NULL: nothing, as
 * no preset does. */
const char *config_preset_value(const struct config *c, struct config_key k);

/* config_moves - can setting key `one` change the value of `other`? It can if
 * they are the same key, or if `one` names a preset that sets `other`. */
bool config_moves(struct config_key one, struct config_key other);

/* config_follow_preset - the values of c's preset for all keys but those of
 * which is_given is true. */
void config_follow_preset(struct config *c,
                          bool (*is_given)(void *user, struct config_key k),
                          void *user);

#endif
