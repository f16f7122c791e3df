#include "train/train_rules.h"

#include <math.h>
#include <stdio.h>

#include "io/table.h"
#include "run/run.h"

/* Read a column of a log in dir; the rows up to `step`, 0 if there are none.
 * The table is to be released. */
static int read_log(idx *n, struct table *t, const double **steps,
                    const double **value, const char *dir, const char *log,
                    const char *column, idx step, struct err *e)
{
    char path[RUN_PATH_MAX];
    struct err own = { 0 };
    bool is_there;
    *n = 0;
    run_path(path, dir, log);
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK || !is_there)
        return rc;
    rc = table_read(t, path, NULL, &own);
    if (rc != OK)
        return err_is_refusal(rc) ? err_pass(e, &own) : OK;
    *steps = table_column(t, table_find(t, "step"));
    *value = table_column(t, table_find(t, column));
    while (*steps && *value && *n < t->rows && (*steps)[*n] <= (double)step)
        ++*n;
    return OK;
}

static int find_loss(double *found, const char *dir, idx step, struct err *e)
{
    struct table t = { 0 };
    const double *steps, *loss;
    idx n;
    int rc = read_log(&n, &t, &steps, &loss, dir, RUN_METRICS, "loss", step, e);
    *found = n > 0 && steps[n - 1] == (double)step ? loss[n - 1] : NAN;
    table_release(&t);
    return rc;
}

/* The clock of timing.csv goes on from start to start; in earlier versions it
 * began anew with each, so a step back is where the time before is kept. */
static int find_earlier(double *sum_s, const char *dir, idx step, struct err *e)
{
    struct table t = { 0 };
    const double *steps, *wall_s;
    idx n;
    int rc =
        read_log(&n, &t, &steps, &wall_s, dir, RUN_TIMING, "wall_s", step, e);
    *sum_s = 0;
    for (idx i = 0; i < n; i++)
        if (i + 1 == n || wall_s[i + 1] < wall_s[i])
            *sum_s += wall_s[i];
    table_release(&t);
    return rc;
}

int train_rules_open(struct train_rules *r, const struct train_options *o,
                     const char *dir, idx step, struct err *e)
{
    double loss = NAN;
    *r = (struct train_rules){ .options = o };
    int rc = find_earlier(&r->earlier_s, dir, step, e);
    if (rc == OK && o->stop_loss > 0)
        rc = find_loss(&loss, dir, step, e);
    if (rc == OK)
        train_rules_judge(r, step, loss, train_rules_clock(r, 0));
    return rc;
}

double train_rules_clock(const struct train_rules *r, double process_s)
{
    return round((r->earlier_s + process_s) * 1000) / 1000;
}

void train_rules_judge(struct train_rules *r, idx step, double loss,
                       double trained_s)
{
    const struct train_options *o = r->options;
    double limit_s = 60 * o->stop_minutes;
    if (o->stop_loss > 0 && step >= o->stop_loss_from && loss > o->stop_loss)
        snprintf(r->broken, sizeof r->broken,
                 "train.stop_loss: loss %.4g at step %td, over %.4g", loss,
                 step, o->stop_loss);
    else if (limit_s > 0 && trained_s >= limit_s)
        snprintf(r->broken, sizeof r->broken,
                 "train.stop_minutes: trained for %.4g minutes up to step %td",
                 trained_s / 60, step);
    else
        r->broken[0] = '\0';
}
