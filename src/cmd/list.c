/* list.c - `sinklab list [KIND] [--names]`: the catalog, for people. */
#include "config/catalog.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "cmd/cmd.h"
#include "config/config_keys.h"
#include "io/json.h"

enum { NAMES_BYTES = 512 };

struct list_options {
    bool only_names, is_json;
};

static const struct command_option options[] = {
    { .name = "names",
      .offset = offsetof(struct list_options, only_names),
      .help = "only the names, one a line" },
    { .name = "json",
      .offset = offsetof(struct list_options, is_json),
      .help = "for programs: a list of objects, on one line" },
    { .name = NULL },
};

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
    field("group", e->group);
    field("axes", *e->axes ? e->axes : NULL);
    field("parameters", e->text.parameters);
    field("source", e->text.source);
    field("sinks", e->text.sinks);
    field("see", e->see);
}

static void put_field(struct json *j, const char *key, const char *text)
{
    if (text && *text)
        json_put_text(j, key, text);
}

static void put_entry(struct json *j, const struct catalog_kind *k,
                      const struct catalog_entry *e)
{
    json_begin_object(j, NULL);
    put_field(j, "kind", k->name);
    put_field(j, "name", e->text.name);
    put_field(j, "set_by", e->text.key);
    put_field(j, "formula", e->text.formula);
    put_field(j, "normalizer", e->normalizers);
    put_field(j, "group", e->group);
    put_field(j, "axes", e->axes);
    put_field(j, "parameters", e->text.parameters);
    put_field(j, "source", e->text.source);
    put_field(j, "sinks", e->text.sinks);
    put_field(j, "see", e->see);
    json_end(j);
}

/* Is it the entry's group, or does its name look so? NULL: all are. */
static bool is_chosen(const struct catalog_entry *e, const char *which)
{
    return !which || (e->group && strcmp(e->group, which) == 0) ||
           fnmatch(which, e->text.name, 0) == 0;
}

/* What the definitions of metrics take for known. */
#define PROXY                                                                  \
    "proxy weight: a token's part in the sum of its row's weights, all taken " \
    "without sign;\nwhere rows sum to one the weight itself "                  \
    "(docs/METRICS.md, "                                                       \
    "\"Raw and proxy weights\")"

/* j: where entries go instead. How many there are. */
static idx print_kind(const struct catalog_kind *k, const char *which,
                      bool only_names, struct json *j)
{
    struct catalog_entry e;
    idx n = 0;
    bool has_proxy = false;
    for (int i = 0; catalog_entry(k, i, &e); i++) {
        if (!is_chosen(&e, which))
            continue;
        has_proxy = has_proxy ||
                    (e.text.formula && strstr(e.text.formula, "proxy weight"));
        if (n++ == 0 && !only_names && !j)
            printf("%s  (%s)\n", k->name, k->key);
        if (j)
            put_entry(j, k, &e);
        else if (only_names)
            printf("%s\n", e.text.name);
        else
            print_entry(k, &e);
    }
    if (has_proxy && !only_names && !j)
        puts("\n" PROXY);
    return n;
}

/* Of so many names as metrics have groups say more. */
static void print_names(const struct catalog_kind *k)
{
    enum { NAMES_MAX = 64, INDENT = 4, COLUMNS = 80 };
    char names[NAMES_MAX * sizeof(struct catalog_entry){ 0 }.name];
    struct text t = { .at = names, .cap_bytes = sizeof names };
    struct catalog_entry e;
    idx n = 0;
    for (; catalog_entry(k, (int)n, &e); n++)
        if (n < NAMES_MAX)
            text_add(&t, "%s%s", n ? ", " : "", e.text.name);
    if (n > NAMES_MAX) {
        t.n = 0;
        text_add(&t, "%td, in groups: ", n);
        for (const struct metric_group *g = metric_groups; g->name; g++)
            text_add(&t, "%s%s", g == metric_groups ? "" : ", ", g->name);
    }
    printf("%s  (%s)\n%*s", k->name, k->key, INDENT, "");
    text_print_words(stdout, names, INDENT, INDENT, COLUMNS);
}

static void print_overview(void)
{
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++)
        print_names(k);
    puts("\n`sinklab list KIND` tells of all of a kind, `sinklab list KIND "
         "NAME` of one:\n`sinklab list metric sink_1`");
}

static const char *name_kinds(struct text *t)
{
    for (const struct catalog_kind *k = NULL; (k = catalog_next_name(k));)
        text_add(t, "%s%s", t->n ? ", " : "", k->name);
    return t->at;
}

static void print_kinds(void)
{
    char names[NAMES_BYTES];
    struct text t = { .at = names, .cap_bytes = sizeof names };
    text_print_words(stdout, name_kinds(&t), printf("\nKIND: ") - 1, 6, 80);
}

/* Is it "bias" or "attention.bias", of "[attention] bias, bias_value"? */
static bool is_key(const char *wanted, const char *keys)
{
    const char *end = strchr(keys, ']');
    if (keys[0] != '[' || !end || end[1] != ' ')
        return false;
    size_t section = (size_t)(end - keys - 1);
    if (strncmp(wanted, keys + 1, section) == 0 && wanted[section] == '.')
        wanted += section + 1;
    size_t n = strlen(wanted);
    for (const char *at = end + 2; n > 0; at = strchr(at, ',') + 2) {
        if (strncmp(at, wanted, n) == 0 && (!at[n] || at[n] == ','))
            return true;
        if (!strchr(at, ','))
            return false;
    }
    return false;
}

/* "metric sink_1"; NULL: nothing is called so. */
static const char *find_entry(char text[NAMES_BYTES], const char *wanted)
{
    struct catalog_entry e;
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++)
        for (int i = 0; catalog_entry(k, i, &e); i++)
            if (strcmp(e.text.name, wanted) == 0) {
                snprintf(text, NAMES_BYTES, "%s %s", k->name, wanted);
                return text;
            }
    return NULL;
}

/* "optim.lr" of "lr" or "optim.lr"; false: there is no such key. */
static bool name_keys(struct text *t, const char *wanted)
{
    char name[CONFIG_KEY_NAME_MAX];
    text_add(t, "%s", "");
    for (struct config_key k = { 0 }; config_next_key(&k);)
        if (strcmp(config_key_name(name, k), wanted) == 0 ||
            strcmp(k.key->name, wanted) == 0)
            text_add(t, "%s%s", t->n ? ", " : "", name);
    return t->n > 0;
}

/* It may be the name of something else, too. */
static int say_key(const char *wanted, const char *keys, struct err *e)
{
    char entry[NAMES_BYTES];
    const char *other = find_entry(entry, wanted);
    return err_set(e, ERR_USAGE,
                   "list: '%s' is a key (%s), of which there is no list: "
                   "`sinklab help config` tells of it%s%s%s",
                   wanted, keys, other ? "; or `sinklab list " : "",
                   other ? other : "", other ? "`" : "");
}

static int say_unknown(const char *wanted, struct err *e)
{
    char names[NAMES_BYTES], shown[TEXT_SHOW_MAX];
    struct text t = { .at = names, .cap_bytes = sizeof names };
    char entry[NAMES_BYTES];
    struct nearest near = { .wanted = wanted };
    const char *of_key = NULL;
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++)
        nearest_offer(&near, k->name);
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++)
        if (is_key(wanted, k->key))
            of_key = k->name;
    if (!of_key && name_keys(&t, wanted))
        return say_key(wanted, names, e);
    if (of_key)
        near.name = of_key;
    else if (!near.name)
        near.name = find_entry(entry, wanted);
    return err_set(e, ERR_USAGE, "list: no kind '%s'%s%s; there are %s",
                   text_show(shown, wanted), near.name ? ", did you mean " : "",
                   near.name ? near.name : "", name_kinds(&t));
}

/* false: no such kind. *n: entries of it. */
static bool print_kinds_of(idx *n, const struct words *w,
                           const struct list_options *o, struct json *j)
{
    bool is_found = false;
    *n = 0;
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++)
        if (w->n == 0 || strcmp(w->at[0], k->name) == 0) {
            *n += print_kind(k, w->n > 1 ? w->at[1] : NULL, o->only_names, j);
            is_found = true;
        }
    return is_found;
}

static int print_all(const struct words *w, const struct list_options *o,
                     struct json *j, struct err *e)
{
    char shown[TEXT_SHOW_MAX];
    idx n;
    if (!print_kinds_of(&n, w, o, j))
        return say_unknown(w->at[0], e);
    if (n > 0 || w->n < 2)
        return OK;
    char names[NAMES_BYTES];
    struct text t = { .at = names, .cap_bytes = sizeof names };
    for (const struct metric_group *g = metric_groups; g->name; g++)
        text_add(&t, "%s%s", t.n ? ", " : "", g->name);
    return err_set(e, ERR_USAGE,
                   "list: of %s there is no group and no name '%s': give a "
                   "name, a pattern ('sink_*'), of metrics a group (%s)",
                   w->at[0], text_show(shown, w->at[1]), names);
}

static int run(int argc, char **argv, struct err *e)
{
    enum { DIGITS = 17 };
    struct list_options o = { .only_names = false };
    struct json j = { .depth = 0 };
    struct words words;
    if (!command_parse(&command_list, &o, &words, argc, argv, e)) {
        if (o.is_json && o.only_names)
            err_set(e, ERR_USAGE,
                    "list: --names with --json (see `sinklab help list`)");
        if (o.is_json)
            json_begin_array(&j, NULL);
        if (!e->code && words.n == 0 && !o.is_json && !o.only_names)
            print_overview();
        else if (!e->code)
            print_all(&words, &o, o.is_json ? &j : NULL, e);
        if (o.is_json)
            json_end(&j);
        if (o.is_json && !e->code)
            json_write(stdout, &j, DIGITS, e);
        json_release(&j);
    }
    words_release(&words);
    return e->code;
}

const struct command command_list = {
    .name = "list",
    .summary = "what attention, optimizers, sources, metrics there are",
    .synopsis = "[KIND [GROUP|NAME]] [--names | --json]",
    .about = "What a config can choose from: the names of all of it, or what "
             "one kind is; of that what has this name, or a name like this "
             "('sink_*'), of metrics a "
             "group (circuits).",
    .print_more = print_kinds,
    .options = options,
    .words_max = 2,
    .run = run,
};
