/* figure_facets.h - which group is drawn in which panel, and how: as many
 * curves together as can be told apart, the others in panels of their own.
 *
 * More curves than one panel is to hold are divided by the key that takes the
 * fewest panels and leaves no more than that in each; what differs within
 * panels alone is in the legend. Where no key does, up to PLOT_STYLES stand
 * together; of more each has a panel, with the others in grey behind it. Beyond
 * that they are coloured in their order.
 */
#ifndef SINKLAB_FIGURE_FACETS_H
#define SINKLAB_FIGURE_FACETS_H

#include "base/pool.h"
#include "report/groups.h"
#include "report/plot.h"

enum { FACETS_BANDS_MOST = 4 }; /* bands in a panel that can be seen */

struct facets {
    idx n;                       /* panels */
    const char **titles;         /* (n); NULL: there is one, without title */
    idx *panel_of;               /* (groups) */
    struct plot_style *style_of; /* (groups) */
    idx *curve_of; /* (groups) with `without` the same number: one curve */
    idx n_curves;
    idx n_together;             /* at most, in a panel */
    struct plot_entry *entries; /* (n_entries) of the legend */
    idx n_entries;
    bool has_context;  /* all others stand in grey behind */
    const char *words; /* of the caption; "" */
};

/* facets_make - of groups; those that differ in key `without` (its number; -1:
 * none) alone are one curve. Where they can be divided by a key, at most `most`
 * stand together; 0: all, a letter each. Memory is the pool's. OK or
 * ERR_MEMORY. */
int facets_make(struct facets *f, struct pool *memory, const struct groups *s,
                idx without, idx most, struct err *e);

/* facets_add_context - let what stands in other panels be seen in each. */
void facets_add_context(struct facets *f);

/* facets_across - panels side by side. */
idx facets_across(const struct facets *f);

#endif
