/* Philox and the draws made from it. */
#include "base/rng.h"
#include "harness.h"

#include <math.h>
#include <string.h>

/* "Known answers" of the generator's authors (Random123, kat_vectors). */
static void test_philox__matches_the_published_vectors(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } known[] = {
        { { 0, 0, 0, 0 },
          { 0, 0 },
          { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
          { 0xffffffff, 0xffffffff },
          { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (int i = 0; i < COUNT_OF(known); i++) {
        uint32_t got[4];
        philox_block(got, known[i].counter, known[i].key);
        assert_memory_equal(got, known[i].want, sizeof got);
    }
}

static void test_rng__a_stream_is_the_blocks_of_its_counter(void **state)
{
    (void)state;
    struct rng r = rng_open(0x0123456789abcdef, RNG_TEST, 5, 9);
    uint32_t counter[4];
    memcpy(counter, r.counter, sizeof counter);
    for (uint32_t block = 0; block < 5; block++) {
        uint32_t want[4];
        counter[0] = block;
        philox_block(want, counter, r.key);
        for (int i = 0; i < 4; i++)
            assert_int_equal(rng_u32(&r), want[i]);
    }
}

static void test_rng__same_stream_gives_the_same_numbers(void **state)
{
    (void)state;
    struct rng r = rng_open(7, RNG_DATA, 1, 2), s = rng_open(7, RNG_DATA, 1, 2);
    for (int i = 0; i < 100; i++) {
        assert_true(rng_uniform(&r) == rng_uniform(&s));
        assert_true(rng_normal(&r) == rng_normal(&s));
        assert_int_equal(rng_below(&r, 10), rng_below(&s, 10));
    }
}

/* Every part of the name matters, its highest bits too. */
static void test_rng__streams_differ(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed, a, b;
        enum rng_purpose purpose;
    } names[] = {
        { 0, 0, 0, RNG_INIT },          { 1, 0, 0, RNG_INIT },
        { 1ull << 32, 0, 0, RNG_INIT }, { 1ull << 63, 0, 0, RNG_INIT },
        { 0, 1, 0, RNG_INIT },          { 0, 0xffff, 0, RNG_INIT },
        { 0, 0, 1, RNG_INIT },          { 0, 0, 1ull << 32, RNG_INIT },
        { 0, 0, 1ull << 47, RNG_INIT }, { 0, 1, 1, RNG_INIT },
        { 0, 0, 0, RNG_DATA },          { 0, 0, 0, RNG_TASK },
        { 0, 0, 0, RNG_TEST },
    };
    enum { N = COUNT_OF(names) };
    uint32_t words[N][4];
    for (int i = 0; i < N; i++) {
        struct rng r =
            rng_open(names[i].seed, names[i].purpose, names[i].a, names[i].b);
        for (int j = 0; j < 4; j++)
            words[i][j] = rng_u32(&r);
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(words[i], words[j], sizeof words[i]);
    }
}

/* The hash is that of any XXH3-64: files and documents count on it. */
static void test_rng__a_name_gives_its_stream(void **state)
{
    (void)state;
    struct rng named = rng_open_named(7, RNG_INIT, "token.weight");
    struct rng r = rng_open(7, RNG_INIT, 0x663f, 0x4c809a9a8c0d);
    assert_memory_equal(named.key, r.key, sizeof r.key);
    assert_memory_equal(named.counter, r.counter, sizeof r.counter);
    r = rng_open_named(7, RNG_INIT, "token.weigh");
    assert_memory_not_equal(named.counter, r.counter, sizeof r.counter);
}

/* Bounds below are five standard errors or more: the numbers are fixed, so a
 * test that passes once passes for ever. */
static void test_rng__uniform_fills_its_interval_evenly(void **state)
{
    (void)state;
    enum { N = 200000, BINS = 64 };
    struct rng r = rng_open(1, RNG_TEST, 0, 0);
    double sum = 0, square = 0, lag = 0, before = 0.5;
    idx count[BINS] = { 0 }, is_set[53] = { 0 };
    for (idx i = 0; i < N; i++) {
        double u = rng_uniform(&r);
        assert_true(u >= 0 && u < 1);
        sum += u;
        square += (u - 0.5) * (u - 0.5);
        lag += (u - 0.5) * (before - 0.5);
        before = u;
        count[(idx)(u * BINS)]++;
        assert_true(ldexp(u, 53) == floor(ldexp(u, 53)));
        for (int bit = 0; bit < 53; bit++)
            is_set[bit] += (int64_t)ldexp(u, 53) >> bit & 1;
    }
    assert_near(sum / N, 0.5, 5 * sqrt(1.0 / 12 / N), 1);
    assert_near(square / N, 1.0 / 12, 5 * sqrt(1.0 / 180 / N), 1);
    assert_near(lag / N, 0, 5 * (1.0 / 12) / sqrt(N), 1);
    for (int bit = 0; bit < 53; bit++)
        assert_near((double)is_set[bit] / N, 0.5, 5 * 0.5 / sqrt(N), 1);
    double chi = 0, want = (double)N / BINS;
    for (int i = 0; i < BINS; i++)
        chi += ((double)count[i] - want) * ((double)count[i] - want) / want;
    assert_true(chi < BINS - 1 + 5 * sqrt(2.0 * (BINS - 1)));
}

static void test_rng__normal_has_its_moments_and_tails(void **state)
{
    (void)state;
    enum { N = 400000 };
    struct rng r = rng_open(2, RNG_TEST, 0, 0);
    double sum[5] = { 0 }, lag = 0, before = 0;
    idx beyond_2 = 0, beyond_3 = 0;
    for (idx i = 0; i < N; i++) {
        double x = rng_normal(&r), power = 1;
        assert_true(isfinite(x));
        for (int p = 0; p < 5; p++, power *= x)
            sum[p] += power;
        lag += x * before;
        before = x;
        beyond_2 += fabs(x) > 2;
        beyond_3 += fabs(x) > 3;
    }
    /* E x^p = 0, 1, 0, 3; the variance of x^p is E x^2p - (E x^p)^2 */
    assert_near(sum[1] / N, 0, 5 * sqrt(1.0 / N), 1);
    assert_close(sum[2] / N, 1, 5 * sqrt(2.0 / N));
    assert_near(sum[3] / N, 0, 5 * sqrt(15.0 / N), 1);
    assert_near(sum[4] / N, 3, 5 * sqrt(96.0 / N), 1);
    assert_near(lag / N, 0, 5 * sqrt(1.0 / N), 1);
    assert_near((double)beyond_2 / N, 0.0455003, 5 * sqrt(0.0434 / N), 1);
    assert_near((double)beyond_3 / N, 0.0026998, 5 * sqrt(0.0027 / N), 1);
}

static void test_rng__below_is_in_range_and_reaches_all(void **state)
{
    (void)state;
    static const idx bounds[] = { 1, 2, 3, 7, 64, 100 };
    struct rng r = rng_open(3, RNG_TEST, 0, 0);
    for (int i = 0; i < COUNT_OF(bounds); i++) {
        bool seen[100] = { false };
        for (int j = 0; j < 3000; j++) {
            idx x = rng_below(&r, bounds[i]);
            assert_in_range(x, 0, bounds[i] - 1);
            seen[x] = true;
        }
        for (idx j = 0; j < bounds[i]; j++)
            assert_true(seen[j]);
    }
    for (int j = 0; j < 1000; j++)
        assert_in_range(rng_below(&r, UINT32_MAX), 0, UINT32_MAX - 1);
}

/* 2^32 is no multiple of 3 * 2^30: the plain remainder would fall into the
 * first third half of the time. */
static void test_rng__below_favours_nobody(void **state)
{
    (void)state;
    enum { N = 40000 };
    const idx third = (idx)1 << 30;
    struct rng r = rng_open(4, RNG_TEST, 0, 0);
    idx count[3] = { 0 }, small[7] = { 0 };
    for (idx i = 0; i < N; i++) {
        count[rng_below(&r, 3 * third) / third]++;
        small[rng_below(&r, 7)]++;
    }
    for (int i = 0; i < 3; i++)
        assert_near((double)count[i] / N, 1.0 / 3, 5 * sqrt(2.0 / 9 / N), 1);
    for (int i = 0; i < 7; i++)
        assert_near((double)small[i] / N, 1.0 / 7, 5 * sqrt(6.0 / 49 / N), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_philox__matches_the_published_vectors),
        cmocka_unit_test(test_rng__a_stream_is_the_blocks_of_its_counter),
        cmocka_unit_test(test_rng__same_stream_gives_the_same_numbers),
        cmocka_unit_test(test_rng__streams_differ),
        cmocka_unit_test(test_rng__a_name_gives_its_stream),
        cmocka_unit_test(test_rng__uniform_fills_its_interval_evenly),
        cmocka_unit_test(test_rng__normal_has_its_moments_and_tails),
        cmocka_unit_test(test_rng__below_is_in_range_and_reaches_all),
        cmocka_unit_test(test_rng__below_favours_nobody),
    };
    return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
