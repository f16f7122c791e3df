#include "nn/attention/weights/weights.h"

/* One line a map. `sinklab list attention` and the docs keep this order. */
/* clang-format off */
#define WEIGHT_MAPS(each) \
    each(softmax) \
    each(softmax1) \
    each(sigmoid) \
    each(relu) \
    each(relu2) \
    each(elu1) \
    each(identity) \
    each(softpick) \
    each(clipped) \
    each(elastic) \
    each(affine) \
    each(ssmax) \
    each(sparsemax) \
    each(entmax15) \
    each(stick_breaking) \
    each(threshold_relu) \
    each(softplus)
/* clang-format on */

#define DECLARE(name) extern const struct weight_map weights_##name;
WEIGHT_MAPS(DECLARE)

#define ROW(name) &weights_##name,
const struct weight_map *const weight_maps[] = { WEIGHT_MAPS(ROW) NULL };

const char *weight_map_name(int i)
{
    return i >= 0 && i < COUNT_OF(weight_maps) - 1 ? weight_maps[i]->text.name
                                                   : NULL;
}
