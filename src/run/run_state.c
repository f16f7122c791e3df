#include "run/run_state.h"

#include <string.h>

const struct run_state_row run_states[RUN_STATES] = {
    [RUN_PENDING] = { "pending", "waiting", false, false },
    [RUN_RUNNING] = { "running", "running", false, false },
    [RUN_DONE] = { "done", "done", true, true },
    [RUN_FAILED] = { "failed", "failed", false, false },
    [RUN_PREEMPTED] = { "preempted", "interrupted", false, true },
    [RUN_DIVERGED] = { "diverged", "diverged", true, false },
    [RUN_STOPPED] = { "stopped", "stopped", true, true },
    [RUN_UNKNOWN] = { NULL, "unknown", false, false },
};

const char *run_state_name(enum run_state state)
{
    BUG_ON((int)state < 0 || state >= RUN_UNKNOWN);
    return run_states[state].name;
}

const char *run_state_word(enum run_state state)
{
    BUG_ON((int)state < 0 || state >= RUN_STATES);
    return run_states[state].word;
}

enum run_state run_state_find(const char *name)
{
    int i = 0;
    while (i < RUN_UNKNOWN && strcmp(run_states[i].name, name) != 0)
        i++;
    return (enum run_state)i;
}
