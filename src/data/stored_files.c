#include "data/stored_files.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/grow.h"
#include "base/text.h"
#include "io/file_list.h"

enum { KEY_BYTES = 64 }; /* of "data.path " and the like */

void stored_files_release(struct stored_files *f)
{
    for (idx i = 0; i < f->n; i++)
        free(f->paths[i]);
    free(f->paths);
    *f = (struct stored_files){ 0 };
}

int stored_files_add(struct stored_files *f, const char *name, struct err *e)
{
    char *path = GROW(f->paths, f->n) ? strdup(name) : NULL;
    if (!path)
        return err_memory(e, NULL);
    f->paths[f->n++] = path;
    return OK;
}

static int cannot(struct err *e, const struct stored_query *q, const char *path,
                  const char *what)
{
    char place[STORED_PLACE_MAX];
    int errnum = errno;
    stored_place(place, q, path);
    errno = errnum;
    return err_foreign(e, place, what);
}

int stored_files_check(const struct stored_query *q, struct err *e)
{
    if (q->path[0])
        return OK;
    return err_set(e, ERR_DATA,
                   "%s is empty: give %s=FILE or %s=FOLDER, where the tokens "
                   "are",
                   q->key, q->key, q->key);
}

static int is_shard(const struct dirent *d)
{
    return d->d_name[0] != '.' && text_ends_in(d->d_name, ".bin");
}

/* --- text ---------------------------------------------------------------- */

int stored_files_of_text(struct stored_files *f, const struct stored_query *q,
                         struct err *e)
{
    char what[KEY_BYTES];
    struct file_list l = { 0 };
    snprintf(what, sizeof what, "%s ", q->key);
    int rc = file_list_add(&l, q->path, what, e);
    for (idx i = 0; i < l.n && rc == OK; i++)
        rc = stored_files_add(f, l.items[i].path, e);
    if (rc == OK && l.n == 0)
        rc = err_set(e, ERR_DATA,
                     "%s%s: no regular file there: give a file, or a folder "
                     "with some",
                     what, q->path);
    file_list_release(&l);
    return rc;
}

/* --- tokens -------------------------------------------------------------- */

static int add_shards(struct stored_files *f, const struct stored_query *q,
                      struct err *e)
{
    struct dirent **names;
    int rc = OK, n = scandir(q->path, &names, is_shard, alphasort);
    if (n < 0)
        return cannot(e, q, q->path, "read this folder");
    for (int i = 0; i < n; i++) {
        char inner[PATH_MAX];
        if (rc == OK && snprintf(inner, sizeof inner, "%s/%s", q->path,
                                 names[i]->d_name) >= PATH_MAX)
            rc = err_set(e, ERR_DATA,
                         "%s %s: the path of a file in it is too long: give it "
                         "by a link to it",
                         q->key, q->path);
        if (rc == OK)
            rc = stored_files_add(f, inner, e);
        free(names[i]);
    }
    free(names);
    return rc;
}

/* Has the name this word, and not as a part of another, as of "retrieval"? */
static bool has_word(const char *name, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = name; (at = strstr(at, word)); at++)
        if ((at == name || !isalpha((unsigned char)at[-1])) &&
            !isalpha((unsigned char)at[n]))
            return true;
    return false;
}

/* One of these, which end with NULL. */
static bool has_one(const char *name, const char *const *words)
{
    while (*words && !has_word(name, *words))
        words++;
    return *words != NULL;
}

/* Tools put both parts into one folder, where nobody should train on both. */
static int check_one_part(const struct stored_files *f,
                          const struct stored_query *q, struct err *e)
{
    static const char *const of_train[] = { "train", "training", "trainset",
                                            NULL };
    static const char *const of_val[] = { "val", "valid", "validation",
                                          "valset", NULL };
    const char *train = NULL, *val = NULL;
    for (idx i = 0; i < f->n; i++) {
        const char *slash = strrchr(f->paths[i], '/');
        const char *name = slash ? slash + 1 : f->paths[i];
        bool is_train = has_one(name, of_train), is_val = has_one(name, of_val);
        if (is_train && !is_val && !train)
            train = name;
        if (is_val && !is_train && !val)
            val = name; /* who has both words says neither */
    }
    if (!train || !val)
        return OK;
    return err_set(e, ERR_DATA,
                   "%s %s: has %s and %s, of which nobody should train on "
                   "both: give each part by a file or a pattern of its own, as "
                   "data.path='*_train_*.bin' with data.val_path='*_val_*.bin'",
                   q->key, q->path, train, val);
}

static int find_in_folder(struct stored_files *f, const struct stored_query *q,
                          struct err *e)
{
    int rc = add_shards(f, q, e);
    if (rc == OK && f->n == 0)
        rc = err_set(e, ERR_DATA,
                     "%s %s: no NAME.bin in this folder: give one with "
                     "shards, a file, or a pattern of files",
                     q->key, q->path);
    return rc == OK ? check_one_part(f, q, e) : rc;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int find_by_pattern(struct stored_files *f, const struct stored_query *q,
                           struct err *e)
{
    glob_t found = { 0 };
    int rc = OK, how = glob(q->path, GLOB_ERR | GLOB_NOSORT, NULL, &found);
    if (how == GLOB_NOMATCH)
        rc = err_set(e, ERR_DATA,
                     "%s %s: no file matches this pattern: give one that "
                     "matches files, or a file or folder",
                     q->key, q->path);
    else if (how == GLOB_NOSPACE)
        rc = err_memory(e, NULL);
    else if (how)
        rc = cannot(e, q, q->path, "read a folder of this pattern");
    for (size_t i = 0; rc == OK && i < found.gl_pathc; i++)
        if (!text_ends_in(found.gl_pathv[i], ".idx"))
            rc = stored_files_add(f, found.gl_pathv[i], e);
    globfree(&found);
    if (rc == OK && f->n == 0)
        rc = err_set(e, ERR_DATA,
                     "%s %s: matches NAME.idx alone, but tokens are in "
                     "NAME.bin: give a pattern of these",
                     q->key, q->path);
    if (f->n > 1)
        qsort(f->paths, (size_t)f->n, sizeof *f->paths, compare_paths);
    return rc == OK ? check_one_part(f, q, e) : rc;
}

/* Is there a file of n bytes of `of` and ".bin"? Its path is then `path`. */
static bool has_bin(char path[PATH_MAX], const char *of, size_t n)
{
    struct stat st;
    return snprintf(path, PATH_MAX, "%.*s.bin", (int)n, of) < PATH_MAX &&
           stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

int stored_files_of_tokens(struct stored_files *f, const struct stored_query *q,
                           struct err *e)
{
    struct stat st;
    char bin[PATH_MAX];
    size_t n = strlen(q->path);
    if (stat(q->path, &st)) {
        int errnum = errno;
        if (has_bin(bin, q->path, n))
            return stored_files_add(f, bin, e);
        if (errnum == ENOENT && strpbrk(q->path, "*?["))
            return find_by_pattern(f, q, e);
        errno = errnum;
        return cannot(e, q, q->path, "look at it");
    }
    if (S_ISDIR(st.st_mode))
        return find_in_folder(f, q, e);
    if (text_ends_in(q->path, ".idx") && has_bin(bin, q->path, n - 4))
        return stored_files_add(f, bin, e);
    return stored_files_add(f, q->path, e);
}
