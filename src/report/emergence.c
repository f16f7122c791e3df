#include "report/emergence.h"

#include "analysis/formation.h"
#include "analysis/transition.h"
#include "run/run_facts.h"

#include <math.h>
#include <string.h>

enum usual {
    AS_IT_IS,
    TIMES_UNIFORM, /* the mean weight on the first token, were rows uniform */
};

#define SINK_WHY                                                               \
    "usual: uniform attention has 0, Gu et al.'s default ends at 18 %"

static const struct {
    const char *metric; /* name; # stands for a number */
    enum usual usual;
    double threshold;
    bool is_below;
    const char *why;
} table[] = {
    { "sink_#", AS_IT_IS, SINK_EMERGED, false, SINK_WHY },
    { "sink_bias", AS_IT_IS, SINK_EMERGED, false, SINK_WHY },
    { "first_mass", TIMES_UNIFORM, 2, false,
      "usual: twice what uniform attention without extra column gives" },
    { "bias_mass", TIMES_UNIFORM, 2, false,
      "usual: twice what uniform attention without extra column gives" },
    { "hidden_ratio", AS_IT_IS, 3, false,
      "usual: three times the other tokens' norm" },
    { "value_ratio", AS_IT_IS, 0.5, true,
      "usual: half of the other tokens' norm" },
    { "key_ratio", AS_IT_IS, 0.5, true,
      "usual: half of the other tokens' norm" },
};

/* Is it that metric, at another eps, of rows as they are or of one layer? */
static bool is_of(const char *metric, const char *name)
{
    static const char *const more[] = { "_raw", "_layer_", "_at_" };
    size_t n = strcspn(name, "#");
    const char *rest = metric + n;
    if (strncmp(metric, name, n) != 0)
        return false;
    size_t digits = name[n] ? strspn(rest, "0123456789") : 0;
    if (name[n] && digits == 0)
        return false;
    rest += digits;
    bool is_it = !*rest;
    for (idx i = 0; i < COUNT_OF(more); i++)
        is_it = is_it || strncmp(rest, more[i], strlen(more[i])) == 0;
    return is_it;
}

/* Row t of T spreads 1 over t tokens. */
static double uniform_mass(idx T)
{
    double sum = 0;
    for (idx t = 1; t <= T; t++)
        sum += 1 / (double)t;
    return sum / (double)T;
}

struct emergence emergence_of(const struct compare_options *o, idx tokens)
{
    struct emergence m = { .is_asked = !isnan(o->threshold),
                           .threshold = o->threshold };
    const struct transition *formed = transition_of(o->metric);
    if (formed) {
        m.is_below = formed->is_below;
        if (!m.is_asked) {
            m.is_asked = m.is_usual = true;
            m.threshold = formed->threshold;
            m.why = formed->why;
        }
        return m;
    }
    for (idx i = 0; i < COUNT_OF(table); i++) {
        if (!is_of(o->metric, table[i].metric))
            continue;
        m.is_below = table[i].is_below;
        if (m.is_asked)
            break;
        m.is_asked = m.is_usual = true;
        m.why = table[i].why;
        m.threshold = table[i].threshold;
        if (table[i].usual == TIMES_UNIFORM)
            m.threshold *= uniform_mass(idx_max(1, tokens));
        break;
    }
    return m;
}

struct emergence emergence_of_column(const char *column, idx tokens)
{
    const struct compare_options o = { .metric = column, .threshold = NAN };
    return emergence_of(&o, tokens);
}

int emergence_check(const struct compare_options *o, struct err *e)
{
    if (isnan(o->threshold) || !metric_is_bounded(o->metric) ||
        (o->threshold >= 0 && o->threshold <= 1))
        return OK;
    return err_set(
        e, ERR_USAGE,
        "compare: --threshold: got %g, want 0 to 1, as %s is a share",
        o->threshold, o->metric);
}

bool emergence_holds(const struct emergence *m, double value)
{
    return m->is_asked &&
           (m->is_below ? value < m->threshold : value > m->threshold);
}

bool emergence_find(double *step, const struct series *s,
                    const struct emergence *m)
{
    for (idx i = 0; i < s->n; i++)
        if (s->given[i] && emergence_holds(m, s->value[i])) {
            *step = s->step[i];
            return true;
        }
    return false;
}

bool emergence_is_gone(const struct series *s, const struct emergence *m)
{
    double final;
    return series_final(&final, s) && !emergence_holds(m, final);
}

void emergence_print(FILE *out, const struct compare_options *o,
                     const struct emergence *m)
{
    bool is_share = metric_is_share(o->metric);
    if (!m->is_asked) {
        fprintf(out,
                "emerged: there is no usual threshold of %s; --threshold X "
                "gives one",
                o->metric);
        return;
    }
    fprintf(out, "emerged: first step with %s %s %.3g%s", o->metric,
            m->is_below ? "below" : "above",
            is_share ? 100 * m->threshold : m->threshold, is_share ? " %" : "");
    if (m->is_usual)
        fprintf(out, " (%s)", m->why);
}
