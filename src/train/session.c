#include "train/session.h"

#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/memory.h"
#include "kern/gemm.h"
#include "kern/team.h"

int session_threads(const struct config *c)
{
    return c->train.threads ? (int)c->train.threads : omp_get_max_threads();
}

static uint64_t seed_or(idx own, idx shared)
{
    return (uint64_t)(own < 0 ? shared : own);
}

/* Sums over sequences from which the mean loss of a target and its standard
 * error follow: a sequence of n targets that lose `sum` together. Losses are
 * counted from those of the first sequence, so little cancels. */
struct tally {
    double sequences, targets, origin;
    double d, dd, dn, nn; /* sums of d = sum - origin n, d^2, d n, n^2 */
};

static void tally_add(struct tally *t, double sum, double n)
{
    if (t->sequences == 0)
        t->origin = sum / n;
    double d = sum - t->origin * n;
    t->sequences++;
    t->targets += n;
    t->d += d;
    t->dd += d * d;
    t->dn += d * n;
    t->nn += n * n;
}

static double tally_mean(const struct tally *t)
{
    return t->origin + t->d / t->targets;
}

/* Of a mean over clusters: sequences are drawn, not targets. With as many
 * targets in each it is the deviation of their means / sqrt(sequences). */
static double tally_se(const struct tally *t)
{
    double n = t->sequences, shift = t->d / t->targets;
    double squares = t->dd - 2 * shift * t->dn + shift * shift * t->nn;
    if (n < 2)
        return NAN;
    return sqrt(fmax(squares, 0) * n / (n - 1)) / t->targets;
}

static void plan_numbers(struct session *s, struct arena *arena,
                         bool is_training)
{
    const struct param_table *t = &s->model.table;
    s->w = arena_reals(arena, t->total);
    idx T = s->config.model.context;
    struct batch_rules rules = model_batch_rules(&s->model, T);
    batch_plan(&s->batch, arena, s->config.train.batch, T, &rules);
    s->floor = arena_doubles(arena, T + 1);
    if (!is_training)
        return;
    s->dw = arena_reals(arena, t->total);
    optim_plan(&s->optim, arena, &s->config.optim, t, s->threads);
}

static void fill_meter(struct session *s)
{
    struct meter *t = &s->meter;
    for (idx i = 0; i < t->n_sequences; i++)
        source_sample(&s->source, t->batch.tokens + i * t->T, t->T, SPLIT_SINK,
                      i);
    batch_mark(&t->batch);
}

size_t session_bytes(const struct config *c, const struct model *m,
                     bool is_training)
{
    struct session s = { .config = *c, .threads = session_threads(c) };
    struct arena numbers = { 0 }, acts = { 0 };
    idx n = is_training ? c->sink.probe_sequences : c->sink.sequences;
    idx slots = is_training ? optimizers[c->optim.name]->n_slots : 0;
    s.model = *m; /* borrowed: plan functions only read it */
    plan_numbers(&s, &numbers, is_training);
    acts_plan(&s.acts, &acts, m, c->train.batch, c->model.context, s.threads,
              is_training, false);
    return numbers.used_bytes + acts.used_bytes +
           meter_bytes(m, &c->sink, n, s.threads) +
           (size_t)(1 + slots) * (size_t)m->table.n * sizeof(real);
}

/* Refuse what cannot be before anything is touched: neither OpenBLAS nor
 * OpenMP can report that they get nothing. */
static int check_memory(const struct config *c, const struct model *m,
                        bool is_training, struct err *e)
{
    int threads = session_threads(c);
    const struct memory_need need = {
        .what = is_training ? "training" : "measuring",
        .bytes = (double)session_bytes(c, m, is_training),
        .mapped_bytes =
            (double)gemm_bytes(threads) + (double)team_bytes(threads),
        .remedy = "use a smaller model, train.batch, model.context, "
                  "sink.tokens or train.threads",
    };
    return memory_check(&need, "", e);
}

int session_open(struct session *s, const struct config *c, bool is_training,
                 struct err *e)
{
    *s = (struct session){ .config = *c, .threads = session_threads(c) };
    c = &s->config;
    struct model_spec spec = config_spec(c);
    uint64_t data_seed = seed_or(c->run.data_seed, c->run.seed);
    uint64_t init_seed = seed_or(c->run.init_seed, c->run.seed);
    if (source_open(&s->source, &c->data, data_seed, c->model.context, e))
        return e->code;
    s->n_val = source_plan_validation(
        &s->source, is_training ? c->train.val_tokens : c->sink.val_tokens);
    key_copy_text(s->config.data.hash, s->source.hash);
    if (model_init(&s->model, &spec, s->source.vocab, e))
        return e->code;
    if (check_memory(c, &s->model, is_training, e) ||
        team_start(s->threads, e) || gemm_start(s->threads, e))
        return e->code;

    struct arena measure = { 0 };
    plan_numbers(s, &measure, is_training);
    if (arena_open(&s->numbers, measure.used_bytes, e))
        return e->code;
    plan_numbers(s, &s->numbers, is_training);
    if (acts_open(&s->acts, &s->acts_arena, &s->model, c->train.batch,
                  c->model.context, s->threads, is_training, false, e))
        return e->code;
    idx n = is_training ? c->sink.probe_sequences : c->sink.sequences;
    if (meter_open(&s->meter, &s->model, &c->sink, n, s->threads, e))
        return e->code;
    fill_meter(s);
    params_init(s->w, &s->model.table, c->model.init, c->model.layers,
                init_seed);
    return OK;
}

void session_release(struct session *s)
{
    meter_release(&s->meter);
    arena_release(&s->acts_arena);
    arena_release(&s->numbers);
    model_release(&s->model);
    source_release(&s->source);
    *s = (struct session){ 0 };
}

void session_watch(struct session *s, struct laps *laps)
{
    s->laps = laps;
    acts_watch(&s->acts, &s->model, laps);
}

/* Loss of sequence b of the last pass, summed over its targets that count. */
static double sequence_loss(const struct session *s, idx b, idx *n)
{
    const real *loss = acts_losses(&s->acts, &s->model, b);
    double sum = 0;
    for (idx t = 0; t < s->batch.T; t++)
        sum += (double)loss[t];
    struct batch one = batch_part(&s->batch, b, 1);
    *n = batch_counted(&one);
    return sum;
}

/* The least that is possible on the same targets: sample `index`. */
static double sequence_floor(struct session *s, idx b, idx index)
{
    idx T = s->batch.T;
    const int32_t *targets = s->batch.targets + b * T;
    double sum = 0;
    source_floor(&s->source, s->floor, T, SPLIT_VAL, index);
    for (idx t = 0; t < T; t++)
        sum += targets[t] != NO_TARGET ? s->floor[t] : 0;
    return sum;
}

struct val_result session_validate(struct session *s)
{
    struct tally loss = { 0 }, excess = { 0 };
    bool has_floor = source_has_floor(&s->source);
    idx n = s->n_val;
    for (idx first = 0; first < n; first += s->batch.B) {
        idx B = idx_min(s->batch.B, n - first);
        struct batch part = batch_part(&s->batch, 0, B);
        source_batch(&s->source, &part, SPLIT_VAL, first);
        model_forward_loss(&s->model, s->w, &s->acts, &part);
        for (idx b = 0; b < B; b++) {
            idx scored;
            double sum = sequence_loss(s, b, &scored);
            tally_add(&loss, sum, (double)scored);
            if (has_floor)
                tally_add(&excess, sum - sequence_floor(s, b, first + b),
                          (double)scored);
        }
    }
    return (struct val_result){
        .sequences = n,
        .loss = tally_mean(&loss),
        .loss_se = tally_se(&loss),
        .excess = has_floor ? tally_mean(&excess) : NAN,
    };
}

/* A NaN is a NaN, whatever its sign. */
static double unsigned_nan(double x)
{
    return isnan(x) ? fabs(x) : x;
}

static int set_diverged(idx step, double loss, double grad_norm, struct err *e)
{
    return err_set(e, ERR_DIVERGED,
                   "diverged at step %td: loss %g, gradient norm %g. Try a "
                   "smaller optim.lr, optim.clip, or a longer "
                   "optim.warmup_steps",
                   step, unsigned_nan(loss), unsigned_nan(grad_norm));
}

/* x: the weights, or one of the optimizer's slots by its name. */
static int check_numbers(const struct session *s, const real *x,
                         const char *slot, idx step, struct err *e)
{
    struct param_fault f = params_fault(&s->model.table, x);
    if (!f.p)
        return OK;
    return err_set(e, ERR_DIVERGED,
                   "diverged at step %td: of %s%s%s %td of %td numbers are not "
                   "finite, the first of them number %td: try a smaller "
                   "optim.lr, optim.clip, or a longer optim.warmup_steps",
                   step, f.p->name, slot ? "'s " : "", slot ? slot : "", f.n,
                   f.p->n, f.at);
}

int session_check(struct session *s, idx step, bool with_state, struct err *e)
{
    const struct optim *o = &s->optim;
    if (check_numbers(s, s->w, NULL, step, e))
        return e->code;
    for (idx i = 0; with_state && i < o->kind->n_slots; i++)
        if (check_numbers(s, o->slots[i], o->kind->slot_names[i], step, e))
            return e->code;
    struct batch one = batch_part(&s->batch, 0, 1);
    struct pass_loss loss = model_forward_loss(&s->model, s->w, &s->acts, &one);
    return isfinite(loss.objective)
               ? OK
               : set_diverged(step, loss.cross_entropy, NAN, e);
}

int session_update(struct session *s, idx step, struct update_result *r,
                   struct err *e)
{
    const struct config *c = &s->config;
    struct batch *b = &s->batch;
    idx n = c->train.accumulate;
    double share = 1 / (double)n, objective = 0;
    r->loss = 0;
    for (idx i = 0; i < n; i++) {
        source_batch(&s->source, b, SPLIT_TRAIN, (step * n + i) * b->B);
        laps_mark(s->laps, PART_DATA);
        struct pass_loss loss =
            model_backward_loss(&s->model, s->w, s->dw, &s->acts, b, share);
        r->loss += share * loss.cross_entropy;
        objective += share * loss.objective;
        laps_mark(s->laps, PART_WAIT);
    }
    r->grad_norm = optim_grad_norm(&s->optim, s->dw);
    r->lr = schedule_lr(&c->optim, step + 1, c->train.steps);
    if (!isfinite(objective) || !isfinite(r->grad_norm))
        return set_diverged(step + 1, r->loss, r->grad_norm, e);
    optim_step(&s->optim, s->w, s->dw, step + 1, r->lr, r->grad_norm);
    laps_mark(s->laps, PART_OPTIM);
    return OK;
}

double session_tokens(const struct config *c, idx step)
{
    return (double)step * (double)c->train.batch * (double)c->train.accumulate *
           (double)c->model.context;
}

struct checkpoint_data session_data(const struct session *s, bool with_state)
{
    struct checkpoint_data d = { .weights = s->w };
    if (with_state) {
        d.n_slots = s->optim.kind->n_slots;
        d.slot_names = s->optim.kind->slot_names;
        d.slots = s->optim.slots;
    }
    return d;
}
