#include "io/hdf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/fsys.h"
#include "io/hdf_lib.h"

static const char signature[8] = "\211HDF\r\n\032\n";

/* The library's hooks for a file that is in memory already: "allocating" and
 * "copying" the image give the one buffer there is, and it is ours to free. */

static void *image_malloc(size_t n, H5FD_file_image_op_t op, void *context)
{
    struct hdf *h = context;
    (void)op;
    return n == h->n_bytes ? h->bytes : NULL;
}

static void *image_memcpy(void *to, const void *from, size_t n,
                          H5FD_file_image_op_t op, void *context)
{
    (void)from, (void)n, (void)op, (void)context;
    return to;
}

static void *image_realloc(void *p, size_t n, H5FD_file_image_op_t op,
                           void *context)
{
    (void)p, (void)n, (void)op, (void)context;
    return NULL; /* only a writer needs it */
}

static herr_t image_free(void *p, H5FD_file_image_op_t op, void *context)
{
    (void)p, (void)op, (void)context;
    return 0;
}

static void *context_copy(void *context)
{
    return context;
}

static herr_t context_free(void *context)
{
    (void)context;
    return 0;
}

static int open_image(struct hdf *h)
{
    H5FD_file_image_callbacks_t hooks = { image_malloc,
                                          image_memcpy,
                                          image_realloc,
                                          image_free,
                                          context_copy,
                                          context_free,
                                          h };
    char name[64];
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    snprintf(name, sizeof name, "/dev/null/%p", (void *)h); /* see hdf_build */
    if (access >= 0 && H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
        H5Pset_file_image_callbacks(access, &hooks) >= 0 &&
        H5Pset_file_image(access, h->bytes, h->n_bytes) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        h->file = H5Fopen(name, H5F_ACC_RDONLY, access);
    int rc = h->file < 0 ? hdf_unreadable(h, "the file") : OK;
    hdf_close_id(access);
    return rc;
}

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
    return OK;
}

int hdf_read_seal(char hex[HASH_HEX_MAX], const char *path, int damage_code,
                  const char *remedy, struct err *e)
{
    char seal[HDF_SEAL_BYTES];
    struct stat st;
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &st) == 0)
        n = st.st_size < HDF_SEAL_BYTES
                ? 0
                : pread(fd, seal, sizeof seal, st.st_size - HDF_SEAL_BYTES);
    int errnum = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return err_set(e, ERR_IO, "%s: cannot read: %s", path,
                       strerror(errnum));
    if (n != HDF_SEAL_BYTES ||
        memcmp(seal, HDF_SEAL_MARK, HDF_SEAL_MARK_BYTES) != 0)
        return err_set(e, damage_code,
                       "%s: damaged (its end, the seal, is missing); %s", path,
                       remedy);
    memcpy(hex, seal + HDF_SEAL_MARK_BYTES, HASH_HEX_MAX - 1);
    hex[HASH_HEX_MAX - 1] = '\0';
    return OK;
}

int hdf_open(struct hdf **h, const char *path, size_t cap_bytes,
             int damage_code, const char *remedy, struct err *e)
{
    *h = calloc(1, sizeof **h);
    if (!*h)
        return err_set(e, ERR_MEMORY, "%s: no memory", path);
    **h = (struct hdf){ .file = -1,
                        .path = path,
                        .e = e,
                        .damage_code = damage_code,
                        .remedy = remedy };
    hdf_init();
    (*h)->rc = fsys_read_file(&(*h)->bytes, &(*h)->n_bytes, path, cap_bytes, e);
    if ((*h)->rc != OK || check_seal(*h) != OK)
        return (*h)->rc;
    return open_image(*h);
}

/* Copy the next part of path into name (HDF_PATH_MAX); returns what follows
 * it, or NULL at the end. */
static const char *next_part(char *name, const char *path)
{
    while (*path == '/')
        path++;
    size_t n = strcspn(path, "/");
    BUG_ON(n >= HDF_PATH_MAX);
    memcpy(name, path, n);
    name[n] = '\0';
    return n ? path + n : NULL;
}

hid_t hdf_open_object(struct hdf *h, const char *path)
{
    char name[HDF_PATH_MAX];
    const char *rest = path;
    hid_t at = h->rc == OK ? H5Oopen(h->file, "/", H5P_DEFAULT) : -1;
    if (at < 0)
        hdf_unreadable(h, "/"); /* unless something was said before */
    while (at >= 0 && (rest = next_part(name, rest))) {
        H5L_info_t link;
        hid_t next = -1;
        if (H5Iget_type(at) != H5I_GROUP)
            hdf_foreign(h, path, "lies below a dataset");
        else if (H5Lexists(at, name, H5P_DEFAULT) == 0)
            hdf_foreign(h, path, "is missing");
        else if (H5Lget_info(at, name, &link, H5P_DEFAULT) < 0)
            hdf_unreadable(h, path);
        else if (link.type != H5L_TYPE_HARD)
            hdf_foreign(h, path, "is a soft or external link");
        else if ((next = H5Oopen(at, name, H5P_DEFAULT)) < 0)
            hdf_unreadable(h, path);
        hdf_close_id(at);
        at = next;
    }
    return at;
}

static hid_t open_kind(struct hdf *h, const char *path, H5I_type_t kind,
                       const char *complaint)
{
    hid_t id = hdf_open_object(h, path);
    if (id >= 0 && H5Iget_type(id) != kind) {
        hdf_foreign(h, path, complaint);
        hdf_close_id(id);
        id = -1;
    }
    return id;
}

bool hdf_has(struct hdf *h, const char *group, const char *name)
{
    hid_t id = open_kind(h, group, H5I_GROUP, "is not a group");
    bool has = id >= 0 && H5Lexists(id, name, H5P_DEFAULT) > 0;
    hdf_close_id(id);
    return has;
}

struct listing {
    struct hdf *h;
    const char *group;
    void (*visit)(struct hdf *h, const char *path, void *context);
    void *context;
};

static herr_t list_one(hid_t group, const char *name, const H5L_info_t *link,
                       void *context)
{
    const struct listing *l = context;
    char path[HDF_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", l->group, name);
    (void)group;
    if (n < 0 || n >= HDF_PATH_MAX)
        hdf_foreign(l->h, l->group, "has a member with an overlong name");
    else if (link->type != H5L_TYPE_HARD)
        hdf_foreign(l->h, path, "is a soft or external link");
    else
        l->visit(l->h, path, l->context);
    return l->h->rc == OK ? 0 : -1;
}

int hdf_list(struct hdf *h, const char *group,
             void (*visit)(struct hdf *h, const char *path, void *context),
             void *context)
{
    struct listing l = { h, group, visit, context };
    hid_t id = open_kind(h, group, H5I_GROUP, "is not a group");
    if (id >= 0 &&
        H5Literate(id, H5_INDEX_NAME, H5_ITER_INC, NULL, list_one, &l) < 0)
        hdf_unreadable(h, group);
    hdf_close_id(id);
    return h->rc;
}

static bool find_type(enum hdf_type *type, hid_t data)
{
    hid_t t = H5Dget_type(data);
    bool is_found = false;
    for (int i = HDF_FLOAT32; t >= 0 && i <= HDF_INT64 && !is_found; i++) {
        *type = (enum hdf_type)i;
        is_found = H5Tequal(t, hdf_file_type(*type)) > 0;
    }
    hdf_close_id(t);
    return is_found;
}

/* Shape, and its count of numbers if that is at most max. */
static bool find_shape(struct hdf_shape *shape, hid_t data, size_t max)
{
    hsize_t n[HDF_NDIM_MAX] = { 0 };
    hid_t space = H5Dget_space(data);
    size_t count = 1;
    int ndim = space < 0 || H5Sget_simple_extent_type(space) != H5S_SIMPLE
                   ? -1
                   : H5Sget_simple_extent_ndims(space);
    bool ok = ndim >= 1 && ndim <= HDF_NDIM_MAX &&
              H5Sget_simple_extent_dims(space, n, NULL) == ndim;
    for (int i = 0; ok && i < ndim; i++) {
        ok = n[i] >= 1 && n[i] <= max / count;
        count *= ok ? (size_t)n[i] : 1;
        shape->n[i] = (idx)n[i];
    }
    shape->ndim = ndim;
    hdf_close_id(space);
    return ok;
}

static bool is_plain(hid_t data)
{
    hid_t list = H5Dget_create_plist(data);
    bool ok = list >= 0 && H5Pget_layout(list) == H5D_CONTIGUOUS &&
              H5Pget_external_count(list) == 0 && H5Pget_nfilters(list) == 0;
    hdf_close_id(list);
    return ok;
}

/* The checks of hdf_inspect. 0 or a complaint. */
static const char *inspect(const struct hdf *h, hid_t data, enum hdf_type *type,
                           struct hdf_shape *shape)
{
    if (!find_type(type, data))
        return "has another type than little-endian float32, float64 or int64";
    if (!is_plain(data))
        return "is not stored plainly (chunked, compressed, external or "
               "virtual)";
    size_t size = *type == HDF_FLOAT32 ? 4 : 8;
    if (!find_shape(shape, data, (size_t)PTRDIFF_MAX / size))
        return "has an impossible shape";
    size_t bytes = (size_t)hdf_shape_count(shape) * size;
    haddr_t start = H5Dget_offset(data);
    if (H5Dget_storage_size(data) != bytes || start == HADDR_UNDEF)
        return "has less data than its shape says";
    if (bytes > h->n_bytes || start > h->n_bytes - bytes)
        return "has data outside the file";
    return NULL;
}

int hdf_inspect(struct hdf *h, const char *path, enum hdf_type *type,
                struct hdf_shape *shape)
{
    hid_t data = open_kind(h, path, H5I_DATASET, "is not a dataset");
    const char *complaint = data < 0 ? NULL : inspect(h, data, type, shape);
    if (complaint)
        hdf_foreign(h, path, complaint);
    hdf_close_id(data);
    return h->rc;
}

int hdf_read(struct hdf *h, const char *path, enum hdf_type type, void *values,
             idx n)
{
    enum hdf_type found;
    struct hdf_shape shape;
    if (hdf_inspect(h, path, &found, &shape) != OK)
        return h->rc;
    if (hdf_shape_count(&shape) != n)
        return hdf_foreign(h, path, "has another shape than wanted");
    hid_t data = hdf_open_object(h, path);
    if (data >= 0 && H5Dread(data, hdf_file_type(type), H5S_ALL, H5S_ALL,
                             H5P_DEFAULT, values) < 0)
        hdf_unreadable(h, path);
    hdf_close_id(data);
    return h->rc;
}
