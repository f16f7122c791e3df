/* tail.h - the end of a text file that another process may be writing. */
#ifndef SINKLAB_TAIL_H
#define SINKLAB_TAIL_H

#include "base/base.h"
#include "base/err.h"

/* Bytes looked at; a longer line is cut at its front. Whoever needs lines whole
 * has shorter ones. */
enum { TAIL_MAX = 16384 };

/* tail_line - the last line of the file that is not empty, cut to what fits.
 * is_whole: only one that ends in a line feed. Empty where there is none, or
 * no file. One read, however long the file. OK; ERR_IO: it cannot be read. */
int tail_line(char *line, size_t cap_bytes, const char *path, bool is_whole,
              struct err *e);

#endif
