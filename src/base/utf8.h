/* utf8.h - foreign text (folder names, labels) made fit to show on one line.
 *
 * A name may hold anything but NUL: newlines, escape sequences, bytes that are
 * no UTF-8. What is shown holds printable characters only, so that a name can
 * neither break a table, nor steer a terminal, nor make an SVG file invalid.
 * Pure functions; nothing is allocated.
 */
#ifndef SINKLAB_UTF8_H
#define SINKLAB_UTF8_H

#include <stdio.h>

#include "base/base.h"

enum { UTF8_MAX = 4 }; /* bytes of a character */

/* utf8_decode - the character at s and the bytes it takes, at least 1.
 * *c becomes -1 where s holds no valid UTF-8 (1 byte is taken then); s must
 * not be at its NUL. */
idx utf8_decode(int32_t *c, const char *s);

/* utf8_columns - columns that printable text takes on a terminal: wide East
 * Asian characters count 2, combining marks 0. */
idx utf8_columns(const char *s);

/* utf8_show - s as one printable line of at most `columns` columns.
 * out (cap bytes) out, always NUL-terminated, cap >= 1; must not be s.
 * Newline, tab and carriage return appear as \n, \t, \r, other control
 * characters and stray bytes as \xNN, invisible direction marks as \uNNNN;
 * without `unicode` every character beyond ASCII appears as ?. Too long a text
 * loses its middle for "..". Returns the columns used. */
idx utf8_show(char *out, size_t cap, const char *s, idx columns, bool unicode);

/* utf8_print - a text of n bytes, of any length, with a NUL behind it: as
 * utf8_show has it, but line feeds and tabs are what they are. */
void utf8_print(FILE *out, const char *text, size_t n, bool unicode);

/* utf8_terminal - does the environment (LC_ALL, LC_CTYPE, LANG) promise that
 * what is printed may be UTF-8? */
bool utf8_terminal(void);

#endif
