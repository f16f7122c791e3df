#include "io/hdf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/hash.h"
#include "io/fsys.h"
#include "io/hdf_library.h"
#include "io/hdf_tree.h"

idx hdf_shape_count(const struct hdf_shape *s)
{
    idx n = 1;
    for (int i = 0; i < s->ndim; i++)
        n *= s->n[i];
    return n;
}

bool hdf_shape_is(const struct hdf_shape *s, int ndim, const idx *n)
{
    if (s->ndim != ndim)
        return false;
    for (int i = 0; i < ndim; i++)
        if (s->n[i] != n[i])
            return false;
    return true;
}

const char *hdf_shape_print(char text[HDF_SHAPE_TEXT_MAX],
                            const struct hdf_shape *s)
{
    int at = snprintf(text, HDF_SHAPE_TEXT_MAX, s->ndim ? "" : "()");
    for (int i = 0; i < s->ndim; i++) /* 4 x 20 digits fit */
        at += snprintf(text + at, (size_t)(HDF_SHAPE_TEXT_MAX - at), "%s%td",
                       i ? " x " : "", s->n[i]);
    return text;
}

/* ---- failures ---------------------------------------------------------- */

int hdf_status(const struct hdf *h)
{
    return h->rc;
}

int hdf_refuse(struct hdf *h, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    if (h->rc != OK)
        return h->rc;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return h->rc = err_set(h->e, h->damage_code, "%s: %s", h->path, text);
}

int hdf_unreadable(struct hdf *h, const char *what, const char *reason)
{
    return hdf_refuse(h, "damaged (%s cannot be read; HDF5: %s); %s", what,
                      reason, h->remedy);
}

int hdf_foreign(struct hdf *h, const char *object, const char *what)
{
    return hdf_refuse(h, "not written by sinklab (%s %s); %s", object, what,
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

/* ---- the tree ---------------------------------------------------------- */

const char *hdf_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool make_room(struct hdf *h)
{
    if (h->n_objects < h->cap)
        return true;
    idx cap = h->cap ? 2 * h->cap : 64;
    struct hdf_object **more =
        realloc(h->objects, (size_t)cap * sizeof(struct hdf_object *));
    if (!more)
        return false;
    h->objects = more;
    h->cap = cap;
    return true;
}

struct hdf_object *hdf_new_object(struct hdf *h, const char *path,
                                  enum hdf_kind kind)
{
    struct hdf_object *o = pool_bytes(&h->memory, sizeof *o);
    char *copy = pool_text(&h->memory, path, SIZE_MAX);
    if (!o || !copy || !make_room(h)) {
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

void hdf_free(struct hdf *h)
{
    if (!h)
        return;
    pool_release(&h->memory);
    free(h->objects);
    free(h->sorted);
    free(h->bytes);
    free(h);
}

/* ---- building ---------------------------------------------------------- */

int hdf_build(struct hdf **h, const char *path, size_t expected_bytes,
              struct err *e)
{
    *h = calloc(1, sizeof **h);
    if (!*h)
        return err_set(e, ERR_MEMORY, "%s: no memory", path);
    **h = (struct hdf){ .path = path,
                        .e = e,
                        .n_bytes = SIZE_MAX,
                        .expected_bytes = expected_bytes };
    hdf_new_object(*h, "/", KIND_GROUP);
    return (*h)->rc;
}

int hdf_save(struct hdf *h)
{
    char *image = NULL, seal[HDF_SEAL_BYTES + 1], hex[HASH_HEX_MAX];
    size_t n = 0, cap_bytes = 0;
    if (h->rc != OK || hdf_library_build(&image, &n, &cap_bytes, h) != OK)
        return h->rc;
    hash_hex(hex, hash_bytes(image, n));
    snprintf(seal, sizeof seal, "%s%s\n", HDF_SEAL_MARK, hex);
    struct fsys_part parts[] = { { image, n }, { seal, HDF_SEAL_BYTES } };
    h->rc = fsys_replace_parts(h->path, parts, COUNT_OF(parts), h->e);
    munmap(image, cap_bytes);
    return h->rc;
}

/* It is the last one that was added, mostly. */
static struct hdf_object *find_built(struct hdf *h, const char *path)
{
    idx i = h->n_objects;
    while (--i >= 0)
        if (strcmp(h->objects[i]->path, path) == 0)
            break;
    BUG_ON(i < 0);
    return h->objects[i];
}

static struct hdf_step *add_step(struct hdf *h, enum hdf_step_kind kind,
                                 const struct hdf_object *o)
{
    struct hdf_step *step = pool_bytes(&h->memory, sizeof *step);
    if (!step) {
        hdf_no_memory(h, "build");
        return NULL;
    }
    step->kind = kind;
    step->object = o;
    if (h->last_step)
        h->last_step->next = step;
    else
        h->steps = step;
    return h->last_step = step;
}

int hdf_add_group(struct hdf *h, const char *path)
{
    if (h->rc != OK)
        return h->rc;
    struct hdf_object *o = hdf_new_object(h, path, KIND_GROUP);
    if (o)
        add_step(h, STEP_ADD, o);
    return h->rc;
}

int hdf_add_dataset(struct hdf *h, const char *path, enum hdf_type type,
                    const struct hdf_shape *shape, const void *values)
{
    if (h->rc != OK)
        return h->rc;
    BUG_ON(shape->ndim < 1 || shape->ndim > HDF_NDIM_MAX);
    for (int i = 0; i < shape->ndim; i++)
        BUG_ON(shape->n[i] < 1);
    struct hdf_object *o = hdf_new_object(h, path, KIND_DATASET);
    if (o) {
        o->type = type;
        o->shape = *shape;
        o->values = values;
        add_step(h, STEP_ADD, o);
    }
    return h->rc;
}

/* A new attribute of the object, and the step that writes it. */
static struct hdf_attribute *put(struct hdf *h, const char *object,
                                 const char *name, enum hdf_value value,
                                 enum hdf_extent extent)
{
    if (h->rc != OK)
        return NULL;
    struct hdf_object *o = find_built(h, object);
    struct hdf_attribute *a = hdf_new_attribute(h, o, name);
    struct hdf_step *step = a ? add_step(h, STEP_PUT, o) : NULL;
    if (!step)
        return NULL;
    a->value = value;
    a->extent = extent;
    step->attribute = a;
    return a;
}

int hdf_put_text(struct hdf *h, const char *object, const char *name,
                 const char *text)
{
    struct hdf_attribute *a = put(h, object, name, VALUE_TEXT, EXTENT_SCALAR);
    if (a && !(a->text = pool_text(&h->memory, text, SIZE_MAX)))
        hdf_no_memory(h, "build");
    return h->rc;
}

int hdf_put_int(struct hdf *h, const char *object, const char *name,
                int64_t value)
{
    struct hdf_attribute *a = put(h, object, name, VALUE_INT, EXTENT_SCALAR);
    if (a)
        a->ints[0] = value;
    return h->rc;
}

int hdf_put_double(struct hdf *h, const char *object, const char *name,
                   double value)
{
    struct hdf_attribute *a = put(h, object, name, VALUE_DOUBLE, EXTENT_SCALAR);
    if (a)
        a->number = value;
    return h->rc;
}

int hdf_put_shape(struct hdf *h, const char *object, const char *name,
                  const struct hdf_shape *shape)
{
    struct hdf_attribute *a = put(h, object, name, VALUE_INT, EXTENT_LIST);
    if (a) {
        a->n = shape->ndim;
        for (int i = 0; i < shape->ndim; i++)
            a->ints[i] = shape->n[i];
    }
    return h->rc;
}

static int add_scale_step(struct hdf *h, enum hdf_step_kind kind,
                          const char *dataset, const char *name, int axis)
{
    if (h->rc != OK)
        return h->rc;
    struct hdf_step *step = add_step(h, kind, find_built(h, dataset));
    if (step) {
        step->axis = axis;
        step->name = pool_text(&h->memory, name, SIZE_MAX);
        if (!step->name)
            hdf_no_memory(h, "build");
    }
    return h->rc;
}

int hdf_make_scale(struct hdf *h, const char *dataset, const char *name)
{
    return add_scale_step(h, STEP_SCALE, dataset, name, 0);
}

int hdf_attach_scale(struct hdf *h, const char *dataset, int axis,
                     const char *scale)
{
    return add_scale_step(h, STEP_ATTACH, dataset, scale, axis);
}
