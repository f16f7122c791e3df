/* stage_cases.h - models with every stage: alone, with what it meets in
 * practice, and with all others.
 */
#ifndef SINKLAB_STAGE_CASES_H
#define SINKLAB_STAGE_CASES_H

#include "tiny.h"

struct stage_case {
    const char *name;
    const char *preset, *weights;
    idx layers;
    struct attention_options a;
};

extern const struct stage_case stage_cases[]; /* ends with name NULL */

/* stage_case_open - the case as a model of four heads, all weights moved by
 * N(0, std^2) from where they start, so that nothing is nearly linear and
 * nothing is 0. Fails the running test if it cannot. */
void stage_case_open(struct tiny *t, const struct stage_case *c, idx B, idx T,
                     int threads, double std);

#endif
