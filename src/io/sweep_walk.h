/* sweep_walk.h - all combinations of a sweep's axes, on the way through them.
 *
 * Private to sweep_expand.c, which walks, and sweep_points.c, which checks and
 * keeps what is met.
 */
#ifndef SINKLAB_SWEEP_WALK_H
#define SINKLAB_SWEEP_WALK_H

#include "io/draft.h"
#include "io/sweep_expand.h"

enum {
    SWEEP_CHOICES_MAX = SWEEP_AXES_MAX * SWEEP_TOGETHER_MAX,
    SWEEP_SHOWN_MAX = 400,
};

/* The data that was opened last: many runs read the same. */
struct sweep_opened {
    bool is_known;
    struct data_options options;
    idx T, vocab;
    const char *hash; /* in the points' pool */
};

struct sweep_walk {
    struct sweep_points *p;
    const struct sweep_file *f;
    struct draft draft; /* gathers what cannot be built */
    struct sweep_opened data;
    idx draw;
    idx n_choices, n_leaves;
    struct sweep_choice choices[SWEEP_CHOICES_MAX];
    bool was_there[SWEEP_AXES_MAX]; /* the condition held somewhere */
    bool was_used[SWEEP_EXCLUDES_MAX];
    idx cap, n_slots; /* of points; of the table below */
    idx *slots;       /* (n_slots) by identity: number of a point, or -1 */
    int code;         /* out of memory: nothing else matters */
};

/* The values chosen here, "optim.lr=0.002 run.seed=3"; long ones are cut. */
const char *sweep_show_choices(char out[SWEEP_SHOWN_MAX],
                               const struct sweep_walk *w);

/* A problem that says which run cannot be built. */
void sweep_tell_unbuildable(struct sweep_walk *w, int code,
                            const char *message);

/* Could a run start with c? Fills in data.hash, makes data.path absolute. */
int sweep_check_run(struct sweep_walk *w, struct config *c, struct err *e);

/* Keep what was chosen here, unless a point has this identity already. Memory
 * that runs out shows in the points' pool. */
void sweep_add_point(struct sweep_walk *w, const char *id);

#endif
