#include "train/progress.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/terminal.h"
#include "base/text.h"
#include "base/utf8.h"

enum { BAR_COLUMNS = 20 };
static const double TERMINAL_S = 0.1, PLAIN_S = 5; /* between lines */

void progress_start(struct progress *p, idx first, idx last,
                    double tokens_per_step)
{
    *p = (struct progress){
        .first = first,
        .last = last,
        .tokens_per_step = tokens_per_step,
        .start_s = clock_s(),
        .is_terminal = terminal_is(STDOUT_FILENO),
        .loss = NAN,
        .sink = NAN,
    };
}

static void print_duration(double s)
{
    char buffer[32];
    struct text t = { buffer, sizeof buffer, 0 };
    text_add_duration(&t, s);
    printf("%s", buffer);
}

/* In place of the line before. */
static void print_bar(const struct progress *p, idx step)
{
    double share = p->last > 0 ? (double)step / (double)p->last : 1;
    printf("\r\033[K%s", terminal_begin(STDOUT_FILENO, STYLE_BAR));
    terminal_bar(stdout, share, BAR_COLUMNS, utf8_terminal());
    printf("%s %3.0f %%  ", terminal_end(STDOUT_FILENO), floor(100 * share));
}

/* The first step also reads the corpus, measures at step 0 and saves, so it
 * says nothing of the others: not counted once there are others. */
static double seconds_a_step(const struct progress *p, idx step, double now)
{
    idx done = step - p->first;
    return done > 1 ? (now - p->first_s) / (double)(done - 1)
                    : (now - p->start_s) / (double)done;
}

void progress_step(struct progress *p, idx step)
{
    double now = clock_s();
    if (step == p->first + 1)
        p->first_s = now;
    bool is_last = step == p->last;
    double every = p->is_terminal ? TERMINAL_S : PLAIN_S;
    if (now - p->shown_s < every && !is_last)
        return;
    p->shown_s = now;
    bool is_first = step <= p->first + 1;
    if (p->is_terminal)
        print_bar(p, step);
    printf("step %td/%td", step, p->last);
    if (isfinite(p->loss))
        printf("  loss %.4f", p->loss);
    else
        printf("  no target counts");
    if (isfinite(p->sink))
        printf("  sink_1 %.1f %%", 100 * p->sink);
    double step_s = step > p->first ? seconds_a_step(p, step, now) : 0;
    if (step_s > 0)
        printf("  %.0f tokens/s", p->tokens_per_step / step_s);
    if (is_last || !is_first) {
        printf("  ");
        print_duration(is_last ? now - p->start_s
                               : step_s * (double)(p->last - step));
        printf(is_last ? " since the start" : " left");
    }
    if (!p->is_terminal)
        printf("\n");
    fflush(stdout);
    if (p->is_terminal)
        terminal_open_line(STDOUT_FILENO);
}
