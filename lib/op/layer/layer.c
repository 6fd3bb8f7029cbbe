/* SPDX-License-Identifier: Apache-2.0 */
/* Activations and layers that are made of nodes. */
#include <math.h>

#include <ocelli/op/matmul.h>
#include <ocelli/op/eltwise.h>
#include <ocelli/op/layer.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "op/room.h"

typedef oc_value V;

static V *number(oc_graph *graph, const V *like, double value, oc_error *err) {
    return like ? oc_graph_scalar(graph, like->dtype, value, err) : NULL;
}

/* The axis counted from the front, -1 if there is none; *size is its size, if that is a multiple of `of`. */
static int axis_of(const V *x, int64_t axis, int64_t of, int64_t *size) {
    int64_t at = axis < 0 ? axis + x->shape.rank : axis;
    *size = at >= 0 && at < x->shape.rank ? x->shape.dims[at] : -1;
    return *size >= 0 && of >= 1 && *size % of == 0 ? (int)at : -1;
}

V *oc_maxout(oc_graph *graph, V *x, int64_t axis, int64_t pieces, oc_error *err) {
    oc_reshape_params apart = {.rank = 0};
    int64_t size;
    if (!x)
        return oc__graph_pass_error(graph, err);
    int at = axis_of(x, axis, pieces, &size);
    if (at < 0 || x->shape.rank == OC_MAX_RANK)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "maxout: axis %lld of %lld elements does not fall into pieces of %lld", (long long)axis,
                              (long long)size, (long long)pieces);
    for (int i = 0; i < x->shape.rank; i++) {
        apart.dims[apart.rank++] = i == at ? size / pieces : OC_RESHAPE_AXIS(i);
        if (i == at)
            apart.dims[apart.rank++] = pieces;
    }
    V *parts = oc__graph_node1(graph, &oc__op_reshape, &apart, &x, 1, err);
    return oc_reduce_max(graph, parts, &(oc_reduce_params){.axes = {at + 1}, .axis_count = 1}, err);
}

static V *half_of(oc_graph *graph, V *x, int axis, int64_t begin, int64_t end, oc_error *err) {
    oc_slice_params part = {.begin = {0}};
    part.begin[axis] = begin;
    part.end[axis] = end;
    part.step[axis] = 1;
    return oc_slice(graph, x, &part, err);
}

V *oc_glu(oc_graph *graph, V *x, int64_t axis, oc_error *err) {
    int64_t size;
    if (!x)
        return oc__graph_pass_error(graph, err);
    int at = axis_of(x, axis, 2, &size);
    if (at < 0)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "glu: axis %lld of %lld elements has no halves", (long long)axis,
                              (long long)size);
    V *gate = oc_sigmoid(graph, half_of(graph, x, at, size / 2, size, err), err);
    return oc_mul(graph, half_of(graph, x, at, 0, size / 2, err), gate, err);
}

V *oc_stepped_sigmoid(oc_graph *graph, V *x, int64_t steps, oc_error *err) {
    V *sum = NULL;
    if (x && (steps < 1 || steps > 64))
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "stepped_sigmoid: %lld steps; 1 to 64 are possible",
                              (long long)steps);
    for (int64_t i = 1; x && i <= steps; i++) {
        V *part = oc_sigmoid(graph, oc_sub(graph, x, number(graph, x, (double)i - 0.5, err), err), err);
        sum = i > 1 ? oc_add(graph, sum, part, err) : part;
    }
    return x ? sum : oc__graph_pass_error(graph, err);
}

/* (a weights) is (N, O J); summed over J with b. */
V *oc_bilinear(oc_graph *graph, V *a, V *b, V *weights, V *bias, oc_error *err) {
    if (!a || !b || !weights)
        return oc__graph_pass_error(graph, err);
    const int64_t *w = weights->shape.dims;
    if (a->shape.rank != 2 || b->shape.rank != 2 || weights->shape.rank != 3 || a->shape.dims[1] != w[1] ||
        b->shape.dims[1] != w[2] ||
        w[0] < 0 || w[2] < 0)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "bilinear: it takes (N, I), (N, J) and weights (O, I, J)");
    const int32_t perm[3] = {1, 0, 2};
    const oc_reshape_params matrix = {.dims = {w[1], w[0] * w[2]},
                                      .rank = 2}, apart = {.dims = {OC_RESHAPE_AXIS(0), w[0], w[2]}, .rank = 3};
    const oc_reshape_params row = {.dims = {OC_RESHAPE_AXIS(0), 1, w[2]}, .rank = 3};
    V *flat = oc_transpose(graph, weights, perm, err), *across = oc__graph_node1(graph, &oc__op_reshape, &row, &b, 1, err);
    V *half = oc_matmul(graph, a, oc__graph_node1(graph, &oc__op_reshape, &matrix, &flat, 1, err), NULL, err);
    half = oc_mul(graph, oc__graph_node1(graph, &oc__op_reshape, &apart, &half, 1, err), across, err);
    V *y = oc_reduce_sum(graph, half, &(oc_reduce_params){.axes = {2}, .axis_count = 1}, err);
    return bias ? oc_add(graph, y, bias, err) : y;
}

V *oc_weight_norm(oc_graph *graph, V *direction, V *scale, oc_error *err) {
    oc_reduce_params others = {.keep_dims = true};
    oc_reshape_params column = {.dims = {OC_RESHAPE_AXIS(0)}, .rank = direction ? direction->shape.rank : 1};
    if (!direction || !scale)
        return oc__graph_pass_error(graph, err);
    if (direction->shape.rank < 2 || scale->shape.rank != 1 || scale->shape.dims[0] != direction->shape.dims[0])
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "weight_norm: it takes a direction (K, ...) and a scale (K)");
    for (int i = 1; i < direction->shape.rank; i++) {
        others.axes[others.axis_count++] = i;
        column.dims[i] = 1;
    }
    V *length = oc_div(graph, oc__graph_node1(graph, &oc__op_reshape, &column, &scale, 1, err),
                       oc_reduce_l2(graph, direction, &others, err), err);
    return oc_mul(graph, direction, length, err);
}

V *oc_standardize(oc_graph *graph, V *x, oc_error *err) {
    oc_reduce_params others = {.keep_dims = true};
    int64_t count = 1;
    if (!x)
        return oc__graph_pass_error(graph, err);
    bool fits = x->shape.rank >= 2 && oc__is_float(x->dtype);
    for (int i = 1; i < x->shape.rank && fits; i++) {
        others.axes[others.axis_count++] = i;
        fits = x->shape.dims[i] >= 1 && oc__mul_i64(count, x->shape.dims[i], &count);
    }
    if (!fits)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "standardize: it takes (N, axes of numbers) of a floating-point type");
    V *rest = oc_sub(graph, x, oc_reduce_mean(graph, x, &others, err), err);
    V *variance = oc_reduce_mean(graph, oc_mul(graph, rest, rest, err), &others,
                                 err); /* held before the root, whose slope at 0 is infinite */
    V *held = oc_max(graph, variance, number(graph, x, 1 / (double)count, err), err);
    return oc_div(graph, rest, oc_sqrt(graph, held, err), err);
}
