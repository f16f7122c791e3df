/* What a config looks like from outside: dump, document, identity. */
#include "config/config.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "config/config_when.h"
#include "config/draft.h"
#include "config/sweep_options.h"

enum {
    LIST_COLUMN = 76,   /* lists are wrapped here */
    ORIGIN_COLUMN = 32, /* where comments with origins start */
};

/* Write a printed list over several lines; the first one may end in a comment
 * like any other value. Its items are separated by ", ". */
static void print_list(FILE *out, const char *name, char *value,
                       const char *comment)
{
    int column = fprintf(out, "%s =", name);
    bool is_first = true;
    for (char *item = value; *item;) {
        char *end = strchr(item, ',');
        int n = end ? (int)(end + 1 - item) : (int)strlen(item);
        if (column + 1 + n > LIST_COLUMN) {
            fprintf(out, "%s\n   ", is_first ? comment : "");
            column = 3;
            is_first = false;
        }
        column += fprintf(out, " %.*s", n, item);
        item += n;
        item += *item == ' ';
    }
    fprintf(out, "%s\n", is_first ? comment : "");
}

static void print_key(FILE *out, const struct key *key, const void *options,
                      const struct config_origin *origin)
{
    char value[KEY_PRINT_MAX], comment[ORIGIN_MAX + ORIGIN_COLUMN] = "";
    int n = key_print(key, options, value, sizeof value);
    BUG_ON(n >= (int)sizeof value);
    int width = (int)strlen(key->name) + (n ? 3 : 2) + n;
    if (origin)
        snprintf(comment, sizeof comment, "%*s ; %s",
                 width < ORIGIN_COLUMN ? ORIGIN_COLUMN - width : 0, "",
                 origin->text);
    if (key->type == KEY_LIST)
        print_list(out, key->name, value, comment);
    else
        fprintf(out, "%s =%s%s%s\n", key->name, n ? " " : "", value, comment);
}

/* Does it follow from the preset, as nobody gave it? */
static bool follows(const struct config_section *section, const struct key *key,
                    const struct config_origin *origin)
{
    return section->keys == model_keys && !origin->is_given &&
           model_preset_value(0, key);
}

static char *print_all(const struct config *c,
                       const struct config_source *origins, bool only_given)
{
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return NULL;
    for (idx s = 0; s < n_config_sections; s++) {
        const struct config_section *section = &config_sections[s];
        fprintf(out, "%s[%s]\n", s ? "\n" : "", section->name);
        for (idx k = 0; k < *section->n_keys; k++) {
            const struct key *key = &section->keys[k];
            idx number = config_key_number(section, key);
            const struct config_origin *origin =
                origins ? &origins->origins[number] : NULL;
            if (!only_given || !follows(section, key, origin))
                print_key(out, key, (const char *)c + section->offset, origin);
        }
    }
    bool failed = ferror(out);
    if (fclose(out) || failed) {
        free(text);
        return NULL;
    }
    return text;
}

char *config_print(const struct config *c, const struct config_source *origins)
{
    return print_all(c, origins, false);
}

char *config_print_given(const struct config *c,
                         const struct config_source *origins)
{
    return print_all(c, origins, true);
}

/* Over the keys that are read and differ from their defaults, in no order: a
 * later version may add keys, or move them, and give the same id. */
void config_id(char id[CONFIG_ID_MAX], const struct config *of)
{
    char line[KEY_PRINT_MAX + 128], value[KEY_PRINT_MAX];
    struct config read = *of;
    uint64_t sum = 0;
    config_drop_idle(&read);
    for (idx s = 0; s < n_config_sections; s++) {
        const struct config_section *section = &config_sections[s];
        const char *options = (const char *)&read + section->offset;
        for (idx k = 0; k < *section->n_keys; k++) {
            const struct key *key = &section->keys[k];
            if ((key->flags & KEY_COSMETIC) == KEY_COSMETIC)
                continue;
            if (config_has_default(&read, (struct config_key){ section, key }))
                continue;
            key_print(key, options, value, sizeof value);
            int n = snprintf(line, sizeof line, "%s.%s=%s", section->name,
                             key->name, value);
            BUG_ON(n >= (int)sizeof line);
            sum += hash_bytes(line, (size_t)n);
        }
    }
    hash_hex(id, hash_bytes(&sum, sizeof sum));
}

/* ---- docs/CONFIG.md ---------------------------------------------------- */

/* A table's cell: its separator must not stand in the text. */
static void print_cell(FILE *out, const char *text)
{
    for (; *text; text++)
        fprintf(out, "%s%c", *text == '|' ? "\\" : "", *text);
}

static void document_key(FILE *out, const struct key *key)
{
    char type[KEY_PRINT_MAX];
    key_describe(key, type, sizeof type);
    fprintf(out, "| `%s` | ", key->name);
    print_cell(out, type);
    if (*key->fallback)
        fprintf(out, " | `%s` | ", key->fallback);
    else
        fprintf(out, " | (empty) | ");
    print_cell(out, key->help);
    fprintf(out, " | %s", key->when ? "" : " |");
    if (key->when) {
        bool is_fact = !strcmp(config_when_word(key), "where");
        fprintf(out, is_fact ? "where " : "`");
        print_cell(out, config_show_when(key));
        fprintf(out, is_fact ? " |" : "` |");
    }
    fprintf(out, " %s |\n",
            key->flags & KEY_RESUME && !(key->flags & KEY_STAYS) ? "yes" : "");
}

static void document_presets(FILE *out)
{
    const char *now = "";
    fprintf(out,
            "A `preset` sets what no file and no command line gives, whichever "
            "comes first;\nthe last one given counts:\n");
    for (const struct preset_value *v = model_presets; v->preset; v++) {
        bool is_same = !strcmp(v->preset, now);
        if (is_same)
            fprintf(out, ", ");
        else
            fprintf(out, "\n- `%s`: ", v->preset);
        fprintf(out, "`%s = %s`", v->key, v->value);
        now = v->preset;
    }
    fprintf(out, "\n\n");
}

/* A section's heading, and its keys as a table. */
static void document_section(FILE *out, const char *name, const char *help,
                             const struct key *keys, idx n)
{
    fprintf(out, "\n## [%s]: %s\n\n", name, help);
    if (keys == model_keys)
        document_presets(out);
    fprintf(out,
            "| key | type and bounds | default | meaning | read with | resume "
            "|\n|---|---|---|---|---|---|\n");
    for (idx k = 0; k < n; k++)
        document_key(out, &keys[k]);
}

void config_document(FILE *out)
{
    fprintf(
        out,
        "# Configuration\n\n"
        "<!-- Made by `make docs` from the tables of keys. -->\n\n"
        "An INI file of `[section]` headers and `key = value` lines; "
        "`configs/base.ini` shows\nevery key. Above the first section, "
        "`include = other.ini` (or several, separated by\ncommas) reads "
        "other files first, relative to this one. On the command line,\n"
        "`section.key=value` sets a key. A later assignment wins; the same "
        "key twice in one\nfile is an error.\n\n"
        "- A comment starts at `#` or `;`, in first place or after a "
        "blank.\n"
        "- A line has at most 4095 bytes; a list may go on in indented "
        "lines.\n"
        "- Numbers are decimal; `1e4` is an integer, too. Yes and no may "
        "be written\n  true/false, on/off, 1/0.\n"
        "- *Resume*: `yes` if the key may be changed when a run goes on.\n"
        "- *Read with*: the settings with which a run reads the key, written "
        "as in a sweep's\n  conditions (`|`: one of these values). Empty: "
        "with all.\n\n"
        "**A setting that does nothing is an error**: a value that is given, "
        "is not the default, and\nthat nothing reads. Only where it stood "
        "first, and a later file or the command line then\nmade the choice "
        "that leaves it idle, it gets its default instead, and a note says "
        "so: a file\nthat is included, or given to `train` with overrides, "
        "is a base to vary. So\n`include = text.ini` and `schedule = "
        "constant` go together, though text.ini has a `min_lr`;\nboth in "
        "one file do not. In a sweep, a value of an axis must be read "
        "wherever the axis is\nthere, and what all runs share by one of them "
        "([SWEEPS.md](SWEEPS.md#what-some-runs-do-not-read)).\n"
        "What is read may still change no number, and nothing finds that: "
        "`kv_heads` as many as\n`heads`, a `document_token` that never "
        "occurs, a `group` longer than the context,\n`normalizer = sum` "
        "where it is the map's own, a schedule that ends before its "
        "warm-up\ndoes. Such runs count as different ones.\n");
    for (idx s = 0; s < n_config_sections; s++) {
        const struct config_section *section = &config_sections[s];
        document_section(out, section->name, section->help, section->keys,
                         *section->n_keys);
    }
    document_section(out, "sweep",
                     "how the runs of a sweep are started; in sweep files only",
                     sweep_keys, n_sweep_keys);
    fprintf(out, "\nThe other sections of a sweep file, `[axes]`, `[random]` "
                 "and `[exclude]`: [SWEEPS.md](SWEEPS.md).\n");
}
