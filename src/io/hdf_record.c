#include "io/hdf_record.h"

#include <string.h>

/* ---- from the child ------------------------------------------------------ */

void hdf_tell(FILE *out, struct record r, const char *name, const char *text)
{
    r.name_bytes = (uint32_t)strlen(name);
    r.has_text = text != NULL;
    r.text_bytes = text ? (uint32_t)strlen(text) : 0;
    fwrite(&r, sizeof r, 1, out);
    fwrite(name, 1, r.name_bytes, out);
    if (text)
        fwrite(text, 1, r.text_bytes, out);
}

/* ---- to the parent ------------------------------------------------------- */

struct message {
    const char *at;
    size_t left;
};

/* The next n bytes as a text in the tree's memory; NULL: not there, or no
 * text, or out of memory. */
static char *take_text(struct hdf *h, struct message *m, size_t n)
{
    if (n > m->left || memchr(m->at, '\0', n))
        return NULL;
    char *text = pool_text(&h->memory, m->at, n);
    m->at += n;
    m->left -= n;
    return text;
}

static bool is_path(const char *path)
{
    size_t n = strlen(path);
    return n > 0 && n < HDF_PATH_MAX && path[0] == '/' &&
           (n == 1 || path[n - 1] != '/');
}

/* Does a dataset lie in the file, as the child says? */
static bool is_inside(const struct hdf *h, const struct record *r)
{
    size_t bytes = r->type == HDF_FLOAT32 ? 4 : 8;
    if (r->type > HDF_INT64 || r->ndim < 1 || r->ndim > HDF_NDIM_MAX)
        return false;
    for (int i = 0; i < r->ndim; i++)
        if (r->n[i] < 1 ||
            __builtin_mul_overflow(bytes, (size_t)r->n[i], &bytes))
            return false;
    return bytes <= h->n_bytes && r->start <= h->n_bytes - bytes;
}

static bool take_object(struct hdf *h, const struct record *r, const char *path,
                        const char *text)
{
    bool is_sound = r->of == KIND_DATASET && !text;
    if (r->of > KIND_OTHER || !is_path(path) ||
        (r->of == KIND_UNREADABLE && !text) || (is_sound && !is_inside(h, r)))
        return false;
    struct hdf_object *o = hdf_new_object(h, path, (enum hdf_kind)r->of);
    if (!o)
        return false;
    o->complaint = text;
    o->has_long_names = r->has_long_names;
    if (is_sound) {
        o->type = (enum hdf_type)r->type;
        o->shape.ndim = r->ndim;
        for (int i = 0; i < r->ndim; i++)
            o->shape.n[i] = (idx)r->n[i];
        o->start = r->start;
    }
    return true;
}

static bool take_attribute(struct hdf *h, const struct record *r,
                           const char *name, const char *text)
{
    bool is_text = r->of == VALUE_TEXT && r->extent == EXTENT_SCALAR;
    if (r->of > VALUE_OTHER || r->extent > EXTENT_OTHER || h->n_objects == 0 ||
        r->count < 0 || r->count > INT32_MAX || is_text != (text != NULL))
        return false;
    struct hdf_attribute *a =
        hdf_new_attribute(h, h->objects[h->n_objects - 1], name);
    if (!a)
        return false;
    a->value = (enum hdf_value)r->of;
    a->extent = (enum hdf_extent)r->extent;
    a->text = text;
    a->number = r->number;
    a->n = (idx)r->count;
    memcpy(a->ints, r->n, sizeof a->ints);
    return true;
}

/* One record; false: nonsense, or the last one (at_end). */
static bool take_record(struct hdf *h, struct message *m, bool *at_end)
{
    struct record r;
    char *name, *text = NULL;
    if (m->left < sizeof r)
        return false;
    memcpy(&r, m->at, sizeof r);
    m->at += sizeof r;
    m->left -= sizeof r;
    name = take_text(h, m, r.name_bytes);
    if (r.has_text)
        text = take_text(h, m, r.text_bytes);
    if (!name || (r.has_text && !text))
        return false;
    switch (r.kind) {
    case RECORD_OBJECT:
        return take_object(h, &r, name, text);
    case RECORD_ATTRIBUTE:
        return take_attribute(h, &r, name, text);
    case RECORD_FAILURE:
        hdf_unreadable(h, name, text ? text : "no reason given");
        return false;
    case RECORD_END:
        *at_end = m->left == 0;
        return false;
    default:
        return false;
    }
}

int hdf_take(struct hdf *h, const char *bytes, size_t n)
{
    struct message m = { bytes, n };
    bool at_end = false;
    while (h->rc == OK && take_record(h, &m, &at_end))
        continue;
    if (h->rc == OK && h->memory.is_out_of_memory)
        return hdf_no_memory(h, "list");
    if (h->rc == OK && (!at_end || h->n_objects == 0))
        return hdf_unreadable(h, "the file", "it gave nonsense");
    return h->rc;
}
