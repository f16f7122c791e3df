#include "train/train_log.h"

#include <stdio.h>
#include <string.h>

static void print_names(char text[RUN_LINE_MAX], const struct train_log *l,
                        enum column_file file)
{
    struct text t = { text, RUN_LINE_MAX, 0 };
    columns_names(&t, &l->columns, file);
    BUG_ON(t.n >= RUN_LINE_MAX);
}

int train_log_create(struct train_log *l, struct run_columns columns,
                     const char *dir, struct err *e)
{
    char path[RUN_PATH_MAX], names[RUN_LINE_MAX];
    l->columns = columns;
    print_names(names, l, COLUMN_METRICS);
    run_path(path, dir, RUN_METRICS);
    if (metrics_create(&l->metrics, path, names, e))
        return e->code;
    print_names(names, l, COLUMN_TIMING);
    run_path(path, dir, RUN_TIMING);
    return metrics_create(&l->timing, path, names, e);
}

int train_log_open(struct train_log *l, const struct session *s,
                   const char *dir, idx step, const char *last_row,
                   struct err *e)
{
    char path[RUN_PATH_MAX], names[RUN_LINE_MAX];
    l->columns = session_columns(s);
    print_names(names, l, COLUMN_METRICS);
    run_path(path, dir, RUN_METRICS);
    if (metrics_open(&l->metrics, path, names, step, last_row, e))
        return e->code;
    if (l->metrics.is_new && strcmp(l->metrics.chain.hex, last_row) != 0)
        printf("note: %s is missing: a new one begins behind step %td\n", path,
               step);
    if (l->metrics.absent[0])
        printf("note: %s was begun without %s, and goes on so\n", path,
               l->metrics.absent);
    /* Times are for people: a damaged file of them is no reason to stop */
    print_names(names, l, COLUMN_TIMING);
    run_path(path, dir, RUN_TIMING);
    if (metrics_open_cut(&l->timing, path, names, step, e))
        return e->code;
    if (l->timing.cut_line)
        printf("note: %s:%td: damaged: the times from there to step %td are "
               "dropped; the run itself is whole\n",
               path, l->timing.cut_line, step);
    return OK;
}

static int add_row(struct metrics *m, const struct train_log *l,
                   enum column_file file, const struct readings *r,
                   struct err *e)
{
    char row[RUN_LINE_MAX];
    struct text t = { row, RUN_LINE_MAX, 0 };
    columns_values(&t, &l->columns, file, r);
    BUG_ON(t.n >= RUN_LINE_MAX);
    return metrics_append(m, row, e);
}

/* Times that another program took away are lost, and the run is whole. */
int train_log_row(struct train_log *l, const struct readings *r, struct err *e)
{
    struct err own = { 0 };
    int rc = add_row(&l->metrics, l, COLUMN_METRICS, r, e);
    if (rc != OK)
        return rc;
    add_row(&l->timing, l, COLUMN_TIMING, r, &own);
    return l->timing.is_changed ? OK : err_pass(e, &own);
}
