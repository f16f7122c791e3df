#include "run/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/hash.h"
#include "io/hdf.h"

/* A file cannot make us take more memory than this for it: 1 TiB. */
static const size_t FILE_CAP_BYTES = (size_t)1 << 40;

/* Metadata of one tensor in the file, from above; and of the rest. */
enum { TENSOR_META_BYTES = 2048, FILE_META_BYTES = 1 << 16 };

static const char REMEDY[] = "put a copy of it back, or let `sinklab train RUN "
                             "--restart` compute the run again";
static const char PARAM_GROUP[] = "/param";
static const char OPTIM_GROUP[] = "/optim";
static const char WINDOW_GROUP[] = "/window"; /* there if one holds values */

#ifdef SINKLAB_DOUBLE
static const enum hdf_type REAL_TYPE = HDF_FLOAT64;
static const char REAL_NAME[] = "float64";
#else
static const enum hdf_type REAL_TYPE = HDF_FLOAT32;
static const char REAL_NAME[] = "float32";
#endif

/* The root's attributes. */
struct fields {
    int64_t format;
    char *kind;
    char *run_id;
    int64_t step;
    double tokens;
    char *real;
    char *config;
    char *last_row; /* NULL in weights */
};

static void fields_release(struct fields *f)
{
    free(f->kind);
    free(f->run_id);
    free(f->real);
    free(f->config);
    free(f->last_row);
    *f = (struct fields){ 0 };
}

static bool is_state(const struct fields *f)
{
    return strcmp(f->kind, "state") == 0;
}

/* The content hash: XXH3-64 of the text that these print.
 * KEEP WITH: docs/FORMATS.md, section on the content hash. */

static void print_dataset(struct hdf *h, const char *path, void *context)
{
    FILE *out = context;
    enum hdf_type type;
    struct hdf_shape shape;
    char *hash = NULL;
    if (hdf_inspect(h, path, &type, &shape) != OK ||
        hdf_get_text(h, path, "xxh3", &hash) != OK)
        return;
    fprintf(out, "%s ", path);
    for (int i = 0; i < shape.ndim; i++)
        fprintf(out, "%s%td", i ? "x" : "", shape.n[i]);
    fprintf(out, " %s\n", hash);
    free(hash);
}

static void print_slot(struct hdf *h, const char *path, void *context)
{
    hdf_list(h, path, print_dataset, context);
}

static int content_hash(char hex[HASH_HEX_MAX], struct hdf *h,
                        const struct fields *f)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return ERR_MEMORY;
    fprintf(out,
            "format %" PRId64 "\nkind %s\nrun_id %s\nstep %" PRId64
            "\ntokens %.17g\nreal %s\n",
            f->format, f->kind, f->run_id, f->step, f->tokens, f->real);
    if (is_state(f))
        fprintf(out, "last_row %s\n", f->last_row);
    int rc = hdf_list(h, PARAM_GROUP, print_dataset, out);
    if (rc == OK && is_state(f))
        rc = hdf_list(h, OPTIM_GROUP, print_slot, out);
    if (rc == OK && is_state(f) && hdf_has(h, "/", WINDOW_GROUP + 1))
        rc = hdf_list(h, WINDOW_GROUP, print_dataset, out);
    fprintf(out, "config\n%s", f->config);
    if (fclose(out) != 0 && rc == OK)
        rc = ERR_MEMORY;
    if (rc == OK)
        hash_hex(hex, hash_bytes(text, n));
    free(text);
    return rc;
}

static void tensor_path(char path[HDF_PATH_MAX], const char *group,
                        const char *name)
{
    int n = snprintf(path, HDF_PATH_MAX, "%s/%s", group, name);
    BUG_ON(n < 0 || n >= HDF_PATH_MAX);
}

static void slot_group(char path[HDF_PATH_MAX], const struct optim_state *x)
{
    tensor_path(path, OPTIM_GROUP, x->slot);
}

/* A weight, as a state is described; its slot is none. */
static struct optim_state weight_of(const struct param *p, real *weights)
{
    struct optim_state x = { .ndim = p->ndim,
                             .n = p->n,
                             .values = weights + p->offset };
    strcpy(x.name, p->name);
    memcpy(x.shape, p->shape, sizeof x.shape);
    return x;
}

/* Saving. */

/* What an axis is called: by its place and length, which is what tensors that
 * fit together share. None is twice in one, as xarray wants it. */
static const char *const axis_names[HDF_NDIM_MAX] = { "rows", "columns",
                                                      "layers", "blocks" };

static void scale_name(char name[HDF_PATH_MAX], int axis, idx n)
{
    snprintf(name, HDF_PATH_MAX, "%s_%td", axis_names[axis], n);
}

/* A dataset that numbers the places of an axis. */
struct scale {
    int axis;
    idx n;
};

struct scales {
    struct scale *at; /* (n) those that the file has; owned */
    idx n;
    int64_t *counts; /* (most) 0, 1, 2, ...; owned */
    idx most;
};

static void scales_release(struct scales *s)
{
    free(s->at);
    free(s->counts);
}

static bool has_scale(const struct scales *s, int axis, idx n)
{
    for (idx i = 0; i < s->n; i++)
        if (s->at[i].axis == axis && s->at[i].n == n)
            return true;
    return false;
}

/* Any that are new; false: out of memory. */
static bool note_scales(struct scales *s, int ndim, const idx *shape)
{
    for (int i = 0; i < ndim; i++) {
        if (has_scale(s, i, shape[i]))
            continue;
        if (!GROW(s->at, s->n))
            return false;
        s->at[s->n++] = (struct scale){ i, shape[i] };
        s->most = idx_max(s->most, shape[i]);
    }
    return true;
}

static bool find_scales(struct scales *s, const struct param_table *t,
                        const struct checkpoint_data *d)
{
    bool ok = true;
    for (idx i = 0; i < t->count && ok; i++)
        ok = note_scales(s, t->rows[i].ndim, t->rows[i].shape);
    for (idx i = 0; i < d->n_states && ok; i++)
        ok = note_scales(s, d->states[i].ndim, d->states[i].shape);
    for (idx i = 0; i < d->n_windows && ok; i++)
        ok = d->windows[i].n == 0 || note_scales(s, 1, &d->windows[i].n);
    s->counts = ok ? calloc((size_t)s->most, sizeof *s->counts) : NULL;
    for (idx i = 0; s->counts && i < s->most; i++)
        s->counts[i] = i;
    return s->counts != NULL;
}

/* In the root: /param holds tensors and nothing else. */
static void save_scales(struct hdf *h, const struct scales *s)
{
    char name[HDF_PATH_MAX], path[HDF_PATH_MAX];
    for (idx i = 0; i < s->n; i++) {
        struct hdf_shape shape = { .ndim = 1, .n = { s->at[i].n } };
        scale_name(name, s->at[i].axis, s->at[i].n);
        tensor_path(path, "", name);
        hdf_add_dataset(h, path, HDF_INT64, &shape, s->counts);
        hdf_make_scale(h, path, name);
    }
}

static void save_numbers(struct hdf *h, const char *path, enum hdf_type type,
                         const struct hdf_shape *shape, const void *values,
                         size_t bytes)
{
    char hex[HASH_HEX_MAX], name[HDF_PATH_MAX], scale[HDF_PATH_MAX];
    hash_hex(hex, hash_bytes(values, bytes));
    hdf_add_dataset(h, path, type, shape, values);
    for (int i = 0; i < shape->ndim; i++) {
        scale_name(name, i, shape->n[i]);
        tensor_path(scale, "", name);
        hdf_attach_scale(h, path, i, scale);
    }
    hdf_put_shape(h, path, "shape", shape);
    hdf_put_text(h, path, "xxh3", hex);
}

static void save_tensor(struct hdf *h, const char *group,
                        const struct optim_state *x)
{
    char path[HDF_PATH_MAX];
    struct hdf_shape shape = { .ndim = x->ndim };
    for (int i = 0; i < x->ndim; i++)
        shape.n[i] = x->shape[i];
    tensor_path(path, group, x->name);
    save_numbers(h, path, REAL_TYPE, &shape, x->values,
                 (size_t)x->n * sizeof(real));
}

static void save_windows(struct hdf *h, const struct checkpoint_data *d)
{
    char path[HDF_PATH_MAX];
    for (idx i = 0; i < d->n_windows; i++) {
        const struct window *w = &d->windows[i];
        struct hdf_shape shape = { .ndim = 1, .n = { w->n } };
        if (w->n == 0)
            continue;
        if (!hdf_has(h, "/", WINDOW_GROUP + 1))
            hdf_add_group(h, WINDOW_GROUP);
        tensor_path(path, WINDOW_GROUP, w->name);
        save_numbers(h, path, HDF_FLOAT64, &shape, w->values,
                     (size_t)w->n * sizeof *w->values);
    }
}

static void save_fields(struct hdf *h, const struct fields *f)
{
    hdf_put_int(h, "/", "format", f->format);
    hdf_put_text(h, "/", "kind", f->kind);
    hdf_put_text(h, "/", "run_id", f->run_id);
    hdf_put_int(h, "/", "step", f->step);
    hdf_put_double(h, "/", "tokens", f->tokens);
    hdf_put_text(h, "/", "real", f->real);
    hdf_put_text(h, "/", "config", f->config);
    if (is_state(f))
        hdf_put_text(h, "/", "last_row", f->last_row);
}

static void save_tensors(struct hdf *h, const struct param_table *t,
                         const struct checkpoint_data *d)
{
    char group[HDF_PATH_MAX];
    hdf_add_group(h, PARAM_GROUP);
    for (idx i = 0; i < t->count; i++) {
        struct optim_state x = weight_of(&t->rows[i], d->weights);
        save_tensor(h, PARAM_GROUP, &x);
    }
    if (d->n_states)
        hdf_add_group(h, OPTIM_GROUP);
    for (idx i = 0; i < d->n_states; i++) {
        slot_group(group, &d->states[i]);
        if (!hdf_has(h, OPTIM_GROUP, d->states[i].slot))
            hdf_add_group(h, group);
        save_tensor(h, group, &d->states[i]);
    }
}

/* Numbers in all. */
static idx count_numbers(const struct param_table *t,
                         const struct checkpoint_data *d)
{
    idx n = t->n;
    for (idx i = 0; i < d->n_states; i++)
        n += d->states[i].n;
    return n;
}

int checkpoint_save(const char *path, const struct checkpoint_head *head,
                    const struct param_table *t,
                    const struct checkpoint_data *d, struct err *e)
{
    struct hdf *h;
    char kind[16], run_id[RUN_ID_MAX], real_name[16], hex[HASH_HEX_MAX];
    char last_row[HASH_HEX_MAX];
    struct scales scales = { 0 };
    if (!find_scales(&scales, t, d)) {
        scales_release(&scales);
        return err_memory(e, path);
    }
    size_t bytes =
        (size_t)count_numbers(t, d) * sizeof(real) +
        (size_t)scales.n *
            ((size_t)scales.most * sizeof *scales.counts + TENSOR_META_BYTES) +
        (size_t)(t->count + d->n_states) * TENSOR_META_BYTES +
        (size_t)d->n_windows * (TENSOR_META_BYTES + sizeof *d->windows) +
        strlen(head->config) + FILE_META_BYTES;
    BUG_ON(strlen(head->run_id) >= RUN_ID_MAX || head->step < 0);
    BUG_ON(d->n_windows && !d->n_states);
    snprintf(kind, sizeof kind, "%s", d->n_states ? "state" : "weights");
    snprintf(run_id, sizeof run_id, "%s", head->run_id);
    snprintf(real_name, sizeof real_name, "%s", REAL_NAME);
    snprintf(last_row, sizeof last_row, "%s", head->last_row);
    const struct fields f = { .format = CHECKPOINT_FORMAT,
                              .kind = kind,
                              .run_id = run_id,
                              .step = head->step,
                              .tokens = head->tokens,
                              .real = real_name,
                              .config = head->config,
                              .last_row = last_row };
    int rc = hdf_build(&h, path, bytes, e);
    if (rc == OK) {
        save_fields(h, &f);
        save_scales(h, &scales);
        save_tensors(h, t, d);
        save_windows(h, d);
        rc = content_hash(hex, h, &f);
    }
    if (rc == OK) {
        hdf_put_text(h, "/", "hash", hex);
        rc = hdf_save(h);
    }
    if (rc == ERR_MEMORY)
        err_set(e, rc, "%s: not enough memory to build it", path);
    hdf_free(h);
    scales_release(&scales);
    return rc;
}

/* Loading. */

static int check_fields(struct hdf *h, const struct fields *f)
{
    if (!is_state(f) && strcmp(f->kind, "weights") != 0)
        return hdf_refuse(h, "not written by sinklab (kind is \"%.20s\"); %s",
                          f->kind, REMEDY);
    if (strcmp(f->real, REAL_NAME) != 0)
        return hdf_refuse(h, "holds %.20s numbers, this program uses %s",
                          f->real, REAL_NAME);
    if (strlen(f->run_id) >= RUN_ID_MAX || f->step < 0 ||
        !isfinite(f->tokens) || f->tokens < 0 ||
        (f->last_row && strlen(f->last_row) >= HASH_HEX_MAX))
        return hdf_refuse(h, "damaged (run_id, step, tokens or last_row); %s",
                          REMEDY);
    return OK;
}

/* Read the attributes and prove them: the content hash covers them and every
 * dataset's hash. */
static int load_fields(struct fields *f, struct hdf *h)
{
    char hex[HASH_HEX_MAX], *hash = NULL;
    int rc = hdf_get_int(h, "/", "format", &f->format);
    if (rc == OK && f->format != CHECKPOINT_FORMAT)
        return hdf_refuse(h,
                          "has format %" PRId64 ", this program reads %d: use "
                          "the sinklab that wrote it (manifest.ini says which)",
                          f->format, CHECKPOINT_FORMAT);
    hdf_get_text(h, "/", "kind", &f->kind);
    hdf_get_text(h, "/", "run_id", &f->run_id);
    hdf_get_int(h, "/", "step", &f->step);
    hdf_get_double(h, "/", "tokens", &f->tokens);
    hdf_get_text(h, "/", "real", &f->real);
    hdf_get_text(h, "/", "config", &f->config);
    rc = hdf_get_text(h, "/", "hash", &hash);
    if (rc == OK && is_state(f))
        rc = hdf_get_text(h, "/", "last_row", &f->last_row);
    if (rc == OK)
        rc = content_hash(hex, h, f);
    if (rc == OK && strcmp(hex, hash) != 0)
        rc = hdf_refuse(h, "damaged (attributes do not match their hash); %s",
                        REMEDY);
    free(hash);
    return rc == OK ? check_fields(h, f) : rc;
}

/* Hand the fields over to the caller. */
static void take_head(struct checkpoint_head *head, struct fields *f)
{
    snprintf(head->run_id, sizeof head->run_id, "%s", f->run_id);
    head->step = (idx)f->step;
    head->tokens = f->tokens;
    head->config = f->config;
    f->config = NULL;
    snprintf(head->last_row, sizeof head->last_row, "%s",
             f->last_row ? f->last_row : "");
}

/* Shape and type of one tensor against the model's. */
static int check_tensor(struct hdf *h, const char *group,
                        const struct optim_state *x)
{
    char path[HDF_PATH_MAX], got[HDF_SHAPE_TEXT_MAX], want[HDF_SHAPE_TEXT_MAX];
    struct hdf_shape shape, wanted = { .ndim = x->ndim };
    enum hdf_type type;
    tensor_path(path, group, x->name);
    if (!hdf_has(h, group, x->name))
        return hdf_refuse(h, "misses %s, which this %s has", path,
                          x->slot ? "optimizer" : "model");
    if (hdf_inspect(h, path, &type, &shape) != OK)
        return hdf_status(h);
    for (int i = 0; i < x->ndim; i++)
        wanted.n[i] = x->shape[i];
    if (!hdf_shape_is(&shape, x->ndim, x->shape))
        return hdf_refuse(h, "%s has shape %s, this model wants %s", path,
                          hdf_shape_print(got, &shape),
                          hdf_shape_print(want, &wanted));
    return type == REAL_TYPE
               ? OK
               : hdf_refuse(h, "damaged (type of %s); %s", path, REMEDY);
}

static int load_numbers(struct hdf *h, const char *path, enum hdf_type type,
                        void *values, idx n, size_t bytes)
{
    char hex[HASH_HEX_MAX], *hash = NULL;
    if (hdf_get_text(h, path, "xxh3", &hash) == OK &&
        hdf_read(h, path, type, values, n) == OK) {
        hash_hex(hex, hash_bytes(values, bytes));
        if (strcmp(hash, hex) != 0)
            hdf_refuse(h,
                       "damaged (contents of %s do not match their hash); %s",
                       path, REMEDY);
    }
    free(hash);
    return hdf_status(h);
}

static int load_tensor(struct hdf *h, const char *group,
                       const struct optim_state *x)
{
    char path[HDF_PATH_MAX];
    tensor_path(path, group, x->name);
    return load_numbers(h, path, REAL_TYPE, x->values, x->n,
                        (size_t)x->n * sizeof(real));
}

static int load_window(struct hdf *h, struct window *w)
{
    char path[HDF_PATH_MAX];
    struct hdf_shape shape;
    enum hdf_type type;
    w->n = 0;
    if (!hdf_has(h, "/", WINDOW_GROUP + 1) ||
        !hdf_has(h, WINDOW_GROUP, w->name))
        return OK;
    tensor_path(path, WINDOW_GROUP, w->name);
    if (hdf_inspect(h, path, &type, &shape) != OK)
        return hdf_status(h);
    if (type != HDF_FLOAT64 || shape.ndim != 1 || shape.n[0] < 1 ||
        shape.n[0] > WINDOW_VALUES)
        return hdf_refuse(h, "damaged (type or shape of %s); %s", path, REMEDY);
    w->n = shape.n[0];
    return load_numbers(h, path, HDF_FLOAT64, w->values, w->n,
                        (size_t)w->n * sizeof *w->values);
}

/* hdf_list's visitors: is this member one that the model has? */

struct known_names {
    const struct param_table *t;     /* of tensors, or */
    const struct checkpoint_data *d; /* of states, */
    const char *slot;                /* those of one slot */
};

static void check_tensor_known(struct hdf *h, const char *path, void *context)
{
    const struct known_names *known = context;
    const char *name = strrchr(path, '/') + 1;
    for (idx i = 0; i < known->t->count; i++)
        if (strcmp(name, known->t->rows[i].name) == 0)
            return;
    hdf_refuse(h, "holds %s, which this model has not", path);
}

static void check_state_known(struct hdf *h, const char *path, void *context)
{
    const struct known_names *known = context;
    const char *name = strrchr(path, '/') + 1;
    for (idx i = 0; i < known->d->n_states; i++)
        if (strcmp(name, known->d->states[i].name) == 0 &&
            strcmp(known->slot, known->d->states[i].slot) == 0)
            return;
    hdf_refuse(h, "holds %s, which this optimizer has not", path);
}

static void check_slot_known(struct hdf *h, const char *path, void *context)
{
    const struct known_names *known = context;
    struct known_names of_slot = { .d = known->d,
                                   .slot = strrchr(path, '/') + 1 };
    for (idx i = 0; i < known->d->n_states; i++)
        if (strcmp(of_slot.slot, known->d->states[i].slot) == 0) {
            hdf_list(h, path, check_state_known, &of_slot);
            return;
        }
    hdf_refuse(h, "holds %s, which this optimizer has not", path);
}

/* What an optimizer remembers is there, and nothing else. */
static int check_states(struct hdf *h, const struct fields *f,
                        const struct checkpoint_data *d)
{
    struct known_names known = { .d = d };
    char group[HDF_PATH_MAX];
    if (d->n_states == 0)
        return OK;
    if (!is_state(f))
        return hdf_refuse(h, "holds weights only, and training goes on from a "
                             "full state (checkpoints/resume.h5)");
    for (idx i = 0; i < d->n_states; i++)
        if (!hdf_has(h, OPTIM_GROUP, d->states[i].slot))
            return hdf_refuse(h, "misses %s/%s, which this optimizer has",
                              OPTIM_GROUP, d->states[i].slot);
    for (idx i = 0; i < d->n_states && hdf_status(h) == OK; i++) {
        slot_group(group, &d->states[i]);
        check_tensor(h, group, &d->states[i]);
    }
    return hdf_list(h, OPTIM_GROUP, check_slot_known, &known);
}

static int check_weights(struct hdf *h, const struct param_table *t,
                         const struct checkpoint_data *d)
{
    struct known_names known = { .t = t };
    for (idx i = 0; i < t->count && hdf_status(h) == OK; i++) {
        struct optim_state x = weight_of(&t->rows[i], d->weights);
        check_tensor(h, PARAM_GROUP, &x);
    }
    return hdf_list(h, PARAM_GROUP, check_tensor_known, &known);
}

/* All checks come before the first number is copied. */
static int load_tensors(struct hdf *h, const struct param_table *t,
                        const struct checkpoint_data *d)
{
    char group[HDF_PATH_MAX];
    for (idx i = 0; i < t->count && hdf_status(h) == OK; i++) {
        struct optim_state x = weight_of(&t->rows[i], d->weights);
        load_tensor(h, PARAM_GROUP, &x);
    }
    for (idx i = 0; i < d->n_states && hdf_status(h) == OK; i++) {
        slot_group(group, &d->states[i]);
        load_tensor(h, group, &d->states[i]);
    }
    for (idx i = 0; i < d->n_windows && hdf_status(h) == OK; i++)
        load_window(h, &d->windows[i]);
    return hdf_status(h);
}

int checkpoint_read_head(struct checkpoint_head *head, const char *path,
                         struct err *e)
{
    struct hdf *h;
    struct fields f = { 0 };
    int rc = hdf_open(&h, path, FILE_CAP_BYTES, ERR_CHECKPOINT, REMEDY, e);
    if (rc == OK)
        rc = load_fields(&f, h);
    if (rc == OK)
        take_head(head, &f);
    fields_release(&f);
    hdf_free(h);
    return rc;
}

int checkpoint_load(struct checkpoint_head *head, const char *path,
                    const struct param_table *t, struct checkpoint_data *d,
                    struct err *e)
{
    struct hdf *h;
    struct fields f = { 0 };
    int rc = hdf_open(&h, path, FILE_CAP_BYTES, ERR_CHECKPOINT, REMEDY, e);
    if (rc == OK)
        rc = load_fields(&f, h);
    if (rc == OK)
        rc = check_states(h, &f, d);
    if (rc == OK)
        rc = check_weights(h, t, d);
    if (rc == OK)
        rc = load_tensors(h, t, d);
    if (rc == OK && head)
        take_head(head, &f);
    if (rc == ERR_MEMORY)
        err_set(e, rc, "%s: not enough memory to read it", path);
    fields_release(&f);
    hdf_free(h);
    return rc;
}
