#include "nn/param.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/rng.h"

enum { ALIGN_REALS = 64 / sizeof(real) };

idx param_declare(struct param_table *t, enum param_role role, idx fan_in,
                  int ndim, const idx *shape, const char *name_format, ...)
{
    BUG_ON(t->count >= PARAM_MAX || ndim < 1 || ndim > PARAM_NDIM_MAX);
    t->is_out_of_memory |= !GROW(t->rows, t->count);
    struct param *p = t->is_out_of_memory ? &t->spare : &t->rows[t->count];
    *p = (struct param){
        .ndim = ndim,
        .n = 1,
        .offset = t->total,
        .role = role,
        .fan_in = fan_in,
    };
    va_list args;
    va_start(args, name_format);
    int length = vsnprintf(p->name, sizeof p->name, name_format, args);
    va_end(args);
    BUG_ON(length < 1 || length >= PARAM_NAME_MAX);
    for (int i = 0; i < ndim; i++) {
        p->shape[i] = shape[i];
        p->n *= shape[i];
    }
    t->count += !t->is_out_of_memory;
    t->n += p->n;
    t->total += idx_ceil_div(p->n, ALIGN_REALS) * ALIGN_REALS;
    return p->offset;
}

struct param *param_last(struct param_table *t)
{
    if (t->is_out_of_memory)
        return &t->spare;
    BUG_ON(!t->count);
    return &t->rows[t->count - 1];
}

void param_table_release(struct param_table *t)
{
    free(t->rows);
    *t = (struct param_table){ 0 };
}

void param_cut(struct param *p, const char *name, idx rows)
{
    if (rows == 0)
        return;
    BUG_ON(p->n_parts == PARAM_PARTS_MAX);
    p->parts[p->n_parts++] = (struct param_part){ name, rows };
}

enum param_group param_group(const struct param *p)
{
    switch (p->role) {
    case PARAM_LINEAR:
    case PARAM_RESIDUAL:
    case PARAM_SWIGLU_OUT:
    case PARAM_FEATURE:
        return GROUP_MATRICES;
    case PARAM_EMBEDDING:
        return GROUP_EMBEDDING;
    case PARAM_HEAD:
        return GROUP_HEAD;
    case PARAM_GAIN:
    case PARAM_SHIFT:
        return GROUP_NORMS;
    case PARAM_BIAS:
        return GROUP_BIASES;
    case PARAM_COLUMN:
    case PARAM_OWN:
    case PARAM_STATE:
        return GROUP_ATTENTION;
    }
    BUG_ON(true);
    return PARAM_GROUPS;
}

const char *param_group_name(int i)
{
    static const char *const names[PARAM_GROUPS] = {
        [GROUP_MATRICES] = "matrices", [GROUP_EMBEDDING] = "embedding",
        [GROUP_HEAD] = "head",         [GROUP_NORMS] = "norms",
        [GROUP_BIASES] = "biases",     [GROUP_ATTENTION] = "attention",
    };
    return i >= 0 && i < PARAM_GROUPS ? names[i] : NULL;
}

/* KEEP WITH: docs/FORMATS.md, names of tensors */
idx param_layer(const struct param *p)
{
    static const char block[] = "block.";
    size_t n = sizeof block - 1;
    return strncmp(p->name, block, n) == 0 ? (idx)strtoll(p->name + n, NULL, 10)
                                           : -1;
}

bool param_is_matrix(const struct param *p)
{
    enum param_group group = param_group(p);
    return group == GROUP_MATRICES || group == GROUP_EMBEDDING ||
           group == GROUP_HEAD;
}

struct param_fault numbers_fault(const real *x, idx n)
{
    struct param_fault f = { NULL, 0, 0 };
    for (idx i = n; i-- > 0;)
        if (!isfinite(x[i])) {
            f.n++;
            f.at = i;
        }
    return f;
}

struct param_fault params_fault(const struct param_table *t, const real *w)
{
    for (idx i = 0; i < t->count; i++) {
        const struct param *p = &t->rows[i];
        struct param_fault f = numbers_fault(w + p->offset, p->n);
        if (f.n > 0) {
            f.p = p;
            return f;
        }
    }
    return (struct param_fault){ NULL, 0, 0 };
}

/* --- schemes ------------------------------------------------------------- */

static struct param_start start_study(const struct param *p, idx L)
{
    double fan_in = (double)p->fan_in;
    if (p->role == PARAM_BIAS)
        return (struct param_start){ 0 };
    if (p->role == PARAM_SWIGLU_OUT)
        return (struct param_start){ .std = 1 / (sqrt(fan_in) * (double)L) };
    return (struct param_start){ .std = sqrt(2 / (5 * fan_in)) };
}

/* The factor on residual writes is the paper's; usual code leaves it out. It
 * has no feature map: the study's. */
static struct param_start start_gpt2(const struct param *p, idx L)
{
    bool writes = p->role == PARAM_RESIDUAL || p->role == PARAM_SWIGLU_OUT;
    if (p->role == PARAM_FEATURE || p->role == PARAM_BIAS)
        return start_study(p, L);
    return (struct param_start){ .std = writes ? 0.02 / sqrt(2 * (double)L)
                                               : 0.02 };
}

static struct param_start start_framework(const struct param *p, idx L)
{
    (void)L;
    if (p->role == PARAM_EMBEDDING)
        return (struct param_start){ .std = 1 };
    return (struct param_start){ .bound = 1 / sqrt((double)p->fan_in) };
}

const struct init_scheme *const init_schemes[] = {
    [INIT_GPT2] =
        &(const struct init_scheme){
            .text = { .name = "gpt2",
                      .key = "[model] init = gpt2",
                      .formula = "N(0, 0.02^2); matrices that write to the "
                                 "residual stream N(0, 0.02^2 / (2 layers)); "
                                 "biases 0",
                      .parameters = "none",
                      .source = "Radford et al., 2019 (GPT-2)",
                      .sinks = "not reported by itself" },
            .start = start_gpt2 },
    [INIT_STUDY] =
        &(const struct init_scheme){
            .text = { .name = "study",
                      .key = "[model] init = study",
                      .formula = "N(0, 2 / (5 fan_in)); SwiGLU's output N(0, "
                                 "1 / (fan_in layers^2)); biases 0",
                      .parameters = "none",
                      .source = "code of arXiv 2410.10781",
                      .sinks = "not reported by itself" },
            .start = start_study },
    [INIT_FRAMEWORK] =
        &(const struct init_scheme){
            .text = { .name = "framework",
                      .key = "[model] init = framework",
                      .formula = "linear layers and biases uniform within 1 / "
                                 "sqrt(fan_in), embeddings N(0, 1)",
                      .parameters = "none",
                      .source = "a framework's defaults, which the published "
                                "runs of arXiv 2410.10781 most likely had",
                      .sinks = "not reported by itself" },
            .start = start_framework },
    NULL,
};

const char *init_name(int i)
{
    return i >= 0 && i < COUNT_OF(init_schemes) - 1 ? init_schemes[i]->text.name
                                                    : NULL;
}

static struct param_start start_of(const struct param *p, int scheme, idx L)
{
    if (p->role == PARAM_OWN || p->role == PARAM_STATE)
        return (struct param_start){ .std = p->std, .constant = p->mean };
    if (p->role == PARAM_GAIN)
        return (struct param_start){ .constant = 1 };
    if (p->role == PARAM_SHIFT)
        return (struct param_start){ 0 };
    if (p->role == PARAM_COLUMN) /* arXiv 2410.10781, all schemes */
        return (struct param_start){ .std = 0.02 };
    return init_schemes[scheme]->start(p, L);
}

void params_init(real *w, const struct param_table *t, int scheme, idx L,
                 uint64_t seed)
{
    for (idx i = 0; i < t->count; i++) {
        const struct param *p = &t->rows[i];
        struct param_start s = start_of(p, scheme, L);
        struct rng r = rng_open_named(seed, RNG_INIT, p->name);
        for (idx j = 0; j < p->n; j++) {
            double v = s.constant;
            if (p->start)
                v = p->start(j / (p->n / p->shape[0]), p->shape[0]);
            else if (s.std > 0)
                v = s.constant + s.std * rng_normal(&r);
            else if (s.bound > 0)
                v = s.bound * (2 * rng_uniform(&r) - 1);
            w[p->offset + j] = (real)v;
        }
        if (p->role == PARAM_GAIN)
            w[p->offset + p->n - 1] = (real)p->last;
    }
}
