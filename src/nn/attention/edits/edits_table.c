#include "nn/attention/edits/edits_table.h"

#define ROW(name) &score_##name,
const struct score_edit *const score_edits[] = { SCORE_EDITS(ROW) NULL };
