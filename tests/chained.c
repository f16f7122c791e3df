#include "chained.h"

#include "harness.h"
#include "io/row_chain.h"

#include <string.h>

enum { TEXTS = 8, TEXT_BYTES = 4096 };

/* Into out; the chain's last value into hex. */
static void chain(char out[2 * TEXT_BYTES], char hex[HASH_HEX_MAX],
                  const char *text)
{
    struct row_chain c = { 0 };
    char header[TEXT_BYTES];
    size_t n = 0;
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');
        int length = end ? (int)(end - line) : (int)strlen(line);
        assert_true(n + (size_t)length + 32 < TEXT_BYTES);
        if (!end) {
            n += (size_t)sprintf(out + n, "%.*s", length, line);
            break;
        }
        if (line == text) {
            int m = sprintf(header, "%.*s," ROW_CHAIN_COLUMN, length, line);
            assert_true(row_chain_start(&c, header, (size_t)m));
            n += (size_t)sprintf(out + n, "%.*s\n", m, header);
        } else {
            row_chain_next(&c, line, (size_t)length);
            n += (size_t)sprintf(out + n, "%.*s,%s\n", length, line, c.hex);
        }
        line = end + 1;
    }
    out[n] = '\0';
    memcpy(hex, c.hex, HASH_HEX_MAX);
}

const char *chained(const char *text)
{
    static char texts[TEXTS][2 * TEXT_BYTES];
    static int next;
    char hex[HASH_HEX_MAX];
    char *out = texts[next++ % TEXTS];
    chain(out, hex, text);
    return out;
}

const char *chained_last(const char *text)
{
    static char values[TEXTS][HASH_HEX_MAX];
    static int next;
    char out[2 * TEXT_BYTES];
    char *hex = values[next++ % TEXTS];
    chain(out, hex, text);
    return hex;
}
