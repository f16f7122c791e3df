/* What runs share and what they do not: a run's seed is its weights and its
 * training data; the task and what is measured on have seeds of their own. And
 * what a validation says: loss, standard error, excess over the floor. */
#include "harness.h"
#include "metric_case.h"
#include "train/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/rng.h"

enum { OVERRIDES_MAX = 32 };

/* Does the source that the overrides name read this one? */
static bool is_read(const char *override, const char *const *more)
{
    bool is_text = false, is_for_text, is_for_others;
    for (; *more; more++)
        is_text |= strcmp(*more, "data.source=text") == 0;
    is_for_text = strncmp(override, "data.path=", 10) == 0 ||
                  strncmp(override, "data.val_fraction=", 18) == 0;
    is_for_others = strncmp(override, "data.vocab=", 11) == 0;
    return is_text ? !is_for_others : !is_for_text;
}

/* A small session; NULL ends the overrides. Those that its source does not
 * read are left out. */
static void open_session(struct session *s, bool is_training,
                         const char *const *more)
{
    static const char *const small[] = {
        "model.layers=2",  "model.width=16",
        "model.heads=2",   "model.context=24",
        "train.batch=6",   "train.val_tokens=264",
        "train.threads=1", "sink.probe_sequences=3",
        "data.vocab=12",   "data.val_fraction=0.4",
    };
    const char *all[OVERRIDES_MAX];
    struct config c;
    struct err e = { 0 };
    idx n = 0;
    for (idx i = 0; i < COUNT_OF(small); i++)
        if (is_read(small[i], more))
            all[n++] = small[i];
    for (idx i = 0; more[i]; i++) {
        assert_true(n < OVERRIDES_MAX);
        if (is_read(more[i], more))
            all[n++] = more[i];
    }
    if (config_load(&c, NULL, all, n, NULL, &e) ||
        session_open(s, &c, is_training, &e))
        fail_msg("%s", e.text);
}
#define OPEN(s, ...)                                                           \
    open_session(s, true, (const char *const[]){ __VA_ARGS__, NULL })

/* The text is TEXT bytes that do not repeat themselves; HELD_OUT is the 0.4 at
 * its end: 50 tiles and 4 tokens, or 3 if the first is no target. */
enum { TEXT = 3010, HELD_OUT = 1204 };

static void fill_text(unsigned char bytes[TEXT])
{
    struct rng r = rng_open(1, RNG_TEST, 0, 0);
    for (int i = 0; i < TEXT; i++)
        bytes[i] = (unsigned char)rng_below(&r, 200);
}

/* "data.path=..." of it. */
static const char *text_override(void)
{
    static char override[600];
    unsigned char bytes[TEXT];
    char path[512];
    fill_text(bytes);
    snprintf(path, sizeof path, "%s/session.txt", test_dir());
    test_write_file(path, bytes, sizeof bytes);
    snprintf(override, sizeof override, "data.path=%s", path);
    return override;
}

/* "data.path=..." of a folder with many short files. */
static char *documents_override(void)
{
    static char override[600];
    char path[512], text[64];
    snprintf(path, sizeof path, "%s/documents", test_dir());
    mkdir(path, 0700);
    snprintf(override, sizeof override, "data.path=%s", path);
    for (int i = 0; i < 40; i++) {
        memset(text, 'a' + i % 26, sizeof text);
        snprintf(path, sizeof path, "%s/documents/%02d", test_dir(), i);
        test_write_file(path, text, (size_t)(10 + i % 7 * 5));
    }
    return override;
}

static const char *const sources[] = { "data.source=bigram-backcopy",
                                       "data.source=random",
                                       "data.source=text" };

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* Same validation and same metrics, to the bit. */
static bool same_step(struct session *a, struct session *b)
{
    struct val_result x = session_validate(a), y = session_validate(b);
    bool is_same = same(x.loss, y.loss) && same(x.loss_se, y.loss_se) &&
                   same(x.excess, y.excess);
    meter_run(&a->meter);
    meter_run(&b->meter);
    assert_int_equal(a->meter.n_columns, b->meter.n_columns);
    for (idx i = 0; i < a->meter.n_columns; i++) {
        const struct meter_column *c = &a->meter.columns[i];
        is_same &= memcmp(c->value, b->meter.columns[i].value,
                          (size_t)c->n * sizeof *c->value) == 0;
    }
    return is_same;
}

static bool same_batch(struct session *a, struct session *b)
{
    struct batch *x = &a->batch, *y = &b->batch;
    size_t bytes = (size_t)(x->B * x->T) * sizeof *x->tokens;
    source_batch(&a->source, x, SPLIT_TRAIN, 0);
    source_batch(&b->source, y, SPLIT_TRAIN, 0);
    return memcmp(x->tokens, y->tokens, bytes) == 0 &&
           memcmp(x->targets, y->targets, bytes) == 0 &&
           memcmp(x->weights, y->weights,
                  (size_t)(x->B * x->T) * sizeof *x->weights) == 0;
}

static real *weights(struct session *s)
{
    return engine_download(&s->engine).weights;
}

static bool same_weights(struct session *a, struct session *b)
{
    return memcmp(weights(a), weights(b),
                  (size_t)a->model.table.total * sizeof(real)) == 0;
}

static void test_session__run_seed_leaves_step_0_alone(void **state)
{
    (void)state;
    static const char *const seeds[] = { "run.seed=2", "run.seed=3",
                                         "run.seed=9007199254740992" };
    for (int k = 0; k < COUNT_OF(sources); k++)
        for (int i = 0; i < COUNT_OF(seeds); i++) {
            struct session a, b;
            OPEN(&a, sources[k], text_override(), "run.init_seed=5",
                 "run.seed=1");
            OPEN(&b, sources[k], text_override(), "run.init_seed=5", seeds[i]);
            assert_true(same_weights(&a, &b));
            assert_true(same_step(&a, &b));
            assert_false(same_batch(&a, &b));
            session_release(&a);
            session_release(&b);
        }
}

/* Which of weights, training batch, measurements a key changes. */
static void check_seed(const char *source, const char *key, bool weights,
                       bool batch, bool step)
{
    struct session a, b;
    OPEN(&a, source, text_override());
    OPEN(&b, source, text_override(), key);
    assert_int_equal(!same_weights(&a, &b), weights);
    assert_int_equal(!same_batch(&a, &b), batch);
    assert_int_equal(!same_step(&a, &b), step);
    session_release(&a);
    session_release(&b);
}

static void test_session__each_seed_has_its_own_part(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT_OF(sources); k++) {
        bool has_task = strstr(sources[k], "bigram") != NULL;
        check_seed(sources[k], "run.seed=2", true, true, true);
        check_seed(sources[k], "run.init_seed=2", true, false, true);
        check_seed(sources[k], "run.data_seed=2", false, true, false);
        check_seed(sources[k], "data.eval_seed=2", false, false, true);
        if (has_task) /* refused elsewhere */
            check_seed(sources[k], "data.task_seed=2", false, true, true);
    }
}

/* P(v | u) of task 1 as MATH.md (14.1) has it, from the random numbers up. */
static void fill_table(double *p, idx V, idx triggers)
{
    for (idx u = 0; u < V; u++, p += V) {
        struct rng r = rng_open(1, RNG_TASK, 0, (uint64_t)u);
        double sum = 0;
        for (idx v = 0; v < V; v++)
            sum += p[v] = exp(rng_normal(&r)) * (v < V - triggers ? 1 : 4);
        for (idx v = 0; v < V; v++)
            p[v] /= sum;
    }
}

enum { V = 12, K = 3, T = 24, N = 11 };

/* Mean of -log P over the targets t >= skip of the validation sequences. */
static double naive_floor(struct session *s, idx skip)
{
    double p[V * V], sum = 0;
    idx bos = s->source.bos != NO_TOKEN, n = 0;
    fill_table(p, V, K);
    for (idx j = 0; j < N; j++) {
        int32_t x[T + 1];
        source_sample(&s->source, x, T + 1, SPLIT_VAL, j);
        for (idx at = skip + 1; at <= T; at++, n++) {
            if (at == bos)
                sum -= log(1.0 / (V - K));
            else if (x[at - 1] < V - K)
                sum -= log(p[x[at - 1] * V + x[at]]);
            else
                assert_int_equal(x[at], x[at - 2]);
        }
    }
    return sum / (double)n;
}

static void test_session__excess_is_what_lies_above_the_floor(void **state)
{
    (void)state;
    static const struct {
        const char *bos, *prefix;
        idx skip;
    } cases[] = {
        { "data.bos=yes", "attention.prefix=0", 0 },
        { "data.bos=no", "attention.prefix=0", 0 },
        { "data.bos=yes", "attention.prefix=7", 6 },
        { "data.bos=no", "attention.prefix=7", 6 },
        { "data.bos=yes", "attention.registers=2", 0 },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        struct session s;
        OPEN(&s, cases[i].bos, cases[i].prefix);
        struct val_result v = session_validate(&s);
        double floor = naive_floor(&s, cases[i].skip);
        assert_true(floor > 1 && floor < 2.5);
        assert_close(v.loss - v.excess, floor, 1e-12);
        session_release(&s);
    }
}

static void test_session__floor_of_uniform_tokens_is_log_v(void **state)
{
    (void)state;
    struct session s;
    OPEN(&s, "data.source=random");
    struct val_result v = session_validate(&s);
    assert_close(v.loss - v.excess, log(12), 1e-12);
    session_release(&s);
    OPEN(&s, "data.source=text", text_override());
    assert_false(source_has_floor(&s.source));
    assert_true(isnan(session_validate(&s).excess));
    session_release(&s);
}

/* Each target has its weight, however many a sequence has, and the error is
 * that of a ratio of sums over sequences. */
static void check_mean_over_targets(struct session *s,
                                    const struct val_result *v)
{
    double loss[30] = { 0 }, weight[30] = { 0 }, sum = 0, all = 0, squares = 0;
    for (idx j = 0; j < s->n_val; j++) {
        for (idx t = 0; t < s->batch.T; t++) {
            double w = (double)s->batch.weights[j * s->batch.T + t];
            loss[j] += w * (double)engine_losses(&s->engine, j)[t];
            weight[j] += w;
        }
        sum += loss[j];
        all += weight[j];
    }
    for (idx j = 0; j < s->n_val; j++) {
        double d = loss[j] - sum / all * weight[j];
        squares += d * d;
    }
    double n = (double)s->n_val;
    assert_close(v->loss, sum / all, 1e-12);
    assert_close(v->loss_se / (sqrt(n / (n - 1) * squares) / all), 1, 1e-9);
}

/* A byte is a byte; what else is a target costs bits and stands for no text. */
static void test_session__bits_a_byte_are_of_the_text_alone(void **state)
{
    (void)state;
    static const char *const names[] = { "windows", "packed", "documents" };
    struct session s;
    OPEN(&s, "data.source=text", text_override());
    struct val_result v = session_validate(&s);
    assert_close(v.bits_per_byte, v.loss / log(2), 1e-12);
    session_release(&s);
    OPEN(&s, "data.source=random");
    assert_true(isnan(session_validate(&s).bits_per_byte));
    session_release(&s);
    for (int i = 0; i < COUNT_OF(names); i++) {
        char order[40], *path = documents_override();
        snprintf(order, sizeof order, "data.order=%s", names[i]);
        OPEN(&s, "data.source=text", path, order, "data.eos=yes",
             "data.fixed_position=7", "train.batch=30");
        double targets = 0, bytes = 0;
        v = session_validate(&s);
        assert_in_range(s.n_val, 2, 30); /* one pass, whose losses are there */
        source_batch(&s.source, &s.batch, SPLIT_VAL, 0);
        check_mean_over_targets(&s, &v);
        for (idx j = 0; j < s.n_val * s.batch.T; j++) {
            if (s.batch.weights[j] == 0)
                continue;
            targets++;
            bytes += s.batch.targets[j] < 256;
        }
        assert_true(bytes < targets);
        assert_close(v.bits_per_byte, v.loss * targets / bytes / log(2), 1e-12);
        session_release(&s);
    }
}

/* One model under several evaluation seeds: its loss moves with how hard the
 * sequences are, its excess hardly. */
static void test_session__excess_spreads_less_than_loss(void **state)
{
    (void)state;
    enum { SEEDS = 8, STEPS = 300 };
    double loss = 0, loss2 = 0, excess = 0, excess2 = 0;
    struct session s, other;
    struct update_result u;
    struct err e = { 0 };
    OPEN(&s, "optim.lr=1e-2", "optim.weight_decay=0", "train.steps=300");
    for (idx step = 0; step < STEPS; step++)
        assert_int_equal(session_update(&s, step, &u, &e), OK);
    for (int i = 0; i < SEEDS; i++) {
        char seed[40];
        snprintf(seed, sizeof seed, "data.eval_seed=%d", i + 1);
        OPEN(&other, seed);
        memcpy(weights(&other), weights(&s),
               (size_t)s.model.table.total * sizeof(real));
        engine_upload(&other.engine);
        struct val_result v = session_validate(&other);
        assert_true(v.excess > 0 && v.excess < 1);
        loss += v.loss / SEEDS, loss2 += v.loss * v.loss / SEEDS;
        excess += v.excess / SEEDS, excess2 += v.excess * v.excess / SEEDS;
        session_release(&other);
    }
    double of_loss = sqrt(loss2 - loss * loss);
    double of_excess = sqrt(excess2 - excess * excess);
    assert_true(of_excess < of_loss / 2);
    session_release(&s);
}

enum { DOCUMENTS = 40, DOCUMENT_MAX = 43 };

/* "data.path=..." of a folder of texts of 3 to DOCUMENT_MAX bytes. */
static const char *folder_override(void)
{
    static char override[600];
    char folder[512], path[600];
    snprintf(folder, sizeof folder, "%s/documents", test_dir());
    mkdir(folder, 0700);
    for (int i = 0; i < DOCUMENTS; i++) {
        char bytes[DOCUMENT_MAX];
        size_t n = (size_t)(3 + i * 7 % (DOCUMENT_MAX - 2));
        memset(bytes, 'a' + i % 26, sizeof bytes);
        snprintf(path, sizeof path, "%s/%02d", folder, i);
        test_write_file(path, bytes, n);
    }
    snprintf(override, sizeof override, "data.path=%s", folder);
    return override;
}

/* Rows with padding, so that micro-batches differ in what counts: an update is
 * the same however it is divided, and no mean of its parts' means. */
static void test_session__an_update_is_one_mean(void **state)
{
    (void)state;
    static const char *const divided[][2] = {
        { "train.batch=6", "train.accumulate=1" },
        { "train.batch=3", "train.accumulate=2" },
        { "train.batch=1", "train.accumulate=6" },
    };
    struct update_result whole = { 0 };
    for (int i = 0; i < COUNT_OF(divided); i++) {
        struct session s;
        struct update_result u;
        struct err e = { 0 };
        OPEN(&s, "data.source=text", folder_override(), "data.order=documents",
             divided[i][0], divided[i][1], "model.init=framework");
        double plain = 0;
        source_batch(&s.source, &s.batch, SPLIT_TRAIN, 0);
        assert_int_equal(s.batch.B, 6);
        for (idx j = 0; j < 6; j++) {
            struct batch one = batch_part(&s.batch, j, 1);
            plain += engine_loss(&s.engine, &one).objective / 6;
        }
        assert_int_equal(session_update(&s, 0, &u, &e), OK);
        if (i == 0)
            whole = u;
        assert_close(u.loss.objective, whole.loss.objective, 1e-6);
        assert_close(u.loss.cross_entropy, whole.loss.cross_entropy, 1e-6);
        assert_close(u.grad_norm / whole.grad_norm, 1, 1e-5);
        assert_true(fabs(u.loss.objective - plain) > 1e-2);
        session_release(&s);
    }
}

/* Those that sinks are measured on, too. */
static void test_session__batches_know_documents(void **state)
{
    (void)state;
    struct session s;
    OPEN(&s, "data.source=text", folder_override(),
         "attention.documents=within", "data.restart_positions=yes");
    const struct batch *b = &s.meter.batch;
    idx n = 0;
    for (idx i = 0; i < b->B; i++) {
        const struct row *r = source_row(&s.source, b->T, SPLIT_SINK, i);
        for (idx t = 0; t < b->T; t++) {
            idx at = i * b->T + t;
            assert_int_equal(b->tokens[at], r->tokens[t]);
            assert_int_equal(b->documents[at], r->documents[t]);
            assert_int_equal(b->positions[at], t - r->documents[t]);
            n += b->documents[at] == t;
        }
    }
    assert_true(n > b->B);
    session_release(&s);
    OPEN(&s, "data.source=text", folder_override(), "data.order=documents",
         "model.context=48", "sink.tokens=48"); /* no document has so many */
    n = 0;
    for (idx i = 0; i < b->B; i++) {
        idx used = source_row(&s.source, b->T, SPLIT_SINK, i)->used;
        assert_int_equal(b->used[i], used);
        n += used < b->T;
    }
    assert_true(n > 0);
    session_release(&s);
    OPEN(&s, "data.source=text", folder_override());
    assert_null(s.batch.documents);
    assert_null(s.meter.batch.positions);
    session_release(&s);
}

/* A byte has none behind it: nothing is learned or validated, and nothing is
 * wrong. */
static void test_session__no_target_counts_in_single_bytes(void **state)
{
    (void)state;
    char override[600], path[600];
    struct session s;
    struct update_result u;
    struct err e = { 0 };
    snprintf(override, sizeof override, "data.path=%s/bytes", test_dir());
    assert_int_equal(mkdir(strchr(override, '=') + 1, 0700), 0);
    for (int i = 0; i < 30; i++) {
        snprintf(path, sizeof path, "%s/bytes/%02d", test_dir(), i);
        test_write_file(path, "x", 1);
    }
    OPEN(&s, "data.source=text", override, "data.order=documents",
         "data.bos=no", "loss.l2=1");
    assert_int_equal(session_update(&s, 0, &u, &e), OK);
    assert_true(u.weight == 0);
    struct val_result v = session_validate(&s);
    assert_int_equal(v.sequences, 0);
    struct readings r = { 0 };
    readings_of_validation(&r, &v);
    assert_false(r.val_loss.is_given || r.val_loss_se.is_given ||
                 r.val_bits_per_byte.is_given);
    session_release(&s);
    OPEN(&s, "data.source=text", override, "data.order=documents");
    assert_int_equal(session_update(&s, 0, &u, &e), OK);
    assert_true(u.weight == 6);
    session_release(&s);
}

/* A layout that does not tell documents, asked for them. */
static void test_session__documents_must_be_known(void **state)
{
    (void)state;
    static const char *const asked[] = { "attention.documents=within",
                                         "data.restart_positions=yes" };
    char path[600];
    snprintf(path, sizeof path, "%s", text_override());
    for (int i = 0; i < COUNT_OF(asked); i++) {
        const char *all[] = { path,
                              "data.source=tokens",
                              "data.format=nanogpt",
                              "data.token_bytes=2",
                              "data.vocab=65536",
                              "model.context=8",
                              asked[i] };
        struct config c;
        struct session s;
        struct err e = { 0 };
        assert_int_equal(config_load(&c, NULL, all, COUNT_OF(all), NULL, &e),
                         OK);
        assert_int_equal(session_open(&s, &c, true, &e), ERR_DATA);
        assert_non_null(strstr(e.text, "does not say where documents begin"));
        session_release(&s);
    }
}

/* Sequences of one pass, so that their losses are there to look at. */
static void test_session__standard_error_is_that_of_a_mean(void **state)
{
    (void)state;
    struct session s;
    OPEN(&s, "train.batch=11");
    struct val_result v = session_validate(&s);
    double mean[N], all = 0, squares = 0;
    for (idx j = 0; j < N; j++) {
        mean[j] = 0;
        for (idx t = 0; t < T; t++)
            mean[j] += (double)engine_losses(&s.engine, j)[t] / T;
        all += mean[j] / N;
    }
    for (idx j = 0; j < N; j++)
        squares += (mean[j] - all) * (mean[j] - all);
    assert_close(v.loss, all, 1e-12);
    assert_close(v.loss_se / sqrt(squares / (N - 1) / N), 1, 1e-9);
    session_release(&s);
    OPEN(&s, "train.val_tokens=24"); /* says nothing about others */
    assert_true(isnan(session_validate(&s).loss_se));
    session_release(&s);
}

/* Mean loss of every token of the held-out text that has one in front of it,
 * window by window, the last one for what is left. */
static double plain_text_loss(struct session *s)
{
    unsigned char bytes[TEXT];
    const unsigned char *part = bytes + TEXT - HELD_OUT;
    bool bos = s->source.bos != NO_TOKEN;
    struct batch one = batch_part(&s->batch, 0, 1), *x = &one;
    double sum = 0;
    fill_text(bytes);
    for (idx done = !bos; done < HELD_OUT;) {
        idx n = idx_min(T, HELD_OUT - done), start = done - (T - n);
        for (idx t = 0; t < T; t++) {
            bool is_bos = bos && t == 0;
            x->tokens[t] = is_bos ? s->source.bos : part[start + t - 1];
            x->targets[t] = part[start + t];
            x->weights[t] = 1;
        }
        engine_loss(&s->engine, x);
        for (idx t = T - n; t < T; t++)
            sum += (double)engine_losses(&s->engine, 0)[t];
        done += n;
    }
    return sum / (HELD_OUT - !bos);
}

static void test_session__the_whole_text_is_read_once(void **state)
{
    (void)state;
    for (int bos = 0; bos <= 1; bos++) {
        const char *with = bos ? "data.bos=yes" : "data.bos=no";
        double loss[4], se[4];
        for (int seed = 0; seed < 4; seed++) {
            char override[40];
            struct session s;
            snprintf(override, sizeof override, "data.eval_seed=%d", seed);
            OPEN(&s, "data.source=text", text_override(), with, override,
                 "train.val_tokens=1204", "model.init=framework");
            struct val_result v = session_validate(&s);
            assert_int_equal(v.sequences, 51);
            assert_close(v.loss, plain_text_loss(&s), 1e-6);
            loss[seed] = v.loss;
            se[seed] = v.loss_se;
            session_release(&s);
        }
        for (int seed = 1; seed < 4; seed++)
            assert_true(same(loss[seed], loss[0]) && same(se[seed], se[0]));
    }
}

/* The last sequence has four targets that count: a mean over targets, and the
 * error of one over clusters. */
static void test_session__sequences_weigh_what_they_count(void **state)
{
    (void)state;
    enum { SEQUENCES = 51 };
    struct session s;
    OPEN(&s, "data.source=text", text_override(), "train.val_tokens=5000",
         "train.batch=51", "model.init=framework");
    struct val_result v = session_validate(&s);
    double sum[SEQUENCES] = { 0 }, n[SEQUENCES], all = 0, squares = 0;
    for (idx j = 0; j < SEQUENCES; j++) {
        n[j] = j < SEQUENCES - 1 ? T : 4;
        for (idx t = T - (idx)n[j]; t < T; t++)
            sum[j] += (double)engine_losses(&s.engine, j)[t];
        all += sum[j] / HELD_OUT;
    }
    for (idx j = 0; j < SEQUENCES; j++)
        squares += pow(sum[j] - all * n[j], 2);
    assert_close(v.loss, all, 1e-12);
    double se = sqrt(squares * SEQUENCES / (SEQUENCES - 1)) / HELD_OUT;
    assert_close(v.loss_se / se, 1, 1e-9);
    session_release(&s);
}

/* What analyze opens reads sink.val_tokens instead. */
static void test_session__analysis_has_an_amount_of_its_own(void **state)
{
    (void)state;
    struct session s;
    open_session(&s, false,
                 (const char *const[]){ "sink.val_tokens=100", NULL });
    assert_int_equal(session_validate(&s).sequences, 5);
    session_release(&s);
    OPEN(&s, "sink.val_tokens=100", "train.val_tokens=49");
    assert_int_equal(session_validate(&s).sequences, 3);
    session_release(&s);
}

static void
test_session__validation_has_the_same_bits_on_any_threads(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT_OF(sources); k++)
        for (int threads = 2; threads <= 4; threads++) {
            char override[40];
            struct session a, b;
            snprintf(override, sizeof override, "train.threads=%d", threads);
            OPEN(&a, sources[k], text_override());
            OPEN(&b, sources[k], text_override(), override);
            assert_true(same_step(&a, &b));
            session_release(&a);
            session_release(&b);
        }
}

/* What asks for copies has them, with the BOS of what is measured and without
 * its edits; what does not ask has none. */
static void test_session__copies_come_to_who_asks(void **state)
{
    (void)state;
    for (int k = 0; k < 4; k++) {
        bool with_bos = k & 1, is_asked = k & 2;
        struct session s;
        OPEN(&s, "sink.tokens=20", with_bos ? "sink.bos=data" : "sink.bos=no",
             "data.fixed_position=4", "sink.input=repeat",
             is_asked ? "metrics.names=default, induction_score"
                      : "metrics.names=default");
        const struct batch *b = &s.meter.copies;
        assert_int_equal(b->B, is_asked ? 3 : 0);
        for (idx i = 0; i < b->B; i++) {
            const int32_t *x = b->tokens + i * 20 + with_bos;
            idx half = with_bos ? 9 : 10, differing = 0;
            assert_true((x[-with_bos] == s.source.bos) == with_bos);
            for (idx t = 0; t < half; t++) {
                assert_int_equal(x[t], x[t + half]);
                assert_in_range(x[t], 0, 11);
                differing += x[t] != x[0];
            }
            assert_true(differing > 0);
        }
        meter_run(&s.meter);
        if (is_asked)
            assert_true(find_column(&s.meter, "induction_score")->scalar > 0);
        session_release(&s);
    }
}

/* The usual number was not asked for. */
static void test_session__positions_behind_the_end_are_refused(void **state)
{
    (void)state;
    static const char *const refused[][2] = {
        { "sink.positions=9", "sink.tokens=8" },
        { "sink.positions=33", "model.context=32" },
    };
    for (idx i = 0; i < COUNT_OF(refused); i++) {
        struct config c;
        struct session s;
        struct err e = { 0 };
        assert_int_equal(config_load(&c, NULL, refused[i], 2, NULL, &e), OK);
        assert_int_equal(session_open(&s, &c, false, &e), OK); /* to read it */
        assert_int_equal(session_check_new(&c, &s.model, &e), ERR_CONFIG);
        assert_non_null(strstr(e.text, "sink.positions = "));
        assert_non_null(strstr(e.text, i ? "have 32 tokens" : "have 8 tokens"));
        session_release(&s);
    }
    struct session s;
    OPEN(&s, "sink.positions=8", "sink.tokens=8");
    assert_int_equal(session_check_new(&s.config, &s.model, ERR_IGNORED), OK);
    session_release(&s);
    OPEN(&s, "sink.tokens=2");
    assert_int_equal(session_check_new(&s.config, &s.model, ERR_IGNORED), OK);
    session_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session__run_seed_leaves_step_0_alone),
        cmocka_unit_test(test_session__each_seed_has_its_own_part),
        cmocka_unit_test(test_session__excess_is_what_lies_above_the_floor),
        cmocka_unit_test(test_session__floor_of_uniform_tokens_is_log_v),
        cmocka_unit_test(test_session__bits_a_byte_are_of_the_text_alone),
        cmocka_unit_test(test_session__excess_spreads_less_than_loss),
        cmocka_unit_test(test_session__an_update_is_one_mean),
        cmocka_unit_test(test_session__batches_know_documents),
        cmocka_unit_test(test_session__no_target_counts_in_single_bytes),
        cmocka_unit_test(test_session__documents_must_be_known),
        cmocka_unit_test(test_session__standard_error_is_that_of_a_mean),
        cmocka_unit_test(test_session__the_whole_text_is_read_once),
        cmocka_unit_test(test_session__sequences_weigh_what_they_count),
        cmocka_unit_test(test_session__analysis_has_an_amount_of_its_own),
        cmocka_unit_test(
            test_session__validation_has_the_same_bits_on_any_threads),
        cmocka_unit_test(test_session__copies_come_to_who_asks),
        cmocka_unit_test(test_session__positions_behind_the_end_are_refused),
    };
    return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
