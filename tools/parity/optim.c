/* optim.c - some updates of a small model, for optim.py.
 *
 *   optim CONFIG.ini STEPS OUT [KEY=VALUE...]
 *
 * Writes OUT: config; parts, the table of what is updated apart ("TENSOR FROM
 * ROWS COLUMNS GROUP" a line); rotation/SIZE; weight/TENSOR as they start; for
 * each step S/lr, S/norm, S/gradient/TENSOR; and final/TENSOR. An item is a
 * line "NAME TYPE DIMENSION...", then its numbers as they lie in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "optim/learning_rate.h"
#include "optim/optim.h"
#include "train/session.h"

static const char *real_name(void)
{
    return sizeof(real) == sizeof(float) ? "float32" : "float64";
}

static void put_tensors(FILE *out, const char *kind,
                        const struct param_table *t, const real *flat)
{
    for (idx i = 0; i < t->count; i++) {
        const struct param *p = &t->rows[i];
        fprintf(out, "%s%s %s", kind, p->name, real_name());
        for (int k = 0; k < p->ndim; k++)
            fprintf(out, " %td", p->shape[k]);
        fputc('\n', out);
        fwrite(flat + p->offset, sizeof *flat, (size_t)p->n, out);
    }
}

static void put_text(FILE *out, const char *name, const char *text)
{
    fprintf(out, "%s uint8 %zu\n%s", name, strlen(text), text);
}

static void put_number(FILE *out, idx step, const char *name, double x)
{
    fprintf(out, "%td/%s float64 1\n", step, name);
    fwrite(&x, sizeof x, 1, out);
}

static void put_parts(FILE *out, const struct optim *s)
{
    char *text = NULL;
    size_t n = 0;
    FILE *lines = open_memstream(&text, &n);
    if (!lines)
        exit(ERR_MEMORY);
    for (idx i = 0; i < s->n_units; i++) {
        const struct tensor *t = &s->units[i].tensor;
        fprintf(lines, "%s %td %td %td %d\n", t->param->name,
                (t->offset - t->param->offset) / t->cols, t->rows, t->cols,
                (int)param_group(t->param));
    }
    fclose(lines);
    put_text(out, "parts", text);
    free(text);
}

static void put_rotations(FILE *out, const struct optim *s)
{
    for (idx i = 0; i < s->n_rotations; i++) {
        idx n = s->rotations[i].n;
        fprintf(out, "rotation/%td %s %td %td\n", n, real_name(), n, n);
        fwrite(s->rotations[i].q, sizeof(real), (size_t)(n * n), out);
    }
}

/* A model beside the session's, whose numbers can be looked into. */
struct look {
    struct acts x;
    struct optim optim;
    struct arena acts_arena, arena;
    real *w, *dw;
};

static int open_look(struct look *k, struct session *s, struct err *e)
{
    const struct optim_options *o = &s->config.optim;
    const struct param_table *t = &s->model.table;
    struct arena measure = { 0 };
    optim_plan(&k->optim, &measure, o, t, s->threads);
    k->w = session_data(s, false).weights;
    k->dw = calloc((size_t)t->total, sizeof *k->dw);
    if (!k->dw)
        return err_set(e, ERR_MEMORY, "out of memory");
    if (arena_open(&k->arena, measure.used_bytes, e))
        return e->code;
    optim_plan(&k->optim, &k->arena, o, t, s->threads);
    optim_look(&k->optim, k->w);
    const struct acts_request room = { .B = s->config.train.batch,
                                       .T = s->batch.T,
                                       .threads = s->threads,
                                       .is_training = true };
    return acts_open(&k->x, &k->acts_arena, &s->model, &room, e);
}

static void step(FILE *out, struct session *s, struct look *k, idx step)
{
    struct batch part = batch_part(&s->batch, 0, k->x.B);
    char kind[32];
    source_batch(&s->source, &part, SPLIT_TRAIN, step * part.B);
    model_backward_loss(&s->model, optim_trained(&k->optim, k->w), k->dw, &k->x,
                        &part, batch_total(&part));
    double norm = optim_grad_norm(&k->optim, k->dw);
    double lr = schedule_lr(&s->config.optim, step, s->config.train.steps);
    put_number(out, step, "lr", lr);
    put_number(out, step, "norm", norm);
    snprintf(kind, sizeof kind, "%td/gradient/", step);
    put_tensors(out, kind, &s->model.table, k->dw);
    optim_step(&k->optim, k->w, k->dw, step, lr, norm);
}

static int run(int argc, char **argv, struct err *e)
{
    struct config c;
    struct session s = { 0 };
    struct look k = { 0 };
    const char *const *settings = (const char *const *)argv + 4;
    idx steps = strtoll(argv[2], NULL, 10);
    FILE *out = fopen(argv[3], "wb");
    if (!out)
        return err_set(e, ERR_IO, "%s: cannot be opened", argv[3]);
    if (config_load(&c, argv[1], settings, argc - 4, NULL, e) == OK &&
        session_open(&s, &c, true, e) == OK && open_look(&k, &s, e) == OK) {
        char *text = config_print(&c, NULL);
        put_text(out, "config", text ? text : "");
        free(text);
        put_parts(out, &k.optim);
        put_rotations(out, &k.optim);
        put_tensors(out, "weight/", &s.model.table, k.w);
        for (idx i = 1; i <= steps; i++)
            step(out, &s, &k, i);
        put_tensors(out, "final/", &s.model.table, k.w);
    }
    arena_release(&k.acts_arena);
    arena_release(&k.arena);
    free(k.dw);
    session_release(&s);
    return fclose(out) && !e->code ? err_set(e, ERR_IO, "cannot be written")
                                   : e->code;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    int rc;
    if (argc >= 4)
        rc = run(argc, argv, &e);
    else
        rc = err_set(&e, ERR_USAGE, "want CONFIG.ini STEPS OUT [KEY=VALUE...]");
    if (rc)
        fprintf(stderr, "optim: %s\n", e.text);
    return rc;
}
