/* intervention_cache.c - a cache of keys that is smaller than the context: what
 * leaves it is seen no more. Positions stay as they are, for the context is one
 * that the model was trained on, or are those in the cache. */
#include <math.h>
#include <string.h>

#include "metric/intervention.h"
#include "metric/metric_table.h"
#include "nn/attention/attention.h"
#include "nn/model/rope.h"

static const real OUT = (real)-INFINITY;

/* Keys that the query of this row sees are seen no more if they are within
 * from .. to-1. */
static void hide(const struct tap_slice *s, idx from, idx to)
{
    for (idx j = idx_max(from, 0); j < to; j++)
        if (tap_sees(s, j))
            s->x[j] = OUT;
}

static void see_window(void *work, const struct tap_slice *s)
{
    const struct intervention_work *w = work;
    hide(s, 0, s->first + 1 - w->options->cache);
}

static void see_stream(void *work, const struct tap_slice *s)
{
    const struct intervention_work *w = work;
    idx kept = idx_min(w->options->kept, w->options->cache - 1);
    hide(s, kept, s->first + 1 - (w->options->cache - kept));
}

/* --- queries and keys ---------------------------------------------------- */

/* Copies (S,D) of a head's queries or keys in a worker's room. */
static void copy_rows(double *to, const struct tap_slice *s)
{
    for (idx r = 0; r < s->rows; r++)
        for (idx i = 0; i < s->n; i++)
            to[r * s->n + i] = (double)s->x[r * s->ld + i];
}

static void keep_keys(void *work, const struct tap_slice *s)
{
    copy_rows(work_room(work, s), s);
}

/* --- positions in the cache ----------------------------------------------- */

static bool has_scores_by_distance(const struct model *m)
{
    bool has = m->spec.model.position == POSITION_ROPE;
    for (idx l = 0; l < m->L; l++) {
        const struct attention_options *a = &m->blocks[l].attention;
        has = has && !a->features && !a->soft_cap && a->forget == FORGET_NONE;
    }
    return has;
}

static idx room_of_heads(const struct intervention_shape *s)
{
    return (2 * s->S + 1) * s->D;
}

/* Behind the keys. */
static void keep_queries(void *work, const struct tap_slice *s)
{
    copy_rows(work_room(work, s) + s->rows * s->n, s);
}

/* turned (D): x turned back by so many positions (nn/model/rope.h). */
static void turn_back(double *turned, const double *x,
                      const struct model_options *m, idx places)
{
    struct rope_rates rates = rope_rates_of(m);
    idx D = model_head_width(m), N = rates.N, half = N / 2;
    memcpy(turned + N, x + N, (size_t)(D - N) * sizeof *x);
    for (idx d = 0; d < half; d++) {
        double angle = (double)places * rope_rate(&rates, d);
        double cosine = cos(angle), sine = sin(angle);
        turned[d] = x[d] * cosine + x[d + half] * sine;
        turned[d + half] = x[d + half] * cosine - x[d] * sine;
    }
}

/* A query whose cache is full stands in its last place, as many before its own
 * as have left: so the first keys, and registers, come that much nearer. */
static void see_stream_near(void *work, const struct tap_slice *s)
{
    const struct intervention_work *w = work;
    idx D = w->m->D, S = s->T + s->registers, t = s->first;
    double *k = work_room(w, s), *q = k + S * D, *turned = q + S * D;
    idx kept = idx_min(w->options->kept, w->options->cache - 1);
    idx gone = t + 1 - w->options->cache;
    see_stream(work, s);
    if (t < 0 || gone <= 0)
        return;
    double scale =
        (double)attention_scale(&w->m->blocks[s->layer].attention, D);
    turn_back(turned, q + (t + s->registers) * D, &w->m->spec.model, gone);
    for (idx j = -s->registers; j < kept; j++) {
        const double *key = k + (j + s->registers) * D;
        double score = 0;
        for (idx d = 0; d < D; d++)
            score += turned[d] * key[d];
        if (tap_sees(s, j))
            s->x[j] = (real)(scale * score);
    }
}

/* --- by likeness of keys -------------------------------------------------- */

/* Behind the keys: 1 of tokens that have left (T); the mean (D). */
static idx room_of_keys(const struct intervention_shape *s)
{
    return (s->S + 1) * s->D + s->T;
}

static double cosine(const double *a, const double *b, idx n)
{
    double dot = 0, aa = 0, bb = 0;
    for (idx i = 0; i < n; i++) {
        dot += a[i] * b[i];
        aa += a[i] * a[i];
        bb += b[i] * b[i];
    }
    return aa > 0 && bb > 0 ? dot / sqrt(aa * bb) : 0;
}

/* mean (n) of the keys 0 .. t that are left; returns how many. */
static idx mean_key(double *mean, const double *keys, const double *has_left,
                    idx t, idx n)
{
    idx count = 0;
    memset(mean, 0, (size_t)n * sizeof *mean);
    for (idx j = 0; j <= t; j++)
        if (!has_left[j]) {
            count++;
            for (idx i = 0; i < n; i++)
                mean[i] += keys[j * n + i];
        }
    for (idx i = 0; i < n; i++)
        mean[i] /= (double)count;
    return count;
}

static void see_unlike(void *work, const struct tap_slice *s)
{
    const struct intervention_work *w = work;
    idx D = w->m->D, t = s->first, most = -1;
    double *keys = work_room(w, s) + s->registers * D;
    double *has_left = keys + s->T * D, *mean = has_left + s->T, likeness = 0;
    if (t == -s->registers)
        memset(has_left, 0, (size_t)s->T * sizeof *has_left);
    if (t < 0)
        return;
    idx n = mean_key(mean, keys, has_left, t, D);
    for (idx j = 0; n > w->options->cache && j < t; j++) {
        double x = has_left[j] ? 0 : cosine(keys + j * D, mean, D);
        if (has_left[j] || (most >= 0 && x <= likeness))
            continue;
        most = j;
        likeness = x;
    }
    if (most >= 0)
        has_left[most] = 1;
    for (idx j = 0; j < s->hi; j++)
        if (has_left[j])
            hide(s, j, j + 1);
}

/* --- by accumulated mass -------------------------------------------------- */

/* What a worker keeps of the head that it is at: mass by key, -1 once a key has
 * left. */
static double *masses(const struct intervention_work *w,
                      const struct tap_slice *s)
{
    double *mass = work_room(w, s);
    if (s->first == -s->registers)
        memset(mass, 0, (size_t)w->T * sizeof *mass);
    return mass;
}

/* One key leaves for each that comes, once the cache is full: of those that are
 * not among the recent half, the one with the least mass, the first of equals.
 */
static void leave(const struct intervention_work *w, double *mass, idx t)
{
    idx recent = w->options->cache / 2, least = -1, n = 0;
    for (idx j = 0; j <= t; j++)
        n += mass[j] >= 0;
    for (idx j = 0; n > w->options->cache && j <= t - recent; j++)
        if (mass[j] >= 0 && (least < 0 || mass[j] < mass[least]))
            least = j;
    if (least >= 0)
        mass[least] = -1;
}

static void see_cached(void *work, const struct tap_slice *s)
{
    double *mass = masses(work, s);
    if (s->first < 0)
        return;
    leave(work, mass, s->first);
    for (idx j = 0; j < s->hi; j++)
        if (mass[j] < 0)
            hide(s, j, j + 1);
}

static void add_mass(void *work, const struct tap_slice *s)
{
    double *mass = work_room(work, s);
    for (idx j = 0; s->first >= 0 && j < s->hi; j++)
        if (mass[j] >= 0)
            mass[j] += fabs((double)s->x[j]);
}

static idx room_of_masses(const struct intervention_shape *s)
{
    return s->T;
}

static const struct intervention window = {
    .reads = READS_CACHE,
    .edits = { { TAP_SCORES, see_window } },
};
static const struct intervention stream = {
    .reads = READS_CACHE | READS_KEPT,
    .edits = { { TAP_SCORES, see_stream } },
};
static const struct intervention stream_cache = {
    .reads = READS_CACHE | READS_KEPT,
    .edits = { { TAP_Q, keep_queries },
               { TAP_K, keep_keys },
               { TAP_SCORES, see_stream_near } },
    .room = room_of_heads,
    .is_there = has_scores_by_distance,
};
static const struct intervention keydiff = {
    .reads = READS_CACHE,
    .edits = { { TAP_K, keep_keys }, { TAP_SCORES, see_unlike } },
    .room = room_of_keys,
};
static const struct intervention evict = {
    .reads = READS_CACHE,
    .edits = { { TAP_SCORES, see_cached }, { TAP_WEIGHTS, add_mass } },
    .room = room_of_masses,
};

const struct metric metrics_intervention_cache[] = {
    COST_OF_ALL(window, "window", "a window of keys",
                "arXiv 2309.17453, window attention; there positions are those "
                "in the cache",
                "a query sees the last metrics.cache keys, its own included; "
                "positions stay"),
    COST_OF_ALL(stream, "stream", "a window and the first keys",
                "arXiv 2309.17453, StreamingLLM; there positions are those in "
                "the cache",
                "a query sees the first metrics.kept keys and the last "
                "metrics.cache - metrics.kept; positions stay"),
    COST_OF_ALL(stream_cache, "stream_cache",
                "a window and the first keys, places in the cache",
                "arXiv 2309.17453, StreamingLLM",
                "a query sees the keys of cost_stream, which stand at places 0 "
                ".. metrics.cache - 1: first ones, and registers, come nearer "
                "by as many as are gone between. Of models with position = "
                "rope, no features, forget gates or soft_cap"),
    COST_OF_ALL(keydiff, "keydiff", "a cache by likeness of keys",
                "KeyDiff, whose score is 1 - cos(k, mean k)",
                "a query sees metrics.cache keys, its own included: for each "
                "that comes to a full cache the one leaves, not the query's, "
                "whose cosine with the mean of all, the new one included, is "
                "the largest; who has left does not come back"),
    COST_OF_ALL(evict, "evict", "a cache by mass", "arXiv 2306.14048, H2O",
                "a query sees metrics.cache keys: the recent half, and of the "
                "others those with the largest sum of |a| over the head's "
                "queries so far; who has left does not come back"),
    { .text = { .name = NULL } },
};
