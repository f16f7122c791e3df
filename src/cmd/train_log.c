#include "cmd/train_log.h"

#include <math.h>

#include "base/text.h"

enum { ROW_MAX = 8192 };

void csv_number(struct text *t, double value)
{
    if (isfinite(value))
        text_add(t, ",%.9g", value);
    else
        text_add(t, ",");
}

void csv_meter_names(struct text *t, const struct meter *meter)
{
    for (idx i = 0; i < meter->n_columns; i++)
        text_add(t, ",%s", meter->columns[i].name);
}

void csv_meter_values(struct text *t, const struct meter *meter,
                      bool is_measured)
{
    for (idx i = 0; i < meter->n_columns; i++)
        csv_number(t, is_measured ? meter->columns[i].scalar : NAN);
}

int train_log_open(struct train_log *l, const struct session *s,
                   const char *dir, idx step, struct err *e)
{
    char path[RUN_PATH_MAX], buffer[ROW_MAX];
    struct text header = { buffer, sizeof buffer, 0 };
    text_add(&header, "step,tokens,loss,grad_norm,lr,val_loss");
    csv_meter_names(&header, &s->meter);
    BUG_ON(header.n >= sizeof buffer);
    run_path(path, dir, "metrics.csv");
    if (metrics_open(&l->metrics, path, buffer, step, e))
        return e->code;
    /* Times are for people: a damaged file of them is no reason to stop */
    const char *times = "step,wall_s,tokens_per_s";
    struct err damaged = { 0 };
    run_path(path, dir, "timing.csv");
    if (metrics_open(&l->timing, path, times, step, &damaged) == ERR_DATA)
        return metrics_open(&l->timing, path, times, -1, e);
    return damaged.code ? err_set(e, damaged.code, "%s", damaged.text) : OK;
}

int train_log_row(const struct train_log *l, const struct session *s,
                  const struct train_row *row, double wall_s,
                  double tokens_per_s, struct err *e)
{
    char buffer[ROW_MAX];
    struct text t = { buffer, sizeof buffer, 0 };
    text_add(&t, "%td,%.15g", row->step, session_tokens(&s->config, row->step));
    csv_number(&t, row->loss);
    csv_number(&t, row->grad_norm);
    csv_number(&t, row->lr);
    csv_number(&t, row->val_loss);
    csv_meter_values(&t, &s->meter, row->has_sinks);
    BUG_ON(t.n >= sizeof buffer);
    if (metrics_append(&l->metrics, buffer, e))
        return e->code;
    t.n = 0;
    text_add(&t, "%td,%.3f,%.1f", row->step, wall_s, tokens_per_s);
    return metrics_append(&l->timing, buffer, e);
}
