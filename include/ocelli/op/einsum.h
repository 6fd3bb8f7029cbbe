/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/einsum.h
 * Sums of products by Einstein's convention, made of transposes, sums and matrix products.
 */
#ifndef OCELLI_OP_EINSUM_H
#define OCELLI_OP_EINSUM_H

#include <ocelli/graph.h>

OC_BEGIN

/**
 * The product of all operands, summed over the axes whose letters the result does not have.
 * @param equation such as "bij,bjk->bik": a letter an axis; "..." stands for the same axes everywhere; without "->" the result has
 *        the axes that appear once, in alphabetical order. A letter that an operand has twice takes its diagonal.
 * @param values numbers of one type, `count` of them (1 to 8), of sizes that are numbers.
 */
OC_EXPORT oc_value *oc_einsum(oc_graph *graph, const char *equation, oc_value *const *values, size_t count, oc_error *err);

OC_END

#endif
