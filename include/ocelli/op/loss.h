/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/loss.h
 * Losses: how far a prediction is from what was wanted, one number for each sample (or one for all).
 *
 * Ops: "softmax_cross_entropy" (logits, labels) and its gradient "softmax_cross_entropy_bwd" (logits, labels, diff_dst).
 * The mean squared error is made of elementwise ops.
 */
#ifndef OCELLI_OP_LOSS_H
#define OCELLI_OP_LOSS_H

#include <ocelli/graph.h>

OC_BEGIN

/**
 * Cross-entropy of softmax(logits) along the last axis, in nats.
 * @param logits (N, classes).
 * @param labels (N) of i64 or i32: class numbers in [0, classes), any other gives NaN; or (N, classes) of f32: probabilities.
 * @return (N): -log softmax(logits)[label], or -sum of label * log softmax(logits).
 */
OC_EXPORT oc_value *oc_softmax_cross_entropy(oc_graph *graph, oc_value *logits, oc_value *labels, oc_error *err);
/** The mean over all elements of (a - b)^2: a scalar. */
OC_EXPORT oc_value *oc_mse(oc_graph *graph, oc_value *a, oc_value *b, oc_error *err);

OC_END

#endif
