#include "prepare/documents.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "prepare/json_text.h"

/* A line that is shorter lies in one window. */
enum { LINE_BYTES = 1 << 16 };

const char *document_rule_name(enum document_rule rule)
{
    static const char *const names[] = {
        [DOCUMENT_FILE] = "file",
        [DOCUMENT_LINE] = "line",
        [DOCUMENT_JSONL] = "jsonl",
        [DOCUMENT_SEPARATOR] = "separator",
    };
    return names[rule];
}

/* ---- lines --------------------------------------------------------------- */

/* Byte `from` to `end` of the file, where a line feed stands or the file ends.
 */
static int find_line_end(struct documents *d, size_t *end, size_t from,
                         struct err *e)
{
    const unsigned char *bytes, *found = NULL;
    size_t n;
    *end = from;
    do {
        if (source_file_view(&d->file, &bytes, &n, *end,
                             *end == from ? LINE_BYTES : 1, e))
            return e->code;
        found = n ? memchr(bytes, '\n', n) : NULL;
        *end += found ? (size_t)(found - bytes) : n;
    } while (n && !found);
    return OK;
}

/* A line is there: text from .. to (without its end), the next begins at
 * d->next. */
struct line {
    size_t from, to;
};

static int take_line(struct documents *d, struct line *l, bool *is_there,
                     struct err *e)
{
    const unsigned char *bytes;
    size_t n, size = (size_t)d->file.item->stamp.bytes;
    l->from = d->next;
    *is_there = l->from < size;
    if (!*is_there)
        return OK;
    if (find_line_end(d, &l->to, l->from, e))
        return e->code;
    d->next = l->to < size ? l->to + 1 : size;
    d->line++;
    if (l->to > l->from && l->to < size) {
        if (source_file_view(&d->file, &bytes, &n, l->to - 1, 1, e))
            return e->code;
        l->to -= *bytes == '\r';
    }
    return OK;
}

static void set_now(struct documents *d, size_t from, size_t size, idx line)
{
    d->now = (struct document){ d->file.item->path, from, size, line,
                                d->rule == DOCUMENT_JSONL };
    d->n_read = 0;
}

/* ---- the rules: the next document of the open file, *is_there ------------ */

static int next_file(struct documents *d, bool *is_there, struct err *e)
{
    size_t size = (size_t)d->file.item->stamp.bytes;
    (void)e;
    *is_there = d->next < size;
    set_now(d, 0, size, 0);
    d->next = size;
    return OK;
}

static int next_line(struct documents *d, bool *is_there, struct err *e)
{
    struct line l;
    do {
        if (take_line(d, &l, is_there, e))
            return e->code;
    } while (*is_there && l.from == l.to);
    if (*is_there)
        set_now(d, l.from, l.to - l.from, d->line);
    return OK;
}

/* Does the line say just that? */
static int is_line(struct documents *d, bool *is_same, const struct line *l,
                   const char *text, struct err *e)
{
    const unsigned char *bytes;
    size_t n, want = strlen(text);
    *is_same = false;
    if (l->to - l->from != want || want > SOURCE_WINDOW_BYTES)
        return OK;
    if (source_file_view(&d->file, &bytes, &n, l->from, want, e))
        return e->code;
    *is_same = memcmp(bytes, text, want) == 0;
    return OK;
}

static int next_part(struct documents *d, bool *is_there, struct err *e)
{
    struct line l;
    size_t from = d->next, size = (size_t)d->file.item->stamp.bytes;
    idx line = d->line + 1;
    for (;;) {
        bool is_separator = false;
        if (take_line(d, &l, is_there, e) ||
            (*is_there && is_line(d, &is_separator, &l, d->text, e)))
            return e->code;
        size_t to = !*is_there ? size : l.from;
        if ((!*is_there || is_separator) && to > from) {
            *is_there = true;
            set_now(d, from, to - from, line);
            return OK;
        }
        if (!*is_there)
            return OK;
        if (is_separator) {
            from = d->next;
            line = d->line + 1;
        }
    }
}

static int say_no_json(const struct documents *d, const struct json_problem *p,
                       struct err *e)
{
    char name[TEXT_SHOW_MAX];
    return err_set(e, ERR_DATA,
                   "%s:%td: byte %zu of the line: %s, want a JSON object with "
                   "a string called \"%s\" in each line (--key names another)",
                   d->file.item->path, d->line, p->at + 1, p->what,
                   text_show(name, d->text));
}

/* Room for a line of n bytes, and for its text. */
static bool make_room(struct documents *d, size_t n)
{
    if (n <= d->json_cap)
        return true;
    size_t cap = n + n / 2;
    char *json = realloc(d->json, cap);
    d->json = json ? json : d->json;
    char *decoded = realloc(d->decoded, cap);
    d->decoded = decoded ? decoded : d->decoded;
    if (json && decoded)
        d->json_cap = cap;
    return json && decoded;
}

/* The line's bytes to d->json. */
static int copy_line(struct documents *d, const struct line *l, struct err *e)
{
    const unsigned char *bytes;
    size_t n;
    if (!make_room(d, l->to - l->from))
        return err_set(e, ERR_MEMORY,
                       "%s:%td: no memory for a line of %zu bytes",
                       d->file.item->path, d->line, l->to - l->from);
    for (size_t at = l->from; at < l->to; at += n) {
        if (source_file_view(&d->file, &bytes, &n, at, 1, e))
            return e->code;
        n = n < l->to - at ? n : l->to - at;
        memcpy(d->json + (at - l->from), bytes, n);
    }
    return OK;
}

static bool is_blank(const char *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && (text_is_blank(bytes[i]) || bytes[i] == '\r'))
        i++;
    return i == n;
}

static int next_json(struct documents *d, bool *is_there, struct err *e)
{
    static const char mark[] = "\xef\xbb\xbf";
    struct json_problem problem;
    struct line l;
    size_t n;
    for (;;) {
        if (take_line(d, &l, is_there, e) || !*is_there || copy_line(d, &l, e))
            return e->code;
        n = l.to - l.from;
        /* a byte order mark in front of a file is no text */
        size_t skipped =
            d->line == 1 && n >= 3 && memcmp(d->json, mark, 3) == 0 ? 3 : 0;
        if (is_blank(d->json + skipped, n - skipped))
            continue;
        size_t size;
        if (!json_text(d->decoded, &size, d->json + skipped, n - skipped,
                       d->text, &problem)) {
            problem.at += skipped;
            return say_no_json(d, &problem, e);
        }
        if (size == 0)
            continue;
        set_now(d, l.from, size, d->line);
        return OK;
    }
}

static int next_in_file(struct documents *d, bool *is_there, struct err *e)
{
    switch (d->rule) {
    case DOCUMENT_FILE:
        return next_file(d, is_there, e);
    case DOCUMENT_LINE:
        return next_line(d, is_there, e);
    case DOCUMENT_JSONL:
        return next_json(d, is_there, e);
    case DOCUMENT_SEPARATOR:
    case DOCUMENT_RULES:
        break;
    }
    return next_part(d, is_there, e);
}

/* ---- all files ----------------------------------------------------------- */

static int begin_file(struct documents *d, struct err *e)
{
    d->next = 0;
    d->line = 0;
    d->is_within = true;
    return source_file_open(&d->file, &d->files->items[d->i_file],
                            d->hashes != NULL, e);
}

static int end_file(struct documents *d, struct err *e)
{
    char *hex = d->hashes ? d->hashes[d->i_file] : NULL;
    if (source_file_close(&d->file, hex, e))
        return e->code;
    d->done += (size_t)d->files->items[d->i_file].stamp.bytes;
    d->i_file++;
    d->is_within = false;
    return OK;
}

int documents_next(struct documents *d, bool *is_there, struct err *e)
{
    *is_there = false;
    while (d->i_file < d->files->n) {
        if (!d->is_within && begin_file(d, e))
            return e->code;
        if (next_in_file(d, is_there, e) || *is_there)
            return e->code;
        if (end_file(d, e))
            return e->code;
    }
    return OK;
}

int documents_read(struct documents *d, const unsigned char **bytes, size_t *n,
                   struct err *e)
{
    size_t left = d->now.size - d->n_read;
    *n = 0;
    if (left == 0)
        return OK;
    if (d->rule == DOCUMENT_JSONL) {
        *bytes = (const unsigned char *)d->decoded;
        *n = left;
    } else if (source_file_view(&d->file, bytes, n, d->now.from + d->n_read, 1,
                                e)) {
        return e->code;
    }
    *n = *n < left ? *n : left;
    d->n_read += *n;
    return OK;
}

size_t documents_done(const struct documents *d)
{
    return d->done + (d->is_within ? d->now.from + d->n_read : 0);
}

void documents_release(struct documents *d)
{
    source_file_release(&d->file);
    free(d->json);
    free(d->decoded);
    *d = (struct documents){ 0 };
}
