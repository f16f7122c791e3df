/* event_file.h - TensorBoard's event files: TFRecord frames of Event messages.
 *
 * A frame is the length (8 bytes, little-endian), its masked CRC32C, the
 * message, and the masked CRC32C of that; a message is protocol buffers'
 * (tensorflow/core/util/event.proto and summary.proto say the fields). Built up
 * in memory by the caller's FILE; whether that took it is for the caller to
 * see.
 */
#ifndef SINKLAB_EVENT_FILE_H
#define SINKLAB_EVENT_FILE_H

#include <stdio.h>

#include "base/base.h"

/* crc32c - Castagnoli's, of n bytes (RFC 3720, appendix B.4). */
uint32_t crc32c(const void *bytes, size_t n);

/* event_begin - what a file begins with. */
void event_begin(FILE *out);

/* event_number - a point of the curve called `tag`. wall_s: when. */
void event_number(FILE *out, const char *tag, double wall_s, int64_t step,
                  double value);

/* event_text - a text in Markdown, for the tab "Text". n of its bytes at most
 * EVENT_TEXT_MAX; the rest is left out. */
enum { EVENT_TEXT_MAX = 65536, EVENT_TAG_MAX = 256 };
void event_text(FILE *out, const char *tag, double wall_s, int64_t step,
                const char *text);

#endif
