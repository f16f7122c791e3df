#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of a character by its first byte; 0: no character starts so. */
static idx sequence_bytes(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

idx utf8_decode(int32_t *c, const char *s)
{
    /* smallest character that needs 2, 3, 4 bytes: shorter ones are invalid */
    static const int32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *u = (const unsigned char *)s;
    idx n = sequence_bytes(u[0]);
    *c = -1;
    if (n == 0)
        return 1;
    int32_t v = n == 1 ? u[0] : u[0] & (0x7f >> n);
    for (idx i = 1; i < n; i++) {
        if ((u[i] & 0xc0) != 0x80) /* also stops at NUL */
            return 1;
        v = v << 6 | (u[i] & 0x3f);
    }
    if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 1;
    *c = v;
    return n;
}

struct range {
    int32_t first, last;
};

static bool is_within(int32_t c, const struct range *ranges, idx n)
{
    for (idx i = 0; i < n; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Approximate on purpose: the blocks, not the table of Unicode's annex 11. */
static idx character_columns(int32_t c)
{
    static const struct range wide[] = {
        { 0x1100, 0x115f },   { 0x2e80, 0xa4cf },   { 0xac00, 0xd7a3 },
        { 0xf900, 0xfaff },   { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },
        { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f900, 0x1f9ff },
        { 0x20000, 0x3fffd },
    };
    static const struct range combining[] = {
        { 0x300, 0x36f },
        { 0x1ab0, 0x1aff },
        { 0x20d0, 0x20ff },
        { 0xfe00, 0xfe0f },
    };
    if (is_within(c, combining, COUNT_OF(combining)))
        return 0;
    return is_within(c, wide, COUNT_OF(wide)) ? 2 : 1;
}

idx utf8_columns(const char *s)
{
    idx columns = 0;
    while (*s) {
        int32_t c;
        s += utf8_decode(&c, s);
        columns += c < 0 ? 1 : character_columns(c);
    }
    return columns;
}

/* Characters that show nothing or turn the text around them, and two that XML
 * forbids. */
static bool is_hidden(int32_t c)
{
    static const struct range hidden[] = {
        { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f },
        { 0xfeff, 0xfeff }, { 0xfffe, 0xffff },
    };
    return is_within(c, hidden, COUNT_OF(hidden));
}

enum { PIECE_MAX = 12 };

/* The printable form of the character at s; returns the bytes taken from s. */
static idx show_one(char piece[PIECE_MAX], const char *s, bool unicode)
{
    int32_t c;
    idx n = utf8_decode(&c, s);
    if (c == '\n' || c == '\t' || c == '\r')
        snprintf(piece, PIECE_MAX, "\\%c",
                 c == '\n'   ? 'n'
                 : c == '\t' ? 't'
                             : 'r');
    else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) /* stray bytes too: -1 */
        snprintf(piece, PIECE_MAX, "\\x%02x",
                 (unsigned)(c < 0 ? (unsigned char)*s : c));
    else if (is_hidden(c))
        snprintf(piece, PIECE_MAX, "\\u%04x", (unsigned)c);
    else if (c > 0x7e && !unicode)
        snprintf(piece, PIECE_MAX, "?");
    else
        snprintf(piece, PIECE_MAX, "%.*s", (int)n, s);
    return n;
}

/* Append to out what falls into the columns [from, to) of the shown text; what
 * takes no column goes with the character before it. */
static idx show_part(char *out, size_t cap, idx used, const char *s, idx from,
                     idx to, bool unicode)
{
    idx at = 0;
    while (*s && at <= to) {
        char piece[PIECE_MAX];
        s += show_one(piece, s, unicode);
        idx next = at + utf8_columns(piece), length = (idx)strlen(piece);
        if (at >= from && next <= to && used + length < (idx)cap) {
            memcpy(out + used, piece, (size_t)length);
            used += length;
        }
        at = next;
    }
    out[used] = '\0';
    return used;
}

idx utf8_show(char *out, size_t cap, const char *s, idx columns, bool unicode)
{
    BUG_ON(cap < 1);
    idx total = 0;
    for (const char *p = s; *p;) {
        char piece[PIECE_MAX];
        p += show_one(piece, p, unicode);
        total += utf8_columns(piece);
    }
    if (total <= columns) {
        show_part(out, cap, 0, s, 0, total, unicode);
        return utf8_columns(out);
    }
    idx head = idx_max(columns - 2, 0) / 2;
    idx tail = idx_max(columns - 2 - head, 0);
    idx used = show_part(out, cap, 0, s, 0, head, unicode);
    for (idx i = 0; i < idx_min(2, columns) && used + 1 < (idx)cap; i++)
        out[used++] = '.';
    show_part(out, cap, used, s, total - tail, total, unicode);
    return utf8_columns(out);
}

void utf8_print(FILE *out, const char *text, size_t n, bool unicode)
{
    for (const char *p = text; p < text + n;) {
        char piece[PIECE_MAX];
        idx used = show_one(piece, p, unicode);
        if (*p == '\n' || *p == '\t')
            fputc(*p, out);
        else
            fputs(piece, out);
        p += used;
    }
}

bool utf8_terminal(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (idx i = 0; i < COUNT_OF(names); i++) {
        const char *value = getenv(names[i]);
        if (value && *value) /* the first that is set decides, as in libc */
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}
