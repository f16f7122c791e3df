/* Memory that is measured first and placed then. */
#include "base/arena.h"
#include "harness.h"

#include <string.h>

enum { BUFFERS = 5 };

struct placed {
    unsigned char *at[BUFFERS];
    size_t bytes[BUFFERS];
};

/* Sizes that end before, on and after a boundary, and one of nothing. */
static void plan(struct placed *p, struct arena *a)
{
    *p = (struct placed){ .bytes = { 1, 17 * sizeof(real), 8 * sizeof(double),
                                     0, 100000 * sizeof(int32_t) } };
    p->at[0] = arena_bytes(a, 1);
    p->at[1] = (unsigned char *)arena_reals(a, 17);
    p->at[2] = (unsigned char *)arena_doubles(a, 8);
    p->at[3] = (unsigned char *)arena_reals(a, 0);
    p->at[4] = (unsigned char *)arena_ints(a, 100000);
}

static void test_arena__measures_what_it_places(void **state)
{
    (void)state;
    struct arena measure = { 0 }, a = { 0 };
    struct placed p;
    struct err e = { 0 };
    plan(&p, &measure);
    for (int i = 0; i < BUFFERS; i++)
        assert_null(p.at[i]);
    assert_null(measure.base);
    assert_true(measure.used_bytes >= 1 + 17 * sizeof(real) + 64 + 400000);
    assert_int_equal(arena_open(&a, measure.used_bytes, &e), OK);
    assert_int_equal(a.used_bytes, 0);
    plan(&p, &a);
    assert_int_equal(a.used_bytes, measure.used_bytes);
    assert_true(a.used_bytes <= a.cap_bytes);
    arena_release(&a);
}

static void test_arena__buffers_are_aligned_zero_and_apart(void **state)
{
    (void)state;
    struct arena measure = { 0 }, a = { 0 };
    struct placed p;
    struct err e = { 0 };
    plan(&p, &measure);
    assert_int_equal(arena_open(&a, measure.used_bytes, &e), OK);
    plan(&p, &a);
    for (int i = 0; i < BUFFERS; i++) {
        assert_int_equal((uintptr_t)p.at[i] % 64, 0);
        for (size_t j = 0; j < p.bytes[i]; j++)
            assert_int_equal(p.at[i][j], 0);
        memset(p.at[i], i + 1, p.bytes[i]);
    }
    for (int i = 0; i < BUFFERS; i++)
        for (size_t j = 0; j < p.bytes[i]; j++)
            assert_int_equal(p.at[i][j], i + 1);
    arena_release(&a);
}

static void test_arena__refuses_what_no_machine_has(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct err e = { 0 };
    assert_int_equal(arena_open(&a, (size_t)1 << 60, &e), ERR_MEMORY);
    assert_non_null(strstr(e.text, "memory"));
    assert_null(a.base);
    arena_release(&a);
}

static void test_arena__released_twice_measures_again(void **state)
{
    (void)state;
    struct arena a = { 0 };
    struct err e = { 0 };
    assert_int_equal(arena_open(&a, 100, &e), OK);
    assert_non_null(arena_bytes(&a, 100));
    arena_release(&a);
    arena_release(&a);
    assert_null(arena_bytes(&a, 100));
    assert_int_equal(a.used_bytes, 128);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena__measures_what_it_places),
        cmocka_unit_test(test_arena__buffers_are_aligned_zero_and_apart),
        cmocka_unit_test(test_arena__refuses_what_no_machine_has),
        cmocka_unit_test(test_arena__released_twice_measures_again),
    };
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
