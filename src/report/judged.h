/* judged.h - a column of one group of runs held against that of another.
 *
 * Runs are paired by run.seed, init_seed and data_seed, and where a group has
 * several of one seed by the other settings that it is averaged over, as far as
 * the two groups share values of them; if even then several runs could be a
 * partner, none is. A seed counts once, by the mean of its pairs. A pair is
 * taken at the last step that both measured, groups without pairs at the last
 * step that all runs of both did. Only numbers of the same kind of file,
 * measured alike and on the same held-out sequences, are held against each
 * other.
 */
#ifndef SINKLAB_JUDGED_H
#define SINKLAB_JUDGED_H

#include "report/means.h"
#include "report/statistics.h"

/* Differences between runs with the same seeds, a seed each. */
struct pair {
    struct summary d;
    idx n_up, n_down; /* with a difference above 0, and below */
    idx n_runs;       /* pairs of runs: as many as seeds, or more */
};

struct judged {
    struct pair pair; /* however many there are */
    /* Of pairs if each run of the smaller group is in one, else of all runs by
     * Welch. n = 0: there is nothing to hold against each other. */
    struct judgement j;
    /* Why there is nothing: "a and b differ in sink.eps (0.3, 0.2)"; or "". */
    char unlike[2 * RUN_NAME_MAX + MEASURED_TEXT_MAX + 32];
};

/* group_judge - the column of g less that of the base, two of all the groups,
 * counted runs alone. OK or ERR_MEMORY. */
int group_judge(struct judged *x, const struct groups *all,
                const struct group *g, const struct group *base,
                const char *column, struct err *e);

#endif
