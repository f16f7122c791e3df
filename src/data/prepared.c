#include "data/prepared.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "io/fsys.h"
#include "io/ini.h"
#include "io/sealed_text.h"

/* Names and hashes of all sources stand in it, too. */
enum { MANIFEST_MAX_BYTES = 1 << 28 };

static const char repair[] = "put a copy of it back, or prepare the folder "
                             "again";

const char *prepared_bin(enum stored_part part)
{
    return part == STORED_TRAIN ? PREPARED_TRAIN ".bin" : PREPARED_VAL ".bin";
}

struct reading {
    struct prepared *p;
    bool is_corpus; /* in [corpus] */
    bool has_format;
    const char *wrong; /* the first key whose value is none */
};

static bool read_hash(char hash[HASH_HEX_MAX], const char *text)
{
    bool is_hash = hash_is_hex(text);
    if (is_hash)
        strcpy(hash, text);
    return is_hash;
}

static void take_value(struct reading *r, const char *key, const char *text)
{
    struct prepared *p = r->p;
    const struct {
        const char *key;
        idx *count;
        char *hash;
    } keys[] = { { "vocab", &p->vocab, NULL },
                 { "train_tokens", &p->train.tokens, NULL },
                 { "train_bytes", &p->train.bytes, NULL },
                 { "train_hash", NULL, p->train.hash },
                 { "val_tokens", &p->val.tokens, NULL },
                 { "val_bytes", &p->val.bytes, NULL },
                 { "val_hash", NULL, p->val.hash } };
    const char *name = NULL;
    bool is_right = true;
    if (strcmp(key, "format") == 0) {
        name = "format";
        r->has_format = is_right = strcmp(text, "megatron") == 0;
    }
    if (strcmp(key, "tokenizer") == 0) {
        name = "tokenizer";
        p->has_model = strcmp(text, PREPARED_PIECES) == 0;
        is_right = p->has_model || strcmp(text, PREPARED_BYTES) == 0;
    }
    for (idx i = 0; i < COUNT_OF(keys); i++)
        if (strcmp(key, keys[i].key) == 0) {
            name = keys[i].key;
            is_right = keys[i].count ? text_whole(keys[i].count, text)
                                     : read_hash(keys[i].hash, text);
        }
    if (!is_right && !r->wrong)
        r->wrong = name;
}

static void take_item(void *user, const struct ini_item *item)
{
    struct reading *r = user;
    if (item->kind == INI_SECTION)
        r->is_corpus = strcmp(item->section, "corpus") == 0;
    if (r->is_corpus && item->kind == INI_SECTION)
        r->p->is_one = true;
    else if (r->is_corpus && item->kind == INI_VALUE)
        take_value(r, item->key, item->text);
}

/* Is there a manifest of anything? false for a path that is no folder, and for
 * a folder of that name. */
static int find_manifest(bool *is_there, char path[FSYS_PATH_MAX],
                         const struct stored_query *q, struct err *e)
{
    int n = snprintf(path, FSYS_PATH_MAX, "%s/%s", q->path, PREPARED_MANIFEST);
    bool is_folder = false;
    *is_there = false;
    if (n >= FSYS_PATH_MAX)
        return OK;
    int rc = fsys_exists(is_there, path, e);
    if (rc == OK)
        rc = fsys_is_folder(&is_folder, path, e);
    *is_there = *is_there && !is_folder;
    return rc;
}

static int check(const struct reading *r, const char *path, struct err *e)
{
    const struct prepared *p = r->p;
    const char *wrong = r->wrong;
    if (!wrong && !r->has_format)
        wrong = "format";
    if (!wrong && (p->vocab < 1 || p->vocab > INT32_MAX))
        wrong = "vocab";
    if (!wrong && p->train.tokens < 1)
        wrong = "train_tokens";
    if (!wrong)
        return OK;
    return err_set(e, ERR_DATA,
                   "%s: [corpus] %s is missing, or is none that this program "
                   "knows: prepare the folder again",
                   path, wrong);
}

int prepared_read(struct prepared *p, const struct stored_query *q,
                  struct err *e)
{
    char path[FSYS_PATH_MAX], *text;
    size_t n;
    bool is_there;
    struct reading r = { .p = p };
    *p = (struct prepared){ .is_one = false };
    int rc = find_manifest(&is_there, path, q, e);
    if (rc != OK || !is_there)
        return rc;
    rc = sealed_text_read(&text, &n, NULL, path, MANIFEST_MAX_BYTES, ERR_DATA,
                          repair, e);
    if (rc != OK)
        return rc;
    rc = ini_read_own(text, n, take_item, &r, e);
    free(text);
    return rc == OK && p->is_one ? check(&r, path, e) : rc;
}
