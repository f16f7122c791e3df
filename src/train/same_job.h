/* same_job.h - are the processes of a job alike, so that they compute one run?
 *
 * The same program, the same kernels of the BLAS, the same config and the same
 * corpus: bits depend on all of them. What may differ is where a process finds
 * the corpus, and its number of threads.
 */
#ifndef SINKLAB_SAME_JOB_H
#define SINKLAB_SAME_JOB_H

#include "config/config.h"
#include "io/ranks.h"
#include "train/session.h"

/* same_program_check - the program alone, which is told first: then bytes that
 * lie in memory may be handed over as they are. All processes call it. As
 * below. */
int same_program_check(struct ranks *r, struct err *e);

/* same_job_check - all processes call it, with an open session. OK; ERR_CONFIG:
 * something differs from what process 0 has, which all are told; ERR_IO. */
int same_job_check(struct ranks *r, const struct session *s, struct err *e);

#endif
