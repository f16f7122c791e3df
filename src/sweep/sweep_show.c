#include "sweep/sweep_show.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/stopwatch.h"
#include "base/terminal.h"
#include "base/text.h"

static const double DRAW_S = 0.5; /* between tables */

enum { ROW_MAX = 512, SCREEN_ROWS = 24, SCREEN_COLUMNS = 80 };

/* Work below this share is no ground to foretell the rest. */
static const double SHARE_MIN = 0.002;

void sweep_show_open(struct sweep_show *v, const struct sweep_tasks *tasks)
{
    *v = (struct sweep_show){
        .tasks = tasks,
        .is_terminal = terminal_is(STDOUT_FILENO),
        .start_s = clock_s(),
        .shown_s = -INFINITY,
    };
}

double sweep_show_due(const struct sweep_show *v, double now_s)
{
    return v->is_terminal ? fmax(0, v->shown_s + DRAW_S - now_s) : -1;
}

/* ", 3m20s left", once that can be told. */
static void add_time_left(struct text *t, const struct sweep_show *v)
{
    double ours, share = sweep_tasks_share(v->tasks, &ours);
    double wall_s = clock_s() - v->start_s;
    if (ours < SHARE_MIN || share >= 1)
        return;
    text_add(t, ", ");
    text_add_duration(t, wall_s * (1 - share) / ours);
    text_add(t, " left");
}

static void add_count(struct text *t, const char *format, idx n)
{
    if (n > 0)
        text_add(t, format, n);
}

static void add_totals(struct text *t, const struct sweep_show *v)
{
    const idx *count = v->tasks->count;
    text_add(t, "%td of %td finished", sweep_tasks_finished(v->tasks),
             v->tasks->n);
    add_count(t, " (%td stopped early)", count[RUN_STOPPED]);
    add_count(t, " (%td diverged)", count[RUN_DIVERGED]);
    add_count(t, ", %td failed", count[RUN_FAILED]);
    text_add(t, ", %td running", count[RUN_RUNNING]);
    add_count(t, ", %td waiting", count[RUN_PENDING]);
    add_time_left(t, v);
}

static void add_task(struct text *t, const struct sweep_task *task)
{
    text_add(t, "  %s  step %td/%td", task->run->name, task->step, task->steps);
    if (!isnan(task->loss))
        text_add(t, "  loss %.4f", task->loss);
    if (task->failures)
        text_add(t, "  (start %td, after: %s)", task->failures + 1, task->note);
}

/* Take the table off the screen. */
static void erase(struct sweep_show *v)
{
    if (v->rows > 0)
        printf("\033[%tdA\r\033[J", v->rows);
    v->rows = 0;
}

/* As many running ones as there is room for, each cut to one row. */
void sweep_show_draw(struct sweep_show *v, double now_s)
{
    struct winsize screen = { 0 };
    char buffer[ROW_MAX];
    if (!v->is_terminal || sweep_show_due(v, now_s) > 0)
        return;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &screen) || screen.ws_row < 3 ||
        screen.ws_col < 20) {
        screen.ws_row = SCREEN_ROWS;
        screen.ws_col = SCREEN_COLUMNS;
    }
    v->shown_s = now_s;
    erase(v);
    for (idx i = -1; i < v->tasks->n && v->rows + 1 < screen.ws_row; i++) {
        struct text row = { buffer, sizeof buffer, 0 };
        if (i < 0)
            add_totals(&row, v);
        else if (v->tasks->tasks[i].state == RUN_RUNNING)
            add_task(&row, &v->tasks->tasks[i]);
        else
            continue;
        printf("%.*s\033[K\n", screen.ws_col - 1, buffer);
        v->rows++;
    }
    fflush(stdout);
}

void sweep_show_line(struct sweep_show *v, const char *format, ...)
{
    va_list args;
    erase(v);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    fflush(stdout);
    v->shown_s = -INFINITY; /* the table is due again, below it */
}

void sweep_show_event(struct sweep_show *v, const char *what,
                      const struct sweep_task *task, const char *detail)
{
    char buffer[ROW_MAX];
    struct text totals = { buffer, sizeof buffer, 0 };
    const char *colon = *detail ? ": " : "";
    add_totals(&totals, v);
    if (v->is_terminal && *detail)
        sweep_show_line(v, "%s %s%s%s", what, task->run->name, colon, detail);
    else if (!v->is_terminal)
        sweep_show_line(v, "%s %s%s%s; %s", what, task->run->name, colon,
                        detail, buffer);
}

void sweep_show_close(struct sweep_show *v)
{
    erase(v);
    fflush(stdout);
}
