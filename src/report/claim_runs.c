#include "report/claim_runs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "data/paths.h"
#include "metric/columns.h"
#include "report/run_layers.h"
#include "sweep/sweep_folder.h"

/* A copy of a run is no other run: the first counts. The first copy that is
 * found here is named: of folders one whose log is another one, as of another
 * machine, for the others have gone before (compare_gather); of tables any. */
static int leave_copies(struct claim_runs *s, struct err *e)
{
    char(*ids)[CONFIG_ID_MAX] = calloc((size_t)s->n + 1, sizeof *ids);
    struct text left = { s->left, sizeof s->left, strlen(s->left) };
    idx n = 0;
    struct claim_run copy = { 0 }, kept = { 0 };
    if (!ids)
        return err_memory(e, NULL);
    for (idx i = 0; i < s->n; i++) {
        idx k = 0;
        sweep_identity(ids[n], s->at[i].config);
        while (strcmp(ids[k], ids[n]) != 0)
            k++;
        if (k == n) {
            s->at[n++] = s->at[i];
        } else if (!copy.name) {
            copy = s->at[i];
            kept = s->at[k];
        }
    }
    free(ids);
    idx n_copies = s->n - n + s->set.n_copies;
    memmove(s->at + n, s->at + s->n, (size_t)s->n_unended * sizeof *s->at);
    s->n = n;
    s->n_left += n_copies;
    if (n_copies > 0)
        text_add(&left, "%s%td with the settings and seeds of another",
                 left.n ? ", " : "", n_copies);
    if (copy.name)
        text_add(&left, " (%s those of %s)", copy.name, kept.name);
    return OK;
}

static void find_texts(struct claim_runs *s)
{
    for (idx i = 0; i < s->n; i++) {
        struct data_options own = s->at[i].config->data;
        idx k = 0;
        while (k < i && !data_share_paths(&own, &s->at[k].config->data))
            k++;
        s->at[i].text = k;
    }
}

const struct config *claim_runs_config(const struct claim_runs *s, idx i,
                                       struct config_key k)
{
    return s->at[config_key_has_paths(k) ? s->at[i].text : i].config;
}

/* ---- run folders ------------------------------------------------------- */

static int none_done(const struct claim_runs *s, const char *place,
                     struct err *e)
{
    return err_set(e, ERR_DATA,
                   "%s: no run is done, and others do not count (%s): `sinklab "
                   "sweep` goes on with them",
                   place, s->left);
}

/* Names of the runs that the sweep no longer asks for. */
static bool is_dropped(const struct sweep *list, const char *name)
{
    for (idx i = 0; i < list->n; i++)
        if (list->runs[i].is_dropped && strcmp(list->runs[i].name, name) == 0)
            return true;
    return false;
}

static struct claim_run claim_run_of(const struct run_data *r)
{
    return (struct claim_run){ .name = run_data_label(r),
                               .config = &r->config,
                               .data = r };
}

/* A run whose files cannot be read is no run without them: verdicts would be of
 * other numbers than the reader thinks. */
static int check_sound(const struct run_data *r, struct err *e)
{
    if (r->is_analysis_bad || r->is_metrics_bad ||
        (!r->has_config && r->unread.code))
        return err_set(e, r->unread.code, "%s", r->unread.text);
    if (!r->has_config)
        return err_set(e, ERR_DATA,
                       "%s: holds no config.ini, without which no claim tells "
                       "what it is of: move the folder elsewhere, and `sinklab "
                       "sweep` trains it again",
                       r->path);
    return OK;
}

static int take_runs(struct claim_runs *s, const struct sweep *list,
                     struct err *e)
{
    idx states[RUN_STATES] = { 0 }, n_dropped = 0;
    struct text left = { s->left, sizeof s->left, 0 };
    s->at = calloc((size_t)s->set.n, sizeof *s->at);
    if (!s->at)
        return err_memory(e, NULL);
    for (idx i = 0; i < s->set.n; i++) {
        const struct run_data *r = &s->set.runs[i];
        if (is_dropped(list, r->name)) {
            n_dropped++;
        } else if (r->state != RUN_DONE) {
            states[r->state]++;
            s->n_left++;
        } else if (check_sound(r, e)) {
            return e->code;
        } else {
            s->at[s->n++] = claim_run_of(r);
        }
    }
    for (idx i = 0; i < s->set.n; i++) {
        const struct run_data *r = &s->set.runs[i];
        if (r->state != RUN_DONE && r->has_config && !is_dropped(list, r->name))
            s->at[s->n + s->n_unended++] = claim_run_of(r);
    }
    states[RUN_PENDING] += s->set.n_waiting;
    s->n_left += s->set.n_waiting + n_dropped;
    run_states_text(&left, states);
    if (n_dropped > 0)
        text_add(&left, "%s%td no longer in the sweep", left.n ? ", " : "",
                 n_dropped);
    if (leave_copies(s, e))
        return e->code;
    find_texts(s);
    for (idx i = 0; i < s->n; i++)
        s->is_logged = s->is_logged || s->at[i].data->analysis.rows == 0;
    for (idx i = 0; i < s->n; i++)
        s->at[i].on =
            s->is_logged ? &s->at[i].data->logged : &s->at[i].data->analysed;
    return OK;
}

int claim_runs_of_folder(struct claim_runs *s, const char *dir, struct err *e)
{
    const struct compare_options o = { .runs = &dir,
                                       .n_runs = 1,
                                       .metric = COMPARE_METRIC,
                                       .loss = COMPARE_LOSS };
    struct sweep list = { 0 };
    *s = (struct claim_runs){ 0 };
    int rc = compare_gather(&s->set, &o, e);
    if (rc == OK)
        rc = sweep_open(&list, dir, e);
    if (rc == OK)
        rc = take_runs(s, &list, e);
    sweep_close(&list);
    return rc == OK && s->n == 0 ? none_done(s, dir, e) : rc;
}

int claim_runs_add_layers(struct claim_runs *s, const char *column,
                          struct err *e)
{
    for (idx i = 0; i < s->n; i++) {
        struct run_data *r = &s->set.runs[s->at[i].data - s->set.runs];
        if (run_layers_add(r, column, e))
            return e->code;
    }
    return OK;
}

/* ---- tables ------------------------------------------------------------ */

int claim_runs_of_tables(struct claim_runs *s, const char *tables,
                         const char *sweep, struct err *e)
{
    *s = (struct claim_runs){ 0 };
    if (run_tables_read(&s->tables, tables, sweep, e))
        return e->code;
    const struct run_data *runs = s->tables.runs;
    s->at = calloc((size_t)s->tables.n, sizeof *s->at);
    if (!s->at)
        return err_memory(e, tables);
    for (idx i = 0; i < s->tables.n; i++)
        if (runs[i].state == RUN_DONE) {
            s->at[s->n] = claim_run_of(&runs[i]);
            s->at[s->n++].on = &runs[i].analysed;
        }
    for (idx i = 0; i < s->tables.n; i++)
        if (runs[i].state != RUN_DONE)
            s->at[s->n + s->n_unended++] = claim_run_of(&runs[i]);
    s->n_left = s->n_unended;
    if (s->n_left > 0)
        snprintf(s->left, sizeof s->left, "%td without numbers of the end",
                 s->n_left);
    if (leave_copies(s, e))
        return e->code;
    find_texts(s);
    return s->n > 0 ? OK : none_done(s, tables, e);
}

/* ---- both -------------------------------------------------------------- */

/* Is it of metrics.csv alone, as what is measured on updates? */
static bool is_of_training(const char *column)
{
    struct column_facts f;
    return column_find(&f, column) && !(f.files & COLUMN_ANALYSIS);
}

struct series claim_run_series(const struct claim_runs *s, idx run,
                               const char *column)
{
    const struct run_data *r = s->at[run].data;
    bool is_logged = s->is_logged || is_of_training(column);
    return is_logged && !r->is_of_tables ? run_data_logged(r, column)
                                         : run_data_analysed(r, column);
}

void claim_runs_release(struct claim_runs *s)
{
    compare_set_release(&s->set);
    run_tables_release(&s->tables);
    free(s->at);
    *s = (struct claim_runs){ 0 };
}
