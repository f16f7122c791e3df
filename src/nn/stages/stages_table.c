#include "nn/stages/stages_table.h"

#define ROW(name) &stage_##name,
const struct stage *const stages_in[] = { STAGES_IN(ROW) NULL };
const struct stage *const stages_out[] = { STAGES_OUT(ROW) NULL };
