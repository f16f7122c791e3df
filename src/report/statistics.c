#include "report/statistics.h"

#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Student's t ------------------------------------------------------- */

/* The continued fraction of the incomplete beta function by the method of
 * Lentz; it converges quickly for x < (a + 1) / (a + b + 2), in about the root
 * of max(a, b) steps. NIST Handbook of Mathematical Functions, 8.17.22. */
static double beta_fraction(double x, double a, double b)
{
    enum { STEPS_MAX = 100000 };
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
    double f = d;
    for (int m = 1; m < STEPS_MAX; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd =
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + even * d;
        d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
        c = 1 + even / c;
        c = fabs(c) < DBL_MIN ? DBL_MIN : c;
        f *= c * d;
        d = 1 + odd * d;
        d = 1 / (fabs(d) < DBL_MIN ? DBL_MIN : d);
        c = 1 + odd / c;
        c = fabs(c) < DBL_MIN ? DBL_MIN : c;
        f *= c * d;
        if (fabs(c * d - 1) < DBL_EPSILON)
            break;
    }
    return f;
}

/* The regularised incomplete beta function at x; y = 1 - x is given, too, for
 * where x is all but 1. */
static double beta(double x, double y, double a, double b)
{
    int sign;
    if (x <= 0 || y <= 0)
        return x <= 0 ? 0 : 1;
    double scale = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) -
                       lgamma_r(b, &sign) + a * log(x) + b * log(y));
    if (x < (a + 1) / (a + b + 2))
        return scale * beta_fraction(x, a, b) / a;
    return 1 - scale * beta_fraction(y, b, a) / b;
}

double student_two_sided(double t, double df)
{
    if (isnan(t) || isnan(df))
        return NAN;
    if (isinf(t))
        return 0;
    double square = t * t;
    return beta(df / (df + square), square / (df + square), df / 2, 0.5);
}

/* By halving: the probability falls with t. */
double student_quantile(double p, double df)
{
    double low = 0, high = 1;
    if (isnan(p) || isnan(df))
        return NAN;
    while (student_two_sided(high, df) > p && high < DBL_MAX / 2)
        high *= 2;
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return middle;
        if (student_two_sided(middle, df) > p)
            low = middle;
        else
            high = middle;
    }
}

/* ---- shares ------------------------------------------------------------ */

/* The x at which the beta function, which rises with x, comes to p. */
static double beta_quantile(double p, double a, double b)
{
    double low = 0, high = 1;
    for (;;) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            return middle;
        if (beta(middle, 1 - middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
}

void share_interval(double *low, double *high, idx k, idx n)
{
    double a = (double)k, b = (double)(n - k);
    *low = k > 0 ? beta_quantile(JUDGED_AT / 2, a, b + 1) : 0;
    *high = k < n ? beta_quantile(1 - JUDGED_AT / 2, a + 1, b) : 1;
}

/* Twice the tail, of which there are two alike; of more than a double has room
 * for as the incomplete beta function. */
double sign_test(idx k, idx n)
{
    enum { EXACT_MAX = 1000 };
    double p = 0, way = 1; /* n over i, from i = 0 on */
    idx few = idx_min(k, n - k);
    if (n > EXACT_MAX)
        return fmin(1, 2 * beta(0.5, 0.5, (double)(n - few), (double)few + 1));
    for (idx i = 0; i <= few; i++) {
        p += way * exp2(-(double)n);
        way = way * (double)(n - i) / (double)(i + 1);
    }
    return fmin(1, 2 * p);
}

void ranks_of(double *rank, const double *v, idx n)
{
    for (idx i = 0; i < n; i++) {
        idx n_less = 0, n_same = 0;
        for (idx k = 0; k < n; k++) {
            n_less += v[k] < v[i];
            n_same += v[k] == v[i];
        }
        rank[i] = (double)n_less + (double)(n_same + 1) / 2;
    }
}

/* ---- permutations ------------------------------------------------------ */

/* How much larger rounding may make what is as large. */
static double rounding(const double *v, idx n)
{
    double size = 0;
    for (idx i = 0; i < n; i++)
        size += fabs(v[i]);
    return 1e-12 * size;
}

/* Of the 2^n ways to give d (n) signs, those whose sum is at least so far from
 * 0. */
static idx count_signs(const double *d, idx n, double sum, double least)
{
    if (n == 0)
        return fabs(sum) >= least;
    return count_signs(d + 1, n - 1, sum + *d, least) +
           count_signs(d + 1, n - 1, sum - *d, least);
}

/* Of the ways to take `left` more out of v (n), those whose sum is so far from
 * 0. v has mean 0, so the sum says how far the means of both are apart. */
static idx count_splits(const double *v, idx n, idx left, double sum,
                        double least)
{
    if (left == 0)
        return fabs(sum) >= least;
    if (n < left)
        return 0;
    return count_splits(v + 1, n - 1, left - 1, sum + *v, least) +
           count_splits(v + 1, n - 1, left, sum, least);
}

/* n over k, or more than any bound where that is too many. */
static double binomial(idx n, idx k)
{
    double ways = 1;
    for (idx i = 1; i <= k; i++)
        ways = ways * (double)(n - k + i) / (double)i;
    return round(ways);
}

double pairs_least(idx n)
{
    return fmin(1, 2 * exp2(-(double)n));
}

double groups_least(idx n, idx n_base)
{
    return fmin(1, (n == n_base ? 2 : 1) / binomial(n + n_base, n));
}

/* ---- judgements -------------------------------------------------------- */

static double mean_of(const double *v, idx n)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += v[i];
    return n > 0 ? sum / (double)n : NAN;
}

/* The square of the standard error of their mean; NAN: one number has none. */
static double error_square(const double *v, idx n, double mean)
{
    double squares = 0;
    for (idx i = 0; i < n; i++)
        squares += (v[i] - mean) * (v[i] - mean);
    return n > 1 ? squares / ((double)n * (double)(n - 1)) : NAN;
}

/* Interval and t test of a difference. Without any spread the interval is the
 * point. */
static void judge_by_t(struct judgement *j)
{
    double half =
        j->error > 0 ? j->error * student_quantile(JUDGED_AT, j->df) : j->error;
    j->low = j->difference - half;
    j->high = j->difference + half;
    if (j->error > 0)
        j->p_t = student_two_sided(j->difference / j->error, j->df);
    else if (j->error == 0)
        j->p_t = j->difference == 0;
    j->p = j->p_t;
}

static void conclude(struct judgement *j)
{
    if (isnan(j->p))
        j->verdict = VERDICT_NONE;
    else if (j->p_least > JUDGED_AT)
        j->verdict = VERDICT_TOO_FEW;
    else if (j->p > JUDGED_AT)
        j->verdict = VERDICT_ALIKE;
    else
        j->verdict = j->difference > 0 ? VERDICT_HIGHER : VERDICT_LOWER;
}

static struct judgement nothing(bool is_paired, idx n, idx n_base)
{
    return (struct judgement){ .is_paired = is_paired,
                               .n = n,
                               .n_base = n_base,
                               .difference = NAN,
                               .error = NAN,
                               .df = NAN,
                               .low = NAN,
                               .high = NAN,
                               .p_t = NAN,
                               .p = NAN };
}

struct judgement judge_pairs(const double *d, idx n)
{
    struct judgement j = nothing(true, n, n);
    double ways = exp2((double)n);
    j.difference = mean_of(d, n);
    if (!isfinite(j.difference))
        return j;
    j.error = sqrt(error_square(d, n, j.difference));
    j.df = n > 1 ? (double)(n - 1) : NAN;
    judge_by_t(&j);
    j.is_exact = ways <= PERMUTATIONS_MAX;
    if (j.is_exact) {
        double sum = fabs(j.difference) * (double)n;
        j.p = (double)count_signs(d, n, 0, sum - rounding(d, n)) / ways;
        j.p_least = 2 / ways;
    }
    conclude(&j);
    return j;
}

/* More runs than two groups of two and more within PERMUTATIONS_MAX have. */
enum { POOL_MAX = 640 };

/* Both groups in one, less their mean. Returns how much larger rounding may
 * make a sum of them, of what they were, too: numbers that were equal before
 * they were averaged stay so. */
static double pool(double v[POOL_MAX], const double *a, idx n,
                   const double *base, idx n_base)
{
    double size = 0;
    for (idx i = 0; i < n; i++)
        v[i] = a[i];
    for (idx i = 0; i < n_base; i++)
        v[n + i] = base[i];
    double mean = mean_of(v, n + n_base);
    for (idx i = 0; i < n + n_base; i++) {
        size += fabs(v[i]);
        v[i] -= mean;
    }
    return 4 * DBL_EPSILON * size + rounding(v, n + n_base);
}

static void judge_splits(struct judgement *j, const double *a,
                         const double *base, double ways)
{
    double v[POOL_MAX];
    idx n = j->n + j->n_base;
    double slack = pool(v, a, j->n, base, j->n_base);
    double sum = fabs(mean_of(v, j->n)) * (double)j->n;
    j->p = (double)count_splits(v, n, j->n, 0, sum - slack) / ways;
    j->p_least = (j->n == j->n_base ? 2 : 1) / ways;
}

struct judgement judge_groups(const double *a, idx n, const double *base,
                              idx n_base)
{
    struct judgement j = nothing(false, n, n_base);
    double mean = mean_of(a, n), mean_base = mean_of(base, n_base);
    j.difference = mean - mean_base;
    if (!isfinite(j.difference))
        return j;
    double u = error_square(a, n, mean);
    double w = error_square(base, n_base, mean_base);
    j.error = sqrt(u + w);
    /* Welch's: as many degrees of freedom as the surer of the two lends */
    j.df = (u + w) * (u + w) /
           (u * u / (double)(n - 1) + w * w / (double)(n_base - 1));
    if (!(j.error > 0))
        j.df = NAN;
    judge_by_t(&j);
    double ways = binomial(n + n_base, n);
    j.is_exact = n + n_base <= POOL_MAX && ways <= PERMUTATIONS_MAX;
    if (j.is_exact)
        judge_splits(&j, a, base, ways);
    conclude(&j);
    return j;
}

void judgement_bound_shares(struct judgement *j)
{
    if (isnan(j->low))
        return;
    j->low = fmax(j->low, -1);
    j->high = fmin(j->high, 1);
}

/* ---- words ------------------------------------------------------------- */

const char *verdict_words(enum verdict v)
{
    static const char *const words[] = {
        [VERDICT_NONE] = "-",
        [VERDICT_TOO_FEW] = "too few seeds to tell",
        [VERDICT_ALIKE] = "not told apart",
        [VERDICT_HIGHER] = "higher",
        [VERDICT_LOWER] = "lower",
    };
    return words[v];
}

const char *p_text(char text[P_TEXT_MAX], double p)
{
    int digits = 2;
    do
        snprintf(text, P_TEXT_MAX, "%.*g", digits++, p);
    while (digits < 9 && p != JUDGED_AT && strtod(text, NULL) == JUDGED_AT);
    return text;
}

const char *judgement_seeds(char text[JUDGEMENT_TEXT_MAX],
                            const struct judgement *j)
{
    struct text t = { text, JUDGEMENT_TEXT_MAX, 0 };
    if (j->is_paired && j->n_runs > j->n)
        text_add(&t, "%td pairs of %td seed%s", j->n_runs, j->n,
                 j->n == 1 ? "" : "s");
    else if (j->is_paired)
        text_add(&t, "%td pair%s", j->n, j->n == 1 ? "" : "s");
    else
        text_add(&t, "%td and %td run%s", j->n, j->n_base,
                 j->n_base == 1 ? "" : "s");
    return text;
}

const char *judgement_test(char text[JUDGEMENT_TEXT_MAX],
                           const struct judgement *j)
{
    char p[P_TEXT_MAX];
    char over[JUDGEMENT_TEXT_MAX];
    struct text t = { text, JUDGEMENT_TEXT_MAX, 0 };
    const char *name = j->is_exact    ? "exact permutation test"
                       : j->is_paired ? "t test"
                                      : "Welch's t test";
    text_add(&t, "%s over %s", name, judgement_seeds(over, j));
    if (isnan(j->p))
        return text;
    text_add(&t, ", p = %s", p_text(p, j->p));
    if (j->p_least > JUDGED_AT)
        text_add(&t, "; so few can give none below %.2g", j->p_least);
    return text;
}
