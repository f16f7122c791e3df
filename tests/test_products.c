/* Products with weights made by either library and in either precision: the
 * same gradients, up to rounding; the same bits for any number of threads; what
 * was rounded or packed is that of this pass. What needs oneDNN is left out
 * where there is none. */
#include "kern/products.h"
#include "harness.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm_own.h"
#include "kern/onednn.h"

static bool has_onednn, has_native;

/* Last columns of a task and of a block of packed weights that are not full;
 * tiles of one row and of all sizes; gated, with two projections; a part of
 * whole tiles for each of three threads (pass_parts.c). */
static const struct shape {
    const char *preset;
    idx L, C, H, B, T, V;
} shapes[] = {
    { "gpt2", 2, 64, 4, 9, 70, 300 }, { "llama", 2, 48, 3, 5, 70, 51 },
    { "gpt2", 1, 8, 1, 1, 3, 5 },     { "llama", 1, 136, 2, 1, 257, 130 },
    { "gpt2", 2, 48, 3, 11, 64, 50 },
};

#define NATIVE(kernel)                                                         \
    {                                                                          \
        .rounds = true, .is_onednn = true, .is_native = true,                  \
        .pairs = &(kernel)                                                     \
    }
static const struct product_way ways[] = {
    { .is_onednn = false },
    { .is_onednn = true },
    { .is_own = true },
    { .rounds = true },
    { .rounds = true, .is_own = true },
    { .rounds = true, .is_onednn = true },
    { .rounds = true, .is_onednn = true, .is_native = true },
    NATIVE(pairs_plain),
    NATIVE(pairs_vectors),
    NATIVE(pairs_tiles),
};
enum { SOFT = 3, FIRST_NATIVE = 6 };

static bool is_here(struct product_way w)
{
    return (!w.is_onednn || has_onednn) && (!w.is_native || has_native) &&
           (!w.pairs || w.pairs->is_here());
}

/* Two maps that ask for numbers of their own: projections. */
static struct model_spec spec_of(const struct shape *s)
{
    return (struct model_spec){
        .model = tiny_options(s->preset, s->L, s->C, s->H, s->T),
        .attention = ATTENTION(.gate = GATE_INPUT, .value_gate = true),
    };
}

static void open_way(struct tiny *t, const struct shape *s, int threads,
                     struct product_way way, bool is_training)
{
    struct model_spec spec = spec_of(s);
    tiny_open_way(t, &spec, s->B, s->V, threads, 3, way, is_training, 0);
}

static size_t bytes_of(const struct tiny *t)
{
    return (size_t)t->m.table.total * sizeof *t->dw;
}

static void test_products__threads_change_no_bit(void **state)
{
    (void)state;
    for (idx i = 0; i < COUNT_OF(shapes); i++)
        for (idx k = 0; k < COUNT_OF(ways); k++) {
            struct tiny one, t;
            if (!is_here(ways[k]))
                continue;
            open_way(&one, &shapes[i], 1, ways[k], true);
            open_way(&t, &shapes[i], 3, ways[k], true);
            double loss = tiny_backward(&one, 1);
            assert_true(tiny_backward(&t, 1) == loss);
            assert_memory_equal(t.dw, one.dw, bytes_of(&t));
            tiny_close(&t);
            tiny_close(&one);
        }
}

/* Nothing that another pass left behind matters, whatever its weights were and
 * of however many sequences it was. */
static void test_products__passes_leave_nothing_behind(void **state)
{
    (void)state;
    for (idx k = 0; k < COUNT_OF(ways); k++) {
        struct tiny t, fresh;
        if (!is_here(ways[k]))
            continue;
        open_way(&t, &shapes[0], 2, ways[k], true);
        open_way(&fresh, &shapes[0], 2, ways[k], true);
        for (idx i = 0; i < t.m.table.total; i++)
            t.w[i] *= 2;
        tiny_backward(&t, 1);
        for (idx B = 1; B <= 3; B++)
            tiny_loss(&t, B);
        memset(t.dw, 0, bytes_of(&t));
        memcpy(t.w, fresh.w, bytes_of(&t));
        assert_true(tiny_backward(&t, 1) == tiny_backward(&fresh, 1));
        assert_memory_equal(t.dw, fresh.dw, bytes_of(&t));
        tiny_close(&t);
        tiny_close(&fresh);
    }
}

/* Where no gradients are taken all matrices share the room of one operand. */
static void test_products__losses_alone_are_the_same(void **state)
{
    (void)state;
    for (idx k = 0; k < COUNT_OF(ways); k++) {
        struct tiny t, losses;
        if (!is_here(ways[k]))
            continue;
        open_way(&t, &shapes[1], 2, ways[k], true);
        open_way(&losses, &shapes[1], 2, ways[k], false);
        for (idx B = 1; B <= shapes[1].B; B++)
            assert_true(tiny_loss(&losses, B) == tiny_loss(&t, B));
        tiny_close(&t);
        tiny_close(&losses);
    }
}

/* Rows that only matrices read are kept rounded alone, where no tap can show
 * them; that is memory, and no bit. */
static void test_products__rows_kept_rounded_change_no_bit(void **state)
{
    (void)state;
    for (idx i = 0; i < 2 * COUNT_OF(ways); i++) {
        struct tiny t, tapped;
        struct product_way way = ways[i / 2];
        struct model_spec spec = spec_of(&shapes[1]);
        bool is_gated = i % 2; /* the gate reads what heads gave, in backward */
        if (!is_here(way))
            continue;
        if (!is_gated)
            spec.attention = ATTENTION(.value_gate = true);
        tiny_open_way(&t, &spec, shapes[1].B, shapes[1].V, 2, 3, way, true, 0);
        tiny_open_way(&tapped, &spec, shapes[1].B, shapes[1].V, 2, 3, way, true,
                      TINY_TAPS);
        assert_true(tiny_backward(&t, 1) == tiny_backward(&tapped, 1));
        assert_memory_equal(t.dw, tapped.dw, bytes_of(&t));
        const struct block_acts *b = t.x.blocks, *told = tapped.x.blocks;
        assert_int_equal(way.rounds, !b[0].y);
        assert_int_equal(way.rounds, !t.x.final);
        assert_int_equal(way.rounds && !is_gated, b[0].mixed == b[1].mixed);
        assert_non_null(told[0].y);
        assert_non_null(tapped.x.final);
        assert_ptr_not_equal(told[0].mixed, told[1].mixed);
        tiny_close(&t);
        tiny_close(&tapped);
    }
}

/* |a - b| of all gradients, as a part of |b|. */
static double distance(const struct tiny *a, const struct tiny *b)
{
    double off = 0, all = 0;
    for (idx i = 0; i < b->m.table.total; i++) {
        off += pow((double)a->dw[i] - (double)b->dw[i], 2);
        all += pow((double)b->dw[i], 2);
    }
    return sqrt(off / all);
}

/* A rounded number is off by at most u = 2^-8 of itself, so a product of two is
 * by 2u of the product of their norms, and float32's own rounding is nothing
 * beside that. The errors of different products are as good as independent:
 * they add in squares. A gradient's longest path leads through four matrices
 * and two products of attention a block, and the head, forth and back, and the
 * sum of the gradient itself: n = 2 (6 L + 1) + 1 products. Norms, softmax and
 * activations between them have derivatives of about one in what they pass on.
 * So
 *
 *     |g(bfloat16) - g(float32)| <= 2u sqrt(n) |g|.
 *
 * The root of the mean square of an error is 0.41 u, not u, so about 0.3 of the
 * bound is to be expected; less than a tenth of u would be no rounding. */
static double bound_of(const struct shape *s)
{
    return 2 / 256.0 * sqrt((double)(2 * (6 * s->L + 1) + 1));
}

/* Sums of K numbers in another order: at most K e apart, e = 2^-24, of what is
 * added up, if all errors agree. */
static double order_bound_of(const struct shape *s)
{
    double longest = (double)(s->B * s->T + 4 * s->C + s->V);
    return longest * ldexp(1, sizeof(real) == sizeof(float) ? -24 : -53);
}

static void test_products__gradients_agree_up_to_rounding(void **state)
{
    (void)state;
    for (idx i = 0; i < COUNT_OF(shapes); i++) {
        struct tiny plain;
        open_way(&plain, &shapes[i], 2, ways[0], true);
        double loss = tiny_backward(&plain, 1), bound = bound_of(&shapes[i]);
        for (idx k = 1; k < COUNT_OF(ways); k++) {
            struct tiny t;
            if (!is_here(ways[k]))
                continue;
            open_way(&t, &shapes[i], 2, ways[k], true);
            double off = fabs(tiny_backward(&t, 1) - loss) / loss;
            double far = distance(&t, &plain);
            if (getenv("SHOW"))
                printf("shape %td way %td: loss %.2e gradient %.2e of %.2e\n",
                       i, k, off, far,
                       ways[k].rounds ? bound : order_bound_of(&shapes[i]));
            if (ways[k].rounds)
                assert_true(off < bound && far < bound && far > 0.1 / 256);
            else
                assert_true(far < order_bound_of(&shapes[i]));
            tiny_close(&t);
        }
        tiny_close(&plain);
    }
}

/* The instructions' products and those of rounded float32: both are near the
 * same sums, so nearer to each other than to what was not rounded. */
static void test_products__software_rounds_as_the_processor_does(void **state)
{
    (void)state;
    for (idx i = 0; i < COUNT_OF(shapes); i++) {
        struct tiny plain, soft;
        open_way(&plain, &shapes[i], 2, ways[0], true);
        open_way(&soft, &shapes[i], 2, ways[SOFT], true);
        tiny_backward(&plain, 1);
        tiny_backward(&soft, 1);
        for (idx k = FIRST_NATIVE; k < COUNT_OF(ways); k++) {
            struct tiny native;
            if (!is_here(ways[k]))
                continue;
            open_way(&native, &shapes[i], 2, ways[k], true);
            tiny_backward(&native, 1);
            if (getenv("SHOW"))
                printf("shape %td way %td: %.2e of %.2e\n", i, k,
                       distance(&native, &soft), distance(&native, &plain));
            assert_true(distance(&native, &soft) <
                        distance(&native, &plain) / 2);
            tiny_close(&native);
        }
        tiny_close(&plain);
        tiny_close(&soft);
    }
}

static void test_products__what_is_asked_for_decides(void **state)
{
    (void)state;
    struct product_way w = products_way(PRODUCTS_OPENBLAS, PRECISION_FLOAT32);
    assert_false(w.is_onednn || w.rounds || w.is_native || w.pairs);
    assert_string_equal(product_library(w), "OpenBLAS");
    assert_string_equal(product_precision(w), "float32");
    w = products_way(PRODUCTS_OPENBLAS, PRECISION_BFLOAT16);
    assert_true(!w.is_onednn && w.rounds && !w.is_native && !w.pairs);
    w = products_way(PRODUCTS_OWN, PRECISION_BFLOAT16);
    assert_true(w.is_own && !w.is_onednn && w.rounds && !w.is_native);
    assert_ptr_equal(products_gemm(w), &gemm_own);
    assert_string_equal(product_precision(w), "bfloat16, rounded in software");
    w = products_way(PRODUCTS_ONEDNN, PRECISION_BFLOAT16);
    assert_int_equal(w.is_onednn, has_onednn);
    assert_int_equal(w.is_native, has_native);
    assert_true(!w.pairs || (has_native && w.pairs->is_here()));
    w = products_way(PRODUCTS_AUTO, PRECISION_FLOAT32);
    assert_int_equal(w.is_onednn,
                     has_onednn && onednn_vectors() >= ONEDNN_AVX512);
    struct err e = { 0 };
    assert_int_equal(products_start(PRODUCTS_AUTO, &e), OK);
    assert_int_equal(products_start(PRODUCTS_ONEDNN, &e),
                     has_onednn ? OK : ERR_TOOL);
    assert_true(has_onednn || strstr(e.text, "train.products = openblas"));
}

/* Rows that overlap: no library multiplies into them, the second time neither,
 * and what is made afterwards works. */
static void test_products__what_cannot_be_made_is_not_there(void **state)
{
    struct onednn_shape shape = { .M = 2, .N = 8, .K = 4, .lda = 4, .ldb = 8 };
    const struct onednn_product *p = NULL;
    struct err e = { 0 };
    (void)state;
    if (!has_onednn)
        return;
    void *scratch = calloc(1, ONEDNN_SCRATCH_BYTES);
    struct onednn_set *s = onednn_open(1, scratch);
    assert_non_null(s);
    shape.ldc = 1;
    for (int i = 0; i < 2; i++)
        assert_int_equal(onednn_product(&p, s, &shape, NULL, ERR_IGNORED),
                         ERR_TOOL);
    shape.ldc = 8;
    assert_int_equal(onednn_product(&p, s, &shape, NULL, &e), OK);
    real a[8] = { 1 }, b[32] = { 3 }, c[16];
    onednn_run(p, 0, c, a, b, NULL);
    assert_true(c[0] == 3);
    onednn_close(s);
    free(scratch);
}

static int start(void **state)
{
    struct err e = { 0 };
    (void)state;
    has_onednn = onednn_load(&e) == OK;
    has_native = has_onednn && onednn_vectors() >= ONEDNN_BFLOAT16;
    return gemm_start(3, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products__threads_change_no_bit),
        cmocka_unit_test(test_products__passes_leave_nothing_behind),
        cmocka_unit_test(test_products__losses_alone_are_the_same),
        cmocka_unit_test(test_products__rows_kept_rounded_change_no_bit),
        cmocka_unit_test(test_products__gradients_agree_up_to_rounding),
        cmocka_unit_test(test_products__software_rounds_as_the_processor_does),
        cmocka_unit_test(test_products__what_is_asked_for_decides),
        cmocka_unit_test(test_products__what_cannot_be_made_is_not_there),
    };
    return cmocka_run_group_tests_name("products", tests, start, NULL);
}
