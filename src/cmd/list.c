/* list.c - `sinklab list [KIND] [--names]`: the tables that the parser uses,
 * for people. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "data/source.h"
#include "kern/activation.h"
#include "kern/norm.h"
#include "metric/metric.h"
#include "nn/normalizer.h"
#include "nn/weights.h"
#include "optim/optim.h"

static const char usage[] =
    "usage: sinklab list [KIND] [--names]\n"
    "\n"
    "What a config can choose from. KIND: attention, norm, ffn, optimizer,\n"
    "source, metric; none lists all. --names: only the names, one a line.\n";

static void field(const char *name, const char *text)
{
    if (text)
        printf("    %-11s %s\n", name, text);
}

static void list_attention(void)
{
    for (int i = 0; weight_maps[i]; i++) {
        const struct weight_map *m = weight_maps[i];
        printf("  %s\n", m->name);
        field("weights", m->formula);
        printf("    normalizer  %s", normalizer_name((int)m->own));
        for (int k = 1; normalizer_name(k); k++)
            if (k != (int)m->own && m->normalizers >> k & 1)
                printf(", or %s", normalizer_name(k));
        printf("\n");
        field("parameters", m->parameters);
        field("source", m->source);
        field("sinks", m->sinks);
    }
}

static void list_norms(void)
{
    for (int i = 0; norm_name(i); i++) {
        printf("  %s\n", norms[i]->name);
        field("formula", norms[i]->formula);
        field("source", norms[i]->source);
    }
}

static void list_ffns(void)
{
    for (int i = 0; activation_name(i); i++) {
        printf("  %s\n", activations[i]->name);
        field("formula", activations[i]->formula);
        field("source", activations[i]->source);
    }
}

static void list_optimizers(void)
{
    for (int i = 0; optimizers[i]; i++) {
        printf("  %s\n", optimizers[i]->name);
        field("update", optimizers[i]->formula);
        field("source", optimizers[i]->source);
    }
}

static void list_sources(void)
{
    for (int i = 0; source_name(i); i++) {
        printf("  %s\n", source_name(i));
        field("what", source_help(i));
    }
}

static const char *metric_name(int i)
{
    return i < n_metrics ? metrics[i].name : NULL;
}

static void list_metrics(void)
{
    for (idx i = 0; i < n_metrics; i++) {
        printf("  %s%s\n", metrics[i].name,
               metrics[i].is_per_position ? "K" : "");
        field("definition", metrics[i].definition);
    }
}

static const struct kind {
    const char *name, *key;
    const char *(*item)(int i);
    void (*print)(void);
} kinds[] = {
    { "attention", "[attention] weights", weight_map_name, list_attention },
    { "norm", "[model] norm", norm_name, list_norms },
    { "ffn", "[model] ffn", activation_name, list_ffns },
    { "optimizer", "[optim] name", optimizer_name, list_optimizers },
    { "source", "[data] source", source_name, list_sources },
    { "metric", "columns of analysis.csv", metric_name, list_metrics },
};

int cmd_list(int argc, char **argv, struct err *e)
{
    const char *wanted = NULL;
    bool only_names = false, is_found = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
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
    for (idx i = 0; i < COUNT_OF(kinds); i++) {
        if (wanted && strcmp(wanted, kinds[i].name))
            continue;
        is_found = true;
        if (!only_names)
            printf("%s  (%s)\n", kinds[i].name, kinds[i].key);
        for (int k = 0; only_names && kinds[i].item(k); k++)
            printf("%s\n", kinds[i].item(k));
        if (!only_names)
            kinds[i].print();
    }
    if (!is_found)
        return err_set(e, ERR_USAGE,
                       "list: no kind '%s'; there are attention, norm, ffn, "
                       "optimizer, source, metric",
                       wanted);
    return OK;
}
