#include "data/paths.h"

#include <string.h>

#include "base/text.h"

/* Change the path of each part of a mixture, "WEIGHT*SOURCE:PATH, ...". */
static int map_parts(char mixture[KEY_TEXT_MAX], path_map *map, void *user,
                     struct err *e)
{
    char text[KEY_TEXT_MAX], out[KEY_TEXT_MAX] = "", *rest = text;
    memcpy(text, mixture, sizeof text);
    while (rest) {
        char path[KEY_TEXT_MAX] = "", *item = rest, *comma = strchr(rest, ',');
        rest = comma ? comma + 1 : NULL;
        if (comma)
            *comma = 0;
        char *colon = strchr(item, ':');
        if (colon) {
            key_copy_text(path, text_trim(colon + 1));
            *colon = 0;
            if (path[0] && map(user, "data.mixture", path, e))
                return e->code;
        }
        if (strlen(out) + strlen(item) + strlen(path) + 3 > sizeof out)
            return err_set(e, ERR_CONFIG,
                           "data.mixture becomes too long with the whole paths "
                           "of its corpora: want less than %d bytes",
                           KEY_TEXT_MAX);
        strcat(out, item);
        if (path[0])
            strcat(strcat(out, ":"), path);
        if (rest)
            strcat(out, ",");
    }
    key_copy_text(mixture, out);
    return OK;
}

int data_map_paths(struct data_options *o, path_map *map, void *user,
                   struct err *e)
{
    const struct {
        const char *key;
        char *path;
    } plain[] = { { "data.path", o->path },
                  { "data.val_path", o->val_path },
                  { "data.bigram_path", o->bigram_path } };
    for (int i = 0; i < COUNT_OF(plain); i++)
        if (plain[i].path[0] && map(user, plain[i].key, plain[i].path, e))
            return e->code;
    return o->mixture[0] ? map_parts(o->mixture, map, user, e) : OK;
}

const char *data_path_key(const struct data_options *o)
{
    return o->mixture[0] ? "data.mixture" : "data.path";
}

static int forget(void *user, const char *key, char path[KEY_TEXT_MAX],
                  struct err *e)
{
    (void)user;
    (void)key;
    (void)e;
    key_copy_text(path, "");
    return OK;
}

void data_forget_paths(struct data_options *o)
{
    struct err none = { 0 };
    bool is_counted = o->bigram_path[0]; /* and not drawn: another task */
    data_map_paths(o, forget, NULL, &none);
    if (is_counted)
        key_copy_text(o->bigram_path, "a text");
}

/* As data.source and data.mixture have it, wherever its files lie. */
static bool is_one_kind(const struct data_options *a,
                        const struct data_options *b)
{
    struct data_options x = *a, y = *b;
    data_forget_paths(&x);
    data_forget_paths(&y);
    return a->source == b->source && strcmp(x.mixture, y.mixture) == 0 &&
           strcmp(x.bigram_path, y.bigram_path) == 0;
}

void data_copy_paths(struct data_options *to, const struct data_options *from)
{
    struct data_options a = *to, b = *from;
    data_forget_paths(&a);
    data_forget_paths(&b);
    key_copy_text(to->path, from->path);
    key_copy_text(to->val_path, from->val_path);
    if (strcmp(a.bigram_path, b.bigram_path) == 0)
        key_copy_text(to->bigram_path, from->bigram_path);
    if (strcmp(a.mixture, b.mixture) == 0)
        key_copy_text(to->mixture, from->mixture);
}

bool data_share_paths(struct data_options *to, const struct data_options *from)
{
    bool is_one = to->hash[0] && strcmp(to->hash, from->hash) == 0 &&
                  is_one_kind(to, from);
    if (is_one)
        data_copy_paths(to, from);
    return is_one;
}

bool data_is_one_place(const struct data_options *a,
                       const struct data_options *b)
{
    return a->source == b->source && a->format == b->format &&
           a->token_bytes == b->token_bytes && strcmp(a->path, b->path) == 0 &&
           strcmp(a->val_path, b->val_path) == 0 &&
           strcmp(a->bigram_path, b->bigram_path) == 0 &&
           strcmp(a->mixture, b->mixture) == 0;
}

bool data_key_has_paths(const struct key *k)
{
    const size_t at[] = { offsetof(struct data_options, path),
                          offsetof(struct data_options, val_path),
                          offsetof(struct data_options, bigram_path),
                          offsetof(struct data_options, mixture) };
    for (int i = 0; i < COUNT_OF(at); i++)
        if (k->offset == at[i])
            return true;
    return false;
}
