#include "io/hdf_library.h"

#include <errno.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "io/child.h"

/* A stranger's file is read within these. Our largest ones have a few thousand
 * objects, and take a few MiB and a tenth of a second for them. */
enum {
    OBJECTS_MAX = 1 << 18,
    TREE_BYTES_MAX = 1 << 26,
    DEPTH_MAX = 4, /* /optim/moment1/tensor and its members, if any */
    CPU_MIN_MS = 500,
    CPU_MAX_MS = 30000,
    CPU_BYTES_PER_MS = 4096, /* of the file, all of it objects */
    WALL_S = 300,
};
static const size_t MEMORY_BYTES = (size_t)1 << 29;

static struct child_limits reading_limits(size_t n_bytes)
{
    size_t cpu_ms = CPU_MIN_MS + n_bytes / CPU_BYTES_PER_MS;
    return (struct child_limits){
        .memory_bytes = MEMORY_BYTES,
        .cpu_ms = cpu_ms < CPU_MAX_MS ? (int)cpu_ms : CPU_MAX_MS,
        .wall_s = WALL_S,
    };
}

/* What we build is sound, but the library may still lose its way where an
 * allocation fails. */
static struct child_limits building_limits(size_t n_bytes)
{
    size_t mib = n_bytes >> 20;
    return (struct child_limits){
        .cpu_ms = 10000 + (int)(mib < 1 << 20 ? mib : 1 << 20) * 64,
        .wall_s = 2 * WALL_S + (int)(mib < 1 << 20 ? mib : 1 << 20),
    };
}

static bool start_library(void)
{
    H5dont_atexit(); /* its exit handler crashes after a failed close */
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL); /* messages are ours */
    H5PLset_loading_state(0);              /* no code out of plug-in folders */
    return H5open() >= 0;
}

enum { REASON_MAX = 200 };

/* Written before all else, once the library is up: what fails before has seen
 * nothing of the file. */
static const char STARTED = 'S';

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

/* Of whatever kind; negative: nothing. */
static void close_id(hid_t id)
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

static hid_t file_type(enum hdf_type type)
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

/* A variable-length string in UTF-8. */
static hid_t text_type(void)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(type, H5T_VARIABLE) >= 0 &&
        H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
        return type;
    close_id(type);
    return -1;
}

/* ---- from child to parent ---------------------------------------------- */

/* Records of fixed parts in the machine's own form, each followed by its texts,
 * which are a length and bytes. Both ends are one program. */
enum record_kind {
    RECORD_OBJECT = 'o',
    RECORD_ATTRIBUTE = 'a',
    RECORD_FAILURE = 'f',
    RECORD_END = 'e'
};

struct record {
    uint8_t kind; /* of enum record_kind */
    uint8_t of;   /* enum hdf_kind, or hdf_value */
    uint8_t extent, type, has_long_names, has_text;
    int32_t ndim;
    int64_t n[HDF_NDIM_MAX]; /* shape, or an attribute's numbers */
    int64_t count;
    double number;
    uint64_t start;
    uint32_t name_bytes, text_bytes;
};

static void tell(FILE *out, struct record r, const char *name, const char *text)
{
    r.name_bytes = (uint32_t)strlen(name);
    r.has_text = text != NULL;
    r.text_bytes = text ? (uint32_t)strlen(text) : 0;
    fwrite(&r, sizeof r, 1, out);
    fwrite(name, 1, r.name_bytes, out);
    if (text)
        fwrite(text, 1, r.text_bytes, out);
}

/* ---- reading, in the child --------------------------------------------- */

struct walk {
    FILE *out;
    size_t n_bytes; /* of the image */
    long n_objects;
    int depth;
    char path[HDF_PATH_MAX]; /* of the object at hand */
    bool has_failed;
};

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

/* Images have names, which must not be those of any file. */
static const char image_name[] = "/dev/null/image";

static hid_t open_image(struct hdf *h)
{
    H5FD_file_image_callbacks_t hooks = { image_malloc,
                                          image_memcpy,
                                          image_realloc,
                                          image_free,
                                          context_copy,
                                          context_free,
                                          h };
    hid_t file = -1, access = H5Pcreate(H5P_FILE_ACCESS);
    if (access >= 0 && H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
        H5Pset_file_image_callbacks(access, &hooks) >= 0 &&
        H5Pset_file_image(access, h->bytes, h->n_bytes) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        file = H5Fopen(image_name, H5F_ACC_RDONLY, access);
    return file;
}

static bool find_type(enum hdf_type *type, hid_t data)
{
    hid_t t = H5Dget_type(data);
    bool is_found = false;
    for (int i = HDF_FLOAT32; t >= 0 && i <= HDF_INT64 && !is_found; i++) {
        *type = (enum hdf_type)i;
        is_found = H5Tequal(t, file_type(*type)) > 0;
    }
    close_id(t);
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
    close_id(space);
    return ok;
}

static bool is_plain(hid_t data)
{
    hid_t list = H5Dget_create_plist(data);
    bool ok = list >= 0 && H5Pget_layout(list) == H5D_CONTIGUOUS &&
              H5Pget_external_count(list) == 0 && H5Pget_nfilters(list) == 0;
    close_id(list);
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
    close_id(space);
    return extent;
}

static enum hdf_value find_value(hid_t a)
{
    hid_t t = H5Aget_type(a), text = text_type();
    enum hdf_value value = VALUE_OTHER;
    if (t >= 0 && text >= 0 && H5Tequal(t, text) > 0)
        value = VALUE_TEXT;
    else if (t >= 0 && H5Tequal(t, H5T_STD_I64LE) > 0)
        value = VALUE_INT;
    else if (t >= 0 && H5Tequal(t, H5T_IEEE_F64LE) > 0)
        value = VALUE_DOUBLE;
    close_id(text);
    close_id(t);
    return value;
}

/* Remember the first thing that the library could not read. */
static herr_t fail(struct walk *w)
{
    char reason[REASON_MAX];
    if (!w->has_failed)
        tell(w->out, (struct record){ .kind = RECORD_FAILURE }, w->path,
             find_reason(reason));
    w->has_failed = true;
    return -1;
}

static bool read_text(hid_t a, char **text)
{
    hid_t type = text_type();
    bool ok = type >= 0 && H5Aread(a, type, text) >= 0;
    close_id(type);
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
    tell(w->out, r, name,
         r.of == VALUE_TEXT && is_one ? (text ? text : "") : NULL);
    H5free_memory(text);
    close_id(a);
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
    tell(w->out, r, w->path, complaint);
    if (H5Aiterate2(o, H5_INDEX_NAME, H5_ITER_INC, NULL, send_attribute, w) < 0)
        return fail(w);
    return r.of == KIND_GROUP ? send_members(w, o) : 0;
}

static herr_t send_object(hid_t group, const char *name, const H5L_info_t *link,
                          void *context)
{
    struct walk *w = context;
    char reason[REASON_MAX];
    size_t n = strlen(w->path);
    if (n + 1 + strlen(name) >= HDF_PATH_MAX)
        return 0; /* its group says so */
    snprintf(w->path + n, HDF_PATH_MAX - n, "%s%s", n > 1 ? "/" : "", name);
    herr_t rc = 0;
    hid_t o = -1;
    if (link->type != H5L_TYPE_HARD)
        tell(w->out, (struct record){ .kind = RECORD_OBJECT, .of = KIND_LINK },
             w->path, NULL);
    else if ((o = H5Oopen(group, name, H5P_DEFAULT)) < 0)
        tell(w->out,
             (struct record){ .kind = RECORD_OBJECT, .of = KIND_UNREADABLE },
             w->path, find_reason(reason));
    else
        rc = send_opened(w, o);
    close_id(o);
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
    if (!w.out || !start_library() || !child_write(out, &STARTED, 1))
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
    tell(w.out, (struct record){ .kind = RECORD_END }, "", NULL);
    bool ok = !ferror(w.out);
    ok = fclose(w.out) == 0 && ok;
    return ok && child_write(out, text, n);
}

/* ---- reading, in the parent -------------------------------------------- */

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

int hdf_library_take(struct hdf *h, const char *bytes, size_t n)
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

int hdf_library_read(struct hdf *h)
{
    char *bytes;
    size_t n;
    const struct child_limits limits = reading_limits(h->n_bytes);
    switch (child_run(&bytes, &n, TREE_BYTES_MAX + (1 << 20), read_in_child, h,
                      &limits)) {
    case CHILD_OK:
        hdf_library_take(h, bytes + 1, n - 1); /* without STARTED */
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

/* ---- building ---------------------------------------------------------- */

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
    close_id(list);
    return -1;
}

static hid_t create_file(struct image *image)
{
    H5FD_file_image_callbacks_t hooks = {
        NULL, NULL, grow, image_free, context_copy, context_free, image
    };
    hid_t file = -1;
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    hid_t creation = creation_list(H5P_FILE_CREATE);
    if (access >= 0 && creation >= 0 &&
        H5Pset_fapl_core(access, 1 << 16, 0) >= 0 &&
        H5Pset_file_image_callbacks(access, &hooks) >= 0 &&
        H5Pset_libver_bounds(access, H5F_LIBVER_V18, H5F_LIBVER_V18) >= 0 &&
        H5Pset_fclose_degree(access, H5F_CLOSE_STRONG) >= 0)
        file = H5Fcreate(image_name, H5F_ACC_TRUNC, creation, access);
    close_id(creation);
    close_id(access);
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
        hid_t t = file_type(o->type);
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
    close_id(made);
    close_id(space);
    close_id(list);
    return ok;
}

static bool put_attribute(hid_t file, const struct hdf_object *object,
                          const struct hdf_attribute *attribute)
{
    hsize_t n = (hsize_t)attribute->n;
    hid_t type = attribute->value == VALUE_TEXT  ? text_type()
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
    close_id(a);
    close_id(o);
    close_id(space);
    close_id(type);
    return ok;
}

static bool make_scale(hid_t file, const struct hdf_step *step)
{
    hid_t d = H5Dopen2(file, step->object->path, H5P_DEFAULT);
    bool ok = d >= 0 && H5DSset_scale(d, step->name) >= 0;
    close_id(d);
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
    close_id(a);
    close_id(space);
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
    close_id(type);
    close_id(d);
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
    close_id(type);
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
    close_id(type);
    close_id(d);
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
    hid_t file = start_library() ? create_file(image) : -1;
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
    close_id(file);
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

int hdf_library_build(char **bytes, size_t *n, size_t *cap_bytes, struct hdf *h)
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
