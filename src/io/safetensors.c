#include "io/safetensors.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "io/fsys.h"
#include "io/json.h"
#include "io/mapping.h"

enum {
    LENGTH_BYTES = 8,
    HEADER_MAX = 100000000, /* as the format's own reader has it */
    INDEX_MAX = 100000000,
    CHUNK = 1 << 16,
};

static const char METADATA[] = "__metadata__";
static const char REMEDY[] = "put the whole file back, or get it anew";

struct safetensors_file {
    char *path;
    struct mapping *map;
    struct json_tree header; /* owns names and types */
    idx first, n;            /* of its tensors */
};

/* ---- types --------------------------------------------------------------- */

/* All that the format knows, for sizes; those of an import are real. */
static const struct type {
    const char *name;
    idx bytes;
} types[] = {
    { "F32", 4 },  { "F16", 2 },     { "BF16", 2 },    { "F64", 8 },
    { "I64", 8 },  { "I32", 4 },     { "I16", 2 },     { "I8", 1 },
    { "U64", 8 },  { "U32", 4 },     { "U16", 2 },     { "U8", 1 },
    { "BOOL", 1 }, { "F8_E4M3", 1 }, { "F8_E5M2", 1 },
};

static const struct type *find_type(const char *name)
{
    for (idx i = 0; i < COUNT_OF(types); i++)
        if (!strcmp(types[i].name, name))
            return &types[i];
    return NULL;
}

bool safetensor_is_real(const struct safetensor *t)
{
    return !strcmp(t->type, "F32") || !strcmp(t->type, "F16") ||
           !strcmp(t->type, "BF16");
}

static uint64_t little(const unsigned char *p, int n)
{
    uint64_t x = 0;
    for (int i = n - 1; i >= 0; i--)
        x = x << 8 | p[i];
    return x;
}

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* IEEE 754 binary16, subnormals, infinities and NaN included. */
static float widen_half(uint32_t h)
{
    uint32_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31,
             part = h & 1023;
    if (exponent == 31)
        return float_of(sign | 0x7f800000 | part << 13);
    if (exponent)
        return float_of(sign | (exponent + 112) << 23 | part << 13);
    float x = (float)part * 0x1p-24f; /* exact */
    return sign ? -x : x;
}

void safetensor_read(real *x, idx stride, const struct safetensor *t, idx from,
                     idx n)
{
    BUG_ON(!safetensor_is_real(t) || from < 0 || n < 0 || from > t->n - n);
    bool is_half = t->type[0] == 'F' && t->type[1] == '1';
    int bytes = strcmp(t->type, "F32") ? 2 : 4;
    const unsigned char *p = t->bytes + from * bytes;
    for (idx i = 0; i < n; i++, p += bytes) {
        uint32_t bits = (uint32_t)little(p, bytes);
        x[i * stride] = (real)(is_half      ? widen_half(bits)
                               : bytes == 2 ? float_of(bits << 16)
                                            : float_of(bits));
    }
}

/* ---- the header ---------------------------------------------------------- */

static int damaged(const struct safetensors_file *f, const char *name,
                   const char *what, struct err *e)
{
    return err_set(e, ERR_DATA, "%s: tensor '%.100s': %s: %s", f->path, name,
                   what, REMEDY);
}

/* *n = product of shape; false: more than there is. */
static bool read_shape(struct safetensor *t, const struct json_value *shape)
{
    t->n = 1;
    t->ndim = (int)json_value_length(shape);
    for (int i = 0; i < t->ndim; i++) {
        idx *size = &t->shape[i];
        if (!json_take_count(size, json_value_at(shape, i)) ||
            __builtin_mul_overflow(t->n, *size, &t->n))
            return false;
    }
    return true;
}

/* A member of the header. *end: where its bytes end; all in front of it is
 * checked when the file's tensors are known. */
static int read_tensor(struct safetensor *t, const struct safetensors_file *f,
                       const struct json_walk *w, const unsigned char *data,
                       idx data_n, struct err *e)
{
    const struct json_value *v = w->value;
    const struct json_value *places = json_value_member(v, "data_offsets");
    idx from, to, bytes,
        ndim = json_value_length(json_value_member(v, "shape"));
    *t = (struct safetensor){ .name = w->key, .place = f->path };
    if (!json_take_text(&t->type, json_value_member(v, "dtype")) || ndim < 0 ||
        json_value_length(places) != 2 ||
        !json_take_count(&from, json_value_at(places, 0)) ||
        !json_take_count(&to, json_value_at(places, 1)))
        return damaged(f, w->key,
                       "its dtype, shape or data_offsets are not "
                       "what the format has",
                       e);
    const struct type *type = find_type(t->type);
    if (!type)
        return err_set(e, ERR_DATA,
                       "%s: tensor '%.100s' is of type %.20s: want F32, F16 or "
                       "BF16",
                       f->path, w->key, t->type);
    if (ndim > SAFETENSORS_NDIM_MAX)
        return damaged(f, w->key, "more than 8 dimensions", e);
    if (!read_shape(t, json_value_member(v, "shape")) ||
        __builtin_mul_overflow(t->n, type->bytes, &bytes))
        return damaged(f, w->key, "no memory holds such a shape", e);
    if (from > to || to > data_n)
        return damaged(f, w->key, "its data lie outside of the file", e);
    if (to - from != bytes)
        return damaged(f, w->key, "its shape and the length of its data differ",
                       e);
    t->bytes = data + from;
    return OK;
}

static int by_place(const void *a, const void *b)
{
    const struct safetensor *x = a, *y = b;
    if (x->bytes != y->bytes)
        return x->bytes < y->bytes ? -1 : 1;
    return (x->n > y->n) - (x->n < y->n); /* empty ones in front */
}

static int by_name(const void *a, const void *b)
{
    const struct safetensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

/* Each tensor begins where the one in front ends, the last ends the file. */
static int check_places(struct safetensor *all,
                        const struct safetensors_file *f,
                        const unsigned char *data, idx data_n, struct err *e)
{
    const unsigned char *end = data;
    if (f->n > 0)
        qsort(all, (size_t)f->n, sizeof *all, by_place);
    for (idx i = 0; i < f->n; i++) {
        if (all[i].bytes != end)
            return damaged(f, all[i].name,
                           all[i].bytes < end
                               ? "its data overlap another tensor's"
                               : "a gap lies in front of its data",
                           e);
        end += all[i].n * find_type(all[i].type)->bytes;
    }
    if (end != data + data_n)
        return err_set(e, ERR_DATA, "%s: %td bytes behind its last tensor: %s",
                       f->path, data_n - (end - data), REMEDY);
    return OK;
}

static int add_tensors(struct safetensors *s, struct safetensors_file *f,
                       const unsigned char *data, idx data_n, struct err *e)
{
    idx most = 0;
    for (struct json_walk w = { 0 }; json_value_next(&w, f->header.root);)
        most++;
    struct safetensor *all =
        realloc(s->tensors, (size_t)(s->n + most + 1) * sizeof *s->tensors);
    if (!all)
        return err_memory(e, f->path);
    s->tensors = all;
    f->first = s->n;
    for (struct json_walk w = { 0 }; json_value_next(&w, f->header.root);) {
        if (!strcmp(w.key, METADATA))
            continue;
        if (read_tensor(&all[s->n], f, &w, data, data_n, e))
            return e->code;
        s->n++;
        f->n++;
    }
    return check_places(all + f->first, f, data, data_n, e);
}

static int open_file(struct safetensors *s, struct safetensors_file *f,
                     const char *path, struct err *e)
{
    f->path = strdup(path);
    if (!f->path)
        return err_memory(e, path);
    if (mapping_open(&f->map, path, path, e))
        return e->code;
    const unsigned char *bytes = f->map->bytes;
    uint64_t n = f->map->n < LENGTH_BYTES ? 0 : little(bytes, LENGTH_BYTES);
    if (f->map->n < LENGTH_BYTES || n > HEADER_MAX ||
        n > f->map->n - LENGTH_BYTES || n < 2 || bytes[LENGTH_BYTES] != '{')
        return err_set(e, ERR_DATA,
                       "%s: no safetensors file, or cut off within its header: "
                       "%s",
                       path, REMEDY);
    if (json_tree_read(&f->header, (const char *)bytes + LENGTH_BYTES,
                       (size_t)n, path, e))
        return e->code;
    return add_tensors(s, f, bytes + LENGTH_BYTES + n,
                       (idx)(f->map->n - LENGTH_BYTES - n), e);
}

/* ---- a file, or several -------------------------------------------------- */

static bool is_same_file(const struct safetensors_file *f, const char *path)
{
    return f->path && !strcmp(f->path, path);
}

/* One of the index's: a name without a folder. */
static int open_shard(struct safetensors *s, const char *dir, const char *name,
                      const char *index, struct err *e)
{
    char path[FSYS_PATH_MAX];
    bool is_there;
    if (!name[0] || name[0] == '.' || strchr(name, '/') ||
        strlen(name) > NAME_MAX)
        return err_set(e, ERR_DATA,
                       "%s: '%.100s' is not the name of a file beside it: %s",
                       index, name, REMEDY);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    for (idx i = 0; i < s->n_files; i++)
        if (is_same_file(&s->files[i], path))
            return OK;
    if (fsys_exists(&is_there, path, e))
        return e->code;
    if (!is_there)
        return err_set(e, ERR_DATA, "%s: names %s, which is not there: get it",
                       index, name);
    if (!GROW(s->files, s->n_files))
        return err_memory(e, path);
    s->files[s->n_files] = (struct safetensors_file){ 0 };
    return open_file(s, &s->files[s->n_files++], path, e);
}

/* Does the index put each tensor where it is? */
static int check_index(const struct safetensors *s,
                       const struct json_value *map, const char *dir,
                       const char *index, struct err *e)
{
    idx n = 0;
    for (struct json_walk w = { 0 }; json_value_next(&w, map); n++) {
        const struct safetensor *t = safetensors_find(s, w.key);
        char path[FSYS_PATH_MAX];
        const char *name = "";
        json_take_text(&name, w.value);
        snprintf(path, sizeof path, "%s/%s", dir, name);
        if (!t || strcmp(t->place, path))
            return err_set(e, ERR_DATA,
                           "%s: tensor '%.100s' is not in %.100s: %s", index,
                           w.key, name, REMEDY);
    }
    if (n != s->n)
        return err_set(e, ERR_DATA,
                       "%s: it names %td tensors, and its files hold %td: %s",
                       index, n, s->n, REMEDY);
    return OK;
}

static void sort_by_name(struct safetensors *s)
{
    if (s->n > 0)
        qsort(s->tensors, (size_t)s->n, sizeof *s->tensors, by_name);
}

static int open_index(struct safetensors *s, const char *dir, const char *index,
                      struct err *e)
{
    struct json_tree tree = { NULL };
    char *text = NULL;
    size_t n = 0;
    if (fsys_read_foreign(&text, &n, index, INDEX_MAX, e) == OK)
        json_tree_read(&tree, text, n, index, e);
    const struct json_value *map = json_value_member(tree.root, "weight_map");
    if (!e->code && !json_value_is_object(map))
        err_set(e, ERR_DATA, "%s: no weight_map in it: %s", index, REMEDY);
    for (struct json_walk w = { 0 }; !e->code && json_value_next(&w, map);) {
        const char *name = "";
        json_take_text(&name, w.value);
        open_shard(s, dir, name, index, e);
    }
    if (!e->code) {
        sort_by_name(s);
        check_index(s, map, dir, index, e);
    }
    json_tree_release(&tree);
    free(text);
    return e->code;
}

static int open_single(struct safetensors *s, const char *path, struct err *e)
{
    s->files = calloc(1, sizeof *s->files);
    if (!s->files)
        return err_memory(e, path);
    s->n_files = 1;
    return open_file(s, s->files, path, e);
}

/* Names differ within a file; those of two may not agree. */
static int sort(struct safetensors *s, struct err *e)
{
    sort_by_name(s);
    for (idx i = 1; i < s->n; i++)
        if (!strcmp(s->tensors[i - 1].name, s->tensors[i].name))
            return err_set(e, ERR_DATA, "%s and %s both hold tensor '%.100s'",
                           s->tensors[i - 1].place, s->tensors[i].place,
                           s->tensors[i].name);
    return OK;
}

int safetensors_open(struct safetensors *s, const char *path, struct err *e)
{
    char single[FSYS_PATH_MAX], index[FSYS_PATH_MAX];
    bool is_folder, has_single = false, has_index = false;
    *s = (struct safetensors){ 0 };
    snprintf(single, sizeof single, "%s/%s", path, SAFETENSORS_FILE);
    snprintf(index, sizeof index, "%s/%s", path, SAFETENSORS_INDEX);
    if (fsys_is_folder(&is_folder, path, e))
        return e->code;
    if (!is_folder)
        return open_single(s, path, e) ? e->code : sort(s, e);
    if (fsys_exists(&has_single, single, e) ||
        fsys_exists(&has_index, index, e))
        return e->code;
    if (!has_single && !has_index)
        return err_set(e, ERR_DATA,
                       "%s: neither %s nor %s is there: weights of another "
                       "form are written as such by `transformers` "
                       "(save_pretrained)",
                       path, SAFETENSORS_FILE, SAFETENSORS_INDEX);
    if (has_single ? open_single(s, single, e) : open_index(s, path, index, e))
        return e->code;
    return sort(s, e);
}

void safetensors_release(struct safetensors *s)
{
    for (idx i = 0; i < s->n_files; i++) {
        json_tree_release(&s->files[i].header);
        mapping_close(s->files[i].map);
        free(s->files[i].path);
    }
    free(s->files);
    free(s->tensors);
    *s = (struct safetensors){ 0 };
}

const struct safetensor *safetensors_find(const struct safetensors *s,
                                          const char *name)
{
    struct safetensor key = { .name = name };
    return s->n > 0 ? bsearch(&key, s->tensors, (size_t)s->n,
                              sizeof *s->tensors, by_name)
                    : NULL;
}

/* ---- writing ------------------------------------------------------------- */

static idx numbers_of(const struct safetensor_out *t)
{
    idx n = 1;
    for (int i = 0; i < t->ndim; i++)
        n *= t->shape[i];
    return n;
}

/* {"__metadata__": {"format": "pt"}, "NAME": ...} */
static int header_text(char **text, size_t *n,
                       const struct safetensor_out *tensors, idx n_tensors,
                       struct err *e)
{
    struct json j = { 0 };
    idx at = 0;
    json_begin_object(&j, NULL);
    json_begin_object(&j, METADATA);
    json_put_text(&j, "format", "pt"); /* transformers wants it said */
    json_end(&j);
    for (idx i = 0; i < n_tensors; i++) {
        const struct safetensor_out *t = &tensors[i];
        json_begin_object(&j, t->name);
        json_put_text(&j, "dtype", "F32");
        json_begin_array(&j, "shape");
        for (int k = 0; k < t->ndim; k++)
            json_put_count(&j, NULL, t->shape[k]);
        json_end(&j);
        json_begin_array(&j, "data_offsets");
        json_put_count(&j, NULL, at);
        at += numbers_of(t) * (idx)sizeof(float);
        json_put_count(&j, NULL, at);
        json_end(&j);
        json_end(&j);
    }
    json_end(&j);
    FILE *out = open_memstream(text, n);
    if (!out) {
        json_release(&j);
        return err_memory(e, NULL);
    }
    json_write(out, &j, 17, e);
    if (fclose(out) && !e->code)
        err_memory(e, NULL);
    return e->code;
}

static int write_header(struct fsys_stream *s, const char *text, size_t n,
                        struct err *e)
{
    static const char blanks[LENGTH_BYTES + 1] = "        ";
    unsigned char length[LENGTH_BYTES];
    size_t padding = (LENGTH_BYTES - n % LENGTH_BYTES) % LENGTH_BYTES;
    for (int i = 0; i < LENGTH_BYTES; i++)
        length[i] = (unsigned char)((uint64_t)(n + padding) >> 8 * i & 255);
    return fsys_stream_write(s, length, sizeof length, e) ||
                   fsys_stream_write(s, text, n, e) ||
                   fsys_stream_write(s, blanks, padding, e)
               ? e->code
               : OK;
}

static int write_numbers(struct fsys_stream *s, const struct safetensor_out *t,
                         float *room, struct err *e)
{
    idx n = numbers_of(t);
    for (idx from = 0; from < n; from += CHUNK) {
        idx now = idx_min(CHUNK, n - from);
        t->read(room, t, from, now);
        for (idx i = 0; i < now; i++) {
            uint32_t bits;
            unsigned char *bytes = (unsigned char *)&room[i];
            memcpy(&bits, bytes, sizeof bits);
            for (int k = 0; k < 4; k++)
                bytes[k] = (unsigned char)(bits >> 8 * k & 255);
        }
        if (fsys_stream_write(s, room, (size_t)now * sizeof *room, e))
            return e->code;
    }
    return OK;
}

int safetensors_write(const char *path, const struct safetensor_out *tensors,
                      idx n, struct err *e)
{
    struct fsys_stream s = { 0 };
    char *text = NULL;
    size_t n_text = 0;
    float *room = malloc(CHUNK * sizeof *room);
    if (!room)
        err_memory(e, path);
    if (!e->code)
        header_text(&text, &n_text, tensors, n, e);
    if (!e->code && fsys_stream_open(&s, path, e) == OK)
        write_header(&s, text, n_text, e);
    for (idx i = 0; i < n && !e->code; i++)
        write_numbers(&s, &tensors[i], room, e);
    if (!e->code)
        fsys_stream_settle(&s, e);
    fsys_stream_drop(&s);
    free(room);
    free(text);
    return e->code;
}
