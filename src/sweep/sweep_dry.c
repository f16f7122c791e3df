#include "sweep/sweep_dry.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/moment.h"
#include "base/text.h"
#include "config/config_differ.h"
#include "io/grid.h"
#include "io/job_slots.h"
#include "io/json.h"
#include "sweep/sweep_expand.h"
#include "sweep/sweep_folder.h"
#include "sweep/sweep_tasks.h"
#include "train/run_timing.h"

enum { CELL_COLUMNS = 48 };

/* A point, and the run of the folder's list that it is. */
struct sweep_estimate {
    struct plan plan;
    double run_s;
    const struct sweep_run *run; /* NULL: it is new */
    enum run_state state;
};

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

/* Of all runs together, time and disk of those that are to do. */
struct sums {
    idx n, n_listed, jobs, least, most; /* least, most: parameters */
    double sum_s, wall_s, disk;
};

static struct sums sums_of(const struct sweep_file *f,
                           const struct sweep_points *p,
                           const struct sweep_estimate *estimates,
                           double available_bytes)
{
    double longest_s = 0, largest = 0;
    struct sums s = { .n = 0 };
    s.least = s.most = p->n ? estimates[0].plan.parameters : 0;
    for (idx i = 0; i < p->n; i++) {
        const struct sweep_estimate *x = &estimates[i];
        s.n_listed += x->run != NULL;
        s.least = idx_min(s.least, x->plan.parameters);
        s.most = idx_max(s.most, x->plan.parameters);
        if (run_states[x->state].is_finished)
            continue;
        s.n++;
        s.sum_s += x->run_s;
        longest_s = fmax(longest_s, x->run_s);
        s.disk += plan_disk(&x->plan);
        largest = fmax(largest, (double)x->plan.process_bytes);
    }
    s.jobs = sweep_at_once(&f->options, s.n, largest, available_bytes);
    s.wall_s = fmax(s.sum_s / (double)idx_max(1, s.jobs), longest_s);
    return s;
}

static void print_sums(const struct sweep_file *f, const struct sweep_points *p,
                       const struct sweep *s, const struct sums *x)
{
    char size[32], all[32], each[32];
    printf("\n%-12s %s\n", "folder", f->dir);
    printf("%-12s %td, %td of them to do", "runs", p->n, x->n);
    if (p->n_excluded)
        printf("; %td combinations excluded", p->n_excluded);
    if (s->n > x->n_listed)
        printf("; %td more are no longer in the sweep file",
               s->n - x->n_listed);
    printf("\n%-12s %td", "parameters", x->least);
    if (x->most != x->least)
        printf(" to %td", x->most);
    printf("\n%-12s about %s: %s of runs, %td at once with %td thread%s each\n",
           "time", show_time(all, x->wall_s), show_time(each, x->sum_s),
           x->jobs, f->options.threads, f->options.threads == 1 ? "" : "s");
    text_add_bytes(&(struct text){ size, sizeof size, 0 }, x->disk);
    printf("%-12s %s of checkpoints\n", "disk", size);
    sweep_points_tell(stdout, "note         ", p);
}

static int print_json(const struct sweep_file *f, const struct sweep_points *p,
                      const struct sweep *s,
                      const struct sweep_estimate *estimates,
                      const struct sums *sums, struct err *e)
{
    enum { DIGITS = 15 };
    struct json j = { .depth = 0 };
    json_begin_object(&j, NULL);
    json_put_text(&j, "folder", f->dir);
    json_begin_array(&j, "runs");
    for (idx i = 0; i < p->n; i++) {
        const struct sweep_estimate *x = &estimates[i];
        json_begin_object(&j, NULL);
        if (x->run || !s->n)
            json_put_count(&j, "run", x->run ? x->run->index : i);
        else
            json_put_null(&j, "run");
        json_put_text(&j, "id", p->points[i].id);
        json_put_text(&j, "settings", p->points[i].label);
        json_put_count(&j, "parameters", x->plan.parameters);
        json_put_number(&j, "time_s", x->run_s);
        json_put_text(&j, "state", x->run ? run_state_word(x->state) : "new");
        json_end(&j);
    }
    json_end(&j);
    json_put_count(&j, "to_do", sums->n);
    json_put_count(&j, "excluded", p->n_excluded);
    json_put_count(&j, "later", p->n_later);
    json_put_count(&j, "jobs", sums->jobs);
    json_put_count(&j, "threads", f->options.threads);
    json_put_number(&j, "time_s", sums->wall_s);
    json_put_number(&j, "runs_s", sums->sum_s);
    json_put_number(&j, "disk_bytes", sums->disk);
    json_end(&j);
    return json_write(stdout, &j, DIGITS, e);
}

/* ---- the whole --------------------------------------------------------- */

/* Runs are estimated by their floating-point operations, of which an optimizer
 * does more than are counted, and a precision or a library more in a second:
 * the first run of each kind is timed. */
static const char *const kind_keys[] = { "optim.name", "train.precision",
                                         "train.products" };

struct timed {
    struct config config;
    struct run_timing timing;
};

/* Those of c's kind, which is timed if none was before (n of them). NULL and
 * told if it cannot be. */
static const struct run_timing *timing_of(struct timed **all, idx *n,
                                          const struct config *c, struct err *e)
{
    for (idx i = 0; i < *n; i++) {
        bool is_same = true;
        for (idx k = 0; k < COUNT_OF(kind_keys); k++)
            is_same &= config_value_order(&(*all)[i].config, c,
                                          config_key_find(kind_keys[k])) == 0;
        if (is_same)
            return &(*all)[i].timing;
    }
    if (!GROW(*all, *n)) {
        err_memory(e, NULL);
        return NULL;
    }
    struct timed *x = &(*all)[*n];
    *x = (struct timed){ .config = *c };
    if (run_timing_measure(&x->timing, c, e))
        return NULL;
    x->timing.step_s = moment_value("timing", x->timing.step_s);
    ++*n;
    return &x->timing;
}

/* Of all; where no rate is given, as the first of each kind goes. */
static int estimate(struct sweep_estimate *estimates,
                    const struct sweep_file *f, const struct sweep_points *p,
                    const struct sweep *s, double rate, struct err *e)
{
    struct timed *timed = NULL;
    idx n_timed = 0;
    struct plan_data data = { 0 };
    for (idx i = 0; i < p->n; i++) {
        struct sweep_estimate *x = &estimates[i];
        const struct run_timing *timing = NULL;
        struct config c;
        if (sweep_point_config(&c, f, &p->points[i], e))
            break;
        c.train.threads = f->options.threads;
        if (rate == 0)
            timing = timing_of(&timed, &n_timed, &c, e);
        if (e->code || plan_run(&x->plan, &data, &c, e))
            break;
        x->run_s = timing ? run_timing_total(timing, &x->plan, &c, 0)
                          : run_timing_at(rate, &x->plan, &c, 0);
        x->run = sweep_find(s, p->points[i].id);
        x->state = x->run ? sweep_run_state(s, x->run, NULL, ERR_IGNORED)
                          : RUN_PENDING;
    }
    plan_data_release(&data);
    free(timed);
    return e->code;
}

static int tell(const struct sweep_file *f, const struct sweep_points *p,
                const struct sweep_dry_options *o,
                sweep_claims_teller *tell_claims, struct err *e)
{
    struct sweep s = { 0 };
    bool holds;
    struct sweep_estimate *estimates =
        calloc((size_t)p->n + 1, sizeof *estimates);
    if (!estimates)
        err_memory(e, NULL);
    else if (!sweep_place_check(f->dir, e) &&
             !sweep_holds_sweep(&holds, f->dir, e) &&
             (!holds ||
              (!sweep_open(&s, f->dir, e) && !sweep_identify(&s, e))) &&
             !estimate(estimates, f, p, &s, o->rate, e)) {
        /* A rate is of whatever machine: this one's memory does not count */
        struct sums sums =
            sums_of(f, p, estimates, o->rate > 0 ? 0 : job_slots_memory());
        if (o->is_json) {
            print_json(f, p, &s, estimates, &sums, e);
        } else if (!print_runs(p, &s, estimates, e)) {
            print_sums(f, p, &s, &sums);
            tell_claims(stdout, f, p);
        }
    }
    sweep_close(&s);
    free(estimates);
    return e->code;
}

int sweep_dry_run(const struct sweep_file *f, const struct sweep_dry_options *o,
                  sweep_claims_teller *tell_claims, struct err *e)
{
    struct sweep_points p = { 0 };
    if (!sweep_expand(&p, f, e))
        tell(f, &p, o, tell_claims, e);
    sweep_points_release(&p);
    return e->code;
}
