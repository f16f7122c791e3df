/* attention_file.c - attention weights of a sequence as HDF5, each head's
 * matrix put where it stands in the file as it comes. */
#include "report/attention_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/config_print.h"
#include "io/arrays.h"
#include "io/hdf.h"
#include "io/json.h"

/* What tells such a file from others, and its layout from later ones.
 * KEEP WITH: docs/FORMATS.md, "Attention maps" */
static const char kind[] = "attention 1";

enum { META_BYTES = 1 << 16, AXES = 4 };
enum { AXIS_LAYER, AXIS_HEAD, AXIS_QUERY, AXIS_KEY };
enum { LATE_WEIGHTS, LATE_EXTRA };

struct writing {
    struct attention_map *m;
    char *const *values; /* of the late datasets, as floats */
};

/* ---- a head at a time -------------------------------------------------- */

static void put(char *values, idx at, real x)
{
    float f = (float)x;
    memcpy(values + at * (idx)sizeof f, &f, sizeof f);
}

static void see_head(void *context, const struct head_view *h)
{
    const struct writing *w = context;
    idx T = w->m->T, row_n = h->n_extra + T;
    idx place = attention_map_place(w->m, h) * T;
    for (idx t = 0; t < T; t++) {
        const real *row = h->weights + t * row_n;
        for (idx k = 0; k < T; k++)
            put(w->values[LATE_WEIGHTS], (place + t) * T + k,
                row[h->n_extra + k]);
        if (w->m->has_extra)
            put(w->values[LATE_EXTRA], place + t,
                h->n_extra ? row[0] : (real)NAN);
    }
}

static int fill(char *const *values, void *context, struct err *e)
{
    struct writing w = { context, values };
    (void)e;
    attention_map_see(w.m, see_head, &w);
    return OK;
}

/* ---- the file ---------------------------------------------------------- */

static void add_axis(struct hdf *h, const char *path, const int64_t *values,
                     idx n, const char *long_name)
{
    struct hdf_shape shape = { .ndim = 1, .n = { n } };
    hdf_add_dataset(h, path, HDF_INT64, &shape, values);
    hdf_make_scale(h, path, path + 1);
    hdf_put_text(h, path, "units", "1");
    hdf_put_text(h, path, "long_name", long_name);
}

static void describe(struct hdf *h, const char *path, int ndim, int axis,
                     const char *long_name, const char *definition)
{
    static const char *const scales[AXES] = { "/layer", "/head", "/query",
                                              "/key" };
    for (int i = 0; i < ndim; i++)
        hdf_attach_scale(h, path, i, scales[axis + i]);
    hdf_put_text(h, path, "units", "1");
    hdf_put_text(h, path, "long_name", long_name);
    hdf_put_text(h, path, "definition", definition);
}

/* ["<BOS>","T","o"], which the caller frees. */
static char *token_texts(const struct attention_map *m, struct err *e)
{
    struct json j = { .depth = 0 };
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    json_begin_array(&j, NULL);
    for (idx t = 0; t < m->T; t++) {
        char label[TOKEN_TEXT_MAX];
        struct token_text how = m->model.text;
        how.unicode = true;
        token_show(label, &how, 0, m->tokens[t]);
        json_put_text(&j, NULL, label);
    }
    json_end(&j);
    if (f) {
        json_write(f, &j, 9, e);
        n = fclose(f) == 0 ? n : 0;
    } else {
        json_release(&j);
    }
    if (!e->code && (!f || n == 0))
        err_memory(e, NULL);
    if (e->code) {
        free(text);
        return NULL;
    }
    text[n - 1] = '\0'; /* the line's end */
    return text;
}

static int put_notes(struct hdf *h, const struct attention_map *m,
                     struct err *e)
{
    char seal[HASH_HEX_MAX];
    char *texts = token_texts(m, e);
    struct config told = m->model.config;
    told.train.threads = 0; /* they change no byte */
    char *config = texts ? config_print(&told, NULL) : NULL;
    if (texts && !config)
        err_memory(e, NULL);
    if (!e->code && hdf_read_seal(seal, m->model.path, ERR_CHECKPOINT,
                                  "use another checkpoint", e) == OK) {
        hdf_put_text(h, "/", "kind", kind);
        hdf_put_text(h, "/", "run_id", m->model.run_id);
        hdf_put_int(h, "/", "step", m->model.step);
        hdf_put_text(h, "/", "made_from", seal);
        hdf_put_text(h, "/", "token_texts", texts);
        hdf_put_text(h, "/", "config", config);
    }
    free(config);
    free(texts);
    return e->code;
}

/* Axes and what is known before the pass; counts (n_layers + n_heads + 2 T) is
 * borrowed. */
static void add_axes(struct hdf *h, const struct attention_map *m,
                     int64_t *counts)
{
    int64_t *layers = counts, *heads = layers + m->n_layers;
    int64_t *places = heads + m->n_heads, *tokens = places + m->T;
    struct hdf_shape shape = { .ndim = 1, .n = { m->T } };
    for (idx i = 0; i < m->n_layers; i++)
        layers[i] = m->layer + i;
    for (idx i = 0; i < m->n_heads; i++)
        heads[i] = m->head + i;
    for (idx t = 0; t < m->T; t++) {
        places[t] = t;
        tokens[t] = m->tokens[t];
    }
    add_axis(h, "/layer", layers, m->n_layers, "block, from 0");
    add_axis(h, "/head", heads, m->n_heads, "head, from 0");
    add_axis(h, "/query", places, m->T,
             "place of the token that looks, from 0");
    add_axis(h, "/key", places, m->T,
             "place of the token that is looked at, from 0");
    hdf_add_dataset(h, "/token", HDF_INT64, &shape, tokens);
    describe(h, "/token", 1, AXIS_QUERY, "token",
             "number of the token at each place; the attribute token_texts of "
             "the file has what they stand for");
}

static void add_weights(struct hdf *h, const struct attention_map *m)
{
    struct hdf_shape shape = { .ndim = 4,
                               .n = { m->n_layers, m->n_heads, m->T, m->T } };
    hdf_add_late(h, "/weights", HDF_FLOAT32, &shape);
    describe(h, "/weights", 4, AXIS_LAYER, "attention weight",
             "weight of a key in what a head gives to a query, as it mixes "
             "values; 0 where the key is not seen");
    if (!m->has_extra)
        return;
    shape.ndim = 3;
    hdf_add_late(h, "/extra", HDF_FLOAT32, &shape);
    describe(h, "/extra", 3, AXIS_LAYER, "weight on no token",
             "weight of a query on the extra column, on registers, and what a "
             "row lacks to one if that goes nowhere; NaN where the layer has "
             "none of these");
}

static int check_memory(const struct attention_map *m, const char *path,
                        double bytes, struct err *e)
{
    char what[RUN_PATH_MAX];
    snprintf(what, sizeof what, "writing %.900s", path);
    const struct memory_need need = {
        .what = what,
        .bytes = bytes,
        .remedy = m->n_layers * m->n_heads > 1
                      ? "choose a --layer or --head, or give a shorter text"
                      : "give a shorter text",
    };
    return memory_check(&need, "", e);
}

int attention_file_write(struct attention_map *m, const char *path,
                         struct err *e)
{
    struct hdf *h = NULL;
    idx heads = m->n_layers * m->n_heads;
    size_t bytes = (size_t)(heads * m->T * (m->T + 1)) * sizeof(float);
    bytes += META_BYTES + (size_t)m->T * (TOKEN_TEXT_MAX + 32);
    int64_t *counts =
        calloc((size_t)(m->n_layers + m->n_heads + 2 * m->T), sizeof *counts);
    if (!counts)
        err_memory(e, path);
    else if (check_memory(m, path, (double)bytes, e) == OK &&
             hdf_build(&h, path, bytes, e) == OK && put_notes(h, m, e) == OK) {
        add_axes(h, m, counts);
        add_weights(h, m);
        hdf_save_late(h, fill, m);
    }
    hdf_free(h);
    free(counts);
    return e->code;
}

int attention_file_is_one(bool *is_one, const char *path, struct err *e)
{
    struct err own = { 0 };
    char *found = NULL;
    bool is_there;
    *is_one = false;
    if (fsys_exists(&is_there, path, e) || !is_there)
        return e->code;
    int rc = note_load(&found, path, "kind", &own);
    *is_one = rc == OK && strncmp(found, kind, strcspn(kind, " ") + 1) == 0;
    free(found);
    return err_is_refusal(rc) ? err_pass(e, &own) : OK;
}
