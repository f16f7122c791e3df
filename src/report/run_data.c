#include "report/run_data.h"

#include "analysis/analysis.h"
#include "base/shell.h"
#include "io/arrays.h"
#include "io/row_chain.h"
#include "run/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char METRICS[] = RUN_METRICS;

/* Only the first line of text: a note is one line. */
static void add_note(struct run_data *r, const char *before, const char *text)
{
    size_t used = strlen(r->note);
    snprintf(r->note + used, sizeof r->note - used, "%s%s%.*s",
             used > 0 ? "; " : "", before, (int)strcspn(text, "\n"), text);
}

/* Keep the first one, but what the system refused before what is damaged. */
static void keep_unread(struct run_data *r, const struct err *own)
{
    if (own->code && (!r->unread.code || (err_is_refusal(own->code) &&
                                          !err_is_refusal(r->unread.code))))
        r->unread = *own;
}

/* A folder in a file's place is damage of this run: the system refused
 * nothing, and other runs are not less well known for it. */
static void judge(struct err *own, const char *path)
{
    bool is_folder;
    if (own->code == ERR_IO &&
        fsys_is_folder(&is_folder, path, ERR_IGNORED) == OK && is_folder)
        own->code = ERR_DATA;
}

/* The last part of the path, unless that is no name of its own. */
static void name_run(struct run_data *r)
{
    size_t end = strlen(r->path), start;
    while (end > 0 && r->path[end - 1] == '/')
        end--;
    for (start = end; start > 0 && r->path[start - 1] != '/';)
        start--;
    snprintf(r->name, sizeof r->name, "%.*s", (int)(end - start),
             r->path + start);
    if (strcmp(r->name, ".") == 0 || strcmp(r->name, "..") == 0)
        r->name[0] = '\0';
}

/* ---- the parts --------------------------------------------------------- */

static void read_standing(struct run_data *r)
{
    struct run_status found;
    struct err own = { 0 };
    r->state = run_look(&found, r->path, &own);
    r->status = run_state_word(r->state);
    r->step = r->state == RUN_UNKNOWN ? NAN : (double)found.step;
    if (r->state == RUN_UNKNOWN && *found.reason)
        add_note(r, "", found.reason);
    keep_unread(r, &own);
}

/* A table that may be missing: then it stays empty. */
static bool read_table(struct run_data *r, struct table *t, struct err *own)
{
    char path[RUN_PATH_MAX];
    bool is_analysis = t == &r->analysis, is_there;
    if (is_analysis) {
        run_analysis_path(path, r->path, r->analysis_name, ".csv");
        if (fsys_exists(&is_there, path, own) == OK && is_there)
            analysis_read_csv(t, r->path, r->analysis_name, own);
    } else {
        run_path(path, r->path, METRICS);
        run_metrics_read(t, r->path, own);
    }
    judge(own, path);
    if (is_analysis) { /* its seal is asked for */
        run_analysis_path(path, r->path, r->analysis_name, ".h5");
        judge(own, path);
    }
    keep_unread(r, own);
    return own->code != OK;
}

/* Of a run that still has the other table, and is known by that. */
static void note_left_out(struct run_data *r, const struct table *other,
                          const char *left, const char *used, const char *why)
{
    char text[RUN_NAME_MAX];
    snprintf(text, sizeof text, "its %s is left out, its %s is used: ", left,
             used);
    add_note(r, other->columns > 0 ? text : "left out: ", why);
}

/* How far it came; and where the analysis is older than the run. */
static void find_step(struct run_data *r)
{
    char text[RUN_NAME_MAX];
    double analysed, logged;
    struct series a = series_of(&r->analysis, "step", false);
    struct series l = series_of(&r->metrics, "step", true);
    bool has_analysed = series_final(&analysed, &a);
    bool has_logged = series_final(&logged, &l);
    /* `status` has the step of its last change; a run that goes on is ahead */
    r->step = fmax(r->step, fmax(analysed, logged)); /* fmax: unless NAN */
    if (!has_analysed || !has_logged || logged <= analysed)
        return;
    snprintf(text, sizeof text,
             "analysed up to step %.0f, trained up to %.0f or more: `sinklab "
             "analyze` goes on as far as weights are saved",
             analysed, logged);
    add_note(r, "", text);
}

/* A missing one is no damage. */
static void read_config(struct run_data *r)
{
    char path[RUN_PATH_MAX];
    struct err own = { 0 };
    bool is_there;
    run_path(path, r->path, RUN_CONFIG);
    bool is_known = fsys_exists(&is_there, path, &own) == OK;
    r->has_config =
        is_known && run_config_load(&r->config, r->path, &own) == OK;
    if (r->has_config)
        r->logged = measured_by(&r->config, false);
    else
        add_note(r, "settings unknown: ", own.text);
    judge(&own, path);
    if (is_there || !is_known)
        keep_unread(r, &own);
}

/* What an analysis was measured on stands in its analysis.h5. */
static void read_analysed(struct run_data *r)
{
    char path[RUN_PATH_MAX], *text = NULL;
    struct config *c = malloc(sizeof *c);
    struct err own = { 0 };
    run_analysis_path(path, r->path, r->analysis_name, ".h5");
    int rc = c ? note_load_layout(&text, &r->arrays, path, "config", &own)
               : err_memory(&own, path);
    if (rc == OK && text)
        rc = config_load_text(c, text, path, &own);
    if (rc == OK && text) {
        r->analysed = measured_by(c, true);
        r->analysed_sink = c->sink;
        r->analysed_metrics = c->metrics;
    }
    if (own.code)
        add_note(r, "", own.text);
    judge(&own, path);
    keep_unread(r, &own);
    free(text);
    free(c);
}

/* ---- the whole --------------------------------------------------------- */

/* What the table of its analysis is called. */
static const char *file_of(char path[RUN_PATH_MAX], const struct run_data *r)
{
    run_analysis_path(path, r->path, r->analysis_name ? r->analysis_name : "",
                      ".csv");
    return strrchr(path, '/') + 1;
}

void run_data_read(struct run_data *r, const char *path, const char *analysis)
{
    char file[RUN_PATH_MAX];
    struct err own = { 0 }, metrics = { 0 };
    struct stat folder;
    *r = (struct run_data){ .path = path, .analysis_name = analysis };
    if (stat(path, &folder) == 0) {
        r->device = folder.st_dev;
        r->inode = folder.st_ino;
    }
    name_run(r);
    read_standing(r);
    if (analysis)
        r->is_analysis_bad = read_table(r, &r->analysis, &own);
    r->is_metrics_bad = read_table(r, &r->metrics, &metrics);
    if (r->is_analysis_bad)
        note_left_out(r, &r->metrics, file_of(file, r), METRICS, own.text);
    if (r->is_metrics_bad)
        note_left_out(r, &r->analysis, METRICS, file_of(file, r), metrics.text);
    find_step(r);
    read_config(r);
    if (r->analysis.origin[0])
        read_analysed(r);
}

void run_data_name_apart(struct run_data *runs, idx n)
{
    for (idx i = 0; i < n; i++)
        for (idx k = 0; k < i; k++)
            if (strcmp(runs[i].name, runs[k].name) == 0 &&
                strcmp(runs[i].path, runs[k].path) != 0)
                runs[i].has_namesake = runs[k].has_namesake = true;
}

int run_data_find(idx *at, const struct run_data *runs, idx n, const char *path,
                  struct err *e)
{
    struct stat st;
    if (stat(path, &st))
        return err_system(e, path, "look at it");
    for (*at = n - 1; *at >= 0; (*at)--)
        if (runs[*at].device == st.st_dev && runs[*at].inode == st.st_ino)
            return OK;
    return OK;
}

void run_data_release(struct run_data *r)
{
    table_release(&r->analysis);
    table_release(&r->metrics);
    hdf_layout_release(&r->arrays);
    *r = (struct run_data){ 0 };
}

int run_data_refused(const struct run_data *r, struct err *e)
{
    return err_is_refusal(r->unread.code)
               ? err_set(e, r->unread.code, "%s", r->unread.text)
               : OK;
}

int run_data_say_unanalysed(const struct run_data *r, struct err *e)
{
    char file[RUN_PATH_MAX], word[RUN_PATH_MAX * 4];
    if (r->is_analysis_bad)
        return err_set(e, r->unread.code, "%s", r->unread.text);
    shell_word(word, sizeof word, r->path);
    return err_set(e, ERR_DATA,
                   "%s: no %s: `sinklab analyze %s --as %s` measures one",
                   r->path, file_of(file, r), word, r->analysis_name);
}

struct run_facts run_data_facts(const struct run_data *r, const char *name)
{
    return (struct run_facts){
        .name = name,
        .status = r->status,
        .step = r->step,
        .config = r->has_config ? &r->config : NULL,
        .measured = &r->metrics,
    };
}

void run_states_text(struct text *t, const idx counts[RUN_STATES])
{
    const char *between = "";
    text_add(t, "%s", "");
    for (int i = 0; i < RUN_STATES; i++)
        if (counts[i] > 0) {
            text_add(t, "%s%td %s", between, counts[i], run_states[i].word);
            between = ", ";
        }
}

struct series run_data_analysed(const struct run_data *r, const char *column)
{
    return series_of(&r->analysis, column, false);
}

struct series run_data_logged(const struct run_data *r, const char *column)
{
    return series_of(&r->metrics, column, true);
}

bool run_data_is_measured(const char *column)
{
    static const char *const others[] = { "step", "tokens", ANALYSIS_ORIGIN,
                                          ROW_CHAIN_COLUMN };
    for (idx i = 0; i < COUNT_OF(others); i++)
        if (strcmp(column, others[i]) == 0)
            return false;
    return true;
}

struct series run_data_series(const struct run_data *r, const char *column)
{
    struct series s = run_data_analysed(r, column);
    return s.n > 0 ? s : run_data_logged(r, column);
}

const struct measured *run_data_measured(const struct run_data *r,
                                         const struct series *s)
{
    return s->is_logged ? &r->logged : &r->analysed;
}
