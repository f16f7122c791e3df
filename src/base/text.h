/* text.h - small helpers for text that a user wrote and messages quote.
 *
 * Nothing allocates, nothing fails. "Blank" is a space or a tab.
 */
#ifndef SINKLAB_TEXT_H
#define SINKLAB_TEXT_H

#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"

/* text_show - text as a message may carry it: on one line (other than
 * printable bytes become '?') and short (cut with "..."). Returns out. */
enum { TEXT_SHOW_MAX = 68 };
const char *text_show(char out[TEXT_SHOW_MAX], const char *text);

/* text_show_path - the same of a path, of which the end tells more: "..."
 * stands in front. */
enum { TEXT_PATH_MAX = 204 };
const char *text_show_path(char out[TEXT_PATH_MAX], const char *path);

/* text_count - how often c stands in text. */
idx text_count(const char *text, char c);

/* text_trim - cut blanks at both ends in place; returns the new start. */
char *text_trim(char *text);

bool text_is_blank(char c);

/* text_is_held - is this byte, the next one of a text, within braces (or, if
 * is_quoted, within '...' or "...")? h: zeroed before the first. */
struct text_hold {
    int depth;
    char quote;
};
bool text_is_held(struct text_hold *h, char c, bool is_quoted);

/* text_part - cut *rest in place at the next separator that is not held: the
 * part before it, trimmed; *rest is what follows, NULL after the last part. */
char *text_part(char **rest, char separator, bool is_quoted);

/* A text that grows in a buffer of the caller's; what does not fit is counted
 * but not written, and the written part always ends in NUL (if cap > 0). */
struct text {
    char *at;
    size_t cap_bytes;
    size_t n; /* bytes without NUL, were there room */
};

void text_add(struct text *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void text_addv(struct text *t, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Write every line of `lines` with the prefix before it; NULL is no lines. */
void text_print_lines(FILE *out, const char *prefix, const char *lines);

/* text_print_words - the words of text in lines of at most `columns`: the first
 * goes on at column `at`, the others start at column `indent`; a newline in the
 * text starts one, too. Ends the last line. */
void text_print_words(FILE *out, const char *text, int at, int indent,
                      int columns);

/* Now, in UTC: "2026-01-31T12:00:00Z". */
void text_add_now(struct text *t);

/* "7s", "3m20s", "2h05m". */
void text_add_duration(struct text *t, double seconds);

/* text_whole - is it a whole number: 1 to 18 decimal digits, nothing else? */
bool text_whole(idx *number, const char *text);

bool text_ends_in(const char *text, const char *end);

/* text_is_file_kind - does a file's name end in ".svg", or ".SVG"? */
bool text_is_file_kind(const char *path, const char *ending);

/* "1.50 GiB", "22.4 MiB", "0.03 MiB". */
void text_add_bytes(struct text *t, double bytes);

#endif
