#include "report/html_page.h"

#include "config/page.h"
#include "io/fsys.h"
#include "report/html_data.h"
#include "report/report_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char NAME[] = "index.html";

static int page_path(char path[RUN_PATH_MAX], const char *dir, struct err *e)
{
    if (strlen(dir) >= RUN_DIR_MAX)
        return err_set(e, ERR_USAGE,
                       "compare: --report: %.60s...: path longer than %d bytes",
                       dir, RUN_DIR_MAX - 1);
    run_path(path, dir, NAME);
    return OK;
}

/* In the head of every page, those of earlier versions, too.
 * KEEP WITH: src/report/html/frame.html, its generator */
static const char mark[] = "content=\"sinklab compare --report\"";

/* A page of somebody else's is not replaced. */
static int check_ours(const char *path, struct err *e)
{
    char head[4096];
    FILE *f = fopen(path, "r");
    if (!f)
        return errno == ENOENT ? OK : err_system(e, path, "open");
    size_t n = fread(head, 1, sizeof head, f);
    bool is_ours = memmem(head, n, mark, sizeof mark - 1);
    if (ferror(f))
        err_system(e, path, "read");
    else if (!is_ours)
        err_set(e, ERR_BUSY,
                "%s is no page of `sinklab compare --report`, and would be "
                "replaced: give another folder",
                path);
    fclose(f);
    return e->code;
}

int html_page_check(const char *dir, const char *charts,
                    const char *const *others, idx n, struct err *e)
{
    char path[RUN_PATH_MAX];
    bool is_there = true, is_folder = true;
    if (!*charts)
        return err_set(e, ERR_TOOL,
                       "compare: --report: this sinklab was built without "
                       "Chart.js, which draws the page's curves: install "
                       "Debian's package libjs-chart.js (tools/deps.sh does), "
                       "or give `make CHART_JS=FILE`, and build it again");
    if (page_path(path, dir, e) || report_folder_check(path, others, n, e) ||
        fsys_exists(&is_there, dir, e) || fsys_is_folder(&is_folder, dir, e))
        return e->code;
    if (is_there && !is_folder)
        return err_set(e, ERR_BUSY,
                       "%s is a file, and --report wants a folder: give "
                       "another name",
                       dir);
    const char *const paths[] = { path };
    return report_files_check(paths, 1, e) ? e->code : check_ours(path, e);
}

/* ---- the page ------------------------------------------------------------ */

struct content {
    const struct compare_rows *t;
    const struct page_texts *texts;
    struct err *e;
};

static void print_text(FILE *out, const void *user)
{
    fputs(user, out);
    fputc('\n', out);
}

static void print_data(FILE *out, const void *user)
{
    const struct content *c = user;
    html_data_write(out, c->t, c->texts, c->e);
}

static int print_page(FILE *out, const struct compare_rows *t,
                      const struct page_texts *texts, struct err *e)
{
    struct err own = { 0 };
    const struct content content = { t, texts, &own };
    const struct page_part parts[] = {
        { "style", print_text, page_style },
        { "charts", print_text, page_charts },
        { "script", print_text, page_script },
        { "data", print_data, &content },
        { NULL, NULL, NULL },
    };
    page_print(out, page_frame, parts);
    return err_pass(e, &own);
}

int html_page_write(char path[RUN_PATH_MAX], const char *dir,
                    const struct compare_rows *t,
                    const struct page_texts *texts, struct err *e)
{
    char *text = NULL;
    size_t n = 0;
    int rc = page_path(path, dir, e);
    if (rc != OK)
        return rc;
    FILE *out = open_memstream(&text, &n);
    if (!out)
        return err_memory(e, path);
    rc = print_page(out, t, texts, e);
    if (fclose(out) != 0 && rc == OK)
        rc = err_memory(e, path);
    if (rc == OK)
        rc = fsys_mkdirs(dir, e);
    if (rc == OK)
        rc = fsys_replace(path, text, n, e);
    free(text);
    return rc;
}
