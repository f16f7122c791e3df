/* compare's guard: what was measured differently is not averaged. */
#include "report/compare_group.h"

#include "base/shell.h"

enum { PLACE_MAX = 2 * RUN_PATH_MAX };

static bool is_from_analysis(const struct group *g, const char *column)
{
    struct series s = group_series(g, 0, column);
    return s.n > 0 && !s.is_sparse;
}

static int refuse(const struct group *g, const char *column,
                  const struct compared *a, const char *a_on,
                  const struct compared *b, const char *b_on, struct err *e)
{
    char one[PLACE_MAX], other[PLACE_MAX];
    shell_word(one, sizeof one, a->path);
    shell_word(other, sizeof other, b->path);
    return err_set(e, ERR_DATA,
                   "compare: %s of the group %.80s was measured differently in "
                   "%s (%s) and in %s (%s), and is not averaged: measure them "
                   "alike by `sinklab analyze %s %s`",
                   column, g->label, a->name, a_on, b->name, b_on, one, other);
}

static int check_column(const struct group *g, const char *column, bool is_loss,
                        struct err *e)
{
    char a_on[MEASURED_TEXT_MAX], b_on[MEASURED_TEXT_MAX];
    bool is_analysis = g->n_counted > 0 && is_from_analysis(g, column);
    const struct compared *first = NULL;
    for (idx i = 0; i < g->n_counted; i++) {
        const struct compared *r = g->runs[i];
        const struct measured *m = is_analysis ? &r->analysed : &r->logged;
        if (!m->is_known || group_series(g, i, column).n == 0)
            continue;
        if (!first)
            first = r;
        const struct measured *f =
            is_analysis ? &first->analysed : &first->logged;
        if (is_loss ? measured_losses_alike(f, m) : measured_sinks_alike(f, m))
            continue;
        if (is_loss)
            return refuse(g, column, first, measured_print_loss(a_on, f), r,
                          measured_print_loss(b_on, m), e);
        return refuse(g, column, first, measured_print(a_on, f), r,
                      measured_print(b_on, m), e);
    }
    return OK;
}

int groups_check(const struct groups *s, const struct compare_options *o,
                 struct err *e)
{
    for (idx i = 0; i < s->n; i++)
        if (check_column(&s->g[i], o->metric, measured_is_loss(o->metric), e) ||
            check_column(&s->g[i], o->loss, true, e))
            return e->code;
    return OK;
}
