/* data.h - the words of `sinklab data`, one file each. */
#ifndef SINKLAB_CMD_DATA_H
#define SINKLAB_CMD_DATA_H

#include "cmd/cmd.h"

extern const struct command command_data_prepare;

#endif
