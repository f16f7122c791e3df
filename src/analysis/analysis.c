#include "analysis/analysis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/measured.h"
#include "base/shell.h"
#include "io/arrays.h"
#include "io/hdf.h"
#include "io/row_chain.h"

/* Of what is written, and of how metrics are defined: another number makes
 * every analysis out of date. */
enum { ANALYSIS_FORMAT = 6 };

enum { REMEDY_MAX = 4 * RUN_PATH_MAX + RUN_ANALYSIS_NAME_MAX + 8 };

static const char REMEDY[] = "run `sinklab analyze` again";

static int read_seal(char hex[HASH_HEX_MAX], const char *dir, const char *name,
                     struct err *e)
{
    char path[RUN_PATH_MAX];
    run_analysis_path(path, dir, name, ".h5");
    return hdf_read_seal(hex, path, ERR_DATA, REMEDY, e);
}

/* The hash of what is measured, by what: `auto` is what it comes to here, so
 * that an analysis on another machine, whose library is another one, keeps no
 * rows of this one's. */
static void measured_here(char hex[HASH_HEX_MAX], const struct config *c)
{
    struct config same = *c;
    struct train_options *o = &same.train;
    if (o->products == PRODUCTS_AUTO)
        o->products =
            products_way(PRODUCTS_AUTO, (enum precision)o->precision).is_onednn
                ? PRODUCTS_ONEDNN
                : PRODUCTS_OPENBLAS;
    measured_settings(hex, &same);
}

void analysis_settings(char hex[HASH_HEX_MAX], const struct config *c)
{
    char settings[HASH_HEX_MAX], line[128];
    struct config same = *c;
    /* columns say by their names what these two ask for */
    key_copy_text(same.metrics.names, "");
    key_copy_text(same.metrics.eps, "");
    measured_here(settings, &same);
    int n = snprintf(line, sizeof line, "settings %d %s", ANALYSIS_FORMAT,
                     settings);
    hash_hex(hex, hash_bytes(line, (size_t)n));
}

int analysis_made_from(char hex[HASH_HEX_MAX], const char *dir,
                       const struct config *c, const struct step_list *steps,
                       struct err *e)
{
    char settings[HASH_HEX_MAX], line[128];
    measured_here(settings, c);
    int n = snprintf(line, sizeof line, "analysis %d %s", ANALYSIS_FORMAT,
                     settings);
    hash_hex(hex, hash_bytes(line, (size_t)n));
    for (idx i = 0; i < steps->n; i++) {
        char path[RUN_PATH_MAX], seal[HASH_HEX_MAX];
        run_step_path(path, dir, steps->steps[i]);
        if (hdf_read_seal(seal, path, ERR_CHECKPOINT, "use another checkpoint",
                          e))
            return e->code;
        n = snprintf(line, sizeof line, "%s %td %s", hex, steps->steps[i],
                     seal);
        hash_hex(hex, hash_bytes(line, (size_t)n));
    }
    return OK;
}

bool analysis_is_current(const char *dir, const char *name,
                         const char *made_from)
{
    struct table t = { 0 };
    char path[RUN_PATH_MAX], *found = NULL;
    struct err e = { 0 };
    run_analysis_path(path, dir, name, ".h5");
    bool is_current = analysis_read_csv(&t, dir, name, &e) == OK &&
                      t.origin[0] &&
                      note_load(&found, path, "made_from", &e) == OK &&
                      strcmp(found, made_from) == 0;
    free(found);
    table_release(&t);
    return is_current;
}

int analysis_write_csv(const char *dir, const char *name, const char *text,
                       size_t n, struct err *e)
{
    char path[RUN_PATH_MAX], seal[HASH_HEX_MAX], *out = NULL;
    size_t n_out = 0;
    if (read_seal(seal, dir, name, e))
        return e->code;
    FILE *f = open_memstream(&out, &n_out);
    if (!f)
        return err_memory(e, dir);
    for (const char *line = text, *end; line < text + n; line = end + 1) {
        end = memchr(line, '\n', (size_t)(text + n - line));
        BUG_ON(!end);
        fprintf(f, "%.*s,%s\n", (int)(end - line), line,
                line == text ? ANALYSIS_ORIGIN : seal);
    }
    run_analysis_path(path, dir, name, ".csv");
    int rc = fclose(f) == 0 ? row_chain_write(path, out, n_out, e)
                            : err_memory(e, path);
    free(out);
    return rc;
}

/* "runs/a --as random": what makes it again. */
static void remedy_words(char words[REMEDY_MAX], const char *dir,
                         const char *name)
{
    char word[4 * RUN_PATH_MAX];
    shell_word(word, sizeof word, dir);
    snprintf(words, REMEDY_MAX, "%s%s%s", word, *name ? " --as " : "", name);
}

static int say_alone(const char *path, const char *other, const char *words,
                     struct err *e)
{
    return err_set(e, ERR_DATA,
                   "%s: the %s that was written with it is not there: run "
                   "`sinklab analyze %s` again",
                   path, strrchr(other, '/') + 1, words);
}

/* Nobody knows what the CSV says then. */
static int say_foreign(const char *path, const char *other, const char *words,
                       const char *why, struct err *e)
{
    return err_set(e, ERR_DATA,
                   "%s: not made from the %s beside it%s%s: run `sinklab "
                   "analyze %s` again",
                   path, strrchr(other, '/') + 1, *why ? ": " : "", why, words);
}

int analysis_read_csv(struct table *t, const char *dir, const char *name,
                      struct err *e)
{
    char path[RUN_PATH_MAX], seal[HASH_HEX_MAX];
    struct err own = { 0 };
    run_analysis_path(path, dir, name, ".csv");
    int rc = table_read_steps(t, path, ANALYSIS_ORIGIN, e);
    if (rc == OK && t->is_torn) {
        table_release(t);
        rc = err_set(e, ERR_DATA, "%s: its last line is cut off; %s", path,
                     REMEDY);
    }
    if (rc != OK || !t->origin[0])
        return rc;
    bool is_there = false;
    char other[RUN_PATH_MAX], words[REMEDY_MAX];
    remedy_words(words, dir, name);
    run_analysis_path(other, dir, name, ".h5");
    rc = fsys_exists(&is_there, other, e);
    if (rc == OK && !is_there)
        rc = say_alone(path, other, words, e);
    else if (rc == OK && read_seal(seal, dir, name, &own) != OK)
        rc = err_is_refusal(own.code)
                 ? err_pass(e, &own)
                 : say_foreign(path, other, words, own.text, e);
    else if (rc == OK && strcmp(seal, t->origin) != 0)
        rc = say_foreign(path, other, words, "", e);
    if (rc != OK)
        table_release(t);
    return rc;
}
