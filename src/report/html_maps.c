#include "report/html_maps.h"

#include "base/text.h"
#include "io/fsys.h"
#include "report/thin.h"
#include "run/run_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 4094, NO_NUMBER = 4095, LETTERS = 2 };

/* ---- what is shown ------------------------------------------------------- */

/* Has it steps, and more? */
static bool is_map(const struct array_facts *a)
{
    return a->ndim > 1 && strncmp(a->axes, "step ", 5) == 0;
}

/* Numbers a step. */
static idx inner(const struct array_facts *a)
{
    idx n = 1;
    for (int i = 1; i < a->ndim; i++)
        n *= a->shape[i];
    return n;
}

/* Without the largest array, whose name is told. */
static void leave_largest(struct map_plan *p, struct text *left)
{
    idx largest = 0;
    for (idx i = 1; i < p->n; i++)
        if (inner(&p->shown[i]) >= inner(&p->shown[largest]))
            largest = i;
    text_add(left, "%s%s", left->n ? ", " : "", p->shown[largest].name);
    memmove(&p->shown[largest], &p->shown[largest + 1],
            (size_t)(p->n - largest - 1) * sizeof *p->shown);
    p->n--;
}

static void choose(struct map_plan *p)
{
    struct text left = { p->left, sizeof p->left, 0 };
    text_add(&left, "%s", "");
    for (; p->n > 0; leave_largest(p, &left)) {
        idx numbers = 0;
        for (idx i = 0; i < p->n; i++)
            numbers += inner(&p->shown[i]);
        p->steps = p->numbers / numbers;
        if (p->steps >= MAP_STEPS_LEAST)
            break;
    }
}

static int take_maps(struct map_plan *p, const struct array_file *f,
                     struct err *e)
{
    p->shown = calloc((size_t)idx_max(1, f->n), sizeof *p->shown);
    if (!p->shown)
        return err_memory(e, NULL);
    for (idx i = 0; i < f->n; i++)
        if (is_map(&f->arrays[i]))
            p->shown[p->n++] = f->arrays[i];
    return OK;
}

/* The arrays of a run, if it has been analyzed; why: as html_run_maps. */
static int open_arrays(struct array_file *f, char path[RUN_PATH_MAX],
                       char why[ERR_TEXT_MAX], const struct run_data *r,
                       struct err *own)
{
    bool is_there;
    *why = '\0';
    run_analysis_path(path, r->path, r->analysis_name, ".h5");
    if (r->analysis.rows == 0 || r->is_of_tables)
        return OK;
    if (fsys_exists(&is_there, path, own))
        return own->code;
    f->known = &r->arrays;
    if (!is_there || array_file_open(f, path, own) == OK)
        return OK;
    snprintf(why, ERR_TEXT_MAX, "%s", own->text);
    array_file_close(f);
    return err_is_refusal(own->code) ? own->code : OK;
}

int map_plan_make(struct map_plan *p, const struct groups *s, struct err *e)
{
    idx n_runs = 0;
    int rc = OK;
    for (idx i = 0; i < s->n && rc == OK; i++)
        for (idx k = 0; k < s->g[i].n_runs && rc == OK; k++) {
            char path[RUN_PATH_MAX], why[ERR_TEXT_MAX];
            struct array_file f = { 0 };
            struct err own = { 0 };
            n_runs += s->g[i].runs[k]->analysis.rows > 0;
            if (p->shown)
                continue;
            rc = open_arrays(&f, path, why, s->g[i].runs[k], &own);
            if (rc == OK && f.h)
                rc = take_maps(p, &f, &own);
            array_file_close(&f);
            if (rc != OK)
                err_pass(e, &own);
        }
    p->numbers = MAP_NUMBERS / idx_max(1, n_runs);
    if (rc == OK)
        choose(p);
    return rc;
}

void map_plan_release(struct map_plan *p)
{
    free(p->shown);
    *p = (struct map_plan){ 0 };
}

/* ---- numbers ------------------------------------------------------------- */

static void find_range(double *low, double *high, const double *v, idx n)
{
    *low = INFINITY;
    *high = -INFINITY;
    for (idx i = 0; i < n; i++)
        if (isfinite(v[i])) {
            *low = fmin(*low, v[i]);
            *high = fmax(*high, v[i]);
        }
    if (*low > *high)
        *low = *high = 0;
}

static void encode(char *letters, const double *v, idx n, double low,
                   double high)
{
    static const char of[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
                             "xyz0123456789+/";
    double scale = high > low ? LEVELS / (high - low) : 0;
    for (idx i = 0; i < n; i++) {
        int level =
            isfinite(v[i]) ? (int)lrint((v[i] - low) * scale) : NO_NUMBER;
        *letters++ = of[level >> 6];
        *letters++ = of[level & 63];
    }
    *letters = '\0';
}

/* Where along its axis each number stands. */
static int write_coordinates(struct json *j, struct array_file *f,
                             const struct array_facts *a, struct err *e)
{
    char axes[ARRAY_AXES_TEXT_MAX], *rest = axes;
    int rc = OK;
    strcpy(axes, a->axes);
    text_part(&rest, ' ', false); /* the step */
    json_begin_array(j, "coordinates");
    while (rest && rc == OK) {
        struct array_values at = { 0 };
        rc = array_file_read(&at, f, text_part(&rest, ' ', false), e);
        bool counts = true;
        for (idx i = 0; i < at.n; i++)
            counts = counts && at.values[i] == (double)i;
        if (counts)
            json_put_null(j, NULL);
        else
            json_begin_array(j, NULL);
        for (idx i = 0; i < at.n && !counts; i++)
            json_put_number(j, NULL, at.values[i]);
        if (!counts)
            json_end(j);
        array_values_release(&at);
    }
    json_end(j);
    return rc;
}

static void write_shape(struct json *j, const struct array_facts *a)
{
    char axes[ARRAY_AXES_TEXT_MAX], *rest = axes;
    strcpy(axes, a->axes);
    text_part(&rest, ' ', false);
    json_begin_array(j, "axes");
    while (rest)
        json_put_text(j, NULL, text_part(&rest, ' ', false));
    json_end(j);
    json_begin_array(j, "shape");
    for (int i = 1; i < a->ndim; i++)
        json_put_count(j, NULL, a->shape[i]);
    json_end(j);
}

/* The steps that are kept, whose numbers move together in v. */
static idx write_steps(struct json *j, double *v, idx *rows,
                       const struct array_values *step, idx n_inner, idx most)
{
    idx kept = thin_rows(rows, step->n, most);
    json_begin_array(j, "steps");
    for (idx i = 0; i < kept; i++) {
        json_put_number(j, NULL, step->values[rows[i]]);
        memmove(v + i * n_inner, v + rows[i] * n_inner,
                (size_t)n_inner * sizeof *v);
    }
    json_end(j);
    return kept;
}

/* The values of one array, of these steps. */
static int write_values(struct json *j, const struct array_facts *a,
                        const struct array_values *step, idx most,
                        struct array_values *v, struct err *e)
{
    double low, high;
    idx n_inner = inner(a);
    idx *rows = calloc((size_t)step->n, sizeof *rows);
    char *letters = malloc((size_t)(v->n * LETTERS + 1));
    int rc = rows && letters ? OK : err_memory(e, NULL);
    if (rc == OK) {
        idx n = n_inner * write_steps(j, v->values, rows, step, n_inner, most);
        find_range(&low, &high, v->values, n);
        encode(letters, v->values, n, low, high);
        json_put_number(j, "low", low);
        json_put_number(j, "high", high);
        json_put_text(j, "data", letters);
    }
    free(rows);
    free(letters);
    return rc;
}

static const struct array_facts *find_array(const struct array_file *f,
                                            const char *name)
{
    for (idx i = 0; i < f->n; i++)
        if (strcmp(f->arrays[i].name, name) == 0 && is_map(&f->arrays[i]))
            return &f->arrays[i];
    return NULL;
}

static bool has_number(const struct array_values *v)
{
    idx i = 0;
    while (i < v->n && isnan(v->values[i]))
        i++;
    return i < v->n;
}

/* One without any number is left out: the model has no such part. */
static int write_map(struct json *j, struct array_file *f,
                     const struct array_facts *a, idx steps, struct err *e)
{
    struct array_values step = { 0 }, v = { 0 };
    int rc = array_file_read(&step, f, "step", e);
    if (rc == OK)
        rc = array_file_read(&v, f, a->name, e);
    if (rc == OK && step.n != a->shape[0])
        rc = err_set(e, ERR_DATA, "%s has other steps than there are", a->name);
    if (rc == OK && has_number(&v)) {
        json_begin_object(j, a->name);
        write_shape(j, a);
        rc = write_coordinates(j, f, a, e);
        if (rc == OK)
            rc = write_values(j, a, &step, steps, &v, e);
        json_end(j);
    }
    array_values_release(&step);
    array_values_release(&v);
    return rc;
}

/* Those of the plan that a run has; steps: how many fit the page. */
static int write_maps(struct json *j, struct array_file *f,
                      const struct map_plan *p, struct err *e)
{
    idx numbers = 0;
    int rc = OK;
    for (idx i = 0; i < p->n; i++) {
        const struct array_facts *a = find_array(f, p->shown[i].name);
        numbers += a ? inner(a) : 0;
    }
    idx steps = idx_min(p->steps, p->numbers / idx_max(1, numbers));
    if (steps < 2)
        return err_set(
            e, ERR_DATA,
            "its maps are too large for the page: give it fewer runs");
    for (idx i = 0; i < p->n && rc == OK; i++) {
        const struct array_facts *a = find_array(f, p->shown[i].name);
        if (a)
            rc = write_map(j, f, a, steps, e);
    }
    return rc;
}

int html_run_maps(struct json *j, char why[ERR_TEXT_MAX],
                  const struct run_data *r, const struct map_plan *p,
                  struct err *e)
{
    char path[RUN_PATH_MAX];
    struct array_file f = { 0 };
    struct err own = { 0 };
    int rc = open_arrays(&f, path, why, r, &own);
    json_begin_object(j, "maps");
    if (rc == OK && f.h && p->n > 0)
        rc = write_maps(j, &f, p, &own);
    json_end(j);
    array_file_close(&f);
    if (rc != OK && err_is_refusal(rc))
        return err_pass(e, &own);
    if (rc != OK)
        snprintf(why, ERR_TEXT_MAX, "%s", own.text);
    return OK;
}
