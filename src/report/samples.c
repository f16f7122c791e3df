#include "report/samples.h"

#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "report/sample.h"
#include "train/session.h"

struct samples {
    const struct samples_options *o;
    struct session session; /* its data alone */
    struct token_text text;
    struct arena arena;
    struct batch batch; /* of one sequence */
    int32_t *unedited;  /* (T+1) */
    enum split split;
    idx n_update; /* samples that an update reads */
    idx end;      /* samples of the split */
};

static int find_split(enum split *split, const char *name, struct err *e)
{
    struct nearest near = { .wanted = name };
    char shown[TEXT_SHOW_MAX];
    for (int i = 0; i < SPLITS; i++) {
        if (strcmp(name, split_names[i]) == 0) {
            *split = (enum split)i;
            return OK;
        }
        nearest_offer(&near, split_names[i]);
    }
    return err_set(e, ERR_USAGE,
                   "data head: --split: got '%s', want train, val or sink%s%s",
                   text_show(shown, name), near.name ? "; did you mean " : "",
                   near.name ? near.name : "");
}

static struct source *source_of(struct samples *s)
{
    return s->split == SPLIT_SINK ? session_sinks(&s->session)
                                  : &s->session.source;
}

/* Sinks are the same for probes and analysis, which may measure more of them;
 * a file may have enough for one of the two alone. */
static idx count_sinks(struct samples *s)
{
    const struct config *c = &s->session.config;
    const struct source *input = &s->session.input;
    idx n = idx_max(c->sink.sequences, c->sink.probe_sequences), B, T;
    if (!input->parts)
        return n;
    meter_shape(&B, &T, &c->model, &c->sink, 1);
    return idx_min(n, sampler_sinks(&input->parts->sampler, T,
                                    input->styles[SPLIT_SINK].bos));
}

/* How many samples of the split a run reads. */
static int find_end(struct samples *s, struct err *e)
{
    const struct config *c = &s->session.config;
    const char *why[SPLITS] = { "train.steps, batch, accumulate",
                                "train.val_tokens",
                                "sink.sequences, probe_sequences" };
    s->n_update = c->train.batch * c->train.accumulate;
    if (s->split == SPLIT_TRAIN)
        s->end = c->train.steps * s->n_update;
    else if (s->split == SPLIT_VAL)
        s->end = s->session.n_val;
    else
        s->end = count_sinks(s);
    if (s->o->from < s->end)
        return OK;
    return err_set(e, ERR_USAGE,
                   "data head: --from %td lies past the end: of %s a run reads "
                   "%td samples, counted from 0 (%s): want less, or change "
                   "these",
                   s->o->from, split_names[s->split], s->end, why[s->split]);
}

static void plan(struct samples *s, struct arena *arena)
{
    const struct config *c = &s->session.config;
    idx B, T = c->model.context;
    if (s->split == SPLIT_SINK)
        meter_shape(&B, &T, &c->model, &c->sink, 1);
    struct batch_rules rules = session_rules(c, &s->session.model, T);
    batch_plan(&s->batch, arena, 1, T, &rules);
    s->unedited = arena_ints(arena, T + 1);
}

static int open_samples(struct samples *s, const struct config *c,
                        struct err *e)
{
    struct arena measure = { 0 };
    if (find_split(&s->split, s->o->split, e) ||
        session_open_data(&s->session, c, true, e) || find_end(s, e))
        return e->code;
    plan(s, &measure);
    if (arena_open(&s->arena, measure.used_bytes, e))
        return e->code;
    plan(s, &s->arena);
    return token_text_open(&s->text, &s->session.source, s->o->unicode, e);
}

/* What the sample would be without edits. */
static void read_unedited(struct samples *s, idx n, idx index)
{
    struct source *source = source_of(s);
    bool has_edits = source->styles[s->split].edits;
    source->styles[s->split].edits = false;
    source_sample(source, s->unedited, n, s->split, index);
    source->styles[s->split].edits = has_edits;
}

static int print_sample(FILE *out, struct samples *s, idx index, struct err *e)
{
    struct source *source = source_of(s);
    idx n = source_targets(s->split, s->batch.T) + 1;
    read_unedited(s, n, index);
    source_batch(source, &s->batch, s->split, index);
    const struct sample one = {
        .source = source,
        .split = s->split,
        .index = index,
        .update = s->split == SPLIT_TRAIN ? index / s->n_update + 1 : 0,
        .batch = &s->batch,
        .row = source_row(source, n, s->split, index),
        .unedited = s->unedited,
    };
    if (s->o->is_json)
        return sample_print_json(out, &one, e);
    sample_print_text(out, &one, &s->text);
    return OK;
}

int samples_print(FILE *out, const struct config *c,
                  const struct samples_options *o, struct err *e)
{
    struct samples *s = malloc(sizeof *s);
    if (!s)
        return err_memory(e, NULL);
    *s = (struct samples){ .o = o };
    if (open_samples(s, c, e) == OK) {
        idx n = idx_min(o->count, s->end - o->from);
        for (idx i = 0; i < n && !e->code; i++) {
            if (i > 0 && !o->is_json)
                fputc('\n', out);
            print_sample(out, s, o->from + i, e);
        }
        if (!o->is_json)
            sample_print_legend(out);
    }
    token_text_close(&s->text);
    arena_release(&s->arena);
    session_release(&s->session);
    free(s);
    return e->code;
}
