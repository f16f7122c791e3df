/* ranks_single.c - without MPI: a process is a job by itself, and says so where
 * a launcher started several. */
#include "io/ranks_transport.h"

#include "base/launcher.h"

const char *transport_name(void)
{
    return "none";
}

int transport_open(int *rank, int *n, struct err *e)
{
    int launched = launched_processes();
    *rank = 0;
    *n = 1;
    if (launched < 2)
        return OK;
    return err_set(e, ERR_TOOL,
                   "%d processes were started together, but this program was "
                   "built without MPI: build it by `make MPI=1`, or start one",
                   launched);
}

void transport_close(void)
{
}

int transport_move(int *late, const struct ranks_message *list, idx n,
                   double limit_s, struct err *e)
{
    (void)late, (void)list, (void)n, (void)limit_s, (void)e;
    BUG_ON(true); /* there is no other */
    return OK;
}
