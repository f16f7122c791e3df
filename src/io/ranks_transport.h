/* ranks_transport.h - what moves the bytes of io/ranks.h: MPI
 * (ranks_mpi.c), or nothing at all (ranks_single.c). The Makefile takes one of
 * the two, so that nobody else asks which it is. */
#ifndef SINKLAB_RANKS_TRANSPORT_H
#define SINKLAB_RANKS_TRANSPORT_H

#include "base/base.h"
#include "base/err.h"

/* Bytes that go to another process, or come from it. Of one pair and direction
 * they arrive in the order of the list. */
struct ranks_message {
    int peer;
    bool is_sent;
    void *at; /* read or written until ranks_move returns */
    size_t bytes;
};

/* As ranks_library. */
const char *transport_name(void);

/* Rank and number of processes. OK, ERR_TOOL. */
int transport_open(int *rank, int *n, struct err *e);

/* Leave: all of them do. */
void transport_close(void);

/* transport_move - all of these at once; *late out: a peer that was waited for
 * in vain, or -1. OK, ERR_IO, ERR_MEMORY. */
int transport_move(int *late, const struct ranks_message *list, idx n,
                   double limit_s, struct err *e);

#endif
