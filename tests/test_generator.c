/* What a model says: logits are those of its losses, tokens are drawn from
 * them, windows slide, and who asks twice hears the same. */
#include "engine/generator.h"
#include "harness.h"
#include "tiny.h"

#include <math.h>
#include <string.h>

enum { L = 2, C = 16, H = 2, T = 11, V = 9, B = 2 };

/* An engine with a tiny model's weights, a source of random tokens and a
 * generator. */
struct speaker {
    struct tiny t;
    struct engine g;
    struct source source;
    struct generator generator;
    struct arena arena;
};

static int row_of(const char *(*name)(int), const char *wanted)
{
    int i = 0;
    while (strcmp(name(i), wanted) != 0)
        i++;
    return i;
}

static void open_source(struct source *s, bool has_bos)
{
    struct data_options o = { 0 };
    struct err e = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    o.source = row_of(corpus_name, "random");
    o.vocab = has_bos ? V - 1 : V;
    o.bos = has_bos;
    if (source_open(s, &o, 1, T, &e))
        fail_msg("%s", e.text);
    assert_int_equal(s->vocab, V);
}

static void plan(struct speaker *x, struct arena *arena)
{
    struct batch_rules rules = model_batch_rules(&x->t.m, T);
    generator_plan(&x->generator, arena, &x->t.m, T, &rules);
}

static void open_speaker(struct speaker *x, const struct attention_options *a,
                         bool has_bos)
{
    struct model_options m = tiny_options("gpt2", L, C, H, T);
    struct engine_request r = { .B = B, .T = T, .threads = 2 };
    struct arena measure = { 0 };
    struct err e = { 0 };
    *x = (struct speaker){ .arena = { 0 } };
    tiny_open(&x->t, &m, a, B, V, 2, 20);
    open_source(&x->source, has_bos);
    assert_int_equal(engine_start(2, "threads", &e), OK);
    assert_int_equal(engine_open(&x->g, &x->t.m, &r, &e), OK);
    memcpy(engine_download(&x->g).weights, x->t.w,
           (size_t)x->t.m.table.total * sizeof *x->t.w);
    engine_upload(&x->g);
    plan(x, &measure);
    assert_int_equal(arena_open(&x->arena, measure.used_bytes, &e), OK);
    plan(x, &x->arena);
    generator_open(&x->generator, &x->g, &x->source);
}

static void close_speaker(struct speaker *x)
{
    arena_release(&x->arena);
    engine_release(&x->g);
    source_release(&x->source);
    tiny_close(&x->t);
}

/* Logits of every place of every sequence against the losses of a whole pass.
 */
static void test_generator__logits_are_those_of_the_losses(void **state)
{
    (void)state;
    const struct attention_options all[] = {
        ATTENTION(), ATTENTION(.registers = 2, .prefix = 4)
    };
    for (idx i = 0; i < COUNT_OF(all); i++) {
        struct speaker x;
        open_speaker(&x, &all[i], true);
        struct batch *b = &x.t.batch;
        for (idx s = 0; s < B; s++)
            for (idx t = 0; t < T; t++) {
                double sum = 0;
                real all_logits[B * V], *logits = all_logits + s * V;
                engine_logits(&x.g, b, t, all_logits);
                double target = (double)logits[b->targets[s * T + t]];
                for (idx v = 0; v < V; v++)
                    sum += exp((double)logits[v]);
                engine_loss(&x.g, b);
                if (b->weights[s * T + t] > 0)
                    assert_near((double)engine_losses(&x.g, s)[t],
                                log(sum) - target, 1e-6, fabs(target) + 1);
            }
        close_speaker(&x);
    }
}

static void say(int32_t *out, struct speaker *x,
                const struct generator_options *o, const int32_t *prompt, idx n,
                idx n_out)
{
    struct err e = { 0 };
    if (generator_begin(&x->generator, o, prompt, n, "the prompt", &e))
        fail_msg("%s", e.text);
    for (idx i = 0; i < n_out; i++)
        if (generator_next(&out[i], &x->generator, &e))
            fail_msg("%s", e.text);
}

/* What is said greedily behind these, over a window made by hand: the last T
 * tokens, of which BOS stays. */
static int32_t greedy(struct speaker *x, const int32_t *tokens, idx n)
{
    struct batch one = batch_part(&x->t.batch, 0, 1);
    idx from = n > T ? n - T : 0, best = 0;
    for (idx t = 0; t < T; t++)
        one.tokens[t] = from + t < n ? tokens[from + t] : V - 2;
    if (tokens[0] == x->source.bos)
        one.tokens[0] = tokens[0];
    real logits[V];
    engine_logits(&x->g, &one, idx_min(n, T) - 1, logits);
    for (idx v = 0; v < V; v++)
        best = logits[v] > logits[best] ? v : best;
    return (int32_t)best;
}

static void check_greedy(struct speaker *x, idx n_prompt)
{
    enum { SAID = 3 * T };
    const struct generator_options o = { .temperature = 0 };
    int32_t all[1 + 2 * T + SAID], said[SAID];
    idx front = generator_front(&x->source), n = 0;
    if (front)
        all[n++] = x->source.bos;
    for (idx i = 0; i < n_prompt; i++)
        all[n++] = (int32_t)(i * 5 % 7);
    say(said, x, &o, all + front, n_prompt, SAID);
    for (idx i = 0; i < SAID; i++, n++) {
        all[n] = greedy(x, all, n);
        assert_int_equal(said[i], all[n]);
    }
}

static void test_generator__the_window_slides(void **state)
{
    (void)state;
    for (int has_bos = 0; has_bos < 2; has_bos++) {
        struct speaker x;
        struct attention_options a = ATTENTION();
        open_speaker(&x, &a, has_bos);
        check_greedy(&x, 3);
        check_greedy(&x, T);
        check_greedy(&x, 2 * T);
        close_speaker(&x);
    }
}

/* A seed is one text; what came before does not matter, nor how much is said.
 */
static void test_generator__a_seed_is_a_text(void **state)
{
    (void)state;
    enum { SAID = 40 };
    struct speaker x;
    struct attention_options a = ATTENTION();
    struct generator_options o = { .temperature = 1, .seed = 7 };
    int32_t first[SAID], again[SAID], other[SAID], prompt[] = { 1, 2, 3 };
    open_speaker(&x, &a, true);
    say(first, &x, &o, prompt, 3, SAID);
    say(other, &x, &(struct generator_options){ .temperature = 1, .seed = 8 },
        prompt, 3, SAID);
    say(again, &x, &o, prompt, 3, SAID);
    assert_memory_equal(first, again, sizeof first);
    assert_memory_not_equal(first, other, sizeof first);
    memset(again, 0, sizeof again);
    say(again, &x, &o, prompt, 3, SAID / 2);
    assert_memory_equal(first, again, sizeof first / 2);
    close_speaker(&x);
}

/* How often each token is drawn first, by many seeds, is its share of the
 * softmax over those that may be: within five standard deviations. */
static void check_shares(struct speaker *x, struct generator_options o)
{
    enum { DRAWS = 2000 };
    int32_t prompt[] = { 4, 2 }, token, order[V];
    double share[V], count[V] = { 0 }, sum = 0;
    for (idx i = 0; i < DRAWS; i++) {
        o.seed = (uint64_t)i;
        say(&token, x, &o, prompt, 2, 1);
        count[token]++;
    }
    idx n = o.top_k ? idx_min(o.top_k, V) : V;
    real logits[V];
    engine_logits(&x->g, &x->generator.batch, x->generator.n - 2, logits);
    for (idx v = 0; v < V; v++) { /* by size: how many are larger? */
        idx rank = 0;
        for (idx w = 0; w < V; w++)
            rank += logits[w] > logits[v] || (logits[w] == logits[v] && w < v);
        order[rank] = (int32_t)v;
    }
    for (idx i = 0; i < V; i++) {
        double l = (double)logits[order[i]] / o.temperature;
        share[order[i]] = i < n ? exp(l) : 0;
        sum += share[order[i]];
    }
    for (idx v = 0; v < V; v++) {
        double p = share[v] / sum;
        assert_true(p > 0 || count[v] == 0);
        assert_true(fabs(count[v] - DRAWS * p) <=
                    5 * sqrt(DRAWS * p * (1 - p)) + 1e-9);
    }
}

static void test_generator__draws_are_the_softmax(void **state)
{
    (void)state;
    struct speaker x;
    struct attention_options a = ATTENTION();
    open_speaker(&x, &a, true);
    check_shares(&x, (struct generator_options){ .temperature = 1 });
    check_shares(&x, (struct generator_options){ .temperature = 0.5 });
    check_shares(&x,
                 (struct generator_options){ .temperature = 2, .top_k = 3 });
    check_shares(&x,
                 (struct generator_options){ .temperature = 2, .top_k = 1 });
    check_shares(&x,
                 (struct generator_options){ .temperature = 3, .top_k = 99 });
    close_speaker(&x);
}

static void test_generator__what_cannot_be_said_is_refused(void **state)
{
    (void)state;
    const struct generator_options o = { .temperature = 0 };
    struct attention_options plain = ATTENTION(),
                             prefix = ATTENTION(.prefix = 4);
    int32_t prompt[] = { 1, 2, 3 }, token;
    struct speaker x;
    struct err e = { 0 };
    open_speaker(&x, &plain, false);
    assert_int_equal(generator_begin(&x.generator, &o, NULL, 0, "--it", &e),
                     ERR_DATA);
    assert_non_null(strstr(e.text, "--it: is empty"));
    engine_download(&x.g).weights[x.t.m.token_w] = (real)NAN;
    engine_upload(&x.g);
    e = (struct err){ 0 };
    prompt[0] = 0;
    assert_int_equal(generator_begin(&x.generator, &o, prompt, 1, "--it", &e),
                     OK);
    assert_int_equal(generator_next(&token, &x.generator, &e), ERR_DIVERGED);
    close_speaker(&x);

    open_speaker(&x, &prefix, true);
    e = (struct err){ 0 };
    assert_int_equal(generator_begin(&x.generator, &o, prompt, 2, "--it", &e),
                     ERR_DATA);
    assert_non_null(strstr(e.text, "attention.prefix"));
    e = (struct err){ 0 };
    assert_int_equal(generator_begin(&x.generator, &o, prompt, 3, "--it", &e),
                     OK);
    close_speaker(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generator__logits_are_those_of_the_losses),
        cmocka_unit_test(test_generator__the_window_slides),
        cmocka_unit_test(test_generator__a_seed_is_a_text),
        cmocka_unit_test(test_generator__draws_are_the_softmax),
        cmocka_unit_test(test_generator__what_cannot_be_said_is_refused),
    };
    return cmocka_run_group_tests_name("generator", tests, NULL, NULL);
}
