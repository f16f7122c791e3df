/* claim_words.h - a judged claim in one line, and in cells of a table. */
#ifndef SINKLAB_CLAIM_WORDS_H
#define SINKLAB_CLAIM_WORDS_H

#include "io/grid.h"
#include "report/claim_correct.h"

/* What all claims of a file share. */
struct claim_file {
    const struct claim_result *results; /* (n) */
    idx n;
    enum claim_correction correction;
    const char *sweep; /* its name */
};

/* claim_verdict_word - "supported", "contradicted", "undecided". */
const char *claim_verdict_word(enum claim_verdict v);

/* claim_line - "supported: CLAIM: medians ...; exact permutation test over 6
 * pairs of seeds, p = 0.031". Returns text. */
enum { CLAIM_LINE_MAX = 4096 };
const char *claim_line(char text[CLAIM_LINE_MAX], const struct claim_file *f,
                       idx i);

/* claims_judged - "at 5 %, two-sided, corrected by Holm's method for being 4
 * claims". claims_footer - how many came out which way, and that, in one line
 * without its end. Return text. */
const char *claims_judged(char text[CLAIM_LINE_MAX],
                          const struct claim_file *f);
const char *claims_footer(char text[CLAIM_LINE_MAX],
                          const struct claim_file *f);

/* claims_grid - a row a claim: of files all numbers in the unit of the file,
 * shares as 0 to 1; else verdict, claim, figures and test. OK or ERR_MEMORY;
 * g is released by the caller in any case. */
int claims_grid(struct grid *g, const struct claim_file *f, bool is_file,
                struct err *e);

#endif
