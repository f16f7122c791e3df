#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config/setting.h"
#include "io/ini.h"
#include "io/sealed_text.h"
#include "metric/consequences.h"
#include "metric/names.h"

enum {
    INCLUDE_DEPTH = 8,
    INCLUDE_FILES = 1000,
    PATH_MAX_BYTES = 4096,
    LIST_TEXT_MAX = 2 * KEY_PRINT_MAX,
};

/* One reading of one file, or of a text that stands for a file. */
struct file_reading {
    struct draft *draft;
    struct place at; /* the item in hand */
    idx *visits;     /* readings so far */
    int depth;
    const struct file_reading *includer;
    bool is_file; /* else a stored text, which includes nothing */
    dev_t device; /* together with inode: which file */
    ino_t inode;

    const struct config_section *section; /* NULL: none yet, or unknown */
    const char *extra; /* name of a section for draft->extra, or NULL */
    bool has_section, has_include;

    /* The assignment in hand: a list may go on in the next lines. */
    const struct key *key;
    struct place key_at;
    size_t value_n;
    char value[LIST_TEXT_MAX];
};

static int read_file(const struct file_reading *includer, struct draft *d,
                     idx *visits, const char *path, struct err *e);

/* ---- one file ---------------------------------------------------------- */

static void finish_assignment(struct file_reading *r)
{
    if (r->key)
        draft_assign(r->draft, &r->key_at, r->section, r->key, r->value);
    r->key = NULL;
}

static void start_section(struct file_reading *r, const struct ini_item *item)
{
    const char *name = item->section;
    r->has_section = true;
    r->extra = draft_find_extra(r->draft, name);
    r->section = r->extra ? NULL : draft_find_section(r->draft, &r->at, name);
    *item->is_whole = r->extra ? !strcmp(name, r->draft->extra->whole)
                               : !r->section; /* told, with all that is in it */
}

static void start_assignment(struct file_reading *r,
                             const struct ini_item *item)
{
    if (r->extra) {
        r->draft->extra->assign(r->draft->extra->user, r->draft, &r->at,
                                r->extra, item->key, item->text, false);
        return;
    }
    if (r->has_section && !r->section)
        return; /* the section was told */
    if (r->section && !strcmp(item->key, "include")) {
        draft_problem(r->draft, &r->at, ERR_CONFIG,
                      "include belongs above the first section");
        return;
    }
    r->key = draft_find_key(r->draft, &r->at, r->section, item->key);
    r->key_at = r->at;
    r->value_n = (size_t)snprintf(r->value, sizeof r->value, "%s", item->text);
}

static void continue_assignment(struct file_reading *r, const char *more)
{
    if (r->extra)
        r->draft->extra->assign(r->draft->extra->user, r->draft, &r->at,
                                r->extra, "", more, true);
    if (!r->key)
        return; /* what it continues was told */
    if (r->key->type != KEY_LIST && r->key->type != KEY_STEPS) {
        draft_problem(r->draft, &r->at, ERR_CONFIG,
                      "got an indented line, which would go on with %s of line "
                      "%td: want every key at the start of its line",
                      r->key->name, r->key_at.line);
        return;
    }
    struct text t = { r->value, sizeof r->value, r->value_n };
    bool has_comma = !t.n || r->value[t.n - 1] == ',';
    text_add(&t, "%s%s", has_comma ? "" : ",", more);
    if (t.n < sizeof r->value) {
        r->value_n = t.n;
        return;
    }
    draft_problem(r->draft, &r->at, ERR_CONFIG, "%s: got more than %d items",
                  r->key->name,
                  r->key->type == KEY_LIST ? KEY_LIST_MAX : KEY_STEPS_MAX);
    r->key = NULL;
}

/* ---- include ----------------------------------------------------------- */

/* name, as seen from the folder of the file that includes it */
static bool include_path(char out[PATH_MAX_BYTES], const char *includer,
                         const char *name)
{
    const char *slash = strrchr(includer, '/');
    int folder = *name != '/' && slash ? (int)(slash + 1 - includer) : 0;
    int n = snprintf(out, PATH_MAX_BYTES, "%.*s%s", folder, includer, name);
    return n < PATH_MAX_BYTES;
}

static void include_one(struct file_reading *r, const char *name)
{
    char path[PATH_MAX_BYTES], shown[TEXT_SHOW_MAX];
    struct err e = { 0 };
    struct stat st;
    text_show(shown, name);
    if (!*name || !include_path(path, r->at.file, name)) {
        draft_problem(r->draft, &r->at, ERR_CONFIG,
                      "include: got '%s', want file names separated by commas",
                      shown);
        return;
    }
    bool is_there = stat(path, &st) == 0;
    for (const struct file_reading *o = r; is_there && o; o = o->includer)
        if (o->device == st.st_dev && o->inode == st.st_ino) {
            draft_problem(r->draft, &r->at, ERR_CONFIG,
                          "include: %s is being read already; files must not "
                          "include each other in a circle",
                          shown);
            return;
        }
    if (r->depth == INCLUDE_DEPTH) {
        draft_problem(r->draft, &r->at, ERR_CONFIG,
                      "include: %s would be file %d inside others; the limit "
                      "is %d",
                      shown, INCLUDE_DEPTH + 1, INCLUDE_DEPTH);
        return;
    }
    /* Files that include the next one many times are soon more than any number;
     * one that is too many is told once. */
    if (*r->visits >= INCLUDE_FILES) {
        if ((*r->visits)++ == INCLUDE_FILES)
            draft_problem(r->draft, &r->at, ERR_CONFIG,
                          "include: %s would be file %d of this config; the "
                          "limit is %d: include each file once",
                          shown, INCLUDE_FILES + 1, INCLUDE_FILES);
        return;
    }
    int rc = read_file(r, r->draft, r->visits, path, &e);
    if (rc)
        draft_problem(r->draft, &r->at, rc, "include: %s", e.text);
}

static void include_all(struct file_reading *r, const char *names)
{
    char list[INI_LINE_MAX];
    if (!r->is_file) {
        draft_problem(r->draft, &r->at, ERR_CONFIG,
                      "include: got one in a stored configuration, which is "
                      "complete in itself");
        return;
    }
    if (r->has_include) {
        draft_problem(r->draft, &r->at, ERR_CONFIG,
                      "include: given twice in this file; separate the files "
                      "of one line by commas");
        return;
    }
    r->has_include = true;
    snprintf(list, sizeof list, "%s", names);
    for (char *name = list; name;) {
        char *comma = strchr(name, ',');
        if (comma)
            *comma = '\0';
        include_one(r, text_trim(name));
        name = comma ? comma + 1 : NULL;
    }
}

static void on_item(void *user, const struct ini_item *item)
{
    struct file_reading *r = user;
    r->at.line = item->line;
    if (item->kind != INI_MORE)
        finish_assignment(r);
    switch (item->kind) {
    case INI_SECTION:
        start_section(r, item);
        break;
    case INI_VALUE:
        if (!r->has_section && !strcmp(item->key, "include"))
            include_all(r, item->text);
        else
            start_assignment(r, item);
        break;
    case INI_MORE:
        continue_assignment(r, item->text);
        break;
    case INI_PROBLEM:
        draft_problem(r->draft, &r->at, ERR_CONFIG, "%s", item->text);
        break;
    }
}

static int read_file(const struct file_reading *includer, struct draft *d,
                     idx *visits, const char *path, struct err *e)
{
    struct stat st = { 0 };
    struct file_reading r = {
        .draft = d,
        .visits = visits,
        .at = { .file = path, .visit = ++*visits },
        .depth = includer ? includer->depth + 1 : 0,
        .includer = includer,
        .is_file = true,
    };
    if (stat(path, &st) == 0) { /* if not, reading says why */
        r.device = st.st_dev;
        r.inode = st.st_ino;
    }
    int rc = ini_read_file(path, on_item, &r, e);
    finish_assignment(&r);
    return rc;
}

/* ---- the whole --------------------------------------------------------- */

/* section.key=value */
static void assign_override(struct draft *d, const char *override)
{
    const struct place at = { 0 };
    char text[SETTING_MAX], shown[TEXT_SHOW_MAX], *name, *value;
    if (!setting_split(text, &name, &value, override)) {
        draft_problem(d, &at, ERR_CONFIG, "got '%s', want section.key=value",
                      text_show(shown, override));
        return;
    }
    char *dot = strchr(name, '.');
    const struct config_section *section = NULL;
    if (dot) {
        *dot = '\0';
        const char *extra = draft_find_extra(d, name);
        if (extra) {
            d->extra->assign(d->extra->user, d, &at, extra, dot + 1, value,
                             false);
            return;
        }
        section = draft_find_section(d, &at, name);
        if (!section)
            return;
        name = dot + 1;
    }
    const struct key *key = draft_find_key(d, &at, section, name);
    if (key)
        draft_assign(d, &at, section, key, value);
}

/* What no single row can say; only worth asking when every row is content. */
static int check_together(const struct config *c, const char *place,
                          struct err *e)
{
    struct model_spec spec = config_spec(c);
    struct metric_choice choice = { &c->sink, &c->metrics };
    int rc = model_spec_check(&spec, e);
    if (rc == OK)
        rc = metrics_check(&choice, e);
    if (rc == OK)
        rc = consequences_check(&choice, c->model.context, e);
    if (rc)
        err_prefix(e, "%s", place);
    return rc;
}

int config_load(struct config *c, const char *path,
                const char *const *overrides, idx n,
                struct config_source **origins, struct err *e)
{
    return config_load_extra(c, path, overrides, n, origins, NULL, e);
}

int config_load_extra(struct config *c, const char *path,
                      const char *const *overrides, idx n,
                      struct config_source **origins,
                      const struct config_extra *extra, struct err *e)
{
    struct draft d = { 0 };
    idx visits = VISIT_NAMED - 1;
    config_defaults(c);
    if (origins)
        *origins = NULL;
    int rc = draft_open(&d, c, e);
    d.extra = extra;
    if (rc == OK && path)
        rc = read_file(NULL, &d, &visits, path, e);
    if (rc)
        goto out;
    for (idx i = 0; i < n; i++)
        assign_override(&d, overrides[i]);
    draft_settle_preset(&d);
    if (extra)
        extra->finish(extra->user, &d);
    else if (d.n_problems == 0) /* else they may be why */
        draft_settle_idle(&d);
    rc = draft_close(&d, e);
    char place[PATH_MAX_BYTES + 32];
    snprintf(place, sizeof place, "%s%s%s", path ? path : "",
             path && n ? ", command line" : "", path ? "" : "command line");
    if (rc == OK && !extra)
        rc = check_together(c, place, e);
    if (rc == OK && origins) {
        *origins = d.source;
        d.source = NULL;
    }
out:
    draft_release(&d);
    return rc;
}

/* After a stored configuration was read into d, from a file or a text. */
static int finish_stored(struct draft *d, const char *place, struct err *e)
{
    draft_settle_preset(d);
    int rc = draft_close(d, e);
    return rc ? rc : check_together(d->config, place, e);
}

int config_load_text(struct config *c, const char *text, const char *place,
                     struct err *e)
{
    struct draft d = { 0 };
    idx visits = VISIT_NAMED;
    struct file_reading r = {
        .draft = &d,
        .visits = &visits,
        .at = { .file = place, .visit = VISIT_NAMED },
    };
    config_defaults(c);
    int rc = draft_open(&d, c, e);
    if (rc == OK)
        rc = ini_read_text(text, strlen(text), on_item, &r, e);
    if (rc == OK) {
        finish_assignment(&r);
        rc = finish_stored(&d, place, e);
    }
    draft_release(&d);
    return rc;
}

int config_load_sealed(struct config *c, const char *path, const char *remedy,
                       struct err *e)
{
    char *text;
    size_t n;
    int rc = sealed_text_read(&text, &n, NULL, path, INI_FILE_MAX, ERR_CONFIG,
                              remedy, e);
    if (rc != OK)
        return rc;
    rc = config_load_text(c, text, path, e);
    free(text);
    return rc;
}

int config_override(struct config *c, const struct config_source *from,
                    const char *const *overrides, idx n, unsigned flags,
                    struct config_source **origins, struct err *e)
{
    struct draft d = { 0 };
    struct config changed = *c;
    if (origins)
        *origins = NULL;
    int rc = draft_open(&d, &changed, e);
    if (rc)
        goto out;
    if (from)
        memcpy(d.source, from,
               sizeof *from + (size_t)from->n * sizeof from->origins[0]);
    d.source->notes[0] = '\0';
    d.flags = flags;
    d.before = c;
    d.n_before = d.source->n_given;
    for (idx i = 0; i < n; i++)
        assign_override(&d, overrides[i]);
    draft_settle_preset(&d);
    if (d.n_problems == 0)
        draft_settle_idle(&d);
    rc = draft_close(&d, e);
    if (rc == OK)
        rc = check_together(&changed, "command line", e);
    if (rc == OK)
        *c = changed;
    if (rc == OK && origins) {
        *origins = d.source;
        d.source = NULL;
    }
out:
    draft_release(&d);
    return rc;
}
