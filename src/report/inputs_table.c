#include "report/inputs_table.h"

#include <math.h>
#include <string.h>

#include "report/cells.h"

const struct measured_input measured_inputs[MEASURED_INPUTS] = {
    { "data", INPUT_DATA, false },
    { "random", INPUT_RANDOM, false },
    { "unigram", INPUT_UNIGRAM, false },
    { "repeat", INPUT_REPEAT, false },
    { "data-no-bos", INPUT_DATA, true },
    { "random-no-bos", INPUT_RANDOM, true },
    { "unigram-no-bos", INPUT_UNIGRAM, true },
    { "repeat-no-bos", INPUT_REPEAT, true },
};

enum { NAME, STEP, METRIC };

/* A file has a column for the metric; people have a table for each. */
static int add_columns(struct grid *g, idx rows, bool is_file, struct err *e)
{
    if (grid_init(g, rows + 1, 0, e))
        return e->code;
    grid_add(g, "name");
    grid_add(g, "step");
    if (is_file)
        grid_add(g, "metric");
    for (idx i = 0; i < MEASURED_INPUTS; i++) {
        const struct measured_input *x = &measured_inputs[i];
        grid_add(g, "%s%s", input_name(x->kind),
                 !x->no_bos ? ""
                 : is_file  ? "_no_bos"
                            : ",\nno BOS");
    }
    return OK;
}

static void put_row(struct grid *g, idx row, const struct input_row *r,
                    const char *metric, bool is_file)
{
    double step = NAN;
    idx column = is_file ? METRIC + 1 : STEP + 1;
    for (idx i = 0; i < MEASURED_INPUTS; i++, column++) {
        double value;
        struct series s = { 0 };
        if (r->has[i])
            s = run_data_analysed(&r->of[i], metric);
        if (series_before(&step, &value, &s, INFINITY))
            put_number(g, row, column, value, cell_look(metric), is_file);
        else
            put_missing(g, row, column, is_file);
    }
    grid_set(g, row, NAME, "%s", r->label);
    if (step >= 0)
        grid_set(g, row, STEP, "%.0f", step);
    else
        put_missing(g, row, STEP, is_file);
    if (is_file)
        grid_set(g, row, METRIC, "%s", metric);
}

int inputs_grid(struct grid *g, struct input_row *rows, idx n,
                const char *const *metrics, idx k, bool is_file, struct err *e)
{
    if (add_columns(g, n * k, is_file, e))
        return e->code;
    for (idx m = 0; m < k; m++)
        for (idx i = 0; i < n; i++)
            put_row(g, 1 + m * n + i, &rows[i], metrics[m], is_file);
    return grid_check(g, e);
}
