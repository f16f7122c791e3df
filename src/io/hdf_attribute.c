#include "io/hdf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/hdf_lib.h"

/* A variable-length string. */
static hid_t text_type(H5T_cset_t cset)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, cset) >= 0)
        return type;
    hdf_close_id(type);
    return -1;
}

/* Takes over type and space, as any of them may have failed to be made. */
static int put(struct hdf *h, const char *object, const char *name, hid_t type,
               hid_t space, const void *value)
{
    int rc = OK;
    hid_t a = -1, o = H5Oopen(h->file, object, H5P_DEFAULT);
    if (o >= 0 && type >= 0 && space >= 0)
        a = H5Acreate2(o, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (a < 0 || H5Awrite(a, type, value) < 0)
        rc = hdf_no_memory(h, object);
    hdf_close_id(a);
    hdf_close_id(o);
    hdf_close_id(space);
    hdf_close_id(type);
    return rc;
}

int hdf_put_text(struct hdf *h, const char *object, const char *name,
                 const char *text)
{
    if (h->rc != OK)
        return h->rc;
    return put(h, object, name, text_type(H5T_CSET_UTF8), H5Screate(H5S_SCALAR),
               &text);
}

int hdf_put_int(struct hdf *h, const char *object, const char *name,
                int64_t value)
{
    if (h->rc != OK)
        return h->rc;
    return put(h, object, name, H5Tcopy(H5T_STD_I64LE), H5Screate(H5S_SCALAR),
               &value);
}

int hdf_put_double(struct hdf *h, const char *object, const char *name,
                   double value)
{
    if (h->rc != OK)
        return h->rc;
    return put(h, object, name, H5Tcopy(H5T_IEEE_F64LE), H5Screate(H5S_SCALAR),
               &value);
}

int hdf_put_shape(struct hdf *h, const char *object, const char *name,
                  const struct hdf_shape *shape)
{
    int64_t n[HDF_NDIM_MAX] = { 0 };
    hsize_t count = (hsize_t)shape->ndim;
    if (h->rc != OK)
        return h->rc;
    for (int i = 0; i < shape->ndim; i++)
        n[i] = shape->n[i];
    return put(h, object, name, H5Tcopy(H5T_STD_I64LE),
               H5Screate_simple(1, &count, NULL), n);
}

/* An attribute of one value, or with `count` of a list of values. Negative,
 * with the error recorded, on failure. */
static hid_t open_attribute(struct hdf *h, const char *object, const char *name,
                            hsize_t *count)
{
    char what[HDF_PATH_MAX];
    H5S_class_t want = count ? H5S_SIMPLE : H5S_SCALAR;
    hid_t a = -1, space = -1, o = hdf_open_object(h, object);
    if (o >= 0 && H5Aexists(o, name) > 0)
        a = H5Aopen(o, name, H5P_DEFAULT);
    if (a >= 0)
        space = H5Aget_space(a);
    bool ok = space >= 0 && H5Sget_simple_extent_type(space) == want;
    if (ok && count)
        ok = H5Sget_simple_extent_ndims(space) == 1 &&
             H5Sget_simple_extent_dims(space, count, NULL) == 1;
    hdf_close_id(space);
    hdf_close_id(o);
    if (ok)
        return a;
    hdf_close_id(a);
    snprintf(what, sizeof what, "has no sound attribute %s", name);
    hdf_foreign(h, object, what);
    return -1;
}

/* Read the values of a (takes it over) if they are of the wanted type. */
static int read_attribute(struct hdf *h, hid_t a, hid_t want,
                          const char *object, const char *name, void *value)
{
    char what[HDF_PATH_MAX];
    hid_t type = a >= 0 ? H5Aget_type(a) : -1;
    snprintf(what, sizeof what, "has an attribute %s of another type", name);
    if (a >= 0 && (type < 0 || want < 0 || H5Tequal(type, want) <= 0))
        hdf_foreign(h, object, what);
    else if (a >= 0 && H5Aread(a, want, value) < 0)
        hdf_unreadable(h, object);
    hdf_close_id(type);
    hdf_close_id(a);
    return h->rc;
}

int hdf_get_text(struct hdf *h, const char *object, const char *name,
                 char **text)
{
    char *got = NULL; /* the library's */
    hid_t want = text_type(H5T_CSET_UTF8);
    hid_t a = open_attribute(h, object, name, NULL);
    int rc = read_attribute(h, a, want, object, name, &got);
    hdf_close_id(want);
    if (rc != OK)
        return rc;
    *text = strdup(got ? got : "");
    H5free_memory(got);
    if (!*text)
        return h->rc = err_set(h->e, ERR_MEMORY, "%s: no memory", h->path);
    return OK;
}

int hdf_get_int(struct hdf *h, const char *object, const char *name,
                int64_t *value)
{
    hid_t a = open_attribute(h, object, name, NULL);
    return read_attribute(h, a, H5T_STD_I64LE, object, name, value);
}

int hdf_get_double(struct hdf *h, const char *object, const char *name,
                   double *value)
{
    hid_t a = open_attribute(h, object, name, NULL);
    return read_attribute(h, a, H5T_IEEE_F64LE, object, name, value);
}

int hdf_get_shape(struct hdf *h, const char *object, const char *name,
                  struct hdf_shape *shape)
{
    int64_t n[HDF_NDIM_MAX];
    hsize_t count = 0;
    hid_t a = open_attribute(h, object, name, &count);
    if (a >= 0 && count > HDF_NDIM_MAX) {
        hdf_close_id(a);
        return hdf_foreign(h, object, "has too many dimensions");
    }
    if (read_attribute(h, a, H5T_STD_I64LE, object, name, n) != OK)
        return h->rc;
    shape->ndim = (int)count;
    for (int i = 0; i < shape->ndim; i++)
        shape->n[i] = (idx)n[i];
    return OK;
}
