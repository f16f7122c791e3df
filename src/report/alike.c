#include "report/alike.h"

#include "report/advice.h"

/* A run, and what its column was measured on. */
struct taken {
    const struct run_data *run;
    const struct measured *on;
};

/* The first two runs that count, of n groups, whose column was measured
 * differently; false if there are none. */
static bool find_unlike(struct taken *a, struct taken *b, const struct group *g,
                        idx n, const char *column, int parts)
{
    a->run = NULL;
    for (idx i = 0; i < n; i++)
        for (idx k = 0; k < g[i].n_counted; k++) {
            struct series s = group_series(&g[i], k, column);
            b->run = g[i].runs[k];
            b->on = run_data_measured(b->run, &s);
            if (s.n == 0 || !b->on->is_known)
                continue;
            if (!a->run)
                *a = *b;
            if (!measured_alike(a->on, b->on, parts))
                return true;
        }
    return false;
}

static const char *print(char text[MEASURED_TEXT_MAX], const struct taken *x,
                         const char *column, int parts)
{
    return parts & MEASURED_LOSSES ? measured_print_loss(text, x->on)
                                   : measured_print_of(text, x->on, column);
}

static int check_column(const struct group *g, const char *column, int parts,
                        struct err *e)
{
    char a_on[MEASURED_TEXT_MAX], b_on[MEASURED_TEXT_MAX];
    char differ[MEASURED_TEXT_MAX], with[MEASURED_TEXT_MAX], words[ADVICE_MAX];
    struct taken a, b;
    if (!find_unlike(&a, &b, g, 1, column, parts))
        return OK;
    const struct run_data *const both[] = { a.run, b.run };
    const struct advice alike = {
        .column = column,
        .runs = both,
        .n = COUNT_OF(both),
        .settings = measured_overrides(with, a.on, b.on, parts),
    };
    return err_set(
        e, ERR_DATA,
        "compare: %s of the group %.80s was measured differently in "
        "%s (%s) and in %s (%s), and is not averaged: they differ "
        "in %s; measure them alike by %s",
        column, g->label, a.run->name, print(a_on, &a, column, parts),
        b.run->name, print(b_on, &b, column, parts),
        measured_differing(differ, a.on, b.on, parts), advice(words, &alike));
}

int alike_check(const struct groups *s, const struct compare_options *o,
                struct err *e)
{
    for (idx i = 0; i < s->n; i++)
        if (check_column(&s->g[i], o->metric, measured_parts(o->metric), e) ||
            check_column(&s->g[i], o->loss, MEASURED_LOSSES, e))
            return e->code;
    return OK;
}

bool alike_is(const struct groups *s, const char *column)
{
    struct taken a, b;
    return !find_unlike(&a, &b, s->g, s->n, column, measured_parts(column));
}

void alike_note(FILE *out, const struct groups *s, const char *column)
{
    char a_on[MEASURED_TEXT_MAX], b_on[MEASURED_TEXT_MAX];
    char differ[MEASURED_TEXT_MAX];
    struct taken a, b;
    int parts = measured_parts(column);
    if (!find_unlike(&a, &b, s->g, s->n, column, parts))
        return;
    /* no analysis can measure models of two contexts alike */
    bool has_remedy = parts & MEASURED_SINKS || a.on->context == b.on->context;
    fprintf(out,
            "note: %s was measured differently in %s (%s) and in %s (%s): they "
            "differ in %s%s\n",
            column, run_data_label(a.run), print(a_on, &a, column, parts),
            run_data_label(b.run), print(b_on, &b, column, parts),
            measured_differing(differ, a.on, b.on, parts),
            has_remedy
                ? "; `sinklab analyze` them alike before you compare them"
                : "");
}

void alike_other_text(FILE *out, const char *a_name, const struct config *a,
                      const char *b_name, const struct config *b)
{
    fprintf(out,
            "note: %s and %s have read the same place, and have two data.hash "
            "(%.16s, %.16s): two texts, or one of several files, which older "
            "versions hash otherwise\n",
            a_name, b_name, a->data.hash, b->data.hash);
}
