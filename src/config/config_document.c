#include "config/config_document.h"

#include <string.h>

#include "config/config_when.h"
#include "config/page.h"

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
static void document_section(FILE *out, const struct config_section *s)
{
    fprintf(out, "\n## [%s]: %s\n\n", s->name, s->help);
    if (s->keys == model_keys)
        document_presets(out);
    fprintf(out,
            "| key | type and bounds | default | meaning | read with | resume "
            "|\n|---|---|---|---|---|---|\n");
    for (idx k = 0; k < *s->n_keys; k++)
        document_key(out, &s->keys[k]);
}

static void document_sections(FILE *out, const void *user)
{
    const struct config_section *beside = user;
    for (idx s = 0; s < n_config_sections; s++)
        document_section(out, &config_sections[s]);
    for (; beside && beside->name; beside++)
        document_section(out, beside);
}

void config_document(FILE *out, const struct config_section *beside)
{
    const struct page_part parts[] = {
        { "sections", document_sections, beside },
        { NULL, NULL, NULL },
    };
    page_print(out, page_config, parts);
}
