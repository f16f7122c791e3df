#include "report/plot_frame.h"

#include "base/utf8.h"
#include "report/gnuplot.h"

const struct look plot_picture = {
    .unicode = true,
    .width = 900,
    .left = 84,
    .right = 24,
    .gap = 30,
    .top = 14,
    .block_title = 20,
    .title = 18,
    .bottom = 30,
    .x_label = 24,
    .height = { 400, 250, 200, 160, 130 },
    .bar = 84,
    .legend_row = 20,
    .legend_line = 44,
    .caption_row = 15,
    .character = 8, /* of the 12-pixel font */
    .small = 6,
    .caption_character = 5.7,
    .mark_spacing = 48,
    .mark_phase = 13,
    .marked_max = 50,
    .room = 0.03,
};

const struct look plot_letters_look = {
    .is_text = true,
    .left = 9,
    .right = 3,
    .top = 2,
    .title = 2, /* below the frame of the panel above */
    .bottom = 2,
    .x_label = 1,
    .height = { 13, 13, 13, 13, 13 },
    .legend_row = 1,
    .legend_line = 2,
    .character = 1,
    .small = 1,
    .caption_character = 1,
    .mark_spacing = 4,
    .mark_phase = 1,
    .marked_max = 20,
    .room = 0.06,
};

/* Of a cell of a map, in pixels. */
enum { PAGE = 1000 };
enum { CELL_MIN = 4, CELL_MAX = 44, MAP_HEIGHT_MAX = 320 };
/* Beside the only row of maps stands the bar of colours, with its label. */
enum { BAR_HEIGHT_MIN = 130 };

/* ---- rows and columns -------------------------------------------------- */

static idx across_of(const struct drawing *d)
{
    return d->look.is_text ? 1 : idx_max(1, d->p->across);
}

static idx rows_of(const struct drawing *d, idx b)
{
    return idx_ceil_div(d->p->blocks[b].n_panels, across_of(d));
}

static idx panel_width(const struct drawing *d)
{
    const struct look *k = &d->look;
    idx n = across_of(d), bar = d->has_maps ? k->bar : 0;
    return (k->width - k->left - k->right - bar - (n - 1) * k->gap) / n;
}

/* Maps are as high as their cells are wide, within bounds. */
static idx panel_height(const struct drawing *d, idx b)
{
    const struct plot_map *m = &d->p->blocks[b].panels[0].map;
    bool is_alone = d->p->n_blocks == 1 && d->p->blocks[0].n_panels == 1;
    idx usual = d->look.height[is_alone ? 0 : idx_min(across_of(d), 4)];
    if (d->look.is_text)
        return usual;
    if (m->rows == 0) /* many below each other fit a page */
        return idx_max(usual / 2, idx_min(usual, PAGE / d->p->n_blocks));
    idx cell = panel_width(d) / m->columns;
    cell = idx_max(CELL_MIN, idx_min(cell, CELL_MAX));
    idx least = d->p->n_blocks == 1 && rows_of(d, b) == 1 ? BAR_HEIGHT_MIN : 0;
    return idx_max(least, idx_min(cell * m->rows, MAP_HEIGHT_MAX));
}

static bool has_titles(const struct plot_block *b)
{
    for (idx k = 0; k < b->n_panels; k++)
        if (b->panels[k].title)
            return true;
    return false;
}

static idx title_height(const struct drawing *d, idx b)
{
    return has_titles(&d->p->blocks[b]) ? d->look.title : 0;
}

/* A row of panels, with its titles and the gap below it. */
static idx row_height(const struct drawing *d, idx b)
{
    const struct look *k = &d->look;
    idx between = k->is_text ? 0 : k->gap / 3;
    return title_height(d, b) + panel_height(d, b) + between;
}

static idx head_height(const struct drawing *d, idx b)
{
    return d->look.top + (d->p->blocks[b].title ? d->look.block_title : 0);
}

/* Maps in a column have the numbers of their common axis below the last. */
static bool has_x_numbers(const struct drawing *d, idx b)
{
    return !d->has_maps || b == d->p->n_blocks - 1;
}

static idx block_height(const struct drawing *d, idx b)
{
    return head_height(d, b) + rows_of(d, b) * row_height(d, b) +
           (has_x_numbers(d, b) ? d->look.bottom : 0);
}

void plot_frame(struct drawing *d, idx legend_rows, idx caption_rows)
{
    const struct look *k = &d->look;
    idx at = k->x_label;
    for (idx b = 0; b < d->p->n_blocks; b++)
        at += block_height(d, b);
    d->legend_at = at;
    d->height = at;
    if (k->is_text)
        return;
    at += legend_rows * k->legend_row + (legend_rows > 0 ? 6 : 0);
    d->caption_at = at;
    d->height = at + caption_rows * k->caption_row + 8;
}

struct place plot_place_of(const struct drawing *d, idx b, idx k, idx *title_at)
{
    const struct look *look = &d->look;
    idx n = across_of(d), row = k / n, column = k % n;
    idx top = 0, width = panel_width(d);
    for (idx i = 0; i < b; i++)
        top += block_height(d, i);
    *title_at = top + look->top + look->block_title / 2;
    top += head_height(d, b) + row * row_height(d, b) + title_height(d, b);
    struct place p = { .left = look->left + column * (width + look->gap),
                       .top = top,
                       .bottom = top + panel_height(d, b) };
    p.right = p.left + width;
    p.has_x = has_x_numbers(d, b) && k + n >= d->p->blocks[b].n_panels;
    p.has_y = column == 0;
    return p;
}

/* ---- script ------------------------------------------------------------ */

void plot_set_margins(const struct drawing *d, struct place at)
{
    struct picture_box box = { at.left, at.right, at.top, at.bottom };
    picture_box(d->s, d->look.width, d->height, box);
}

const char *plot_font(char text[PLOT_FONT_MAX], const struct drawing *d,
                      double share)
{
    snprintf(text, PLOT_FONT_MAX, "font ',%.3g'", share * d->font);
    return text;
}

void plot_set_text(const struct drawing *d, const char *what, const char *text,
                   idx columns, const char *where)
{
    char shown[PLOT_LABEL_BYTES];
    utf8_show(shown, sizeof shown, text, columns, d->look.unicode);
    fprintf(d->s, "set %s ", what);
    gnuplot_quote(d->s, shown);
    fprintf(d->s, " noenhanced %s\n", where);
}
