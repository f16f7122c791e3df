#include "base/launcher.h"

#include <stdlib.h>

int launched_processes(void)
{
    /* Open MPI's mpirun; MPICH's and Slurm's PMI; srun, whatever its PMI */
    static const char *const names[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE",
                                         "SLURM_STEP_NUM_TASKS" };
    for (idx i = 0; i < COUNT_OF(names); i++) {
        const char *value = getenv(names[i]);
        if (value && atoi(value) > 0)
            return atoi(value);
    }
    return 0;
}
