/* prepare.h - `sinklab data prepare`: a folder of tokens from files of text.
 *
 *   files - documents - training or held out - bytes, or text_batch and
 *   pieces - token_part
 *
 * Sources are read once, and once more before that where a vocabulary is
 * learned, or where the folder holds a corpus that may be the one that is asked
 * for. Documents that are no files are counted before that, up to
 * HELD_OUT_MANY, if nobody says how they are held out. Memory does not grow
 * with sources, but for the list of files and a line of JSON. Whatever ends it,
 * a folder that is not whole does not look so.
 */
#ifndef SINKLAB_PREPARE_H
#define SINKLAB_PREPARE_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "prepare/documents.h"
#include "prepare/held_out.h"

struct prepare_options {
    const char *const *paths; /* (n_paths) files and folders */
    idx n_paths;
    const char *dir; /* what is made */
    enum document_rule documents;
    const char *separator, *key; /* of DOCUMENT_SEPARATOR, DOCUMENT_JSONL */
    idx vocab;                   /* pieces to learn; 0: none */
    const char *model;           /* a model file, or a prepared folder that
                                    has one; NULL: none */
    enum held_out_rule held_out;
    double val_fraction;
    idx seed;
    bool is_forced; /* a corpus that is there is replaced */
    int argc;
    char *const *argv; /* of the command, for the manifest */
    FILE *out;         /* what was made */
    FILE *progress;    /* how far it is, now and then; NULL: nothing */
};

/* prepare_run - OK; ERR_USAGE: the folder lies among the sources, or a seed
 * does nothing; ERR_DATA: sources are missing, hold no text, or too little
 * to hold some out, are no UTF-8 or JSON where that is wanted, are changed;
 * ERR_BUSY: the folder holds another corpus, or something else; ERR_TOOL:
 * SentencePiece is missing or fails; ERR_IO, ERR_MEMORY. Then the folder is as
 * it was. */
int prepare_run(const struct prepare_options *o, struct err *e);

#endif
