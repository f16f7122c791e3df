#include "report/plot.h"

#include "base/text.h"
#include "base/utf8.h"
#include "io/fsys.h"
#include "report/gnuplot.h"
#include "report/plot_curves.h"
#include "report/plot_legend.h"
#include "report/plot_map.h"
#include "report/plot_style.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TEXT_WIDTH_MIN = 40,
    LABEL_COLUMNS = 96,
    Y_LABEL_COLUMNS = 34, /* what stands upright beside a panel */
    X_TIC = 52,           /* pixels that a tick's number takes, with room */
    X_TIC_COLUMNS = 8,
    Y_TIC = 28,
    FONT = 12, /* pixels */
};

/* ---- panels ------------------------------------------------------------ */

static void print_words(const struct drawing *d, const char *axis,
                        const struct plot_axis *a, bool has_numbers)
{
    fprintf(d->s, "set %stics (", axis);
    for (idx i = 0; i < a->n_words; i++) {
        fputs(i > 0 ? ", " : "", d->s);
        gnuplot_quote(d->s, has_numbers ? a->words[i] : "");
        fprintf(d->s, " %td", i);
    }
    fputs(") noenhanced\n", d->s);
}

/* Beyond this zeros would have to be counted. */
static const double PREFIXED_FROM = 1e5;

enum { TIC_TEXT_MAX = 32, PLACES_MAX = 32 };

/* What stands at a tick mark: "0.0316", "12345"; of large counts "0", "500k",
 * "1.5M". It reads back as the value, to the digits that place the mark. */
static void tic_text(char text[TIC_TEXT_MAX], const struct plot_axis *a,
                     struct span s, double v)
{
    static const char prefixes[] = "kMGT";
    idx power = 0;
    if (a->is_counted && s.hi >= PREFIXED_FROM)
        power = idx_min(idx_max(1, (idx)floor(log10(s.hi) / 3)),
                        COUNT_OF(prefixes) - 1);
    snprintf(text, TIC_TEXT_MAX, "%.12g%.*s", v / pow(1000, (double)power),
             power > 0 && v != 0, power > 0 ? &prefixes[power - 1] : "");
}

/* Tick marks at those of the places (n, rising, as drawn) that have room for
 * what stands there, from the first on. */
static void print_places(const struct drawing *d, const char *axis,
                         const struct plot_axis *a, struct span s, idx length,
                         const double *places, idx n, bool has_numbers)
{
    double end = -INFINITY;
    const char *between = "";
    fprintf(d->s, "set %stics nomirror (", axis);
    for (idx i = 0; i < n; i++) {
        char text[TIC_TEXT_MAX];
        if (a->place_words && a->place_words[i])
            snprintf(text, sizeof text, "%s", a->place_words[i]);
        else
            tic_text(text, a, s, places[i]);
        idx width = (idx)(strlen(text) + 1) * d->look.character;
        double half = (double)(*axis == 'x' ? width : Y_TIC) / 2;
        double at = plot_place(s, places[i]) * (double)length;
        if (at - half < end)
            continue;
        end = at + half;
        fputs(between, d->s);
        gnuplot_quote(d->s, has_numbers ? text : "");
        fprintf(d->s, " %.12g", places[i]);
        between = ", ";
    }
    fputs(") noenhanced\n", d->s);
}

static idx even_places(double places[PLACES_MAX], struct span s, double step)
{
    idx n = 0;
    double first = ceil(s.lo / step), last = floor(s.hi / step);
    for (double k = first; k <= last && n < PLACES_MAX; k++)
        places[n++] = k * step;
    return n;
}

/* Of a logarithmic axis that may hold no two powers of ten: 1, 2 and 5 times
 * those; where there are no two of them, as on a linear axis. */
static idx round_places(double places[PLACES_MAX], struct span s, double step)
{
    static const double times[] = { 1, 2, 5 };
    idx n = 0;
    for (double power = floor(log10(s.lo)); pow(10, power) <= s.hi; power++)
        for (idx i = 0; i < COUNT_OF(times) && n < PLACES_MAX; i++) {
            places[n] = times[i] * pow(10, power);
            n += places[n] >= s.lo && places[n] <= s.hi;
        }
    return n > 1 ? n : even_places(places, s, step);
}

/* Tick marks, on a linear axis no nearer to each other than `least`, and their
 * numbers unless they stand beside another panel. */
static void print_tics(const struct drawing *d, const char *axis,
                       const struct plot_axis *a, struct span s, idx length,
                       idx least, bool has_numbers)
{
    bool is_large = a->is_counted && s.hi >= PREFIXED_FROM;
    double step = plot_tic_step(s, length / least), own[PLACES_MAX];
    const double *places = own;
    idx n = 0;
    if (a->is_counted)
        step = fmax(step, 1);
    if (a->n_places > 0) {
        places = a->places;
        n = a->n_places;
    } else if (s.is_log && s.hi < 100 * s.lo) {
        n = round_places(own, s, step);
    } else if (is_large && has_numbers && !s.is_log) {
        n = even_places(own, s, step);
    }
    fprintf(d->s, "set format %s '%s'\n", axis,
            !has_numbers ? ""
            : is_large   ? "%.0s%c"
                         : "%h");
    if (a->words)
        print_words(d, axis, a, has_numbers);
    else if (n > 0)
        print_places(d, axis, a, s, length, places, n, has_numbers);
    else if (s.is_log || d->look.is_text)
        fprintf(d->s, "set %stics nomirror autofreq\n", axis);
    else
        fprintf(d->s, "set %stics nomirror %.12g\n", axis, step);
}

static void print_range(const struct drawing *d, const char *axis,
                        struct span s)
{
    fprintf(d->s, "set %srange [%.12g:%.12g]\n", axis, s.lo, s.hi);
    fprintf(d->s, "%sset logscale %s\n", s.is_log ? "" : "un", axis);
}

/* Upright beside the middle of the block's first panel in each row. */
static void print_labels(const struct drawing *d, const struct plot_block *b,
                         const struct plot_panel *q, struct place at,
                         bool is_last)
{
    const struct look *k = &d->look;
    char where[128], font[PLOT_FONT_MAX];
    snprintf(where, sizeof where, "offset 0, -0.7 %s", plot_font(font, d, 0.9));
    if (k->is_text) {
        char title[256];
        snprintf(title, sizeof title, "%s%s%s", q->title ? q->title : "",
                 q->title ? ": " : "", b->y.label);
        plot_set_text(d, "title", title, at.right - at.left, "");
    } else {
        plot_set_text(d, "title", q->title ? q->title : "",
                      (at.right - at.left) / k->small, where);
        idx room = idx_min(Y_LABEL_COLUMNS,
                           idx_max(8, (at.bottom - at.top) / k->small));
        bool is_fit = utf8_columns(b->y.label) <= room || !b->y.brief;
        const char *label = is_fit ? b->y.label : b->y.brief;
        plot_set_text(d, "ylabel", at.has_y ? label : "", room, "");
    }
    plot_set_text(d, "xlabel", is_last && at.has_x ? d->p->x.label : "",
                  idx_min(LABEL_COLUMNS, (at.right - at.left) / k->small), "");
}

static void print_block_title(const struct drawing *d,
                              const struct plot_block *b, idx title_at)
{
    char where[128];
    snprintf(where, sizeof where, "at screen %.6f, %.6f left",
             (double)d->look.left / (double)d->look.width,
             1 - (double)title_at / (double)d->height);
    plot_set_text(d, "label 2", b->title, LABEL_COLUMNS, where);
}

static void print_map_axes(const struct drawing *d, const struct plot_map *m)
{
    fprintf(d->s,
            "set xrange [-0.5:%td.5]\nset yrange [%td.5:-0.5]\n"
            "unset grid\nset border 15 lw 0.5\nset cbrange [%.12g:%.12g]\n"
            "unset colorbox\n",
            m->columns - 1, m->rows - 1, d->colours.lo, d->colours.hi);
}

static bool has_points(const struct drawing *d, const struct plot_block *b,
                       const struct plot_panel *q)
{
    double x, y;
    for (idx c = 0; c < q->n_curves; c++)
        for (idx i = 0; i < q->curves[c].n; i++)
            if (plot_point(&x, &y, d->p, &b->y, &q->curves[c], i))
                return true;
    return false;
}

static void print_panel(const struct drawing *d, idx b, idx k, struct span y)
{
    idx title_at;
    const struct plot_block *block = &d->p->blocks[b];
    const struct plot_panel *q = &block->panels[k];
    struct place at = plot_place_of(d, b, k, &title_at);
    plot_set_margins(d, at);
    print_tics(d, "x", &d->p->x, d->x, at.right - at.left,
               d->look.is_text ? X_TIC_COLUMNS : X_TIC, at.has_x);
    print_tics(d, "y", &block->y, y, at.bottom - at.top, Y_TIC, at.has_y);
    print_labels(d, block, q, at, b == d->p->n_blocks - 1);
    if (k == 0 && block->title && !d->look.is_text)
        print_block_title(d, block, title_at);
    if (q->map.rows > 0) {
        print_map_axes(d, &q->map);
        plot_print_map(d, b, k, at);
    } else {
        print_range(d, "x", plot_widen(d->x, PLOT_X_ROOM));
        print_range(d, "y", y);
        if (!has_points(d, block, q))
            fputs("set label 1 'no data' at graph 0.5, graph 0.5 center\n",
                  d->s);
        plot_print_curves(d, b, k, y);
    }
    fputs("unset label\n", d->s);
}

/* ---- the whole --------------------------------------------------------- */

static void print_script(FILE *script, void *context)
{
    struct drawing *d = context;
    struct caption caption;
    d->s = script;
    plot_break_caption(&caption, d);
    picture_terminal(d->s, d->kind, d->look.width, d->height, FONT);
    fputs("set multiplot\nset border 3\nunset key\n", d->s);
    if (!d->look.is_text)
        fputs("set grid lc rgb '#dddddd' lt 1 lw 1\n"
              "set tics nomirror scale 0.6\n",
              d->s);
    if (d->has_maps)
        plot_print_palette(d->s);
    for (idx b = 0; b < d->p->n_blocks; b++) {
        struct span y =
            plot_widen(plot_y_span(d->p, &d->p->blocks[b], d->x), d->look.room);
        for (idx k = 0; k < d->p->blocks[b].n_panels; k++)
            print_panel(d, b, k, y);
    }
    if (d->has_maps && !d->look.is_text)
        plot_print_bar(d);
    if (!d->look.is_text && d->p->n_entries + caption.n > 0)
        plot_print_legend(d, plot_plan_legend(d), &caption);
    fputs("unset multiplot\n", d->s);
}

static struct drawing plan(const struct plot *p, struct look look,
                           enum picture_kind kind)
{
    struct drawing d = {
        .p = p, .look = look, .kind = kind, .font = picture_font(kind, FONT)
    };
    struct caption caption;
    for (idx b = 0; b < p->n_blocks; b++)
        for (idx k = 0; k < p->blocks[b].n_panels; k++)
            d.has_maps = d.has_maps || p->blocks[b].panels[k].map.rows > 0;
    d.x = plot_x_span(p);
    if (d.has_maps)
        d.colours = plot_colour_span(p);
    plot_break_caption(&caption, &d);
    plot_frame(&d, plot_plan_legend(&d).rows, caption.n);
    return d;
}

int plot_file_check(const char *path, struct err *e)
{
    if (picture_kind_of(path) != PICTURE_TEXT)
        return OK;
    return err_set(e, ERR_USAGE,
                   "%s: a figure's name must end in .svg, .png or .pdf", path);
}

int plot_write(const struct plot *p, const char *path, struct err *e)
{
    char *bytes = NULL;
    size_t n = 0;
    struct drawing d = plan(p, plot_picture, picture_kind_of(path));
    int rc = plot_file_check(path, e);
    if (rc == OK)
        rc = picture_draw(&bytes, &n, d.kind, print_script, &d, e);
    if (rc == OK)
        rc = fsys_replace(path, bytes, n, e);
    free(bytes);
    return rc;
}

/* gnuplot begins with a form feed, and fills every line up with blanks. */
static void print_lines(FILE *out, const char *text, size_t n)
{
    const char *end = text + n, *next;
    bool has_begun = false;
    for (; text < end; text = next) {
        size_t used = strcspn(text, "\n"), shown;
        next = text + used + (text + used < end);
        for (; used > 0 && *text == '\f'; used--)
            text++;
        for (shown = used; shown > 0 && text[shown - 1] == ' ';)
            shown--;
        has_begun = has_begun || shown > 0;
        if (has_begun)
            fprintf(out, "%.*s\n", (int)shown, text);
    }
}

int plot_text(FILE *out, const struct plot *p, idx width, bool unicode,
              struct err *e)
{
    char *bytes = NULL;
    size_t n = 0;
    struct look look = plot_letters_look;
    look.width = idx_min(idx_max(width, TEXT_WIDTH_MIN), PLOT_TEXT_WIDTH_MAX);
    look.unicode = unicode;
    struct drawing d = plan(p, look, PICTURE_TEXT);
    int rc = picture_draw(&bytes, &n, d.kind, print_script, &d, e);
    if (rc == OK) {
        print_lines(out, bytes, n);
        plot_print_letters(out, &d);
    }
    free(bytes);
    return rc;
}

bool plot_cuts(const struct plot *p, const struct plot_block *b)
{
    return plot_is_cut(p, b);
}

bool plot_trims(const struct plot *p)
{
    for (idx i = 0; i < p->n_blocks; i++)
        for (idx k = 0; k < p->blocks[i].n_panels; k++) {
            const struct plot_panel *q = &p->blocks[i].panels[k];
            for (idx c = 0; c < q->n_curves; c++)
                if (plot_is_trimmed(p, &p->blocks[i].y, &q->curves[c]))
                    return true;
        }
    return false;
}
