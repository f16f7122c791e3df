/* What holds for every corpus that is drawn: nats are the law of its samples;
 * orders, amounts, edits and mixtures take it as any other. */
#include "data/source.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/edit.h"

static struct data_options options_of(int kind)
{
    struct data_options o = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    o.source = kind;
    o.vocab = 16;
    o.copy_length = 5;
    return o;
}

static void open_source(struct source *s, const struct data_options *o,
                        uint64_t seed, idx T)
{
    struct err e = { 0 };
    if (source_open(s, o, seed, T, &e))
        fail_msg("%s: %s", corpus_name(o->source), e.text);
}

/* The next kind that draws; false past the end. */
static bool next_kind(int *kind)
{
    while (corpora[++*kind])
        if (corpora[*kind]->draw)
            return true;
    return false;
}

static int kind_of(const char *name)
{
    int i = 0;
    while (strcmp(corpus_name(i), name) != 0)
        i++;
    return i;
}

/* ---- the law ----------------------------------------------------------- */

enum { CODES = 1024, DRAWS = 20000 };

/* Samples of n tokens as numbers to the base V: how often each came, and what
 * nats say that it costs. */
struct census {
    idx count[CODES];
    double nats[CODES];
};

static void take_census(struct census *f, const struct corpus *c, idx n)
{
    idx V = c->n_plain;
    memset(f, 0, sizeof *f);
    for (idx i = 0; i < DRAWS; i++) {
        int32_t x[16];
        double nats[16], sum = 0;
        idx code = 0;
        struct rng r = rng_open(9, RNG_TEST, 3, (uint64_t)i);
        c->kind->draw(c, x, n, &r);
        c->kind->nats(c, nats, x, n);
        for (idx t = 0; t < n; t++) {
            assert_in_range(x[t], 0, V - 1);
            assert_true(nats[t] >= 0);
            code = code * V + x[t];
            sum += nats[t];
        }
        assert_in_range(code, 0, CODES - 1);
        f->count[code]++;
        f->nats[code] = sum;
    }
}

/* Each sample comes as often as it must: of a binomial count the probability of
 * more than 6 sqrt(m) + 12 away from its mean m is below 1e-6 (Bernstein). And
 * the probabilities of all that came are 1, but for what is rare. */
static void check_law(const struct data_options *o, idx n)
{
    static struct census f;
    struct source s;
    double sum = 0;
    open_source(&s, o, 1, n + 4);
    take_census(&f, &s.parts[0].corpus, n);
    for (idx code = 0; code < CODES; code++) {
        if (f.count[code] == 0)
            continue;
        double p = exp(-f.nats[code]), mean = DRAWS * p;
        sum += p;
        if (fabs((double)f.count[code] - mean) > 6 * sqrt(mean) + 12)
            fail_msg("%s: sample %td of %td tokens came %td times, want %g",
                     corpus_name(o->source), code, n, f.count[code], mean);
    }
    /* A sample that never came has p < 20 / DRAWS, nearly for sure: there may
     * be some of the rarest */
    assert_true(sum < 1 + 1e-9 && sum > 0.97);
    source_release(&s);
}

static void test_generators__nats_are_the_law_of_samples(void **state)
{
    (void)state;
    static const idx shapes[][3] = {
        { 2, 1, 1 }, { 2, 1, 8 }, { 2, 0, 8 }, { 3, 1, 6 },
        { 3, 2, 6 }, { 4, 1, 5 }, { 4, 3, 5 }, { 5, 2, 4 },
    };
    for (int kind = -1; next_kind(&kind);)
        for (int i = 0; corpora[kind]->nats && i < COUNT_OF(shapes); i++) {
            struct data_options o = options_of(kind);
            o.vocab = shapes[i][0];
            o.triggers = shapes[i][1];
            o.copy_length = 3;
            check_law(&o, shapes[i][2]);
        }
}

static void test_generators__a_shorter_sample_is_the_beginning(void **state)
{
    (void)state;
    enum { T = 40 };
    for (int kind = -1; next_kind(&kind);) {
        struct source s;
        struct data_options o = options_of(kind);
        open_source(&s, &o, 2, T);
        for (idx i = 0; i < 5; i++) {
            int32_t whole[T + 1], part[T + 1];
            source_sample(&s, whole, T + 1, SPLIT_SINK, i);
            for (idx n = 2; n <= T; n++) {
                source_sample(&s, part, n, SPLIT_SINK, i);
                assert_memory_equal(part, whole, (size_t)n * sizeof *part);
            }
        }
        source_release(&s);
    }
}

/* The floor is nats of the targets: with BOS of all tokens of the corpus,
 * without of all but the first. */
static void test_generators__floor_is_nats_of_targets(void **state)
{
    (void)state;
    enum { T = 24 };
    for (int kind = -1; next_kind(&kind);)
        for (int bos = 0; bos <= 1; bos++) {
            struct source s;
            struct data_options o = options_of(kind);
            double floor[T + 1], nats[T + 1];
            int32_t x[T + 1];
            o.bos = bos;
            open_source(&s, &o, 2, T);
            if (!source_has_floor(&s)) {
                assert_null(corpora[kind]->nats);
                source_release(&s);
                continue;
            }
            for (idx i = 0; i < 50; i++) {
                source_sample(&s, x, T + 1, SPLIT_VAL, i);
                source_floor(&s, floor, T, SPLIT_VAL, i);
                const struct corpus *c = &s.parts[0].corpus;
                c->kind->nats(c, nats, x + bos, T + 1 - bos);
                assert_memory_equal(floor, nats + !bos, T * sizeof *floor);
            }
            source_release(&s);
        }
}

/* ---- with all the rest ------------------------------------------------- */

static void test_generators__give_their_samples_to_mixtures(void **state)
{
    (void)state;
    enum { T = 24 };
    for (int kind = -1; next_kind(&kind);) {
        struct source mixed, one;
        struct mixture_block block = { 0 };
        struct data_options alone = options_of(kind);
        struct data_options o = options_of(kind_of("mixture"));
        snprintf(o.mixture, sizeof o.mixture, "1*%s,1*random",
                 corpus_name(kind));
        open_source(&mixed, &o, 3, T);
        open_source(&one, &alone, 3, T);
        assert_int_equal(mixed.vocab, one.vocab);
        idx n = 0;
        for (idx i = 0; i < 500; i++) {
            int32_t x[T + 1];
            idx own, part = mixture_pick(&block, &mixed.mixture, 3, i, &own);
            const struct row *r = source_row(&mixed, T + 1, SPLIT_TRAIN, i);
            if (part != 0)
                continue;
            source_sample(&one, x, T + 1, SPLIT_TRAIN, own);
            assert_memory_equal(r->tokens, x, sizeof x);
            n++;
        }
        assert_in_range(n, 150, 350);
        source_release(&mixed);
        source_release(&one);
    }
}

static void test_generators__have_as_many_samples_as_are_asked(void **state)
{
    (void)state;
    enum { T = 24, UNITS = 7 };
    for (int kind = -1; next_kind(&kind);) {
        struct source s;
        struct data_options o = options_of(kind);
        int32_t first[UNITS][T + 1];
        bool is_known[UNITS] = { false };
        o.vocab = 4096;
        o.unique_tokens = UNITS * T;
        while (strcmp(order_name(o.order), "epochs") != 0)
            o.order++;
        open_source(&s, &o, 3, T);
        for (idx i = 0; i < 5 * UNITS; i++) {
            const struct row *r = source_row(&s, T + 1, SPLIT_TRAIN, i);
            assert_in_range(r->unit, 0, UNITS - 1);
            if (!is_known[r->unit])
                memcpy(first[r->unit], r->tokens, sizeof first[0]);
            assert_int_equal(is_known[r->unit], i >= UNITS);
            is_known[r->unit] = true;
            assert_memory_equal(first[r->unit], r->tokens, sizeof first[0]);
        }
        for (idx u = 1; u < UNITS; u++)
            assert_memory_not_equal(first[u], first[0], sizeof first[0]);
        source_release(&s);
    }
}

static void test_generators__are_changed_by_edits(void **state)
{
    (void)state;
    enum { T = 24 };
    for (int kind = -1; next_kind(&kind);) {
        struct source plain, edited;
        struct data_options o = options_of(kind);
        open_source(&plain, &o, 3, T);
        o.fixed_position = 3;
        o.random_positions = (struct key_list){ 1, { 6 } };
        open_source(&edited, &o, 3, T);
        assert_false(source_has_floor(&edited));
        idx changed = 0;
        for (idx i = 0; i < 100; i++) {
            int32_t x[T + 1];
            source_sample(&plain, x, T + 1, SPLIT_TRAIN, i);
            const struct row *r = source_row(&edited, T + 1, SPLIT_TRAIN, i);
            for (idx t = 0; t <= T; t++)
                if (t == 2)
                    assert_int_equal(r->tokens[t], edited.fixed);
                else if (t != 5)
                    assert_int_equal(r->tokens[t], x[t]);
            changed += r->tokens[5] != x[5];
        }
        assert_true(changed > 50);
        source_release(&plain);
        source_release(&edited);
    }
}

/* One target a sequence, the smallest vocabulary, no triggers and all but one:
 * it is refused in words, or tokens are what they must be. */
static void test_generators__take_extreme_settings_or_refuse(void **state)
{
    (void)state;
    static const idx shapes[][3] = {
        { 2, 0, 1 }, { 2, 1, 1 },   { 2, 2, 1 },
        { 2, 1, 9 }, { 64, 63, 9 }, { 64, 64, 9 }
    };
    for (int kind = -1; next_kind(&kind);)
        for (int i = 0; i < COUNT_OF(shapes); i++)
            for (int bos = 0; bos <= 1; bos++) {
                struct source s;
                struct err e = { 0 };
                struct data_options o = options_of(kind);
                idx T = shapes[i][2];
                o.vocab = shapes[i][0];
                o.triggers = shapes[i][1];
                o.copy_length = 1;
                o.bos = bos;
                if (source_open(&s, &o, 1, T, &e)) {
                    assert_int_equal(e.code, ERR_DATA);
                    assert_true(o.triggers >= o.vocab || T == 1);
                    assert_non_null(strstr(e.text, "want "));
                    source_release(&s);
                    continue;
                }
                for (idx j = 0; j < 300; j++)
                    source_row(&s, T + 1, SPLIT_TRAIN, j); /* looks at ids */
                source_release(&s);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_generators__nats_are_the_law_of_samples),
        cmocka_unit_test(test_generators__a_shorter_sample_is_the_beginning),
        cmocka_unit_test(test_generators__floor_is_nats_of_targets),
        cmocka_unit_test(test_generators__give_their_samples_to_mixtures),
        cmocka_unit_test(test_generators__have_as_many_samples_as_are_asked),
        cmocka_unit_test(test_generators__are_changed_by_edits),
        cmocka_unit_test(test_generators__take_extreme_settings_or_refuse),
    };
    return cmocka_run_group_tests_name("corpus_kind", tests, NULL, NULL);
}
