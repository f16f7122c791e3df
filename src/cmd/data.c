/* data.c - `sinklab data WORD`: corpora. Each word is a row of its own. */
#include "cmd/data.h"

#include <stddef.h>

static const struct command *const parts[] = {
    &command_data_prepare,
    NULL,
};

const struct command command_data = {
    .name = "data",
    .summary = "corpora: make tokens from texts",
    .synopsis = "",
    .about = "What models are trained on: see docs/DATA.md.",
    .parts = parts,
};
