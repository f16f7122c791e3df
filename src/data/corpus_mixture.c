/* corpus_mixture.c - the row that names mixtures; their parts are opened by
 * source.c. */
#include "data/corpus_kind.h"

const struct corpus_kind corpus_mixture = {
    .text = { .name = "mixture",
              .key = "[data] source = mixture",
              .formula = "several of these by weight (data.mixture): of every "
                         "1000 samples each gives its share" },
};
