/* launcher.h - who started the program: mpirun and srun say so in its
 * environment. Any thread. */
#ifndef SINKLAB_LAUNCHER_H
#define SINKLAB_LAUNCHER_H

#include "base/base.h"

/* Processes that a launcher started together; 0: none did. */
int launched_processes(void);

#endif
