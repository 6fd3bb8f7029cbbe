/* SPDX-License-Identifier: Apache-2.0 */
/* Activations that exporters write as several nodes get their names back, and with them a place in epilogues. */
#include <math.h>

#include <ocelli/op/eltwise.h>

#include "graph/graph.h"
#include "op/room.h"
#include "tensor/tensor.h"

/* The producer, if it is that op and nobody else uses what it gives. */
static const oc_node *only_for(const oc_value *value, const oc__op *op, const int *uses) {
    bool is = value->kind == OC_VALUE_NODE && value->producer->op == op && uses[value->id] == 1 && !value->producer->post.count;
    return is ? value->producer : NULL;
}

/* A constant of one element. */
static bool is_number(const oc_value *value, double wanted) {
    return value->kind == OC_VALUE_CONSTANT && value->dtype == OC_F32 && oc_shape_count(&value->shape) == 1 &&
           fabs(oc__element_get(OC_F32, oc_tensor_get_data(value->data), 0) - wanted) < 1e-6 * fabs(wanted);
}

/* The operand beside a number; NULL: there is no such number. */
static oc_value *beside(const oc_node *node, double number) {
    if (node && is_number(node->in[1], number))
        return node->in[0];
    return node && node->op != &oc__op_div && is_number(node->in[0], number) ? node->in[1] : NULL;
}

static bool is_swish(const oc_value *x, const oc_value *factor, const int *uses) {
    const oc_node *gate = only_for(factor, &oc__op_sigmoid, uses);
    return gate && gate->in[0] == x;
}

static bool is_hard_swish(const oc_value *x, const oc_value *factor, const int *uses) {
    const oc_node *gate = only_for(factor, &oc__op_hard_sigmoid, uses);
    const oc_eltwise_params *p = gate ? gate->params : NULL;
    return gate && gate->in[0] == x && fabsf(p->alpha - 1.0f / 6) < 1e-6f && p->beta == 0.5f;
}

static bool is_mish(const oc_value *x, const oc_value *factor, const int *uses) {
    const oc_node *gate = only_for(factor, &oc__op_tanh, uses), *inner = gate ? only_for(gate->in[0], &oc__op_softplus, uses) : NULL;
    return inner && inner->in[0] == x;
}

/* 1 + erf(x / sqrt(2)) */
static const oc_value *of_erf(const oc_value *value, const int *uses) {
    const oc_node *sum = only_for(value, &oc__op_add, uses);
    const oc_value *inner = beside(sum, 1);
    const oc_node *erf = inner ? only_for(inner, &oc__op_erf, uses) : NULL;
    if (!erf)
        return NULL;
    const oc_node *div = only_for(erf->in[0], &oc__op_div, uses), *mul = only_for(erf->in[0], &oc__op_mul, uses);
    return div ? beside(div, 1.4142135623730951) : mul ? beside(mul, 0.7071067811865476) : NULL;
}

/* x (1 + erf) of any order with 0.5: this node is the last of the three products' two. */
static const oc_value *gelu_of(const oc_node *node, const int *uses) {
    for (int side = 0; side < 2; side++) {
        const oc_value *a = node->in[side], *b = node->in[1 - side];
        const oc_node *half = only_for(a, &oc__op_mul, uses);
        const oc_value *x = half ? beside(half, 0.5) : NULL;
        if (x && of_erf(b, uses) == x) /* (x 0.5) (1 + erf) */
            return x;
        x = x ? of_erf(x, uses) : NULL;
        if (x && x == b) /* ((1 + erf) 0.5) x */
            return x;
        if (half && is_number(b, 0.5)) /* (x (1 + erf)) 0.5 */
            for (int k = 0; k < 2; k++)
                if (of_erf(half->in[k], uses) == half->in[1 - k])
                    return half->in[1 - k];
    }
    return NULL;
}

static const oc__op *name_of(const oc_node *node, const int *uses, const oc_value **x) {
    for (int side = 0; side < 2; side++) {
        const oc_value *factor = node->in[1 - side];
        *x = node->in[side];
        if (is_swish(*x, factor, uses))
            return &oc__op_swish;
        if (is_hard_swish(*x, factor, uses))
            return &oc__op_hard_swish;
        if (is_mish(*x, factor, uses))
            return &oc__op_mish;
    }
    *x = gelu_of(node, uses);
    return *x ? &oc__op_gelu : NULL;
}

static oc_status name_all(oc_graph *graph, int *uses, oc_error *err) {
    for (size_t i = 0; i < graph->node_count; i++) {
        const oc_node *node = graph->nodes[i];
        const oc_value *x;
        if (node->op != &oc__op_mul || node->post.count || node->out[0]->dtype != OC_F32)
            continue;
        const oc__op *op = name_of(node, uses, &x);
        if (!op || !oc_shape_equal(&x->shape, &node->out[0]->shape))
            continue;
        const oc_eltwise_params params = {.alpha = op == &oc__op_swish ? 1 : 0};
        oc__pass_note(graph, node, "and those before it are %s", op->name);
        oc_value *y = oc__graph_node1(graph, op, &params, (oc_value *[]){(oc_value *)x}, 1, err);
        OC_TRY(oc__gave(graph, y));
        oc__replace_uses(graph, node->out[0], y);
        oc__take_place(graph, node);
    }
    return OC_OK;
}

oc_status oc__pass_named(oc_graph *graph, oc_error *err) {
    return oc__pass_with_uses(graph, name_all, err);
}
