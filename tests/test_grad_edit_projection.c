/* Two edits with a projection each: the forget gate, and one that only this
 * test has. Each reads its own tensor and gets its own gradient. The Makefile
 * links this test with --wrap=score_edits_of. */
#include "gradcheck.h"
#include "harness.h"
#include "kern/gemm.h"
#include "nn/attention/edits/score_shared.h"
#include "tiny.h"

#include <string.h>

#include "base/rng.h"

/* --- s_tj += z_j ---------------------------------------------------------- */

static bool is_on(const struct model_spec *s)
{
    (void)s;
    return true;
}

static idx n_scratch(idx T, idx D)
{
    (void)D;
    return T;
}

static void open(const struct edit_head *h)
{
    if (h->dprojected)
        edit_clear(h->scratch, h->T);
}

static void forward(real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    for (idx i = 0; i < row->n; i++)
        s[i] += h->projected[(row->first + i) * h->ld_projected];
}

static void backward(real *ds, const real *s, const struct edit_row *row,
                     const struct edit_head *h)
{
    (void)s;
    for (idx i = 0; i < row->n; i++)
        h->scratch[row->first + i] += ds[i];
}

static void close(const struct edit_head *h)
{
    for (idx t = 0; t < h->T; t++)
        h->dprojected[t * h->ld_projected] = h->scratch[t];
}

static const struct score_edit score_of_key = {
    .text = { .name = "of_key" },
    .projection = { .name = "of_key" },
    .is_on = is_on,
    .n_scratch = n_scratch,
    .open = open,
    .forward = forward,
    .backward = backward,
    .close = close,
};

idx __real_score_edits_of(const struct score_edit *on[SCORE_EDITS_MAX],
                          const struct model_spec *s);
idx __wrap_score_edits_of(const struct score_edit *on[SCORE_EDITS_MAX],
                          const struct model_spec *s);

idx __wrap_score_edits_of(const struct score_edit *on[SCORE_EDITS_MAX],
                          const struct model_spec *s)
{
    idx n = __real_score_edits_of(on, s);
    on[n] = &score_of_key;
    return n + 1;
}

/* --- in a model ----------------------------------------------------------- */

enum { B = 2, T = 6, V = 7 };

static double model_value(void *context)
{
    struct tiny *t = context;
    return model_forward_objective(&t->m, t->w, &t->x, &t->batch, 0).objective;
}

static const struct param *row_of(const struct tiny *t, const char *name)
{
    for (idx i = 0; i < t->m.table.count; i++)
        if (strcmp(t->m.table.rows[i].name, name) == 0)
            return &t->m.table.rows[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void test_edit__each_has_its_own_projection(void **state)
{
    (void)state;
    struct tiny t;
    struct model_options o = tiny_options("gpt2", 2, 8, 2, T);
    struct attention_options a = ATTENTION(.forget = FORGET_INPUT);
    struct rng r = rng_open(3, RNG_TEST, 0, 0);
    tiny_open(&t, &o, &a, B, V, 1, 1);
    for (idx i = 0; i < t.m.table.total; i++)
        t.w[i] += (real)(0.4 * rng_normal(&r));
    const struct param *gate = row_of(&t, "block.1.attention.forget.bias"),
                       *own = row_of(&t, "block.1.attention.of_key.weight");
    assert_ptr_equal(gate + 1, own); /* in the order of the edits */
    tiny_backward(&t, 1);
    for (idx i = 0; i < t.m.table.count; i++) {
        const struct param *p = &t.m.table.rows[i];
        check_gradient(p->name, model_value, &t, t.w + p->offset,
                       t.dw + p->offset, p->n, 1e-6, 1e-3);
    }
    tiny_close(&t);
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edit__each_has_its_own_projection),
    };
    return cmocka_run_group_tests_name("grad_edit_projection", tests, start,
                                       NULL);
}
