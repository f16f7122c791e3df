#include "config/config_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "config/config_when.h"

enum {
    LIST_COLUMN = 76,   /* lists are wrapped here */
    ORIGIN_COLUMN = 32, /* where comments with origins start */
};

/* Write a printed list over several lines; the first one may end in a comment
 * like any other value. Its items are separated by ", ". */
static void print_list(FILE *out, const char *name, char *value,
                       const char *comment)
{
    int column = fprintf(out, "%s =", name);
    bool is_first = true;
    for (char *item = value; *item;) {
        char *end = strchr(item, ',');
        int n = end ? (int)(end + 1 - item) : (int)strlen(item);
        if (column + 1 + n > LIST_COLUMN) {
            fprintf(out, "%s\n   ", is_first ? comment : "");
            column = 3;
            is_first = false;
        }
        column += fprintf(out, " %.*s", n, item);
        item += n;
        item += *item == ' ';
    }
    fprintf(out, "%s\n", is_first ? comment : "");
}

static void print_key(FILE *out, const struct key *key, const void *options,
                      const struct config_origin *origin)
{
    char value[KEY_PRINT_MAX], comment[ORIGIN_MAX + ORIGIN_COLUMN] = "";
    int n = key_print(key, options, value, sizeof value);
    BUG_ON(n >= (int)sizeof value);
    int width = (int)strlen(key->name) + (n ? 3 : 2) + n;
    if (origin)
        snprintf(comment, sizeof comment, "%*s ; %s",
                 width < ORIGIN_COLUMN ? ORIGIN_COLUMN - width : 0, "",
                 origin->text);
    if (key->type == KEY_LIST || key->type == KEY_STEPS)
        print_list(out, key->name, value, comment);
    else
        fprintf(out, "%s =%s%s%s\n", key->name, n ? " " : "", value, comment);
}

static char *print_all(const struct config *c,
                       const struct config_source *origins, bool only_given)
{
    char *text = NULL;
    size_t n = 0;
    idx n_keys = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return NULL;
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        const struct config_origin *origin =
            origins ? &origins->origins[n_keys++] : NULL;
        bool follows = origin && !origin->is_given && config_preset_value(c, k);
        if (k.key == k.section->keys)
            fprintf(out, "%s[%s]\n", k.section == config_sections ? "" : "\n",
                    k.section->name);
        if (!only_given || !follows)
            print_key(out, k.key, (const char *)c + k.section->offset, origin);
    }
    bool failed = ferror(out);
    if (fclose(out) || failed) {
        free(text);
        return NULL;
    }
    return text;
}

char *config_print(const struct config *c, const struct config_source *origins)
{
    return print_all(c, origins, false);
}

char *config_print_given(const struct config *c,
                         const struct config_source *origins)
{
    return print_all(c, origins, true);
}

/* Over the keys that are read and differ from their defaults, in no order: a
 * later version may add keys, or move them, and give the same id. */
void config_id(char id[CONFIG_ID_MAX], const struct config *of)
{
    char line[KEY_PRINT_MAX + 128], value[KEY_PRINT_MAX];
    struct config read = *of;
    uint64_t sum = 0;
    config_drop_idle(&read);
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        if (config_key_is_cosmetic(k) || config_has_default(&read, k))
            continue;
        config_value(value, sizeof value, &read, k);
        int n = snprintf(line, sizeof line, "%s.%s=%s", k.section->name,
                         k.key->name, value);
        BUG_ON(n >= (int)sizeof line);
        sum += hash_bytes(line, (size_t)n);
    }
    hash_hex(id, hash_bytes(&sum, sizeof sum));
}
