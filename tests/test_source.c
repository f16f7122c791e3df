/* What holds for every source of tokens: samples are pure functions, batches
 * are made of samples. */
#include "data/source.h"
#include "harness.h"

#include <string.h>

enum { T = 20 };

/* Opens source number i with options that suit it; `seed` is that of training
 * and of what is held out. */
static void open_any(struct source *s, int i, bool bos, uint64_t seed)
{
    struct data_options o = { 0 };
    struct err e = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    o.source = i;
    o.eval_seed = (idx)seed;
    o.bos = bos;
    o.eos = true;
    o.val_fraction = 0.4;
    /* a sequence of `repeat` is one draw: others differ for sure, nearly */
    o.vocab = strcmp(corpus_name(i), "repeat") == 0 ? 4096 : 16;
    snprintf(o.mixture, sizeof o.mixture, "1*random, 2*random");
    if (corpora[i]->is_stored) {
        char bytes[800];
        bool is_text = strcmp(corpus_name(i), "text") == 0;
        snprintf(o.path, sizeof o.path, "%s/any.txt", test_dir());
        for (int j = 0; j < COUNT_OF(bytes); j++)
            bytes[j] = (char)('a' + j * j % 23);
        for (int j = 0; j < COUNT_OF(bytes) && !is_text; j++)
            bytes[j] = (char)(j % 2 ? 0 : (uint32_t)j * 2654435761u >> 28);
        o.token_bytes = 2;
        test_write_file(o.path, bytes, sizeof bytes);
    }
    assert_int_equal(source_open(s, &o, seed, T, &e), OK);
}

static void test_sources__samples_are_pure_functions(void **state)
{
    (void)state;
    for (int i = 0; corpus_name(i); i++) {
        struct source s, again;
        int32_t first[30][T + 1], tokens[T + 1];
        open_any(&s, i, true, 3);
        open_any(&again, i, true, 3);
        for (idx j = 0; j < 30; j++)
            source_sample(&s, first[j], T + 1, SPLIT_TRAIN, j);
        for (idx j = 29; j >= 0; j--) { /* in another order, another object */
            source_sample(&again, tokens, T + 1, SPLIT_TRAIN, j);
            assert_memory_equal(tokens, first[j], sizeof tokens);
        }
        source_release(&s);
        source_release(&again);
    }
}

static void test_sources__samples_differ_by_index_split_and_seed(void **state)
{
    (void)state;
    for (int i = 0; corpus_name(i); i++) {
        struct source s, other;
        int32_t a[T + 1], b[T + 1];
        idx same[5] = { 0 };
        open_any(&s, i, true, 3);
        open_any(&other, i, true, 4);
        for (idx j = 0; j < 50; j++) {
            source_sample(&s, a, T + 1, SPLIT_VAL, j);
            source_sample(&s, b, T + 1, SPLIT_VAL, j + 1);
            same[0] += memcmp(a, b, sizeof a) == 0;
            source_sample(&s, b, T + 1, SPLIT_TRAIN, j);
            same[1] += memcmp(a, b, sizeof a) == 0;
            source_sample(&s, b, T + 1, SPLIT_SINK, j);
            same[2] += memcmp(a, b, sizeof a) == 0;
            source_sample(&other, b, T + 1, SPLIT_VAL, j);
            same[3] += memcmp(a, b, sizeof a) == 0;
            source_sample(&s, a, T + 1, SPLIT_TRAIN, j);
            source_sample(&other, b, T + 1, SPLIT_TRAIN, j);
            same[4] += memcmp(a, b, sizeof a) == 0;
        }
        for (int j = 0; j < 5; j++)
            assert_true(same[j] < 5); /* a short text has few windows */
        source_release(&s);
        source_release(&other);
    }
}

static void test_sources__begin_with_bos_if_asked(void **state)
{
    (void)state;
    for (int i = 0; corpus_name(i); i++) {
        for (int bos = 0; bos <= 1; bos++) {
            struct source s;
            open_any(&s, i, bos, 3);
            assert_int_equal(s.bos, bos ? s.n_plain : NO_TOKEN);
            assert_int_equal(s.vocab,
                             s.n_plain + bos + (s.eos != NO_TOKEN ? 1 : 0));
            for (idx j = 0; j < 50; j++) {
                int32_t tokens[T + 1];
                source_sample(&s, tokens, T + 1, SPLIT_TRAIN, j);
                for (idx t = 0; t <= T; t++) {
                    bool is_bos = bos && tokens[t] == s.bos;
                    assert_int_equal(is_bos, bos && t == 0);
                    assert_in_range(tokens[t], 0, s.vocab - 1);
                }
            }
            source_release(&s);
        }
    }
}

static void
test_sources__batches_are_samples_and_their_next_tokens(void **state)
{
    (void)state;
    enum { B = 7, FIRST = 21 };
    for (int i = 0; corpus_name(i); i++) {
        struct source s;
        int32_t tokens[B * T], targets[B * T], sample[T + 1];
        real weights[B * T];
        int32_t used[B];
        open_any(&s, i, true, 3);
        struct batch batch = { .B = B,
                               .T = T,
                               .tokens = tokens,
                               .targets = targets,
                               .weights = weights,
                               .used = used,
                               .rules.document_token = NO_TOKEN };
        source_batch(&s, &batch, SPLIT_TRAIN, 900);
        source_batch(&s, &batch, SPLIT_TRAIN, FIRST);
        for (idx b = 0; b < B; b++) {
            size_t bytes = T * sizeof *sample;
            source_sample(&s, sample, T + 1, SPLIT_TRAIN, FIRST + b);
            assert_memory_equal(tokens + b * T, sample, bytes);
            assert_memory_equal(targets + b * T, sample + 1, bytes);
        }
        source_release(&s);
    }
}

/* Sample by sample, a batch of 6 is three batches of 2: what a run that goes
 * on with another number of micro-batches relies on. */
static void test_sources__batches_divide_as_their_samples(void **state)
{
    (void)state;
    for (int i = 0; corpus_name(i); i++) {
        struct source s;
        int32_t whole[2][6 * T], part[2][2 * T];
        real weights[6 * T];
        int32_t used[6];
        open_any(&s, i, false, 3);
        struct batch of_6 = { .B = 6,
                              .T = T,
                              .tokens = whole[0],
                              .targets = whole[1],
                              .weights = weights,
                              .used = used,
                              .rules.document_token = NO_TOKEN };
        struct batch of_2 = { .B = 2,
                              .T = T,
                              .tokens = part[0],
                              .targets = part[1],
                              .weights = weights,
                              .used = used,
                              .rules.document_token = NO_TOKEN };
        source_batch(&s, &of_6, SPLIT_TRAIN, 12);
        for (idx k = 2; k >= 0; k--) {
            source_batch(&s, &of_2, SPLIT_TRAIN, 12 + 2 * k);
            for (int j = 0; j < 2; j++)
                assert_memory_equal(part[j], whole[j] + k * 2 * T,
                                    sizeof part[j]);
        }
        source_release(&s);
    }
}

/* What sinks are measured on: nothing is read behind their last token. */
static void test_sources__no_target_of_a_sink_counts(void **state)
{
    (void)state;
    const struct batch_rules none = { .document_token = NO_TOKEN };
    for (int i = 0; corpus_name(i); i++) {
        struct source s;
        struct batch b;
        struct arena measure = { 0 }, arena = { 0 };
        struct err e = { 0 };
        int32_t tokens[T / 2];
        open_any(&s, i, true, 3);
        batch_plan(&b, &measure, 3, T / 2, &none);
        assert_int_equal(arena_open(&arena, measure.used_bytes, &e), OK);
        batch_plan(&b, &arena, 3, T / 2, &none);
        source_batch(&s, &b, SPLIT_SINK, 5);
        assert_true(batch_weight(&b) == 0);
        for (idx j = 0; j < b.B; j++) {
            source_sample(&s, tokens, T / 2, SPLIT_SINK, 5 + j);
            assert_memory_equal(b.tokens + j * b.T, tokens, sizeof tokens);
            assert_memory_equal(b.targets + j * b.T, tokens + 1,
                                sizeof tokens - sizeof *tokens);
        }
        arena_release(&arena);
        source_release(&s);
    }
}

static void test_sources__have_their_texts(void **state)
{
    (void)state;
    for (int i = 0; corpus_name(i); i++)
        assert_true(strlen(corpora[i]->text.formula) > 0);
    assert_null(corpus_name(-1));
    assert_null(corpus_name(1000));
}

static void test_random__tokens_are_uniform(void **state)
{
    (void)state;
    struct source s;
    int i = 0;
    while (strcmp(corpus_name(i), "random") != 0)
        i++;
    open_any(&s, i, true, 3);
    idx count[16] = { 0 };
    for (idx j = 0; j < 4000; j++) {
        int32_t tokens[T + 1];
        source_sample(&s, tokens, T + 1, SPLIT_TRAIN, j);
        for (idx t = 1; t <= T; t++)
            count[tokens[t]]++;
    }
    for (int v = 0; v < 16; v++) /* 5000 each; five standard errors */
        assert_in_range(count[v], 5000 - 350, 5000 + 350);
    source_release(&s);
}

static void count_close(struct corpus *c)
{
    ++*(int *)c->own;
}

static void test_corpus__close_gives_back_what_a_kind_keeps(void **state)
{
    (void)state;
    int closed = 0;
    struct corpus_kind kind = { .close = count_close };
    struct corpus c = { .kind = &kind, .own = &closed };
    corpus_close(&c);
    assert_int_equal(closed, 1);
    corpus_close(&c);
    assert_int_equal(closed, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources__samples_are_pure_functions),
        cmocka_unit_test(test_sources__samples_differ_by_index_split_and_seed),
        cmocka_unit_test(test_sources__begin_with_bos_if_asked),
        cmocka_unit_test(
            test_sources__batches_are_samples_and_their_next_tokens),
        cmocka_unit_test(test_sources__batches_divide_as_their_samples),
        cmocka_unit_test(test_sources__no_target_of_a_sink_counts),
        cmocka_unit_test(test_sources__have_their_texts),
        cmocka_unit_test(test_random__tokens_are_uniform),
        cmocka_unit_test(test_corpus__close_gives_back_what_a_kind_keeps),
    };
    return cmocka_run_group_tests_name("source", tests, NULL, NULL);
}
