#include "report/plot_map.h"

#include "report/plot_style.h"

#include <math.h>

enum {
    NUMBERED_WIDTH = 22, /* pixels of a cell that has room for its number */
    NUMBERED_HEIGHT = 12,
    RECTANGLES_MAX = 1 << 14, /* more cells than that are one picture */
};

static double value_at(const struct drawing *d, const struct plot_map *m,
                       idx row, idx column)
{
    double v = plot_scaled(&d->p->colours, m->v[row * m->columns + column]);
    return plot_is_drawable(v) ? v : NAN;
}

static void print_cells(const struct drawing *d, const struct plot_map *m,
                        idx b, idx k)
{
    fprintf(d->s, "$map_%td_%td << EOD\n", b, k);
    for (idx row = 0; row < m->rows; row++)
        for (idx c = 0; c < m->columns; c++) {
            double v = value_at(d, m, row, c);
            if (!isnan(v))
                fprintf(d->s, "%td %td %.9g\n", c, row, v);
            else
                fprintf(d->s, "%td %td nan\n", c, row);
        }
    fputs("EOD\n", d->s);
}

/* Digits that the numbers of cells need, so that two that differ by a
 * hundredth of the scale do. */
static int digits_of(struct span s)
{
    return s.hi - s.lo >= 20 ? 0 : s.hi - s.lo >= 2 ? 1 : 2;
}

/* White on dark cells, black on light ones. */
static void print_numbers(const struct drawing *d, const struct plot_map *m,
                          idx b, idx k, bool is_dark)
{
    int digits = digits_of(d->colours);
    fprintf(d->s, "$%s_%td_%td << EOD\n", is_dark ? "dark" : "light", b, k);
    for (idx row = 0; row < m->rows; row++)
        for (idx c = 0; c < m->columns; c++) {
            double v = value_at(d, m, row, c);
            if (!isnan(v) && plot_is_dark(plot_place(d->colours, v)) == is_dark)
                fprintf(d->s, "%td %td %.*f\n", c, row, digits, v);
        }
    fputs("-1000 -1000 0\nEOD\n", d->s); /* none would be an error */
}

static bool has_numbers(const struct plot_map *m, struct place at)
{
    return (at.right - at.left) / m->columns >= NUMBERED_WIDTH &&
           (at.bottom - at.top) / m->rows >= NUMBERED_HEIGHT;
}

/* gnuplot makes no image of a single row or column. Of few cells an image is
 * rectangles, which no viewer blurs. */
static const char *form_of(const struct plot_map *m)
{
    if (m->rows < 2 || m->columns < 2)
        return "1:2:(0.5):(0.5):3 with boxxyerror fs solid noborder lc palette";
    return m->rows * m->columns <= RECTANGLES_MAX ? "1:2:3 with image pixels"
                                                  : "1:2:3 with image";
}

void plot_print_map(const struct drawing *d, idx b, idx k, struct place at)
{
    const struct plot_map *m = &d->p->blocks[b].panels[k].map;
    bool is_numbered = has_numbers(m, at);
    char font[PLOT_FONT_MAX];
    print_cells(d, m, b, k);
    for (int dark = 0; is_numbered && dark < 2; dark++)
        print_numbers(d, m, b, k, dark);
    fprintf(d->s, "plot $map_%td_%td using %s", b, k, form_of(m));
    for (int dark = 0; is_numbered && dark < 2; dark++)
        fprintf(d->s, ", $%s_%td_%td using 1:2:3 with labels %s tc rgb '%s'",
                dark ? "dark" : "light", b, k, plot_font(font, d, 0.8),
                dark ? "#ffffff" : "#000000");
    fputc('\n', d->s);
}

/* A panel of its own: a picture, for between rectangles the ground would show;
 * of many cells, for some viewers blur what they enlarge. */
void plot_print_bar(const struct drawing *d)
{
    enum { COLUMNS = 8, ROWS = 256, WIDTH = 14, HEIGHT_MAX = 200, TIC_PX = 20 };
    idx title_at;
    struct place first = plot_place_of(d, 0, 0, &title_at);
    idx bottom = d->legend_at - d->look.x_label - d->look.bottom;
    struct place at = { .left = d->look.width - d->look.bar,
                        .top = first.top,
                        .bottom = idx_min(bottom, first.top + HEIGHT_MAX) };
    at.right = at.left + WIDTH;
    double step = (d->colours.hi - d->colours.lo) / ROWS;
    plot_set_margins(d, at);
    fprintf(d->s,
            "unset title\nunset grid\nunset xlabel\nunset xtics\n"
            "unset ytics\nunset ylabel\nset border 15 lw 0.5\n"
            "unset logscale\nset xrange [-0.5:%d.5]\n"
            "set yrange [%.12g:%.12g]\nset y2range [%.12g:%.12g]\n"
            "set y2tics scale 0.5 %.12g\n",
            COLUMNS - 1, d->colours.lo, d->colours.hi, d->colours.lo,
            d->colours.hi,
            plot_tic_step(d->colours, (at.bottom - at.top) / TIC_PX));
    plot_set_text(d, "y2label", d->p->colours.label, 40, "");
    fputs("$bar << EOD\n", d->s);
    for (int row = 0; row < ROWS; row++)
        for (int c = 0; c < COLUMNS; c++) {
            double v = d->colours.lo + (row + 0.5) * step;
            fprintf(d->s, "%d %.12g %.12g\n", c, v, v);
        }
    fputs("EOD\nplot $bar using 1:2:3 with image\nunset y2tics\n"
          "unset y2label\n",
          d->s);
}
