#include "base/stop.h"

#include <signal.h>

/* Static because a signal handler has no argument of ours. */
static volatile sig_atomic_t caught;

static const int signals[] = { SIGINT, SIGTERM, SIGUSR1, SIGHUP };
enum { N_WITHOUT_HANGUP = 3 };

static void catch_first(int number)
{
    if (!caught)
        caught = number;
    if (number == SIGUSR1) /* a warning, which a SIGTERM may follow */
        return;
    signal(SIGINT, SIG_DFL); /* a second one of either ends it */
    signal(SIGTERM, SIG_DFL);
}

static void watch(idx n)
{
    struct sigaction old,
        action = { .sa_handler = catch_first, .sa_flags = SA_RESTART };
    if (caught)
        return;
    sigemptyset(&action.sa_mask);
    for (idx i = 0; i < n; i++)
        if (sigaction(signals[i], NULL, &old) == 0 &&
            old.sa_handler != SIG_IGN) /* as nohup asks */
            sigaction(signals[i], &action, NULL);
}

void stop_watch(void)
{
    watch(N_WITHOUT_HANGUP);
}

void stop_watch_hangup(void)
{
    watch(COUNT_OF(signals));
}

void stop_unwatch(void)
{
    struct sigaction now;
    for (idx i = 0; i < COUNT_OF(signals) && !caught; i++)
        if (sigaction(signals[i], NULL, &now) == 0 &&
            now.sa_handler == catch_first)
            signal(signals[i], SIG_DFL);
}

bool stop_requested(void)
{
    return caught != 0;
}

int stop_signal(void)
{
    return caught;
}

const char *signal_name(int number)
{
    switch (number) {
    case SIGINT:
        return "SIGINT";
    case SIGTERM:
        return "SIGTERM";
    case SIGHUP:
        return "SIGHUP";
    case SIGUSR1:
        return "SIGUSR1";
    case SIGKILL:
        return "SIGKILL";
    case 0:
        return "";
    default:
        return "a signal";
    }
}

const char *stop_name(void)
{
    return signal_name(caught);
}
