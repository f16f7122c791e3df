/* segment.h - text cut into lines that SentencePiece's programs can take, so
 * that nothing of it is lost.
 *
 * They read lines, write a blank as U+2581 and cannot tell one that was there
 * from a blank, and stop at no length. So a text is cut at each line feed, NUL
 * and U+2581, which are given as their bytes, and in front of a blank where a
 * line is long. Where it is cut depends on the text alone, however it comes in.
 */
#ifndef SINKLAB_SEGMENT_H
#define SINKLAB_SEGMENT_H

#include "base/base.h"

/* Bytes of a line; spm_train passes over longer ones than 4192. */
enum { SEGMENT_MAX = 4096 };

struct segment {
    size_t n;
    bool is_bytes; /* its n bytes are given as bytes, not as a line */
};

/* segment_next - the first of a text of n >= 1 bytes, which is valid so far as
 * it reaches. is_end: nothing follows; else more may, and a segment of n = 0
 * says that it must be seen first. */
struct segment segment_next(const char *text, size_t n, bool is_end);

/* segment_invalid - the first of n bytes that is no UTF-8, n if all are. A byte
 * stands behind them. */
size_t segment_invalid(const char *text, size_t n);

#endif
