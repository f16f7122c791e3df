#include "exchange/import.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/shell.h"
#include "config/config.h"
#include "config/setting.h"
#include "data/source.h"
#include "exchange/model_tensors.h"
#include "io/fsys.h"
#include "io/place.h"
#include "io/sealed_text.h"
#include "run/manifest.h"
#include "run/run.h"
#include "run/run_place.h"
#include "train/session.h"
#include "train/train_log.h"
#include "train/train_state.h"

enum { CONFIG_MAX = 1 << 20 };

struct folder {
    const char *path;
    idx step;
};

struct import {
    const struct import_options *o;
    struct folder *folders; /* (o->n_folders) by step */
    const struct family *family;
    struct asked first; /* what the first of them says */
    struct config config;
    char *config_text;
    struct model model;
    struct run_folder run;
    bool is_again;           /* this import was begun before, and killed */
    real *weights;           /* (table.total) */
    struct session *session; /* of is_state; else NULL */
    struct train_log log;
};

/* ---- which steps --------------------------------------------------------- */

/* The digits of the word "step" that stands here, NULL: it is none. */
static const char *step_digits(const char *name, const char *at)
{
    const char *digits = at + strlen("step");
    digits += strspn(digits, "-_");
    size_t n = strspn(digits, "0123456789");
    bool begins = at == name || !isalnum((unsigned char)at[-1]);
    return n && begins && !isalnum((unsigned char)digits[n]) ? digits : NULL;
}

static idx step_of_name(const char *folder)
{
    const char *name = folder, *digits = NULL;
    for (const char *s = folder; *s; s++)
        if (*s == '/' && s[1] && s[1] != '/')
            name = s + 1;
    for (const char *s = name; (s = strcasestr(s, "step")); s++) {
        const char *found = step_digits(name, s);
        digits = found ? found : digits;
    }
    if (!digits)
        return -1;
    long long step = strtoll(digits, NULL, 10);
    return step <= STEP_MAX ? (idx)step : STEP_MAX + 1;
}

/* A link to a folder, or step5/., is called as that is. */
idx import_step(const char *folder)
{
    char place[FSYS_PATH_MAX];
    idx step = step_of_name(folder);
    return step >= 0 || place_find(place, folder, ERR_IGNORED)
               ? step
               : step_of_name(place);
}

static int by_step(const void *a, const void *b)
{
    const struct folder *x = a, *y = b;
    return (x->step > y->step) - (x->step < y->step);
}

static int find_steps(struct import *m, struct err *e)
{
    const struct import_options *o = m->o;
    m->folders = calloc((size_t)o->n_folders, sizeof *m->folders);
    if (!m->folders)
        return err_memory(e, NULL);
    if (o->n_folders > KEY_LIST_MAX)
        return err_set(e, ERR_USAGE,
                       "import: %td folders: one run takes at most %d",
                       o->n_folders, KEY_LIST_MAX);
    for (idx i = 0; i < o->n_folders; i++) {
        struct folder *f = &m->folders[i];
        f->path = o->folders[i];
        f->step = o->step >= 0 ? o->step : import_step(f->path);
        if (f->step < 0 && o->n_folders == 1)
            f->step = 0;
        if (f->step > STEP_MAX)
            return err_set(e, ERR_USAGE,
                           "import: %s: its step is beyond %d, the last that "
                           "a run has: give --step N, or another name",
                           f->path, STEP_MAX);
        if (f->step < 0)
            return err_set(e, ERR_USAGE,
                           "import: %s: which step is it of? Of several "
                           "folders each name has it, as step1000",
                           f->path);
    }
    qsort(m->folders, (size_t)o->n_folders, sizeof *m->folders, by_step);
    for (idx i = 1; i < o->n_folders; i++)
        if (m->folders[i].step == m->folders[i - 1].step)
            return err_set(e, ERR_USAGE,
                           "import: %s and %s are both of step %td: give one",
                           m->folders[i - 1].path, m->folders[i].path,
                           m->folders[i].step);
    return OK;
}

static idx last_step(const struct import *m)
{
    return m->folders[m->o->n_folders - 1].step;
}

/* ---- what they are ------------------------------------------------------- */

static const struct family *family_of(const struct asked *a, struct err *e)
{
    const char *type = NULL;
    const struct family *f = NULL;
    char known[FAMILY_TYPES_MAX];
    if (json_take_text(&type, json_value_member(a->json, "model_type")))
        f = family_find(type);
    if (!f)
        err_set(e, ERR_DATA, "%s: model_type is %.60s: want one of %s",
                a->place, type ? type : "not there", family_types(known));
    return f;
}

/* A name in a file may hold what ends a line, or moves a terminal's cursor. */
static int on_one_line(struct err *e)
{
    for (char *c = e->text; e->code && *c; c++)
        if (iscntrl((unsigned char)*c))
            *c = '?';
    return e->code;
}

/* What config.json of a folder says, as settings of ours. */
static const struct family *ask(struct asked *a, const char *folder,
                                struct err *e)
{
    char path[FSYS_PATH_MAX], *text = NULL;
    size_t n = 0;
    struct json_tree tree = { NULL };
    const struct family *f = NULL;
    bool is_there;
    snprintf(path, sizeof path, "%s/config.json", folder);
    *a = (struct asked){ .place = path, .e = e };
    if (fsys_exists(&is_there, path, e) == OK && !is_there)
        err_set(
            e, ERR_DATA,
            "%s: not there: give the folder that `transformers` wrote "
            "(save_pretrained), of several steps each step's (pythia/step*)",
            path);
    if (!e->code && fsys_read_foreign(&text, &n, path, CONFIG_MAX, e) == OK &&
        json_tree_read(&tree, text, n, path, e) == OK) {
        a->json = tree.root;
        f = family_of(a, e);
    }
    if (f)
        f->read(a);
    json_tree_release(&tree);
    free(text);
    a->place = NULL;
    a->json = NULL;
    return on_one_line(e) ? NULL : f;
}

/* Checkpoints of one run are of one model. */
static int check_alike(const struct import *m, struct err *e)
{
    for (idx i = 1; i < m->o->n_folders; i++) {
        struct asked other;
        const struct family *f = ask(&other, m->folders[i].path, e);
        if (!f)
            return e->code;
        if (f != m->family)
            return err_set(e, ERR_DATA,
                           "%s/config.json: a %s model, but %s in %s: "
                           "checkpoints of one run are of one model",
                           m->folders[i].path, f->title, m->family->title,
                           m->folders[0].path);
        for (idx k = 0; k < other.n || k < m->first.n; k++)
            if (strcmp(other.settings[k], m->first.settings[k]) != 0)
                return err_set(e, ERR_DATA,
                               "%s/config.json: %s, but %s in %s: checkpoints "
                               "of one run are of one model",
                               m->folders[i].path, other.settings[k],
                               m->first.settings[k], m->folders[0].path);
    }
    return OK;
}

/* Settings are of the data and of what is measured: the model is there. */
static int check_settings(const struct import_options *o, struct err *e)
{
    for (idx i = 0; i < o->n_settings; i++) {
        struct config_key k = setting_key(o->settings[i]);
        if (k.key && (strcmp(k.section->name, "model") == 0 ||
                      strcmp(k.section->name, "attention") == 0 ||
                      k.key == config_key_find("run.dir").key))
            return err_set(e, ERR_USAGE,
                           "import: %s: the model is as its config.json "
                           "says, the run where -o says: leave it out",
                           o->settings[i]);
    }
    return OK;
}

/* Which checkpoints there are stands in the settings, too. */
static void add_steps(struct import *m, char *text, size_t cap)
{
    size_t n = (size_t)snprintf(text, cap, "checkpoint.steps=");
    for (idx i = 0; i < m->o->n_folders; i++)
        n += (size_t)snprintf(text + n, cap - n, i ? ",%td" : "%td",
                              m->folders[i].step);
}

/* What no model of ours can be is config.json's fault, not the command line's.
 */
static int check_model(const struct import *m, struct err *e)
{
    static const char from[] = "command line: ";
    const char *all[FAMILY_SETTINGS_MAX];
    struct config c;
    struct err own = { 0 };
    for (idx i = 0; i < m->first.n; i++)
        all[i] = m->first.settings[i];
    if (config_load(&c, NULL, all, m->first.n, NULL, &own) != ERR_CONFIG)
        return err_pass(e, &own);
    const char *what = own.text;
    if (!strncmp(what, from, sizeof from - 1))
        what += sizeof from - 1;
    return err_set(e, ERR_DATA,
                   "%s/config.json: no model of ours is like that: %.*s",
                   m->folders[0].path, (int)strcspn(what, "\n"), what);
}

static idx find_count(const struct asked *a, const char *key)
{
    idx n = -1;
    for (idx i = 0; i < a->n; i++)
        if (!strncmp(a->settings[i], key, strlen(key)))
            sscanf(a->settings[i] + strlen(key), "=%td", &n);
    return n;
}

/* Tokens of the model, as config.json has it. */
static idx vocabulary(const struct import *m)
{
    return find_count(&m->first, "data.vocab");
}

/* What the family says of tokens is of random ones: it gives way to what is
 * said of the data. A model's last token may be the one behind the corpus's
 * own, which is then not one of these. */
static const char *replaced(const struct import *m, const char *setting)
{
    const char *const *given = m->o->settings;
    idx n = m->o->n_settings, V = vocabulary(m);
    struct config said;
    if (strncmp(setting, "data.bos_token=", 15) != 0)
        return setting;
    if (setting_read(&said, given, n, "data.bos") && !said.data.bos)
        return NULL;
    bool is_text = setting_read(&said, given, n, "data.source") &&
                   strcmp(corpus_name(said.data.source), "text") == 0;
    bool has_others =
        setting_read(&said, given, n, "data.vocab") && said.data.vocab == V - 1;
    bool is_behind = find_count(&m->first, "data.bos_token") == V - 1 &&
                     (is_text || has_others);
    return is_behind ? "data.bos_token=-1" : setting;
}

/* What config.json says, and behind it what was given; without the vocabulary
 * where the data say that themselves. */
static int load_config(struct import *m, bool has_vocab, struct err *e)
{
    const struct import_options *o = m->o;
    char steps[32], kept[32 * KEY_LIST_MAX];
    const char **all =
        calloc((size_t)(m->first.n + o->n_settings + 8), sizeof *all);
    idx n = 0;
    if (!all)
        return err_memory(e, NULL);
    for (idx i = 0; i < m->first.n; i++) {
        const char *s = replaced(m, m->first.settings[i]);
        if (s && (has_vocab || strncmp(s, "data.vocab=", 11) != 0))
            all[n++] = s;
    }
    snprintf(steps, sizeof steps, "train.steps=%td", last_step(m));
    add_steps(m, kept, sizeof kept);
    all[n++] = steps;
    all[n++] = "checkpoint.every=0";
    all[n++] = kept;
    for (idx i = 0; i < o->n_settings; i++)
        all[n++] = o->settings[i];
    config_load(&m->config, NULL, all, n, NULL, e);
    free(all);
    return e->code;
}

static int make_config(struct import *m, struct err *e)
{
    const struct import_options *o = m->o;
    struct err own = { 0 };
    if (load_config(m, true, &own) == ERR_CONFIG) {
        own = (struct err){ 0 };
        load_config(m, false, &own);
    }
    if (err_pass(e, &own))
        return e->code;
    if (m->config.train.steps < last_step(m))
        err_set(e, ERR_USAGE,
                "import: train.steps=%td, but %s is of step %td: leave it out, "
                "or want more",
                m->config.train.steps, m->folders[o->n_folders - 1].path,
                last_step(m));
    return e->code;
}

/* Have the data as many tokens as the model, and it the numbers that it needs?
 */
static int open_model(struct import *m, struct err *e)
{
    struct config *c = &m->config;
    struct model_spec spec = config_spec(c);
    struct source source;
    idx V = vocabulary(m);
    if (source_open(&source, &c->data, 0, c->model.context, e) == OK &&
        source.vocab != V)
        err_set(e, ERR_DATA,
                "import: the data have %td tokens, the model %td: give data "
                "made with its tokens (docs/MODELS.md), whose number their "
                "files or data.vocab say",
                source.vocab, V);
    key_copy_text(c->data.hash, source.hash);
    source_release(&source);
    if (e->code || model_init(&m->model, &spec, V, e))
        return e->code;
    m->config_text = config_print(c, NULL);
    return m->config_text ? OK : err_memory(e, NULL);
}

/* ---- memory -------------------------------------------------------------- */

/* The weights and the image of the file that is written, with a state the
 * training that it is of, too. */
static double bytes_needed(const struct import *m)
{
    double weights = (double)m->model.table.total * sizeof(real);
    return weights + (m->o->is_state
                          ? (double)session_bytes(&m->config, &m->model, true)
                          : (double)m->model.table.n * sizeof(real));
}

static int take_memory(struct import *m, struct err *e)
{
    const struct memory_need need = {
        .what = "the import",
        .bytes = bytes_needed(m),
        .remedy = "use a machine with more, or a smaller model",
    };
    if (memory_check(&need, "", e))
        return e->code;
    m->weights = calloc((size_t)m->model.table.total, sizeof *m->weights);
    return m->weights ? OK : err_memory(e, NULL);
}

static void say_plan(const struct import *m)
{
    const struct model *x = &m->model;
    double mib = 1024.0 * 1024;
    fprintf(m->o->out,
            "%s: %td parameters, %td layers, width %td, %td heads, %td "
            "tokens, context %td\n",
            m->family->title, x->table.n, x->L, x->C, x->H, x->V, x->T);
    fprintf(m->o->out,
            "%s: %td checkpoint%s of %.1f MiB each, steps %td to %td; takes "
            "%.1f MiB of memory\n",
            m->o->dir, m->o->n_folders, m->o->n_folders == 1 ? "" : "s",
            (double)x->table.n * sizeof(real) / mib, m->folders[0].step,
            last_step(m), bytes_needed(m) / mib);
}

/* ---- the run ------------------------------------------------------------- */

/* The weights of a folder, all of which are numbers. */
static int read_folder(struct import *m, const struct folder *f, struct err *e)
{
    struct safetensors s;
    if (safetensors_open(&s, f->path, e) == OK)
        weights_take(m->weights, &m->model, m->family, &s, e);
    safetensors_release(&s);
    if (on_one_line(e))
        return e->code;
    struct param_fault fault = params_fault(&m->model.table, m->weights);
    return fault.p ? err_set(e, ERR_DATA,
                             "%s: tensor %s (ours) has %td numbers that are "
                             "none, from number %td on: get the file anew",
                             f->path, fault.p->name, fault.n, fault.at)
                   : OK;
}

static int write_checkpoint(struct import *m, const struct folder *f,
                            struct err *e)
{
    char path[RUN_PATH_MAX];
    const struct checkpoint_data data = { .weights = m->weights };
    struct checkpoint_head head = {
        .step = f->step,
        .tokens = session_tokens(&m->config, f->step),
        .config = m->config_text,
    };
    strcpy(head.run_id, m->run.id);
    run_step_path(path, m->o->dir, f->step);
    return checkpoint_save(path, &head, &m->model.table, &data, e);
}

/* What training goes on from: it takes what training takes. */
static int open_state(struct import *m, struct err *e)
{
    if (!m->o->is_state)
        return OK;
    m->session = calloc(1, sizeof *m->session);
    return m->session ? session_open(m->session, &m->config, true, e)
                      : err_memory(e, NULL);
}

static void fill_state(struct import *m)
{
    struct session *s = m->session;
    memcpy(engine_download(&s->engine).weights, m->weights,
           (size_t)m->model.table.total * sizeof *m->weights);
    engine_upload(&s->engine);
    /* session_check reads it; else token 0 throughout */
    source_batch(&s->source, &s->batch, SPLIT_TRAIN, 0);
}

/* The tensor whose numbers may be what is too large. */
static const struct param *
find_largest(double *largest, const struct param_table *t, const real *w)
{
    const struct param *at = NULL;
    *largest = -1;
    for (idx p = 0; p < t->count; p++)
        for (idx i = 0; i < t->rows[p].n; i++) {
            double x = fabs((double)w[t->rows[p].offset + i]);
            if (x <= *largest)
                continue;
            *largest = x;
            at = &t->rows[p];
        }
    return at;
}

/* Before anything is written: could training go on from these weights, which
 * are of the last step? */
static int check_state(struct import *m, const struct folder *f, struct err *e)
{
    struct err own = { 0 };
    double largest;
    if (!m->o->is_state)
        return OK;
    fill_state(m);
    if (session_check(m->session, f->step, true, &own) != ERR_DIVERGED)
        return err_pass(e, &own);
    const struct param *p = find_largest(&largest, &m->model.table, m->weights);
    return err_set(e, ERR_DIVERGED,
                   "%s: the model's loss is not finite%s, so training cannot "
                   "go on from it, although all weights are numbers, at most "
                   "%.3g (in %s, ours): get the file anew, or leave out "
                   "--state",
                   f->path,
                   m->config.train.precision == PRECISION_BFLOAT16
                       ? " in bfloat16 (train.precision)"
                       : "",
                   largest, p->name);
}

static int save_state(struct import *m, struct err *e)
{
    struct session *s = m->session;
    struct train_samples none = { .session = s };
    struct train_state state = {
        .folder = &m->run,
        .session = s,
        .metrics = &m->log.metrics,
        .samples = &none,
        .config_text = m->config_text,
        .step = last_step(m),
    };
    if (!m->o->is_state)
        return OK;
    fill_state(m);
    return train_state_save(&state, e);
}

/* Logs are there, as of any run; they have no rows. */
static int open_logs(struct import *m, struct err *e)
{
    static const struct meter none;
    struct run_columns columns = { .meter = &none };
    if (m->o->is_state)
        columns = session_columns(m->session);
    return train_log_create(&m->log, columns, m->o->dir, e);
}

/* The manifest in front of the settings: no run is trained that has none of
 * these, nor one that is known as an import. */
static int begin(struct import *m, struct err *e)
{
    const struct manifest_start start = {
        .blas = "",
        .blas_core = "",
        .blas_threading = "",
        .products = "",
        .precision = "",
        .threads = 1,
        .processes = 1,
        .argc = m->o->argc,
        .argv = m->o->argv,
    };
    return (m->is_again ? run_open(&m->run, m->o->dir, e)
                        : run_create(&m->run, m->o->dir, e)) ||
                   open_logs(m, e) ||
                   manifest_add_start(m->run.dir, m->run.id, &start, e) ||
                   run_config_write(&m->run, m->config_text, e) ||
                   run_status_write(&m->run, RUN_RUNNING, 0, NULL, e)
               ? e->code
               : OK;
}

static int finish(struct import *m, struct err *e)
{
    struct err ignored = { 0 };
    enum run_state state = e->code ? RUN_FAILED : RUN_DONE;
    idx step = e->code ? 0 : last_step(m);
    const char *reason = e->code ? e->text : NULL;
    struct err *own = e->code ? &ignored : e;
    if (manifest_add_end(m->run.dir, m->run.id, run_state_name(state), step,
                         own) == OK ||
        reason)
        run_status_write(&m->run, state, step, reason, own);
    return e->code;
}

/* What is wrong with any folder is told before anything is written. The first
 * is read last, so that it need not be read again. */
static int check_folders(struct import *m, struct err *e)
{
    idx last = m->o->n_folders - 1;
    for (idx i = last; i >= 0 && !e->code; i--)
        if (read_folder(m, &m->folders[i], e) == OK && i == last)
            check_state(m, &m->folders[i], e);
    return e->code;
}

/* Was the run that lies there begun by this import, which was then killed? */
static bool is_begun(const struct import *m)
{
    char path[RUN_PATH_MAX], *text = NULL;
    size_t n = 0;
    struct manifest manifest = { 0 };
    bool is = run_look(NULL, m->o->dir, ERR_IGNORED) != RUN_DONE &&
              manifest_read(&manifest, m->o->dir, ERR_IGNORED) == OK &&
              manifest_is_import(&manifest) &&
              !strncmp(manifest.latest->command, "import ", 7);
    run_path(path, m->o->dir, RUN_CONFIG);
    is = is &&
         sealed_text_read(&text, &n, NULL, path, CONFIG_MAX, ERR_CONFIG,
                          RUN_CONFIG_REMEDY, ERR_IGNORED) == OK &&
         !strcmp(text, m->config_text);
    free(text);
    manifest_release(&manifest);
    return is;
}

/* A model is no run. */
static int check_place(const char *dir, struct err *e)
{
    char path[FSYS_PATH_MAX];
    bool is_model = false;
    snprintf(path, sizeof path, "%s/config.json", dir);
    if (run_place_check(dir, "-o", e) || fsys_exists(&is_model, path, e))
        return e->code;
    return is_model
               ? err_set(e, ERR_BUSY, "%s holds a model: give another -o", dir)
               : OK;
}

/* Checkpoints that are there stay, but those of this import. */
static int look_at_run(struct import *m, struct err *e)
{
    char dir[RUN_DIR_MAX + 8];
    struct step_list there = { 0 };
    if (strlen(m->o->dir) >= RUN_DIR_MAX)
        return OK; /* run_create says so */
    if (check_place(m->o->dir, e))
        return e->code;
    if (run_list_checkpoints(&there, m->o->dir, e) == OK && there.n > 0)
        m->is_again = is_begun(m);
    shell_word(dir, sizeof dir, m->o->dir);
    if (!e->code && there.n > 0 && !m->is_again)
        err_set(e, ERR_BUSY,
                "%s already holds a run: give another -o, or remove it first "
                "(`sinklab runs %s --remove`)",
                m->o->dir, dir);
    step_list_release(&there);
    return e->code;
}

static int write_run(struct import *m, struct err *e)
{
    char dir[RUN_DIR_MAX + 8];
    if (check_folders(m, e) || begin(m, e))
        return e->code;
    for (idx i = 0; i < m->o->n_folders && !e->code; i++)
        if ((i == 0 || read_folder(m, &m->folders[i], e) == OK) &&
            write_checkpoint(m, &m->folders[i], e) == OK)
            fprintf(m->o->out, "%s: step %td\n", m->folders[i].path,
                    m->folders[i].step);
    if (!e->code)
        save_state(m, e);
    if (finish(m, e))
        return e->code;
    shell_word(dir, sizeof dir, m->o->dir);
    fprintf(m->o->out, "imported: %s; next: sinklab analyze %s\n", m->o->dir,
            dir);
    return OK;
}

int import_run(const struct import_options *o, struct err *e)
{
    struct import *m = malloc(sizeof *m);
    if (!m)
        return err_memory(e, NULL);
    *m = (struct import){ .o = o };
    if (check_settings(o, e) == OK && find_steps(m, e) == OK)
        m->family = ask(&m->first, m->folders[0].path, e);
    if (m->family && check_alike(m, e) == OK && check_model(m, e) == OK &&
        make_config(m, e) == OK && open_model(m, e) == OK &&
        look_at_run(m, e) == OK) {
        say_plan(m);
        if (!o->is_dry && take_memory(m, e) == OK && open_state(m, e) == OK)
            write_run(m, e);
    }
    if (m->session)
        session_release(m->session);
    free(m->session);
    run_close(&m->run);
    model_release(&m->model);
    free(m->config_text);
    free(m->weights);
    free(m->folders);
    free(m);
    return e->code;
}
