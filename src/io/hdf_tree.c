#include "io/hdf_tree.h"

#include "base/grow.h"

/* ---- failures ---------------------------------------------------------- */

int hdf_failv(struct hdf *h, const char *format, va_list args)
{
    char text[ERR_TEXT_MAX];
    if (h->rc != OK)
        return h->rc;
    vsnprintf(text, sizeof text, format, args);
    return h->rc = err_set(h->e, h->damage_code, "%s: %s", h->path, text);
}

static int fail(struct hdf *h, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(struct hdf *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hdf_failv(h, format, args);
    va_end(args);
    return h->rc;
}

int hdf_unreadable(struct hdf *h, const char *what, const char *reason)
{
    return fail(h, "damaged (%s cannot be read; HDF5: %s); %s", what, reason,
                h->remedy);
}

int hdf_foreign(struct hdf *h, const char *object, const char *what)
{
    return fail(h, "not written by sinklab (%s %s); %s", object, what,
                h->remedy);
}

int hdf_no_memory(struct hdf *h, const char *what)
{
    if (h->rc != OK)
        return h->rc;
    return h->rc = err_set(h->e, ERR_MEMORY,
                           "%s: not enough memory to %s it: free some, or use "
                           "a smaller model",
                           h->path, what);
}

/* ---- objects ------------------------------------------------------------ */

struct hdf_object *hdf_new_object(struct hdf *h, const char *path,
                                  enum hdf_kind kind)
{
    struct hdf_object *o = pool_bytes(&h->memory, sizeof *o);
    char *copy = pool_text(&h->memory, path, SIZE_MAX);
    if (!o || !copy || !GROW(h->objects, h->n_objects)) {
        hdf_no_memory(h, "list");
        return NULL;
    }
    o->path = copy;
    o->kind = kind;
    return h->objects[h->n_objects++] = o;
}

struct hdf_attribute *hdf_new_attribute(struct hdf *h, struct hdf_object *o,
                                        const char *name)
{
    struct hdf_attribute *a = pool_bytes(&h->memory, sizeof *a);
    char *copy = pool_text(&h->memory, name, SIZE_MAX);
    if (!a || !copy) {
        hdf_no_memory(h, "list");
        return NULL;
    }
    a->name = copy;
    if (o->last)
        o->last->next = a;
    else
        o->attributes = a;
    return o->last = a;
}
