/* mixture.h - several corpora by weight: what data.mixture says, and which part
 * gives sample i. */
#ifndef SINKLAB_MIXTURE_H
#define SINKLAB_MIXTURE_H

#include "base/base.h"
#include "base/err.h"
#include "data/options.h"

struct corpus_kind;

enum {
    PARTS_MAX = 16,
    MIX_BLOCK = 1000, /* samples in which each part has its share exactly */
};

struct mixture {
    idx n;
    struct data_options parts[PARTS_MAX]; /* what each is opened with */
    idx shares[PARTS_MAX];                /* of MIX_BLOCK samples */
};

/* mixture_parse - "0.7*text:novels, 0.3*random": a weight, a source, and where
 * it reads files a colon and its path. Weights are relative. OK or ERR_DATA.
 */
int mixture_parse(struct mixture *m, const struct data_options *o,
                  struct err *e);

/* mixture_names - is a part of data.mixture of this kind? Its weights and paths
 * do not matter; a part that names no kind may be any. */
bool mixture_names(const struct data_options *o, const struct corpus_kind *k);

/* Which part gives each sample of a block, and as which of its own. */
struct mixture_block {
    bool is_filled; /* false: of no block yet */
    uint64_t seed;
    idx number;
    idx parts[MIX_BLOCK], own[MIX_BLOCK];
};

/* mixture_pick - which part gives sample `index`, and as which of its own: of
 * every MIX_BLOCK samples each part gives its share, in an order that the seed
 * draws, one after the other of its own. A pure function of all but `block`,
 * which keeps what was found for the samples beside it. */
idx mixture_pick(struct mixture_block *block, const struct mixture *m,
                 uint64_t seed, idx index, idx *own);

#endif
