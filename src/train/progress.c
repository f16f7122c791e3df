#include "train/progress.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

static const double TERMINAL_S = 0.1, PLAIN_S = 5; /* between lines */

void progress_start(struct progress *p, idx first, idx last,
                    double tokens_per_step)
{
    *p = (struct progress){
        .first = first,
        .last = last,
        .tokens_per_step = tokens_per_step,
        .start_s = clock_s(),
        .is_terminal = isatty(STDOUT_FILENO),
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

void progress_step(struct progress *p, idx step)
{
    double now = clock_s();
    bool is_last = step == p->last;
    double every = p->is_terminal ? TERMINAL_S : PLAIN_S;
    if (now - p->shown_s < every && !is_last)
        return;
    p->shown_s = now;
    double done = (double)(step - p->first), left = (double)(p->last - step);
    double wall = now - p->start_s;
    if (p->is_terminal)
        printf("\r\033[K");
    printf("step %td/%td", step, p->last);
    if (isfinite(p->loss))
        printf("  loss %.4f", p->loss);
    if (isfinite(p->sink))
        printf("  sink_1 %.1f %%", 100 * p->sink);
    if (done > 0 && wall > 0) {
        printf("  %.0f tokens/s  ", done * p->tokens_per_step / wall);
        print_duration(is_last ? wall : wall / done * left);
        printf(is_last ? " since the start" : " left");
    }
    if (!p->is_terminal)
        printf("\n");
    fflush(stdout);
}

void progress_end(struct progress *p)
{
    if (p->is_terminal)
        printf("\n");
    fflush(stdout);
}
