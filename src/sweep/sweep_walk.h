/* sweep_walk.h - all combinations of a sweep's axes, on the way through them.
 *
 * Private to sweep_expand.c, which walks, sweep_points.c, which checks and
 * keeps what is met, and sweep_idle.c, which finds settings that do nothing.
 */
#ifndef SINKLAB_SWEEP_WALK_H
#define SINKLAB_SWEEP_WALK_H

#include "config/config_differ.h"
#include "config/draft.h"
#include "sweep/sweep_expand.h"

enum {
    SWEEP_CHOICES_MAX = SWEEP_AXES_MAX * SWEEP_TOGETHER_MAX,
    SWEEP_SHOWN_MAX = 400,
    SWEEP_WATCHED_MAX = 128, /* more than keys with a condition */
};

/* The data that was opened last: many runs read the same. */
struct sweep_opened {
    bool is_known;
    struct data_options options;
    idx T, vocab;
    const char *hash; /* in the points' pool */
};

/* A setting that all runs share, and that not all of them need read. */
struct sweep_watched {
    struct config_key k;
    const struct config_origin *origin;
    idx n_read, n_idle; /* combinations */
    bool is_overruled;  /* where it was idle first, by a later place */
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
    bool was_idle[SWEEP_AXES_MAX]; /* and that was told */
    idx n_watched;                 /* settings of the base that may be idle */
    struct sweep_watched watched[SWEEP_WATCHED_MAX];
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

/* What c sets and does not read gets its default. False, and told once, if a
 * value that an axis chose here is among that. */
bool sweep_drop_idle(struct sweep_walk *w, struct config *c);

/* The settings of the base that sweep_drop_idle counts. */
void sweep_watch_base(struct sweep_walk *w);

/* In the end: a setting of the base that no run reads is a problem, unless a
 * later place made it so. Other idle ones become notes in w->p. */
void sweep_judge_base(struct sweep_walk *w);

/* Keep what was chosen here, unless a point has this identity already. Memory
 * that runs out shows in the points' pool. */
void sweep_add_point(struct sweep_walk *w, const char *id);

#endif
