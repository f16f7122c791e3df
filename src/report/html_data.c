#include "report/html_data.h"

#include "base/build.h"
#include "base/utf8.h"
#include "io/place.h"
#include "metric/columns.h"
#include "metric/metric.h"
#include "report/alike.h"
#include "report/claim_words.h"
#include "report/cells.h"
#include "report/compare_differences.h"
#include "report/compare_table.h"
#include "report/html_curves.h"
#include "report/html_maps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_COLUMNS = 200, NAME_BYTES = 4 * GROUP_LABEL_MAX };

struct page {
    FILE *out;
    const struct compare_rows *t;
    struct page_columns columns;
    struct map_plan maps;
    idx points;    /* of a curve, at most */
    bool *differs; /* (keys of all sections) do the runs differ in it? */
};

/* What users name is shown on one line, and printable. */
static void put_name(struct json *j, const char *key, const char *name)
{
    char shown[NAME_BYTES];
    utf8_show(shown, sizeof shown, name, NAME_COLUMNS, true);
    json_put_text(j, key, shown);
}

/* The last part of a path, as it was given. */
static void put_folder(struct json *j, const char *path)
{
    char name[RUN_DIR_MAX];
    snprintf(name, sizeof name, "%s", path);
    name[path_length(name)] = '\0';
    const char *slash = strrchr(name, '/');
    put_name(j, NULL, slash && slash[1] ? slash + 1 : name);
}

static int end_line(struct page *p, struct json *j, struct err *e)
{
    json_end(j);
    return json_write(p->out, j, CURVE_DIGITS, e);
}

/* ---- head ---------------------------------------------------------------- */

static void put_keys(struct json *j, const char *key,
                     const struct config_key *keys, idx n)
{
    char name[CONFIG_KEY_NAME_MAX];
    json_begin_array(j, key);
    for (idx i = 0; i < n; i++)
        json_put_text(j, NULL, config_key_name(name, keys[i]));
    json_end(j);
}

/* Those that a heading has room for. */
static void put_title_keys(struct json *j, const struct groups *s)
{
    char name[CONFIG_KEY_NAME_MAX];
    idx most = s->n_keys > KEYS_OF_RUNS ? KEYS_OF_UNLIKE_RUNS : s->n_keys;
    json_begin_array(j, "title_keys");
    for (idx i = 0; i < s->n_keys; i++)
        if (sheet_shows_key(s->keys, s->n_keys, i, most))
            json_put_text(j, NULL, config_key_name(name, s->keys[i]));
    json_end(j);
}

/* What the first run that has the column measured it on; "" of what none did.
 * Where others were measured differently the notes say so. */
static const char *print_measured(char on[MEASURED_TEXT_MAX],
                                  const struct groups *s, const char *name,
                                  const struct column_facts *f)
{
    const struct measured *m =
        f->metric || f->is_validation ? groups_measured(s, name) : NULL;
    *on = '\0';
    if (!m)
        return on;
    struct measured own = *m;
    if (f->metric && !f->metric->has_eps)
        own.eps = NAN;
    measured_print_of(on, &own, name);
    if (!alike_is(s, name))
        strncat(on, ALIKE_NOT, MEASURED_TEXT_MAX - 1 - strlen(on));
    return on;
}

static void put_column(struct json *j, const struct groups *s, const char *name)
{
    char on[MEASURED_TEXT_MAX];
    struct column_facts f = { 0 };
    struct cell_look look = cell_look(name);
    bool is_known = column_find(&f, name);
    json_begin_object(j, NULL);
    json_put_text(j, "name", name);
    json_put_text(j, "group", is_known && f.group ? f.group : "");
    json_put_bool(j, "share", look.is_share);
    json_put_bool(j, "bounded", is_known && f.is_bounded);
    json_put_count(j, "digits", look.digits);
    json_put_text(j, "title", is_known ? f.title : "");
    json_put_text(j, "of_all", is_known ? f.title_of_all : "");
    json_put_text(j, "unit", is_known ? unit_word(f.unit) : "");
    json_put_text(j, "definition", is_known ? f.definition : "");
    json_put_text(j, "source", is_known && f.source ? f.source : "");
    json_put_text(j, "measured", print_measured(on, s, name, &f));
    json_end(j);
}

static void put_lines(struct json *j, const char *key, const char *lines)
{
    char line[CLAIM_LINE_MAX];
    json_begin_array(j, key);
    while (*lines) {
        size_t n = strcspn(lines, "\n");
        snprintf(line, sizeof line, "%.*s", (int)n, lines);
        if (n > 0)
            json_put_text(j, NULL, line);
        lines += n + (lines[n] == '\n');
    }
    json_end(j);
}

static bool is_thinned(const struct page *p)
{
    const struct groups *s = p->t->groups;
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++)
            if (s->g[i].runs[k]->metrics.rows > p->points ||
                s->g[i].runs[k]->analysis.rows > p->points)
                return true;
    return false;
}

static void put_head(struct json *j, const struct page *p,
                     const struct page_texts *texts, const char *words)
{
    const struct compare_rows *t = p->t;
    json_put_text(j, "kind", "head");
    json_put_text(j, "version", build_version());
    json_put_text(j, "commit", build_commit());
    json_put_bool(j, "single", t->groups->are_single);
    json_put_text(j, "metric", t->o->metric);
    json_put_text(j, "loss", t->o->loss);
    json_put_count(j, "base", t->base);
    json_put_bool(j, "asked", t->groups->emergence.is_asked);
    json_begin_array(j, "folders");
    for (idx i = 0; i < t->o->n_runs; i++)
        put_folder(j, t->o->runs[i]);
    json_end(j);
    put_keys(j, "keys", t->groups->keys, t->groups->n_keys);
    put_title_keys(j, t->groups);
    put_keys(j, "over", t->groups->over, t->groups->n_over);
    json_begin_array(j, "columns");
    for (idx i = 0; i < p->columns.n; i++)
        put_column(j, t->groups, p->columns.names[i]);
    json_end(j);
    json_begin_array(j, "maps");
    for (idx i = 0; i < p->maps.n; i++)
        put_column(j, t->groups, p->maps.shown[i].name);
    json_end(j);
    json_put_text(j, "maps_left", p->maps.left);
    json_put_count(j, "maps_steps", p->maps.steps);
    if (is_thinned(p))
        json_put_count(j, "points", p->points);
    put_lines(j, "claims", texts->claims);
    put_lines(j, "notes", texts->notes);
    put_lines(j, "words", words);
}

static int write_head(struct page *p, const struct page_texts *texts,
                      struct err *e)
{
    struct json j = { 0 };
    char *words = NULL; /* what the table of differences means */
    size_t n = 0;
    FILE *memory = open_memstream(&words, &n);
    if (memory)
        differences_words(memory, p->t);
    if (!memory || fclose(memory) != 0) {
        free(words);
        return err_memory(e, NULL);
    }
    json_begin_object(&j, NULL);
    put_head(&j, p, texts, words);
    free(words);
    return end_line(p, &j, e);
}

/* ---- configurations ------------------------------------------------------ */

/* The first run whose settings are known; NULL: none. */
static const struct run_data *first_known(const struct groups *s)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++)
            if (s->g[i].runs[k]->has_config)
                return s->g[i].runs[k];
    return NULL;
}

static bool differs(const struct groups *s, const struct run_data *first,
                    struct config_key key)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++) {
            const struct run_data *r = s->g[i].runs[k];
            if (r->has_config &&
                config_value_order(&first->config, &r->config, key) != 0)
                return true;
        }
    return false;
}

static int find_differing(struct page *p, struct err *e)
{
    const struct run_data *first = first_known(p->t->groups);
    p->differs = calloc((size_t)config_key_count(), sizeof *p->differs);
    if (!p->differs)
        return err_memory(e, NULL);
    for (struct config_key k = { 0 }; first && config_next_key(&k);)
        p->differs[config_key_number(k.section, k.key)] =
            differs(p->t->groups, first, k);
    return OK;
}

static void put_value(struct json *j, const char *key, const struct config *c,
                      struct config_key k)
{
    char value[KEY_PRINT_MAX];
    config_value(value, sizeof value, c, k);
    put_name(j, key, value);
}

/* What numbers of the key mean that are none: {"0": "no limit"}. */
static void put_meanings(struct json *j, const struct key *key)
{
    static const char *const values[] = { "0", "-1" };
    char meaning[KEY_MEANING_MAX];
    json_begin_object(j, "means");
    for (idx i = 0; i < COUNT_OF(values); i++)
        if (*key_meaning(meaning, key, values[i]))
            json_put_text(j, values[i], meaning);
    json_end(j);
}

/* Every key with its help, and its value if all runs have the same. */
static int write_config(struct page *p, struct err *e)
{
    const struct run_data *first = first_known(p->t->groups);
    struct json j = { 0 };
    json_begin_object(&j, NULL);
    json_put_text(&j, "kind", "config");
    json_begin_array(&j, "keys");
    for (struct config_key k = { 0 }; first && config_next_key(&k);) {
        char name[CONFIG_KEY_NAME_MAX];
        json_begin_object(&j, NULL);
        json_put_text(&j, "key", config_key_name(name, k));
        json_put_text(&j, "help", k.key->help);
        json_put_text(&j, "default", k.key->fallback);
        put_meanings(&j, k.key);
        if (!p->differs[config_key_number(k.section, k.key)])
            put_value(&j, "value", &first->config, k);
        json_end(&j);
    }
    json_end(&j);
    return end_line(p, &j, e);
}

/* The values of a run that not all have. */
static void put_differing(struct json *j, const struct page *p,
                          const struct run_data *r)
{
    if (!r->has_config) {
        json_put_null(j, "config");
        return;
    }
    json_begin_object(j, "config");
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        char name[CONFIG_KEY_NAME_MAX];
        if (p->differs[config_key_number(k.section, k.key)])
            put_value(j, config_key_name(name, k), &r->config, k);
    }
    json_end(j);
}

/* ---- what can be told from seeds ----------------------------------------- */

static int write_judged(struct page *p, idx i, idx m, struct err *e)
{
    char seeds[JUDGEMENT_TEXT_MAX], test[JUDGEMENT_TEXT_MAX];
    const struct judged *x = &p->t->rows[i].judged[m];
    const struct judgement *j = &x->j;
    struct json json = { 0 };
    json_begin_object(&json, NULL);
    json_put_text(&json, "kind", "judged");
    json_put_count(&json, "group", i);
    json_put_text(&json, "column", p->t->measures[m].name);
    put_exact(&json, "difference", j->difference);
    put_exact(&json, "low", j->low);
    put_exact(&json, "high", j->high);
    put_exact(&json, "p", j->p);
    json_put_bool(&json, "told", j->verdict >= VERDICT_HIGHER);
    json_put_bool(&json, "judged", j->verdict >= VERDICT_ALIKE);
    json_put_text(&json, "verdict", verdict_words(j->verdict));
    json_put_text(&json, "seeds", judgement_seeds(seeds, j));
    json_put_text(&json, "test", judgement_test(test, j));
    put_name(&json, "unlike", x->unlike);
    return end_line(p, &json, e);
}

static int write_all_judged(struct page *p, struct err *e)
{
    const struct compare_rows *t = p->t;
    int rc = OK;
    for (idx m = 0; m < t->n_measures; m++)
        for (idx i = 0; i < t->n && rc == OK && !rows_repeats(t, m); i++) {
            const struct judged *x = &t->rows[i].judged[m];
            bool is_held = x->j.n > 0 && x->j.n_base > 0;
            if (i != t->base && (is_held || x->unlike[0]))
                rc = write_judged(p, i, m, e);
        }
    return rc;
}

/* ---- groups, runs -------------------------------------------------------- */

static int write_group(struct page *p, idx i, idx first_run, struct err *e)
{
    const struct compare_row *row = &p->t->rows[i];
    const struct group *g = row->group;
    struct json j = { 0 };
    json_begin_object(&j, NULL);
    json_put_text(&j, "kind", "group");
    put_name(&j, "label", g->label);
    put_name(&j, "status", g->status);
    json_put_bool(&j, "done", g->is_done);
    json_put_count(&j, "first", first_run);
    json_put_count(&j, "runs", g->n_runs);
    json_put_count(&j, "counted", g->n_counted);
    json_begin_object(&j, "emerged");
    put_exact(&j, "mean", row->emerged.steps.mean);
    put_exact(&j, "spread", row->emerged.steps.spread);
    json_put_count(&j, "n", row->emerged.steps.n);
    json_put_count(&j, "of", row->emerged.n_measured);
    json_put_count(&j, "gone", row->emerged.n_gone);
    json_end(&j);
    int rc = html_group_curves(&j, g, &p->columns, p->points, e);
    if (rc == OK)
        return end_line(p, &j, e);
    json_release(&j);
    return rc;
}

static int put_run(struct json *j, const struct page *p, idx group, idx k,
                   struct err *e)
{
    char on[MEASURED_TEXT_MAX], why[ERR_TEXT_MAX];
    const struct group *g = &p->t->groups->g[group];
    const struct run_data *r = g->runs[k];
    struct series s = k < g->n_counted ? group_series(g, k, p->t->o->metric)
                                       : run_data_series(r, p->t->o->metric);
    const struct measured *m = run_data_measured(r, &s);
    const struct emergence *emergence = &p->t->groups->emergence;
    double step;
    json_put_text(j, "kind", "run");
    put_name(j, "name", run_data_label(r));
    put_name(j, "path", r->path);
    json_put_count(j, "group", group);
    json_put_bool(j, "counts", k < g->n_counted);
    json_put_text(j, "status", r->status);
    put_exact(j, "step", r->step);
    put_name(j, "note", r->note);
    json_put_text(j, "measured",
                  s.n > 0 && m->is_known
                      ? measured_print_of(on, m, p->t->o->metric)
                      : "");
    if (emergence_find(&step, &s, emergence)) {
        json_put_number(j, "emerged", step);
        json_put_bool(j, "gone", emergence_is_gone(&s, emergence));
    }
    put_differing(j, p, r);
    int rc = html_run_curves(j, g, k, &p->columns, p->points, e);
    if (rc == OK)
        rc = html_run_maps(j, why, r, &p->maps, e);
    if (rc == OK)
        put_name(j, "maps_note", why);
    return rc;
}

static int write_run(struct page *p, idx group, idx k, struct err *e)
{
    struct json j = { 0 };
    json_begin_object(&j, NULL);
    int rc = put_run(&j, p, group, k, e);
    if (rc == OK)
        return end_line(p, &j, e);
    json_release(&j);
    return rc;
}

/* ---- the whole ----------------------------------------------------------- */

static idx count_runs(const struct groups *s)
{
    idx n = 0;
    for (idx i = 0; i < s->n; i++)
        n += s->g[i].n_runs;
    return n;
}

/* A run's curve has its values, a group's a spread, too. */
static idx choose_points(const struct groups *s, idx n_columns)
{
    idx curves = n_columns * (count_runs(s) + (s->are_single ? 0 : 2 * s->n));
    idx points = CURVE_NUMBERS / idx_max(1, curves);
    return idx_max(POINTS_LEAST, idx_min(POINTS_MOST, points));
}

static int write_all(struct page *p, const struct page_texts *texts,
                     struct err *e)
{
    const struct groups *s = p->t->groups;
    int rc = find_differing(p, e);
    if (rc == OK)
        rc = write_head(p, texts, e);
    if (rc == OK)
        rc = write_config(p, e);
    if (rc == OK && !s->are_single)
        rc = write_all_judged(p, e);
    for (idx i = 0, first = 0; i < s->n && rc == OK; first += s->g[i++].n_runs)
        rc = write_group(p, i, first, e);
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs && rc == OK; k++)
            rc = write_run(p, i, k, e);
    return rc;
}

int html_data_write(FILE *out, const struct compare_rows *t,
                    const struct page_texts *texts, struct err *e)
{
    struct page p = { .out = out, .t = t };
    int rc = page_columns_find(&p.columns, t->groups, e);
    p.points = choose_points(t->groups, p.columns.n);
    if (rc == OK)
        rc = map_plan_make(&p.maps, t->groups, e);
    if (rc == OK)
        rc = write_all(&p, texts, e);
    page_columns_release(&p.columns);
    map_plan_release(&p.maps);
    free(p.differs);
    return rc;
}
