#include "sweep/sweep_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "config/config_print.h"
#include "io/ini.h"
#include "io/place.h"
#include "io/sealed_text.h"
#include "run/run_paths.h"
#include "sweep/sweep_folder.h"

/* A file being read: its lines are gathered first, and judged when the base
 * configuration is whole. */
struct sweep_reading {
    struct sweep_file *f;
    struct sweep_line *first, *latest;
};

/* How many draws, and of which stream. */
struct random_options {
    idx draws, seed;
};

#define FIELD(f) offsetof(struct random_options, f)
static const struct key random_keys[] = {
    { "draws", KEY_INT, FIELD(draws), "0", 1, 100000, NULL, 0, "", NULL },
    { "seed", KEY_INT, FIELD(seed), "1", 0, RNG_SEED_MAX, NULL, 0, "", NULL },
};
static const idx n_random_keys = COUNT_OF(random_keys);
#undef FIELD

static const struct config_section random_section = { "random", "", random_keys,
                                                      &n_random_keys, 0 };
static const struct config_section sweep_section = { "sweep", "", sweep_keys,
                                                     &n_sweep_keys, 0 };

/* ---- gathering --------------------------------------------------------- */

static void gather(void *user, struct draft *d, const struct place *at,
                   const char *section, const char *key, const char *text,
                   bool is_more)
{
    struct sweep_reading *r = user;
    struct pool *pool = &r->f->memory;
    (void)d;
    if (is_more) {
        if (r->latest && r->latest->text) /* else there was no memory */
            r->latest->text = pool_print(pool, "%s\n%s", r->latest->text, text);
        return;
    }
    struct sweep_line *l = pool_bytes(pool, sizeof *l);
    if (!l)
        return;
    *l = (struct sweep_line){
        .at = *at,
        .section = section, /* of sweep_sections */
        .key = pool_text(pool, key, SIZE_MAX),
        .text = pool_text(pool, text, SIZE_MAX),
    };
    if (at->file)
        l->at.file = pool_text(pool, at->file, SIZE_MAX);
    if (pool->is_out_of_memory)
        return; /* told in the end */
    if (r->latest)
        r->latest->next = l;
    else
        r->first = l;
    r->latest = l;
}

/* ---- judging ----------------------------------------------------------- */

/* Is the line's key in its file for the first time? */
static bool check_once(struct sweep_parse *p,
                       const struct sweep_reading *reading)
{
    const struct sweep_line *l = p->line;
    for (const struct sweep_line *o = reading->first; o != l; o = o->next)
        if (l->at.visit && o->at.visit == l->at.visit &&
            o->section == l->section && !strcmp(o->key, l->key))
            return sweep_problem(
                p, "given twice in this file, first in line %td", o->at.line);
    return true;
}

/* A line of [sweep], or draws and seed of [random]: as a config's own. */
static void set_option(struct sweep_parse *p,
                       const struct sweep_reading *reading,
                       const struct config_section *section, void *options)
{
    const struct sweep_line *l = p->line;
    const struct key *key = draft_find_key(p->d, &l->at, section, l->key);
    struct err e = { 0 };
    if (!key || !check_once(p, reading))
        return;
    if (strchr(l->text, '\n'))
        sweep_problem(p, "got an indented line below it: want every key at "
                         "the start of its line");
    else if (key_parse(key, options, l->text, &e))
        sweep_problem(p, "%s", e.text);
}

/* Does the axis (user) move this key: itself, or as a preset? */
static bool moves(struct config_key k, const void *user)
{
    const struct sweep_axis *a = user;
    bool is_moved = false;
    for (idx i = 0; i < a->n_keys; i++)
        is_moved |= config_moves(a->keys[i], k);
    return is_moved;
}

/* What the axes above allow: no key twice, unless both have conditions. */
static bool check_above(struct sweep_parse *p, const struct sweep_file *f,
                        const struct sweep_axis *a)
{
    for (const struct sweep_axis *o = f->axes; o < f->axes + f->n_axes; o++)
        for (idx k = 0; k < a->n_keys && (!a->when.n || !o->when.n); k++)
            if (sweep_axis_has(o, a->keys[k].key))
                return sweep_problem(
                    p,
                    "%s.%s is an axis twice, first in %s:%td: give "
                    "conditions that never hold together",
                    a->keys[k].section->name, a->keys[k].key->name, o->file,
                    o->line);
    return true;
}

/* A condition sees only what stands above it. */
static void check_below(struct sweep_parse *p, const struct sweep_file *f,
                        const struct sweep_axis *a)
{
    for (const struct sweep_axis *o = a + 1; o < f->axes + f->n_axes; o++)
        if (sweep_condition_has(&a->when, moves, o))
            sweep_problem(p,
                          "the condition speaks of %s, an axis of %s:%td: put "
                          "that one above",
                          o->name, o->file, o->line);
}

/* An axis overrides the base, so a command line cannot set its key. */
static void check_override(struct sweep_parse *p, const struct sweep_axis *a)
{
    for (idx k = 0; k < a->n_keys; k++) {
        const struct config_key *of = &a->keys[k];
        idx number = config_key_number(of->section, of->key);
        if (!strcmp(p->d->source->origins[number].text, "command line"))
            sweep_problem(p,
                          "the command line sets %s.%s, which the axis "
                          "varies: leave one of them out",
                          of->section->name, of->key->name);
    }
}

static void add_axis(struct sweep_parse *p, struct sweep_file *f)
{
    struct sweep_axis a;
    if (!sweep_axis_parse(&a, p) || !check_above(p, f, &a))
        return;
    check_override(p, &a);
    if (f->options.seeds && sweep_axis_is_of_seeds(&a))
        a.n_left_out = idx_max(a.n_values - f->options.seeds, 0);
    if (f->n_axes == SWEEP_AXES_MAX)
        sweep_problem(p, "got more than %d axes", SWEEP_AXES_MAX);
    else
        f->axes[f->n_axes++] = a;
}

static void add_exclude(struct sweep_parse *p, struct sweep_file *f)
{
    if (f->n_excludes == SWEEP_EXCLUDES_MAX)
        sweep_problem(p, "got more than %d exclusions", SWEEP_EXCLUDES_MAX);
    else if (sweep_exclude_parse(&f->excludes[f->n_excludes], p) &&
             f->n_excludes++ == 0)
        f->excluded_at = p->line->at;
}

/* A claim that is there twice would be corrected for as if it were two. */
static bool check_new(struct sweep_parse *p, const struct sweep_file *f,
                      const struct claim *c)
{
    for (const struct claim *o = f->claims; o < f->claims + f->n_claims; o++)
        if (claim_repeats(o, c))
            return sweep_problem(p,
                                 "%s:%td has the same claim, or its contrary, "
                                 "and both count where p is corrected for "
                                 "several: leave one out",
                                 o->at.file, o->at.line);
    return true;
}

static void add_claim(struct sweep_parse *p,
                      const struct sweep_reading *reading)
{
    struct sweep_file *f = reading->f;
    char shown[TEXT_SHOW_MAX];
    if (!strcmp(p->line->key, "correction")) {
        if (check_once(p, reading) && sweep_correction_parse(&f->correction, p))
            f->corrected_at = p->line->at;
        return;
    }
    if (strcmp(p->line->key, "expect") != 0) {
        sweep_problem(p, "unknown key '%s', want expect or correction",
                      text_show(shown, p->line->key));
        return;
    }
    if (!f->claims)
        f->claims = pool_bytes(p->memory, CLAIMS_MAX * sizeof *f->claims);
    if (!f->claims)
        return; /* told in the end */
    if (f->n_claims == CLAIMS_MAX)
        sweep_problem(p, "got more than %d claims", CLAIMS_MAX);
    else if (sweep_claim_parse(&f->claims[f->n_claims], p) &&
             check_new(p, f, &f->claims[f->n_claims]))
        f->n_claims++;
}

static void parse_section(struct sweep_parse *p,
                          const struct sweep_reading *reading,
                          const char *section, struct random_options *random)
{
    struct sweep_file *f = reading->f;
    for (p->line = reading->first; p->line; p->line = p->line->next) {
        if (strcmp(p->line->section, section) != 0)
            continue;
        if (!strcmp(section, "sweep"))
            set_option(p, reading, &sweep_section, &f->options);
        else if (!p->line->at.file)
            sweep_problem(p, "cannot be set on the command line: write it into "
                             "the file");
        else if (!strcmp(section, "exclude"))
            add_exclude(p, f);
        else if (!strcmp(section, "claims"))
            add_claim(p, reading);
        else if (!strcmp(section, "random") && !strchr(p->line->key, '.'))
            set_option(p, reading, &random_section, random);
        else
            add_axis(p, f);
    }
}

/* Each section as a whole. */
static void check_sections(struct sweep_parse *p, const struct sweep_file *f)
{
    const struct place whole = { .file = f->path, .line = 1 };
    if (f->n_axes == f->n_grid && f->draws)
        draft_problem(p->d, &whole, ERR_CONFIG,
                      "[random] has draws, but no key to draw: give "
                      "section.key = uniform A to B");
    if (f->n_axes > f->n_grid && !f->draws)
        draft_problem(p->d, &whole, ERR_CONFIG,
                      "[random] has keys to draw, but not how often: give "
                      "draws = N");
    if (!f->n_axes && !f->draws)
        draft_problem(p->d, &whole, ERR_CONFIG,
                      "no axis: a sweep file has a section [axes] with lines "
                      "section.key = value, value, or a section [random]");
    if (f->corrected_at.file && !f->n_claims)
        draft_problem(p->d, &f->corrected_at, ERR_CONFIG,
                      "[claims] has a correction, but no claim to correct: "
                      "give expect = CLAIM, or leave it out");
}

static void finish(void *user, struct draft *d)
{
    struct sweep_reading *r = user;
    struct sweep_file *f = r->f;
    struct sweep_parse p = { .memory = &f->memory, .d = d };
    struct random_options random = { 0, 1 };
    parse_section(&p, r, "sweep", &random);
    parse_section(&p, r, "axes", &random);
    f->n_grid = f->n_axes;
    parse_section(&p, r, "random", &random);
    parse_section(&p, r, "exclude", &random);
    parse_section(&p, r, "claims", &random);
    f->draws = random.draws;
    f->seed = random.seed;
    for (idx i = 0; i < f->n_axes; i++) {
        struct sweep_line line = {
            .at = { .file = f->axes[i].file, .line = f->axes[i].line },
            .section = i < f->n_grid ? "axes" : "random",
            .key = f->axes[i].name,
        };
        p.line = &line;
        check_below(&p, f, &f->axes[i]);
    }
    if (d->n_problems == 0) /* else they may be why */
        check_sections(&p, f);
}

/* ---- the whole --------------------------------------------------------- */

/* runs/NAME of NAME.ini. A sweep.ini may stand in any folder: seen from
 * another one, its folder gives the name. */
static int default_dir(char dir[RUN_DIR_MAX], const char *path, struct err *e)
{
    const char *slash = strrchr(path, '/');
    char *folder = NULL, *here = NULL;
    int rc = OK;
    if (slash && strcmp(slash, "/sweep.ini") == 0) {
        char *given = strndup(path, (size_t)(slash - path) + 1);
        folder = given ? realpath(given, NULL) : NULL;
        here = realpath(".", NULL);
        free(given);
    }
    if (!folder || !here || !folder[1] || strcmp(folder, here) == 0)
        rc = run_dir_default(dir, path, e);
    else if (snprintf(dir, RUN_DIR_MAX, "runs/%s", strrchr(folder, '/') + 1) >=
             RUN_DIR_MAX)
        rc = err_set(e, ERR_CONFIG, "%s: its folder's name is too long", path);
    free(folder);
    free(here);
    return rc;
}

static int set_dir(struct sweep_file *f, const char *path, struct err *e)
{
    char *given = f->base.run.dir;
    int n;
    if (f->is_frozen)
        n = snprintf(f->dir, sizeof f->dir, "%s", path);
    else if (*given)
        n = snprintf(f->dir, sizeof f->dir, "%s%s", *given == '-' ? "./" : "",
                     given); /* no option */
    else
        return default_dir(f->dir, path, e);
    if (n < SWEEP_DIR_MAX)
        f->dir[path_length(f->dir)] = '\0';
    else
        return err_set(e, ERR_CONFIG,
                       "%s: a sweep folder's path of %d bytes, want at most %d",
                       path, n, SWEEP_DIR_MAX - 1);
    memset(f->base.run.dir, 0, sizeof f->base.run.dir);
    return OK;
}

/* What is frozen changes by its file only, or the next call would undo it. */
static int check_folder(const char *path, const char *const *overrides, idx n,
                        struct err *e)
{
    char shown[TEXT_SHOW_MAX];
    bool holds;
    if (sweep_holds_sweep(&holds, path, e))
        return e->code;
    if (!holds)
        return err_set(e, ERR_USAGE,
                       "%s holds no sweep: give a sweep file, or the folder "
                       "of a sweep to go on with",
                       path);
    for (idx i = 0; i < n; i++)
        if (strncmp(overrides[i], "sweep.", strlen("sweep.")) != 0)
            return err_set(e, ERR_CONFIG,
                           "command line: got '%s', want sweep.key=value "
                           "only: the sweep in %s is frozen; give its sweep "
                           "file to change it",
                           text_show(shown, overrides[i]), path);
    return OK;
}

static int check_seal(const char *path, struct err *e)
{
    char *text;
    size_t n;
    int rc = sealed_text_read(&text, &n, NULL, path, INI_FILE_MAX, ERR_CONFIG,
                              "undo the change, or `sinklab sweep FILE` with "
                              "the sweep's file writes it anew",
                              e);
    if (rc == OK)
        free(text);
    return rc;
}

int sweep_file_read(struct sweep_file *f, const char *path,
                    const char *const *overrides, idx n, struct err *e)
{
    struct sweep_reading r = { .f = f };
    struct config_extra extra = { sweep_sections, "exclude", &r, gather,
                                  finish };
    char inside[RUN_PATH_MAX];
    memset(f, 0, sizeof *f);
    sweep_options_init(&f->options);
    if (fsys_is_folder(&f->is_frozen, path, e))
        return e->code;
    if (f->is_frozen && check_folder(path, overrides, n, e))
        return e->code;
    if (f->is_frozen)
        sweep_path(inside, path, SWEEP_COPY);
    f->path = pool_text(&f->memory, f->is_frozen ? inside : path, SIZE_MAX);
    int rc = pool_check(&f->memory, e);
    if (rc == OK && f->is_frozen)
        rc = check_seal(inside, e);
    if (rc == OK)
        rc = config_load_extra(&f->base, f->path, overrides, n, &f->origins,
                               &extra, e);
    if (rc == OK)
        rc = pool_check(&f->memory, e);
    if (rc == OK)
        rc = set_dir(f, path, e);
    return rc ? rc : run_data_path(&f->base, f->dir, e);
}

void sweep_file_release(struct sweep_file *f)
{
    config_source_free(f->origins);
    pool_release(&f->memory);
    memset(f, 0, sizeof *f);
}

/* ---- printing ---------------------------------------------------------- */

/* name = text, whose further lines are indented. */
static void print_line(FILE *out, const char *name, const char *text)
{
    fprintf(out, "%s = ", name);
    for (; *text; text++)
        fprintf(out, *text == '\n' ? "\n    " : "%c", *text);
    fputc('\n', out);
}

static void print_sections(FILE *out, const struct sweep_file *f)
{
    char value[KEY_PRINT_MAX];
    fprintf(out, "\n[sweep]\n");
    for (idx k = 0; k < n_sweep_keys; k++) {
        if (sweep_keys[k].offset == offsetof(struct sweep_options, reuse))
            continue; /* what lay there lies elsewhere another day */
        key_print(&sweep_keys[k], &f->options, value, sizeof value);
        fprintf(out, "%s =%s%s\n", sweep_keys[k].name, *value ? " " : "",
                value);
    }
    if (f->n_grid)
        fprintf(out, "\n[axes]\n");
    for (idx i = 0; i < f->n_axes; i++) {
        if (i == f->n_grid)
            fprintf(out, "\n[random]\ndraws = %td\nseed = %td\n", f->draws,
                    f->seed);
        print_line(out, f->axes[i].name, f->axes[i].text);
    }
    if (f->n_excludes)
        fprintf(out, "\n[exclude]\n");
    for (idx i = 0; i < f->n_excludes; i++)
        fprintf(out, "%s\n", f->excludes[i].text);
    if (f->n_claims)
        fprintf(out, "\n[claims]\ncorrection = %s\n",
                claim_correction_word(f->correction));
    for (idx i = 0; i < f->n_claims; i++)
        fprintf(out, "expect = %s\n", f->claims[i].text);
}

char *sweep_file_print(const struct sweep_file *f)
{
    char *text = NULL, *base = config_print_given(&f->base, f->origins);
    size_t n = 0;
    char shown[TEXT_PATH_MAX];
    FILE *out = base ? open_memstream(&text, &n) : NULL;
    if (out) {
        fprintf(out,
                "; A sweep as it was frozen, with all files it includes.\n"
                "; Written by sinklab; edit the file it came from instead: "
                "%s\n\n%s",
                text_show_path(shown, f->path), base);
        print_sections(out, f);
        bool failed = ferror(out);
        if (fclose(out) || failed) {
            free(text);
            text = NULL;
        }
    }
    free(base);
    return text;
}
