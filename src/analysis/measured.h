/* measured.h - what the numbers of a run were measured on.
 *
 * Numbers may be averaged, or put side by side, if they were measured alike:
 * as many sequences of as many tokens, drawn alike, and one threshold. What a
 * run's own probe measures says its config.ini; what `sinklab analyze`
 * measured, the configuration in its analysis.h5. Pure functions.
 */
#ifndef SINKLAB_MEASURED_H
#define SINKLAB_MEASURED_H

#include "base/base.h"
#include "base/hash.h"
#include "config/config.h"

struct measured {
    bool is_known;
    bool is_analysis;          /* else by the probe of the training loop */
    idx sequences;             /* that sinks were measured on, */
    idx tokens;                /* of each as many tokens, */
    double eps;                /* and above this a head was a sink; */
    int input;                 /* what they were (data/input.h), */
    char file[KEY_TEXT_MAX];   /* the hash of their file, or "", */
    bool no_bos, no_edits;     /* and what was left away that training has */
    idx val_tokens;            /* that the loss is the mean of, at most, */
    idx context;               /* in sequences of so many */
    idx task_seed;             /* of what was learned */
    idx eval_seed;             /* that drew the held-out sequences */
    char corpus[KEY_TEXT_MAX]; /* hash of files; else the source's name */
    int order;                 /* that divided them into training's and */
    double val_fraction;       /* those held out: so many, at the end, */
    bool has_val_path;         /* or all of another file */
};

/* measured_by - as this configuration asks for. */
struct measured measured_by(const struct config *c, bool is_analysis);

/* Are sinks (or losses) of the two comparable: measured on as much, alike?
 * What is not known differs from nothing. */
bool measured_sinks_alike(const struct measured *a, const struct measured *b);
bool measured_losses_alike(const struct measured *a, const struct measured *b);

/* Were the held-out sequences the same ones? */
bool measured_data_alike(const struct measured *a, const struct measured *b);

/* measured_print - "analysis, 100 sequences of 64 tokens, eps 0.3", with more
 * where more was asked for: "of 64 random tokens without BOS"; returns
 * text. measured_print_loss: "analysis, 65536 tokens in sequences of 128". */
enum { MEASURED_TEXT_MAX = 160 };
const char *measured_print(char text[MEASURED_TEXT_MAX],
                           const struct measured *m);
const char *measured_print_loss(char text[MEASURED_TEXT_MAX],
                                const struct measured *m);

/* measured_print_of - the one of the two that is of this column. */
const char *measured_print_of(char text[MEASURED_TEXT_MAX],
                              const struct measured *m, const char *column);

/* measured_overrides - what to give `sinklab analyze` so that sinks (or losses)
 * of both are measured as a's are: " sink.sequences=100 sink.input=data"; of a
 * file, whose place is not known, " sink.path=FILE". Returns text. */
const char *measured_overrides(char text[MEASURED_TEXT_MAX],
                               const struct measured *a,
                               const struct measured *b, bool is_loss);

/* measured_differing - the settings in which two measurements differ, of those
 * that the parts (a sum) ask about, with their values: "sink.eps (0.3, 0.2),
 * sink.tokens (64, 32)"; "" where they do not. Returns text. */
enum { MEASURED_SINKS = 1, MEASURED_LOSSES = 2, MEASURED_DATA = 4 };
const char *measured_differing(char text[MEASURED_TEXT_MAX],
                               const struct measured *a,
                               const struct measured *b, int parts);

/* measured_settings - the hash of all settings that an analysis depends on: of
 * the run, and how it is measured; not paths, threads, and how training went
 * on. */
void measured_settings(char hex[HASH_HEX_MAX], const struct config *c);

#endif
