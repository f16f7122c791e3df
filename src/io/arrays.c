#include "io/arrays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/text.h"
#include "io/hdf.h"

_Static_assert((int)ARRAY_NDIM_MAX <= (int)HDF_NDIM_MAX, "one bound");

/* An analysis larger than 16 GiB is not one. */
static const size_t FILE_CAP_BYTES = (size_t)1 << 34;

/* Metadata of one array in the file, from above. */
enum { ARRAY_META_BYTES = 8192 };

static const char REMEDY[] = "run `sinklab analyze` again";

/* The names of an array's axes, for readers that follow no references. */
static const char AXES[] = "axes";

static void member_path(char path[HDF_PATH_MAX], const char *name)
{
    int n = snprintf(path, HDF_PATH_MAX, "/%s", name);
    BUG_ON(n < 2 || n >= HDF_PATH_MAX || strchr(name, '/'));
}

static void array_shape(struct hdf_shape *shape, const struct arrays *all,
                        const struct array *a)
{
    BUG_ON(a->ndim < 1 || a->ndim > ARRAY_NDIM_MAX);
    shape->ndim = a->ndim;
    for (int i = 0; i < a->ndim; i++) {
        BUG_ON(a->axes[i] < 0 || a->axes[i] >= all->n_axes);
        shape->n[i] = all->axes[a->axes[i]].n;
    }
}

static void save_axis(struct hdf *h, const struct axis *a)
{
    char path[HDF_PATH_MAX];
    struct hdf_shape shape = { .ndim = 1, .n = { a->n } };
    BUG_ON(!a->ints == !a->doubles);
    member_path(path, a->name);
    if (a->ints)
        hdf_add_dataset(h, path, HDF_INT64, &shape, a->ints);
    else
        hdf_add_dataset(h, path, HDF_FLOAT64, &shape, a->doubles);
    hdf_make_scale(h, path, a->name);
    hdf_put_text(h, path, "units", a->unit);
    hdf_put_text(h, path, "long_name", a->long_name);
}

static void save_array(struct hdf *h, const struct arrays *all,
                       const struct array *a)
{
    char path[HDF_PATH_MAX], scale[HDF_PATH_MAX], axes[ARRAY_AXES_TEXT_MAX];
    struct text names = { axes, sizeof axes, 0 };
    struct hdf_shape shape;
    BUG_ON(!a->floats == !a->doubles);
    member_path(path, a->name);
    array_shape(&shape, all, a);
    if (a->floats)
        hdf_add_dataset(h, path, HDF_FLOAT32, &shape, a->floats);
    else
        hdf_add_dataset(h, path, HDF_FLOAT64, &shape, a->doubles);
    for (int i = 0; i < a->ndim; i++) {
        member_path(scale, all->axes[a->axes[i]].name);
        hdf_attach_scale(h, path, i, scale);
        text_add(&names, "%s%s", i ? " " : "", all->axes[a->axes[i]].name);
    }
    BUG_ON(names.n >= sizeof axes || strlen(a->name) >= ARRAY_NAME_MAX);
    hdf_put_text(h, path, "units", a->unit);
    hdf_put_text(h, path, "long_name", a->long_name);
    hdf_put_text(h, path, "definition", a->definition);
    if (a->source)
        hdf_put_text(h, path, "source", a->source);
    hdf_put_text(h, path, AXES, axes);
}

/* The size of the file, from above. */
static size_t guess_bytes(const struct arrays *a)
{
    size_t bytes = (size_t)(a->n_axes + a->n_arrays + 8) * ARRAY_META_BYTES;
    for (idx i = 0; i < a->n_notes; i++)
        bytes += strlen(a->notes[i].text);
    for (idx i = 0; i < a->n_axes; i++)
        bytes += (size_t)a->axes[i].n * 8;
    for (idx i = 0; i < a->n_arrays; i++) {
        struct hdf_shape shape;
        array_shape(&shape, a, &a->arrays[i]);
        bytes += (size_t)hdf_shape_count(&shape) * 8;
    }
    return bytes;
}

int arrays_save(const char *path, const struct arrays *a, struct err *e)
{
    struct hdf *h;
    int rc = hdf_build(&h, path, guess_bytes(a), e);
    if (rc == OK) {
        for (idx i = 0; i < a->n_notes; i++)
            hdf_put_text(h, "/", a->notes[i].name, a->notes[i].text);
        for (idx i = 0; i < a->n_axes; i++)
            save_axis(h, &a->axes[i]);
        for (idx i = 0; i < a->n_arrays; i++)
            save_array(h, a, &a->arrays[i]);
        rc = hdf_save(h);
    }
    hdf_free(h);
    return rc;
}

static int load_values(struct array_values *a, struct hdf *h, const char *name)
{
    char path[HDF_PATH_MAX];
    struct hdf_shape shape;
    enum hdf_type type;
    member_path(path, name);
    if (!hdf_has(h, "/", name))
        return hdf_refuse(h, "has no array %s; %s", name, REMEDY);
    int rc = hdf_inspect(h, path, &type, &shape);
    if (rc != OK)
        return rc;
    a->ndim = shape.ndim;
    memcpy(a->shape, shape.n, sizeof a->shape);
    a->n = hdf_shape_count(&shape);
    a->values = calloc((size_t)a->n, sizeof *a->values);
    return a->values ? hdf_read(h, path, HDF_FLOAT64, a->values, a->n)
                     : ERR_MEMORY;
}

int array_load(struct array_values *a, const char *path, const char *name,
               struct err *e)
{
    struct array_file f = { 0 };
    *a = (struct array_values){ 0 };
    int rc = hdf_open(&f.h, path, FILE_CAP_BYTES, ERR_DATA, REMEDY, e);
    if (rc == OK)
        rc = array_file_read(a, &f, name, e);
    array_file_close(&f);
    return rc;
}

/* Versions before `axes` wrote arrays of two kinds. */
static const char *usual_axes(int ndim)
{
    return ndim == 3 ? "step layer head" : ndim == 2 ? "step depth" : "step";
}

static int take_axes(struct array_facts *x, struct hdf *h, const char *path)
{
    char *axes = NULL;
    if (!hdf_has_text(h, path, AXES)) {
        strcpy(x->axes, usual_axes(x->ndim));
        return hdf_status(h);
    }
    int rc = hdf_get_text(h, path, AXES, &axes);
    if (rc == OK && strlen(axes) >= sizeof x->axes)
        rc = hdf_refuse(h, "%s: its axes are more than there can be; %s", path,
                        REMEDY);
    if (rc == OK)
        strcpy(x->axes, axes);
    free(axes);
    return rc;
}

/* An array has a definition, an axis none. */
static void take_array(struct hdf *h, const char *path, void *context)
{
    struct array_file *f = context;
    struct hdf_shape shape;
    enum hdf_type type;
    if (strlen(path) > ARRAY_NAME_MAX || !hdf_has_text(h, path, "definition") ||
        hdf_inspect(h, path, &type, &shape) != OK)
        return;
    if (!GROW(f->arrays, f->n)) {
        f->is_out_of_memory = true;
        return;
    }
    struct array_facts *x = &f->arrays[f->n++];
    *x = (struct array_facts){ .ndim = shape.ndim };
    strcpy(x->name, path + 1);
    memcpy(x->shape, shape.n, sizeof x->shape);
    take_axes(x, h, path);
}

int array_file_open(struct array_file *f, const char *path, struct err *e)
{
    int rc = hdf_open_known(&f->h, path, FILE_CAP_BYTES, ERR_DATA, REMEDY,
                            f->known, e);
    if (rc == OK)
        rc = hdf_list(f->h, "/", take_array, f);
    return rc == OK && f->is_out_of_memory ? err_memory(e, path) : rc;
}

int array_file_read(struct array_values *a, struct array_file *f,
                    const char *name, struct err *e)
{
    *a = (struct array_values){ 0 };
    int rc = load_values(a, f->h, name);
    if (rc == ERR_MEMORY)
        err_set(e, rc, "%s: not enough memory to read it", name);
    if (rc != OK)
        array_values_release(a);
    return rc;
}

void array_file_close(struct array_file *f)
{
    hdf_free(f->h);
    free(f->arrays);
    *f = (struct array_file){ 0 };
}

void array_values_release(struct array_values *a)
{
    free(a->values);
    *a = (struct array_values){ 0 };
}

int note_load_layout(char **text, struct hdf_layout *layout, const char *path,
                     const char *name, struct err *e)
{
    struct hdf *h;
    *layout = (struct hdf_layout){ .n = 0 };
    int rc = hdf_open(&h, path, FILE_CAP_BYTES, ERR_DATA, REMEDY, e);
    if (rc == OK)
        rc = hdf_get_text(h, "/", name, text);
    if (rc == OK)
        *layout = hdf_take_layout(h);
    hdf_free(h);
    return rc;
}

int note_load(char **text, const char *path, const char *name, struct err *e)
{
    struct hdf_layout layout;
    int rc = note_load_layout(text, &layout, path, name, e);
    hdf_layout_release(&layout);
    return rc;
}
