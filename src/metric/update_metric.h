/* update_metric.h - what is measured on an update of the weights, and what the
 * columns of it are called: the one place that builds and reads their names.
 *
 *     grad_norm_matrices    of a group of tensors (param_group)
 *     update_ratio_layer_3  of the tensors of a block
 *     weight_norm           of all
 *     grad_norm_z           how unusual it is
 *
 * update_meter.h measures them.
 */
#ifndef SINKLAB_UPDATE_METRIC_H
#define SINKLAB_UPDATE_METRIC_H

#include "base/op_text.h"
#include "metric/options.h"
#include "nn/param.h"
#include "optim/update_sums.h"

/* What tensors a column is about: all, group PART_GROUP + g, or layer
 * PART_LAYER + l. */
enum { PART_ALL, PART_GROUP, PART_LAYER = PART_GROUP + PARAM_GROUPS };

struct update_metric {
    struct op_text text; /* its name is what columns' names begin with */
    const char *title;   /* a few words, for axes of figures */
    /* From the sums of what it is about; NULL: it is the learning rate. */
    double (*of_sums)(const struct update_sums *s);
    int digits;      /* behind the point, for people */
    bool is_z;       /* it has columns NAME_z, too: how unusual it is */
    bool has_all;    /* a column of all tensors; where not, it is among the
                        usual columns of the logs (grad_norm, lr) */
    bool has_layers; /* columns by layer */
};

extern const struct update_metric update_metric_table[]; /* the last has no
                                                            name */

/* A column: what of, and what it is called. */
struct update_name {
    const struct update_metric *metric; /* NULL: in front of the first */
    idx part;
    char name[COLUMN_NAME_MAX];
};

/* update_metric_next - from one column to the next of those that a model of L
 * layers may have, in the order of files; zeroed before the first. false: it
 * was the last. */
bool update_metric_next(struct update_name *n, idx L);

/* update_metric_find - what a column of this name is. false: there is none. */
bool update_metric_find(struct update_name *n, const char *name);

/* update_metric_title - in a few words, for axes and captions: "gradient norm
 * of layer 3". Returns title. */
const char *update_metric_title(char title[COLUMN_TITLE_MAX],
                                const struct update_name *n);

#endif
