#include "train/train_samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/utf8.h"
#include "io/fsys.h"
#include "prepare/spelling.h"

/* The sample's own seed is that of `sinklab sample`. */
enum { PART = 0, SEED = 1 };

static const char header[] = "step,tokens,text";

/* ---- opening ----------------------------------------------------------- */

static void plan(struct train_samples *t, struct arena *arena)
{
    const struct config *c = &t->session->config;
    idx T = c->model.context;
    struct batch_rules rules = session_rules(c, &t->session->model, T);
    generator_plan(&t->generator, arena, &t->session->model, T, &rules);
    t->said = arena_ints(arena, c->train.sample_tokens);
}

static int begin(struct train_samples *t, struct err *e)
{
    return generator_begin(&t->generator, &t->how, t->prompt, t->n_prompt,
                           "train.sample_prompt", e);
}

int train_samples_open(struct train_samples *t, struct session *s,
                       struct err *e)
{
    const struct train_options *o = &s->config.train;
    struct arena measure = { 0 };
    *t = (struct train_samples){ .session = s,
                                 .is_on = o->sample_tokens > 0,
                                 .how = { o->sample_temperature,
                                          o->sample_top_k, SEED } };
    if (!t->is_on)
        return OK;
    if (token_text_open(&t->text, &s->source, true, e) ||
        spell(&t->prompt, &t->n_prompt, &t->text, PART, o->sample_prompt,
              "train.sample_prompt", e))
        return e->code;
    plan(t, &measure);
    if (arena_open(&t->arena, measure.used_bytes, e))
        return e->code;
    plan(t, &t->arena);
    generator_open(&t->generator, &s->engine, &s->source);
    return begin(t, e);
}

void train_samples_release(struct train_samples *t)
{
    token_text_close(&t->text);
    free(t->prompt);
    arena_release(&t->arena);
    *t = (struct train_samples){ .is_on = false };
}

/* ---- the file ---------------------------------------------------------- */

int train_samples_create(struct train_samples *t, const char *dir,
                         struct err *e)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, RUN_SAMPLES);
    return t->is_on ? metrics_create(&t->log, path, header, e)
                    : fsys_remove(path, e);
}

int train_samples_resume(struct train_samples *t, const char *dir, idx step,
                         struct err *e)
{
    char path[RUN_PATH_MAX];
    bool is_there;
    run_path(path, dir, RUN_SAMPLES);
    if (fsys_exists(&is_there, path, e))
        return e->code;
    if (!is_there && !t->is_on)
        return OK;
    if (!is_there && step > 0)
        printf("note: %s is lost, or was not asked for before: it begins "
               "behind step %td\n",
               path, step);
    if (metrics_open_cut(&t->log, path, header, step, e))
        return e->code;
    if (t->log.cut_line)
        printf("note: %s:%td: damaged: the samples from there to step %td are "
               "dropped; the run itself is whole\n",
               path, t->log.cut_line, step);
    return OK;
}

int train_samples_sync(const struct train_samples *t, struct err *e)
{
    return t->is_on ? metrics_sync(&t->log, e) : OK;
}

/* ---- a row ------------------------------------------------------------- */

/* As much of the text as a row holds, in quotes, on one line. */
static void add_text(struct text *row, const char *text, size_t n)
{
    size_t end = METRICS_ROW_MAX - sizeof "\"" - HASH_HEX_MAX - 8;
    text_add(row, "\"");
    for (size_t i = 0; i < n && row->n < end; i++)
        if (text[i] == '\n' || text[i] == '\t')
            text_add(row, text[i] == '\n' ? "\\n" : "\\t");
        else
            text_add(row, text[i] == '"' ? "\"\"" : "%c", text[i]);
    text_add(row, "\"");
}

static void write_text(FILE *shown, const struct train_samples *t, idx n)
{
    char *text = NULL;
    size_t n_text;
    FILE *f = open_memstream(&text, &n_text);
    if (!f)
        return;
    tokens_write(f, &t->text, PART, t->prompt, t->n_prompt);
    if (t->n_prompt && t->text.looks[PART] == LOOK_NUMBERS)
        fputc(' ', f);
    tokens_write(f, &t->text, PART, t->said, n);
    if (fclose(f) == 0)
        utf8_print(shown, text, n_text, true);
    free(text);
}

static int add_row(struct train_samples *t, idx step, idx n, struct err *e)
{
    char row[METRICS_ROW_MAX], *text = NULL;
    struct text r = { row, sizeof row, 0 };
    size_t n_text = 0;
    FILE *f = open_memstream(&text, &n_text);
    if (!f)
        return err_memory(e, t->log.path);
    text_add(&r, "%td,", step);
    for (idx i = 0; i < n; i++)
        text_add(&r, "%s%td", i ? " " : "", (idx)t->said[i]);
    text_add(&r, ",");
    write_text(f, t, n);
    if (fclose(f) || n_text == 0) {
        err_memory(e, t->log.path);
    } else {
        add_text(&r, text, n_text);
        metrics_append(&t->log, row, e);
    }
    free(text);
    return e->code;
}

int train_samples_say(idx *n, struct train_samples *t, struct err *e)
{
    idx most = t->session->config.train.sample_tokens;
    *n = 0;
    if (begin(t, e))
        return e->code;
    for (bool is_over = false; *n < most && !is_over; ++*n) {
        if (generator_next(&t->said[*n], &t->generator, e))
            return e->code;
        is_over = generator_ends(&t->session->source, t->said[*n]);
    }
    return OK;
}

int train_samples_add(struct train_samples *t, idx step, struct err *e)
{
    struct err own = { 0 };
    idx n;
    if (!t->is_on)
        return OK;
    if (train_samples_say(&n, t, &own))
        return err_set(e, own.code, "diverged at step %td: %s", step, own.text);
    return add_row(t, step, n, e);
}
