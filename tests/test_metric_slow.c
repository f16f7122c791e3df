/* Every metric of sinks and their companions against an implementation of its
 * own: a pass is written down whole, in double, and the definitions of
 * docs/METRICS.md are applied to it as they stand there. Then what is planted
 * in a model is found where it is, and what is measured beside a metric does
 * not change it. */
#include "harness.h"
#include "metric/meter.h"
#include "metric/metric_table.h"
#include "metric_case.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/gemm.h"

/* Two passes; layers enough for secondary sinks, and a width with room for a
 * number of five times the root mean square: 26 at least. */
enum { L = 7, H = 2, C = 28, D = C / H, V = 20, T = 24, N = 88 };

static struct sink_options sinks;
static struct metrics_options metrics;
static idx prefix;   /* of the model's attention */
static bool is_unit; /* its queries and keys are */

struct whole {
    struct tiny t;
    struct engine engine;
    struct meter meter;
};

static void open_model(struct whole *x, struct model_options o,
                       const struct attention_options *a, const char *names,
                       idx n)
{
    struct metric_choice choice = { &sinks, &metrics };
    struct engine_request r = { .B = 1, .T = T, .threads = 1 };
    struct rng rng = rng_open(3, RNG_TEST, 0, 0);
    struct err e = { 0 };
    key_copy_text(metrics.names, names);
    r.reads = meter_reads(&choice);
    *x = (struct whole){ 0 };
    tiny_open(&x->t, &o, a, 1, V, 1, 25);
    meter_shape(&r.seen_B, &r.seen_T, &x->t.m.spec.model, &sinks, n);
    struct batch_rules rules = model_batch_rules(&x->t.m, r.seen_T);
    if (engine_open(&x->engine, &x->t.m, &r, &e) ||
        meter_open(&x->meter, &x->engine, &choice, n, &rules, &e))
        fail_msg("%s", e.text);
    x->meter.bos = 7; /* any token */
    for (idx i = 0; i < n * T; i++)
        x->meter.batch.tokens[i] = (int32_t)rng_below(&rng, V);
    for (idx i = 0; i < n * T && x->meter.copies.B; i++)
        x->meter.copies.tokens[i] = i % T < T / 2
                                        ? (int32_t)rng_below(&rng, V)
                                        : x->meter.copies.tokens[i - T / 2];
}

static void open_whole(struct whole *x, const struct attention_options *a,
                       const char *names, idx n)
{
    open_model(x, tiny_options("llama", L, C, H, T), a, names, n);
}

static void run_whole(struct whole *x)
{
    memcpy(engine_download(&x->engine).weights, x->t.w,
           (size_t)x->t.m.table.total * sizeof *x->t.w);
    engine_upload(&x->engine);
    meter_run(&x->meter);
}

static void close_whole(struct whole *x)
{
    meter_release(&x->meter);
    engine_release(&x->engine);
    tiny_close(&x->t);
}

/* ---- a pass, written down ---------------------------------------------- */

/* Column 0 of a row of weights is what goes to no token. */
struct noted {
    double p[T][1 + T], raw[T][1 + T], s[T][T];
    double q[T][D], k[T][D], v[T][D], o[T][D];
};

static struct {
    struct noted head[L][H];
    double hidden[L + 1][T][C], attention[L][T][C], ffn[L][T][C];
    bool has_extra;
    int32_t tokens[T];
} seen;

static void copy(double *to, const real *from, idx rows, idx n, idx ld)
{
    for (idx t = 0; t < rows; t++)
        for (idx i = 0; i < n; i++)
            to[t * n + i] = (double)from[t * ld + i];
}

/* Whether rows sum to one is the case's to say. */
static bool is_proxy;

static void see_head(void *context, const struct head_view *h)
{
    struct noted *to = &seen.head[h->layer][h->head];
    (void)context;
    seen.has_extra = h->n_extra;
    for (idx t = 0; t < T; t++) {
        const real *row = h->weights + t * (h->n_extra + T);
        double mass[1 + T], sum = 0;
        to->raw[t][0] = mass[0] = 0;
        for (idx j = 0; j < h->n_extra + T; j++)
            to->raw[t][1 - h->n_extra + j] = (double)row[j];
        for (idx j = 0; j <= T; j++)
            mass[j] = fabs(to->raw[t][j]);
        if (h->extra_mass)
            mass[0] = (double)h->extra_mass[t];
        for (idx j = 0; j <= T; j++)
            sum += mass[j];
        for (idx j = 0; j <= T; j++)
            to->p[t][j] = is_proxy ? mass[j] / (sum + 1e-8) : mass[j];
    }
    copy(to->q[0], h->q, T, D, h->ld_qkv);
    copy(to->k[0], h->k, T, D, h->ld_qkv);
    copy(to->v[0], h->v, T, D, h->ld_qkv);
    copy(to->o[0], h->out, T, D, h->ld_out);
    if (h->scores)
        copy(to->s[0], h->scores, T, T, h->ld_scores);
}

static void see_rows(void *context, const struct tap_rows *r)
{
    (void)context;
    if (r->tap == TAP_RESIDUAL)
        copy(seen.hidden[r->layer][0], r->x, T, C, C);
    else if (r->tap == TAP_FFN)
        copy(seen.ffn[r->layer][0], r->x, T, C, C);
    else
        copy(seen.attention[r->layer][0], r->x, T, C, C);
}

static void write_down(struct whole *x, const struct batch *of, idx sequence)
{
    struct observer o = { .reads = TAPS_OF_HEADS | TAP_BIT(TAP_RESIDUAL) |
                                   TAP_BIT(TAP_ATTENTION) | TAP_BIT(TAP_FFN),
                          .see_head = see_head,
                          .see_rows = see_rows };
    memcpy(seen.tokens, of->tokens + sequence * T, sizeof seen.tokens);
    memcpy(x->t.batch.tokens, seen.tokens, sizeof seen.tokens);
    tiny_observe(&x->t, 1, &o);
}

/* ---- plain mathematics ------------------------------------------------- */

static double dot(const double *a, const double *b, idx n)
{
    return n ? a[0] * b[0] + dot(a + 1, b + 1, n - 1) : 0;
}

static double norm(const double *a, idx n)
{
    return sqrt(dot(a, a, n));
}

static double cosine(const double *a, const double *b, idx n)
{
    return dot(a, b, n) / norm(a, n) / norm(b, n);
}

static double central(const double *x, idx n, int power)
{
    double mean = 0, sum = 0;
    for (idx i = 0; i < n; i++)
        mean += x[i];
    mean /= (double)n;
    for (idx i = 0; i < n; i++)
        sum += pow(x[i] - mean, power);
    return sum / (double)n;
}

static double largest(const double *x, idx n)
{
    double max = 0;
    for (idx i = 0; i < n; i++)
        max = fmax(max, fabs(x[i]));
    return max;
}

/* By counting, not by sorting: the mean of the largest x with at most, and the
 * smallest with at least, half of all below it. */
static double median(const double *x, idx n)
{
    double low = -INFINITY, high = INFINITY;
    for (idx i = 0; i < n; i++) {
        idx below = 0, above = 0;
        for (idx j = 0; j < n; j++) {
            below += x[j] < x[i];
            above += x[j] > x[i];
        }
        if (2 * below <= n && 2 * above <= n) { /* in the middle */
            low = low == -INFINITY ? x[i] : fmin(low, x[i]);
            high = high == INFINITY ? x[i] : fmax(high, x[i]);
        }
    }
    return (low + high) / 2;
}

static double median_size(const double *x, idx n)
{
    static double size[T * C];
    for (idx i = 0; i < n; i++)
        size[i] = fabs(x[i]);
    return median(size, n);
}

/* Singular values of (rows,C) by rotating columns until they are at right
 * angles. */
static void singular(double *value, const double *x, idx rows)
{
    static double a[T][C];
    double all = dot(x, x, rows * C);
    memcpy(a, x, (size_t)(rows * C) * sizeof *x);
    bool is_turned = true;
    for (int sweep = 0; is_turned && sweep < 60; sweep++) {
        is_turned = false;
        for (idx p = 0; p < C; p++)
            for (idx q = p + 1; q < C; q++) {
                double pp = 0, qq = 0, pq = 0;
                for (idx t = 0; t < rows; t++) {
                    pp += a[t][p] * a[t][p];
                    qq += a[t][q] * a[t][q];
                    pq += a[t][p] * a[t][q];
                }
                if (fabs(pq) <= 1e-14 * sqrt(pp * qq) ||
                    fabs(pq) <= 1e-28 * all) /* of columns of nothing */
                    continue;
                double angle = atan2(2 * pq, qq - pp) / 2;
                double c = cos(angle), s = sin(angle);
                is_turned = true;
                for (idx t = 0; t < rows; t++) {
                    double y = a[t][p], z = a[t][q];
                    a[t][p] = c * y - s * z;
                    a[t][q] = s * y + c * z;
                }
            }
    }
    for (idx p = 0; p < C; p++) {
        double square = 0;
        for (idx t = 0; t < rows; t++)
            square += a[t][p] * a[t][p];
        value[p] = sqrt(square);
    }
}

/* ---- the definitions --------------------------------------------------- */

struct fraction {
    double top, bottom;
    bool is_there;
    double slack; /* of top: which of two entries is the larger, and what is
                     above a threshold, depends on last digits */
};

static bool is_at(double x, double threshold)
{
    return fabs(x - threshold) <= 1e-5 * threshold;
}

static struct fraction is(double top)
{
    return (struct fraction){ top, 1, true, 0 };
}

static struct fraction over(double top, double bottom)
{
    return (struct fraction){ top, bottom, true, 0 };
}

static const struct fraction nothing = { 0, 0, false, 0 };

/* Does an entry of this row (of this column) come within last digits of the
 * largest of all, and one outside it as well? */
static bool is_close(const double (*x)[C], idx row, idx column)
{
    double inside = 0, outside = 0;
    for (idx t = 0; t < T; t++)
        for (idx i = 0; i < C; i++) {
            double *most = t == row || i == column ? &inside : &outside;
            *most = fmax(*most, fabs(x[t][i]));
        }
    return fabs(inside - outside) <= 1e-5 * fmax(inside, outside);
}

static double mass(const struct noted *h, idx key)
{
    double sum = 0;
    for (idx t = key; t < T; t++)
        sum += h->p[t][1 + key];
    return sum / (double)(T - key);
}

static bool is_sink(const struct noted *h, idx key)
{
    double near[16];
    idx n = 0;
    for (idx j = key - 8; j <= key + 8; j++)
        if (j >= 0 && j <= T - 8 && j != key)
            near[n++] = mass(h, j);
    return mass(h, key) > sinks.eps && mass(h, key) > 2 * median(near, n);
}

static struct fraction some_sink(const struct noted *h, bool separators)
{
    struct fraction f = nothing;
    for (idx key = 1; key <= T - 8; key++)
        if ((seen.tokens[key] == 7) == separators)
            f = is(fmax(f.is_there ? f.top : 0, is_sink(h, key)));
    return f;
}

/* Of the columns from `from` on, in nats. */
static double row_entropy(const double *p, idx from)
{
    double sum = 0, entropy = 0;
    for (idx j = from; j <= T; j++)
        sum += p[j];
    for (idx j = from; j <= T; j++)
        if (p[j] > 0)
            entropy -= p[j] / sum * log(p[j] / sum);
    return entropy;
}

static struct fraction mean_entropy(const struct noted *h, idx from,
                                    bool is_low)
{
    double share[T], sum = 0;
    idx n = 0;
    for (idx t = 0; t < T; t++) {
        idx columns = (t < prefix ? prefix : t + 1) + seen.has_extra -
                      (from == 2 ? 1 + seen.has_extra : 0);
        double total = 0;
        for (idx j = from; j <= T; j++)
            total += h->p[t][j];
        if (columns >= 2 && total > 0) {
            share[n] = row_entropy(h->p[t], from) / log((double)columns);
            sum += share[n++];
        }
    }
    if (n == 0)
        return nothing;
    if (!is_low)
        return is(sum / (double)n);
    for (idx i = 0; i < n; i++) { /* the one with that share not above it */
        idx below = 0, not_above = 0;
        for (idx j = 0; j < n; j++) {
            below += share[j] < share[i];
            not_above += share[j] <= share[i];
        }
        if ((double)not_above >= 0.05 * (double)n &&
            (double)below < 0.05 * (double)n)
            return is(share[i]);
    }
    return nothing;
}

/* A small weight is as uncertain, relatively, as its score is absolutely: of
 * one of some tens, added up in float in another order, 1e-5 or so. */
static const double SMALL_ERROR = 1e-4;

static struct fraction sparse(const struct noted *h, double below)
{
    double n = 0, all = 0, unsure = 0;
    for (idx t = 0; t < T; t++)
        for (idx j = 0; j <= t || j < prefix; j++, all++) {
            double p = h->p[t][1 + j];
            n += p == 0 || p < below;
            unsure += below > 0 && fabs(p - below) <= SMALL_ERROR * below;
        }
    struct fraction f = is(n / all);
    f.slack = unsure / all;
    return f;
}

static struct fraction pairs(const struct noted *h, bool is_first, bool is_size)
{
    double sum = 0, n = 0;
    for (idx t = 1; t < T; t++)
        for (idx j = is_first ? 0 : 1; j <= (is_first ? 0 : t); j++, n++)
            sum += is_size ? norm(h->q[t], D) * norm(h->k[j], D) /
                                 (is_unit ? 1 : sqrt(D))
                           : cosine(h->q[t], h->k[j], D);
    return is(sum / n);
}

static double mean_key_cosine(const struct noted *h, idx from)
{
    double mean[D] = { 0 };
    for (idx t = from; t < T; t++)
        for (idx i = 0; i < D; i++)
            mean[i] += h->k[t][i] / (double)(T - from);
    return cosine(h->k[0], mean, D);
}

static double mean_norm(const double (*x)[D], idx from)
{
    double sum = 0;
    for (idx t = from; t < T; t++)
        sum += norm(x[t], D) / (double)(T - from);
    return sum;
}

static struct fraction gap(const struct noted *h)
{
    double sum = 0, n = 0;
    for (idx t = 1; t < T; t++) {
        double others = 0, m = 0;
        for (idx j = 1; j <= t || j < prefix; j++)
            if (isfinite(h->s[t][j])) {
                others += h->s[t][j];
                m++;
            }
        if (m > 0 && isfinite(h->s[t][0])) {
            sum += h->s[t][0] - others / m;
            n++;
        }
    }
    return n > 0 ? is(sum / n) : nothing;
}

static double excess_of_uniform(void)
{
    double sum = 0;
    for (idx t = 0; t < T; t++)
        sum += 1.0 / (double)(t + 1) / T;
    return sum;
}

/* What a head gives, as rows of C with nothing behind D: singular values that
 * are none are 0. */
static void head_singular(double *value, const struct noted *h)
{
    static double wide[T][C];
    memset(wide, 0, sizeof wide);
    for (idx t = 0; t < T; t++)
        memcpy(wide[t], h->o[t], sizeof h->o[t]);
    singular(value, wide[0], T);
}

/* How many there are, by the entropy of their powers. */
static double count_by_entropy(const double *value, int power)
{
    double sum = 0, logs = 0;
    for (idx i = 0; i < C; i++)
        sum += pow(value[i], power);
    for (idx i = 0; i < C; i++) {
        double p = pow(value[i], power) / sum;
        logs -= p > 0 ? p * log(p) : 0;
    }
    return exp(logs);
}

static double induction_of(const struct noted *h)
{
    double sum = 0, n = 0;
    for (idx t = 0; t < T; t++) {
        double own = 0, keys = 0;
        for (idx key = 1; key < t; key++)
            if (seen.tokens[key - 1] == seen.tokens[t]) {
                own += h->p[t][1 + key];
                keys++;
            }
        sum += own;
        n += keys > 0;
    }
    return sum / n;
}

static struct fraction sink_kind(const struct noted *h, bool wants_nop)
{
    double value[C];
    head_singular(value, h);
    double rank = dot(value, value, C) / pow(largest(value, C), 2);
    double own = norm(h->v[0], D), others = 0.2 * mean_norm(h->v, 1);
    struct fraction f =
        is(mass(h, 0) > sinks.eps &&
           (wants_nop ? own < others : own >= others && rank < 2));
    f.slack = is_at(mass(h, 0), sinks.eps) || is_at(own, others) ||
              (!wants_nop && is_at(rank, 2));
    return f;
}

#define IS_NAMED(text) (strcmp(name, text) == 0)

/* The metric called so, of one head; i: number along its own axis. */
static bool of_head(struct fraction *f, const char *name, idx l, idx n, idx i)
{
    const struct noted *h = &seen.head[l][n];
    double sum = 0, other = 0;
    *f = nothing;
    if (IS_NAMED("first_excess"))
        *f = over(mass(h, 0), excess_of_uniform());
    else if (IS_NAMED("first_over_next"))
        *f = is(mass(h, 0) -
                (mass(h, 1) + mass(h, 2) + mass(h, 3) + mass(h, 4)) / 4);
    else if (IS_NAMED("first_mass_late")) {
        for (idx t = 8; t < T; t++)
            sum += h->p[t][1] / (T - 8);
        *f = is(sum);
    } else if (IS_NAMED("nowhere_mass")) {
        for (idx t = 0; t < T; t++)
            sum += (h->p[t][0] + h->p[t][1]) / T;
        *f = is(sum);
    } else if (IS_NAMED("logit_gap"))
        *f = gap(h);
    else if (IS_NAMED("key_mass"))
        *f = i <= T - 8 ? is(mass(h, i)) : nothing;
    else if (IS_NAMED("sink_place"))
        *f = i <= T - 8 ? is(is_sink(h, i)) : nothing;
    else if (IS_NAMED("sink_any"))
        *f = is(fmax(is_sink(h, 0),
                     fmax(some_sink(h, true).top, some_sink(h, false).top)));
    else if (IS_NAMED("sink_else"))
        *f = some_sink(h, false);
    else if (IS_NAMED("sink_separator"))
        *f = some_sink(h, true);
    else if (IS_NAMED("entropy"))
        *f = mean_entropy(h, 0, false);
    else if (IS_NAMED("entropy_low"))
        *f = mean_entropy(h, 0, true);
    else if (IS_NAMED("entropy_rest"))
        *f = mean_entropy(h, 2, false);
    else if (IS_NAMED("sparsity"))
        *f = sparse(h, 1e-4);
    else if (IS_NAMED("sparsity_exact"))
        *f = sparse(h, 0);
    else if (IS_NAMED("value_ratio_min") || IS_NAMED("drained_heads"))
        *f = over(norm(h->v[0], D), mean_norm(h->v, 1));
    else if (IS_NAMED("key_norm"))
        *f = is(norm(h->k[i], D));
    else if (IS_NAMED("value_norm"))
        *f = is(norm(h->v[i], D));
    else if (IS_NAMED("first_cosine"))
        *f = pairs(h, true, false);
    else if (IS_NAMED("rest_cosine"))
        *f = pairs(h, false, false);
    else if (IS_NAMED("first_sizes"))
        *f = pairs(h, true, true);
    else if (IS_NAMED("rest_sizes"))
        *f = pairs(h, false, true);
    else if (IS_NAMED("first_key_norm"))
        *f = is(norm(h->k[0], D));
    else if (IS_NAMED("first_key_angle"))
        *f = is(acos(mean_key_cosine(h, 1)) * 180 / acos(-1));
    else if (IS_NAMED("first_keydiff"))
        *f = is(1 - mean_key_cosine(h, 0));
    else if (IS_NAMED("first_part")) {
        for (idx t = 1; t < T; t++) {
            sum += fabs(h->raw[t][1]) * norm(h->v[0], D);
            other += norm(h->o[t], D);
        }
        *f = over(sum, other);
    } else if (strncmp(name, "awft", 4) == 0)
        *f = is(mass(h, 0));
    else if (strncmp(name, "aeqd", 4) == 0) {
        for (idx t = 0; t < T; t++)
            for (idx j = 0; j <= T; j++)
                sum -= h->p[t][j] > 0 ? h->p[t][j] * log(h->p[t][j]) / T : 0;
        *f = is(sum);
    } else if (strncmp(name, "ftvvn", 5) == 0)
        *f = is(norm(h->v[0], D));
    else if (strncmp(name, "avvn", 4) == 0)
        *f = is(mean_norm(h->v, 0));
    else if (strncmp(name, "lthon", 5) == 0)
        *f = is(norm(h->o[T - 1], D));
    else if (strncmp(name, "ahon", 4) == 0 || IS_NAMED("dormant_heads"))
        *f = is(mean_norm(h->o, 0));
    else if (IS_NAMED("induction_score"))
        *f = is(induction_of(h));
    else if (IS_NAMED("previous_score")) {
        for (idx t = 1; t < T; t++)
            sum += h->p[t][t] / (T - 1);
        *f = is(sum);
    } else if (IS_NAMED("rest_mass") || IS_NAMED("head_load")) {
        for (idx t = 0; t < T; t++)
            for (idx j = 2; j <= T; j++)
                sum += h->p[t][j] / T;
        *f = is(sum);
    } else if (strncmp(name, "head_", 5) == 0) {
        double value[C];
        head_singular(value, h);
        *f = IS_NAMED("head_participation") ? is(count_by_entropy(value, 2))
             : IS_NAMED("head_rank")
                 ? is(count_by_entropy(value, 1))
                 : is(dot(value, value, C) / pow(largest(value, C), 2));
    } else if (IS_NAMED("nop_heads") || IS_NAMED("broadcast_heads"))
        *f = sink_kind(h, IS_NAMED("nop_heads"));
    else
        return false;
    return true;
}

static double rank_of(const double *x)
{
    double value[C];
    singular(value, x, T);
    return count_by_entropy(value, 1);
}

static double anisotropy_of(const double *x, idx rows)
{
    double value[C];
    singular(value, x, rows);
    return pow(largest(value, C), 2) / dot(value, value, C);
}

static double mean_pair_cosine(const double (*x)[C])
{
    double sum = 0, n = 0;
    for (idx s = 1; s < T; s++)
        for (idx t = 1; t < s; t++, n++)
            sum += cosine(x[s], x[t], C);
    return sum / n;
}

static double neuron_kurtosis(const double (*x)[C])
{
    double sum = 0, squares = 0;
    for (idx j = 0; j < C; j++) {
        double m = 0;
        for (idx t = 0; t < T; t++)
            m += x[t][j] * x[t][j] / T;
        sum += m;
        squares += m * m;
    }
    return C * squares / (sum * sum);
}

/* A token's largest number of the two dimensions that rank first for token 0,
 * over the size of all. */
static double phi_of(const double (*x)[C], idx t)
{
    double most = 0;
    for (idx i = 0; i < C; i++) {
        idx larger = 0;
        for (idx k = 0; k < C; k++)
            larger += fabs(x[0][k]) > fabs(x[0][i]);
        if (larger < 2)
            most = fmax(most, fabs(x[t][i]));
    }
    return most / (norm(x[t], C) / sqrt(C));
}

static double usual_of(const double (*x)[C], idx i)
{
    double sizes[T];
    for (idx t = 0; t < T; t++)
        sizes[t] = fabs(x[t][i]) / (norm(x[t], C) / sqrt(C));
    return median(sizes, T);
}

/* Of rows (T,C) at a depth, or behind a layer's attention. */
static bool of_rows(struct fraction *f, const char *name, idx at, idx i)
{
    bool is_attention = IS_NAMED("kurtosis_token") || IS_NAMED("attention_max");
    const double(*x)[C] = (const double(*)[C])(is_attention ? seen.attention[at]
                                                            : seen.hidden[at]);
    const double *all = x[0];
    double sum = 0, unsure = 0, square = 0, norms[T], column[T];
    for (idx t = 0; t < T; t++)
        norms[t] = norm(x[t], C);
    for (idx t = 0; t < T && i < C; t++)
        column[t] = x[t][i];
    for (idx k = 0; k < T * C; k++)
        square += all[k] * all[k] / (T * C);
    *f = nothing;
    if (IS_NAMED("hidden_norm"))
        *f = is(norms[i]);
    else if (IS_NAMED("massive_count")) {
        for (idx k = 0; k < T * C; k++)
            sum += fabs(all[k]) > 100 &&
                   fabs(all[k]) >= 1000 * median_size(all, T * C);
        *f = is(sum);
    } else if (IS_NAMED("max_over_median"))
        *f = over(largest(all, T * C), median_size(all, T * C));
    else if (IS_NAMED("max_over_rms"))
        *f = over(largest(all, T * C), sqrt(square));
    else if (IS_NAMED("hidden_peak"))
        *f = over(norms[0], median(norms + 1, T - 1));
    else if (IS_NAMED("dimension_max"))
        *f = is(largest(column, T));
    else if (IS_NAMED("massive_dimension")) {
        *f = is(largest(column, T) == largest(all, T * C));
        f->slack = is_close(x, -1, i);
    } else if (IS_NAMED("massive_position")) {
        *f = is(largest(x[i], C) == largest(all, T * C) &&
                largest(all, i * C) < largest(x[i], C));
        f->slack = is_close(x, i, -1);
    } else if (IS_NAMED("kurtosis_token")) {
        for (idx t = 0; t < T; t++)
            sum += central(x[t], C, 4) / (pow(central(x[t], C, 2), 2) + 1e-6);
        *f = is(sum / T);
    } else if (IS_NAMED("attention_max") || IS_NAMED("token_max_over_median")) {
        for (idx t = 0; t < T; t++)
            sum += largest(x[t], C) /
                   (is_attention ? 1 : median_size(x[t], C)) / T;
        *f = is(sum);
    } else if (IS_NAMED("kurtosis_excess")) {
        for (idx k = 0; k < T * C; k++)
            sum += pow(all[k], 4) / (T * C);
        *f = is(fmax(0, sum / pow(central(all, T * C, 2), 2) - 3));
    } else if (IS_NAMED("kurtosis_neuron"))
        *f = is(neuron_kurtosis(x));
    else if (IS_NAMED("kurtosis_pooled"))
        *f = is(central(all, T * C, 4) / pow(central(all, T * C, 2), 2));
    else if (IS_NAMED("effective_rank"))
        *f = is(rank_of(all));
    else if (IS_NAMED("anisotropy"))
        *f = is(anisotropy_of(all, T));
    else if (IS_NAMED("anisotropy_rest"))
        *f = is(anisotropy_of(x[1], T - 1));
    else if (IS_NAMED("mean_cosine_rest"))
        *f = is(mean_pair_cosine(x));
    else if (IS_NAMED("hidden_cosine"))
        *f = is(fabs(cosine(x[i], x[0], C)));
    else if (IS_NAMED("sink_phi"))
        *f = is(phi_of(x, i));
    else if (IS_NAMED("phi_sinks")) {
        for (idx t = 1; t < T; t++) {
            sum += phi_of(x, t) >= 5;
            unsure += is_at(phi_of(x, t), 5);
        }
        *f = is(sum);
        f->slack = unsure;
    } else if (IS_NAMED("residual_size"))
        *f = is(usual_of(x, i));
    else if (IS_NAMED("residual_sinks")) {
        for (idx k = 0; k < C; k++) {
            sum += usual_of(x, k) >= 3;
            unsure += is_at(usual_of(x, k), 3);
        }
        *f = is(sum);
        f->slack = unsure;
    } else
        return false;
    return true;
}

/* Of a whole sequence. Lives are written as strings of depths. */
struct lives {
    idx sink, first, end;
    idx n[T], start[T];
};

static struct lives find_lives(void)
{
    struct lives s = { 0 };
    double norms[3][L + 1], sums[3] = { 0 };
    for (idx t = 0; t < 3; t++)
        for (idx d = 0; d <= L; d++)
            sums[t] += norms[t][d] = norm(seen.hidden[d][t], C);
    s.sink = sums[1] > sums[0] ? 1 : 0;
    s.sink = sums[2] > sums[s.sink] ? 2 : s.sink;
    const double *own = norms[s.sink];
    s.first = 1;
    for (idx d = 1; d <= L; d++)
        if (own[d] - own[d - 1] > own[s.first] - own[s.first - 1])
            s.first = d;
    s.end = L + 1;
    for (idx d = s.first + 1; d <= L; d++)
        if (own[d] < own[d - 1] &&
            (s.end > L || own[d] - own[d - 1] < own[s.end] - own[s.end - 1]))
            s.end = d;
    for (idx t = 0; t < T; t++)
        for (idx d = s.end - 1; d >= s.first; d--)
            if (fabs(cosine(seen.hidden[d][t], seen.hidden[d][s.sink], C)) >
                0.9) {
                s.n[t]++;
                s.start[t] = d;
            }
    return s;
}

static bool of_sequence(struct fraction *f, const char *name, idx i)
{
    struct lives s = find_lives();
    double n = 0, level = 0, life = 0, primary = 0, here = 0, at = 0;
    double cosines = 0, aligned = 0, unsure = 0, sizes = 0;
    const double *own = seen.ffn[s.first - 1][s.sink];
    for (idx t = 0; t < T; t++) {
        bool is_long = 2 * s.n[t] >= s.end - s.first && s.n[t] > 0;
        if (t == s.sink)
            continue;
        primary += is_long;
        if (is_long || s.n[t] < 2)
            continue;
        n++;
        level += (double)s.start[t] / L;
        life += (double)s.n[t] / L;
        here += s.start[t] == i;
        at += t == i;
        const double *write = seen.ffn[s.start[t] - 1][t];
        cosines += cosine(write, own, C);
        aligned += cosine(write, own, C) > 0.98;
        unsure += is_at(cosine(write, own, C), 0.98);
        sizes += norm(write, C) / norm(own, C);
    }
    *f = nothing;
    if (IS_NAMED("max_rise"))
        *f = is(largest(seen.hidden[i + 1][0], T * C) -
                largest(seen.hidden[i][0], T * C));
    else if (IS_NAMED("sink_life"))
        *f = is((double)(s.end - s.first) / L);
    else if (IS_NAMED("primary_sinks"))
        *f = is(primary);
    else if (IS_NAMED("secondary_sinks"))
        *f = is(here);
    else if (IS_NAMED("secondary_place"))
        *f = is(at);
    else if (IS_NAMED("secondary_level"))
        *f = n > 0 ? over(level, n) : nothing;
    else if (IS_NAMED("secondary_life"))
        *f = n > 0 ? over(life, n) : nothing;
    else if (IS_NAMED("ffn_cosine"))
        *f = is(cosine(seen.ffn[i / T][i % T], own, C));
    else if (IS_NAMED("secondary_ffn_cosine"))
        *f = n > 0 ? over(cosines, n) : nothing;
    else if (IS_NAMED("secondary_ffn_aligned")) {
        *f = n > 0 ? over(aligned, n) : nothing;
        f->slack = unsure;
    } else if (IS_NAMED("secondary_ffn_size"))
        *f = n > 0 ? over(sizes, n) : nothing;
    else
        return false;
    return true;
}

/* ---- the meter against them -------------------------------------------- */

/* What is done to values behind the mean. */
static void finish(const char *name, double *value)
{
    bool is_ln =
        strlen(name) > 3 && strcmp(name + strlen(name) - 3, "_ln") == 0;
    for (idx l = 0; l < L; l++) {
        double mean = (value[l * H] + value[l * H + 1]) / 2;
        for (idx h = 0; h < H; h++) {
            double *x = &value[l * H + h];
            if (is_ln)
                *x /= mean;
            if (IS_NAMED("head_load"))
                *x /= mean;
            if (IS_NAMED("dormant_heads"))
                *x = *x / mean < 0.45;
            if (IS_NAMED("drained_heads"))
                *x = *x <= 0.5;
        }
    }
}

static bool slow(struct fraction *f, const struct metric *m, idx i, idx inner)
{
    const char *name = m->text.name;
    if (m->of_head)
        return of_head(f, name, i / inner / H, i / inner % H, i % inner);
    if (m->of_rows)
        return of_rows(f, name, i / inner, i % inner);
    return of_sequence(f, name, i);
}

static idx check_column(struct whole *x, const struct meter_column *c,
                        const struct fraction *sum)
{
    static double want[L * H * T];
    for (idx i = 0; i < c->n; i++)
        want[i] = sum[i].is_there ? sum[i].top / sum[i].bottom : NAN;
    if (c->metric->finish)
        finish(c->name, want);
    (void)x;
    for (idx i = 0; i < c->n; i++) {
        assert_int_equal(c->given[i], sum[i].is_there);
        /* reals come by in other parts of sums: a few last digits */
        if (sum[i].is_there &&
            !(fabs(c->value[i] - want[i]) <=
              2e-5 * fmax(1, fabs(want[i])) + sum[i].slack / sum[i].bottom))
            fail_msg("%s, number %td: got %.9g, want %.9g", c->name, i,
                     c->value[i], want[i]);
    }
    return c->n;
}

/* All but what needs a backward pass. */
#define ALL                                                                    \
    "sinks, companions, induction_score, previous_score, rest_mass, head_*, "  \
    "nop_heads, broadcast_heads"

/* What the columns that are measured on these sequences say of one of them. */
static void add_slow(struct fraction (*sum)[L * H * T], struct whole *x,
                     bool is_of_copies, idx sequence)
{
    write_down(x, is_of_copies ? &x->meter.copies : &x->meter.batch, sequence);
    for (idx k = 0; k < x->meter.n_columns; k++) {
        const struct meter_column *c = &x->meter.columns[k];
        idx inner = metric_count(c->metric, &x->meter.shape,
                                 c->metric->of_head   ? 2
                                 : c->metric->of_rows ? 1
                                                      : 0);
        struct fraction f;
        if (c->metric->of_copies != is_of_copies)
            continue;
        for (idx i = 0; i < c->n && slow(&f, c->metric, i, inner); i++)
            if (f.is_there) {
                sum[k][i].top += f.top;
                sum[k][i].bottom += f.bottom;
                sum[k][i].slack += f.slack;
                sum[k][i].is_there = true;
            }
    }
}

static struct fraction sums[400][L * H * T];

/* What the meter has measured of n sequences; returns how many columns. */
static idx check_columns(struct whole *x, idx n)
{
    idx checked = 0;
    assert_in_range(x->meter.n_columns, 1, COUNT_OF(sums));
    memset(sums, 0, sizeof sums);
    for (idx i = 0; i < n; i++) {
        add_slow(sums, x, false, i);
        if (x->meter.copies.B)
            add_slow(sums, x, true, i);
    }
    for (idx k = 0; k < x->meter.n_columns; k++) {
        const struct meter_column *c = &x->meter.columns[k];
        struct fraction f;
        if (!c->metric->is_default && slow(&f, c->metric, 0, 1))
            checked += check_column(x, c, sums[k]) > 0;
        else if (!c->metric->is_default)
            fail_msg("%s has no slow implementation", c->name);
    }
    return checked;
}

static void check_all(const struct attention_options *a, bool proxy, idx n)
{
    struct whole x;
    is_proxy = proxy;
    open_whole(&x, a, ALL, n);
    run_whole(&x);
    assert_true(check_columns(&x, n) > 50);
    close_whole(&x);
}

static void test_metrics__agree_with_slow_ones(void **state)
{
    struct attention_options softmax = ATTENTION();
    struct attention_options column = ATTENTION(.bias = BIAS_KEY);
    struct attention_options sigmoid = ATTENTION();
    (void)state;
    while (strcmp(weight_map_name(sigmoid.weights), "sigmoid") != 0)
        sigmoid.weights++;
    check_all(&softmax, false, test_is_long() ? N : 8);
    check_all(&column, false, 8);
    check_all(&sigmoid, true, 8);
}

/* What the meter says of a model's settings. */
static void test_metrics__know_the_scale_and_the_prefix(void **state)
{
    struct attention_options a =
        ATTENTION(.qk_norm = QK_NORM_UNIT, .prefix = 6);
    struct whole x;
    (void)state;
    is_unit = true;
    prefix = 6;
    is_proxy = false;
    open_whole(&x, &a,
               "first_sizes, rest_sizes, entropy*, sparsity*, logit_gap, "
               "rest_mass, nowhere_mass",
               2);
    run_whole(&x);
    assert_int_equal(check_columns(&x, 2), x.meter.n_columns);
    close_whole(&x);
    is_unit = false;
    prefix = 0;
}

/* ---- planted ----------------------------------------------------------- */

static real *tensor(struct tiny *t, const char *name, idx layer)
{
    char wanted[PARAM_NAME_MAX];
    snprintf(wanted, sizeof wanted, "block.%td.%s", layer, name);
    for (idx i = 0; i < t->m.table.count; i++)
        if (strcmp(t->m.table.rows[i].name, wanted) == 0)
            return t->w + t->m.table.rows[i].offset;
    fail_msg("no tensor %s", wanted);
    return NULL;
}

/* Rows of the matrix that make a head's values. */
static real *values_of(struct tiny *t, idx layer, idx head)
{
    return tensor(t, "attention.qkv.weight", layer) + (2 * C + head * D) * C;
}

static const struct meter_column *column(const struct whole *x,
                                         const char *name)
{
    const struct meter_column *c = find_column(&x->meter, name);
    assert_non_null(c);
    return c;
}

/* Most tokens have one number that is far larger than their others; values of
 * one head do not read it. Feed-forwards of two blocks write nothing but this
 * number: the first reads it, too, and makes it larger where it is large; the
 * fifth writes it to the others, of either sign, so that they turn. */
static void plant_thresholds(struct whole *x)
{
    enum { LARGE = 3, PLANTED = 13, TURN = 4 };
    idx F = x->t.m.F;
    real *e = x->t.w + x->t.m.token_w;
    for (idx k = 0; k < PLANTED; k++)
        e[k * C + LARGE] = 60;
    for (idx i = PLANTED * C; i < V * C; i++)
        e[i] *= 8; /* not all alike behind a few blocks */
    for (idx d = 0; d < D; d++)
        values_of(&x->t, 0, 1)[d * C + LARGE] = 0;
    real *up = tensor(&x->t, "ffn.up.weight", 0); /* gate and up */
    for (idx i = 0; i < 2 * F * C; i++)
        up[i] = i % C == LARGE;
    up = tensor(&x->t, "ffn.up.weight", TURN);
    for (idx i = 0; i < 2 * F; i++)
        up[i * C + LARGE] = 0;
    for (idx l = 0; l <= TURN; l += TURN) {
        real *down = tensor(&x->t, "ffn.down.weight", l);
        for (idx i = 0; i < C * F; i++)
            down[i] = i / F != LARGE ? 0 : l ? 40 * down[i] : (real)20 / F;
    }
}

/* Something is counted somewhere, and elsewhere nothing. */
static void test_metrics__agree_on_both_sides_of_thresholds(void **state)
{
    static const struct {
        const char *name;
        double most;
    } counts[] = { { "phi_sinks", T - 1 },
                   { "residual_sinks", C },
                   { "nop_heads", 1 },
                   { "broadcast_heads", 1 },
                   { "secondary_ffn_aligned", 1 } };
    struct attention_options a = ATTENTION();
    struct whole x;
    (void)state;
    is_proxy = false;
    open_whole(&x, &a,
               "phi_sinks, residual_sinks, nop_heads, broadcast_heads, "
               "secondary_*",
               8);
    plant_thresholds(&x);
    run_whole(&x);
    check_columns(&x, 8);
    for (int i = 0; i < COUNT_OF(counts); i++) {
        const struct meter_column *c = column(&x, counts[i].name);
        bool has_any = false, lacks_any = false;
        for (idx k = 0; k < c->n; k++) {
            has_any = has_any || c->value[k] > 0;
            lacks_any = lacks_any || c->value[k] < counts[i].most;
        }
        assert_true(has_any && lacks_any);
    }
    close_whole(&x);
}

static void test_dormant__a_planted_head_is_found_alone(void **state)
{
    struct attention_options a = ATTENTION();
    struct whole x;
    (void)state;
    open_whole(&x, &a, "dormant_heads, ahon_ln", 4);
    real *v = values_of(&x.t, 3, 1);
    for (idx i = 0; i < D * C; i++)
        v[i] *= (real)0.01;
    run_whole(&x);
    for (idx i = 0; i < L * H; i++)
        assert_true(column(&x, "dormant_heads")->value[i] == (i == 3 * H + 1));
    assert_true(column(&x, "ahon_ln")->value[3 * H + 1] < 0.1);
    assert_close(column(&x, "dormant_heads")->scalar, 1.0 / (L * H), 1e-12);
    close_whole(&x);
}

/* All but the first token's values in one head of the first layer: what the
 * first token is there is taken out of its matrix. Token 0 stands first in each
 * sequence and nowhere else. */
static void test_drained__a_planted_value_is_found_alone(void **state)
{
    struct attention_options a = ATTENTION();
    struct whole x;
    (void)state;
    const struct sink_options kept = sinks;
    sinks.eps = 0.12; /* heads that look everywhere have more of the first */
    open_whole(&x, &a,
               "drained_heads, value_norm, value_ratio, nop_heads, "
               "broadcast_heads, sink_1",
               4);
    for (idx i = 0; i < 4 * T; i++)
        x.meter.batch.tokens[i] =
            (int32_t)(i % T == 0 ? 0 : 1 + i * i % (V - 1));
    const real *e = x.t.w + x.t.m.token_w; /* of token 0; gains are 1 */
    real *v = values_of(&x.t, 0, 1);
    for (idx r = 0; r < D; r++) {
        double along = 0, square = 0;
        for (idx i = 0; i < C; i++) {
            along += (double)v[r * C + i] * (double)e[i];
            square += (double)e[i] * (double)e[i];
        }
        for (idx i = 0; i < C; i++)
            v[r * C + i] -= (real)(along / square * (double)e[i]);
    }
    run_whole(&x);
    for (idx h = 0; h < H; h++) {
        const double *norms = column(&x, "value_norm")->value + h * T;
        assert_true(column(&x, "drained_heads")->value[h] == (h == 1));
        assert_true((column(&x, "value_ratio")->value[h] < 1e-4) == (h == 1));
        for (idx t = 0; t < T; t++)
            assert_true((norms[t] < 1e-3) == (h == 1 && t == 0));
        double sink = column(&x, "sink_1")->value[h];
        assert_true(sink > 0);
        assert_true(column(&x, "nop_heads")->value[h] == (h == 1 ? sink : 0));
        assert_true(h == 0 || column(&x, "broadcast_heads")->value[h] == 0);
    }
    sinks = kept;
    close_whole(&x);
}

/* A massive number in the embedding of one token, which all depths carry. */
static void test_massive__a_planted_number_is_found_at_each_depth(void **state)
{
    struct attention_options a = ATTENTION();
    struct whole x;
    (void)state;
    open_whole(&x, &a, "massive_*, hidden_max", 4);
    for (idx i = 0; i < 4 * T; i++)
        x.meter.batch.tokens[i] =
            (int32_t)(i % T == 9 ? 0 : 1 + i * i % (V - 1));
    x.t.w[x.t.m.token_w + 5] = 100000;
    run_whole(&x);
    for (idx depth = 0; depth <= L; depth++) {
        for (idx d = 0; d < C; d++)
            assert_true(column(&x, "massive_dimension")->value[depth * C + d] ==
                        (d == 5));
        for (idx t = 0; t < T; t++)
            assert_true(column(&x, "massive_position")->value[depth * T + t] ==
                        (t == 9));
        assert_true(column(&x, "massive_count")->value[depth] == 1);
    }
    close_whole(&x);
}

/* Head 1 of the first layer asks each key for the token of its query, and gets
 * the answer of that of a row before: of the key (induction), or of the query
 * (previous token). A token is an axis, its code four signs. Each half of a
 * sequence has all of KINDS tokens once. */
enum { KINDS = T / 2 };

static void plant_lookup(struct whole *x, const char *filter)
{
    enum { BITS = 4, N_PLANTED = 4 };
    for (idx i = 0; i < N_PLANTED * T; i++)
        x->meter.batch.tokens[i] = x->meter.copies.tokens[i] =
            (int32_t)((5 * (i % KINDS) + i / T) % KINDS);
    real *e = x->t.w + x->t.m.token_w;
    for (idx i = 0; i < KINDS * C; i++)
        e[i] = i / C == i % C;
    real *qkv = tensor(&x->t, "attention.qkv.weight", 0);
    for (idx part = 0; part < 2; part++) /* queries, keys */
        for (idx d = 0; d < D; d++)
            for (idx i = 0; i < C; i++)
                qkv[(part * C + D + d) * C + i] = d >= BITS      ? 0
                                                  : (i >> d) & 1 ? 2
                                                                 : -2;
    real *w = tensor(&x->t, filter, 0);
    for (idx d = 0; d < D; d++) {
        w[d] = 0;
        w[D + d] = 1;
    }
}

/* The score that is planted, and of which head; all other scores are low. */
static void check_lookup(const char *filter, const char *score, double want)
{
    static const char *const scores[] = { "induction_score", "previous_score" };
    struct attention_options a = ATTENTION(.conv = 2);
    struct model_options o = tiny_options("llama", L, C, H, T);
    struct whole x;
    o.position = POSITION_NONE;
    open_model(&x, o, &a, "induction_score, previous_score", 4);
    plant_lookup(&x, filter);
    run_whole(&x);
    for (idx k = 0; k < COUNT_OF(scores); k++)
        for (idx i = 0; i < L * H; i++) {
            double got = column(&x, scores[k])->value[i];
            if (i == 1 && strcmp(scores[k], score) == 0)
                assert_near(got, want, 1e-4, 1);
            else
                assert_true(got < 0.5);
        }
    assert_near(column(&x, score)->scalar, want, 1e-4, 1);
    close_whole(&x);
}

static void test_lookup__a_planted_head_is_found_alone(void **state)
{
    (void)state;
    check_lookup("attention.conv.key.weight", "induction_score", 1);
    /* in the second half the token before has come once more: KINDS rows of
     * all weight, KINDS - 1 of half */
    check_lookup("attention.conv.query.weight", "previous_score",
                 (KINDS + (KINDS - 1) / 2.0) / (T - 1));
}

/* ---- alone and together ------------------------------------------------ */

static void test_metrics__are_the_same_alone(void **state)
{
    struct attention_options a = ATTENTION(.bias = BIAS_KEY);
    struct whole all;
    (void)state;
    open_whole(&all, &a, ALL, 4);
    run_whole(&all);
    for (idx k = 0; k < all.meter.n_columns; k++) {
        const struct meter_column *c = &all.meter.columns[k], *own;
        struct whole one;
        open_whole(&one, &a, c->name, 4);
        assert_int_equal(one.meter.n_columns, 1);
        run_whole(&one);
        own = &one.meter.columns[0];
        assert_string_equal(own->name, c->name);
        assert_memory_equal(own->given, c->given,
                            (size_t)c->n * sizeof *c->given);
        for (idx i = 0; i < c->n; i++)
            assert_true(own->value[i] == c->value[i] || !c->given[i]);
        assert_true(own->scalar == c->scalar || !c->is_given);
        close_whole(&one);
    }
    close_whole(&all);
}

static int start(void **state)
{
    (void)state;
    key_defaults(sink_keys, n_sink_keys, &sinks);
    key_defaults(metrics_keys, n_metrics_keys, &metrics);
    sinks.tokens = T;
    sinks.eps = 0.15;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics__agree_with_slow_ones),
        cmocka_unit_test(test_metrics__know_the_scale_and_the_prefix),
        cmocka_unit_test(test_metrics__agree_on_both_sides_of_thresholds),
        cmocka_unit_test(test_dormant__a_planted_head_is_found_alone),
        cmocka_unit_test(test_drained__a_planted_value_is_found_alone),
        cmocka_unit_test(test_massive__a_planted_number_is_found_at_each_depth),
        cmocka_unit_test(test_lookup__a_planted_head_is_found_alone),
        cmocka_unit_test(test_metrics__are_the_same_alone),
    };
    return cmocka_run_group_tests_name("metric_slow", tests, start, NULL);
}
