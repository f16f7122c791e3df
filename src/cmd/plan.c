#include "cmd/plan.h"

#include "cmd/session.h"

bool plan_keeps(const struct config *c, idx step)
{
    const struct checkpoint_options *o = &c->checkpoint;
    if (step == 0 || step == c->train.steps)
        return true;
    if (o->every && step % o->every == 0)
        return true;
    if (step <= o->dense_until && (step & (step - 1)) == 0)
        return true;
    for (idx i = 0; i < o->steps.n; i++)
        if (o->steps.v[i] == step)
            return true;
    return false;
}

bool plan_saves_state(const struct config *c, idx step)
{
    idx every = c->checkpoint.resume_every;
    return step == c->train.steps || (every && step % every == 0);
}

static void print_bytes(FILE *out, double bytes)
{
    const char *unit = "MiB";
    double value = bytes / (1 << 20);
    if (value >= 1024) {
        value /= 1024;
        unit = "GiB";
    }
    fprintf(out, "%.*f %s", value < 10 ? 2 : 1, value, unit);
}

int plan_print(FILE *out, const struct config *c, const char *dir,
               struct err *e)
{
    struct source source = { 0 };
    struct model m = { 0 };
    idx kept = 0;
    if (source_open(&source, &c->data, 0, c->model.context, e))
        goto out;
    if (model_init(&m, &c->model, &c->attention, source.vocab, e))
        goto out;
    for (idx step = 0; step <= c->train.steps; step++)
        kept += plan_keeps(c, step);
    double per_token = model_flops_per_token(&m, c->model.context);
    double tokens = session_tokens(c, c->train.steps);
    double weights = (double)m.table.n * sizeof(real);
    double state = weights * (double)(1 + optimizers[c->optim.name]->n_slots);

    fprintf(out, "%-14s %s\n", "run folder", dir);
    fprintf(out, "%-14s %td in %td tensors\n", "parameters", m.table.n,
            m.table.count);
    fprintf(out, "%-14s %td\n", "vocabulary", m.V);
    fprintf(out, "%-14s %td a step x %td steps = %.4g\n", "tokens",
            c->train.batch * c->train.accumulate * c->model.context,
            c->train.steps, tokens);
    fprintf(out, "%-14s %.4g a token, %.4g in all\n", "FLOPs", per_token,
            per_token * tokens);
    fprintf(out, "%-14s ", "memory");
    print_bytes(out, (double)session_bytes(c, &m));
    fprintf(out, " with %d threads\n", session_threads(c));
    fprintf(out, "%-14s ", "checkpoints");
    print_bytes(out, weights * (double)kept);
    fprintf(out, " in %td weights files, ", kept);
    print_bytes(out, state);
    fprintf(out, " in resume.h5\n");
out:
    model_release(&m);
    source_release(&source);
    return e->code;
}
