/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of op/eltwise.h. */
#include "op/eltwise/eltwise.h"

#define UNARY(name, text) \
    oc_value *oc_##name(oc_graph *graph, oc_value *x, oc_error *err) { \
        return oc__graph_node1(graph, &oc__op_##name, NULL, &x, 1, err); \
    }
OC_UNARY_LIST(UNARY)
UNARY(is_nan, "")
UNARY(logical_not, "")

oc_value *oc_ln(oc_graph *graph, oc_value *x, oc_error *err) {
    return oc__graph_node1(graph, &oc__op_log, NULL, &x, 1, err);
}

oc_value *oc_unary(oc_graph *graph, const char *name, oc_value *x, const oc_eltwise_params *params, oc_error *err) {
    const oc__op *op = name ? oc__op_find(name) : NULL;
    if (!op || !oc__eltwise_find(op) || op->in_max != 1)
        return oc__graph_fail(graph, err, OC_ERROR_INVALID, "\"%.40s\" is no elementwise function of one operand", name ? name : "");
    return oc__graph_node1(graph, op, params, &x, 1, err);
}

#define BINARY(name, text) \
    oc_value *oc_##name(oc_graph *graph, oc_value *a, oc_value *b, oc_error *err) { \
        return oc__node2(graph, &oc__op_##name, NULL, a, b, err); \
    }
OC_BINARY_LIST(BINARY)
OC_BITS_LIST(BINARY)
OC_COMPARISON_LIST(BINARY)
OC_LOGIC_LIST(BINARY)

oc_value *oc_leaky_relu(oc_graph *graph, oc_value *x, float alpha, oc_error *err) {
    oc_eltwise_params params = {.alpha = alpha};
    return oc__graph_node1(graph, &oc__op_leaky_relu, &params, &x, 1, err);
}

oc_value *oc_clip(oc_graph *graph, oc_value *x, float low, float high, oc_error *err) {
    oc_eltwise_params params = {.alpha = low, .beta = high};
    return oc__graph_node1(graph, &oc__op_clip, &params, &x, 1, err);
}
