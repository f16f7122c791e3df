/* attention_map.h - the attention weights of one sequence in one checkpoint of
 * a run, head by head: what `sinklab attention` shows, writes and draws.
 *
 * One head's matrix is in memory at a time, and what is asked of it: an
 * observer sees each in turn. Owns all it opens; release in any state.
 */
#ifndef SINKLAB_ATTENTION_MAP_H
#define SINKLAB_ATTENTION_MAP_H

#include <math.h>

#include "analysis/run_model.h"
#include "base/text.h"

/* Which layers or heads: one of them, or all. */
enum { ALL_OF_THEM = -1 };

struct attention_query {
    struct run_model_query model;
    const char *text;   /* BOS is put in front, as sink.bos says; or */
    const char *tokens; /* their numbers, taken as they are */
    idx layer, head;    /* ALL_OF_THEM, or the only one */
};

struct attention_map {
    struct run_model model;
    int32_t *tokens; /* (T) */
    idx T;
    idx layer, n_layers; /* the first that is shown, and how many are */
    idx head, n_heads;   /* as observers see heads */
    bool has_extra;      /* any of these layers has a column of what goes to no
                       token */
    struct arena arena;
    struct batch batch; /* (1,T) */
};

/* attention_map_open - the text as tokens, the model ready to be observed. OK;
 * ERR_DATA: more tokens than model.context, or none; ERR_USAGE: no such layer
 * or head; and as run_model_open, run_model_start and spell. */
int attention_map_open(struct attention_map *m, const struct attention_query *q,
                       struct err *e);
void attention_map_release(struct attention_map *m);

/* attention_map_see - one forward pass: `see` is told of every head that is to
 * be shown, in no order; calls of one worker come one after the other, and
 * nothing is shared between two heads. */
void attention_map_see(struct attention_map *m,
                       void (*see)(void *context, const struct head_view *h),
                       void *context);

/* Place of a head among those that are shown, layer by layer. */
static inline idx attention_map_place(const struct attention_map *m,
                                      const struct head_view *h)
{
    return (h->layer - m->layer) * m->n_heads + (h->head - m->head);
}

/* Does query t see key k in a head? */
bool attention_map_sees(const struct attention_map *m, idx layer, idx head,
                        idx t, idx k);

/* A token as a label: printable, blanks as U+2423; returns text. */
const char *attention_map_label(char text[TOKEN_TEXT_MAX],
                                const struct attention_map *m, idx t);

/* What a head does, in shares of its weights, means over queries. */
struct attention_share {
    double first;    /* on the first token */
    double previous; /* on the token in front of the query; NAN: T = 1 */
    double self;     /* on the query's own */
    double extra;    /* on no token; NAN: the layer has no such column */
    /* Of a query's weights, those on no token too: mean, least, most */
    double row_sum, least_sum, most_sum;
};
struct attention_share attention_share_of(const struct head_view *h);

/* attention_part_of - the same of each weight's part in what its row sums to,
 * as docs/METRICS.md, "Raw and proxy weights": what is held against even
 * weights. Sums of rows are as above. */
struct attention_share attention_part_of(const struct attention_map *m,
                                         const struct head_view *h);

/* attention_share_even - the same if each query weighed all tokens that it sees
 * alike, with nothing on no token: what the others are held against. */
struct attention_share attention_share_even(const struct attention_map *m,
                                            idx layer, idx head);

/* attention_even_add - one of these numbers, at so many bytes into them, in
 * percent: "12.5 %", or where heads see other tokens "12.5 to 20.0 %". */
void attention_even_add(struct text *t, const struct attention_map *m,
                        size_t at);

/* What rows of heads sum to; of none yet: ATTENTION_NO_SUMS. */
struct attention_sums {
    double least, most;
};
#define ATTENTION_NO_SUMS ((struct attention_sums){ INFINITY, -INFINITY })
void attention_sums_of(struct attention_sums *s,
                       const struct attention_share *x);

/* Do some not sum to one, so that a weight on a token is no share? */
bool attention_sums_differ(const struct attention_sums *s);

/* "rows of these heads do not all sum to 100 %, but to ...", and what that is
 * for who looks for sinks. */
void attention_sums_add(struct text *t, const struct attention_sums *s);

/* In percent, without its sign: "97", "4.1", "0.0023", "<0.001". */
void attention_percent_add(struct text *t, double share);

/* attention_file_write - as HDF5: docs/FORMATS.md, "Attention maps". OK,
 * ERR_MEMORY, ERR_IO (a file that was there stays). */
int attention_file_write(struct attention_map *m, const char *path,
                         struct err *e);

/* attention_file_is_one - *is_one: is the file at path such a one? OK, also
 * where there is none; ERR_IO, ERR_MEMORY. */
int attention_file_is_one(bool *is_one, const char *path, struct err *e);

/* attention_plot_write - drawn, in a file whose name ends in .svg, .png or
 * .pdf; run: what the title calls it. OK; ERR_USAGE: more heads than a picture
 * holds; ERR_TOOL, ERR_MEMORY, ERR_IO. */
int attention_plot_write(struct attention_map *m, const char *run,
                         const char *path, struct err *e);

#endif
