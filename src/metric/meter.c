#include "metric/meter.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "metric/consequences.h"
#include "metric/head_weights.h"
#include "nn/attention/attention.h"
#include "nn/attention/attention_facts.h"

enum { PASS_TOKENS = 2048 }; /* of a forward pass, about */

/* ---- columns ----------------------------------------------------------- */

static bool next_column(struct metric_name *n, struct metric_cursor *at,
                        const struct metric_choice *c)
{
    while (metric_next_asked(n, at, c))
        if (metric_is_metered(n->metric))
            return true;
    return false;
}

static idx count_columns(const struct metric_choice *c)
{
    struct metric_name n;
    struct metric_cursor at = { 0 };
    idx count = 0;
    while (next_column(&n, &at, c))
        count++;
    return count;
}

/* Has any layer an extra column to measure? One that can change nothing is
 * none. */
static bool has_extra_column(const struct model *m)
{
    for (idx l = 0; l < m->L; l++) {
        const struct attention_options *a = &m->blocks[l].attention;
        if (model_shows_extra(m, l) && (attention_column_acts(a) || m->R > 0 ||
                                        attention_has_remainder(a)))
            return true;
    }
    return false;
}

/* Is there in a sequence of so many tokens what the column is about? An empty
 * document has none of it. */
static bool has_rows(const struct metric_name *n, idx rows)
{
    return rows > 0 && n->k <= rows && n->metric->least_rows <= rows;
}

static void name_columns(struct meter *t, const struct metric_choice *choice)
{
    struct metric_cursor at = { 0 };
    bool has_extra = has_extra_column(t->m);
    for (idx i = 0; i < t->n_columns; i++) {
        struct meter_column *c = &t->columns[i];
        BUG_ON(!next_column(&c->is, &at, choice));
        c->name = c->is.name;
        c->metric = c->is.metric;
        c->is_there =
            (has_extra || !c->metric->needs_extra) && has_rows(&c->is, t->T);
        if (c->metric->under)
            c->is_there = intervention_is_there(c->metric->under, t->m);
        c->is_given = c->is_there;
        c->n = metric_count(c->metric, &t->shape, 0);
    }
}

int meter_reads(const struct metric_choice *c)
{
    struct metric_name n;
    struct metric_cursor at = { 0 };
    int reads = 0;
    while (next_column(&n, &at, c))
        reads |= n.metric->reads;
    return reads;
}

bool meter_wants_copies(const struct metric_choice *c)
{
    struct metric_name n;
    struct metric_cursor at = { 0 };
    while (next_column(&n, &at, c))
        if (n.metric->of_copies)
            return true;
    return false;
}

/* Of whole sequences: what feed-forwards add is kept until all is there. */
static bool keeps_ffn(const struct metric_choice *c)
{
    struct metric_name n;
    struct metric_cursor at = { 0 };
    while (next_column(&n, &at, c))
        if (n.metric->of_sequence && n.metric->reads & TAP_BIT(TAP_FFN))
            return true;
    return false;
}

/* ---- memory ------------------------------------------------------------ */

static void plan(struct meter *t, struct arena *arena,
                 const struct metric_choice *choice,
                 const struct batch_rules *rules, int threads)
{
    struct metric_cursor at = { 0 };
    struct metric_name name;
    t->columns = arena_bytes(arena, (size_t)t->n_columns * sizeof *t->columns);
    t->messages =
        arena_bytes(arena, (size_t)t->n_columns * sizeof *t->messages);
    batch_plan(&t->batch, arena, t->n_sequences, t->T, rules);
    t->row_mass = arena_doubles(arena, threads * t->T);
    t->separators = arena_bytes(arena, (size_t)(t->n_sequences * t->T) *
                                           sizeof *t->separators);
    t->depths = arena_bytes(arena, (size_t)(threads * (2 * t->shape.L + 1)) *
                                       sizeof *t->depths);
    if (meter_wants_copies(choice))
        batch_plan(&t->copies, arena, t->n_sequences, t->T, rules);
    if (keeps_ffn(choice))
        t->ffn = arena_reals(arena, t->B * t->shape.L * t->T * t->shape.C);
    t->room_n = 0;
    for (idx i = 0; next_column(&name, &at, choice); i++) {
        size_t n = (size_t)metric_count(name.metric, &t->shape, 0);
        struct meter_column c = {
            .value = arena_bytes(arena, n * sizeof(double)),
            .given = arena_bytes(arena, n * sizeof(bool)),
            .sum = arena_bytes(arena, n * sizeof(struct ratio)),
            .pass = arena_bytes(arena, (size_t)t->B * n * sizeof(struct ratio)),
        };
        if (t->columns)
            t->columns[i] = c;
        if (name.metric->room)
            t->room_n = idx_max(t->room_n, name.metric->room(&t->shape));
    }
    t->room = arena_doubles(arena, threads * t->room_n);
}

void meter_shape(idx *B, idx *T, const struct model_options *m,
                 const struct sink_options *o, idx n_sequences)
{
    *T = idx_min(o->tokens, m->context);
    *B = idx_min(n_sequences, idx_max(1, PASS_TOKENS / *T));
}

static struct meter meter_of(const struct model *m,
                             const struct metric_choice *c, idx n_sequences)
{
    struct meter t = {
        .m = m,
        .n_sequences = n_sequences,
        .n_columns = count_columns(c),
        .reads = meter_reads(c),
    };
    meter_shape(&t.B, &t.T, &m->spec.model, c->sink, n_sequences);
    t.bos = t.eos = NO_TOKEN;
    t.shape = (struct metric_shape){ m->L, m->views, t.T, m->C, m->E };
    return t;
}

size_t meter_bytes(const struct model *m, const struct metric_choice *c,
                   idx n_sequences, const struct batch_rules *rules,
                   int threads)
{
    struct meter t = meter_of(m, c, n_sequences);
    struct arena measure = { 0 };
    plan(&t, &measure, c, rules, threads);
    return measure.used_bytes;
}

int meter_open(struct meter *t, struct engine *engine,
               const struct metric_choice *c, idx n_sequences,
               const struct batch_rules *rules, struct err *e)
{
    int threads = engine->request.threads;
    *t = meter_of(engine->m, c, n_sequences);
    t->engine = engine;
    BUG_ON(t->T != engine->request.seen_T || t->B > engine->request.seen_B ||
           t->reads & ~engine->request.reads);
    struct arena measure = { 0 };
    plan(t, &measure, c, rules, threads);
    if (arena_open(&t->arena, measure.used_bytes, e))
        return e->code;
    plan(t, &t->arena, c, rules, threads);
    name_columns(t, c);
    return OK;
}

void meter_release(struct meter *t)
{
    arena_release(&t->arena);
    *t = (struct meter){ 0 };
}

/* ---- a pass ------------------------------------------------------------ */

static bool is_measured(const struct meter_column *c)
{
    return c->is_there && !c->is_skipped;
}

/* Is it measured on the sequences of the current pass? */
static bool is_due(const struct meter *t, const struct meter_column *c)
{
    return is_measured(c) && c->metric->of_copies == t->is_of_copies;
}

static const struct batch *sequences(const struct meter *t)
{
    return t->is_of_copies ? &t->copies : &t->batch;
}

/* What is read of the sequences of the current pass. */
static int reads_due(const struct meter *t)
{
    int reads = 0;
    for (idx i = 0; i < t->n_columns; i++)
        if (is_due(t, &t->columns[i]))
            reads |= t->columns[i].metric->reads;
    return reads;
}

/* Where a column's numbers of one sequence of the pass lie that are `at` in its
 * outer axes; nothing is there at first. */
static struct ratio *clear(const struct meter_column *c, idx sequence, idx at,
                           idx inner)
{
    struct ratio *r = c->pass + sequence * c->n + at * inner;
    for (idx i = 0; i < inner; i++)
        r[i] = (struct ratio){ .is_none = true };
    return r;
}

static double *fill_row_mass(const struct meter *t, const struct head_view *h)
{
    double *mass = t->row_mass + h->worker * t->T;
    for (idx row = 0; row < h->T; row++)
        mass[row] = row_mass_of(h, row);
    return mass;
}

static void see_head(void *context, const struct head_view *h)
{
    struct meter *t = context;
    const struct batch *b = sequences(t);
    const struct attention_options *a = &t->m->blocks[h->layer].attention;
    struct metric_head v = {
        .head = h,
        .rows = b->used[t->first + h->sequence],
        .prefix = a->prefix,
        .scale = (double)attention_scale(a, h->D),
        .sums_to_one = attention_sums_to_one(a),
        .separators = t->is_of_copies
                          ? NULL
                          : t->separators + (t->first + h->sequence) * t->T,
        .tokens = b->tokens + (t->first + h->sequence) * t->T,
        .room = t->room + h->worker * t->room_n,
    };
    if (h->weights)
        v.row_mass = fill_row_mass(t, h);
    bool is_backward = h->dq || h->dk || h->dv;
    for (idx i = 0; i < t->n_columns; i++) {
        const struct meter_column *c = &t->columns[i];
        int gradients = c->metric->reads & TAPS_OF_HEAD_GRADIENTS;
        if (!c->metric->of_head || !is_due(t, c) || !gradients == is_backward)
            continue;
        idx inner = metric_count(c->metric, &t->shape, 2);
        struct ratio *r =
            clear(c, h->sequence, h->layer * t->shape.H + h->head, inner);
        v.k = c->is.k;
        v.eps = c->is.eps;
        if (!has_rows(&c->is, v.rows))
            continue;
        if (c->metric->needs_extra && !h->n_extra)
            *r = (struct ratio){ 0, 1, false }; /* nothing lies there */
        else
            c->metric->of_head(r, &v);
    }
}

static real *ffn_of(const struct meter *t, idx layer, idx sequence)
{
    return t->ffn + (sequence * t->shape.L + layer) * t->T * t->shape.C;
}

static void see_rows(void *context, const struct tap_rows *rows)
{
    struct meter *t = context;
    idx used = sequences(t)->used[t->first + rows->sequence];
    if (rows->tap == TAP_FFN && t->ffn)
        memcpy(ffn_of(t, rows->layer, rows->sequence), rows->x,
               (size_t)(t->T * t->shape.C) * sizeof(real));
    struct metric_rows v = {
        .x = rows->x,
        .first = rows->first,
        .rows = idx_max(0, idx_min(rows->rows, used - rows->first)),
        .n = rows->n,
        .room = t->room + rows->worker * t->room_n,
    };
    for (idx i = 0; i < t->n_columns; i++) {
        const struct meter_column *c = &t->columns[i];
        if (!c->metric->of_rows || !is_due(t, c) ||
            c->metric->reads != TAP_BIT(rows->tap))
            continue;
        bool is_inside = c->metric->axes[0] == OVER_LAYER ||
                         c->metric->axes[0] == OVER_DEPTH;
        idx inner = metric_count(c->metric, &t->shape, is_inside);
        idx at = is_inside ? rows->layer : 0;
        struct ratio *r = c->pass + rows->sequence * c->n + at * inner;
        if (rows->first == 0)
            r = clear(c, rows->sequence, at, inner);
        if (has_rows(&c->is, used))
            c->metric->of_rows(r, &v);
    }
}

/* Of the pass that just ended. */
static void see_sequence(struct meter *t, idx sequence)
{
    idx depths = t->shape.L + 1, worker = omp_get_thread_num();
    const real **x = t->depths + worker * (depths + t->shape.L);
    const real **ffn = x + depths;
    for (idx depth = 0; depth < depths; depth++)
        x[depth] = engine_hidden(t->engine, depth, sequence);
    for (idx l = 0; l < t->shape.L && t->ffn; l++)
        ffn[l] = ffn_of(t, l, sequence);
    struct metric_sequence v = {
        .x = x,
        .ffn = t->ffn ? ffn : NULL,
        .rows = sequences(t)->used[t->first + sequence],
        .C = t->shape.C,
        .L = t->shape.L,
        .T = t->T,
        .room = t->room + worker * t->room_n,
    };
    for (idx i = 0; i < t->n_columns; i++) {
        const struct meter_column *c = &t->columns[i];
        if (!c->metric->of_sequence || !is_due(t, c))
            continue;
        struct ratio *r = clear(c, sequence, 0, c->n);
        if (has_rows(&c->is, v.rows))
            c->metric->of_sequence(r, &v);
    }
}

static void see_sequences(struct meter *t, idx B)
{
#pragma omp parallel for schedule(static)                                      \
    num_threads(t->engine->request.threads)
    for (idx i = 0; i < B; i++)
        see_sequence(t, i);
}

static void observe(struct meter *t, idx B)
{
    struct batch part = batch_part(sequences(t), t->first, B);
    int reads = reads_due(t);
    struct observer forward = { .reads = reads & ~TAPS_OF_GRADIENTS,
                                .see_head = see_head,
                                .see_rows = see_rows,
                                .context = t };
    struct observer backward = forward;
    bool has_logits = reads & TAP_BIT(TAP_LOGITS);
    /* a backward pass has no logits to tell, but all that comes before */
    backward.reads = has_logits ? reads & TAPS_OF_GRADIENTS : reads;
    if (has_logits || !(reads & TAPS_OF_GRADIENTS))
        engine_observe(t->engine, &part, &forward);
    if (reads & TAPS_OF_GRADIENTS)
        engine_observe_gradients(t->engine, &part, &backward);
    see_sequences(t, B);
}

/* ---- sums -------------------------------------------------------------- */

static void start_sums(struct meter_column *c)
{
    for (idx j = 0; j < c->n; j++)
        c->sum[j] = (struct ratio){ .is_none = true };
}

/* In the order of sequences. */
static void add_pass(struct meter_column *c, idx B)
{
    for (idx b = 0; b < B; b++)
        for (idx j = 0; j < c->n; j++) {
            const struct ratio *r = &c->pass[b * c->n + j];
            if (r->is_none)
                continue;
            c->sum[j].is_none = false;
            c->sum[j].top += r->top;
            c->sum[j].bottom += r->bottom;
        }
}

/* Means over sequences, then the ratio; then the scalar over the model. A NaN
 * anywhere is one in the scalar. */
static void reduce(const struct meter *t, struct meter_column *c)
{
    c->is_given = false;
    for (idx j = 0; j < c->n; j++) {
        c->given[j] = c->is_there && !c->sum[j].is_none;
        c->is_given = c->is_given || c->given[j];
        c->value[j] = c->given[j] ? c->sum[j].top / c->sum[j].bottom : NAN;
    }
    if (c->metric->finish && c->is_given)
        c->metric->finish(c->value, &t->shape);
    c->scalar = metric_reduce(c->metric, c->value, c->given, c->n);
}

static void mark_separators(struct meter *t)
{
    for (idx i = 0; i < t->n_sequences * t->T; i++) {
        int32_t token = t->batch.tokens[i];
        t->separators[i] = token == t->bos || token == t->eos ||
                           token == t->batch.rules.document_token;
    }
}

/* ---- consequences ------------------------------------------------------ */

void meter_judge(struct meter *t, struct consequences *c)
{
    t->consequences = c;
}

static int judge(struct meter *t, struct ranks *r, struct err *e)
{
    bool has_begun = false;
    for (idx i = 0; i < t->n_columns; i++) {
        struct meter_column *c = &t->columns[i];
        if (!c->metric->under || !is_measured(c) || !t->consequences)
            continue;
        if (!has_begun && consequences_start(t->consequences, r, e))
            return e->code;
        has_begun = true;
        if (consequences_measure(c->value, t->consequences, c->metric, e))
            return e->code;
        /* one sequence has no error */
        c->is_given =
            !c->metric->under->error_of || t->consequences->batch.B > 1;
        for (idx j = 0; j < c->n; j++)
            c->given[j] = c->is_given;
        c->scalar = metric_reduce(c->metric, c->value, c->given, c->n);
    }
    return OK;
}

/* ---- all of it --------------------------------------------------------- */

/* Gradients and losses are of all tokens behind another that the model's
 * rules score; the batch comes without any that counts. */
static void count_targets(struct meter *t)
{
    const struct batch_rules *rules = &t->batch.rules;
    for (idx i = 0; i < t->n_sequences * t->T; i++) {
        idx place = i % t->T, used = t->batch.used[i / t->T];
        bool counts = place + 1 < used && place >= rules->unscored &&
                      (!rules->scored_to || place < rules->scored_to);
        t->batch.weights[i] = counts;
    }
}

/* What process `who` has measured of B sequences, to process 0. */
static int fetch(struct meter *t, struct ranks *r, int who, idx B,
                 struct err *e)
{
    bool sends = ranks_own(r) == who;
    idx n = 0;
    if (who == 0 || !(sends || ranks_writes(r)))
        return OK;
    for (idx i = 0; i < t->n_columns; i++) {
        struct meter_column *c = &t->columns[i];
        if (is_due(t, c) && !c->metric->under)
            t->messages[n++] =
                (struct ranks_message){ sends ? 0 : who, sends, c->pass,
                                        (size_t)(B * c->n) * sizeof *c->pass };
    }
    return ranks_move(r, t->messages, n, e);
}

/* A pass for each process, from sequence `first` on. */
static int run_round(struct meter *t, struct ranks *r, idx first, struct err *e)
{
    t->first = first + ranks_own(r) * t->B;
    if (t->first < t->n_sequences)
        observe(t, idx_min(t->B, t->n_sequences - t->first));
    for (int who = 0; who < ranks_n(r); who++) {
        idx left = t->n_sequences - (first + who * t->B);
        idx B = idx_min(t->B, left);
        if (B < 1)
            break;
        if (fetch(t, r, who, B, e))
            return e->code;
        for (idx i = 0; ranks_writes(r) && i < t->n_columns; i++)
            if (is_due(t, &t->columns[i]) && !t->columns[i].metric->under)
                add_pass(&t->columns[i], B);
    }
    return OK;
}

/* All passes over the sequences of one kind, if any column is due on them. */
static int run_passes(struct meter *t, bool is_of_copies, struct ranks *r,
                      struct err *e)
{
    bool has_any = false;
    t->is_of_copies = is_of_copies;
    for (idx i = 0; i < t->n_columns; i++)
        has_any = has_any ||
                  (is_due(t, &t->columns[i]) && !t->columns[i].metric->under);
    for (idx at = 0; has_any && at < t->n_sequences; at += t->B * ranks_n(r))
        if (run_round(t, r, at, e))
            return e->code;
    return OK;
}

int meter_run_shared(struct meter *t, struct ranks *r, struct err *e)
{
    if (t->reads & (TAPS_OF_GRADIENTS | TAP_BIT(TAP_LOSS)))
        count_targets(t);
    mark_separators(t);
    for (idx i = 0; i < t->n_columns; i++)
        start_sums(&t->columns[i]);
    if (run_passes(t, false, r, e) || run_passes(t, true, r, e))
        return e->code;
    for (idx i = 0; ranks_writes(r) && i < t->n_columns; i++)
        if (!t->columns[i].is_skipped)
            reduce(t, &t->columns[i]);
    return judge(t, r, e);
}

void meter_run(struct meter *t)
{
    meter_run_shared(t, NULL, ERR_IGNORED);
}

double meter_progress(const struct meter *t)
{
    for (idx i = 0; i < t->n_columns; i++) {
        const struct meter_column *c = &t->columns[i];
        if (c->metric->is_progress && c->is.k == 1 && !c->is.is_at)
            return c->scalar;
    }
    return NAN;
}
