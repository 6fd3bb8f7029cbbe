/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions over one to three spatial axes, and transposed ones, of those over two. */
#include <ocelli/op/conv.h>
#include <ocelli/op/eltwise.h>
#include <ocelli/op/shape.h>

#include "op/conv/conv.h"
#include "op/conv/spatial.h"

typedef oc_value V;

static V *reshaped(oc_graph *graph, V *x, const int64_t *dims, int rank, oc_error *err) {
    oc_reshape_params params = {.rank = rank};
    for (int i = 0; i < rank; i++)
        params.dims[i] = dims[i];
    return oc__graph_node1(graph, &oc__op_reshape, &params, &x, 1, err);
}

V *oc__spatial_lift(oc_graph *graph, V *x, oc_error *err) {
    return reshaped(graph, x, (const int64_t[]){OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1), 1, OC_RESHAPE_AXIS(2)}, 4, err);
}

V *oc__spatial_drop(oc_graph *graph, V *x, oc_error *err) {
    return reshaped(graph, x, (const int64_t[]){OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1), OC_RESHAPE_AXIS(3)}, 3, err);
}

V *oc__spatial_slices(oc_graph *graph, V *x, int64_t first, int64_t step, int64_t count, oc_error *err) {
    const int32_t perm[5] = {0, 2, 1, 3, 4};
    oc_slice_params part = {.begin = {0, 0, first}, .end = {0, 0, first + (count - 1) * step + 1}, .step = {0, 0, step}};
    V *slices = oc_transpose(graph, oc_slice(graph, x, &part, err), perm, err);
    const int64_t dims[4] = {-1, OC_RESHAPE_AXIS(2), OC_RESHAPE_AXIS(3), OC_RESHAPE_AXIS(4)};
    return reshaped(graph, slices, dims, 4, err);
}

V *oc__spatial_stack(oc_graph *graph, V *x, int64_t depth, oc_error *err) {
    const int32_t perm[5] = {0, 2, 1, 3, 4};
    const int64_t dims[5] = {-1, depth, OC_RESHAPE_AXIS(1), OC_RESHAPE_AXIS(2), OC_RESHAPE_AXIS(3)};
    return oc_transpose(graph, reshaped(graph, x, dims, 5, err), perm, err);
}

/* Weights (K, C, D, R, S) at one place of D. */
static V *weights_at(oc_graph *graph, V *w, int64_t d, oc_error *err) {
    oc_slice_params part = {.begin = {0, 0, d}, .end = {0, 0, d + 1}, .step = {0, 0, 1}};
    const int64_t dims[4] = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1), OC_RESHAPE_AXIS(3), OC_RESHAPE_AXIS(4)};
    return reshaped(graph, oc_slice(graph, w, &part, err), dims, 4, err);
}

/* Of axes first … of three: those behind the first one. */
static void shift(const int64_t from[3], int by, int64_t to[3]) {
    for (int i = 0; i < 3; i++)
        to[i] = i - by >= 0 && i - by < 3 ? from[i - by] : 0;
}

static oc_conv_params shifted(const oc_conv_params *p, int by) {
    oc_conv_params out = {.groups = p->groups};
    shift(p->stride, by, out.stride);
    shift(p->dilation, by, out.dilation);
    shift(p->pad_begin, by, out.pad_begin);
    shift(p->pad_end, by, out.pad_end);
    return out;
}

bool oc__spatial_small(const int64_t *values, int count) {
    for (int i = 0; i < count; i++)
        if (values[i] > 1 << 30 || values[i] < -(1 << 30))
            return false;
    return true;
}

static bool small_params(const oc_conv_params *p) {
    return oc__spatial_small(p->stride, 3) && oc__spatial_small(p->dilation, 3) && oc__spatial_small(p->pad_begin, 3) &&
           oc__spatial_small(p->pad_end, 3) && p->groups <= 1 << 30;
}

static bool fits(const V *src, const V *weights, oc_graph *graph, oc_error *err) {
    int rank = src->shape.rank;
    bool ok = rank >= 3 && rank <= 5 && weights->shape.rank == rank;
    for (int i = 2; i < rank && ok; i++)
        ok = rank == 4 || (weights->shape.dims[i] > 0 && src->shape.dims[i] >= 0);
    if (!ok)
        oc__graph_fail(graph, err, OC_ERROR_SHAPE, "convolution: sources of %d axes and weights of %d; they have 3 to 5, of sizes that are numbers",
                       rank, weights->shape.rank);
    return ok;
}

V *oc__spatial_pad(oc_graph *graph, V *x, int64_t begin, int64_t end, float value, oc_error *err) {
    oc_pad_params pad = {.begin = {0, 0, begin}, .end = {0, 0, end}, .value = value};
    return begin || end ? oc_pad(graph, x, &pad, err) : x;
}

V *oc__conv_turned(oc_graph *graph, V *weights, oc_conv_params *params, oc_error *err) {
    oc_slice_params back = {.begin = {0}};
    for (int i = 2; weights && i < weights->shape.rank; i++) {
        back.begin[i] = -1;
        back.end[i] = INT64_MIN;
        back.step[i] = -1;
    }
    bool turned = params->flip && weights;
    params->flip = false;
    return turned ? oc_slice(graph, weights, &back, err) : weights;
}

V *oc_conv(oc_graph *graph, V *src, V *weights, V *bias, const oc_conv_params *params, oc_error *err) {
    oc_conv_params own = params ? *params : (oc_conv_params){0};
    if (!src || !weights)
        return oc__graph_pass_error(graph, err);
    if (!fits(src, weights, graph, err))
        return NULL;
    weights = oc__conv_turned(graph, weights, &own, err);
    if (src->shape.rank == 4)
        return oc_conv2d(graph, src, weights, bias, &own, err);
    oc_conv_params plane = shifted(&own, src->shape.rank == 3 ? 1 : -1);
    if (src->shape.rank == 3) {
        V *y = oc_conv2d(graph, oc__spatial_lift(graph, src, err), oc__spatial_lift(graph, weights, err), bias, &plane, err);
        return oc__spatial_drop(graph, y, err);
    }
    int64_t step = OC_MAX(own.stride[0], 1), dilation = OC_MAX(own.dilation[0], 1), taps = weights->shape.dims[2];
    if (taps > OC_SPATIAL_TAPS || !small_params(&own))
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "convolution: %lld slices of weights, or other numbers beyond 2^30", (long long)taps);
    int64_t depth = oc__dim_window(&graph->symbols, src->shape.dims[2], taps, step, dilation, own.pad_begin[0], own.pad_end[0], false);
    V *padded = oc__spatial_pad(graph, src, own.pad_begin[0], own.pad_end[0], 0, err), *sum = NULL;
    if (depth < 1)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "convolution: the kernel is deeper than the source");
    for (int64_t d = 0; d < taps; d++) {
        V *slices = oc__spatial_slices(graph, padded, d * dilation, step, depth, err);
        V *part = oc_conv2d(graph, slices, weights_at(graph, weights, d, err), d ? NULL : bias, &plane, err);
        sum = d ? oc_add(graph, sum, part, err) : part;
    }
    return oc__spatial_stack(graph, sum, depth, err);
}

/* A value (N, channels, height, width) of zeros, to say a shape. */
static V *shaped(oc_graph *graph, V *x, int64_t channels, const int64_t size[2], oc_error *err) {
    oc_slice_params corner = {.begin = {0}, .end = {0, 1, 1, 1}, .step = {0, 1, 1, 1}};
    oc_pad_params pad = {.end = {0, channels - 1, size[0] - 1, size[1] - 1}};
    return oc_pad(graph, oc_slice(graph, x, &corner, err), &pad, err);
}

/* The gradient of a convolution that leads from the result to the source. */
static V *transpose_2d(oc_graph *graph, V *src, V *weights, const oc_conv_params *p, const int64_t more[2], oc_error *err) {
    if (!src || !weights)
        return NULL; /* the graph's error tells why */
    const int64_t *w = weights->shape.dims;
    int64_t size[2], groups = OC_MAX(p->groups, 1);
    for (int i = 0; i < 2; i++) {
        int64_t step = OC_MAX(p->stride[i], 1), dilation = OC_MAX(p->dilation[i], 1);
        size[i] = (src->shape.dims[2 + i] - 1) * step + dilation * (w[2 + i] - 1) + 1 + more[i] - p->pad_begin[i] - p->pad_end[i];
        if (src->shape.dims[2 + i] < 1 || size[i] < 1 || more[i] < 0 || more[i] >= step)
            return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "transposed convolution: %lld elements, to become %lld",
                                  (long long)src->shape.dims[2 + i], (long long)size[i]);
    }
    V *like = shaped(graph, src, w[1] * groups, size, err);
    return oc__graph_node1(graph, &oc__op_conv2d_bwd_data, p, (V *[]){src, weights, like}, 3, err);
}

/* Slices of the source as far apart as the stride, each moved by its place in the kernel, are summed. */
static V *transpose_3d(oc_graph *graph, V *src, V *weights, const oc_conv_params *p, const int64_t more[3], oc_error *err) {
    int64_t step = OC_MAX(p->stride[0], 1), dilation = OC_MAX(p->dilation[0], 1), from = src->shape.dims[2], taps = weights->shape.dims[2];
    int64_t length = (from - 1) * step + dilation * (taps - 1) + 1 + more[0];
    oc_conv_params plane = shifted(p, -1);
    V *slices = oc__spatial_slices(graph, src, 0, 1, from, err), *sum = NULL;
    for (int64_t d = 0; d < taps && slices; d++) {
        V *part = transpose_2d(graph, slices, weights_at(graph, weights, d, err), &plane, more + 1, err);
        part = oc__spatial_stack(graph, part, from, err);
        const int64_t apart[6] = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1), from, 1, OC_RESHAPE_AXIS(3), OC_RESHAPE_AXIS(4)};
        const int64_t joined[5] = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1), from * step, OC_RESHAPE_AXIS(4), OC_RESHAPE_AXIS(5)};
        oc_pad_params gaps = {.end = {0, 0, 0, step - 1}};
        part = reshaped(graph, oc_pad(graph, reshaped(graph, part, apart, 6, err), &gaps, err), joined, 5, err);
        part = oc__spatial_pad(graph, part, d * dilation, length - d * dilation - from * step, 0, err);
        sum = d ? oc_add(graph, sum, part, err) : part;
    }
    return oc__spatial_pad(graph, sum, -p->pad_begin[0], -p->pad_end[0], 0, err);
}

V *oc_conv_transpose(oc_graph *graph, V *src, V *weights, V *bias, const oc_conv_params *params, const int64_t output_padding[3],
                     oc_error *err) {
    oc_conv_params own = params ? *params : (oc_conv_params){0};
    int64_t more[3] = {0}, lifted[3];
    if (!src || !weights)
        return oc__graph_pass_error(graph, err);
    if (!fits(src, weights, graph, err))
        return NULL;
    weights = oc__conv_turned(graph, weights, &own, err);
    int rank = src->shape.rank;
    for (int i = 0; i < rank - 2 && output_padding; i++)
        more[i] = output_padding[i];
    if (!small_params(&own) || !oc__spatial_small(more, 3) || !oc__spatial_small(src->shape.dims + 1, rank - 1) ||
        !oc__spatial_small(weights->shape.dims, rank) || (rank == 5 && weights->shape.dims[2] > OC_SPATIAL_TAPS))
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "transposed convolution: too many slices of weights, or numbers beyond 2^30");
    V *y;
    if (rank == 3) {
        oc_conv_params plane = shifted(&own, 1);
        shift(more, 1, lifted);
        y = transpose_2d(graph, oc__spatial_lift(graph, src, err), oc__spatial_lift(graph, weights, err), &plane, lifted, err);
        y = oc__spatial_drop(graph, y, err);
    } else {
        y = rank == 4 ? transpose_2d(graph, src, weights, &own, more, err) : transpose_3d(graph, src, weights, &own, more, err);
    }
    if (!bias)
        return y;
    const int64_t dims[4] = {-1, 1, 1, 1};
    return oc_add(graph, y, reshaped(graph, bias, dims, rank - 1, err), err);
}
