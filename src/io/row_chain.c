#include "io/row_chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/fsys.h"

/* KEEP WITH: docs/FORMATS.md, section on row_hash. */

enum { HEX_BYTES = HASH_HEX_MAX - 1 };

bool row_chain_start(struct row_chain *c, const char *header, size_t n)
{
    static const char last[] = "," ROW_CHAIN_COLUMN;
    const size_t last_n = sizeof last - 1;
    hash_hex(c->hex, hash_bytes(header, n));
    return n > last_n && memcmp(header + n - last_n, last, last_n) == 0;
}

void row_chain_next(struct row_chain *c, const char *row, size_t n)
{
    char both[2 * HEX_BYTES + 1];
    memcpy(both, c->hex, HEX_BYTES);
    hash_hex(both + HEX_BYTES, hash_bytes(row, n));
    hash_hex(c->hex, hash_bytes(both, sizeof both - 1));
}

bool row_chain_take(struct row_chain *c, const char *line, size_t n)
{
    struct row_chain next = *c;
    if (n < HEX_BYTES + 1 || line[n - HEX_BYTES - 1] != ',')
        return false;
    row_chain_next(&next, line, n - HEX_BYTES - 1);
    if (memcmp(next.hex, line + n - HEX_BYTES, HEX_BYTES) != 0)
        return false;
    *c = next;
    return true;
}

/* text with the column, into out, a stream in memory that *made and *n_made
 * are of. */
static void print_all(FILE *out, char *const *made, const size_t *n_made,
                      const char *text, size_t n)
{
    struct row_chain c = { 0 };
    for (const char *line = text, *end; line < text + n; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + n - line));
        BUG_ON(!end);
        int length = (int)(end - line);
        if (line > text) {
            row_chain_next(&c, line, (size_t)length);
            fprintf(out, "%.*s,%s\n", length, line, c.hex);
            continue;
        }
        fprintf(out, "%.*s," ROW_CHAIN_COLUMN, length, line);
        if (fflush(out)) /* which sets *made */
            return;
        row_chain_start(&c, *made, *n_made);
        fprintf(out, "\n");
    }
}

int row_chain_write(const char *path, const char *text, size_t n, struct err *e)
{
    char *chained = NULL;
    size_t n_chained = 0;
    FILE *out = open_memstream(&chained, &n_chained);
    bool failed = !out;
    if (out) {
        print_all(out, &chained, &n_chained, text, n);
        failed = ferror(out);
        failed |= fclose(out) != 0;
    }
    int rc = failed ? err_memory(e, path)
                    : fsys_replace(path, chained, n_chained, e);
    free(chained);
    return rc;
}
