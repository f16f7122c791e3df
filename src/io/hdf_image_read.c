#include "io/hdf_image_read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/child.h"
#include "io/hdf_library.h"
#include "io/hdf_record.h"

/* A stranger's file is read within these. Our largest ones have a few thousand
 * objects, and take a few MiB and a tenth of a second for them. */
enum {
    OBJECTS_MAX = 1 << 18,
    TREE_BYTES_MAX = 1 << 26,
    DEPTH_MAX = 4, /* /optim/moment1/tensor and its members, if any */
    CPU_MIN_MS = 500,
    CPU_MAX_MS = 30000,
    CPU_BYTES_PER_MS = 4096, /* of the file, all of it objects */
};
static const size_t MEMORY_BYTES = (size_t)1 << 29;

static struct child_limits reading_limits(size_t n_bytes)
{
    size_t cpu_ms = CPU_MIN_MS + n_bytes / CPU_BYTES_PER_MS;
    return (struct child_limits){
        .memory_bytes = MEMORY_BYTES,
        .cpu_ms = cpu_ms < CPU_MAX_MS ? (int)cpu_ms : CPU_MAX_MS,
        .wall_s = HDF_WALL_S,
    };
}

/* ---- the image ----------------------------------------------------------- */

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

/* ---- in the child -------------------------------------------------------- */

struct walk {
    FILE *out;
    size_t n_bytes; /* of the image */
    long n_objects;
    int depth;
    char path[HDF_PATH_MAX]; /* of the object at hand */
    bool has_failed;
};

static hid_t open_image(struct hdf *h)
{
    H5FD_file_image_callbacks_t hooks = { image_malloc,
                                          image_memcpy,
                                          image_realloc,
                                          hdf_image_free,
                                          hdf_context_copy,
                                          hdf_context_free,
                                          h };
    hid_t file = -1, access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
        H5Pset_file_image_callbacks(access, &hooks) >= 0 &&
        H5Pset_file_image(access, h->bytes, h->n_bytes) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        file = H5Fopen(hdf_image_name, H5F_ACC_RDONLY, access);
    return file;
}

static bool find_type(enum hdf_type *type, hid_t data)
{
    hid_t t = H5Dget_type(data);
    bool is_found = false;
    for (int i = HDF_FLOAT32; t >= 0 && i <= HDF_INT64 && !is_found; i++) {
        *type = (enum hdf_type)i;
        is_found = H5Tequal(t, hdf_file_type(*type)) > 0;
    }
    hdf_library_close(t);
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
    hdf_library_close(space);
    return ok;
}

static bool is_plain(hid_t data)
{
    hid_t list = H5Dget_create_plist(data);
    bool ok = list >= 0 && H5Pget_layout(list) == H5D_CONTIGUOUS &&
              H5Pget_external_count(list) == 0 && H5Pget_nfilters(list) == 0;
    hdf_library_close(list);
    return ok;
}

/* Type, shape and place of a dataset; NULL or a complaint. Storage comes
 * before shape, as the shape of a virtual one lies in other files. */
static const char *inspect(struct record *r, hid_t data, size_t n_bytes)
{
    struct hdf_shape shape = { 0 };
    enum hdf_type type;
    if (!find_type(&type, data))
        return "has another type than little-endian float32, float64 or int64";
    if (!is_plain(data))
        return "is not stored plainly (chunked, compressed, external or "
               "virtual)";
    size_t size = hdf_type_bytes(type);
    if (!find_shape(&shape, data, (size_t)PTRDIFF_MAX / size))
        return "has an impossible shape";
    size_t bytes = (size_t)hdf_shape_count(&shape) * size;
    haddr_t start = H5Dget_offset(data);
    if (H5Dget_storage_size(data) != bytes || start == HADDR_UNDEF)
        return "has less data than its shape says";
    if (bytes > n_bytes || start > n_bytes - bytes)
        return "has data outside the file";
    r->type = (uint8_t)type;
    r->ndim = shape.ndim;
    for (int i = 0; i < shape.ndim; i++)
        r->n[i] = shape.n[i];
    r->start = start;
    return NULL;
}

static enum hdf_extent find_extent(int64_t *n, hid_t a)
{
    enum hdf_extent extent = EXTENT_OTHER;
    hsize_t count = 0;
    hid_t space = H5Aget_space(a);
    H5S_class_t class =
        space < 0 ? H5S_NO_CLASS : H5Sget_simple_extent_type(space);
    if (class == H5S_SCALAR)
        extent = EXTENT_SCALAR;
    else if (class == H5S_SIMPLE && H5Sget_simple_extent_ndims(space) == 1 &&
             H5Sget_simple_extent_dims(space, &count, NULL) == 1)
        extent = EXTENT_LIST;
    *n = count > INT32_MAX ? INT32_MAX : (int64_t)count;
    hdf_library_close(space);
    return extent;
}

static enum hdf_value find_value(hid_t a)
{
    hid_t t = H5Aget_type(a), text = hdf_text_type();
    enum hdf_value value = VALUE_OTHER;
    if (t >= 0 && text >= 0 && H5Tequal(t, text) > 0)
        value = VALUE_TEXT;
    else if (t >= 0 && H5Tequal(t, H5T_STD_I64LE) > 0)
        value = VALUE_INT;
    else if (t >= 0 && H5Tequal(t, H5T_IEEE_F64LE) > 0)
        value = VALUE_DOUBLE;
    hdf_library_close(text);
    hdf_library_close(t);
    return value;
}

/* Remember the first thing that the library could not read. */
static herr_t fail(struct walk *w)
{
    char reason[HDF_REASON_MAX];
    if (!w->has_failed)
        hdf_tell(w->out, (struct record){ .kind = RECORD_FAILURE }, w->path,
                 hdf_library_reason(reason));
    w->has_failed = true;
    return -1;
}

static bool read_text(hid_t a, char **text)
{
    hid_t type = hdf_text_type();
    bool ok = type >= 0 && H5Aread(a, type, text) >= 0;
    hdf_library_close(type);
    return ok;
}

static herr_t send_attribute(hid_t object, const char *name,
                             const H5A_info_t *info, void *context)
{
    struct walk *w = context;
    struct record r = { .kind = RECORD_ATTRIBUTE };
    char *text = NULL; /* the library's */
    bool ok = true;
    hid_t a = H5Aopen(object, name, H5P_DEFAULT);
    (void)info;
    if (a < 0 || strlen(name) >= HDF_PATH_MAX)
        return fail(w);
    r.extent = (uint8_t)find_extent(&r.count, a);
    r.of = (uint8_t)find_value(a);
    bool is_one = r.extent == EXTENT_SCALAR;
    if (r.of == VALUE_TEXT && is_one)
        ok = read_text(a, &text);
    else if (r.of == VALUE_DOUBLE && is_one)
        ok = H5Aread(a, H5T_IEEE_F64LE, &r.number) >= 0;
    else if (r.of == VALUE_INT &&
             (is_one || (r.extent == EXTENT_LIST && r.count <= HDF_NDIM_MAX)))
        ok = H5Aread(a, H5T_STD_I64LE, r.n) >= 0;
    if (!ok)
        return fail(w);
    hdf_tell(w->out, r, name,
             r.of == VALUE_TEXT && is_one ? (text ? text : "") : NULL);
    H5free_memory(text);
    hdf_library_close(a);
    return ferror(w->out) || ftell(w->out) > TREE_BYTES_MAX ? fail(w) : 0;
}

static herr_t send_object(hid_t group, const char *name, const H5L_info_t *link,
                          void *context);

/* Members are sent after their group and its attributes. */
static herr_t send_members(struct walk *w, hid_t group)
{
    if (w->depth >= DEPTH_MAX)
        return 0;
    w->depth++;
    herr_t rc =
        H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, send_object, w);
    w->depth--;
    return rc < 0 ? fail(w) : 0;
}

/* A group has a member whose name is too long for a path? */
static herr_t find_long_name(hid_t group, const char *name,
                             const H5L_info_t *link, void *context)
{
    const struct walk *w = context;
    (void)group, (void)link;
    return strlen(w->path) + 1 + strlen(name) >= HDF_PATH_MAX;
}

static herr_t send_opened(struct walk *w, hid_t o)
{
    struct record r = { .kind = RECORD_OBJECT };
    const char *complaint = NULL;
    H5I_type_t type = H5Iget_type(o);
    r.of = type == H5I_GROUP     ? KIND_GROUP
           : type == H5I_DATASET ? KIND_DATASET
                                 : KIND_OTHER;
    if (++w->n_objects > OBJECTS_MAX)
        return fail(w);
    if (r.of == KIND_DATASET)
        complaint = inspect(&r, o, w->n_bytes);
    if (r.of == KIND_GROUP) {
        herr_t found =
            H5Literate(o, H5_INDEX_NAME, H5_ITER_INC, NULL, find_long_name, w);
        if (found < 0)
            return fail(w);
        r.has_long_names = found > 0;
    }
    hdf_tell(w->out, r, w->path, complaint);
    if (H5Aiterate2(o, H5_INDEX_NAME, H5_ITER_INC, NULL, send_attribute, w) < 0)
        return fail(w);
    return r.of == KIND_GROUP ? send_members(w, o) : 0;
}

static herr_t send_object(hid_t group, const char *name, const H5L_info_t *link,
                          void *context)
{
    struct walk *w = context;
    char reason[HDF_REASON_MAX];
    size_t n = strlen(w->path);
    if (n + 1 + strlen(name) >= HDF_PATH_MAX)
        return 0; /* its group says so */
    snprintf(w->path + n, HDF_PATH_MAX - n, "%s%s", n > 1 ? "/" : "", name);
    herr_t rc = 0;
    hid_t o = -1;
    if (link->type != H5L_TYPE_HARD)
        hdf_tell(w->out,
                 (struct record){ .kind = RECORD_OBJECT, .of = KIND_LINK },
                 w->path, NULL);
    else if ((o = H5Oopen(group, name, H5P_DEFAULT)) < 0)
        hdf_tell(
            w->out,
            (struct record){ .kind = RECORD_OBJECT, .of = KIND_UNREADABLE },
            w->path, hdf_library_reason(reason));
    else
        rc = send_opened(w, o);
    hdf_library_close(o);
    w->path[n] = '\0';
    if (rc == 0 && (ferror(w->out) || ftell(w->out) > TREE_BYTES_MAX))
        rc = fail(w);
    return rc;
}

static bool read_in_child(int out, void *context)
{
    struct hdf *h = context;
    char *text = NULL;
    size_t n = 0;
    struct walk w = { .n_bytes = h->n_bytes, .path = "/" };
    w.out = open_memstream(&text, &n);
    const char started = HDF_STARTED;
    if (!w.out || !hdf_library_start() || !child_write(out, &started, 1))
        return false;
    hid_t file = open_image(h), root = -1;
    if (file >= 0)
        root = H5Oopen(file, "/", H5P_DEFAULT);
    if (root < 0) {
        snprintf(w.path, sizeof w.path, "the file");
        fail(&w);
    } else {
        send_opened(&w, root);
    }
    hdf_tell(w.out, (struct record){ .kind = RECORD_END }, "", NULL);
    bool ok = !ferror(w.out);
    ok = fclose(w.out) == 0 && ok;
    return ok && child_write(out, text, n);
}

/* ---- in the parent ------------------------------------------------------- */

int hdf_image_read(struct hdf *h)
{
    char *bytes;
    size_t n;
    const struct child_limits limits = reading_limits(h->n_bytes);
    switch (child_run(&bytes, &n, TREE_BYTES_MAX + (1 << 20), read_in_child, h,
                      &limits)) {
    case CHILD_OK:
        hdf_take(h, bytes + 1, n - 1); /* without HDF_STARTED */
        h->layout.text = bytes;
        h->layout.n = n;
        return h->rc;
    case CHILD_FAILED:
        hdf_unreadable(h, "the file",
                       "the library crashed or did not come to an end");
        break;
    case CHILD_NO_START:
    case CHILD_NO_MEMORY:
        hdf_no_memory(h, "read");
        break;
    case CHILD_NONE:
        h->rc = errno == EMFILE || errno == ENFILE
                    ? err_system(h->e, h->path, "read it in another process")
                    : err_set(h->e, ERR_MEMORY,
                              "%s: the system gives no process to read it in: "
                              "free some memory, or raise the limit (ulimit "
                              "-u)",
                              h->path);
    }
    free(bytes);
    return h->rc;
}
