/* Optimizers that treat whole tensors, and all of them as something that goes
 * on: where a quadratic leads, and what is kept. Their formulas are held
 * against PyTorch's and the papers' by tools/parity/optim.py. */
#include "harness.h"
#include "kern/gemm_own.h"
#include "optim/basis.h"
#include "optim/gram.h"
#include "optim/matrix_scale.h"
#include "optim/optim.h"
#include "optim/rotation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

static int optimizer_index(const char *name)
{
    for (int i = 0; optimizer_name(i); i++)
        if (strcmp(optimizer_name(i), name) == 0)
            return i;
    fail_msg("no optimizer %s", name);
    return -1;
}

static struct optim_options options_of(const char *name)
{
    struct optim_options o = { 0 };
    key_defaults(optim_keys, n_optim_keys, &o);
    o.name = optimizer_index(name);
    o.weight_decay = 0;
    o.clip = 0;
    o.precondition_every = 4;
    return o;
}

static void fill(real *x, idx n, uint64_t number)
{
    struct rng r = rng_open(3, RNG_TEST, 1, number);
    for (idx i = 0; i < n; i++)
        x[i] = (real)rng_normal(&r);
}

/* Two matrices, one of them fused of three, a vector and an embedding. */
struct bench {
    struct optim_options o;
    struct param_table table;
    struct optim s;
    struct arena arena;
    real *w, *dw, *goal; /* (table.total) */
};

static void open_bench(struct bench *b, const struct optim_options *o,
                       int threads)
{
    struct arena measure = { 0 };
    struct err e = { 0 };
    *b = (struct bench){ .o = *o };
    param_declare(&b->table, PARAM_LINEAR, 1, 2, (idx[]){ 24, 8 }, "qkv");
    param_cut(param_last(&b->table), "q", 8);
    param_cut(param_last(&b->table), "k", 4);
    param_cut(param_last(&b->table), "v", 12);
    param_declare(&b->table, PARAM_RESIDUAL, 1, 2, (idx[]){ 7, 10 }, "out");
    param_declare(&b->table, PARAM_BIAS, 1, 1, (idx[]){ 7 }, "bias");
    param_declare(&b->table, PARAM_EMBEDDING, 1, 2, (idx[]){ 5, 3 }, "token");
    param_declare(&b->table, PARAM_STATE, 1, 1, (idx[]){ 2 }, "mean");
    size_t n = (size_t)b->table.total;
    optim_plan(&b->s, &measure, &b->o, &b->table, threads);
    assert_int_equal(arena_open(&b->arena, measure.used_bytes, &e), OK);
    optim_plan(&b->s, &b->arena, &b->o, &b->table, threads);
    b->w = calloc(n, sizeof *b->w);
    b->dw = calloc(n, sizeof *b->dw);
    b->goal = calloc(n, sizeof *b->goal);
    for (idx i = 0; i < b->table.count; i++) {
        const struct param *p = &b->table.rows[i];
        fill(b->w + p->offset, p->n, (uint64_t)i);
        fill(b->goal + p->offset, p->n, 100 + (uint64_t)i);
    }
    optim_look(&b->s, b->w);
}

static void close_bench(struct bench *b)
{
    free(b->w), free(b->dw), free(b->goal);
    param_table_release(&b->table);
    arena_release(&b->arena);
}

/* Of half the squared distance from the goal, whose curvature is 1 and 3. */
static void add_gradient(struct bench *b)
{
    const real *at = optim_trained(&b->s, b->w);
    for (idx k = 0; k < b->table.count; k++) {
        const struct param *p = &b->table.rows[k];
        for (idx i = p->offset; i < p->offset + p->n; i++)
            b->dw[i] += p->role == PARAM_STATE
                            ? b->goal[i]
                            : (real)(1 + 2 * (i % 2)) * (at[i] - b->goal[i]);
    }
}

static double loss(const struct bench *b)
{
    double sum = 0;
    for (idx i = 0; i < b->table.total; i++) {
        double far = (double)b->w[i] - (double)b->goal[i];
        sum += (double)(1 + 2 * (i % 2)) * far * far / 2;
    }
    return sum;
}

static void steps(struct bench *b, idx first, idx last, idx of, double lr)
{
    for (idx step = first; step <= last; step++) {
        add_gradient(b);
        double left = 1 - (double)(step - 1) / (double)of;
        optim_step(&b->s, b->w, b->dw, step, lr * left,
                   optim_grad_norm(&b->s, b->dw));
    }
}

/* --- a quadratic ---------------------------------------------------------- */

static void test_optim__every_optimizer_finds_the_goal(void **state)
{
    for (int i = 0; optimizer_name(i); i++) {
        struct optim_options o = options_of(optimizer_name(i));
        struct bench b;
        double lr = strcmp(optimizer_name(i), "sgd") == 0 ? 0.02 : 0.1;
        open_bench(&b, &o, 1);
        b.s.gemm = *state;
        double before = loss(&b);
        steps(&b, 1, 400, 400, lr);
        if (!(loss(&b) < 1e-2 * before))
            fail_msg("%s: from %g to %g", optimizer_name(i), before, loss(&b));
        close_bench(&b);
    }
}

/* --- the same bits -------------------------------------------------------- */

static void assert_same(const struct bench *a, const struct bench *b,
                        const char *name)
{
    size_t bytes = (size_t)a->table.total * sizeof(real);
    if (memcmp(a->w, b->w, bytes))
        fail_msg("%s: other weights", name);
    if (a->s.trained)
        assert_memory_equal(a->s.trained, b->s.trained, bytes);
    for (idx i = 0; i < a->s.n_states; i++)
        if (memcmp(a->s.states[i].values, b->s.states[i].values,
                   (size_t)a->s.states[i].n * sizeof(real)))
            fail_msg("%s: other %s of %s", name, a->s.states[i].slot,
                     a->s.states[i].name);
}

/* A maker of products that counts them, and makes the library's. */
static int n_products;

#define COUNTED(form)                                                          \
    static void count_##form(real *c, idx ldc, const real *a, idx lda,         \
                             const real *b, idx ldb, idx M, idx N, idx K,      \
                             real alpha, real beta)                            \
    {                                                                          \
        n_products++;                                                          \
        gemm_##form(c, ldc, a, lda, b, ldb, M, N, K, alpha, beta);             \
    }
COUNTED(nt)
COUNTED(nn)
COUNTED(tn)
static const struct gemm counting = { count_nt, count_nn, count_tn };

/* An optimizer multiplies by whom it is told to. (That our own kernels lead it
 * to the goal is above; how near two steps are, rounding decides, which roots
 * and bases amplify.) */
static void test_optim__multiplies_by_whom_it_is_told_to(void **state)
{
    (void)state;
    static const char *const multiplying[] = { "muon", "orthoadam", "shampoo",
                                               "soap" };
    for (idx i = 0; i < COUNT_OF(multiplying); i++) {
        struct optim_options o = options_of(multiplying[i]);
        struct bench usual, counted;
        open_bench(&usual, &o, 1);
        open_bench(&counted, &o, 1);
        counted.s.gemm = &counting;
        n_products = 0;
        steps(&usual, 1, 3, 10, 0.1);
        assert_int_equal(n_products, 0);
        steps(&counted, 1, 3, 10, 0.1);
        assert_true(n_products > 0);
        assert_same(&usual, &counted, multiplying[i]);
        close_bench(&counted);
        close_bench(&usual);
    }
}

/* Everything that is saved, moved into a new one after each step. */
static void move(struct bench *to, const struct bench *from)
{
    memcpy(to->w, from->w, (size_t)from->table.total * sizeof(real));
    assert_int_equal(to->s.n_states, from->s.n_states);
    for (idx i = 0; i < from->s.n_states; i++)
        memcpy(to->s.states[i].values, from->s.states[i].values,
               (size_t)from->s.states[i].n * sizeof(real));
    optim_look(&to->s, to->w);
}

static void test_optim__goes_on_exactly_from_any_step(void **state)
{
    (void)state;
    enum { STEPS = 10 };
    for (int i = 0; optimizer_name(i); i++) {
        struct optim_options o = options_of(optimizer_name(i));
        struct bench whole, part;
        o.weight_decay = 0.1;
        o.clip = 1;
        open_bench(&whole, &o, 1);
        open_bench(&part, &o, 1);
        steps(&whole, 1, STEPS, STEPS, 0.1);
        for (idx step = 1; step <= STEPS; step++) {
            struct bench next;
            open_bench(&next, &o, 2);
            move(&next, &part);
            close_bench(&part);
            part = next;
            part.s.options = &o; /* the copy's own has gone */
            steps(&part, step, step, STEPS, 0.1);
        }
        assert_same(&whole, &part, optimizer_name(i));
        close_bench(&whole);
        close_bench(&part);
    }
}

static void test_optim__threads_change_no_bit_of_whole_tensors(void **state)
{
    (void)state;
    for (int i = 0; optimizer_name(i); i++) {
        struct optim_options o = options_of(optimizer_name(i));
        struct bench one;
        open_bench(&one, &o, 1);
        steps(&one, 1, 9, 9, 0.1);
        for (int threads = 2; threads <= 4; threads += 2) {
            struct bench many;
            open_bench(&many, &o, threads);
            steps(&many, 1, 9, 9, 0.1);
            assert_same(&one, &many, optimizer_name(i));
            close_bench(&many);
        }
        close_bench(&one);
    }
}

/* --- who treats what ------------------------------------------------------ */

static void test_optim__matrices_are_cut_and_the_rest_has_its_own(void **state)
{
    (void)state;
    struct optim_options o = options_of("muon");
    static const char *const names[] = { "qkv.q", "qkv.k", "qkv.v", "out",
                                         "bias",  "bias",  "token", "token",
                                         "mean",  "mean" };
    static const char *const slots[] = { "momentum", "momentum", "momentum",
                                         "momentum", "moment1",  "moment2",
                                         "moment1",  "moment2",  "moment1",
                                         "moment2" };
    struct bench b;
    open_bench(&b, &o, 1);
    assert_int_equal(b.s.n_states, COUNT_OF(names));
    for (idx i = 0; i < b.s.n_states; i++) {
        assert_string_equal(b.s.states[i].name, names[i]);
        assert_string_equal(b.s.states[i].slot, slots[i]);
    }
    assert_int_equal(b.s.units[1].tensor.rows, 4);
    assert_int_equal(b.s.units[1].tensor.cols, 8);
    assert_int_equal(b.s.units[1].tensor.offset, 64);
    close_bench(&b);
}

/* The rest steps as it does alone. */
static void test_optim__the_rest_is_what_it_is_alone(void **state)
{
    (void)state;
    for (int i = 0; optimizer_rest_name(i); i++) {
        struct optim_options o = options_of("muon"), alone;
        struct bench a, b;
        o.rest = i;
        alone = options_of(optimizer_rest_name(i));
        open_bench(&a, &o, 1);
        open_bench(&b, &alone, 1);
        steps(&a, 1, 3, 3, 0.1);
        steps(&b, 1, 3, 3, 0.1);
        for (idx k = 2; k < 4; k++) {
            const struct param *p = &a.table.rows[k];
            assert_memory_equal(a.w + p->offset, b.w + p->offset,
                                (size_t)p->n * sizeof(real));
        }
        assert_true(a.w[0] != b.w[0]);
        close_bench(&a);
        close_bench(&b);
    }
}

static void test_matrix_scale__is_of_the_shape(void **state)
{
    (void)state;
    struct tensor tall = { .rows = 64, .cols = 16 },
                  wide = { .rows = 16, .cols = 64 };
    assert_close(matrix_scale(SCALE_SHAPE, &tall), 2, 1e-15);
    assert_close(matrix_scale(SCALE_SHAPE, &wide), 1, 1e-15);
    assert_close(matrix_scale(SCALE_RMS, &tall), 1.6, 1e-15);
    assert_close(matrix_scale(SCALE_RMS, &wide), 1.6, 1e-15);
    assert_close(matrix_scale(SCALE_RATIO, &tall), 2, 1e-15);
    assert_close(matrix_scale(SCALE_RATIO, &wide), 0.5, 1e-15);
    assert_close(matrix_scale(SCALE_NONE, &tall), 1, 1e-15);
}

/* --- grams ---------------------------------------------------------------- */

/* Sizes about the blocks of rows; what is there counts by beta. */
static void test_gram__is_the_product_with_itself(void **state)
{
    enum { N = 130 };
    static real x[N * N], c[N * N];
    static const idx sizes[] = { 1, 63, 64, 65, 130 };
    fill(x, N * N, 4);
    for (idx s = 0; s < COUNT_OF(sizes); s++)
        for (int by_columns = 0; by_columns < 2; by_columns++) {
            idx n = sizes[s], k = 17, R = by_columns ? k : n,
                K = by_columns ? n : k;
            for (idx i = 0; i < n * n; i++)
                c[i] = 2;
            (by_columns ? gram_columns : gram_rows)(*state, c, x, R, K, 3,
                                                    (real)0.5);
            for (idx i = 0; i < n; i++)
                for (idx j = 0; j < n; j++) {
                    double sum = 0;
                    for (idx l = 0; l < k; l++)
                        sum +=
                            by_columns
                                ? (double)x[l * K + i] * (double)x[l * K + j]
                                : (double)x[i * K + l] * (double)x[j * K + l];
                    assert_near((double)c[i * n + j], 3 * sum + 1, 1e-5, 50);
                    assert_true(c[i * n + j] == c[j * n + i]);
                }
        }
}

/* --- bases ---------------------------------------------------------------- */

static void assert_orthonormal(const real *q, idx n)
{
    for (idx i = 0; i < n; i++)
        for (idx j = 0; j <= i; j++) {
            double sum = 0;
            for (idx k = 0; k < n; k++)
                sum += (double)q[i * n + k] * (double)q[j * n + k];
            assert_near(sum, i == j, 3e-6, 1);
        }
}

static void test_rotation__is_orthonormal_and_the_same_again(void **state)
{
    (void)state;
    static real q[65 * 65], again[65 * 65];
    for (idx n = 1; n <= 65; n += 16) {
        rotation_fill(q, n);
        rotation_fill(again, n);
        assert_orthonormal(q, n);
        assert_memory_equal(q, again, (size_t)(n * n) * sizeof *q);
    }
}

/* A matrix of rank 3, of size 70: the rest is basis all the same. */
static void test_basis__is_orthonormal_whatever_the_rank(void **state)
{
    enum { N = 70 };
    static real a[N * N], q[N * N], x[3 * N];
    static int32_t order[N];
    real *room = calloc((size_t)basis_room(N), sizeof *room);
    for (int rank = 0; rank <= 3; rank += 3) {
        fill(x, 3 * N, 9);
        for (idx i = 0; i < N; i++)
            for (idx j = 0; j < N; j++) {
                a[i * N + j] = 0;
                for (int k = 0; k < rank; k++)
                    a[i * N + j] += x[k * N + i] * x[k * N + j];
            }
        basis_start(*state, q, a, N, room);
        assert_orthonormal(q, N);
        basis_refine(*state, q, order, a, N, room);
        assert_orthonormal(q, N);
    }
    free(room);
}

/* Refined often it has the eigenvectors, in falling order. */
static void test_basis__comes_to_the_eigenvectors(void **state)
{
    enum { N = 12 };
    static real v[N * N], a[N * N], q[N * N];
    static int32_t order[N];
    real *room = calloc((size_t)basis_room(N), sizeof *room);
    rotation_fill(v, N);
    for (idx i = 0; i < N; i++)
        for (idx j = 0; j < N; j++)
            for (idx k = 0; k < N; k++)
                a[i * N + j] +=
                    (real)pow(0.5, (double)k) * v[k * N + i] * v[k * N + j];
    basis_start(*state, q, a, N, room);
    for (int i = 0; i < 30; i++)
        basis_refine(*state, q, order, a, N, room);
    for (idx k = 0; k < N; k++) {
        double sum = 0;
        for (idx i = 0; i < N; i++)
            sum += (double)q[k * N + i] * (double)v[k * N + i];
        assert_near(fabs(sum), 1, 1e-5, 1);
        assert_int_equal(order[k], k);
    }
    free(room);
}

/* --- schedule-free -------------------------------------------------------- */

/* What is kept is the mean of what is stepped to, by squares of the rate; the
 * gradient is taken between the two. */
static void test_schedule_free__weights_are_the_weighted_mean(void **state)
{
    (void)state;
    struct optim_options o = options_of("schedule-free");
    struct bench b;
    double z, x, sum = 0;
    open_bench(&b, &o, 1);
    z = x = (double)b.w[0];
    for (idx step = 1; step <= 6; step++) {
        double lr = 0.1 * (double)step, y = (1 - o.beta1) * z + o.beta1 * x;
        assert_near((double)optim_trained(&b.s, b.w)[0], y, 1e-6, 1);
        b.dw[0] = (real)1; /* the same each time: steps of lr */
        optim_step(&b.s, b.w, b.dw, step, lr, 0);
        z -= lr;
        sum += lr * lr;
        x += lr * lr / sum * (z - x);
        assert_near((double)b.w[0], x, 1e-6, 1);
    }
    close_bench(&b);
}

/* A sum of 100,000 squares, in which the last one still counts in full. */
static void test_schedule_free__long_runs_lose_no_weight(void **state)
{
    (void)state;
    enum { LONG = 100000 };
    struct optim_options o = options_of("schedule-free");
    struct param_table t = { 0 };
    struct arena measure = { 0 }, arena = { 0 };
    struct optim s;
    struct err e = { 0 };
    real w[16] = { 0 }, dw[16] = { 0 };
    param_declare(&t, PARAM_BIAS, 1, 1, (idx[]){ 1 }, "b");
    optim_plan(&s, &measure, &o, &t, 1);
    assert_int_equal(arena_open(&arena, measure.used_bytes, &e), OK);
    optim_plan(&s, &arena, &o, &t, 1);
    for (idx step = 1; step <= LONG; step++)
        optim_step(&s, w, dw, step, 0.1, 0);
    const struct optim_state *average = &s.states[s.n_states - 1];
    assert_string_equal(average->slot, "average");
    assert_close((double)average->values[3] * LONG, 1, 1e-6); /* the share */
    arena_release(&arena);
    param_table_release(&t);
}

static int start(void **state)
{
    struct err e = { 0 };
    (void)state;
    return gemm_start(4, "threads", &e);
}

#define BY(test, maker)                                                        \
    {                                                                          \
        .name = #test ", " #maker, .test_func = test,                          \
        .initial_state = (void *)(uintptr_t)&maker                             \
    }
#define BY_BOTH(test) BY(test, gemm_openblas), BY(test, gemm_own)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BY_BOTH(test_optim__every_optimizer_finds_the_goal),
        cmocka_unit_test(test_optim__goes_on_exactly_from_any_step),
        cmocka_unit_test(test_optim__multiplies_by_whom_it_is_told_to),
        cmocka_unit_test(test_optim__threads_change_no_bit_of_whole_tensors),
        cmocka_unit_test(test_optim__matrices_are_cut_and_the_rest_has_its_own),
        cmocka_unit_test(test_optim__the_rest_is_what_it_is_alone),
        cmocka_unit_test(test_matrix_scale__is_of_the_shape),
        BY_BOTH(test_gram__is_the_product_with_itself),
        cmocka_unit_test(test_rotation__is_orthonormal_and_the_same_again),
        BY_BOTH(test_basis__is_orthonormal_whatever_the_rank),
        BY_BOTH(test_basis__comes_to_the_eigenvectors),
        cmocka_unit_test(test_schedule_free__weights_are_the_weighted_mean),
        cmocka_unit_test(test_schedule_free__long_runs_lose_no_weight),
    };
    return cmocka_run_group_tests_name("optim_whole", tests, start, NULL);
}
