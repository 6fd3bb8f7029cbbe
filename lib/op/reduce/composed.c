/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions that are others behind or before elementwise functions. */
#include <ocelli/op/eltwise.h>
#include <ocelli/op/reduce.h>

#include "op/reduce/reduce.h"

oc_value *oc_reduce_l1(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err) {
    return oc_reduce_sum(graph, oc_abs(graph, x, err), params, err);
}

oc_value *oc_reduce_sum_square(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err) {
    return oc_reduce_sum(graph, oc_mul(graph, x, x, err), params, err);
}

oc_value *oc_reduce_l2(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err) {
    return oc_sqrt(graph, oc_reduce_sum_square(graph, x, params, err), err);
}

oc_value *oc_reduce_log_sum(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err) {
    return oc_ln(graph, oc_reduce_sum(graph, x, params, err), err);
}

/* The maximum is taken out of the sum, unless it is infinite. */
oc_value *oc_reduce_log_sum_exp(oc_graph *graph, oc_value *x, const oc_reduce_params *params, oc_error *err) {
    oc_reduce_params own = params ? *params : (oc_reduce_params){0};
    oc_value *largest = oc_clip(graph, oc_reduce_max(graph, x, &own, err), -3e38f, 3e38f, err);
    oc_value *less = oc_sub(graph, x, largest ? oc__broadcast_back(graph, largest, x, &own, false, err) : NULL, err);
    oc_value *sum = oc_reduce_sum(graph, oc_exp(graph, less, err), &own, err);
    return oc_add(graph, oc_ln(graph, sum, err), largest, err);
}
