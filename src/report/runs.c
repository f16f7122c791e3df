#include "report/runs.h"

#include "io/grid_json.h"
#include "report/report_file.h"
#include "report/runs_remove.h"
#include "report/runs_table.h"

#include <string.h>

/* Nobody is asked, so all that goes must have been named. */
static int check_careful(const struct runs_options *o, struct err *e)
{
    if (!o->has_remove || !o->is_yes || o->has_dir || o->where.n > 0)
        return OK;
    return err_set(e, ERR_USAGE,
                   "runs: --remove --yes would remove every run below %s "
                   "without a question: name the folder, or say which by "
                   "--where",
                   o->dir);
}

/* What cannot be read would be missing, and programs read no notes. */
static int check_read(const struct listing *l, struct err *e)
{
    for (idx i = 0; i < l->n; i++) {
        const struct err *unread = &l->runs[i].data.unread;
        if (unread->code)
            return err_set(e, unread->code, "%s", unread->text);
    }
    return OK;
}

static int print_paths(FILE *out, const struct listing *l,
                       const struct runs_options *o, struct err *e)
{
    int rc = o->where.n > 0 ? check_read(l, e) : OK;
    for (idx i = 0; i < l->n && rc == OK; i++) {
        const char *path = l->runs[i].data.path;
        if (strchr(path, '\n'))
            return err_set(e, ERR_DATA,
                           "runs: --paths: a folder's name has a line break: "
                           "rename it, or leave it out by --where");
        fprintf(out, "%s\n", path);
    }
    return rc;
}

static int write_csv(FILE *out, const struct listing *l,
                     const struct runs_options *o, struct err *e)
{
    struct grid g = { 0 };
    int rc = check_read(l, e);
    if (rc == OK)
        rc = runs_grid(&g, l, e);
    if (rc == OK)
        rc = report_write_csv(out, o->csv, &g, e);
    grid_release(&g);
    return rc;
}

static int print_json(FILE *out, const struct listing *l, struct err *e)
{
    struct grid g = { 0 };
    if (check_read(l, e) == OK && runs_grid(&g, l, e) == OK)
        grid_json(out, &g, e);
    grid_release(&g);
    return e->code;
}

int runs_run(FILE *out, const struct runs_options *o, struct err *e)
{
    struct listing l = { 0 };
    bool has_file = o->csv && !report_is_stdout(o->csv);
    int rc = check_careful(o, e);
    if (rc == OK && has_file)
        rc = report_files_check(&o->csv, 1, e);
    if (rc == OK)
        rc = listing_read(&l, o, e);
    if (rc == OK && o->has_paths)
        rc = print_paths(out, &l, o, e);
    else if (rc == OK && o->is_json)
        rc = print_json(out, &l, e);
    else if (rc == OK && (has_file || !o->csv))
        rc = runs_print(out, &l, o, e);
    if (rc == OK && o->csv)
        rc = write_csv(out, &l, o, e);
    if (rc == OK && o->has_remove)
        rc = runs_remove(out, &l, o, e);
    listing_release(&l);
    return rc;
}
