/* The table of parameters: names, places, counts and initial values. */
#include "harness.h"
#include "nn/param.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/ffns.h"

static const char *const presets[] = { "gpt2", "llama" };

/* Calls see for both presets with every kind of attention bias. */
static void each_model(void (*see)(const struct model *m))
{
    for (int i = 0; i < COUNT_OF(presets); i++) {
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            struct model_options o = tiny_options(presets[i], 3, 24, 4, 10);
            struct attention_options a = ATTENTION(.bias = bias);
            struct model m = { 0 };
            struct err e = { 0 };
            assert_int_equal(
                model_init(&m,
                           &(struct model_spec){ .model = o, .attention = a },
                           33, &e),
                OK);
            see(&m);
            model_release(&m);
        }
    }
}

static void see_names(const struct model *m)
{
    const char *letters = "abcdefghijklmnopqrstuvwxyz0123456789_.";
    for (idx i = 0; i < m->table.count; i++) {
        const char *name = m->table.rows[i].name;
        assert_true(strlen(name) > 0);
        assert_int_equal(strspn(name, letters), strlen(name));
        for (idx j = 0; j < i; j++)
            assert_string_not_equal(name, m->table.rows[j].name);
    }
}

static void test_params__names_are_plain_and_unique(void **state)
{
    (void)state;
    each_model(see_names);
}

static void see_places(const struct model *m)
{
    idx n = 0, end = 0;
    for (idx i = 0; i < m->table.count; i++) {
        const struct param *p = &m->table.rows[i];
        idx product = 1;
        for (int d = 0; d < p->ndim; d++)
            product *= p->shape[d];
        assert_int_equal(p->n, product);
        assert_int_equal((size_t)p->offset * sizeof(real) % 64, 0);
        assert_true(p->offset >= end);
        end = p->offset + p->n;
        n += p->n;
    }
    assert_int_equal(m->table.n, n);
    assert_true(m->table.total >= end);
}

static void test_params__are_aligned_and_do_not_overlap(void **state)
{
    (void)state;
    each_model(see_places);
}

static idx count_of(const char *preset, idx L, idx C, idx H, idx F, idx V,
                    int bias, idx *inner)
{
    struct model_options o = tiny_options(preset, L, C, H, 16);
    struct attention_options a = ATTENTION(.bias = bias);
    struct model m = { 0 };
    struct err e = { 0 };
    o.ffn_width = F;
    assert_int_equal(
        model_init(&m, &(struct model_spec){ .model = o, .attention = a }, V,
                   &e),
        OK);
    idx n = m.table.n;
    *inner = n;
    for (idx i = 0; i < m.table.count; i++)
        if (m.table.rows[i].offset == m.unembed_w ||
            m.table.rows[i].role == PARAM_EMBEDDING)
            *inner -= m.table.rows[i].n;
    model_release(&m);
    return n;
}

/* Sizes of the reference study (arXiv 2410.10781, released configurations) and
 * of GPT-2 small with context 16. */
static void test_params__counts_are_those_of_known_models(void **state)
{
    (void)state;
    idx inner;
    assert_int_equal(
        count_of("llama", 10, 768, 8, 1536, 50432, BIAS_NONE, &inner),
        136462080);
    assert_int_equal(inner, 58998528);
    assert_int_equal(
        count_of("llama", 22, 2048, 16, 5632, 50432, BIAS_NONE, &inner),
        1337026560);
    assert_int_equal(inner, 1130457088);
    assert_int_equal(
        count_of("llama", 10, 768, 8, 1536, 50432, BIAS_KEY, &inner),
        136462080 + 10 * 768);
    assert_int_equal(count_of("gpt2", 12, 768, 12, 0, 50257, BIAS_NONE, &inner),
                     124439808 - (1024 - 16) * 768);
    assert_int_equal(inner, 124439808 - (1024 + 50257) * 768);
}

/* Mean, standard deviation and bounds of one tensor. */
struct spread {
    double mean, std, min, max;
};

static struct spread measure(const real *w, idx n)
{
    struct spread s = { 0, 0, INFINITY, -INFINITY };
    for (idx i = 0; i < n; i++) {
        s.mean += (double)w[i] / (double)n;
        s.min = fmin(s.min, (double)w[i]);
        s.max = fmax(s.max, (double)w[i]);
    }
    for (idx i = 0; i < n; i++)
        s.std += pow((double)w[i] - s.mean, 2) / (double)n;
    s.std = sqrt(s.std);
    return s;
}

/* Std that a scheme gives a matrix or embedding of L layers. */
static double wanted_std(const struct param *p, int scheme, double L)
{
    double fan_in = (double)p->shape[1];
    bool writes = p->role == PARAM_RESIDUAL || p->role == PARAM_SWIGLU_OUT;
    if (p->role == PARAM_COLUMN)
        return 0.02;
    if (scheme == INIT_GPT2)
        return writes ? 0.02 / sqrt(2 * L) : 0.02;
    if (scheme == INIT_STUDY && p->role == PARAM_SWIGLU_OUT)
        return 1 / sqrt(fan_in) / L;
    if (scheme == INIT_STUDY)
        return sqrt(2 / (5 * fan_in));
    return p->role == PARAM_EMBEDDING ? 1 : 1 / sqrt(3 * fan_in);
}

static void check_start(const struct param *p, const real *w, int scheme,
                        double L)
{
    struct spread s = measure(w, p->n);
    double n = (double)p->n;
    if (p->ndim == 1) { /* gains, shifts, biases */
        double bound = 0;
        if (p->role == PARAM_BIAS && scheme == INIT_FRAMEWORK)
            bound = 1 / sqrt((double)p->fan_in);
        double at = p->role == PARAM_GAIN ? 1 : 0;
        assert_true(s.min >= at - bound && s.max <= at + bound);
        assert_true(bound == 0 || s.max - s.min > bound);
        return;
    }
    double std = wanted_std(p, scheme, L);
    assert_true(fabs(s.mean / std) <= 5 / sqrt(n));
    assert_close(s.std / std, 1, 5 / sqrt(2 * n));
    bool is_uniform = scheme == INIT_FRAMEWORK && p->role != PARAM_EMBEDDING &&
                      p->role != PARAM_COLUMN;
    bool has_tails = fmax(s.max, -s.min) > 1.7321 * std;
    if (p->n > 500) /* fewer may have none by chance */
        assert_int_equal(has_tails, !is_uniform);
}

static void test_params__start_with_the_spread_of_their_scheme(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(presets); i++) {
        for (int scheme = INIT_GPT2; scheme <= INIT_FRAMEWORK; scheme++) {
            struct model_options o = tiny_options(presets[i], 4, 48, 4, 32);
            struct attention_options a = ATTENTION(.bias = BIAS_KEY);
            struct model m = { 0 };
            struct err e = { 0 };
            assert_int_equal(
                model_init(&m,
                           &(struct model_spec){ .model = o, .attention = a },
                           50, &e),
                OK);
            real *w = calloc((size_t)m.table.total, sizeof *w);
            params_init(w, &m.table, scheme, 4, 5);
            for (idx j = 0; j < m.table.count; j++)
                check_start(&m.table.rows[j], w + m.table.rows[j].offset,
                            scheme, 4);
            free(w);
            model_release(&m);
        }
    }
}

/* The study's figures for its 60M model: 0.02282, 0.01614, 0.00255. */
static void test_params__study_scheme_has_the_published_spreads(void **state)
{
    (void)state;
    struct param_table t = { 0 };
    static real w[240000];
    const idx small[] = { 100, 768 }, large[] = { 100, 1536 };
    idx up = param_declare(&t, PARAM_LINEAR, 768, 2, small, "up");
    idx plain = param_declare(&t, PARAM_RESIDUAL, 1536, 2, large, "plain");
    assert_true(t.total <= COUNT_OF(w));
    params_init(w, &t, INIT_STUDY, 10, 1);
    assert_close(measure(w + up, t.rows[0].n).std / 0.02282, 1, 0.015);
    assert_close(measure(w + plain, t.rows[1].n).std / 0.01614, 1, 0.015);
    t.rows[1].role = PARAM_SWIGLU_OUT;
    params_init(w, &t, INIT_STUDY, 10, 1);
    assert_close(measure(w + plain, t.rows[1].n).std / 0.00255, 1, 0.015);
    param_table_release(&t);
}

/* What one tensor of a model of options o and a starts with: its mean and its
 * spread in units of `std`. */
static struct spread start_of_tensor(const struct model_options *o,
                                     const struct attention_options *a,
                                     const char *name, idx *fan_in)
{
    struct model m = { 0 };
    struct err e = { 0 };
    struct spread s = { 0 };
    assert_int_equal(
        model_init(&m, &(struct model_spec){ .model = *o, .attention = *a }, 50,
                   &e),
        OK);
    real *w = calloc((size_t)m.table.total, sizeof *w);
    params_init(w, &m.table, o->init, o->layers, 5);
    idx found = 0;
    for (idx i = 0; i < m.table.count; i++) {
        const struct param *p = &m.table.rows[i];
        if (strcmp(p->name, name) != 0)
            continue;
        s = measure(w + p->offset, p->n);
        *fan_in = p->shape[1];
        found++;
    }
    assert_int_equal(found, 1);
    free(w);
    model_release(&m);
    return s;
}

/* In the study only SwiGLU's second matrix is made smaller (its W3). */
static void test_params__study_shrinks_the_output_of_swiglu_alone(void **state)
{
    (void)state;
    for (int i = 0; ffn_name(i); i++) {
        struct model_options o = tiny_options("llama", 4, 64, 4, 32);
        struct attention_options a = ATTENTION();
        idx in;
        o.ffn = i;
        o.ffn_width = 96;
        o.init = INIT_STUDY;
        struct spread s =
            start_of_tensor(&o, &a, "block.1.ffn.down.weight", &in);
        double want = strcmp(ffn_name(i), "swiglu") == 0 ? 1 / (sqrt(96) * 4)
                                                         : sqrt(2 / (5.0 * 96));
        assert_int_equal(in, 96);
        assert_close(s.std / want, 1, 5 / sqrt(2.0 * 64 * 96));
    }
}

/* GPT-2 has no feature map: there it starts as the study's. */
static void test_params__feature_maps_obey_the_scheme(void **state)
{
    (void)state;
    static const char *const names[] = { "block.0.attention.features.in",
                                         "block.1.attention.features.out" };
    for (int scheme = INIT_GPT2; scheme <= INIT_FRAMEWORK; scheme++)
        for (int i = 0; i < COUNT_OF(names); i++) {
            struct model_options o = tiny_options("llama", 2, 128, 2, 32);
            struct attention_options a = ATTENTION(.features = FEATURE_MLP);
            idx in;
            o.init = scheme;
            struct spread s = start_of_tensor(&o, &a, names[i], &in);
            bool is_uniform = scheme == INIT_FRAMEWORK;
            double want =
                is_uniform ? 1 / sqrt(3.0 * 64) : sqrt(2 / (5.0 * 64));
            assert_int_equal(in, 64);
            assert_close(s.std / want, 1, 5 / sqrt(2.0 * 64 * 64));
            bool has_tails = fmax(s.max, -s.min) > 1.7321 * want;
            assert_int_equal(has_tails, !is_uniform);
        }
}

/* A tensor starts the same whatever stands before it, and unlike any other. */
static void test_params__start_depends_on_seed_and_name_alone(void **state)
{
    (void)state;
    real w[400], first[100];
    for (idx before = 1; before <= 129; before += 64) {
        struct param_table t = { 0 };
        if (before > 1)
            param_declare(&t, PARAM_LINEAR, 10, 2, (idx[]){ 1, before }, "a");
        idx at = param_declare(&t, PARAM_LINEAR, 10, 2, (idx[]){ 10, 10 }, "b");
        params_init(w, &t, INIT_GPT2, 1, 3);
        if (before == 1)
            memcpy(first, w + at, sizeof first);
        assert_memory_equal(w + at, first, sizeof first);
        assert_true(at == 0 || w[0] != w[at]);
        params_init(w, &t, INIT_GPT2, 1, 4);
        assert_memory_not_equal(w + at, first, sizeof first);
        param_table_release(&t);
    }
}

/* A model and its initial weights. */
struct started {
    struct model m;
    real *w;
};

static void start_model(struct started *s, const char *preset,
                        const struct attention_options *a)
{
    struct model_options o = tiny_options(preset, 3, 24, 4, 10);
    struct err e = { 0 };
    *s = (struct started){ 0 };
    assert_int_equal(
        model_init(&s->m, &(struct model_spec){ .model = o, .attention = *a },
                   33, &e),
        OK);
    s->w = calloc((size_t)s->m.table.total, sizeof *s->w);
    params_init(s->w, &s->m.table, INIT_STUDY, 3, 5);
}

static void end_model(struct started *s)
{
    free(s->w);
    model_release(&s->m);
}

/* Tensors of one name, shape and rule start equal; returns how many drawn ones
 * there are. */
static idx count_equal_starts(const struct started *a, const struct started *b)
{
    idx n = 0;
    for (idx i = 0; i < a->m.table.count; i++)
        for (idx j = 0; j < b->m.table.count; j++) {
            const struct param *p = &a->m.table.rows[i];
            const struct param *q = &b->m.table.rows[j];
            if (strcmp(p->name, q->name) || p->role != q->role ||
                p->ndim != q->ndim ||
                memcmp(p->shape, q->shape, sizeof p->shape) != 0)
                continue;
            assert_memory_equal(a->w + p->offset, b->w + q->offset,
                                (size_t)p->n * sizeof *a->w);
            n += param_is_matrix(p) || p->role == PARAM_COLUMN;
        }
    return n;
}

/* What stands in front of a tensor differs in all of these; the matrices of
 * plain attention (token, position; qkv, out, up, down a block) do not. */
static void test_params__start_equal_in_all_variants(void **state)
{
    (void)state;
    const struct attention_options variants[] = {
        ATTENTION(.bias = BIAS_KEY),
        ATTENTION(.bias = BIAS_KEY_VALUE, .registers = 2),
        ATTENTION(.gate = GATE_INPUT, .head_norm = true),
        ATTENTION(.forget = FORGET_INPUT, .conv = 3),
        ATTENTION(.features = FEATURE_MLP),
    };
    struct started plain, llama, other;
    struct attention_options softmax = ATTENTION();
    start_model(&plain, "gpt2", &softmax);
    start_model(&llama, "llama", &softmax);
    for (int i = 0; i < COUNT_OF(variants); i++) {
        start_model(&other, "gpt2", &variants[i]);
        assert_int_equal(count_equal_starts(&plain, &other), 2 + 3 * 4);
        end_model(&other);
    }
    /* without position table, other feed-forward: token, qkv, out */
    assert_int_equal(count_equal_starts(&plain, &llama), 1 + 3 * 2);
    end_model(&plain);
    end_model(&llama);
}

/* All names that models of many kinds have, without repetition. */
struct names {
    char (*at)[PARAM_NAME_MAX];
    idx n;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void add_names(struct names *s, const struct model *m)
{
    s->at = realloc(s->at, (size_t)(s->n + m->table.count) * sizeof *s->at);
    for (idx i = 0; i < m->table.count; i++)
        strcpy(s->at[s->n++], m->table.rows[i].name);
    qsort(s->at, (size_t)s->n, sizeof *s->at, compare_names);
    idx n = 0;
    for (idx i = 0; i < s->n; i++)
        if (n == 0 || strcmp(s->at[n - 1], s->at[i]) != 0)
            memmove(s->at[n++], s->at[i], sizeof *s->at);
    s->n = n;
}

static int compare_streams(const void *a, const void *b)
{
    const struct rng *x = a, *y = b;
    return memcmp(x->counter, y->counter, sizeof x->counter);
}

/* The deepest model there is, and all that a block may hold. */
static void test_params__no_two_tensors_share_a_stream(void **state)
{
    (void)state;
    const struct attention_options kinds[] = {
        ATTENTION(.bias = BIAS_KEY_VALUE, .gate = GATE_INPUT,
                  .forget = FORGET_INPUT, .conv = 3, .features = FEATURE_MLP,
                  .head_norm = true, .registers = 1, .context_scale = true,
                  .exclusive = true, .value_gate = true,
                  .value_residual = VALUE_RESIDUAL_LEARNED,
                  .v_scale = V_SCALE_HEAD),
        ATTENTION(.operation = OPERATION_DIFFERENTIAL, .bias = BIAS_LOGIT,
                  .qk_norm = QK_NORM_RMS, .gate = GATE_STATIC),
    };
    struct names s = { 0 };
    for (int i = 0; i < COUNT_OF(kinds); i++) {
        struct model_options o = tiny_options("gpt2", 256, 8, 2, 4);
        struct model m = { 0 };
        struct err e = { 0 };
        o.norm_place = PLACE_SANDWICH;
        o.tied_head = false;
        if (model_init(
                &m, &(struct model_spec){ .model = o, .attention = kinds[i] },
                33, &e))
            fail_msg("%s", e.text);
        add_names(&s, &m);
        model_release(&m);
    }
    assert_true(s.n > 256 * 30);
    struct rng *streams = malloc((size_t)s.n * sizeof *streams);
    for (idx i = 0; i < s.n; i++)
        streams[i] = rng_open_named(5, RNG_INIT, s.at[i]);
    qsort(streams, (size_t)s.n, sizeof *streams, compare_streams);
    for (idx i = 1; i < s.n; i++)
        assert_int_not_equal(compare_streams(&streams[i - 1], &streams[i]), 0);
    free(streams);
    free(s.at);
}

static void see_padding(const struct model *m)
{
    idx total = m->table.total, padding = total;
    real *w = calloc((size_t)total, sizeof *w);
    bool *is_used = calloc((size_t)total, sizeof *is_used);
    params_init(w, &m->table, INIT_FRAMEWORK, m->L, 1);
    for (idx i = 0; i < m->table.count; i++)
        for (idx j = 0; j < m->table.rows[i].n; j++, padding--)
            is_used[m->table.rows[i].offset + j] = true;
    for (idx i = 0; i < total; i++)
        assert_true(is_used[i] || w[i] == 0);
    assert_true(padding > 0); /* sizes were chosen to leave some */
    free(w), free(is_used);
}

static void test_params__padding_stays_zero(void **state)
{
    (void)state;
    each_model(see_padding);
}

static void test_params__matrices_are_what_multiplies(void **state)
{
    (void)state;
    for (int role = PARAM_EMBEDDING; role <= PARAM_COLUMN; role++) {
        struct param p = { .role = (enum param_role)role };
        bool is_vector = role == PARAM_BIAS || role == PARAM_GAIN ||
                         role == PARAM_SHIFT || role == PARAM_COLUMN;
        assert_int_equal(param_is_matrix(&p), !is_vector);
    }
}

/* As after a failed allocation: what declares goes on, and nothing is lost of
 * what was there. */
static void test_params__out_of_memory_is_kept_for_later(void **state)
{
    struct param_table t = { 0 };
    (void)state;
    param_declare(&t, PARAM_GAIN, 1, 1, (idx[]){ 4 }, "first");
    t.is_out_of_memory = true;
    idx offset = param_declare(&t, PARAM_GAIN, 1, 1, (idx[]){ 4 }, "second");
    assert_int_equal(offset, 16 * 4 / sizeof(real));
    assert_string_equal(param_last(&t)->name, "second");
    param_last(&t)->last = 3;
    assert_int_equal(t.count, 1);
    assert_string_equal(t.rows[0].name, "first");
    assert_true(t.is_out_of_memory);
    param_table_release(&t);
    assert_false(t.is_out_of_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_params__out_of_memory_is_kept_for_later),
        cmocka_unit_test(test_params__names_are_plain_and_unique),
        cmocka_unit_test(test_params__are_aligned_and_do_not_overlap),
        cmocka_unit_test(test_params__counts_are_those_of_known_models),
        cmocka_unit_test(test_params__start_with_the_spread_of_their_scheme),
        cmocka_unit_test(test_params__study_scheme_has_the_published_spreads),
        cmocka_unit_test(test_params__study_shrinks_the_output_of_swiglu_alone),
        cmocka_unit_test(test_params__feature_maps_obey_the_scheme),
        cmocka_unit_test(test_params__start_depends_on_seed_and_name_alone),
        cmocka_unit_test(test_params__start_equal_in_all_variants),
        cmocka_unit_test(test_params__no_two_tensors_share_a_stream),
        cmocka_unit_test(test_params__padding_stays_zero),
        cmocka_unit_test(test_params__matrices_are_what_multiplies),
    };
    return cmocka_run_group_tests_name("param", tests, NULL, NULL);
}
