/* weight_cases.h - weight maps with all settings that change what they do, for
 * tests that hold for each. A new map is among them by having its row in
 * nn/attention/weights/weights.c. */
#ifndef SINKLAB_WEIGHT_CASES_H
#define SINKLAB_WEIGHT_CASES_H

#include "nn/attention/attention_facts.h"
#include "nn/attention/weights/weight_stage.h"

enum {
    CASE_N_MAX = 200, /* entries of a row; more than any inner block */
    CASE_WIDTH = 16   /* of a head */
};

struct weight_case {
    char text[160]; /* the settings */
    struct attention_options options;
    struct weight_stage stage;
    const struct weight_map *map;
    idx n_learned;
    struct map_learned learned[MAP_LEARNED_MAX];

    /* What rows of weight_case_row lead to. */
    real numbers[MAP_LEARNED_MAX], dnumbers[MAP_LEARNED_MAX], dquery;
};

/* The [attention] defaults, then "key=value key=value". A whole sequence has
 * CASE_N_MAX rows. */
void weight_case_open(struct weight_case *c, const char *settings);

/* A row of n entries, `extra` of them columns, with numbers at their starts, a
 * query's number of 0.5 and room for gradients, which is set to zero. */
struct weight_row weight_case_row(struct weight_case *c, idx n, idx extra);

/* Calls see for every map with every normaliser it may have, every setting of
 * its own, without and with a scale. */
void each_weight_case(void (*see)(struct weight_case *c));

#endif
