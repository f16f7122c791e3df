#include "prepare/json_text.h"

#include <string.h>

/* Values in values; a bound where nothing else limits them. */
enum { DEPTH_MAX = 1000 };

struct reader {
    const char *json;
    size_t n, at;
    const char *problem; /* the first; NULL: none */
    size_t problem_at;
};

static bool say(struct reader *r, size_t at, const char *what)
{
    if (!r->problem) {
        r->problem = what;
        r->problem_at = at;
    }
    return false;
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->n && strchr(" \t\r\n", r->json[r->at]) && r->json[r->at])
        r->at++;
}

/* The next byte that is no blank; '\0' at the end. */
static char look(struct reader *r)
{
    skip_blanks(r);
    return r->at < r->n ? r->json[r->at] : '\0';
}

static bool take(struct reader *r, char c, const char *problem)
{
    if (look(r) != c || r->at == r->n)
        return say(r, r->at, problem);
    r->at++;
    return true;
}

/* ---- strings ------------------------------------------------------------- */

/* Four hexadecimal digits. */
static bool take_unit(uint32_t *unit, struct reader *r)
{
    *unit = 0;
    for (int i = 0; i < 4; i++, r->at++) {
        char c = r->at < r->n ? r->json[r->at] : '\0';
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
                                                : 16;
        if (digit == 16)
            return say(r, r->at, "\\u without four hexadecimal digits");
        *unit = *unit << 4 | digit;
    }
    return true;
}

static size_t put_utf8(char *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    out[0] = (char)((0xff00U >> (more + 1) & 0xff) | c >> 6 * more);
    for (int i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
    return (size_t)more + 1;
}

/* Behind \u: a character, or two halves of one. */
static bool take_character(char *out, size_t *n, struct reader *r)
{
    size_t start = r->at - 2;
    uint32_t c, low;
    if (!take_unit(&c, r))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if (r->n - r->at < 6 || memcmp(r->json + r->at, "\\u", 2) != 0)
            return say(r, start, "half of a pair \\uD800 \\uDC00");
        r->at += 2;
        if (!take_unit(&low, r))
            return false;
        if (low < 0xdc00 || low >= 0xe000)
            return say(r, start, "half of a pair \\uD800 \\uDC00");
        c = 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00));
    } else if (c >= 0xdc00 && c < 0xe000) {
        return say(r, start, "half of a pair \\uD800 \\uDC00");
    }
    *n += put_utf8(out + *n, c);
    return true;
}

static bool take_escape(char *out, size_t *n, struct reader *r)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = r->at + 1 < r->n ? r->json[r->at + 1] : '\0';
    const char *name = c ? strchr(names, c) : NULL;
    if (!name && c != 'u')
        return say(r, r->at, "a backslash with nothing known behind it");
    r->at += 2;
    if (!name)
        return take_character(out, n, r);
    out[(*n)++] = meant[name - names];
    return true;
}

/* The string at hand; what it means takes no more bytes than it has. */
static bool take_string(char *out, size_t *n, struct reader *r)
{
    size_t start = r->at;
    *n = 0;
    if (!take(r, '"', "no string where one is due"))
        return false;
    while (r->at < r->n) {
        char c = r->json[r->at];
        if (c == '"') {
            r->at++;
            return true;
        }
        if ((unsigned char)c < ' ')
            return say(r, r->at, "a control character in a string");
        if (c != '\\') {
            out[(*n)++] = c;
            r->at++;
        } else if (!take_escape(out, n, r)) {
            return false;
        }
    }
    return say(r, start, "a string without its end");
}

/* ---- other values -------------------------------------------------------- */

static bool take_word(struct reader *r)
{
    static const char *const words[] = { "true", "false",    "null",
                                         "NaN",  "Infinity", "-Infinity" };
    for (idx i = 0; i < COUNT_OF(words); i++) {
        size_t n = strlen(words[i]);
        if (r->n - r->at >= n && memcmp(r->json + r->at, words[i], n) == 0) {
            r->at += n;
            return true;
        }
    }
    return false;
}

static size_t take_digits(struct reader *r)
{
    size_t start = r->at;
    while (r->at < r->n && r->json[r->at] >= '0' && r->json[r->at] <= '9')
        r->at++;
    return r->at - start;
}

static bool take_one_of(struct reader *r, const char *any)
{
    bool is = r->at < r->n && r->json[r->at] && strchr(any, r->json[r->at]);
    r->at += is;
    return is;
}

static bool take_number(struct reader *r)
{
    size_t start = r->at;
    take_one_of(r, "-");
    bool is_number = take_digits(r) > 0;
    if (take_one_of(r, "."))
        is_number = take_digits(r) > 0 && is_number;
    if (take_one_of(r, "eE")) {
        take_one_of(r, "+-");
        is_number = take_digits(r) > 0 && is_number;
    }
    return is_number || say(r, start, "no value where one is due");
}

static bool skip_value(char *scratch, struct reader *r, int depth);

/* From its opening on: strings are followed by a colon and a value. */
static bool skip_members(char *scratch, struct reader *r, char end, int depth)
{
    size_t n;
    r->at++;
    if (look(r) == end)
        return take(r, end, "");
    for (;;) {
        skip_blanks(r);
        if (end == '}' && (!take_string(scratch, &n, r) ||
                           !take(r, ':', "no colon behind a name")))
            return false;
        if (!skip_value(scratch, r, depth + 1))
            return false;
        if (look(r) == end)
            return take(r, end, "");
        if (!take(r, ',', "neither a comma nor the end of a list or object"))
            return false;
    }
}

static bool skip_value(char *scratch, struct reader *r, int depth)
{
    size_t n;
    if (depth > DEPTH_MAX)
        return say(r, r->at, "values in values without end");
    switch (look(r)) {
    case '"':
        return take_string(scratch, &n, r);
    case '{':
        return skip_members(scratch, r, '}', depth);
    case '[':
        return skip_members(scratch, r, ']', depth);
    default:
        return take_word(r) || take_number(r);
    }
}

/* ---- the object ---------------------------------------------------------- */

/* A member: its value goes to *n_text bytes of out, if it is the one. */
static bool take_member(char *out, size_t *n_text, bool *is_found,
                        struct reader *r, const char *key)
{
    size_t n;
    skip_blanks(r);
    if (!take_string(out + *n_text, &n, r) ||
        !take(r, ':', "no colon behind a name"))
        return false;
    if (n != strlen(key) || memcmp(out + *n_text, key, n) != 0)
        return skip_value(out + *n_text, r, 1);
    if (look(r) != '"')
        return say(r, r->at, "the value of that name is no string");
    *is_found = true;
    return take_string(out, n_text, r);
}

static bool take_object(char *out, size_t *n_text, bool *is_found,
                        struct reader *r, const char *key)
{
    if (!take(r, '{', "no JSON object"))
        return false;
    if (look(r) == '}')
        return take(r, '}', "");
    for (;;) {
        if (!take_member(out, n_text, is_found, r, key))
            return false;
        if (look(r) == '}')
            return take(r, '}', "");
        if (!take(r, ',', "neither a comma nor the end of the object"))
            return false;
    }
}

bool json_text(char *out, size_t *n_out, const char *json, size_t n,
               const char *key, struct json_problem *problem)
{
    struct reader r = { .json = json, .n = n };
    bool is_found = false;
    *n_out = 0;
    if (take_object(out, n_out, &is_found, &r, key)) {
        skip_blanks(&r);
        if (r.at < n)
            say(&r, r.at, "something behind the object");
        else if (!is_found)
            say(&r, 0, "nothing of that name in the object");
    }
    *problem = (struct json_problem){ r.problem, r.problem_at };
    return !r.problem;
}
