/* basis.h - orthonormal bases of symmetric matrices, by products (soap). */
#ifndef SINKLAB_BASIS_H
#define SINKLAB_BASIS_H

#include "kern/gemm.h"

/* Reals of room that both functions want. */
idx basis_room(idx n);

/* basis_start - q (n,n) out: rows near the eigenvectors of the symmetric a
 * (n,n), in falling order of their values as far as they differ: orthogonal
 * iteration from the unit vectors with a tenth of the mean eigenvalue added,
 * so that what a says nothing of is well defined, too. */
void basis_start(const struct gemm *by, real *q, const real *a, idx n,
                 real *room);

/* basis_refine - one step of orthogonal iteration: rows of q (n,n) are put in
 * falling order of q_i a q_i, order (n) out says from where, then multiplied
 * by a and made orthonormal again. */
void basis_refine(const struct gemm *by, real *q, int32_t *order, const real *a,
                  idx n, real *room);

#endif
