/* alike.h - what was measured differently is not averaged, and told. */
#ifndef SINKLAB_ALIKE_H
#define SINKLAB_ALIKE_H

#include <stdio.h>

#include "report/groups.h"

/* alike_check - were the loss and the metric of the runs of each group
 * measured alike? OK; ERR_DATA names two runs that were not. */
int alike_check(const struct groups *s, const struct compare_options *o,
                struct err *e);

/* Follows what a column was measured on in the first run, where alike_is says
 * no. */
#define ALIKE_NOT " in one run, otherwise in others"

/* alike_is - was the column measured alike in all runs that say it? */
bool alike_is(const struct groups *s, const char *column);

/* alike_note - tell, naming two, if the column was measured differently in
 * runs that stand side by side. */
void alike_note(FILE *out, const struct groups *s, const char *column);

/* alike_other_text - tell that runs a and b, called so, have two data.hash of
 * the same places. An older version knows a text of several files by its bytes
 * alone, so that is not always two texts. */
void alike_other_text(FILE *out, const char *a_name, const struct config *a,
                      const char *b_name, const struct config *b);

#endif
