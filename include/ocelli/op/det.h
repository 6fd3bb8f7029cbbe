/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/det.h
 * Determinants and inverses. Ops: "inverse", "det", and "cofactor", which is its gradient: element (i, j) is (-1)^(i+j) times
 * the determinant of the
 * matrix
 * without row i and column j, so singular matrices have one too.
 */
#ifndef OCELLI_OP_DET_H
#define OCELLI_OP_DET_H

#include <ocelli/graph.h>

OC_BEGIN

/**
 * The determinants of square matrices, by elimination with partial pivoting, in the operand's precision (f32 at least).
 * @param x (..., n, n), floating-point. @return (...); 1 for n = 0.
 */
OC_EXPORT oc_value *oc_det(oc_graph *graph, oc_value *x, oc_error *err);
/**
 * The inverses of square matrices, by elimination with partial pivoting; infinite or NaN where a matrix has none.
 * @param x (..., n, n), floating-point. @return its shape.
 */
OC_EXPORT oc_value *oc_inverse(oc_graph *graph, oc_value *x, oc_error *err);

OC_END

#endif
