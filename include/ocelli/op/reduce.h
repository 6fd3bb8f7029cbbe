/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file op/reduce.h
 * Sums, means, maxima, minima and products over axes. Ops: "reduce_sum", "reduce_mean", "reduce_max", "reduce_min", "reduce_prod"; and "sum_to_like", the gradient of
 * broadcasting: sums a value down to the shape of another.
 */
#ifndef OCELLI_OP_REDUCE_H
#define OCELLI_OP_REDUCE_H

#include <ocelli/graph.h>

/** Which axes are reduced. */
typedef struct oc_reduce_params {
    int64_t axes[OC_MAX_RANK]; /**< The axes to reduce, negative ones counted from the end. */
    int32_t axis_count;        /**< Number of entries in axes. Default (0): all axes. */
    bool keep_dims;            /**< Reduced axes stay, with size 1. */
} oc_reduce_params;
/** Named arguments: &oc_reduce_params(.axes = {-1}, .axis_count = 1). */
#define oc_reduce_params(...) ((oc_reduce_params){__VA_ARGS__})

OC_BEGIN

/** The sum over axes; 0 over none. Floating-point sums accumulate in float32 at least, in a fixed order. */
OC_EXPORT oc_value *oc_reduce_sum(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** The mean over axes; NaN over none. */
OC_EXPORT oc_value *oc_reduce_mean(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** The maximum over axes; NaN if there is one among them; minus infinity over none. */
OC_EXPORT oc_value *oc_reduce_max(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** The minimum, likewise. */
OC_EXPORT oc_value *oc_reduce_min(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** The product; 1 over none. */
OC_EXPORT oc_value *oc_reduce_prod(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** The sum of absolute values: the norm L1. */
OC_EXPORT oc_value *oc_reduce_l1(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** The root of the sum of squares: the norm L2. */
OC_EXPORT oc_value *oc_reduce_l2(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** The sum of squares. */
OC_EXPORT oc_value *oc_reduce_sum_square(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** The logarithm of the sum. */
OC_EXPORT oc_value *oc_reduce_log_sum(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** log(sum(exp(x))), without overflow. */
OC_EXPORT oc_value *oc_reduce_log_sum_exp(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err);
/** Sums x over the axes in which `like` was broadcast to x; the result has the shape of `like`. */
OC_EXPORT oc_value *oc_sum_to_like(oc_graph *graph, oc_value *x, oc_value *like, oc_error *err);

OC_END

#endif
