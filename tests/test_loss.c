/* Terms of the loss in whole passes: what they are, against their definitions
 * in double; factors that change; threads and micro-batches. */
#include "combine.h"
#include "harness.h"
#include "tiny.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "metric/columns.h"
#include "metric/meter.h"
#include "nn/loss/terms_table.h"

enum { B = 3, T = 7, V = 11 };

/* "loss.z=0.1&model.heads=2"; b sequences */
static void open_sized(struct tiny *t, const char *settings, int threads, idx b)
{
    struct combination c;
    char copy[400], *rest = copy;
    combine_defaults(&c, T);
    snprintf(copy, sizeof copy, "%s", settings);
    for (char *s; (s = strtok_r(rest, "&", &rest));)
        combine_set(&c, s);
    tiny_open_spec(t, &c.spec, b, V, threads, 12);
    for (idx i = 0; i < b * t->batch.T; i++)
        t->batch.weights[i] = (real)(0.5 * (double)(i % 4));
    batch_mark(&t->batch);
}

static void open_model(struct tiny *t, const char *settings, int threads)
{
    open_sized(t, settings, threads, B);
}

static struct pass_loss backward(struct tiny *t, idx updates)
{
    struct batch_total of = batch_total(&t->batch);
    of.updates = updates;
    return model_backward_loss(&t->m, t->w, t->dw, &t->x, &t->batch, of);
}

/* ---- what they are ----------------------------------------------------- */

/* The mean over rows by their targets' weights. */
static double mean(const struct tiny *t,
                   double (*value)(const struct tiny *t, idx row))
{
    double sum = 0;
    for (idx r = 0; r < B * T; r++)
        sum += (double)t->batch.weights[r] * value(t, r);
    return sum / batch_weight(&t->batch);
}

static double log_sum(const struct tiny *t, idx row)
{
    double sum = 0;
    for (idx v = 0; v < V; v++)
        sum += exp((double)t->x.logits[row * V + v]);
    return log(sum);
}

static double naive_z(const struct tiny *t, idx row)
{
    return log_sum(t, row) * log_sum(t, row);
}

static double naive_smoothing(const struct tiny *t, idx row)
{
    double uniform = 0, lse = log_sum(t, row);
    for (idx v = 0; v < V; v++)
        uniform += (lse - (double)t->x.logits[row * V + v]) / V;
    idx target = row * V + t->batch.targets[row];
    return uniform - (lse - (double)t->x.logits[target]);
}

static double naive_activation(const struct tiny *t, idx row)
{
    idx L = t->m.L, C = t->m.C;
    double sum = 0;
    for (idx l = 1; l <= L; l++)
        for (idx c = 0; c < C; c++)
            sum += pow(fabs((double)acts_hidden(&t->x, &t->m, l,
                                                row / T)[row % T * C + c]) /
                           (t->m.spec.loss.activation_tau + 1e-6),
                       4);
    return sum / (double)(L * C);
}

static double naive_norm(const struct tiny *t, idx row)
{
    idx L = t->m.L, C = t->m.C, depth = t->m.spec.loss.hidden_depth;
    double sum = 0;
    for (idx l = 1; l <= L; l++)
        for (idx c = 0; c < C; c++) {
            double x =
                (double)acts_hidden(&t->x, &t->m, l, row / T)[row % T * C + c];
            sum += depth && depth != l ? 0 : x * x;
        }
    return sum / (double)(depth ? C : C * L);
}

static double naive_hidden_z(const struct tiny *t, idx row)
{
    idx C = t->m.C;
    const real *x = acts_hidden(&t->x, &t->m, t->m.L, row / T) + row % T * C;
    double sum = 0;
    for (idx c = 0; c < C; c++)
        sum += exp(fabs((double)x[c]));
    return log(sum) * log(sum);
}

/* The weights of all heads, as observers see them: (L,B,H,T,T). */
enum { L = 2, H = 2 };
static double seen[L][B][H][T][T];

static void see(void *context, const struct head_view *v)
{
    (void)context;
    for (idx t = 0; t < T; t++)
        for (idx j = 0; j < T; j++)
            seen[v->layer][v->sequence][v->head][t][j] =
                (double)v->weights[t * (v->n_extra + T) + v->n_extra + j];
}

static double naive_entropy(const struct tiny *t, idx row)
{
    (void)t;
    double sum = 0;
    for (idx i = 0; i < L * H; i++)
        for (idx j = 0; j <= row % T; j++) {
            double a = seen[i / H][row / T][i % H][row % T][j];
            sum -= a > 0 ? a * log(a) : 0;
        }
    return sum / (L * H);
}

static double naive_first(const struct tiny *t, idx row)
{
    (void)t;
    double sum = 0;
    for (idx i = 0; i < L * H; i++)
        sum += seen[i / H][row / T][i % H][row % T][0];
    return sum / (L * H);
}

/* The value of a sequence, of two heads: that of each of its rows. */
static double naive_balance(const struct tiny *t, idx row)
{
    double sum = 0;
    for (idx l = 0; l < L; l++) {
        double mass[H] = { 0 };
        for (idx i = 0; i < H * T; i++) {
            double weight = (double)t->batch.weights[row / T * T + i % T];
            for (idx j = 1; j <= i % T; j++)
                mass[i / T] += weight * seen[l][row / T][i / T][i % T][j];
        }
        double whole = mass[0] + mass[1];
        double p = mass[0] / whole, q = mass[1] / whole;
        sum += 2 * (p * p + q * q) - 1;
    }
    return sum / L;
}

static const struct {
    idx term;
    double (*value)(const struct tiny *t, idx row);
    const char *more;
} naive[] = {
    { LOSS_label_smoothing, naive_smoothing, "" },
    { LOSS_z, naive_z, "" },
    { LOSS_activation, naive_activation, "&loss.activation_tau=0.7" },
    { LOSS_activation, naive_activation, "&loss.activation_tau=0.001" },
    { LOSS_hidden_norm, naive_norm, "" },
    { LOSS_hidden_norm, naive_norm, "&loss.hidden_depth=1" },
    { LOSS_entropy, naive_entropy, "" },
    { LOSS_first_mass, naive_first, "" },
    { LOSS_head_balance, naive_balance, "" },
    { LOSS_head_balance, naive_balance, "&attention.registers=2" },
    { LOSS_hidden_z, naive_hidden_z, "" },
};

static void test_loss__terms_are_what_they_say(void **state)
{
    (void)state;
    for (idx i = 0; i < COUNT_OF(naive); i++) {
        char settings[80];
        struct tiny t;
        idx k = naive[i].term;
        snprintf(settings, sizeof settings, "loss.%s=0.5%s",
                 loss_terms[k]->text.name, naive[i].more);
        open_model(&t, settings, 1);
        const struct observer observer = tiny_observer(see, NULL);
        tiny_observe(&t, B, &observer);
        double plain = tiny_loss(&t, B);
        struct pass_loss loss =
            model_forward_objective(&t.m, t.w, &t.x, &t.batch, 0);
        assert_close(loss.terms[k], mean(&t, naive[i].value), 1e-5);
        assert_true(loss.cross_entropy == plain);
        assert_true(loss.objective == plain + 0.5 * loss.terms[k]);
        struct pass_loss again = backward(&t, 0);
        assert_true(again.terms[k] == loss.terms[k]);
        assert_close(again.objective, loss.objective, 1e-5);
        tiny_close(&t);
    }
}

/* Massive activations overflow nothing: the square of the largest. */
static void test_loss__hidden_z_bears_massive_activations(void **state)
{
    (void)state;
    static const real x[4] = { 300, -30000, 0, 29000 };
    real dx[4] = { 0 };
    struct loss_hidden row = { 4, 2, 2, x, NULL };
    const struct loss_term *term = &loss_hidden_z;
    assert_close(term->of_hidden(&row, dx, 1), 9e8, 1e-6);
    assert_close(dx[1], -60000, 1e-6);
    for (int i = 0; i < 4; i++) /* exp(-1000) is as small as float has it */
        assert_true(i == 1 || fabs((double)dx[i]) < 1e-30);
    row.depth = 1;
    assert_true(term->of_hidden(&row, dx, 1) == 0);
    assert_close(dx[1], -60000, 1e-6);
}

/* Of a row whose extra column has 0.4, the first token 0.1, two others the
 * rest: who counts, and who gets a gradient. */
static void test_loss__rows_of_weights_know_their_columns(void **state)
{
    (void)state;
    static const real a[4] = { (real)0.4, (real)0.1, (real)0.2, (real)0.3 };
    static const struct {
        const struct loss_term *term;
        double value, slope[4]; /* of a share of 2 */
    } cases[] = {
        { &loss_first_mass, 0.1, { 0, 2, 0, 0 } },
        { &loss_head_balance, 0.5, { 0, 0, 2, 2 } },
        { &loss_entropy,
          1.279854,
          { -0.727127, 2.045462, 0.659167, -0.151762 } },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        const struct loss_weights row = { 4, 1, 1, 1, a };
        real da[4] = { 0 };
        assert_near((double)cases[i].term->of_weights(&row, da, 2),
                    cases[i].value, 1e-6, 1);
        for (int j = 0; j < 4; j++)
            assert_near((double)da[j], cases[i].slope[j], 2e-6, 1);
    }
}

/* Half the sum of squares, of tensors that are trained, or are matrices. */
static void test_loss__l2_is_of_weights(void **state)
{
    (void)state;
    for (int on = L2_ALL; on <= L2_MATRICES; on++) {
        struct tiny t;
        double sum = 0;
        open_model(&t,
                   on == L2_ALL ? "loss.l2=0.5&attention.weights=affine"
                                : "loss.l2=0.5&loss.l2_on=matrices",
                   1);
        for (idx i = 0; i < t.m.table.count; i++) {
            const struct param *p = &t.m.table.rows[i];
            bool counts =
                on == L2_ALL ? p->role != PARAM_STATE : param_is_matrix(p);
            for (idx j = 0; counts && j < p->n; j++)
                sum += 0.5 * pow((double)t.w[p->offset + j], 2);
        }
        assert_close(backward(&t, 0).terms[LOSS_l2], sum, 1e-6);
        tiny_close(&t);
    }
}

/* Where heads have no rows of weights that are shares, there is nothing to
 * tell, and no bit changes. */
static void test_loss__heads_without_shares_give_nothing(void **state)
{
    (void)state;
    static const char *const without[] = { "attention.operation=flow",
                                           "attention.weights=identity",
                                           "attention.weights=affine" };
    for (idx i = 0; loss_terms[i]; i++)
        for (idx k = 0; k < COUNT_OF(without) && loss_terms[i]->of_weights;
             k++) {
            char settings[100];
            struct tiny a, b;
            snprintf(settings, sizeof settings, "loss.%s=0.5&%s",
                     loss_terms[i]->text.name, without[k]);
            open_model(&a, settings, 1);
            open_model(&b, without[k], 1);
            assert_true(backward(&a, 0).terms[i] == 0);
            backward(&b, 0);
            assert_memory_equal(a.dw, b.dw,
                                (size_t)a.m.table.total * sizeof *a.dw);
            tiny_close(&a);
            tiny_close(&b);
        }
}

/* ---- factors ----------------------------------------------------------- */

static void assert_same_gradient(const char *one, const char *other,
                                 idx updates)
{
    struct tiny a, b;
    open_model(&a, one, 1);
    open_model(&b, other, 1);
    struct pass_loss x = backward(&a, updates), y = backward(&b, updates);
    assert_true(x.cross_entropy == y.cross_entropy);
    assert_true(x.objective == y.objective);
    assert_memory_equal(a.dw, b.dw, (size_t)a.m.table.total * sizeof *a.dw);
    tiny_close(&a);
    tiny_close(&b);
}

/* Until it is switched on, and when it is off again, a term leaves no trace in
 * a bit; in between it is there as if it always were. */
static void test_loss__a_factor_changes_at_its_step(void **state)
{
    (void)state;
    for (idx i = 0; loss_terms[i]; i++) {
        const char *name = loss_terms[i]->text.name;
        char turns[100], always[60];
        snprintf(turns, sizeof turns, "loss.%s=0 until 3, 0.5 until 5, 0",
                 name);
        snprintf(always, sizeof always, "loss.%s=0.5", name);
        for (idx step = 0; step < 7; step++)
            assert_same_gradient(turns, step >= 3 && step < 5 ? always : "",
                                 step);
    }
}

/* Several tiles, chunks of logits, strips of rows, parts of tensors. */
static void test_loss__threads_change_no_bit(void **state)
{
    (void)state;
    enum { ROWS = 13 }; /* sequences of 90 rows: more than one chunk */
    for (idx i = 0; loss_terms[i]; i++) {
        char settings[100];
        struct tiny one;
        snprintf(settings, sizeof settings,
                 "loss.%s=0.5&model.context=90&model.width=96",
                 loss_terms[i]->text.name);
        open_sized(&one, settings, 1, ROWS);
        struct pass_loss loss = backward(&one, 0);
        for (int threads = 2; threads <= 4; threads++) {
            struct tiny t;
            open_sized(&t, settings, threads, ROWS);
            struct pass_loss again = backward(&t, 0);
            assert_memory_equal(&again, &loss, sizeof loss);
            assert_memory_equal(t.dw, one.dw,
                                (size_t)one.m.table.total * sizeof *one.dw);
            tiny_close(&t);
        }
        tiny_close(&one);
    }
}

/* Parts of one sequence each, with different numbers of targets that count. */
static void test_loss__micro_batches_add_up(void **state)
{
    (void)state;
    for (idx i = 0; loss_terms[i]; i++) {
        char settings[100];
        struct tiny whole, parts;
        struct pass_loss sum = { 0 };
        snprintf(settings, sizeof settings, "loss.%s=0.5",
                 loss_terms[i]->text.name);
        open_model(&whole, settings, 1);
        open_model(&parts, settings, 1);
        struct pass_loss loss = backward(&whole, 0);
        for (idx b = 0; b < B; b++) {
            struct batch part = batch_part(&parts.batch, b, 1);
            pass_loss_add(&sum, model_backward_loss(&parts.m, parts.w, parts.dw,
                                                    &parts.x, &part,
                                                    batch_total(&parts.batch)));
        }
        assert_close(sum.terms[i], loss.terms[i], 1e-6);
        assert_close(sum.objective, loss.objective, 1e-6);
        double largest = 0;
        for (idx k = 0; k < whole.m.table.total; k++)
            largest = fmax(largest, fabs((double)whole.dw[k]));
        for (idx k = 0; k < whole.m.table.total; k++)
            assert_near(parts.dw[k], whole.dw[k], 1e-5, largest);
        tiny_close(&whole);
        tiny_close(&parts);
    }
}

/* ---- targets ----------------------------------------------------------- */

static void test_loss__a_range_of_targets_counts(void **state)
{
    (void)state;
    static const struct {
        const char *settings;
        idx from, to;
    } cases[] = {
        { "loss.from=2", 2, T },
        { "loss.to=4", 0, 4 },
        { "loss.from=2&loss.to=3", 2, 3 },
        { "loss.from=1&attention.prefix=4", 3, T },
        { "loss.from=5&attention.prefix=4", 5, T },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct tiny t;
        open_model(&t, cases[i].settings, 1);
        for (idx r = 0; r < B * T; r++) {
            idx at = r % T;
            bool counts = at >= cases[i].from && at < cases[i].to;
            assert_true((double)t.batch.weights[r] ==
                        (counts ? 0.5 * (double)(r % 4) : 0));
        }
        tiny_close(&t);
    }
}

static void test_loss__what_is_not_there_is_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "loss.from=7" },
        { "loss.to=8" },
        { "loss.from=3", "loss.to=3" },
        { "loss.to=3", "attention.prefix=4" },
        { "loss.hidden_depth=3" },
    };
    for (idx i = 0; i < COUNT_OF(bad); i++) {
        struct combination c;
        struct err e = { 0 };
        combine_defaults(&c, T);
        for (int k = 0; k < 2 && bad[i][k]; k++)
            combine_set(&c, bad[i][k]);
        assert_int_equal(model_spec_check(&c.spec, &e), ERR_CONFIG);
        assert_non_null(strstr(e.text, "[loss]"));
    }
}

/* ---- columns ----------------------------------------------------------- */

static bool has_column(const struct loss_options *o, const char *name)
{
    const struct meter meter = { 0 };
    const struct run_columns c = { .meter = &meter, .loss = o };
    struct column_facts f;
    for (idx at = 0; column_next(&f, &at, &c, COLUMN_METRICS);)
        if (strcmp(f.name, name) == 0)
            return true;
    return false;
}

/* Each reads its own number, and is there where its factor is ever other than
 * 0. */
static void test_loss__terms_have_columns(void **state)
{
    (void)state;
    struct loss_options none = { 0 };
    assert_false(has_column(NULL, "objective"));
    assert_false(has_column(&none, "objective"));
    for (idx i = 0; loss_terms[i]; i++) {
        struct loss_options o = { 0 };
        struct readings r = { 0 };
        struct column_facts f;
        char name[80];
        snprintf(name, sizeof name, "loss_%s", loss_terms[i]->text.name);
        o.factor[i] =
            (struct key_steps){ .n = 2,
                                .piece = { { .until = 5 }, { .value = 0.1 } } };
        assert_false(has_column(&none, name));
        assert_true(has_column(&o, name));
        assert_true(has_column(&o, "objective"));
        assert_true(column_find(&f, name));
        r.terms[i] = reading_of(7);
        assert_true(column_reading(&f, &r).value == 7);
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(4, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss__terms_are_what_they_say),
        cmocka_unit_test(test_loss__hidden_z_bears_massive_activations),
        cmocka_unit_test(test_loss__rows_of_weights_know_their_columns),
        cmocka_unit_test(test_loss__l2_is_of_weights),
        cmocka_unit_test(test_loss__heads_without_shares_give_nothing),
        cmocka_unit_test(test_loss__a_factor_changes_at_its_step),
        cmocka_unit_test(test_loss__threads_change_no_bit),
        cmocka_unit_test(test_loss__micro_batches_add_up),
        cmocka_unit_test(test_loss__a_range_of_targets_counts),
        cmocka_unit_test(test_loss__what_is_not_there_is_refused),
        cmocka_unit_test(test_loss__terms_have_columns),
    };
    return cmocka_run_group_tests_name("loss", tests, start, NULL);
}
