/* claim_correct.h - verdicts of the claims of one file, corrected for being
 * several, and how many seeds would give one.
 */
#ifndef SINKLAB_CLAIM_CORRECT_H
#define SINKLAB_CLAIM_CORRECT_H

#include "report/claim_result.h"

enum claim_verdict { CLAIM_UNDECIDED, CLAIM_SUPPORTED, CLAIM_CONTRADICTED };

/* claims_level - what p must come to: JUDGED_AT, or the part of it that the
 * strictest of n claims is left. */
double claims_level(idx n, enum claim_correction how);

/* claims_correct - p_corrected, seeds_least and seeds of all n claims of a
 * file, by Holm's method: none of them is supported or contradicted by chance
 * in more than one file of 20. Source: Holm, Scand. J. Stat. 6, 1979, 65-70.
 * CORRECTION_NONE: p as it is. What has no p counts as one that could have. */
void claims_correct(struct claim_result *r, idx n, enum claim_correction how);

enum claim_verdict claim_verdict(const struct claim_result *r);

#endif
