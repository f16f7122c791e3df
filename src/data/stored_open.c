#include "data/stored_open.h"

#include <string.h>

#include "data/identity.h"
#include "data/prepared.h"
#include "data/stored_files.h"
#include "io/mapping.h"

/* The format of a file, as far as it can be known; NULL: e says why not. */
static const struct stored_format *
format_of(const struct mapping *m, const struct stored_query *q, struct err *e)
{
    for (int i = 0; stored_formats[i]; i++) {
        const struct stored_format *format = stored_formats[i];
        bool is_one = false;
        if (format->claims && format->claims(&is_one, m, e))
            return NULL;
        if (is_one)
            return format;
    }
    if (q->token_bytes)
        return &stored_nanogpt;
    err_set(e, ERR_DATA,
            "%s: is no llm.c shard, and has no .idx beside it as Megatron's "
            "do: set data.token_bytes = 2 (or 4) if it holds tokens and "
            "nothing else, or give another file",
            m->place);
    return NULL;
}

/* Map file i and add what it holds; *format is that of those before. */
static int add_file(struct stored *s, const struct stored_format **format,
                    const char *path, const struct stored_query *q,
                    struct err *e)
{
    char place[STORED_PLACE_MAX];
    struct mapping *m;
    const struct stored_format *own = q->format;
    int rc = stored_map(s, &m, path, stored_place(place, q, path), e);
    if (rc != OK)
        return rc;
    struct err why = { .code = OK };
    if (!own->add && !(own = format_of(m, q, &why)))
        return err_pass(e, &why);
    if (*format && own != *format)
        return err_set(e, ERR_DATA,
                       "%s: has format %s, but %s has %s: give files of one "
                       "format",
                       m->place, own->text.name, s->maps[0]->path,
                       (*format)->text.name);
    *format = own;
    return own->add(s, m, q, e);
}

static int add_files(struct stored *s, const struct stored_files *f,
                     const struct stored_query *q, struct err *e)
{
    const struct stored_format *format = NULL;
    int rc = OK;
    for (idx i = 0; rc == OK && i < f->n; i++)
        rc = add_file(s, &format, f->paths[i], q, e);
    if (rc == OK && s->n == 0)
        rc = err_set(e, ERR_DATA, "%s %s: %s", q->key, q->path,
                     format == &stored_text
                         ? "the text is empty: give one with something in it"
                         : "holds no tokens: give a file that does");
    if (rc == OK && s->documents)
        rc = stored_add_document(s, s->n, e);
    s->format = format;
    return rc;
}

/* --- prepared folders ---------------------------------------------------- */

static int add_part(struct stored_files *f, const struct prepared *p,
                    const struct stored_query *q, struct err *e)
{
    char path[PATH_MAX];
    if (q->format->add && q->format != &stored_megatron)
        return err_set(e, ERR_DATA,
                       "%s %s: was prepared by sinklab and has format "
                       "megatron: leave data.format away",
                       q->key, q->path);
    if (q->part == STORED_VAL && p->val.tokens == 0)
        return err_set(e, ERR_DATA,
                       "%s %s: was prepared without a held-out part: give "
                       "another folder, or prepare it with one",
                       q->key, q->path);
    if (snprintf(path, sizeof path, "%s/%s", q->path, prepared_bin(q->part)) >=
        PATH_MAX)
        return err_set(e, ERR_DATA,
                       "%s %s: its path is too long: give it by a link to it",
                       q->key, q->path);
    return stored_files_add(f, path, e);
}

/* A text's files would be those of tokens. */
static int refuse_prepared_text(const struct stored_query *q, struct err *e)
{
    struct prepared p;
    struct err why = { .code = OK };
    int rc = prepared_read(&p, q, &why);
    if (err_is_refusal(rc))
        return err_pass(e, &why);
    if (rc != OK || !p.is_one)
        return OK;
    return err_set(e, ERR_DATA,
                   "%s %s: was prepared by sinklab and holds tokens, no text: "
                   "set data.source = tokens",
                   q->key, q->path);
}

/* What the manifest says of a part, if it tells the truth. */
static int take_manifest(struct stored *s, const struct prepared *p,
                         const struct stored_query *q, struct err *e)
{
    const struct prepared_part *part =
        q->part == STORED_TRAIN ? &p->train : &p->val;
    s->vocab = p->vocab;
    s->is_prepared = p->val.tokens > 0;
    s->text_bytes = (double)part->bytes;
    if (s->n == part->tokens &&
        (!part->hash[0] || strcmp(part->hash, s->hash) == 0))
        return OK;
    return err_set(e, ERR_DATA,
                   "%s: holds %td tokens with hash %s, but %s/%s says %td%s%s: "
                   "it was changed since; put a copy back, or prepare the "
                   "folder again",
                   s->maps[0]->place, s->n, s->hash, q->path, PREPARED_MANIFEST,
                   part->tokens, part->hash[0] ? " with " : "", part->hash);
}

/* --- all of it ----------------------------------------------------------- */

static int find_files(struct stored_files *f, struct prepared *p,
                      const struct stored_query *q, struct err *e)
{
    *p = (struct prepared){ .is_one = false };
    int rc = stored_files_check(q, e);
    if (rc != OK)
        return rc;
    if (q->format == &stored_text) {
        rc = refuse_prepared_text(q, e);
        return rc == OK ? stored_files_of_text(f, q, e) : rc;
    }
    rc = prepared_read(p, q, e);
    if (rc != OK)
        return rc;
    return p->is_one ? add_part(f, p, q, e) : stored_files_of_tokens(f, q, e);
}

int stored_open(struct stored *s, const struct stored_query *q, struct err *e)
{
    struct stored_files files = { 0 };
    struct stored_query known = *q;
    struct prepared p;
    *s = (struct stored){ 0 };
    int rc = find_files(&files, &p, q, e);
    if (p.is_one)
        known.format = &stored_megatron;
    if (rc == OK)
        rc = add_files(s, &files, &known, e);
    if (rc == OK)
        rc = identity_find(s, q, e);
    if (rc == OK && p.is_one)
        rc = take_manifest(s, &p, q, e);
    stored_files_release(&files);
    return rc;
}

bool stored_is_tokens(const struct stored_query *q)
{
    struct prepared p = { .is_one = false };
    struct mapping *m = NULL;
    bool is_claimed = false;
    if (prepared_read(&p, q, ERR_IGNORED) != OK || p.is_one)
        return true; /* or a damaged one */
    if (mapping_open(&m, q->path, q->path, ERR_IGNORED) != OK)
        return false;
    for (int i = 0; stored_formats[i] && !is_claimed; i++)
        if (stored_formats[i]->claims &&
            stored_formats[i]->claims(&is_claimed, m, ERR_IGNORED) != OK)
            is_claimed = true; /* whose reader says what is wrong */
    mapping_close(m);
    return is_claimed;
}
