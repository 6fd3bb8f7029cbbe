/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of op/eltwise.h. */
#include "op/eltwise/eltwise.h"

#define UNARY(function, op) \
    oc_value *oc_##function(oc_graph *graph, oc_value *x, oc_error *err) { \
        return oc__graph_node1(graph, &oc__op_##op, NULL, &x, 1, err); \
    }
UNARY(relu, relu)
UNARY(sigmoid, sigmoid)
UNARY(tanh, tanh)
UNARY(exp, exp)
UNARY(ln, log)
UNARY(sqrt, sqrt)
UNARY(neg, neg)
UNARY(abs, abs)
UNARY(reciprocal, reciprocal)

#define BINARY(name, text) \
    oc_value *oc_##name(oc_graph *graph, oc_value *a, oc_value *b, oc_error *err) { \
        return oc__node2(graph, &oc__op_##name, NULL, a, b, err); \
    }
OC_BINARY_LIST(BINARY)

oc_value *oc_leaky_relu(oc_graph *graph, oc_value *x, float alpha, oc_error *err) {
    oc_eltwise_params params = {.alpha = alpha};
    return oc__graph_node1(graph, &oc__op_leaky_relu, &params, &x, 1, err);
}

oc_value *oc_clip(oc_graph *graph, oc_value *x, float low, float high, oc_error *err) {
    oc_eltwise_params params = {.alpha = low, .beta = high};
    return oc__graph_node1(graph, &oc__op_clip, &params, &x, 1, err);
}
