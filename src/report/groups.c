#include "report/groups.h"

#include "base/text.h"
#include "config/config_when.h"
#include "data/paths.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys -------------------------------------------------------------- */

static const struct config *config_of(const void *runs, idx i)
{
    const struct run_data *r = (const struct run_data *)runs + i;
    return r->has_config ? &r->config : NULL;
}

static bool is_among(const struct config_key *keys, idx n, struct config_key k)
{
    for (idx i = 0; i < n; i++)
        if (keys[i].key == k.key)
            return true;
    return false;
}

static int parse_by(struct groups *s, const char *by, struct err *e)
{
    char list[KEY_TEXT_MAX], *rest = list, *name;
    if (snprintf(list, sizeof list, "%s", by) >= (int)sizeof list)
        return err_set(e, ERR_USAGE, "compare: --by: longer than %zu bytes",
                       sizeof list - 1);
    while ((name = strsep(&rest, ","))) {
        struct run_field f;
        int rc = run_field_find(&f, text_trim(name), e);
        if (rc == OK && f.kind != FIELD_KEY)
            rc = err_set(e, ERR_USAGE,
                         "'%s' is no key of the configuration (`sinklab help "
                         "config` has all)",
                         text_trim(name));
        else if (rc == OK && is_among(s->keys, s->n_keys, f.key))
            rc = err_set(e, ERR_USAGE, "got %s twice: name each key once",
                         text_trim(name));
        else if (rc == OK && s->n_keys == DIFFERING_MAX)
            rc = err_set(e, ERR_USAGE, "more than %d keys", DIFFERING_MAX);
        if (rc != OK) {
            err_prefix(e, "compare: --by");
            return rc;
        }
        s->keys[s->n_keys++] = f.key;
    }
    return OK;
}

static int choose_keys(struct groups *s, const struct compare_options *o,
                       const struct run_data *runs, idx n, struct err *e)
{
    struct config_key differing[DIFFERING_MAX];
    idx n_differing = config_differing(differing, config_of, runs, n);
    int rc = o->by ? parse_by(s, o->by, e) : OK;
    for (idx i = 0; i < n_differing && rc == OK; i++) {
        struct config_key k = differing[i];
        if (o->by ? !is_among(s->keys, s->n_keys, k)
                  : !s->are_single && config_key_is_seed(k))
            s->over[s->n_over++] = k;
        else if (!o->by)
            s->keys[s->n_keys++] = k;
    }
    return rc;
}

/* ---- texts ------------------------------------------------------------- */

static void find_texts(struct run_data *runs, idx n)
{
    for (idx i = 0; i < n; i++) {
        struct data_options own = runs[i].config.data;
        idx k = 0;
        while (k < i && !(runs[k].has_config &&
                          data_share_paths(&own, &runs[k].config.data)))
            k++;
        runs[i].text = &runs[k];
    }
}

const struct config *group_config(const struct run_data *r, struct config_key k)
{
    return r->text && config_key_has_paths(k) ? &r->text->config : &r->config;
}

const struct run_data *group_reader(const struct group *g, struct config_key k)
{
    for (idx i = 0; i < g->n_runs; i++)
        if (g->runs[i]->has_config && config_is_read(&g->runs[i]->config, k))
            return g->runs[i];
    return g->runs[0];
}

/* ---- order ------------------------------------------------------------- */

static int order_groups(const struct groups *s, const struct run_data *a,
                        const struct run_data *b)
{
    if (!a->has_config || !b->has_config)
        return b->has_config - a->has_config;
    for (idx k = 0; k < s->n_keys; k++) {
        struct config_key key = s->keys[k];
        int order =
            config_value_order(group_config(a, key), group_config(b, key), key);
        if (order != 0)
            return order;
    }
    return 0;
}

/* Runs of a group stay in the order in which they were given, which is that of
 * their places: all are of one array. */
static int order_runs(const void *a, const void *b, void *groups)
{
    const struct run_data *x = *(const struct run_data *const *)a;
    const struct run_data *y = *(const struct run_data *const *)b;
    int order = order_groups(groups, x, y);
    return order ? order : (x > y) - (x < y);
}

/* ---- which runs count -------------------------------------------------- */

static bool counts(const struct group *g, const struct run_data *r)
{
    if (g->is_done)
        return r->state == RUN_DONE;
    if (r->metrics.rows + r->analysis.rows == 0)
        return false; /* nothing yet */
    return r->state != RUN_DIVERGED && r->state != RUN_FAILED &&
           r->state != RUN_UNKNOWN;
}

/* Put those that count first, else in the order they have. */
static void count_runs(struct group *g, const struct run_data **runs)
{
    for (idx i = 0; i < g->n_runs; i++)
        g->is_done = g->is_done || runs[i]->state == RUN_DONE;
    for (idx i = 0; i < g->n_runs; i++) {
        const struct run_data *r = runs[i];
        if (!counts(g, r))
            continue;
        memmove(runs + g->n_counted + 1, runs + g->n_counted,
                (size_t)(i - g->n_counted) * sizeof *runs);
        runs[g->n_counted++] = r;
    }
}

static void write_status(struct group *g)
{
    idx n[RUN_STATES] = { 0 };
    struct text t = { g->status, sizeof g->status, 0 };
    for (idx i = 0; i < g->n_runs; i++)
        n[g->runs[i]->state]++;
    run_states_text(&t, n);
}

/* ---- labels ------------------------------------------------------------ */

/* Names what is left out, so that it never says enough by itself. */
static bool is_absence(const char *value)
{
    return strcmp(value, "none") == 0 || strcmp(value, "own") == 0;
}

static bool is_of_another_key(const struct groups *s, idx k, const char *value)
{
    for (idx i = 0; i < s->n_keys; i++) {
        const struct key *other = s->keys[i].key;
        if (i == k || other->type != KEY_CHOICE)
            continue;
        for (int c = 0; other->choice(c); c++)
            if (strcmp(other->choice(c), value) == 0)
                return true;
    }
    return false;
}

/* "relu" says enough where no other key that differs could be relu, and no group
 * has none of it; as labels stand side by side, all of a key's values say
 * enough or none does. */
static bool is_plain_key(const struct groups *s, idx k)
{
    if (s->keys[k].key->type != KEY_CHOICE)
        return false;
    for (idx i = 0; i < s->n; i++) {
        char value[KEY_PRINT_MAX];
        if (!s->g[i].runs[0]->has_config)
            continue;
        config_value(value, sizeof value,
                     group_config(s->g[i].runs[0], s->keys[k]), s->keys[k]);
        if (is_absence(value) || is_of_another_key(s, k, value))
            return false;
    }
    return true;
}

static void add_value(struct text *t, const struct groups *s,
                      const struct group *g, idx k)
{
    char value[KEY_PRINT_MAX];
    struct config_key key = s->keys[k];
    bool is_clear = config_key_is_clear(s->keys, s->n_keys, k);
    config_value(value, sizeof value, group_config(g->runs[0], key), key);
    if (!is_plain_key(s, k))
        text_add(t, "%s%s%s=", is_clear ? "" : key.section->name,
                 is_clear ? "" : ".", key.key->name);
    text_add(t, "%s", value);
}

void group_value(struct text *t, const struct groups *s, const struct group *g,
                 idx k)
{
    char value[KEY_PRINT_MAX], meaning[KEY_MEANING_MAX];
    add_value(t, s, g, k);
    config_value(value, sizeof value, group_config(g->runs[0], s->keys[k]),
                 s->keys[k]);
    if (*key_meaning(meaning, s->keys[k].key, value))
        text_add(t, " (%s)", meaning);
}

/* Does the group not read it, as another key of its label tells? */
static bool is_unread(const struct groups *s, const struct group *g, idx k)
{
    struct config_key deciders[CONFIG_DECIDERS_MAX];
    if (config_is_read(&group_reader(g, s->keys[k])->config, s->keys[k]))
        return false;
    idx n = config_deciders(deciders, s->keys[k]);
    for (idx i = 0; i < n; i++)
        if (is_among(s->keys, s->n_keys, deciders[i]))
            return true;
    return false;
}

typedef void value_adder(struct text *t, const struct groups *s,
                         const struct group *g, idx k);

static bool has_value_of(const struct run_data *a, const struct run_data *b,
                         struct config_key k)
{
    return a->has_config &&
           config_value_order(group_config(a, k), group_config(b, k), k) == 0;
}

static bool is_usual(const struct groups *s, const struct group *g, idx k)
{
    return s->usual[k] && has_value_of(g->runs[0], s->usual[k], s->keys[k]);
}

/* Of usual values the one that most groups have not; -1: no key is left. */
static idx least_usual(const struct groups *s, const struct group *g, idx a,
                       idx b)
{
    idx least = -1;
    for (idx k = 0; k < s->n_keys; k++)
        if (k != a && k != b && !is_unread(s, g, k) &&
            (least < 0 || s->n_usual[k] < s->n_usual[least]))
            least = k;
    return least;
}

static void add_label(struct text *t, const struct groups *s,
                      const struct group *g, idx a, idx b, value_adder *add)
{
    idx n_keys = s->n_keys - (a >= 0) - (b >= 0 && b != a), n = 0;
    text_add(t, "%s", "");
    if (!g->runs[0]->has_config) {
        text_add(t, "%s", run_data_label(g->runs[0]));
        return;
    }
    for (idx k = 0; k < s->n_keys; k++) {
        if (k == a || k == b || is_unread(s, g, k) || is_usual(s, g, k))
            continue;
        text_add(t, "%s", n++ > 0 ? " " : "");
        add(t, s, g, k);
    }
    idx least = least_usual(s, g, a, b);
    if (n == 0 && least >= 0)
        add(t, s, g, least);
    else if (n == 0)
        text_add(t, n_keys == 0 ? "all runs" : "default");
}

void group_legend(struct text *t, const struct groups *s, const struct group *g,
                  idx a, idx b)
{
    add_label(t, s, g, a, b, group_value);
}

/* The value that more than half of the groups have, if one has that: of each
 * pair of unlike ones both are struck out, and it is left. NULL: none. */
static const struct run_data *find_majority(idx *n_of, const struct groups *s,
                                            idx k)
{
    const struct run_data *left = NULL;
    idx n_left = 0, n = 0;
    for (idx i = 0; i < s->n; i++) {
        const struct run_data *r = s->g[i].runs[0];
        if (!r->has_config)
            continue;
        if (n_left == 0)
            left = r;
        n_left += has_value_of(r, left, s->keys[k]) ? 1 : -1;
    }
    for (idx i = 0; left && i < s->n; i++)
        n += has_value_of(s->g[i].runs[0], left, s->keys[k]);
    *n_of = n;
    return 2 * n > s->n ? left : NULL;
}

/* Where one thing at a time is changed, what was not goes without saying; but
 * of a number only where it is the default, as any other would be guessed. */
static void find_usual(struct groups *s)
{
    for (idx k = 0; k < s->n_keys && s->n_keys > 1; k++) {
        struct config_key key = s->keys[k];
        const struct run_data *r = find_majority(&s->n_usual[k], s, k);
        bool is_plain = r && (key.key->type == KEY_CHOICE ||
                              config_has_default(group_config(r, key), key));
        s->usual[k] = is_plain ? r : NULL;
    }
}

/* ---- the whole --------------------------------------------------------- */

static void describe(struct groups *s, struct group *g,
                     const struct run_data **runs)
{
    if (!s->are_single) {
        count_runs(g, runs);
        struct text label = { g->label, sizeof g->label, 0 };
        write_status(g);
        add_label(&label, s, g, -1, -1, add_value);
        return;
    }
    g->n_counted = 1;
    g->is_done = runs[0]->state == RUN_DONE;
    snprintf(g->label, sizeof g->label, "%s", run_data_label(runs[0]));
    snprintf(g->status, sizeof g->status, "%s", runs[0]->status);
}

static void split(struct groups *s, idx n)
{
    for (idx i = 0; i < n; i++) {
        const struct run_data *r = s->runs[i];
        bool is_new = s->are_single || i == 0 || !r->has_config ||
                      order_groups(s, s->runs[i - 1], r) != 0;
        if (is_new)
            s->g[s->n++].runs = s->runs + i;
        s->g[s->n - 1].n_runs++;
    }
    if (!s->are_single)
        find_usual(s);
    for (idx i = 0, at = 0; i < s->n; at += s->g[i++].n_runs)
        describe(s, &s->g[i], s->runs + at);
}

/* Rows of groups could not be compared if some were from an analysis; single
 * runs are noted one by one. */
static void find_source(struct groups *s)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_counted; k++) {
            s->n_counted++;
            s->n_analysed += s->g[i].runs[k]->analysis.rows > 0;
        }
    for (idx i = 0; i < s->n; i++)
        s->g[i].is_analysed = s->are_single || s->n_analysed == s->n_counted;
}

bool group_is_logged(const struct group *g, const char *column)
{
    idx n_logged = 0, n_analysed = 0;
    if (!g->is_analysed)
        return true;
    for (idx i = 0; i < g->n_counted; i++) {
        n_logged += run_data_logged(g->runs[i], column).n > 0;
        n_analysed += run_data_analysed(g->runs[i], column).n > 0;
    }
    return n_analysed == 0 || n_analysed < n_logged;
}

struct series group_series(const struct group *g, idx i, const char *column)
{
    return group_is_logged(g, column) ? run_data_logged(g->runs[i], column)
                                      : run_data_analysed(g->runs[i], column);
}

const struct measured *groups_measured(const struct groups *s,
                                       const char *column)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_counted; k++) {
            struct series of = group_series(&s->g[i], k, column);
            const struct measured *m = run_data_measured(s->g[i].runs[k], &of);
            if (of.n > 0 && m->is_known)
                return m;
        }
    return NULL;
}

/* Tokens that sinks were measured on, of the first run that says it. */
static idx find_tokens(const struct groups *s, const char *metric)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_counted; k++) {
            const struct run_data *r = s->g[i].runs[k];
            struct series of = run_data_series(r, metric);
            if (run_data_measured(r, &of)->is_known)
                return run_data_measured(r, &of)->tokens;
        }
    return TOKENS_USUAL;
}

int groups_make(struct groups *s, const struct compare_options *o,
                struct run_data *runs, idx n, bool are_single, struct err *e)
{
    s->are_single = are_single;
    idx a, b;
    if (config_other_text(&a, &b, config_of, runs, n)) {
        s->other_text[0] = &runs[a];
        s->other_text[1] = &runs[b];
    }
    if (are_single)
        run_data_name_apart(runs, n);
    else
        find_texts(runs, n);
    int rc = choose_keys(s, o, runs, n, e);
    if (rc != OK)
        return rc;
    s->runs = calloc((size_t)n, sizeof *s->runs);
    s->g = calloc((size_t)n, sizeof *s->g);
    if (!s->runs || !s->g)
        return err_memory(e, NULL);
    for (idx i = 0; i < n; i++)
        s->runs[i] = &runs[i];
    if (!are_single)
        qsort_r(s->runs, (size_t)n, sizeof *s->runs, order_runs, s);
    split(s, n);
    find_source(s);
    s->emergence = emergence_of(o, find_tokens(s, o->metric));
    return OK;
}

void groups_release(struct groups *s)
{
    free(s->runs);
    free(s->g);
    *s = (struct groups){ 0 };
}
