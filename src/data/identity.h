/* identity.h - what stored tokens are: the hash of them all, and the largest.
 *
 * Who finds them reads all tokens, in order and once, with advice to the system
 * that other files are worth more memory. What was found is kept
 * (identity_note.h), unless it is found again in no time.
 */
#ifndef SINKLAB_IDENTITY_H
#define SINKLAB_IDENTITY_H

#include "base/err.h"
#include "data/stored.h"
#include "data/stored_query.h"
#include "io/fsys.h"

/* Tokens in fewer bytes are hashed each time, and no note is kept of them. */
enum { IDENTITY_NOTED_BYTES = 1 << 20 };

/* identity_find - set hash, max_token and is_hashed of tokens that are open.
 * is_anew: read them whatever a note says, and leave none: nothing is written.
 * OK, ERR_MEMORY. */
int identity_find(struct stored *s, const struct stored_query *q,
                  struct err *e);

/* identity_place - where what was found of these tokens is kept; "" if it is
 * not. OK, ERR_MEMORY. */
int identity_place(char path[FSYS_PATH_MAX], const struct stored *s,
                   const struct stored_query *q, struct err *e);

#endif
