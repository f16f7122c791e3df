/* metric_geometry.c - the first key against the others: is it the angle or the
 * size that draws queries? After arXiv 2410.10781, section 4. */
#include <math.h>

#include "metric/metric_table.h"
#include "metric/token.h"

#define OF_KEYS                                                                \
    .group = GROUP_COMPANIONS, .axes = { OVER_LAYER, OVER_HEAD },              \
    .least_rows = 2
#define READS_QK .reads = TAP_BIT(TAP_Q) | TAP_BIT(TAP_K)
#define STUDY "arXiv 2410.10781"

static const real *query(const struct metric_head *v, idx t)
{
    return v->head->q + t * v->head->ld_qkv;
}

static const real *key(const struct metric_head *v, idx t)
{
    return v->head->k + t * v->head->ld_qkv;
}

static double cosine(const struct metric_head *v, idx t, idx j)
{
    return token_cosine(query(v, t), key(v, j), v->head->D);
}

static void first_cosine(struct ratio *r, const struct metric_head *v)
{
    double sum = 0;
    for (idx t = 1; t < v->rows; t++)
        sum += cosine(v, t, 0);
    *r = plain(sum / (double)(v->rows - 1));
}

static void rest_cosine(struct ratio *r, const struct metric_head *v)
{
    double sum = 0, n = 0;
    for (idx t = 1; t < v->rows; t++)
        for (idx j = 1; j <= t; j++, n++)
            sum += cosine(v, t, j);
    *r = plain(sum / n);
}

static double query_size(const struct metric_head *v, idx t)
{
    return token_norm(query(v, t), v->head->D);
}

static double key_size(const struct metric_head *v, idx t)
{
    return token_norm(key(v, t), v->head->D);
}

static void first_sizes(struct ratio *r, const struct metric_head *v)
{
    double sum = 0, first = key_size(v, 0);
    for (idx t = 1; t < v->rows; t++)
        sum += query_size(v, t) * first * v->scale;
    *r = plain(sum / (double)(v->rows - 1));
}

static idx room_of_keys(const struct metric_shape *s)
{
    return s->T;
}

static void rest_sizes(struct ratio *r, const struct metric_head *v)
{
    double sum = 0, n = 0, *keys = v->room;
    for (idx t = 1; t < v->rows; t++) {
        double size = query_size(v, t);
        keys[t] = key_size(v, t);
        for (idx j = 1; j <= t; j++, n++)
            sum += size * keys[j] * v->scale;
    }
    *r = plain(sum / n);
}

/* Cosine of the first key with the mean of keys from, from + 1, ... */
static double key_cosine(const struct metric_head *v, idx from)
{
    idx D = v->head->D;
    double square = 0, product = 0;
    for (idx i = 0; i < D; i++) {
        double mean = 0;
        for (idx t = from; t < v->rows; t++)
            mean += (double)key(v, t)[i];
        square += mean * mean;
        product += mean * (double)key(v, 0)[i];
    }
    return product / (sqrt(square) * token_norm(key(v, 0), D));
}

static void first_key_angle(struct ratio *r, const struct metric_head *v)
{
    double c = key_cosine(v, 1);
    c = c > 1 ? 1 : c < -1 ? -1 : c;
    *r = plain(acos(c) * 180 / acos(-1));
}

static void first_keydiff(struct ratio *r, const struct metric_head *v)
{
    *r = plain(1 - key_cosine(v, 0));
}

static void first_key_norm(struct ratio *r, const struct metric_head *v)
{
    *r = plain(token_norm(key(v, 0), v->head->D));
}

/* What the first token's value makes of the head's output. Of nothing there is
 * no part. */
static void first_part(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    double value = token_norm(h->v, h->E);
    *r = (struct ratio){ 0, 0, false };
    for (idx t = 1; t < v->rows; t++) {
        const real *row = h->weights + t * (h->n_extra + h->T) + h->n_extra;
        r->top += fabs((double)row[0]) * value;
        r->bottom += token_norm(h->out + t * h->ld_out, h->E);
    }
    r->is_none = r->top == 0 && r->bottom == 0;
}

const struct metric metrics_geometry[] = {
    { .text = { .name = "first_cosine",
                .formula = "cosine of queries from the second on with the "
                           "first key, mean",
                .source = STUDY },
      .title = "cosine of queries with the first key",
      .unit = "1",
      OF_KEYS,
      READS_QK,
      .of_head = first_cosine },
    { .text = { .name = "rest_cosine",
                .formula = "cosine of queries from the second on with the "
                           "other keys up to their own, mean over pairs",
                .source = STUDY },
      .title = "cosine of queries with other keys",
      .unit = "1",
      OF_KEYS,
      READS_QK,
      .of_head = rest_cosine },
    { .text = { .name = "first_sizes",
                .formula = "|q_t| |k_1| times the scale of scores, 1 / sqrt(D) "
                           "(1 with qk_norm = unit), for queries from the "
                           "second on, mean",
                .source = STUDY },
      .title = "size of queries times the first key",
      .unit = "1",
      OF_KEYS,
      READS_QK,
      .of_head = first_sizes },
    { .text = { .name = "rest_sizes",
                .formula =
                    "|q_t| |k_j| times that scale for queries from the second "
                    "on and the other keys up to their own, mean over pairs",
                .source = STUDY },
      .title = "size of queries times other keys",
      .unit = "1",
      OF_KEYS,
      READS_QK,
      .room = room_of_keys,
      .of_head = rest_sizes },
    { .text = { .name = "first_key_angle",
                .formula =
                    "angle between the first key and the mean of the others" },
      .title = "angle of the first key",
      .unit = "degree",
      OF_KEYS,
      .reads = TAP_BIT(TAP_K),
      .of_head = first_key_angle },
    { .text = { .name = "first_keydiff",
                .formula = "1 less the cosine of the first key with the mean "
                           "of all keys",
                .source = "KeyDiff" },
      .title = "KeyDiff of the first key",
      .unit = "1",
      OF_KEYS,
      .reads = TAP_BIT(TAP_K),
      .of_head = first_keydiff },
    { .text = { .name = "first_key_norm", .formula = "norm of the first key" },
      .title = "norm of the first key",
      .unit = "1",
      OF_KEYS,
      .reads = TAP_BIT(TAP_K),
      .of_head = first_key_norm },
    { .text = { .name = "first_part",
                .formula =
                    "norm of the first value times its weight, over the norm "
                    "of what the head gives, rows from the second on" },
      .title = "the first value's part of a head's output",
      .unit = "1",
      OF_KEYS,
      .reads = TAP_BIT(TAP_WEIGHTS) | TAP_BIT(TAP_V) | TAP_BIT(TAP_HEAD),
      .of_head = first_part },
    { .text = { .name = NULL } },
};
