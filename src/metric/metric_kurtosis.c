/* metric_kurtosis.c - outliers by fourth moments: four definitions that are not
 * the same number, each under a name of its own. */
#include <math.h>

#include "metric/metric_table.h"
#include "metric/quantile.h"
#include "metric/token.h"

/* Guard of kurtosis_token, of its source. */
static const double GUARD = 1e-6;

#define OF_DEPTHS                                                              \
    .unit = "1", .group = GROUP_COMPANIONS, .reads = TAP_BIT(TAP_RESIDUAL),    \
    .axes = { OVER_DEPTH }
#define OF_ATTENTION                                                           \
    .unit = "1", .group = GROUP_COMPANIONS, .reads = TAP_BIT(TAP_ATTENTION),   \
    .axes = { OVER_LAYER }

/* Mean, and central moments about it. */
struct moments {
    double mean, second, fourth;
};

static struct moments moments_of(const real *x, idx n)
{
    struct moments m = { 0, 0, 0 };
    for (idx i = 0; i < n; i++)
        m.mean += (double)x[i] / (double)n;
    for (idx i = 0; i < n; i++) {
        double square = pow((double)x[i] - m.mean, 2);
        m.second += square / (double)n;
        m.fourth += square * square / (double)n;
    }
    return m;
}

static void kurtosis_token(struct ratio *r, const struct metric_rows *v)
{
    double sum = 0;
    for (idx t = 0; t < v->rows; t++) {
        struct moments m = moments_of(v->x + t * v->n, v->n);
        sum += m.fourth / (m.second * m.second + GUARD);
    }
    *r = plain(sum / (double)v->rows);
}

/* The fourth moment is about zero, the deviation about the mean. */
static void kurtosis_excess(struct ratio *r, const struct metric_rows *v)
{
    idx n = v->rows * v->n;
    struct moments m = moments_of(v->x, n);
    double fourth = 0;
    for (idx i = 0; i < n; i++)
        fourth += pow((double)v->x[i], 4) / (double)n;
    double excess = fourth / (m.second * m.second) - 3;
    *r = plain(excess < 0 ? 0 : excess); /* NaN stays */
}

static void kurtosis_neuron(struct ratio *r, const struct metric_rows *v)
{
    double sum = 0, squares = 0;
    for (idx j = 0; j < v->n; j++) {
        double second = 0;
        for (idx t = 0; t < v->rows; t++)
            second += pow((double)v->x[t * v->n + j], 2) / (double)v->rows;
        sum += second / (double)v->n;
        squares += second * second / (double)v->n;
    }
    *r = plain(squares / (sum * sum));
}

static void kurtosis_pooled(struct ratio *r, const struct metric_rows *v)
{
    struct moments m = moments_of(v->x, v->rows * v->n);
    *r = plain(m.fourth / (m.second * m.second));
}

static void token_max_over_median(struct ratio *r, const struct metric_rows *v)
{
    double sum = 0;
    for (idx t = 0; t < v->rows; t++) {
        const real *x = v->x + t * v->n;
        for (idx j = 0; j < v->n; j++)
            v->room[j] = fabs((double)x[j]);
        sum += token_largest(x, v->n) / median_of(v->room, v->n);
    }
    *r = plain(sum / (double)v->rows);
}

static void attention_max(struct ratio *r, const struct metric_rows *v)
{
    double sum = 0;
    for (idx t = 0; t < v->rows; t++)
        sum += token_largest(v->x + t * v->n, v->n);
    *r = plain(sum / (double)v->rows);
}

static idx room(const struct metric_shape *s)
{
    return s->C;
}

const struct metric metrics_kurtosis[] = {
    { .text = { .name = "kurtosis_token",
                .formula =
                    "of what attention gives to the stream: m4 / (m2^2 + 1e-6) "
                    "of a token's numbers, with central moments; mean over "
                    "tokens; a normal distribution has 3",
                .source = "arXiv 2306.12929" },
      .title = "kurtosis of attention's output by token",
      OF_ATTENTION,
      .of_rows = kurtosis_token },
    { .text = { .name = "kurtosis_excess",
                .formula =
                    "of all hidden numbers of a sequence at a depth: mean x^4 "
                    "over the square of their variance, less 3, at least 0",
                .source = "OSP" },
      .title = "excess kurtosis of hidden states",
      OF_DEPTHS,
      .of_rows = kurtosis_excess },
    { .text = { .name = "kurtosis_neuron",
                .formula =
                    "mean over dimensions of s^2, over the square of the mean "
                    "of s, where s is the mean square of a dimension of the "
                    "hidden states over tokens: 1, no dimension stands out, to "
                    "C, one has all",
                .source = "He et al. 2024" },
      .title = "kurtosis over dimensions",
      OF_DEPTHS,
      .of_rows = kurtosis_neuron },
    { .text = { .name = "kurtosis_pooled",
                .formula =
                    "m4 / m2^2 of all hidden numbers of a sequence at a depth, "
                    "with central moments; a normal distribution has 3",
                .source = "arXiv 2504.20966" },
      .title = "kurtosis of hidden states, pooled",
      OF_DEPTHS,
      .of_rows = kurtosis_pooled },
    { .text = { .name = "token_max_over_median",
                .formula =
                    "largest number of a token's hidden state over the median, "
                    "in size, mean over tokens",
                .source = "He et al. 2024" },
      .title = "largest over median number of a token",
      OF_DEPTHS,
      .room = room,
      .of_rows = token_max_over_median },
    { .text = { .name = "attention_max",
                .formula =
                    "of what attention gives to the stream: the largest number "
                    "of a token in size, mean over tokens; the scalar is the "
                    "largest over layers",
                .source = "arXiv 2306.12929" },
      .title = "infinity norm of attention's output",
      OF_ATTENTION,
      .reduce = REDUCE_MAX,
      .of_rows = attention_max },
    { .text = { .name = NULL } },
};
