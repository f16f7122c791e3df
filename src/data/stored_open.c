#include "data/stored_open.h"

#include "data/identity.h"
#include "data/stored_files.h"
#include "io/mapping.h"

/* The format of a file, as far as it can be known. */
static const struct stored_format *
format_of(const struct mapping *m, const struct stored_query *q, struct err *e)
{
    for (int i = 0; stored_formats[i]; i++)
        if (stored_formats[i]->claims && stored_formats[i]->claims(m))
            return stored_formats[i];
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
    if (!own->add && !(own = format_of(m, q, e)))
        return ERR_DATA;
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
                     format == &stored_text ? "the text is empty"
                                            : "holds no tokens");
    if (rc == OK && s->documents)
        rc = stored_add_document(s, s->n, e);
    return rc;
}

int stored_open(struct stored *s, const struct stored_query *q, struct err *e)
{
    struct stored_files files = { 0 };
    *s = (struct stored){ 0 };
    int rc = q->format == &stored_text ? stored_files_of_text(&files, q, e)
                                       : stored_files_of_tokens(&files, q, e);
    if (rc == OK)
        rc = add_files(s, &files, q, e);
    if (rc == OK)
        rc = identity_find(s, q, e);
    stored_files_release(&files);
    return rc;
}
