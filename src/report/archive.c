#include "report/archive.h"

#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "io/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *path, const char *ending)
{
    size_t n = strlen(path), k = strlen(ending);
    return n > k && strcmp(path + n - k, ending) == 0;
}

int archive_check(const char *path, struct err *e)
{
    struct stat st;
    if (!ends_with(path, ".tar.gz") && !ends_with(path, ".tgz"))
        return err_set(e, ERR_USAGE,
                       "%s: an archive's name must end in .tar.gz or .tgz",
                       path);
    if (lstat(path, &st) == 0)
        return err_set(e, ERR_USAGE, "%s is there already: give another name",
                       path);
    return OK;
}

/* The words of tar over three open files. */
static int run_tar(const char *const *words, FILE *in, FILE *out, struct err *e)
{
    int status, rc;
    struct err own = { 0 };
    FILE *complaints = tmpfile();
    if (!complaints)
        return err_system(e, "tar", "make a temporary file for it");
    rc = tool_run(&status, words, in, out, complaints, &own);
    if (rc == ERR_TOOL && errno == ENOENT)
        rc = err_set(e, rc,
                     "tar not found: install it, or do without "
                     "--archive");
    else if (rc != OK)
        rc = err_set(e, rc, "%s", own.text);
    else
        rc = tool_check(status, words[0], complaints, e);
    fclose(complaints);
    return rc;
}

static int pack(FILE *out, const char *base, const char *const *names, idx n,
                struct err *e)
{
    /* with --null no name is taken for an option */
    const char *const words[] = { "tar",    "-czf", "-", "-C", base,
                                  "--null", "-T",   "-", NULL };
    FILE *list = tmpfile();
    if (!list)
        return err_system(e, "tar", "make a temporary file for it");
    for (idx i = 0; i < n; i++)
        fwrite(names[i], 1, strlen(names[i]) + 1, list);
    int rc = fflush(list) || ferror(list) || fseek(list, 0, SEEK_SET)
                 ? err_system(e, "tar", "write a temporary file for it")
                 : run_tar(words, list, out, e);
    fclose(list);
    return rc;
}

/* List the archive again, which reads all of it; every entry is a line. */
static int verify(FILE *archive, const char *path, idx n_entries, struct err *e)
{
    static const char *const words[] = { "tar", "-tzf", "-", NULL };
    idx found = 0;
    FILE *listing = tmpfile();
    if (!listing)
        return err_system(e, "tar", "make a temporary file for it");
    int rc = fseek(archive, 0, SEEK_SET) ? err_system(e, path, "read it back")
                                         : run_tar(words, archive, listing, e);
    rewind(listing);
    for (int c; rc == OK && (c = getc(listing)) != EOF;)
        found += c == '\n';
    fclose(listing);
    if (rc == OK && found != n_entries)
        rc = err_set(e, ERR_TOOL,
                     "%s: tar packed %td files and folders, want %td", path,
                     found, n_entries);
    return rc;
}

static int put_in_place(const char *temp, const char *path, struct err *e)
{
    char dir[FSYS_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int rc = fsys_sync(temp, e);
    if (rc == OK && fsys_call_rename_new(temp, path))
        rc = err_system(e, path, "put the archive in place");
    snprintf(dir, sizeof dir, "%.*s", slash ? (int)(slash + 1 - path) : 2,
             slash ? path : "./");
    return rc == OK ? fsys_sync(dir, e) : rc;
}

int archive_write(const char *path, const char *base, const char *const *names,
                  idx n, idx n_entries, struct err *e)
{
    char temp[FSYS_PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    if (snprintf(temp, sizeof temp, "%.*s.tmp-%ld-%s", (int)(last - path), path,
                 (long)getpid(), last) >= FSYS_PATH_MAX)
        return err_set(e, ERR_IO, "%s: path too long", path);
    int fd = fsys_call_open(temp, O_RDWR | O_CREAT | O_EXCL);
    FILE *out = fd >= 0 ? fdopen(fd, "w+b") : NULL;
    if (!out) {
        int rc = err_system(e, path, "create a file beside it");
        if (fd >= 0)
            close(fd);
        return rc;
    }
    int rc = pack(out, base, names, n, e);
    if (rc == OK)
        rc = verify(out, path, n_entries, e);
    fclose(out);
    if (rc == OK)
        rc = put_in_place(temp, path, e);
    if (rc != OK)
        fsys_call_unlink(temp); /* gone already if it is in its place */
    return rc;
}
