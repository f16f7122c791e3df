#include "train/train_log.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { ROW_MAX = 8192 };

void csv_number(struct text *t, bool is_measured, double value)
{
    if (!is_measured)
        text_add(t, ",");
    else if (isnan(value)) /* printf would tell a sign, which means nothing */
        text_add(t, ",nan");
    else
        text_add(t, ",%.9g", value);
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
        csv_number(t, is_measured && meter->columns[i].is_given,
                   meter->columns[i].scalar);
}

void csv_val_names(struct text *t, const struct session *s)
{
    text_add(t, ",val_loss,val_loss_se");
    if (source_has_floor(&s->source))
        text_add(t, ",val_excess");
}

void csv_val_values(struct text *t, const struct session *s,
                    const struct val_result *v)
{
    csv_number(t, v->sequences > 0, v->loss);
    csv_number(t, v->sequences > 1, v->loss_se);
    if (source_has_floor(&s->source))
        csv_number(t, v->sequences > 0, v->excess);
}

static const char timing_header[] = "step,wall_s,tokens_per_s";

static void print_header(char header[ROW_MAX], const struct session *s)
{
    struct text t = { header, ROW_MAX, 0 };
    text_add(&t, "step,tokens,loss,grad_norm,lr");
    csv_val_names(&t, s);
    csv_meter_names(&t, &s->meter);
    BUG_ON(t.n >= ROW_MAX);
}

int train_log_create(struct train_log *l, const struct session *s,
                     const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX], header[ROW_MAX];
    print_header(header, s);
    run_path(path, dir, "metrics.csv");
    if (metrics_create(&l->metrics, path, header, e))
        return e->code;
    run_path(path, dir, "timing.csv");
    return metrics_create(&l->timing, path, timing_header, e);
}

int train_log_open(struct train_log *l, const struct session *s,
                   const char *dir, idx step, const char *last_row,
                   struct err *e)
{
    char path[RUN_PATH_MAX], header[ROW_MAX];
    print_header(header, s);
    run_path(path, dir, "metrics.csv");
    if (metrics_open(&l->metrics, path, header, step, last_row, e))
        return e->code;
    if (l->metrics.is_new && strcmp(l->metrics.chain.hex, last_row) != 0)
        printf("note: %s is missing: a new one begins behind step %td\n", path,
               step);
    /* Times are for people: a damaged file of them is no reason to stop */
    run_path(path, dir, "timing.csv");
    if (metrics_open_cut(&l->timing, path, timing_header, step, e))
        return e->code;
    if (l->timing.cut_line)
        printf("note: %s:%td: damaged: the times from there to step %td are "
               "dropped; the run itself is whole\n",
               path, l->timing.cut_line, step);
    return OK;
}

int train_log_row(struct train_log *l, const struct session *s,
                  const struct train_row *row, double wall_s,
                  double tokens_per_s, struct err *e)
{
    char buffer[ROW_MAX];
    struct text t = { buffer, sizeof buffer, 0 };
    text_add(&t, "%td,%.15g", row->step, session_tokens(&s->config, row->step));
    csv_number(&t, row->has_update, row->loss);
    csv_number(&t, row->has_update, row->grad_norm);
    csv_number(&t, row->has_update, row->lr);
    csv_val_values(&t, s, &row->val);
    csv_meter_values(&t, &s->meter, row->has_sinks);
    BUG_ON(t.n >= sizeof buffer);
    if (metrics_append(&l->metrics, buffer, e))
        return e->code;
    t.n = 0;
    text_add(&t, "%td,%.3f,%.1f", row->step, wall_s, tokens_per_s);
    return metrics_append(&l->timing, buffer, e);
}
