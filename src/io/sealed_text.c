#include "io/sealed_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "io/fsys.h"

static const char mark[] = "; seal = ";

_Static_assert(sizeof mark - 1 + HASH_HEX_MAX - 1 + 1 == SEAL_LINE_BYTES,
               "mark, digits, line feed");

void sealed_text_line(char line[SEAL_LINE_MAX], const char *text, size_t n)
{
    char hex[HASH_HEX_MAX];
    hash_hex(hex, hash_bytes(text, n));
    snprintf(line, SEAL_LINE_MAX, "%s%s\n", mark, hex);
}

int sealed_text_write(const char *path, const char *text, size_t n,
                      struct err *e)
{
    char line[SEAL_LINE_MAX];
    sealed_text_line(line, text, n);
    struct fsys_part parts[] = { { text, n }, { line, SEAL_LINE_BYTES } };
    return fsys_replace_parts(path, parts, COUNT_OF(parts), e);
}

/* Could its end be a seal that was damaged or cut? Then most of the mark is in
 * its place, or the last line begins as one. */
static bool has_remains(const char *text, size_t n)
{
    enum { MARK_BYTES = sizeof mark - 1 };
    int same = 0;
    for (size_t i = 0; n >= SEAL_LINE_BYTES && i < MARK_BYTES; i++)
        same += text[n - SEAL_LINE_BYTES + i] == mark[i];
    if (same >= MARK_BYTES - 1)
        return true;
    size_t start = n > 0 ? n - 1 : 0; /* of the last line */
    while (start > 0 && text[start - 1] != '\n')
        start--;
    return text[start] == mark[0] || strstr(text + start, mark + 1);
}

/* No writer of ours leaves a file so. */
static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r\n")] == '\0';
}

enum seal_state sealed_text_open(char *text, size_t *n)
{
    char line[SEAL_LINE_MAX];
    size_t length = *n < SEAL_LINE_BYTES ? 0 : *n - SEAL_LINE_BYTES;
    if (memchr(text, '\0', *n))
        return SEAL_BROKEN;
    if (*n >= SEAL_LINE_BYTES) {
        sealed_text_line(line, text, length);
        if (memcmp(line, text + length, SEAL_LINE_BYTES) == 0) {
            text[length] = '\0';
            *n = length;
            return SEAL_GOOD;
        }
    }
    return is_blank(text) || has_remains(text, *n) ? SEAL_BROKEN : SEAL_NONE;
}

int sealed_text_read(char **text, size_t *n, bool *is_sealed, const char *path,
                     size_t cap_bytes, int damage_code, const char *remedy,
                     struct err *e)
{
    int rc = fsys_read_file(text, n, path, cap_bytes, e);
    if (rc != OK)
        return rc;
    enum seal_state state = sealed_text_open(*text, n);
    if (is_sealed)
        *is_sealed = state == SEAL_GOOD;
    if (state != SEAL_BROKEN)
        return OK;
    bool is_empty = *n == 0;
    free(*text);
    *text = NULL;
    if (is_empty)
        return err_set(e, damage_code,
                       "%s: is empty: what sinklab wrote in it is gone; %s",
                       path, remedy);
    return err_set(e, damage_code,
                   "%s: was changed after sinklab wrote it (its bytes do not "
                   "match its last line, the seal); %s",
                   path, remedy);
}
