#include "cmd/cmd.h"

#include <stddef.h>

const struct command *const commands[] = {
    &command_train,   &command_sweep,  &command_analyze, &command_inputs,
    &command_compare, &command_runs,   &command_sample,  &command_attention,
    &command_verify,  &command_bench,  &command_list,    &command_data,
    &command_import,  &command_export, &command_help,    NULL,
};
