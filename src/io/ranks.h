/* ranks.h - the processes of one job, which may be on many machines: who they
 * are, and how they hand bytes to each other.
 *
 * A job is what `mpirun -n 4 sinklab train ...` or srun starts; without them,
 * or in a program built without MPI, a process is a job by itself, and all of
 * this costs nothing. Processes are numbered from 0, which is the one that
 * writes. Nothing here adds: whoever sums does so in an order of its own, which
 * does not depend on how many there are.
 *
 * Every call below but ranks_open and ranks_close is one that all processes
 * make, in the same order. Where one cannot go on, it meets the others at their
 * next ranks_agree, so that all end with its words and its code. Who waits for
 * another longer than limit_s gives up: ERR_IO, and from then on nobody talks.
 *
 * Behind ranks_open only ranks_move allocates, a little; who gets no memory
 * there is lost, as who gets none in MPI.
 *
 * A NULL or zeroed struct ranks is a process by itself. First thread only.
 */
#ifndef SINKLAB_RANKS_H
#define SINKLAB_RANKS_H

#include "base/base.h"
#include "base/err.h"
#include "io/ranks_transport.h"

enum {
    RANKS_HOST_MAX = 64,
    RANKS_JOB_MAX = 64,
    RANKS_LIMIT_S = 1800 /* until the config says: train.wait_limit_s */
};

struct ranks {
    int rank, n;
    double limit_s; /* that process 0 waits for others, these half as long
                       again, so that it is the one to tell; 0: for ever */
    char (*hosts)[RANKS_HOST_MAX]; /* (n) owned */
    int beside;   /* of this machine, free to run on the same cores, with it */
    int signal;   /* that one of them got before the last ranks_agree; 0 */
    bool is_over; /* one said there that nothing more is to be computed */
    bool is_told; /* all know how it ends: nobody comes to another meeting */
    bool is_lost; /* one does not answer */
    /* Room of the calls below, so that none of them wants memory */
    struct ranks_message *messages; /* (2 n) owned */
    idx *cuts;                      /* (n + 1) owned */
    struct ranks_word *words;       /* (n) owned */
};

static inline int ranks_n(const struct ranks *r)
{
    return r && r->n > 1 ? r->n : 1;
}

static inline int ranks_own(const struct ranks *r)
{
    return r && r->n > 1 ? r->rank : 0;
}

/* Processes that share this one's cores, with itself. */
static inline int ranks_beside(const struct ranks *r)
{
    return r && r->n > 1 ? r->beside : 1;
}

/* Is it the process that writes? */
static inline bool ranks_writes(const struct ranks *r)
{
    return ranks_own(r) == 0;
}

/* ranks_library - which MPI the program is built with: "Open MPI 4.1.4", or
 * "none". */
const char *ranks_library(void);

/* ranks_open - find the others, if a launcher started several. From now on
 * process 0 alone writes to standard output, and from ranks_close on to
 * standard error, unless one is lost. job: what this process is to do, in a
 * word or two ("train --restart"), cut to RANKS_JOB_MAX. limit_s is
 * RANKS_LIMIT_S until the caller sets another; it does not hold in MPI's own
 * start and end, and time in which a process is suspended is none that it
 * waits. OK; ERR_USAGE: they are to do different things; ERR_TOOL: a launcher
 * started several, and the program or its MPI cannot work with that; ERR_IO,
 * ERR_MEMORY. Close in any state. */
int ranks_open(struct ranks *r, const char *job, struct err *e);

/* ranks_close - leave the job: waits for the others, unless one is lost. What
 * they found together is process 0's to tell, by words and exit status: the
 * others have found nothing, as launchers kill those that still speak when one
 * ends with an error. */
void ranks_close(struct ranks *r, struct err *e);

/* ranks_agree - the meeting that all come to: has one of them failed, or been
 * asked to stop (base/stop.h)? e: what this process has found so far; out: what
 * the first of those that failed has found, under its name. is_over: nothing
 * more is to be computed. Returns e->code. */
int ranks_agree(struct ranks *r, bool is_over, struct err *e);

/* ranks_gather - each gives its own part, at its place in all (n, bytes); all
 * get all. OK or ERR_IO. */
int ranks_gather(struct ranks *r, void *all, size_t bytes, struct err *e);

/* ranks_spread - the same with parts of their own sizes: process i gives the
 * elements cuts[i] .. cuts[i+1]-1 of all. OK or ERR_IO. */
int ranks_spread(struct ranks *r, void *all, const idx *cuts, size_t bytes,
                 struct err *e);

/* ranks_broadcast - bytes from process `from` to all. OK or ERR_IO. */
int ranks_broadcast(struct ranks *r, int from, void *bytes, size_t n,
                    struct err *e);

/* ranks_move - all of these messages at once; each has its twin in a call of
 * its peer. OK or ERR_IO. */
int ranks_move(struct ranks *r, const struct ranks_message *list, idx n,
               struct err *e);

#endif
