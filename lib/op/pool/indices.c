/* SPDX-License-Identifier: Apache-2.0 */
/* Where maxima are, as numbers of elements in the flattened source: whole-number arithmetic on the indices that planes have. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/pool.h>
#include <ocelli/op/shape.h>

#include "op/pool/pool.h"

typedef oc_value V;

static V *number(oc_graph *graph, int64_t value, oc_error *err) {
    return oc_graph_scalar(graph, OC_I64, (double)value, err);
}
static V *div_by(oc_graph *graph, V *a, int64_t b, oc_error *err) {
    return oc_div(graph, a, number(graph, OC_MAX(b, 1), err), err);
}
static V *mod_by(oc_graph *graph, V *a, int64_t b, oc_error *err) {
    return oc_mod(graph, a, number(graph, OC_MAX(b, 1), err), err);
}
/* a b + c */
static V *times_plus(oc_graph *graph, V *a, int64_t b, V *c, oc_error *err) {
    return oc_add(graph, oc_mul(graph, a, number(graph, b, err), err), c, err);
}

V *oc__pool_slice_indices(oc_graph *graph, V *at, const oc__pool_slices *s, int64_t first, oc_error *err) {
    V *inner = mod_by(graph, at, s->plane, err), *line = div_by(graph, at, s->plane, err);
    V *channel = mod_by(graph, line, s->channels, err), *slice = div_by(graph, line, s->channels, err);
    V *image = div_by(graph, slice, s->depth, err), *place = mod_by(graph, slice, s->depth, err);
    V *slices = times_plus(graph, times_plus(graph, image, s->channels, channel, err), s->size, number(graph, first, err), err);
    slices = oc_add(graph, slices, oc_mul(graph, place, number(graph, s->step, err), err), err);
    return times_plus(graph, slices, s->plane, inner, err);
}

V *oc__pool_column_major(oc_graph *graph, V *at, const int64_t *size, int axes, oc_error *err) {
    int64_t plane = 1, stride = 1;
    for (int i = 0; i < axes; i++)
        plane *= size[i];
    V *rest = mod_by(graph, at, plane, err), *to = oc_sub(graph, at, rest, err);
    for (int i = 0; i < axes; i++) { /* the outermost axis lies closest */
        plane /= OC_MAX(size[i], 1);
        to = oc_add(graph, to, oc_mul(graph, div_by(graph, rest, plane, err), number(graph, stride, err), err), err);
        rest = mod_by(graph, rest, plane, err);
        stride *= size[i];
    }
    return to;
}
