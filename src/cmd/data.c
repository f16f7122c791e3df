/* data.c - `sinklab data`: its parts. */
#include "cmd/cmd.h"

static const struct command *const parts[] = {
    &command_data_prepare,
    &command_data_info,
    &command_data_head,
    NULL,
};

const struct command command_data = {
    .name = "data",
    .summary = "corpora: make one, what it is, what a run reads of it",
    .about = "Makes what models are trained on, and shows what they are "
             "trained on, validated and measured. See docs/DATA.md.",
    .parts = parts,
};
