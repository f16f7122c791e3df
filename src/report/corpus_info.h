/* corpus_info.h - `sinklab data info`: what a corpus is, and what a config
 * makes of it. */
#ifndef SINKLAB_CORPUS_INFO_H
#define SINKLAB_CORPUS_INFO_H

#include <stdio.h>

#include "base/err.h"
#include "config/config.h"
#include "data/stored_query.h"

/* What asks for the tokens that o stands for, or those held out of them. */
struct stored_query corpus_info_query(const struct data_options *o,
                                      bool is_held_out);

/* Samples that all updates of a run read. */
double corpus_info_samples(const struct config *c);

/* corpus_info_print - the files, tokens and documents that o->path and val_path
 * stand for, whatever their vocabulary. OK, ERR_DATA, ERR_IO, ERR_MEMORY. */
int corpus_info_print(FILE *out, const struct data_options *o, struct err *e);

/* corpus_info_print_config - the corpora of a config, its vocabulary, and how
 * many samples and epochs a run of it reads. OK, or the codes of
 * session_open_data. */
int corpus_info_print_config(FILE *out, const struct config *c, struct err *e);

#endif
