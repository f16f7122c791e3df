/* Every weight map with every normaliser it accepts: backward against central
 * differences, 1e-7. A new map is tested by having its row in the table. */
#include "gradcheck.h"
#include "harness.h"
#include "kern/gemm.h"

#include "nn/normalizer.h"

enum { N_MAX = 70 };

struct row_case {
    struct weight_stage stage;
    struct weight_row row;
    real s[N_MAX], g[N_MAX];
};

static double weighted_sum(void *context)
{
    struct row_case *c = context;
    real a[N_MAX];
    weight_stage_forward(&c->stage, a, c->s, &c->row);
    double sum = 0;
    for (idx j = 0; j < c->row.n; j++)
        sum += (double)(a[j] * c->g[j]);
    return sum;
}

static void check_row(int map, int normalizer, idx n, idx n_extra, double std,
                      uint64_t seed)
{
    struct attention_options o = { .weights = map, .normalizer = normalizer };
    struct row_case c = { .stage = weight_stage_of(&o),
                          .row = { .n = n + n_extra, .n_keys = n } };
    real a[N_MAX], again[N_MAX], ds[N_MAX];
    char what[100];
    snprintf(what, sizeof what, "%s, normalizer %s, n %td + %td, std %g",
             weight_map_name(map), normalizer_name(normalizer), n, n_extra,
             std);
    fill_normal(c.s, c.row.n, std, seed);
    fill_normal(c.g, c.row.n, 1, seed + 1000);
    for (idx j = 0; j < c.row.n; j++)
        ds[j] = c.g[j];
    weight_stage_backward(&c.stage, again, c.s, ds, &c.row);
    weight_stage_forward(&c.stage, a, c.s, &c.row);
    for (idx j = 0; j < c.row.n; j++)
        assert_close(again[j], a[j], 1e-15);
    check_gradient(what, weighted_sum, &c, c.s, ds, c.row.n, 1e-7, 1e-3);
}

static void test_weights__backward_matches_differences(void **state)
{
    (void)state;
    const idx sizes[] = { 1, 2, 3, 7, 16, 17, 64, 69 };
    for (int map = 0; weight_map_name(map); map++) {
        for (int k = 0; normalizer_name(k); k++) {
            if (k != NORMALIZER_OWN &&
                !(weight_maps[map]->normalizers >> k & 1))
                continue;
            for (int i = 0; i < COUNT_OF(sizes); i++) {
                for (idx extra = 0; extra <= 1; extra++) {
                    check_row(map, k, sizes[i], extra, 1, (uint64_t)i);
                    check_row(map, k, sizes[i], extra, 4, (uint64_t)i + 50);
                }
            }
        }
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights__backward_matches_differences),
    };
    return cmocka_run_group_tests_name("grad_weights", tests, start, NULL);
}
