/* slow_mpi.c - a slow network for one machine: preloaded under a program with
 * MPI, it makes what a process sends take bytes / SLOW_MPI_MB_PER_S and
 * SLOW_MPI_US more, one message after the other, as one cable does
 * (docs/SCALING.md):
 *
 *     mpicc -shared -fPIC -o slow.so tools/slow_mpi.c
 *     mpirun -n 2 -x LD_PRELOAD=$PWD/slow.so -x SLOW_MPI_MB_PER_S=100 ...
 */
#define _GNU_SOURCE
#include <mpi.h>
#include <stdlib.h>
#include <time.h>

static double setting(const char *name)
{
    const char *value = getenv(name);
    return value ? atof(value) : 0;
}

int MPI_Isend(const void *bytes, int n, MPI_Datatype type, int to, int tag,
              MPI_Comm comm, MPI_Request *request)
{
    double rate = setting("SLOW_MPI_MB_PER_S") * 1e6;
    double s = setting("SLOW_MPI_US") * 1e-6 + (rate > 0 ? n / rate : 0);
    struct timespec wait = { .tv_sec = (time_t)s,
                             .tv_nsec = (long)((s - (double)(time_t)s) * 1e9) };
    nanosleep(&wait, NULL);
    return PMPI_Isend(bytes, n, type, to, tag, comm, request);
}
