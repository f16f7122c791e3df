/* run_layers.h - columns of single layers, made of what a run has by layer.
 *
 * sink_1_layer_0 is what sink_1 would be of a model that had layer 0 alone: the
 * metric's reduction over the heads, or whatever axes it has behind the layer.
 * analysis.h5 has the numbers; no file has the columns, so that hundreds of
 * them are in nobody's way.
 */
#ifndef SINKLAB_RUN_LAYERS_H
#define SINKLAB_RUN_LAYERS_H

#include "report/run_data.h"

/* run_layers_add - the column of that name behind those of the run's analysis,
 * if it is one of a layer, and the run has that layer and metric; else nothing,
 * as of any column that it has not. OK; ERR_DATA: analysis.h5 is not what
 * analysis.csv was made of; ERR_IO; ERR_MEMORY. */
int run_layers_add(struct run_data *r, const char *column, struct err *e);

/* run_layers_add_all - the columns of all its layers of a metric, by its name
 * as `sink_1`. The same. */
int run_layers_add_all(struct run_data *r, const char *metric, struct err *e);

#endif
