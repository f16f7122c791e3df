/* stage_elu1.c - the positive feature map elu(x) + 1 of queries and keys. */
#include "kern/features.h"
#include "nn/model/stage.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.features == FEATURE_ELU1;
}

static void forward(const struct stage_rows *r)
{
    idx W = r->block.W;
    elu1_forward(r->out, W, r->in, W, r->R, r->block.v);
}

static void backward(const struct stage_rows *r)
{
    idx W = r->block.W;
    elu1_backward(r->din, W, r->out, W, r->R, r->block.v);
}

const struct stage stage_elu1 = {
    .text = { .name = "elu1",
              .key = "[attention] features = elu1",
              .formula = "q, k = elu(q) + 1, elu(k) + 1, behind positions",
              .parameters = "none",
              .source = "Katharopoulos et al., 2020, Transformers are RNNs; "
                        "behind RoPE: arXiv 2410.10781",
              .sinks = "normalised by their sum: sink_1 53.65 % (proxy "
                       "weights), loss 4.19 against 3.73; not normalised: "
                       "training fails (arXiv 2410.10781)" },
    .is_in_place = true,
    .reads_out = true,
    .is_on = is_on,
    .forward = forward,
    .backward = backward,
};
