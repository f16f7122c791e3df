#include "io/ini.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "base/text.h"
#include "io/fsys.h"

/* How a line travels through inih. Its buffer holds some 200 bytes and what is
 * longer would be torn apart, so a long line goes in pieces: the first one as
 * it is, the others as continuation lines. Because inih trims, every cut is
 * fenced by one '|' on each side, which on_value takes away again. A line that
 * is to stay whole goes as the value of a key that only inih sees. */

enum {
    KEY_MAX = 256,    /* longer than what inih can pass */
    SECTION_MAX = 40, /* inih cuts section names at 49 */
    PIECE_ROOM = 8,   /* left free in inih's buffer: fences, line end, NUL */
};

struct reader {
    const char *next, *end; /* what is not read yet */
    idx line;
    ini_item_handler *handler;
    void *user;

    size_t line_cap;         /* bytes of text and of value */
    char *text;              /* the line now passing, without its comment */
    const char *rest;        /* what inih has not got of it; "" between lines */
    bool is_header, is_more; /* [section]; continues the key above */
    bool is_first, is_last;  /* the piece that inih has in hand */
    bool awaits_value;       /* on_value must be called for that piece */

    bool skips_section; /* its header was unusable */
    bool is_whole;      /* its lines are no assignments */
    char key[KEY_MAX];  /* the latest in this section, "" if none */
    char *value;
    size_t value_n;
    bool is_own; /* of this program */
};

static void tell(struct reader *r, enum ini_kind kind, const char *section,
                 const char *key, const char *text)
{
    struct ini_item item = {
        .kind = kind,
        .line = r->line,
        .section = section,
        .key = key,
        .text = text,
        .is_whole = &r->is_whole,
    };
    r->handler(r->user, &item);
}

static void tell_problem(struct reader *r, const char *text)
{
    tell(r, INI_PROBLEM, "", "", text);
}

static void tell_got(struct reader *r, const char *got, const char *want)
{
    char text[2 * TEXT_SHOW_MAX], shown[TEXT_SHOW_MAX];
    snprintf(text, sizeof text, "got '%s', want %s", text_show(shown, got),
             want);
    tell_problem(r, text);
}

static void cut_comment(char *text)
{
    for (char *s = text; *s; s++)
        if ((*s == '#' || *s == ';') && (s == text || text_is_blank(s[-1]))) {
            *s = '\0';
            return;
        }
}

/* True if n bytes are text: no control characters but tabs. */
static bool check_bytes(struct reader *r, const char *line, size_t n)
{
    char text[80];
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)line[i];
        if ((c >= ' ' && c != 127) || c == '\t')
            continue;
        if (c == '\0')
            snprintf(text, sizeof text, "got a NUL byte, want text");
        else if (c == '\r')
            snprintf(text, sizeof text,
                     "got a carriage return, want LF or CRLF line ends");
        else
            snprintf(text, sizeof text, "got control character %d, want text",
                     c);
        tell_problem(r, text);
        return false;
    }
    return true;
}

/* Copy the next line of the input to r->text. False at the end of the input,
 * or where it stops being text. */
static bool take_line(struct reader *r)
{
    while (r->next < r->end) {
        const char *line = r->next;
        size_t left = (size_t)(r->end - line);
        const char *lf = memchr(line, '\n', left);
        size_t n = lf ? (size_t)(lf - line) : left;
        r->next = line + n + (lf != NULL);
        if (r->line++ == 0 && n >= 3 && !memcmp(line, "\xEF\xBB\xBF", 3)) {
            line += 3;
            n -= 3;
        }
        if (lf && n > 0 && line[n - 1] == '\r')
            n--;
        if (!check_bytes(r, line, n))
            break;
        if (n < r->line_cap) {
            memcpy(r->text, line, n);
            r->text[n] = '\0';
            return true;
        }
        char text[80];
        snprintf(text, sizeof text, "got a line of %zu bytes, want at most %d",
                 n, INI_LINE_MAX - 1);
        tell_problem(r, text);
    }
    r->next = r->end;
    return false;
}

/* A section's header, without blanks around it. True if inih shall see it. */
static bool take_section(struct reader *r, const char *text)
{
    size_t n = strlen(text);
    r->key[0] = '\0';
    r->skips_section = true;
    r->is_whole = false;
    if (n < 3 || n > INI_LINE_MAX || strcspn(text, "]") != n - 1 ||
        (strpbrk(text, " \t") && !r->is_own)) {
        tell_got(r, text, "[section]");
        return false;
    }
    char name[INI_LINE_MAX];
    memcpy(name, text + 1, n - 2);
    name[n - 2] = '\0';
    tell(r, INI_SECTION, name, "", "");
    r->skips_section = n - 2 > SECTION_MAX;
    return !r->skips_section;
}

/* Find the next line that is inih's business. */
static bool next_line(struct reader *r)
{
    while (take_line(r)) {
        cut_comment(r->text);
        char *start = text_trim(r->text);
        if (!*start)
            continue;
        r->is_more = start > r->text && r->key[0];
        r->is_header = *start == '[' && !r->is_more;
        r->rest = r->is_more ? r->text : start;
        if (r->is_header && !take_section(r, start))
            r->rest = "";
        if (*r->rest && !r->skips_section)
            return true;
    }
    r->rest = "";
    return false;
}

/* inih's fgets: the next piece of a line. */
static char *read_piece(char *piece, int cap, void *stream)
{
    struct reader *r = stream;
    if (r->awaits_value) { /* the piece before held no assignment */
        r->awaits_value = false;
        r->rest = "";
        tell_got(r, text_trim(r->text), "key = value");
    }
    r->is_first = !*r->rest;
    if (r->is_first && !next_line(r))
        return NULL;
    bool is_new_line = !r->is_header && !r->is_more;
    int n = (int)strlen(r->rest), room = cap - PIECE_ROOM;
    r->is_last = n <= room;
    n = r->is_last ? n : room;
    const char *front = !r->is_first                 ? " |"
                        : r->is_whole && is_new_line ? "l="
                                                     : "";
    snprintf(piece, (size_t)cap, "%s%.*s%s", front, n, r->rest,
             r->is_last ? "" : "|");
    r->rest += n;
    r->awaits_value = !r->is_header;
    return piece;
}

/* inih's handler: a piece of a value. */
static int on_value(void *user, const char *section, const char *key,
                    const char *value)
{
    struct reader *r = user;
    r->awaits_value = false;
    if (r->is_first) {
        r->value_n = 0;
        if (!r->is_more)
            snprintf(r->key, sizeof r->key, "%s", key);
        if (!*key) {
            tell_got(r, text_trim(r->text), "key = value");
            r->rest = "";
            return 1;
        }
    } else {
        value++; /* the fence before it */
    }
    size_t n = strlen(value) - !r->is_last; /* the fence behind it */
    BUG_ON(r->value_n + n >= r->line_cap);
    memcpy(r->value + r->value_n, value, n);
    r->value_n += n;
    r->value[r->value_n] = '\0';
    if (r->is_last)
        tell(r, r->is_more ? INI_MORE : INI_VALUE, section,
             r->is_whole ? "" : r->key, text_trim(r->value));
    return 1;
}

static int read_text(const char *text, size_t n, bool is_own,
                     ini_item_handler *handler, void *user, struct err *e)
{
    struct reader r = {
        .next = text,
        .end = text + n,
        .handler = handler,
        .user = user,
        .rest = "",
        .line_cap = is_own ? n + 1 : INI_LINE_MAX,
        .is_own = is_own,
    };
    r.text = malloc(r.line_cap);
    r.value = malloc(r.line_cap);
    /* a line that inih itself refuses was told by read_piece already */
    bool failed = !r.text || !r.value ||
                  ini_parse_stream(read_piece, &r, on_value, &r) < 0;
    free(r.text);
    free(r.value);
    return failed ? err_memory(e, NULL) : OK;
}

int ini_read_text(const char *text, size_t n, ini_item_handler *handler,
                  void *user, struct err *e)
{
    return read_text(text, n, false, handler, user, e);
}

int ini_read_own(const char *text, size_t n, ini_item_handler *handler,
                 void *user, struct err *e)
{
    return read_text(text, n, true, handler, user, e);
}

int ini_read_file(const char *path, ini_item_handler *handler, void *user,
                  struct err *e)
{
    char *text;
    size_t n;
    int rc = fsys_read_file(&text, &n, path, INI_FILE_MAX, e);
    if (rc != OK)
        return rc;
    rc = ini_read_text(text, n, handler, user, e);
    free(text);
    return rc;
}
