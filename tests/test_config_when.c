/* Is it true what the rows of keys say of when they are read? Small models are
 * trained: what is not read changes no bit of what a run computes, and is
 * refused; what is read changes some, and the run's identity.
 *
 * All that one model does not read is set at once, and only if that makes a
 * difference one by one. CONFIG_WHEN=pairs in the environment (`make check`)
 * sets halves of it, too, so cut that for any two keys there is one that sets
 * the first and leaves the second alone: there may be keys that act only where
 * another has its default. It takes half a minute, and `make test` leaves it
 * out. */
#include "harness.h"
#include "train/session.h"
#include "train/train_rules.h"
#include "train/train_samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/rng.h"
#include "base/text.h"
#include "config/config_differ.h"
#include "config/config_when.h"

enum { UPDATES = 3, OVERRIDES_MAX = 32, VALUES_MAX = 24, VALUE_MAX = 700 };

/* What all models here share, and must not be tried itself. */
static const char *const small[] = {
    "model.layers=2",         "model.width=8",       "model.heads=2",
    "model.context=16",       "train.batch=2",       "train.threads=1",
    "train.val_every=1",      "sink.tokens=8",       "sink.probe_every=1",
    "sink.probe_sequences=2", "train.val_tokens=32",
};

/* Models of which one at least must tell each key that is read, and none may
 * tell one that is not. Settings are separated by blanks. */
static const char *const probes[] = {
    "",
    "model.heads=1",
    "model.norm_place=none",
    "model.norm_place=sandwich",
    "model.norm_place=behind",
    "model.norm=dyt",
    "model.position=rope",
    "model.position=rope model.rope_scaling=linear",
    "model.position=rope model.rope_scaling=llama3",
    "model.position=rope model.rope_scaling=llama3 model.rope_from=8",
    "model.biases=no",
    "model.parallel=yes model.norm_place=none",
    "model.position=none",
    "model.ffn=swiglu",
    "model.init=study",
    "attention.weights=sigmoid",
    "attention.weights=sigmoid attention.sigmoid_bias=length",
    "attention.weights=sigmoid attention.sigmoid_bias=learned",
    "attention.weights=sigmoid attention.normalizer=sum attention.bias=key",
    "attention.weights=clipped",
    "attention.weights=clipped attention.clip_alpha=2",
    "attention.weights=elastic",
    "attention.weights=elastic attention.elastic_tau=-0.2",
    "attention.weights=ssmax",
    "attention.weights=threshold_relu attention.qk_norm=unit",
    ("attention.weights=threshold_relu attention.qk_norm=unit "
     "attention.threshold_beta=0.1"),
    "attention.weights=relu attention.normalizer=p_norm",
    "attention.weights=relu",
    "attention.weights=stick_breaking",
    "attention.weights=identity model.width=24 model.context=96",
    "attention.bias=key",
    "attention.bias=key attention.bias_value=first",
    "attention.bias=key attention.bias_value=uniform model.heads=1",
    "attention.bias=key_value",
    "attention.bias=value",
    "attention.bias=logit",
    "attention.registers=2",
    "attention.window=4",
    "attention.qk_norm=rms",
    "attention.qk_norm=rms_wide",
    "attention.group=4",
    "attention.group=6 attention.group_shift=yes",
    "attention.document_token=3",
    "attention.gate=input",
    "attention.gate=static",
    "attention.operation=flow",
    "attention.operation=differential",
    "attention.operation=differential model.heads=4",
    "loss.activation=0.5 loss.activation_tau=0.1",
    "loss.activation=0.5",
    "loss.hidden_norm=0.5",
    "loss.l2=0.5",
    "optim.name=sgd",
    "optim.name=adam",
    "optim.name=signum",
    "optim.name=muon",
    "optim.name=muon optim.rest=sgd",
    "optim.name=muon optim.rest=lion",
    "optim.name=soap optim.precondition_every=2",
    "optim.name=shampoo optim.rest=signum",
    "optim.name=orthoadam",
    "optim.name=adafactor",
    "optim.name=schedule-free",
    "model.tied_head=no",
    "optim.schedule=cosine",
    "optim.schedule=linear optim.warmup_steps=2",
    "optim.schedule=wsd train.steps=4",
    "optim.schedule=step",
    "optim.schedule=step optim.drop_at=1",
    "optim.weight_decay=0",
    "optim.clip=0",
    "train.val_every=0",
    "train.sample_tokens=4",
    "train.sample_tokens=4 train.sample_temperature=0",
    "train.stop_loss=0.5",
    "sink.probe_every=0",
    "run.init_seed=3",
    "run.data_seed=3",
    "run.init_seed=3 run.data_seed=3",
    "metrics.names=cost_window",
    "metrics.names=cost_stream metrics.cache=5",
    "metrics.names=cost_no_sink_raw",
    "data.source=random",
    "data.bos=no",
    "data.source=text data.path=@a",
    "data.source=text data.path=@a data.eos=yes",
    "data.source=text data.path=@a sink.input=file sink.path=@a",
    "data.source=text data.path=@a data.order=packed",
    "data.source=text data.path=@a data.val_path=@b",
    "data.source=text data.path=@c",
    "data.source=text data.path=@c attention.documents=within",
    "data.source=tokens data.path=@a/0.txt data.vocab=65536 data.token_bytes=2",
    "data.source=tokens data.path=@a/0.txt data.vocab=65536 "
    "data.format=nanogpt",
    "data.source=mixture",
    "data.source=mixture data.mixture=1*text:@a,1*random",
    "data.source=mixture data.mixture=1*copy,1*random",
    "data.source=mixture data.mixture=1*induction,1*bigram-backcopy",
    "data.bigram_path=@a",
    "data.source=repeat",
    "data.source=copy",
    "data.source=induction",
    "data.random_positions=2",
    "data.random_positions=2 run.data_seed=3",
    "data.random_positions=2 data.random_fresh=yes",
    "data.fixed_position=2",
};

/* ---- configurations ---------------------------------------------------- */

struct overrides {
    idx n;
    char text[OVERRIDES_MAX][VALUE_MAX];
};

/* @ in a setting is the folder of this test. */
static void add(struct overrides *o, const char *setting, size_t n)
{
    const char *at = memchr(setting, '@', n);
    assert_true(o->n < OVERRIDES_MAX);
    if (at)
        snprintf(o->text[o->n++], VALUE_MAX, "%.*s%s/%.*s", (int)(at - setting),
                 setting, test_dir(), (int)(setting + n - at - 1), at + 1);
    else
        snprintf(o->text[o->n++], VALUE_MAX, "%.*s", (int)n, setting);
}

static bool names(const struct overrides *o, const char *name)
{
    size_t n = strlen(name);
    for (idx i = 0; i < o->n; i++)
        if (!strncmp(o->text[i], name, n) && o->text[i][n] == '=')
            return true;
    return false;
}

static bool is_in(const char *probe, const char *name)
{
    size_t n = strlen(name);
    for (const char *s = probe; (s = strstr(s, name)); s += n)
        if ((s == probe || s[-1] == ' ') && s[n] == '=')
            return true;
    return false;
}

/* What the probe says, and what all share where the probe lets it be read. */
static void open_overrides(struct overrides *o, const char *probe)
{
    *o = (struct overrides){ 0 };
    for (const char *s = probe; *s;) {
        size_t n = strcspn(s, " ");
        add(o, s, n);
        s += n + (s[n] == ' ');
    }
    for (idx i = 0; i < COUNT_OF(small); i++) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)strcspn(small[i], "="),
                 small[i]);
        bool is_idle =
            (!strcmp(name, "sink.probe_sequences") &&
             strstr(probe, "probe_every=0")) ||
            (!strcmp(name, "train.val_tokens") && strstr(probe, "val_every=0"));
        if (!names(o, name) && !is_idle)
            add(o, small[i], strlen(small[i]));
    }
}

static int load(struct config *c, const struct overrides *o, struct err *e)
{
    const char *all[OVERRIDES_MAX];
    for (idx i = 0; i < o->n; i++)
        all[i] = o->text[i];
    return config_load(c, NULL, all, o->n, NULL, e);
}

/* Values to try, the default among them perhaps. */
static idx values_of(char values[VALUES_MAX][VALUE_MAX], struct config_key k)
{
    static const char *const integers[] = { "1", "2", "3", "5", "16", "24" };
    static const char *const reals[] = { "0.25", "0.5", "2", "3" };
    static const char *const texts[] = {
        "a",       "b",   "0123456789abcdef", "1*random,1*bigram-backcopy",
        "first_*", "0.25"
    };
    idx n = 0;
    switch (k.key->type) {
    case KEY_INT:
        for (idx i = 0; i < COUNT_OF(integers); i++)
            snprintf(values[n++], VALUE_MAX, "%s", integers[i]);
        break;
    case KEY_REAL:
        for (idx i = 0; i < COUNT_OF(reals); i++)
            snprintf(values[n++], VALUE_MAX, "%s", reals[i]);
        break;
    case KEY_BOOL:
        snprintf(values[n++], VALUE_MAX, "yes");
        snprintf(values[n++], VALUE_MAX, "no");
        break;
    case KEY_CHOICE:
        for (int i = 0; k.key->choice(i); i++) {
            assert_true(n < VALUES_MAX);
            snprintf(values[n++], VALUE_MAX, "%s", k.key->choice(i));
        }
        break;
    case KEY_TEXT:
        for (idx i = 0; i < COUNT_OF(texts); i++)
            snprintf(values[n++], VALUE_MAX, "%s%s%s", i < 2 ? test_dir() : "",
                     i < 2 ? "/" : "", texts[i]);
        break;
    case KEY_STEPS:
        snprintf(values[n++], VALUE_MAX, "0.25");
        snprintf(values[n++], VALUE_MAX, "0 until 1, 0.5");
        break;
    case KEY_LIST:
        snprintf(values[n++], VALUE_MAX, "1, 2");
        snprintf(values[n++], VALUE_MAX, "1");
        break;
    }
    return n;
}

/* ---- what a run computes ----------------------------------------------- */

struct fingerprint {
    double loss[UPDATES];
    struct text t; /* all of it, to the last bit */
    char bytes[8192];
};

static void add_number(struct fingerprint *f, double x)
{
    text_add(&f->t, isnan(x) ? "nan " : "%a ", x);
}

static void add_meter(struct fingerprint *f, struct session *s)
{
    meter_run(&s->meter);
    for (idx i = 0; i < s->meter.n_columns; i++)
        for (idx j = 0; j < s->meter.columns[i].n; j++)
            add_number(f, s->meter.columns[i].value[j]);
}

/* What the model says at a validation, if it is asked. */
static void add_sample(struct fingerprint *f, struct session *s, struct err *e)
{
    struct train_samples t;
    idx n = 0;
    if (train_samples_open(&t, s, e) == OK && t.is_on)
        train_samples_say(&n, &t, e);
    for (idx i = 0; i < n; i++)
        text_add(&f->t, "%td ", (idx)t.said[i]);
    train_samples_release(&t);
}

/* Losses and what else is logged of a few updates, then validation and metrics
 * if they are due. An error is what the run computes, too. */
static void take(struct fingerprint *f, const struct config *c)
{
    struct session s = { 0 };
    struct err e = { 0 };
    struct train_rules rules = { .options = &c->train };
    *f = (struct fingerprint){ .t = { NULL, sizeof f->bytes, 0 } };
    f->t.at = f->bytes;
    text_add(&f->t, "%s", "");
    session_open(&s, c, true, &e);
    for (idx step = 0; step < UPDATES && !e.code; step++) {
        struct update_result u = { 0 };
        if (session_update(&s, step, &u, &e))
            break;
        add_number(f, f->loss[step] = u.loss.cross_entropy);
        add_number(f, u.grad_norm);
        add_number(f, u.lr);
        train_rules_judge(&rules, step + 1, u.loss.cross_entropy, 0);
        text_add(&f->t, "%s ", rules.broken);
    }
    if (!e.code && c->train.val_every) {
        struct val_result v = session_validate(&s);
        add_number(f, v.loss);
        add_number(f, v.loss_se);
        add_number(f, v.excess);
        add_sample(f, &s, &e);
    }
    if (!e.code && c->sink.probe_every)
        add_meter(f, &s);
    text_add(&f->t, "%d", e.code);
    assert_true(f->t.n < f->t.cap_bytes);
    session_release(&s);
}

/* An extra column that does nothing is one entry more in each row all the same:
 * sums of keys begin elsewhere in a vector, and proxy weights count it. What it
 * must not change is what the model says. */
static bool is_equal(const struct fingerprint *a, const struct fingerprint *b,
                     struct config_key k)
{
    const double rounding = 1e-5;
    if (strcmp(k.key->name, "bias") != 0)
        return a->t.n == b->t.n && !memcmp(a->bytes, b->bytes, a->t.n);
    for (idx i = 0; i < UPDATES; i++)
        if (!(fabs(a->loss[i] - b->loss[i]) < rounding))
            return false;
    return true;
}

/* ---- the walk ---------------------------------------------------------- */

/* Of a key's values that are not read, so many are tried with a probe. */
enum { IDLE_VALUES = 2, TOGETHER_MAX = 256 };

/* The same model with the first, or the second, such value of every key: what
 * is read stays the same. */
struct together {
    struct config c;
    struct config_key keys[TOGETHER_MAX];
    idx n;
};

struct ground {
    struct overrides base;
    struct config plain;      /* the base alone */
    struct fingerprint print; /* its, once has_print */
    bool has_print;
    struct together together[IDLE_VALUES];
};

struct walk {
    struct ground grounds[COUNT_OF(probes)];
    bool has_pairs;
    /* Of the key that is being tried */
    struct config_key k;
    char name[64];
    struct config plain; /* of the probe, but k has its default */
    struct fingerprint print;
    bool has_print;
    idx n_read, n_idle; /* values tried */
    bool makes_a_difference;
};

static bool has_condition(struct config_key k)
{
    return k.key->when != NULL;
}

static bool is_cosmetic(struct config_key k)
{
    return config_key_is_cosmetic(k);
}

static bool is_sound(const struct config *c)
{
    struct err e = { 0 };
    struct model_spec spec = config_spec(c);
    struct metric_choice choice = { &c->sink, &c->metrics };
    return !model_spec_check(&spec, &e) &&
           !consequences_check(&choice, c->model.context, &e);
}

static bool set(struct config *c, struct config_key k, const char *value)
{
    return !key_parse(k.key, (char *)c + k.section->offset, value, ERR_IGNORED);
}

static const struct fingerprint *of_ground(struct ground *g)
{
    if (!g->has_print)
        take(&g->print, &g->plain);
    g->has_print = true;
    return &g->print;
}

static const struct fingerprint *of_plain(struct walk *w, struct ground *g)
{
    if (!memcmp(&w->plain, &g->plain, sizeof w->plain))
        return of_ground(g);
    if (!w->has_print)
        take(&w->print, &w->plain);
    w->has_print = true;
    return &w->print;
}

/* Does value of k go with the settings that are tried together? Not if it, or
 * one that is there, would be read with the others. */
static bool admit(struct together *t, struct config_key k, const char *value)
{
    struct config c = t->c;
    if (!set(&c, k, value) || !is_sound(&c) || config_is_read(&c, k))
        return false;
    for (idx i = 0; i < t->n; i++)
        if (config_is_read(&c, t->keys[i]))
            return false;
    assert_true(t->n < TOGETHER_MAX);
    t->keys[t->n++] = k;
    t->c = c;
    return true;
}

static bool join(struct walk *w, struct ground *g, struct together *t,
                 const char *value)
{
    bool has_ground = !memcmp(&w->plain, &g->plain, sizeof w->plain);
    /* is_equal is lenient to a bias */
    return has_ground && strcmp(w->k.key->name, "bias") != 0 &&
           admit(t, w->k, value);
}

static void see_idle(struct walk *w, struct ground *g, struct together *t,
                     const struct overrides *o, const struct config *forced,
                     const char *value)
{
    struct config c;
    struct err e = { 0 };
    struct fingerprint f;
    char id[CONFIG_ID_MAX], plain_id[CONFIG_ID_MAX];
    w->n_idle++;
    if (load(&c, o, &e) != ERR_CONFIG || !strstr(e.text, " is read only ") ||
        !strstr(e.text, w->name))
        fail_msg("%s=%s: not refused: %s", w->name, value, e.text);
    config_id(id, forced);
    config_id(plain_id, &w->plain);
    assert_string_equal(id, plain_id);
    if (join(w, g, t, value))
        return;
    take(&f, forced);
    if (!is_equal(&f, of_plain(w, g), w->k))
        fail_msg("%s=%s makes a difference with %s: %s, not %s", w->name, value,
                 o->text[0], f.bytes, of_plain(w, g)->bytes);
}

static void print_value(char value[KEY_PRINT_MAX], const struct config *c,
                        struct config_key k)
{
    key_print(k.key, (const char *)c + k.section->offset, value, KEY_PRINT_MAX);
}

/* That all of them changed no bit; else one that did is named. */
static void see_together(struct ground *g, const struct together *t,
                         const char *probe)
{
    struct fingerprint f;
    const struct fingerprint *plain = of_ground(g);
    take(&f, &t->c);
    if (f.t.n == plain->t.n && !memcmp(f.bytes, plain->bytes, f.t.n))
        return;
    for (idx i = 0; i < t->n; i++) {
        struct config_key k = t->keys[i];
        struct config alone = g->plain;
        char value[KEY_PRINT_MAX];
        print_value(value, &t->c, k);
        assert_true(set(&alone, k, value));
        take(&f, &alone);
        if (!is_equal(&f, plain, k))
            fail_msg("%s.%s=%s makes a difference with '%s': %s, not %s",
                     k.section->name, k.key->name, value, probe, f.bytes,
                     plain->bytes);
    }
    fail_msg("%td settings make a difference together with '%s', none alone",
             t->n, probe);
}

/* The same of those whose number has this bit, or lacks it. Numbers of two keys
 * differ in one bit at least. */
static void see_half(struct ground *g, const struct together *t, int bit,
                     bool has_it, const char *probe)
{
    static struct together half;
    half = (struct together){ .c = g->plain };
    for (idx i = 0; i < t->n; i++) {
        char value[KEY_PRINT_MAX];
        print_value(value, &t->c, t->keys[i]);
        if ((i >> bit & 1) == has_it)
            assert_true(admit(&half, t->keys[i], value));
    }
    see_together(g, &half, probe);
}

static void see_read(struct walk *w, struct ground *g,
                     const struct overrides *o, const struct config *forced,
                     const char *value)
{
    struct config c;
    struct err e = { 0 };
    struct fingerprint f;
    char id[CONFIG_ID_MAX], plain_id[CONFIG_ID_MAX];
    w->n_read++;
    if (load(&c, o, &e))
        fail_msg("%s=%s: %s", w->name, value, e.text);
    config_id(id, &c);
    config_id(plain_id, &w->plain);
    assert_int_equal(strcmp(id, plain_id) == 0, is_cosmetic(w->k));
    if (w->makes_a_difference)
        return;
    take(&f, forced);
    w->makes_a_difference = !is_equal(&f, of_plain(w, g), w->k);
}

static void try_value(struct walk *w, struct ground *g, struct together *t,
                      const char *value)
{
    struct overrides o = g->base;
    struct config forced = w->plain;
    char setting[VALUE_MAX];
    if (!set(&forced, w->k, value) || config_has_default(&forced, w->k) ||
        config_value_order(&forced, &w->plain, w->k) == 0 || !is_sound(&forced))
        return;
    snprintf(setting, sizeof setting, "%s=%s", w->name, value);
    add(&o, setting, strlen(setting));
    if (config_is_read(&forced, w->k))
        see_read(w, g, &o, &forced, value);
    else
        see_idle(w, g, t, &o, &forced, value);
}

static void try_key(struct walk *w, struct config_key k)
{
    static char values[VALUES_MAX][VALUE_MAX];
    idx n = values_of(values, k);
    w->k = k;
    w->n_read = w->n_idle = 0;
    w->makes_a_difference = false;
    snprintf(w->name, sizeof w->name, "%s.%s", k.section->name, k.key->name);
    for (idx p = 0; p < COUNT_OF(probes); p++) {
        struct ground *g = &w->grounds[p];
        if (!has_condition(k) && w->makes_a_difference)
            return;
        /* a text is read from somewhere: any other place is a value to try */
        bool is_named = is_in(probes[p], w->name);
        if (is_named && strcmp(w->name, "data.path") != 0 &&
            strcmp(w->name, "sink.path") != 0)
            continue;
        w->has_print = false;
        w->plain = g->plain;
        if (!is_named)
            config_reset(&w->plain, k);
        idx before = w->n_idle;
        for (idx i = 0; i < n && w->n_idle < before + IDLE_VALUES; i++)
            try_value(w, g, &g->together[w->n_idle - before], values[i]);
    }
}

static void write_texts(void)
{
    static const int files[] = { 2, 2, 70 }; /* those of c are short */
    char path[600];
    for (int folder = 0; folder < COUNT_OF(files); folder++) {
        snprintf(path, sizeof path, "%s/%c", test_dir(), "abc"[folder]);
        assert_int_equal(mkdir(path, 0700), 0);
        for (int file = 0; file < files[folder]; file++) {
            unsigned char bytes[1400];
            idx n = COUNT_OF(bytes) / files[folder];
            struct rng r =
                rng_open(5, RNG_TEST, (uint64_t)folder, (uint64_t)file);
            for (idx i = 0; i < n; i++)
                bytes[i] = (unsigned char)rng_below(&r, 256);
            snprintf(path, sizeof path, "%s/%c/%d.txt", test_dir(),
                     "abc"[folder], file);
            test_write_file(path, bytes, (size_t)n);
        }
    }
}

static void open_grounds(struct walk *w)
{
    for (idx p = 0; p < COUNT_OF(probes); p++) {
        struct ground *g = &w->grounds[p];
        struct err e = { 0 };
        open_overrides(&g->base, probes[p]);
        if (load(&g->plain, &g->base, &e))
            fail_msg("%s: %s", probes[p], e.text);
        for (idx i = 0; i < IDLE_VALUES; i++)
            g->together[i].c = g->plain;
    }
}

static void see_all(struct walk *w, idx probe, const struct together *t)
{
    struct ground *g = &w->grounds[probe];
    see_together(g, t, probes[probe]);
    for (int bit = 0; w->has_pairs && (idx)1 << bit < t->n; bit++) {
        see_half(g, t, bit, false, probes[probe]);
        see_half(g, t, bit, true, probes[probe]);
    }
}

/* Keys with a condition, and all others that are part of an identity. */
static void test_config__keys_are_read_when_their_rows_say(void **state)
{
    (void)state;
    static struct walk w;
    if (!test_is_long())
        skip();
    const char *form = getenv("CONFIG_WHEN");
    w.has_pairs = form && !strcmp(form, "pairs");
    if (form && *form && !w.has_pairs)
        fail_msg("CONFIG_WHEN=%s: want pairs, or nothing", form);
    write_texts();
    open_grounds(&w);
    for (idx s = 0; s < n_config_sections; s++)
        for (idx i = 0; i < *config_sections[s].n_keys; i++) {
            struct config_key k = { &config_sections[s],
                                    &config_sections[s].keys[i] };
            if (!has_condition(k) && is_cosmetic(k))
                continue;
            try_key(&w, k);
            if (!w.n_read || !w.makes_a_difference)
                fail_msg("%s: read in %td trials, but no settings in `probes` "
                         "make any of its values change a bit",
                         w.name, w.n_read);
            if (has_condition(k) && !w.n_idle)
                fail_msg("%s: no probe leaves it unread", w.name);
        }
    for (idx p = 0; p < COUNT_OF(probes); p++)
        for (idx i = 0; i < IDLE_VALUES; i++)
            see_all(&w, p, &w.grounds[p].together[i]);
}

/* ---- conditions as text ------------------------------------------------ */

/* Every name exists, and every value is as key_print has it. */
static void check_term(const char *key, const char *term)
{
    char name[128], sign[8];
    int at = 0;
    if (!strchr(term, ' '))
        return; /* a fact: config_is_read stops at one that is none */
    assert_int_equal(sscanf(term, "%127s %7s %n", name, sign, &at), 2);
    const char *dot = strchr(name, '.');
    const struct config_section *section = NULL;
    const struct key *found = NULL;
    for (idx s = 0; dot && s < n_config_sections; s++)
        if (strlen(config_sections[s].name) == (size_t)(dot - name) &&
            !strncmp(config_sections[s].name, name, (size_t)(dot - name)))
            section = &config_sections[s];
    for (idx k = 0; section && k < *section->n_keys; k++)
        if (!strcmp(section->keys[k].name, dot + 1))
            found = &section->keys[k];
    if (!found)
        fail_msg("%s: no key %s", key, name);
    if (*sign == '<' || *sign == '>')
        return;
    char values[256];
    snprintf(values, sizeof values, "%s", term + at);
    for (char *rest = values, *one; (one = strtok_r(rest, "|", &rest));) {
        struct config room = { 0 };
        char printed[KEY_PRINT_MAX];
        struct err e = { 0 };
        one = text_trim(one);
        if (key_parse(found, (char *)&room + section->offset, one, &e))
            fail_msg("%s: %s: %s", key, name, e.text);
        key_print(found, (char *)&room + section->offset, printed,
                  sizeof printed);
        assert_string_equal(printed, one);
    }
}

static void test_config__conditions_name_what_exists(void **state)
{
    (void)state;
    for (idx s = 0; s < n_config_sections; s++)
        for (idx i = 0; i < *config_sections[s].n_keys; i++) {
            const struct key *key = &config_sections[s].keys[i];
            char when[256];
            if (!key->when)
                continue;
            assert_true(strlen(key->when) < sizeof when);
            snprintf(when, sizeof when, "%s", key->when);
            for (char *term = when; term;) {
                char *both = strstr(term, " and "),
                     *either = strstr(term, " or ");
                bool is_both = both && (!either || both < either);
                char *end = is_both ? both : either;
                char *next =
                    end ? end + strlen(is_both ? " and " : " or ") : NULL;
                if (end)
                    *end = '\0';
                check_term(key->name, term);
                term = next;
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config__conditions_name_what_exists),
        cmocka_unit_test(test_config__keys_are_read_when_their_rows_say),
    };
    return cmocka_run_group_tests_name("config_when", tests, NULL, NULL);
}
