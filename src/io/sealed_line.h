/* sealed_line.h - lines of text that each carry the hash of their bytes.
 *
 *   field<tab>field<tab>...<tab>16 hex digits: XXH3-64 of what is before it
 *
 * Damage shows, line by line, in a file that only ever grows. The last line of
 * such a file, without line feed, is what a killed writer left: it is dropped.
 */
#ifndef SINKLAB_SEALED_LINE_H
#define SINKLAB_SEALED_LINE_H

#include "base/base.h"
#include "base/err.h"
#include "base/text.h"

/* Add tab, hash and line feed to what t holds from byte `start` on. */
void sealed_line_end(struct text *t, size_t start);

/* sealed_line_open - check a line (NUL instead of its line feed) and cut the
 * hash off. false: the hash is wrong or missing. */
bool sealed_line_open(char *line);

/* sealed_line_head - check the first line of a file of this kind, "WORD
 * VERSION", and step over it: *text is the next line. Lines are told apart by
 * NUL from here on (see sealed_line_next). `otherwise` is what a message tells
 * to use instead of this file: "another run.dir".
 * OK; ERR_DATA: not such a file, or of another version. */
int sealed_line_head(char **text, const char *path, const char *word,
                     idx version, const char *otherwise, struct err *e);

/* The next whole line, NUL instead of its line feed; *text steps over it. NULL
 * at the end; a torn last line is passed over. */
char *sealed_line_next(char **text);

/* The next field of a line; *line steps over it, NULL after the last. */
char *sealed_line_field(char **line);

#endif
