/* catalog.h - everything that a config can choose from, kind by kind, with its
 * text: one source for `sinklab list`, docs/ATTENTION.md and the test that no
 * value is left untold. The entries come from the tables that the parser uses.
 */
#ifndef SINKLAB_CATALOG_H
#define SINKLAB_CATALOG_H

#include "base/base.h"
#include "base/op_text.h"
#include "metric/metric_table.h"

/* The longest kind, metrics: a list a file, what updates say and the other
 * columns; the last of a kind has no rows. */
#define CATALOG_ONE_LIST(name) +1
enum { CATALOG_LISTS = 0 METRIC_FILES(CATALOG_ONE_LIST) + 2 + 1 };

/* Strings live as long as the program, or in the entry: it is not copied. */
struct catalog_entry {
    struct op_text text; /* NULL: not told of this kind */
    const char *see;     /* title of the kind that tells the rest, or NULL */
    const char *group;   /* of a metric; else NULL */
    char key[64], name[32], normalizers[80], formula[256];
    char axes[64]; /* of a metric: "layer, head"; "": none */
};

/* A table of rows that begin with their struct op_text: pointers to them, the
 * last NULL, or themselves, the last without a name. */
struct catalog_list {
    const void *rows;
    size_t row_bytes; /* 0: pointers */
    /* Adds to an entry what its row's text does not say; or NULL. */
    void (*tell)(struct catalog_entry *e, const void *row);
};

struct catalog_kind {
    const char *name;  /* of `sinklab list NAME`; several may share one */
    const char *key;   /* its key, or where it belongs */
    const char *label; /* of the entries' formula */
    const char *title; /* in docs/ATTENTION.md; NULL: not there */
    const char *about; /* below the title */
    struct catalog_list lists[CATALOG_LISTS]; /* one behind the other */
    bool
        is_home; /* tells its rows in full; other kinds that have them do not */
};

extern const struct catalog_kind catalog_kinds[]; /* ends with name NULL */

/* catalog_next_name - the first kind of the next name, of which several may
 * stand side by side; k NULL: of the first. NULL past the last. */
const struct catalog_kind *catalog_next_name(const struct catalog_kind *k);

/* Entry i of a kind, in the parser's order; false past the end. */
bool catalog_entry(const struct catalog_kind *k, int i,
                   struct catalog_entry *e);

#endif
