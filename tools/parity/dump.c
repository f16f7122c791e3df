/* dump.c - what a checkpoint's model makes of one batch, for parity.py.
 *
 *   dump CHECKPOINT.h5 BATCH OUT
 *
 * Opens model and data as the checkpoint's config says, takes batch number
 * BATCH of the training data, and writes OUT: config, tokens, targets, their
 * weights, documents and positions if the model asks for them, loss, objective,
 * logits of the scored rows, the weights of every head with a column of what
 * goes to no token in front, if there is one, and weight and gradient of every
 * tensor. An item
 * is a line "NAME TYPE DIMENSION...", then its numbers as they lie in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/model/unembed.h"
#include "train/session.h"

static const char *real_name(void)
{
    return sizeof(real) == sizeof(float) ? "float32" : "float64";
}

static void put_head(FILE *out, const char *kind, const char *name,
                     const char *type, int ndim, const idx *shape)
{
    fprintf(out, "%s%s %s", kind, name, type);
    for (int i = 0; i < ndim; i++)
        fprintf(out, " %td", shape[i]);
    fputc('\n', out);
}

static void put_reals(FILE *out, const char *kind, const struct param *p,
                      const real *flat)
{
    put_head(out, kind, p->name, real_name(), p->ndim, p->shape);
    fwrite(flat + p->offset, sizeof *flat, (size_t)p->n, out);
}

/* A pass of its own over the session's model, to look into. */
struct look {
    struct acts x;
    struct arena arena;
    real *w, *dw; /* (table.total); w is the session's */
};

/* The logits that the last forward pass left; the first rows of a sequence may
 * not be scored. */
static void put_logits(FILE *out, const struct session *s, const struct acts *x)
{
    idx scored = x->T - s->batch.rules.unscored;
    idx V = s->model.V, shape[3] = { x->B, scored, V };
    put_head(out, "", "logits", real_name(), 3, shape);
    for (idx b = 0; b < x->B; b++) {
        idx row = (b + 1) * x->S - scored;
        fwrite(x->logits + row * V, sizeof(real), (size_t)(scored * V), out);
    }
}

/* rows/LAYER/HEAD/SEQUENCE, (T, columns) */
static void put_head_rows(void *context, const struct head_view *v)
{
    idx shape[2] = { v->T, v->n_extra + v->T };
    char name[64];
    snprintf(name, sizeof name, "%td/%td/%td", v->layer, v->head, v->sequence);
    put_head(context, "rows/", name, real_name(), 2, shape);
    fwrite(v->weights, sizeof *v->weights, (size_t)(shape[0] * shape[1]),
           context);
}

/* Flow and running sums have no rows. */
static void put_rows(FILE *out, const struct session *s, struct look *k,
                     const struct batch *b)
{
    const struct observer observer = { .reads = TAP_BIT(TAP_WEIGHTS),
                                       .see_head = put_head_rows,
                                       .context = out };
    if (k->x.threads == 1)
        model_observe(&s->model, k->w, &k->x, b, &observer, NULL);
}

static void put_ints(FILE *out, const char *name, const int32_t *x,
                     const struct batch *b)
{
    idx shape[2] = { b->B, b->T };
    if (!x)
        return;
    put_head(out, "", name, "int32", 2, shape);
    fwrite(x, sizeof *x, (size_t)(b->B * b->T), out);
}

static void put_batch(FILE *out, struct session *s, struct look *k, idx batch)
{
    struct batch part = batch_part(&s->batch, 0, k->x.B), *b = &part;
    idx shape[2] = { b->B, b->T }, one = 1, n = b->B * b->T;
    source_batch(&s->source, b, SPLIT_TRAIN, batch * b->B);
    put_ints(out, "tokens", b->tokens, b);
    put_ints(out, "targets", b->targets, b);
    put_ints(out, "documents", b->documents, b);
    put_ints(out, "positions", b->positions, b);
    put_head(out, "", "weights", real_name(), 2, shape);
    fwrite(b->weights, sizeof *b->weights, (size_t)n, out);

    model_forward_loss(&s->model, k->w, &k->x, b, NULL);
    put_logits(out, s, &k->x);
    put_rows(out, s, k, b);
    struct pass_loss loss =
        model_backward_loss(&s->model, k->w, k->dw, &k->x, b, batch_total(b));
    put_head(out, "", "loss", "float64", 1, &one);
    fwrite(&loss.cross_entropy, sizeof loss.cross_entropy, 1, out);
    put_head(out, "", "objective", "float64", 1, &one);
    fwrite(&loss.objective, sizeof loss.objective, 1, out);
    for (idx i = 0; i < s->model.table.count; i++) {
        const struct param *p = &s->model.table.rows[i];
        put_reals(out, "weight/", p, k->w);
        put_reals(out, "gradient/", p, k->dw);
    }
}

static int write_dump(const char *path, struct session *s, struct look *k,
                      const char *config, idx batch, struct err *e)
{
    idx n = (idx)strlen(config), M = k->x.M;
    if (unembed_chunk_rows(M) < M)
        return err_set(e, ERR_CONFIG,
                       "a batch of %td rows, want at most %td: logits are "
                       "kept for so many",
                       M, unembed_chunk_rows(M));
    FILE *out = fopen(path, "wb");
    if (!out)
        return err_set(e, ERR_IO, "%s: cannot be opened", path);
    put_head(out, "", "config", "uint8", 1, &n);
    fwrite(config, 1, (size_t)n, out);
    put_batch(out, s, k, batch);
    int is_bad = ferror(out);
    if (fclose(out) || is_bad)
        return err_set(e, ERR_IO, "%s: cannot be written", path);
    return OK;
}

static int open_look(struct look *k, struct session *s, struct err *e)
{
    k->w = session_data(s, false).weights;
    k->dw = calloc((size_t)s->model.table.total, sizeof *k->dw);
    if (!k->dw)
        return err_set(e, ERR_MEMORY, "out of memory");
    const struct acts_request room = { .B = s->config.train.batch,
                                       .T = s->batch.T,
                                       .threads = s->threads,
                                       .is_training = true,
                                       .reads = TAP_BIT(TAP_WEIGHTS) };
    return acts_open(&k->x, &k->arena, &s->model, &room, e);
}

static int dump(const char *checkpoint, idx batch, const char *path,
                struct err *e)
{
    struct checkpoint_head head = { 0 };
    struct config config;
    struct session s = { 0 };
    struct look k = { 0 };
    int rc = checkpoint_read_head(&head, checkpoint, e);
    if (!rc)
        rc = config_load_text(&config, head.config, checkpoint, e);
    if (!rc)
        rc = session_open(&s, &config, true, e);
    if (!rc) {
        struct checkpoint_data weights = session_data(&s, false);
        rc = checkpoint_load(NULL, checkpoint, &s.model.table, &weights, e);
    }
    if (!rc)
        rc = open_look(&k, &s, e);
    if (!rc)
        rc = write_dump(path, &s, &k, head.config, batch, e);
    arena_release(&k.arena);
    free(k.dw);
    session_release(&s);
    free(head.config);
    return rc;
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    int rc;
    if (argc == 4)
        rc = dump(argv[1], strtoll(argv[2], NULL, 10), argv[3], &e);
    else
        rc = err_set(&e, ERR_USAGE, "want CHECKPOINT.h5 BATCH OUT");
    if (rc)
        fprintf(stderr, "dump: %s\n", e.text);
    return rc;
}
