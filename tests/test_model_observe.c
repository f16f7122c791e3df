/* What an observer of a model's heads is shown, and what identical tokens do
 * to it (arXiv 2410.10781, appendix C). */
#include "harness.h"
#include "nn/model/model.h"
#include "tiny.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "kern/gemm.h"
#include "nn/attention/attention_facts.h"
#include "nn/norms.h"

enum { L = 2, H = 3, D = 6, C = H * D, B = 4, T = 66 };

/* What was seen of each head; heads are shown from any thread. */
struct seen {
    int calls[L][B][H];
    idx n_extra;
    bool is_signed;
    double row_sum[L][B][H][2];  /* smallest, largest */
    double max_weight[T], xi[L]; /* largest on key 1 by row; |q| |k| */
    double spread;               /* largest |t weight - 1| */
};

static void see(void *context, const struct head_view *v)
{
    struct seen *s = context;
    idx row_n = v->n_extra + v->T;
    double low = INFINITY, high = 0;
    for (idx t = 0; t < v->T; t++) {
        double sum = 0;
        for (idx j = 0; j < row_n; j++) {
            double a = (double)v->weights[t * row_n + j];
            assert_true(a >= 0 || s->is_signed);
            assert_true(j <= v->n_extra + t || a == 0);
            sum += a;
        }
        low = fmin(low, sum);
        high = fmax(high, sum);
    }
#pragma omp critical
    {
        s->calls[v->layer][v->sequence][v->head]++;
        s->n_extra = v->n_extra;
        s->row_sum[v->layer][v->sequence][v->head][0] = low;
        s->row_sum[v->layer][v->sequence][v->head][1] = high;
        assert_int_equal(v->T, T);
        assert_int_equal(v->D, D);
    }
}

static void check_observed(const char *preset, int map, int bias)
{
    struct model_options o = tiny_options(preset, L, C, H, T);
    struct attention_options a = ATTENTION(.weights = map, .bias = bias);
    struct tiny t;
    struct seen s = { .is_signed = weight_maps[map]->is_signed };
    struct observer observer = tiny_observer(see, &s);
    tiny_open(&t, &o, &a, B, 20, 2, 20);
    tiny_observe(&t, B, &observer);
    assert_int_equal(s.n_extra, model_shows_extra(&t.m, 0));
    for (idx i = 0; i < L * B * H; i++) {
        assert_int_equal((&s.calls[0][0][0])[i], 1);
        if (attention_sums_to_one(&a)) {
            assert_close((&s.row_sum[0][0][0][0])[2 * i], 1, 1e-5);
            assert_close((&s.row_sum[0][0][0][0])[2 * i + 1], 1, 1e-5);
        }
    }
    tiny_close(&t);
}

static void test_observer__sees_each_head_of_each_sequence_once(void **state)
{
    (void)state;
    for (int map = 0; weight_map_name(map); map++)
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            check_observed("gpt2", map, bias);
            check_observed("llama", map, bias);
        }
}

static void test_observer__sees_only_the_sequences_asked_for(void **state)
{
    (void)state;
    struct model_options o = tiny_options("gpt2", L, C, H, T);
    struct attention_options a = ATTENTION();
    struct tiny t;
    struct seen s = { 0 };
    struct observer observer = tiny_observer(see, &s);
    tiny_open(&t, &o, &a, B, 20, 2, 1);
    tiny_observe(&t, 2, &observer);
    for (idx l = 0; l < L; l++)
        for (idx b = 0; b < B; b++)
            for (idx h = 0; h < H; h++)
                assert_int_equal(s.calls[l][b][h], b < 2);
    tiny_close(&t);
}

/* With one register and nothing else in front, or with what a row lacks. */
struct nowhere {
    double scale;       /* what a row and its column add up to; 0: whatever */
    bool is_one;        /* the column is one number of each row */
    double least, most; /* of the column */
};

static void see_nowhere(void *context, const struct head_view *v)
{
    struct nowhere *n = context;
    assert_int_equal(v->n_extra, 1);
    for (idx t = 0; t < v->T; t++) {
        const real *row = v->weights + t * (1 + v->T);
        double sum = 0, column = (double)row[0];
        for (idx j = 0; j <= v->T; j++)
            sum += (double)row[j];
        if (n->scale > 0)
            assert_close(sum, n->scale, 1e-5);
        if (n->is_one && v->extra_mass)
            assert_true((double)v->extra_mass[t] == fabs(column));
        n->least = fmin(n->least, column);
        n->most = fmax(n->most, column);
    }
}

/* All that goes to no token is one column: what softmax1 lacks to the scale,
 * registers, and their signs, which do not count in the mass. */
static void test_observer__sees_what_goes_to_no_token(void **state)
{
    (void)state;
    static const struct {
        const char *map;
        double scale;
        idx registers;
        bool is_whole, is_signed;
    } cases[] = {
        { "softmax", 1, 1, true, false },
        { "softmax", 1, 3, true, false },
        { "softmax1", 1, 0, true, false },
        { "softmax1", 0.5, 0, true, false },
        { "softmax1", 0.5, 2, true, false },
        { "stick_breaking", 1, 1, true, false },
        { "identity", 1, 1, false, true },
        { "affine", 1, 1, false, true },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        struct model_options o = tiny_options("llama", L, C, H, T);
        struct attention_options a = ATTENTION(.registers = cases[i].registers);
        struct nowhere n = { .scale = cases[i].is_whole ? cases[i].scale : 0,
                             .is_one = cases[i].registers == 1 };
        struct observer observer = tiny_observer(see_nowhere, &n);
        struct tiny t;
        while (strcmp(weight_map_name(a.weights), cases[i].map) != 0)
            a.weights++;
        a.scale = cases[i].scale;
        tiny_open(&t, &o, &a, B, 20, 1, 20);
        tiny_observe(&t, B, &observer);
        assert_true(n.most > 0.01);
        assert_int_equal(n.least < 0, cases[i].is_signed);
        tiny_close(&t);
    }
}

/* The views' queries and keys are those that made the weights. */
static void see_scores(void *context, const struct head_view *v)
{
    (void)context;
    double z = 0, score[T];
    idx t = v->T - 1;
    for (idx j = 0; j <= t; j++) {
        score[j] = 0;
        for (idx d = 0; d < v->D; d++)
            score[j] += (double)v->q[t * v->ld_qkv + d] *
                        (double)v->k[j * v->ld_qkv + d];
        z += exp(score[j] / sqrt(D));
    }
    for (idx j = 0; j <= t; j++)
        assert_close((double)v->weights[t * v->T + j],
                     exp(score[j] / sqrt(D)) / z, 1e-5);
}

static void
test_observer__sees_queries_and_keys_behind_the_weights(void **state)
{
    (void)state;
    const char *const presets[] = { "gpt2", "llama" };
    for (int i = 0; i < 2; i++) {
        struct model_options o = tiny_options(presets[i], L, C, H, T);
        struct attention_options a = ATTENTION();
        struct tiny t;
        struct observer observer = tiny_observer(see_scores, NULL);
        tiny_open(&t, &o, &a, B, 20, 1, 20);
        tiny_observe(&t, B, &observer);
        tiny_close(&t);
    }
}

/* got is the norm of the hidden states at this depth. */
static void check_hidden(const struct tiny *t, idx depth, const real *got,
                         idx gain, idx shift)
{
    static real want[B * T * C], stats[B * T * 2];
    norms[t->m.spec.model.norm].kernel->forward(
        want, stats, acts_hidden(&t->x, &t->m, depth, 0), t->w + gain,
        shift == NO_PARAM ? NULL : t->w + shift, t->m.spec.model.norm_eps,
        B * T, C);
    for (idx i = 0; i < B * T * C; i++)
        assert_close((double)got[i], (double)want[i], 1e-6);
}

static void test_hidden__run_from_the_embedding_to_the_head(void **state)
{
    (void)state;
    const char *const presets[] = { "gpt2", "llama" };
    for (int i = 0; i < 2; i++) {
        struct model_options o = tiny_options(presets[i], L, C, H, T);
        struct attention_options a = ATTENTION();
        struct tiny t;
        tiny_open(&t, &o, &a, B, 20, 2, 20);
        tiny_loss(&t, B);
        const real *x = acts_hidden(&t.x, &t.m, 0, 0);
        for (idx r = 0; r < B * T; r++)
            for (idx c = 0; c < C; c++) {
                real want = t.w[t.m.token_w + t.batch.tokens[r] * C + c];
                if (t.m.position_w != NO_PARAM)
                    want += t.w[t.m.position_w + r % T * C + c];
                assert_close((double)x[r * C + c], (double)want, 1e-6);
            }
        for (idx l = 0; l < L; l++)
            check_hidden(&t, l, t.x.blocks[l].norm[SUB_ATTENTION],
                         t.m.blocks[l].norm[SUB_ATTENTION].gain,
                         t.m.blocks[l].norm[SUB_ATTENTION].shift);
        check_hidden(&t, L, t.x.final, t.m.final.gain, t.m.final.shift);
        tiny_close(&t);
    }
}

/* [sin(t w_i), all i | cos(t w_i), all i], w_i = 10000^(-2i/C), on top of the
 * token. */
static void test_hidden__begin_with_the_sinusoid_of_their_place(void **state)
{
    (void)state;
    struct model_options o = tiny_options("llama", L, C, H, T);
    struct attention_options a = ATTENTION(.registers = 2);
    struct tiny t;
    o.position = POSITION_SINUSOID;
    tiny_open(&t, &o, &a, B, 20, 2, 20);
    tiny_loss(&t, B);
    for (idx b = 0; b < B; b++) {
        const real *x = acts_hidden(&t.x, &t.m, 0, b);
        for (idx i = 0; i < T * C; i++) {
            idx place = i / C, c = i % C;
            int32_t token = t.batch.tokens[b * T + place];
            double w = (double)t.w[t.m.token_w + token * C + c];
            double rate = pow(10000, -2.0 * (double)(c % (C / 2)) / C);
            double angle = (double)place * rate;
            double wave = c < C / 2 ? sin(angle) : cos(angle);
            assert_near((double)x[i], w + wave, 2e-7, fabs(w) + 1);
        }
    }
    tiny_close(&t);
}

/* Largest difference between hidden states of positions, over all depths, as a
 * share of the largest number of its depth. */
static double hidden_spread(const struct tiny *t)
{
    double worst = 0;
    for (idx depth = 0; depth <= L; depth++) {
        const real *x = acts_hidden(&t->x, &t->m, depth, 0);
        double off = 0, largest = 0;
        for (idx i = 0; i < T * C; i++) {
            off = fmax(off, fabs((double)(x[i] - x[i % C])));
            largest = fmax(largest, fabs((double)x[i]));
        }
        worst = fmax(worst, off / largest);
    }
    return worst;
}

/* Positions may differ by the rounding of their sums alone: a block's longest
 * are over T keys and F hidden numbers, each term rounded by half an epsilon,
 * at two positions; and L blocks add theirs up. */
static double rounding_bound(const struct tiny *t)
{
    idx F = model_ffn_width(&t->m.spec.model);
    double epsilon = sizeof(real) == sizeof(float) ? FLT_EPSILON : DBL_EPSILON;
    return L * (double)(T + F) * epsilon;
}

/* One token repeated, under one kind of position. */
static double repeat_token(struct tiny *t, int position,
                           const struct observer *observer)
{
    struct model_options o = tiny_options("llama", L, C, H, T);
    struct attention_options a = ATTENTION();
    o.position = position;
    tiny_open(t, &o, &a, 1, 20, 1, 20);
    for (idx i = 0; i < T; i++)
        t->batch.tokens[i] = 3;
    tiny_observe(t, 1, observer);
    return hidden_spread(t);
}

static void see_equal_weights(void *context, const struct head_view *v)
{
    struct seen *s = context;
    for (idx t = 0; t < v->T; t++)
        for (idx j = 0; j <= t; j++) {
            double off = (double)(t + 1) * (double)v->weights[t * v->T + j] - 1;
            s->spread = fmax(s->spread, fabs(off));
        }
}

static void test_identical_tokens__share_equally_without_positions(void **state)
{
    (void)state;
    struct tiny t;
    struct seen s = { 0 };
    struct observer observer = tiny_observer(see_equal_weights, &s);
    double spread = repeat_token(&t, POSITION_NONE, &observer);
    assert_true(spread <= rounding_bound(&t));
    assert_true(s.spread <= 1e-4);
    tiny_close(&t);
    /* and the test can tell: learned positions break it */
    s = (struct seen){ 0 };
    assert_true(repeat_token(&t, POSITION_LEARNED, &observer) > 0.1);
    assert_true(s.spread > 0.1);
    tiny_close(&t);
}

static double row_norm(const real *x)
{
    double sum = 0;
    for (idx d = 0; d < D; d++)
        sum += (double)x[d] * (double)x[d];
    return sqrt(sum);
}

/* Scores lie within +-xi, xi = |q| |k| / sqrt(D), so the first key gets at
 * most e^2xi / (e^2xi + t - 1) of row t; and with one q and one k only the
 * distance counts: ratios of weights along a diagonal are the same. */
static void see_rotary_weights(void *context, const struct head_view *v)
{
    struct seen *s = context;
    double xi = row_norm(v->q) * row_norm(v->k) / sqrt(D);
    const real *a = v->weights;
    for (idx t = 1; t < v->T; t++) {
        double bound = exp(2 * xi) / (exp(2 * xi) + (double)t);
        assert_true((double)a[t * v->T] <= bound + 1e-5);
        for (idx j = 1; j <= t; j++) {
            double here = (double)a[t * v->T + j] / (double)a[t * v->T + t];
            double before = (double)a[(t - 1) * v->T + j - 1] /
                            (double)a[(t - 1) * v->T + t - 1];
            s->spread = fmax(s->spread, fabs(here / before - 1));
        }
    }
    s->xi[v->layer] = fmax(s->xi[v->layer], xi);
}

static void
test_identical_tokens__have_equal_hidden_states_under_rope(void **state)
{
    (void)state;
    struct tiny t;
    struct seen s = { 0 };
    struct observer observer = tiny_observer(see_rotary_weights, &s);
    assert_true(repeat_token(&t, POSITION_ROPE, &observer) <= 1e-5);
    assert_true(s.spread <= 1e-3);
    assert_true(s.xi[0] > 0.05); /* scores are not all alike */
    tiny_close(&t);
}

static int start(void **state)
{
    (void)state;
    return gemm_start(4, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_observer__sees_each_head_of_each_sequence_once),
        cmocka_unit_test(test_observer__sees_only_the_sequences_asked_for),
        cmocka_unit_test(test_observer__sees_what_goes_to_no_token),
        cmocka_unit_test(
            test_observer__sees_queries_and_keys_behind_the_weights),
        cmocka_unit_test(test_hidden__run_from_the_embedding_to_the_head),
        cmocka_unit_test(test_hidden__begin_with_the_sinusoid_of_their_place),
        cmocka_unit_test(
            test_identical_tokens__share_equally_without_positions),
        cmocka_unit_test(
            test_identical_tokens__have_equal_hidden_states_under_rope),
    };
    return cmocka_run_group_tests_name("model_observe", tests, start, NULL);
}
