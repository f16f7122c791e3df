#include "config/attention_document.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "config/catalog.h"
#include "config/page.h"
#include "nn/attention/attention_facts.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/attention/weights/weights.h"
#include "nn/options.h"

enum { COLUMNS = 100 };

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

static void put_kinds(FILE *out, const void *user)
{
    (void)user;
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

static void put_contents(FILE *out, const void *user)
{
    (void)user;
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++) {
        if (!k->title)
            continue;
        fprintf(out, "- ");
        put_link(out, k->title);
        fputc('\n', out);
    }
}

static void put_rules(FILE *out, const void *user)
{
    const char *keys, *reason;
    (void)user;
    for (idx i = 0; attention_rule(i, &keys, &reason); i++) {
        char text[512];
        BUG_ON(snprintf(text, sizeof text, "%s: %s.", keys, reason) >=
               (int)sizeof text);
        fprintf(out, "- ");
        put_words(out, text, 2, 2);
    }
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

static void put_proxies(FILE *out, const void *user)
{
    (void)user;
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
    static const struct page_part parts[] = {
        { "contents", put_contents, NULL },
        { "kinds", put_kinds, NULL },
        { "rules", put_rules, NULL },
        { "proxies", put_proxies, NULL },
        { NULL, NULL, NULL },
    };
    page_print(out, page_attention, parts);
}
