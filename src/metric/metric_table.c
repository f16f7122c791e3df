#include "metric/metric_table.h"

#define LISTED(name) metrics_##name,
static const struct metric *const files[] = { METRIC_FILES(LISTED) };

const struct metric *metric_at(idx i)
{
    for (idx f = 0; f < COUNT_OF(files); f++)
        for (const struct metric *m = files[f]; m->text.name; m++)
            if (i-- == 0)
                return m;
    return NULL;
}
