#include "report/plot_legend.h"

#include "base/utf8.h"
#include "report/plot_style.h"

#include <string.h>

enum { LABEL_COLUMNS = 96 };

struct legend plot_plan_legend(const struct drawing *d)
{
    const struct look *k = &d->look;
    struct legend g = { .columns = LABEL_COLUMNS };
    if (k->is_text)
        g.columns = k->width - 2 - k->legend_line;
    for (idx i = 0; i < d->p->n_entries; i++) {
        char shown[PLOT_LABEL_BYTES];
        g.widest = idx_max(g.widest,
                           utf8_show(shown, sizeof shown, d->p->legend[i].label,
                                     g.columns, k->unicode));
    }
    g.across = (k->is_text ? k->width : k->width - k->left) /
               (k->legend_line + (g.widest + 3) * k->character);
    g.across = idx_max(1, idx_min(g.across, d->p->n_entries));
    g.rows = idx_ceil_div(d->p->n_entries, g.across);
    return g;
}

/* Between words; a line feed ends a line, too. A word longer than a line is
 * cut by what shows it. */
void plot_break_caption(struct caption *c, const struct drawing *d)
{
    const struct look *k = &d->look;
    size_t most = (size_t)((k->width - 2 * k->right) / k->caption_character);
    c->n = 0;
    if (!d->p->caption || k->is_text)
        return;
    most = most < sizeof c->lines[0] - 1 ? most : sizeof c->lines[0] - 1;
    for (const char *at = d->p->caption; *at && c->n < PLOT_CAPTION_LINES;) {
        size_t n = strcspn(at, "\n"), cut = n;
        if (n > most)
            for (cut = most; cut > 0 && at[cut] != ' ';)
                cut--;
        if (cut == 0 && n > 0)
            cut = n < most ? n : most;
        snprintf(c->lines[c->n++], sizeof c->lines[0], "%.*s", (int)cut, at);
        at += cut;
        at += *at == ' ' || *at == '\n';
    }
}

static void print_caption(const struct drawing *d, const struct caption *c,
                          idx top)
{
    char where[128], font[PLOT_FONT_MAX];
    for (idx i = 0; i < c->n; i++) {
        snprintf(where, sizeof where, "at %td, %td left %s", d->look.right,
                 d->caption_at - top + i * d->look.caption_row +
                     d->look.caption_row / 2,
                 plot_font(font, d, 0.85));
        plot_set_text(d, "label", c->lines[i], 512, where);
    }
}

static void print_entries(const struct drawing *d, struct legend g)
{
    const struct look *k = &d->look;
    idx entry = (k->width - k->left) / g.across;
    char where[64];
    for (idx i = 0; i < d->p->n_entries; i++) {
        idx x = k->left + i % g.across * entry;
        idx y = i / g.across * k->legend_row + k->legend_row / 2;
        fprintf(d->s,
                "$entry_%td << EOD\n%td %td NaN\n%td %td %td\n%td %td NaN\n"
                "EOD\n",
                i, x, y, x + k->legend_line / 2, y, y, x + k->legend_line, y);
        snprintf(where, sizeof where, "at %td, %td left",
                 x + k->legend_line + k->character, y);
        plot_set_text(d, "label", d->p->legend[i].label, g.columns, where);
    }
}

void plot_print_legend(const struct drawing *d, struct legend g,
                       const struct caption *c)
{
    const struct look *k = &d->look;
    idx top = d->legend_at;
    plot_set_margins(
        d,
        (struct place){ .right = k->width, .top = top, .bottom = d->height });
    fprintf(d->s,
            "unset border\nunset tics\nunset grid\nunset xlabel\n"
            "unset ylabel\nunset title\nunset logscale\nset xrange [0:%td]\n"
            "set yrange [%td:0]\n",
            k->width, d->height - top);
    print_entries(d, g);
    print_caption(d, c, top);
    fputs("plot NaN", d->s);
    for (idx i = 0; i < d->p->n_entries; i++) {
        struct plot_style style = d->p->legend[i].style;
        if (!d->p->has_no_lines) {
            fprintf(d->s, ", $entry_%td using 1:2 with ", i);
            plot_print_line(d->s, style, false);
        }
        if (style.ink != PLOT_STYLE && !d->p->has_no_lines)
            continue;
        fprintf(d->s, ", $entry_%td using 1:3 with ", i);
        plot_print_marks(d->s, style, false);
    }
    fputc('\n', d->s);
}

/* A letter takes one place, wherever gnuplot puts it. */
void plot_print_letters(FILE *out, const struct drawing *d)
{
    struct legend g = plot_plan_legend(d);
    idx n = d->p->n_entries;
    for (idx i = 0; i < n; i++) {
        char shown[PLOT_LABEL_BYTES];
        const struct plot_entry *entry = &d->p->legend[i];
        idx used = utf8_show(shown, sizeof shown, entry->label, g.columns,
                             d->look.unicode);
        bool is_last = i % g.across == g.across - 1 || i == n - 1;
        fprintf(out, "  %c %s%*s", plot_letter(entry->style.number), shown,
                is_last ? 0 : (int)(g.widest - used + 1), "");
        fputs(is_last ? "\n" : "", out);
    }
}
