/* sweep_show.h - what a launcher tells people while runs are under way: totals
 * and running runs, rewritten in place on a terminal; elsewhere, events. */
#ifndef SINKLAB_SWEEP_SHOW_H
#define SINKLAB_SWEEP_SHOW_H

#include "sweep/sweep_tasks.h"

struct sweep_show {
    const struct sweep_tasks *tasks; /* borrowed */
    bool is_terminal;
    double start_s, shown_s; /* clock */
    idx rows;                /* of the table on the screen */
};

void sweep_show_open(struct sweep_show *v, const struct sweep_tasks *tasks);

/* Seconds until the table is due again; negative: never. */
double sweep_show_due(const struct sweep_show *v, double now_s);

/* Draw the table, if there is a terminal. The newest steps of running tasks
 * must have been looked up. */
void sweep_show_draw(struct sweep_show *v, double now_s);

/* A line above the table, which stays: what happened to a run, in one word, and
 * the details. On a terminal there is none without details (a start, an end as
 * it should be), as the table shows those. */
void sweep_show_event(struct sweep_show *v, const char *what,
                      const struct sweep_task *task, const char *detail);

/* A line that stays, on its own. */
void sweep_show_line(struct sweep_show *v, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Take the table off the screen. */
void sweep_show_close(struct sweep_show *v);

#endif
