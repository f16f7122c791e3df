#include "config/config_when.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/condition.h"
#include "data/corpus_kind.h"
#include "data/edit.h"
#include "data/mixture.h"
#include "metric/consequences.h"
#include "nn/attention/attention_facts.h"

enum { ROOM_BYTES = 8192 }; /* for the longest condition */

/* What no comparison of keys can say. */
struct fact {
    const char *name;
    bool (*holds)(const struct config *c);
    const char *words;                         /* behind "is read only where" */
    const char *keys[CONFIG_DECIDERS_MAX + 1]; /* that decide it; then NULL */
};

static bool column_acts(const struct config *c)
{
    return attention_column_acts(&c->attention);
}

static bool edits_do_draw(const struct config *c)
{
    return edits_draw(&c->data);
}

/* As the source, or as a part of a mixture. */
static bool has_kind(const struct config *c, const struct corpus_kind *k)
{
    const struct corpus_kind *own = corpora[c->data.source];
    return own == k || (own == &corpus_mixture && mixture_names(&c->data, k));
}

static bool has_source(const struct config *c, const char *name)
{
    return has_kind(c, corpora[corpus_find(name, strlen(name))]);
}

static bool has_bigrams(const struct config *c)
{
    return has_source(c, "bigram-backcopy");
}

static bool has_triggers(const struct config *c)
{
    return has_bigrams(c) || has_source(c, "induction");
}

static bool has_copies(const struct config *c)
{
    return has_source(c, "copy");
}

static bool reads_files(const struct config *c)
{
    return has_source(c, "text") || has_source(c, "tokens") ||
           (has_bigrams(c) && c->data.bigram_path[0]);
}

/* Is what is held out the end of a corpus in files? Of a mixture's parts it is;
 * of a prepared folder with a part of its own only who opens it knows. */
static bool cuts_held_out(const struct config *c)
{
    const struct corpus_kind *own = corpora[c->data.source];
    return own == &corpus_mixture || (own->is_stored && !c->data.val_path[0]);
}

static bool draws_table(const struct config *c)
{
    return has_bigrams(c) && !c->data.bigram_path[0];
}

/* Is data.vocab how many tokens a source has? */
static bool counts_tokens(const struct config *c)
{
    for (int i = 0; corpora[i]; i++)
        if (corpora[i] != &corpus_mixture && has_kind(c, corpora[i]) &&
            strcmp(corpus_name(i), "text") != 0 &&
            strcmp(corpus_name(i), "bigram-backcopy") != 0)
            return true;
    return draws_table(c);
}

/* Is anything drawn from the task's seed? */
static bool task_draws(const struct config *c)
{
    const struct corpus_kind *k = corpora[c->data.source];
    return draws_table(c) || (edits_do_draw(c) && !c->data.random_fresh) ||
           (c->data.unique_tokens && !k->is_stored);
}

static bool has_shares(const struct config *c)
{
    return attention_has_shares(&c->attention);
}

/* Which interventions do the metrics ask for? */
static struct consequences_request costs_of(const struct config *c)
{
    struct metric_choice choice = { &c->sink, &c->metrics };
    const struct intervention_shape shape = { .T = c->model.context };
    return consequences_asked(&choice, &shape);
}

static bool asks_costs(const struct config *c)
{
    return costs_of(c).n > 0;
}

static bool asks_no_sink(const struct config *c)
{
    return costs_of(c).reads & READS_SINK_KEY;
}

static bool asks_cache(const struct config *c)
{
    return costs_of(c).reads & READS_CACHE;
}

static bool asks_stream(const struct config *c)
{
    return costs_of(c).reads & READS_KEPT;
}

static const struct fact facts[] = {
    { "asks_costs",
      asks_costs,
      "metrics.names asks for what an intervention costs: consequences, or "
      "cost_*",
      { "metrics.names" } },
    { "asks_no_sink",
      asks_no_sink,
      "metrics.names asks for what is done to the sink: cost_no_sink*, "
      "cost_hide_sink*, cost_share_sink*, cost_no_massive, cost_mean_massive",
      { "metrics.names" } },
    { "asks_cache",
      asks_cache,
      "metrics.names asks for cost_window, cost_stream*, cost_evict or "
      "cost_keydiff",
      { "metrics.names" } },
    { "asks_stream",
      asks_stream,
      "metrics.names asks for cost_stream*",
      { "metrics.names" } },
    { "has_shares",
      has_shares,
      "heads have rows of weights that are never negative: not with "
      "operation = flow, linear_time = yes, or weights = identity, affine",
      { "attention.operation", "attention.linear_time", "attention.weights" } },
    { "column_acts",
      column_acts,
      "its column can change the output: it has a value, or the weights of "
      "keys depend on its score (by weights = softmax and others, or by "
      "normalizer = sum, abs_sum, p_norm)",
      { "attention.weights", "attention.normalizer", "attention.bias_value",
        "attention.bias_value_scale" } },
    { "edits_draw",
      edits_do_draw,
      "an edit draws random numbers (data.shuffle, data.random_positions, "
      "data.label_noise)",
      { "data.shuffle", "data.random_positions", "data.label_noise" } },
    { "task_draws",
      task_draws,
      "something is drawn once for all runs of a task: the table of "
      "bigram-backcopy without data.bigram_path, what edits draw without "
      "data.random_fresh, or the samples of data.unique_tokens",
      { "data.source", "data.mixture", "data.bigram_path", "data.random_fresh",
        "data.unique_tokens", "data.shuffle", "data.random_positions",
        "data.label_noise" } },
    { "has_bigrams",
      has_bigrams,
      "data.source is bigram-backcopy, or data.mixture has such a part",
      { "data.source", "data.mixture" } },
    { "has_triggers",
      has_triggers,
      "data.source is bigram-backcopy or induction, or data.mixture has such a "
      "part",
      { "data.source", "data.mixture" } },
    { "has_copies",
      has_copies,
      "data.source is copy, or data.mixture has such a part",
      { "data.source", "data.mixture" } },
    { "reads_files",
      reads_files,
      "data.source is text or tokens, or bigram-backcopy with "
      "data.bigram_path, or data.mixture has such a part",
      { "data.source", "data.mixture", "data.bigram_path" } },
    { "cuts_held_out",
      cuts_held_out,
      "data.source is text or tokens, without data.val_path, or mixture",
      { "data.source", "data.val_path" } },
    { "counts_tokens",
      counts_tokens,
      "the corpus does not say itself how many tokens there are: data.source "
      "is neither text nor bigram-backcopy with data.bigram_path, or "
      "data.mixture has another part",
      { "data.source", "data.mixture", "data.bigram_path" } },
};

static const struct fact *find_fact(const char *name)
{
    for (idx i = 0; i < COUNT_OF(facts); i++)
        if (!strcmp(facts[i].name, name))
            return &facts[i];
    return NULL;
}

/* ---- the condition of a row -------------------------------------------- */

/* Our own text, which the tests read whole: what is wrong in it is a bug. */
static int find_name(void *user, struct condition_term *t, const char *name,
                     struct err *e)
{
    (void)user;
    (void)e;
    t->other = find_fact(name);
    t->key = config_key_find(name);
    BUG_ON(!t->other && !t->key.key);
    return OK;
}

static int read_value(void *user, struct condition_value *v,
                      const struct condition_term *t, struct pool *pool,
                      char *text, struct err *e)
{
    (void)user;
    (void)pool;
    (void)e;
    v->text = text;
    if (t->is_number) {
        v->key = config_key_find(text);
        v->number = strtod(text, NULL);
    }
    return OK;
}

struct when {
    struct condition is;
    struct pool memory;
    max_align_t room[ROOM_BYTES / sizeof(max_align_t)];
};

static void open_when(struct when *w, struct config_key k)
{
    static const struct condition_reader rows = { .has_facts = true,
                                                  .find = find_name,
                                                  .read = read_value };
    pool_begin(&w->memory, w->room, sizeof w->room);
    BUG_ON(
        condition_parse(&w->is, &w->memory, k.key->when, &rows, ERR_IGNORED));
}

/* The keys that a term speaks of; returns how many. */
static idx term_keys(struct config_key keys[CONFIG_DECIDERS_MAX],
                     const struct condition_term *t)
{
    const struct fact *fact = t->other;
    idx n = 0;
    if (t->key.key)
        keys[n++] = t->key;
    for (idx i = 0; i < t->n; i++)
        if (t->values[i].key.key)
            keys[n++] = t->values[i].key;
    for (idx i = 0; fact && fact->keys[i]; i++)
        keys[n++] = config_key_find(fact->keys[i]);
    BUG_ON(n > CONFIG_DECIDERS_MAX);
    return n;
}

/* ---- does it hold? ----------------------------------------------------- */

/* A condition being looked at. */
struct look {
    const struct config *c;
    struct config_key of;
    config_excuse *is_excused; /* or NULL */
    void *user;
};

static bool holds(const struct condition_term *t, const void *user)
{
    const struct look *l = user;
    const struct fact *fact = t->other;
    struct config_key keys[CONFIG_DECIDERS_MAX];
    idx n = l->is_excused ? term_keys(keys, t) : 0;
    for (idx i = 0; i < n; i++)
        if (keys[i].key != l->of.key && l->is_excused(l->user, keys[i]))
            return true;
    return fact ? fact->holds(l->c) : condition_fits_config(t, l->c);
}

bool config_would_be_read(const struct config *c, struct config_key k,
                          config_excuse *excuse, void *user)
{
    const struct look l = { c, k, excuse, user };
    struct when w;
    if (!k.key->when)
        return true;
    open_when(&w, k);
    bool is_read = condition_holds(&w.is, holds, &l);
    pool_release(&w.memory);
    return is_read;
}

bool config_is_read(const struct config *c, struct config_key k)
{
    return config_would_be_read(c, k, NULL, NULL);
}

bool config_is_idle(const struct config *c, struct config_key k)
{
    return k.key->when && !config_has_default(c, k) && !config_is_read(c, k);
}

/* ---- what follows ------------------------------------------------------ */

/* A dropped value may have been what another one was read with. */
void config_drop_idle(struct config *c)
{
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (struct config_key k = { 0 }; config_next_key(&k);) {
            if (!config_is_idle(c, k))
                continue;
            config_reset(c, k);
            is_changed = true;
        }
    }
}

/* ---- in words ---------------------------------------------------------- */

idx config_deciders(struct config_key found[CONFIG_DECIDERS_MAX],
                    struct config_key k)
{
    struct config_key keys[CONFIG_DECIDERS_MAX];
    struct when w;
    idx n = 0;
    if (!k.key->when)
        return 0;
    open_when(&w, k);
    for (idx t = 0; t < w.is.n; t++)
        for (idx i = 0, m = term_keys(keys, &w.is.terms[t]); i < m; i++) {
            bool is_known = keys[i].key == k.key;
            for (idx j = 0; j < n; j++)
                is_known |= found[j].key == keys[i].key;
            BUG_ON(!is_known && n == CONFIG_DECIDERS_MAX);
            if (!is_known)
                found[n++] = keys[i];
        }
    pool_release(&w.memory);
    return n;
}

void config_why_idle(char *text, size_t cap, const struct config *c,
                     struct config_key k)
{
    struct text t = { .at = text, .cap_bytes = cap };
    struct config_key deciders[CONFIG_DECIDERS_MAX];
    char value[KEY_PRINT_MAX], shown[TEXT_SHOW_MAX];
    idx n = config_deciders(deciders, k);
    bool is_named = n > 1 || strstr(config_show_when(k.key), k.key->name);
    text_add(&t, "is read only %s %s; this run has ", config_when_word(k.key),
             config_show_when(k.key));
    for (idx i = 0; i < n; i++) {
        config_value(value, sizeof value, c, deciders[i]);
        if (is_named)
            text_add(&t, "%s%s.%s = ", i ? ", " : "", deciders[i].section->name,
                     deciders[i].key->name);
        text_add(&t, "%s", *value ? text_show(shown, value) : "none");
    }
}

const char *config_show_when(const struct key *key)
{
    const struct fact *fact = key->when ? find_fact(key->when) : NULL;
    return fact ? fact->words : key->when ? key->when : "";
}

const char *config_when_word(const struct key *key)
{
    return key->when && find_fact(key->when) ? "where" : "with";
}
