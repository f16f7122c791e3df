/* list.c - `sinklab list [KIND] [--names]`: the catalog, for people. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "config/catalog.h"

static const char usage[] =
    "usage: sinklab list [KIND] [--names]\n"
    "\n"
    "What a config can choose from; none lists all. --names: only the names,\n"
    "one a line. KIND is one of\n";

static void field(const char *name, const char *text)
{
    if (text)
        printf("    %-11s %s\n", name, text);
}

static void print_entry(const struct catalog_kind *k, struct catalog_entry *e)
{
    printf("  %s\n", e->text.name);
    field("set by", e->text.key);
    field(k->label, e->text.formula);
    field("normalizer", *e->normalizers ? e->normalizers : NULL);
    field("parameters", e->text.parameters);
    field("source", e->text.source);
    field("sinks", e->text.sinks);
    field("see", e->see);
}

static void print_kind(const struct catalog_kind *k, bool only_names)
{
    struct catalog_entry e;
    if (!only_names)
        printf("%s  (%s)\n", k->name, k->key);
    for (int i = 0; catalog_entry(k, i, &e); i++) {
        if (only_names)
            printf("%s\n", e.text.name);
        else
            print_entry(k, &e);
    }
}

/* Kinds that share a name stand side by side and are told once. */
static int name_kinds(char *text, size_t cap)
{
    int n = 0;
    const char *before = "";
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++) {
        if (strcmp(k->name, before) != 0)
            n += snprintf(text + n, cap - (size_t)n, "%s%s", n ? ", " : "",
                          k->name);
        BUG_ON(n >= (int)cap);
        before = k->name;
    }
    return n;
}

int cmd_list(int argc, char **argv, struct err *e)
{
    const char *wanted = NULL;
    char kinds[256];
    bool only_names = false, is_found = false;
    name_kinds(kinds, sizeof kinds);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            printf("%s%s.\n", usage, kinds);
            return OK;
        }
        if (strcmp(argv[i], "--names") == 0)
            only_names = true;
        else if (!wanted && argv[i][0] != '-')
            wanted = argv[i];
        else
            return err_set(e, ERR_USAGE, "list: unexpected argument %s",
                           argv[i]);
    }
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++) {
        if (wanted && strcmp(wanted, k->name) != 0)
            continue;
        is_found = true;
        print_kind(k, only_names);
    }
    if (!is_found)
        return err_set(e, ERR_USAGE, "list: no kind '%s'; there are %s", wanted,
                       kinds);
    return OK;
}
