#include "io/csv_lines.h"

#include <string.h>

#include "io/fsys.h"

/* A cell in place, quotes undone; *at is behind what ends it. Returns it; NULL:
 * a quote is open. *is_last: it ends the line. */
static char *take_cell(char **at, bool *is_last)
{
    char *from = *at, *to = *at, *cell = *at;
    bool is_quoted = *from == '"';
    from += is_quoted;
    while (*from && (is_quoted || (*from != ',' && *from != '\n'))) {
        if (is_quoted && *from == '"') {
            is_quoted = from[1] == '"';
            from += 1 + is_quoted;
            if (is_quoted)
                *to++ = '"';
            continue;
        }
        *to++ = *from++;
    }
    if (is_quoted)
        return NULL;
    *is_last = *from != ',';
    *at = from + (*from != '\0');
    if (to > cell && to[-1] == '\r' && *is_last)
        to--;
    *to = '\0';
    return cell;
}

static bool problem(const struct csv_lines *l, const char *what, struct err *e)
{
    err_set(e, ERR_DATA, "%s:%td: got %s: %s", l->path, l->line, what,
            l->remedy);
    return false;
}

bool csv_lines_next(struct csv_lines *l, struct err *e)
{
    bool is_last = false;
    l->n = 0;
    l->line++;
    if (!*l->rest)
        return false;
    while (!is_last) {
        if (l->n == CSV_CELLS_MAX)
            return problem(l, "too many cells", e);
        char *cell = take_cell(&l->rest, &is_last);
        if (!cell)
            return problem(l, "a quote that is not closed", e);
        l->cells[l->n++] = cell;
    }
    return true;
}

int csv_lines_open(struct csv_lines *l, char **text, const char *path,
                   size_t max_bytes, const char *remedy, struct err *e)
{
    size_t n;
    *l = (struct csv_lines){ .path = path, .remedy = remedy };
    if (fsys_read_file(text, &n, path, max_bytes, e))
        return e->code;
    l->rest = *text;
    if (strlen(*text) != n)
        return err_set(e, ERR_DATA, "%s: holds a NUL: it is no table", path);
    if (n > 0 && (*text)[n - 1] != '\n') {
        for (const char *at = *text; at; at = strchr(at + 1, '\n'))
            l->line++;
        problem(l, "a line without its end", e);
        return e->code;
    }
    return csv_lines_next(l, e) ? OK : e->code;
}
