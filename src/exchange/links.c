/* links.c - which rows of which tensor of ours are which tensor of theirs
 * (family.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/family.h"

#include "base/grow.h"

static const struct param *find_param(const struct model *m, const char *name)
{
    for (idx i = 0; i < m->table.count; i++)
        if (!strcmp(m->table.rows[i].name, name))
            return &m->table.rows[i];
    return NULL;
}

void links_add(struct links *l, enum link_kind kind, const char *ours,
               const char *theirs, idx row0, idx rows)
{
    const struct param *p = find_param(l->m, ours);
    BUG_ON(!p || p->ndim > 2);
    if (!GROW(l->list, l->n)) {
        l->is_out_of_memory = true;
        return;
    }
    struct link *k = &l->list[l->n++];
    *k = (struct link){ .kind = kind, .ours = p, .row0 = row0 };
    k->rows = rows < 0 ? p->shape[0] - row0 : rows;
    BUG_ON(k->rows < 1 || row0 + k->rows > p->shape[0]);
    snprintf(k->theirs, sizeof k->theirs, "%s", theirs);
}

void links_add_of(struct links *l, enum link_kind kind, idx layer,
                  const char *ours, const char *theirs_format, idx row0,
                  idx rows)
{
    char name[2 * PARAM_NAME_MAX], theirs[LINK_NAME_MAX];
    const char *gap = strstr(theirs_format, "%td");
    snprintf(name, sizeof name, "block.%td.%s", layer, ours);
    BUG_ON(!gap && theirs_format[0]);
    if (gap)
        snprintf(theirs, sizeof theirs, "%.*s%td%s", (int)(gap - theirs_format),
                 theirs_format, layer, gap + 3);
    else
        theirs[0] = '\0';
    links_add(l, kind, name, theirs, row0, rows);
}

void links_add_linear(struct links *l, enum link_kind kind, idx layer,
                      const char *ours, const char *theirs_format, idx row0,
                      idx rows)
{
    char name[2 * PARAM_NAME_MAX], part[PARAM_NAME_MAX], theirs[LINK_NAME_MAX];
    snprintf(part, sizeof part, "%s.weight", ours);
    snprintf(theirs, sizeof theirs, "%s.weight", theirs_format);
    links_add_of(l, kind, layer, part, theirs, row0, rows);
    snprintf(part, sizeof part, "%s.bias", ours);
    snprintf(name, sizeof name, "block.%td.%s", layer, part);
    if (!find_param(l->m, name))
        return;
    snprintf(theirs, sizeof theirs, "%s.bias", theirs_format);
    links_add_of(l, kind == LINK_TRANSPOSED ? LINK_AS_IS : kind, layer, part,
                 theirs, row0, rows);
}

void links_release(struct links *l)
{
    free(l->list);
    *l = (struct links){ 0 };
}

idx link_cols(const struct link *k)
{
    return k->ours->ndim == 2 ? k->ours->shape[1] : 1;
}

int link_shape(idx shape[2], const struct link *k)
{
    idx cols = link_cols(k), rows = k->rows + 2 * (k->kind == LINK_BEHIND_2);
    bool is_turned = k->kind == LINK_TRANSPOSED;
    shape[0] = is_turned ? cols : rows;
    shape[1] = is_turned ? rows : cols;
    return k->ours->ndim;
}

idx link_place(const struct link *k, idx i, idx H, idx D)
{
    idx cols = link_cols(k), row = i / cols, col = i % cols;
    switch (k->kind) {
    case LINK_TRANSPOSED:
        row = i % k->rows;
        col = i / k->rows;
        break;
    case LINK_BEHIND_2:
        row -= 2;
        break;
    case LINK_BY_HEAD:
        row = (row / D % 3) * H * D + row / (3 * D) * D + row % D;
        break;
    default:
        break;
    }
    return row < 0 ? -1 : (k->row0 + row) * cols + col;
}
