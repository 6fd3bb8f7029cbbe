/* SPDX-License-Identifier: Apache-2.0 */
/* Distances of distributions and of images, and penalties. */
#include <math.h>

#include <ocelli/op/det.h>
#include <ocelli/op/eltwise.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/loss.h"

typedef oc_value V;

static V *times(oc_graph *graph, V *x, double factor, oc_error *err) {
    return x ? oc_mul(graph, x, oc_graph_scalar(graph, x->dtype, factor, err), err) : NULL;
}

static V *total(oc_graph *graph, V *x, oc_error *err) {
    return oc_reduce_sum(graph, x, NULL, err);
}

static V *square(oc_graph *graph, V *x, oc_error *err) {
    return oc_mul(graph, x, x, err);
}

/* (tr(S1^-1 S0) + d^T S1^-1 d - k + ln det S1 - ln det S0) / 2, d the difference of the means */
V *oc_kl_gaussians(oc_graph *graph, V *mean0, V *covariance0, V *mean1, V *covariance1, oc_error *err) {
    if (!mean0 || !covariance0 || !mean1 || !covariance1)
        return oc__graph_pass_error(graph, err);
    int64_t k = mean0->shape.rank == 2 ? mean0->shape.dims[1] : -1;
    if (k < 1 || covariance0->shape.rank != 3 || covariance0->shape.dims[2] != k ||
        !oc_shape_equal(&mean0->shape, &mean1->shape) ||
        !oc_shape_equal(&covariance0->shape, &covariance1->shape))
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "kl_gaussians: it takes means (N, k) and covariances (N, k, k)");
    const oc_reshape_params row = {.dims = {OC_RESHAPE_AXIS(0), 1, k}, .rank = 3};
    const int32_t turned[3] = {0, 2, 1};
    V *inverse = oc_inverse(graph, covariance1, err), *d = oc_sub(graph, mean0, mean1, err);
    V *rows = oc__graph_node1(graph, &oc__op_reshape, &row, &d, 1, err);
    V *trace = total(graph, oc_mul(graph, oc_transpose(graph, inverse, turned, err), covariance0, err), err);
    V *distance = total(graph, oc_mul(graph, oc_matmul(graph, rows, inverse, NULL, err), rows, err), err);
    V *volumes = oc_sub(graph, oc_ln(graph, oc_det(graph, covariance1, err), err),
                        oc_ln(graph, oc_det(graph, covariance0, err), err), err);
    if (!volumes)
        return oc__graph_pass_error(graph, err);
    V *rest = total(graph, oc_sub(graph, volumes, oc_graph_scalar(graph, volumes->dtype, (double)k, err), err), err);
    return times(graph, oc_add(graph, oc_add(graph, trace, distance, err), rest, err), 0.5, err);
}

V *oc_kl_sparsity(oc_graph *graph, V *activations, double target, oc_error *err) {
    if (!activations)
        return oc__graph_pass_error(graph, err);
    if (activations->shape.rank < 1 || !(target > 0 && target < 1))
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "kl_sparsity: it takes (N, ...) and a target between 0 and 1");
    V *mean = oc_reduce_mean(graph, activations, &(oc_reduce_params){.axes = {0}, .axis_count = 1}, err);
    V *one = oc_graph_scalar(graph, activations->dtype, 1, err);
    V *on = times(graph, oc_ln(graph, mean, err), -target, err);
    V *off = times(graph, oc_ln(graph, oc_sub(graph, one, mean, err), err), target - 1, err);
    V *own = oc_graph_scalar(graph, activations->dtype, target * log(target) + (1 - target) * log(1 - target), err);
    return total(graph, oc_add(graph, oc_add(graph, on, off, err), own, err), err);
}

V *oc_gram(oc_graph *graph, V *features, oc_error *err) {
    const oc_reshape_params rows = {.dims = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1), -1}, .rank = 3};
    int64_t count = 1;
    if (!features)
        return oc__graph_pass_error(graph, err);
    bool fits = features->shape.rank >= 3;
    for (int i = 1; i < features->shape.rank && fits; i++)
        fits = features->shape.dims[i] >= 1 && oc__mul_i64(count, features->shape.dims[i], &count);
    if (!fits)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "gram: it takes (N, C, axes...), sizes but N numbers");
    V *flat = oc__graph_node1(graph, &oc__op_reshape, &rows, &features, 1, err);
    V *product = oc_matmul(graph, flat, flat, &oc_matmul_params(.trans_b = true), err);
    return times(graph, product, 1 / (double)count, err);
}

V *oc_style_distance(oc_graph *graph, V *a, V *b, oc_error *err) {
    return oc_mse(graph, oc_gram(graph, a, err), oc_gram(graph, b, err), err);
}

/* Differences along an axis: all but the first less all but the last. */
static V *steps_along(oc_graph *graph, V *x, int axis, oc_error *err) {
    oc_slice_params later = {.begin = {0}}, earlier = {.begin = {0}};
    later.begin[axis] = 1;
    later.end[axis] = INT64_MAX;
    earlier.end[axis] = -1;
    later.step[axis] = earlier.step[axis] = 1;
    return oc_sub(graph, oc_slice(graph, x, &later, err), oc_slice(graph, x, &earlier, err), err);
}

V *oc_total_variation(oc_graph *graph, V *images, bool squared, oc_error *err) {
    V *sum = NULL;
    if (!images)
        return oc__graph_pass_error(graph, err);
    if (images->shape.rank < 3)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "total_variation: %d axes; it takes (N, C, spatial axes)",
                              images->shape.rank);
    for (int i = 2; i < images->shape.rank; i++) {
        V *steps = steps_along(graph, images, i, err);
        V *part = total(graph, squared ? square(graph, steps, err) : oc_abs(graph, steps, err), err);
        sum = sum ? oc_add(graph, sum, part, err) : part;
    }
    return sum;
}

static V *penalty(oc_graph *graph, V *const *values, size_t count, double factor, bool squares, oc_error *err) {
    V *sum = NULL;
    if (count == 0)
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "a penalty on nothing");
    for (size_t i = 0; i < count; i++) {
        if (!values[i])
            return oc__graph_pass_error(graph, err);
        V *part = total(graph, squares ? square(graph, values[i], err) : oc_abs(graph, values[i], err), err);
        sum = sum ? oc_add(graph, sum, part, err) : part;
    }
    return times(graph, sum, factor, err);
}

V *oc_penalty_l1(oc_graph *graph, V *const *values, size_t count, double factor, oc_error *err) {
    return penalty(graph, values, count, factor, false, err);
}

V *oc_penalty_l2(oc_graph *graph, V *const *values, size_t count, double factor, oc_error *err) {
    return penalty(graph, values, count, factor, true, err);
}
