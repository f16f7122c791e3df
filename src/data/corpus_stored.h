/* corpus_stored.h - what corpora in files share: opening both parts. */
#ifndef SINKLAB_CORPUS_STORED_H
#define SINKLAB_CORPUS_STORED_H

#include "data/corpus.h"
#include "data/stored_query.h"

/* corpus_open_stored - data.path and what is held out: data.val_path, or the
 * second part of a prepared folder, or nothing. Their hash becomes the corpus'.
 * OK, ERR_DATA, ERR_IO, ERR_MEMORY. */
int corpus_open_stored(struct corpus *c, const struct data_options *o,
                       const struct stored_format *format, struct err *e);

#endif
