#include "analysis/measured.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/config_differ.h"
#include "data/input.h"
#include "metric/columns.h"
#include "metric/intervention.h"

struct measured measured_by(const struct config *c, bool is_analysis)
{
    struct measured m = {
        .is_known = true,
        .is_analysis = is_analysis,
        .sequences = is_analysis ? c->sink.sequences : c->sink.probe_sequences,
        .tokens = idx_min(c->sink.tokens, c->model.context),
        .eps = c->sink.eps,
        .input = c->sink.input,
        .no_bos = c->sink.bos == SINK_BOS_NO,
        .no_edits = !c->sink.edits,
        .val_tokens = is_analysis ? c->sink.val_tokens : c->train.val_tokens,
        .context = c->model.context,
        .loss_tokens = c->metrics.loss_tokens,
        .sink_key = c->metrics.sink_key,
        .cache = c->metrics.cache,
        .kept = c->metrics.kept,
        .task_seed = c->data.task_seed,
        .eval_seed = c->data.eval_seed,
        .order = c->data.order,
        .val_fraction = c->data.val_fraction,
        .has_val_path = c->data.val_path[0] != 0,
    };
    key_copy_text(m.file, c->sink.hash);
    snprintf(m.corpus, sizeof m.corpus, "%s",
             c->data.hash[0] ? c->data.hash : corpus_name(c->data.source));
    return m;
}

static bool are_unknown(const struct measured *a, const struct measured *b)
{
    return !a->is_known || !b->is_known;
}

static bool sinks_alike(const struct measured *a, const struct measured *b)
{
    return (a->sequences == b->sequences && a->tokens == b->tokens &&
            a->eps == b->eps && a->input == b->input &&
            a->no_bos == b->no_bos && a->no_edits == b->no_edits &&
            strcmp(a->file, b->file) == 0);
}

static bool losses_alike(const struct measured *a, const struct measured *b)
{
    return a->val_tokens == b->val_tokens && a->context == b->context;
}

static bool data_alike(const struct measured *a, const struct measured *b)
{
    return (a->task_seed == b->task_seed && a->eval_seed == b->eval_seed &&
            strcmp(a->corpus, b->corpus) == 0 &&
            orders[a->order]->bos_by_document ==
                orders[b->order]->bos_by_document &&
            !orders[a->order]->targets == !orders[b->order]->targets &&
            a->has_val_path == b->has_val_path &&
            (a->has_val_path || a->val_fraction == b->val_fraction));
}

static bool costs_alike(const struct measured *a, const struct measured *b,
                        int parts)
{
    return a->loss_tokens == b->loss_tokens && a->context == b->context &&
           (!(parts & MEASURED_SINK_KEY) || a->sink_key == b->sink_key) &&
           (!(parts & MEASURED_CACHE) || a->cache == b->cache) &&
           (!(parts & MEASURED_KEPT) || a->kept == b->kept);
}

bool measured_alike(const struct measured *a, const struct measured *b,
                    int parts)
{
    return are_unknown(a, b) ||
           ((!(parts & MEASURED_SINKS) || sinks_alike(a, b)) &&
            (!(parts & MEASURED_LOSSES) || losses_alike(a, b)) &&
            (!(parts & MEASURED_DATA) || data_alike(a, b)) &&
            (!(parts & MEASURED_COSTS) || costs_alike(a, b, parts)));
}

int measured_parts(const char *column)
{
    struct column_facts f;
    if (column_is_validation(column))
        return MEASURED_LOSSES;
    if (!column_find(&f, column) || !f.metric || !f.metric->under)
        return MEASURED_SINKS;
    int reads = intervention_done(f.metric->under)->reads;
    return MEASURED_COSTS | (reads & READS_SINK_KEY ? MEASURED_SINK_KEY : 0) |
           (reads & READS_CACHE ? MEASURED_CACHE : 0) |
           (reads & READS_KEPT ? MEASURED_KEPT : 0);
}

static const char *kind_name(const struct measured *m)
{
    return m->is_analysis ? "analysis" : "probe";
}

/* "random tokens", "tokens of file 0123456789abcdef" */
static void add_input(struct text *t, const struct measured *m)
{
    switch ((enum input_kind)m->input) {
    case INPUT_DATA:
        text_add(t, "tokens");
        break;
    case INPUT_RANDOM:
        text_add(t, "random tokens");
        break;
    case INPUT_REPEAT:
        text_add(t, "times one token");
        break;
    case INPUT_FILE:
        text_add(t, "tokens of file %.16s", m->file);
        break;
    case INPUT_COPY:
        text_add(t, "random tokens in two equal halves");
        break;
    case INPUT_UNIGRAM:
        text_add(t, "random tokens by frequency");
        break;
    }
    text_add(t, "%s%s%s", m->no_bos || m->no_edits ? " without " : "",
             m->no_bos ? "BOS" : "", m->no_bos && m->no_edits ? " and " : "");
    text_add(t, "%s", m->no_edits ? "edits" : "");
}

const char *measured_print(char text[MEASURED_TEXT_MAX],
                           const struct measured *m)
{
    struct text t = { text, MEASURED_TEXT_MAX, 0 };
    text_add(&t, "%s, %td sequence%s of %td ", kind_name(m), m->sequences,
             m->sequences == 1 ? "" : "s", m->tokens);
    add_input(&t, m);
    if (!isnan(m->eps))
        text_add(&t, ", eps %g", m->eps);
    return text;
}

const char *measured_print_loss(char text[MEASURED_TEXT_MAX],
                                const struct measured *m)
{
    snprintf(text, MEASURED_TEXT_MAX, "%s, %td tokens in sequences of %td",
             m->is_analysis ? "analysis" : "training", m->val_tokens,
             m->context);
    return text;
}

static const char *print_cost(char text[MEASURED_TEXT_MAX],
                              const struct measured *m, int parts)
{
    struct text t = { text, MEASURED_TEXT_MAX, 0 };
    text_add(&t, "%s, %td tokens in sequences of %td",
             m->is_analysis ? "analysis" : "training", m->loss_tokens,
             m->context);
    if (parts & MEASURED_SINK_KEY)
        text_add(&t, ", sink key %td", m->sink_key);
    if (parts & MEASURED_CACHE)
        text_add(&t, ", cache %td", m->cache);
    if (parts & MEASURED_KEPT)
        text_add(&t, ", kept %td", m->kept);
    return text;
}

const char *measured_print_of(char text[MEASURED_TEXT_MAX],
                              const struct measured *m, const char *column)
{
    struct column_facts f;
    struct measured own = *m;
    int parts = measured_parts(column);
    if (parts & MEASURED_LOSSES)
        return measured_print_loss(text, m);
    if (parts & MEASURED_COSTS)
        return print_cost(text, m, parts);
    if (column_find(&f, column) && f.metric && f.metric->of_copies) {
        own.input = INPUT_COPY;
        own.no_edits = false; /* of which there are none to leave away */
    }
    return measured_print(text, &own);
}

const char *measured_overrides(char text[MEASURED_TEXT_MAX],
                               const struct measured *a,
                               const struct measured *b, int parts)
{
    struct text t = { text, MEASURED_TEXT_MAX, 0 };
    text_add(&t, "%s", "");
    if (parts & MEASURED_LOSSES && a->val_tokens != b->val_tokens)
        text_add(&t, " sink.val_tokens=%td", a->val_tokens);
    if (parts & MEASURED_COSTS && a->loss_tokens != b->loss_tokens)
        text_add(&t, " metrics.loss_tokens=%td", a->loss_tokens);
    if (parts & MEASURED_SINK_KEY && a->sink_key != b->sink_key)
        text_add(&t, " metrics.sink_key=%td", a->sink_key);
    if (parts & MEASURED_CACHE && a->cache != b->cache)
        text_add(&t, " metrics.cache=%td", a->cache);
    if (parts & MEASURED_KEPT && a->kept != b->kept)
        text_add(&t, " metrics.kept=%td", a->kept);
    if (!(parts & MEASURED_SINKS))
        return text;
    if (a->sequences != b->sequences)
        text_add(&t, " sink.sequences=%td", a->sequences);
    if (a->tokens != b->tokens)
        text_add(&t, " sink.tokens=%td", a->tokens);
    if (a->eps != b->eps)
        text_add(&t, " sink.eps=%g", a->eps);
    if (a->input != b->input || strcmp(a->file, b->file) != 0)
        text_add(&t, " sink.input=%s%s", input_name(a->input),
                 a->input == INPUT_FILE ? " sink.path=FILE" : "");
    if (a->no_bos != b->no_bos)
        text_add(&t, " sink.bos=%s", a->no_bos ? "no" : "data");
    if (a->no_edits != b->no_edits)
        text_add(&t, " sink.edits=%s", a->no_edits ? "no" : "yes");
    return text;
}

/* "sink.eps (0.3, 0.2)", behind a comma where it is not the first. */
static void add_numbers(struct text *t, const char *key, double a, double b)
{
    if (a != b)
        text_add(t, "%s%s (%.12g, %.12g)", t->n > 0 ? ", " : "", key, a, b);
}

static void add_words(struct text *t, const char *key, const char *a,
                      const char *b)
{
    if (strcmp(a, b) != 0)
        text_add(t, "%s%s (%.16s, %.16s)", t->n > 0 ? ", " : "", key, a, b);
}

static void add_sinks(struct text *t, const struct measured *a,
                      const struct measured *b)
{
    bool is_probe = !a->is_analysis && !b->is_analysis;
    add_numbers(t, is_probe ? "sink.probe_sequences" : "sink.sequences",
                (double)a->sequences, (double)b->sequences);
    add_numbers(t, "sink.tokens", (double)a->tokens, (double)b->tokens);
    add_numbers(t, "sink.eps", a->eps, b->eps);
    add_words(t, "sink.input", input_name(a->input), input_name(b->input));
    add_words(t, "sink.hash", a->file, b->file);
    add_words(t, "sink.bos", a->no_bos ? "no" : "data",
              b->no_bos ? "no" : "data");
    add_words(t, "sink.edits", a->no_edits ? "no" : "yes",
              b->no_edits ? "no" : "yes");
}

static void add_losses(struct text *t, const struct measured *a,
                       const struct measured *b)
{
    bool is_training = !a->is_analysis && !b->is_analysis;
    add_numbers(t, is_training ? "train.val_tokens" : "sink.val_tokens",
                (double)a->val_tokens, (double)b->val_tokens);
    add_numbers(t, "model.context", (double)a->context, (double)b->context);
}

static void add_costs(struct text *t, const struct measured *a,
                      const struct measured *b, int parts)
{
    add_numbers(t, "metrics.loss_tokens", (double)a->loss_tokens,
                (double)b->loss_tokens);
    if (!(parts & MEASURED_LOSSES))
        add_numbers(t, "model.context", (double)a->context, (double)b->context);
    if (parts & MEASURED_SINK_KEY)
        add_numbers(t, "metrics.sink_key", (double)a->sink_key,
                    (double)b->sink_key);
    if (parts & MEASURED_CACHE)
        add_numbers(t, "metrics.cache", (double)a->cache, (double)b->cache);
    if (parts & MEASURED_KEPT)
        add_numbers(t, "metrics.kept", (double)a->kept, (double)b->kept);
}

static void add_data(struct text *t, const struct measured *a,
                     const struct measured *b)
{
    add_numbers(t, "data.task_seed", (double)a->task_seed,
                (double)b->task_seed);
    add_numbers(t, "data.eval_seed", (double)a->eval_seed,
                (double)b->eval_seed);
    add_words(t, "the corpus", a->corpus, b->corpus);
    if (!data_alike(a, b)) /* many orders hold the same out */
        add_words(t, "data.order", order_name(a->order), order_name(b->order));
    add_words(t, "data.val_path", a->has_val_path ? "one" : "none",
              b->has_val_path ? "one" : "none");
    if (!a->has_val_path && !b->has_val_path)
        add_numbers(t, "data.val_fraction", a->val_fraction, b->val_fraction);
}

const char *measured_differing(char text[MEASURED_TEXT_MAX],
                               const struct measured *a,
                               const struct measured *b, int parts)
{
    struct text t = { text, MEASURED_TEXT_MAX, 0 };
    text_add(&t, "%s", "");
    if (are_unknown(a, b))
        return text;
    if (parts & MEASURED_SINKS)
        add_sinks(&t, a, b);
    if (parts & MEASURED_LOSSES)
        add_losses(&t, a, b);
    if (parts & MEASURED_COSTS)
        add_costs(&t, a, b, parts);
    if (parts & MEASURED_DATA)
        add_data(&t, a, b);
    return text;
}

/* May the key change what an analysis finds? Where files lie does not: their
 * tokens do, by data.hash and sink.hash. */
static bool matters(struct config_key k)
{
    unsigned flags = k.key->flags;
    return !(flags & KEY_RESUME) || (flags & KEY_MEASURES) == KEY_MEASURES;
}

void measured_settings(char hex[HASH_HEX_MAX], const struct config *c)
{
    uint64_t hash = 0;
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        char line[KEY_PRINT_MAX + 64], value[KEY_PRINT_MAX];
        if (!matters(k))
            continue;
        config_value(value, sizeof value, c, k);
        int n = snprintf(line, sizeof line, "%016llx %s.%s=%s",
                         (unsigned long long)hash, k.section->name, k.key->name,
                         value);
        hash = hash_bytes(line, (size_t)n);
    }
    hash_hex(hex, hash);
}

/* Columns say by their names what these two ask for; and a hash that is not
 * known yet differs from none. */
static bool is_told(struct config_key k, const char *before, const char *now)
{
    bool is_hash = strcmp(k.key->name, "hash") == 0;
    bool is_metrics = strcmp(k.section->name, "metrics") == 0;
    bool is_asking = is_metrics && (strcmp(k.key->name, "names") == 0 ||
                                    strcmp(k.key->name, "eps") == 0);
    return strcmp(before, now) != 0 && matters(k) && !is_asking &&
           !(is_hash && (!*before || !*now));
}

const char *measured_changed(char text[MEASURED_TEXT_MAX],
                             const struct config *before,
                             const struct config *now)
{
    enum { KEYS_TOLD = 3 };
    char x[KEY_PRINT_MAX], y[KEY_PRINT_MAX];
    struct text t = { text, MEASURED_TEXT_MAX, 0 };
    idx n = 0;
    text_add(&t, "%s", "");
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        config_value(x, sizeof x, before, k);
        config_value(y, sizeof y, now, k);
        if (is_told(k, x, y) && ++n <= KEYS_TOLD)
            text_add(&t, "%s%s.%s %.16s, now %.16s", t.n > 0 ? "; " : "",
                     k.section->name, k.key->name, *x ? x : "none",
                     *y ? y : "none");
    }
    if (n > KEYS_TOLD)
        text_add(&t, "; and %td more", n - KEYS_TOLD);
    return text;
}
