/* SPDX-License-Identifier: Apache-2.0 */
/* Unpooling: elements put to larger images. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>
#include <ocelli/op/pool.h>
#include <ocelli/op/shape.h>

#include "op/pool/pool.h"

typedef oc_value V;

static V *reshaped(oc_graph *graph, V *x, const oc_reshape_params *to, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_reshape, to, &x, 1, err);
}

/* Whether x has 1 to 3 spatial axes of sizes that are numbers; *plane is their product. */
static bool has_plane(const V *x, int64_t *plane) {
    *plane = 1;
    bool fits = x->shape.rank >= 3 && x->shape.rank <= 5;
    for (int i = 2; i < x->shape.rank && fits; i++)
        fits = x->shape.dims[i] >= 0 && oc__mul_i64(*plane, x->shape.dims[i], plane);
    return fits;
}

/* Zeros (N, C, plane): nothing of x, and zeros behind it. */
static V *zeros_of(oc_graph *graph, V *flat, int64_t plane, oc_error *err) {
    V *nothing = oc_slice(graph, flat, &oc_slice_params(.end = {0, 0, 0}, .step = {0, 0, 1}), err);
    return oc_pad(graph, nothing, &oc_pad_params(.end = {0, 0, plane}), err);
}

V *oc_max_unpool(oc_graph *graph, V *x, V *indices, const int64_t size[3], oc_error *err) {
    int64_t own, plane = 1;
    if (!x || !indices)
        return oc__graph_pass_error(graph, err);
    bool fits = has_plane(x, &own) && indices->shape.rank == x->shape.rank && indices->dtype == OC_I64;
    oc_reshape_params flat = {.dims = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1), own}, .rank = 3};
    oc_reshape_params image = {.dims = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1)}, .rank = x->shape.rank};
    for (int i = 0; i < x->shape.rank - 2 && fits; i++) {
        image.dims[2 + i] = size[i];
        fits = size[i] >= 1 && oc__mul_i64(plane, size[i], &plane) && plane < (int64_t)1 << 48;
    }
    if (!fits)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "max_unpool: it takes (N, C, 1 to 3 axes of numbers), indices of that shape and i64, "
                              "and sizes of at least 1");
    V *from = reshaped(graph, x, &flat, err);
    V *at = oc_mod(graph, reshaped(graph, indices, &flat, err), oc_graph_scalar(graph, OC_I64, (double)plane, err), err);
    V *y = oc_scatter_elements(graph, zeros_of(graph, from, plane, err), at, from, &oc_index_params(.axis = 2), err);
    return reshaped(graph, y, &image, err);
}

/* Each spatial axis gets one of size 1 behind it, which `widen` makes factor[i] long; then both are one. */
typedef V *(*widener)(oc_graph *graph, V *x, int axis, int64_t factor, oc_error *err);

static V *unpool(oc_graph *graph, V *x, const int64_t factor[3], widener widen, oc_error *err) {
    int64_t plane;
    if (!x)
        return oc__graph_pass_error(graph, err);
    oc_reshape_params apart = {.dims = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1)}, .rank = 2}, joined = apart;
    bool fits = has_plane(x, &plane);
    for (int i = 2; i < x->shape.rank && fits; i++) {
        apart.dims[apart.rank++] = x->shape.dims[i];
        apart.dims[apart.rank++] = 1;
        fits = factor[i - 2] >= 1 && factor[i - 2] < 1 << 20 &&
            oc__mul_i64(x->shape.dims[i], factor[i - 2], &joined.dims[joined.rank++]);
    }
    if (!fits)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "unpooling: it takes (N, C, 1 to 3 axes of numbers) and factors of at least 1");
    V *y = reshaped(graph, x, &apart, err);
    for (int i = 0; i < x->shape.rank - 2; i++)
        if (factor[i] > 1)
            y = widen(graph, y, 3 + 2 * i, factor[i], err);
    return reshaped(graph, y, &joined, err);
}

static V *repeated(oc_graph *graph, V *x, int axis, int64_t factor, oc_error *err) {
    oc_shape to = {.rank = x ? x->shape.rank : 0};
    for (int i = 0; i < to.rank; i++)
        to.dims[i] = i == axis ? factor : 1;
    return x ? oc_expand(graph, x, &to, err) : NULL;
}

static V *with_zeros(oc_graph *graph, V *x, int axis, int64_t factor, oc_error *err) {
    oc_pad_params pad = {.value = 0};
    pad.end[axis] = factor - 1;
    return oc_pad(graph, x, &pad, err);
}

V *oc_unpool_nearest(oc_graph *graph, V *x, const int64_t factor[3], oc_error *err) {
    return unpool(graph, x, factor, repeated, err);
}

V *oc_unpool_nails(oc_graph *graph, V *x, const int64_t factor[3], oc_error *err) {
    return unpool(graph, x, factor, with_zeros, err);
}
