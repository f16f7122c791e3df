#include "analysis/analysis_told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metric/meter.h"
#include "metric/metric.h"
#include "run/run_files.h"

enum { PRINTED_WIDTH = 8, DIGITS = 9 };

/* The next column of the table, from *at on, 0 at first: those that no model of
 * these settings has are left out. */
static bool next_printed(struct column_facts *f, const struct analysis_told *t,
                         idx *at)
{
    while (column_next(f, at, t->columns, COLUMN_PRINTED))
        if (!f->own || f->own->is_there)
            return true;
    return false;
}

static void print_header(const struct analysis_told *t)
{
    char text[COLUMN_NAME_MAX];
    struct column_facts f;
    for (idx line = 0; line < COLUMN_HEADING_LINES; line++) {
        const char *between = "";
        for (idx at = 0; next_printed(&f, t, &at); between = "  ")
            printf("%s%*s", between, PRINTED_WIDTH,
                   column_heading(text, &f, line, PRINTED_WIDTH));
        printf("\n");
    }
}

void told_begin(struct analysis_told *t, const char *dir,
                const struct run_columns *c, bool is_json)
{
    *t = (struct analysis_told){ .is_json = is_json, .columns = c };
    if (!is_json) {
        print_header(t);
        return;
    }
    json_begin_object(&t->json, NULL);
    json_put_text(&t->json, "run", dir);
    json_begin_array(&t->json, "checkpoints");
}

static void print_row(const struct analysis_told *t, const struct readings *r)
{
    struct column_facts f;
    const char *between = "";
    for (idx at = 0; next_printed(&f, t, &at); between = "  ") {
        struct reading x = column_reading(&f, r);
        printf("%s", between);
        if (x.is_given)
            printf("%*.*f", PRINTED_WIDTH, f.digits,
                   (f.is_share ? 100 : 1) * x.value);
        else
            printf("%*s", PRINTED_WIDTH, "-");
    }
    printf("\n");
    fflush(stdout);
}

static void begin_checkpoint(struct json *j, idx step, const char *state)
{
    json_begin_object(j, NULL);
    json_put_count(j, "step", step);
    json_put_text(j, "state", state);
}

static void put_values(struct json *j, const struct run_columns *c,
                       const struct readings *r)
{
    struct column_facts f;
    idx at = 0;
    json_begin_object(j, "values");
    column_next(&f, &at, c, COLUMN_ANALYSIS); /* the step */
    while (column_next(&f, &at, c, COLUMN_ANALYSIS)) {
        struct reading x = column_reading(&f, r);
        if (x.is_given)
            json_put_number(j, f.name, x.value);
        else
            json_put_null(j, f.name);
    }
    json_end(j);
}

void told_row(struct analysis_told *t, idx step, const struct readings *r,
              bool is_kept)
{
    *(is_kept ? &t->n_kept : &t->n_measured) += 1;
    if (!t->is_json) {
        print_row(t, r);
        return;
    }
    begin_checkpoint(&t->json, step, is_kept ? "kept" : "measured");
    json_put_null(&t->json, "why");
    put_values(&t->json, t->columns, r);
    json_end(&t->json);
}

void told_failed(struct analysis_told *t, idx step, const char *why)
{
    t->n_failed++;
    if (!t->is_json) {
        printf("%8td  not measured: %s\n", step, why);
        fflush(stdout);
        return;
    }
    begin_checkpoint(&t->json, step, "failed");
    json_put_text(&t->json, "why", why);
    json_put_null(&t->json, "values");
    json_end(&t->json);
}

/* ---- behind the table -------------------------------------------------- */

static void put_text_or_null(struct json *j, const char *key, const char *text)
{
    if (text)
        json_put_text(j, key, text);
    else
        json_put_null(j, key);
}

/* ---- what stood there before ------------------------------------------- */

static void print_gone(const struct analysis_told *t, const struct replaced *r)
{
    char *gone = replaced_names(r, t->columns);
    if (r->measured_on)
        printf("this analysis takes the place of one with other settings "
               "(%s): --as NAME writes one beside it\n",
               r->measured_on);
    if (gone)
        replaced_print(stdout, gone, 0, true, true);
    free(gone);
}

static void put_gone(struct json *j, const struct analysis_told *t,
                     const struct replaced *r)
{
    const char *name;
    idx at = 0;
    json_begin_array(j, "columns_gone");
    while (r && (name = replaced_next(r, &at, t->columns)))
        json_put_text(j, NULL, name);
    json_end(j);
    put_text_or_null(j, "settings_gone", r ? r->measured_on : NULL);
}

/* Columns that the table has no room for. */
static idx count_more(const struct analysis_told *t)
{
    struct column_facts f;
    idx n = 0;
    for (idx at = 0; column_next(&f, &at, t->columns, COLUMN_ANALYSIS);)
        n++;
    for (idx at = 0; column_next(&f, &at, t->columns, COLUMN_PRINTED);)
        n--;
    return n;
}

/* Those that are left out, once a cause. */
static void print_left_out(const struct analysis_told *t, bool needs_extra)
{
    struct column_facts f;
    const char *between = "not shown, as no row has them: ";
    bool is_any = false;
    for (idx at = 0; column_next(&f, &at, t->columns, COLUMN_PRINTED);)
        if (f.own && !f.own->is_there && f.metric->needs_extra == needs_extra) {
            printf("%s%s", between, f.name);
            between = ", ";
            is_any = true;
        }
    if (is_any)
        printf(" (%s)\n",
               needs_extra
                   ? "the model has no extra column that acts"
                   : "too few tokens in a sequence, or no such part in the "
                     "model");
}

enum { FILES = 2 };

static const char *file_path(char path[RUN_PATH_MAX],
                             const struct analysis_end *end, int i)
{
    static const char *const endings[FILES] = { ".csv", ".h5" };
    run_analysis_path(path, end->dir, end->name, endings[i]);
    return path;
}

static void print_files(const struct analysis_told *t,
                        const struct analysis_end *end)
{
    char csv[RUN_PATH_MAX], h5[RUN_PATH_MAX];
    const char *name = strrchr(file_path(csv, end, 0), '/') + 1;
    idx more = count_more(t);
    print_left_out(t, true);
    print_left_out(t, false);
    printf("what columns mean: `sinklab list metric`\n");
    if (more > 0)
        printf("%td more column%s in %s\n", more, more == 1 ? "" : "s", name);
    printf("wrote %s and %s in %s\n", name,
           strrchr(file_path(h5, end, 1), '/') + 1, end->dir);
}

static void put_end(struct analysis_told *t, const struct analysis_end *end)
{
    struct json *j = &t->json;
    json_end(j); /* checkpoints */
    json_put_count(j, "measured", t->n_measured);
    json_put_count(j, "kept", t->n_kept);
    json_put_count(j, "failed", t->n_failed);
    put_text_or_null(j, "measured_on", end->measured_on);
    put_text_or_null(j, "loss_on", end->loss_on);
    put_text_or_null(j, "emerged", end->emerged);
    put_text_or_null(j, "formation", end->formation);
    put_gone(j, t, end->replaced);
    json_begin_array(j, "files");
    for (int i = 0; i < FILES && end->dir; i++) {
        char path[RUN_PATH_MAX];
        json_put_text(j, NULL, file_path(path, end, i));
    }
    json_end(j);
    json_end(j);
}

static void print_end(const struct analysis_told *t,
                      const struct analysis_end *end)
{
    if (end->is_unusual)
        printf("sinks are not of the data as training has them, but: %s\n",
               end->measured_on);
    if (end->emerged)
        printf("%s\n", end->emerged);
    if (end->formation)
        printf("%s\n", end->formation);
    if (t->n_kept > 0)
        printf("%td of %td checkpoints were measured before and bear the same "
               "seal\n",
               t->n_kept, t->n_kept + t->n_measured + t->n_failed);
    if (end->replaced)
        print_gone(t, end->replaced);
    if (end->dir)
        print_files(t, end);
}

int told_end(struct analysis_told *t, const struct analysis_end *end,
             struct err *e)
{
    if (!t->is_json) {
        print_end(t, end);
        return OK;
    }
    put_end(t, end);
    return json_write(stdout, &t->json, DIGITS, e);
}

void told_release(struct analysis_told *t)
{
    json_release(&t->json);
}
