/* validate.c - loss of the held-out sequences, its standard error, what it has
 * above the least that is possible, and what a byte of text costs. */
#include <math.h>

#include "train/session.h"

/* Sums over sequences from which the mean loss of a target and its standard
 * error follow: a sequence whose targets weigh n and lose `sum` together.
 * Losses are counted from those of the first sequence, so little cancels. */
struct tally {
    double sequences, weight, origin;
    double d, dd, dn, nn; /* sums of d = sum - origin n, d^2, d n, n^2 */
};

static void tally_add(struct tally *t, double sum, double n)
{
    if (n == 0) /* says nothing */
        return;
    if (t->sequences == 0)
        t->origin = sum / n;
    double d = sum - t->origin * n;
    t->sequences++;
    t->weight += n;
    t->d += d;
    t->dd += d * d;
    t->dn += d * n;
    t->nn += n * n;
}

static double tally_mean(const struct tally *t)
{
    return t->origin + t->d / t->weight;
}

/* Of a mean over clusters: sequences are drawn, not targets. With the same
 * weight in each it is the deviation of their means / sqrt(sequences). */
static double tally_se(const struct tally *t)
{
    double n = t->sequences, shift = t->d / t->weight;
    double squares = t->dd - 2 * shift * t->dn + shift * shift * t->nn;
    if (n < 2)
        return NAN;
    return sqrt(fmax(squares, 0) * n / (n - 1)) / t->weight;
}

/* What a sequence's targets lose, or what else is known of each, by their
 * weights. */
static double weighted_sum(const struct batch *one, const real *loss,
                           const double *known)
{
    double sum = 0;
    for (idx t = 0; t < one->T; t++)
        if (one->weights[t] != 0)
            sum +=
                (double)one->weights[t] * (loss ? (double)loss[t] : known[t]);
    return sum;
}

/* The validation's batch from sequence `first` on, if there is one. */
static void measure(struct session *s, struct val_sequence *of, idx first)
{
    idx T = s->batch.T;
    idx B = idx_min(s->config.train.batch, s->n_val - first);
    if (B < 1)
        return;
    struct batch part = batch_part(&s->batch, 0, B);
    source_batch(&s->source, &part, SPLIT_VAL, first);
    engine_loss(&s->engine, &part);
    for (idx b = 0; b < B; b++) {
        struct batch one = batch_part(&part, b, 1);
        of[b] = (struct val_sequence){
            .loss = weighted_sum(&one, engine_losses(&s->engine, b), NULL),
            .weight = batch_weight(&one),
        };
        if (source_knows_bytes(&s->source)) {
            source_text_bytes(&s->source, s->known, T, SPLIT_VAL, first + b);
            of[b].bytes = weighted_sum(&one, NULL, s->known);
        }
        if (source_has_floor(&s->source)) {
            source_floor(&s->source, s->known, T, SPLIT_VAL, first + b);
            of[b].floor = weighted_sum(&one, NULL, s->known);
        }
    }
}

/* Batches are dealt out, one a process, and counted in their order. */
int session_validate_shared(struct session *s, struct val_result *v,
                            struct err *e)
{
    struct tally loss = { 0 }, excess = { 0 };
    bool has_floor = source_has_floor(&s->source);
    bool knows_bytes = source_knows_bytes(&s->source);
    double bytes = 0;
    idx n = s->n_val, B = s->config.train.batch, own = ranks_own(s->ranks);
    idx round = B * ranks_n(s->ranks);
    for (idx first = 0; first < n; first += round) {
        measure(s, s->val + own * B, first + own * B);
        if (ranks_gather(s->ranks, s->val, (size_t)B * sizeof *s->val, e))
            return e->code;
        for (idx i = 0; i < idx_min(round, n - first); i++) {
            const struct val_sequence *x = &s->val[i];
            tally_add(&loss, x->loss, x->weight);
            bytes += x->bytes;
            if (has_floor)
                tally_add(&excess, x->loss - x->floor, x->weight);
        }
    }
    *v = (struct val_result){
        .sequences = (idx)loss.sequences,
        .loss = tally_mean(&loss),
        .loss_se = tally_se(&loss),
        .excess = has_floor ? tally_mean(&excess) : NAN,
        .bits_per_byte =
            knows_bytes ? tally_mean(&loss) * loss.weight / (log(2) * bytes)
                        : NAN,
    };
    return OK;
}

struct val_result session_validate(struct session *s)
{
    struct val_result v = { 0 };
    BUG_ON(ranks_n(s->ranks) > 1);
    session_validate_shared(s, &v, ERR_IGNORED);
    return v;
}

void readings_of_validation(struct readings *r, const struct val_result *v)
{
    r->val_loss = (struct reading){ v->sequences > 0, v->loss };
    r->val_loss_se = (struct reading){ v->sequences > 1, v->loss_se };
    r->val_excess = (struct reading){ v->sequences > 0, v->excess };
    r->val_bits_per_byte =
        (struct reading){ v->sequences > 0, v->bits_per_byte };
}
