#include "report/trend.h"

#include "report/statistics.h"

#include <math.h>
#include <string.h>

/* A seed's sum over levels of level times twice the rank is at most 2 (1 + 4 +
 * ... + 64). */
enum {
    SEED_SUM_MAX = 2 * 204,
    SUM_MAX = TREND_SEEDS_MAX * SEED_SUM_MAX,
};

/* Probabilities of all sums. */
struct sums {
    double p[SUM_MAX + 1];
    idx max;
};

/* Twice the ranks of v (n), which are whole. */
static void rank_twice(idx *twice, const double *v, idx n)
{
    double rank[TREND_RANKED_MAX];
    ranks_of(rank, v, n);
    for (idx i = 0; i < n; i++)
        twice[i] = (idx)(2 * rank[i]);
}

/* A seed's values without those that are not there; returns how many. */
static idx take_seed(double *at, const double *v, idx n_levels)
{
    idx n = 0;
    for (idx i = 0; i < n_levels; i++)
        if (!isnan(v[i]))
            at[n++] = v[i];
    return n;
}

/* How often each sum comes, over all ways to deal ranks (n) out to the levels
 * from `level` on. */
static void deal(double *ways, idx *rank, idx n, idx level, idx sum)
{
    if (level == n) {
        ways[sum]++;
        return;
    }
    for (idx i = level; i < n; i++) {
        idx taken = rank[i];
        rank[i] = rank[level];
        deal(ways, rank, n, level + 1, sum + (level + 1) * taken);
        rank[i] = taken;
    }
}

/* The sums with one seed more. */
static void add_seed(struct sums *s, const idx *ranks, idx n)
{
    double ways[SEED_SUM_MAX + 1] = { 0 }, all = 1;
    struct sums with = { .max = s->max + SEED_SUM_MAX };
    idx rank[TREND_LEVELS_MAX];
    memcpy(rank, ranks, (size_t)n * sizeof *rank);
    deal(ways, rank, n, 0, 0);
    for (idx i = 2; i <= n; i++)
        all *= (double)i;
    for (idx k = 0; k <= SEED_SUM_MAX; k++)
        for (idx i = 0; i <= s->max && ways[k] > 0; i++)
            with.p[i + k] += s->p[i] * ways[k] / all;
    *s = with;
}

/* Mean and variance of a seed's sum over all ways: of what is multiplied with
 * the levels 1..n. */
static void add_moments(double *mean, double *variance, const idx *rank, idx n)
{
    double m = 0, squares = 0, levels = (double)(n * (n * n - 1)) / 12;
    for (idx i = 0; i < n; i++)
        m += (double)rank[i] / (double)n;
    for (idx i = 0; i < n; i++)
        squares += ((double)rank[i] - m) * ((double)rank[i] - m);
    *mean += m * (double)(n * (n + 1)) / 2;
    *variance += squares * levels / (double)(n - 1);
}

static void count_order(struct trend *t, const idx *rank, idx n)
{
    bool rises = false, falls = false;
    for (idx i = 1; i < n; i++) {
        rises = rises || rank[i] > rank[i - 1];
        falls = falls || rank[i] < rank[i - 1];
    }
    t->n_rising += rises && !falls;
    t->n_falling += falls && !rises;
}

double trend_least(idx n_seeds, idx n_levels)
{
    double one = 1;
    for (idx i = 2; i <= n_levels; i++)
        one /= (double)i;
    return fmin(1, 2 * pow(one, (double)n_seeds));
}

struct trend trend_judge(const double *v, idx n_seeds, idx n_levels)
{
    struct trend t = { .z = NAN, .p = NAN };
    struct sums sums = { .p[0] = 1 };
    double sum = 0, mean = 0, variance = 0, least = 2, beyond = 0;
    BUG_ON(n_levels > TREND_RANKED_MAX);
    t.is_exact = n_levels <= TREND_LEVELS_MAX && n_seeds <= TREND_SEEDS_MAX;
    for (idx s = 0; s < n_seeds; s++) {
        double at[TREND_RANKED_MAX];
        idx rank[TREND_RANKED_MAX];
        idx n = take_seed(at, v + s * n_levels, n_levels);
        if (n < 2)
            continue;
        rank_twice(rank, at, n);
        for (idx i = 0; i < n; i++)
            sum += (double)((i + 1) * rank[i]);
        add_moments(&mean, &variance, rank, n);
        count_order(&t, rank, n);
        least *= trend_least(1, n) / 2;
        if (t.is_exact)
            add_seed(&sums, rank, n);
        t.n_seeds++;
    }
    if (t.n_seeds == 0)
        return t;
    double far = fabs(sum - mean);
    t.z = variance > 0 ? (sum - mean) / sqrt(variance) : 0;
    t.p_least = t.is_exact ? fmin(1, least) : 0;
    if (t.is_exact) { /* sums are whole, their mean a half at most */
        for (idx i = 0; i <= sums.max; i++)
            if (fabs((double)i - mean) > far - 0.25)
                beyond += sums.p[i];
        t.p = fmin(1, beyond);
    } else {
        t.p = erfc(fabs(t.z) / sqrt(2));
    }
    return t;
}
