#include "train/session.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "engine/tree_sum.h"
#include "nn/parts.h"
#include "optim/learning_rate.h"
#include "optim/optim.h"

int session_threads(const struct config *c, const struct ranks *r)
{
    if (c->train.threads)
        return (int)c->train.threads;
    int n = engine_threads();
    if (getenv("OMP_NUM_THREADS")) /* of each process */
        return n;
    return (int)idx_max(1, n / idx_max(1, ranks_beside(r)));
}

static uint64_t seed_or(idx own, idx shared)
{
    return (uint64_t)(own < 0 ? shared : own);
}

/* Sequences that the meter measures. */
static idx meter_sequences(const struct config *c, bool is_training)
{
    return is_training ? c->sink.probe_sequences : c->sink.sequences;
}

static struct metric_choice choice_of(const struct config *c)
{
    return (struct metric_choice){ &c->sink, &c->metrics };
}

/* Of interventions; borrows. */
static struct consequences_request
costs_of(const struct config *c, const struct model *m, struct ranks *ranks)
{
    struct metric_choice choice = choice_of(c);
    const struct intervention_shape shape =
        consequences_shape(m, c->model.context);
    struct consequences_request costs = consequences_asked(&choice, &shape);
    costs.processes = ranks_n(ranks);
    return costs;
}

/* What this config asks of an engine; borrows it. */
static struct engine_request request_of(const struct config *c,
                                        const struct model *m, bool is_training,
                                        struct ranks *ranks)
{
    struct metric_choice choice = choice_of(c);
    struct engine_request r = {
        .B = c->train.batch,
        .T = c->model.context,
        .reads = meter_reads(&choice),
        .writes = costs_of(c, m, ranks).writes,
        .optim = is_training ? &c->optim : NULL,
        .watches_updates =
            is_training && update_meter_bytes(&m->table, &choice) > 0,
        .leaves = tree_leaves(c->train.accumulate, ranks_n(ranks)),
        .ranks = ranks,
        .shards_state = c->train.shard_state,
        .threads = session_threads(c, ranks),
        .products = c->train.products,
        .precision = c->train.precision,
    };
    meter_shape(&r.seen_B, &r.seen_T, &c->model, &c->sink,
                meter_sequences(c, is_training));
    return r;
}

struct batch_rules session_rules(const struct config *c, const struct model *m,
                                 idx T)
{
    struct batch_rules rules = model_batch_rules(m, T);
    rules.restarts_positions = c->data.restart_positions;
    return rules;
}

/* What lies in the session's own arena. */
struct buffers {
    struct batch batch;
    double *known;
    struct val_sequence *val;
    struct pass_loss *losses;
};

static struct buffers plan(struct arena *arena, const struct config *c,
                           const struct model *m, const struct ranks *ranks)
{
    struct buffers b = { .known = NULL };
    idx T = c->model.context, B = c->train.batch, n = c->train.accumulate;
    struct batch_rules rules = session_rules(c, m, T);
    batch_plan(&b.batch, arena, B * n, T, &rules);
    b.known = arena_doubles(arena, T + 1);
    b.val = arena_bytes(arena, (size_t)(ranks_n(ranks) * B) * sizeof *b.val);
    b.losses = arena_bytes(arena, (size_t)n * sizeof *b.losses);
    return b;
}

size_t session_state_bytes(const struct config *c, const struct model *m,
                           bool with_state)
{
    idx n = m->table.n;
    if (with_state)
        n += optim_state_numbers(&c->optim, &m->table);
    return (size_t)n * sizeof(real);
}

static size_t costs_bytes(const struct config *c, const struct model *m,
                          const struct engine_request *r)
{
    struct consequences_request costs = costs_of(c, m, r->ranks);
    struct batch_rules judged = session_rules(c, m, costs.T);
    return consequences_bytes(m, r->B, r->threads, &costs, &judged);
}

static size_t bytes_of(const struct config *c, const struct model *m,
                       bool is_training, struct ranks *ranks)
{
    struct engine_request r = request_of(c, m, is_training, ranks);
    struct arena own = { 0 };
    struct batch_rules seen = session_rules(c, m, r.seen_T);
    struct metric_choice choice = choice_of(c);
    plan(&own, c, m, ranks);
    if (is_training)
        own.used_bytes += update_meter_bytes(&m->table, &choice);
    return own.used_bytes + engine_bytes(m, &r) + costs_bytes(c, m, &r) +
           meter_bytes(m, &choice, meter_sequences(c, is_training), &seen,
                       r.threads) +
           (ranks_writes(ranks) ? session_state_bytes(c, m, is_training) : 0);
}

size_t session_bytes(const struct config *c, const struct model *m,
                     bool is_training)
{
    return bytes_of(c, m, is_training, NULL);
}

/* What makes it less where costs of interventions are most of it: their
 * sequences lie in memory all at once. */
static const char costs_remedy[] =
    "ask for fewer metrics.loss_tokens, or for no costs by metrics.names";

static const char remedy[] = "use a smaller model, train.batch, model.context, "
                             "sink.tokens or train.threads";

/* What the other processes of the job that are on this machine need. */
static double beside_bytes(const struct session *s, bool is_training)
{
    const struct ranks *r = s->ranks;
    double sum = 0;
    for (int i = 0; i < ranks_n(r); i++) {
        struct ranks other;
        if (i == ranks_own(r) || strcmp(r->hosts[i], r->hosts[r->rank]) != 0)
            continue;
        other = *r; /* borrowed */
        other.rank = i;
        sum += (double)bytes_of(&s->config, &s->model, is_training, &other);
    }
    return sum;
}

/* Refuse what cannot be before anything is touched: neither OpenBLAS nor
 * OpenMP can report that they get nothing. Processes of one machine look before
 * any of them begins, or some would count what others have already. */
static int check_memory(const struct session *s, bool is_training,
                        struct err *e)
{
    struct engine_request r =
        request_of(&s->config, &s->model, is_training, s->ranks);
    double bytes =
        (double)bytes_of(&s->config, &s->model, is_training, s->ranks);
    double of_costs = (double)costs_bytes(&s->config, &s->model, &r);
    const struct memory_need need = {
        .what = is_training ? "training" : "measuring",
        .bytes = bytes,
        .beside_bytes = beside_bytes(s, is_training),
        .mapped_bytes = (double)engine_mapped_bytes(&r),
        .remedy = of_costs > bytes / 2 ? costs_remedy : remedy,
    };
    memory_check(&need, "", e);
    return ranks_agree(s->ranks, false, e);
}

static void init_weights(struct session *s)
{
    const struct config *c = &s->config;
    params_init(engine_download(&s->engine).weights, &s->model.table,
                c->model.init, c->model.layers,
                seed_or(c->run.init_seed, c->run.seed));
    engine_upload(&s->engine);
}

int session_check_data(const struct config *c, const struct source *s,
                       struct err *e)
{
    const struct attention_options *a = &c->attention;
    bool is_within = a->documents == DOCUMENTS_WITHIN;
    bool restarts = c->data.restart_positions && a->document_token == NO_TOKEN;
    if ((!is_within && !restarts) || !source_lacks_documents(s))
        return OK;
    return err_set(e, ERR_DATA,
                   "%s: %s does not say where documents begin: use a text, "
                   "Megatron's format or what `sinklab data prepare` makes",
                   is_within ? "[attention] documents = within"
                             : "[data] restart_positions = yes",
                   c->data.path[0] ? c->data.path : c->data.mixture);
}

int session_check_files(struct session *s, struct err *e)
{
    struct err why = { 0 };
    const struct config *c = &s->config;
    if (source_check_files(&s->input, e) || source_check_files(&s->copies, e))
        return e->code;
    if (source_check_files(&s->source, &why) == OK)
        return OK;
    /* or was it touched alone? Its hash says */
    if (source_check(&c->data, c->model.context, ERR_IGNORED))
        return err_pass(e, &why);
    source_settle_files(&s->source);
    return OK;
}

struct source *session_sinks(struct session *s)
{
    return s->input.parts ? &s->input : &s->source;
}

static idx sink_tokens(const struct config *c)
{
    return idx_min(c->sink.tokens, c->model.context);
}

/* Of a measured sequence of s, without its BOS. */
static idx body_tokens(const struct source *s, const struct config *c)
{
    bool has_bos = c->sink.bos == SINK_BOS_DATA && s->bos != NO_TOKEN;
    return sink_tokens(c) - has_bos;
}

/* What metrics measure that have an input of their own. Edits would change one
 * half of it. */
static int open_copies(struct source *copies, struct source *s,
                       const struct config *c, struct err *e)
{
    struct metric_choice choice = choice_of(c);
    struct input_query q = { .kind = INPUT_COPY, .tokens = body_tokens(s, c) };
    if (!meter_wants_copies(&choice))
        return OK;
    if (input_open(copies, s, &q, e))
        return e->code;
    copies->styles[SPLIT_SINK] =
        (struct source_style){ .bos = c->sink.bos == SINK_BOS_DATA };
    return OK;
}

/* The input that c asks for, if it is not the source; and what sequences of
 * either are to have. */
static int open_input(struct source *input, struct source *s,
                      const struct config *c, bool is_training, struct err *e)
{
    const struct sink_options *o = &c->sink;
    const struct input_query q = { (enum input_kind)o->input, o->path, o->hash,
                                   body_tokens(s, c) };
    struct source_style style = { .bos = o->bos == SINK_BOS_DATA,
                                  .edits = o->edits };
    if (q.kind != INPUT_DATA && input_open(input, s, &q, e))
        return e->code;
    s->styles[SPLIT_SINK] = input->styles[SPLIT_SINK] = style;
    return source_check_sinks(
        input->parts ? input : s, sink_tokens(c),
        meter_sequences(c, is_training),
        is_training ? "sink.probe_sequences" : "sink.sequences", e);
}

int session_check_input(const struct config *c, struct source *s,
                        bool is_training, struct err *e)
{
    enum { INPUT, COPIES, ALL };
    struct source *of = calloc(ALL, sizeof *of); /* large for a stack */
    if (!of)
        return err_memory(e, NULL);
    if (open_input(&of[INPUT], s, c, is_training, e) == OK)
        open_copies(&of[COPIES], s, c, e);
    source_release(&of[COPIES]);
    source_release(&of[INPUT]);
    free(of);
    return e->code;
}

int session_check_model(const struct config *c, const struct model *m,
                        struct err *e)
{
    struct metric_choice choice = choice_of(c);
    return update_meter_check(&m->table, &choice, e)
               ? e->code
               : optim_check(&c->optim, &m->table, e);
}

/* Of a key that no sequence has there is nothing to measure. The usual number
 * may be larger than short sequences have: it was not asked for. */
static int check_positions(const struct config *c, struct err *e)
{
    idx k = c->sink.positions, T = sink_tokens(c);
    if (k <= T || config_has_default(c, config_key_find("sink.positions")))
        return OK;
    return err_set(e, ERR_CONFIG,
                   "sink.positions = %td: measured sequences have %td tokens "
                   "(sink.tokens, at most model.context): want no more than "
                   "that",
                   k, T);
}

int session_check_new(const struct config *c, const struct model *m,
                      struct err *e)
{
    return check_positions(c, e) ? e->code
                                 : optim_check_factors(&c->optim, &m->table, e);
}

int session_name_input(struct config *c, struct err *e)
{
    enum { DATA, INPUT, ALL };
    if (c->sink.input != INPUT_FILE)
        return OK;
    struct source *of = calloc(ALL, sizeof *of);
    if (!of)
        return err_memory(e, NULL);
    int rc = source_open(&of[DATA], &c->data, 0, c->model.context, e);
    if (rc == OK)
        rc = open_input(&of[INPUT], &of[DATA], c, false, e);
    if (rc == OK)
        key_copy_text(c->sink.hash, of[INPUT].hash);
    source_release(&of[INPUT]);
    source_release(&of[DATA]);
    free(of);
    return rc;
}

int session_open_data(struct session *s, const struct config *c,
                      bool is_training, struct err *e)
{
    *s = (struct session){ .config = *c, .threads = session_threads(c, NULL) };
    c = &s->config;
    struct model_spec spec = config_spec(c);
    uint64_t data_seed = seed_or(c->run.data_seed, c->run.seed);
    if (source_open(&s->source, &c->data, data_seed, c->model.context, e))
        return e->code;
    s->n_val = source_plan_validation(
        &s->source, is_training ? c->train.val_tokens : c->sink.val_tokens);
    key_copy_text(s->config.data.hash, s->source.hash);
    if (session_check_data(c, &s->source, e) ||
        open_input(&s->input, &s->source, c, is_training, e) ||
        open_copies(&s->copies, &s->source, c, e))
        return e->code;
    key_copy_text(s->config.sink.hash, s->input.hash);
    if (model_init(&s->model, &spec, s->source.vocab, e))
        return e->code;
    return is_training ? session_check_model(c, &s->model, e) : OK;
}

/* On the first sequences of the validation, all of them if it has fewer. */
static void open_consequences(struct session *s)
{
    struct consequences *c = &s->consequences;
    if (!c->request.n)
        return;
    c->batch.B = idx_min(c->batch.B, s->n_val);
    source_batch(&s->source, &c->batch, SPLIT_VAL, 0);
    if (c->request.learns)
        source_batch(&s->source, &c->other, SPLIT_TRAIN, 0);
    meter_judge(&s->meter, c);
}

static int open_all(struct session *s, bool is_training, struct err *e)
{
    const struct config *c = &s->config;
    struct engine_request request =
        request_of(c, &s->model, is_training, s->ranks);
    if (check_memory(s, is_training, e) ||
        engine_start(s->threads, "train.threads", e) ||
        engine_start_products(&request, e))
        return e->code;

    struct arena measure = { 0 };
    struct err own = { 0 };
    struct batch_rules seen = session_rules(c, &s->model, request.seen_T);
    struct metric_choice choice = choice_of(c);
    struct consequences_request costs = costs_of(c, &s->model, s->ranks);
    struct batch_rules judged = session_rules(c, &s->model, costs.T);
    plan(&measure, c, &s->model, s->ranks);
    if (engine_open(&s->engine, &s->model, &request, &own) ||
        arena_open(&s->arena, measure.used_bytes, &own) ||
        meter_open(&s->meter, &s->engine, &choice,
                   meter_sequences(c, is_training), &seen, &own) ||
        consequences_open(&s->consequences, &s->engine, &costs, &judged,
                          &own) ||
        (is_training && update_meter_open(&s->updates, &s->model.table,
                                          &c->optim, &choice, &own)))
        return err_pass_memory(e, &own, remedy);
    struct buffers b = plan(&s->arena, c, &s->model, s->ranks);
    s->batch = b.batch;
    s->known = b.known;
    s->val = b.val;
    s->losses = b.losses;
    if (is_training)
        source_warm(&s->source);
    source_batch(session_sinks(s), &s->meter.batch, SPLIT_SINK, 0);
    if (s->copies.parts)
        source_batch(&s->copies, &s->meter.copies, SPLIT_SINK, 0);
    s->meter.bos = session_sinks(s)->bos;
    s->meter.eos = session_sinks(s)->eos;
    open_consequences(s);
    init_weights(s);
    return OK;
}

int session_open(struct session *s, const struct config *c, bool is_training,
                 struct err *e)
{
    return session_open_shared(s, c, is_training, NULL, e);
}

/* Can the micro-batches be shared out? */
static int check_ranks(const struct config *c, const struct ranks *r,
                       struct err *e)
{
    char counts[256];
    idx n = c->train.accumulate;
    if (tree_leaves(n, ranks_n(r)))
        return OK;
    if (n == 1)
        return err_set(e, ERR_USAGE,
                       "train.accumulate = 1: an update has one micro-batch, "
                       "which %d processes cannot share: halve train.batch and "
                       "double train.accumulate until there are enough",
                       ranks_n(r));
    tree_counts(counts, sizeof counts, n);
    return err_set(e, ERR_USAGE,
                   "train.accumulate = %td: the micro-batches of an update can "
                   "be shared out among %s processes, not %d",
                   n, counts, ranks_n(r));
}

int session_open_shared(struct session *s, const struct config *c,
                        bool is_training, struct ranks *ranks, struct err *e)
{
    *s = (struct session){ 0 };
    if ((is_training && check_ranks(c, ranks, e)) ||
        session_open_data(s, c, is_training, e))
        return e->code;
    s->ranks = ranks;
    s->threads = session_threads(&s->config, ranks);
    return open_all(s, is_training, e);
}

void session_release(struct session *s)
{
    update_meter_release(&s->updates);
    consequences_release(&s->consequences);
    meter_release(&s->meter);
    arena_release(&s->arena);
    engine_release(&s->engine);
    model_release(&s->model);
    source_release(&s->source);
    source_release(&s->input);
    source_release(&s->copies);
    *s = (struct session){ 0 };
}

void session_watch(struct session *s, struct stopwatch *watch)
{
    s->watch = watch;
    engine_watch(&s->engine, watch);
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

/* Numbers of a tensor, or of one of its states by its slot. */
static int check_numbers(const char *name, const char *slot, const real *x,
                         idx n, idx step, struct err *e)
{
    struct param_fault f = numbers_fault(x, n);
    if (f.n == 0)
        return OK;
    return err_set(e, ERR_DIVERGED,
                   "diverged at step %td: of %s%s%s %td of %td numbers are not "
                   "finite, the first of them number %td: try a smaller "
                   "optim.lr, optim.clip, or a longer optim.warmup_steps",
                   step, name, slot ? "'s " : "", slot ? slot : "", f.n, n,
                   f.at);
}

int session_check(struct session *s, idx step, bool with_state, struct err *e)
{
    struct engine_numbers n = engine_download(&s->engine);
    struct param_fault f = params_fault(&s->model.table, n.weights);
    if (f.p)
        return check_numbers(f.p->name, NULL, n.weights + f.p->offset, f.p->n,
                             step, e);
    for (idx i = 0; with_state && i < n.n_states; i++) {
        const struct optim_state *x = &n.states[i];
        if (check_numbers(x->name, x->slot, x->values, x->n, step, e))
            return e->code;
    }
    struct batch one = batch_part(&s->batch, 0, 1);
    for (idx t = 0; t < one.T; t++)
        one.weights[t] = 1; /* whatever counts of it in training */
    struct pass_loss loss = engine_loss(&s->engine, &one);
    return isfinite(loss.objective)
               ? OK
               : set_diverged(step, loss.cross_entropy, NAN, e);
}

static int step_weights(struct session *s, idx step,
                        const struct update_result *r, struct err *e)
{
    struct update_meter *t = &s->updates;
    if (!update_meter_is_due(t, s->is_logged)) {
        engine_step(&s->engine, step, r->lr, r->grad_norm);
        return engine_share_weights(&s->engine, NULL, e);
    }
    engine_step_watched(&s->engine, t->rows, step, r->lr, r->grad_norm);
    if (engine_share_weights(&s->engine, t->rows, e))
        return e->code;
    update_meter_see(t, r->lr);
    return OK;
}

/* The gradient of all micro-batches, and what they lose. Each process computes
 * some that follow each other. */
static int backward(struct session *s, struct batch_total total,
                    struct pass_loss *loss, struct err *e)
{
    idx n = s->config.train.accumulate, B = s->config.train.batch;
    idx each = n / ranks_n(s->ranks), from = each * ranks_own(s->ranks);
    for (idx i = from; i < from + each; i++) {
        struct batch part = batch_part(&s->batch, i * B, B);
        s->losses[i] = engine_backward(&s->engine, &part, total);
        stopwatch_mark(s->watch, PART_WAIT);
    }
    bool is_alone = ranks_n(s->ranks) == 1;
    if (!is_alone && (ranks_agree(s->ranks, false, e) || s->ranks->is_over ||
                      ranks_gather(s->ranks, s->losses,
                                   (size_t)each * sizeof *s->losses, e) ||
                      engine_share_gradients(&s->engine, e)))
        return e->code;
    stopwatch_mark(s->watch, PART_SHARE);
    *loss = (struct pass_loss){ 0 };
    for (idx i = 0; i < n; i++)
        pass_loss_add(loss, s->losses[i]);
    return OK;
}

int session_update(struct session *s, idx step, struct update_result *r,
                   struct err *e)
{
    const struct config *c = &s->config;
    struct batch *all = &s->batch;
    source_batch(&s->source, all, SPLIT_TRAIN, step * all->B);
    struct batch_total total = batch_total(all);
    total.updates = step;
    r->weight = total.weight;
    stopwatch_mark(s->watch, PART_DATA);
    if (backward(s, total, &r->loss, e) || (s->ranks && s->ranks->is_over))
        return e->code;
    r->grad_norm = engine_grad_norm(&s->engine);
    r->lr = schedule_lr(&c->optim, step + 1, c->train.steps);
    if (!isfinite(r->loss.objective) || !isfinite(r->grad_norm))
        return set_diverged(step + 1, r->loss.cross_entropy, r->grad_norm, e);
    int rc = step_weights(s, step + 1, r, e);
    stopwatch_mark(s->watch, PART_OPTIM);
    return rc;
}

struct manifest_start session_products(const struct train_options *o)
{
    struct engine_library blas = engine_library();
    struct engine_products products =
        engine_products(o->products, o->precision);
    return (struct manifest_start){ .blas = blas.name,
                                    .blas_core = blas.core,
                                    .blas_threading = blas.threading,
                                    .products = products.library,
                                    .precision = products.precision };
}

double session_tokens(const struct config *c, idx step)
{
    return (double)step * (double)c->train.batch * (double)c->train.accumulate *
           (double)c->model.context;
}

struct checkpoint_data session_data(struct session *s, bool with_state)
{
    struct engine_numbers n = engine_download(&s->engine);
    struct checkpoint_data d = { .weights = n.weights };
    if (with_state) {
        d.n_states = n.n_states;
        d.states = n.states;
        d.n_windows = s->updates.n_windows;
        d.windows = s->updates.windows;
    }
    return d;
}

struct run_columns session_columns(const struct session *s)
{
    return (struct run_columns){
        .meter = &s->meter,
        .has_floor = source_has_floor(&s->source),
        .knows_bytes = source_knows_bytes(&s->source),
        .loss = &s->config.loss,
        .updates = &s->updates,
    };
}
