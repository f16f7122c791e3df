#include "kern/products.h"

#include <stdio.h>

#include "kern/gemm_own.h"
#include "kern/onednn.h"

NAMED(products_name, "openblas", "onednn", "auto", "own")

NAMED(precision_name, "float32", "bfloat16")

bool products_want_onednn(enum products products)
{
    return products == PRODUCTS_ONEDNN || products == PRODUCTS_AUTO;
}

/* oneDNN's kernels for AVX-512 were faster than OpenBLAS's on every shape that
 * was measured; those for AVX2 have no form for packed weights, and were slower
 * (docs/PERFORMANCE.md). */
static bool is_onednn_better(void)
{
    return onednn_vectors() >= ONEDNN_AVX512;
}

/* What oneDNN multiplies by, so that its name (product_library) tells that,
 * too. */
static const struct pairs_kernel *pairs_here(void)
{
    if (onednn_vectors() >= ONEDNN_TILES && pairs_tiles.is_here())
        return &pairs_tiles;
    return pairs_vectors.is_here() ? &pairs_vectors : NULL;
}

struct product_way products_way(enum products products,
                                enum precision precision)
{
    struct err own = { 0 };
    struct product_way w = { .is_own = products == PRODUCTS_OWN,
                             .rounds = precision == PRECISION_BFLOAT16 };
    if (!products_want_onednn(products) || onednn_load(&own) != OK)
        return w;
    w.is_onednn = products == PRODUCTS_ONEDNN || is_onednn_better();
    w.is_native =
        w.is_onednn && w.rounds && onednn_vectors() >= ONEDNN_BFLOAT16;
    w.pairs = w.is_native ? pairs_here() : NULL;
    return w;
}

int products_start(enum products products, struct err *e)
{
    struct err own = { 0 };
    if (!products_want_onednn(products) || onednn_load(&own) == OK)
        return OK;
    if (own.code == ERR_MEMORY)
        return err_set(e, ERR_MEMORY, "%s: raise the limit (ulimit -v)",
                       own.text);
    if (products == PRODUCTS_AUTO)
        return OK;
    return err_set(e, ERR_TOOL,
                   "train.products = onednn: %s, or set train.products = "
                   "openblas; a run that began with onednn cannot go on so, "
                   "only be read",
                   own.text);
}

const struct gemm *products_gemm(struct product_way w)
{
    return w.is_own ? &gemm_own : &gemm_openblas;
}

const char *product_library(struct product_way w)
{
    return w.is_onednn ? onednn_name() : w.is_own ? GEMM_OWN_NAME : "OpenBLAS";
}

const char *product_precision(struct product_way w)
{
    return !w.rounds     ? "float32"
           : w.is_native ? "bfloat16"
                         : "bfloat16, rounded in software";
}

const char *product_remark(enum products products, struct product_way w)
{
    /* Static, as the library is of which it tells (onednn.c) */
    static char broken[ERR_TEXT_MAX];
    if (products == PRODUCTS_AUTO && onednn_fault()) {
        snprintf(broken, sizeof broken,
                 "train.products = auto takes OpenBLAS, for the oneDNN that "
                 "is here is broken: %s",
                 onednn_fault());
        return broken;
    }
    if (!w.rounds || w.is_native)
        return NULL;
    return !products_want_onednn(products)
               ? "bfloat16 is rounded in software, which is slower than "
                 "float32: train.products = auto leaves it to the processor "
                 "where oneDNN can"
               : "bfloat16 is rounded in software, which is slower than "
                 "float32: there is no oneDNN, or this processor does not "
                 "multiply such numbers";
}
