/* shell.h - a word as a user would type it in a shell, on one line, in which
 * an INI reader sees no comment.
 *
 * For the commands that messages recommend and manifests record.
 */
#ifndef SINKLAB_SHELL_H
#define SINKLAB_SHELL_H

#include "base/text.h"

/* shell_add - add word to t so that a shell reads it back as one word: bare
 * where that is safe, else in '...', with control characters in $'...'. No #
 * or ; stands behind a blank: 'a ''#b', $'\012 \043b'. */
void shell_add(struct text *t, const char *word);

/* shell_word - the same into a buffer of cap_bytes; cut if it does not fit. */
void shell_word(char *out, size_t cap_bytes, const char *word);

#endif
