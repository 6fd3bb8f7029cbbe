/* SPDX-License-Identifier: Apache-2.0 */
/* Losses that are made of nodes. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>
#include <ocelli/op/softmax.h>

#include "op/loss.h"
#include "tensor/tensor.h"

static oc_value *number(oc_graph *graph, const oc_value *like, double value, oc_error *err) {
    return like ? oc_graph_scalar(graph, like->dtype, value, err) : NULL;
}

static oc_value *reduced(oc_graph *graph, oc_value *losses, oc_value *weights, oc_reduction reduction, oc_error *err) {
    if (reduction == OC_REDUCTION_NONE)
        return losses;
    if (reduction == OC_REDUCTION_SUM)
        return oc_reduce_sum(graph, losses, NULL, err);
    if (!weights)
        return oc_reduce_mean(graph, losses, NULL, err);
    return oc_div(graph, oc_reduce_sum(graph, losses, NULL, err), oc_reduce_sum(graph, weights, NULL, err), err);
}

/* log_probs[n, labels[n, …], …] */
static oc_value *picked(oc_graph *graph, oc_value *log_probs, oc_value *labels, oc_error *err) {
    oc_reshape_params apart = {.rank = labels->shape.rank + 1};
    for (int i = 0; i < apart.rank; i++)
        apart.dims[i] = i == 1 ? 1 : OC_RESHAPE_AXIS(i - (i > 1));
    oc_value *indices = oc__graph_node1(graph, &oc__op_reshape, &apart, &labels, 1, err);
    return oc_reshape_like(graph, oc_gather_elements(graph, log_probs, indices, 1, err), labels, err);
}

/* What all classes share: the sum of -log_probs along axis 1, times the classes' weights. */
static oc_value *of_all_classes(oc_graph *graph, oc_value *log_probs, oc_value *class_weights, oc_error *err) {
    oc_reshape_params column = {.dims = {OC_RESHAPE_AXIS(0)}, .rank = log_probs->shape.rank - 1};
    for (int i = 1; i < column.rank; i++)
        column.dims[i] = 1;
    if (class_weights)
        log_probs = oc_mul(graph, log_probs, oc__graph_node1(graph, &oc__op_reshape, &column, &class_weights, 1, err), err);
    return oc_neg(graph, oc_reduce_sum(graph, log_probs, &(oc_reduce_params){.axes = {1}, .axis_count = 1}, err), err);
}

/* own * losses + each * of_all_classes(), which has the label's own loss in it. */
static oc_value *smoothed(oc_graph *graph, oc_value *losses, oc_value *log_probs, oc_value *class_weights,
                          const oc_nll_params *params,
                          oc_error *err) {
    double classes = (double)log_probs->shape.dims[1], each = params->smoothing / classes, own = 1 - params->smoothing;
    if (params->convention == OC_SMOOTHING_OTHERS) {
        each = params->smoothing / (classes - 1);
        own -= each;
    }
    if (log_probs->shape.dims[1] < 2 || !(params->smoothing > 0 && params->smoothing < 1))
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "nll_loss: smoothing %g of %lld classes", params->smoothing,
                              (long long)log_probs->shape.dims[1]);
    oc_value *others = of_all_classes(graph, log_probs, class_weights, err);
    return oc_add(graph, oc_mul(graph, losses, number(graph, losses, own, err), err),
                  oc_mul(graph, others, number(graph, others, each, err), err), err);
}

/* Whether a label of this type can be that number. */
static bool can_be(oc_dtype dtype, int64_t label) {
    uint64_t memory = 0;
    oc__element_set(dtype, &memory, 0, (double)label);
    return oc__element_get(dtype, &memory, 0) == (double)label;
}

oc_value *oc_nll_loss(oc_graph *graph, oc_value *log_probs, oc_value *labels, oc_value *class_weights, const oc_nll_params *params,
                      oc_error *err) {
    oc_nll_params own = params ? *params : (oc_nll_params){0};
    oc_value *kept = NULL, *weights = NULL, *zero;
    if (!log_probs || !labels)
        return oc__graph_pass_error(graph, err);
    if (labels->shape.rank + 1 != log_probs->shape.rank || labels->shape.rank < 1 || labels->shape.rank == OC_MAX_RANK)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "nll_loss: labels have %d axes, log-probabilities %d; they have one less",
                              labels->shape.rank, log_probs->shape.rank);
    if (own.ignore && can_be(labels->dtype, own.ignored)) {
        kept = oc_logical_not(graph, oc_equal(graph, labels, number(graph, labels, (double)own.ignored, err), err), err);
        labels = oc_where(graph, kept, labels, number(graph, labels, 0, err), err);
    }
    oc_value *losses = labels ? oc_neg(graph, picked(graph, log_probs, labels, err), err) : NULL;
    zero = number(graph, losses, 0, err);
    if (class_weights) {
        weights = oc_gather(graph, class_weights, labels, 0, err);
        losses = oc_mul(graph, losses, weights, err);
    }
    if (own.smoothing != 0)
        losses = smoothed(graph, losses, log_probs, class_weights, &own, err);
    if (kept) {
        weights = oc_where(graph, kept, weights ? weights : number(graph, losses, 1, err), zero, err);
        losses = oc_where(graph, kept, losses, zero, err);
    }
    return reduced(graph, losses, weights, own.reduction, err);
}

oc_value *oc_cross_entropy(oc_graph *graph, oc_value *logits, oc_value *labels, oc_value *class_weights, const oc_nll_params *params,
                           oc_error *err) {
    return oc_nll_loss(graph, oc_log_softmax(graph, logits, 1, err), labels, class_weights, params, err);
}

oc_value *oc_mean_absolute_error(oc_graph *graph, oc_value *a, oc_value *b, oc_error *err) {
    return oc_reduce_mean(graph, oc_abs(graph, oc_sub(graph, a, b, err), err), NULL, err);
}

/* delta (|d| - delta / 2) beyond delta; with c = min(|d|, delta) that is c (|d| - c / 2) everywhere. */
oc_value *oc_huber(oc_graph *graph, oc_value *a, oc_value *b, double delta, oc_error *err) {
    oc_value *distance = oc_abs(graph, oc_sub(graph, a, b, err), err);
    oc_value *near = oc_min(graph, distance, number(graph, distance, delta, err), err);
    oc_value *rest = oc_sub(graph, distance, oc_mul(graph, near, number(graph, near, 0.5, err), err), err);
    return oc_reduce_mean(graph, oc_mul(graph, near, rest, err), NULL, err);
}

/* max(0, margin - y t), t in -1, 1 */
static oc_value *margin_loss(oc_graph *graph, oc_value *y, oc_value *t, double margin, oc_error *err) {
    oc_value *product = oc_mul(graph, y, t, err);
    return oc_reduce_mean(graph, oc_relu(graph, oc_sub(graph, number(graph, product, margin, err), product, err), err), NULL, err);
}

oc_value *oc_hinge(oc_graph *graph, oc_value *scores, oc_value *targets, oc_error *err) {
    return margin_loss(graph, scores, targets, 1, err);
}

oc_value *oc_perceptron_loss(oc_graph *graph, oc_value *scores, oc_value *targets, oc_error *err) {
    return margin_loss(graph, scores, targets, 0, err);
}

/* -log of probabilities, which are held above the smallest number of f32 */
oc_value *oc_binary_cross_entropy(oc_graph *graph, oc_value *probabilities, oc_value *targets, oc_error *err) {
    oc_value *one = number(graph, probabilities, 1, err), *least = number(graph, probabilities, 1.2e-38, err);
    oc_value *yes = oc_ln(graph, oc_max(graph, probabilities, least, err), err);
    oc_value *no = oc_ln(graph, oc_max(graph, oc_sub(graph, one, probabilities, err), least, err), err);
    oc_value *sum = oc_add(graph, oc_mul(graph, targets, yes, err), oc_mul(graph, oc_sub(graph, one, targets, err), no, err), err);
    return oc_neg(graph, oc_reduce_mean(graph, sum, NULL, err), err);
}

/* softplus(x) - x t */
oc_value *oc_binary_cross_entropy_logits(oc_graph *graph, oc_value *logits, oc_value *targets, oc_error *err) {
    oc_value *losses = oc_sub(graph, oc_softplus(graph, logits, err), oc_mul(graph, logits, targets, err), err);
    return oc_reduce_mean(graph, losses, NULL, err);
}

/* sum of p (log p - log q), 0 where p = 0 */
oc_value *oc_kl_divergence(oc_graph *graph, oc_value *p, oc_value *log_q, oc_error *err) {
    oc_value *zero = number(graph, p, 0, err), *one = number(graph, p, 1, err), *some = oc_greater(graph, p, zero, err);
    oc_value *log_p = oc_ln(graph, oc_where(graph, some, p, one, err), err);
    oc_value *terms = oc_mul(graph, p, oc_sub(graph, log_p, log_q, err), err);
    return oc_reduce_sum(graph, oc_where(graph, some, terms, zero, err), NULL, err);
}

/* (exp(v) + m^2 - 1 - v) / 2, v the logarithm of the variance */
oc_value *oc_kl_gaussian(oc_graph *graph, oc_value *mean, oc_value *log_variance, oc_error *err) {
    oc_value *sum = oc_add(graph, oc_exp(graph, log_variance, err), oc_mul(graph, mean, mean, err), err);
    sum = oc_sub(graph, oc_sub(graph, sum, log_variance, err), number(graph, mean, 1, err), err);
    return oc_mul(graph, oc_reduce_sum(graph, sum, NULL, err), number(graph, mean, 0.5, err), err);
}
