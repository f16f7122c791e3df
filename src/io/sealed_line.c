#include "io/sealed_line.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

void sealed_line_end(struct text *t, size_t start)
{
    char hex[HASH_HEX_MAX] = "";
    if (t->n < t->cap_bytes)
        hash_hex(hex, hash_bytes(t->at + start, t->n - start));
    text_add(t, "\t%s\n", hex);
}

bool sealed_line_open(char *line)
{
    char hex[HASH_HEX_MAX];
    char *tab = strrchr(line, '\t');
    if (!tab)
        return false;
    hash_hex(hex, hash_bytes(line, (size_t)(tab - line)));
    *tab = '\0';
    return strcmp(hex, tab + 1) == 0;
}

char *sealed_line_next(char **text)
{
    char *line = *text, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *text = end + 1;
    return line;
}

int sealed_line_head(char **text, const char *path, const char *word,
                     idx version, const char *otherwise, struct err *e)
{
    char *line = sealed_line_next(text);
    size_t n = strlen(word);
    long long found = 0;
    char shown[TEXT_SHOW_MAX], want[TEXT_SHOW_MAX], rest;
    if (!line && !**text)
        return err_set(e, ERR_DATA,
                       "%s: is empty: put a copy of the file back, or use %s",
                       path, otherwise);
    snprintf(want, sizeof want, "%s %td", word, version);
    if (line && strcmp(line, want) == 0)
        return OK;
    if (line && strncmp(line, word, n) == 0 &&
        sscanf(line + n, " %lld%c", &found, &rest) == 1 && found != version)
        return err_set(e, ERR_DATA,
                       "%s:1: has version %lld, this program knows %td: use "
                       "the sinklab that wrote it, or %s",
                       path, found, version, otherwise);
    return err_set(e, ERR_DATA, "%s:1: got '%s', want '%s'", path,
                   text_show(shown, line ? line : *text), want);
}

char *sealed_line_field(char **line)
{
    char *field = *line;
    char *tab = field ? strchr(field, '\t') : NULL;
    if (tab)
        *tab = '\0';
    *line = tab ? tab + 1 : NULL;
    return field;
}
