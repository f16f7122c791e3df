#include "metric/names.h"

#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "nn/options.h"
#include "metric/update_metric.h"
#include "metric/metric_table.h"

enum {
    EPS_MAX = 16,  /* thresholds beside sink.eps */
    SHOWN_MAX = 8, /* bytes of a threshold in a name */
};

static const char AT[] = "_at_", LAYER[] = "_layer_";

/* ---- thresholds -------------------------------------------------------- */

/* Number i of metrics.eps, as it is written; NULL past the last. text: room for
 * the whole list. */
static const char *eps_at(char text[KEY_TEXT_MAX],
                          const struct metrics_options *o, idx i)
{
    char *rest = o->eps[0] ? text : NULL;
    memcpy(text, o->eps, KEY_TEXT_MAX);
    while (rest) {
        const char *part = text_part(&rest, ',', false);
        if (i-- == 0)
            return part;
    }
    return NULL;
}

/* As names have it; false: no number between 0 and 1, or a long one. */
static bool read_eps(double *eps, const char *text)
{
    char *end, shown[32];
    if (strspn(text, "0123456789.") != strlen(text) || !*text)
        return false;
    *eps = strtod(text, &end);
    snprintf(shown, sizeof shown, "%g", *eps);
    return !*end && *eps > 0 && *eps < 1 && strlen(shown) <= SHOWN_MAX &&
           strtod(shown, NULL) == *eps;
}

/* ---- names ------------------------------------------------------------- */

/* false: it is longer than names are. */
static bool write_name(struct metric_name *n)
{
    const struct metric *m = n->metric;
    struct text t = { n->name, sizeof n->name, 0 };
    text_add(&t, "%s", m->text.name);
    if (m->is_per_position)
        text_add(&t, "%td", n->k);
    if (n->is_at)
        text_add(&t, "%s%g", AT, n->eps);
    if (n->is_of_layer)
        text_add(&t, "%s%td", LAYER, n->layer);
    return t.n < sizeof n->name;
}

static void print_name(struct metric_name *n)
{
    BUG_ON(!write_name(n));
}

/* Cut what says the layer off the end; false: there is something else. */
static bool cut_layer(struct metric_name *n, char *rest)
{
    char *at = strstr(rest, LAYER);
    n->is_of_layer = at && n->metric->axes[0] == OVER_LAYER;
    n->layer = 0;
    if (!n->is_of_layer)
        return !at;
    const char *figures = at + sizeof LAYER - 1;
    size_t digits = strspn(figures, "0123456789");
    *at = '\0';
    n->layer = atoi(figures);
    return digits > 0 && digits < 5 && !figures[digits] &&
           n->layer < MODEL_LAYERS_MAX;
}

/* Is it what stands behind a metric's own name? */
static bool read_rest(struct metric_name *n, const char *text)
{
    const struct metric *m = n->metric;
    char own[COLUMN_NAME_MAX], *rest = own;
    snprintf(own, sizeof own, "%s", text);
    if (strlen(text) >= sizeof own || !cut_layer(n, own))
        return false;
    n->k = 1;
    if (m->is_per_position) {
        size_t digits = strspn(rest, "0123456789");
        if (digits == 0 || digits > 5)
            return false;
        n->k = atoi(rest);
        rest += digits;
        if (n->k < 1 || n->k > SINK_POSITIONS_MAX)
            return false;
    }
    n->is_at = m->has_eps && strncmp(rest, AT, sizeof AT - 1) == 0;
    n->eps = NAN;
    return n->is_at ? read_eps(&n->eps, rest + sizeof AT - 1) : !*rest;
}

bool metric_name_find(struct metric_name *n, const char *name)
{
    for (idx i = 0; metric_at(i); i++) {
        n->metric = metric_at(i);
        size_t own = strlen(n->metric->text.name);
        if (strncmp(name, n->metric->text.name, own) != 0 ||
            !read_rest(n, name + own))
            continue;
        if (write_name(n) && strcmp(n->name, name) == 0)
            return true; /* unlike sink_01, which no file has */
    }
    return false;
}

struct metric_name metric_name_of_all(const struct metric_name *n)
{
    struct metric_name all = *n;
    all.is_of_layer = false;
    print_name(&all);
    return all;
}

bool metric_name_of_layer(char layer_name[COLUMN_NAME_MAX],
                          const struct metric_name *n, idx layer)
{
    return n->metric->axes[0] == OVER_LAYER && !n->is_of_layer &&
           snprintf(layer_name, COLUMN_NAME_MAX, "%s%s%td", n->name, LAYER,
                    layer) < COLUMN_NAME_MAX;
}

const char *metric_name_title(char title[COLUMN_TITLE_MAX],
                              const struct metric_name *n)
{
    struct text t = { title, COLUMN_TITLE_MAX, 0 };
    text_add(&t, "%s", n->metric->title);
    if (n->metric->is_per_position)
        text_add(&t, " %td", n->k);
    if (n->is_at)
        text_add(&t, ", eps %g", n->eps);
    if (n->is_of_layer)
        text_add(&t, ", layer %td", n->layer);
    return title;
}

/* ---- what is asked for ------------------------------------------------- */

/* Sets beside groups. */
static const char DEFAULT[] = "default", TURNS[] = "transitions";

/* Does an item of the list ask for a set that the metric is in, and so for all
 * columns of it? */
static bool asks_set(const char *item, const struct metric *m)
{
    return strcmp(item, m->group) == 0 ||
           (m->is_default && strcmp(item, DEFAULT) == 0) ||
           (m->is_transition && strcmp(item, TURNS) == 0);
}

/* What asks for a column at sink.eps asks for it at the others. */
static bool asks(const char *item, const struct metric_name *n)
{
    struct metric_name plain = *n;
    if (asks_set(item, n->metric) || fnmatch(item, n->name, 0) == 0)
        return true;
    if (!n->is_at)
        return false;
    plain.is_at = false;
    print_name(&plain);
    return fnmatch(item, plain.name, 0) == 0;
}

/* false: the item asks for no column of the metric. Names begin as it does, so
 * most metrics are passed over before any name of theirs is written. */
static bool may_ask(const char *item, const struct metric *m)
{
    size_t fixed = strcspn(item, "*?[\\"), own = strlen(m->text.name);
    return asks_set(item, m) ||
           strncmp(item, m->text.name, fixed < own ? fixed : own) == 0;
}

static bool any_may_ask(const struct metrics_options *o, const struct metric *m)
{
    char text[KEY_TEXT_MAX], *rest = text;
    memcpy(text, o->names, sizeof text);
    while (rest)
        if (may_ask(text_part(&rest, ',', false), m))
            return true;
    return false;
}

bool metrics_asks(const char *item, const char *group, const char *name)
{
    return strcmp(item, group) == 0 || fnmatch(item, name, 0) == 0;
}

bool metrics_is_asked(const struct metrics_options *o, const char *group,
                      const char *name)
{
    char text[KEY_TEXT_MAX], *rest = text;
    memcpy(text, o->names, sizeof text);
    while (rest)
        if (metrics_asks(text_part(&rest, ',', false), group, name))
            return true;
    return false;
}

bool metrics_ask_for(const struct metrics_options *o,
                     const struct metric_name *n)
{
    char text[KEY_TEXT_MAX], *rest = text;
    memcpy(text, o->names, sizeof text);
    while (rest)
        if (asks(text_part(&rest, ',', false), n))
            return true;
    return false;
}

/* One further in the product of rows, thresholds and positions. */
static bool next_there(struct metric_name *n, struct metric_cursor *at,
                       const struct metric_choice *c)
{
    char text[KEY_TEXT_MAX];
    const struct metric *m = metric_at(at->metric);
    if (!m)
        return false;
    *n = (struct metric_name){
        .metric = m, .k = at->k + 1, .is_at = at->eps > 0, .eps = c->sink->eps
    };
    if (n->is_at)
        read_eps(&n->eps, eps_at(text, c->metrics, at->eps - 1));
    print_name(n);
    at->k++;
    if (at->k < (m->is_per_position ? c->sink->positions : 1))
        return true;
    at->k = 0;
    at->eps++;
    if (m->has_eps && eps_at(text, c->metrics, at->eps - 1))
        return true;
    at->eps = 0;
    at->metric++;
    return true;
}

bool metric_next_asked(struct metric_name *n, struct metric_cursor *at,
                       const struct metric_choice *c)
{
    for (const struct metric *m; (m = metric_at(at->metric));) {
        if (at->k == 0 && at->eps == 0 && !any_may_ask(c->metrics, m))
            at->metric++;
        else if (next_there(n, at, c) && metrics_ask_for(c->metrics, n))
            return true;
    }
    return false;
}

/* ---- is it sound? ------------------------------------------------------ */

bool metrics_finds(const char *item, const struct metric_choice *c)
{
    struct metric_name n;
    struct metric_cursor at = { 0 };
    for (const struct metric *m; (m = metric_at(at.metric));) {
        if (at.k == 0 && at.eps == 0 && !may_ask(item, m))
            at.metric++;
        else if (next_there(&n, &at, c) && asks(item, &n))
            return true;
    }
    return false;
}

/* Of all that is asked for, or of that at thresholds of their own. */
static idx count_asked(const struct metric_choice *c, bool only_at)
{
    struct metric_name n;
    struct metric_cursor at = { 0 };
    idx count = 0;
    while (metric_next_asked(&n, &at, c))
        count += n.is_at || !only_at;
    return count;
}

idx metrics_count(const struct metric_choice *c)
{
    return count_asked(c, false);
}

/* Is there a model in which it asks for a column of updates? */
static bool finds_update(const char *item)
{
    for (struct update_name u = { 0 };
         update_metric_next(&u, MODEL_LAYERS_MAX);)
        if (metrics_asks(item, GROUP_OPTIMIZER, u.name))
            return true;
    return false;
}

/* The name is written to again: the nearest is kept in best. */
static void offer(struct nearest *near, char best[COLUMN_NAME_MAX],
                  const char *name)
{
    const char *before = near->name;
    nearest_offer(near, name);
    if (near->name != before) {
        memcpy(best, name, COLUMN_NAME_MAX);
        near->name = best;
    }
}

static int say_unknown(const char *item, const struct metric_choice *c,
                       struct err *e)
{
    struct metric_name n;
    struct metric_cursor at = { 0 };
    struct nearest near = { .wanted = item };
    char shown[TEXT_SHOW_MAX], best[COLUMN_NAME_MAX] = "";
    text_show(shown, item);
    if (metric_name_find(&n, item) && n.is_of_layer)
        return err_set(e, ERR_CONFIG,
                       "metrics.names: %s: `sinklab compare --columns` makes "
                       "it, of the metric: ask for that",
                       shown);
    if (metric_name_find(&n, item) && n.is_at)
        return err_set(e, ERR_CONFIG,
                       "metrics.names: %s: %g is not in metrics.eps: add it "
                       "there",
                       shown, n.eps);
    if (metric_name_find(&n, item))
        return err_set(e, ERR_CONFIG,
                       "metrics.names: %s: sink.positions is %td: make it "
                       "larger",
                       shown, c->sink->positions);
    for (const struct metric_group *g = metric_groups; g->name; g++)
        nearest_offer(&near, g->name);
    nearest_offer(&near, DEFAULT);
    nearest_offer(&near, TURNS);
    while (next_there(&n, &at, c))
        offer(&near, best, n.name);
    for (struct update_name u = { 0 }; update_metric_next(&u, 1);)
        offer(&near, best, u.name);
    return err_set(e, ERR_CONFIG,
                   "metrics.names: no metric or group '%s'%s%s; `sinklab list "
                   "metric` has all",
                   shown, near.name ? ", did you mean " : "",
                   near.name ? near.name : "");
}

static int check_eps(const struct metric_choice *c, struct err *e)
{
    char text[KEY_TEXT_MAX], shown[TEXT_SHOW_MAX];
    double eps[EPS_MAX];
    idx n = 0;
    for (const char *item; (item = eps_at(text, c->metrics, n)); n++) {
        text_show(shown, item);
        if (n == EPS_MAX)
            return err_set(e, ERR_CONFIG,
                           "metrics.eps: more than %d numbers: leave some out",
                           EPS_MAX);
        if (!read_eps(&eps[n], item))
            return err_set(e, ERR_CONFIG,
                           "metrics.eps: got '%s', want numbers between 0 and "
                           "1 as 0.1, separated by commas",
                           shown);
        for (idx i = 0; i < n; i++)
            if (eps[i] == eps[n])
                return err_set(e, ERR_CONFIG,
                               "metrics.eps: %s twice: leave one out", shown);
    }
    return OK;
}

int metrics_check(const struct metric_choice *c, struct err *e)
{
    char text[KEY_TEXT_MAX], *rest = text;
    if (strcmp(c->metrics->names, DEFAULT) == 0 && !c->metrics->eps[0])
        return OK; /* hundreds of runs are loaded at once */
    if (check_eps(c, e))
        return e->code;
    memcpy(text, c->metrics->names, sizeof text);
    while (rest) {
        const char *item = text_part(&rest, ',', false);
        if (!*item)
            return err_set(e, ERR_CONFIG,
                           "metrics.names: a name is missing: want names, "
                           "groups or patterns, separated by commas, as "
                           "'default, companions'");
        if (!metrics_finds(item, c) && !finds_update(item))
            return say_unknown(item, c, e);
    }
    if (c->metrics->eps[0] && count_asked(c, true) == 0)
        return err_set(e, ERR_CONFIG,
                       "metrics.eps: no metric of metrics.names has a "
                       "threshold: leave it out, or add sink_*");
    if (count_asked(c, false) > METRICS_ASKED_MAX)
        return err_set(e, ERR_CONFIG,
                       "metrics.names and metrics.eps ask for %td columns: "
                       "want at most %d",
                       count_asked(c, false), METRICS_ASKED_MAX);
    return OK;
}
