#include "config/catalog.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "data/corpus_kind.h"
#include "data/edit.h"
#include "data/input.h"
#include "data/order.h"
#include "data/stored_format.h"
#include "metric/columns.h"
#include "metric/update_metric.h"
#include "nn/attention/edits/score_edit.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/attention/weights/weights.h"
#include "nn/ffns.h"
#include "nn/loss/loss_term.h"
#include "nn/model/stage.h"
#include "nn/model/tap.h"
#include "nn/norms.h"
#include "nn/param.h"
#include "nn/visible.h"
#include "optim/optimizer.h"
#include "optim/schedule.h"

/* "sum (own), or p_norm" */
static void tell_normalizers(struct catalog_entry *e, const void *row)
{
    const struct weight_map *m = row;
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

/* "norm = rmsnorm, ffn = swiglu, ..." */
static void tell_preset(struct catalog_entry *e, const void *row)
{
    struct text t = { .at = e->formula, .cap_bytes = sizeof e->formula };
    (void)row;
    for (const struct preset_value *v = model_presets; v->preset; v++)
        if (strcmp(v->preset, e->text.name) == 0)
            text_add(&t, "%s%s = %s", t.n ? ", " : "", v->key, v->value);
    BUG_ON(t.n >= sizeof e->formula);
    e->text.formula = e->formula;
}

static void tell_metric(struct catalog_entry *e, const void *row)
{
    const struct metric *m = row;
    struct text t = { .at = e->axes, .cap_bytes = sizeof e->axes };
    if (m->is_per_position) {
        snprintf(e->name, sizeof e->name, "%s1", m->text.name);
        e->text.name = e->name;
    }
    e->axes[0] = '\0';
    for (idx i = 0; m->axes[i] != OVER_NOTHING; i++)
        text_add(&t, "%s%s", i ? ", " : "", metric_axes[m->axes[i]].name);
    BUG_ON(t.n >= sizeof e->axes);
    e->group = m->group;
}

static void tell_update(struct catalog_entry *e, const void *row)
{
    const struct update_metric *m = row;
    const char *part =
        m->has_layers ? m->has_all ? "[_PART]" : "_PART" : "_GROUP";
    snprintf(e->name, sizeof e->name, "%s%s%s", m->text.name, part,
             m->is_z ? "_z" : "");
    e->text.name = e->name;
    e->group = GROUP_OPTIMIZER;
}

static void tell_column(struct catalog_entry *e, const void *row)
{
    const struct column *c = row;
    const char *unit = unit_word(c->unit);
    snprintf(e->formula, sizeof e->formula, "%s%s%s%s%s", c->text.formula,
             *unit ? ", in " : "", unit, c->there_if ? "; there if " : "",
             c->there_if ? c->there_if : "");
    e->text.formula = e->formula;
}

/* "gradient of ...; (T,C) a depth" */
static void tell_tap(struct catalog_entry *e, const void *row)
{
    const struct tap_text *t = row;
    snprintf(e->formula, sizeof e->formula, "%s; %s%s", t->text.formula,
             t->shape, t->is_written ? "" : "; not to be changed");
    e->text.formula = e->formula;
}

/* "[loss] z = FACTOR" */
static void tell_loss(struct catalog_entry *e, const void *row)
{
    (void)row;
    snprintf(e->key, sizeof e->key, "[loss] %s = FACTOR", e->text.name);
    e->text.key = e->key;
}

#define POINTERS(table, ...)                                                   \
    {                                                                          \
        .rows = table, __VA_ARGS__                                             \
    }
#define ROWS(table, ...)                                                       \
    {                                                                          \
        .rows = table, .row_bytes = sizeof *(table), __VA_ARGS__               \
    }
#define METRIC_ROWS(name) ROWS(metrics_##name, .tell = tell_metric),

/* --- the kinds ------------------------------------------------------------ */

const struct catalog_kind catalog_kinds[] = {
    { .name = "attention",
      .key = "[attention] weights",
      .label = "formula",
      .title = "Weight maps",
      .about = "From a row of scores `s` to a row of weights, before the "
               "normaliser. The row holds the extra column, if there is one, "
               "and the `n` keys that the query sees.",
      .lists = { POINTERS(weight_maps, .tell = tell_normalizers) } },
    { .name = "normalizer",
      .key = "[attention] normalizer",
      .label = "formula",
      .title = "Normalisers",
      .about = "From what the map gives, `f`, to the weights `a`.",
      .lists = { ROWS(normalizers), POINTERS(normalizer_more) } },
    { .name = "score",
      .key = "between q.k and the weights, in this order",
      .label = "formula",
      .title = "Score edits",
      .about = "From the score `s_tj = q_t.k_j / sqrt(D)` to the one that the "
               "weight map reads. Several may be on; they are applied in this "
               "order. The extra column is not edited.",
      .lists = { POINTERS(score_edits) },
      .is_home = true },
    { .name = "stage",
      .key = "from the matrix of queries, keys, values to the heads, in this "
             "order",
      .label = "formula",
      .title = "Before the heads",
      .about = "What happens to queries `q`, keys `k` and values `v` on their "
               "way into the heads, in this order.",
      .lists = { POINTERS(stages_in) },
      .is_home = true },
    { .name = "stage",
      .key = "from the heads to the output matrix, in this order",
      .label = "formula",
      .title = "Behind the heads",
      .about = "What happens to the heads' output `o` on its way to the output "
               "matrix, in this order. `x` is the block's normed input.",
      .lists = { POINTERS(stages_out) },
      .is_home = true },
    { .name = "operation",
      .key = "[attention] operation, linear_time, kv_heads",
      .label = "formula",
      .title = "Whole heads",
      .about = "What a head does, and how many there are of keys and values.",
      .lists = { POINTERS(operation_texts), POINTERS(operation_more) } },
    { .name = "column",
      .key = "[attention] bias, bias_value, registers",
      .label = "formula",
      .title = "Extra columns",
      .about = "A place beside the keys that a query may attend to.",
      .lists = { POINTERS(column_texts), POINTERS(column_value_texts),
                 POINTERS(column_more) } },
    { .name = "mask",
      .key = "what a query sees",
      .label = "seen",
      .title = "What a query sees",
      .about = "Key `j`, seen by query `t`; both count tokens from 0. All "
               "conditions hold together; those with \"or\" win over the "
               "others. Registers are seen by all.",
      .lists = { POINTERS(visible_texts) } },
    { .name = "position",
      .key = "[model] position",
      .label = "formula",
      .title = "Positions",
      .about = "How a token's place is told.",
      .lists = { POINTERS(position_texts) } },
    { .name = "norm",
      .key = "[model] norm",
      .label = "formula",
      .title = "Norms",
      .about = "Of rows of the residual stream.",
      .lists = { ROWS(norms) } },
    { .name = "norm_place",
      .key = "[model] norm_place",
      .label = "formula",
      .title = "Places of norms",
      .about = "`f` is attention or feed-forward.",
      .lists = { ROWS(norm_places) } },
    { .name = "ffn",
      .key = "[model] ffn",
      .label = "formula",
      .title = "Feed-forwards",
      .about = "`down(f(up(x)))`; `u` is a row of `up`'s output, for gated "
               "kinds `[gate | up]`.",
      .lists = { ROWS(ffns) } },
    { .name = "init",
      .key = "[model] init",
      .label = "weights",
      .lists = { POINTERS(init_schemes) } },
    { .name = "preset",
      .key = "[model] preset",
      .label = "sets",
      .lists = { POINTERS(preset_texts, .tell = tell_preset) } },
    { .name = "schedule",
      .key = "[optim] schedule",
      .label = "rate",
      .lists = { POINTERS(schedules) } },
    { .name = "optimizer",
      .key = "[optim] name",
      .label = "update",
      .lists = { POINTERS(optimizers) } },
    { .name = "loss",
      .key = "[loss]",
      .label = "value",
      .lists = { POINTERS(loss_terms, .tell = tell_loss) } },
    { .name = "source",
      .key = "[data] source",
      .label = "what",
      .lists = { POINTERS(corpora) } },
    { .name = "format",
      .key = "[data] format",
      .label = "layout",
      .lists = { POINTERS(stored_formats) } },
    { .name = "order",
      .key = "[data] order",
      .label = "what",
      .lists = { POINTERS(orders) } },
    { .name = "edit",
      .key = "[data]",
      .label = "what",
      .lists = { POINTERS(edits) } },
    { .name = "input",
      .key = "[sink] input",
      .label = "what",
      .lists = { POINTERS(input_texts) } },
    { .name = "metric",
      .key = "columns of metrics.csv, timing.csv and analysis.csv",
      .label = "definition",
      .lists = { METRIC_FILES(METRIC_ROWS) //
                 ROWS(update_metric_table, .tell = tell_update),
                 ROWS(column_table, .tell = tell_column) } },
    { .name = "tap",
      .key = "points of a model that metrics read and interventions change",
      .label = "what",
      .lists = { ROWS(tap_texts, .tell = tell_tap) } },
    { .name = NULL },
};

/* Row i of a list; NULL past the end. */
static const void *row_at(const struct catalog_list *l, idx i)
{
    for (idx r = 0;; r++) {
        const struct op_text *row =
            l->row_bytes ? (const void *)((const char *)l->rows +
                                          (size_t)r * l->row_bytes)
                         : ((const void *const *)l->rows)[r];
        if (!row || !row->name || r == i)
            return row && row->name ? row : NULL;
    }
}

static idx count_rows(const struct catalog_list *l)
{
    idx n = 0;
    while (row_at(l, n))
        n++;
    return n;
}

const struct catalog_kind *catalog_next_name(const struct catalog_kind *k)
{
    if (!k)
        return catalog_kinds;
    const char *name = k->name;
    while (k->name && strcmp(k->name, name) == 0)
        k++;
    return k->name ? k : NULL;
}

static bool has_row(const struct catalog_kind *k, const void *row)
{
    for (const struct catalog_list *l = k->lists; l->rows; l++)
        for (idx i = 0; row_at(l, i); i++)
            if (row_at(l, i) == row)
                return true;
    return false;
}

/* Where a row that several kinds share is told in full. */
static const char *home_of(const struct catalog_kind *k, const void *row)
{
    for (const struct catalog_kind *home = catalog_kinds; home->name; home++)
        if (home->is_home && home != k && has_row(home, row))
            return home->title;
    return NULL;
}

bool catalog_entry(const struct catalog_kind *k, int i, struct catalog_entry *e)
{
    const struct catalog_list *list = k->lists;
    const void *row = row_at(list, i);
    for (; !row && list[1].rows; row = row_at(list, i))
        i -= count_rows(list++);
    *e = (struct catalog_entry){ .see = NULL };
    if (!row)
        return false;
    e->text = *(const struct op_text *)row;
    e->see = home_of(k, row);
    if (!e->text.key && *k->key == '[') {
        snprintf(e->key, sizeof e->key, "%s = %s", k->key, e->text.name);
        e->text.key = e->key;
    }
    if (list->tell)
        list->tell(e, row);
    return true;
}
