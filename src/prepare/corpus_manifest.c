#include "prepare/corpus_manifest.h"

#include <stdlib.h>
#include <string.h>

#include "base/build.h"
#include "base/shell.h"
#include "io/ini.h"
#include "io/sealed_text.h"
#include "prepare/corpus_names.h"

/* Four lines for each source file, of more than a million. */
enum { MANIFEST_MAX_BYTES = 1 << 28, TIME_BYTES = 64 };

static const char repair[] = "put a copy of it back, or remove the folder and "
                             "prepare it anew";

/* ---- writing ------------------------------------------------------------- */

static void add_part(struct text *t, const char *name,
                     const struct token_facts *f)
{
    text_add(t,
             "%s_tokens = %td\n%s_documents = %td\n%s_bytes = %td\n"
             "%s_hash = %s\n",
             name, f->tokens, name, f->documents, name, f->text_bytes, name,
             f->hash);
}

static void add_all(struct text *t, const struct corpus_manifest *m)
{
    text_add(t,
             "; a corpus that `sinklab data prepare` made\n[corpus]\n"
             "format = megatron\ntokenizer = %s\nvocab = %td\nwidth = %td\n"
             "documents = %s\nheld_out = %s\nval_fraction = %g\n"
             "seed = %td\n",
             m->tokenizer, m->vocab, m->width, m->documents, m->held_out,
             m->val_fraction, m->seed);
    add_part(t, PREPARED_TRAIN, &m->train);
    add_part(t, PREPARED_VAL, &m->val);
    text_add(t, "\n[made]\nversion = %s\ncommit = %s\n", build_version(),
             build_commit());
    if (m->sentencepiece)
        text_add(t, "sentencepiece = %s\n", m->sentencepiece);
    text_add(t, "created = ");
    text_add_now(t);
    text_add(t, "\nrequest = %s\ncommand = %s\n", m->request, m->command);
    for (idx i = 0; i < m->files->n; i++) {
        text_add(t, "\n[source %td]\nname = ", i + 1);
        shell_add(t, m->files->items[i].path);
        text_add(t, "\nbytes = %zu\nhash = %s\n",
                 (size_t)m->files->items[i].stamp.bytes, m->hashes[i]);
    }
}

int corpus_manifest_write(const struct corpus_manifest *m, const char *dir,
                          struct err *e)
{
    char path[FSYS_PATH_MAX];
    struct text t = { 0 };
    corpus_path(path, dir, PREPARED_MANIFEST, "");
    add_all(&t, m);                 /* how long is it? */
    t.cap_bytes = t.n + TIME_BYTES; /* the time may be another now */
    t.n = 0;
    t.at = malloc(t.cap_bytes);
    if (!t.at)
        return err_memory(e, path);
    add_all(&t, m);
    int rc = sealed_text_write(path, t.at, t.n, e);
    free(t.at);
    return rc;
}

/* ---- reading ------------------------------------------------------------- */

struct reading {
    const char *request;
    const struct file_list *files;
    char (*hashes)[HASH_HEX_MAX];
    idx n_sources;
    bool is_source, is_made, is_same, has_request;
};

static void take_value(struct reading *r, const char *key, const char *text)
{
    char size[32];
    idx i = r->n_sources - 1;
    if (r->is_made && strcmp(key, "request") == 0) {
        r->has_request = true;
        r->is_same = r->is_same && strcmp(text, r->request) == 0;
    }
    if (!r->is_source || i >= r->files->n)
        return;
    snprintf(size, sizeof size, "%zu", (size_t)r->files->items[i].stamp.bytes);
    if (strcmp(key, "bytes") == 0)
        r->is_same = r->is_same && strcmp(text, size) == 0;
    else if (strcmp(key, "hash") == 0)
        r->is_same = r->is_same && strcmp(text, r->hashes[i]) == 0;
}

static void take_item(void *user, const struct ini_item *item)
{
    struct reading *r = user;
    if (item->kind == INI_SECTION) {
        r->is_made = strcmp(item->section, "made") == 0;
        r->is_source = strncmp(item->section, "source ", 7) == 0;
        r->n_sources += r->is_source;
    } else if (item->kind == INI_VALUE) {
        take_value(r, item->key, item->text);
    }
}

int corpus_manifest_same(bool *is_same, const char *dir, const char *request,
                         const struct file_list *files,
                         char (*hashes)[HASH_HEX_MAX], struct err *e)
{
    char path[FSYS_PATH_MAX], *text;
    struct reading r = {
        .request = request, .files = files, .hashes = hashes, .is_same = true
    };
    size_t n;
    corpus_path(path, dir, PREPARED_MANIFEST, "");
    int rc = sealed_text_read(&text, &n, NULL, path, MANIFEST_MAX_BYTES,
                              ERR_DATA, repair, e);
    if (rc != OK)
        return rc;
    rc = ini_read_own(text, n, take_item, &r, e);
    free(text);
    *is_same = r.is_same && r.has_request && r.n_sources == files->n;
    return rc;
}
