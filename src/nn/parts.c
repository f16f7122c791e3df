#include "nn/parts.h"

_Static_assert((int)PARTS <= (int)STOPWATCH_PARTS_MAX,
               "a stopwatch has room for all");

NAMED(part_name, [PART_DATA] = "data", [PART_PACK] = "packing weights",
      [PART_EMBED] = "embedding", [PART_NORM] = "norms",
      [PART_QKV] = "attention layers", [PART_SCORES] = "attention products",
      [PART_ROWS] = "row maps", [PART_FFN] = "feed-forward",
      [PART_GRADS] = "weight gradients", [PART_UNEMBED] = "head and loss",
      [PART_OPTIM] = "optimizer", [PART_WAIT] = "waiting",
      [PART_SHARE] = "other processes")
