/* intervention_cache.c - a cache of keys that is smaller than the context: what
 * leaves it is seen no more. Positions stay as they are: the context is one
 * that the model was trained on. */
#include <math.h>
#include <string.h>

#include "metric/intervention.h"
#include "metric/metric_table.h"

static const real OUT = (real)-INFINITY;

/* Keys that the query of this row sees are seen no more if they are within
 * from .. to-1. */
static void hide(const struct tap_slice *s, idx from, idx to)
{
    for (idx j = idx_max(from, 0); j < to; j++)
        if (j < s->globals || (j >= s->lo && j < s->hi))
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

static idx room_of_masses(idx T)
{
    return T;
}

static const struct intervention window = {
    .options = READS_CACHE,
    .edits = { { TAP_SCORES, see_window } },
};
static const struct intervention stream = {
    .options = READS_CACHE | READS_KEPT,
    .edits = { { TAP_SCORES, see_stream } },
};
static const struct intervention evict = {
    .options = READS_CACHE,
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
    COST_OF_ALL(evict, "evict", "a cache by mass", "arXiv 2306.14048, H2O",
                "a query sees metrics.cache keys: the recent half, and of the "
                "others those with the largest sum of |a| over the head's "
                "queries so far; who has left does not come back"),
    { .text = { .name = NULL } },
};
