#include "sweep/sweep_dry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stopwatch.h"
#include "base/machine.h"
#include "base/text.h"
#include "io/grid.h"
#include "sweep/sweep_expand.h"
#include "sweep/sweep_folder.h"
#include "train/plan.h"
#include "train/session.h"

enum { CELL_COLUMNS = 48 };
static const double TIMING_S = 1; /* of steps: the mean is good to a few % */

/* Seconds of one run, taken apart. */
struct sweep_timing {
    double step_s;         /* an update */
    double probe_s, val_s; /* a sink probe, a validation */
    double flops;          /* of an update */
};

/* A point, and the run of the folder's list that it is. */
struct sweep_estimate {
    struct plan plan;
    double run_s;
    const struct sweep_run *run; /* NULL: it is new */
    enum run_state state;
};

/* Only what happens on the way: nothing is saved. */
static int time_run(struct sweep_timing *t, const struct config *c,
                    struct err *e)
{
    struct session s = { 0 };
    struct update_result u;
    struct err diverged = { 0 };
    if (session_open(&s, c, true, e))
        goto out;
    session_update(&s, 0, &u, &diverged); /* warm */
    double start = clock_s(), now = start;
    idx n = 0;
    while (now - start < TIMING_S && !diverged.code) {
        session_update(&s, ++n, &u, &diverged);
        now = clock_s();
    }
    t->step_s = (now - start) / (double)(n > 0 ? n : 1);
    start = clock_s();
    meter_run(&s.meter);
    t->probe_s = clock_s() - start;
    start = clock_s();
    session_validate(&s);
    t->val_s = clock_s() - start;
    t->flops = model_flops_per_token(&s.model, c->model.context) *
               session_tokens(c, 1);
out:
    session_release(&s);
    return e->code;
}

static double times(idx steps, idx every)
{
    return every ? (double)(steps / every + 1) : 0;
}

/* A run's seconds, if its operations take as long as those that were timed. */
static double run_seconds(const struct sweep_timing *t, const struct plan *p,
                          const struct config *c)
{
    idx steps = c->train.steps;
    double scale = p->flops_per_token * session_tokens(c, 1) / t->flops;
    return scale * ((double)steps * t->step_s +
                    times(steps, c->sink.probe_every) * t->probe_s +
                    times(steps, c->train.val_every) * t->val_s);
}

static idx jobs_at_once(const struct sweep_options *o)
{
    struct core_list cores;
    if (o->jobs)
        return o->jobs;
    machine_cores(&cores);
    return idx_max(1, cores.n / o->threads);
}

/* ---- printing ---------------------------------------------------------- */

static const char *show_time(char text[32], double s)
{
    struct text t = { text, 32, 0 };
    if (s < 10)
        text_add(&t, "%.1f s", s);
    else
        text_add_duration(&t, s);
    return text;
}

static int print_runs(const struct sweep_points *p, const struct sweep *s,
                      const struct sweep_estimate *estimates, struct err *e)
{
    static const char *const heads[] = { "run", "settings", "parameters",
                                         "time", "state" };
    struct grid g = { 0 };
    if (grid_init(&g, p->n + 1, COUNT_OF(heads), e))
        return e->code;
    for (idx k = 0; k < COUNT_OF(heads); k++)
        grid_set(&g, 0, k, "%s", heads[k]);
    for (idx i = 0; i < p->n; i++) {
        const struct sweep_estimate *x = &estimates[i];
        char time[32];
        grid_set(&g, i + 1, 0, x->run || !s->n ? "%td" : "-",
                 x->run ? x->run->index : i);
        grid_set(&g, i + 1, 1, "%s", p->points[i].label);
        grid_set(&g, i + 1, 2, "%td", x->plan.parameters);
        grid_set(&g, i + 1, 3, "%s", show_time(time, x->run_s));
        grid_set(&g, i + 1, 4, "%s", x->run ? run_state_word(x->state) : "new");
    }
    if (!grid_check(&g, e))
        grid_print(stdout, &g, CELL_COLUMNS, false);
    grid_release(&g);
    return e->code;
}

static void print_sums(const struct sweep_file *f, const struct sweep_points *p,
                       const struct sweep *s,
                       const struct sweep_estimate *estimates)
{
    char size[32];
    idx n = 0, n_listed = 0, jobs = jobs_at_once(&f->options);
    idx least = p->n ? estimates[0].plan.parameters : 0, most = least;
    double sum_s = 0, longest_s = 0, disk = 0;
    char all[32], each[32];
    for (idx i = 0; i < p->n; i++) {
        const struct sweep_estimate *x = &estimates[i];
        n_listed += x->run != NULL;
        least = idx_min(least, x->plan.parameters);
        most = idx_max(most, x->plan.parameters);
        if (run_states[x->state].is_finished)
            continue;
        n++;
        sum_s += x->run_s;
        longest_s = fmax(longest_s, x->run_s);
        disk += plan_disk(&x->plan);
    }
    double wall_s = fmax(sum_s / (double)jobs, longest_s);
    printf("\n%-12s %s\n", "folder", f->dir);
    printf("%-12s %td, %td of them to do", "runs", p->n, n);
    if (p->n_excluded)
        printf("; %td combinations excluded", p->n_excluded);
    if (s->n > n_listed)
        printf("; %td more are no longer in the sweep file", s->n - n_listed);
    printf("\n%-12s %td", "parameters", least);
    if (most != least)
        printf(" to %td", most);
    printf("\n%-12s about %s: %s of runs, %td at once with %td thread%s each\n",
           "time", show_time(all, wall_s), show_time(each, sum_s), jobs,
           f->options.threads, f->options.threads == 1 ? "" : "s");
    text_add_bytes(&(struct text){ size, sizeof size, 0 }, disk);
    printf("%-12s %s of checkpoints\n", "disk", size);
    sweep_points_tell(stdout, "note         ", p);
}

/* ---- the whole --------------------------------------------------------- */

static int estimate(struct sweep_estimate *estimates,
                    const struct sweep_file *f, const struct sweep_points *p,
                    const struct sweep *s, struct err *e)
{
    struct sweep_timing timing = { 0 };
    for (idx i = 0; i < p->n; i++) {
        struct sweep_estimate *x = &estimates[i];
        struct config c;
        if (sweep_point_config(&c, f, &p->points[i], e))
            return e->code;
        c.train.threads = f->options.threads;
        if (i == 0 && time_run(&timing, &c, e))
            return e->code;
        if (plan_model(&x->plan, &c, p->points[i].vocab, e))
            return e->code;
        x->run_s = run_seconds(&timing, &x->plan, &c);
        x->run = sweep_find(s, p->points[i].id);
        x->state =
            x->run ? sweep_run_state(s, x->run, NULL, NULL) : RUN_PENDING;
    }
    return OK;
}

static int tell(const struct sweep_file *f, const struct sweep_points *p,
                struct err *e)
{
    struct sweep s = { 0 };
    bool holds;
    struct sweep_estimate *estimates =
        calloc((size_t)p->n + 1, sizeof *estimates);
    if (!estimates)
        err_set(e, ERR_MEMORY, "out of memory");
    else if (!sweep_holds_sweep(&holds, f->dir, e) &&
             (!holds ||
              (!sweep_open(&s, f->dir, e) && !sweep_identify(&s, e))) &&
             !estimate(estimates, f, p, &s, e) &&
             !print_runs(p, &s, estimates, e))
        print_sums(f, p, &s, estimates);
    sweep_close(&s);
    free(estimates);
    return e->code;
}

int sweep_dry_run(const struct sweep_file *f, struct err *e)
{
    struct sweep_points p = { 0 };
    if (!sweep_expand(&p, f, e))
        tell(f, &p, e);
    sweep_points_release(&p);
    return e->code;
}
