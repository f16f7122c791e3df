#include "prepare/prepare_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "io/fsys.h"
#include "io/fsys_tree.h"
#include "prepare/corpus_names.h"

/* Behind the folder's path, of the longest name in it. */
enum { NAME_ROOM = 128 };

/* All that a corpus consists of, the manifest first. */
static const char *const names[] = {
    PREPARED_MANIFEST,   PREPARED_TRAIN ".bin", PREPARED_TRAIN ".idx",
    PREPARED_VAL ".bin", PREPARED_VAL ".idx",   PREPARED_MODEL,
};

static bool is_ours(const char *name)
{
    for (idx i = 0; i < COUNT_OF(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strcmp(name, CORPUS_LOCK) == 0 ||
           strncmp(name, CORPUS_NOTE, strlen(CORPUS_NOTE)) == 0 ||
           fsys_is_temporary(name) || fsys_tree_is_remains(name);
}

/* What the folder holds. */
struct contents {
    bool has_lock, has_manifest, has_other; /* than those */
    char foreign[TEXT_SHOW_MAX];            /* "": nothing */
};

static int look(struct contents *c, const char *dir, struct err *e)
{
    struct dirent *d;
    DIR *folder = opendir(dir);
    *c = (struct contents){ 0 };
    if (!folder)
        return errno == ENOENT ? OK : err_system(e, dir, "open this folder");
    while (fsys_next(&d, folder, dir, e) == OK && d) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        bool is_lock = strcmp(d->d_name, CORPUS_LOCK) == 0;
        bool is_manifest = strcmp(d->d_name, PREPARED_MANIFEST) == 0;
        c->has_lock = c->has_lock || is_lock;
        c->has_manifest = c->has_manifest || is_manifest;
        c->has_other = c->has_other || !(is_lock || is_manifest);
        if (!is_ours(d->d_name))
            text_show(c->foreign, d->d_name);
    }
    closedir(folder);
    return e->code;
}

/* May a corpus be made here? */
static int check(const struct contents *c, const char *dir, struct err *e)
{
    const struct stored_query q = { .path = dir };
    struct prepared p;
    if (c->has_manifest) {
        if (prepared_read(&p, &q, e) == OK && !p.is_one)
            err_set(e, ERR_BUSY,
                    "%s: its " PREPARED_MANIFEST " is of no corpus: give a "
                    "folder that is empty, or not there yet",
                    dir);
    } else if (c->has_other && (c->foreign[0] || !c->has_lock)) {
        err_set(e, ERR_BUSY,
                "%s: holds %s%s: give a folder that is empty, or not there yet",
                dir, c->foreign[0] ? c->foreign : "files",
                c->foreign[0] ? ", which is of no corpus"
                              : " that no `sinklab data prepare` left");
    }
    return e->code;
}

static int remove_files(const char *dir, idx from, struct err *e)
{
    char path[FSYS_PATH_MAX];
    for (idx i = from; i < COUNT_OF(names) && !e->code; i++) {
        corpus_path(path, dir, names[i], "");
        fsys_remove(path, e);
    }
    return e->code;
}

/* Folders that a process which is gone worked in: the lock is held. */
static int clear_remains(const char *dir, struct err *e)
{
    char path[FSYS_PATH_MAX + 256];
    struct dirent *d;
    DIR *folder = opendir(dir);
    if (!folder)
        return err_system(e, dir, "open this folder");
    while (fsys_next(&d, folder, dir, e) == OK && d)
        if (fsys_tree_is_remains(d->d_name)) {
            snprintf(path, sizeof path, "%s/%s", dir, d->d_name);
            if (fsys_tree_clear(path, e))
                break;
        }
    closedir(folder);
    return e->code;
}

/* Does a part of the path end behind n bytes? */
static bool is_part(const char *path, size_t n)
{
    return path[n - 1] != '/' && (path[n] == '/' || path[n] == '\0');
}

/* *n: bytes of dir's path that name something, 0: its first part does not. */
static int find_there(size_t *n, const char *dir, struct err *e)
{
    char part[FSYS_PATH_MAX];
    bool is_there = true;
    *n = 0;
    for (size_t i = 1; is_there && dir[i - 1]; i++) {
        if (!is_part(dir, i))
            continue;
        snprintf(part, sizeof part, "%.*s", (int)i, dir);
        if (fsys_exists(&is_there, part, e))
            return e->code;
        *n = is_there ? i : *n;
    }
    return OK;
}

/* The folders that were made, the innermost first, as far as they are empty. */
static void remove_folders(const struct prepare_folder *f)
{
    char part[FSYS_PATH_MAX];
    for (size_t i = strlen(f->dir); i > f->n_there; i--) {
        struct err ignored = { 0 };
        if (!is_part(f->dir, i))
            continue;
        snprintf(part, sizeof part, "%.*s", (int)i, f->dir);
        fsys_remove_folder(part, &ignored);
    }
}

int prepare_folder_take(struct prepare_folder *f, const char *dir,
                        struct err *e)
{
    struct contents c;
    char path[FSYS_PATH_MAX];
    if (strlen(dir) > FSYS_PATH_MAX - NAME_ROOM) {
        errno = ENAMETOOLONG;
        return err_system(e, dir, "use this path");
    }
    if (find_there(&f->n_there, dir, e) || look(&c, dir, e) ||
        check(&c, dir, e))
        return e->code;
    f->dir = dir;
    if (fsys_mkdirs(dir, e))
        return e->code;
    corpus_path(path, dir, CORPUS_LOCK, "");
    if (lock_take(&f->lock, path, dir, e))
        return e->code;
    /* Another process may have come to its end just now */
    if (look(&c, dir, e) || check(&c, dir, e) || fsys_remove_stale(dir, e) ||
        clear_remains(dir, e))
        return e->code;
    f->has_corpus = c.has_manifest;
    return f->has_corpus ? OK : remove_files(dir, 0, e);
}

int prepare_folder_clear(struct prepare_folder *f, struct err *e)
{
    char path[FSYS_PATH_MAX];
    f->is_placing = true;
    if (!f->has_corpus)
        return OK;
    corpus_path(path, f->dir, PREPARED_MANIFEST, "");
    if (fsys_remove(path, e) || fsys_sync(f->dir, e))
        return e->code;
    f->has_corpus = false;
    return remove_files(f->dir, 1, e);
}

void prepare_folder_release(struct prepare_folder *f, bool is_whole)
{
    char path[FSYS_PATH_MAX];
    struct err ignored = { 0 }; /* why it is given up was said already */
    if (!f->dir)
        return;
    bool is_emptied = !is_whole && !f->has_corpus && f->lock.is_held;
    if (is_emptied && f->is_placing)
        remove_files(f->dir, 0, &ignored);
    ignored = (struct err){ 0 };
    if (!is_whole && f->lock.is_held)
        clear_remains(f->dir, &ignored);
    /* What could not be removed is known by the lock file next time */
    struct contents c = { .has_other = true };
    if (is_emptied)
        look(&c, f->dir, &ignored);
    if (is_emptied && !ignored.code && !c.has_other) {
        corpus_path(path, f->dir, CORPUS_LOCK, "");
        fsys_remove(path, &ignored);
    }
    lock_release(&f->lock);
    if (!is_whole)
        remove_folders(f);
    *f = (struct prepare_folder){ 0 };
}
