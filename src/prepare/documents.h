/* documents.h - the documents that source files hold, one after the other.
 *
 * Files come in the order of the list, documents as they stand there; one
 * without a byte is passed over. Memory does not grow with the files, except
 * that a line of JSON is held whole. Errors: ERR_DATA with file and line, and
 * those of source_file.h.
 */
#ifndef SINKLAB_DOCUMENTS_H
#define SINKLAB_DOCUMENTS_H

#include "base/base.h"
#include "base/err.h"
#include "io/file_list.h"
#include "prepare/source_file.h"

enum document_rule {
    DOCUMENT_FILE,      /* a file */
    DOCUMENT_LINE,      /* a line, without its end (LF or CRLF) */
    DOCUMENT_JSONL,     /* the string that a line's JSON object names */
    DOCUMENT_SEPARATOR, /* what lies between lines of a certain text */
    DOCUMENT_RULES
};

/* As the manifest calls it. */
const char *document_rule_name(enum document_rule rule);

struct document {
    const char *path; /* of its file; borrowed from the list */
    size_t from;      /* byte of the file where it begins, of JSON the line */
    size_t size;      /* bytes of its text */
    idx line;         /* of the file, from 1; 0 where files are documents */
    bool is_json;     /* its text is not what the file holds */
};

struct documents {
    /* Set by who opens: borrowed. */
    const struct file_list *files;
    enum document_rule rule;
    const char *text;             /* the separator, or JSON's name */
    char (*hashes)[HASH_HEX_MAX]; /* (files->n) out, when a file is over; or
                                     NULL */
    /* Zeroed. */
    struct source_file file;
    idx i_file;     /* the one that is open, or comes next */
    bool is_within; /* a file is open */
    size_t next;    /* byte of it where the next document is looked for */
    idx line;       /* lines in front of that */
    size_t done;    /* bytes of the files before it */
    struct document now;
    size_t n_read; /* bytes of the text that were handed out */
    char *json, *decoded;
    size_t json_cap;
};

/* documents_next - d->now is the next one; *is_there is false behind the last.
 */
int documents_next(struct documents *d, bool *is_there, struct err *e);

/* documents_read - the next *n bytes of its text, 0 behind the last; until the
 * next call. */
int documents_read(struct documents *d, const unsigned char **bytes, size_t *n,
                   struct err *e);

/* documents_done - bytes of source files that are behind us. */
size_t documents_done(const struct documents *d);

/* In any case, at last. */
void documents_release(struct documents *d);

#endif
