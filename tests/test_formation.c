#include "analysis/formation.h"
#include "harness.h"

#include <math.h>
#include <string.h>

enum { N = 6, L = 3, H = 2 };
static double mass[N][L][H];
static double *const all = &mass[0][0][0];

static struct formation find(void)
{
    return formation_find(mass[0][0], N, L, H);
}

/* Planted in layer 1, head 1, from step number 3 on. */
static void plant(void)
{
    for (idx i = 0; i < N * L * H; i++)
        all[i] = 0.1;
    for (idx n = 3; n < N; n++)
        mass[n][1][1] = 0.7;
}

static void test_formation__is_found_where_it_was_planted(void **state)
{
    (void)state;
    plant();
    struct formation f = find();
    assert_true(f.is_formed && f.at == 3 && f.layer == 1 && f.head == 1);
    assert_true(f.mass == 0.7);
    mass[3][0][0] = 0.3; /* not more than that */
    assert_true(find().layer == 1);
    mass[3][0][0] = 0.31;
    f = find();
    assert_true(f.at == 3 && f.layer == 0 && f.head == 0);
}

static void test_formation__one_step_may_be_chance(void **state)
{
    (void)state;
    plant();
    mass[1][2][0] = 0.9;
    assert_true(find().at == 3);
    mass[2][0][1] = 0.5; /* another head may be the next */
    struct formation f = find();
    assert_true(f.at == 1 && f.layer == 2 && f.head == 0);
    plant();
    mass[4][1][1] = 0.49;
    assert_false(find().is_formed);
    assert_false(formation_find(mass[5][0], 1, L, H).is_formed);
    assert_false(formation_find(mass[5][0], 0, L, H).is_formed);
}

static void test_formation__nan_is_no_sink_and_hides_none(void **state)
{
    (void)state;
    plant();
    for (idx n = 0; n < N; n++)
        mass[n][0][0] = mass[n][1][0] = NAN;
    struct formation f = find();
    assert_true(f.is_formed && f.at == 3 && f.layer == 1 && f.head == 1);
    for (idx i = 0; i < N * L * H; i++)
        all[i] = NAN;
    assert_false(find().is_formed);
}

static void test_formation__says_so(void **state)
{
    static const int64_t steps[N] = { 0, 1, 2, 400, 800, 1600 };
    char line[160];
    struct text t = { line, sizeof line, 0 };
    (void)state;
    plant();
    struct formation f = find();
    formation_print(&t, &f, "first_mass", steps);
    assert_string_equal(line, "a head formed a strong sink at step 400; it was "
                              "born in layer 1, head 1 (first_mass 70.0 %)");
    t.n = 0;
    for (idx l = 0; l < L; l++)
        for (idx h = 0; h < H; h++)
            mass[N - 1][l][h] = 0.49;
    f = find();
    formation_print(&t, &f, "first_mass", steps);
    assert_string_equal(line, "a head formed a strong sink at step 400; it was "
                              "born in layer 1, head 1 (first_mass 70.0 %); "
                              "gone again by step 1600");
    t.n = 0;
    f.is_formed = f.is_gone = false;
    formation_print(&t, &f, "first_mass", steps);
    assert_string_equal(line, "no single head has formed a strong sink: none "
                              "has first_mass of 50 % at two steps in a row");
    t.n = 0;
    f = formation_find(mass[0][0], 1, L, H);
    formation_print(&t, &f, "first_mass", steps);
    assert_string_equal(line, "whether a head formed a strong sink takes two "
                              "checkpoints to tell");
}

/* By compare's criterion: above 10 %, at one step. */
static void test_formation__says_when_sink_1_emerged(void **state)
{
    static const int64_t steps[] = { 0, 1000, 3000, 5000 };
    static const struct {
        double share[4];
        bool has;
        const char *says;
    } cases[] = {
        { { 0, 0.1, 0.34, 0.0949 },
          true,
          "sink_1 above 10 % from step 3000, last 9.5 % (below again)" },
        { { 0, 0.17, 0, 0.34 },
          true,
          "sink_1 above 10 % from step 1000, last 34.0 %" },
        { { 0, NAN, 0.1, 0.03 },
          false,
          "sink_1 at no step above 10 %, last 3.0 %" },
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char line[160];
        struct text t = { line, sizeof line, 0 };
        assert_int_equal(emerged_print(&t, cases[i].share, steps, 4),
                         cases[i].has);
        assert_string_equal(line, cases[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formation__is_found_where_it_was_planted),
        cmocka_unit_test(test_formation__one_step_may_be_chance),
        cmocka_unit_test(test_formation__nan_is_no_sink_and_hides_none),
        cmocka_unit_test(test_formation__says_so),
        cmocka_unit_test(test_formation__says_when_sink_1_emerged),
    };
    return cmocka_run_group_tests_name("formation", tests, NULL, NULL);
}
