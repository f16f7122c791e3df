#include "train/plan.h"

#include <string.h>

#include "train/session.h"

/* Of a process without any numbers: program, libraries, HDF5's image. */
enum { PROCESS_BYTES = 32 << 20 };

static bool is_multiple(const struct checkpoint_options *o, idx step)
{
    return o->every && step % o->every == 0;
}

static bool is_dense(const struct checkpoint_options *o, idx step)
{
    return step <= o->dense_until && (step & (step - 1)) == 0;
}

/* Among the first n that are listed. */
static bool is_listed(const struct checkpoint_options *o, idx n, idx step)
{
    for (idx i = 0; i < n; i++)
        if (o->steps.v[i] == step)
            return true;
    return false;
}

bool plan_keeps(const struct config *c, idx step)
{
    const struct checkpoint_options *o = &c->checkpoint;
    return step == 0 || step == c->train.steps || is_multiple(o, step) ||
           is_dense(o, step) || is_listed(o, o->steps.n, step);
}

/* Each step by the first reason there is to keep it. */
idx plan_weights_files(const struct config *c)
{
    const struct checkpoint_options *o = &c->checkpoint;
    idx last = c->train.steps, n = last > 0 ? 2 : 1;
    if (o->every && last > 0)
        n += (last - 1) / o->every;
    for (idx step = 1; step <= o->dense_until && step < last; step *= 2)
        n += !is_multiple(o, step);
    for (idx i = 0; i < o->steps.n; i++) {
        idx step = o->steps.v[i];
        n += step > 0 && step < last && !is_multiple(o, step) &&
             !is_dense(o, step) && !is_listed(o, i, step);
    }
    return n;
}

bool plan_saves_state(const struct config *c, idx step)
{
    idx every = c->checkpoint.resume_every;
    return step == c->train.steps || (every && step % every == 0);
}

static bool is_every(const struct config *c, idx every, idx step)
{
    return every && (step % every == 0 || step == c->train.steps);
}

bool plan_validates(const struct config *c, idx step)
{
    return is_every(c, c->train.val_every, step);
}

bool plan_probes(const struct config *c, idx step)
{
    return is_every(c, c->sink.probe_every, step);
}

bool plan_logs(const struct config *c, idx step)
{
    return is_every(c, c->train.log_every, step) || plan_validates(c, step) ||
           plan_probes(c, step);
}

bool plan_is_same(const struct config *a, const struct config *b)
{
    const struct checkpoint_options *p = &a->checkpoint, *q = &b->checkpoint;
    return a->train.log_every == b->train.log_every &&
           a->train.val_every == b->train.val_every &&
           a->sink.probe_every == b->sink.probe_every && p->every == q->every &&
           p->dense_until == q->dense_until && p->steps.n == q->steps.n &&
           memcmp(p->steps.v, q->steps.v,
                  (size_t)p->steps.n * sizeof p->steps.v[0]) == 0;
}

/* KEEP WITH: session_check_data and session_check_input, which read no more of
 * a config. */
static struct plan_asked asked_by(const struct config *c, bool is_training)
{
    struct plan_asked a;
    memset(&a, 0, sizeof a); /* what lies between the fields, too */
    memcpy(&a.data, &c->data, sizeof a.data);
    memcpy(&a.sink, &c->sink, sizeof a.sink);
    memcpy(&a.metrics, &c->metrics, sizeof a.metrics);
    a.T = c->model.context;
    a.document_token = c->attention.document_token;
    a.documents = c->attention.documents;
    a.is_training = is_training;
    return a;
}

int plan_open_data(struct plan_data *d, const struct config *c,
                   bool is_training, struct err *e)
{
    struct plan_asked asked = asked_by(c, is_training);
    if (d->is_known && memcmp(&d->asked, &asked, sizeof asked) == 0)
        return OK;
    plan_data_release(d);
    int rc = source_open(&d->source, &c->data, 0, c->model.context, e);
    if (rc == OK)
        rc = session_check_data(c, &d->source, e);
    if (rc == OK)
        rc = session_check_input(c, &d->source, is_training, e);
    if (rc == OK) {
        memcpy(&d->asked, &asked, sizeof asked);
        d->is_known = true;
    } else
        plan_data_release(d);
    return rc;
}

void plan_data_release(struct plan_data *d)
{
    source_release(&d->source);
    *d = (struct plan_data){ 0 };
}

static size_t process_bytes(const struct plan_data *d, size_t beside_data)
{
    return beside_data + source_bytes(&d->source) + PROCESS_BYTES;
}

/* A validation reads what is held out, as far as train.val_tokens goes. */
static void plan_watched(struct plan *p, const struct config *c,
                         struct source *s)
{
    idx T = c->model.context;
    p->val_tokens =
        (double)(source_plan_validation(s, c->train.val_tokens) * T);
    p->probe_tokens =
        (double)(c->sink.probe_sequences * idx_min(c->sink.tokens, T));
}

int plan_run(struct plan *p, struct plan_data *d, const struct config *c,
             struct err *e)
{
    struct model m = { 0 };
    struct model_spec spec = config_spec(c);
    int rc = plan_open_data(d, c, true, e);
    if (rc == OK)
        rc = model_init(&m, &spec, d->source.vocab, e);
    if (rc == OK)
        rc = session_check_model(c, &m, e);
    if (rc == OK && !d->is_begun)
        rc = session_check_new(c, &m, e);
    if (rc == OK) {
        size_t bytes = session_bytes(c, &m, true);
        *p = (struct plan){
            .parameters = m.table.n,
            .tensors = m.table.count,
            .vocab = m.V,
            .tokens = session_tokens(c, c->train.steps),
            .flops_per_token = model_flops_per_token(&m, c->model.context),
            .memory_bytes = bytes,
            .process_bytes = process_bytes(d, bytes),
            .weights_bytes = (double)session_state_bytes(c, &m, false),
            .weights_files = plan_weights_files(c),
            .state_bytes = (double)session_state_bytes(c, &m, true),
        };
        plan_watched(p, c, &d->source);
    }
    model_release(&m);
    return rc;
}

int plan_measuring(size_t *bytes, struct plan_data *d, const struct config *c,
                   struct err *e)
{
    struct model m = { 0 };
    struct model_spec spec = config_spec(c);
    int rc = plan_open_data(d, c, false, e);
    if (rc == OK)
        rc = model_init(&m, &spec, d->source.vocab, e);
    if (rc == OK)
        *bytes = process_bytes(d, session_bytes(c, &m, false));
    model_release(&m);
    return rc;
}

double plan_times(const struct config *c, idx every, idx from)
{
    idx steps = c->train.steps;
    if (!every || from >= steps)
        return 0;
    bool is_last = steps % every != 0; /* the last step is measured, too */
    return (double)(steps / every - from / every + is_last + (from == 0));
}

double plan_disk(const struct plan *p)
{
    return p->weights_bytes * (double)p->weights_files + p->state_bytes;
}
