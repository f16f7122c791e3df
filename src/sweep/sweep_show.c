#include "sweep/sweep_show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/laps.h"
#include "base/text.h"

static const double DRAW_S = 0.5; /* between tables */

enum { ROW_MAX = 512, SCREEN_ROWS = 24, SCREEN_COLUMNS = 80 };

/* Work below this share is no ground to foretell the rest. */
static const double SHARE_MIN = 0.002;

void sweep_show_open(struct sweep_show *v, const struct sweep_tasks *tasks)
{
    const char *term = getenv("TERM");
    *v = (struct sweep_show){
        .tasks = tasks,
        .is_terminal = isatty(STDOUT_FILENO) && term && strcmp(term, "dumb"),
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

static void add_totals(struct text *t, const struct sweep_show *v)
{
    const struct sweep_tasks *s = v->tasks;
    text_add(t, "%td of %td finished", s->count[TASK_FINISHED], s->n);
    if (s->ends[SWEEP_STOPPED])
        text_add(t, " (%td stopped early)", s->ends[SWEEP_STOPPED]);
    if (s->ends[SWEEP_DIVERGED])
        text_add(t, " (%td diverged)", s->ends[SWEEP_DIVERGED]);
    if (s->count[TASK_FAILED])
        text_add(t, ", %td failed", s->count[TASK_FAILED]);
    text_add(t, ", %td running", s->count[TASK_RUNNING]);
    if (s->count[TASK_WAITING])
        text_add(t, ", %td waiting", s->count[TASK_WAITING]);
    add_time_left(t, v);
}

static void add_task(struct text *t, const struct sweep_task *task, int widest)
{
    text_add(t, "  %-*s  ", widest, task->run->name);
    if (task->state == TASK_FAILED) {
        text_add(t, "failed: %s", task->note);
        return;
    }
    text_add(t, "step %td/%td", task->step, task->steps);
    if (task->steps > 0)
        text_add(t, "  %3.0f %%",
                 floor(100 * (double)task->step / (double)task->steps));
    if (!isnan(task->loss))
        text_add(t, "  loss %.4f", task->loss);
    if (task->failures)
        text_add(t, "  (start %td, after: %s)", task->failures + 1, task->note);
}

/* One row of the screen, cut to its width so that it stays one. */
static void put_row(struct sweep_show *v, const char *row, int columns)
{
    printf("%.*s\033[K\n", columns - 1, row);
    v->rows++;
}

static bool is_shown(const struct sweep_task *task)
{
    return task->state == TASK_RUNNING || task->state == TASK_FAILED;
}

static int widest_name(const struct sweep_tasks *s)
{
    int widest = 0;
    for (idx i = 0; i < s->n; i++)
        if (is_shown(&s->tasks[i]))
            widest = (int)idx_max(widest, (idx)strlen(s->tasks[i].run->name));
    return widest;
}

/* Back to where the table begins. */
static void go_up(struct sweep_show *v)
{
    if (v->rows > 0)
        printf("\033[%tdA\r", v->rows);
    v->rows = 0;
}

/* Running ones first: failed ones give way if the screen is small. */
static void draw_tasks(struct sweep_show *v, enum task_state state, int widest,
                       const struct winsize *screen)
{
    const struct sweep_tasks *s = v->tasks;
    idx hidden = 0;
    for (idx i = 0; i < s->n; i++) {
        char buffer[ROW_MAX];
        struct text row = { buffer, sizeof buffer, 0 };
        if (s->tasks[i].state != state)
            continue;
        if (v->rows + 2 >= screen->ws_row) {
            hidden++;
            continue;
        }
        add_task(&row, &s->tasks[i], widest);
        put_row(v, buffer, screen->ws_col);
    }
    if (hidden > 0 && v->rows + 1 < screen->ws_row) {
        char more[64];
        snprintf(more, sizeof more, "  ... and %td more %s", hidden,
                 state == TASK_RUNNING ? "running" : "failed");
        put_row(v, more, screen->ws_col);
    }
}

void sweep_show_draw(struct sweep_show *v, double now_s)
{
    struct winsize screen = { 0 };
    char buffer[ROW_MAX];
    struct text row = { buffer, sizeof buffer, 0 };
    if (!v->is_terminal || sweep_show_due(v, now_s) > 0)
        return;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &screen) || screen.ws_row < 3 ||
        screen.ws_col < 20) {
        screen.ws_row = SCREEN_ROWS;
        screen.ws_col = SCREEN_COLUMNS;
    }
    v->shown_s = now_s;
    go_up(v);
    add_totals(&row, v);
    put_row(v, buffer, screen.ws_col);
    int widest = widest_name(v->tasks);
    draw_tasks(v, TASK_RUNNING, widest, &screen);
    draw_tasks(v, TASK_FAILED, widest, &screen);
    printf("\033[J");
    fflush(stdout);
}

void sweep_show_line(struct sweep_show *v, const char *format, ...)
{
    va_list args;
    if (v->is_terminal && v->rows > 0) {
        go_up(v);
        printf("\033[J");
    }
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
    if (v->is_terminal && v->rows > 0) {
        go_up(v);
        printf("\033[J");
        fflush(stdout);
    }
}
