/* What interventions cost: the same as a slow model under the same changes
 * says, and as other ways of doing the same. */
#include "harness.h"
#include "metric/consequences.h"
#include "metric/metric_table.h"
#include "slow_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/gemm.h"
#include "optim/options.h"

/* N of D: what positions turn */
enum {
    L = 2,
    H = 2,
    C = 32,
    D = C / H,
    N = D / 2,
    F = 24,
    B = 3,
    T = 24,
    V = 11
};

static struct metrics_options options = { .names = "consequences",
                                          .loss_tokens = B * T,
                                          .sink_key = 1,
                                          .cache = 6,
                                          .kept = 2 };
static const double BASE = 100;
static const struct sink_options sinks = { .positions = 4, .eps = 0.3 };

struct bench {
    struct tiny t;
    struct engine g;
    struct consequences c;
};

static struct model_options shape(const char *preset)
{
    struct model_options o = tiny_options(preset, L, C, H, T);
    o.ffn_width = F;
    o.rope_part = (double)N / D;
    o.rope_base = BASE;
    o.norm_eps = 1e-4;
    return o;
}

/* Other text is the same, over and over: sequence i is number i % B. */
static void give_tokens(struct bench *x)
{
    size_t bytes = B * T * sizeof *x->t.batch.tokens;
    memcpy(x->c.batch.tokens, x->t.batch.tokens, bytes);
    batch_mark(&x->c.batch);
    for (idx i = 0; i < x->c.other.B * T; i++)
        x->c.other.tokens[i] = x->t.batch.tokens[i % (B * T)];
    batch_mark(&x->c.other);
}

static void open_bench(struct bench *x, const char *preset,
                       struct attention_options a, int threads,
                       const struct optim_options *optim)
{
    struct model_options o = shape(preset);
    const struct metric_choice choice = { &sinks, &options };
    struct err e = { 0 };
    tiny_open(&x->t, &o, &a, B, V, threads, 12);
    const struct intervention_shape room = consequences_shape(&x->t.m, T);
    struct consequences_request ask = consequences_asked(&choice, &room);
    struct engine_request r = { .B = 2,
                                .T = T,
                                .writes = ask.writes | TAP_BIT(TAP_SCORES),
                                .optim = optim,
                                .threads = threads };
    struct batch_rules rules = model_batch_rules(&x->t.m, T);
    assert_int_equal(engine_start(threads, "threads", &e), OK);
    assert_int_equal(engine_open(&x->g, &x->t.m, &r, &e), OK);
    memcpy(engine_download(&x->g).weights, x->t.w,
           (size_t)x->t.m.table.total * sizeof *x->t.w);
    engine_upload(&x->g);
    assert_int_equal(consequences_open(&x->c, &x->g, &ask, &rules, &e), OK);
    assert_int_equal(x->c.batch.B, B);
    for (idx i = 0; i < B * T; i++) {
        x->c.batch.targets[i] = x->t.batch.targets[i];
        x->c.batch.weights[i] = 1;
    }
    give_tokens(x);
    consequences_start(&x->c, NULL, ERR_IGNORED);
}

static void close_bench(struct bench *x)
{
    consequences_release(&x->c);
    engine_release(&x->g);
    tiny_close(&x->t);
}

/* Number i of all costs; NULL past the last. */
static const struct metric *cost_at(idx i)
{
    for (idx k = 0; metric_at(k); k++)
        if (metric_at(k)->under && i-- == 0)
            return metric_at(k);
    return NULL;
}

static const struct metric *named(const char *name)
{
    for (idx i = 0; cost_at(i); i++)
        if (strcmp(cost_at(i)->text.name, name) == 0)
            return cost_at(i);
    fail_msg("no cost %s", name);
    return NULL;
}

/* of: its name, of one head where it has no other. */
static double cost(struct bench *x, const char *of, idx layer, idx head)
{
    double found = NAN;
    consequences_cost(&found, &x->c, named(of)->under, layer, head,
                      ERR_IGNORED);
    return found;
}

/* --- by hand -------------------------------------------------------------- */

/* Where it is done, and what hooks keep. */
struct place {
    idx layer, head;
    int bits;
    bool by_token, is_static;
    bool is_sink[T]; /* by dimensions */
    double q[T][D], k[T][D];
    double scale; /* of q.k */
    idx n_seen;   /* states of the stream, of all sequences */
    double sinks[B][L][C];
    idx first; /* sequence of other text with which a pass begins */
    double ends[INTERVENTION_LEARNS_FROM][L][4][2];
};

static bool is_here(const struct place *p, idx layer, idx head)
{
    return (p->layer < 0 || p->layer == layer) &&
           (p->head < 0 || p->head == head);
}

static void mask_sink(void *context, idx l, idx h, double (*s)[SLOW_T])
{
    for (idx i = 1; is_here(context, l, h) && i < T; i++)
        s[i][0] = -INFINITY;
}

static void drop_sink(void *context, idx l, idx h, double (*a)[SLOW_T])
{
    for (idx i = 0; is_here(context, l, h) && i < T; i++)
        a[i][0] = 0;
}

static void drop_value(void *context, idx l, idx h, double (*v)[SLOW_ROW])
{
    for (idx d = 0; is_here(context, l, h) && d < D; d++)
        v[0][d] = 0;
}

static void silence(void *context, idx l, idx h, double (*o)[SLOW_ROW])
{
    for (idx i = 0; is_here(context, l, h) && i < T; i++)
        memset(o[i], 0, sizeof o[i]);
}

static void window(void *context, idx l, idx h, double (*s)[SLOW_T])
{
    (void)context, (void)l, (void)h;
    for (idx i = 0; i < T; i++)
        for (idx j = 0; j <= i; j++)
            if (i - j >= options.cache)
                s[i][j] = -INFINITY;
}

static void stream(void *context, idx l, idx h, double (*s)[SLOW_T])
{
    (void)context, (void)l, (void)h;
    for (idx i = 0; i < T; i++)
        for (idx j = options.kept; j <= i; j++)
            if (i - j >= options.cache - options.kept)
                s[i][j] = -INFINITY;
}

/* Rows one after the other, each with weights of its own to sum up. */
static void evict(void *context, idx l, idx h, double (*s)[SLOW_T])
{
    double mass[T] = { 0 };
    bool is_out[T] = { false };
    (void)context, (void)l, (void)h;
    for (idx i = 0; i < T; i++) {
        idx n = 0, worst = -1;
        double sum = 0;
        for (idx j = 0; j <= i; j++)
            n += !is_out[j];
        for (idx j = 0; j <= i - options.cache / 2; j++)
            if (!is_out[j] && (worst < 0 || mass[j] < mass[worst]))
                worst = j;
        if (n > options.cache)
            is_out[worst] = true;
        for (idx j = 0; j <= i; j++) {
            if (is_out[j])
                s[i][j] = -INFINITY;
            sum += exp(s[i][j]);
        }
        for (idx j = 0; j <= i; j++)
            mass[j] += exp(s[i][j]) / sum;
    }
}

static void read_head(void *context, idx l, idx h, const double (*q)[SLOW_ROW],
                      const double (*k)[SLOW_ROW])
{
    struct place *p = context;
    (void)l, (void)h;
    for (idx i = 0; i < T; i++) {
        memcpy(p->q[i], q[i], sizeof p->q[i]);
        memcpy(p->k[i], k[i], sizeof p->k[i]);
    }
}

/* Keys, not queries, are turned here, and forward. */
static void stream_near(void *context, idx l, idx h, double (*s)[SLOW_T])
{
    const struct place *p = context;
    stream(context, l, h, s);
    for (idx i = options.cache; i < T; i++)
        for (idx j = 0; j < options.kept; j++) {
            idx moved = i - (options.cache - 1);
            s[i][j] = 0;
            for (idx d = N; d < D; d++)
                s[i][j] += p->q[i][d] * p->k[j][d];
            for (idx d = 0; d < N / 2; d++) {
                double angle = (double)moved / pow(BASE, 2.0 * (double)d / N);
                double x = p->k[j][d], y = p->k[j][d + N / 2];
                s[i][j] += p->q[i][d] * (x * cos(angle) - y * sin(angle));
                s[i][j] +=
                    p->q[i][d + N / 2] * (x * sin(angle) + y * cos(angle));
            }
            s[i][j] *= p->scale;
        }
}

static double norm(const double *x)
{
    double square = 0;
    for (idx d = 0; d < D; d++)
        square += x[d] * x[d];
    return sqrt(square);
}

/* What a cache holds is listed; the one to leave is the least different. */
static void keep_unlike(void *context, idx l, idx h, double (*s)[SLOW_T])
{
    const struct place *p = context;
    idx held[T], n = 0;
    (void)l, (void)h;
    for (idx i = 0; i < T; i++) {
        double mean[D] = { 0 }, least = INFINITY;
        idx worst = 0, kept = 0;
        held[n++] = i;
        for (idx a = 0; a < n; a++)
            for (idx d = 0; d < D; d++)
                mean[d] += p->k[held[a]][d] / (double)n;
        for (idx a = 0; a < n - 1; a++) {
            double dot = 0;
            for (idx d = 0; d < D; d++)
                dot += p->k[held[a]][d] * mean[d];
            double score = 1 - dot / (norm(p->k[held[a]]) * norm(mean));
            if (score < least)
                worst = a;
            least = fmin(least, score);
        }
        if (n > options.cache)
            memmove(held + worst, held + worst + 1,
                    (size_t)(--n - worst) * sizeof *held);
        for (idx j = 0; j <= i; j++)
            if (kept < n && held[kept] == j)
                kept++;
            else
                s[i][j] = -INFINITY;
    }
}

static void give(double *a, const bool *is_sink, idx n, double stays)
{
    double freed = 0, others = 0;
    for (idx j = 0; j < n; j++)
        *(is_sink[j] ? &freed : &others) += a[j];
    if (others == 0)
        return;
    for (idx j = 0; j < n; j++)
        a[j] = is_sink[j] ? stays * a[j]
                          : a[j] + a[j] / others * freed * (1 - stays);
}

static void share_sink(void *context, idx l, idx h, double (*a)[SLOW_T])
{
    const bool is_sink[T] = { true };
    for (idx i = 0; is_here(context, l, h) && i < T; i++)
        give(a[i], is_sink, i + 1, 0.4);
}

static void share_columns(void *context, idx l, idx h, double (*a)[SLOW_T])
{
    double before[T][T];
    (void)context, (void)l, (void)h;
    for (idx i = 0; i < T; i++)
        memcpy(before[i], a[i], sizeof before[i]);
    for (idx i = 0; i < T; i++) {
        bool is_sink[T] = { false };
        for (idx j = 1; j <= i - 7; j++) {
            double sum = 0;
            for (idx q = j; q <= i; q++)
                sum += before[q][j];
            is_sink[j] = sum / (double)(i - j + 1) > 0.1;
        }
        give(a[i], is_sink, i + 1, 0.4);
    }
}

static void find_sinks(void *context, idx depth, double (*x)[SLOW_ROW])
{
    struct place *p = context;
    idx one = 0, two = -1;
    (void)depth;
    for (idx c = 1; c < C; c++)
        if (fabs(x[0][c]) > fabs(x[0][one]))
            one = c;
    for (idx c = 0; c < C; c++)
        if (c != one && (two < 0 || fabs(x[0][c]) > fabs(x[0][two])))
            two = c;
    for (idx i = 0; i < T; i++) {
        double square = 0;
        for (idx c = 0; c < C; c++)
            square += x[i][c] * x[i][c];
        p->is_sink[i] =
            fmax(fabs(x[i][one]), fabs(x[i][two])) >= 5 * sqrt(square / C);
    }
}

static void share_found(void *context, idx l, idx h, double (*a)[SLOW_T])
{
    const struct place *p = context;
    (void)l, (void)h;
    for (idx i = 0; i < T; i++)
        give(a[i], p->is_sink, i + 1, 0.6);
}

/* --- learned from other text --- */

static void note_sink(void *context, idx depth, double (*x)[SLOW_ROW])
{
    struct place *p = context;
    idx sequence = p->n_seen++ / (L + 1);
    if (depth > 0)
        memcpy(p->sinks[sequence][depth - 1], x[0], sizeof p->sinks[0][0]);
}

/* Of sequences 0, 1, 2, 0, 1, ... */
static double mean_of(const struct place *p, idx layer, idx c)
{
    double sum = 0;
    for (idx i = 0; i < INTERVENTION_LEARNS_FROM; i++)
        sum += p->sinks[i % B][layer][c];
    return sum / INTERVENTION_LEARNS_FROM;
}

static void level_largest(void *context, idx depth, double (*x)[SLOW_ROW])
{
    idx largest = 0;
    for (idx c = 0; c < C; c++)
        if (fabs(x[0][c]) > fabs(x[0][largest]))
            largest = c;
    if (depth > 0)
        x[0][largest] = mean_of(context, depth - 1, largest);
}

static idx place_of(enum tap tap)
{
    return tap == TAP_NORM1   ? 0
           : tap == TAP_MIXED ? 1
           : tap == TAP_NORM2 ? 2
                              : 3;
}

static void note_ends(void *context, const struct tap_slice *s)
{
    struct place *p = context;
    double *ends = p->ends[p->first + s->sequence][s->layer][place_of(s->tap)];
    ends[0] = ends[1] = 0;
    for (idx i = 0; i < s->rows * s->n; i++) {
        ends[0] = fmin(ends[0], (double)s->x[i]);
        ends[1] = fmax(ends[1], (double)s->x[i]);
    }
}

static double end_of(const struct place *p, const struct tap_slice *s, int end)
{
    double x = p->ends[0][s->layer][place_of(s->tap)][end];
    for (idx i = 1; i < INTERVENTION_LEARNS_FROM; i++)
        x = 0.9 * x + 0.1 * p->ends[i][s->layer][place_of(s->tap)][end];
    return x;
}

/* What a matrix reads, a step a token or a sequence: the only thing that is not
 * done to the slow model, for a number between two levels falls to either side
 * by its last bit. So it is done in the passes of the engine that is measured,
 * where all bits are the same. */
static void coarse_rows(void *context, const struct tap_slice *s)
{
    const struct place *p = context;
    idx per = p->by_token ? 1 : s->rows;
    for (idx row = 0; row < s->rows; row += per) {
        double low = 0, high = 0, levels = pow(2, p->bits) - 1;
        real *x = s->x + row * s->ld;
        assert_int_equal(s->ld, s->n);
        for (idx i = 0; i < per * s->n; i++) {
            low = fmin(low, (double)x[i]);
            high = fmax(high, (double)x[i]);
        }
        if (p->is_static) {
            low = end_of(p, s, 0);
            high = end_of(p, s, 1);
        }
        double step = (high - low) / levels, zero = nearbyint(-low / step);
        for (idx i = 0; i < per * s->n; i++) {
            double q = nearbyint((double)x[i] / step) + zero;
            x[i] = (real)(step * (fmin(fmax(q, 0), levels) - zero));
        }
    }
}

/* Of the sequences of all, in passes as those of costs are. */
static double
edit_inputs(struct bench *x, const struct batch *all, struct place *p,
            void (*edit)(void *context, const struct tap_slice *s))
{
    static const enum tap inputs[] = { TAP_NORM1, TAP_MIXED, TAP_NORM2,
                                       TAP_FFN_INNER };
    struct tap_edit list[COUNT_OF(inputs)];
    double sum = 0;
    for (int i = 0; i < COUNT_OF(inputs); i++)
        list[i] = (struct tap_edit){ inputs[i], -1, -1, edit, p };
    assert_int_equal(engine_edit(&x->g, list, COUNT_OF(inputs), ERR_IGNORED),
                     OK);
    for (p->first = 0; p->first < all->B; p->first += x->c.B) {
        struct batch part =
            batch_part(all, p->first, idx_min(x->c.B, all->B - p->first));
        engine_loss(&x->g, &part);
        for (idx i = 0; i < part.B * T; i++)
            sum += (double)engine_losses(&x->g, i / T)[i % T];
    }
    engine_edit(&x->g, NULL, 0, ERR_IGNORED);
    return sum / (double)(all->B * T);
}

static void give_weights(struct bench *x, const real *w)
{
    memcpy(engine_download(&x->g).weights, w,
           (size_t)x->t.m.table.total * sizeof *w);
    engine_upload(&x->g);
}

static double coarse_loss(struct bench *x, const real *w, struct place *p)
{
    if (p->is_static)
        edit_inputs(x, &x->c.other, p, note_ends);
    give_weights(x, w);
    double loss = edit_inputs(x, &x->c.batch, p, coarse_rows);
    give_weights(x, x->t.w);
    return loss;
}

/* To the last bit, or activations between two levels fall to other sides. */
static void coarse_part(real *w, idx n, int bits)
{
    double most = 0, step;
    for (idx i = 0; i < n; i++)
        most = fmax(most, fabs((double)w[i]));
    step = most / (pow(2, bits - 1) - 1);
    for (idx i = 0; i < n; i++)
        w[i] = (real)(step * nearbyint((double)w[i] / step));
}

static void coarse_weights(struct tiny *t, int bits)
{
    for (idx l = 0; l < L; l++) {
        const struct block_params *b = &t->m.blocks[l];
        for (idx part = 0; part < 3; part++)
            coarse_part(t->w + b->qkv_w + part * C * C, C * C, bits);
        coarse_part(t->w + b->out_w, C * C, bits);
        for (idx part = 0; part < t->m.U / F; part++) /* gate and up */
            coarse_part(t->w + b->up_w + part * F * C, F * C, bits);
        coarse_part(t->w + b->down_w, F * C, bits);
    }
}

/* --- parts of the model --- */

static void clear(struct tiny *t, idx offset, idx n)
{
    if (offset != NO_PARAM)
        memset(t->w + offset, 0, (size_t)n * sizeof *t->w);
}

static void without_ffn(struct tiny *t, const struct place *p)
{
    clear(t, t->m.blocks[p->layer].down_w, C * F);
    clear(t, t->m.blocks[p->layer].down_b, C);
}

static void without_query_bias(struct tiny *t, const struct place *p)
{
    (void)p;
    for (idx l = 0; l < L; l++)
        clear(t, t->m.blocks[l].qkv_b, C);
}

static void without_positions(struct tiny *t, const struct place *p)
{
    (void)p;
    clear(t, t->m.position_w, T * C);
}

static void drop_largest(void *context, idx depth, double (*x)[SLOW_ROW])
{
    idx largest = 0;
    (void)context;
    for (idx c = 0; c < C; c++)
        if (fabs(x[0][c]) > fabs(x[0][largest]))
            largest = c;
    if (depth > 0)
        x[0][largest] = 0;
}

static const struct {
    const char *name;
    struct slow_hooks hooks;
    int weight_bits, bits;
    bool by_token;
    void (*without)(struct tiny *t, const struct place *p);
} by_hand[] = {
    { "no_ffn", { .context = NULL }, 0, 0, false, without_ffn },
    { "no_massive", { .stream = drop_largest }, 0, 0, false, NULL },
    { "mean_massive", { .stream = level_largest }, 0, 0, false, NULL },
    { "no_query_bias", { .context = NULL }, 0, 0, false, without_query_bias },
    { "no_position", { .context = NULL }, 0, 0, false, without_positions },
    { "no_sink", { .scores = mask_sink }, 0, 0, false, NULL },
    { "hide_sink", { .scores = mask_sink }, 0, 0, false, NULL },
    { "no_sink_raw", { .weights = drop_sink }, 0, 0, false, NULL },
    { "no_sink_value", { .values = drop_value }, 0, 0, false, NULL },
    { "zero", { .head = silence }, 0, 0, false, NULL },
    { "window", { .scores = window }, 0, 0, false, NULL },
    { "stream", { .scores = stream }, 0, 0, false, NULL },
    { "evict", { .scores = evict }, 0, 0, false, NULL },
    { "stream_cache",
      { .reads = read_head, .scores = stream_near },
      0,
      0,
      false,
      NULL },
    { "keydiff",
      { .reads = read_head, .scores = keep_unlike },
      0,
      0,
      false,
      NULL },
    { "share_sink", { .weights = share_sink }, 0, 0, false, NULL },
    { "share_columns", { .weights = share_columns }, 0, 0, false, NULL },
    { "share_dimensions",
      { .stream = find_sinks, .weights = share_found },
      0,
      0,
      false,
      NULL },
    { "w8", { .context = NULL }, 8, 0, false, NULL },
    { "w4", { .context = NULL }, 4, 0, false, NULL },
    { "a8", { .context = NULL }, 0, 8, false, NULL },
    { "a4", { .context = NULL }, 0, 4, false, NULL },
    { "a8_token", { .context = NULL }, 0, 8, true, NULL },
    { "a4_token", { .context = NULL }, 0, 4, true, NULL },
    { "a8_static", { .context = NULL }, 0, 8, false, NULL },
    { "a4_static", { .context = NULL }, 0, 4, false, NULL },
    { "w8a8_static", { .context = NULL }, 8, 8, false, NULL },
    { "w8a8", { .context = NULL }, 8, 8, false, NULL },
    { "w4a4", { .context = NULL }, 4, 4, false, NULL },
};

static double hand_cost(struct bench *x, int i, struct place *p)
{
    struct tiny *t = &x->t;
    struct slow_hooks hooks = by_hand[i].hooks, none = { .context = NULL };
    struct tiny coarse = *t;
    size_t bytes = (size_t)t->m.table.total * sizeof *t->w;
    p->bits = by_hand[i].bits;
    p->scale = 1 / sqrt(D);
    p->by_token = by_hand[i].by_token;
    p->is_static = strstr(by_hand[i].name, "_static");
    hooks.context = p;
    coarse.w = malloc(bytes);
    assert_non_null(coarse.w);
    memcpy(coarse.w, t->w, bytes);
    if (by_hand[i].weight_bits)
        coarse_weights(&coarse, by_hand[i].weight_bits);
    if (by_hand[i].without)
        by_hand[i].without(&coarse, p);
    if (hooks.stream == level_largest) {
        const struct slow_hooks notes = { .context = p, .stream = note_sink };
        slow_loss(t, &notes);
    }
    double cost = p->bits ? coarse_loss(x, coarse.w, p) - x->c.plain
                          : slow_loss(&coarse, &hooks) - slow_loss(t, &none);
    free(coarse.w);
    return cost;
}

static int hand_of(const struct metric *m)
{
    for (int i = 0; i < COUNT_OF(by_hand); i++) {
        char names[3][COLUMN_NAME_MAX];
        static const char *const ends[] = { "", "_layer", "_head" };
        idx ndim = metric_ndim(m);
        snprintf(names[ndim], sizeof names[ndim], "cost_%s%s", by_hand[i].name,
                 ends[ndim]);
        if (strcmp(names[ndim], m->text.name) == 0)
            return i;
    }
    fail_msg("nothing by hand for %s", m->text.name);
    return 0;
}

/* As much as the costs of single sequences vary. Not where activations have
 * levels: in a batch of another size their last bits are others, and with them
 * the side to which those in the middle fall. */
static void check_error(struct bench *x, const struct metric *m)
{
    const struct batch all = x->c.batch;
    const struct intervention *v = intervention_done(m->under);
    double got, sum = 0, squares = 0;
    if (!intervention_is_there(v, &x->t.m) || strstr(m->text.name, "a4") ||
        strstr(m->text.name, "a8"))
        return;
    consequences_measure(&got, &x->c, m, ERR_IGNORED);
    for (idx b = 0; b < B; b++) {
        x->c.batch = batch_part(&all, b, 1);
        consequences_start(&x->c, NULL, ERR_IGNORED);
        double one;
        consequences_cost(&one, &x->c, v, -1, -1, ERR_IGNORED);
        assert_true(isnan(consequences_error(&x->c, one)));
        sum += one;
        squares += one * one;
    }
    x->c.batch = all;
    consequences_start(&x->c, NULL, ERR_IGNORED);
    double want = sqrt(fmax(squares - sum * sum / B, 0) / (B - 1) / B);
    if (!(fabs(got - want) <= 1e-5 + 1e-3 * want) || !(want > 1e-6))
        fail_msg("%s: %.9g, of sequences %.9g", m->text.name, got, want);
}

static void check_cost(struct bench *x, const struct metric *m)
{
    double got[L * H];
    idx ndim = metric_ndim(m), heads = ndim > 1 ? H : 1;
    bool is_there = intervention_is_there(m->under, &x->t.m);
    consequences_measure(got, &x->c, m, ERR_IGNORED);
    assert_int_equal(isnan(got[0]), !is_there);
    if (!is_there) {
        bool by_distance = strcmp(m->text.name, "cost_stream_cache") == 0;
        assert_int_equal(x->t.m.spec.model.norm, /* gpt2's or llama's */
                         by_distance ? NORM_LAYER : NORM_RMS);
        return;
    }
    for (idx i = 0; i < (ndim > 0 ? L : 1) * heads; i++) {
        struct place p = { .layer = ndim > 0 ? i / heads : -1,
                           .head = ndim > 1 ? i % heads : -1 };
        int hand = hand_of(m);
        double want = hand_cost(x, hand, &p);
        /* rounding; what has levels is done in the same passes */
        double bound = p.bits ? 1e-7 : 2e-5;
        if (!(fabs(got[i] - want) <= bound))
            fail_msg("%s, number %td: %.9g, by hand %.9g", m->text.name, i,
                     got[i], want);
        if (!(fabs(want) > 10 * bound)) /* it can tell */
            fail_msg("%s, number %td costs %g", m->text.name, i, want);
    }
}

/* One dimension of the sixth token is far larger, and of the first in all
 * sequences but one, whose sink is another. */
static void plant_sinks(struct tiny *t)
{
    idx five = t->batch.tokens[5];
    for (idx b = 0; b < B; b++) {
        t->batch.tokens[b * T] = (int32_t)(b ? five : (five + 1) % V);
        t->batch.tokens[b * T + 5] = (int32_t)five;
    }
    t->w[t->m.token_w + five * C + 3] = 60;
    struct rng r = rng_open(1, RNG_TEST, 0, 0); /* biases start as 0 */
    for (idx i = 0; i < t->m.table.count; i++) {
        const struct param *p = &t->m.table.rows[i];
        for (idx j = 0; p->role == PARAM_BIAS && j < p->n; j++)
            t->w[p->offset + j] = (real)(0.3 * rng_normal(&r));
    }
}

static void test_costs__are_those_of_a_slow_model(void **state)
{
    (void)state;
    const char *const presets[] = { "gpt2", "llama" };
    for (int k = 0; k < 2; k++) {
        struct bench x;
        open_bench(&x, presets[k], ATTENTION(), 2, NULL);
        plant_sinks(&x.t);
        give_weights(&x, x.t.w);
        give_tokens(&x);
        consequences_start(&x.c, NULL, ERR_IGNORED);
        for (idx i = 0; cost_at(i); i++)
            (cost_at(i)->under->error_of ? check_error
                                         : check_cost)(&x, cost_at(i));
        close_bench(&x);
    }
}

/* --- two ways ------------------------------------------------------------- */

static void mask(void *context, const struct tap_slice *s)
{
    (void)context;
    if (s->first > 0)
        s->x[0] = (real)-INFINITY;
}

static double edited(struct bench *x, const struct tap_edit *edit)
{
    struct err e = { 0 };
    struct edits edits = { edit, 1 };
    assert_int_equal(model_check_edits(&x->t.m, &edits, &e), OK);
    return model_forward_loss(&x->t.m, x->t.w, &x->t.x, &x->t.batch, &edits)
        .cross_entropy;
}

static void test_costs__of_the_sink_agree_with_its_scores_masked(void **state)
{
    (void)state;
    struct attention_options cases[] = {
        ATTENTION(),
        ATTENTION(.bias = BIAS_KEY),
        ATTENTION(.bias = BIAS_LOGIT),
        ATTENTION(.registers = 1),
        ATTENTION(.kv_heads = 1),
        ATTENTION(.window = 7),
        ATTENTION(.scale = 0.5),
        ATTENTION(),
    };
    while (strcmp(weight_map_name(cases[7].weights), "softmax1") != 0)
        cases[7].weights++;
    for (int i = 0; i < COUNT_OF(cases); i++)
        for (idx l = -1; l < L; l++)
            for (idx h = -1; h < (l < 0 ? 0 : H); h++) {
                struct bench x;
                struct tap_edit edit = { TAP_SCORES, l, h, mask, NULL };
                open_bench(&x, "gpt2", cases[i], 2, NULL);
                double plain = tiny_loss(&x.t, B);
                double want = edited(&x, &edit) - plain;
                assert_near(cost(&x, "cost_no_sink", l, h), want, 2e-6, plain);
                assert_true(fabs(want) > 1e-5);
                assert_near(cost(&x, "cost_hide_sink", l, h), want, 2e-6,
                            plain);
                /* values that are 0 are mixed in as nothing */
                assert_near(cost(&x, "cost_no_sink_raw", l, h),
                            cost(&x, "cost_no_sink_value", l, h), 1e-6, plain);
                close_bench(&x);
            }
}

static void test_costs__of_a_head_are_those_of_its_output_matrix(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, "llama", ATTENTION(), 2, NULL);
    double plain = tiny_loss(&x.t, B);
    for (idx l = 0; l < L; l++)
        for (idx h = 0; h < H; h++) {
            real *out = x.t.w + x.t.m.blocks[l].out_w, kept[C * C];
            memcpy(kept, out, sizeof kept);
            for (idx c = 0; c < C; c++)
                memset(out + c * C + h * D, 0, D * sizeof *out);
            assert_near(cost(&x, "cost_zero_head", l, h),
                        tiny_loss(&x.t, B) - plain, 1e-6, plain);
            memcpy(out, kept, sizeof kept);
        }
    close_bench(&x);
}

/* For every map: a window of the cache is a mask; one first key beside it is a
 * prefix of one token, which all queries see. */
static void test_costs__of_a_cache_are_those_of_masks(void **state)
{
    (void)state;
    const struct metrics_options kept = options;
    for (int map = 0; weight_map_name(map); map++)
        for (idx first = 0; first <= 1; first++) {
            struct attention_options a = ATTENTION(.weights = map), masked = a;
            struct bench x, y;
            options.kept = first;
            masked.window = options.cache - first;
            masked.prefix = first;
            open_bench(&x, "llama", a, 2, NULL);
            open_bench(&y, "llama", masked, 2, NULL);
            double got =
                cost(&x, first ? "cost_stream" : "cost_window", -1, -1);
            assert_near(got, y.c.plain - x.c.plain, 2e-6, fabs(x.c.plain));
            assert_true(fabs(got) > 1e-5);
            if (!first)
                assert_true(cost(&x, "cost_stream", -1, -1) == got);
            close_bench(&y);
            close_bench(&x);
        }
    options = kept;
}

/* --- nothing -------------------------------------------------------------- */

/* Heads whose first column is 0 throughout, of a map with zeros. */
static void find_empty(void *context, const struct head_view *v)
{
    bool(*is_empty)[H] = context;
    double sum = 0;
    for (idx t = 0; t < v->T; t++)
        sum += fabs((double)v->weights[t * v->T]);
    if (sum > 0)
#pragma omp critical
        is_empty[v->layer][v->head] = false;
}

static void test_costs__of_an_empty_column_are_0(void **state)
{
    (void)state;
    static const char *const names[] = { "cost_no_sink", "cost_no_sink_raw",
                                         "cost_no_sink_value",
                                         "cost_share_sink" };
    struct attention_options a = ATTENTION();
    bool is_empty[L][H] = { { true, true }, { true, true } };
    struct observer observer = tiny_observer(find_empty, is_empty);
    struct bench x;
    while (strcmp(weight_map_name(a.weights), "relu") != 0)
        a.weights++;
    open_bench(&x, "gpt2", a, 2, NULL);
    /* keys of head 1 of layer 0 point away from all its queries */
    const struct block_params *p = &x.t.m.blocks[0];
    for (idx d = 0; d < D; d++)
        for (int part = 0; part < 2; part++) {
            idx row = part * C + D + d;
            memset(x.t.w + p->qkv_w + row * C, 0, C * sizeof *x.t.w);
            x.t.w[p->qkv_b + row] = part ? -1 : 1;
        }
    memcpy(engine_download(&x.g).weights, x.t.w,
           (size_t)x.t.m.table.total * sizeof *x.t.w);
    consequences_start(&x.c, NULL, ERR_IGNORED);
    tiny_observe(&x.t, B, &observer);
    assert_true(is_empty[0][1] && !is_empty[0][0]);
    for (int i = 0; i < COUNT_OF(names); i++) {
        assert_true(cost(&x, names[i], 0, 1) == 0);
        assert_true(cost(&x, names[i], 0, 0) != 0);
    }
    close_bench(&x);
}

/* A cache that holds all. */
static void test_costs__of_a_large_cache_are_0(void **state)
{
    (void)state;
    static const char *const names[] = { "cost_window", "cost_stream",
                                         "cost_evict", "cost_stream_cache",
                                         "cost_keydiff" };
    const struct metrics_options kept = options;
    struct bench x;
    options.cache = T;
    open_bench(&x, "llama", ATTENTION(.bias = BIAS_KEY), 2, NULL);
    for (int i = 0; i < COUNT_OF(names); i++)
        assert_true(cost(&x, names[i], -1, -1) == 0);
    close_bench(&x);
    options = kept;
}

/* Text that is the same as the other: its mean is the number itself, but for
 * what a sequence's place among the rows of a product does to last bits. */
static void test_costs__of_a_mean_of_equals_are_0(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, "gpt2", ATTENTION(), 2, NULL);
    for (idx i = 0; i < B * T; i++)
        x.t.batch.tokens[i] = x.t.batch.tokens[i % T];
    give_tokens(&x);
    consequences_start(&x.c, NULL, ERR_IGNORED);
    assert_near(cost(&x, "cost_mean_massive", -1, -1), 0, 2e-6, x.c.plain);
    assert_true(fabs(cost(&x, "cost_no_massive", -1, -1)) > 1e-4);
    close_bench(&x);
}

/* Queries before a key that see it through a prefix are none of its own: where
 * all weights are even no key is a sink. */
static void test_costs__a_prefix_makes_no_sinks_of_columns(void **state)
{
    (void)state;
    enum { TOKENS = 40, PREFIX = 32 };
    const struct metric *m = metric_at(0);
    for (int i = 0; strcmp(m->text.name, "cost_share_columns") != 0;)
        m = metric_at(++i);
    double room[2 * TOKENS];
    struct intervention_work work = { .T = TOKENS,
                                      .room = room,
                                      .room_n = 2 * TOKENS };
    for (idx t = 0; t < TOKENS; t++) {
        idx seen = idx_max(t + 1, PREFIX);
        real row[TOKENS];
        for (idx j = 0; j < TOKENS; j++)
            row[j] = j < seen ? 1 / (real)seen : 0;
        const struct tap_slice s = { .tap = TAP_WEIGHTS,
                                     .first = t,
                                     .rows = 1,
                                     .n = TOKENS,
                                     .x = row,
                                     .T = TOKENS,
                                     .lo = 0,
                                     .hi = seen };
        m->under->edits[0].edit(&work, &s);
        for (idx j = 0; j < seen; j++)
            assert_true(row[j] == 1 / (real)seen);
    }
}

/* Where positions are nothing a cache has none; registers come nearer, too. */
static void
test_costs__of_places_in_a_cache_are_those_of_distances(void **state)
{
    (void)state;
    const struct metrics_options kept = options;
    struct bench x;
    options.kept = 0;
    open_bench(&x, "llama", ATTENTION(), 2, NULL);
    assert_true(cost(&x, "cost_stream_cache", -1, -1) ==
                cost(&x, "cost_window", -1, -1));
    close_bench(&x);
    open_bench(&x, "llama", ATTENTION(.registers = 1), 2, NULL);
    assert_true(cost(&x, "cost_stream_cache", -1, -1) !=
                cost(&x, "cost_window", -1, -1));
    close_bench(&x);
    options = kept;
    open_bench(&x, "llama", ATTENTION(.soft_cap = 5), 2, NULL);
    assert_false(
        intervention_is_there(named("cost_stream_cache")->under, &x.t.m));
    close_bench(&x);
}

/* What stream_near() does, one row at a time, in the model itself. */
static void note_query(void *context, const struct tap_slice *s)
{
    struct place *p = context;
    for (idx i = 0; i < T * D; i++)
        p->q[i / D][i % D] = (double)s->x[i / D * s->ld + i % D];
}

static void note_key(void *context, const struct tap_slice *s)
{
    struct place *p = context;
    for (idx i = 0; i < T * D; i++)
        p->k[i / D][i % D] = (double)s->x[i / D * s->ld + i % D];
}

static void move_row(void *context, const struct tap_slice *s)
{
    double all[SLOW_T][SLOW_T] = { { 0 } };
    for (idx j = 0; j <= s->first; j++)
        all[s->first][j] = (double)s->x[j];
    stream_near(context, s->layer, s->head, all);
    for (idx j = 0; j <= s->first; j++)
        s->x[j] = (real)all[s->first][j];
}

static void test_costs__of_places_have_the_scale_of_scores(void **state)
{
    static const double scales[] = {
        [QK_NORM_NONE] = 1 / 4.0, [QK_NORM_RMS] = 1 / 4.0, [QK_NORM_UNIT] = 1
    };
    (void)state;
    for (int i = 0; i < COUNT_OF(scales); i++) {
        struct bench x;
        struct place p = { .scale = scales[i] }; /* D is 16 */
        const struct tap_edit list[] = {
            { TAP_Q, -1, -1, note_query, &p },
            { TAP_K, -1, -1, note_key, &p },
            { TAP_SCORES, -1, -1, move_row, &p },
        };
        const struct edits edits = { list, COUNT_OF(list) };
        open_bench(&x, "llama", ATTENTION(.qk_norm = i), 1, NULL);
        double want =
            model_forward_loss(&x.t.m, x.t.w, &x.t.x, &x.t.batch, &edits)
                .cross_entropy -
            tiny_loss(&x.t, B);
        assert_true(fabs(want) > 1e-4);
        assert_near(cost(&x, "cost_stream_cache", -1, -1), want, 2e-6,
                    x.c.plain);
        close_bench(&x);
    }
}

static void test_costs__have_the_same_bits_for_any_threads(void **state)
{
    (void)state;
    enum { MANY = 128 };
    double first[MANY][L * H] = { { 0 } };
    for (int threads = 1; threads <= 4; threads *= 2) {
        struct bench x;
        open_bench(&x, "llama", ATTENTION(.operation = OPERATION_DIFFERENTIAL),
                   threads, NULL);
        for (idx i = 0; cost_at(i); i++) {
            double got[L * H] = { 0 };
            consequences_measure(got, &x.c, cost_at(i), ERR_IGNORED);
            if (threads == 1)
                memcpy(first[i], got, sizeof got);
            assert_memory_equal(got, first[i], sizeof got);
            assert_true(isfinite(got[0]) ||
                        !intervention_is_there(cost_at(i)->under, &x.t.m));
        }
        close_bench(&x);
    }
}

/* --- and nothing is left -------------------------------------------------- */

static void test_costs__leave_weights_and_training_as_they_were(void **state)
{
    (void)state;
    struct optim_options optim;
    struct bench x, plain;
    key_defaults(optim_keys, n_optim_keys, &optim);
    optim.lr = 1e-2;
    open_bench(&x, "gpt2", ATTENTION(), 2, &optim);
    open_bench(&plain, "gpt2", ATTENTION(), 2, &optim);
    size_t bytes = (size_t)x.t.m.table.total * sizeof(real);
    struct batch part = batch_part(&x.t.batch, 0, 2);
    for (idx step = 1; step <= 2; step++) {
        consequences_start(&x.c, NULL, ERR_IGNORED);
        double before = x.c.plain, found;
        for (idx i = 0; cost_at(i); i++)
            if (!cost_at(i)->under->error_of &&
                intervention_is_there(cost_at(i)->under, &x.t.m))
                consequences_cost(&found, &x.c, cost_at(i)->under, -1, -1,
                                  ERR_IGNORED);
        consequences_start(&x.c, NULL, ERR_IGNORED);
        assert_true(x.c.plain == before);
        for (int k = 0; k < 2; k++) {
            struct engine *g = k ? &plain.g : &x.g;
            engine_backward(g, &part, batch_total(&part));
            engine_step(g, step, 0.01, engine_grad_norm(g));
        }
        assert_memory_equal(engine_download(&x.g).weights,
                            engine_download(&plain.g).weights, bytes);
    }
    close_bench(&plain);
    close_bench(&x);
}

/* What a meter and a config say of them. */
static void test_costs__are_asked_for_by_name(void **state)
{
    (void)state;
    struct metrics_options o = options;
    struct metric_choice c = { &sinks, &o };
    struct err e = { 0 };
    const struct intervention_shape room = { T, T + 1, L, C, D };
    key_copy_text(o.names, "cost_w8, sink_1, cost_evict");
    struct consequences_request r = consequences_asked(&c, &room);
    assert_false(r.learns);
    assert_int_equal(r.n, 2);
    assert_int_equal(r.n_sequences, B);
    assert_int_equal(r.writes, TAP_BIT(TAP_SCORES) | TAP_BIT(TAP_WEIGHTS));
    assert_int_equal(r.reads, READS_CACHE);
    assert_true(r.changes && r.room_n == T);
    o.sink_key = T + 1;
    assert_int_equal(consequences_check(&c, T, &e), OK); /* nobody reads it */
    key_copy_text(o.names, "cost_no_sink_head");
    assert_int_equal(consequences_check(&c, T, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "metrics.sink_key = 25"));
    o = options;
    o.kept = o.cache;
    e = (struct err){ 0 };
    assert_int_equal(consequences_check(&c, T, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "metrics.kept = 6"));
    o = options;
    o.cache = T; /* forgets nothing, and costs 0 */
    assert_int_equal(consequences_check(&c, T, &e), OK);
    o.cache = T + 1;
    e = (struct err){ 0 };
    assert_int_equal(consequences_check(&c, T, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "metrics.cache = 25: sequences have"));
    o.cache = CACHE_USUAL;
    e = (struct err){ 0 };
    assert_int_equal(consequences_check(&c, CACHE_USUAL - 1, &e), OK);
    o = options;
    key_copy_text(o.names, "default");
    assert_int_equal(consequences_asked(&c, &room).n, 0);
    key_copy_text(o.names, "cost_stream_cache, cost_a8_static");
    r = consequences_asked(&c, &room);
    assert_int_equal(r.room_n, (2 * T + 3) * D);
    assert_true(r.learns && r.learned_n == L * 4 * 2);
}

static void test_interventions__are_there_where_they_can_be_done(void **state)
{
    (void)state;
    struct bench x;
    open_bench(&x, "llama", ATTENTION(.operation = OPERATION_FLOW), 1, NULL);
    assert_false(intervention_is_there(named("cost_no_sink")->under, &x.t.m));
    assert_false(intervention_is_there(named("cost_evict")->under, &x.t.m));
    assert_true(
        intervention_is_there(named("cost_no_sink_value")->under, &x.t.m));
    assert_true(intervention_is_there(named("cost_w4a4")->under, &x.t.m));
    assert_true(cost(&x, "cost_no_sink_value", -1, -1) != 0);
    close_bench(&x);
}

static int start(void **state)
{
    (void)state;
    return gemm_start(4, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_costs__are_those_of_a_slow_model),
        cmocka_unit_test(test_costs__of_the_sink_agree_with_its_scores_masked),
        cmocka_unit_test(test_costs__a_prefix_makes_no_sinks_of_columns),
        cmocka_unit_test(test_costs__of_a_head_are_those_of_its_output_matrix),
        cmocka_unit_test(test_costs__of_a_cache_are_those_of_masks),
        cmocka_unit_test(test_costs__of_an_empty_column_are_0),
        cmocka_unit_test(test_costs__of_a_large_cache_are_0),
        cmocka_unit_test(test_costs__of_a_mean_of_equals_are_0),
        cmocka_unit_test(
            test_costs__of_places_in_a_cache_are_those_of_distances),
        cmocka_unit_test(test_costs__of_places_have_the_scale_of_scores),
        cmocka_unit_test(test_costs__have_the_same_bits_for_any_threads),
        cmocka_unit_test(test_costs__leave_weights_and_training_as_they_were),
        cmocka_unit_test(test_costs__are_asked_for_by_name),
        cmocka_unit_test(test_interventions__are_there_where_they_can_be_done),
    };
    return cmocka_run_group_tests_name("consequences", tests, start, NULL);
}
