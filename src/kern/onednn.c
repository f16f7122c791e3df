#include "kern/onednn.h"

#ifdef ONEDNN
#include <dnnl.h>
#endif

#if defined(ONEDNN) && DNNL_VERSION_MAJOR == 2 && !defined(SINKLAB_DOUBLE)

#include <dlfcn.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
    return err_set(e, ERR_TOOL, "the oneDNN that was found %s", what);
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

int onednn_load(struct err *e)
{
    static const char *const file = "libdnnl.so.2";
    struct library_failure why;
    if (lib.engine)
        return OK;
    lib.handle = library_open(&file, 1, &why);
    if (!lib.handle)
        return err_set(e,
                       why.fault == LIBRARY_NO_MEMORY ? ERR_MEMORY : ERR_TOOL,
                       "cannot load oneDNN (%s)", why.text);
    if (find_functions(e) == OK)
        return OK;
    dlclose(lib.handle);
    lib.handle = NULL;
    lib.engine = NULL;
    return e->code;
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
                   "%s has no product of %td x %td x %td numbers (status %d)",
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

static void point(dnnl_memory_t m, const void *at)
{
    void *place;
    memcpy(&place, &at, sizeof place); /* what it only reads is not const */
    BUG_ON(lib.memory_set_data_handle(m, place) != dnnl_success);
}

void onednn_pack(const struct onednn_packed *p, const real *b)
{
    start_none();
    point(p->from, b);
    const dnnl_exec_arg_t args[] = { { DNNL_ARG_FROM, p->from },
                                     { DNNL_ARG_TO, p->to } };
    BUG_ON(lib.primitive_execute(p->reorder, p->stream, COUNT_OF(args), args) !=
           dnnl_success);
}

void onednn_run(const struct onednn_product *p, int thread, real *c,
                const void *a, const void *b,
                const struct onednn_packed *packed)
{
    const struct on_thread *t = &p->on[thread];
    start_none();
    point(t->a, a);
    point(t->c, c);
    if (!packed)
        point(t->b, b);
    const dnnl_exec_arg_t args[] = {
        { DNNL_ARG_SRC, t->a },
        { DNNL_ARG_WEIGHTS, packed ? packed->to : t->b },
        { DNNL_ARG_DST, t->c },
        { DNNL_ARG_SCRATCHPAD, t->scratch },
    };
    BUG_ON(lib.primitive_execute(p->primitive, t->stream, COUNT_OF(args),
                                 args) != dnnl_success);
}

#else /* without the library */

int onednn_load(struct err *e)
{
    return err_set(e, ERR_TOOL,
                   sizeof(real) == sizeof(float)
                       ? "this program was built without oneDNN"
                       : "oneDNN multiplies no doubles");
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
