#include "report/advice.h"

#include "analysis/transition.h"
#include "base/shell.h"
#include "metric/names.h"

#include <string.h>

enum { NAMED_MAX = 8 }; /* runs or folders in a command that can be read */

/* What an analysis is to ask for. */
struct asked {
    struct metrics_options metrics; /* its names and eps */
    idx positions;
    bool is_full; /* a list has no room for more */
};

/* A command that grows. */
struct command {
    struct text words; /* runs and folders; n of them, the last: */
    idx n;
    const char *last;
    struct asked asked;
    bool asks_names, asks_eps, asks_positions; /* for others than the config */
    char settings[2 * MEASURED_TEXT_MAX]; /* of the analyses that there are */
    bool has_settings, are_unlike;
    const char *analysis;
};

/* ---- what is asked for ------------------------------------------------- */

static void add_item(struct asked *a, char list[KEY_TEXT_MAX], const char *item)
{
    char text[KEY_TEXT_MAX], *rest = text;
    size_t n = strlen(list), more = strlen(item);
    memcpy(text, list, n + 1);
    while (rest)
        if (strcmp(text_part(&rest, ',', false), item) == 0)
            return;
    if (n + more + 2 > KEY_TEXT_MAX) {
        a->is_full = true;
        return;
    }
    if (n > 0)
        list[n++] = ',';
    memcpy(list + n, item, more + 1);
}

/* What these options ask an analysis for; columns of updates are training's. */
static void add_options(struct asked *a, const struct sink_options *sink,
                        const struct metrics_options *metrics)
{
    const struct metric_choice choice = { sink, metrics };
    char text[KEY_TEXT_MAX], *rest = text;
    memcpy(text, metrics->names, sizeof text);
    while (rest) {
        const char *item = text_part(&rest, ',', false);
        if (metrics_finds(item, &choice))
            add_item(a, a->metrics.names, item);
    }
    memcpy(text, metrics->eps, sizeof text);
    rest = *text ? text : NULL;
    while (rest)
        add_item(a, a->metrics.eps, text_part(&rest, ',', false));
    a->positions = idx_max(a->positions, sink->positions);
}

static void add_default(struct asked *a)
{
    add_item(a, a->metrics.names, "default");
}

/* One that is no metric's is in every analysis, or in none. */
static void add_column(struct asked *a, const char *column)
{
    struct metric_name n;
    char eps[32];
    if (!metric_name_find(&n, column))
        return;
    n = metric_name_of_all(&n);
    snprintf(eps, sizeof eps, "%g", n.eps);
    if (n.is_at)
        add_item(a, a->metrics.eps, eps);
    if (n.metric->is_per_position)
        a->positions = idx_max(a->positions, n.k);
    if (!metrics_ask_for(&a->metrics, &n))
        add_item(a, a->metrics.names, n.name);
}

/* What `sinklab analyze RUN` alone would ask for. */
static void add_own(struct asked *a, const struct run_data *r)
{
    if (r->has_config)
        add_options(a, &r->config.sink, &r->config.metrics);
    else
        add_default(a);
}

/* What its analysis has; of an earlier version its columns say it. */
static void add_kept(struct asked *a, const struct run_data *r)
{
    if (r->analysed.is_known)
        add_options(a, &r->analysed_sink, &r->analysed_metrics);
    else if (r->analysis.columns > 0)
        add_default(a);
    else
        add_own(a, r);
    for (idx c = 0; c < r->analysis.columns; c++)
        if (table_is_given(&r->analysis, c))
            add_column(a, r->analysis.names[c]);
}

/* ---- the command ------------------------------------------------------- */

/* As its analysis was measured, where its config says something else. */
static void add_settings(struct command *c, const struct run_data *r)
{
    char sinks[MEASURED_TEXT_MAX], rest[MEASURED_TEXT_MAX];
    char both[sizeof c->settings];
    if (!r->analysed.is_known || !r->has_config)
        return;
    const struct measured own = measured_by(&r->config, true);
    measured_overrides(sinks, &r->analysed, &own, MEASURED_SINKS);
    measured_overrides(rest, &r->analysed, &own,
                       MEASURED_LOSSES | MEASURED_COSTS | MEASURED_SINK_KEY |
                           MEASURED_CACHE | MEASURED_KEPT);
    snprintf(both, sizeof both, "%s%s", sinks, rest);
    if (!c->has_settings)
        memcpy(c->settings, both, sizeof both);
    c->are_unlike = c->are_unlike || strcmp(c->settings, both) != 0;
    c->has_settings = true;
}

static void name(struct command *c, const char *path)
{
    if (c->n++ < NAMED_MAX) {
        text_add(&c->words, " ");
        shell_add(&c->words, path);
    }
    c->last = path;
}

/* named: by what it is; NULL: that is done. */
static void take_run(struct command *c, const struct run_data *r,
                     const char *named)
{
    if (named && named != c->last)
        name(c, named);
    add_kept(&c->asked, r);
    add_settings(c, r);
    if (r->analysis_name && *r->analysis_name)
        c->analysis = r->analysis_name;
}

/* Is something else asked for than by the run's own config? */
static void compare_own(struct command *c, const struct run_data *r,
                        const char *named)
{
    struct asked own = { .positions = 0 }, *a = &c->asked;
    (void)named;
    add_own(&own, r);
    c->asks_names |= strcmp(own.metrics.names, a->metrics.names) != 0;
    c->asks_eps |= strcmp(own.metrics.eps, a->metrics.eps) != 0;
    c->asks_positions |= own.positions > 0 && own.positions < a->positions;
}

static void add_setting(struct text *t, const char *key, const char *value)
{
    char word[KEY_TEXT_MAX + 32];
    snprintf(word, sizeof word, "%s=%s", key, value);
    text_add(t, " ");
    shell_add(t, word);
}

static void print(struct text *t, const struct command *c, const char *settings)
{
    text_add(t, "`sinklab analyze%s%s", c->words.at,
             c->n > NAMED_MAX ? " ..." : "");
    if (c->analysis) {
        text_add(t, " --as ");
        shell_add(t, c->analysis);
    }
    if (settings || !c->are_unlike)
        text_add(t, "%s", settings ? settings : c->settings);
    if (c->asks_names) /* in place of a list without end: all */
        add_setting(t, "metrics.names",
                    c->asked.is_full ? "*" : c->asked.metrics.names);
    if (c->asks_eps)
        add_setting(t, "metrics.eps", c->asked.metrics.eps);
    if (c->asks_positions)
        text_add(t, " sink.positions=%td", c->asked.positions);
    text_add(t, "`%s",
             c->are_unlike && !settings
                 ? ", with the settings of each run's analysis,"
                 : "");
}

/* ---- which runs -------------------------------------------------------- */

static bool lacks(const struct run_data *r, const char *column)
{
    struct metric_name n;
    if (column && metric_name_find(&n, column)) {
        n = metric_name_of_all(&n);
        return table_find(&r->analysis, n.name) < 0;
    }
    if (column)
        return table_find(&r->analysis, column) < 0;
    for (idx k = 0; k < TRANSITIONS; k++)
        if (table_find(&r->analysis, transitions[k].column) < 0)
            return true;
    return false;
}

/* Is it the folder, or directly below it? */
static bool is_below(const struct run_data *r, const char *folder)
{
    size_t n = strlen(folder);
    while (n > 1 && folder[n - 1] == '/')
        n--;
    return strncmp(r->path, folder, n) == 0 &&
           (!r->path[n] || r->path[n] == '/' || folder[n - 1] == '/');
}

static bool is_given(const struct run_data *r, const char *folder)
{
    return strcmp(r->path, folder) == 0;
}

/* Does `analyze` of the folder take it? */
static bool is_taken(const struct run_data *r, const char *folder)
{
    return is_below(r, folder) &&
           (is_given(r, folder) || r->state == RUN_DONE ||
            r->state == RUN_STOPPED);
}

static bool is_meant(const struct run_data *r, const char *folder,
                     const char *column)
{
    return is_taken(r, folder) && lacks(r, column);
}

static idx count_meant(const struct advice *a, const char *folder)
{
    idx n = 0;
    for (idx i = 0; i < a->n; i++)
        n += is_meant(a->runs[i], folder, a->column);
    return n;
}

/* Is the folder to be named, rather than its runs? All of them lack it, or so
 * many that those that do not are measured again, with all they have. */
static bool is_whole(const struct advice *a, const char *folder)
{
    idx n_taken = 0, n_meant = count_meant(a, folder);
    for (idx i = 0; i < a->n; i++)
        n_taken += is_taken(a->runs[i], folder);
    return !a->has_others && (n_meant == n_taken || n_meant > NAMED_MAX);
}

static void visit(struct command *c, const struct advice *a, const char *folder,
                  void (*see)(struct command *c, const struct run_data *r,
                              const char *named))
{
    bool by_folder = is_whole(a, folder);
    if (count_meant(a, folder) == 0)
        return;
    for (idx i = 0; i < a->n; i++) {
        const struct run_data *r = a->runs[i];
        if (by_folder ? is_taken(r, folder) : is_meant(r, folder, a->column))
            see(c, r, by_folder ? folder : r->path);
    }
}

/* Runs of a folder that are not finished are left out by `analyze`; where there
 * are no others they are told of by what was given. */
static void visit_all(struct command *c, const struct advice *a, bool is_chosen,
                      void (*see)(struct command *c, const struct run_data *r,
                                  const char *named))
{
    for (idx i = 0; is_chosen && i < a->o->n_runs; i++)
        visit(c, a, a->o->runs[i], see);
    for (idx i = 0; !is_chosen && i < a->n; i++)
        see(c, a->runs[i], a->o ? NULL : a->runs[i]->path);
}

const char *advice(char text[ADVICE_MAX], const struct advice *a)
{
    char words[ADVICE_MAX] = "";
    struct command c = { .words = { words, sizeof words, 0 } };
    idx n_given = a->o ? a->o->n_runs : 0;
    bool is_any = !a->o, is_chosen = false;
    *text = '\0';
    for (idx i = 0; i < a->n; i++)
        is_any = is_any || lacks(a->runs[i], a->column);
    if (!is_any)
        return text;
    for (idx i = 0; i < n_given; i++)
        is_chosen = is_chosen || count_meant(a, a->o->runs[i]) > 0;
    for (idx i = 0; i < n_given && !is_chosen; i++)
        name(&c, a->o->runs[i]);
    visit_all(&c, a, is_chosen, take_run);
    if (a->column)
        add_column(&c.asked, a->column);
    else
        add_item(&c.asked, c.asked.metrics.names, "transitions");
    visit_all(&c, a, is_chosen, compare_own);
    print(&(struct text){ text, ADVICE_MAX, 0 }, &c, a->settings);
    return text;
}

const char *advice_run(char text[ADVICE_MAX], const struct run_data *r,
                       const char *column)
{
    return advice(text,
                  &(struct advice){ .column = column, .runs = &r, .n = 1 });
}
