#include "config/attention_document.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "config/catalog.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/attention/weights/weight_stage.h"
#include "nn/options.h"

enum { COLUMNS = 100 };

static const char *const intro[] = {
    "What attention can be made of, and what was reported about sinks. "
    "`sinklab list KIND` prints the same entries; types and bounds of the keys "
    "are in [CONFIG.md](CONFIG.md), formulas and gradients in "
    "[MATH.md](MATH.md).",
    "Rates are those of the sources' own models. `sink_1`, `sink_bias` and "
    "loss of arXiv 2410.10781 belong to models of 60M parameters and compare "
    "with 18.18 % and 3.73 of softmax with rotary positions. They are measured "
    "without BOS, as the study trains; sinklab begins sequences with BOS "
    "unless "
    "`data.bos = no` (in the study a first token that is the same in all "
    "sequences is a treatment of its own: 74.11 %), so its percentages "
    "do not compare with these. \"Proxy\" is "
    "explained [below](#which-metrics-are-proxies).",
    "`[section] key = value` is a line of a config below the header of its "
    "section; several values are alternatives. "
    "Letters: `t` a query, `j`, `k` entries of its row, `H` heads, `D` the "
    "width of a head, `C` that of the residual stream.",
    NULL,
};

static const char PIPELINE[] =
    "```\n"
    "x -> norm -+-> matrix -> q, k, v -> stages before the heads --+\n"
    "           |   (convolution, norm, positions, features, ...)  |\n"
    "           +-> numbers that maps, edits and gates ask for     |\n"
    "                                                              v\n"
    "each head:  q.k / sqrt(D) -> score edits -> what a query sees\n"
    "            -> extra column in front -> weight map -> normaliser -> "
    "scale\n"
    "            -> mix of values, the column's among them\n"
    "                                                              |\n"
    "x <- + <- output matrix <- stages behind the heads -----------+\n"
    "                           (difference, norm, gate, sum, ...)\n"
    "```\n\n";

static const char *const pipeline[] = {
    "Every part is chosen by keys of its own; all layers and heads are alike. "
    "A head that does not work row by row ([flow, running sums](#whole-heads)) "
    "stands for all between `q`, `k`, `v` and the mix.",
    NULL,
};

static const char *const composes[] = {
    "One weight map, one normaliser and one scale go with any score edits, "
    "stages, masks, with any extra column and any number of registers, but for "
    "what is refused below.",
    "An extra column is an entry of the row: it takes part in sums, but is no "
    "visible key, so `n` does not count it. With a value of zero, and weights "
    "that do not depend on the row's other entries (sigmoid or relu without "
    "sum), it changes nothing and is never trained.",
    "Registers are tokens: `n` counts them, and rotary positions and distances "
    "do. Prefix, groups and tables added to the embedding count from the first "
    "token behind them.",
    "Features come behind positions: scores are products of features of turned "
    "queries and keys.",
    "Heads of operation = differential are ordinary heads with any weight map, "
    "two and two with one value of twice the width; behind them there are half "
    "as many.",
    "kv_heads, stages, norms and feed-forwards go with every operation, "
    "except that pairs have no kv_heads and flow no features.",
    NULL,
};

static const char *const refused[] = {
    "[model] width and heads: every head gets width / heads dimensions; "
    "position = rope needs an even number of them.",
    "[attention] normalizer and weights: the empty cells of the table below; "
    "what a map has built in is part of its definition.",
    NULL,
};

static const char *const proxies[] = {
    "Where the weights of a row sum to one and none is negative, metrics read "
    "them as they are (*raw*). Else \"the share of attention on a key\" is "
    "made "
    "by `|a_j| / (sum_k |a_k| + 1e-8)` (*proxy*). What goes to no token is "
    "part "
    "of both sums: the extra column, registers, and the remainder that "
    "softmax1 "
    "and stick_breaking leave. [METRICS.md](METRICS.md#raw-and-proxy-weights) "
    "says how to read them.",
    "With `scale` other than 1, `operation` other than rows, or `linear_time` "
    "they are always proxies; else as follows. An empty cell is refused; bold "
    "is what `normalizer = own` means.",
    NULL,
};

/* --- text of limited width ------------------------------------------------ */

static void put_words(FILE *out, const char *text, int at, int indent)
{
    text_print_words(out, text, at, indent, COLUMNS);
}

static void put_item(FILE *out, const char *label, const char *text)
{
    if (text)
        put_words(out, text, fprintf(out, "- %s:", label), 2);
}

static void put_code_item(FILE *out, const char *label, const char *text)
{
    char code[1024];
    BUG_ON(snprintf(code, sizeof code, "`%s`", text) >= (int)sizeof code);
    put_item(out, label, code);
}

static void put_paragraphs(FILE *out, const char *const *texts)
{
    for (; *texts; texts++) {
        put_words(out, *texts, 0, 0);
        fputc('\n', out);
    }
}

static void put_bullet(FILE *out, const char *text)
{
    fprintf(out, "- ");
    put_words(out, text, 2, 2);
}

/* [title](#anchor), as GitHub makes anchors of titles without signs. */
static void put_link(FILE *out, const char *title)
{
    fprintf(out, "[%s](#", title);
    for (; *title; title++)
        fputc(*title == ' ' ? '-' : tolower((unsigned char)*title), out);
    fputc(')', out);
}

/* --- sections ------------------------------------------------------------- */

static void put_entry(FILE *out, const struct catalog_kind *k,
                      const struct catalog_entry *e)
{
    fprintf(out, "### %s\n\n    %s\n\n", e->text.name, e->text.key);
    put_code_item(out, k->label, e->text.formula);
    if (e->see) {
        fprintf(out, "- more: ");
        put_link(out, e->see);
        fprintf(out, "\n\n");
        return;
    }
    put_item(out, "normalizer", *e->normalizers ? e->normalizers : NULL);
    put_item(out, "parameters", e->text.parameters);
    put_item(out, "source", e->text.source);
    put_item(out, "sinks", e->text.sinks);
    fputc('\n', out);
}

static void put_kinds(FILE *out)
{
    struct catalog_entry e;
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++) {
        if (!k->title)
            continue;
        fprintf(out, "## %s\n\n", k->title);
        put_words(out, k->about, 0, 0);
        fputc('\n', out);
        for (int i = 0; catalog_entry(k, i, &e); i++)
            put_entry(out, k, &e);
    }
}

static void put_contents(FILE *out)
{
    fprintf(out, "- [The pipeline](#the-pipeline)\n");
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++) {
        if (!k->title)
            continue;
        fprintf(out, "- ");
        put_link(out, k->title);
        fputc('\n', out);
    }
    fprintf(out, "- [What composes](#what-composes), [what is refused]"
                 "(#what-is-refused)\n"
                 "- [Which metrics are proxies](#which-metrics-are-proxies)\n"
                 "\n");
}

static void put_rules(FILE *out)
{
    const char *keys, *reason;
    for (int i = 0; refused[i]; i++)
        put_bullet(out, refused[i]);
    for (idx i = 0; attention_rule(i, &keys, &reason); i++) {
        char text[512];
        BUG_ON(snprintf(text, sizeof text, "%s: %s.", keys, reason) >=
               (int)sizeof text);
        put_bullet(out, text);
    }
    fputc('\n', out);
}

static void put_cell(FILE *out, int map, int kind)
{
    const struct weight_map *m = weight_maps[map];
    struct attention_options o = {
        .weights = map, .normalizer = kind, .normalizer_p = 0.5, .scale = 1
    };
    const char *text = attention_sums_to_one(&o) ? "raw" : "proxy";
    const char *bold = kind == (int)m->own ? "**" : "";
    if (m->normalizers >> kind & 1)
        fprintf(out, " %s%s%s |", bold, text, bold);
    else
        fprintf(out, " |");
}

static void put_proxies(FILE *out)
{
    fprintf(out, "| weights |");
    for (int k = NORMALIZER_NONE; normalizer_name(k); k++)
        fprintf(out, " %s |", normalizer_name(k));
    fprintf(out, "\n|---|");
    for (int k = NORMALIZER_NONE; normalizer_name(k); k++)
        fprintf(out, "---|");
    for (int i = 0; weight_map_name(i); i++) {
        fprintf(out, "\n| %s |", weight_map_name(i));
        for (int k = NORMALIZER_NONE; normalizer_name(k); k++)
            put_cell(out, i, k);
    }
    fputc('\n', out);
}

void attention_document(FILE *out)
{
    fprintf(out, "# Attention\n\n"
                 "<!-- Made by `make docs` from the tables of operations. -->"
                 "\n\n");
    put_paragraphs(out, intro);
    put_contents(out);
    fprintf(out, "## The pipeline\n\n%s", PIPELINE);
    put_paragraphs(out, pipeline);
    put_kinds(out);
    fprintf(out, "## What composes\n\n");
    for (int i = 0; composes[i]; i++)
        put_bullet(out, composes[i]);
    fprintf(out, "\n## What is refused\n\n");
    put_rules(out);
    fprintf(out, "## Which metrics are proxies\n\n");
    put_paragraphs(out, proxies);
    put_proxies(out);
}
