#include "report/picture.h"

#include <string.h>

#include "base/text.h"
#include "report/gnuplot.h"

enum { PDF_PIXELS_PER_INCH = 120 };

enum picture_kind picture_kind_of(const char *path)
{
    return text_is_file_kind(path, ".svg")   ? PICTURE_SVG
           : text_is_file_kind(path, ".png") ? PICTURE_PNG
           : text_is_file_kind(path, ".pdf") ? PICTURE_PDF
                                             : PICTURE_TEXT;
}

/* The drivers of cairo count 96 pixels to an inch of 72 points, that of PDF
 * with points for pixels. */
double picture_font(enum picture_kind kind, double pixels)
{
    double points = pixels * 72 / 96;
    return kind == PICTURE_PNG   ? points
           : kind == PICTURE_PDF ? points * 72 / PDF_PIXELS_PER_INCH
                                 : pixels;
}

void picture_terminal(FILE *script, enum picture_kind kind, idx width,
                      idx height, double font)
{
    double size = picture_font(kind, font);
    fputs("set encoding utf8\n", script);
    switch (kind) {
    case PICTURE_TEXT:
        fprintf(script, "set terminal dumb noenhanced size %td,%td\n", width,
                height);
        break;
    case PICTURE_SVG:
        fprintf(script,
                "set terminal svg size %td,%td fixed noenhanced "
                "font 'sans-serif,%g' background '#ffffff'\n",
                width, height, size);
        break;
    case PICTURE_PNG: /* some builds of gnuplot have only the older driver */
        fprintf(script,
                "if (strstrt(GPVAL_TERMINALS, 'pngcairo')) {\n"
                "set terminal pngcairo size %td,%td noenhanced "
                "font 'Sans,%g' dl 0.6 background '#ffffff'\n} else {\n"
                "set terminal png size %td,%td noenhanced\n}\n",
                width, height, size, width, height);
        break;
    case PICTURE_PDF:
        fprintf(script,
                "set terminal pdfcairo size %.4fin,%.4fin noenhanced "
                "font 'Sans,%g' fontscale 1 linewidth 0.6 pointscale 0.5 "
                "dl 0.6 background '#ffffff'\n",
                (double)width / PDF_PIXELS_PER_INCH,
                (double)height / PDF_PIXELS_PER_INCH, size);
        break;
    }
}

void picture_box(FILE *script, idx width, idx height, struct picture_box b)
{
    double w = (double)width, h = (double)height;
    fprintf(script,
            "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
            "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
            (double)b.left / w, (double)b.right / w, 1 - (double)b.top / h,
            1 - (double)b.bottom / h);
}

/* The moment would make each PDF another one. */
static void take_date_out(char *bytes, size_t n)
{
    static const char key[] = "/CreationDate (D:", date[] = "20000101000000";
    char *at = memmem(bytes, n, key, sizeof key - 1);
    if (at && (size_t)(bytes + n - at) > sizeof key + sizeof date)
        memcpy(at + sizeof key - 1, date, sizeof date - 1);
}

int picture_draw(char **bytes, size_t *n, enum picture_kind kind,
                 void (*print)(FILE *script, void *context), void *context,
                 struct err *e)
{
    FILE *script = tmpfile();
    if (!script)
        return err_system(e, "temporary files for gnuplot", "write");
    print(script, context);
    int rc = gnuplot_run(bytes, n, script, e);
    fclose(script);
    if (rc == OK && kind == PICTURE_PDF)
        take_date_out(*bytes, *n);
    return rc;
}
