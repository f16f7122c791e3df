#include "sweep/sweep_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum { KEY_NAME_MAX = 64 }; /* of a section or a key: ours are shorter */

void sweep_problem(struct sweep_parse *p, const char *format, ...)
{
    char text[ERR_TEXT_MAX], shown[TEXT_SHOW_MAX];
    struct text t = { .at = text, .cap_bytes = sizeof text };
    va_list args;
    va_start(args, format);
    text_addv(&t, format, args);
    va_end(args);
    draft_problem(p->d, &p->line->at, ERR_CONFIG, "[%s] %s: %s",
                  p->line->section, text_show(shown, p->line->key), text);
}

/* ---- pieces of a line -------------------------------------------------- */

char *sweep_part(char **rest, char separator)
{
    char *start = *rest, *s = start;
    int depth = 0;
    for (; *s && (*s != separator || depth > 0); s++)
        depth += (*s == '{') - (*s == '}' && depth > 0);
    *rest = *s ? s + 1 : NULL;
    *s = '\0';
    return text_trim(start);
}

char *sweep_word(char *text, const char *word)
{
    size_t n = strlen(word);
    int depth = 0;
    for (char *s = text; *s; s++) {
        depth += (*s == '{') - (*s == '}' && depth > 0);
        bool starts = s == text || text_is_blank(s[-1]);
        if (depth == 0 && starts && !strncmp(s, word, n) &&
            (text_is_blank(s[n]) || !s[n]))
            return s;
    }
    return NULL;
}

/* Do braces come in pairs? */
static bool is_balanced(const char *text)
{
    int depth = 0;
    for (; *text && depth >= 0; text++)
        depth += (*text == '{') - (*text == '}');
    return depth == 0;
}

static bool starts_with_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    return !strncmp(text, word, n) && (text_is_blank(text[n]) || !text[n]);
}

/* A comma ends a line of values that goes on, even if none is written. */
static bool needs_comma(const char *before, size_t n, const char *after)
{
    while (n > 0 && text_is_blank(before[n - 1]))
        n--;
    return n > 0 && !strchr(",&|{=", before[n - 1]) &&
           !strchr(",&|}=", *after) && !starts_with_word(after, "if") &&
           !starts_with_word(after, "and");
}

/* The line in one piece; NULL if there is no memory. */
static char *join_lines(struct sweep_parse *p, bool is_list)
{
    const char *text = p->line->text;
    size_t n = strlen(text), at = 0;
    char *joined = pool_bytes(&p->f->memory, 2 * n + 1);
    for (size_t i = 0; joined && i < n; i++) {
        if (text[i] != '\n') {
            joined[at++] = text[i];
            continue;
        }
        if (is_list && needs_comma(joined, at, text + i + 1))
            joined[at++] = ',';
        joined[at++] = ' ';
    }
    if (joined && is_balanced(joined))
        return text_trim(joined);
    if (joined)
        sweep_problem(p, "got a { or } that has no partner");
    return NULL;
}

bool sweep_find_key(struct sweep_parse *p, struct sweep_key *k, char *name)
{
    char *dot = strchr(name, '.');
    *k = (struct sweep_key){ 0 };
    if (dot) {
        *dot = '\0';
        k->section = draft_find_section(p->d, &p->line->at, name);
        *dot = '.';
        name = dot + 1;
    }
    if (dot && !k->section)
        return false; /* told */
    k->key = draft_find_key(p->d, &p->line->at, k->section, name);
    return k->key != NULL;
}

const char *sweep_value(struct sweep_parse *p, const struct sweep_key *k,
                        char *text)
{
    struct config scratch = { 0 };
    char printed[KEY_PRINT_MAX], *field = (char *)&scratch + k->section->offset;
    struct err e = { 0 };
    size_t n = strlen(text);
    if (n == 0) {
        sweep_problem(p,
                      "got an empty value of %s.%s; {} stands for an empty "
                      "text or list",
                      k->section->name, k->key->name);
        return NULL;
    }
    if (text[0] == '{' && text[n - 1] == '}') {
        text[n - 1] = '\0';
        text = text_trim(text + 1);
    }
    if (key_parse(k->key, field, text, &e)) {
        char name[2 * KEY_NAME_MAX];
        snprintf(name, sizeof name, "%s.%s", k->section->name, k->key->name);
        bool is_plain = !strcmp(name, p->line->key);
        sweep_problem(p, "%s%s%s", is_plain ? "" : name, is_plain ? "" : ": ",
                      e.text);
        return NULL;
    }
    key_print(k->key, field, printed, sizeof printed);
    return pool_text(&p->f->memory, printed, sizeof printed);
}

/* ---- conditions -------------------------------------------------------- */

static bool parse_term(struct sweep_parse *p, struct sweep_term *term,
                       char *text)
{
    char *equals = strchr(text, '='), shown[TEXT_SHOW_MAX];
    if (!equals || equals == text) {
        sweep_problem(p, "got the condition '%s', want section.key = value",
                      text_show(shown, text));
        return false;
    }
    *equals = '\0';
    term->is_not = equals[-1] == '!';
    if (term->is_not)
        equals[-1] = '\0';
    char *rest = equals + 1;
    idx n = 1;
    for (const char *s = rest; *s; s++)
        n += *s == '|';
    term->values = pool_bytes(&p->f->memory, (size_t)n * sizeof *term->values);
    if (!term->values || !sweep_find_key(p, &term->of, text_trim(text)))
        return false;
    while (rest) {
        const char *value = sweep_value(p, &term->of, sweep_part(&rest, '|'));
        if (!value)
            return false;
        term->values[term->n++] = value;
    }
    return true;
}

bool sweep_parse_condition(struct sweep_parse *p, struct sweep_condition *c,
                           char *text)
{
    *c = (struct sweep_condition){
        .file = p->line->at.file,
        .line = p->line->at.line,
        .text = pool_text(&p->f->memory, text, SIZE_MAX),
    };
    for (char *term = text; term;) {
        char *next = sweep_word(term, "and");
        if (next) {
            *next = '\0';
            next += strlen("and");
        }
        if (c->n == SWEEP_TERMS_MAX) {
            sweep_problem(p, "got a condition of more than %d terms",
                          SWEEP_TERMS_MAX);
            return false;
        }
        if (!parse_term(p, &c->terms[c->n++], text_trim(term)))
            return false;
        term = next;
    }
    return true;
}

void sweep_parse_exclude(struct sweep_parse *p)
{
    struct sweep_file *f = p->f;
    char *text = join_lines(p, false);
    if (!text)
        return;
    if (f->n_excludes == SWEEP_EXCLUDES_MAX) {
        sweep_problem(p, "got more than %d exclusions", SWEEP_EXCLUDES_MAX);
        return;
    }
    size_t n = strlen(p->line->key) + strlen(text) + 4;
    char *whole = pool_bytes(&f->memory, n);
    if (!whole)
        return;
    bool is_not = strchr(p->line->key, '!') != NULL;
    snprintf(whole, n, is_not ? "%s= %s" : "%s = %s", p->line->key, text);
    if (sweep_parse_condition(p, &f->excludes[f->n_excludes], whole))
        f->n_excludes++;
}

/* ---- axes -------------------------------------------------------------- */

static bool has_key(const struct sweep_axis *a, const struct key *key)
{
    for (idx i = 0; i < a->n_keys; i++)
        if (a->keys[i].key == key)
            return true;
    return false;
}

static bool parse_keys(struct sweep_parse *p, struct sweep_axis *a)
{
    char *rest = pool_text(&p->f->memory, p->line->key, SIZE_MAX);
    while (rest) {
        struct sweep_key k;
        char *name = sweep_part(&rest, '&');
        if (!sweep_find_key(p, &k, name))
            return false;
        if (a->n_keys == SWEEP_TOGETHER_MAX) {
            sweep_problem(p, "got more than %d keys that move together",
                          SWEEP_TOGETHER_MAX);
            return false;
        }
        if (has_key(a, k.key)) {
            sweep_problem(p, "%s is named twice", name);
            return false;
        }
        if (k.section->offset == offsetof(struct config, run) &&
            !strcmp(k.key->name, "dir")) {
            sweep_problem(p, "is no axis: every run gets a folder of its own "
                             "below that of the sweep");
            return false;
        }
        a->keys[a->n_keys++] = k;
    }
    return a->n_keys > 0;
}

/* Runs that differ in cosmetic keys alone are one run. A preset is cosmetic by
 * itself, but what it sets is not. */
static bool check_effect(struct sweep_parse *p, const struct sweep_axis *a)
{
    bool is_cosmetic = !has_key(a, &model_keys[0]);
    for (idx k = 0; k < a->n_keys; k++)
        is_cosmetic = is_cosmetic &&
                      (a->keys[k].key->flags & KEY_COSMETIC) == KEY_COSMETIC;
    if (is_cosmetic)
        sweep_problem(p, "is no axis: it changes no number, so all its values "
                         "would be one run; set it in its own section, or let "
                         "it move together with a key that does (a & b)");
    return !is_cosmetic;
}

/* What an axis may not be, given those above it. */
static bool check_order(struct sweep_parse *p, const struct sweep_axis *a)
{
    const struct sweep_file *f = p->f;
    for (idx i = 0; i < f->n_axes; i++) {
        const struct sweep_axis *above = &f->axes[i];
        for (idx k = 0; k < above->n_keys; k++) {
            const struct key *key = above->keys[k].key;
            if (has_key(a, key) && (!a->when.n || !above->when.n)) {
                sweep_problem(p,
                              "%s.%s is an axis twice, first in %s:%td: "
                              "give conditions that never hold together",
                              above->keys[k].section->name, key->name,
                              above->file, above->line);
                return false;
            }
        }
    }
    for (idx t = 0; t < a->when.n; t++)
        if (has_key(a, a->when.terms[t].of.key)) {
            sweep_problem(p, "the condition speaks of the axis itself; leave "
                             "values out by [exclude]");
            return false;
        }
    return true;
}

void sweep_parse_axis(struct sweep_parse *p)
{
    struct sweep_file *f = p->f;
    struct sweep_axis a = {
        .file = p->line->at.file,
        .line = p->line->at.line,
        .name = p->line->key,
        .text = p->line->text,
    };
    char *text = join_lines(p, true);
    if (!text || !parse_keys(p, &a))
        return;
    char *when = sweep_word(text, "if");
    if (when) {
        *when = '\0';
        if (!sweep_parse_condition(p, &a.when, text_trim(when + strlen("if"))))
            return;
    }
    text = text_trim(text);
    size_t n = strlen(text);
    if (n > 0 && when && text[n - 1] == ',')
        text[n - 1] = '\0'; /* of the line above the condition */
    if (!sweep_parse_values(p, &a, text) || !check_order(p, &a) ||
        !check_effect(p, &a))
        return;
    if (f->n_axes == SWEEP_AXES_MAX)
        sweep_problem(p, "got more than %d axes", SWEEP_AXES_MAX);
    else
        f->axes[f->n_axes++] = a;
}
