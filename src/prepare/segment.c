#include "prepare/segment.h"

#include <string.h>

#include "base/utf8.h"
#include "data/vocabulary.h"

enum { MARK_BYTES = sizeof PIECE_BLANK - 1 };

/* Bytes at text that no line may hold; 0: none. */
static size_t special(const char *text, size_t n)
{
    if (*text == '\n' || *text == '\0')
        return 1;
    return n >= MARK_BYTES && memcmp(text, PIECE_BLANK, MARK_BYTES) == 0
               ? MARK_BYTES
               : 0;
}

static bool is_inner(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* Where a line of at least SEGMENT_MAX bytes is cut: in front of the last blank
 * that follows none, else of the last character. */
static size_t cut(const char *text)
{
    size_t n = SEGMENT_MAX;
    while (n > 1 && !(text[n] == ' ' && text[n - 1] != ' '))
        n--;
    if (n > 1)
        return n;
    for (n = SEGMENT_MAX; n > SEGMENT_MAX - UTF8_MAX && is_inner(text[n]);)
        n--;
    return n;
}

struct segment segment_next(const char *text, size_t n, bool is_end)
{
    if (n <= SEGMENT_MAX + UTF8_MAX && !is_end)
        return (struct segment){ 0 };
    size_t length = special(text, n);
    if (length)
        return (struct segment){ length, true };
    while (length < n && length <= SEGMENT_MAX &&
           !special(text + length, n - length))
        length++;
    return (struct segment){ length > SEGMENT_MAX ? cut(text) : length, false };
}

size_t segment_invalid(const char *text, size_t n)
{
    size_t at = 0;
    while (at < n) {
        int32_t c;
        idx bytes = (unsigned char)text[at] < 0x80 ? (c = 0, 1)
                                                   : utf8_decode(&c, text + at);
        if (c < 0 || at + (size_t)bytes > n)
            return at;
        at += (size_t)bytes;
    }
    return n;
}
