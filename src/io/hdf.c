#include "io/hdf.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "io/fsys.h"
#include "io/hdf_image_build.h"
#include "io/hdf_image_read.h"
#include "io/hdf_record.h"
#include "io/hdf_tree.h"

int hdf_status(const struct hdf *h)
{
    return h->rc;
}

int hdf_refuse(struct hdf *h, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    hdf_failv(h, format, args);
    va_end(args);
    return h->rc;
}

void hdf_free(struct hdf *h)
{
    if (!h)
        return;
    pool_release(&h->memory);
    free(h->objects);
    free(h->sorted);
    free(h->bytes);
    hdf_layout_release(&h->layout);
    free(h);
}

void hdf_layout_release(struct hdf_layout *l)
{
    free(l->text);
    *l = (struct hdf_layout){ .n = 0 };
}

/* ---- building ---------------------------------------------------------- */

int hdf_build(struct hdf **h, const char *path, size_t expected_bytes,
              struct err *e)
{
    *h = calloc(1, sizeof **h);
    if (!*h)
        return err_memory(e, path);
    **h = (struct hdf){ .path = path,
                        .e = e,
                        .n_bytes = SIZE_MAX,
                        .expected_bytes = expected_bytes };
    hdf_new_object(*h, "/", KIND_GROUP);
    return (*h)->rc;
}

/* The image as a file. */
static int save_image(struct hdf *h, const char *image, size_t n)
{
    char seal[HDF_SEAL_BYTES + 1], hex[HASH_HEX_MAX];
    hash_hex(hex, hash_bytes(image, n));
    snprintf(seal, sizeof seal, "%s%s\n", HDF_SEAL_MARK, hex);
    struct fsys_part parts[] = { { image, n }, { seal, HDF_SEAL_BYTES } };
    return fsys_replace_parts(h->path, parts, COUNT_OF(parts), h->e);
}

int hdf_save(struct hdf *h)
{
    return hdf_save_late(h, NULL, NULL);
}

int hdf_save_late(struct hdf *h,
                  int (*fill)(char *const *values, void *context,
                              struct err *e),
                  void *context)
{
    char *image = NULL, *values[HDF_LATE_MAX];
    size_t n = 0, cap_bytes = 0;
    idx n_late = 0;
    if (h->rc != OK || hdf_image_build(&image, &n, &cap_bytes, h) != OK)
        return h->rc;
    for (idx i = 0; i < h->n_objects; i++)
        if (h->objects[i]->is_late)
            values[n_late++] = image + h->objects[i]->start;
    BUG_ON(n_late > 0 && !fill);
    if (n_late > 0)
        h->rc = fill(values, context, h->e);
    if (h->rc == OK)
        h->rc = save_image(h, image, n);
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

static struct hdf_object *add_dataset(struct hdf *h, const char *path,
                                      enum hdf_type type,
                                      const struct hdf_shape *shape)
{
    if (h->rc != OK)
        return NULL;
    BUG_ON(shape->ndim < 1 || shape->ndim > HDF_NDIM_MAX);
    for (int i = 0; i < shape->ndim; i++)
        BUG_ON(shape->n[i] < 1);
    struct hdf_object *o = hdf_new_object(h, path, KIND_DATASET);
    if (o) {
        o->type = type;
        o->shape = *shape;
        add_step(h, STEP_ADD, o);
    }
    return o;
}

int hdf_add_dataset(struct hdf *h, const char *path, enum hdf_type type,
                    const struct hdf_shape *shape, const void *values)
{
    struct hdf_object *o = add_dataset(h, path, type, shape);
    if (o)
        o->values = values;
    return h->rc;
}

int hdf_add_late(struct hdf *h, const char *path, enum hdf_type type,
                 const struct hdf_shape *shape)
{
    struct hdf_object *o = add_dataset(h, path, type, shape);
    if (o)
        o->is_late = true;
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

/* ---- opening ----------------------------------------------------------- */

static const char signature[8] = "\211HDF\r\n\032\n";

/* Check the seal, and leave it out of n_bytes. */
static int check_seal(struct hdf *h)
{
    char hex[HASH_HEX_MAX];
    size_t n = h->n_bytes < HDF_SEAL_BYTES ? 0 : h->n_bytes - HDF_SEAL_BYTES;
    const char *seal = h->bytes + n;
    if (n < sizeof signature || memcmp(h->bytes, signature, sizeof signature))
        return hdf_refuse(h, "damaged, or not an HDF5 file; %s", h->remedy);
    if (memcmp(seal, HDF_SEAL_MARK, HDF_SEAL_MARK_BYTES) != 0)
        return hdf_refuse(h,
                          "damaged (its end, the seal, is missing: it was cut "
                          "short, or another program opened it for writing); "
                          "%s",
                          h->remedy);
    hash_hex(hex, hash_bytes(h->bytes, n));
    if (memcmp(seal + HDF_SEAL_MARK_BYTES, hex, HASH_HEX_MAX - 1) != 0 ||
        seal[HDF_SEAL_BYTES - 1] != '\n')
        return hdf_refuse(h, "damaged (its bytes do not match its seal); %s",
                          h->remedy);
    h->n_bytes = n;
    h->layout.n_bytes = n;
    memcpy(h->layout.seal, hex, sizeof h->layout.seal);
    return OK;
}

int hdf_read_seal(char hex[HASH_HEX_MAX], const char *path, int damage_code,
                  const char *remedy, struct err *e)
{
    char seal[HDF_SEAL_BYTES];
    struct stat st = { 0 };
    int rc = OK, fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return err_system(e, path, "open");
    bool is_seen = fstat(fd, &st) == 0;
    bool is_long = is_seen && st.st_size >= HDF_SEAL_BYTES;
    if (!is_seen)
        rc = err_system(e, path, "look at it");
    else if (is_long &&
             !fsys_read_at(fd, seal, sizeof seal, st.st_size - HDF_SEAL_BYTES))
        rc = err_system(e, path, "read");
    close(fd);
    if (rc != OK)
        return rc;
    if (!is_long || memcmp(seal, HDF_SEAL_MARK, HDF_SEAL_MARK_BYTES) != 0)
        return err_set(e, damage_code,
                       "%s: damaged (its end, the seal, is missing); %s", path,
                       remedy);
    memcpy(hex, seal + HDF_SEAL_MARK_BYTES, HASH_HEX_MAX - 1);
    hex[HASH_HEX_MAX - 1] = '\0';
    return OK;
}

/* A file may claim any size without taking any disk. */
static int check_size(const char *path, struct err *e)
{
    struct stat s;
    char what[FSYS_PATH_MAX];
    if (stat(path, &s) || !S_ISREG(s.st_mode))
        return OK; /* fsys_read_file says it better */
    snprintf(what, sizeof what, "reading %s", path);
    const struct memory_need need = { .what = what,
                                      .bytes = (double)s.st_size,
                                      .remedy = "free some, or use another "
                                                "file" };
    return memory_check(&need, "", e);
}

static bool is_of(const struct hdf_layout *l, const struct hdf *h)
{
    return l && l->text && l->n_bytes == h->layout.n_bytes &&
           strcmp(l->seal, h->layout.seal) == 0;
}

int hdf_open_known(struct hdf **h, const char *path, size_t cap_bytes,
                   int damage_code, const char *remedy,
                   const struct hdf_layout *known, struct err *e)
{
    *h = calloc(1, sizeof **h);
    if (!*h)
        return err_memory(e, path);
    **h = (struct hdf){
        .path = path, .e = e, .damage_code = damage_code, .remedy = remedy
    };
    (*h)->rc = check_size(path, e);
    if ((*h)->rc == OK)
        (*h)->rc =
            fsys_read_file(&(*h)->bytes, &(*h)->n_bytes, path, cap_bytes, e);
    if ((*h)->rc != OK || check_seal(*h) != OK)
        return (*h)->rc;
    return is_of(known, *h) ? hdf_take(*h, known->text + 1, known->n - 1)
                            : hdf_image_read(*h);
}

int hdf_open(struct hdf **h, const char *path, size_t cap_bytes,
             int damage_code, const char *remedy, struct err *e)
{
    return hdf_open_known(h, path, cap_bytes, damage_code, remedy, NULL, e);
}

struct hdf_layout hdf_take_layout(struct hdf *h)
{
    struct hdf_layout taken = h->layout;
    h->layout = (struct hdf_layout){ .n = 0 };
    return taken;
}

/* ---- finding ----------------------------------------------------------- */

static int by_path(const void *a, const void *b)
{
    const struct hdf_object *const *x = a, *const *y = b;
    return strcmp((*x)->path, (*y)->path);
}

/* The order of paths, anew where objects were added since. */
static bool sort(struct hdf *h)
{
    if (h->n_sorted == h->n_objects)
        return true;
    free(h->sorted);
    h->sorted = malloc((size_t)h->n_objects * sizeof(struct hdf_object *));
    h->n_sorted = h->sorted ? h->n_objects : 0;
    if (!h->sorted) {
        hdf_no_memory(h, "list");
        return false;
    }
    memcpy(h->sorted, h->objects,
           (size_t)h->n_objects * sizeof(struct hdf_object *));
    qsort(h->sorted, (size_t)h->n_sorted, sizeof(struct hdf_object *), by_path);
    return true;
}

/* The first in order of path that is not before this one: its number. */
static idx lower_bound(const struct hdf *h, const char *path)
{
    idx low = 0, high = h->n_sorted;
    while (low < high) {
        idx middle = low + (high - low) / 2;
        if (strcmp(h->sorted[middle]->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct hdf_object *look_up(const struct hdf *h, const char *path)
{
    idx i = lower_bound(h, path);
    return i < h->n_sorted && strcmp(h->sorted[i]->path, path) == 0
               ? h->sorted[i]
               : NULL;
}

/* Is it one to go through or to stop at? */
static bool check_object(struct hdf *h, const char *path,
                         const struct hdf_object *o, bool is_last)
{
    if (!o)
        hdf_foreign(h, path, "is missing");
    else if (o->kind == KIND_LINK)
        hdf_foreign(h, path, "is a soft or external link");
    else if (o->kind == KIND_UNREADABLE)
        hdf_unreadable(h, path, o->complaint);
    else if (!is_last && o->kind != KIND_GROUP)
        hdf_foreign(h, path, "lies below a dataset");
    return h->rc == OK;
}

/* The object at path, through groups on the whole way; NULL with the error
 * recorded. */
static struct hdf_object *find(struct hdf *h, const char *path)
{
    char part[HDF_PATH_MAX];
    size_t n = strlen(path);
    BUG_ON(n >= sizeof part || path[0] != '/');
    if (h->rc != OK || !sort(h))
        return NULL;
    struct hdf_object *o = look_up(h, "/");
    for (size_t i = 1; n > 1 && i <= n; i++) {
        if (path[i] && path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        o = look_up(h, part);
        if (!check_object(h, path, o, i == n))
            return NULL;
    }
    return check_object(h, path, o, true) ? o : NULL;
}

static struct hdf_object *find_kind(struct hdf *h, const char *path,
                                    enum hdf_kind kind, const char *complaint)
{
    struct hdf_object *o = find(h, path);
    if (!o || o->kind == kind)
        return o;
    hdf_foreign(h, path, complaint);
    return NULL;
}

/* "/param" and "token" to "/param/token". */
static bool join(char path[HDF_PATH_MAX], const char *group, const char *name)
{
    int n = snprintf(path, HDF_PATH_MAX, "%s/%s", group[1] ? group : "", name);
    return n > 0 && n < HDF_PATH_MAX;
}

bool hdf_has(struct hdf *h, const char *group, const char *name)
{
    char path[HDF_PATH_MAX];
    const struct hdf_object *o =
        find_kind(h, group, KIND_GROUP, "is not a group");
    return o && join(path, group, name) && look_up(h, path);
}

int hdf_list(struct hdf *h, const char *group,
             void (*visit)(struct hdf *h, const char *path, void *context),
             void *context)
{
    char prefix[HDF_PATH_MAX];
    const struct hdf_object *o =
        find_kind(h, group, KIND_GROUP, "is not a group");
    if (!o || !join(prefix, group, ""))
        return h->rc;
    size_t n = strlen(prefix);
    if (o->has_long_names)
        hdf_foreign(h, group, "has a member with an overlong name");
    for (idx i = lower_bound(h, prefix); i < h->n_sorted && h->rc == OK; i++) {
        const struct hdf_object *member = h->sorted[i];
        if (strncmp(member->path, prefix, n) != 0)
            break;
        if (!member->path[n] || strchr(member->path + n, '/'))
            continue; /* the group itself, if it is the root; or deeper */
        if (member->kind == KIND_LINK)
            hdf_foreign(h, member->path, "is a soft or external link");
        else
            visit(h, member->path, context);
    }
    return h->rc;
}

/* ---- numbers ----------------------------------------------------------- */

static struct hdf_object *find_dataset(struct hdf *h, const char *path)
{
    struct hdf_object *o = find_kind(h, path, KIND_DATASET, "is not a dataset");
    if (o && o->complaint) {
        hdf_foreign(h, path, o->complaint);
        return NULL;
    }
    return o;
}

int hdf_inspect(struct hdf *h, const char *path, enum hdf_type *type,
                struct hdf_shape *shape)
{
    const struct hdf_object *o = find_dataset(h, path);
    if (o) {
        *type = o->type;
        *shape = o->shape;
    }
    return h->rc;
}

static double to_double(const char *from, enum hdf_type type, idx i)
{
    float f;
    double d;
    int64_t n;
    switch (type) {
    case HDF_FLOAT32:
        memcpy(&f, from + 4 * i, sizeof f);
        return f;
    case HDF_INT64:
        memcpy(&n, from + 8 * i, sizeof n);
        return (double)n;
    default:
        memcpy(&d, from + 8 * i, sizeof d);
        return d;
    }
}

int hdf_read(struct hdf *h, const char *path, enum hdf_type type, void *values,
             idx n)
{
    const struct hdf_object *o = find_dataset(h, path);
    if (!o)
        return h->rc;
    if (hdf_shape_count(&o->shape) != n)
        return hdf_foreign(h, path, "has another shape than wanted");
    const char *from = o->values ? o->values : h->bytes + o->start;
    double *doubles = values;
    if (o->type == type)
        memcpy(values, from, (size_t)n * hdf_type_bytes(type));
    else if (type == HDF_FLOAT64)
        for (idx i = 0; i < n; i++)
            doubles[i] = to_double(from, o->type, i);
    else
        hdf_foreign(h, path, "has another type than wanted");
    return h->rc;
}

/* ---- attributes -------------------------------------------------------- */

/* Of this value, and one or a list of them; NULL with the error recorded. */
static const struct hdf_attribute *
find_attribute(struct hdf *h, const char *object, const char *name,
               enum hdf_value value, enum hdf_extent extent)
{
    char what[HDF_PATH_MAX];
    const struct hdf_object *o = find(h, object);
    if (!o)
        return NULL;
    const struct hdf_attribute *a = o->attributes;
    while (a && strcmp(a->name, name) != 0)
        a = a->next;
    if (a && a->extent == extent && a->value == value)
        return a;
    if (a && a->extent == extent)
        snprintf(what, sizeof what, "has an attribute %s of another type",
                 name);
    else
        snprintf(what, sizeof what, "has no sound attribute %s", name);
    hdf_foreign(h, object, what);
    return NULL;
}

bool hdf_has_text(struct hdf *h, const char *object, const char *name)
{
    const struct hdf_object *o = find(h, object);
    const struct hdf_attribute *a = o ? o->attributes : NULL;
    while (a && strcmp(a->name, name) != 0)
        a = a->next;
    return a && a->value == VALUE_TEXT && a->extent == EXTENT_SCALAR;
}

int hdf_get_text(struct hdf *h, const char *object, const char *name,
                 char **text)
{
    const struct hdf_attribute *a =
        find_attribute(h, object, name, VALUE_TEXT, EXTENT_SCALAR);
    if (!a)
        return h->rc;
    *text = strdup(a->text);
    return *text ? OK : hdf_no_memory(h, "read");
}

int hdf_get_int(struct hdf *h, const char *object, const char *name,
                int64_t *value)
{
    const struct hdf_attribute *a =
        find_attribute(h, object, name, VALUE_INT, EXTENT_SCALAR);
    if (a)
        *value = a->ints[0];
    return h->rc;
}

int hdf_get_double(struct hdf *h, const char *object, const char *name,
                   double *value)
{
    const struct hdf_attribute *a =
        find_attribute(h, object, name, VALUE_DOUBLE, EXTENT_SCALAR);
    if (a)
        *value = a->number;
    return h->rc;
}
