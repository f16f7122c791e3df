/* ranks_mpi.c - with MPI (make MPI=1): messages from point to point. Nothing
 * is added by MPI, whose sums have an order of their own. */
#include "io/ranks_transport.h"

#include <math.h>
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "base/launcher.h"
#include "base/moment.h"
#include "base/stopwatch.h"

/* MPI counts in int; and what is in pieces gets through in pieces. */
static const size_t PIECE_BYTES = (size_t)1 << 20;

/* From here on a process that waits leaves its core to others. */
static const double PATIENCE_S = 0.5;
static const struct timespec NAP = { .tv_nsec = 200000 };

/* Between two looks no more than this counts as waiting: who was stopped
 * meanwhile, alone or with the whole job, does not know of the others. */
static const double POLL_MAX_S = 1;

#define WORDS(x) #x
#define TEXT(x) WORDS(x)

const char *transport_name(void)
{
#if defined OMPI_MAJOR_VERSION
    return "Open MPI " TEXT(OMPI_MAJOR_VERSION) "." TEXT(
        OMPI_MINOR_VERSION) "." TEXT(OMPI_RELEASE_VERSION);
#elif defined MPICH_VERSION
    return "MPICH " MPICH_VERSION;
#else
    return "an MPI of version " TEXT(MPI_VERSION);
#endif
}

/* PMIx says so to a process of one, too, and to what that starts. */
static bool is_launched(int launched)
{
    return launched > 1 || (launched == 0 && getenv("PMIX_RANK"));
}

int transport_open(int *rank, int *n, struct err *e)
{
    int level, launched = launched_processes();
    *rank = 0;
    *n = 1;
    /* By itself it would start a daemon, for nothing */
    if (!is_launched(launched))
        return OK;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) ||
        MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN) ||
        MPI_Comm_rank(MPI_COMM_WORLD, rank) || MPI_Comm_size(MPI_COMM_WORLD, n))
        return err_set(e, ERR_TOOL,
                       "MPI does not start: see what it says above");
    if (*n == 1 && launched > 1) {
        MPI_Finalize();
        return err_set(e, ERR_TOOL,
                       "%d processes were started, and MPI sees one by itself: "
                       "start them by the mpirun of %s, which this program is "
                       "built with, or by srun --mpi=pmix (or pmi2)",
                       launched, transport_name());
    }
    if (*n == 1)
        MPI_Finalize();
    return OK;
}

void transport_close(void)
{
    MPI_Finalize();
}

static idx pieces_of(const struct ranks_message *m)
{
    return (idx)((m->bytes + PIECE_BYTES - 1) / PIECE_BYTES);
}

/* Of messages of one length: where processes do not do the same, one waits in
 * vain, rather than take one message for another. Every MPI has so many
 * tags. */
static int tag_of(const struct ranks_message *m)
{
    return (int)(m->bytes % 32767);
}

static int start(MPI_Request *to, const struct ranks_message *m, idx piece)
{
    size_t at = (size_t)piece * PIECE_BYTES;
    size_t left = m->bytes - at;
    int n = (int)(left < PIECE_BYTES ? left : PIECE_BYTES), tag = tag_of(m);
    char *p = (char *)m->at + at;
    return m->is_sent
               ? MPI_Isend(p, n, MPI_BYTE, m->peer, tag, MPI_COMM_WORLD, to)
               : MPI_Irecv(p, n, MPI_BYTE, m->peer, tag, MPI_COMM_WORLD, to);
}

/* The peer of the first request that is not done. */
static int peer_of_first(MPI_Request *requests,
                         const struct ranks_message *list, idx n)
{
    idx at = 0;
    for (idx i = 0; i < n; i++)
        for (idx j = 0; j < pieces_of(&list[i]); j++)
            if (requests[at++] != MPI_REQUEST_NULL)
                return list[i].peer;
    return -1;
}

/* limit_s counts from the last piece that came through. */
static int wait_for(MPI_Request *requests, int n, double limit_s, bool *is_late)
{
    double waited_s = 0, last = clock_s();
    for (int left = n; left > 0;) {
        int done, which;
        if (MPI_Testany(n, requests, &which, &done, MPI_STATUS_IGNORE))
            return ERR_IO;
        if (done && which == MPI_UNDEFINED)
            return OK;
        double now = done ? clock_s() : moment_value("poll", clock_s());
        waited_s = done ? 0 : waited_s + fmin(fmax(now - last, 0), POLL_MAX_S);
        last = now;
        left -= done;
        if (limit_s > 0 && waited_s > limit_s) {
            *is_late = true;
            return ERR_IO;
        }
        if (waited_s > PATIENCE_S)
            nanosleep(&NAP, NULL);
        else if (!done)
            sched_yield();
    }
    return OK;
}

int transport_move(int *late, const struct ranks_message *list, idx n,
                   double limit_s, struct err *e)
{
    idx n_requests = 0, at = 0;
    bool is_late = false;
    for (idx i = 0; i < n; i++)
        n_requests += pieces_of(&list[i]);
    MPI_Request *requests = calloc((size_t)n_requests + 1, sizeof *requests);
    if (!requests)
        return err_memory(e, NULL);
    int rc = OK;
    for (idx i = 0; i < n && rc == OK; i++)
        for (idx j = 0; j < pieces_of(&list[i]) && rc == OK; j++)
            rc = start(&requests[at++], &list[i], j) ? ERR_IO : OK;
    if (rc == OK)
        rc = wait_for(requests, (int)n_requests, limit_s, &is_late);
    if (is_late)
        *late = peer_of_first(requests, list, n);
    free(requests);
    return rc ? err_set(e, ERR_IO,
                        "MPI cannot reach all processes: see what it says "
                        "above, then start the same command again")
              : OK;
}
