#include "analysis/measured.h"

#include <stdio.h>
#include <string.h>

#include "config/config_differ.h"
#include "data/source.h"
#include "metric/columns.h"

struct measured measured_by(const struct config *c, bool is_analysis)
{
    struct measured m = {
        .is_known = true,
        .is_analysis = is_analysis,
        .sequences = is_analysis ? c->sink.sequences : c->sink.probe_sequences,
        .tokens = idx_min(c->sink.tokens, c->model.context),
        .eps = c->sink.eps,
        .val_tokens = is_analysis ? c->sink.val_tokens : c->train.val_tokens,
        .context = c->model.context,
        .task_seed = c->data.task_seed,
        .eval_seed = c->data.eval_seed,
    };
    snprintf(m.corpus, sizeof m.corpus, "%s",
             c->data.hash[0] ? c->data.hash : corpus_name(c->data.source));
    return m;
}

static bool are_unknown(const struct measured *a, const struct measured *b)
{
    return !a->is_known || !b->is_known;
}

bool measured_sinks_alike(const struct measured *a, const struct measured *b)
{
    return are_unknown(a, b) || (a->sequences == b->sequences &&
                                 a->tokens == b->tokens && a->eps == b->eps);
}

bool measured_losses_alike(const struct measured *a, const struct measured *b)
{
    return are_unknown(a, b) ||
           (a->val_tokens == b->val_tokens && a->context == b->context);
}

bool measured_data_alike(const struct measured *a, const struct measured *b)
{
    return are_unknown(a, b) ||
           (a->task_seed == b->task_seed && a->eval_seed == b->eval_seed &&
            strcmp(a->corpus, b->corpus) == 0);
}

static const char *kind_name(const struct measured *m)
{
    return m->is_analysis ? "analysis" : "probe";
}

const char *measured_print(char text[MEASURED_TEXT_MAX],
                           const struct measured *m)
{
    snprintf(text, MEASURED_TEXT_MAX,
             "%s, %td sequence%s of %td tokens, eps %g", kind_name(m),
             m->sequences, m->sequences == 1 ? "" : "s", m->tokens, m->eps);
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

const char *measured_print_of(char text[MEASURED_TEXT_MAX],
                              const struct measured *m, const char *column)
{
    return column_is_validation(column) ? measured_print_loss(text, m)
                                        : measured_print(text, m);
}

/* May the key change what an analysis finds? */
static bool matters(struct config_key k)
{
    return !(k.key->flags & KEY_RESUME) ||
           strcmp(k.section->name, "sink") == 0 ||
           strncmp(k.key->name, "val_", strlen("val_")) == 0;
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
