#include "base/shell.h"

#include <string.h>

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == '\177';
}

/* Would p, within word, begin a comment in an INI file? */
static bool is_comment(const char *word, const char *p)
{
    return (*p == '#' || *p == ';') && p > word && text_is_blank(p[-1]);
}

static void add_escaped(struct text *t, const char *word)
{
    text_add(t, "$'");
    for (const char *p = word; *p; p++) {
        /* octal: never takes the next digit along */
        if (is_control(*p) || is_comment(word, p))
            text_add(t, "\\%03o", (unsigned)(unsigned char)*p);
        else if (*p == '\'' || *p == '\\')
            text_add(t, "\\%c", *p);
        else
            text_add(t, "%c", *p);
    }
    text_add(t, "'");
}

static void add_quoted(struct text *t, const char *word)
{
    text_add(t, "'");
    for (const char *p = word; *p; p++) {
        if (*p == '\'')
            text_add(t, "'\\''");
        else
            text_add(t, is_comment(word, p) ? "''%c" : "%c", *p);
    }
    text_add(t, "'");
}

void shell_add(struct text *t, const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyz"
                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_-+=./:,@%";
    for (const char *p = word; *p; p++) {
        if (is_control(*p)) {
            add_escaped(t, word);
            return;
        }
    }
    if (*word && word[strspn(word, safe)] == '\0')
        text_add(t, "%s", word);
    else
        add_quoted(t, word);
}

void shell_word(char *out, size_t cap_bytes, const char *word)
{
    struct text t = { out, cap_bytes, 0 };
    shell_add(&t, word);
}
