/* SPDX-License-Identifier: Apache-2.0 */
/* Resizing an axis: a gather and a product for each tap. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>

#include "op/rig.h"
#include "op/resample/resample.h"

/* A constant of `to` elements that stands at an axis: tap t's indices (t < 0: whether it is outside), or its weights. */
static oc_value *table(oc_graph *graph, const oc__taps *taps, int64_t to, int t, oc_dtype dtype, int after, oc_error *err) {
    oc_shape shape = {.rank = 1 + after, .dims = {to}};
    oc_tensor *tensor = NULL;
    for (int i = 1; i <= after; i++)
        shape.dims[i] = 1;
    if (oc_tensor_create(&tensor, graph->context, NULL, dtype, &shape, err) != OC_OK)
        return NULL;
    for (int64_t i = 0; i < to; i++)
        oc__element_set(dtype, oc_tensor_get_data(tensor), i,
                        t < 0 ? taps[i].outside : dtype == OC_I64 ? (double)taps[i].index[t] : taps[i].weight[t]);
    oc_value *value = oc_graph_constant(graph, NULL, tensor, err);
    oc_tensor_destroy(&tensor);
    return value;
}

static oc_value *resample(oc_graph *graph, oc_value *x, int axis, const oc__taps *taps, int64_t to, double other, oc_error *err) {
    oc_value *sum = NULL;
    int after = x->shape.rank - 1 - axis;
    bool outside = false;
    for (int t = 0; t < taps[0].count; t++) {
        oc_value *part = oc_gather(graph, x, table(graph, taps, to, t, OC_I64, 0, err), axis, err);
        if (taps[0].count > 1)
            part = oc_mul(graph, part, table(graph, taps, to, t, x->dtype, after, err), err);
        sum = t ? oc_add(graph, sum, part, err) : part;
    }
    for (int64_t i = 0; i < to; i++)
        outside = outside || taps[i].outside;
    if (!outside)
        return sum;
    return oc_where(graph, table(graph, taps, to, -1, OC_BOOL, after, err), oc_graph_scalar(graph, x->dtype, other, err), sum, err);
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
    oc__taps *taps = oc__alloc_array(graph->context, (size_t)to, sizeof(*taps));
    if (!taps)
        return oc__graph_fail(graph, err, OC_ERROR_MEMORY, "out of memory for a table of %lld", (long long)to);
    for (int64_t i = 0; i < to; i++)
        oc__resize_taps(&own, from, to, i, &taps[i]);
    oc_value *y = resample(graph, x, (int)at, taps, to, own.extrapolation, err);
    oc__free(graph->context, taps);
    return y;
}
