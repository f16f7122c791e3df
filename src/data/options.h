/* options.h - the [data] keys: where tokens come from, which of them make a
 * sequence, and what is changed in it. */
#ifndef SINKLAB_DATA_OPTIONS_H
#define SINKLAB_DATA_OPTIONS_H

#include "base/base.h"
#include "base/err.h"
#include "base/key.h"

struct data_options {
    int source;                  /* row of the table in data/corpus_kind.c */
    idx task_seed;               /* what the task is */
    idx eval_seed;               /* which held-out sequences are read */
    char path[KEY_TEXT_MAX];     /* text, tokens: files */
    char val_path[KEY_TEXT_MAX]; /* of the held-out part; "": a tail of path */
    char bigram_path[KEY_TEXT_MAX]; /* bigram-backcopy: text of its table */
    char mixture[KEY_TEXT_MAX];     /* weights and corpora */
    char hash[KEY_TEXT_MAX]; /* of all stored tokens; "" before it is known */
    int format;              /* tokens: of the table in data/stored_format.c */
    idx token_bytes;         /* tokens without a header: width; 0: not said */
    double val_fraction;     /* tail held out for validation */
    idx vocab;               /* tokens, BOS and others of ours not counted */
    idx triggers;            /* bigram-backcopy, induction */
    idx copy_length;         /* copy: tokens of the block */
    int order;               /* row of the table in data/order.c */
    idx unique_tokens;       /* of training, from its beginning; 0: all */
    bool restart_positions;  /* places count from a document's beginning */
    bool bos;                /* each sequence begins with a BOS token */
    idx bos_token;           /* which; -1: a token of its own */
    bool eos;                /* an EOS token between documents */
    bool shuffle;            /* the tokens of a sequence */
    struct key_list random_positions; /* from 1: uniform tokens there */
    bool random_fresh;  /* what edits draw is drawn anew each time */
    idx fixed_position; /* from 1: fixed_token stands there; 0: none does */
    idx fixed_token;    /* -1: a token of its own */
    bool fixed_target;  /* it counts as a target */
    double label_noise; /* share of training's targets that are random */
};

/* When the data may know where documents begin, in the words of a key's
 * `when`; source_lacks_documents says that they do not. */
#define DATA_HAS_DOCUMENTS "data.source = text | tokens | mixture"

extern const struct key data_keys[];
extern const idx n_data_keys;

#endif
