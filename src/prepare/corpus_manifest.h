/* corpus_manifest.h - manifest.ini of a prepared folder: written last, and read
 * again to see whether the same command would make the same corpus.
 *
 * What a run needs of it, section [corpus], is read by data/prepared.h.
 * KEEP WITH: data/prepared.c, names of keys; docs/FORMATS.md, "Prepared folder"
 */
#ifndef SINKLAB_CORPUS_MANIFEST_H
#define SINKLAB_CORPUS_MANIFEST_H

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "io/file_list.h"
#include "prepare/token_part.h"

struct corpus_manifest {
    const char *tokenizer; /* as data/prepared.h says */
    idx vocab, width;
    const char *documents, *held_out;
    double val_fraction;
    idx seed;
    struct token_facts train, val;
    const char *sentencepiece; /* its version; NULL: bytes */
    const char *command;       /* as typed, for people */
    const char *request;       /* hash of what was asked for */
    const struct file_list *files;
    char (*hashes)[HASH_HEX_MAX]; /* (files->n) of the bytes of each */
};

/* corpus_manifest_write - durably: from now on dir is a corpus. OK, ERR_IO,
 * ERR_MEMORY. */
int corpus_manifest_write(const struct corpus_manifest *m, const char *dir,
                          struct err *e);

/* corpus_manifest_same - *is_same: was the corpus in dir made on the same
 * request from files with these sizes and hashes, in this order? OK; ERR_DATA:
 * the manifest is damaged; ERR_IO, ERR_MEMORY. */
int corpus_manifest_same(bool *is_same, const char *dir, const char *request,
                         const struct file_list *files,
                         char (*hashes)[HASH_HEX_MAX], struct err *e);

#endif
