/* claim.h - the lines of [claims]: what an experiment is expected to show.
 *
 *     [claims]
 *     correction = holm
 *     expect = sink_1(model.norm=rmsnorm) < sink_1(model.norm=layernorm)
 *     expect = sink_1 falls as optim.lr rises
 *     expect = sink_1(attention.window=16) stays under 0.05
 *     expect = formation(optim.lr=1e-3) later than formation(optim.lr=1e-2)
 *     expect = val_loss(model.heads=1) = val_loss(model.heads=2) within 0.01
 *
 * A claim is read here; sweep_expand.c sees to it that runs of the sweep can
 * answer it, before any is trained, and report/claims.h judges it
 * (docs/EXPERIMENTS.md). Mistakes become problems of the draft.
 */
#ifndef SINKLAB_CLAIM_H
#define SINKLAB_CLAIM_H

#include "metric/columns.h"
#include "sweep/sweep_axis.h"

enum {
    CLAIMS_MAX = 64,       /* of a file */
    CLAIM_KEYS_MAX = 8,    /* that a side names */
    CLAIM_TEXT_MAX = 512,  /* bytes of a claim, NUL included */
    CLAIM_LEVELS_MAX = 64, /* values of the key of a trend */
};

/* A number of some of the runs. */
struct claim_side {
    char column[COLUMN_NAME_MAX]; /* of analysis.csv, or of a layer */
    bool is_formation; /* not its value, but the first step at which it is
                          beyond its usual threshold, and at the next one;
                          never is later than any */
    double step;       /* at this one; NAN: the last that all runs have;
                          INFINITY: @end, each run's own last */
    idx n;             /* keys that say which runs; 0: all */
    struct config_key keys[CLAIM_KEYS_MAX];
    const char *values[CLAIM_KEYS_MAX]; /* as key_print has them */
};

enum claim_kind {
    CLAIM_LESS, /* a < b, a < number; of formations: earlier */
    CLAIM_MORE,
    CLAIM_SAME,  /* a = b within a margin */
    CLAIM_FALLS, /* as a key rises */
    CLAIM_RISES,
    CLAIM_UNDER, /* stays under a number, at every step from side.step on */
    CLAIM_OVER,
};

struct claim {
    const char *text; /* as written, in one line */
    struct place at;
    enum claim_kind kind;
    struct claim_side a, b;
    bool has_b;            /* else a number */
    double number;         /* or the margin; in the unit of the file: 0 to 1 */
    struct config_key key; /* of a trend */
};

/* How the verdicts of one file are corrected for being several. */
enum claim_correction { CORRECTION_HOLM, CORRECTION_NONE };

/* sweep_claim_parse - a line `expect`. False, and told, if it is not right or
 * memory ran out. */
bool sweep_claim_parse(struct claim *c, struct sweep_parse *p);

/* sweep_correction_parse - a line `correction`; the same. */
bool sweep_correction_parse(enum claim_correction *c, struct sweep_parse *p);
const char *claim_correction_word(enum claim_correction c);

/* claim_repeats - is one verdict that of the other, too, as it is or the other
 * way round? */
bool claim_repeats(const struct claim *a, const struct claim *b);

/* claim_side_fits - does the side mean a run with this configuration? */
bool claim_side_fits(const struct claim_side *s, const struct config *c);

/* claim_side_at_end - is each run taken at its own end, whenever that is? */
bool claim_side_at_end(const struct claim_side *s);

/* claim_needs_two - are values of the same column at the same step held
 * against each other, so that no run may be on both sides? */
bool claim_needs_two(const struct claim *c);

/* claim_is_within - do both sides mean the very same runs, at another step or
 * of another column? */
bool claim_is_within(const struct claim *c);

/* claim_side_unmeasured - is the column one that training alone measures, and
 * does not with this configuration? Others can be measured afterwards. */
bool claim_side_unmeasured(const struct claim_side *s, const struct config *c);

/* claim_side_no_layer - is the column one of a layer that a model of this
 * configuration has not? */
bool claim_side_no_layer(const struct claim_side *s, const struct config *c);

/* claim_is_trend - is it about a key that rises? */
bool claim_is_trend(const struct claim *c);

/* claim_is_stay - is it about all steps of a run? */
bool claim_is_stay(const struct claim *c);

/* claim_side_keys - "optim.lr=0.001, model.layers=2"; "" of all runs. Returns
 * text. */
const char *claim_side_keys(char text[CLAIM_TEXT_MAX],
                            const struct claim_side *s);

#endif
