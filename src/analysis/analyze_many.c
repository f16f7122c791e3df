/* Many runs analyzed: several at once, those that are up to date not again. */
#include "analysis/analyze.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analysis/analysis.h"
#include "analysis/replaced.h"
#include "base/launcher.h"
#include "base/stopwatch.h"
#include "base/shell.h"
#include "base/stop.h"
#include "base/text.h"
#include "io/job_slots.h"
#include "io/jobs.h"
#include "io/json.h"
#include "run/run_facts.h"
#include "run/run_list.h"
#include "train/plan.h"

/* Whatever happens to our file meanwhile: all runs are of one program. */
static const char PROGRAM[] = "/proc/self/exe";

enum { NOTE_MAX = 1024, THREADS_WORD_MAX = 40, LOG_NAME_MAX = 64 };

enum state { LEFT, UNFINISHED, CURRENT, ANALYZED, FAILED };

/* A run that was found. */
struct found_run {
    const char *path;
    enum state state;
    bool is_named; /* by itself, not as one of a folder */
    dev_t device;
    ino_t inode;
    char *gone; /* on what an analysis of other settings, which this one takes
                   the place of, was measured; NULL: there is none */
    char *columns;       /* of the analysis before, by commas; NULL: none, */
    char *columns_gone;  /* and those that this one has not */
    char note[NOTE_MAX]; /* why it could not be analyzed; or "" */
};

/* A process that analyzes a run. */
struct slot {
    struct found_run *run; /* NULL: free */
    pid_t process;
    double started_s; /* clock */
    int log;          /* its output: a file in memory */
};

struct many {
    const struct analyze_options *options;
    struct run_list *lists;  /* (n_folders) own the paths */
    struct found_run *runs;  /* (n) */
    struct found_run **todo; /* (n_todo) of runs */
    idx n, n_todo, next;     /* next: of todo, to be started */
    idx n_current, n_unfinished, n_gone, n_done, n_failed;
    struct slot *slots; /* (plan.n) */
    struct job_slots plan;
    struct jobs jobs;
    const char **words;    /* argv of a process, */
    idx run_at;            /* in which this is the run, */
    const char **settings; /* (n_settings) and these are overrides */
    idx n_settings;
    char threads[THREADS_WORD_MAX];
    char last[THREADS_WORD_MAX];
    double begun_s;
    int stopped_by; /* signal; or 0 */
    FILE *out;      /* where it is told */
    struct err *e;
};

/* ---- which runs -------------------------------------------------------- */

static int list_runs(struct many *m)
{
    const struct analyze_options *o = m->options;
    m->lists = calloc((size_t)o->n_folders, sizeof *m->lists);
    if (!m->lists)
        return err_memory(m->e, NULL);
    for (idx i = 0; i < o->n_folders; i++) {
        const char *dir = o->folders[i];
        if (strlen(dir) >= RUN_DIR_MAX)
            return err_set(m->e, ERR_USAGE, "%.60s...: path too long", dir);
        if (run_list_find(&m->lists[i], dir, RUN_LIST_DIRECT, m->e))
            return m->e->code;
        if (m->lists[i].n_unread > 0)
            return err_set(m->e, ERR_IO,
                           "%s: a folder in it cannot be read: see to its "
                           "permissions",
                           dir);
        if (m->lists[i].n == 0)
            return run_list_none(dir, m->e);
        m->n += m->lists[i].n;
    }
    return OK;
}

/* A folder that was given before, by whatever path, is the same run. */
static bool is_repeated(struct many *m, struct found_run *r)
{
    struct stat st;
    if (stat(r->path, &st))
        return false; /* told when it is analyzed */
    r->device = st.st_dev;
    r->inode = st.st_ino;
    for (struct found_run *o = m->runs; o < r; o++)
        if (o->device == r->device && o->inode == r->inode) {
            o->is_named = o->is_named || r->is_named;
            return true;
        }
    return false;
}

/* Done, or ended by a rule of its own: its checkpoints are all there. */
static bool is_finished(const char *dir)
{
    enum run_state state = run_look(NULL, dir, ERR_IGNORED);
    return state == RUN_DONE || state == RUN_STOPPED;
}

/* What an analysis with these settings takes the place of. */
static void find_gone(const struct many *m, struct found_run *r,
                      const struct config *c)
{
    struct replaced old;
    replaced_open(&old, r->path, m->options->name, c);
    r->gone = old.measured_on;
    r->columns = replaced_names(&old, NULL);
    old.measured_on = NULL;
    replaced_close(&old);
}

/* Of the columns before those that are gone, now that it was analyzed, or as
 * far as it could be. Of what cannot be read nothing is. */
static void keep_gone(const struct many *m, struct found_run *r)
{
    struct table now = { 0 };
    char *rest = r->columns, *to = r->columns;
    bool is_read = rest && analysis_read_csv(&now, r->path, m->options->name,
                                             ERR_IGNORED) == OK;
    while (is_read && rest) {
        const char *name = strsep(&rest, ",");
        size_t n = strlen(name);
        if (table_find(&now, name) >= 0)
            continue;
        if (to > r->columns)
            *to++ = ',';
        memmove(to, name, n + 1);
        to += n;
    }
    table_release(&now);
    if (to > r->columns)
        r->columns_gone = r->columns;
    else
        free(r->columns);
    r->columns = NULL;
}

/* Is it up to date? If not, what goes? What cannot be told here is told when it
 * is analyzed. */
static bool is_current(const struct many *m, struct found_run *r)
{
    const char *dir = r->path;
    char made_from[HASH_HEX_MAX];
    struct config c;
    struct step_list steps = { 0 };
    struct err own = { 0 };
    bool is_known =
        analyze_config(&c, &steps, dir, m->options->overrides,
                       m->options->n_overrides, m->options->last, &own) == OK;
    bool is_it = is_known && !m->options->is_again &&
                 analysis_made_from(made_from, dir, &c, &steps, &own) == OK &&
                 analysis_is_current(dir, m->options->name, made_from);
    if (is_known && !is_it)
        find_gone(m, r, &c);
    step_list_release(&steps);
    return is_it;
}

static int choose_runs(struct many *m)
{
    idx n = 0;
    m->runs = calloc((size_t)m->n, sizeof *m->runs);
    m->todo = calloc((size_t)m->n, sizeof *m->todo);
    if (!m->runs || !m->todo)
        return err_memory(m->e, NULL);
    for (idx i = 0; i < m->options->n_folders; i++) {
        bool is_named;
        if (run_holds_run(&is_named, m->options->folders[i], m->e))
            return m->e->code;
        for (idx k = 0; k < m->lists[i].n; k++) {
            m->runs[n] = (struct found_run){
                .path = m->lists[i].paths[k],
                .is_named = is_named,
            };
            n += !is_repeated(m, &m->runs[n]);
        }
    }
    m->n = n;
    for (idx i = 0; i < m->n; i++) {
        struct found_run *r = &m->runs[i];
        if (!r->is_named && !is_finished(r->path))
            r->state = UNFINISHED;
        else if (is_current(m, r))
            r->state = CURRENT;
        else
            m->todo[m->n_todo++] = r;
        m->n_unfinished += r->state == UNFINISHED;
        m->n_current += r->state == CURRENT;
        m->n_gone += r->gone != NULL;
    }
    return OK;
}

/* ---- processes --------------------------------------------------------- */

static void print_gone(const struct many *m)
{
    const struct found_run *first = m->runs;
    if (m->n_gone == 0)
        return;
    while (!first->gone)
        first++;
    bool are_same = true;
    for (idx i = 0; i < m->n; i++)
        are_same = are_same && (!m->runs[i].gone ||
                                strcmp(m->runs[i].gone, first->gone) == 0);
    fprintf(m->out,
            "note: %td of them take%s the place of an analysis with other "
            "settings (%s%s)%s\n",
            m->n_gone, m->n_gone == 1 ? "s" : "", are_same ? "" : "as ",
            first->gone,
            m->options->apart ? "" : ": --as NAME writes one beside it");
}

static int list_words(struct many *m)
{
    const struct analyze_options *o = m->options;
    idx at = 0;
    m->words = calloc((size_t)o->n_overrides + 11, sizeof *m->words);
    if (!m->words)
        return err_memory(m->e, NULL);
    m->words[at++] = "sinklab";
    m->words[at++] = "analyze";
    m->settings = m->words + at;
    m->words[at++] = m->threads;
    for (idx i = 0; i < o->n_overrides; i++)
        m->words[at++] = o->overrides[i]; /* may say train.threads, too */
    m->n_settings = o->n_overrides + 1;
    if (o->is_again)
        m->words[at++] = "--again";
    if (o->last > 0) {
        snprintf(m->last, sizeof m->last, "%td", o->last);
        m->words[at++] = "--last";
        m->words[at++] = m->last;
    }
    if (*o->name) {
        m->words[at++] = "--as";
        m->words[at++] = o->name;
    }
    m->words[at++] = "--";
    m->run_at = at;
    return OK;
}

/* Of the largest run, as far as they can be told here; the run itself says why
 * it cannot be analyzed. */
static double largest_bytes(const struct many *m)
{
    struct plan_data data = { 0 };
    double largest = 0;
    for (idx i = 0; i < m->n_todo; i++) {
        struct config c;
        struct step_list steps = { 0 };
        struct err own = { 0 };
        size_t bytes = 0;
        if (analyze_config(&c, &steps, m->todo[i]->path, m->settings,
                           m->n_settings, m->options->last, &own) == OK)
            plan_measuring(&bytes, &data, &c, &own);
        largest = fmax(largest, (double)bytes);
        step_list_release(&steps);
    }
    plan_data_release(&data);
    return largest;
}

/* o->jobs, or as many as there are cores, and memory for the largest run. Fewer
 * have more threads each, which may take more. */
static idx count_slots(struct many *m, idx *threads)
{
    const struct analyze_options *o = m->options;
    struct core_list cores;
    double largest = 0, available = job_slots_memory();
    machine_cores(&cores);
    idx wanted = idx_min(o->jobs ? o->jobs : cores.n, m->n_todo);
    idx n = wanted, before;
    do {
        before = n;
        *threads = idx_max(1, cores.n / n);
        snprintf(m->threads, sizeof m->threads, "train.threads=%td", *threads);
        if (o->jobs || n == 1)
            break;
        largest = largest_bytes(m);
        n = job_slots_fit(n, largest, available);
    } while (n < before);
    if (!o->is_json)
        job_slots_tell(m->out, n, wanted, largest, available, "--jobs");
    return n;
}

static int plan_processes(struct many *m)
{
    const struct analyze_options *o = m->options;
    idx threads;
    if (list_words(m))
        return m->e->code;
    idx n = count_slots(m, &threads);
    if (job_slots_init(&m->plan, n, threads, m->e))
        return m->e->code;
    m->slots = calloc((size_t)n, sizeof *m->slots);
    if (!m->slots)
        return err_memory(m->e, NULL);
    if (o->is_json)
        return OK;
    fprintf(m->out,
            "%td run%s to analyze, %td up to date; %td at once, %td thread%s "
            "each\n",
            m->n_todo, m->n_todo == 1 ? "" : "s", m->n_current, n, threads,
            threads == 1 ? "" : "s");
    print_gone(m);
    fflush(m->out);
    return OK;
}

/* The file behind a descriptor, by a name that opens. */
static void name_log(char name[LOG_NAME_MAX], const struct slot *s)
{
    snprintf(name, LOG_NAME_MAX, "/proc/self/fd/%d", s->log);
}

static void fail_run(struct many *m, struct found_run *r, const char *why)
{
    m->n_failed++;
    r->state = FAILED;
    snprintf(r->note, sizeof r->note, "%.*s", NOTE_MAX - 1, why);
    if (m->options->is_json)
        return;
    fprintf(m->out, "%s: not analyzed: %s\n", r->path, why);
    fflush(m->out);
}

static void start(struct many *m, idx i)
{
    struct slot *s = &m->slots[i];
    struct found_run *r = m->todo[m->next++];
    struct err own = { 0 }; /* of this run: the others go on */
    char log[LOG_NAME_MAX];
    m->words[m->run_at] = r->path;
    m->words[m->run_at + 1] = NULL;
    s->log = memfd_create("sinklab-analyze", MFD_CLOEXEC);
    name_log(log, s);
    const struct job_spec spec = {
        .file = PROGRAM,
        .words = m->words,
        .settings = m->plan.environment,
        .log = log,
        .cores = &m->plan.shares[i],
    };
    if (s->log < 0)
        err_set(&own, ERR_IO, "cannot make a file in memory");
    else if (job_start(&s->process, &m->jobs, &spec, &own) == OK) {
        s->run = r;
        s->started_s = clock_s();
        return;
    }
    if (s->log >= 0)
        close(s->log);
    fail_run(m, r, own.text);
}

/* "about 2m10s left", from what was done so far. */
static void add_left(struct text *t, const struct many *m)
{
    idx ended = m->n_done + m->n_failed, left = m->n_todo - ended;
    if (left == 0)
        return;
    text_add(t, ", about ");
    text_add_duration(t,
                      (clock_s() - m->begun_s) / (double)ended * (double)left);
    text_add(t, " left");
}

static void tell_done(const struct many *m, const struct slot *s)
{
    char words[128];
    struct text t = { words, sizeof words, 0 };
    if (m->options->is_json)
        return;
    text_add(&t, "%.1f s", clock_s() - s->started_s);
    add_left(&t, m);
    fprintf(m->out, "%td of %td  %s  %s\n", m->n_done + m->n_failed, m->n_todo,
            s->run->path, words);
    fflush(m->out);
}

static void end_slot(struct many *m, const struct job_end *end)
{
    struct slot *s = m->slots;
    char log[LOG_NAME_MAX], why[NOTE_MAX];
    while (s < m->slots + m->plan.n && !(s->run && s->process == end->process))
        s++;
    if (s == m->slots + m->plan.n)
        return; /* none of ours */
    name_log(log, s);
    if (end->status == OK) {
        m->n_done++;
        s->run->state = ANALYZED;
        tell_done(m, s);
    } else if (!m->stopped_by ||
               (!end->signal && end->status != ERR_INTERRUPTED)) {
        job_end_tell(why, sizeof why, end, log);
        fail_run(m, s->run, why);
    }
    keep_gone(m, s->run);
    close(s->log);
    s->run = NULL;
}

/* ---- the whole --------------------------------------------------------- */

static idx count_running(const struct many *m)
{
    idx n = 0;
    for (idx i = 0; i < m->plan.n; i++)
        n += m->slots[i].run != NULL;
    return n;
}

static void loop(struct many *m)
{
    m->begun_s = clock_s();
    for (;;) {
        struct job_end end;
        int number;
        for (idx i = 0; i < m->plan.n && !m->stopped_by; i++)
            while (!m->slots[i].run && m->next < m->n_todo)
                start(m, i);
        if (count_running(m) == 0)
            return;
        enum job_event event = jobs_wait(&m->jobs, -1, &end, &number);
        if (event == JOBS_ENDED)
            end_slot(m, &end);
        if (event != JOBS_SIGNAL)
            continue;
        m->stopped_by = number;
        for (idx i = 0; i < m->plan.n; i++)
            if (m->slots[i].run)
                job_signal(m->slots[i].process, SIGTERM);
    }
}

/* Columns that are gone, of all runs in one line. */
static void print_columns(const struct many *m)
{
    const char *first = NULL;
    bool are_alike = true;
    idx n = 0;
    for (idx i = 0; i < m->n; i++) {
        const struct found_run *r = &m->runs[i];
        if (!r->columns_gone)
            continue;
        first = first ? first : r->columns_gone;
        are_alike = are_alike && strcmp(first, r->columns_gone) == 0;
        n++;
    }
    if (n > 0)
        replaced_print(m->out, first, n, are_alike, !m->options->apart);
}

static void print_sums(const struct many *m)
{
    print_columns(m);
    fprintf(m->out, "%td analyzed, %td up to date", m->n_done, m->n_current);
    if (m->n_unfinished > 0)
        fprintf(m->out, ", %td not finished and left out", m->n_unfinished);
    if (m->n_failed > 0)
        fprintf(m->out, ", %td not analyzed:", m->n_failed);
    fprintf(m->out, "\n");
    for (idx i = 0; i < m->n; i++)
        if (m->runs[i].note[0])
            fprintf(m->out, "  %s: %s\n", m->runs[i].path, m->runs[i].note);
}

/* An array of names. */
static void put_columns(struct json *j, const struct found_run *r)
{
    json_begin_array(j, "columns_gone");
    for (const char *at = r->columns_gone ? r->columns_gone : ""; *at;) {
        char name[COLUMN_NAME_MAX];
        size_t n = strcspn(at, ",");
        snprintf(name, sizeof name, "%.*s", (int)n, at);
        json_put_text(j, NULL, name);
        at += n + (at[n] == ',');
    }
    json_end(j);
}

static int print_json(const struct many *m)
{
    static const char *const states[] = { "left", "unfinished", "up to date",
                                          "analyzed", "failed" };
    enum { DIGITS = 15 };
    struct json j = { .depth = 0 };
    json_begin_object(&j, NULL);
    json_begin_array(&j, "runs");
    for (idx i = 0; i < m->n; i++) {
        const struct found_run *r = &m->runs[i];
        json_begin_object(&j, NULL);
        json_put_text(&j, "run", r->path);
        json_put_text(&j, "state", states[r->state]);
        if (r->note[0])
            json_put_text(&j, "why", r->note);
        else
            json_put_null(&j, "why");
        put_columns(&j, r);
        if (r->gone && r->state == ANALYZED)
            json_put_text(&j, "settings_gone", r->gone);
        else
            json_put_null(&j, "settings_gone");
        json_end(&j);
    }
    json_end(&j);
    json_put_count(&j, "analyzed", m->n_done);
    json_put_count(&j, "up_to_date", m->n_current);
    json_put_count(&j, "unfinished", m->n_unfinished);
    json_put_count(&j, "failed", m->n_failed);
    json_end(&j);
    return json_write(stdout, &j, DIGITS, m->e);
}

/* A line that is too long to be read says less than none. */
static void print_next(const struct analyze_options *o)
{
    enum { SHOWN_MAX = 8 };
    char dir[RUN_PATH_MAX];
    if (o->n_folders > SHOWN_MAX)
        return;
    printf("next: sinklab compare");
    for (idx i = 0; i < o->n_folders; i++) {
        shell_word(dir, sizeof dir, o->folders[i]);
        printf(" %s", dir);
    }
    printf("%s%s\n", *o->name ? " --analysis " : "", o->name);
}

static int conclude(struct many *m)
{
    const struct analyze_options *o = m->options;
    if (o->is_json && print_json(m))
        return m->e->code;
    if (!o->is_json)
        print_sums(m);
    if (m->stopped_by)
        return err_set(m->e, ERR_INTERRUPTED,
                       "stopped by %s, with %td of %td runs analyzed; the same "
                       "command goes on",
                       signal_name(m->stopped_by), m->n_done, m->n_todo);
    if (m->n_failed)
        return err_set(m->e, ERR_RUNS,
                       "%td of %td runs could not be analyzed, as said above%s",
                       m->n_failed, m->n_todo,
                       m->n_failed < m->n_todo ? "; the others are" : "");
    if (!o->is_json && !o->apart)
        print_next(o);
    return OK;
}

static void free_gone(struct found_run *r)
{
    free(r->gone);
    free(r->columns);
    free(r->columns_gone);
}

static void release(struct many *m)
{
    for (idx i = 0; m->lists && i < m->options->n_folders; i++)
        run_list_release(&m->lists[i]);
    for (idx i = 0; m->runs && i < m->n; i++)
        free_gone(&m->runs[i]);
    free(m->lists);
    free(m->runs);
    free(m->todo);
    free(m->slots);
    free(m->words);
    job_slots_release(&m->plan);
}

int analyze_folders(const struct analyze_options *o, struct err *e)
{
    struct many m = { .options = o,
                      .out = o->apart ? o->apart : stdout,
                      .e = e };
    /* Of several processes the first one looks, and is the one to tell */
    bool is_run = o->n_folders == 1 && launched_processes() > 1;
    if (o->n_folders == 1 && !is_run && !o->apart &&
        run_holds_run(&is_run, o->folders[0], e))
        return e->code;
    if (is_run)
        return analyze_run(o->folders[0], o, e);
    if (list_runs(&m) || choose_runs(&m))
        goto out;
    if (m.n_todo > 0) {
        if (plan_processes(&m))
            goto out;
        jobs_open(&m.jobs);
        loop(&m);
    }
    conclude(&m);
    fflush(m.out); /* while SIGPIPE is ignored */
    jobs_close(&m.jobs);
out:
    release(&m);
    return e->code;
}
