#include "nn/model/stage.h"

#include <string.h>

struct param *stage_declare(struct stage_tensors *t, const char *name, int ndim,
                            const idx *shape, double mean, double std)
{
    struct block_stage *s = t->stage;
    BUG_ON(s->n_params == STAGE_PARAMS_MAX);
    struct stage_param *p = &s->params[s->n_params++];
    p->offset = param_declare(t->table, PARAM_OWN, shape[ndim - 1], ndim, shape,
                              "block.%td.attention.%s", t->layer, name);
    struct param *row = param_last(t->table);
    row->mean = mean;
    row->std = std;
    p->n = row->n;
    p->at = *t->partials_n;
    *t->partials_n += p->n;
    return row;
}

void stage_keep(const struct stage_rows *r, idx c0, idx n)
{
    idx ld = r->block_stage->in_width;
    BUG_ON(ld != r->block_stage->out_width);
    for (idx i = 0; i < r->R; i++)
        memcpy(r->out + i * ld + c0, r->in + i * ld + c0,
               (size_t)n * sizeof *r->out);
}
