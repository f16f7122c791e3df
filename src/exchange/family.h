/* family.h - models that are made elsewhere: how a family of them says what it
 * is, and where each number stands that ours have.
 *
 * A family is a file, family_NAME.c, and a line in families.c. It reads the
 * folder's config.json into settings of ours, and lists links: which rows of
 * which tensor of ours are which tensor of theirs. Import and export both go
 * through these lists, so that what comes in goes out again.
 */
#ifndef SINKLAB_EXCHANGE_FAMILY_H
#define SINKLAB_EXCHANGE_FAMILY_H

#include "base/base.h"
#include "base/err.h"
#include "io/json.h"
#include "io/json_tree.h"
#include "nn/model/model.h"

enum {
    FAMILY_SETTINGS_MAX = 48,
    FAMILY_SETTING_MAX = 2048,
    LINK_NAME_MAX = 128
};

/* ---- config.json --------------------------------------------------------- */

/* Their configuration being read: the first thing that is wrong stays in e, and
 * what is asked for behind it is 0. */
struct asked {
    const char *place; /* the file */
    const struct json_value *json;
    char settings[FAMILY_SETTINGS_MAX][FAMILY_SETTING_MAX];
    idx n; /* settings "section.key=value" of ours */
    struct err *e;
};

/* What config.json calls `key`; where it is not there, or null, the fallback.
 * asked_need: a count that must be there. Another type is an error. */
idx asked_need(struct asked *a, const char *key);
idx asked_count(struct asked *a, const char *key, idx fallback);
double asked_number(struct asked *a, const char *key, double fallback);
bool asked_bool(struct asked *a, const char *key, bool fallback);
const char *asked_text(struct asked *a, const char *key, const char *fallback);

/* The error that `key` has a value which no model of ours has; what: in words.
 */
void asked_refuse(struct asked *a, const char *key, const char *what);

/* A setting of ours, "model.layers=%td". */
void asked_put(struct asked *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What all families have in common: BOS, if it is a token below V. */
void asked_put_tokens(struct asked *a, idx V);

/* The value of a key; NULL: none, or null. */
const struct json_value *asked_find(const struct asked *a, const char *key);

/* Something is wrong with a key: the first one counts. */
void asked_wrong(struct asked *a, const char *key, const char *want);

/* Rotary positions by rope_theta (or theta_key), rope_scaling and
 * rope_parameters; *part is replaced where partial_rotary_factor says it. */
void asked_put_rope(struct asked *a, const char *theta_key, double *part);
/* The other way round; has_part: with rope_part. */
void rope_write(struct json *j, const struct model_options *o,
                const char *theta_key, bool has_part);

/* Layers that see `size` tokens back; 0: no layer does. */
struct windows {
    idx layers, size;
    bool has[KEY_LIST_MAX]; /* (layers) */
};

/* Of each layer a text, `has` or `has_not`, if there is such a list. */
void asked_window_types(struct windows *w, struct asked *a, const char *key,
                        const char *has, const char *has_not);
/* The settings, if any query of max_position_embeddings tokens sees less. */
void asked_put_windows(struct asked *a, const struct windows *w);

/* ---- links --------------------------------------------------------------- */

enum link_kind {
    LINK_AS_IS,      /* (rows,cols), or (rows) */
    LINK_TRANSPOSED, /* (cols,rows) */
    LINK_BY_HEAD,    /* rows of q, k, v of a head, then of the next */
    LINK_BEHIND_2,   /* (rows+2,cols): ours without the first two */
    LINK_ONES,       /* they have none: all are 1 */
    LINK_ZEROS,
};

struct link {
    enum link_kind kind;
    char theirs[LINK_NAME_MAX]; /* without the family's prefix */
    const struct param *ours;
    idx row0, rows; /* of ours; of a vector, numbers */
};

struct links {
    const struct model *m;
    struct link *list; /* (n) owned */
    idx n;
    bool is_out_of_memory;
};

/* Rows row0 .. row0+rows-1 of our tensor; rows -1: all behind row0. The model
 * has the tensor. */
void links_add(struct links *l, enum link_kind kind, const char *ours,
               const char *theirs, idx row0, idx rows);
/* The same of block `layer`: ours behind "block.N.", theirs with %td. */
void links_add_of(struct links *l, enum link_kind kind, idx layer,
                  const char *ours, const char *theirs_format, idx row0,
                  idx rows);
/* The weight, and if the model has it the bias: both end so. */
void links_add_linear(struct links *l, enum link_kind kind, idx layer,
                      const char *ours, const char *theirs_format, idx row0,
                      idx rows);
void links_release(struct links *l);

/* Columns of a row of ours; 1 of a vector. */
idx link_cols(const struct link *k);

/* Shape of theirs; returns its dimensions. */
int link_shape(idx shape[2], const struct link *k);

/* Where number i of theirs stands in our tensor; -1: ours has none. H heads of
 * D. */
idx link_place(const struct link *k, idx i, idx H, idx D);

/* ---- families ------------------------------------------------------------ */

struct family {
    const char *title;        /* "GPT-2" */
    const char *const *types; /* model_type; ends with NULL */
    const char *prefix;       /* that names of theirs may have, or NULL */
    void (*read)(struct asked *a);
    void (*link)(struct links *l);
    /* Ends of names of what is no weight, as masks; ends with NULL. */
    const char *const *passed_over;

    /* For export. attention: keys of [attention] that it may have beside those
     * that all have, ends with NULL; NULL: none. refuses: the setting that it
     * does not allow, NULL if it may be written. */
    const char *architecture;
    const char *const *attention;
    const char *(*refuses)(const struct model *m);
    void (*write)(struct json *j, const struct model *m);
};

extern const struct family family_gpt2, family_llama, family_neox,
    family_mistral, family_qwen2, family_qwen3, family_olmo, family_olmo2,
    family_opt, family_gpt_neo;
/* In the order in which export tries them; ends with NULL. */
extern const struct family *const families[];

/* Of a model_type; NULL: none. */
const struct family *family_find(const char *type);

/* All model_types, "gpt2, llama, ..."; returns text. */
enum { FAMILY_TYPES_MAX = 256 };
const char *family_types(char text[FAMILY_TYPES_MAX]);

/* Which of our feed-forwards a name of theirs is ("gelu_new"), plain or gated;
 * NULL: none. The other way round: the name of an enum ffn_kind. */
const char *family_ffn(const char *act, bool is_gated);
const char *family_act(int ffn);
/* Is it one of the plain ones that they have? */
bool family_is_plain(int ffn);

#endif
