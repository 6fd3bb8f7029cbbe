/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing an axis: elements gathered, times weights. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>
#include <ocelli/op/reduce.h>

#include "op/rig.h"
#include "op/resample/resample.h"

typedef enum kind { INDICES, WEIGHTS, OUTSIDE } kind;

/* A constant with the taps `first` … first + count - 1 of each element, an axis of its own for them where there are several, and
 * `after` axes behind: their indices or weights, or whether they are outside. */
static oc_value *table(oc_graph *graph, const oc__taps *taps, int first, int count, kind kind, oc_dtype dtype, int after,
                       oc_error *err) {
    oc_shape shape = {.rank = (count > 1 ? 2 : 1) + after, .dims = {taps->to, count}};
    oc_tensor *tensor = NULL;
    for (int i = count > 1 ? 2 : 1; i < shape.rank; i++)
        shape.dims[i] = 1;
    if (oc_tensor_create(&tensor, graph->context, NULL, dtype, &shape, err) != OC_OK)
        return NULL;
    for (int64_t i = 0; i < taps->to * count; i++) {
        int64_t x = i / count, at = x * taps->count + first + i % count;
        double value = kind == INDICES ? (double)taps->index[at] : kind == WEIGHTS ? taps->weight[at] : taps->outside[x];
        oc__element_set(dtype, oc_tensor_get_data(tensor), i, value);
    }
    oc_value *value = oc_graph_constant(graph, NULL, tensor, err);
    oc_tensor_destroy(&tensor);
    return value;
}

/* A gather and a product for each tap. */
static oc_value *by_taps(oc_graph *graph, oc_value *x, int axis, const oc__taps *taps, oc_error *err) {
    oc_value *sum = NULL;
    int after = x->shape.rank - 1 - axis;
    for (int t = 0; t < taps->count; t++) {
        oc_value *part = oc_gather(graph, x, table(graph, taps, t, 1, INDICES, OC_I64, 0, err), axis, err);
        if (taps->count > 1)
            part = oc_mul(graph, part, table(graph, taps, t, 1, WEIGHTS, x->dtype, after, err), err);
        sum = t ? oc_add(graph, sum, part, err) : part;
    }
    return sum;
}

/* All taps along an axis of their own, which is reduced. */
static oc_value *at_once(oc_graph *graph, oc_value *x, int axis, const oc__taps *taps, bool largest, oc_error *err) {
    const oc_reduce_params along = {.axes = {axis + 1}, .axis_count = 1};
    oc_value *part = oc_gather(graph, x, table(graph, taps, 0, taps->count, INDICES, OC_I64, 0, err), axis, err);
    if (largest)
        return oc_reduce_max(graph, part, &along, err);
    part = oc_mul(graph, part, table(graph, taps, 0, taps->count, WEIGHTS, x->dtype, x->shape.rank - 1 - axis, err), err);
    return oc_reduce_sum(graph, part, &along, err);
}

oc_value *oc__resample(oc_graph *graph, oc_value *x, int axis, const oc__taps *taps, bool largest, double other, oc_error *err) {
    bool outside = false, many = taps->count > 4 || (largest && taps->count > 1);
    if (many && x->shape.rank == OC_MAX_RANK)
        return oc__graph_fail(graph, err, OC_ERROR_UNSUPPORTED, "resampling from many elements takes at most %d axes",
                              OC_MAX_RANK - 1);
    oc_value *y = many ? at_once(graph, x, axis, taps, largest, err) : by_taps(graph, x, axis, taps, err);
    for (int64_t i = 0; i < taps->to; i++)
        outside = outside || taps->outside[i];
    if (!outside)
        return y;
    oc_value *where = table(graph, taps, 0, 1, OUTSIDE, OC_BOOL, x->shape.rank - 1 - axis, err);
    return oc_where(graph, where, oc_graph_scalar(graph, x->dtype, other, err), y, err);
}

oc_value *oc_resize(oc_graph *graph, oc_value *x, int64_t axis, int64_t to, const oc_resize_params *params, oc_error *err) {
    oc_resize_params own = params ? *params : (oc_resize_params){0};
    if (!x)
        return oc__graph_pass_error(graph, err);
    int64_t at = axis < 0 ? axis + x->shape.rank : axis, from = at >= 0 && at < x->shape.rank ? x->shape.dims[at] : -1;
    if (from < 1 || to < 1 || to > (int64_t)1 << 40)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "resize: axis %lld of %lld elements to %lld", (long long)axis, (long long)from,
                              (long long)to);
    if (own.mode != OC_RESIZE_NEAREST && !oc__is_real(x->dtype))
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "resize: %s has no values in between", oc_dtype_name(x->dtype));
    oc__taps taps;
    oc_value *y = NULL;
    if (oc__taps_init(&taps, graph->context, to, oc__resize_tap_count(&own, from, to))) {
        oc__resize_taps(&own, from, &taps);
        y = oc__resample(graph, x, (int)at, &taps, false, own.extrapolation, err);
    } else
        oc__graph_fail(graph, err, OC_ERROR_MEMORY, "resize: %lld elements made of %lld each need too much memory", (long long)to,
                       (long long)taps.count);
    oc__taps_finish(&taps);
    return y;
}
