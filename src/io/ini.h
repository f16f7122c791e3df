/* ini.h - a strict reader of INI files over inih, which is lenient.
 *
 * The reader feeds inih clean lines and watches what comes back, so that every
 * line is either blank, a comment, a section, an assignment (or, in sections
 * that the handler says hold none, a line), a continuation or a told problem;
 * nothing is skipped or split in silence. Line ends are LF or CRLF, the last
 * one may be missing; a byte order mark is fine. A comment starts at # or ; in
 * first place or after a blank.
 *
 * ini.c is the only file that includes inih's ini.h. Not for concurrent use of
 * one stream; no state outlives a call.
 */
#ifndef SINKLAB_IO_INI_H
#define SINKLAB_IO_INI_H

#include "base/base.h"
#include "base/err.h"

/* Bytes of the longest line (so that any value fits in one), and of a file. */
enum { INI_LINE_MAX = 4096, INI_FILE_MAX = 1 << 20 };

enum ini_kind {
    INI_SECTION, /* [section] */
    INI_VALUE,   /* key = text, in section ("" before the first); or a line of
                    an is_whole section, whose key is "" */
    INI_MORE,    /* an indented line: more text of the key above it */
    INI_PROBLEM, /* text says what is wrong with the line */
};

/* One thing found; the strings live until the handler returns. */
struct ini_item {
    enum ini_kind kind;
    idx line; /* 1 for the first */
    const char *section, *key, *text;
    /* Of a section, false: to be set where its lines are no assignments, but
     * handed over whole. */
    bool *is_whole;
};

typedef void ini_item_handler(void *user, const struct ini_item *item);

/* ini_read_text - hand over what n bytes of text hold, in order.
 * OK (problems are items), or ERR_MEMORY. */
int ini_read_text(const char *text, size_t n, ini_item_handler *handler,
                  void *user, struct err *e);

/* ini_read_own - the same for what this program writes itself (manifest.ini):
 * lines may have any length, and names of sections blanks. */
int ini_read_own(const char *text, size_t n, ini_item_handler *handler,
                 void *user, struct err *e);

/* ini_read_file - the same for a file of at most INI_FILE_MAX bytes; also the
 * errors of fsys_read_file. */
int ini_read_file(const char *path, ini_item_handler *handler, void *user,
                  struct err *e);

#endif
