#include "io/row_chain.h"

#include <string.h>

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
