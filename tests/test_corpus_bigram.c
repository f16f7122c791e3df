/* The Bigram-Backcopy task (Guo et al., 2024). */
#include "data/source.h"
#include "data/corpus_bigram.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct data_options bigram_options(idx vocab, idx triggers)
{
    struct data_options o = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    o.vocab = vocab;
    o.triggers = triggers;
    o.source = 0;
    while (strcmp(corpus_name(o.source), "bigram-backcopy") != 0)
        o.source++;
    return o;
}

/* `seed` is that of task and training. */
static void open_bigram(struct source *s, idx vocab, idx triggers, bool bos,
                        uint64_t seed, idx T)
{
    struct data_options o = bigram_options(vocab, triggers);
    struct err e = { 0 };
    o.task_seed = (idx)seed;
    o.bos = bos;
    assert_int_equal(source_open(s, &o, seed, T, &e), OK);
}

static void
test_bigram__trigger_is_followed_by_the_token_before_it(void **state)
{
    (void)state;
    enum { T = 63 };
    for (int bos = 0; bos <= 1; bos++) {
        for (idx triggers = 1; triggers <= 15; triggers += 7) {
            struct source s;
            open_bigram(&s, 16, triggers, bos, 1, T);
            idx n_copies = 0;
            for (idx j = 0; j < 500; j++) {
                int32_t x[T + 1];
                source_sample(&s, x, T + 1, SPLIT_TRAIN, j);
                assert_true(x[bos] < 16 - triggers); /* the first is none */
                for (idx t = bos + 1; t <= T; t++) {
                    if (x[t - 1] < 16 - triggers)
                        continue;
                    assert_int_equal(x[t], x[t - 2]);
                    assert_true(x[t] < 16 - triggers); /* never two in a row */
                    n_copies++;
                }
            }
            assert_true(n_copies > 500);
            source_release(&s);
        }
    }
}

static const double *cdf_of(const struct source *s)
{
    return ((const struct bigram *)s->parts[0].corpus.own)->cdf;
}

static double chance(const struct source *s, idx row, idx v)
{
    const double *cdf = cdf_of(s) + row * s->n_plain;
    return v ? cdf[v] - cdf[v - 1] : cdf[0];
}

/* Same seed, with triggers and without: each trigger is 4 times as likely
 * beside any plain token as it was. */
static void test_bigram__triggers_are_4_times_as_likely(void **state)
{
    (void)state;
    enum { V = 20, K = 3 };
    struct source with, without;
    open_bigram(&with, V, K, true, 7, 8);
    open_bigram(&without, V, 0, true, 7, 8);
    for (idx row = 0; row < V; row++) {
        double sum = 0;
        for (idx v = 0; v < V; v++) {
            double odds = chance(&with, row, v) / chance(&with, row, 0);
            double plain = chance(&without, row, v) / chance(&without, row, 0);
            assert_close(odds / plain, v < V - K ? 1 : 4, 1e-9);
            assert_true(chance(&with, row, v) > 0);
            sum += chance(&with, row, v);
        }
        assert_close(sum, 1, 1e-12);
    }
    source_release(&with);
    source_release(&without);
}

/* log odds of two tokens are the difference of two N(0,1) numbers. */
static void test_bigram__table_is_softmax_of_normal_logits(void **state)
{
    (void)state;
    enum { V = 200 };
    struct source s;
    double square = 0, same = 0;
    idx n = 0;
    open_bigram(&s, V, 0, true, 5, 8);
    for (idx row = 0; row < V; row++)
        for (idx v = 0; v + 1 < V; v += 2, n++) {
            double d = log(chance(&s, row, v) / chance(&s, row, v + 1));
            square += d * d;
            if (row > 0)
                same += fabs(chance(&s, row, v) - chance(&s, 0, v)) < 1e-12;
        }
    assert_close(square / (double)n, 2, 5 * 2 * sqrt(2 / (double)n));
    assert_true(same == 0); /* rows are drawn apart */
    source_release(&s);
}

static void test_bigram__frequencies_follow_the_table(void **state)
{
    (void)state;
    enum { V = 16, K = 3, T = 64, N = 3000 };
    static idx count[V][V];
    struct source s;
    idx first[V] = { 0 };
    memset(count, 0, sizeof count);
    open_bigram(&s, V, K, true, 2, T);
    for (idx j = 0; j < N; j++) {
        int32_t x[T + 1];
        source_sample(&s, x, T + 1, SPLIT_TRAIN, j);
        first[x[1]]++;
        for (idx t = 2; t <= T; t++)
            count[x[t - 1]][x[t]]++;
    }
    double uniform = (double)N / (V - K);
    for (idx row = 0; row < V - K; row++) {
        double total = 0, chi = 0;
        for (idx v = 0; v < V; v++)
            total += (double)count[row][v];
        assert_true(total > 1000);
        for (idx v = 0; v < V; v++) {
            double want = total * chance(&s, row, v);
            chi += pow((double)count[row][v] - want, 2) / want;
        }
        assert_true(chi < V - 1 + 6 * sqrt(2.0 * (V - 1)));
        assert_true(fabs((double)first[row] - uniform) < 6 * sqrt(uniform));
    }
    source_release(&s);
}

static void test_bigram__splits_are_other_samples_of_one_task(void **state)
{
    (void)state;
    enum { T = 40 };
    struct source s;
    open_bigram(&s, 16, 3, true, 2, T);
    for (idx j = 0; j < 20; j++) {
        int32_t x[3][T + 1];
        for (int split = SPLIT_TRAIN; split <= SPLIT_SINK; split++) {
            source_sample(&s, x[split], T + 1, (enum split)split, j);
            for (int other = SPLIT_TRAIN; other < split; other++)
                assert_memory_not_equal(x[split], x[other], sizeof x[0]);
        }
    }
    source_release(&s);
}

static void test_bigram__a_shorter_sample_is_the_beginning(void **state)
{
    (void)state;
    enum { T = 40 };
    struct source s;
    open_bigram(&s, 16, 3, true, 2, T);
    for (idx j = 0; j < 5; j++) {
        int32_t whole[T + 1], part[T + 1];
        source_sample(&s, whole, T + 1, SPLIT_SINK, j);
        for (idx n = 2; n <= T; n++) {
            source_sample(&s, part, n, SPLIT_SINK, j);
            assert_memory_equal(part, whole, (size_t)n * sizeof *part);
        }
    }
    source_release(&s);
}

static void test_bigram__table_depends_on_the_task_alone(void **state)
{
    (void)state;
    struct source a, b, c;
    struct data_options o = bigram_options(16, 3);
    struct err e = { 0 };
    o.task_seed = 2;
    o.bos = false;
    open_bigram(&a, 16, 3, true, 2, 8);
    assert_int_equal(source_open(&b, &o, 7, 30, &e), OK);
    open_bigram(&c, 16, 3, true, 3, 8);
    assert_memory_equal(cdf_of(&a), cdf_of(&b), 16 * 16 * sizeof(double));
    assert_memory_not_equal(cdf_of(&a), cdf_of(&c), 16 * 16 * sizeof(double));
    source_release(&a);
    source_release(&b);
    source_release(&c);
}

/* ---- the table of a text ----------------------------------------------- */

/* c 6 times, a and b 4 each, d and e 2 each, x and y once; y is the last byte
 * of the one file and x of the other, so that nothing comes after them. */
static const char *const texts[] = { "abcabcddacy", "ccbcbaeex" };
static const char order[] = "xydeabc"; /* from the rarest */

static struct data_options text_options(idx triggers)
{
    struct data_options o = bigram_options(64, triggers);
    char path[1100];
    snprintf(o.bigram_path, sizeof o.bigram_path, "%s/texts", test_dir());
    mkdir(o.bigram_path, 0700);
    for (int i = 0; i < COUNT_OF(texts); i++) {
        snprintf(path, sizeof path, "%s/%d.txt", o.bigram_path, i);
        test_write_file(path, texts[i], strlen(texts[i]));
    }
    return o;
}

static void open_text(struct source *s, const struct data_options *o, idx T)
{
    struct err e = { 0 };
    if (source_open(s, o, 3, T, &e))
        fail_msg("%s", e.text);
}

/* P(v | u), counted in the test. */
static double share(char u, char v)
{
    idx n = 0, all = 0, ends = 0, total = 0;
    for (int i = 0; i < COUNT_OF(texts); i++)
        for (const char *s = texts[i]; *s; s++) {
            all += *s == u && s[1];
            n += *s == u && s[1] == v;
            ends += *s == v;
            total++;
        }
    return all ? (double)n / (double)all : (double)ends / (double)total;
}

static void test_bigram_text__is_counted_in_files(void **state)
{
    (void)state;
    struct source s;
    struct data_options o = text_options(2);
    open_text(&s, &o, 8);
    idx V = (idx)strlen(order);
    assert_int_equal(s.n_plain, V);
    assert_int_equal(s.vocab, V + 1);
    for (idx u = 0; u < V; u++)
        for (idx v = 0; v < V; v++)
            assert_close(chance(&s, u, v), share(order[u], order[v]), 1e-15);
    assert_true(share('y', 'c') == 6.0 / 20 && share('x', 'y') == 1.0 / 20);
    source_release(&s);
}

/* What the table says comes, what it does not never does, and a first token is
 * as frequent as in the text. */
static void test_bigram_text__samples_follow_its_pairs(void **state)
{
    (void)state;
    enum { V = 7, K = 2, T = 40, N = 4000 };
    static idx count[V][V];
    struct source s;
    struct data_options o = text_options(K);
    idx first[V] = { 0 };
    const double frequent[] = { 1, 1, 2, 2, 4 }; /* of the first token */
    open_text(&s, &o, T);
    memset(count, 0, sizeof count);
    for (idx j = 0; j < N; j++) {
        int32_t x[T + 1];
        double nats[T + 1];
        source_sample(&s, x, T + 1, SPLIT_VAL, j);
        source_floor(&s, nats, T, SPLIT_VAL, j);
        first[x[1]]++;
        assert_true(x[1] < V - K);
        assert_close(nats[0], -log(frequent[x[1]] / 10), 1e-13);
        for (idx t = 2; t <= T; t++) {
            count[x[t - 1]][x[t]]++;
            if (x[t - 1] >= V - K) {
                assert_int_equal(x[t], x[t - 2]);
                assert_true(nats[t - 1] == 0);
            } else
                assert_close(nats[t - 1],
                             -log(share(order[x[t - 1]], order[x[t]])), 1e-13);
        }
    }
    for (idx u = 0; u < V - K; u++) {
        double total = 0, want = N * frequent[u] / 10;
        assert_true(fabs((double)first[u] - want) < 6 * sqrt(want));
        for (idx v = 0; v < V; v++)
            total += (double)count[u][v];
        assert_true(total > 200);
        for (idx v = 0; v < V; v++) {
            double mean = total * share(order[u], order[v]);
            assert_true(fabs((double)count[u][v] - mean) <= 6 * sqrt(mean));
        }
    }
    source_release(&s);
}

/* The tokens are another corpus than those of data.vocab, known by the hash
 * that the text has anywhere. */
static void test_bigram_text__is_known_by_its_hash(void **state)
{
    (void)state;
    struct source s, text;
    struct data_options o = text_options(2), as_text;
    struct err e = { 0 };
    as_text = o;
    as_text.source = 1;
    assert_string_equal(corpus_name(1), "text");
    key_copy_text(as_text.path, o.bigram_path);
    as_text.val_fraction = 0.5;
    open_text(&text, &as_text, 8);
    open_text(&s, &o, 8);
    assert_string_equal(s.hash, text.hash);
    key_copy_text(o.hash, s.hash);
    source_release(&s);
    open_text(&s, &o, 8);
    source_release(&s);
    key_copy_text(o.hash, "0123456789abcdef");
    assert_int_equal(source_open(&s, &o, 1, 8, &e), ERR_DATA);
    assert_non_null(strstr(e.text, "data.bigram_path"));
    assert_non_null(strstr(e.text, text.hash));
    source_release(&s);
    source_release(&text);
}

/* Neither does. */
static void test_bigram_text__reads_no_seed_and_no_vocab(void **state)
{
    (void)state;
    struct source a, b;
    struct data_options o = text_options(2);
    int32_t x[9], y[9];
    open_text(&a, &o, 8);
    o.task_seed = 77;
    o.vocab = 8193;
    open_text(&b, &o, 8);
    for (idx j = 0; j < 50; j++) {
        source_sample(&a, x, 9, SPLIT_TRAIN, j);
        source_sample(&b, y, 9, SPLIT_TRAIN, j);
        assert_memory_equal(x, y, sizeof x);
    }
    source_release(&a);
    source_release(&b);
}

static void test_bigram_text__refuses_what_has_no_table(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
        idx triggers;
        bool is_right;
    } cases[] = {
        { NULL, "data.bigram_path", 1, false },
        { "", "empty", 1, false },
        { "aaaa", "one byte", 0, false },
        { "aab", "triggers = 2", 2, false },
        { "aab", "", 1, true },
        { "aab", "", 0, true },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        struct data_options o = bigram_options(64, cases[i].triggers);
        struct source s;
        struct err e = { 0 };
        snprintf(o.bigram_path, sizeof o.bigram_path, "%s/%d", test_dir(), i);
        if (cases[i].text)
            test_write_file(o.bigram_path, cases[i].text,
                            strlen(cases[i].text));
        int rc = source_open(&s, &o, 1, 8, &e);
        if (rc != (cases[i].is_right ? OK : ERR_DATA))
            fail_msg("%d: %d, %s", i, rc, e.text);
        if (!strstr(e.text, cases[i].words))
            fail_msg("%d: %s", i, e.text);
        for (idx j = 0; rc == OK && j < 100; j++)
            source_row(&s, 9, SPLIT_TRAIN, j);
        source_release(&s);
    }
}

static void test_bigram_text__is_part_of_a_mixture(void **state)
{
    (void)state;
    struct source s, alone;
    struct mixture_block block = { 0 };
    struct data_options o = text_options(2), one = o;
    while (strcmp(corpus_name(o.source), "mixture") != 0)
        o.source++;
    o.vocab = 5;
    snprintf(o.mixture, sizeof o.mixture, "1*bigram-backcopy, 1*random");
    open_text(&s, &o, 8);
    open_text(&alone, &one, 8);
    assert_int_equal(s.n_plain, 7);
    assert_true(strlen(s.hash) == 16);
    for (idx i = 0; i < 100; i++) {
        int32_t x[9];
        idx own, part = mixture_pick(&block, &s.mixture, 3, i, &own);
        const struct row *r = source_row(&s, 9, SPLIT_TRAIN, i);
        source_sample(&alone, x, 9, SPLIT_TRAIN, own);
        if (part == 0) /* but for BOS, whose id is that of the mixture */
            assert_memory_equal(r->tokens + 1, x + 1, 8 * sizeof *x);
    }
    source_release(&s);
    source_release(&alone);
}

static void test_bigram__refuses_impossible_options(void **state)
{
    (void)state;
    static const idx wrong[][2] = { { 16, 16 }, { 16, 17 }, { 8193, 3 } };
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        struct data_options o = bigram_options(wrong[i][0], wrong[i][1]);
        struct source s = { 0 };
        struct err e = { 0 };
        assert_int_equal(source_open(&s, &o, 1, 8, &e), ERR_DATA);
        assert_non_null(strstr(e.text, i < 2 ? "triggers" : "vocab"));
        source_release(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_bigram__trigger_is_followed_by_the_token_before_it),
        cmocka_unit_test(test_bigram__triggers_are_4_times_as_likely),
        cmocka_unit_test(test_bigram__table_is_softmax_of_normal_logits),
        cmocka_unit_test(test_bigram__frequencies_follow_the_table),
        cmocka_unit_test(test_bigram__splits_are_other_samples_of_one_task),
        cmocka_unit_test(test_bigram__a_shorter_sample_is_the_beginning),
        cmocka_unit_test(test_bigram__table_depends_on_the_task_alone),
        cmocka_unit_test(test_bigram__refuses_impossible_options),
        cmocka_unit_test(test_bigram_text__is_counted_in_files),
        cmocka_unit_test(test_bigram_text__samples_follow_its_pairs),
        cmocka_unit_test(test_bigram_text__is_known_by_its_hash),
        cmocka_unit_test(test_bigram_text__reads_no_seed_and_no_vocab),
        cmocka_unit_test(test_bigram_text__refuses_what_has_no_table),
        cmocka_unit_test(test_bigram_text__is_part_of_a_mixture),
    };
    return cmocka_run_group_tests_name("corpus_bigram", tests, NULL, NULL);
}
