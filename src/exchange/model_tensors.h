/* model_tensors.h - numbers of a family's tensors to ours, and back. */
#ifndef SINKLAB_EXCHANGE_MODEL_TENSORS_H
#define SINKLAB_EXCHANGE_MODEL_TENSORS_H

#include "exchange/family.h"
#include "io/safetensors.h"

/* weights_take - w (m->table.total) = the model of this family. All of theirs
 * must be in use, all of ours be there. OK; ERR_DATA: another model's, a shape
 * or type that is not what config.json says; ERR_MEMORY. */
int weights_take(real *w, const struct model *m, const struct family *f,
                 const struct safetensors *s, struct err *e);

/* weights_fit - is what the family has no tensor for as if it had learned
 * nothing? OK, ERR_MEMORY; ERR_CONFIG: it has, in our tensor of that name. */
int weights_fit(const real *w, const struct model *m, const struct family *f,
                struct err *e);

/* weights_give - write w, which fits, as a file of this family's tensors; f
 * NULL: of our own names and shapes. OK, ERR_IO, ERR_MEMORY. */
int weights_give(const char *path, const real *w, const struct model *m,
                 const struct family *f, struct err *e);

#endif
