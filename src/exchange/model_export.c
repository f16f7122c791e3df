#include "exchange/model_export.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/run_model.h"
#include "base/memory.h"
#include "exchange/model_tensors.h"
#include "io/fsys.h"
#include "run/run_place.h"

enum {
    KEY_NAME_MAX = CONFIG_KEY_NAME_MAX, /* with its section */
    SETTING_MAX = 128,
};

static const char CONFIG_JSON[] = "config.json";

/* ---- which family -------------------------------------------------------- */

static bool has_name(const char *const *list, const char *name)
{
    for (idx i = 0; list && list[i]; i++)
        if (!strcmp(list[i], name))
            return true;
    return false;
}

/* f NULL: has any family the key? Which documents are seen is a matter of the
 * batch. */
static bool has_key(const struct family *f, const char *name)
{
    static const char *const common[] = { "kv_heads", "documents", NULL };
    bool has = has_name(common, name) || (f && has_name(f->attention, name));
    for (idx i = 0; !f && !has && families[i]; i++)
        has = has_name(families[i]->attention, name);
    return has;
}

/* The name of an [attention] key that changes what heads do, and that the
 * family has not; f NULL: none has. NULL: there is none. */
static const char *foreign_key(const struct config *c, const struct family *f)
{
    struct config_key k = { 0 };
    while (config_next_key(&k))
        if (!strcmp(k.section->name, "attention") &&
            !config_has_default(c, k) && !has_key(f, k.key->name))
            return k.key->name;
    return NULL;
}

/* What the family has otherwise, with its section; NULL: nothing. */
static const char *refused_key(char text[KEY_NAME_MAX],
                               const struct run_model *r,
                               const struct family *f)
{
    const char *key = f->refuses(&r->model);
    const char *foreign = foreign_key(&r->config, f);
    if (key || !foreign)
        return key;
    snprintf(text, KEY_NAME_MAX, "attention.%.40s", foreign);
    return text;
}

/* "attention.weights = sigmoid" */
static const char *setting_of(char text[SETTING_MAX], const struct config *c,
                              const char *key)
{
    enum { SHOWN = 40 };
    char value[KEY_PRINT_MAX];
    config_value(value, sizeof value, c, config_key_find(key));
    snprintf(text, SETTING_MAX, "%.63s = %.*s%s", key, SHOWN, value,
             strlen(value) > SHOWN ? "..." : "");
    return text;
}

/* The first that has all; else what each of them lacks. */
static const struct family *find_family(const struct run_model *r,
                                        struct err *e)
{
    char all[1024] = "", text[KEY_NAME_MAX], setting[SETTING_MAX];
    const char *foreign = foreign_key(&r->config, NULL);
    if (foreign) {
        snprintf(text, sizeof text, "attention.%.40s", foreign);
        err_set(e, ERR_CONFIG,
                "export: %s: no model of `transformers` has it: --format plain "
                "writes the weights in our names",
                setting_of(setting, &r->config, text));
        return NULL;
    }
    for (idx i = 0; families[i]; i++) {
        const char *key = refused_key(text, r, families[i]);
        size_t n = strlen(all);
        if (!key)
            return families[i];
        snprintf(all + n, sizeof all - n, "%s%s has no %s", n ? ", " : "",
                 families[i]->title, setting_of(setting, &r->config, key));
    }
    err_set(e, ERR_CONFIG,
            "export: no model of `transformers` is like this one: %s: --format "
            "plain writes the weights in our names",
            all);
    return NULL;
}

static int say_taken(const char *path, struct err *e)
{
    return err_set(e, ERR_BUSY,
                   "%s: is there already: give another folder, or remove it",
                   path);
}

enum { SETTINGS_MAX = 1 << 20 };

/* The settings, which come first, so that an export that was cut short is known
 * by them: those of the same model, alone. */
static int put_settings(const char *path, const char *text, size_t n,
                        struct err *e)
{
    char *there = NULL;
    size_t n_there = 0;
    bool is_there;
    if (fsys_exists(&is_there, path, e))
        return e->code;
    if (!is_there)
        return fsys_replace(path, text, n, e);
    if (fsys_read_foreign(&there, &n_there, path, SETTINGS_MAX, e) == OK &&
        (n_there != n || memcmp(there, text, n) != 0))
        say_taken(path, e);
    free(there);
    return e->code;
}

/* ---- writing ------------------------------------------------------------- */

static void put_token(struct json *j, const char *key, int32_t token)
{
    if (token != NO_TOKEN)
        json_put_count(j, key, token);
    else
        json_put_null(j, key);
}

static int write_config(const char *path, const struct run_model *r,
                        const struct family *f, struct err *e)
{
    struct json j = { 0 };
    char *text = NULL;
    size_t n = 0;
    json_begin_object(&j, NULL);
    json_begin_array(&j, "architectures");
    json_put_text(&j, NULL, f->architecture);
    json_end(&j);
    json_put_text(&j, "model_type", f->types[0]);
    json_put_text(&j, "torch_dtype", "float32"); /* up to transformers 4 */
    json_put_text(&j, "dtype", "float32");
    json_put_count(&j, "vocab_size", r->model.V);
    json_put_bool(&j, "tie_word_embeddings", r->config.model.tied_head);
    put_token(&j, "bos_token_id", r->source.bos);
    put_token(&j, "eos_token_id", r->source.eos);
    put_token(&j, "pad_token_id", NO_TOKEN); /* some have one by default */
    f->write(&j, &r->model);
    json_end(&j);
    FILE *out = open_memstream(&text, &n);
    if (!out) {
        json_release(&j);
        return err_memory(e, path);
    }
    json_write(out, &j, 17, e);
    if (fclose(out) && !e->code)
        err_memory(e, path);
    if (!e->code)
        put_settings(path, text, n, e);
    free(text);
    return e->code;
}

static int write_settings(const char *path, const struct run_model *r,
                          struct err *e)
{
    char *text = config_print(&r->config, NULL);
    if (!text)
        return err_memory(e, path);
    put_settings(path, text, strlen(text), e);
    free(text);
    return e->code;
}

/* Nothing that a reader would take for a part of the same model is there; of
 * the settings, put_settings sees to those called `own`. */
static int check_free(const char *dir, const char *own, struct err *e)
{
    static const char *const names[] = { SAFETENSORS_FILE, SAFETENSORS_INDEX,
                                         CONFIG_JSON, RUN_CONFIG };
    char path[FSYS_PATH_MAX];
    bool is_there = false;
    for (idx i = 0; i < COUNT_OF(names) && !e->code && !is_there; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        if (strcmp(names[i], own) != 0 &&
            fsys_exists(&is_there, path, e) == OK && is_there)
            say_taken(path, e);
    }
    return e->code;
}

static int load(real **w, const struct run_model *r, struct err *e)
{
    const struct param_table *t = &r->model.table;
    const struct memory_need need = {
        .what = "the export",
        .bytes = (double)(t->total + t->n) * sizeof(real),
        .remedy = "use a machine with more",
    };
    if (memory_check(&need, "", e))
        return e->code;
    *w = calloc((size_t)t->total, sizeof **w);
    if (!*w)
        return err_memory(e, NULL);
    struct checkpoint_data data = { .weights = *w };
    return checkpoint_load(NULL, r->path, t, &data, e);
}

/* Of an export that was killed, whichever it was. The folder is the user's: all
 * else in it stays. */
static int remove_remains(const char *dir, struct err *e)
{
    static const char *const names[] = { SAFETENSORS_FILE, CONFIG_JSON,
                                         RUN_CONFIG };
    char path[FSYS_PATH_MAX];
    for (idx i = 0; i < COUNT_OF(names) && !e->code; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        fsys_remove_stale_of(path, e);
    }
    return e->code;
}

/* The weights last: with them the folder is whole. Nothing is made before they
 * are here. */
static int write_folder(const struct model_export_options *o,
                        const struct run_model *r, const struct family *f,
                        struct err *e)
{
    char weights[FSYS_PATH_MAX], config[FSYS_PATH_MAX];
    const char *name = f ? CONFIG_JSON : RUN_CONFIG;
    real *w = NULL;
    snprintf(weights, sizeof weights, "%s/%s", o->dir, SAFETENSORS_FILE);
    snprintf(config, sizeof config, "%s/%s", o->dir, name);
    if (check_free(o->dir, name, e) == OK && load(&w, r, e) == OK &&
        (!f || weights_fit(w, &r->model, f, e) == OK) &&
        fsys_mkdirs(o->dir, e) == OK && remove_remains(o->dir, e) == OK &&
        (f ? write_config(config, r, f, e) : write_settings(config, r, e)) ==
            OK)
        weights_give(weights, w, &r->model, f, e);
    free(w);
    return e->code;
}

int model_export_run(const struct model_export_options *o, struct err *e)
{
    const struct run_model_query q = { .dir = o->run, .step = o->step };
    struct run_model *r;
    const struct family *f = NULL;
    bool is_run;
    if (run_holds_run(&is_run, o->dir, e))
        return e->code;
    if (is_run)
        return err_set(e, ERR_BUSY, "%s holds a run: give another folder",
                       o->dir);
    if (run_place_outside(o->dir, "folder", e))
        return e->code;
    r = malloc(sizeof *r);
    if (!r)
        return err_memory(e, NULL);
    if (run_model_open(r, &q, e) == OK && !o->is_plain)
        f = find_family(r, e);
    if (!e->code && write_folder(o, r, f, e) == OK)
        fprintf(o->out, "%s: step %td as %s\n", o->dir, r->step,
                f ? f->architecture : "tensors of our own names");
    run_model_release(r);
    free(r);
    return e->code;
}
