#include "report/runs.h"

#include "io/fsys.h"
#include "report/archive.h"
#include "report/report_file.h"

#include <stdlib.h>

static int write_csv(FILE *out, const struct listing *l,
                     const struct runs_options *o, struct err *e)
{
    char *text = NULL;
    size_t n = 0;
    if (report_is_stdout(o->csv))
        return runs_write_csv(out, l, e);
    FILE *memory = open_memstream(&text, &n);
    if (!memory)
        return err_set(e, ERR_MEMORY, "%s: not enough memory", o->csv);
    int rc = runs_write_csv(memory, l, e);
    if (fclose(memory) != 0 && rc == OK)
        rc = err_set(e, ERR_MEMORY, "%s: not enough memory", o->csv);
    if (rc == OK)
        rc = fsys_replace(o->csv, text, n, e);
    free(text);
    return rc;
}

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

int runs_run(FILE *out, const struct runs_options *o, struct err *e)
{
    struct listing l = { 0 };
    bool has_file = o->csv && !report_is_stdout(o->csv);
    int rc = check_careful(o, e);
    if (rc == OK && has_file)
        rc = report_files_check(&o->csv, 1, e);
    if (rc == OK && o->archive)
        rc = archive_check(o->archive, e);
    if (rc == OK)
        rc = listing_read(&l, o, e);
    if (rc == OK && (has_file || !o->csv))
        rc = runs_print(out, &l, o, e);
    if (rc == OK && o->csv)
        rc = write_csv(out, &l, o, e);
    if (rc == OK && (o->archive || o->has_remove))
        rc = runs_act(out, &l, o, e);
    listing_release(&l);
    return rc;
}
