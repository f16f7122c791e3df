/* claim_sides.h - which runs of a claim are held against which. */
#ifndef SINKLAB_CLAIM_SIDES_H
#define SINKLAB_CLAIM_SIDES_H

#include "report/claim_judging.h"

/* claim_sides_find - who is on which side, and at which level of a trend. */
void claim_sides_find(struct judging *g);

/* claim_sides_match - leave out what is not held against its like, and say in
 * r->beside what else differs, is averaged over, or was left out. */
void claim_sides_match(struct judging *g);

/* claim_has_partner - has m, of that side, a run to be held against; of the
 * same seed? */
bool claim_has_partner(const struct judging *g, int side,
                       const struct member *m, bool is_of_seed);

/* claim_takes_pairs - are so many seeds of two sides, n_both of them of both,
 * judged as pairs? Where each of the smaller side has its pair, and they can
 * come to the level; numbers of the very same runs always, as these may well
 * be less alike than those of different ones. */
bool claim_takes_pairs(const struct claim *c, idx n_a, idx n_b, idx n_both,
                       double level);

#endif
