/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/matmul.h
 * Matrix product, batched, with numpy's broadcasting of the batch axes. Op: "matmul" (a, b, bias or nothing).
 *
 *     dst[..., m, n] = sum over k of a[..., m, k] * b[..., k, n] + bias[n]
 */
#ifndef OCELLI_OP_MATMUL_H
#define OCELLI_OP_MATMUL_H

#include <ocelli/graph.h>

/** Which operands are transposed. */
typedef struct oc_matmul_params {
    bool trans_a; /**< a is (..., K, M). */
    bool trans_b; /**< b is (..., N, K). */
} oc_matmul_params;
/** Named arguments: &oc_matmul_params(.trans_b = true). */
#define oc_matmul_params(...) ((oc_matmul_params){__VA_ARGS__})

OC_BEGIN

/**
 * @param a (..., M, K), or (K): then the result has no M axis.
 * @param b (..., K, N), or (K): then the result has no N axis.
 * @param params NULL: no transposes.
 * @return (..., M, N).
 */
OC_EXPORT oc_value *oc_matmul(oc_graph *graph, oc_value *a, oc_value *b, const oc_matmul_params *params, oc_error *err);
/**
 * A fully connected layer: src (..., K) times weights (K, N), or (N, K) with params->trans_b, plus bias (N).
 * @param bias may be NULL.
 */
OC_EXPORT oc_value *oc_linear(oc_graph *graph, oc_value *src, oc_value *weights, oc_value *bias,
                              const oc_matmul_params *params, oc_error *err);

OC_END

#endif
