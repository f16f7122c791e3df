#include "sweep/sweep_launch.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "base/shell.h"
#include "base/stopwatch.h"
#include "base/stop.h"
#include "io/fsys.h"
#include "io/job_slots.h"
#include "io/jobs.h"
#include "sweep/sweep_index.h"
#include "sweep/sweep_journal.h"
#include "sweep/sweep_show.h"
#include "sweep/sweep_tasks.h"

/* Whatever happens to our file meanwhile: all runs are of one program. */
static const char PROGRAM[] = "/proc/self/exe";

/* Of a run that failed, doubled each time; of one that another process is at;
 * of one that was stopped by someone else. */
static const double RETRY_S = 0.5, RETRY_MAX_S = 60, BUSY_S = 0.2, AGAIN_S = 1;

/* A run that says "in use" so often in a row, and is not, has failed. */
enum { REFUSALS_MAX = 3 };

/* How runs are told to stop: it never ends a run that saves (base/stop.h). */
enum { STOP = SIGUSR1 };

/* Within it, signals are echoes of the first, as of a Ctrl-C held down. */
static const double ECHO_S = 1;

struct launcher {
    const struct sweep *sweep;
    const struct sweep_options *options;
    struct sweep_tasks tasks;
    struct sweep_show show;
    struct jobs jobs;
    struct job_slots plan;
    struct sweep_task **slots; /* (plan.n) NULL: free */
    int stopped_by;            /* signal; 0: not asked to stop */
    double asked_s;            /* clock of the first SIGINT or SIGTERM; or 0 */
    idx n_unsaved;             /* runs that ended otherwise when told to stop */
    struct err *e;             /* what stops it otherwise */
};

static bool is_stopping(const struct launcher *l)
{
    return l->stopped_by || l->e->code;
}

/* Also those that someone has suspended, who could not obey. */
static void tell_all(const struct launcher *l, int number)
{
    for (idx i = 0; i < l->plan.n; i++)
        if (l->slots[i]) {
            job_signal(l->slots[i]->process, number);
            job_signal(l->slots[i]->process, SIGCONT);
        }
}

/* The first signal stops all runs; SIGINT or SIGTERM once more, and no mere
 * echo, ends them. */
static void obey(struct launcher *l, int number)
{
    double now_s = moment_value("signal", clock_s());
    bool is_pressing = number == SIGINT || number == SIGTERM;
    if (is_pressing && l->asked_s > 0 && now_s - l->asked_s >= ECHO_S) {
        tell_all(l, SIGKILL);
        return;
    }
    if (is_pressing && l->asked_s <= 0)
        l->asked_s = now_s;
    if (l->stopped_by)
        return;
    if (!is_stopping(l))
        tell_all(l, STOP);
    l->stopped_by = number;
    sweep_show_line(&l->show, "stopping %td run%s, which save their state ...",
                    l->tasks.count[RUN_RUNNING],
                    l->tasks.count[RUN_RUNNING] == 1 ? "" : "s");
}

/* A line in the journal. If it cannot be written, nothing more is started; and
 * who has it locked is not waited for again. */
static void record(struct launcher *l, const struct sweep_task *task, int event,
                   const char *detail)
{
    bool was_stopping = is_stopping(l);
    if (l->e->code == ERR_BUSY || l->e->code == ERR_INTERRUPTED)
        return;
    int rc = sweep_journal_append(l->sweep, task ? task->run : NULL, event,
                                  detail, l->e);
    if (rc != OK && !was_stopping)
        tell_all(l, STOP);
    int number = rc == ERR_INTERRUPTED ? jobs_take_signal(&l->jobs) : 0;
    if (number)
        obey(l, number);
}

/* --- starting ----------------------------------------------------------- */

/* Also of a run that has nothing but its lock yet. */
static bool is_in_use(const struct launcher *l, const struct sweep_task *task)
{
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX];
    sweep_run_dir(dir, l->sweep, task->run);
    run_path(path, dir, RUN_LOCK);
    bool is_taken; /* where it cannot be seen, the run finds out */
    return lock_is_taken(&is_taken, path, ERR_IGNORED) == OK && is_taken;
}

/* Another process has it, or it ended behind our back. */
static bool is_taken_care_of(struct launcher *l, struct sweep_task *task)
{
    enum run_state state =
        sweep_run_state(l->sweep, task->run, NULL, ERR_IGNORED);
    if (run_states[state].is_finished) {
        sweep_task_set(&l->tasks, task, state);
        return true;
    }
    if (!is_in_use(l, task))
        return false;
    if (!task->is_awaited)
        sweep_show_event(&l->show, "waiting for", task,
                         "in use by another process");
    task->is_awaited = true;
    task->not_before_s = clock_s() + BUSY_S;
    return true;
}

/* Tried again after a pause, unless that is in vain. */
static void fail_task(struct launcher *l, struct sweep_task *task,
                      const char *note, bool is_hopeless)
{
    snprintf(task->note, sizeof task->note, "%s", note);
    task->failures++;
    record(l, task, RUN_FAILED, task->note);
    if (is_hopeless || task->failures > l->options->retries) {
        sweep_task_set(&l->tasks, task, RUN_FAILED);
        sweep_show_event(&l->show, "failed", task, task->note);
        return;
    }
    task->not_before_s =
        clock_s() +
        fmin(RETRY_MAX_S, RETRY_S * exp2((double)task->failures - 1));
    sweep_task_set(&l->tasks, task, RUN_PENDING);
    sweep_show_event(&l->show, "failed, will be tried again:", task,
                     task->note);
}

/* A file where the run's folder is to be stays there. */
static bool is_something_else(const char *dir)
{
    bool is_there, is_folder;
    return fsys_exists(&is_there, dir, ERR_IGNORED) == OK && is_there &&
           fsys_is_folder(&is_folder, dir, ERR_IGNORED) == OK && !is_folder;
}

static void start(struct launcher *l, idx slot, struct sweep_task *task)
{
    char dir[RUN_DIR_MAX], log[RUN_PATH_MAX];
    struct sweep_command command;
    struct err own = { 0 }; /* of this run: the others go on */
    struct config config;
    if (is_taken_care_of(l, task))
        return;
    if (sweep_config_load(&config, l->sweep, task->run, &own)) {
        fail_task(l, task, own.text, true);
        return;
    }
    sweep_command(&command, l->sweep, task->run, l->options, "sinklab");
    sweep_run_dir(dir, l->sweep, task->run);
    sweep_log_path(log, l->sweep, task->run);
    const struct job_spec spec = {
        .file = PROGRAM,
        .words = command.words,
        .settings = l->plan.environment,
        .log = log,
        .cores = &l->plan.shares[slot],
    };
    record(l, task, EVENT_STARTED, NULL);
    if (l->e->code)
        return;
    if (fsys_mkdirs(dir, &own) ||
        job_start(&task->process, &l->jobs, &spec, &own)) {
        fail_task(l, task, own.text, is_something_else(dir));
        return;
    }
    l->slots[slot] = task;
    task->started_s = clock_s();
    sweep_task_set(&l->tasks, task, RUN_RUNNING);
    sweep_show_event(&l->show, "started", task, "");
    moment_next("start");
}

/* Fill the free slots; the clock at which another run may be started. */
static double start_all(struct launcher *l)
{
    double wake_s = INFINITY;
    for (idx slot = 0; slot < l->plan.n && !is_stopping(l);) {
        struct sweep_task *task = NULL;
        if (!l->slots[slot])
            task = sweep_task_next(&l->tasks, clock_s(), &wake_s);
        if (task)
            start(l, slot, task);
        if (!task || l->slots[slot])
            slot++;
    }
    return wake_s;
}

/* --- ending ------------------------------------------------------------- */

/* The same files would give the same answer. */
static bool is_hopeless(const struct job_end *end)
{
    return end->status == ERR_USAGE || end->status == ERR_CONFIG ||
           end->status == ERR_DATA || end->status == ERR_CHECKPOINT ||
           end->status == ERR_BUSY;
}

static void end_failed(struct launcher *l, struct sweep_task *task,
                       const struct job_end *end)
{
    char log[RUN_PATH_MAX], note[TASK_NOTE_MAX];
    sweep_log_path(log, l->sweep, task->run);
    job_end_tell(note, sizeof note, end, log);
    fail_task(l, task, note, is_hopeless(end));
}

/* It can go on: we stopped it, someone else did, or it was in use. */
static void end_postponed(struct launcher *l, struct sweep_task *task,
                          double pause_s, const char *why)
{
    task->not_before_s = clock_s() + pause_s;
    record(l, task, RUN_PREEMPTED, why);
    sweep_task_set(&l->tasks, task, RUN_PENDING);
    sweep_show_event(&l->show, "interrupted", task, why);
}

/* How far those at work are, which the time left is reckoned from. */
static void look(struct launcher *l)
{
    for (idx i = 0; i < l->plan.n; i++)
        if (l->slots[i])
            sweep_task_look(&l->tasks, l->slots[i]);
}

static void end_finished(struct launcher *l, struct sweep_task *task,
                         enum run_state state, idx step)
{
    char detail[64] = "";
    struct text t = { detail, sizeof detail, 0 };
    record(l, task, state, NULL);
    if (state == RUN_DONE)
        text_add_duration(&t, clock_s() - task->started_s);
    else
        text_add(&t, "at step %td of %td", step, task->steps);
    sweep_task_set(&l->tasks, task, state);
    if (state == RUN_DONE && l->show.is_terminal)
        return; /* the table counts it */
    sweep_show_event(&l->show, run_state_word(state), task, detail);
}

static bool was_stopped(const struct job_end *end)
{
    return end->status == ERR_INTERRUPTED || end->signal == STOP ||
           end->signal == SIGTERM || end->signal == SIGINT;
}

/* Was it another process, rather than the place, that the run was refused for?
 * That one may have ended since, so the run's own words count, too. */
static bool was_in_use(const struct launcher *l, const struct sweep_task *task,
                       const struct job_end *end)
{
    char dir[RUN_DIR_MAX], log[RUN_PATH_MAX], said[ERR_TEXT_MAX];
    if (end->status != ERR_BUSY)
        return false;
    sweep_run_dir(dir, l->sweep, task->run);
    sweep_log_path(log, l->sweep, task->run);
    job_last_words(said, sizeof said, log, ERR_IGNORED);
    return is_in_use(l, task) || lock_is_refusal(said, dir);
}

static void end_task(struct launcher *l, const struct job_end *end)
{
    struct run_status found;
    idx slot = 0;
    while (slot < l->plan.n &&
           !(l->slots[slot] && l->slots[slot]->process == end->process))
        slot++;
    if (slot == l->plan.n)
        return; /* none of ours */
    struct sweep_task *task = l->slots[slot];
    enum run_state state =
        sweep_run_state(l->sweep, task->run, &found, ERR_IGNORED);
    bool is_refused = was_in_use(l, task, end);
    l->slots[slot] = NULL;
    look(l);
    if (!is_refused || is_in_use(l, task))
        task->refusals = 0;
    else
        task->refusals++;
    if (end->status == OK && (state == RUN_DONE || state == RUN_STOPPED))
        end_finished(l, task, state, found.step);
    else if (end->status == ERR_DIVERGED)
        end_finished(l, task, RUN_DIVERGED, found.step);
    else if (is_refused && task->refusals < REFUSALS_MAX)
        end_postponed(l, task, BUSY_S, "in use by another process");
    else {
        l->n_unsaved += is_stopping(l) && end->status != ERR_INTERRUPTED;
        if (was_stopped(end) || (end->signal && is_stopping(l)))
            end_postponed(l, task, AGAIN_S, "by a signal");
        else
            end_failed(l, task, end);
    }
}

/* --- all of it ---------------------------------------------------------- */

static void draw(struct launcher *l)
{
    double now_s = clock_s();
    if (sweep_show_due(&l->show, now_s) != 0)
        return;
    look(l);
    sweep_show_draw(&l->show, now_s);
}

static void loop(struct launcher *l)
{
    for (;;) {
        struct job_end end;
        int number;
        double wake_s = start_all(l), now_s = clock_s();
        bool is_over = l->tasks.count[RUN_RUNNING] == 0 &&
                       (l->tasks.count[RUN_PENDING] == 0 || is_stopping(l));
        if (is_over)
            return;
        draw(l);
        double pause_s = isfinite(wake_s) ? fmax(0, wake_s - now_s) : -1;
        double due_s = sweep_show_due(&l->show, now_s);
        if (due_s >= 0 && (pause_s < 0 || due_s < pause_s))
            pause_s = due_s;
        enum job_event event = jobs_wait(&l->jobs, pause_s, &end, &number);
        if (event == JOBS_ENDED) {
            moment_next("end");
            end_task(l, &end);
        } else if (event == JOBS_SIGNAL) {
            obey(l, number);
            moment_next("obeyed");
        }
    }
}

static void add_count(struct text *t, idx n, const char *what)
{
    if (n > 0)
        text_add(t, ", %td %s", n, what);
}

/* What came of it, as a sentence and a status. */
static int conclude(struct launcher *l)
{
    const struct sweep_tasks *t = &l->tasks;
    char dir[RUN_DIR_MAX], buffer[256], saved[96] = "all saved";
    struct text counts = { buffer, sizeof buffer, 0 };
    shell_word(dir, sizeof dir, l->sweep->dir);
    text_add(&counts, "%td done", t->count[RUN_DONE]);
    add_count(&counts, t->count[RUN_STOPPED], "stopped early by their rules");
    add_count(&counts, t->count[RUN_DIVERGED], "diverged");
    add_count(&counts, t->count[RUN_FAILED], "failed");
    add_count(&counts, t->count[RUN_PENDING], "left");
    if (l->e->code) {
        struct err full = { 0 };
        err_set(&full, l->e->code,
                "%s (no more runs were started; those under "
                "way were stopped; `sinklab sweep %s` goes on)",
                l->e->text, dir);
        *l->e = full;
        return full.code;
    }
    printf("%s: of %td runs %s\n", l->sweep->dir, t->n, buffer);
    if (l->n_unsaved)
        snprintf(saved, sizeof saved,
                 "%td run%s not saved, to go on from the last resume.h5",
                 l->n_unsaved, l->n_unsaved == 1 ? "" : "s");
    if (l->stopped_by)
        return err_set(l->e, ERR_INTERRUPTED,
                       "stopped by %s, %s; go on with: sinklab sweep %s",
                       signal_name(l->stopped_by), saved, dir);
    if (t->count[RUN_FAILED])
        return err_set(l->e, ERR_RUNS,
                       "%td of %td runs failed: `sinklab sweep status %s` says "
                       "why, `sinklab sweep %s` tries them again",
                       t->count[RUN_FAILED], t->n, dir, dir);
    printf("next: sinklab analyze %s\n", dir);
    return OK;
}

static idx count_slots(const struct sweep_tasks *t,
                       const struct sweep_options *o)
{
    idx waiting = t->count[RUN_PENDING];
    double largest = 0, available = job_slots_memory();
    for (idx i = 0; i < t->n; i++)
        if (t->tasks[i].state == RUN_PENDING)
            largest = fmax(largest, (double)t->tasks[i].bytes);
    idx n = sweep_at_once(o, waiting, largest, available);
    job_slots_tell(stdout, n, sweep_at_once(o, waiting, 0, 0), largest,
                   available, "sweep.jobs");
    return n;
}

/* Remove what killed writers left in runs that are over: their own start, which
 * removes it elsewhere, does not come. Nothing depends on it. */
static void tidy(const struct sweep_tasks *t)
{
    for (idx i = 0; i < t->n; i++) {
        char dir[RUN_DIR_MAX], lock[RUN_PATH_MAX];
        struct err ignored = { 0 };
        bool is_taken = true;
        if (!run_states[t->tasks[i].state].is_finished)
            continue;
        sweep_run_dir(dir, t->sweep, t->tasks[i].run);
        run_path(lock, dir, RUN_LOCK);
        if (lock_is_taken(&is_taken, lock, &ignored) == OK && !is_taken)
            fsys_remove_stale(dir, &ignored);
    }
}

int sweep_launch(const struct sweep *s, const struct sweep_options *o,
                 struct err *e)
{
    struct launcher l = { .sweep = s, .options = o, .e = e };
    BUG_ON(!s->lock.is_held);
    if (sweep_tasks_init(&l.tasks, s, o, e) ||
        job_slots_init(&l.plan, count_slots(&l.tasks, o), o->threads, e))
        goto out;
    tidy(&l.tasks);
    l.slots = calloc((size_t)l.plan.n + 1, sizeof *l.slots);
    if (!l.slots) {
        err_memory(e, NULL);
        goto out;
    }
    if (l.tasks.count[RUN_PENDING] > 0) {
        printf("%s: %td runs, %td finished already; %td at once, %td thread%s "
               "each\n",
               s->dir, l.tasks.n, sweep_tasks_finished(&l.tasks), l.plan.n,
               o->threads, o->threads == 1 ? "" : "s");
        fflush(stdout);
        jobs_open(&l.jobs);
        sweep_show_open(&l.show, &l.tasks);
        record(&l, NULL, EVENT_LAUNCHED, NULL);
        loop(&l);
        record(&l, NULL, EVENT_LEFT, NULL);
        sweep_show_close(&l.show);
    }
    conclude(&l);
    fflush(stdout); /* while SIGPIPE is ignored */
    jobs_close(&l.jobs);
out:
    sweep_tasks_release(&l.tasks);
    free(l.slots);
    job_slots_release(&l.plan);
    return e->code;
}
