/* SPDX-License-Identifier: Apache-2.0 */
/* Pooling to sizes that are asked for: windows from floor(x from / to) up to ceil((x + 1) from / to). */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/pool.h>

#include "op/pool/pool.h"
#include "op/resample/resample.h"

typedef oc_value V;

/* All windows are alike: pooling. */
static V *evenly(oc_graph *graph, V *x, const int64_t size[3], bool largest, oc_error *err) {
    oc_pool_params params = {.ceil_mode = false};
    for (int i = 0; i < x->shape.rank - 2; i++)
        params.kernel[i] = params.stride[i] = x->shape.dims[2 + i] / size[i];
    return largest ? oc_max_pool(graph, x, &params, err) : oc_avg_pool(graph, x, &params, err);
}

static V *along(oc_graph *graph, V *x, int axis, int64_t to, bool largest, oc_error *err) {
    int64_t from = x->shape.dims[axis];
    oc__taps taps;
    V *y = NULL;
    if (oc__taps_init(&taps, graph->context, to, (from - 1) / to + 2)) {
        oc__area_taps(from, &taps);
        y = oc__resample(graph, x, axis, &taps, largest, 0, err);
    } else
        oc__graph_fail(graph, err, OC_ERROR_MEMORY, "adaptive pooling: %lld elements of %lld need too much memory", (long long)to,
                       (long long)from);
    oc__taps_finish(&taps);
    return y;
}

static V *adaptive(oc_graph *graph, V *x, const int64_t size[3], bool largest, oc_error *err) {
    if (!x)
        return oc__graph_pass_error(graph, err);
    bool even = true, fits = x->shape.rank >= 3 && x->shape.rank <= 5 && oc__is_float(x->dtype);
    for (int i = 2; i < x->shape.rank && fits; i++) {
        int64_t from = x->shape.dims[i], to = size[i - 2];
        fits = from >= 1 && from < (int64_t)1 << 40 && to >= 1 && to <= 1 << 20;
        even = even && fits && from % to == 0;
    }
    if (!fits)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE,
                              "adaptive pooling: it takes (N, C, 1 to 3 axes of numbers) of a floating-point type, "
                              "and sizes of 1 to 2^20");
    if (even)
        return evenly(graph, x, size, largest, err);
    V *y = x;
    for (int i = 2; i < x->shape.rank && y; i++)
        if (x->shape.dims[i] != size[i - 2])
            y = along(graph, y, i, size[i - 2], largest, err);
    return y;
}

V *oc_adaptive_avg_pool(oc_graph *graph, V *src, const int64_t size[3], oc_error *err) {
    return adaptive(graph, src, size, false, err);
}

V *oc_adaptive_max_pool(oc_graph *graph, V *src, const int64_t size[3], oc_error *err) {
    return adaptive(graph, src, size, true, err);
}

/* Powers, their mean over all of the window, and the root. */
oc_value *oc_lp_pool(oc_graph *graph, oc_value *src, const oc_pool_params *params, int p, oc_error *err) {
    oc_pool_params own = params ? *params : (oc_pool_params){0};
    double size = 1;
    if (!src)
        return oc__graph_pass_error(graph, err);
    if (p < 1)
        return oc__graph_fail(graph, err, OC_ERROR_SHAPE, "lp_pool: p is %d; it must be at least 1", p);
    own.count_include_pad = true;
    for (int i = 0; i < src->shape.rank - 2 && i < 3; i++)
        size *= (double)own.kernel[i];
    oc_value *power = oc_graph_scalar(graph, src->dtype, p, err), *root = oc_graph_scalar(graph, src->dtype, 1.0 / p, err);
    oc_value *mean = oc_avg_pool(graph, oc_pow(graph, oc_abs(graph, src, err), power, err), &own, err);
    return oc_pow(graph, oc_mul(graph, mean, oc_graph_scalar(graph, src->dtype, size, err), err), root, err);
}
