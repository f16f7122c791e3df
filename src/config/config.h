/* config.h - from INI files and overrides to one resolved struct config.
 *
 * Each module declares the keys of its section (base/key.h); config.c holds
 * the one table of sections. ini.c is the only file that includes ini.h.
 *
 * Order: every key's default; then the file, line by line (`include = a, b`
 * before the first section splices those files in, relative to the including
 * file); then the command line's section.key=value. A later assignment wins;
 * the same key twice in one file is an error. `preset = NAME` in [model] is for
 * the keys that nobody gave, in any order; the last preset given counts.
 *
 * A value that is given and that nothing reads (config_when.h) is an error. If
 * a later file, or the command line, made the choice that leaves it idle, it
 * has its default instead, and a note says so. So a key that is not read has
 * its default in every config that was loaded; stored ones are taken as they
 * are.
 *
 * Errors are ERR_CONFIG with "file:line: [section] key: got X, want Y", or
 * "command line: section.key: ..." for an override; all found errors are told,
 * one a line. Code that sets a text field itself must go through key_parse, or
 * config_print may write what does not read back.
 */
#ifndef SINKLAB_CONFIG_H
#define SINKLAB_CONFIG_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "base/key.h"
#include "data/options.h"
#include "metric/options.h"
#include "nn/options.h"
#include "optim/options.h"

struct run_options {
    char dir[KEY_TEXT_MAX]; /* run folder; "" = runs/<name of the config> */
    idx seed;               /* of both of these, unless told apart: */
    idx init_seed;          /* initial weights; -1 = seed */
    idx data_seed;          /* training sequences and their order; -1 = seed */
};

struct train_options {
    idx steps;          /* optimizer updates */
    idx batch;          /* B, sequences a micro-batch */
    idx accumulate;     /* micro-batches an update */
    idx threads;        /* 0 = what OpenMP offers */
    idx log_every;      /* steps between rows of metrics.csv */
    idx val_every;      /* steps between validations in metrics.csv; 0 = none */
    idx val_tokens;     /* held-out tokens that a validation reads */
    double stop_loss;   /* nats; a row with a larger loss ends it; 0 = none */
    idx stop_loss_from; /* step of the first row that stop_loss judges */
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
    struct optim_options optim;
    struct train_options train;
    struct data_options data;
    struct sink_options sink;
    struct checkpoint_options checkpoint;
};

/* A section of the INI file: its keys, and where its options struct lies. */
struct config_section {
    const char *name, *help;
    const struct key *keys;
    const idx *n_keys;
    size_t offset; /* of the options struct in struct config */
};
extern const struct config_section config_sections[];
extern const idx n_config_sections;

/* Where a value came from, for the resolved dump: "default", "file:line",
 * "command line", "preset llama (file:line)". */
enum { ORIGIN_MAX = 300 };

struct config_source; /* values' origins; opaque */

/* config_load - defaults, then the file at path (NULL: none), then the
 * overrides "section.key=value" (n of them). origins may be NULL; else
 * *origins is set and must be given to config_source_free.
 * OK, ERR_CONFIG (see above), ERR_IO (cannot be read), ERR_MEMORY. */
int config_load(struct config *c, const char *path,
                const char *const *overrides, idx n,
                struct config_source **origins, struct err *e);
void config_source_free(struct config_source *origins);

/* config_notes - what a user should know of how a config came about, for
 * text_print_lines; "" if nothing. origins may be NULL. */
const char *config_notes(const struct config_source *origins);

/* config_load_text - the same from a string, as stored in a checkpoint;
 * `place` stands for the file name in messages. It may not include files. */
int config_load_text(struct config *c, const char *text, const char *place,
                     struct err *e);

/* config_load_sealed - config.ini of a run, or a frozen config of a sweep: as
 * written by this program, with a seal (io/sealed_text.h) unless an older
 * version wrote it, which may have let settings pass that do nothing: no reason
 * to lose its runs. OK; ERR_CONFIG: changed since, "path: ...; remedy", or as
 * config_load; ERR_IO, ERR_MEMORY. */
int config_load_sealed(struct config *c, const char *path, const char *remedy,
                       struct err *e);

/* config_override - apply overrides to a config that is already there, as a
 * resumed run does. Keys without all of `flags` may only be given the value
 * they have (a run's past must stay valid). flags 0 allows every key.
 * from: where c's values came from, so that a preset knows which of them were
 * given; NULL: none was. Overrides must be read; what they leave idle of c gets
 * its default. origins as in config_load, with notes on the overrides.
 * OK, or ERR_CONFIG or ERR_MEMORY and c as it was. */
int config_override(struct config *c, const struct config_source *from,
                    const char *const *overrides, idx n, unsigned flags,
                    struct config_source **origins, struct err *e);

/* config_print - the resolved config, every key, as an INI text that
 * config_load_text reads back to the same struct. With origins, each line ends
 * in a comment that says where its value came from. The caller frees the
 * string; NULL when out of memory. */
char *config_print(const struct config *c, const struct config_source *origins);

/* config_print_given - the same without the keys that the preset sets because
 * nobody gave them: another preset may still do so. */
char *config_print_given(const struct config *c,
                         const struct config_source *origins);

/* config_document - docs/CONFIG.md (every key: type, bounds, default, help). */
void config_document(FILE *out);

/* config_id - 16 hex digits and NUL: the hash of the keys that are read and
 * differ from their defaults, without KEY_COSMETIC ones. Two runs with the same
 * id compute the same numbers; a version with more keys gives the same id, so a
 * default may never change what it means. */
enum { CONFIG_ID_MAX = 17 };
void config_id(char id[CONFIG_ID_MAX], const struct config *c);

#endif
