#include "report/plot.h"

#include "base/utf8.h"
#include "report/plot_axis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    WIDTH_MIN = 40,
    WIDTH_MAX = 400,
    ROWS_WANTED = 12, /* a panel; made a multiple of its ticks' steps */
    TEXT_MAX = 4 * WIDTH_MAX,
};

/* The strokes of the frame; the axis line is made of repeated `line`. */
struct strokes {
    const char *side, *side_tick, *corner, *line, *line_tick;
};

static const struct strokes strokes_ascii = { "|", "+", "+", "-", "+" };
static const struct strokes strokes_unicode = { "│", "┤", "└", "─", "┬" };

/* What a curve covers in one column: rows [lo, hi], 0 the lowest; empty if
 * lo > hi. */
struct span {
    idx lo, hi;
};

struct canvas {
    FILE *out;
    const struct plot *p;
    const struct strokes *strokes;
    bool unicode;
    idx width;          /* of everything */
    idx label_columns;  /* of the y tick labels */
    idx columns, rows;  /* of the area that curves are drawn in */
    struct plot_axis x; /* of all panels */
    struct plot_axis y; /* of the panel being drawn */
    struct span *spans; /* (curves,columns) */
};

static char mark_of(idx curve)
{
    static const char marks[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    return marks[curve % (COUNT_OF(marks) - 1)];
}

static void span_add(struct span *s, double from, double to, idx rows)
{
    /* What lies outside of a range that was asked for is cut off, before it
     * becomes an integer that may not hold it. */
    idx lo = (idx)fmin(fmax(fmin(from, to), 0), (double)rows);
    idx hi = (idx)fmax(fmin(fmax(from, to), (double)(rows - 1)), -1);
    if (lo > hi)
        return;
    *s = s->lo > s->hi
             ? (struct span){ lo, hi }
             : (struct span){ idx_min(s->lo, lo), idx_max(s->hi, hi) };
}

/* A place on the grid: whole column, whole row kept as double because it may
 * lie far outside. */
struct spot {
    double column, row;
};

/* The line from a to b, without a's own cell; each column is filled from the
 * row of the column before, so that a steep line has no holes. */
static void draw_segment(const struct canvas *k, struct span *spans,
                         struct spot a, struct spot b)
{
    double way = fabs(b.column - a.column), before = a.row;
    double forth = b.column < a.column ? -1 : 1;
    if (way == 0) {
        span_add(&spans[(idx)b.column], a.row, b.row, k->rows);
        return;
    }
    for (double i = 1; i <= way; i++) {
        double row = round(a.row + (b.row - a.row) * i / way);
        double from = row > before   ? before + 1
                      : row < before ? before - 1
                                     : row;
        span_add(&spans[(idx)(a.column + forth * i)], from, row, k->rows);
        before = row;
    }
}

static void draw_curve(const struct canvas *k, struct span *spans,
                       const struct plot_panel *panel,
                       const struct plot_curve *curve)
{
    struct spot last = { 0 };
    bool has_last = false;
    for (idx c = 0; c < k->columns; c++)
        spans[c] = (struct span){ 0, -1 };
    for (idx i = 0; i < curve->n; i++) {
        double x, y;
        if (!plot_point(&x, &y, k->p, panel, curve, i)) {
            has_last = has_last && curve->is_sparse;
            continue;
        }
        struct spot spot = {
            round(plot_axis_place(&k->x, x) * (double)(k->columns - 1)),
            round(plot_axis_place(&k->y, y) * (double)(k->rows - 1)),
        };
        if (has_last)
            draw_segment(k, spans, last, spot);
        else
            span_add(&spans[(idx)spot.column], spot.row, spot.row, k->rows);
        last = spot;
        has_last = true;
    }
}

/* The mark at a cell. Where curves coincide each has its turn, by column. */
static char mark_at(const struct canvas *k, idx n_curves, idx row, idx column)
{
    idx here = 0;
    for (idx c = 0; c < n_curves; c++) {
        const struct span *s = &k->spans[c * k->columns + column];
        here += row >= s->lo && row <= s->hi;
    }
    idx turn = here > 0 ? column % here : -1;
    for (idx c = 0; c < n_curves && turn >= 0; c++) {
        const struct span *s = &k->spans[c * k->columns + column];
        if (row >= s->lo && row <= s->hi && turn-- == 0)
            return mark_of(c);
    }
    return ' ';
}

/* Print without the blanks at the end. */
static void print_line(FILE *out, char *line)
{
    size_t n = strlen(line);
    while (n > 0 && line[n - 1] == ' ')
        n--;
    fprintf(out, "%.*s\n", (int)n, line);
}

/* text, centred over `at` but within [0, width), after what is there. */
static void place_text(char *line, idx width, idx at, const char *text)
{
    idx n = (idx)strlen(text), used = (idx)strlen(line);
    idx start = idx_max(0, idx_min(at - n / 2, width - n));
    if (n > width || (used > 0 && start < used + 1))
        return; /* no room: this tick stays without its number */
    memset(line + used, ' ', (size_t)(start - used));
    memcpy(line + start, text, (size_t)n + 1);
}

static void print_rows(const struct canvas *k, idx n_curves)
{
    struct plot_tick ticks[PLOT_TICKS_MAX];
    idx n_ticks = plot_axis_ticks(ticks, &k->y);
    for (idx row = k->rows - 1; row >= 0; row--) {
        const char *number = "", *side = k->strokes->side;
        char line[WIDTH_MAX + 1] = "";
        for (idx i = 0; i < n_ticks; i++)
            if (round(plot_axis_place(&k->y, ticks[i].at) *
                      (double)(k->rows - 1)) == (double)row) {
                number = ticks[i].text;
                side = k->strokes->side_tick;
            }
        for (idx c = 0; c < k->columns; c++)
            line[c] = mark_at(k, n_curves, row, c);
        if (!k->y.has_data && row == k->rows / 2) {
            line[0] = '\0';
            place_text(line, k->columns, k->columns / 2, "no data");
        }
        fprintf(k->out, "%*s %s", (int)k->label_columns, number, side);
        print_line(k->out, line);
    }
}

static void print_x_axis(const struct canvas *k)
{
    struct plot_tick ticks[PLOT_TICKS_MAX];
    idx n_ticks = plot_axis_ticks(ticks, &k->x);
    bool is_tick[WIDTH_MAX] = { false };
    char line[WIDTH_MAX + 1] = "";
    idx left = k->label_columns + 2;
    for (idx i = 0; i < n_ticks; i++) {
        idx c = (idx)round(plot_axis_place(&k->x, ticks[i].at) *
                           (double)(k->columns - 1));
        is_tick[c] = true;
        place_text(line, k->width, left + c, ticks[i].text);
    }
    fprintf(k->out, "%*s%s", (int)left - 1, "", k->strokes->corner);
    for (idx c = 0; c < k->columns; c++)
        fputs(is_tick[c] ? k->strokes->line_tick : k->strokes->line, k->out);
    fprintf(k->out, "\n%s\n", line);
}

/* Rows of a panel: about ROWS_WANTED, ticks at equal distances. */
static idx rows_for(const struct plot_axis *y)
{
    double steps = (y->hi - y->lo) / y->step;
    double each = fmax(1, round(ROWS_WANTED / steps));
    return steps > ROWS_WANTED ? ROWS_WANTED + 1 : (idx)(steps * each) + 1;
}

static void print_panel(struct canvas *k, const struct plot_panel *panel)
{
    char label[TEXT_MAX];
    utf8_show(label, sizeof label, panel->y_label, k->width - 1, k->unicode);
    fprintf(k->out, "%s\n", label);
    k->y = plot_y_axis(k->p, panel);
    k->rows = rows_for(&k->y);
    for (idx c = 0; c < panel->n_curves; c++)
        draw_curve(k, k->spans + c * k->columns, panel, &panel->curves[c]);
    print_rows(k, panel->n_curves);
    print_x_axis(k);
}

/* In the middle under the curves, as far as there is room. */
static void print_x_label(const struct canvas *k)
{
    char shown[TEXT_MAX];
    idx used =
        utf8_show(shown, sizeof shown, k->p->x_label, k->width - 1, k->unicode);
    idx middle = k->label_columns + 2 + (k->columns - used) / 2;
    idx start = idx_max(0, idx_min(middle, k->width - used));
    fprintf(k->out, "%*s%s\n", (int)start, "", shown);
}

/* "a label   b label", in as many columns as fit. */
static void print_legend(const struct canvas *k)
{
    char label[TEXT_MAX];
    idx n = plot_legend_count(k->p), widest = 0, room = k->width - 4;
    for (idx i = 0; i < n; i++)
        widest = idx_max(widest, utf8_show(label, sizeof label,
                                           plot_legend_label(k->p, i), room,
                                           k->unicode));
    idx entry = widest + 4, across = idx_max(1, (k->width + 1) / (entry + 1));
    for (idx i = 0; i < n; i++) {
        idx used = utf8_show(label, sizeof label, plot_legend_label(k->p, i),
                             room, k->unicode);
        bool is_last = i % across == across - 1 || i == n - 1;
        fprintf(k->out, "  %c %s%*s", mark_of(i), label,
                is_last ? 0 : (int)(entry - 4 - used + 1), "");
        if (is_last)
            fputc('\n', k->out);
    }
}

static idx widest_tick(const struct plot *p)
{
    struct plot_tick ticks[PLOT_TICKS_MAX];
    idx widest = 0;
    for (idx i = 0; i < p->n_panels; i++) {
        struct plot_axis y = plot_y_axis(p, &p->panels[i]);
        for (idx t = plot_axis_ticks(ticks, &y); t-- > 0;)
            widest = idx_max(widest, (idx)strlen(ticks[t].text));
    }
    return widest;
}

int plot_text(FILE *out, const struct plot *p, idx width, bool unicode,
              struct err *e)
{
    struct canvas k = { .out = out, .p = p, .unicode = unicode };
    k.strokes = unicode ? &strokes_unicode : &strokes_ascii;
    k.width = idx_min(idx_max(width, WIDTH_MIN), WIDTH_MAX);
    k.x = plot_x_axis(p);
    k.label_columns = widest_tick(p);
    k.columns = k.width - k.label_columns - 2;
    BUG_ON(k.columns < 2);
    size_t curves = (size_t)idx_max(plot_legend_count(p), 1);
    k.spans = calloc(curves * (size_t)k.columns, sizeof *k.spans);
    if (!k.spans)
        return err_set(e, ERR_MEMORY, "not enough memory to draw a plot");
    for (idx i = 0; i < p->n_panels; i++)
        print_panel(&k, &p->panels[i]);
    print_x_label(&k);
    print_legend(&k);
    free(k.spans);
    return OK;
}
