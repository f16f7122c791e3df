/* identity.h - what stored tokens are: hash of all, and the largest.
 */
#ifndef SINKLAB_IDENTITY_H
#define SINKLAB_IDENTITY_H

#include "base/err.h"
#include "data/stored.h"
#include "data/stored_query.h"

/* identity_find - set hash, max_token and is_hashed of tokens that are open.
 * OK, ERR_MEMORY. */
int identity_find(struct stored *s, const struct stored_query *q,
                  struct err *e);

#endif
