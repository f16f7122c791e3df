#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool text_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void show_bytes(char *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        out[i] = c < ' ' || c == 127 ? '?' : text[i];
    }
}

const char *text_show(char out[TEXT_SHOW_MAX], const char *text)
{
    static const char more[] = "...";
    size_t n = strlen(text), keep = n;
    if (n >= TEXT_SHOW_MAX)
        keep = TEXT_SHOW_MAX - sizeof more;
    show_bytes(out, text, keep);
    memcpy(out + keep, keep < n ? more : "", keep < n ? sizeof more : 1);
    return out;
}

const char *text_show_path(char out[TEXT_PATH_MAX], const char *path)
{
    static const char more[] = "...";
    enum { KEPT = TEXT_PATH_MAX - sizeof more };
    size_t n = strlen(path), cut = n > KEPT ? n - KEPT : 0;
    char *end = cut ? stpcpy(out, more) : out;
    show_bytes(end, path + cut, n - cut);
    end[n - cut] = '\0';
    return out;
}

idx text_count(const char *text, char c)
{
    idx n = 0;
    for (; *text; text++)
        n += *text == c;
    return n;
}

char *text_trim(char *text)
{
    while (text_is_blank(*text))
        text++;
    size_t n = strlen(text);
    while (n > 0 && text_is_blank(text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}

bool text_is_held(struct text_hold *h, char c, bool is_quoted)
{
    if (!is_quoted)
        h->depth += (c == '{') - (c == '}' && h->depth > 0);
    else if (h->quote)
        h->quote = c == h->quote ? '\0' : h->quote;
    else if (c == '\'' || c == '"')
        h->quote = c;
    return h->depth > 0 || h->quote;
}

char *text_part(char **rest, char separator, bool is_quoted)
{
    char *start = *rest, *s = start;
    struct text_hold hold = { 0 };
    while (*s && (text_is_held(&hold, *s, is_quoted) || *s != separator))
        s++;
    *rest = *s ? s + 1 : NULL;
    *s = '\0';
    return text_trim(start);
}

void text_addv(struct text *t, const char *format, va_list args)
{
    bool fits = t->n < t->cap_bytes;
    int n = vsnprintf(fits ? t->at + t->n : NULL,
                      fits ? t->cap_bytes - t->n : 0, format, args);
    BUG_ON(n < 0);
    t->n += (size_t)n;
}

void text_add(struct text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_addv(t, format, args);
    va_end(args);
}

void text_add_duration(struct text *t, double seconds)
{
    long whole = (long)(seconds + 0.5);
    if (whole >= 3600)
        text_add(t, "%ldh%02ldm", whole / 3600, whole / 60 % 60);
    else if (whole >= 60)
        text_add(t, "%ldm%02lds", whole / 60, whole % 60);
    else
        text_add(t, "%lds", whole);
}

bool text_whole(idx *number, const char *text)
{
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 18 || text[n])
        return false;
    *number = (idx)strtoll(text, NULL, 10);
    return true;
}

bool text_ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), n_end = strlen(end);
    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

bool text_is_file_kind(const char *path, const char *ending)
{
    size_t n = strlen(path), n_end = strlen(ending);
    return n > n_end && strcasecmp(path + n - n_end, ending) == 0;
}

void text_print_lines(FILE *out, const char *prefix, const char *lines)
{
    while (lines && *lines) {
        size_t n = strcspn(lines, "\n");
        fprintf(out, "%s%.*s\n", prefix, (int)n, lines);
        lines += n + (lines[n] == '\n');
    }
}

void text_print_words(FILE *out, const char *text, int at, int indent,
                      int columns)
{
    while (*text) {
        int n = (int)strcspn(text, " \n");
        if (at > indent && at + 1 + n > columns) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (at > indent) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", n, text);
        at += n;
        text += n;
        if (*text == '\n') {
            fprintf(out, "\n%*s", text[1] && text[1] != '\n' ? indent : 0, "");
            at = indent;
        }
        text += *text != '\0';
    }
    fputc('\n', out);
}

void text_add_now(struct text *t)
{
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc);
    text_add(t, "%s", when);
}

void text_add_bytes(struct text *t, double bytes)
{
    bool is_large = bytes >= 1 << 30;
    double value = bytes / (is_large ? 1 << 30 : 1 << 20);
    text_add(t, "%.*f %s", value < 10 ? 2 : 1, value, is_large ? "GiB" : "MiB");
}
