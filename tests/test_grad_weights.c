/* Every weight map with every normaliser and setting: backward against central
 * differences, 1e-7, for scores, learned numbers and the query's own. A new map
 * is tested by having its row in the table. */
#include "gradcheck.h"
#include "harness.h"
#include "weight_cases.h"

#include <string.h>

static const double BOUND = 1e-7, FLOOR = 1e-3;

struct row_case {
    struct weight_case *c;
    struct weight_row row;
    real s[CASE_N_MAX], g[CASE_N_MAX];
};

static double weighted_sum(void *context)
{
    struct row_case *x = context;
    real a[CASE_N_MAX];
    weight_stage_forward(&x->c->stage, a, x->s, &x->row);
    double sum = 0;
    for (idx j = 0; j < x->row.n; j++)
        sum += (double)(a[j] * x->g[j]);
    return sum;
}

/* A state is no parameter: it is handed what it is to move towards. */
static void check_numbers(struct row_case *x, const char *what)
{
    struct weight_case *c = x->c;
    if (c->map->query_number.name)
        check_gradient(what, weighted_sum, x, &x->row.query, &c->dquery, 1,
                       BOUND, FLOOR);
    for (idx i = 0; i < c->n_learned; i++)
        if (!c->learned[i].is_state)
            check_gradient(what, weighted_sum, x, &c->numbers[i],
                           &c->dnumbers[i], 1, BOUND, FLOOR);
}

static void check_row(struct weight_case *c, idx n_keys, idx extra, double mean,
                      double std, uint64_t seed)
{
    idx n = n_keys + extra;
    struct row_case x = { .c = c, .row = weight_case_row(c, n, extra) };
    real a[CASE_N_MAX], again[CASE_N_MAX], ds[CASE_N_MAX], shift[8];
    real started[MAP_LEARNED_MAX];
    char what[240];
    snprintf(what, sizeof what, "%s, n %td + %td, mean %g, std %g", c->text,
             n_keys, extra, mean, std);
    fill_normal(x.s, n, std, seed);
    fill_normal(x.g, n, 1, seed + 1000);
    fill_normal(shift, 8, 0.2, seed + 2000);
    memcpy(started, c->numbers, sizeof started);
    for (idx i = 0; i < c->n_learned; i++) /* off what is special at a start */
        c->numbers[i] += shift[i];
    x.row.query += 3 * shift[7];
    for (idx j = 0; j < n; j++) {
        x.s[j] += mean;
        ds[j] = x.g[j];
    }
    weight_stage_backward(&c->stage, again, x.s, ds, &x.row);
    weight_stage_forward(&c->stage, a, x.s, &x.row);
    for (idx j = 0; j < n; j++)
        assert_close(again[j], a[j], 1e-15);
    check_gradient(what, weighted_sum, &x, x.s, ds, n, BOUND, FLOOR);
    check_numbers(&x, what);
    memcpy(c->numbers, started, sizeof started);
}

static void see_gradients(struct weight_case *c)
{
    static const idx sizes[] = { 1, 2, 3, 7, 16, 17, 64, 69 };
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        for (idx extra = 0; extra <= 1; extra++) {
            check_row(c, sizes[i], extra, 0, 1, (uint64_t)i);
            check_row(c, sizes[i], extra, 0, 4, (uint64_t)i + 50);
            check_row(c, sizes[i], extra, -4, 1, (uint64_t)i + 90);
        }
    }
}

static void test_weights__backward_matches_differences(void **state)
{
    (void)state;
    each_weight_case(see_gradients);
}

/* Gradients of numbers add up over rows; a query's is its own. */
static void see_accumulation(struct weight_case *c)
{
    struct weight_row row = weight_case_row(c, 5, 0);
    real a[5], s[5], g[5], once[MAP_LEARNED_MAX], dquery;
    fill_normal(s, 5, 1, 1);
    fill_normal(g, 5, 1, 2);
    weight_stage_backward(&c->stage, a, s, g, &row);
    memcpy(once, c->dnumbers, sizeof once);
    dquery = c->dquery;
    fill_normal(g, 5, 1, 2);
    weight_stage_backward(&c->stage, a, s, g, &row);
    for (idx i = 0; i < c->n_learned; i++)
        assert_close(c->dnumbers[i], 2 * once[i], 1e-12);
    assert_close(c->dquery, dquery, 1e-12);
}

static void test_weights__gradients_of_numbers_add_up(void **state)
{
    (void)state;
    each_weight_case(see_accumulation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights__backward_matches_differences),
        cmocka_unit_test(test_weights__gradients_of_numbers_add_up),
    };
    return cmocka_run_group_tests_name("grad_weights", tests, NULL, NULL);
}
