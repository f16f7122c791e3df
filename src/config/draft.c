#include "config/draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "config/config_when.h"

enum { PROBLEMS_MAX = 20, NAMES_MAX = 1024, KEY_PATH_MAX = 2 * TEXT_SHOW_MAX };

/* A longer list of keys is no help in a message. */
enum { NAMES_TOLD = 20 };

/* Room kept at the end of the text for "... and N more". */
enum { MORE_ROOM = 48 };

static const char *const command_line = "command line";

/* ---- problems ---------------------------------------------------------- */

static void add_problem(struct draft *d, const char *where, int code,
                        const char *format, va_list args)
{
    char line[ERR_TEXT_MAX];
    struct text t = { .at = line, .cap_bytes = sizeof line };
    text_add(&t, *where ? "%s: " : "%s", where);
    text_addv(&t, format, args);

    struct text all = { d->text, sizeof d->text - MORE_ROOM, d->text_n };
    if (d->n_problems++ == 0)
        d->code = code;
    if (d->n_problems > 1 &&
        (d->n_problems > PROBLEMS_MAX || all.n + t.n + 1 >= all.cap_bytes))
        return;
    text_add(&all, "%s%s", d->text_n ? "\n" : "", line);
    d->text_n = strlen(d->text);
    d->n_told++;
}

void draft_problem(struct draft *d, const struct place *at, int code,
                   const char *format, ...)
{
    char where[ERR_TEXT_MAX];
    va_list args;
    if (!at)
        where[0] = '\0';
    else if (at->file)
        snprintf(where, sizeof where, "%s:%td", at->file, at->line);
    else
        snprintf(where, sizeof where, "%s", command_line);
    va_start(args, format);
    add_problem(d, where, code, format, args);
    va_end(args);
}

/* A problem of a value, told where it was given. */
static void origin_problem(struct draft *d, const struct config_origin *origin,
                           const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void origin_problem(struct draft *d, const struct config_origin *origin,
                           const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_problem(d, origin->text, ERR_CONFIG, format, args);
    va_end(args);
}

/* A line that the user should read, and that stops nothing. */
static void add_note(struct draft *d, const char *text)
{
    struct text t = { d->source->notes, sizeof d->source->notes,
                      strlen(d->source->notes) };
    if (t.n + strlen(text) + 2 < t.cap_bytes)
        text_add(&t, "%s%s", t.n ? "\n" : "", text);
}

int draft_close(struct draft *d, struct err *e)
{
    if (d->n_problems > d->n_told)
        snprintf(d->text + d->text_n, sizeof d->text - d->text_n,
                 "\n... and %td more", d->n_problems - d->n_told);
    return d->n_problems ? err_set(e, d->code, "%s", d->text) : OK;
}

/* ---- names ------------------------------------------------------------- */

/* A key as its place spells it, "[optim] lr" or "optim.lr"; section may be
 * NULL. */
static const char *key_path(char out[KEY_PATH_MAX], const struct place *at,
                            const struct config_section *section,
                            const char *key)
{
    char shown[TEXT_SHOW_MAX];
    text_show(shown, key);
    if (section)
        snprintf(out, KEY_PATH_MAX, at->file ? "[%s] %s" : "%s.%s",
                 section->name, shown);
    else
        snprintf(out, KEY_PATH_MAX, "%s", shown);
    return out;
}

/* Names that do not belong here: what to write instead. A key of an earlier
 * version, or (no name) a section of other files. */
static const char sweeps[] = /* and the file's name */
    "stands in sweep files only, not in the config of one run: use `sinklab "
    "sweep";
static const struct {
    const char *section, *name, *remedy;
} foreign[] = {
    { "train", "val_sequences",
      "give train.val_tokens, which counts tokens (sequences x "
      "model.context); a run of that version cannot go on with this one, which "
      "draws weights and data otherwise" },
    { "sweep", NULL, sweeps },
    { "axes", NULL, sweeps },
    { "random", NULL, sweeps },
    { "exclude", NULL, sweeps },
    { "claims", NULL, sweeps },
};

static const char *remedy_of(const char *section, const char *name)
{
    for (idx i = 0; i < COUNT_OF(foreign); i++)
        if (strcmp(foreign[i].section, section) == 0 &&
            !name == !foreign[i].name &&
            (!name || strcmp(foreign[i].name, name) == 0))
            return foreign[i].remedy;
    return NULL;
}

const char *draft_find_extra(const struct draft *d, const char *name)
{
    for (const char *const *s = d->extra ? d->extra->sections : NULL; s && *s;
         s++)
        if (!strcmp(*s, name))
            return *s;
    return NULL;
}

static void tell_unknown_section(struct draft *d, const struct place *at,
                                 const char *name)
{
    char shown[TEXT_SHOW_MAX], names[NAMES_MAX];
    struct text all = { .at = names, .cap_bytes = sizeof names };
    struct nearest n = { .wanted = name };
    for (idx s = 0; s < n_config_sections; s++) {
        nearest_offer(&n, config_sections[s].name);
        text_add(&all, "%s%s", s ? ", " : "", config_sections[s].name);
    }
    for (const char *const *s = d->extra ? d->extra->sections : NULL; s && *s;
         s++) {
        nearest_offer(&n, *s);
        text_add(&all, ", %s", *s);
    }
    text_show(shown, name);
    if (n.name)
        draft_problem(d, at, ERR_CONFIG,
                      "unknown section '%s', did you mean %s?", shown, n.name);
    else
        draft_problem(d, at, ERR_CONFIG, "unknown section '%s', want one of %s",
                      shown, names);
}

const struct config_section *
draft_find_section(struct draft *d, const struct place *at, const char *name)
{
    const struct config_section *found = config_find_section(name);
    const char *remedy = remedy_of(name, NULL);
    if (found)
        return found;
    if (draft_find_extra(d, name)) {
        draft_problem(d, at, ERR_CONFIG,
                      "[%s] is a section of the sweep file, not of its runs: "
                      "its keys stand below a line [%s]",
                      name, name);
    } else if (!remedy) {
        tell_unknown_section(d, at, name);
    } else if (!d->is_foreign_told) {
        d->is_foreign_told = true;
        draft_problem(d, at, ERR_CONFIG, "[%s] %s %s`", name, remedy,
                      at->file ? at->file : "SWEEP.ini");
    }
    return NULL;
}

/* Look for a key that `section` lacks in all others: first for its very name,
 * then, unless n holds a near one already, for the nearest. Returns where n's
 * name was found; `section` if nothing changed. */
static const struct config_section *
look_elsewhere(const struct config_section *section, struct nearest *n)
{
    for (idx s = 0; s < n_config_sections; s++)
        if (config_find_key(&config_sections[s], n->wanted)) {
            *n = (struct nearest){ n->wanted, n->wanted, 0 };
            return &config_sections[s];
        }
    if (n->name)
        return section;
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        const char *before = n->name;
        nearest_offer(n, k.key->name);
        if (n->name != before)
            section = k.section;
    }
    return section;
}

static void tell_unknown_key(struct draft *d, const struct place *at,
                             const struct config_section *section,
                             const char *name)
{
    char path[KEY_PATH_MAX], near_path[KEY_PATH_MAX], names[NAMES_MAX] = "";
    struct text all = { .at = names, .cap_bytes = sizeof names };
    struct nearest n = { .wanted = name };
    for (idx k = 0; section && k < *section->n_keys; k++) {
        nearest_offer(&n, section->keys[k].name);
        text_add(&all, "%s%s", k ? ", " : ", want one of ",
                 section->keys[k].name);
    }
    if (section && *section->n_keys > NAMES_TOLD)
        snprintf(names, sizeof names, "; `sinklab help config` has all keys");
    const struct config_section *near = look_elsewhere(section, &n);
    const char *what = section ? "unknown key" : "no section is given for it";
    const char *remedy = section ? remedy_of(section->name, name) : NULL;
    key_path(path, at, section, name);
    if (remedy)
        draft_problem(d, at, ERR_CONFIG, "%s: of an earlier version: %s", path,
                      remedy);
    else if (!n.name)
        draft_problem(d, at, ERR_CONFIG, "%s: %s%s", path, what, names);
    else if (n.distance == 0)
        draft_problem(d, at, ERR_CONFIG, "%s: %s; there is %s", path, what,
                      key_path(near_path, at, near, n.name));
    else
        draft_problem(d, at, ERR_CONFIG, "%s: %s, did you mean %s?", path, what,
                      key_path(near_path, at, near, n.name));
}

const struct key *draft_find_key(struct draft *d, const struct place *at,
                                 const struct config_section *section,
                                 const char *name)
{
    const struct key *found = section ? config_find_key(section, name) : NULL;
    if (!found)
        tell_unknown_key(d, at, section, name);
    return found;
}

/* ---- assignments ------------------------------------------------------- */

static struct config_origin *origin_of(struct draft *d,
                                       const struct config_section *section,
                                       const struct key *key)
{
    return &d->source->origins[config_key_number(section, key)];
}

static struct config_origin *origin_of_key(struct draft *d, struct config_key k)
{
    return origin_of(d, k.section, k.key);
}

/* "file:line". */
static void place_text(char *text, size_t cap, const struct place *at)
{
    char shown[TEXT_PATH_MAX];
    if (at->file) /* it becomes a comment: one line */
        snprintf(text, cap, "%s:%td", text_show_path(shown, at->file),
                 at->line);
    else
        snprintf(text, cap, "%s", command_line);
}

static bool may_change(const struct draft *d, const struct key *key)
{
    unsigned wanted = d->flags & ~(unsigned)KEY_READ;
    return (key->flags & wanted) == wanted || key->flags & d->flags & KEY_READ;
}

/* A key that must keep its value may be given the one it has; now: which. */
static bool keeps_value(const struct draft *d,
                        const struct config_section *section,
                        const struct key *key, const char *value,
                        char now[KEY_PRINT_MAX])
{
    struct config trial = { 0 };
    char then[KEY_PRINT_MAX];
    now[0] = 0;
    if (key_parse(key, (char *)&trial + section->offset, value, ERR_IGNORED))
        return true; /* told as a bad value */
    key_print(key, (const char *)d->config + section->offset, now,
              KEY_PRINT_MAX);
    key_print(key, (const char *)&trial + section->offset, then, sizeof then);
    return !strcmp(now, then);
}

/* One key, itself or through a preset. False if it was refused. */
static bool set(struct draft *d, const struct place *at,
                const struct config_section *section, const struct key *key,
                const char *value)
{
    char path[KEY_PATH_MAX];
    struct err e = { 0 };
    char now[KEY_PRINT_MAX];
    if (!may_change(d, key) && !keeps_value(d, section, key, value, now)) {
        draft_problem(d, at, ERR_CONFIG,
                      "%s: cannot be changed: what the run computed so far was "
                      "with %s: leave it out, or train anew in another run.dir",
                      key_path(path, at, section, key->name), now);
        return false;
    }
    if (key_parse(key, (char *)d->config + section->offset, value, &e)) {
        draft_problem(d, at, ERR_CONFIG, "%s: %s",
                      key_path(path, at, section, key->name), e.text);
        return false;
    }
    place_text(origin_of(d, section, key)->text, ORIGIN_MAX, at);
    return true;
}

void draft_assign(struct draft *d, const struct place *at,
                  const struct config_section *section, const struct key *key,
                  const char *value)
{
    char path[KEY_PATH_MAX];
    struct config_origin *origin = origin_of(d, section, key);
    if (at->visit && origin->visit == at->visit) {
        draft_problem(d, at, ERR_CONFIG,
                      "%s: given twice in this file, first in line %td",
                      key_path(path, at, section, key->name), origin->line);
        return;
    }
    origin->visit = at->visit;
    origin->line = at->line;
    origin->order = ++d->source->n_given;
    if (set(d, at, section, key, value))
        origin->is_given = true;
}

/* ---- presets ----------------------------------------------------------- */

bool config_is_overruled(const struct config_origin *a,
                         const struct config_origin *b)
{
    return b->order > a->order && b->visit != a->visit;
}

void draft_settle_preset(struct draft *d)
{
    struct config_key of = config_key_find("model.preset");
    const struct config_origin *preset = origin_of_key(d, of);
    const struct place nowhere = { 0 };
    char where[ORIGIN_MAX], note[2 * ORIGIN_MAX], chosen[TEXT_SHOW_MAX];
    struct text t = { .at = note, .cap_bytes = sizeof note };
    if (!preset->is_given)
        return;
    snprintf(where, sizeof where, "%s", preset->text);
    config_value(chosen, sizeof chosen, d->config, of);
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        const char *value = config_preset_value(d->config, k);
        char now[KEY_PRINT_MAX];
        struct config_origin *origin = origin_of_key(d, k);
        if (value && !origin->is_given &&
            set(d, &nowhere, k.section, k.key, value)) {
            struct text from = { .at = origin->text, .cap_bytes = ORIGIN_MAX };
            text_add(&from, "preset %s (%s)", chosen, where);
            origin->order = preset->order;
            origin->visit = preset->visit;
        } else if (value && origin->is_given &&
                   config_is_overruled(origin, preset) &&
                   !keeps_value(d, k.section, k.key, value, now)) {
            text_add(&t, "%s%s (%s)", t.n ? ", " : "", k.key->name,
                     origin->text);
        }
    }
    if (t.n) {
        char line[4 * ORIGIN_MAX];
        snprintf(line, sizeof line,
                 "%s: model.preset = %s leaves alone what is given elsewhere: "
                 "%s",
                 where, chosen, note);
        add_note(d, line);
    }
}

/* ---- what does nothing ------------------------------------------------- */

/* A value and the draft it is in, for set_later. */
struct idle {
    struct draft *d;
    struct config_key k;
};

/* Did another place decide over this one, when the value stood already? */
static bool set_later(void *user, struct config_key decider)
{
    const struct idle *x = user;
    return config_is_overruled(origin_of_key(x->d, x->k),
                               origin_of_key(x->d, decider));
}

static void describe_idle(char *text, size_t cap, struct draft *d,
                          struct config_key k)
{
    char value[KEY_PRINT_MAX], shown[TEXT_SHOW_MAX], why[ERR_TEXT_MAX / 2];
    bool is_in_file = origin_of_key(d, k)->visit != 0;
    config_value(value, sizeof value, d->config, k);
    config_why_idle(why, sizeof why, d->config, k);
    snprintf(text, cap, is_in_file ? "[%s] %s = %s %s" : "%s.%s = %s %s",
             k.section->name, k.key->name, text_show(shown, value), why);
}

/* The default again, as of the latest choice that the key depends on. */
static void drop(struct draft *d, struct config_key k)
{
    struct config_key deciders[CONFIG_DECIDERS_MAX];
    struct config_origin *origin = origin_of_key(d, k);
    idx n = config_deciders(deciders, k);
    config_reset(d->config, k);
    *origin = (struct config_origin){ .text = "default" };
    for (idx i = 0; i < n; i++) {
        const struct config_origin *o = origin_of_key(d, deciders[i]);
        if (o->order > origin->order) {
            origin->order = o->order;
            origin->visit = o->visit;
        }
    }
}

/* Drop what may be dropped; true if that changed anything. */
static bool drop_idle(struct draft *d, struct config_key k)
{
    char line[ERR_TEXT_MAX], text[ERR_TEXT_MAX / 2];
    const struct config_origin *origin = origin_of_key(d, k);
    bool is_wish = origin->is_given && origin->order > d->n_before;
    struct idle x = { d, k };
    if (!config_is_idle(d->config, k) ||
        (is_wish && !config_would_be_read(d->config, k, set_later, &x)))
        return false;
    if (is_wish || (d->before && config_is_read(d->before, k))) {
        describe_idle(text, sizeof text, d, k);
        snprintf(line, sizeof line, "%s%s%s, so it has its default",
                 is_wish ? origin->text : "", is_wish ? ": " : "", text);
        add_note(d, line);
    }
    drop(d, k);
    return true;
}

void draft_settle_idle(struct draft *d)
{
    for (bool is_changed = true; is_changed;) {
        is_changed = false;
        for (struct config_key k = { 0 }; config_next_key(&k);)
            is_changed |= drop_idle(d, k);
    }
    for (struct config_key k = { 0 }; config_next_key(&k);) {
        char text[ERR_TEXT_MAX / 2];
        if (!config_is_idle(d->config, k))
            continue;
        describe_idle(text, sizeof text, d, k);
        origin_problem(d, origin_of_key(d, k),
                       "%s: leave it out, or change that", text);
    }
}

/* ---- opening and closing ----------------------------------------------- */

int draft_open(struct draft *d, struct config *c, struct err *e)
{
    idx n = config_key_count();
    *d = (struct draft){ .config = c };
    d->source =
        calloc(1, sizeof *d->source + (size_t)n * sizeof d->source->origins[0]);
    if (!d->source)
        return err_memory(e, NULL);
    d->source->n = n;
    for (idx i = 0; i < n; i++)
        strcpy(d->source->origins[i].text, "default");
    return OK;
}

void draft_release(struct draft *d)
{
    config_source_free(d->source);
    d->source = NULL;
}

const char *config_notes(const struct config_source *origins)
{
    return origins ? origins->notes : "";
}

void config_source_free(struct config_source *origins)
{
    free(origins);
}
