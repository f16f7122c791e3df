#include "sweep/sweep_tasks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "io/job_slots.h"
#include "train/plan.h"

/* A run whose config is damaged or whose text is gone costs nothing here; the
 * run itself says why it cannot start. */
static void weigh(struct sweep_task *task, struct plan_data *d,
                  const struct sweep *s, const struct sweep_options *o)
{
    struct config c;
    struct plan p;
    struct err own = { 0 };
    if (sweep_config_load(&c, s, task->run, &own))
        return;
    c.train.threads = o->threads;
    task->steps = c.train.steps;
    if (plan_run(&p, d, &c, &own))
        return;
    task->bytes = p.process_bytes;
    task->flops = p.flops_per_token * p.tokens;
}

int sweep_tasks_init(struct sweep_tasks *t, const struct sweep *s,
                     const struct sweep_options *o, struct err *e)
{
    struct plan_data data = { 0 };
    *t = (struct sweep_tasks){ .sweep = s };
    t->tasks = calloc((size_t)s->n + 1, sizeof *t->tasks);
    if (!t->tasks)
        err_memory(e, NULL);
    for (idx i = 0; i < s->n && !e->code; i++) {
        if (s->runs[i].is_dropped)
            continue;
        struct sweep_task *task = &t->tasks[t->n++];
        task->run = &s->runs[i];
        task->loss = NAN;
        t->count[RUN_PENDING]++;
        weigh(task, &data, s, o);
        enum run_state state = sweep_run_state(s, task->run, NULL, ERR_IGNORED);
        if (run_states[state].is_finished) {
            sweep_task_set(t, task, state);
            task->step = task->steps;
        } else if (state != RUN_PENDING)
            sweep_task_look(t, task);
        task->start_step = task->step;
    }
    plan_data_release(&data);
    return e->code;
}

void sweep_tasks_release(struct sweep_tasks *t)
{
    free(t->tasks);
    *t = (struct sweep_tasks){ 0 };
}

void sweep_task_set(struct sweep_tasks *t, struct sweep_task *task,
                    enum run_state state)
{
    BUG_ON(run_states[task->state].is_finished);
    t->count[task->state]--;
    t->count[state]++;
    task->state = state;
}

idx sweep_at_once(const struct sweep_options *o, idx n, double largest_bytes,
                  double available_bytes)
{
    struct core_list cores;
    if (o->jobs)
        return idx_min(o->jobs, n);
    machine_cores(&cores);
    return job_slots_fit(idx_min(idx_max(1, cores.n / o->threads), n),
                         largest_bytes, available_bytes);
}

idx sweep_tasks_finished(const struct sweep_tasks *t)
{
    idx n = 0;
    for (int i = 0; i < RUN_STATES; i++)
        n += run_states[i].is_finished ? t->count[i] : 0;
    return n;
}

struct sweep_task *sweep_task_next(struct sweep_tasks *t, double now_s,
                                   double *wake_s)
{
    *wake_s = INFINITY;
    for (idx i = 0; i < t->n; i++) {
        struct sweep_task *task = &t->tasks[i];
        if (task->state != RUN_PENDING)
            continue;
        if (task->not_before_s <= now_s)
            return task;
        *wake_s = fmin(*wake_s, task->not_before_s);
    }
    return NULL;
}

void sweep_task_look(const struct sweep_tasks *t, struct sweep_task *task)
{
    sweep_run_logged(&task->step, &task->loss, t->sweep, task->run,
                     ERR_IGNORED);
}

double sweep_tasks_share(const struct sweep_tasks *t, double *ours)
{
    double all = 0, done = 0, done_before = 0;
    for (idx i = 0; i < t->n; i++) {
        const struct sweep_task *task = &t->tasks[i];
        double steps = task->steps > 0 ? (double)task->steps : 1;
        double before = fmin(1, (double)task->start_step / steps);
        bool is_over =
            run_states[task->state].is_finished || task->state == RUN_FAILED;
        all += task->flops;
        done +=
            task->flops * (is_over ? 1 : fmin(1, (double)task->step / steps));
        done_before += task->flops * before;
    }
    *ours = all > 0 ? fmax(0, done - done_before) / all : 0;
    return all > 0 ? done / all : 0;
}
