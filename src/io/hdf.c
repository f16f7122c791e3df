#include "io/hdf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "io/fsys.h"
#include "io/hdf_lib.h"

void hdf_init(void)
{
    H5dont_atexit(); /* its exit handler crashes after a failed close */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* messages are ours */
    H5PLset_loading_state(0);              /* no code out of plug-in folders */
}

enum { REASON_MAX = 200 };

static herr_t keep_first(unsigned n, const H5E_error2_t *record, void *context)
{
    char *text = context;
    snprintf(text, REASON_MAX, "%s", record->desc ? record->desc : "");
    (void)n;
    return 1; /* upward walk: the first is where it happened */
}

/* The library's own words for what just failed; returns text. */
static const char *find_reason(char text[REASON_MAX])
{
    snprintf(text, REASON_MAX, "no reason given");
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, text);
    return text;
}

void hdf_close_id(hid_t id)
{
    if (id < 0)
        return;
    switch (H5Iget_type(id)) {
    case H5I_FILE:
        H5Fclose(id);
        break;
    case H5I_GENPROP_LST:
        H5Pclose(id);
        break;
    case H5I_DATASPACE:
        H5Sclose(id);
        break;
    case H5I_ATTR:
        H5Aclose(id);
        break;
    case H5I_DATATYPE: /* a type out of a file is closed as an object is not */
        H5Tclose(id);
        break;
    default:
        H5Oclose(id);
    }
}

hid_t hdf_file_type(enum hdf_type type)
{
    switch (type) {
    case HDF_FLOAT32:
        return H5T_IEEE_F32LE;
    case HDF_FLOAT64:
        return H5T_IEEE_F64LE;
    case HDF_INT64:
        return H5T_STD_I64LE;
    }
    return -1;
}

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

int hdf_unreadable(struct hdf *h, const char *what)
{
    char reason[REASON_MAX];
    return hdf_refuse(h, "damaged (%s cannot be read; HDF5: %s); %s", what,
                      find_reason(reason), h->remedy);
}

int hdf_foreign(struct hdf *h, const char *object, const char *what)
{
    return hdf_refuse(h, "not written by sinklab (%s %s); %s", object, what,
                      h->remedy);
}

int hdf_no_memory(struct hdf *h, const char *what)
{
    char reason[REASON_MAX];
    if (h->rc != OK)
        return h->rc;
    return h->rc = err_set(h->e, ERR_MEMORY,
                           "%s: cannot build %s in memory (HDF5: %s); free "
                           "some memory, or use a smaller model",
                           h->path, what, find_reason(reason));
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
    hdf_close_id(list);
    return -1;
}

int hdf_build(struct hdf **h, const char *path, size_t expected_bytes,
              struct err *e)
{
    char name[64];
    hid_t access = -1, creation = -1;
    *h = calloc(1, sizeof **h);
    if (!*h)
        return err_set(e, ERR_MEMORY, "%s: no memory", path);
    **h = (struct hdf){ .file = -1, .path = path, .e = e, .n_bytes = SIZE_MAX };
    hdf_init();
    /* Images are told apart by name alone, so it must be unique; and it must
     * not be the name of any file. */
    snprintf(name, sizeof name, "/dev/null/%p", (void *)*h);
    access = H5Pcreate(H5P_FILE_ACCESS);
    creation = creation_list(H5P_FILE_CREATE);
    if (access >= 0 && creation >= 0 &&
        H5Pset_fapl_core(access, expected_bytes + 4096, 0) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        (*h)->file = H5Fcreate(name, H5F_ACC_TRUNC, creation, access);
    int rc = (*h)->file < 0 ? hdf_no_memory(*h, "the file") : OK;
    hdf_close_id(creation);
    hdf_close_id(access);
    return rc;
}

void hdf_free(struct hdf *h)
{
    if (!h)
        return;
    hdf_close_id(h->file);
    free(h->bytes);
    free(h);
}

int hdf_save(struct hdf *h)
{
    void **image = NULL;
    ssize_t n = -1;
    char seal[HDF_SEAL_BYTES + 1], hex[HASH_HEX_MAX];
    if (h->rc != OK)
        return h->rc;
    if (H5Fflush(h->file, H5F_SCOPE_GLOBAL) >= 0 &&
        H5Fget_vfd_handle(h->file, H5P_DEFAULT, (void **)&image) >= 0)
        n = H5Fget_file_image(h->file, NULL, 0); /* only its size: no copy */
    if (n < 0)
        return hdf_no_memory(h, "the file");
    hash_hex(hex, hash_bytes(*image, (size_t)n));
    snprintf(seal, sizeof seal, "%s%s\n", HDF_SEAL_MARK, hex);
    struct fsys_part parts[] = { { *image, (size_t)n },
                                 { seal, HDF_SEAL_BYTES } };
    return h->rc = fsys_replace_parts(h->path, parts, COUNT_OF(parts), h->e);
}

int hdf_add_group(struct hdf *h, const char *path)
{
    if (h->rc != OK)
        return h->rc;
    hid_t list = creation_list(H5P_GROUP_CREATE), group = -1;
    if (list >= 0)
        group = H5Gcreate2(h->file, path, H5P_DEFAULT, list, H5P_DEFAULT);
    int rc = group < 0 ? hdf_no_memory(h, path) : OK;
    hdf_close_id(group);
    hdf_close_id(list);
    return rc;
}

static hid_t make_space(const struct hdf_shape *shape)
{
    hsize_t n[HDF_NDIM_MAX];
    BUG_ON(shape->ndim < 1 || shape->ndim > HDF_NDIM_MAX);
    for (int i = 0; i < shape->ndim; i++) {
        BUG_ON(shape->n[i] < 1);
        n[i] = (hsize_t)shape->n[i];
    }
    return H5Screate_simple(shape->ndim, n, NULL);
}

int hdf_add_dataset(struct hdf *h, const char *path, enum hdf_type type,
                    const struct hdf_shape *shape, const void *values)
{
    if (h->rc != OK)
        return h->rc;
    int rc = OK;
    hid_t t = hdf_file_type(type), data = -1;
    hid_t list = creation_list(H5P_DATASET_CREATE);
    hid_t space = make_space(shape);
    if (list >= 0 && space >= 0)
        data =
            H5Dcreate2(h->file, path, t, space, H5P_DEFAULT, list, H5P_DEFAULT);
    if (data < 0 || H5Dwrite(data, t, H5S_ALL, H5S_ALL, H5P_DEFAULT, values))
        rc = hdf_no_memory(h, path);
    hdf_close_id(data);
    hdf_close_id(space);
    hdf_close_id(list);
    return rc;
}

int hdf_make_scale(struct hdf *h, const char *dataset, const char *name)
{
    if (h->rc != OK)
        return h->rc;
    hid_t d = H5Dopen2(h->file, dataset, H5P_DEFAULT);
    int rc =
        d < 0 || H5DSset_scale(d, name) < 0 ? hdf_no_memory(h, dataset) : OK;
    hdf_close_id(d);
    return rc;
}

int hdf_attach_scale(struct hdf *h, const char *dataset, int axis,
                     const char *scale)
{
    if (h->rc != OK)
        return h->rc;
    hid_t d = H5Dopen2(h->file, dataset, H5P_DEFAULT);
    hid_t s = H5Dopen2(h->file, scale, H5P_DEFAULT);
    int rc = OK;
    if (d < 0 || s < 0 || H5DSattach_scale(d, s, (unsigned)axis) < 0)
        rc = hdf_no_memory(h, dataset);
    hdf_close_id(s);
    hdf_close_id(d);
    return rc;
}
