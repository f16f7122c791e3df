/* stage_conv.c - queries, keys and values mixed with those of the tokens just
 * before, channel by channel: three filters, for all heads. They start as what
 * changes nothing, so that a model starts as it would without. */
#include "kern/conv.h"
#include "nn/model/stage.h"

enum { QUERY, KEY, VALUE, CONVS }; /* tensors: filter and bias of each */

static bool is_on(const struct model_spec *s)
{
    return s->attention.conv > 0;
}

/* 1 at the token itself. */
static double identity(idx tap, idx taps)
{
    (void)taps;
    return tap == 0;
}

static void declare(struct stage_tensors *t, const struct stage_block *b)
{
    static const char *const filters[] = { "conv.query.weight",
                                           "conv.key.weight",
                                           "conv.value.weight" };
    static const char *const biases[] = { "conv.query.bias", "conv.key.bias",
                                          "conv.value.bias" };
    for (int i = 0; i < CONVS; i++) {
        idx shape[2] = { b->options->conv, i == VALUE ? b->E : b->D };
        stage_declare(t, filters[i], 2, shape, 0, 0)->start = identity;
        stage_declare(t, biases[i], 1, &shape[1], 0, 0);
    }
}

/* Part i of rows row .. row+R-1 of the tile, all of one sequence; returns the
 * column where it begins. */
static idx part(struct conv *c, const struct stage_rows *r, int i, idx row,
                idx R)
{
    const struct stage_block *b = &r->block;
    const idx start[CONVS + 1] = { 0, b->k, b->v, b->W };
    idx D = i == VALUE ? b->E : b->D, S = r->S, t = (r->row0 + row) % S;
    *c = (struct conv){ .T = R,
                        .H = (start[i + 1] - start[i]) / D,
                        .D = D,
                        .K = r->block.options->conv,
                        .before = t,
                        .after = S - t - R,
                        .x = r->in + row * b->W + start[i],
                        .ld_x = b->W,
                        .w = stage_weights(r, 2 * i),
                        .b = stage_weights(r, 2 * i + 1) };
    return start[i];
}

/* Rows of the tile from `row` on that are of one sequence. */
static idx piece(const struct stage_rows *r, idx row)
{
    idx S = r->S;
    return idx_min(r->R - row, S - (r->row0 + row) % S);
}

static void forward(const struct stage_rows *r)
{
    idx W = r->block.W;
    struct conv c;
    for (idx row = 0, R; row < r->R; row += R) {
        R = piece(r, row);
        for (int i = 0; i < CONVS; i++) {
            idx column = part(&c, r, i, row, R);
            conv_forward(r->out + row * W + column, W, &c);
        }
    }
}

static void backward(const struct stage_rows *r)
{
    idx W = r->block.W;
    struct conv c;
    for (idx row = 0, R; row < r->R; row += R) {
        R = piece(r, row);
        for (int i = 0; i < CONVS; i++) {
            idx at = row * W + part(&c, r, i, row, R);
            conv_backward(r->din + at, W, stage_partials(r, 2 * i),
                          stage_partials(r, 2 * i + 1), r->dout + at, W, &c);
        }
    }
}

const struct stage stage_conv = {
    .text = { .name = "conv",
              .key = "[attention] conv = 3",
              .formula = "q_t = b + sum_{i < conv} w_i q_{t-i}, channel by "
                         "channel, k and v alike",
              .parameters = "w (conv, D), b (D) of q, k and v a layer, shared "
                            "by heads; at the start w_0 = 1, the others 0",
              .source = "arXiv 2308.03429",
              .sinks = "not reported" },
    .crosses_tiles = true,
    .moves_gradient = true,
    .is_on = is_on,
    .declare = declare,
    .forward = forward,
    .backward = backward,
};
