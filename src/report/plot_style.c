#include "report/plot_style.h"

/* Okabe and Ito's colours, told apart with every kind of colour vision, less
 * the yellow, which is too faint on white. In grey some of them are alike: that
 * is what dashes and marks are for, of which no two are. */
static const struct {
    const char *colour, *dash;
    int mark, hollow; /* gnuplot's numbers */
} styles[PLOT_STYLES] = {
    { "#0072b2", "1", 7, 6 },               /* blue, solid, circle */
    { "#d55e00", "(12,4)", 9, 8 },          /* vermilion, triangle */
    { "#009e73", "(3,3)", 5, 4 },           /* green, square */
    { "#cc79a7", "(14,4,3,4)", 13, 12 },    /* purple, rhomb */
    { "#000000", "(6,3,2,3,2,3)", 11, 10 }, /* black, triangle down */
    { "#56b4e9", "(20,4)", 2, 2 },          /* sky, cross */
    { "#e69f00", "(8,8)", 1, 1 },           /* orange, plus */
};

static const char faint[] = "#c4c4c4";

/* Colours in an order: dark blue over green to the last one that is strong
 * enough on white (anchors of the viridis scale). */
static const unsigned char scale[][3] = { { 0x44, 0x01, 0x54 },
                                          { 0x41, 0x44, 0x87 },
                                          { 0x2a, 0x78, 0x8e },
                                          { 0x22, 0xa8, 0x84 },
                                          { 0x7a, 0xd1, 0x51 } };

static void print_scaled(FILE *out, double at)
{
    double place = at * (double)(COUNT_OF(scale) - 1);
    idx from = idx_min((idx)place, COUNT_OF(scale) - 2);
    fputs("lc rgb '#", out);
    for (idx c = 0; c < 3; c++)
        fprintf(
            out, "%02x",
            (int)(scale[from][c] + (place - (double)from) *
                                       (scale[from + 1][c] - scale[from][c])));
    fputc('\'', out);
}

void plot_print_colour(FILE *out, struct plot_style s)
{
    if (s.ink == PLOT_SCALE)
        print_scaled(out, s.at);
    else
        fprintf(out, "lc rgb '%s'",
                s.ink == PLOT_FAINT ? faint
                                    : styles[s.number % PLOT_STYLES].colour);
}

void plot_print_line(FILE *out, struct plot_style s, bool is_thin)
{
    bool is_plain = s.ink != PLOT_STYLE || is_thin;
    fprintf(out, "lines lw %s dt %s ",
            s.ink == PLOT_FAINT || is_thin ? "0.8"
            : s.ink == PLOT_SCALE          ? "1.5"
                                           : "2",
            is_plain ? "1" : styles[s.number % PLOT_STYLES].dash);
    plot_print_colour(out, s);
}

void plot_print_marks(FILE *out, struct plot_style s, bool is_small)
{
    idx k = s.number % PLOT_STYLES;
    fprintf(out, "points ps %s lw %s pt %d ", is_small ? "0.5" : "0.8",
            is_small ? "1" : "1.5",
            is_small ? styles[k].hollow : styles[k].mark);
    plot_print_colour(out, s);
}

/* Luminance falls all the way, so that a copy in grey says the same. */
void plot_print_palette(FILE *out)
{
    fputs("set palette defined (0 '#f3f6fb', 0.25 '#bcd3ea', 0.5 '#6fa3d3', "
          "0.75 '#2c66a8', 1 '#0a2247')\n",
          out);
}

bool plot_is_dark(double place)
{
    return place > 0.55;
}

char plot_letter(idx number)
{
    static const char all[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    return all[number % (COUNT_OF(all) - 1)];
}
