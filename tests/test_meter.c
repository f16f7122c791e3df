/* The meter: every metric over several sequences and forward passes. */
#include "base/rng.h"
#include "harness.h"
#include "metric/meter.h"
#include "metric_case.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "nn/attention/attention_facts.h"

/* 40 sequences of 64: two passes of at most 2048 tokens, the second ragged. */
enum { L = 2, H = 2, C = 12, V = 20, T = 64, N = 40 };

static struct sink_options sinks; /* main sets them */
static struct metrics_options metrics;

/* On an engine of its own, with the weights of t. */
static void start_meter(struct meter *m, const struct tiny *t,
                        const struct sink_options *o, idx n, int threads)
{
    struct engine *g = calloc(1, sizeof *g);
    struct metric_choice choice = { o, &metrics };
    struct engine_request r = {
        .B = 1, .T = t->m.T, .reads = meter_reads(&choice), .threads = threads
    };
    struct err e = { 0 };
    assert_non_null(g);
    meter_shape(&r.seen_B, &r.seen_T, &t->m.spec.model, o, n);
    struct batch_rules rules = model_batch_rules(&t->m, r.seen_T);
    assert_int_equal(engine_open(g, &t->m, &r, &e), OK);
    assert_int_equal(meter_open(m, g, &choice, n, &rules, &e), OK);
}

/* Metrics with sequences of their own are shown the others', which have equal
 * tokens enough. */
static void fill_copies(struct meter *m)
{
    size_t n = (size_t)m->n_sequences;
    if (!m->copies.B)
        return;
    memcpy(m->copies.tokens, m->batch.tokens,
           n * (size_t)m->T * sizeof *m->batch.tokens);
    memcpy(m->copies.used, m->batch.used, n * sizeof *m->batch.used);
}

static void run_meter(struct meter *m, const struct tiny *t)
{
    fill_copies(m);
    memcpy(engine_download(m->engine).weights, t->w,
           (size_t)t->m.table.total * sizeof *t->w);
    engine_upload(m->engine);
    meter_run(m);
}

static void stop_meter(struct meter *m)
{
    struct engine *g = m->engine;
    meter_release(m);
    engine_release(g);
    free(g);
}

struct measured {
    struct tiny t;
    struct meter meter;
};

static void open_meter(struct measured *x, const char *preset,
                       const struct attention_options *a,
                       const struct sink_options *o, int threads)
{
    struct model_options options = tiny_options(preset, L, C, H, T);
    struct rng r = rng_open(3, RNG_TEST, 0, 0);
    tiny_open(&x->t, &options, a, 1, V, 1, 25);
    start_meter(&x->meter, &x->t, o, N, threads);
    for (idx i = 0; i < N * x->meter.T; i++)
        x->meter.batch.tokens[i] = (int32_t)rng_below(&r, V);
}

static void close_meter(struct measured *x)
{
    stop_meter(&x->meter);
    tiny_close(&x->t);
}

static const struct meter_column *column(const struct meter *m,
                                         const char *name)
{
    const struct meter_column *c = find_column(m, name);
    assert_non_null(c);
    return c;
}

/* First-token mass, as proxy and raw, and key norms of each head, taken one
 * sequence at a time by an observer of our own; norms of hidden states. */
struct own {
    double alpha[L * H], raw[L * H], first[L * H], rest[L * H];
    double hidden_first[L + 1], hidden_rest[L + 1];
};

static double norm(const real *x, idx n)
{
    double square = 0;
    for (idx i = 0; i < n; i++)
        square += (double)x[i] * (double)x[i];
    return sqrt(square);
}

static void see_own(void *context, const struct head_view *v)
{
    struct own *o = context;
    idx i = v->layer * H + v->head, row_n = v->n_extra + v->T;
    for (idx t = 0; t < v->T; t++) {
        const real *a = v->weights + t * row_n;
        double key = norm(v->k + t * v->ld_qkv, v->D), sum = 0;
        for (idx j = 0; j < row_n; j++)
            sum += fabs((double)a[j]);
        if (v->extra_mass) /* whose signs may have cancelled in a[0] */
            sum += (double)v->extra_mass[t] - fabs((double)a[0]);
        o->alpha[i] += fabs((double)a[v->n_extra]) / (sum + 1e-8) / T;
        o->raw[i] += (double)a[v->n_extra] / T;
        if (t == 0)
            o->first[i] = key;
        else
            o->rest[i] += key / (T - 1);
    }
}

static void observe_own(struct own *own, struct measured *x, idx sequence)
{
    struct observer observer = tiny_observer(see_own, own);
    *own = (struct own){ 0 };
    memcpy(x->t.batch.tokens, x->meter.batch.tokens + sequence * T,
           T * sizeof *x->t.batch.tokens);
    tiny_observe(&x->t, 1, &observer);
    for (idx depth = 0; depth <= L; depth++) {
        const real *hidden = acts_hidden(&x->t.x, &x->t.m, depth, 0);
        own->hidden_first[depth] = norm(hidden, C);
        for (idx t = 1; t < T; t++)
            own->hidden_rest[depth] += norm(hidden + t * C, C) / (T - 1);
    }
}

static void check_scalar(const struct meter_column *c)
{
    double sum = 0;
    for (idx i = 0; i < c->n; i++)
        sum += c->value[i] / (double)c->n;
    assert_close(c->scalar, sum, 1e-12);
}

static void check_against_own(const struct attention_options *a, double eps)
{
    struct sink_options o = sinks;
    struct measured x;
    double sink[L * H] = { 0 };
    struct own sum = { 0 };
    o.eps = eps;
    open_meter(&x, "gpt2", a, &o, 2);
    for (idx s = 0; s < N; s++) {
        struct own own;
        observe_own(&own, &x, s);
        for (idx i = 0; i < L * H; i++) {
            sink[i] += (own.alpha[i] > eps) / (double)N;
            sum.alpha[i] += own.alpha[i] / N;
            sum.raw[i] += own.raw[i] / N;
            sum.first[i] += own.first[i];
            sum.rest[i] += own.rest[i];
        }
        for (idx depth = 0; depth <= L; depth++) {
            sum.hidden_first[depth] += own.hidden_first[depth];
            sum.hidden_rest[depth] += own.hidden_rest[depth];
        }
    }
    run_meter(&x.meter, &x.t);
    for (idx i = 0; i < L * H; i++) {
        assert_close(column(&x.meter, "sink_1")->value[i], sink[i], 1e-9);
        assert_close(column(&x.meter, "first_mass")->value[i], sum.alpha[i],
                     1e-5);
        assert_close(column(&x.meter, "first_mass_raw")->value[i], sum.raw[i],
                     1e-5);
        assert_close(column(&x.meter, "key_ratio")->value[i],
                     sum.first[i] / sum.rest[i], 1e-5);
    }
    for (idx depth = 0; depth <= L; depth++)
        assert_close(column(&x.meter, "hidden_ratio")->value[depth],
                     sum.hidden_first[depth] / sum.hidden_rest[depth], 1e-5);
    check_scalar(column(&x.meter, "sink_1"));
    assert_true(meter_progress(&x.meter) == column(&x.meter, "sink_1")->scalar);
    check_scalar(column(&x.meter, "key_ratio"));
    close_meter(&x);
}

static void test_meter__matches_one_sequence_at_a_time(void **state)
{
    (void)state;
    for (int map = 0; weight_map_name(map); map++)
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            struct attention_options a =
                ATTENTION(.weights = map, .bias = bias);
            check_against_own(&a, 0.085);
            check_against_own(&a, 0.05);
        }
}

/* Registers of a map whose weights may be negative. */
static void test_meter__proxies_count_registers_without_sign(void **state)
{
    (void)state;
    struct attention_options a = ATTENTION();
    while (strcmp(weight_map_name(a.weights), "identity") != 0)
        a.weights++;
    for (a.registers = 1; a.registers <= 3; a.registers += 2)
        check_against_own(&a, 0.05);
}

/* eps between the first-token masses of two sequences: half of them sink, in
 * whichever head. */
static void test_meter__threshold_comes_before_the_mean(void **state)
{
    (void)state;
    struct attention_options a = ATTENTION();
    struct measured x;
    struct own own[2];
    open_meter(&x, "gpt2", &a, &sinks, 1);
    observe_own(&own[0], &x, 0);
    observe_own(&own[1], &x, 1);
    for (idx i = 0; i < L * H; i++) {
        struct meter two = { 0 };
        struct sink_options o = sinks;
        o.eps = (own[0].alpha[i] + own[1].alpha[i]) / 2;
        assert_true(fabs(own[0].alpha[i] - own[1].alpha[i]) > 1e-4);
        start_meter(&two, &x.t, &o, 2, 1);
        memcpy(two.batch.tokens, x.meter.batch.tokens,
               2 * T * sizeof *two.batch.tokens);
        run_meter(&two, &x.t);
        assert_close(column(&two, "sink_1")->value[i], 0.5, 1e-12);
        stop_meter(&two);
    }
    close_meter(&x);
}

/* All numbers of a meter in one row, NaN made comparable. */
static idx gather(double *to, const struct meter *m)
{
    idx n = 0;
    for (idx i = 0; i < m->n_columns; i++) {
        const struct meter_column *c = &m->columns[i];
        for (idx j = 0; j < c->n; j++)
            to[n++] = c->is_given ? c->value[j] : -1;
        to[n++] = c->is_given ? c->scalar : -1;
    }
    return n;
}

static void check_repeatable(const struct attention_options *a)
{
    enum { MANY = 20000 };
    static double first[MANY], again[MANY], other[MANY];
    struct measured one, four;
    open_meter(&one, "llama", a, &sinks, 1);
    open_meter(&four, "llama", a, &sinks, 4);
    size_t bytes = (size_t)one.t.m.table.total * sizeof(real);
    real *before = malloc(bytes);
    memcpy(before, one.t.w, bytes);
    run_meter(&one.meter, &one.t);
    idx n = gather(first, &one.meter);
    run_meter(&one.meter, &one.t);
    gather(again, &one.meter);
    run_meter(&four.meter, &four.t);
    gather(other, &four.meter);
    assert_in_range(n, 1, MANY);
    assert_memory_equal(again, first, (size_t)n * sizeof *first);
    assert_memory_equal(other, first, (size_t)n * sizeof *first);
    assert_memory_equal(one.t.w, before, bytes);
    free(before);
    close_meter(&one);
    close_meter(&four);
}

/* Of the default set all digits count; others may have cancelled. */
static void check_values(const double *want, const double *got,
                         const bool *given, idx n, bool is_default)
{
    for (idx j = 0; j < n; j++)
        if (given[j] && is_default)
            assert_close(got[j] / (want[j] + 1e-9), want[j] / (want[j] + 1e-9),
                         1e-5);
        else if (given[j])
            assert_near(got[j], want[j], 1e-5, 1);
}

/* Same numbers as sequences that end there. */
static void test_meter__leaves_padding_out(void **state)
{
    (void)state;
    key_copy_text(metrics.names, "*");
    enum { SHORT = 41 };
    for (idx registers = 0; registers <= 2; registers += 2) {
        struct attention_options a =
            ATTENTION(.bias = BIAS_KEY, .registers = registers);
        struct sink_options o = sinks;
        struct measured padded, cut;
        o.eps = 0.085;
        open_meter(&padded, "gpt2", &a, &o, 2);
        o.tokens = SHORT;
        open_meter(&cut, "gpt2", &a, &o, 2);
        assert_int_equal(cut.meter.T, SHORT);
        for (idx i = 0; i < N; i++) {
            padded.meter.batch.used[i] = SHORT;
            memcpy(cut.meter.batch.tokens + i * SHORT,
                   padded.meter.batch.tokens + i * T,
                   SHORT * sizeof *padded.meter.batch.tokens);
        }
        run_meter(&padded.meter, &padded.t);
        run_meter(&cut.meter, &cut.t);
        for (idx i = 0; i < cut.meter.n_columns; i++) {
            const struct meter_column *p = &padded.meter.columns[i],
                                      *c = &cut.meter.columns[i];
            assert_int_equal(p->is_given, c->is_given);
            if (c->n == p->n)
                check_values(c->value, p->value, c->given, c->n,
                             c->metric->is_default);
            if (c->is_given) /* behind the end there is nothing to reduce */
                check_values(&c->scalar, &p->scalar, &c->is_given, 1,
                             c->metric->is_default);
        }
        close_meter(&padded);
        close_meter(&cut);
    }
}

/* A sequence alone, and with another beside it of which so many tokens count.
 */
static void measure_beside(struct tiny *t, struct meter *one, struct meter *two,
                           idx used)
{
    struct attention_options a = ATTENTION();
    struct sink_options o = sinks;
    struct model_options options = tiny_options("gpt2", L, C, H, T);
    tiny_open(t, &options, &a, 1, V, 1, 25);
    start_meter(one, t, &o, 1, 1);
    start_meter(two, t, &o, 2, 1);
    for (idx i = 0; i < 2 * T; i++)
        two->batch.tokens[i] = (int32_t)(i * i % V);
    memcpy(one->batch.tokens, two->batch.tokens, T * sizeof *one->batch.tokens);
    two->batch.used[1] = used;
    run_meter(one, t);
    run_meter(two, t);
}

/* A sequence of two tokens has no third key, and one of one no rest. */
static void test_meter__short_sequences_have_no_part_in_some_means(void **state)
{
    (void)state;
    static const char *const all[] = { "sink_1", "first_mass", "hidden_max" };
    static const char *const some[] = { "sink_2", "sink_3", "key_ratio",
                                        "value_ratio", "hidden_ratio" };
    struct tiny t;
    struct meter one = { 0 }, two = { 0 };
    measure_beside(&t, &one, &two, 1);
    assert_true(column(&two, "sink_1")->is_given);
    for (int i = 0; i < COUNT_OF(some); i++)
        for (idx j = 0; j < column(&one, some[i])->n; j++)
            assert_close(column(&two, some[i])->value[j],
                         column(&one, some[i])->value[j], 1e-5);
    for (int i = 0; i < COUNT_OF(all); i++)
        assert_true(fabs(column(&two, all[i])->scalar -
                         column(&one, all[i])->scalar) > 1e-6);
    stop_meter(&one);
    stop_meter(&two);
    tiny_close(&t);
}

/* An empty document is a sequence of padding alone. */
static void test_meter__an_empty_sequence_has_no_part_in_any_mean(void **state)
{
    (void)state;
    struct tiny t;
    struct meter one = { 0 }, two = { 0 };
    measure_beside(&t, &one, &two, 0);
    for (idx i = 0; i < one.n_columns; i++) {
        const struct meter_column *x = &one.columns[i], *y = &two.columns[i];
        assert_int_equal(x->is_given, y->is_given);
        for (idx j = 0; j < x->n; j++) {
            assert_int_equal(x->given[j], y->given[j]);
            if (x->given[j])
                assert_close(y->value[j], x->value[j], 1e-5);
        }
    }
    stop_meter(&one);
    stop_meter(&two);
    tiny_close(&t);
}

static void test_meter__threads_and_repetition_change_no_bit(void **state)
{
    (void)state;
    for (int map = 0; weight_map_name(map); map += test_is_long() ? 1 : 3) {
        struct attention_options a =
            ATTENTION(.weights = map, .bias = map % 2 ? BIAS_NONE : BIAS_KEY);
        key_copy_text(metrics.names, map < 2 ? "*" : "default");
        check_repeatable(&a);
    }
}

/* Which metrics a model has, and the bounds of those it has. */
static void check_columns(const struct attention_options *a)
{
    struct measured x;
    open_meter(&x, "gpt2", a, &sinks, 2);
    run_meter(&x.meter, &x.t);
    bool is_distribution = attention_sums_to_one(a);
    for (idx i = 0; i < x.meter.n_columns; i++) {
        const struct meter_column *c = &x.meter.columns[i];
        bool has_extra =
            model_shows_extra(&x.t.m, 0) &&
            (attention_column_acts(a) || attention_has_remainder(a));
        bool has = has_extra || !c->metric->needs_extra;
        assert_int_equal(c->is_given, has);
        assert_int_equal(isnan(c->scalar) != 0, !has);
        assert_ptr_equal(find_column(&x.meter, c->name), c);
        bool is_raw = strcmp(c->name, "first_mass_raw") == 0;
        for (idx j = 0; j < c->n; j++) {
            assert_int_equal(isnan(c->value[j]) != 0, !has);
            if (has && c->metric->is_share && (is_distribution || !is_raw))
                assert_true(c->value[j] >= 0 && c->value[j] <= 1);
        }
    }
    double sum = column(&x.meter, "row_sum")->scalar;
    if (is_distribution)
        assert_close(sum, 1, 1e-5);
    else
        assert_true(fabs(sum - 1) > 1e-3);
    close_meter(&x);
}

static void test_meter__fractions_lie_between_0_and_1(void **state)
{
    (void)state;
    for (int map = 0; weight_map_name(map); map++)
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            struct attention_options a =
                ATTENTION(.weights = map, .bias = bias);
            check_columns(&a);
        }
}

static void test_meter__names_a_column_for_each_position(void **state)
{
    (void)state;
    struct attention_options a = ATTENTION();
    struct measured x;
    open_meter(&x, "gpt2", &a, &sinks, 1);
    for (idx k = 1; k <= 3; k++) {
        char name[32];
        snprintf(name, sizeof name, "sink_%td", k);
        assert_int_equal(column(&x.meter, name)->is.k, k);
    }
    assert_null(find_column(&x.meter, "sink_4"));
    assert_null(find_column(&x.meter, "sink_"));
    assert_int_equal(column(&x.meter, "sink_1")->n, L * H);
    assert_int_equal(column(&x.meter, "hidden_ratio")->n, L + 1);
    close_meter(&x);
}

/* Without positions, one repeated token gives uniform attention and equal
 * norms, and the published importance; depths are told apart by their data. */
static void test_meter__identical_tokens_give_the_uniform_values(void **state)
{
    (void)state;
    struct attention_options a = ATTENTION();
    struct model_options o = tiny_options("llama", L, C, H, T);
    struct meter m = { 0 };
    struct tiny t;
    o.position = POSITION_NONE;
    tiny_open(&t, &o, &a, 1, V, 1, 25);
    start_meter(&m, &t, &sinks, 3, 1);
    for (idx i = 0; i < 3 * T; i++)
        m.batch.tokens[i] = (int32_t)(i / T);
    run_meter(&m, &t);
    for (idx i = 0; i < L * H; i++) {
        assert_near(column(&m, "first_mass")->value[i], 0.0741, 5e-5,
                    1); /* half of its last digit */
        assert_close(column(&m, "key_ratio")->value[i], 1, 1e-5);
        assert_close(column(&m, "value_ratio")->value[i], 1, 1e-5);
    }
    for (idx depth = 0; depth <= L; depth++)
        assert_close(column(&m, "hidden_ratio")->value[depth], 1, 1e-5);
    stop_meter(&m);
    tiny_close(&t);
}

/* A first token of another size than the rest shows at depth 0, and fades. The
 * scalar is the largest over depths. */
static void check_hidden(double factor)
{
    struct attention_options a = ATTENTION();
    struct model_options o = tiny_options("llama", L, C, H, T);
    struct meter m = { 0 };
    struct tiny t;
    tiny_open(&t, &o, &a, 1, V, 1, 25);
    for (idx c = 0; c < C; c++)
        t.w[t.m.token_w + c] = (real)factor * t.w[t.m.token_w + C + c];
    start_meter(&m, &t, &sinks, 2, 1);
    for (idx i = 0; i < 2 * T; i++)
        m.batch.tokens[i] = i % T ? 1 : 0;
    run_meter(&m, &t);
    const struct meter_column *c = column(&m, "hidden_ratio");
    assert_close(c->value[0], factor, 1e-4);
    double largest = 0;
    for (idx depth = 0; depth <= L; depth++)
        largest = fmax(largest, c->value[depth]);
    assert_true(c->scalar == largest);
    assert_true(fabs(log(c->value[L])) < 0.9 * fabs(log(factor)));
    stop_meter(&m);
    tiny_close(&t);
}

static void test_meter__hidden_ratio_is_by_depth(void **state)
{
    (void)state;
    check_hidden(10);
    check_hidden(0.1);
}

static void test_meter__length_is_capped_at_the_context(void **state)
{
    (void)state;
    struct attention_options a = ATTENTION();
    struct sink_options o = sinks;
    struct measured x;
    o.tokens = 1000;
    open_meter(&x, "gpt2", &a, &o, 1);
    assert_int_equal(x.meter.T, T);
    close_meter(&x);
    o.tokens = 10;
    open_meter(&x, "gpt2", &a, &o, 1);
    assert_int_equal(x.meter.T, 10);
    run_meter(&x.meter, &x.t);
    assert_true(isfinite(column(&x.meter, "first_mass")->scalar));
    close_meter(&x);
}

/* --- NaN ------------------------------------------------------------------ */

static real *weights_of(const struct tiny *t, const char *name, idx *n)
{
    for (idx i = 0; i < t->m.table.count; i++)
        if (strcmp(t->m.table.rows[i].name, name) == 0) {
            *n = t->m.table.rows[i].n;
            return t->w + t->m.table.rows[i].offset;
        }
    fail_msg("no tensor %s", name);
    return NULL;
}

/* Which heads may have a number that is none. Columns that are of no head, or
 * of none of these, say nothing here. */
static void check_heads(const struct meter *m, idx layer, idx head)
{
    static const char *const names[] = { "sink_1",     "sink_1_raw",
                                         "first_mass", "first_mass_raw",
                                         "row_sum",    "key_ratio" };
    for (idx i = 0; i < COUNT_OF(names); i++) {
        const struct meter_column *c = column(m, names[i]);
        for (idx l = 0; l < L; l++)
            for (idx h = 0; h < H; h++) {
                bool is_hit = l > layer || (l == layer && h == head);
                if (!isnan(c->value[l * H + h]) == is_hit)
                    fail_msg("%s of layer %td, head %td: got %g", names[i], l,
                             h, c->value[l * H + h]);
            }
        assert_true(isnan(c->scalar));
    }
}

/* One number of one head's keys: that head has no measure at that layer, its
 * neighbours have, and behind it none has. Nor has the model. */
static void test_meter__nan_of_one_head_is_its_own_and_the_means(void **state)
{
    (void)state;
    struct attention_options a = ATTENTION();
    for (idx layer = 0; layer < L; layer++)
        for (idx head = 0; head < H; head++) {
            struct measured x;
            char name[PARAM_NAME_MAX];
            idx n;
            open_meter(&x, "llama", &a, &sinks, 2);
            snprintf(name, sizeof name, "block.%td.attention.qkv.weight",
                     layer);
            real *qkv = weights_of(&x.t, name, &n);
            assert_int_equal(n, 3 * C * C);
            qkv[C * C + head * (C / H) * C] = (real)NAN;
            run_meter(&x.meter, &x.t);
            check_heads(&x.meter, layer, head);
            assert_true(isnan(column(&x.meter, "hidden_max")->scalar));
            assert_true(isnan(column(&x.meter, "hidden_ratio")->scalar));
            for (idx depth = 0; depth <= L; depth++)
                assert_int_equal(
                    isnan(column(&x.meter, "hidden_max")->value[depth]) != 0,
                    depth > layer);
            close_meter(&x);
        }
}

enum { SHORT = 8, FEW = 3 };

/* A few short sequences, all of one token. */
static void open_few(struct measured *x, const char *preset,
                     const struct attention_options *a)
{
    struct model_options o = tiny_options(preset, L, C, H, SHORT);
    *x = (struct measured){ 0 };
    tiny_open(&x->t, &o, a, 1, V, 1, 25);
    start_meter(&x->meter, &x->t, &sinks, FEW, 1);
    for (idx i = 0; i < FEW * SHORT; i++)
        x->meter.batch.tokens[i] = V / 2;
}

/* What looks at the first token alone, and shares its place only; or at tokens
 * that came before, as the one that is hit did not. */
static bool is_of_others(const struct meter_column *c)
{
    static const char *const names[] = { "ftvvn", "ftvvn_ln", "first_key_norm",
                                         "induction_score" };
    for (idx i = 0; i < COUNT_OF(names); i++)
        if (strcmp(c->name, names[i]) == 0)
            return true;
    return false;
}

/* Has it a value for each token, or key, of which one alone may be hit? */
static bool is_of_places(const struct meter_column *c)
{
    for (idx i = 0; c->metric->axes[i] != OVER_NOTHING; i++)
        if (c->metric->axes[i] == OVER_POSITION ||
            c->metric->axes[i] == OVER_DIMENSION)
            return true;
    return false;
}

static void check_all_nan(const struct attention_options *a)
{
    struct measured x;
    idx n;
    open_few(&x, "llama", a);
    x.meter.batch.tokens[2 * SHORT - 1] = V - 1; /* last of the second */
    real *w = weights_of(&x.t, "token.weight", &n);
    assert_int_equal(n, V * C);
    w[(V - 1) * C + 3] = (real)NAN;
    run_meter(&x.meter, &x.t);
    for (idx i = 0; i < x.meter.n_columns; i++) {
        const struct meter_column *c = &x.meter.columns[i];
        if (is_of_others(c))
            continue;
        for (idx j = 0; j < c->n && c->is_given && !is_of_places(c); j++)
            if (!isnan(c->value[j]))
                fail_msg("%s of %s: got %g", c->name,
                         weight_map_name(a->weights), c->value[j]);
        assert_true(isnan(c->scalar));
    }
    close_meter(&x);
}

/* One number of one token of one sequence is enough; shares above a threshold
 * and what a row lacks to one are no exceptions. */
static void test_meter__nan_of_one_sequence_is_in_all_means(void **state)
{
    (void)state;
    for (int map = 0; weight_map_name(map); map++)
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            struct attention_options a =
                ATTENTION(.weights = map, .bias = bias);
            key_copy_text(metrics.names, "*");
            check_all_nan(&a);
        }
}

/* Whatever the tensor: no scalar of hidden states hides it that comes behind,
 * and something shows it in any case. */
static void check_tensor_nan(const struct attention_options *a,
                             const char *preset)
{
    struct measured x;
    open_few(&x, preset, a);
    x.t.batch.tokens[SHORT - 2] = V / 2; /* the row that is hit */
    for (idx i = 0; i < x.t.m.table.count; i++) {
        const struct param *p = &x.t.m.table.rows[i];
        real *w = x.t.w + p->offset + p->n / 2, kept = *w;
        bool shows = false;
        *w = (real)NAN;
        double loss = tiny_loss(&x.t, 1);
        run_meter(&x.meter, &x.t);
        for (idx k = 0; k < x.meter.n_columns; k++)
            shows = shows || (x.meter.columns[k].is_given &&
                              isnan(x.meter.columns[k].scalar));
        /* Behind the last hidden state only the loss can show it; the key of
         * a column without a value, under a map that looks at each score
         * alone, moves nothing but what is measured */
        bool is_behind = strncmp(p->name, "final.", 6) == 0 ||
                         strncmp(p->name, "head.", 5) == 0;
        bool is_idle = strstr(p->name, "column_key") != NULL;
        if (!is_behind && !shows)
            fail_msg("%s with %s: no metric shows it", p->name, preset);
        if (!is_idle && !isnan(loss))
            fail_msg("%s with %s: loss %g", p->name, preset, loss);
        *w = kept;
    }
    close_meter(&x);
}

static void test_meter__nan_in_any_tensor_shows(void **state)
{
    (void)state;
    static const char *const presets[] = { "gpt2", "llama" };
    for (int map = 0; weight_map_name(map); map += test_is_long() ? 1 : 4)
        for (int i = 0; i < 2; i++) {
            struct attention_options a = ATTENTION(.weights = map);
            check_tensor_nan(&a, presets[i]);
            a.bias = BIAS_KEY;
            check_tensor_nan(&a, presets[i]);
        }
}

static void test_meter__one_token_has_no_rest_to_compare_with(void **state)
{
    (void)state;
    struct attention_options a = ATTENTION();
    struct sink_options o = sinks;
    struct measured x;
    o.tokens = 1;
    open_meter(&x, "llama", &a, &o, 1);
    run_meter(&x.meter, &x.t);
    for (idx i = 0; i < x.meter.n_columns; i++) {
        const struct meter_column *c = &x.meter.columns[i];
        bool needs_rest = c->metric->least_rows > 1;
        bool is_extra = c->metric->needs_extra;
        assert_int_equal(c->is_given, !needs_rest && !is_extra && c->is.k == 1);
        assert_int_equal(!isnan(c->scalar), c->is_given);
    }
    close_meter(&x);
}

static int start(void **state)
{
    (void)state;
    return gemm_start(4, "threads", ERR_IGNORED);
}

/* Before each test. */
static int ask_default(void **state)
{
    (void)state;
    key_copy_text(metrics.names, "default");
    return 0;
}

/* A column that changes nothing is none, and nor is a key past the end. */
static void test_meter__what_cannot_act_is_not_given(void **state)
{
    (void)state;
    static const struct {
        const char *weights;
        int normalizer, bias, value;
        double scale;
        bool is_given;
    } cases[] = {
        { "sigmoid", NORMALIZER_OWN, BIAS_KEY, BIAS_VALUE_ZERO, 1, false },
        { "relu", NORMALIZER_OWN, BIAS_LOGIT, BIAS_VALUE_ZERO, 1, false },
        { "relu", NORMALIZER_LENGTH, BIAS_KEY, BIAS_VALUE_FIRST, 0, false },
        { "relu", NORMALIZER_LENGTH, BIAS_KEY, BIAS_VALUE_FIRST, 1, true },
        { "relu", NORMALIZER_SUM, BIAS_KEY, BIAS_VALUE_ZERO, 1, true },
        { "sigmoid", NORMALIZER_OWN, BIAS_KEY_VALUE, BIAS_VALUE_ZERO, 1, true },
        { "softmax", NORMALIZER_OWN, BIAS_LOGIT, BIAS_VALUE_ZERO, 1, true },
        { "stick_breaking", NORMALIZER_OWN, BIAS_NONE, BIAS_VALUE_ZERO, 1,
          true },
        { "sigmoid", NORMALIZER_OWN, BIAS_NONE, BIAS_VALUE_ZERO, 1, false },
        { "sigmoid", NORMALIZER_OWN, BIAS_VALUE, BIAS_VALUE_ZERO, 1, false },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct attention_options a =
            ATTENTION(.normalizer = cases[i].normalizer, .bias = cases[i].bias,
                      .bias_value = cases[i].value);
        struct sink_options o = sinks;
        struct measured x;
        a.bias_value_scale = cases[i].scale;
        while (strcmp(weight_map_name(a.weights), cases[i].weights) != 0)
            a.weights++;
        o.tokens = 2;
        open_meter(&x, "gpt2", &a, &o, 1);
        run_meter(&x.meter, &x.t);
        const struct meter_column *bias = column(&x.meter, "sink_bias");
        const struct meter_column *mass = column(&x.meter, "bias_mass");
        assert_int_equal(bias->is_given, cases[i].is_given);
        assert_int_equal(mass->is_given, cases[i].is_given);
        assert_int_equal(!isnan(bias->scalar), cases[i].is_given);
        assert_int_equal(!isnan(mass->scalar), cases[i].is_given);
        assert_true(column(&x.meter, "sink_2")->is_given);
        assert_false(column(&x.meter, "sink_3")->is_given);
        assert_true(isnan(column(&x.meter, "sink_3")->scalar));
        close_meter(&x);
    }
}

/* A layer without an extra column puts nothing there; what the others put
 * there is what counts. */
static void test_meter__layers_may_have_columns_of_their_own(void **state)
{
    (void)state;
    const struct attention_options layers[L] = {
        ATTENTION(),
        ATTENTION(.bias = BIAS_KEY),
    };
    struct model_spec spec = { .model = tiny_options("gpt2", L, C, H, T),
                               .layers = layers };
    struct meter m;
    struct tiny t;
    tiny_open_spec(&t, &spec, 1, V, 1, 25);
    start_meter(&m, &t, &sinks, 2, 2);
    for (idx i = 0; i < 2 * T; i++)
        m.batch.tokens[i] = (int32_t)(i % V);
    run_meter(&m, &t);
    const struct meter_column *mass = column(&m, "bias_mass");
    assert_true(mass->is_given && column(&m, "sink_bias")->is_given);
    for (idx h = 0; h < H; h++) {
        assert_true(mass->value[h] == 0);
        assert_true(column(&m, "sink_bias")->value[h] == 0);
        assert_true(mass->value[H + h] > 0 && mass->value[H + h] < 1);
    }
    assert_close(column(&m, "row_sum")->scalar, 1, 1e-6);
    stop_meter(&m);
    tiny_close(&t);
}

int main(void)
{
    key_defaults(sink_keys, n_sink_keys, &sinks);
    key_defaults(metrics_keys, n_metrics_keys, &metrics);
    sinks.tokens = T;
    sinks.positions = 3;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_meter__what_cannot_act_is_not_given,
                               ask_default),
        cmocka_unit_test_setup(test_meter__matches_one_sequence_at_a_time,
                               ask_default),
        cmocka_unit_test_setup(test_meter__proxies_count_registers_without_sign,
                               ask_default),
        cmocka_unit_test_setup(test_meter__threshold_comes_before_the_mean,
                               ask_default),
        cmocka_unit_test_setup(test_meter__leaves_padding_out, ask_default),
        cmocka_unit_test_setup(
            test_meter__short_sequences_have_no_part_in_some_means,
            ask_default),
        cmocka_unit_test_setup(
            test_meter__an_empty_sequence_has_no_part_in_any_mean, ask_default),
        cmocka_unit_test_setup(test_meter__threads_and_repetition_change_no_bit,
                               ask_default),
        cmocka_unit_test_setup(test_meter__fractions_lie_between_0_and_1,
                               ask_default),
        cmocka_unit_test_setup(test_meter__names_a_column_for_each_position,
                               ask_default),
        cmocka_unit_test_setup(
            test_meter__identical_tokens_give_the_uniform_values, ask_default),
        cmocka_unit_test_setup(test_meter__hidden_ratio_is_by_depth,
                               ask_default),
        cmocka_unit_test_setup(test_meter__length_is_capped_at_the_context,
                               ask_default),
        cmocka_unit_test_setup(
            test_meter__nan_of_one_head_is_its_own_and_the_means, ask_default),
        cmocka_unit_test_setup(test_meter__nan_of_one_sequence_is_in_all_means,
                               ask_default),
        cmocka_unit_test_setup(test_meter__nan_in_any_tensor_shows,
                               ask_default),
        cmocka_unit_test_setup(
            test_meter__one_token_has_no_rest_to_compare_with, ask_default),
        cmocka_unit_test_setup(test_meter__layers_may_have_columns_of_their_own,
                               ask_default),
    };
    return cmocka_run_group_tests_name("meter", tests, start, NULL);
}
