/* intervention_share.c - part of what sinks hold is handed to the other keys of
 * the row, in proportion to what they have. */
#include <math.h>
#include <string.h>

#include "metric/intervention.h"
#include "metric/metric_table.h"

/* The share of its weight that a sink keeps (ACT; VAR). */
static const double ACT_STAYS = 0.4, VAR_STAYS = 0.6;
/* ACT takes a key for a sink that has more than this share of a query's weight,
 * on average over at least ACT_QUERIES of them: means of fewer are noise. */
static const double ACT_MEAN = 0.1;
enum { ACT_QUERIES = 8 };
/* VAR takes a token for a sink that is at least so many times the root mean
 * square of its hidden state in one of the dimensions in which the first token
 * is largest. Its own threshold is 20, for models of 4096 dimensions, where the
 * ratio can be 64; with 64 dimensions it can be 8, so 20 would find none. */
static const double VAR_RATIO = 5;
enum { VAR_DIMENSIONS = 2 };

/* is_sink (s->hi): 1 of sinks. */
static void hand_out(const struct tap_slice *s, const double *is_sink,
                     double stays)
{
    double freed = 0, others = 0;
    for (idx j = 0; j < s->hi; j++) {
        if (tap_sees(s, j) && is_sink[j] > 0)
            freed += (1 - stays) * (double)s->x[j];
        else if (tap_sees(s, j))
            others += (double)s->x[j];
    }
    if (freed == 0 || others == 0)
        return;
    for (idx j = 0; j < s->hi; j++)
        if (tap_sees(s, j))
            s->x[j] = (real)((double)s->x[j] *
                             (is_sink[j] > 0 ? stays : 1 + freed / others));
}

static void share_sink(void *work, const struct tap_slice *s)
{
    const struct intervention_work *w = work;
    double *is_sink = work_room(w, s);
    if (s->first == -s->registers)
        memset(is_sink, 0, (size_t)w->T * sizeof *is_sink);
    is_sink[w->options->sink_key - 1] = 1;
    hand_out(s, is_sink, ACT_STAYS);
}

/* --- sinks by columns ----------------------------------------------------- */

/* Room: sums of columns, and which of them are sinks. */
static idx room_of_columns(const struct intervention_shape *s)
{
    return 2 * s->T;
}

static void share_columns(void *work, const struct tap_slice *s)
{
    const struct intervention_work *w = work;
    double *sums = work_room(w, s), *is_sink = sums + w->T;
    idx t = s->first;
    if (t == -s->registers)
        memset(sums, 0, 2 * (size_t)w->T * sizeof *sums);
    for (idx j = 0; j < s->hi && t >= 0; j++) {
        idx queries = t - j + 1;
        if (t >= j && tap_sees(s, j)) /* a prefix is seen before, too */
            sums[j] += (double)s->x[j];
        is_sink[j] = j > 0 && queries >= ACT_QUERIES &&
                     sums[j] / (double)queries > ACT_MEAN;
    }
    if (t >= 0)
        hand_out(s, is_sink, ACT_STAYS);
}

/* --- sinks by dimensions -------------------------------------------------- */

static idx largest_but(const real *x, idx n, const idx *taken, idx n_taken)
{
    idx best = -1;
    for (idx i = 0; i < n; i++) {
        bool is_taken = false;
        for (idx k = 0; k < n_taken; k++)
            is_taken = is_taken || taken[k] == i;
        if (!is_taken &&
            (best < 0 || fabs((double)x[i]) > fabs((double)x[best])))
            best = i;
    }
    return best;
}

/* Which tokens are sinks for the block behind; changes nothing. */
static void find_by_dimensions(void *work, const struct tap_slice *s)
{
    const struct intervention_work *w = work;
    const real *first = s->x - s->first * s->ld;
    double *is_sink = work_notes(w, s);
    idx dims[VAR_DIMENSIONS], n = idx_min(VAR_DIMENSIONS, s->n);
    for (idx k = 0; k < n; k++)
        dims[k] = largest_but(first, s->n, dims, k);
    for (idx t = 0; t < w->T; t++) {
        const real *x = first + t * s->ld;
        double square = 0, most = 0;
        for (idx i = 0; i < s->n; i++)
            square += (double)x[i] * (double)x[i] / (double)s->n;
        for (idx k = 0; k < n; k++)
            most = fmax(most, fabs((double)x[dims[k]]));
        is_sink[t] = most >= VAR_RATIO * sqrt(square) && most > 0;
    }
}

static void share_dimensions(void *work, const struct tap_slice *s)
{
    hand_out(s, work_notes(work, s), VAR_STAYS);
}

static idx room_of_row(const struct intervention_shape *s)
{
    return s->T;
}

static const struct intervention of_sink = {
    .reads = READS_SINK_KEY,
    .edits = { { TAP_WEIGHTS, share_sink } },
    .room = room_of_row,
};
static const struct intervention of_columns = {
    .edits = { { TAP_WEIGHTS, share_columns } },
    .room = room_of_columns,
};
static const struct intervention of_dimensions = {
    .edits = { { TAP_RESIDUAL, find_by_dimensions },
               { TAP_WEIGHTS, share_dimensions } },
};

#define ACT "Yu et al., 2024, ACT"
#define OF_SINK                                                                \
    "of the weight on key metrics.sink_key 0.4 stays and the rest goes to "    \
    "the other keys in proportion to theirs"

const struct metric metrics_intervention_share[] = {
    COST_OF_ALL(of_sink, "share_sink", "the sink's mass handed out",
                ACT ", which leaves the first token alone", OF_SINK),
    COST_OF_HEADS(of_sink, "share_sink", "the sink's mass handed out",
                  ACT ", which leaves the first token alone", OF_SINK),
    COST_OF_ALL(
        of_columns, "share_columns", "later sinks' mass handed out",
        ACT ", in all heads, over the queries so far",
        "of the weight on every key but the first that holds more than "
        "0.1 of a query, in the mean over those from its own to this "
        "one, 8 at least, 0.4 stays and the rest goes to the other keys "
        "in proportion to theirs"),
    COST_OF_ALL(of_dimensions, "share_dimensions",
                "the mass of sinks by dimension handed out",
                "Kang et al., 2025, VAR, with 20 times, of large models",
                "of the weight on tokens one of whose two sink dimensions, the "
                "first token's largest, is at least 5 times the root mean "
                "square of the block's input, 0.6 stays and the rest goes to "
                "the other keys in proportion to theirs"),
    { .text = { .name = NULL } },
};
