/* visible.h - which keys a query sees: causal, window, prefix, groups, first
 * tokens for all, documents. */
#ifndef SINKLAB_VISIBLE_H
#define SINKLAB_VISIBLE_H

#include "base/base.h"
#include "base/op_text.h"
#include "nn/options.h"

/* Keys [0, globals) and [lo, hi), globals <= lo. */
struct span {
    idx globals, lo, hi;
};

/* What query t of T sees in a head. Rows 0 .. registers-1 are seen by all.
 * documents (T): where the document of each row begins; NULL: one document. */
struct span visible_span(const struct attention_options *o, idx T, idx t,
                         idx head, idx H, const int32_t *documents);

/* One key behind the last that any of the queries 0 .. t sees. */
idx visible_end(const struct attention_options *o, idx T, idx t);

/* Does every query see all keys up to its own and no others? */
bool visible_is_causal(const struct attention_options *o);

/* What hides or shows keys, one text a key of [attention]; NULL ends. */
extern const struct op_text *const visible_texts[];

#endif
