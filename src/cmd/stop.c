#include "cmd/stop.h"

#include <signal.h>

/* Static because a signal handler has no argument of ours. */
static volatile sig_atomic_t caught;

static const int signals[] = { SIGINT, SIGTERM };

static void catch_first(int number)
{
    caught = number;
    for (idx i = 0; i < COUNT_OF(signals); i++)
        signal(signals[i], SIG_DFL); /* a second one of either ends it */
}

void stop_watch(void)
{
    struct sigaction old,
        action = { .sa_handler = catch_first, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    for (idx i = 0; i < COUNT_OF(signals); i++)
        if (sigaction(signals[i], NULL, &old) == 0 &&
            old.sa_handler != SIG_IGN) /* as nohup asks */
            sigaction(signals[i], &action, NULL);
}

bool stop_requested(void)
{
    return caught != 0;
}

const char *stop_name(void)
{
    return caught == SIGINT ? "SIGINT" : caught == SIGTERM ? "SIGTERM" : "";
}
