/* options.h - the keys of [sink] and [metrics]: how sinks are measured, and
 * what is measured beside them. */
#ifndef SINKLAB_METRIC_OPTIONS_H
#define SINKLAB_METRIC_OPTIONS_H

#include "base/base.h"
#include "base/err.h"
#include "base/key.h"

/* Bytes of a column's name, and of what axes of figures say, NUL included. */
enum { COLUMN_NAME_MAX = 40, COLUMN_TITLE_MAX = 80 };

/* Keys, from the first, that sinks may be reported for. */
enum { SINK_POSITIONS_MAX = 64 };

/* Columns that may be asked for. */
enum { METRICS_ASKED_MAX = 384 };

/* metrics.cache, unless it is given. KEEP WITH: options.c, its default */
enum { CACHE_USUAL = 16 };

enum sink_bos { SINK_BOS_DATA, SINK_BOS_NO };

struct sink_options {
    double eps;          /* a head sinks into k if its importance exceeds eps */
    idx tokens;          /* T of the measured sequences; capped at context */
    idx sequences;       /* how many the analysis measures */
    idx val_tokens;      /* on which the analysis takes the validation loss */
    idx positions;       /* sink_1 .. sink_K */
    idx probe_every;     /* steps between in-loop probes; 0 = none */
    idx probe_sequences; /* how many the in-loop probe measures */
    int input;           /* enum input_kind: on what sequences */
    char path[KEY_TEXT_MAX]; /* of INPUT_FILE */
    char hash[KEY_TEXT_MAX]; /* of its tokens; "" before it is known */
    int bos;                 /* enum sink_bos */
    bool edits;              /* as training has them; no: none */
};

extern const struct key sink_keys[];
extern const idx n_sink_keys;

/* names.h reads them. */
struct metrics_options {
    char names[KEY_TEXT_MAX]; /* metrics, groups or patterns, by commas */
    char eps[KEY_TEXT_MAX];   /* thresholds beside sink.eps, by commas */
    idx loss_tokens;          /* held-out tokens on which interventions are
                                 judged */
    idx sink_key;             /* the key that is the sink, from 1 */
    idx cache;                /* keys that a query keeps, its own included */
    idx kept;                 /* first keys that are always among them */
};

extern const struct key metrics_keys[];
extern const idx n_metrics_keys;

#endif
