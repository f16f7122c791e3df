/* Rotary positions against the formula pair by pair. */
#include "gradcheck.h"
#include "harness.h"
#include "nn/model/rope.h"

#include <math.h>
#include <string.h>

enum { T = 37, H = 3, D = 10, LD = H * D + 4, HALF = D / 2 };

static real table[T * D];
static const struct rope in_line = { table, T, D, D, NULL };

static int fill_table(void **state)
{
    (void)state;
    rope_table(table, T, &(struct rope_rates){ .N = D, .base = 10000 });
    return 0;
}

/* Row r of (rows,LD) stands at position (row0 + r) % T. */
static void test_rope__turns_half_split_pairs(void **state)
{
    (void)state;
    enum { ROWS = 50, ROW0 = 20 };
    static real x[ROWS * LD], y[ROWS * LD];
    fill_normal(x, ROWS * LD, 1, 1);
    memcpy(y, x, sizeof y);
    rope_rows(y, LD, &in_line, ROW0, ROWS, H, 1);
    for (idx r = 0; r < ROWS; r++) {
        double t = (double)((ROW0 + r) % T);
        for (idx h = 0; h < H; h++) {
            for (idx d = 0; d < HALF; d++) {
                double angle = t * pow(10000, -2.0 * (double)d / D);
                double low = (double)x[r * LD + h * D + d];
                double high = (double)x[r * LD + h * D + HALF + d];
                double size = fabs(low) + fabs(high);
                assert_near((double)y[r * LD + h * D + d],
                            low * cos(angle) - high * sin(angle), 3e-7, size);
                assert_near((double)y[r * LD + h * D + HALF + d],
                            high * cos(angle) + low * sin(angle), 3e-7, size);
            }
        }
        assert_memory_equal(y + r * LD + H * D, x + r * LD + H * D,
                            4 * sizeof *y); /* what is not of a head */
    }
}

/* As rows in line do that stand there; row0 counts for places, too. */
static void test_rope__rows_stand_where_they_are_told(void **state)
{
    (void)state;
    enum { ROW0 = 3, ROWS = 6 };
    static const int32_t places[ROW0 + ROWS] = {
        9, 9, 9, 0, T - 1, 5, 5, 1, 0
    };
    static real x[ROWS * LD], y[ROWS * LD];
    struct rope told = { table, T, D, D, places };
    fill_normal(x, ROWS * LD, 1, 6);
    memcpy(y, x, sizeof y);
    rope_rows(y, LD, &told, ROW0, ROWS, H, 1);
    for (idx r = 0; r < ROWS; r++)
        rope_rows(x + r * LD, LD, &in_line, places[ROW0 + r], 1, H, 1);
    assert_memory_equal(y, x, sizeof y);
}

static void test_rope__leaves_position_0_and_all_norms(void **state)
{
    (void)state;
    static real x[T * LD], y[T * LD];
    fill_normal(x, T * LD, 1, 2);
    memcpy(y, x, sizeof y);
    rope_rows(y, LD, &in_line, 0, T, H, 1);
    assert_memory_equal(y, x, LD * sizeof *y);
    for (idx t = 1; t < T; t++) {
        for (idx h = 0; h < H; h++) {
            double before = 0, after = 0;
            for (idx d = 0; d < D; d++) {
                before += pow((double)x[t * LD + h * D + d], 2);
                after += pow((double)y[t * LD + h * D + d], 2);
            }
            assert_close(sqrt(after), sqrt(before), 1e-6);
        }
        assert_memory_not_equal(y + t * LD, x + t * LD, D * sizeof *y);
    }
}

/* q at position i against k at position j. */
static double score(const real *q, const real *k, idx i, idx j)
{
    real a[D], b[D];
    double sum = 0;
    memcpy(a, q, sizeof a);
    memcpy(b, k, sizeof b);
    rope_rows(a, D, &in_line, i, 1, 1, 1);
    rope_rows(b, D, &in_line, j, 1, 1, 1);
    for (idx d = 0; d < D; d++)
        sum += (double)a[d] * (double)b[d];
    return sum;
}

static void test_rope__scores_depend_on_distance_alone(void **state)
{
    (void)state;
    real q[D], k[D];
    fill_normal(q, D, 1, 3);
    fill_normal(k, D, 1, 4);
    for (idx distance = 0; distance < 10; distance++) {
        double first = score(q, k, distance, 0);
        for (idx j = 1; j + distance < T; j++)
            assert_close(score(q, k, j + distance, j), first, 3e-6);
    }
    assert_true(fabs(score(q, k, 1, 0) - score(q, k, 2, 0)) > 1e-3);
    assert_true(fabs(score(q, k, 1, 0) - score(q, k, 0, 1)) > 1e-3);
}

static void test_rope__backward_direction_undoes_forward(void **state)
{
    (void)state;
    static real x[T * LD], y[T * LD];
    fill_normal(x, T * LD, 1, 5);
    memcpy(y, x, sizeof y);
    rope_rows(y, LD, &in_line, 0, T, H, 1);
    rope_rows(y, LD, &in_line, 0, T, H, -1);
    for (idx i = 0; i < T * LD; i++) {
        idx column = i % LD, d = column % D;
        double size = fabs((double)x[i]); /* and of what it was mixed with */
        if (column < H * D)
            size += fabs((double)x[d < HALF ? i + HALF : i - HALF]);
        assert_near((double)y[i], (double)x[i], 3e-7, size);
    }
}

/* linear divides all; llama3 by how often a pair turns in `from` tokens: less
 * than `slow` times by the factor, more than `fast` times not, between them by
 * a mean of both. With base 10000, N 16 and 100 tokens, pairs turn 15.9, 5.03,
 * 1.59, 0.503, ... times. */
static void test_rope__stretched_rates(void **state)
{
    (void)state;
    struct rope_rates r = {
        .N = 16, .base = 10000, .factor = 8, .slow = 1, .fast = 4, .from = 100
    };
    for (int scaling = ROPE_PLAIN; scaling <= ROPE_LLAMA3; scaling++) {
        r.scaling = scaling;
        for (idx d = 0; d < 8; d++) {
            double plain = pow(10, -(double)d / 2);
            double part = scaling == ROPE_PLAIN    ? 1
                          : scaling == ROPE_LINEAR ? 1.0 / 8
                          : d < 2                  ? 1
                          : d > 2                  ? 1.0 / 8
                                                   : 0;
            if (part == 0) { /* 100 / (2 pi 10) turns */
                double s = (1.5915494309 - 1) / 3;
                part = (1 - s) / 8 + s;
            }
            assert_close(rope_rate(&r, d), part * plain, 1e-9);
        }
    }
}

/* The first dimensions as a head of that width has them, whose rates the base
 * gives; the others as they were. */
static void test_rope__turns_a_part_by_its_own_base(void **state)
{
    (void)state;
    enum { N = 4, PART_LD = H * N };
    static real part_table[T * N], x[T * LD], y[T * LD], part[T * PART_LD];
    const struct rope rope = { part_table, T, D, N, NULL };
    const struct rope narrow = { part_table, T, N, N, NULL };
    rope_table(part_table, T, &(struct rope_rates){ .N = N, .base = 500 });
    for (idx t = 0; t < T; t++)
        for (idx d = 0; d < N / 2; d++) {
            double angle = (double)t * pow(500, -(double)d / (N / 2));
            assert_near((double)part_table[t * N + d], cos(angle), 3e-7, 1);
            assert_near((double)part_table[t * N + N / 2 + d], sin(angle), 3e-7,
                        1);
        }
    fill_normal(x, T * LD, 1, 8);
    memcpy(y, x, sizeof y);
    for (idx t = 0; t < T; t++)
        for (idx h = 0; h < H; h++)
            memcpy(part + t * PART_LD + h * N, x + t * LD + h * D,
                   N * sizeof *part);
    rope_rows(y, LD, &rope, 0, T, H, 1);
    rope_rows(part, PART_LD, &narrow, 0, T, H, 1);
    for (idx t = 0; t < T; t++)
        for (idx h = 0; h < H; h++) {
            const real *at = y + t * LD + h * D;
            assert_memory_equal(at, part + t * PART_LD + h * N, N * sizeof *at);
            assert_memory_equal(at + N, x + t * LD + h * D + N,
                                (D - N) * sizeof *at);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rope__stretched_rates),
        cmocka_unit_test(test_rope__turns_half_split_pairs),
        cmocka_unit_test(test_rope__rows_stand_where_they_are_told),
        cmocka_unit_test(test_rope__leaves_position_0_and_all_norms),
        cmocka_unit_test(test_rope__scores_depend_on_distance_alone),
        cmocka_unit_test(test_rope__backward_direction_undoes_forward),
        cmocka_unit_test(test_rope__turns_a_part_by_its_own_base),
    };
    return cmocka_run_group_tests_name("rope", tests, fill_table, NULL);
}
