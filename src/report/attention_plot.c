/* attention_plot.c - attention weights drawn by gnuplot: a panel a head, layers
 * below each other, heads side by side; queries from top to bottom, keys from
 * left to right, what goes to no token in a strip of its own on the left.
 *
 * Colours are those of a scale that grows darker evenly (ColorBrewer's YlGnBu,
 * from white on), so that it is right in grey and for every kind of colour
 * vision; what a query does not see is grey. Weights below zero have the same
 * darkness in another hue. The scale is the square root: what is small but for
 * a sink is seen, too. A text with more tokens than a panel shows is pooled:
 * weights are added up over the keys of a cell, means are taken over its
 * queries.
 */
#include "report/attention_map.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "io/fsys.h"
#include "report/gnuplot.h"
#include "report/picture.h"

/* In pixels: of a panel, and of what stands around it. */
enum {
    CELL = 13, /* of a token, where there is room */
    PANEL_MIN = 64,
    PANEL_MAX = 420,
    PANEL_ALONE_MAX = 760,
    WIDTH_WANTED = 1240, /* of all panels together */
    GAP = 14,
    STRIP_MIN = 7, /* of the extra column */
    STRIP_MAX = 24,
    STRIP_GAP = 3,
    HEAD_ROW = 20, /* "head 3" above a column */
    TITLE_ROW = 24,
    TITLE_CHARACTER = 6,
    LAYER_COLUMN = 20, /* "layer 2" left of a row */
    LABEL_ROOM = 12,   /* between two tokens that are named */
    LABEL_CHARACTER = 6,
    LABEL_COLUMNS = 14, /* of a token's name at most */
    BAR_WIDTH = 14,
    BAR_HEIGHT_MAX = 220,
    BAR_ROOM = 64,
    NOTE_ROW = 15,
    NOTE_CHARACTER = 6,
    WIDTH_MIN = 420,
    MARGIN = 12,
    SHARE_PANEL = PANEL_MIN, /* the smallest that has a number in it */
    ACROSS_MAX = 24,
    DOWN_MAX = 64,
    POOLED_CELLS = 128,
    POOLED_ALONE = 380,
    FONT = 11,
};

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

static const double UNSEEN = -2; /* behind the scale's lower end */

struct drawing {
    FILE *s; /* gnuplot's script */
    enum picture_kind kind;
    const char *name; /* of the run */
    char *notes;      /* lines */
    struct attention_map *m;
    idx n;                        /* cells a side */
    idx per;                      /* tokens a cell */
    float *cells;                 /* (heads, n, n) */
    float *extra;                 /* (heads, n); NULL: no layer has it */
    struct attention_share *part; /* (heads) of parts of their rows */
    double *largest;              /* (heads) |cell| */
    struct attention_sums sums;
    double top; /* of the scale */
    bool is_signed;
    idx panel, strip; /* pixels */
    idx left, above, width, height;
};

/* ---- what is drawn ----------------------------------------------------- */

static void see_head(void *context, const struct head_view *h)
{
    struct drawing *d = context;
    const struct attention_map *m = d->m;
    idx place = attention_map_place(m, h), row_n = h->n_extra + h->T;
    float *cells = d->cells + place * d->n * d->n;
    for (idx t = 0; t < h->T; t++) {
        const real *row = h->weights + t * row_n + h->n_extra;
        idx q = t / d->per;
        double queries = (double)idx_min(d->per, h->T - q * d->per);
        float *to = cells + q * d->n;
        for (idx k = 0; k < h->T; k++)
            to[k / d->per] += (float)((double)row[k] / queries);
        if (d->extra && h->n_extra)
            d->extra[place * d->n + q] +=
                (float)((double)h->weights[t * row_n] / queries);
    }
    for (idx i = 0; i < d->n * d->n; i++)
        d->largest[place] = fmax(d->largest[place], fabs((double)cells[i]));
    for (idx i = 0; d->extra && i < d->n; i++)
        d->largest[place] =
            fmax(d->largest[place], fabs((double)d->extra[place * d->n + i]));
    d->part[place] = attention_part_of(m, h);
}

/* Does any query of the cell see any of its keys? */
static bool is_seen(const struct drawing *d, idx layer, idx head, idx q, idx k)
{
    const struct attention_map *m = d->m;
    for (idx t = q * d->per; t < idx_min(m->T, (q + 1) * d->per); t++)
        for (idx j = k * d->per; j < idx_min(m->T, (k + 1) * d->per); j++)
            if (attention_map_sees(m, layer, head, t, j))
                return true;
    return false;
}

/* The scale ends at 1 where weights are shares. */
static void find_scale(struct drawing *d)
{
    double largest = 0;
    idx heads = d->m->n_layers * d->m->n_heads;
    d->sums = ATTENTION_NO_SUMS;
    for (idx i = 0; i < heads; i++) {
        largest = fmax(largest, d->largest[i]);
        attention_sums_of(&d->sums, &d->part[i]);
    }
    for (idx i = 0; i < heads * d->n * d->n; i++)
        d->is_signed = d->is_signed || d->cells[i] < 0;
    d->top = largest > 0 ? largest : 1;
    if (largest <= 1 && largest > 0.5)
        d->top = 1;
}

static double scaled(const struct drawing *d, double w)
{
    double u = sqrt(fmin(fabs(w) / d->top, 1));
    return w < 0 ? -u : u;
}

/* ---- script ------------------------------------------------------------ */

static void set_box(const struct drawing *d, idx left, idx top, idx width,
                    idx height)
{
    struct picture_box box = { left, left + width, top, top + height };
    picture_box(d->s, d->width, d->height, box);
}

/* A text at a pixel of the whole picture. */
static void set_text(const struct drawing *d, const char *text, idx x, idx y,
                     const char *how)
{
    fputs("set label ", d->s);
    gnuplot_quote(d->s, text);
    fprintf(d->s, " noenhanced at screen %.6f, screen %.6f %s\n",
            (double)x / (double)d->width, 1 - (double)y / (double)d->height,
            how);
}

/* Is there room for the name of every token? Else places are numbered. */
static bool has_names(const struct drawing *d)
{
    return d->per == 1 && d->panel >= d->n * LABEL_ROOM;
}

/* Tokens from one that is labelled to the next. */
static idx label_step(const struct drawing *d)
{
    static const idx round[] = { 1, 2, 5 };
    if (has_names(d))
        return 1;
    for (idx ten = 10;; ten *= 10)
        for (idx i = 0; i < COUNT_OF(round); i++)
            if (ten / 10 * round[i] * d->panel >=
                d->m->T * (LABEL_ROOM + LABEL_ROOM / 2))
                return ten / 10 * round[i];
}

/* 1, 5, 10, 15 */
static bool is_labelled(idx t, idx step)
{
    return (t + 1) % step == 0 || (t == 0 && step != 2);
}

/* What stands at a token's place; returns its columns. */
static idx label_of(char shown[TOKEN_TEXT_MAX], const struct drawing *d, idx t)
{
    char label[TOKEN_TEXT_MAX];
    if (!has_names(d))
        return snprintf(shown, TOKEN_TEXT_MAX, "%td", t + 1);
    attention_map_label(label, d->m, t);
    return utf8_show(shown, TOKEN_TEXT_MAX, label, LABEL_COLUMNS, true);
}

/* Labels left of a panel that begins at x, y, or below it; what is short there
 * stands upright. */
static void set_labels(const struct drawing *d, idx x, idx y, bool is_below)
{
    idx end = y + d->panel + 4, step = label_step(d);
    idx upright = has_names(d) ? 1 : 3; /* numbers stand farther apart */
    for (idx t = 0; t < d->m->T; t++) {
        char label[TOKEN_TEXT_MAX];
        if (!is_labelled(t, step))
            continue;
        idx columns = label_of(label, d, t);
        idx at = (2 * (t / d->per) + 1) * d->panel / (2 * d->n);
        if (!is_below)
            set_text(d, label, x - 5, y + at, "right");
        else if (columns <= upright)
            set_text(d, label, x + at, end + 6, "center");
        else
            set_text(d, label, x + at, end, "right rotate by 90");
    }
}

static void print_matrix(const struct drawing *d, idx place, idx layer,
                         idx head)
{
    fprintf(d->s, "$m << EOD\n");
    for (idx q = 0; q < d->n; q++) {
        const float *row = d->cells + (place * d->n + q) * d->n;
        for (idx k = 0; k < d->n; k++)
            fprintf(d->s, "%.4g ",
                    row[k] != 0 || is_seen(d, layer, head, q, k)
                        ? scaled(d, (double)row[k])
                        : UNSEEN);
        fputc('\n', d->s);
    }
    fputs("EOD\n", d->s);
}

/* gnuplot takes two columns for the least image. */
static void print_strip(const struct drawing *d, idx place, idx left, idx top)
{
    fputs("$m << EOD\n", d->s);
    for (idx q = 0; q < d->n; q++) {
        double u = scaled(d, (double)d->extra[place * d->n + q]);
        fprintf(d->s, "%.4g %.4g\n", u, u);
    }
    fputs("EOD\n", d->s);
    set_box(d, left, top, d->strip, d->panel);
    fputs("set xrange [-0.5:1.5]\nplot $m matrix with image\n", d->s);
}

static idx panel_left(const struct drawing *d, idx column)
{
    idx strip = d->strip ? d->strip + STRIP_GAP : 0;
    return d->left + column * (d->panel + strip + GAP) + strip;
}

static idx panel_top(const struct drawing *d, idx row)
{
    return d->above + row * (d->panel + GAP);
}

/* Is there room for a panel's number, where nothing is seen? */
static bool has_number(const struct drawing *d)
{
    return d->panel >= SHARE_PANEL && d->n > 4;
}

static void print_panel(const struct drawing *d, idx row, idx column)
{
    const struct attention_map *m = d->m;
    idx place = row * m->n_heads + column;
    idx left = panel_left(d, column), top = panel_top(d, row);
    idx strip = left - d->strip - STRIP_GAP;
    bool is_last = row == m->n_layers - 1;
    char share[32];
    fprintf(d->s, "set yrange [%td.5:-0.5]\n", d->n - 1);
    if (d->strip && model_shows_extra(&m->model.model, m->layer + row))
        print_strip(d, place, strip, top);
    print_matrix(d, place, m->layer + row, m->head + column);
    set_box(d, left, top, d->panel, d->panel);
    fprintf(d->s, "set xrange [-0.5:%td.5]\n", d->n - 1);
    if (column == 0)
        set_labels(d, d->strip ? strip : left, top, false);
    if (is_last)
        set_labels(d, left, top, true);
    if (is_last && d->strip)
        set_text(d, "no token", strip + d->strip / 2, top + d->panel + 4,
                 "right rotate by 90");
    if (has_number(d)) {
        snprintf(share, sizeof share, "%.0f %%", 100 * d->part[place].first);
        set_text(d, share, left + d->panel - 5, top + 12, "right front");
    }
    fputs("plot $m matrix with image\nunset label\n", d->s);
}

/* A number of the scale, where it stands beside it. */
static void print_mark(const struct drawing *d, double w, idx left, idx height)
{
    char text[32];
    double low = d->is_signed ? -1 : 0;
    double at = (scaled(d, w) - low) / (1 - low);
    snprintf(text, sizeof text, "%g %%", 100 * w);
    set_text(d, text, left + BAR_WIDTH + 5,
             d->above + height - (idx)(at * (double)height), "left");
}

/* The scale: an image of its own, with round numbers beside it. */
static void print_bar(const struct drawing *d)
{
    enum { STEPS = 128 };
    static const double marks[] = { 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10 };
    idx left = d->width - MARGIN - BAR_ROOM + 8;
    idx height = idx_min(panel_top(d, d->m->n_layers - 1) + d->panel - d->above,
                         BAR_HEIGHT_MAX);
    double low = d->is_signed ? -1 : 0;
    fputs("$m << EOD\n", d->s);
    for (idx i = 0; i < STEPS; i++) {
        double u = low + (1 - low) * (double)i / (STEPS - 1);
        fprintf(d->s, "%.4g %.4g\n", u, u);
    }
    fputs("EOD\n", d->s);
    set_box(d, left, d->above, BAR_WIDTH, height);
    fprintf(d->s, "set xrange [-0.5:1.5]\nset yrange [-0.5:%d.5]\n", STEPS - 1);
    print_mark(d, 0, left, height);
    double last = 0;
    for (idx i = 0; i < COUNT_OF(marks); i++) {
        double at = scaled(d, marks[i]) / (1 - low) * (double)height;
        if (marks[i] > d->top * 1.001 || at - last < LABEL_ROOM + 4)
            continue;
        last = at;
        print_mark(d, marks[i], left, height);
        if (d->is_signed)
            print_mark(d, -marks[i], left, height);
    }
    fputs("plot $m matrix with image\nunset label\n", d->s);
}

/* The end of a path, which tells more, in so many columns; from the first
 * folder on that fits whole. */
static void cut_path(char *out, size_t cap, const char *path, idx columns)
{
    char shown[512];
    utf8_show(shown, sizeof shown, path, (idx)sizeof shown, true);
    const char *from = shown;
    bool is_long = utf8_columns(from) > columns;
    while (is_long && *from && utf8_columns(from) > columns - 1) {
        int32_t c;
        from += utf8_decode(&c, from);
    }
    const char *folder = is_long ? strchr(from, '/') : NULL;
    snprintf(out, cap, "%s%s", is_long ? ELLIPSIS : "", folder ? folder : from);
}

/* Title, heads above their columns, layers beside their rows, notes below. */
static void set_names(const struct drawing *d)
{
    const struct attention_map *m = d->m;
    static const char before[] = "Attention weights: ";
    char text[1024], name[516], behind[96];
    idx columns = (d->width - 2 * MARGIN) / TITLE_CHARACTER;
    columns -= (idx)sizeof before - 1;
    columns -= snprintf(behind, sizeof behind, ", step %td, %td token%s",
                        m->model.step, m->T, m->T == 1 ? "" : "s");
    cut_path(name, sizeof name, d->name, columns);
    snprintf(text, sizeof text, "%s%s%s", before, name, behind);
    set_text(d, text, MARGIN, MARGIN + 6, "left");
    for (idx i = 0; i < m->n_heads; i++) {
        snprintf(text, sizeof text, "head %td", m->head + i);
        set_text(d, text, panel_left(d, i) + d->panel / 2,
                 d->above - HEAD_ROW / 2, "center");
    }
    for (idx i = 0; i < m->n_layers; i++) {
        snprintf(text, sizeof text, "layer %td", m->layer + i);
        set_text(d, text, MARGIN + 4, panel_top(d, i) + d->panel / 2,
                 "center rotate by 90");
    }
}

/* What to know, in lines as wide as the picture. */
static char *notes_of(const struct drawing *d)
{
    char text[1024], *lines = NULL;
    size_t n;
    struct text t = { text, sizeof text, 0 };
    text_add(&t, "From top to bottom the token that looks, from left to right "
                 "what it looks at; grey: not seen");
    if (!has_names(d))
        text_add(&t, "; numbers beside the panels: places of tokens, from 1");
    if (d->strip)
        text_add(&t, "; apart: weight on no token");
    if (has_number(d)) {
        text_add(
            &t, "; number in a panel: %s (of even weights ",
            attention_sums_differ(&d->sums)
                ? "the first token's part of what a row sums to, mean over "
                  "queries"
                : "mean weight on the first token");
        attention_even_add(&t, d->m, offsetof(struct attention_share, first));
        text_add(&t, ")");
    }
    text_add(&t, ". Darkness: square root of the weight%s",
             d->is_signed ? ", orange to brown if it is below zero" : "");
    if (attention_sums_differ(&d->sums)) {
        text_add(&t, ". Note: ");
        attention_sums_add(&t, &d->sums);
    }
    if (d->per > 1)
        text_add(&t,
                 ". A cell is %td x %td tokens: weights added up over keys, "
                 "mean over queries",
                 d->per, d->per);
    text_add(&t, ".");
    FILE *f = open_memstream(&lines, &n);
    if (!f)
        return NULL;
    text_print_words(f, text, 0, 0,
                     (int)((d->width - 2 * MARGIN) / NOTE_CHARACTER));
    if (fclose(f) == 0)
        return lines;
    free(lines);
    return NULL;
}

static void set_notes(const struct drawing *d)
{
    idx y = d->height - MARGIN - text_count(d->notes, '\n') * NOTE_ROW +
            NOTE_ROW / 2;
    for (char *line = d->notes, *end; (end = strchr(line, '\n'));
         line = end + 1, y += NOTE_ROW) {
        *end = '\0';
        set_text(d, line, MARGIN, y, "left");
    }
}

static void print_script(FILE *script, void *context)
{
    struct drawing *d = context;
    const struct attention_map *m = d->m;
    d->s = script;
    picture_terminal(d->s, d->kind, d->width, d->height, FONT);
    fprintf(d->s,
            "set multiplot\nset border 31 lw 0.5 lc rgb '#666666'\n"
            "unset key\nunset colorbox\nunset tics\n"
            "set palette defined (-2 '#e6e6e6', -1.02 '#e6e6e6', %s"
            "0 '#ffffff', 0.12 '#edf8b1', 0.3 '#c7e9b4', 0.45 '#7fcdbb', "
            "0.58 '#41b6c4', 0.7 '#1d91c0', 0.82 '#225ea8', 0.92 '#253494', "
            "1 '#081d58')\nset cbrange [-2:1]\n",
            d->is_signed ? "-1 '#3f0a02', -0.82 '#8c2d04', -0.58 '#e0701f', "
                           "-0.3 '#fdc089', "
                         : "-0.001 '#e6e6e6', ");
    set_names(d);
    set_notes(d);
    print_bar(d);
    for (idx row = 0; row < m->n_layers; row++)
        for (idx column = 0; column < m->n_heads; column++)
            print_panel(d, row, column);
    fputs("unset multiplot\n", d->s);
}

/* ---- layout ------------------------------------------------------------ */

/* Pixels that labels take. */
static idx label_width(const struct drawing *d)
{
    idx widest = 1, step = label_step(d);
    for (idx t = 0; t < d->m->T; t++) {
        char label[TOKEN_TEXT_MAX];
        if (is_labelled(t, step))
            widest = idx_max(widest, label_of(label, d, t));
    }
    return widest * LABEL_CHARACTER + 10;
}

static void lay_out(struct drawing *d)
{
    const struct attention_map *m = d->m;
    bool is_alone = m->n_layers * m->n_heads == 1;
    idx most = is_alone ? PANEL_ALONE_MAX : PANEL_MAX;
    d->panel = idx_min(d->n * CELL, idx_min(most, WIDTH_WANTED / m->n_heads));
    d->panel = idx_max(d->panel, PANEL_MIN);
    if (d->panel >= d->n) /* cells of whole pixels */
        d->panel -= d->panel % d->n;
    if (m->has_extra)
        d->strip = idx_min(idx_max(STRIP_MIN, d->panel / d->n), STRIP_MAX);
    idx labels = label_width(d);
    d->left = MARGIN + LAYER_COLUMN + labels;
    d->above = MARGIN + TITLE_ROW + HEAD_ROW;
    d->width = panel_left(d, m->n_heads - 1) + d->panel + MARGIN + BAR_ROOM;
    d->width = idx_max(d->width, WIDTH_MIN);
    idx names = d->strip ? idx_max(labels, 8 * LABEL_CHARACTER + 10) : labels;
    d->height = panel_top(d, m->n_layers - 1) + d->panel + names + 8 + MARGIN;
}

static int plan(struct drawing *d, struct attention_map *m, struct err *e)
{
    idx heads = m->n_layers * m->n_heads;
    idx most = heads == 1 ? POOLED_ALONE : POOLED_CELLS;
    *d = (struct drawing){ .m = m, .per = idx_ceil_div(m->T, most) };
    d->n = idx_ceil_div(m->T, d->per);
    if (m->n_heads > ACROSS_MAX || m->n_layers > DOWN_MAX)
        return err_set(e, ERR_USAGE,
                       "attention: a picture has room for %d heads of %d "
                       "layers, not for %td of %td: choose a --layer and a "
                       "--head, or write .h5",
                       ACROSS_MAX, DOWN_MAX, m->n_heads, m->n_layers);
    d->cells = calloc((size_t)(heads * d->n * d->n), sizeof *d->cells);
    d->part = calloc((size_t)heads, sizeof *d->part);
    d->largest = calloc((size_t)heads, sizeof *d->largest);
    if (m->has_extra)
        d->extra = calloc((size_t)(heads * d->n), sizeof *d->extra);
    if (!d->cells || !d->part || !d->largest || (m->has_extra && !d->extra))
        return err_memory(e, NULL);
    return OK;
}

static void release(struct drawing *d)
{
    free(d->cells);
    free(d->extra);
    free(d->part);
    free(d->largest);
    free(d->notes);
}

/* ---- the whole --------------------------------------------------------- */

/* A viewer shall not smooth the few pixels of an image. */
static int sharpen(char **svg, size_t *n, struct err *e)
{
    static const char tag[] = "<image ", more[] = "style='image-rendering:"
                                                  "pixelated' ";
    char *out = NULL;
    size_t n_out;
    FILE *f = open_memstream(&out, &n_out);
    if (!f)
        return err_memory(e, NULL);
    for (const char *at = *svg, *end = *svg + *n, *next; at < end; at = next) {
        next = memmem(at, (size_t)(end - at), tag, sizeof tag - 1);
        bool is_tag = next != NULL;
        next = is_tag ? next + sizeof tag - 1 : end;
        fwrite(at, 1, (size_t)(next - at), f);
        fputs(is_tag ? more : "", f);
    }
    if (fclose(f)) {
        free(out);
        return err_memory(e, NULL);
    }
    free(*svg);
    *svg = out;
    *n = n_out;
    return OK;
}

static int draw(char **bytes, size_t *n, struct drawing *d, struct err *e)
{
    d->notes = notes_of(d);
    if (!d->notes)
        return err_memory(e, NULL);
    d->height += text_count(d->notes, '\n') * NOTE_ROW;
    int rc = picture_draw(bytes, n, d->kind, print_script, d, e);
    return rc == OK && d->kind == PICTURE_SVG ? sharpen(bytes, n, e) : rc;
}

int attention_plot_write(struct attention_map *m, const char *run,
                         const char *path, struct err *e)
{
    char *bytes = NULL;
    size_t n = 0;
    struct drawing d;
    if (plan(&d, m, e) == OK) {
        d.name = run;
        d.kind = picture_kind_of(path);
        attention_map_see(m, see_head, &d);
        find_scale(&d);
        lay_out(&d);
        if (draw(&bytes, &n, &d, e) == OK)
            fsys_replace(path, bytes, n, e);
    }
    free(bytes);
    release(&d);
    return e->code;
}
