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

/** What smoothed labels are: which classes share what the label gives away. */
typedef enum oc_smoothing {
    OC_SMOOTHING_ALL = 0,   /**< All, the label too: 1 - smoothing + smoothing / classes, and smoothing / classes (PyTorch,
                                                                                                                   Keras). */
    OC_SMOOTHING_OTHERS = 1 /**< The others: 1 - smoothing, and smoothing / (classes - 1). */
} oc_smoothing;

/** Of the losses of classes. */
typedef struct oc_nll_params {
    oc_reduction reduction; /**< Default: the mean. */
    bool ignore;            /**< Labels that are `ignored` have weight 0. */
    int64_t ignored;        /**< Any number. */
    double smoothing;       /**< In [0, 1): so much of a label goes to other classes, each times its weight (Szegedy et al. 2016). */
    oc_smoothing convention; /**< What smoothing means. */
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
/**
 * From one Gaussian to another, summed over N: (tr(S1^-1 S0) + d^T S1^-1 d - k + ln det S1 - ln det S0) / 2, d = mean0 - mean1.
 * @param mean0, mean1 (N, k), k a number. @param covariance0, covariance1 (N, k, k), positive definite.
 */
OC_EXPORT oc_value *oc_kl_gaussians(oc_graph *graph, oc_value *mean0, oc_value *covariance0, oc_value *mean1,
                                    oc_value *covariance1,
                                    oc_error *err);
/**
 * From a target activation r to each unit's mean m over the batch, summed: r ln(r / m) + (1 - r) ln((1 - r) / (1 - m)).
 * @param activations (N, ...) in (0, 1). @param target in (0, 1).
 */
OC_EXPORT oc_value *oc_kl_sparsity(oc_graph *graph, oc_value *activations, double target, oc_error *err);
/** Products of all pairs of channels, over C * pixels. @param features (N, C, spatial...), sizes but N numbers. @return (N, C,
 * C). */
OC_EXPORT oc_value *oc_gram(oc_graph *graph, oc_value *features, oc_error *err);
/** The mean of the squares of the Gram matrices' difference (Gatys et al. 2016). */
OC_EXPORT oc_value *oc_style_distance(oc_graph *graph, oc_value *a, oc_value *b, oc_error *err);
/** The sum of |differences| of neighbours along each spatial axis, or of their squares. @param images (N, C, spatial...). */
OC_EXPORT oc_value *oc_total_variation(oc_graph *graph, oc_value *images, bool squared, oc_error *err);
/** factor times the sum of |elements| of some weights or activations: to be added to a loss. */
OC_EXPORT oc_value *oc_penalty_l1(oc_graph *graph, oc_value *const *values, size_t count, double factor, oc_error *err);
/** factor times the sum of their squares (half of that is what weight decay of the same factor follows from). */
OC_EXPORT oc_value *oc_penalty_l2(oc_graph *graph, oc_value *const *values, size_t count, double factor, oc_error *err);

OC_END

#endif
