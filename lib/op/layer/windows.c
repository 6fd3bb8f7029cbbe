/* SPDX-License-Identifier: Apache-2.0 */
/* Windows of images as columns, and the points of affine maps. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>
#include <ocelli/op/layer.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/shape.h>

#include "op/rig.h"
#include "op/room.h"

typedef oc_value V;

static V *reshaped(oc_graph *graph, V *x, const oc_reshape_params *to, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_reshape, to, &x, 1, err);
}

/* Element i of a table. */
typedef double (*entry)(const void *of, int64_t i);

static V *table(oc_graph *graph, oc_dtype dtype, const oc_shape *shape, entry at, const void *of, oc_error *err) {
    oc_tensor *tensor = NULL;
    if (oc_tensor_create(&tensor, graph->context, NULL, dtype, shape, err) != OC_OK)
        return oc__graph_fail(graph, err, OC_ERROR_MEMORY, "out of memory for a table");
    for (int64_t i = 0; i < oc_tensor_get_count(tensor); i++)
        oc__element_set(dtype, oc_tensor_get_data(tensor), i, at(of, i));
    V *value = oc_graph_constant(graph, NULL, tensor, err);
    oc_tensor_destroy(&tensor);
    return value;
}

typedef struct local {
    int64_t width, columns, kernel_width, taps, stride[2], dilation[2]; /* of the padded image, of the result */
} local;

/* Of (OH, OW, R, S): where it lies in a padded plane. */
static double place_in_plane(const void *of, int64_t i) {
    const local *l = of;
    int64_t at = i / l->taps, t = i % l->taps;
    int64_t y = at / l->columns * l->stride[0] + t / l->kernel_width * l->dilation[0];
    int64_t x = at % l->columns * l->stride[1] + t % l->kernel_width * l->dilation[1];
    return (double)(y * l->width + x);
}

static bool local_fits(oc_graph *graph, const V *src, const V *weights, const oc_conv_params *p) {
    const int64_t *s = src->shape.dims, *w = weights->shape.dims;
    bool fits = src->shape.rank == 4 && weights->shape.rank == 6 && s[1] >= 1 && w[2] == s[1] && w[3] >= 1 && w[4] >= 1 &&
        w[5] >= 0 &&
                p->groups <= 1 && !p->flip;
    for (int i = 0; i < 2 && fits; i++) {
        int64_t step = OC_MAX(p->stride[i], 1), dilation = OC_MAX(p->dilation[i], 1);
        fits = s[2 + i] >= 1 && s[2 + i] < 1 << 24 && w[3 + i] < 1 << 16 && step < 1 << 24 && dilation < 1 << 24 &&
            p->pad_begin[i] >= 0 &&
               p->pad_begin[i] < 1 << 24 && p->pad_end[i] >= 0 && p->pad_end[i] < 1 << 24 && w[i] >= 1 &&
               w[i] == oc__dim_window(&graph->symbols, s[2 + i], w[3 + i], step, dilation, p->pad_begin[i], p->pad_end[i], false);
    }
    return fits;
}

/* Windows as (place, N, C R S), times (place, C R S, K). */
V *oc_locally_connected2d(oc_graph *graph, V *src, V *weights, V *bias, const oc_conv_params *params, oc_error *err) {
    oc_conv_params p = params ? *params : (oc_conv_params){0};
    if (!src || !weights)
        return oc__graph_pass_error(graph, err);
    if (!local_fits(graph, src, weights, &p))
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "locally_connected2d: it takes (N, C, H, W) and weights (OH, OW, C, R, S, K) "
                              "of sizes that fit; no groups");
    const int64_t *w = weights->shape.dims, places = w[0] * w[1], taps = w[3] * w[4];
    const local l = {src->shape.dims[3] + p.pad_begin[1] + p.pad_end[1], w[1], w[4], taps,
                     {OC_MAX(p.stride[0], 1), OC_MAX(p.stride[1], 1)},
                     {OC_MAX(p.dilation[0], 1), OC_MAX(p.dilation[1], 1)}};
    const oc_pad_params pad = {.begin = {0, 0, p.pad_begin[0], p.pad_begin[1]}, .end = {0, 0, p.pad_end[0], p.pad_end[1]}};
    const oc_reshape_params flat = {.dims = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1), -1}, .rank = 3};
    const oc_reshape_params rows = {.dims = {places, OC_RESHAPE_AXIS(1), w[2] * taps}, .rank = 3};
    const oc_reshape_params matrices = {.dims = {places, w[2] * taps, w[5]}, .rank = 3};
    const oc_reshape_params image = {.dims = {OC_RESHAPE_AXIS(0), w[5], w[0], w[1]}, .rank = 4};
    const int32_t to_rows[4] = {2, 0, 1, 3}, to_image[3] = {1, 2, 0};
    V *plane = reshaped(graph, oc_pad(graph, src, &pad, err), &flat, err);
    V *at = table(graph, OC_I64, &OC_SHAPE(places, taps), place_in_plane, &l, err);
    V *windows = oc_transpose(graph, oc_gather(graph, plane, at, 2, err), to_rows, err);
    V *y = oc_matmul(graph, reshaped(graph, windows, &rows, err), reshaped(graph, weights, &matrices, err), NULL, err);
    y = reshaped(graph, oc_transpose(graph, y, to_image, err), &image, err);
    return bias ? oc_add(graph, y, bias, err) : y;
}

typedef struct plane {
    int axes;
    int64_t size[3];
    bool corners;
} plane;

/* Of (points, axes + 1): a point's coordinates, innermost axis first, and 1. */
static double coordinate(const void *of, int64_t i) {
    const plane *p = of;
    int64_t k = i % (p->axes + 1), rest = i / (p->axes + 1), axis = p->axes - 1 - k;
    if (k == p->axes)
        return 1;
    for (int64_t a = p->axes - 1; a > axis; a--)
        rest /= p->size[a];
    double n = (double)p->size[axis], x = (double)(rest % p->size[axis]);
    return p->corners ? (n > 1 ? 2 * x / (n - 1) - 1 : 0) : (2 * x + 1) / n - 1;
}

V *oc_affine_grid(oc_graph *graph, V *maps, const int64_t *size, bool align_corners, oc_error *err) {
    if (!maps)
        return oc__graph_pass_error(graph, err);
    int axes = maps->shape.rank == 3 ? (int)OC_MIN(maps->shape.dims[1], 4) : 0;
    plane p = {.axes = axes, .corners = align_corners};
    bool fits = (axes == 2 || axes == 3) && maps->shape.dims[2] == axes + 1 && oc__is_real(maps->dtype);
    oc_reshape_params image = {.dims = {OC_RESHAPE_AXIS(0)}, .rank = axes + 2};
    int64_t points = 1;
    for (int i = 0; i < axes && fits; i++) {
        p.size[i] = image.dims[1 + i] = size[i];
        fits = size[i] >= 1 && oc__mul_i64(points, size[i], &points) && points < (int64_t)1 << 40;
    }
    image.dims[1 + (axes > 0 ? axes : 0)] = axes;
    if (!fits)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "affine_grid: it takes maps (N, 2, 3) or (N, 3, 4) and sizes of at least 1");
    V *base = table(graph, maps->dtype, &OC_SHAPE(points, axes + 1), coordinate, &p, err);
    V *grid = oc_matmul(graph, base, maps, &(oc_matmul_params){.trans_b = true}, err);
    return reshaped(graph, grid, &image, err);
}

/* Of weights (C * taps, 1, taps): element t of each channel's group is tap t. */
static double is_tap(const void *of, int64_t i) {
    int64_t taps = *(const int64_t *)of;
    return i / taps % taps == i % taps;
}

/* A transposed convolution, in which each row of columns is a channel that stands for one tap. */
V *oc_fold_windows(oc_graph *graph, V *columns, const int64_t *size, const int64_t *kernel, int axes,
                   const oc_conv_params *params,
                   oc_error *err) {
    oc_conv_params p = params ? *params : (oc_conv_params){0};
    if (!columns)
        return oc__graph_pass_error(graph, err);
    int64_t taps = 1, windows = 1, more[3] = {0};
    bool fits = axes >= 1 && axes <= 3 && columns->shape.rank == 3 && columns->shape.dims[1] >= 1 && oc__is_float(columns->dtype);
    oc_reshape_params image = {.dims = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1)}, .rank = 2};
    oc_shape weights = {.dims = {fits ? columns->shape.dims[1] : 0, 1}, .rank = 2};
    for (int i = 0; i < axes && fits; i++) {
        int64_t step = OC_MAX(p.stride[i], 1), dilation = OC_MAX(p.dilation[i], 1), reach = dilation * (kernel[i] - 1) + 1;
        fits = kernel[i] >= 1 && kernel[i] < 1 << 12 && size[i] >= 1 && size[i] < 1 << 24 && step < 1 << 24 &&
            dilation < 1 << 24 &&
               p.pad_begin[i] >= 0 && p.pad_end[i] >= 0 && p.pad_begin[i] < 1 << 24 && p.pad_end[i] < 1 << 24;
        int64_t padded = size[i] + p.pad_begin[i] + p.pad_end[i], along = padded < reach ? 0 : (padded - reach) / step + 1;
        more[i] = (padded - reach) % step;
        image.dims[image.rank++] = along;
        weights.dims[weights.rank++] = kernel[i];
        fits = fits && along >= 1 && oc__mul_i64(taps, kernel[i], &taps) && oc__mul_i64(windows, along, &windows);
    }
    if (!fits || columns->shape.dims[1] % taps != 0 || columns->shape.dims[2] != windows ||
        columns->shape.dims[1] > (1 << 24) / taps)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "fold_windows: columns should be (N, C times %lld, %lld) of a floating-point type",
                              (long long)taps, (long long)windows);
    p.groups = columns->shape.dims[1] / taps;
    V *one_hot = table(graph, columns->dtype, &weights, is_tap, &taps, err);
    return oc_conv_transpose(graph, reshaped(graph, columns, &image, err), one_hot, NULL, &p, more, err);
}
