/* options.h - the [data] keys: where tokens come from. */
#ifndef SINKLAB_DATA_OPTIONS_H
#define SINKLAB_DATA_OPTIONS_H

#include "base/base.h"
#include "base/err.h"
#include "base/key.h"

struct data_options {
    int source;              /* row of the table in data/source_kind.c */
    idx task_seed;           /* synthetic: what the task is */
    idx eval_seed;           /* which held-out sequences are read */
    char path[KEY_TEXT_MAX]; /* text: a file, or a folder of text files */
    char hash[KEY_TEXT_MAX]; /* text: of its tokens; "" before it is known */
    bool bos;                /* each sequence begins with a BOS token */
    bool eos;                /* text: an EOS token between documents */
    double val_fraction;     /* text: tail held out for validation */
    idx vocab;               /* synthetic sources: tokens, BOS not counted */
    idx triggers;            /* bigram-backcopy: tokens that ask for a copy */
};

extern const struct key data_keys[];
extern const idx n_data_keys;

#endif
