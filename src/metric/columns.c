#include "metric/columns.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "metric/meter.h"
#include "metric/update_meter.h"
#include "nn/loss/terms_table.h"

enum {
    LOGGED = COLUMN_METRICS,
    ASKED = COLUMN_METRICS | COLUMN_FIELD,
    TIMED = COLUMN_TIMING,
    ANALYZED = COLUMN_ANALYSIS,
    SHOWN = COLUMN_ANALYSIS | COLUMN_PRINTED,
    METRIC_DIGITS = 3,
    PERCENT_DIGITS = 2,
};

#define AT(f) offsetof(struct readings, f)
#define NUMBER "%.9g"

static bool has_floor(const struct run_columns *c)
{
    return c->has_floor;
}

static bool knows_bytes(const struct run_columns *c)
{
    return c->knows_bytes;
}

static bool has_terms(const struct run_columns *c)
{
    return c->loss && loss_has_terms(c->loss);
}

#define HAS_TERM(name, ...)                                                    \
    static bool has_##name(const struct run_columns *c)                        \
    {                                                                          \
        return c->loss && loss_term_is_on(c->loss, LOSS_##name);               \
    }
LOSS_TERMS(HAS_TERM)

#define TERM_COLUMN(term, least, most, in, what, when)                         \
    { .title = #term ", a term of the loss",                                   \
      .text = { .name = "loss_" #term,                                         \
                .formula = what ", mean over the update's targets" },          \
      .unit = in,                                                              \
      .there_if = "[loss] " #term " is ever other than 0",                     \
      .is_there = has_##term,                                                  \
      .at = AT(terms) + LOSS_##term * sizeof(struct reading),                  \
      .files = LOGGED,                                                         \
      .format = NUMBER,                                                        \
      .digits = 4 },

/* docs/FORMATS.md and docs/METRICS.md tell of them at length. */
const struct column column_table[] = {
    { .title = "step",
      .text = { .name = "step", .formula = "optimizer updates done" },
      .unit = "1",
      .at = AT(step),
      .files = ASKED | TIMED | SHOWN,
      .format = "%.0f" },
    { .title = "training tokens",
      .text = { .name = "tokens", .formula = "tokens seen in training" },
      .unit = "1",
      .at = AT(tokens),
      .files = LOGGED | ANALYZED,
      .format = "%.15g" },
    { .title = "training loss",
      .text = { .name = "loss",
                .formula =
                    "mean loss of the update's batch before the update" },
      .unit = "nat",
      .at = AT(loss),
      .files = ASKED,
      .format = NUMBER,
      .digits = 4 },
    { .title = "objective",
      .text = { .name = "objective",
                .formula = "what the update's gradient is of: loss, and each "
                           "term of [loss] times its factor" },
      .unit = "1",
      .there_if = "a factor of [loss] is ever other than 0",
      .is_there = has_terms,
      .at = AT(objective),
      .files = LOGGED,
      .format = NUMBER,
      .digits = 4 },
    LOSS_TERMS(TERM_COLUMN) //
    { .title = "gradient norm",
      .text = { .name = "grad_norm",
                .formula =
                    "global norm of the update's gradient before clipping" },
      .unit = "1",
      .at = AT(grad_norm),
      .files = LOGGED,
      .format = NUMBER,
      .digits = 4 },
    { .title = "learning rate",
      .text = { .name = "lr", .formula = "learning rate of the update" },
      .unit = "1",
      .at = AT(lr),
      .files = LOGGED,
      .format = NUMBER,
      .digits = 6 },
    { .title = "validation loss",
      .text = { .name = "val_loss",
                .formula =
                    "mean cross-entropy of a target, over the targets of the "
                    "validation sequences that count" },
      .unit = "nat",
      .at = AT(val_loss),
      .files = ASKED | SHOWN,
      .format = NUMBER,
      .digits = 4,
      .is_validation = true },
    { .title = "standard error of the validation loss",
      .text = { .name = "val_loss_se",
                .formula = "standard error of val_loss, from the losses of the "
                           "sequences" },
      .unit = "nat",
      .at = AT(val_loss_se),
      .files = LOGGED | SHOWN,
      .format = NUMBER,
      .digits = 4,
      .is_validation = true },
    { .title = "validation loss above the least possible",
      .text = { .name = "val_excess",
                .formula =
                    "val_loss less the mean of -log p(target) under the source "
                    "itself, over the same targets" },
      .unit = "nat",
      .there_if = "the source's least possible loss is known; not for text",
      .is_there = has_floor,
      .at = AT(val_excess),
      .files = LOGGED | ANALYZED,
      .format = NUMBER,
      .digits = 4,
      .is_validation = true },
    { .title = "validation bits a byte",
      .text = { .name = "val_bits_per_byte",
                .formula =
                    "what the targets of val_loss cost together, in bits, over "
                    "the bytes of text that they stand for" },
      .unit = "bit",
      .there_if = "it is known how many bytes of text a token stands for",
      .is_there = knows_bytes,
      .at = AT(val_bits_per_byte),
      .files = LOGGED | ANALYZED,
      .format = NUMBER,
      .digits = 4,
      .is_validation = true },
    { .title = "training time",
      .text = { .name = "wall_s",
                .formula =
                    "time that was spent on training, in all starts so far" },
      .unit = "s",
      .at = AT(wall_s),
      .files = TIMED,
      .format = "%.3f",
      .digits = 1 },
    { .title = "training tokens a second",
      .text = { .name = "tokens_per_s",
                .formula =
                    "training tokens a second since the row before, with all "
                    "that was measured and saved in between" },
      .unit = "1/s",
      .at = AT(tokens_per_s),
      .files = TIMED,
      .format = "%.1f" },
    { .text = { .name = NULL } },
};
const idx n_column_table = COUNT_OF(column_table) - 1;
_Static_assert(COUNT_OF(column_table) - 1 <= RUN_COLUMNS_OWN_MAX,
               "files have room for every row");

/* ---- what there is ----------------------------------------------------- */

static void tell_row(struct column_facts *f, const struct column *c)
{
    *f = (struct column_facts){
        .name = c->text.name,
        .unit = c->unit,
        .title_of_all = "",
        .definition = c->text.formula,
        .source = c->text.source,
        .there_if = c->there_if,
        .format = c->format,
        .files = c->files,
        .digits = c->digits,
        .is_validation = c->is_validation,
        .row = c,
    };
    snprintf(f->title, sizeof f->title, "%s", c->title);
}

static void tell_metric(struct column_facts *f, const struct metric_name *n,
                        const char *name)
{
    const struct metric *m = n->metric;
    *f = (struct column_facts){
        .name = name,
        .unit = m->unit,
        .title_of_all = m->of_all ? m->of_all : "",
        .definition = m->text.formula,
        .source = m->text.source,
        .group = m->group,
        .format = NUMBER,
        .files = ASKED | ANALYZED,
        .digits = m->is_share ? PERCENT_DIGITS : METRIC_DIGITS,
        .is_share = m->is_share,
        .is_bounded = m->is_share && !m->exceeds_one,
        .metric = m,
        .is_of_layer = n->is_of_layer,
        .layer = n->layer,
    };
    if (n->is_of_layer)
        f->files = COLUMN_ANALYSIS;
    metric_name_title(f->title, n);
}

static void tell_update(struct column_facts *f, const struct update_name *n,
                        const char *name)
{
    const struct update_metric *m = n->metric;
    *f = (struct column_facts){
        .name = name,
        .unit = "1",
        .title_of_all = "",
        .definition = m->text.formula,
        .source = m->text.source,
        .group = GROUP_OPTIMIZER,
        .there_if = "[metrics] names asks for it",
        .format = NUMBER,
        .files = ASKED,
        .digits = m->digits,
        .update_metric = m,
    };
    update_metric_title(f->title, n);
}

const char *column_title(char title[COLUMN_TITLE_MAX],
                         const struct column_facts *f)
{
    struct text t = { title, COLUMN_TITLE_MAX, 0 };
    text_add(&t, "%s%s", f->title, f->title_of_all);
    return title;
}

bool column_find(struct column_facts *f, const char *name)
{
    for (idx i = 0; i < n_column_table; i++)
        if (strcmp(column_table[i].text.name, name) == 0) {
            tell_row(f, &column_table[i]);
            return true;
        }
    struct metric_name n;
    if (metric_name_find(&n, name)) {
        tell_metric(f, &n, name);
        return true;
    }
    struct update_name u;
    if (!update_metric_find(&u, name))
        return false;
    tell_update(f, &u, name);
    return true;
}

bool metric_is_share(const char *column)
{
    struct column_facts f;
    return column_find(&f, column) && f.is_share;
}

bool metric_is_bounded(const char *column)
{
    struct column_facts f;
    return column_find(&f, column) && f.is_bounded;
}

bool column_is_validation(const char *name)
{
    struct column_facts f;
    return column_find(&f, name) && f.is_validation;
}

bool column_is_of_layer(const char *name)
{
    struct column_facts f;
    return column_find(&f, name) && f.is_of_layer;
}

/* ---- of one run -------------------------------------------------------- */

/* Number i of all that a run may have in any file; *is_there: it has. false
 * past the last. */
static bool tell_number(struct column_facts *f, bool *is_there,
                        const struct run_columns *c, idx i)
{
    idx n_updates = c->updates ? c->updates->n_columns : 0;
    *is_there = true;
    if (i < n_column_table) {
        tell_row(f, &column_table[i]);
        *is_there = !f->row->is_there || f->row->is_there(c);
        return true;
    }
    i -= n_column_table;
    if (i < c->meter->n_columns) {
        const struct meter_column *own = &c->meter->columns[i];
        bool is_usual = !own->is.is_at || own->metric->is_per_position;
        tell_metric(f, &own->is, own->name);
        f->own = own;
        if (own->metric->is_printed && own->is.k == 1 && is_usual)
            f->files |= COLUMN_PRINTED;
        return true;
    }
    i -= c->meter->n_columns;
    if (i >= n_updates)
        return false;
    tell_update(f, &c->updates->columns[i].is, c->updates->columns[i].is.name);
    f->own_update = &c->updates->columns[i];
    return true;
}

bool column_next(struct column_facts *f, idx *at, const struct run_columns *c,
                 enum column_file file)
{
    bool is_there;
    while (tell_number(f, &is_there, c, *at)) {
        ++*at;
        if (is_there && f->files & (int)file)
            return true;
    }
    return false;
}

idx column_count(const struct column_facts *f)
{
    return f->own ? f->own->n : 1;
}

struct reading column_reading(const struct column_facts *f,
                              const struct readings *r)
{
    const char *at = (const char *)r;
    if (f->own)
        return (struct reading){ r->meter && f->own->is_given, f->own->scalar };
    if (f->own_update)
        return (struct reading){ f->own_update->is_given,
                                 f->own_update->value };
    return *(const struct reading *)(const void *)(at + f->row->at);
}

void column_put(const struct column_facts *f, struct readings *r,
                struct reading x)
{
    char *at = (char *)r;
    *(struct reading *)(void *)(at + f->row->at) = x;
}

void columns_names(struct text *t, const struct run_columns *c,
                   enum column_file file)
{
    struct column_facts f;
    for (idx i = 0, at = 0; column_next(&f, &at, c, file); i++)
        text_add(t, "%s%s", i ? "," : "", f.name);
}

void columns_values(struct text *t, const struct run_columns *c,
                    enum column_file file, const struct readings *r)
{
    struct column_facts f;
    for (idx i = 0, at = 0; column_next(&f, &at, c, file); i++) {
        struct reading x = column_reading(&f, r);
        text_add(t, "%s", i ? "," : "");
        if (x.is_given && isnan(x.value)) /* printf would tell a sign */
            text_add(t, "nan");
        else if (x.is_given)
            text_add(t, f.format, x.value);
    }
}

/* ---- for people -------------------------------------------------------- */

const char *unit_word(const char *unit)
{
    if (strcmp(unit, "nat") == 0)
        return "nats";
    if (strcmp(unit, "bit") == 0)
        return "bits";
    return strcmp(unit, "1") == 0 ? "" : unit;
}

/* How much of the name stands in the first of its two lines. */
static size_t first_part(const char *name, size_t width)
{
    size_t part = 0;
    if (strlen(name) <= width)
        return 0;
    for (size_t i = 1; name[i] && i <= width; i++)
        if (name[i - 1] == '_')
            part = i;
    return part;
}

const char *column_heading(char text[COLUMN_NAME_MAX],
                           const struct column_facts *f, idx line, idx width)
{
    size_t part = first_part(f->name, (size_t)width);
    const char *unit = f->is_share ? "%" : unit_word(f->unit);
    if (line == 0)
        snprintf(text, COLUMN_NAME_MAX, "%.*s", (int)part, f->name);
    else
        snprintf(text, COLUMN_NAME_MAX, "%s",
                 line == 1 ? f->name + part : unit);
    return text;
}
