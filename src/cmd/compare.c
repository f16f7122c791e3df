#include "cmd/compare.h"

#include "base/utf8.h"
#include "cmd/cmd.h"
#include "io/fsys.h"
#include "io/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { CELL_COLUMNS = 40, WIDTH_USUAL = 80, NAME_SHOWN_MAX = 256 };

static const char help[] =
    "Compare runs: one table of how they ended, one plot of how they got\n"
    "there.\n"
    "\n"
    "    sinklab compare RUN... [-o FILE] [--metric NAME] [--loss NAME]\n"
    "                    [--threshold X] [--log-x] [--csv FILE]\n"
    "\n"
    "RUN is a run's folder that `sinklab analyze` has been through; without\n"
    "its analysis.csv what training measured (metrics.csv) is used.\n"
    "\n"
    "    -o FILE         draw into FILE, .svg or .png, with gnuplot;\n"
    "                    without it the plot is text on the terminal\n"
    "    --metric NAME   column to compare (sink_1)\n"
    "    --loss NAME     column of the loss (val_loss)\n"
    "    --threshold X   the sink has emerged when the metric exceeds X,\n"
    "                    0 to 1 for shares (0.5)\n"
    "    --log-x         logarithmic steps (step 0 is not drawn then)\n"
    "    --csv FILE      write the table into FILE: every differing key,\n"
    "                    shares as 0 to 1\n"
    "\n"
    "The table names the keys in which the runs differ. final: at the last\n"
    "step measured. sink bias: share of heads that sink into the extra column\n"
    "(attention.bias). first mass raw: mean attention to the first token, as\n"
    "it is; metrics without raw are of rows scaled to sum 1. row sum: mean\n"
    "sum of raw attention rows. -: not measured, or never.\n";

/* ---- what is printed ---- */

static void print_notes(FILE *out, const struct compare_options *o,
                        const struct compared *runs)
{
    char name[NAME_SHOWN_MAX], note[ERR_TEXT_MAX];
    bool is_share = metric_is_share(o->metric);
    fprintf(out,
            "emerged: first step with %s above %g%s; (in brackets): gone "
            "again at the end\n",
            o->metric, is_share ? 100 * o->threshold : o->threshold,
            is_share ? " %" : "");
    compare_differing(out, runs, o->n_runs);
    for (idx i = 0; i < o->n_runs; i++) {
        if (!runs[i].note[0])
            continue;
        utf8_show(name, sizeof name, runs[i].label, CELL_COLUMNS, o->unicode);
        utf8_show(note, sizeof note, runs[i].note, ERR_TEXT_MAX, o->unicode);
        fprintf(out, "note: %s: %s\n", name, note);
    }
    for (idx i = 1; i < o->n_runs; i++)
        if (!compared_measured_alike(&runs[0], &runs[i])) {
            fprintf(out, "note: the runs were measured with different "
                         "sink.eps or sink.tokens: `sinklab analyze` them "
                         "alike before you compare sinks\n");
            break;
        }
    fputc('\n', out);
}

static int print_table(FILE *out, const struct compare_options *o,
                       const struct compared *runs, struct err *e)
{
    struct grid g = { 0 };
    int rc = compare_grid(&g, o, runs, false, e);
    if (rc == OK) {
        grid_print(out, &g, CELL_COLUMNS, o->unicode);
        print_notes(out, o, runs);
    }
    grid_release(&g);
    return rc;
}

static int write_csv(const struct compare_options *o,
                     const struct compared *runs, struct err *e)
{
    struct grid g = { 0 };
    char *text = NULL;
    size_t n = 0;
    FILE *memory = NULL;
    int rc = compare_grid(&g, o, runs, true, e);
    if (rc != OK)
        goto out;
    memory = open_memstream(&text, &n);
    if (!memory) {
        rc = err_set(e, ERR_MEMORY, "%s: not enough memory", o->csv);
        goto out;
    }
    grid_csv(memory, &g);
    if (fclose(memory) != 0)
        rc = err_set(e, ERR_MEMORY, "%s: not enough memory", o->csv);
    else
        rc = fsys_replace(o->csv, text, n, e);
out:
    grid_release(&g);
    free(text);
    return rc;
}

/* ---- what is drawn ---- */

static void fill_curves(struct plot_curve *curves, const char *name,
                        const struct compared *runs, idx n)
{
    for (idx i = 0; i < n; i++) {
        struct series s = compared_series(&runs[i], name);
        curves[i] = (struct plot_curve){ runs[i].label, s.step, s.value, s.n,
                                         s.is_sparse };
    }
}

/* Shares are shown in percent, from 0 to 100 unless they leave that. */
static struct plot_panel make_panel(char label[NAME_SHOWN_MAX],
                                    const char *name,
                                    const struct plot_curve *curves, idx n)
{
    struct plot_panel panel = { .y_label = label };
    bool is_share = metric_is_share(name), is_within = is_share;
    for (idx c = 0; c < n; c++)
        for (idx i = 0; i < curves[c].n && is_within; i++)
            is_within = !(curves[c].y[i] < 0 || curves[c].y[i] > 1);
    snprintf(label, NAME_SHOWN_MAX, is_share ? "%s, percent" : "%s", name);
    panel.scale = is_share ? 100 : 1;
    panel.y_max = is_within ? 100 : 0;
    panel.curves = curves;
    panel.n_curves = n;
    return panel;
}

static bool has_any(const struct plot_curve *curves, idx n)
{
    for (idx i = 0; i < n; i++)
        if (curves[i].n > 0)
            return true;
    return false;
}

/* What is drawn, from the top. A figure has room to show the weights as they
 * are, and the extra column's, beside a metric of rows scaled to sum 1. */
enum { PANELS_MAX = 4 };

static idx list_panels(const char *names[PANELS_MAX],
                       const struct compare_options *o)
{
    const char *const beside[] = { "first_mass_raw", "bias_mass" };
    idx n = 0;
    names[n++] = o->metric;
    for (idx i = 0; o->figure && i < COUNT_OF(beside); i++)
        if (strcmp(beside[i], o->metric) != 0)
            names[n++] = beside[i];
    names[n++] = o->loss;
    return n;
}

static int draw(FILE *out, const struct compare_options *o,
                const struct compared *runs, struct err *e)
{
    const char *names[PANELS_MAX];
    char labels[PANELS_MAX][NAME_SHOWN_MAX];
    struct plot_panel panels[PANELS_MAX];
    struct plot p = { .x_label = "step", .log_x = o->log_x, .panels = panels };
    idx n = o->n_runs, n_names = list_panels(names, o);
    struct plot_curve *curves = calloc((size_t)(n * n_names), sizeof *curves);
    if (!curves)
        return err_set(e, ERR_MEMORY, "not enough memory for a plot");
    for (idx i = 0; i < n_names; i++) {
        fill_curves(curves + i * n, names[i], runs, n);
        if (i == 0 || has_any(curves + i * n, n)) {
            panels[p.n_panels] =
                make_panel(labels[i], names[i], curves + i * n, n);
            p.n_panels++;
        }
    }
    int rc = o->figure ? plot_write(&p, o->figure, e)
                       : plot_text(out, &p, o->width, o->unicode, e);
    if (rc == OK && o->figure)
        fprintf(out, "figure: %s\n", o->figure);
    free(curves);
    return rc;
}

/* ---- the command ---- */

/* A metric that no run has is a slip of the pen; say which there are. */
static int check_metric(const struct compare_options *o,
                        const struct compared *runs, struct err *e)
{
    char names[ERR_TEXT_MAX / 2] = "";
    const struct table *t = &runs[0].analysis;
    for (idx i = 0; i < o->n_runs; i++)
        if (compared_series(&runs[i], o->metric).n > 0 ||
            table_find(&runs[i].analysis, o->metric) >= 0)
            return OK;
    for (idx c = 0; c < t->columns; c++) {
        size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, "%s%s",
                 used > 0 ? ", " : "", t->names[c]);
    }
    return err_set(e, ERR_DATA, "%s: no column %s; there are %s", runs[0].path,
                   o->metric, names);
}

int compare_run(FILE *out, const struct compare_options *o, struct err *e)
{
    int rc = o->figure ? plot_file_check(o->figure, e) : OK;
    if (rc != OK)
        return rc;
    struct compared *runs = calloc((size_t)o->n_runs, sizeof *runs);
    if (!runs)
        return err_set(e, ERR_MEMORY, "not enough memory for %td runs",
                       o->n_runs);
    for (idx i = 0; i < o->n_runs && rc == OK; i++)
        rc = compared_load(&runs[i], o->runs[i], o->metric, e);
    if (rc == OK)
        rc = check_metric(o, runs, e);
    if (rc != OK)
        goto out;
    compared_label(runs, o->n_runs);
    rc = print_table(out, o, runs, e);
    if (rc == OK && o->csv)
        rc = write_csv(o, runs, e);
    if (rc == OK)
        rc = draw(out, o, runs, e);
out:
    for (idx i = 0; i < o->n_runs; i++)
        compared_release(&runs[i]);
    free(runs);
    return rc;
}

/* ---- the command line ---- */

static int say_usage(struct err *e, const char *what, const char *which)
{
    return err_set(e, ERR_USAGE,
                   "compare: %s%s; `sinklab compare --help` shows what it "
                   "takes",
                   what, which);
}

static int parse_threshold(double *threshold, const char *text, struct err *e)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v))
        return err_set(e, ERR_USAGE,
                       "compare: --threshold: got '%.60s', want a number",
                       text);
    *threshold = v;
    return OK;
}

/* Take the option at argv[*i], with its value behind `=` or in the next
 * argument. OK or ERR_USAGE. */
static int parse_option(struct compare_options *o, int *i, int argc,
                        char **argv, struct err *e)
{
    const char *arg = argv[*i], *threshold = NULL, *value;
    const struct {
        const char *name, **value;
    } takers[] = {
        { "-o", &o->figure },          { "--csv", &o->csv },
        { "--metric", &o->metric },    { "--loss", &o->loss },
        { "--threshold", &threshold },
    };
    if (strcmp(arg, "--log-x") == 0) {
        o->log_x = true;
        return OK;
    }
    for (idx k = 0; k < COUNT_OF(takers); k++) {
        size_t n = strlen(takers[k].name);
        if (strncmp(arg, takers[k].name, n) != 0 || (arg[n] && arg[n] != '='))
            continue;
        value = arg[n] ? arg + n + 1 : *i + 1 < argc ? argv[++*i] : "";
        if (!*value)
            return say_usage(e, takers[k].name, " without a value");
        *takers[k].value = value;
        return threshold ? parse_threshold(&o->threshold, threshold, e) : OK;
    }
    return say_usage(e, "unknown option ", arg);
}

static idx terminal_width(void)
{
    struct winsize size = { 0 };
    if (!isatty(STDOUT_FILENO) ||
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_USUAL;
    return size.ws_col;
}

int cmd_compare(int argc, char **argv, struct err *e)
{
    struct compare_options o = { .metric = "sink_1", .loss = "val_loss" };
    int rc = OK;
    bool has_options = true; /* until -- */
    o.threshold = 0.5;
    o.width = terminal_width();
    o.unicode = utf8_terminal();
    const char **runs = calloc((size_t)argc + 1, sizeof *runs);
    if (!runs)
        return err_set(e, ERR_MEMORY, "not enough memory");
    o.runs = runs;
    for (int i = 1; i < argc && rc == OK; i++) {
        if (has_options &&
            (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            fputs(help, stdout);
            goto out;
        }
        if (has_options && strcmp(argv[i], "--") == 0)
            has_options = false;
        else if (has_options && argv[i][0] == '-' && argv[i][1])
            rc = parse_option(&o, &i, argc, argv, e);
        else
            runs[o.n_runs++] = argv[i];
    }
    if (rc == OK && o.n_runs == 0)
        rc = say_usage(e, "no run folder given", "");
    if (rc == OK)
        rc = compare_run(stdout, &o, e);
out:
    free(runs);
    return rc;
}
