/* SPDX-License-Identifier: Apache-2.0 */
/* Normalizations that are made of nodes: layer, instance, group, root mean square, mean-variance, Lp. */
#include <string.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/norm.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/norm/norm.h"

static oc_reduce_params axes_from(int axis, int rank) {
    oc_reduce_params params = {.keep_dims = true};
    for (int i = axis; i < rank; i++)
        params.axes[params.axis_count++] = i;
    return params;
}

static oc_value *number(oc_graph *graph, const oc_value *like, double value, oc_error *err) {
    return like ? oc_graph_scalar(graph, like->dtype, value, err) : NULL;
}

/* 1 / sqrt(mean of squares + epsilon) */
static oc_value *inverse_deviation(oc_graph *graph, oc_value *x, const oc_reduce_params *axes, double epsilon, oc_error *err) {
    oc_value *variance = oc_reduce_mean(graph, oc_mul(graph, x, x, err), axes, err);
    oc_value *sum = oc_add(graph, variance, number(graph, variance, epsilon, err), err);
    return oc_reciprocal(graph, oc_sqrt(graph, sum, err), err);
}

oc_value *oc__normalized(oc_graph *graph, oc_value *x, const oc_reduce_params *axes, double epsilon, oc_value **mean,
                         oc_value **inverse, oc_error *err) {
    oc_value *own_mean = oc_reduce_mean(graph, x, axes, err), *centered = oc_sub(graph, x, own_mean, err);
    oc_value *own_inverse = inverse_deviation(graph, centered, axes, epsilon, err);
    if (mean)
        *mean = own_mean;
    if (inverse)
        *inverse = own_inverse;
    return oc_mul(graph, centered, own_inverse, err);
}

static oc_value *scaled(oc_graph *graph, oc_value *x, oc_value *scale, oc_value *bias, oc_error *err) {
    x = scale ? oc_mul(graph, x, scale, err) : x;
    return bias ? oc_add(graph, x, bias, err) : x;
}

oc_value *oc__norm_by_channel(oc_graph *graph, oc_value *x, int rank, oc_error *err) {
    oc_shape shape = {.rank = rank - 1};
    if (!x)
        return NULL;
    for (int i = 0; i < rank - 1; i++)
        shape.dims[i] = i ? 1 : -1;
    return oc_reshape(graph, x, &shape, err);
}

oc_value *oc_layer_norm(oc_graph *graph, oc_value *x, oc_value *scale, oc_value *bias, int64_t axis, double epsilon, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    int rank = x->shape.rank, first = (int)(axis < 0 ? axis + rank : axis);
    if (first < 0 || first >= rank)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "layer_norm: axis %lld of %d axes", (long long)axis, rank);
    oc_reduce_params axes = axes_from(first, rank);
    return scaled(graph, oc__normalized(graph, x, &axes, epsilon, NULL, NULL, err), scale, bias, err);
}

oc_value *oc_rms_norm(oc_graph *graph, oc_value *x, oc_value *scale, int64_t axis, double epsilon, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    int rank = x->shape.rank, first = (int)(axis < 0 ? axis + rank : axis);
    if (first < 0 || first >= rank)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "rms_norm: axis %lld of %d axes", (long long)axis, rank);
    oc_reduce_params axes = axes_from(first, rank);
    return scaled(graph, oc_mul(graph, x, inverse_deviation(graph, x, &axes, epsilon, err), err), scale, NULL, err);
}

oc_value *oc_instance_norm(oc_graph *graph, oc_value *x, oc_value *scale, oc_value *bias, double epsilon, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    int rank = x->shape.rank;
    if (rank < 3)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "instance_norm: %d axes; it takes (N, C, spatial axes)", rank);
    oc_reduce_params axes = axes_from(2, rank);
    oc_value *y = oc__normalized(graph, x, &axes, epsilon, NULL, NULL, err);
    return scaled(graph, y, oc__norm_by_channel(graph, scale, rank, err), oc__norm_by_channel(graph, bias, rank, err), err);
}

oc_value *oc_group_norm(oc_graph *graph, oc_value *x, oc_value *scale, oc_value *bias, int64_t groups, double epsilon, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    int rank = x->shape.rank;
    int64_t channels = rank > 1 ? x->shape.dims[1] : -1;
    if (groups < 1 || channels < 0 || channels % groups)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "group_norm: %lld groups of %lld channels", (long long)groups, (long long)channels);
    oc_reshape_params apart = {.dims = {OC_RESHAPE_AXIS(0), groups, -1}, .rank = 3};
    oc_reduce_params axes = axes_from(2, 3);
    oc_value *grouped = oc__graph_node1(graph, &oc__op_reshape, &apart, &x, 1, err);
    oc_value *y = oc_reshape_like(graph, oc__normalized(graph, grouped, &axes, epsilon, NULL, NULL, err), x, err);
    return scaled(graph, y, oc__norm_by_channel(graph, scale, rank, err), oc__norm_by_channel(graph, bias, rank, err), err);
}

oc_value *oc_mean_variance_norm(oc_graph *graph, oc_value *x, const oc_reduce_params *axes, double epsilon, oc_error *err) {
    oc_reduce_params own = axes ? *axes : (oc_reduce_params){0};
    own.keep_dims = true;
    oc_value *centered = oc_sub(graph, x, oc_reduce_mean(graph, x, &own, err), err);
    oc_value *deviation = oc_sqrt(graph, oc_reduce_mean(graph, oc_mul(graph, centered, centered, err), &own, err), err);
    return oc_div(graph, centered, oc_add(graph, deviation, number(graph, deviation, epsilon, err), err), err);
}

oc_value *oc_lp_norm(oc_graph *graph, oc_value *x, int64_t axis, int p, oc_error *err) {
    oc_reduce_params own = {.axes = {axis}, .axis_count = 1, .keep_dims = true};
    if (p != 1 && p != 2)
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "lp_norm: p is %d; 1 and 2 are possible", p);
    oc_value *sum = p == 1 ? oc_reduce_l1(graph, x, &own, err) : oc_reduce_sum_square(graph, x, &own, err);
    if (!sum)
        return NULL;
    oc_value *zero = oc_graph_scalar(graph, x->dtype, 0, err), *one = oc_graph_scalar(graph, x->dtype, 1, err);
    sum = oc_where(graph, oc_equal(graph, sum, zero, err), one, sum, err); /* before the root, whose slope is infinite there */
    return oc_div(graph, x, p == 1 ? sum : oc_sqrt(graph, sum, err), err);
}
