#include "data/identity_note.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "io/ini.h"
#include "io/mapping.h"
#include "io/place.h"
#include "io/sealed_text.h"

enum { VERSION = 1, NOTE_MAX_BYTES = 4096 };

static const int64_t UNSURE_S = 2, NS = 1000000000;

/* --- which files, and where the note lies -------------------------------- */

/* The folder that the path stands for, or that the first file lies in. */
static void find_folder(char dir[FSYS_PATH_MAX], const struct stored *s,
                        const struct stored_query *q)
{
    struct stat st;
    const char *first = s->maps[0]->path, *slash = strrchr(first, '/');
    if (stat(q->path, &st) == 0 && S_ISDIR(st.st_mode))
        snprintf(dir, FSYS_PATH_MAX, "%s", q->path);
    else if (slash)
        snprintf(dir, FSYS_PATH_MAX, "%.*s", (int)(slash + 1 - first), first);
    else
        snprintf(dir, FSYS_PATH_MAX, ".");
    dir[path_length(dir)] = '\0';
}

/* Its path within the folder, or its path if it lies elsewhere. */
static const char *name_in(const char *dir, const char *path)
{
    size_t n = strcmp(dir, "/") == 0 ? 0 : strlen(dir);
    if (strncmp(path, dir, n) != 0 || path[n] != '/')
        return path;
    return path + n + strspn(path + n, "/");
}

static void add_text(struct hash_run *run, const char *text)
{
    hash_more(run, text, strlen(text) + 1);
}

static void add_number(struct hash_run *run, int64_t number)
{
    hash_more(run, &number, sizeof number);
}

/* Names and where tokens begin in the files: what a changed file leaves as it
 * is, so that its new note takes the place of the old one. */
static int hash_names(char hex[HASH_HEX_MAX], const struct stored *s,
                      const char *dir, struct err *e)
{
    struct hash_run *run = hash_begin();
    if (!run)
        return err_memory(e, NULL);
    add_number(run, s->width);
    for (idx i = 0; i < s->n_maps; i++)
        add_text(run, name_in(dir, s->maps[i]->path));
    add_number(run, s->pieces[0].bytes - s->pieces[0].map->bytes);
    hash_hex(hex, hash_end(run));
    return OK;
}

static int hash_files(struct identity_note *note, const struct stored *s,
                      const char *names, struct err *e)
{
    struct hash_run *run = hash_begin();
    if (!run)
        return err_memory(e, NULL);
    add_text(run, names);
    for (idx i = 0; i < s->n_maps; i++) {
        const struct file_stamp *stamp = &s->maps[i]->stamp;
        add_number(run, stamp->bytes);
        add_number(run, stamp->mtime_ns);
        add_number(run, stamp->ctime_ns);
        add_number(run, (int64_t)stamp->inode);
        int64_t changed = stamp->mtime_ns > stamp->ctime_ns ? stamp->mtime_ns
                                                            : stamp->ctime_ns;
        if (i == 0 || changed > note->changed_ns)
            note->changed_ns = changed;
    }
    for (idx i = 0; i < s->n_pieces; i++) {
        add_number(run, s->pieces[i].bytes - s->pieces[i].map->bytes);
        add_number(run, s->pieces[i].n);
    }
    hash_hex(note->files, hash_end(run));
    return OK;
}

/* ${XDG_CACHE_HOME:-~/.cache}/sinklab, or "". */
static void find_cache(char dir[FSYS_PATH_MAX])
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    int n = 0;
    dir[0] = '\0';
    if (cache && cache[0] == '/') /* the standard takes no other */
        n = snprintf(dir, FSYS_PATH_MAX, "%s/sinklab", cache);
    else if (home && home[0] == '/')
        n = snprintf(dir, FSYS_PATH_MAX, "%s/.cache/sinklab", home);
    if (n >= FSYS_PATH_MAX)
        dir[0] = '\0';
}

/* Notes of all corpora lie there together, so the whole path tells them apart.
 */
static void place_cached(struct identity_note *note, const char *dir,
                         const char *names)
{
    char cache[FSYS_PATH_MAX], hex[HASH_HEX_MAX];
    char *whole = realpath(dir, NULL);
    find_cache(cache);
    if (!whole || !cache[0]) {
        free(whole);
        return;
    }
    uint64_t parts[2] = { hash_bytes(whole, strlen(whole)),
                          hash_bytes(names, strlen(names)) };
    hash_hex(hex, hash_bytes(parts, sizeof parts));
    free(whole);
    if (snprintf(note->cached, sizeof note->cached, "%s/identity-%s", cache,
                 hex) >= FSYS_PATH_MAX)
        note->cached[0] = '\0';
}

int identity_note_of(struct identity_note *note, const struct stored *s,
                     const struct stored_query *q, struct err *e)
{
    char dir[FSYS_PATH_MAX], names[HASH_HEX_MAX];
    *note = (struct identity_note){ .changed_ns = 0 };
    find_folder(dir, s, q);
    int rc = hash_names(names, s, dir, e);
    if (rc == OK)
        rc = hash_files(note, s, names, e);
    if (rc != OK)
        return rc;
    if (snprintf(note->beside, sizeof note->beside, "%s/.sinklab-%s", dir,
                 names) >= FSYS_PATH_MAX)
        note->beside[0] = '\0';
    place_cached(note, dir, names);
    return OK;
}

/* --- reading ------------------------------------------------------------- */

/* Every key once, as a text; "" as long as it has not come. */
struct reading {
    char version[32], files[32], hashed_at[32], tokens[32], hash[32],
        max_token[32];
    bool is_odd; /* something that no note holds */
};

static void take_item(void *user, const struct ini_item *item)
{
    struct reading *r = user;
    const struct {
        const char *key;
        char *text;
    } keys[] = { { "version", r->version },     { "files", r->files },
                 { "hashed_at", r->hashed_at }, { "tokens", r->tokens },
                 { "hash", r->hash },           { "max_token", r->max_token } };
    if (item->kind == INI_SECTION && strcmp(item->section, "identity") == 0)
        return;
    for (idx i = 0; item->kind == INI_VALUE && i < COUNT_OF(keys); i++)
        if (strcmp(item->key, keys[i].key) == 0 && !keys[i].text[0] &&
            strlen(item->text) < sizeof r->version) {
            strcpy(keys[i].text, item->text);
            return;
        }
    r->is_odd = true;
}

/* -1: none. */
static idx number_of(const char *text)
{
    idx number;
    return text_whole(&number, text) ? number : -1;
}

/* Was nothing changed since, or shortly before? */
static bool is_sure(const struct identity_note *note, int64_t hashed_at_s)
{
    return note->changed_ns / NS + 1 < hashed_at_s - UNSURE_S;
}

static bool read_note(const struct identity_note *note, struct stored *s,
                      const char *path)
{
    char *text;
    size_t n;
    bool is_sealed;
    struct err e = { 0 };
    struct reading r = { .is_odd = false };
    if (!path[0] || sealed_text_read(&text, &n, &is_sealed, path,
                                     NOTE_MAX_BYTES, ERR_DATA, "", &e))
        return false;
    int rc = ini_read_own(text, n, take_item, &r, &e);
    free(text);
    idx max_token = number_of(r.max_token);
    if (rc != OK || r.is_odd || !is_sealed || number_of(r.version) != VERSION ||
        strcmp(r.files, note->files) != 0 || number_of(r.tokens) != s->n ||
        !hash_is_hex(r.hash) || max_token < 0 || max_token > UINT32_MAX ||
        !is_sure(note, number_of(r.hashed_at)))
        return false;
    memcpy(s->hash, r.hash, sizeof s->hash);
    s->max_token = (idx)max_token;
    return true;
}

const char *identity_note_read(const struct identity_note *note,
                               struct stored *s)
{
    return read_note(note, s, note->beside)   ? note->beside
           : read_note(note, s, note->cached) ? note->cached
                                              : NULL;
}

/* --- writing ------------------------------------------------------------- */

static bool write_cached(const char *path, const char *text, size_t n)
{
    char dir[FSYS_PATH_MAX];
    if (!path[0])
        return false;
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') - path), path);
    return fsys_mkdirs(dir, ERR_IGNORED) == OK &&
           sealed_text_write(path, text, n, ERR_IGNORED) == OK;
}

/* Whoever takes all rights to write from a folder wants it left alone, also by
 * root, whom no rights hold. */
static bool may_write_beside(const char *path)
{
    char dir[FSYS_PATH_MAX];
    struct stat st;
    snprintf(dir, sizeof dir, "%.*s", (int)(strrchr(path, '/') + 1 - path),
             path);
    return stat(dir, &st) == 0 &&
           (st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) != 0;
}

void identity_note_write(const struct identity_note *note,
                         const struct stored *s, int64_t hashed_at_s)
{
    char text[512];
    struct text t = { text, sizeof text, 0 };
    if (!is_sure(note, hashed_at_s))
        return;
    for (idx i = 0; i < s->n_maps; i++)
        if (!mapping_is_unchanged(s->maps[i]))
            return;
    text_add(&t, "[identity]\nversion = %d\nfiles = %s\n", VERSION,
             note->files);
    text_add(&t, "hashed_at = %" PRId64 "\n", hashed_at_s);
    text_add(&t, "tokens = %td\nhash = %s\nmax_token = %td\n", s->n, s->hash,
             s->max_token);
    if (!note->beside[0] || !may_write_beside(note->beside) ||
        sealed_text_write(note->beside, text, t.n, ERR_IGNORED) != OK)
        write_cached(note->cached, text, t.n);
}
