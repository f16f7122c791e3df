#include "io/hdf_image_build.h"

#include <hdf5_hl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "io/child.h"
#include "io/hdf_library.h"

/* What we build is sound, but the library may still lose its way where an
 * allocation fails. */
static struct child_limits building_limits(size_t n_bytes)
{
    size_t mib = n_bytes >> 20;
    return (struct child_limits){
        .cpu_ms = 10000 + (int)(mib < 1 << 20 ? mib : 1 << 20) * 64,
        .wall_s = 2 * HDF_WALL_S + (int)(mib < 1 << 20 ? mib : 1 << 20),
    };
}

/* Where the file grows: memory that both processes see. */
struct image {
    char *bytes;
    size_t cap_bytes;
    bool is_too_small;
    struct hdf *h;
    uint64_t late[HDF_LATE_MAX]; /* where values are to stand */
    int n_late;
};

static void *grow(void *p, size_t n, H5FD_file_image_op_t op, void *context)
{
    struct image *image = context;
    (void)p, (void)op;
    image->is_too_small = n > image->cap_bytes;
    return image->is_too_small ? NULL : image->bytes;
}

/* Same content, same bytes: no times. Order of creation is kept for readers
 * that list things as they were written. */
static hid_t creation_list(hid_t of_class)
{
    const unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    hid_t list = H5Pcreate(of_class);
    bool ok = list >= 0 && H5Pset_obj_track_times(list, 0) >= 0 &&
              H5Pset_attr_creation_order(list, order) >= 0;
    if (ok && of_class == H5P_DATASET_CREATE)
        ok = H5Pset_layout(list, H5D_CONTIGUOUS) >= 0 &&
             H5Pset_fill_time(list, H5D_FILL_TIME_NEVER) >= 0;
    else if (ok)
        ok = H5Pset_link_creation_order(list, order) >= 0;
    if (ok)
        return list;
    hdf_library_close(list);
    return -1;
}

static hid_t create_file(struct image *image)
{
    H5FD_file_image_callbacks_t hooks = {
        NULL, NULL, grow, hdf_image_free, hdf_context_copy, hdf_context_free,
        image
    };
    hid_t file = -1;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    hid_t creation = creation_list(H5P_FILE_CREATE);
    if (access >= 0 && creation >= 0 &&
        H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
        H5Pset_file_image_callbacks(access, &hooks) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        file = H5Fcreate(hdf_image_name, H5F_ACC_TRUNC, creation, access);
    hdf_library_close(creation);
    hdf_library_close(access);
    return file;
}

/* Values that come later have their place from the beginning. */
static bool reserve(struct image *image, hid_t made)
{
    haddr_t at = H5Dget_offset(made);
    if (at == HADDR_UNDEF || image->n_late == HDF_LATE_MAX)
        return false;
    image->late[image->n_late++] = at;
    return true;
}

static hid_t make_space(const struct hdf_shape *shape)
{
    hsize_t n[HDF_NDIM_MAX];
    for (int i = 0; i < shape->ndim; i++)
        n[i] = (hsize_t)shape->n[i];
    return H5Screate_simple(shape->ndim, n, NULL);
}

static bool add_object(hid_t file, struct image *image,
                       const struct hdf_object *o)
{
    hid_t list, made = -1, space = -1;
    bool ok;
    if (o->kind == KIND_GROUP) {
        list = creation_list(H5P_GROUP_CREATE);
        if (list >= 0)
            made = H5Gcreate2(file, o->path, H5P_DEFAULT, list, H5P_DEFAULT);
        ok = made >= 0;
    } else {
        hid_t t = hdf_file_type(o->type);
        list = creation_list(H5P_DATASET_CREATE);
        space = make_space(&o->shape);
        if (list >= 0 && space >= 0 &&
            (!o->is_late || H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY) >= 0))
            made = H5Dcreate2(file, o->path, t, space, H5P_DEFAULT, list,
                              H5P_DEFAULT);
        if (o->is_late)
            ok = made >= 0 && reserve(image, made);
        else
            ok = made >= 0 && H5Dwrite(made, t, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                                       o->values) >= 0;
    }
    hdf_library_close(made);
    hdf_library_close(space);
    hdf_library_close(list);
    return ok;
}

static bool put_attribute(hid_t file, const struct hdf_object *object,
                          const struct hdf_attribute *attribute)
{
    hsize_t n = (hsize_t)attribute->n;
    hid_t type = attribute->value == VALUE_TEXT  ? hdf_text_type()
                 : attribute->value == VALUE_INT ? H5Tcopy(H5T_STD_I64LE)
                                                 : H5Tcopy(H5T_IEEE_F64LE);
    hid_t space = attribute->extent == EXTENT_LIST
                      ? H5Screate_simple(1, &n, NULL)
                      : H5Screate(H5S_SCALAR);
    const void *value =
        attribute->value == VALUE_TEXT  ? (const void *)&attribute->text
        : attribute->value == VALUE_INT ? (const void *)attribute->ints
                                        : (const void *)&attribute->number;
    hid_t a = -1, o = H5Oopen(file, object->path, H5P_DEFAULT);
    if (o >= 0 && type >= 0 && space >= 0)
        a = H5Acreate2(o, attribute->name, type, space, H5P_DEFAULT,
                       H5P_DEFAULT);
    bool ok = a >= 0 && H5Awrite(a, type, value) >= 0;
    hdf_library_close(a);
    hdf_library_close(o);
    hdf_library_close(space);
    hdf_library_close(type);
    return ok;
}

static bool make_scale(hid_t file, const struct hdf_step *step)
{
    hid_t d = H5Dopen2(file, step->object->path, H5P_DEFAULT);
    bool ok = d >= 0 && H5DSset_scale(d, step->name) >= 0;
    hdf_library_close(d);
    return ok;
}

/* --- scales and what they belong to --------------------------------------- */

/* As H5DSattach_scale leaves it, which writes a scale's whole list anew for
 * each dataset and lets the old ones lie: the file of a deep model would be
 * twice as large. */

/* One entry of a scale's REFERENCE_LIST. */
struct reference {
    hobj_ref_t dataset;
    int axis;
};

static bool put_list(hid_t object, const char *name, hid_t type, hsize_t n,
                     const void *values)
{
    hid_t space = H5Screate_simple(1, &n, NULL), a = -1;
    if (object >= 0 && type >= 0 && space >= 0)
        a = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    bool ok = a >= 0 && H5Awrite(a, type, values) >= 0;
    hdf_library_close(a);
    hdf_library_close(space);
    return ok;
}

static bool refer(hobj_ref_t *to, hid_t file, const char *path)
{
    return H5Rcreate(to, file, path, H5R_OBJECT, -1) >= 0;
}

/* Does the step attach another scale to the same dataset as the one before? */
static bool goes_on(const struct hdf_step *step, const struct hdf_step *before)
{
    return step && before && step->kind == STEP_ATTACH &&
           before->kind == STEP_ATTACH && step->object == before->object;
}

/* The scales of a dataset: this step and those that go on with it. */
static bool attach_scales(hid_t file, const struct hdf_step *step)
{
    hobj_ref_t scales[HDF_NDIM_MAX];
    hvl_t lists[HDF_NDIM_MAX] = { { 0, NULL } };
    const struct hdf_object *o = step->object;
    const struct hdf_step *before = NULL;
    bool ok = true;
    for (; ok && (!before || goes_on(step, before)); step = step->next) {
        lists[step->axis] = (hvl_t){ 1, &scales[step->axis] };
        ok = refer(&scales[step->axis], file, step->name);
        before = step;
    }
    hid_t d = H5Dopen2(file, o->path, H5P_DEFAULT);
    hid_t type = H5Tvlen_create(H5T_STD_REF_OBJ);
    ok = ok &&
         put_list(d, "DIMENSION_LIST", type, (hsize_t)o->shape.ndim, lists);
    hdf_library_close(type);
    hdf_library_close(d);
    return ok;
}

static hid_t reference_type(void)
{
    hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(struct reference));
    if (type >= 0 &&
        H5Tinsert(type, "dataset", HOFFSET(struct reference, dataset),
                  H5T_STD_REF_OBJ) >= 0 &&
        H5Tinsert(type, "dimension", HOFFSET(struct reference, axis),
                  H5T_STD_I32LE) >= 0)
        return type;
    hdf_library_close(type);
    return -1;
}

static bool uses(const struct hdf_step *step, const struct hdf_object *scale)
{
    return step->kind == STEP_ATTACH && strcmp(step->name, scale->path) == 0;
}

/* What a scale belongs to, once all of that is there. */
static bool list_users(hid_t file, const struct hdf *h,
                       const struct hdf_object *scale)
{
    size_t n = 0;
    for (const struct hdf_step *s = h->steps; s; s = s->next)
        n += uses(s, scale);
    if (n == 0)
        return true;
    struct reference *list = calloc(n, sizeof *list);
    bool ok = list != NULL;
    n = 0;
    for (const struct hdf_step *s = h->steps; s && ok; s = s->next)
        if (uses(s, scale)) {
            list[n].axis = s->axis;
            ok = refer(&list[n++].dataset, file, s->object->path);
        }
    hid_t d = H5Dopen2(file, scale->path, H5P_DEFAULT);
    hid_t type = reference_type();
    ok = ok && put_list(d, "REFERENCE_LIST", type, (hsize_t)n, list);
    hdf_library_close(type);
    hdf_library_close(d);
    free(list);
    return ok;
}

static bool do_step(hid_t file, struct image *image,
                    const struct hdf_step *step, const struct hdf_step *before)
{
    switch (step->kind) {
    case STEP_ADD:
        return add_object(file, image, step->object);
    case STEP_PUT:
        return put_attribute(file, step->object, step->attribute);
    case STEP_SCALE:
        return make_scale(file, step);
    default:
        return goes_on(step, before) || attach_scales(file, step);
    }
}

/* What the child says when it is done. */
struct built {
    bool is_done, is_too_small;
    size_t n;
    uint64_t late[HDF_LATE_MAX];
};

static struct built build(struct image *image)
{
    struct built built = { 0 };
    hid_t file = hdf_library_start() ? create_file(image) : -1;
    bool ok = file >= 0;
    const struct hdf_step *before = NULL;
    for (const struct hdf_step *s = image->h->steps; s && ok; s = s->next) {
        ok = do_step(file, image, s, before);
        before = s;
    }
    for (const struct hdf_step *s = image->h->steps; s && ok; s = s->next)
        ok = s->kind != STEP_SCALE || list_users(file, image->h, s->object);
    ok = ok && H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0;
    ssize_t n = ok ? H5Fget_file_image(file, NULL, 0) : -1; /* its size */
    hdf_library_close(file);
    built.is_too_small = image->is_too_small;
    built.is_done = n > 0 && !image->is_too_small;
    built.n = n > 0 ? (size_t)n : 0;
    memcpy(built.late, image->late, sizeof built.late);
    return built;
}

static bool build_in_child(int out, void *context)
{
    struct built built = build(context);
    return child_write(out, &built, sizeof built);
}

/* A system that gives no process (strict about memory, say) still lets us save:
 * what is built is our own. */
static struct built build_somewhere(struct image *image)
{
    struct built built = { 0 };
    char *bytes;
    size_t n;
    const struct child_limits limits =
        building_limits(image->h->expected_bytes);
    enum child_end end =
        child_run(&bytes, &n, sizeof built, build_in_child, image, &limits);
    if (end == CHILD_NONE)
        return build(image);
    if (end == CHILD_OK && n == sizeof built)
        memcpy(&built, bytes, n);
    free(bytes);
    return built;
}

/* Late datasets know their places; false: one does not lie in the file. */
static bool place_late(struct hdf *h, const struct built *built)
{
    int n = 0;
    for (idx i = 0; i < h->n_objects; i++) {
        struct hdf_object *o = h->objects[i];
        if (!o->is_late)
            continue;
        size_t bytes =
            (size_t)hdf_shape_count(&o->shape) * hdf_type_bytes(o->type);
        if (n == HDF_LATE_MAX || bytes > built->n ||
            built->late[n] > built->n - bytes)
            return false;
        o->start = built->late[n++];
    }
    return true;
}

int hdf_image_build(char **bytes, size_t *n, size_t *cap_bytes, struct hdf *h)
{
    struct image image = { .h = h };
    struct built built;
    size_t cap = h->expected_bytes + h->expected_bytes / 8 + (1 << 20);
    do {
        image.cap_bytes = cap;
        image.is_too_small = false;
        image.n_late = 0;
        image.bytes = mmap(NULL, cap, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (image.bytes == MAP_FAILED)
            return hdf_no_memory(h, "build");
        built = build_somewhere(&image);
        if (!built.is_done)
            munmap(image.bytes, cap);
        cap *= 2;
    } while (built.is_too_small);
    if (!built.is_done)
        return hdf_no_memory(h, "build");
    if (built.n > image.cap_bytes || !place_late(h, &built)) {
        munmap(image.bytes, image.cap_bytes);
        return hdf_no_memory(h, "build");
    }
    *bytes = image.bytes;
    *n = built.n;
    *cap_bytes = image.cap_bytes;
    return OK;
}
