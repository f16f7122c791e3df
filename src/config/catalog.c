#include "config/catalog.h"

#include <stdio.h>

#include "data/source_kind.h"
#include "metric/columns.h"
#include "metric/metric.h"
#include "nn/attention/edits/score_edit.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/attention/weights/weights.h"
#include "nn/ffns.h"
#include "nn/model/stage.h"
#include "nn/norms.h"
#include "nn/visible.h"
#include "optim/optimizer.h"

static const char SCORES[] = "Score edits", STAGES_IN[] = "Before the heads",
                  STAGES_OUT[] = "Behind the heads";

/* --- entries of tables that are no texts --------------------------------- */

static void set_key(struct catalog_entry *e, const char *key)
{
    snprintf(e->key, sizeof e->key, "%s = %s", key, e->text.name);
    e->text.key = e->key;
}

/* "sum (own), or p_norm" */
static void tell_normalizers(struct catalog_entry *e,
                             const struct weight_map *m)
{
    const char *joint = ", or ";
    int n = snprintf(e->normalizers, sizeof e->normalizers, "%s (own)",
                     normalizer_name((int)m->own));
    for (int k = NORMALIZER_NONE; normalizer_name(k); k++) {
        if (k == (int)m->own || !(m->normalizers >> k & 1))
            continue;
        n += snprintf(e->normalizers + n, sizeof e->normalizers - (size_t)n,
                      "%s%s", joint, normalizer_name(k));
        joint = ", ";
    }
    BUG_ON(n >= (int)sizeof e->normalizers);
}

static bool fill_weights(int i, struct catalog_entry *e)
{
    const struct weight_map *m = weight_maps[i];
    if (!m)
        return false;
    e->text = m->text;
    set_key(e, "[attention] weights");
    tell_normalizers(e, m);
    return true;
}

static bool fill_score(int i, struct catalog_entry *e)
{
    if (score_edits[i])
        e->text = score_edits[i]->text;
    return score_edits[i];
}

static bool fill_stage_in(int i, struct catalog_entry *e)
{
    if (stages_in[i])
        e->text = stages_in[i]->text;
    return stages_in[i];
}

static bool fill_stage_out(int i, struct catalog_entry *e)
{
    if (stages_out[i])
        e->text = stages_out[i]->text;
    return stages_out[i];
}

static bool fill_norm(int i, struct catalog_entry *e)
{
    if (!norm_name(i))
        return false;
    e->text = norms[i].text;
    set_key(e, "[model] norm");
    return true;
}

static bool fill_ffn(int i, struct catalog_entry *e)
{
    if (!ffn_name(i))
        return false;
    e->text = ffns[i].text;
    set_key(e, "[model] ffn");
    return true;
}

static bool fill_optimizer(int i, struct catalog_entry *e)
{
    if (optimizers[i])
        e->text = optimizers[i]->text;
    return optimizers[i];
}

static bool fill_source(int i, struct catalog_entry *e)
{
    if (source_kinds[i])
        e->text = source_kinds[i]->text;
    return source_kinds[i];
}

/* Metrics, then the other columns. */
static bool fill_metric(int i, struct catalog_entry *e)
{
    idx k = i - n_metrics;
    if (k >= n_column_table)
        return false;
    if (k < 0) {
        snprintf(e->name, sizeof e->name, "%s%s", metrics[i].name,
                 metrics[i].is_per_position ? "K" : "");
        e->text = (struct op_text){ .name = e->name,
                                    .formula = metrics[i].definition };
        return true;
    }
    const struct column *c = &column_table[k];
    const char *unit = unit_word(c->unit);
    snprintf(e->formula, sizeof e->formula, "%s%s%s%s%s", c->definition,
             *unit ? ", in " : "", unit, c->there_if ? "; there if " : "",
             c->there_if ? c->there_if : "");
    e->text = (struct op_text){ .name = c->name, .formula = e->formula };
    return true;
}

/* --- the kinds ------------------------------------------------------------ */

const struct catalog_kind catalog_kinds[] = {
    { .name = "attention",
      .key = "[attention] weights",
      .label = "formula",
      .title = "Weight maps",
      .about = "From a row of scores `s` to a row of weights, before the "
               "normaliser. The row holds the extra column, if there is one, "
               "and the `n` keys that the query sees.",
      .fill = fill_weights },
    { .name = "normalizer",
      .key = "[attention] normalizer",
      .label = "formula",
      .title = "Normalisers",
      .about = "From what the map gives, `f`, to the weights `a`.",
      .texts = { normalizer_texts, normalizer_more } },
    { .name = "score",
      .key = "between q.k and the weights, in this order",
      .label = "formula",
      .title = SCORES,
      .about = "From the score `s_tj = q_t.k_j / sqrt(D)` to the one that the "
               "weight map reads. Several may be on; they are applied in this "
               "order. The extra column is not edited.",
      .fill = fill_score },
    { .name = "stage",
      .key = "from the matrix of queries, keys, values to the heads, in this "
             "order",
      .label = "formula",
      .title = STAGES_IN,
      .about = "What happens to queries `q`, keys `k` and values `v` on their "
               "way into the heads, in this order.",
      .fill = fill_stage_in },
    { .name = "stage",
      .key = "from the heads to the output matrix, in this order",
      .label = "formula",
      .title = STAGES_OUT,
      .about = "What happens to the heads' output `o` on its way to the output "
               "matrix, in this order. `x` is the block's normed input.",
      .fill = fill_stage_out },
    { .name = "operation",
      .key = "[attention] operation, linear_time, kv_heads",
      .label = "formula",
      .title = "Whole heads",
      .about = "What a head does, and how many there are of keys and values.",
      .texts = { operation_texts, operation_more } },
    { .name = "column",
      .key = "[attention] bias, bias_value, registers",
      .label = "formula",
      .title = "Extra columns",
      .about = "A place beside the keys that a query may attend to.",
      .texts = { column_texts, column_value_texts, column_more } },
    { .name = "mask",
      .key = "what a query sees",
      .label = "seen",
      .title = "What a query sees",
      .about = "Key `j`, seen by query `t`; both count tokens from 0. All "
               "conditions hold together; those with \"or\" win over the "
               "others. Registers are seen by all.",
      .texts = { visible_texts } },
    { .name = "position",
      .key = "[model] position",
      .label = "formula",
      .title = "Positions",
      .about = "How a token's place is told.",
      .texts = { position_texts } },
    { .name = "norm",
      .key = "[model] norm",
      .label = "formula",
      .title = "Norms",
      .about = "Of rows of the residual stream.",
      .fill = fill_norm },
    { .name = "norm_place",
      .key = "[model] norm_place",
      .label = "formula",
      .title = "Places of norms",
      .about = "`f` is attention or feed-forward.",
      .texts = { norm_place_texts } },
    { .name = "ffn",
      .key = "[model] ffn",
      .label = "formula",
      .title = "Feed-forwards",
      .about = "`down(f(up(x)))`; `u` is a row of `up`'s output, for gated "
               "kinds `[gate | up]`.",
      .fill = fill_ffn },
    { .name = "optimizer",
      .key = "[optim] name",
      .label = "update",
      .fill = fill_optimizer },
    { .name = "source",
      .key = "[data] source",
      .label = "what",
      .fill = fill_source },
    { .name = "metric",
      .key = "columns of metrics.csv, timing.csv and analysis.csv",
      .label = "definition",
      .fill = fill_metric },
    { .name = NULL },
};

/* Where a text that several kinds share is told in full. */
static const char *home_of(const struct op_text *text)
{
    for (int i = 0; score_edits[i]; i++)
        if (text == &score_edits[i]->text)
            return SCORES;
    for (int i = 0; stages_in[i]; i++)
        if (text == &stages_in[i]->text)
            return STAGES_IN;
    for (int i = 0; stages_out[i]; i++)
        if (text == &stages_out[i]->text)
            return STAGES_OUT;
    return NULL;
}

bool catalog_entry(const struct catalog_kind *k, int i, struct catalog_entry *e)
{
    *e = (struct catalog_entry){ .see = NULL };
    if (k->fill)
        return k->fill(i, e);
    for (int list = 0; list < CATALOG_LISTS && k->texts[list]; list++)
        for (const struct op_text *const *t = k->texts[list]; *t; t++)
            if (i-- == 0) {
                e->text = **t;
                e->see = home_of(*t);
                return true;
            }
    return false;
}
