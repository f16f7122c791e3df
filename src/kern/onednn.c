#include "kern/onednn.h"

#ifdef ONEDNN
#include <dnnl.h>
#endif

#if defined(ONEDNN) && DNNL_VERSION_MAJOR == 2 && !defined(SINKLAB_DOUBLE)

#include <dlfcn.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/terminal.h"
#include "kern/bfloat16.h"
#include "kern/library.h"

#define FUNCTIONS(X)                                                           \
    X(engine_create)                                                           \
    X(stream_create)                                                           \
    X(stream_destroy)                                                          \
    X(version)                                                                 \
    X(get_effective_cpu_isa)                                                   \
    X(memory_desc_init_by_strides)                                             \
    X(memory_desc_init_by_tag)                                                 \
    X(memory_desc_get_size)                                                    \
    X(memory_desc_equal)                                                       \
    X(memory_create)                                                           \
    X(memory_destroy)                                                          \
    X(memory_set_data_handle)                                                  \
    X(matmul_desc_init)                                                        \
    X(primitive_attr_create)                                                   \
    X(primitive_attr_destroy)                                                  \
    X(primitive_attr_set_scratchpad_mode)                                      \
    X(primitive_attr_set_post_ops)                                             \
    X(post_ops_create)                                                         \
    X(post_ops_destroy)                                                        \
    X(post_ops_append_sum)                                                     \
    X(primitive_desc_create)                                                   \
    X(primitive_desc_destroy)                                                  \
    X(primitive_desc_query_md)                                                 \
    X(reorder_primitive_desc_create)                                           \
    X(primitive_create)                                                        \
    X(primitive_destroy)                                                       \
    X(primitive_execute)

/* Loaded when it is asked for, as OpenBLAS is (gemm.c). Static, and written
 * once: its users are kernels, which have no context. */
static struct {
    void *handle;
    dnnl_engine_t engine;
    char name[96];
    struct err why; /* it was refused; is_broken: although it is there */
    bool is_broken;
#define MEMBER(f) __typeof__(dnnl_##f) *f;
    FUNCTIONS(MEMBER)
} lib;

static const struct {
    const char *name;
    void *place; /* of the pointer in lib */
} symbols[] = {
#define ROW(f) { "dnnl_" #f, &lib.f },
    FUNCTIONS(ROW)
};

/* The library and what it needs, as it is loaded; and the code that it makes
 * for products, of models with five shapes of matrices: with the library 110 to
 * 155 MiB were seen. It crashes where it gets none. */
static const size_t LIBRARY_BYTES = (size_t)96 << 20;
static const size_t CODE_BYTES = (size_t)96 << 20;
/* The same of the small products of a trial, of which 14 MiB were seen. */
static const size_t TRIAL_BYTES = (size_t)32 << 20;

size_t onednn_bytes(void)
{
    return lib.engine ? CODE_BYTES : LIBRARY_BYTES + CODE_BYTES;
}

static const char *isa_name(dnnl_cpu_isa_t isa)
{
    static const struct {
        dnnl_cpu_isa_t isa;
        const char *name;
    } known[] = {
        { dnnl_cpu_isa_sse41, "sse41" },
        { dnnl_cpu_isa_avx, "avx" },
        { dnnl_cpu_isa_avx2, "avx2" },
        { dnnl_cpu_isa_avx2_vnni, "avx2_vnni" },
        { dnnl_cpu_isa_avx512_core, "avx512_core" },
        { dnnl_cpu_isa_avx512_core_vnni, "avx512_core_vnni" },
        { dnnl_cpu_isa_avx512_core_bf16, "avx512_core_bf16" },
        { dnnl_cpu_isa_avx512_core_amx, "avx512_core_amx" },
    };
    for (idx i = 0; i < COUNT_OF(known); i++)
        if (known[i].isa == isa)
            return known[i].name;
    return "another processor";
}

enum onednn_vectors onednn_vectors(void)
{
    switch (lib.get_effective_cpu_isa()) {
    case dnnl_cpu_isa_avx512_core:
    case dnnl_cpu_isa_avx512_core_vnni:
        return ONEDNN_AVX512;
    case dnnl_cpu_isa_avx512_core_bf16:
        return ONEDNN_BFLOAT16;
    case dnnl_cpu_isa_avx512_core_amx:
        return ONEDNN_TILES;
    default:
        return ONEDNN_NARROW;
    }
}

static int failed(struct err *e, const char *what)
{
    return err_set(e, ERR_TOOL, "the oneDNN that was found %s: install another",
                   what);
}

static int find_functions(struct err *e)
{
    for (idx i = 0; i < COUNT_OF(symbols); i++) {
        void *address = dlsym(lib.handle, symbols[i].name);
        if (!address)
            return failed(e, "lacks a function");
        memcpy(symbols[i].place, &address, sizeof address);
    }
    const dnnl_version_t *v = lib.version();
    if (v->major != DNNL_VERSION_MAJOR)
        return failed(e, "is of another version");
    if (lib.engine_create(&lib.engine, dnnl_cpu, 0) != dnnl_success)
        return failed(e, "does not work on this processor");
    snprintf(lib.name, sizeof lib.name, "oneDNN %d.%d.%d, %s", v->major,
             v->minor, v->patch, isa_name(lib.get_effective_cpu_isa()));
    return OK;
}

const char *onednn_name(void)
{
    return lib.name;
}

/* --- a set ---------------------------------------------------------------- */

struct on_thread {
    dnnl_stream_t stream;
    dnnl_memory_t a, b, c, scratch; /* b: plain */
};

struct onednn_product {
    struct onednn_product *before;
    struct onednn_shape shape;
    dnnl_memory_desc_t b; /* how the right operand lies */
    dnnl_primitive_desc_t desc;
    dnnl_primitive_t primitive;
    struct on_thread *on; /* (threads) */
    int threads;
};

struct onednn_packed {
    struct onednn_packed *before;
    dnnl_memory_desc_t desc;
    dnnl_primitive_t reorder;
    dnnl_memory_t from, to;
    dnnl_stream_t stream;
};

struct onednn_set {
    int threads;
    char *scratch;
    struct onednn_product *products;
    struct onednn_packed *packed;
};

struct onednn_set *onednn_open(int threads, void *scratch)
{
    struct onednn_set *s = calloc(1, sizeof *s);
    if (s)
        *s = (struct onednn_set){ .threads = threads, .scratch = scratch };
    return s;
}

static void forget_memory(dnnl_memory_t m)
{
    if (m)
        lib.memory_destroy(m);
}

static void release_product(struct onednn_product *p)
{
    for (int i = 0; p->on && i < p->threads; i++) {
        struct on_thread *t = &p->on[i];
        forget_memory(t->a);
        forget_memory(t->b);
        forget_memory(t->c);
        forget_memory(t->scratch);
        if (t->stream)
            lib.stream_destroy(t->stream);
    }
    if (p->primitive)
        lib.primitive_destroy(p->primitive);
    if (p->desc)
        lib.primitive_desc_destroy(p->desc);
    free(p->on);
    free(p);
}

static void release_packed(struct onednn_packed *p)
{
    if (p->reorder)
        lib.primitive_destroy(p->reorder);
    forget_memory(p->from);
    forget_memory(p->to);
    if (p->stream)
        lib.stream_destroy(p->stream);
    free(p);
}

void onednn_close(struct onednn_set *s)
{
    while (s && s->products) {
        struct onednn_product *p = s->products;
        s->products = p->before;
        release_product(p);
    }
    while (s && s->packed) {
        struct onednn_packed *p = s->packed;
        s->packed = p->before;
        release_packed(p);
    }
    free(s);
}

/* --- making --------------------------------------------------------------- */

static int told(dnnl_status_t status, const struct onednn_shape *s,
                struct err *e)
{
    if (status == dnnl_success)
        return OK;
    if (status == dnnl_out_of_memory)
        return err_memory(e, NULL);
    return err_set(e, ERR_TOOL,
                   "%s has no product of %td x %td x %td numbers (status %d): "
                   "install another, or set train.products = openblas",
                   lib.name, s->M, s->N, s->K, (int)status);
}

/* rows x columns that lie as they are, or transposed. */
static dnnl_status_t lay(dnnl_memory_desc_t *m, idx rows, idx columns, idx ld,
                         bool is_transposed, dnnl_data_type_t type)
{
    dnnl_dims_t dims = { rows, columns };
    dnnl_dims_t strides = { is_transposed ? 1 : ld, is_transposed ? ld : 1 };
    return lib.memory_desc_init_by_strides(m, 2, dims, type, strides);
}

static dnnl_data_type_t type_of(const struct onednn_shape *s)
{
    return s->is_bfloat16 ? dnnl_bf16 : dnnl_f32;
}

static dnnl_status_t describe(dnnl_matmul_desc_t *d,
                              const struct onednn_shape *s,
                              const dnnl_memory_desc_t *b)
{
    dnnl_memory_desc_t a, c;
    dnnl_status_t rc =
        lay(&a, s->M, s->K, s->lda, s->a_is_transposed, type_of(s));
    if (rc == dnnl_success)
        rc = lay(&c, s->M, s->N, s->ldc, false, dnnl_f32);
    return rc == dnnl_success ? lib.matmul_desc_init(d, &a, b, NULL, &c) : rc;
}

static dnnl_status_t create_desc(dnnl_primitive_desc_t *desc,
                                 const struct onednn_shape *s,
                                 const dnnl_memory_desc_t *b)
{
    dnnl_matmul_desc_t d;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    dnnl_status_t rc = describe(&d, s, b);
    if (rc == dnnl_success)
        rc = lib.primitive_attr_create(&attr);
    if (rc == dnnl_success)
        rc = lib.primitive_attr_set_scratchpad_mode(attr,
                                                    dnnl_scratchpad_mode_user);
    if (rc == dnnl_success && s->adds)
        rc = lib.post_ops_create(&ops);
    if (rc == dnnl_success && s->adds)
        rc = lib.post_ops_append_sum(ops, 1);
    if (rc == dnnl_success && s->adds)
        rc = lib.primitive_attr_set_post_ops(attr, ops);
    if (rc == dnnl_success)
        rc = lib.primitive_desc_create(desc, &d, attr, lib.engine, NULL);
    if (ops)
        lib.post_ops_destroy(ops);
    if (attr)
        lib.primitive_attr_destroy(attr);
    return rc;
}

static const dnnl_memory_desc_t *operand(const struct onednn_product *p,
                                         dnnl_query_t which)
{
    return lib.primitive_desc_query_md(p->desc, which, 0);
}

/* What a thread hands over. The addresses are set at each call, but the one of
 * scratch. */
static dnnl_status_t make_thread(struct on_thread *t,
                                 const struct onednn_product *p, void *scratch)
{
    dnnl_status_t rc = lib.stream_create(&t->stream, lib.engine, 0);
    if (rc == dnnl_success)
        rc = lib.memory_create(&t->a, operand(p, dnnl_query_src_md), lib.engine,
                               DNNL_MEMORY_NONE);
    if (rc == dnnl_success)
        rc = lib.memory_create(&t->b, operand(p, dnnl_query_weights_md),
                               lib.engine, DNNL_MEMORY_NONE);
    if (rc == dnnl_success)
        rc = lib.memory_create(&t->c, operand(p, dnnl_query_dst_md), lib.engine,
                               DNNL_MEMORY_NONE);
    if (rc == dnnl_success)
        rc =
            lib.memory_create(&t->scratch, operand(p, dnnl_query_scratchpad_md),
                              lib.engine, scratch);
    return rc;
}

static int make(struct onednn_product *p, const struct onednn_set *s,
                struct err *e)
{
    /* What is made is made for as many threads as there seem to be */
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t rc = create_desc(&p->desc, &p->shape, &p->b);
    if (rc == dnnl_success)
        rc = lib.primitive_create(&p->primitive, p->desc);
    if (rc == dnnl_success &&
        lib.memory_desc_get_size(operand(p, dnnl_query_scratchpad_md)) >
            ONEDNN_SCRATCH_BYTES)
        rc = dnnl_unimplemented;
    for (int i = 0; rc == dnnl_success && i < s->threads; i++)
        rc = make_thread(&p->on[i], p,
                         s->scratch + (size_t)i * ONEDNN_SCRATCH_BYTES);
    omp_set_num_threads(threads);
    return told(rc, &p->shape, e);
}

static bool is_same(const struct onednn_shape *a, const struct onednn_shape *b)
{
    return a->M == b->M && a->N == b->N && a->K == b->K && a->lda == b->lda &&
           a->ldc == b->ldc && a->a_is_transposed == b->a_is_transposed &&
           a->is_bfloat16 == b->is_bfloat16 && a->adds == b->adds;
}

/* One more product, of the set's as soon as it is made. */
static int add(struct onednn_set *s, const struct onednn_shape *shape,
               const dnnl_memory_desc_t *b, struct err *e)
{
    struct onednn_product *p = calloc(1, sizeof *p);
    if (!p)
        return err_memory(e, NULL);
    *p = (struct onednn_product){
        .before = s->products,
        .shape = *shape,
        .b = *b,
        .on = calloc((size_t)s->threads, sizeof *p->on),
        .threads = s->threads,
    };
    int rc = p->on ? make(p, s, e) : err_memory(e, NULL);
    if (rc == OK)
        s->products = p;
    else
        release_product(p);
    return rc;
}

int onednn_product(const struct onednn_product **product, struct onednn_set *s,
                   const struct onednn_shape *shape,
                   const struct onednn_packed *packed, struct err *e)
{
    dnnl_memory_desc_t b;
    int rc = OK;
    *product = NULL;
    if (packed)
        b = packed->desc;
    else
        rc =
            told(lay(&b, shape->K, shape->N, shape->ldb, false, type_of(shape)),
                 shape, e);
    if (rc != OK)
        return rc;
    struct onednn_product *p = s->products;
    while (p &&
           !(is_same(&p->shape, shape) && lib.memory_desc_equal(&p->b, &b)))
        p = p->before;
    if (!p) {
        rc = add(s, shape, &b, e);
        p = s->products;
    }
    if (rc == OK)
        *product = p;
    return rc;
}

/* Blocks of 16 or 32 by 64 numbers are what there is. */
size_t onednn_packed_bytes(idx N, idx K, bool is_bfloat16)
{
    return (size_t)(idx_ceil_div(N, 64) * 64 * idx_ceil_div(K, 64) * 64) *
           (is_bfloat16 ? 2 : sizeof(float));
}

/* How the library wants it for this shape. */
static dnnl_status_t choose(dnnl_memory_desc_t *packed,
                            const struct onednn_shape *s)
{
    dnnl_primitive_desc_t desc = NULL;
    dnnl_memory_desc_t any;
    dnnl_dims_t dims = { s->K, s->N };
    dnnl_status_t rc = lib.memory_desc_init_by_tag(&any, 2, dims, type_of(s),
                                                   dnnl_format_tag_any);
    if (rc == dnnl_success)
        rc = create_desc(&desc, s, &any);
    if (rc != dnnl_success)
        return rc;
    *packed = *lib.primitive_desc_query_md(desc, dnnl_query_weights_md, 0);
    lib.primitive_desc_destroy(desc);
    return lib.memory_desc_get_size(packed) <=
                   onednn_packed_bytes(s->N, s->K, s->is_bfloat16)
               ? dnnl_success
               : dnnl_unimplemented;
}

static dnnl_status_t make_packed(struct onednn_packed *p,
                                 const struct onednn_shape *s, void *room,
                                 bool is_transposed)
{
    dnnl_primitive_desc_t desc = NULL;
    dnnl_memory_desc_t from;
    dnnl_status_t rc = choose(&p->desc, s);
    if (rc == dnnl_success)
        rc = lay(&from, s->K, s->N, is_transposed ? s->K : s->N, is_transposed,
                 dnnl_f32);
    if (rc == dnnl_success)
        rc = lib.reorder_primitive_desc_create(&desc, &from, lib.engine,
                                               &p->desc, lib.engine, NULL);
    if (rc == dnnl_success)
        rc = lib.primitive_create(&p->reorder, desc);
    if (rc == dnnl_success)
        rc = lib.memory_create(&p->from, &from, lib.engine, DNNL_MEMORY_NONE);
    if (rc == dnnl_success)
        rc = lib.memory_create(&p->to, &p->desc, lib.engine, room);
    if (rc == dnnl_success)
        rc = lib.stream_create(&p->stream, lib.engine, 0);
    if (desc)
        lib.primitive_desc_destroy(desc);
    return rc;
}

int onednn_packed(struct onednn_packed **packed, struct onednn_set *s,
                  void *room, const struct onednn_shape *shape,
                  bool is_transposed, struct err *e)
{
    struct onednn_packed *p = calloc(1, sizeof *p);
    *packed = p;
    if (!p)
        return err_memory(e, NULL);
    p->before = s->packed;
    s->packed = p;
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    dnnl_status_t rc = make_packed(p, shape, room, is_transposed);
    omp_set_num_threads(threads);
    return told(rc, shape, e);
}

/* --- running -------------------------------------------------------------- */

/* The library shares its work out among so many threads as a thread would
 * start. */
static void start_none(void)
{
    if (omp_get_max_threads() != 1)
        omp_set_num_threads(1);
}

static dnnl_status_t point(dnnl_memory_t m, const void *at)
{
    void *place;
    memcpy(&place, &at, sizeof place); /* what it only reads is not const */
    return lib.memory_set_data_handle(m, place);
}

static dnnl_status_t pack(const struct onednn_packed *p, const real *b)
{
    start_none();
    const dnnl_exec_arg_t args[] = { { DNNL_ARG_FROM, p->from },
                                     { DNNL_ARG_TO, p->to } };
    dnnl_status_t rc = point(p->from, b);
    return rc == dnnl_success ? lib.primitive_execute(p->reorder, p->stream,
                                                      COUNT_OF(args), args)
                              : rc;
}

static dnnl_status_t run(const struct onednn_product *p, int thread, real *c,
                         const void *a, const void *b,
                         const struct onednn_packed *packed)
{
    const struct on_thread *t = &p->on[thread];
    start_none();
    dnnl_status_t rc = point(t->a, a);
    if (rc == dnnl_success)
        rc = point(t->c, c);
    if (rc == dnnl_success && !packed)
        rc = point(t->b, b);
    const dnnl_exec_arg_t args[] = {
        { DNNL_ARG_SRC, t->a },
        { DNNL_ARG_WEIGHTS, packed ? packed->to : t->b },
        { DNNL_ARG_DST, t->c },
        { DNNL_ARG_SCRATCHPAD, t->scratch },
    };
    return rc == dnnl_success ? lib.primitive_execute(p->primitive, t->stream,
                                                      COUNT_OF(args), args)
                              : rc;
}

/* In the middle of a pass there is nobody to tell, and no number to go on with:
 * the process ends, as it does where a file is cut while it is mapped
 * (io/mapping.c). The lock is kept, so that one thread alone speaks. */
static _Noreturn void give_up(dnnl_status_t status)
{
    bool is_memory = status == dnnl_out_of_memory;
    fflush(stdout);
    flockfile(stderr);
    terminal_end_line();
    if (is_memory)
        fprintf(stderr,
                "sinklab: %s gets too little memory for a product: free some, "
                "or set fewer train.threads\n",
                lib.name);
    else
        fprintf(stderr,
                "sinklab: %s failed at a product that it had made before "
                "(status %d): install another, or train with train.products = "
                "openblas\n",
                lib.name, (int)status);
    _exit(is_memory ? ERR_MEMORY : ERR_TOOL);
}

void onednn_pack(const struct onednn_packed *p, const real *b)
{
    dnnl_status_t status = pack(p, b);
    if (status != dnnl_success)
        give_up(status);
}

void onednn_run(const struct onednn_product *p, int thread, real *c,
                const void *a, const void *b,
                const struct onednn_packed *packed)
{
    dnnl_status_t status = run(p, thread, c, a, b, packed);
    if (status != dnnl_success)
        give_up(status);
}

/* --- trying it out -------------------------------------------------------- */

/* The three forms that linear.c asks for. */
enum form { FORWARD, BACKWARD, SUMS, FORMS };

/* A ragged product, and one of each form in both layouts. */
enum { TRY_M = 19, TRY_N = 23, TRY_K = 37 };
struct trial {
    real a[TRY_M * TRY_K], b[TRY_K * TRY_N]; /* (M,K), (K,N) */
    real a_lies[TRY_M * TRY_K], b_lies[TRY_K * TRY_N];
    real c[TRY_M * TRY_N];
    uint16_t a_16[TRY_M * TRY_K], b_16[TRY_K * TRY_N];
    double want[TRY_M * TRY_N], bound[TRY_M * TRY_N];
};

static void lay_transposed(real *y, const real *x, idx rows, idx columns)
{
    for (idx i = 0; i < rows * columns; i++)
        y[i % columns * rows + i / columns] = x[i];
}

static real before(idx i)
{
    return (real)(i % 7) - 3;
}

/* Operands, and what is to come out. A sum of n terms is, in whatever order and
 * however its products are rounded, off by at most n u / (1 - n u) of the sum
 * of their sizes, u = 2^-24 (Higham, Accuracy and Stability of Numerical
 * Algorithms, 2002, 3.1); of K products and what was there n is K + 1. Operands
 * that are rounded have products that are exact. */
static void fill_trial(struct trial *t, enum form form, bool is_bfloat16,
                       bool adds)
{
    const double nu = (TRY_K + 1) * 0x1p-24;
    for (idx i = 0; i < TRY_M * TRY_K; i++)
        t->a[i] = (real)((i * 7919) % 97) / 97 - (real)0.5;
    for (idx i = 0; i < TRY_K * TRY_N; i++)
        t->b[i] = (real)((i * 104729) % 89) / 89;
    if (is_bfloat16) {
        bfloat16_round(t->a, t->a, COUNT_OF(t->a));
        bfloat16_round(t->b, t->b, COUNT_OF(t->b));
    }
    for (idx i = 0; i < TRY_M * TRY_N; i++) {
        double sum = adds ? (double)before(i) : 0, size = fabs(sum);
        for (idx k = 0; k < TRY_K; k++) {
            double term = (double)t->a[i / TRY_N * TRY_K + k] *
                          (double)t->b[k * TRY_N + i % TRY_N];
            sum += term;
            size += fabs(term);
        }
        t->want[i] = sum;
        t->bound[i] = nu / (1 - nu) * size;
        t->c[i] = adds ? before(i) : (real)NAN;
    }
    memcpy(t->a_lies, t->a, sizeof t->a);
    memcpy(t->b_lies, t->b, sizeof t->b);
    if (form == SUMS)
        lay_transposed(t->a_lies, t->a, TRY_M, TRY_K);
    if (form == FORWARD)
        lay_transposed(t->b_lies, t->b, TRY_K, TRY_N);
    bfloat16_store(t->a_16, t->a_lies, COUNT_OF(t->a));
    bfloat16_store(t->b_16, t->b_lies, COUNT_OF(t->b));
}

static int try_product(struct trial *t, struct onednn_set *set, void *room,
                       enum form form, bool is_bfloat16, bool adds,
                       struct err *e)
{
    const struct onednn_shape shape = { .M = TRY_M,
                                        .N = TRY_N,
                                        .K = TRY_K,
                                        .lda = form == SUMS ? TRY_M : TRY_K,
                                        .ldb = TRY_N,
                                        .ldc = TRY_N,
                                        .a_is_transposed = form == SUMS,
                                        .is_bfloat16 = is_bfloat16,
                                        .adds = adds };
    const struct onednn_product *p;
    struct onednn_packed *packed = NULL;
    const void *a = is_bfloat16 ? (const void *)t->a_16 : t->a_lies;
    const void *b = is_bfloat16 ? (const void *)t->b_16 : t->b_lies;
    struct err own = { 0 };
    fill_trial(t, form, is_bfloat16, adds);
    if (form != SUMS)
        onednn_packed(&packed, set, room, &shape, form == FORWARD, &own);
    if (own.code == OK && onednn_product(&p, set, &shape, packed, &own) == OK) {
        dnnl_status_t status = packed ? pack(packed, t->b_lies) : dnnl_success;
        if (status == dnnl_success)
            status = run(p, 0, t->c, a, packed ? NULL : b, packed);
        told(status, &shape, &own);
    }
    if (own.code == ERR_MEMORY)
        return err_pass(e, &own);
    if (own.code)
        return err_set(e, ERR_TOOL,
                       "%s fails at a small %s product on this processor: "
                       "install another",
                       lib.name, is_bfloat16 ? "bfloat16" : "float32");
    for (idx i = 0; i < TRY_M * TRY_N; i++)
        if (!(fabs((double)t->c[i] - t->want[i]) <= t->bound[i]))
            return err_set(e, ERR_TOOL,
                           "%s computes wrong %s products on this processor "
                           "(%g, not %g): install another",
                           lib.name, is_bfloat16 ? "bfloat16" : "float32",
                           (double)t->c[i], t->want[i]);
    return OK;
}

/* Every kind of product that a model asks for, once. */
static int try_out(struct err *e)
{
    int precisions = onednn_vectors() >= ONEDNN_BFLOAT16 ? 2 : 1;
    size_t room_bytes = onednn_packed_bytes(TRY_N, TRY_K, false);
    struct trial *t = malloc(sizeof *t);
    char *scratch = aligned_alloc(64, ONEDNN_SCRATCH_BYTES);
    char *room = aligned_alloc(64, room_bytes);
    struct onednn_set *set = onednn_open(1, scratch);
    int threads = omp_get_max_threads(); /* start_none */
    bool has_memory = t && scratch && room && set;
    if (!has_memory)
        err_memory(e, NULL);
    for (int i = 0; has_memory && i < precisions * FORMS * 2 && !e->code; i++)
        try_product(t, set, room, (enum form)(i / 2 % FORMS),
                    i / 2 / FORMS == 1, i % 2, e);
    omp_set_num_threads(threads);
    onednn_close(set);
    free(room);
    free(scratch);
    free(t);
    return e->code;
}

/* --- loading -------------------------------------------------------------- */

static int load(struct err *e)
{
    static const char *const file = "libdnnl.so.2";
    struct library_failure why;
    if (!lib.handle)
        lib.handle = library_open(&file, 1, &why);
    if (!lib.handle && why.fault == LIBRARY_NO_MEMORY)
        return err_set(e, ERR_MEMORY, "cannot load oneDNN (%s)", why.text);
    lib.is_broken = lib.handle || why.fault == LIBRARY_DAMAGED;
    if (!lib.handle)
        return err_set(e, ERR_TOOL, "cannot load oneDNN (%s): install it%s",
                       why.text,
                       lib.is_broken ? " anew" : " (libdnnl2 of Debian)");
    const struct memory_need trial = {
        .what = "trying oneDNN out",
        .bytes = (double)ONEDNN_SCRATCH_BYTES,
        .mapped_bytes = (double)TRIAL_BYTES,
        .remedy = "set train.products = openblas",
    };
    if (find_functions(e) || memory_check(&trial, "", e))
        return e->code;
    return try_out(e);
}

int onednn_load(struct err *e)
{
    struct err own = { 0 };
    if (lib.engine || lib.why.code)
        return err_pass(e, &lib.why);
    if (load(&own) == OK)
        return OK;
    /* It stays where it is: what has run is not taken away from under its
     * threads. Memory may be there the next time. */
    lib.engine = NULL;
    if (own.code != ERR_MEMORY)
        lib.why = own;
    return err_pass(e, &own);
}

const char *onednn_fault(void)
{
    return lib.why.code && lib.is_broken ? lib.why.text : NULL;
}

#else /* without the library */

int onednn_load(struct err *e)
{
    return err_set(e, ERR_TOOL,
                   sizeof(real) == sizeof(float)
                       ? "this program was built without oneDNN: install it "
                         "(libdnnl-dev of Debian) and build anew"
                       : "oneDNN multiplies no doubles: build for float32");
}

const char *onednn_fault(void)
{
    return NULL;
}

const char *onednn_name(void)
{
    return "";
}

enum onednn_vectors onednn_vectors(void)
{
    return ONEDNN_NARROW;
}

size_t onednn_bytes(void)
{
    return 0;
}

struct onednn_set *onednn_open(int threads, void *scratch)
{
    (void)threads;
    (void)scratch;
    BUG_ON("nothing was loaded");
    return NULL;
}

void onednn_close(struct onednn_set *s)
{
    (void)s;
}

int onednn_product(const struct onednn_product **p, struct onednn_set *s,
                   const struct onednn_shape *shape,
                   const struct onednn_packed *packed, struct err *e)
{
    (void)s;
    (void)shape;
    (void)packed;
    *p = NULL;
    return onednn_load(e);
}

size_t onednn_packed_bytes(idx N, idx K, bool is_bfloat16)
{
    (void)N;
    (void)K;
    (void)is_bfloat16;
    return 0;
}

int onednn_packed(struct onednn_packed **packed, struct onednn_set *s,
                  void *room, const struct onednn_shape *shape,
                  bool is_transposed, struct err *e)
{
    (void)s;
    (void)room;
    (void)shape;
    (void)is_transposed;
    *packed = NULL;
    return onednn_load(e);
}

void onednn_pack(const struct onednn_packed *packed, const real *b)
{
    (void)packed;
    (void)b;
}

void onednn_run(const struct onednn_product *p, int thread, real *c,
                const void *a, const void *b,
                const struct onednn_packed *packed)
{
    (void)p;
    (void)thread;
    (void)c;
    (void)a;
    (void)b;
    (void)packed;
}

#endif
