/* products.h - by whom, and in which precision, the large products of a pass
 * are made: those of activations with weights, and those of attention. The
 * first are a library's, or of kernels of our own (kern/gemm_own.h), which then
 * make an optimizer's, too.
 *
 * With bfloat16 the operands are rounded (kern/bfloat16.h); what comes out, and
 * is added up, is float32. Processors that multiply such numbers do so by
 * oneDNN, in attention by kern/pairs.h; elsewhere rounded operands are kept as
 * float32 and multiplied as these are, which gives the same sums in another
 * order.
 */
#ifndef SINKLAB_PRODUCTS_H
#define SINKLAB_PRODUCTS_H

#include "base/base.h"
#include "base/err.h"
#include "kern/gemm.h"
#include "kern/pairs.h"

/* KEEP WITH: products_name. Zero: what there always is. */
enum products {
    PRODUCTS_OPENBLAS,
    PRODUCTS_ONEDNN,
    PRODUCTS_AUTO,
    PRODUCTS_OWN,
};
enum precision { PRECISION_FLOAT32, PRECISION_BFLOAT16 };

/* Names of the above as keys have them, NULL past the end. */
const char *products_name(int i);
const char *precision_name(int i);

/* What that comes to here. Zeroed: float32 by OpenBLAS. */
struct product_way {
    bool is_onednn, is_own; /* at most one */
    bool rounds;            /* operands, to bfloat16 */
    bool is_native;         /* and these are multiplied in 16 bits, by oneDNN */
    const struct pairs_kernel *pairs; /* the same of attention's, by this one;
                                         NULL: not in 16 bits */
};

/* products_way - what is asked for, decided by the processor and by which
 * libraries there are, never by a timing. It loads oneDNN if that is asked for;
 * what then fails, products_start tells. */
struct product_way products_way(enum products products,
                                enum precision precision);

/* Would a choice use oneDNN, where it is? */
bool products_want_onednn(enum products products);

/* products_start - have what products_way decides for. OK; ERR_TOOL: oneDNN is
 * asked for and not there, or broken; ERR_MEMORY. */
int products_start(enum products products, struct err *e);

/* Who makes products of float32 that oneDNN does not: optimizers', and those
 * with weights. */
const struct gemm *products_gemm(struct product_way w);

/* Bytes of a number of a rounded operand. */
static inline size_t product_number_bytes(struct product_way w)
{
    return w.is_native ? sizeof(uint16_t) : sizeof(real);
}

/* "OpenBLAS"; "oneDNN 2.6.3, avx512_core_bf16"; "own, vectors of 512 bits".
 * "float32"; "bfloat16, rounded in software": what decides bits. */
const char *product_library(struct product_way w);
const char *product_precision(struct product_way w);

/* What users should know of a way that `products` came to, with the remedy;
 * NULL: nothing. */
const char *product_remark(enum products products, struct product_way w);

#endif
