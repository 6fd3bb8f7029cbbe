/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/loss.h
 * Losses: how far a prediction is from what was wanted, one number for each sample (or one for all).
 *
 * Ops: "softmax_cross_entropy" (logits, labels) and its gradient "softmax_cross_entropy_bwd" (logits, labels, diff_dst).
 * The others are made of elementwise ops, reductions and gathering.
 */
#ifndef OCELLI_OP_LOSS_H
#define OCELLI_OP_LOSS_H

#include <ocelli/graph.h>

/** What becomes of the losses of all labels. */
typedef enum oc_reduction {
    OC_REDUCTION_MEAN = 0, /**< Their sum by the sum of the weights. */
    OC_REDUCTION_SUM = 1,
    OC_REDUCTION_NONE = 2
} oc_reduction;

typedef struct oc_nll_params {
    oc_reduction reduction; /**< Default: the mean. */
    bool ignore;            /**< Labels that are `ignored` have weight 0. */
    int64_t ignored;        /**< Any number. */
} oc_nll_params;
/** Named arguments: &oc_nll_params(.reduction = OC_REDUCTION_SUM). */
#define oc_nll_params(...) ((oc_nll_params){__VA_ARGS__})

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

/**
 * Negative log likelihood: -log_probs[n, label, ...] times the label's weight.
 * @param log_probs (N, classes, spatial...). @param labels (N, spatial...) of i64 or i32 in [0, classes), held to it.
 * @param class_weights (classes); NULL: 1. @param params NULL: defaults.
 */
OC_EXPORT oc_value *oc_nll_loss(oc_graph *graph, oc_value *log_probs, oc_value *labels, oc_value *class_weights,
                                const oc_nll_params *params, oc_error *err);
/** The same of log_softmax(logits) along axis 1: cross-entropy of images too. */
OC_EXPORT oc_value *oc_cross_entropy(oc_graph *graph, oc_value *logits, oc_value *labels, oc_value *class_weights,
                                     const oc_nll_params *params, oc_error *err);
/** The mean of |a - b|. */
OC_EXPORT oc_value *oc_mean_absolute_error(oc_graph *graph, oc_value *a, oc_value *b, oc_error *err);
/** The mean of d^2 / 2 for d = |a - b| up to delta, of delta (d - delta / 2) beyond. */
OC_EXPORT oc_value *oc_huber(oc_graph *graph, oc_value *a, oc_value *b, double delta, oc_error *err);
/** The mean of max(0, 1 - scores * targets). @param targets -1 or 1. */
OC_EXPORT oc_value *oc_hinge(oc_graph *graph, oc_value *scores, oc_value *targets, oc_error *err);
/** The mean of max(0, -scores * targets). @param targets -1 or 1. */
OC_EXPORT oc_value *oc_perceptron_loss(oc_graph *graph, oc_value *scores, oc_value *targets, oc_error *err);
/** The mean of -t log p - (1 - t) log(1 - p). */
OC_EXPORT oc_value *oc_binary_cross_entropy(oc_graph *graph, oc_value *probabilities, oc_value *targets, oc_error *err);
/** The same of p = sigmoid(logits), for any logits. */
OC_EXPORT oc_value *oc_binary_cross_entropy_logits(oc_graph *graph, oc_value *logits, oc_value *targets, oc_error *err);
/** The sum of p (log p - log q), 0 where p is 0. */
OC_EXPORT oc_value *oc_kl_divergence(oc_graph *graph, oc_value *p, oc_value *log_q, oc_error *err);
/** From a diagonal Gaussian to the unit Gaussian: the sum of (exp(v) + m^2 - 1 - v) / 2. */
OC_EXPORT oc_value *oc_kl_gaussian(oc_graph *graph, oc_value *mean, oc_value *log_variance, oc_error *err);

OC_END

#endif
