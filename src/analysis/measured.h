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
    bool is_analysis;        /* else by the probe of the training loop */
    idx sequences;           /* that sinks were measured on, */
    idx tokens;              /* of each as many tokens, */
    double eps;              /* and above this a head was a sink; */
    int input;               /* what they were (data/input.h), */
    char file[KEY_TEXT_MAX]; /* the hash of their file, or "", */
    bool no_bos, no_edits;   /* and what was left away that training has */
    idx val_tokens;          /* that the loss is the mean of, at most, */
    idx context;             /* in sequences of so many */
    idx loss_tokens;         /* that costs of interventions are of, in such
                                  sequences, too; what they are done to: */
    idx sink_key, cache, kept;
    idx task_seed;             /* of what was learned */
    idx eval_seed;             /* that drew the held-out sequences */
    char corpus[KEY_TEXT_MAX]; /* hash of files; else the source's name */
    int order;                 /* that divided them into training's and */
    double val_fraction;       /* those held out: so many, at the end, */
    bool has_val_path;         /* or all of another file */
};

/* measured_by - as this configuration asks for. */
struct measured measured_by(const struct config *c, bool is_analysis);

/* What is asked about; a sum. */
enum {
    MEASURED_SINKS = 1 << 0,
    MEASURED_LOSSES = 1 << 1,
    MEASURED_DATA = 1 << 2,     /* were the held-out sequences the same ones? */
    MEASURED_COSTS = 1 << 3,    /* of interventions; */
    MEASURED_SINK_KEY = 1 << 4, /* of those that read it, */
    MEASURED_CACHE = 1 << 5,
    MEASURED_KEPT = 1 << 6,
};

/* What decides how this column was measured; all but MEASURED_DATA. */
int measured_parts(const char *column);

/* Are they comparable in all these parts: measured on as much, alike? What is
 * not known differs from nothing. */
bool measured_alike(const struct measured *a, const struct measured *b,
                    int parts);

/* measured_print - "analysis, 100 sequences of 64 tokens, eps 0.3", with more
 * where more was asked for: "of 64 random tokens without BOS"; an
 * eps that is NAN is not told. Returns
 * text. measured_print_loss: "analysis, 65536 tokens in sequences of 128". */
enum { MEASURED_TEXT_MAX = 160 };
const char *measured_print(char text[MEASURED_TEXT_MAX],
                           const struct measured *m);
const char *measured_print_loss(char text[MEASURED_TEXT_MAX],
                                const struct measured *m);

/* measured_print_of - the one of the two that is of this column; of a cost
 * "analysis, 16384 tokens in sequences of 128, cache 16, kept 4". */
const char *measured_print_of(char text[MEASURED_TEXT_MAX],
                              const struct measured *m, const char *column);

/* measured_overrides - what to give `sinklab analyze` so that these parts of
 * both are measured as a's are: " sink.sequences=100 sink.input=data"; of a
 * file, whose place is not known, " sink.path=FILE". Returns text. */
const char *measured_overrides(char text[MEASURED_TEXT_MAX],
                               const struct measured *a,
                               const struct measured *b, int parts);

/* measured_differing - the settings in which two measurements differ, of those
 * that the parts ask about, with their values: "sink.eps (0.3, 0.2),
 * sink.tokens (64, 32)"; "" where they do not. Returns text. */
const char *measured_differing(char text[MEASURED_TEXT_MAX],
                               const struct measured *a,
                               const struct measured *b, int parts);

/* measured_changed - the settings of measured_settings in which an analysis
 * differs from one before, but for which metrics are asked for:
 * "sink.eps 0.3, now 0.2; sink.tokens 64, now 32"; "" where they do not.
 * Returns text. */
const char *measured_changed(char text[MEASURED_TEXT_MAX],
                             const struct config *before,
                             const struct config *now);

/* measured_settings - the hash of all settings that an analysis depends on: of
 * the run, and how it is measured (KEY_MEASURES); not paths, threads, and how
 * training went on. */
void measured_settings(char hex[HASH_HEX_MAX], const struct config *c);

#endif
