/* What passes the named points of a model: each is what a pass by hand makes of
 * the one before it, edits change what comes behind, and nothing else does. */
#include "harness.h"
#include "nn/model/tap.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "nn/norms.h"

enum { L = 2, H = 2, D = 4, C = H * D, F = 12, B = 3, T = 30, V = 9 };
enum { ROW_MAX = 40 }; /* numbers of the widest row */

/* All that was told, in double; NAN where nothing was. */
struct told {
    double rows[N_TAPS][L + 1][B][T][ROW_MAX];
    double heads[N_TAPS][L][B][H][T][ROW_MAX];
    int calls;
};

static void see_rows(void *context, const struct tap_rows *r)
{
    struct told *told = context;
    assert_true(r->n <= ROW_MAX && r->first + r->rows <= T);
    for (idx t = 0; t < r->rows; t++)
        for (idx i = 0; i < r->n; i++)
            told->rows[r->tap][r->layer][r->sequence][r->first + t][i] =
                (double)r->x[t * r->n + i];
#pragma omp atomic
    told->calls++;
}

static void keep_head(struct told *told, enum tap tap,
                      const struct head_view *v, const real *x, idx n, idx ld)
{
    for (idx t = 0; x && t < T; t++)
        for (idx i = 0; i < n; i++)
            told->heads[tap][v->layer][v->sequence][v->head][t][i] =
                (double)x[t * ld + i];
}

static void see_head(void *context, const struct head_view *v)
{
    struct told *told = context;
    keep_head(told, TAP_Q, v, v->q, v->D, v->ld_qkv);
    keep_head(told, TAP_K, v, v->k, v->D, v->ld_qkv);
    keep_head(told, TAP_V, v, v->v, v->E, v->ld_qkv);
    keep_head(told, TAP_SCORES, v, v->scores, T, v->ld_scores);
    keep_head(told, TAP_WEIGHTS, v, v->weights, v->n_extra + T, v->n_extra + T);
    keep_head(told, TAP_HEAD, v, v->out, v->E, v->ld_out);
    keep_head(told, TAP_D_Q, v, v->dq, v->D, v->ld_dqkv);
    keep_head(told, TAP_D_K, v, v->dk, v->D, v->ld_dqkv);
    keep_head(told, TAP_D_V, v, v->dv, v->E, v->ld_dqkv);
#pragma omp atomic
    told->calls++;
}

static struct told *tell(struct tiny *t, int reads, const struct edits *edits)
{
    struct told *told = malloc(sizeof *told);
    double *all = (double *)told;
    struct observer o = { reads, see_head, see_rows, told };
    assert_non_null(told);
    for (size_t i = 0; i < sizeof *told / sizeof *all; i++)
        all[i] = NAN;
    told->calls = 0;
    model_observe(&t->m, t->w, &t->x, &t->batch, &o, edits);
    return told;
}

enum { FORWARD = (TAP_BIT(TAP_LOSS) << 1) - 1 }; /* all taps of such a pass */

static void open_tiny(struct tiny *t, const char *preset, int place,
                      struct attention_options a, int threads)
{
    struct model_options o = tiny_options(preset, L, C, H, T);
    o.ffn_width = F;
    o.norm_place = place;
    tiny_open(t, &o, &a, B, V, threads, 20);
}

/* --- by hand -------------------------------------------------------------- */

static const real *tensor(const struct tiny *t, idx offset)
{
    return offset == NO_PARAM ? NULL : t->w + offset;
}

static void hand_norm(double *y, const struct tiny *t, struct norm_params p,
                      const double *x)
{
    bool is_layer = t->m.spec.model.norm == NORM_LAYER;
    const real *gain = tensor(t, p.gain), *shift = tensor(t, p.shift);
    double mean = 0, square = 0;
    for (idx c = 0; is_layer && c < C; c++)
        mean += x[c] / C;
    for (idx c = 0; c < C; c++)
        square += (x[c] - mean) * (x[c] - mean) / C;
    for (idx c = 0; c < C; c++)
        y[c] = (x[c] - mean) / sqrt(square + 1e-5) * (double)gain[c] +
               (shift ? (double)shift[c] : 0);
}

static void hand_linear(double *y, const struct tiny *t, idx w, idx b,
                        const double *x, idx n, idx k)
{
    for (idx i = 0; i < n; i++) {
        y[i] = b == NO_PARAM ? 0 : (double)t->w[b + i];
        for (idx j = 0; j < k; j++)
            y[i] += (double)t->w[w + i * k + j] * x[j];
    }
}

static void hand_turn(double *x, idx place)
{
    for (idx d = 0; d < D / 2; d++) {
        double angle = (double)place * pow(10000, -2 * (double)d / D);
        double low = x[d], high = x[d + D / 2];
        x[d] = low * cos(angle) - high * sin(angle);
        x[d + D / 2] = high * cos(angle) + low * sin(angle);
    }
}

static void check_rows(const char *what, const double *got, const double *want,
                       idx n, double size)
{
    for (idx i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= 2e-5 * fmax(size, fabs(want[i]))))
            fail_msg("%s: number %td: got %.9g, by hand %.9g", what, i, got[i],
                     want[i]);
}

/* Heads' queries, keys and values; scores, weights, output. */
static void check_heads(const struct tiny *t, const struct told *told, idx l,
                        idx b)
{
    const struct block_params *p = &t->m.blocks[l];
    bool turns = t->m.spec.model.position == POSITION_ROPE;
    for (idx i = 0; i < T; i++) {
        double qkv[3 * C], *heads[3] = { qkv, qkv + C, qkv + 2 * C };
        hand_linear(qkv, t, p->qkv_w, p->qkv_b, told->rows[TAP_NORM1][l][b][i],
                    3 * C, C);
        for (idx h = 0; h < H; h++)
            for (int part = 0; part < 3; part++) {
                double *x = heads[part] + h * D;
                if (part < 2 && turns)
                    hand_turn(x, i);
                check_rows(tap_texts[TAP_Q + part].text.name,
                           told->heads[TAP_Q + part][l][b][h][i], x, D, 1);
            }
    }
    for (idx h = 0; h < H; h++)
        for (idx i = 0; i < T; i++) {
            const double *q = told->heads[TAP_Q][l][b][h][i];
            const double *scores = told->heads[TAP_SCORES][l][b][h][i];
            double s[T], a[T], out[D] = { 0 }, sum = 0;
            for (idx j = 0; j < T; j++) {
                const double *k = told->heads[TAP_K][l][b][h][j];
                s[j] = -INFINITY;
                if (j > i) {
                    assert_true(scores[j] == -INFINITY);
                    continue;
                }
                s[j] = 0;
                for (idx d = 0; d < D; d++)
                    s[j] += q[d] * k[d] / sqrt(D);
                sum += exp(s[j]);
            }
            check_rows("scores", scores, s, i + 1, 1);
            for (idx j = 0; j < T; j++) {
                a[j] = exp(s[j]) / sum;
                for (idx d = 0; d < D; d++)
                    out[d] += a[j] * told->heads[TAP_V][l][b][h][j][d];
            }
            check_rows("weights", told->heads[TAP_WEIGHTS][l][b][h][i], a, T,
                       1);
            check_rows("head", told->heads[TAP_HEAD][l][b][h][i], out, D, 1);
            check_rows("mixed", told->rows[TAP_MIXED][l][b][i] + h * D, out, D,
                       1);
        }
}

static double hand_activation(const struct tiny *t, const double *u, idx i)
{
    double x = u[i];
    if (t->m.U > F)
        return x / (1 + exp(-x)) * u[F + i];
    return x / 2 * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

/* to = from + sub, wherever norms stand; sub: what the tap says is added. */
static void check_residual(const struct tiny *t, const double *to,
                           const double *from, const double *sub,
                           const double *f, struct norm_params norm)
{
    const struct norm_place_choice *place =
        &norm_places[t->m.spec.model.norm_place];
    double want[C], sum[C];
    if (place->is_behind)
        hand_norm(want, t, norm, f);
    check_rows("attention or ffn", sub, place->is_behind ? want : f, C, 1);
    for (idx c = 0; c < C; c++)
        sum[c] = from[c] + sub[c];
    if (place->is_behind_sum)
        hand_norm(want, t, norm, sum);
    check_rows("middle or residual", to, place->is_behind_sum ? want : sum, C,
               1);
}

static void check_block(const struct tiny *t, const struct told *told, idx l,
                        idx b)
{
    const struct block_params *p = &t->m.blocks[l];
    int where = t->m.spec.model.norm_place;
    bool is_post = norm_places[where].is_behind_sum;
    for (idx i = 0; i < T; i++) {
        const double *x = told->rows[TAP_RESIDUAL][l][b][i];
        const double *middle = told->rows[TAP_MIDDLE][l][b][i];
        const double *inner = told->rows[TAP_FFN_INNER][l][b][i];
        double normed[C], f[C], u[2 * F], y[F];
        bool is_before = norm_places[where].is_before;
        if (is_before)
            hand_norm(normed, t, p->norm[SUB_ATTENTION], x);
        check_rows("norm1", told->rows[TAP_NORM1][l][b][i],
                   is_before ? normed : x, C, 1);
        hand_linear(f, t, p->out_w, p->out_b, told->rows[TAP_MIXED][l][b][i], C,
                    C);
        check_residual(t, middle, x, told->rows[TAP_ATTENTION][l][b][i], f,
                       is_post ? p->norm[SUB_ATTENTION]
                               : p->behind[SUB_ATTENTION]);
        if (is_before)
            hand_norm(normed, t, p->norm[SUB_FFN], middle);
        check_rows("norm2", told->rows[TAP_NORM2][l][b][i],
                   is_before ? normed : middle, C, 1);
        hand_linear(u, t, p->up_w, p->up_b, told->rows[TAP_NORM2][l][b][i],
                    t->m.U, C);
        for (idx j = 0; j < F; j++)
            y[j] = hand_activation(t, u, j);
        check_rows("ffn_inner", inner, y, F, 1);
        hand_linear(f, t, p->down_w, p->down_b, inner, C, F);
        check_residual(t, told->rows[TAP_RESIDUAL][l + 1][b][i], middle,
                       told->rows[TAP_FFN][l][b][i], f,
                       is_post ? p->norm[SUB_FFN] : p->behind[SUB_FFN]);
    }
}

static void check_ends(const struct tiny *t, const struct told *told, idx b)
{
    const struct model *m = &t->m;
    for (idx i = 0; i < T; i++) {
        const double *embedding = told->rows[TAP_EMBEDDING][0][b][i];
        const double *last = told->rows[TAP_RESIDUAL][L][b][i];
        const double *logits = told->rows[TAP_LOGITS][0][b][i];
        double x[C], want[V], sum = 0;
        idx at = b * T + i;
        for (idx c = 0; c < C; c++) {
            x[c] = (double)t->w[m->token_w + t->batch.tokens[at] * C + c];
            if (m->position_w != NO_PARAM)
                x[c] += (double)t->w[m->position_w + i * C + c];
        }
        check_rows("embedding", embedding, x, C, 1);
        check_rows("residual", told->rows[TAP_RESIDUAL][0][b][i], embedding, C,
                   0);
        if (m->final.gain != NO_PARAM)
            hand_norm(x, t, m->final, last);
        hand_linear(want, t, m->unembed_w, NO_PARAM,
                    m->final.gain != NO_PARAM ? x : last, V, C);
        check_rows("logits", logits, want, V, 1);
        for (idx v = 0; v < V; v++)
            sum += exp(logits[v]);
        double nats = log(sum) - logits[t->batch.targets[at]];
        check_rows("loss", told->rows[TAP_LOSS][0][b][i], &nats, 1, 1);
    }
}

static void test_taps__are_a_pass_by_hand(void **state)
{
    (void)state;
    const char *const presets[] = { "gpt2", "llama" };
    for (int i = 0; i < 2; i++)
        for (int place = 0; norm_place_name(place); place++) {
            struct tiny t;
            open_tiny(&t, presets[i], place, ATTENTION(), 2);
            struct told *told = tell(&t, FORWARD, NULL);
            for (idx b = 0; b < B; b++) {
                check_ends(&t, told, b);
                for (idx l = 0; l < L; l++) {
                    check_heads(&t, told, l, b);
                    check_block(&t, told, l, b);
                }
            }
            free(told);
            tiny_close(&t);
        }
}

/* --- only what is asked for ---------------------------------------------- */

static bool is_told(const struct told *told, enum tap tap)
{
    bool is_head = TAP_BIT(tap) & (TAPS_OF_HEADS | TAPS_OF_HEAD_GRADIENTS);
    return !isnan(is_head ? told->heads[tap][0][0][0][0][0]
                          : told->rows[tap][0][0][0][0]);
}

static void test_taps__tell_what_is_asked_for_alone(void **state)
{
    (void)state;
    struct tiny t;
    open_tiny(&t, "llama", 0, ATTENTION(), 2);
    for (int tap = 0; tap <= TAP_LOSS; tap++) {
        bool is_head = TAP_BIT(tap) & TAPS_OF_HEADS;
        struct told *told = tell(&t, TAP_BIT(tap), NULL);
        for (int other = 0; other <= TAP_LOSS; other++) {
            bool is_free =
                is_head && other >= TAP_Q && other <= TAP_V; /* in any view */
            assert_int_equal(is_told(told, other), other == tap || is_free);
        }
        idx places = tap == TAP_RESIDUAL                         ? L + 1
                     : tap == TAP_EMBEDDING || tap >= TAP_LOGITS ? 1
                                                                 : L;
        assert_int_equal(told->calls, places * B * (is_head ? H : 1));
        free(told);
    }
    tiny_close(&t);
}

/* What is told, and hidden states, depend neither on threads nor on what else
 * is read. */
static void test_taps__have_the_same_bits_for_any_threads(void **state)
{
    (void)state;
    struct told *first = NULL;
    for (int threads = 1; threads <= 4; threads *= 2) {
        struct tiny t;
        open_tiny(&t, "gpt2", 0, ATTENTION(.registers = 2), threads);
        struct told *told = tell(&t, FORWARD, NULL);
        struct told *alone = tell(&t, TAP_BIT(TAP_RESIDUAL), NULL);
        assert_memory_equal(told->rows[TAP_RESIDUAL], alone->rows[TAP_RESIDUAL],
                            sizeof told->rows[TAP_RESIDUAL]);
        for (idx depth = 0; depth <= L; depth++)
            for (idx i = 0; i < T * C; i++)
                assert_true((double)acts_hidden(&t.x, &t.m, depth, 1)[i] ==
                            told->rows[TAP_RESIDUAL][depth][1][i / C][i % C]);
        free(alone);
        if (first)
            assert_memory_equal(first, told, sizeof *told);
        else
            first = told;
        if (first != told)
            free(told);
        tiny_close(&t);
    }
    free(first);
}

/* Logits and losses come in parts where a batch is longer than a chunk. */
struct counted {
    idx next; /* token that is to come */
    int parts;
};

static void count_logits(void *context, const struct tap_rows *r)
{
    struct counted *c = context;
    if (r->tap != TAP_LOGITS)
        return;
    assert_int_equal(r->first, c[r->sequence].next);
    c[r->sequence].next += r->rows;
    c[r->sequence].parts++;
}

static void test_taps__tell_long_logits_in_parts(void **state)
{
    (void)state;
    enum { LONG = 700, MANY = 3 };
    struct model_options o = tiny_options("llama", 1, C, H, LONG);
    struct attention_options a = ATTENTION(.registers = 3);
    struct counted c[MANY] = { { 0 } };
    struct observer observer = { TAP_BIT(TAP_LOGITS), NULL, count_logits, c };
    struct tiny t;
    tiny_open(&t, &o, &a, MANY, V, 2, 1);
    model_observe(&t.m, t.w, &t.x, &t.batch, &observer, NULL);
    for (idx b = 0; b < MANY; b++)
        assert_int_equal(c[b].next, LONG);
    assert_true(c[1].parts > 1);
    tiny_close(&t);
}

/* --- edits ---------------------------------------------------------------- */

static void leave(void *context, const struct tap_slice *s)
{
    (void)s;
#pragma omp atomic
    ++*(int *)context;
}

static const char *const variants[] = { "plain", "bias",   "registers",
                                        "pairs", "shared", "window" };

static struct attention_options variant(int i)
{
    switch (i) {
    case 1:
        return ATTENTION(.bias = BIAS_KEY);
    case 2:
        return ATTENTION(.registers = 2);
    case 3:
        return ATTENTION(.operation = OPERATION_DIFFERENTIAL);
    case 4:
        return ATTENTION(.kv_heads = 1);
    case 5:
        return ATTENTION(.window = 5, .prefix = 2);
    default:
        return ATTENTION();
    }
}

static void test_edits__that_do_nothing_keep_every_bit(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(variants); i++)
        for (int place = 0; norm_place_name(place); place++) {
            struct tiny t;
            bool is_before = norm_places[place].is_before;
            int calls = 0;
            open_tiny(&t, i % 2 ? "gpt2" : "llama", place, variant(i), 2);
            double want = tiny_loss(&t, B);
            for (int tap = 0; tap < N_TAPS; tap++) {
                struct tap_edit edit = { tap, -1, -1, leave, &calls };
                struct edits edits = { &edit, 1 };
                if (!tap_texts[tap].is_written ||
                    (!is_before && (tap == TAP_NORM1 || tap == TAP_NORM2)))
                    continue;
                calls = 0;
                assert_int_equal(model_check_edits(&t.m, &edits, ERR_IGNORED),
                                 OK);
                double got =
                    model_forward_loss(&t.m, t.w, &t.x, &t.batch, &edits)
                        .cross_entropy;
                if (got != want)
                    fail_msg("%s, norm_place %s, %s: loss %.17g, not %.17g",
                             variants[i], norm_place_name(place),
                             tap_texts[tap].text.name, got, want);
                assert_true(calls >= B);
            }
            tiny_close(&t);
        }
}

/* Adds 1 where it is told; the pass tells of it, and what is behind changes. */
static void add_one(void *context, const struct tap_slice *s)
{
    (void)context;
    bool is_row_of_scores = s->tap == TAP_SCORES || s->tap == TAP_WEIGHTS;
    idx from = is_row_of_scores ? s->lo : 0,
        to = is_row_of_scores ? s->hi : s->n;
    for (idx r = 0; r < s->rows; r++)
        for (idx i = from; i < to; i++)
            s->x[r * s->ld + i] += 1;
}

static void check_seen_edit(const struct tiny *t, const struct told *before,
                            const struct told *after, enum tap tap)
{
    bool is_head = TAP_BIT(tap) & TAPS_OF_HEADS;
    for (idx l = 0; l < L; l++)
        for (idx b = 0; b < B; b++)
            for (idx h = 0; h < (is_head ? H : 1); h++)
                for (idx i = 0; i < T; i++) {
                    const double *x = is_head ? before->heads[tap][l][b][h][i]
                                              : before->rows[tap][l][b][i];
                    const double *y = is_head ? after->heads[tap][l][b][h][i]
                                              : after->rows[tap][l][b][i];
                    bool is_edited = l == 1 && (!is_head || h == 0);
                    bool is_first = l == 0 || (is_head && h != 0 && l == 1);
                    if (is_edited && isfinite(x[0]))
                        assert_near(y[0], x[0] + 1, 1e-5, 1);
                    if (is_first)
                        assert_true(memcmp(x, y, sizeof(double[ROW_MAX])) == 0);
                }
    (void)t;
}

static void test_edits__are_seen_and_change_what_is_behind(void **state)
{
    (void)state;
    for (int place = 0; norm_place_name(place); place++) {
        struct tiny t;
        open_tiny(&t, "gpt2", place, ATTENTION(), 2);
        struct told *before = tell(&t, FORWARD, NULL);
        bool is_before = norm_places[place].is_before;
        for (int tap = TAP_NORM1; tap < TAP_RESIDUAL; tap++) {
            struct tap_edit edit = { tap, 1, 0, add_one, NULL };
            struct edits edits = { &edit, 1 };
            if (!is_before && (tap == TAP_NORM1 || tap == TAP_NORM2))
                continue;
            struct told *after = tell(&t, FORWARD, &edits);
            check_seen_edit(&t, before, after, tap);
            bool is_changed =
                memcmp(before->rows[TAP_LOGITS], after->rows[TAP_LOGITS],
                       sizeof before->rows[TAP_LOGITS]) != 0;
            /* softmax does not see what all scores have */
            assert_true(is_changed || tap == TAP_SCORES);
            free(after);
        }
        free(before);
        tiny_close(&t);
    }
}

static void zero(void *context, const struct tap_slice *s)
{
    (void)context;
    for (idx r = 0; r < s->rows; r++)
        for (idx i = 0; i < s->n; i++)
            s->x[r * s->ld + i] = 0;
}

/* Nothing that attention gives: the stream goes on as it was. */
static void test_edits__of_what_is_added_are_exact(void **state)
{
    (void)state;
    struct tiny t;
    open_tiny(&t, "gpt2", 0, ATTENTION(), 2);
    struct tap_edit edit = { TAP_ATTENTION, 0, -1, zero, NULL };
    struct edits edits = { &edit, 1 };
    struct told *told = tell(&t, FORWARD, &edits);
    assert_memory_equal(told->rows[TAP_MIDDLE][0], told->rows[TAP_RESIDUAL][0],
                        sizeof told->rows[TAP_MIDDLE][0]);
    free(told);
    tiny_close(&t);
}

/* Keys taken out by their scores are as keys behind a window and groups. */
static void keep_window(void *context, const struct tap_slice *s)
{
    idx window = *(idx *)context;
    for (idx j = s->lo; j <= s->first - window; j++)
        s->x[j] = (real)-INFINITY;
}

static void test_edits__of_scores_hide_keys_from_any_map(void **state)
{
    (void)state;
    for (int map = 0; weight_map_name(map); map++)
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            struct tiny t, windowed;
            idx window = 4;
            struct tap_edit edit = { TAP_SCORES, -1, -1, keep_window, &window };
            struct edits edits = { &edit, 1 };
            open_tiny(&t, "llama", 0, ATTENTION(.weights = map, .bias = bias),
                      2);
            open_tiny(&windowed, "llama", 0,
                      ATTENTION(.weights = map, .bias = bias, .window = window),
                      2);
            double want = tiny_loss(&windowed, B);
            double got = model_forward_loss(&t.m, t.w, &t.x, &t.batch, &edits)
                             .cross_entropy;
            assert_close(got, want, 1e-6);
            assert_true(fabs(tiny_loss(&t, B) - want) > 1e-4);
            tiny_close(&windowed);
            tiny_close(&t);
        }
}

static void test_edits__are_refused_where_there_is_no_such_point(void **state)
{
    (void)state;
    struct tiny t;
    struct err e = { 0 };
    struct tap_edit edit = { TAP_WEIGHTS, -1, -1, leave, NULL };
    struct edits edits = { &edit, 1 };
    struct attention_options flow = ATTENTION(.operation = OPERATION_FLOW);
    open_tiny(&t, "llama", 0, flow, 1);
    assert_int_equal(model_check_edits(&t.m, &edits, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "operation = flow"));
    edit.tap = TAP_V;
    assert_int_equal(model_check_edits(&t.m, &edits, &e), OK);
    tiny_close(&t);
    e = (struct err){ 0 };
    open_tiny(&t, "llama", PLACE_POST, ATTENTION(), 1);
    edit.tap = TAP_NORM2;
    assert_int_equal(model_check_edits(&t.m, &edits, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "norm_place = post"));
    tiny_close(&t);
}

/* --- the logits of one place ---------------------------------------------- */

static void test_logits__of_a_place_are_those_that_are_told(void **state)
{
    (void)state;
    for (idx registers = 0; registers < 3; registers += 2) {
        struct tiny t;
        real got[B * V];
        open_tiny(&t, "gpt2", 0, ATTENTION(.registers = registers), 2);
        struct told *told = tell(&t, FORWARD, NULL);
        for (idx place = 0; place < T; place += 7) {
            model_logits(&t.m, t.w, &t.x, &t.batch, place, NULL, got);
            for (idx i = 0; i < B * V; i++)
                assert_near((double)got[i],
                            told->rows[TAP_LOGITS][0][i / V][place][i % V],
                            1e-5, 1);
            /* and nothing behind the place counts */
            for (idx b = 0; b < B && place < T - 1; b++)
                t.batch.tokens[b * T + place + 1] ^= 1;
            real again[B * V];
            model_logits(&t.m, t.w, &t.x, &t.batch, place, NULL, again);
            assert_memory_equal(got, again, sizeof got);
            for (idx b = 0; b < B && place < T - 1; b++)
                t.batch.tokens[b * T + place + 1] ^= 1;
        }
        free(told);
        tiny_close(&t);
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
        cmocka_unit_test(test_taps__are_a_pass_by_hand),
        cmocka_unit_test(test_taps__tell_what_is_asked_for_alone),
        cmocka_unit_test(test_taps__have_the_same_bits_for_any_threads),
        cmocka_unit_test(test_taps__tell_long_logits_in_parts),
        cmocka_unit_test(test_edits__that_do_nothing_keep_every_bit),
        cmocka_unit_test(test_edits__are_seen_and_change_what_is_behind),
        cmocka_unit_test(test_edits__of_what_is_added_are_exact),
        cmocka_unit_test(test_edits__of_scores_hide_keys_from_any_map),
        cmocka_unit_test(test_edits__are_refused_where_there_is_no_such_point),
        cmocka_unit_test(test_logits__of_a_place_are_those_that_are_told),
    };
    return cmocka_run_group_tests_name("tap", tests, start, NULL);
}
