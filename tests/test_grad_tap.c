/* Gradients that taps tell of, against differences of the loss under an edit
 * of the same tap: reading and writing, each by the other. */
#include "gradcheck.h"
#include "harness.h"
#include "tiny.h"

#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "nn/norms.h"

enum { L = 2, H = 4, D = 2, C = H * D, B = 2, T = 7, V = 5, ROW_MAX = C };

/* What is added at one tap of one layer and view, and its gradient as told. */
struct nudge {
    struct tiny t;
    struct tap_edit edit;
    enum tap gradient;
    real add[B][T][ROW_MAX], told[B][T][ROW_MAX];
};

static void add(void *context, const struct tap_slice *s)
{
    const struct nudge *n = context;
    for (idx t = 0; t < T; t++)
        for (idx i = 0; i < s->n; i++)
            s->x[(t - s->first) * s->ld + i] += n->add[s->sequence][t][i];
}

static double edited_loss(void *context)
{
    struct nudge *n = context;
    const struct edits edits = { &n->edit, 1 };
    return model_forward_loss(&n->t.m, n->t.w, &n->t.x, &n->t.batch, &edits)
        .cross_entropy;
}

static void keep(struct nudge *n, idx sequence, const real *x, idx width,
                 idx ld)
{
    for (idx t = 0; t < T; t++)
        memcpy(n->told[sequence][t], x + t * ld, (size_t)width * sizeof(real));
}

static void see_rows(void *context, const struct tap_rows *r)
{
    struct nudge *n = context;
    if (r->layer == n->edit.layer)
        keep(n, r->sequence, r->x, r->n, r->n);
}

static void see_head(void *context, const struct head_view *v)
{
    struct nudge *n = context;
    const real *const of[] = { v->dq, v->dk, v->dv };
    /* shared by all that are edited: told by any of them */
    if (v->layer != n->edit.layer ||
        (n->edit.head >= 0 && v->head != n->edit.head))
        return;
    keep(n, v->sequence, of[n->gradient - TAP_D_Q],
         n->gradient == TAP_D_V ? v->E : v->D, v->ld_dqkv);
}

static void check(struct nudge *n, enum tap tap, enum tap gradient, idx layer,
                  idx head)
{
    struct observer observer = { TAP_BIT(gradient), see_head, see_rows, n };
    n->edit = (struct tap_edit){ tap, layer, head, add, n };
    n->gradient = gradient;
    memset(n->add, 0, sizeof n->add);
    memset(n->told, 0, sizeof n->told);
    double loss = model_observe_gradients(&n->t.m, n->t.w, n->t.dw, &n->t.x,
                                          &n->t.batch, &observer)
                      .cross_entropy;
    assert_true(edited_loss(n) == loss);
    check_gradient(tap_texts[gradient].text.name, edited_loss, n,
                   &n->add[0][0][0], &n->told[0][0][0], B * T * ROW_MAX, 1e-6,
                   1e-3);
}

static void open_nudged(struct nudge *n, const char *preset, int place,
                        struct attention_options a)
{
    struct model_options o = tiny_options(preset, L, C, H, T);
    o.norm_place = place;
    o.ffn_width = 5;
    tiny_open(&n->t, &o, &a, B, V, 1, 20);
    for (idx i = 0; i < B * T; i += 3) /* not all count alike */
        n->t.batch.weights[i] = (real)0.5;
}

static void test_gradients__of_the_stream_match_differences(void **state)
{
    (void)state;
    struct nudge *n = malloc(sizeof *n);
    assert_non_null(n);
    for (int place = 0; norm_place_name(place); place++)
        for (idx registers = 0; registers <= 2; registers += 2) {
            open_nudged(n, registers ? "gpt2" : "llama", place,
                        ATTENTION(.registers = registers));
            for (idx depth = 0; depth <= L; depth++)
                check(n, TAP_RESIDUAL, TAP_D_RESIDUAL, depth, -1);
            tiny_close(&n->t);
        }
    free(n);
}

static void check_heads(struct nudge *n, const char *preset,
                        struct attention_options a, idx edited)
{
    static const enum tap taps[] = { TAP_Q, TAP_K, TAP_V };
    open_nudged(n, preset, PLACE_PRE, a);
    for (idx l = 0; l < L; l++)
        for (int i = 0; i < 3; i++)
            check(n, taps[i], TAP_D_Q + i, l, i || edited >= 0 ? edited : 1);
    tiny_close(&n->t);
}

static void test_gradients__of_heads_match_differences(void **state)
{
    (void)state;
    struct nudge *n = malloc(sizeof *n);
    assert_non_null(n);
    for (int map = 0; weight_map_name(map); map++)
        check_heads(n, map % 2 ? "gpt2" : "llama", ATTENTION(.weights = map),
                    map % H);
    check_heads(n, "gpt2", ATTENTION(.bias = BIAS_KEY, .registers = 2), 3);
    check_heads(n, "llama", ATTENTION(.operation = OPERATION_FLOW), 2);
    /* one key and value for all heads, changed in all of them */
    check_heads(n, "llama", ATTENTION(.kv_heads = 1), -1);
    free(n);
}

static int start(void **state)
{
    (void)state;
    return gemm_start(4, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients__of_the_stream_match_differences),
        cmocka_unit_test(test_gradients__of_heads_match_differences),
    };
    return cmocka_run_group_tests_name("grad_tap", tests, start, NULL);
}
