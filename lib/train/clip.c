/* SPDX-License-Identifier: Apache-2.0 */
/* Clipping of gradients, each element or all together (Pascanu, Mikolov and Bengio 2013). */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/shape.h>

#include "graph/graph.h"
#include "train/minimize.h"

#define SCALE 7 /* the element of hyper that gradients are divided by */

typedef oc_value V;

static V *part(oc_graph *graph, V *hyper, int64_t begin, int64_t end, oc_error *err) {
    return oc_slice(graph, hyper, &oc_slice_params(.begin = {begin}, .end = {end}, .step = {1}), err);
}

static V *with_scale(oc_graph *graph, V *hyper, V *scale, oc_error *err) {
    V *parts[3] = {part(graph, hyper, 0, SCALE, err), oc_reshape(graph, scale, &OC_SHAPE(1), err),
                   part(graph, hyper, SCALE + 1, OC_HYPER_COUNT, err)};
    return oc_concat(graph, parts, 3, 0, err);
}

/* The norm of all gradients together, by max_norm; as a factor of the scale if it is above 1. */
static V *excess(oc_graph *graph, V *scale, double max_norm, V **gradients, int count, oc_error *err) {
    V *sum = NULL;
    for (int i = 0; i < count; i++) {
        V *square = oc_reduce_sum_square(graph, gradients[i], NULL, err);
        sum = sum ? oc_add(graph, sum, square, err) : square;
    }
    V *norm = oc_div(graph, oc_sqrt(graph, sum, err), oc_abs(graph, scale, err), err);
    norm = oc_add(graph, norm, oc_graph_scalar(graph, OC_F32, 1e-6, err), err);
    V *ratio = oc_mul(graph, norm, oc_graph_scalar(graph, OC_F32, 1 / max_norm, err), err);
    return oc_max(graph, ratio, oc_graph_scalar(graph, OC_F32, 1, err), err);
}

V *oc__clip_gradients(oc_graph *graph, const oc_optimizer *o, V *hyper, V **gradients, int count, oc_error *err) {
    if (!hyper || (!(o->clip_value > 0) && !(o->clip_norm > 0)))
        return hyper;
    V *scale = oc_reshape(graph, part(graph, hyper, SCALE, SCALE + 1, err), &OC_SCALAR, err);
    for (int i = 0; i < count && o->clip_value > 0; i++)
        gradients[i] = oc_clip(graph, oc_div(graph, gradients[i], scale, err), -o->clip_value, o->clip_value, err);
    if (o->clip_value > 0)
        scale = oc_graph_scalar(graph, OC_F32, 1, err);
    if (o->clip_norm > 0)
        scale = oc_mul(graph, scale, excess(graph, scale, o->clip_norm, gradients, count, err), err);
    return with_scale(graph, hyper, scale, err);
}
