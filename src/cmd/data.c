/* data.c - `sinklab data`: its parts. */
#include "cmd/cmd.h"

static const struct command *const parts[] = {
    &command_data_info,
    &command_data_head,
    NULL,
};

const struct command command_data = {
    .name = "data",
    .summary = "what a corpus is, and what training reads of it",
    .about = "Shows what models are trained on, validated and measured.",
    .parts = parts,
};
