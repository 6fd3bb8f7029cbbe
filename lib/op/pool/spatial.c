/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling over one to three spatial axes, of that over two. */
#include <math.h>

#include <ocelli/op/eltwise.h>
#include <ocelli/op/pool.h>
#include <ocelli/op/shape.h>

#include "op/pool/pool.h"
#include "op/conv/spatial.h"

typedef oc_value V;

static oc_pool_params shifted(const oc_pool_params *p, int by) {
    oc_pool_params out = {.ceil_mode = p->ceil_mode, .count_include_pad = p->count_include_pad};
    for (int i = 0; i < 3; i++) {
        int k = i - by;
        bool there = k >= 0 && k < 3;
        out.kernel[i] = there && (p->kernel[k] || i < 2) ? p->kernel[k] : 1; /* the third is not looked at in planes */
        out.stride[i] = there ? p->stride[k] : 0;
        out.dilation[i] = there ? p->dilation[k] : 0;
        out.pad_begin[i] = there ? p->pad_begin[k] : 0;
        out.pad_end[i] = there ? p->pad_end[k] : 0;
    }
    return out;
}

/* As the planes' functions take them: with an axis in front of a single one. */
static oc_pool_params of_rank(const oc_pool_params *p, const V *src) {
    static const oc_pool_params none = {0};
    return src && src->shape.rank == 3 ? shifted(p ? p : &none, 1) : p ? *p : none;
}

/* *all becomes the larger of both, *indices those of it. */
static void take_larger(oc_graph *graph, V *part, V *index, V **all, V **indices, oc_error *err) {
    V *is_number = oc_equal(graph, *all, *all, err);
    V *better = oc_logical_and(graph, is_number, oc_logical_not(graph, oc_less_equal(graph, part, *all, err), err), err);
    *all = oc_where(graph, better, part, *all, err);
    *indices = oc_where(graph, better, index, *indices, err);
}

/* Slices of x, pooled over two axes each, and joined: the largest (and where it is), or the sum by their number. */
static V *pool_3d(oc_graph *graph, V *x, const oc_pool_params *p, bool max, V **indices, oc_error *err) {
    if (!x)
        return NULL; /* the graph's error tells why */
    int64_t step = OC_MAX(p->stride[0], 1), dilation = OC_MAX(p->dilation[0], 1), taps = p->kernel[0], size = x->shape.dims[2];
    if (size < 0 || taps < 1 || taps > OC_SPATIAL_TAPS || !oc__spatial_small((int64_t[]){step, dilation, p->pad_begin[0], p->pad_end[0]}, 4))
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "pooling: %lld slices, %lld to a window", (long long)size, (long long)taps);
    int64_t depth = oc__dim_window(&graph->symbols, size, taps, step, dilation, p->pad_begin[0], p->pad_end[0], p->ceil_mode);
    int64_t reach = (depth - 1) * step + dilation * (taps - 1) + 1, end = OC_MAX(reach - size - p->pad_begin[0], p->pad_end[0]);
    oc_pool_params plane = shifted(p, -1);
    V *padded = oc__spatial_pad(graph, x, p->pad_begin[0], end, max ? -INFINITY : 0,
                                err), *all = NULL, *where = NULL, *index = NULL;
    const oc__pool_slices in_all = {x->shape.dims[3] * x->shape.dims[4], x->shape.dims[1], depth, size, step};
    if (depth < 1)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "pooling: the window is deeper than the source");
    for (int64_t d = 0; d < taps; d++) {
        V *slices = oc__spatial_slices(graph, padded, d * dilation, step, depth, err);
        V *part = max ? oc_max_pool2d(graph, slices, &plane, indices ? &index : NULL, err) : oc_avg_pool2d(graph, slices,
                                                                                                           &plane, err);
        if (indices)
            index = oc__pool_slice_indices(graph, index, &in_all, d * dilation - p->pad_begin[0], err);
        if (indices && d == 0)
            where = index;
        if (indices && d > 0)
            take_larger(graph, part, index, &all, &where, err);
        else
            all = d == 0 ? part : max ? oc_max(graph, all, part, err) : oc_add(graph, all, part, err);
    }
    if (!max)
        all = oc_mul(graph, all, oc_graph_scalar(graph, x->dtype, 1.0 / (double)taps, err), err);
    if (indices)
        *indices = oc__spatial_stack(graph, where, depth, err);
    return oc__spatial_stack(graph, all, depth, err);
}

V *oc_max_pool(oc_graph *graph, V *src, const oc_pool_params *params, oc_error *err) {
    return oc_max_pool_indices(graph, src, params, NULL, err);
}

V *oc_max_pool_indices(oc_graph *graph, V *src, const oc_pool_params *params, V **indices, oc_error *err) {
    oc_pool_params own = of_rank(params, src);
    if (!src || src->shape.rank == 4)
        return oc_max_pool2d(graph, src, params, indices, err);
    if (src->shape.rank == 3) {
        V *y = oc_max_pool2d(graph, oc__spatial_lift(graph, src, err), &own, indices, err);
        if (y && indices)
            *indices = oc__spatial_drop(graph, *indices, err);
        return oc__spatial_drop(graph, y, err);
    }
    if (src->shape.rank != 5 || (indices && (src->shape.dims[1] < 0 || src->shape.dims[3] < 0 || src->shape.dims[4] < 0)))
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "max_pool: %d axes; it takes 3 to 5, and with indices of sizes that are numbers",
                              src->shape.rank);
    return pool_3d(graph, src, &own, true, indices, err);
}

/* Padding that counts as elements, made of zeros. Windows that would begin in it are left out afterwards. */
static V *padded_average(oc_graph *graph, V *src, const oc_pool_params *p, oc_error *err) {
    oc_pool_params inner = *p;
    oc_pad_params pad = {.value = 0};
    oc_slice_params part = {.begin = {0}};
    inner.count_include_pad = false;
    for (int i = 0; i < 3; i++) {
        int64_t size = src->shape.dims[2 + i];
        pad.begin[2 + i] = p->pad_begin[i];
        pad.end[2 + i] = p->pad_end[i];
        inner.pad_begin[i] = inner.pad_end[i] = 0;
        part.end[2 + i] = oc__dim_window(&graph->symbols, size, p->kernel[i], OC_MAX(p->stride[i], 1), OC_MAX(p->dilation[i], 1),
                                         p->pad_begin[i], p->pad_end[i], true);
        part.step[2 + i] = 1;
    }
    return oc_slice(graph, oc_avg_pool(graph, oc_pad(graph, src, &pad, err), &inner, err), &part, err);
}

/* Without padding in the count: the mean by that of ones. */
V *oc_avg_pool(oc_graph *graph, V *src, const oc_pool_params *params, oc_error *err) {
    oc_pool_params own = of_rank(params, src);
    if (!src || src->shape.rank == 4)
        return oc_avg_pool2d(graph, src, params, err);
    if (src->shape.rank == 3)
        return oc__spatial_drop(graph, oc_avg_pool2d(graph, oc__spatial_lift(graph, src, err), &own, err), err);
    if (src->shape.rank != 5)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "avg_pool: %d axes; it takes 3 to 5", src->shape.rank);
    bool include = own.count_include_pad;
    if (include && own.ceil_mode && oc__spatial_small(own.pad_begin, 3) && oc__spatial_small(own.pad_end, 3))
        return padded_average(graph, src, &own, err);
    own.count_include_pad = true;
    V *mean = pool_3d(graph, src, &own, false, NULL, err);
    if (include || !mean)
        return mean;
    oc_shape image = OC_SHAPE(1, 1, src->shape.dims[2], src->shape.dims[3], src->shape.dims[4]);
    V *ones = oc_expand(graph, oc_graph_scalar(graph, src->dtype, 1, err), &image, err);
    return oc_div(graph, mean, pool_3d(graph, ones, &own, false, NULL, err), err);
}
