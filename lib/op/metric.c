/* SPDX-License-Identifier: Apache-2.0 */
/* How well classes are found. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/index.h>
#include <ocelli/op/matmul.h>
#include <ocelli/op/metric.h>
#include <ocelli/op/reduce.h>
#include <ocelli/op/select.h>
#include <ocelli/op/shape.h>

#include "op/room.h"

typedef oc_value V;

static bool fits(oc_graph *graph, const V *scores, const V *labels, oc_error *err) {
    bool ok = scores->shape.rank == 2 && labels->shape.rank == 1 && scores->shape.dims[1] >= 1 &&
        scores->shape.dims[1] < 1 << 24 &&
              (labels->dtype == OC_I64 || labels->dtype == OC_I32);
    if (!ok)
        oc__graph_fail(graph, err, OC_ERROR_SHAPE, "a metric takes scores (N, classes) and labels (N) of i64 or i32");
    return ok;
}

V *oc_accuracy(oc_graph *graph, V *scores, V *labels, int64_t k, oc_error *err) {
    V *best = NULL;
    if (!scores || !labels)
        return oc__graph_pass_error(graph, err);
    if (!fits(graph, scores, labels, err))
        return NULL;
    const oc_reshape_params column = {.dims = {OC_RESHAPE_AXIS(0), 1}, .rank = 2};
    V *wanted = oc__graph_node1(graph, &oc__op_reshape, &column, &labels, 1, err);
    oc_top_k(graph, scores, &oc_top_k_params(.axis = 1, .k = OC_MIN(k, scores->shape.dims[1])), &best, err);
    V *right = oc_equal(graph, best, oc_cast(graph, wanted, OC_I64, err), err);
    V *found = oc_reduce_sum(graph, oc_cast(graph, right, OC_F32, err), &(oc_reduce_params){.axes = {1}, .axis_count = 1}, err);
    return oc_reduce_mean(graph, found, NULL, err);
}

V *oc_confusion_matrix(oc_graph *graph, V *scores, V *labels, oc_error *err) {
    if (!scores || !labels)
        return oc__graph_pass_error(graph, err);
    if (!fits(graph, scores, labels, err))
        return NULL;
    int64_t classes = scores->shape.dims[1];
    V *off = oc_reshape(graph, oc_graph_scalar(graph, OC_F32, 0, err), &OC_SHAPE(1), err);
    V *on = oc_reshape(graph, oc_graph_scalar(graph, OC_F32, 1, err), &OC_SHAPE(1), err);
    V *values = oc_concat(graph, (V *[]){off, on}, 2, 0, err);
    V *taken = oc_one_hot(graph, oc_arg_reduce(graph, scores, &oc_arg_params(.axis = 1), err), values, classes, 1, err);
    return oc_matmul(graph, oc_one_hot(graph, labels, values, classes, 1, err), taken, &oc_matmul_params(.trans_a = true), err);
}
