#include "metric/secondary.h"

#include <math.h>

#include "metric/token.h"

enum {
    CANDIDATES = 3, /* of the first tokens, the one of the largest norm */
    SHORTEST = 2,   /* depths; less is noise */
};
static const double ALIKE = 0.9;   /* least cosine with the sink */
static const double PRIMARY = 0.5; /* least part of the sink's own lifetime */

static double norm(const struct metric_sequence *v, idx depth, idx t)
{
    return token_norm(v->x[depth] + t * v->C, v->C);
}

static double cosine(const struct metric_sequence *v, idx depth, idx t, idx s)
{
    return token_cosine(v->x[depth] + t * v->C, v->x[depth] + s * v->C, v->C);
}

struct sink_window sink_window_of(const struct metric_sequence *v)
{
    struct sink_window w = { 0, 1, v->L + 1 };
    double most = 0, rise = 0, fall = 0;
    for (idx t = 0; t < idx_min(CANDIDATES, v->rows); t++) {
        double sum = 0;
        for (idx depth = 0; depth <= v->L; depth++)
            sum += norm(v, depth, t);
        if (sum > most) {
            most = sum;
            w.sink = t;
        }
    }
    for (idx l = 0; l < v->L; l++) {
        double step = norm(v, l + 1, w.sink) - norm(v, l, w.sink);
        if (l == 0 || step > rise) {
            rise = step;
            w.first = l + 1;
        }
    }
    /* the block of the largest fall is the last to see it */
    for (idx l = w.first; l < v->L; l++) {
        double step = norm(v, l + 1, w.sink) - norm(v, l, w.sink);
        if (step < fall) {
            fall = step;
            w.end = l + 1;
        }
    }
    return w;
}

struct sink_life sink_life_of(const struct metric_sequence *v,
                              const struct sink_window *w, idx t)
{
    struct sink_life life = { .n = 0 };
    double own = (double)(w->end - w->first);
    for (idx depth = w->first; depth < w->end; depth++)
        if (fabs(cosine(v, depth, t, w->sink)) > ALIKE && life.n++ == 0)
            life.first = depth;
    life.is_primary = life.n > 0 && (double)life.n >= PRIMARY * own;
    life.is_secondary = !life.is_primary && life.n >= SHORTEST;
    return life;
}

bool sink_has_nan(const struct metric_sequence *v)
{
    for (idx depth = 0; depth <= v->L; depth++)
        if (tokens_have_nan(v->x[depth], v->rows, v->C, v->C))
            return true;
    return false;
}
