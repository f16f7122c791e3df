#include "cmd/stop.h"

#include <signal.h>

/* Static because a signal handler has no argument of ours. */
static volatile sig_atomic_t caught;

static void catch (int number)
{
    caught = number;
}

void stop_watch(void)
{
    struct sigaction action = { .sa_handler = catch,
                                .sa_flags = SA_RESETHAND | SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool stop_requested(void)
{
    return caught != 0;
}

const char *stop_name(void)
{
    return caught == SIGINT ? "SIGINT" : caught == SIGTERM ? "SIGTERM" : "";
}
