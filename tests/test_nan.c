/* What depends on a number is NaN if that number is: activations, norms, score
 * edits and whole models, forward and backward. What depends on it is found by
 * moving it. Weight maps: test_weights.c; metrics: test_meter.c. */
#include "combine.h"
#include "edit_cases.h"
#include "gradcheck.h"
#include "harness.h"
#include "stage_cases.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "nn/ffns.h"
#include "kern/gemm.h"
#include "nn/norms.h"

enum { OUT_MAX = 512, MOVES = 2 };
static const double moves[MOVES] = { 0.9, -1.1 };

/* A function of the numbers at `in`, which writes all of `out` anew. */
struct probe {
    const char *what;
    void (*run)(void *context);
    void *context;
    real *in;
    idx n_in;
    const real *out;
    idx n_out;
};

static void see(const struct probe *p, idx i, const real *base, const real *bad)
{
    real kept = p->in[i];
    for (int k = 0; k < MOVES; k++) {
        p->in[i] = kept + (real)moves[k];
        p->run(p->context);
        for (idx j = 0; j < p->n_out; j++)
            if (p->out[j] != base[j] && !isnan(bad[j]))
                fail_msg("%s: NaN in number %td is lost in number %td: %g",
                         p->what, i, j, (double)bad[j]);
    }
    p->in[i] = kept;
}

static void check(const struct probe *p)
{
    real base[OUT_MAX], bad[OUT_MAX];
    size_t bytes = (size_t)p->n_out * sizeof *base;
    assert_true(p->n_out <= OUT_MAX);
    p->run(p->context);
    memcpy(base, p->out, bytes);
    for (idx i = 0; i < p->n_in; i++) {
        real kept = p->in[i];
        p->in[i] = (real)NAN;
        p->run(p->context);
        memcpy(bad, p->out, bytes);
        p->in[i] = kept;
        see(p, i, base, bad);
    }
}

static void expect_all_nan(const char *what, const real *x, idx n)
{
    for (idx i = 0; i < n; i++)
        if (!isnan(x[i]))
            fail_msg("%s: NaN is lost on its way back in number %td: %g", what,
                     i, (double)x[i]);
}

static void fill_nan(real *x, idx n)
{
    for (idx i = 0; i < n; i++)
        x[i] = (real)NAN;
}

/* --- activations ---------------------------------------------------------- */

enum { R = 2, F = 9 };

struct activated {
    const struct activation *f;
    real u[R * 2 * F], y[R * F], dy[R * F], du[R * 2 * F];
};

static void activate(void *context)
{
    struct activated *a = context;
    a->f->forward(a->y, a->u, R, F);
    a->f->backward(a->du, a->u, a->dy, R, F);
}

static void test_activations__pass_nan_on(void **state)
{
    (void)state;
    for (int i = 0; ffn_name(i); i++) {
        struct activated a = { .f = ffns[i].kernel };
        const char *name = ffn_name(i);
        idx n = a.f->is_gated ? R * 2 * F : R * F;
        fill_normal(a.u, n, 1, 1);
        fill_normal(a.dy, R * F, 1, 2);
        check(&(struct probe){ name, activate, &a, a.u, n, a.y, R * F });
        check(&(struct probe){ name, activate, &a, a.dy, R * F, a.du, n });
        fill_nan(a.u, n);
        fill_nan(a.dy, R * F);
        activate(&a);
        expect_all_nan(name, a.du, n);
    }
}

/* --- norms ---------------------------------------------------------------- */

enum { C = 9 };

struct normed {
    const struct norm *f;
    real x[R * C], gain[C + 1], shift[C], y[R * C], stats[2 * R], dy[R * C];
    real grads[R * C + C + 1 + C]; /* dx, dgain, dshift */
};

static void norm_rows(void *context)
{
    struct normed *a = context;
    const real *shift = a->f->has_shift ? a->shift : NULL;
    memset(a->grads, 0, sizeof a->grads);
    a->f->forward(a->y, a->stats, a->x, a->gain, shift, NORM_EPS, R, C);
    a->f->backward(a->grads, a->grads + R * C,
                   shift ? a->grads + R * C + C + 1 : NULL, a->dy, a->x,
                   a->stats, a->gain, R, C);
}

static void test_norms__pass_nan_on(void **state)
{
    (void)state;
    for (int i = 0; norm_name(i); i++) {
        struct normed a = { .f = norms[i].kernel };
        const char *name = norm_name(i);
        idx n = R * C, n_gain = norm_gain_numbers(a.f, C);
        idx n_grads = COUNT_OF(a.grads);
        fill_normal(a.x, n, 1, 1);
        fill_normal(a.gain, C + 1, 1, 2);
        fill_normal(a.shift, C, 1, 3);
        fill_normal(a.dy, n, 1, 4);
        check(&(struct probe){ name, norm_rows, &a, a.x, n, a.y, n });
        check(&(struct probe){ name, norm_rows, &a, a.gain, n_gain, a.y, n });
        check(&(struct probe){ name, norm_rows, &a, a.shift, C, a.y, n });
        check(&(struct probe){ name, norm_rows, &a, a.x, n, a.grads, n_grads });
        check(
            &(struct probe){ name, norm_rows, &a, a.dy, n, a.grads, n_grads });
        check(&(struct probe){ name, norm_rows, &a, a.gain, n_gain, a.grads,
                               n_grads });
    }
}

/* --- score edits ---------------------------------------------------------- */

enum { T = 12, D = 3, QUERY = 9, KEYS = QUERY + 1 };

/* One query's row: scores in, edited scores and gradients out. */
struct edited {
    struct edit_case c;
    real before[KEYS], g[KEYS];
    real s[KEYS];
    real ds[KEYS]; /* then what was learned, and the sides */
    real *dlearned, *dside, *dq;
    idx n_learned;
};

static void edit_row(void *context)
{
    struct edited *x = context;
    struct edit_row row = { QUERY, 0, KEYS };
    struct edit_head h = x->c.h;
    memcpy(x->s, x->before, sizeof x->s);
    memcpy(x->ds, x->g, sizeof x->ds);
    if (x->c.edit->open)
        x->c.edit->open(&h);
    x->c.edit->forward(x->s, &row, &h);
    memset(x->dlearned, 0, (size_t)(x->n_learned + 1) * sizeof *x->dlearned);
    memset(x->dside, 0, T * EDIT_HEADS * sizeof *x->dside);
    memset(x->dq, 0, 2 * T * D * sizeof *x->dq);
    h.dlearned = x->n_learned ? x->dlearned : NULL;
    h.dprojected = x->c.edit->projection.name ? x->dside : NULL;
    h.dq = x->dq;
    h.dk = x->dq + D;
    if (x->c.edit->open)
        x->c.edit->open(&h);
    if (x->c.edit->backward)
        x->c.edit->backward(x->ds, x->s, &row, &h);
    if (x->c.edit->close)
        x->c.edit->close(&h);
}

static void check_edit(const struct edit_setting *setting)
{
    struct edited x = { 0 };
    const char *name = setting->name;
    edit_case_open(&x.c, setting, 2, 0, T, D);
    const struct score_edit *e = x.c.edit;
    x.n_learned = e->n_learned ? e->n_learned(&x.c.options, T, D) : 0;
    x.dlearned = normal_numbers(x.n_learned + 1, 1, 1);
    x.dside = normal_numbers(T * EDIT_HEADS, 1, 1);
    x.dq = normal_numbers(2 * T * D, 1, 1);
    fill_normal(x.before, KEYS, 1, 5);
    fill_normal(x.g, KEYS, 1, 6);
    check(&(struct probe){ name, edit_row, &x, x.before, KEYS, x.s, KEYS });
    check(&(struct probe){ name, edit_row, &x, x.c.learned, x.n_learned, x.s,
                           KEYS });
    check(&(struct probe){ name, edit_row, &x, x.g, KEYS, x.ds, KEYS });
    check(&(struct probe){ name, edit_row, &x, x.g, KEYS, x.dlearned,
                           x.n_learned });
    if (e->projection.name) {
        check(&(struct probe){ name, edit_row, &x, x.c.side, T * EDIT_HEADS,
                               x.s, KEYS });
        check(&(struct probe){ name, edit_row, &x, x.g, KEYS, x.dside,
                               T * EDIT_HEADS });
    }
    check(&(struct probe){ name, edit_row, &x, x.c.q, 2 * T * D, x.s, KEYS });
    check(&(struct probe){ name, edit_row, &x, x.g, KEYS, x.dq, 2 * T * D });
    free(x.dlearned), free(x.dside), free(x.dq);
    edit_case_close(&x.c);
}

static void test_score_edits__pass_nan_on(void **state)
{
    (void)state;
    for (idx i = 0; i < n_edit_settings; i++)
        check_edit(&edit_settings[i]);
}

/* --- whole models --------------------------------------------------------- */

/* One number in the middle of each tensor. If the loss moves with it, a NaN
 * there is one in the loss, and in the gradient of every tensor that the loss
 * of such a model has any of. */
static void check_model(struct tiny *t, const char *what)
{
    const struct model *m = &t->m;
    real *w = t->w, *dw = t->dw;
    double loss = tiny_loss(t, t->x.B);
    assert_true(isfinite(loss));
    for (idx i = 0; i < m->table.count; i++) {
        const struct param *p = &m->table.rows[i];
        real *number = w + p->offset + p->n / 2, kept = *number;
        bool moves_loss = false;
        for (int k = 0; k < MOVES; k++) {
            *number = kept + (real)moves[k];
            moves_loss = moves_loss || tiny_loss(t, t->x.B) != loss;
        }
        *number = (real)NAN;
        double bad = tiny_loss(t, t->x.B);
        if (moves_loss && !isnan(bad))
            fail_msg("%s: NaN in %s: the loss is %g", what, p->name, bad);
        memset(dw, 0, (size_t)m->table.total * sizeof *dw);
        tiny_backward(t, 1);
        idx at = i; /* its own gradient, and the token table's */
        for (int k = 0; k < 2 && moves_loss; k++, at = 0) {
            const struct param *q = &m->table.rows[at];
            bool is_nan = q->role == PARAM_STATE;
            for (idx j = q->offset; j < q->offset + q->n; j++)
                is_nan = is_nan || isnan(dw[j]);
            if (!is_nan)
                fail_msg("%s: NaN in %s: the gradient of %s has none", what,
                         p->name, q->name);
        }
        *number = kept;
    }
}

static void test_stages__pass_nan_on(void **state)
{
    (void)state;
    for (const struct stage_case *c = stage_cases; c->name; c++) {
        struct tiny t;
        stage_case_open(&t, c, 2, 7, 1, 0.4);
        check_model(&t, c->name);
        tiny_close(&t);
    }
}

static void test_models__pass_nan_on(void **state)
{
    (void)state;
    for (idx i = 0; i < 150; i++) {
        struct combination c;
        struct tiny t;
        combine_random(&c, 7, i);
        tiny_open_spec(&t, &c.spec, 2, 6, 1, 10);
        check_model(&t, c.text);
        tiny_close(&t);
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activations__pass_nan_on),
        cmocka_unit_test(test_norms__pass_nan_on),
        cmocka_unit_test(test_score_edits__pass_nan_on),
        cmocka_unit_test(test_stages__pass_nan_on),
        cmocka_unit_test(test_models__pass_nan_on),
    };
    return cmocka_run_group_tests_name("nan", tests, start, NULL);
}
