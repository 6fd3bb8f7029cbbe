/* SPDX-License-Identifier: Apache-2.0 */
/* Gradients of the elementwise functions, as nodes. */
#include <stdio.h>

#include <ocelli/op/reduce.h>

#include "op/eltwise/eltwise.h"

oc_status oc__eltwise_give(oc__gradient *g, int i, oc_value *value, oc_error *err) {
    oc_value *operand = g->node->in[i];
    if (value && !oc_shape_equal(&value->shape, &operand->shape))
        value = oc_sum_to_like(g->graph, value, operand, err);
    g->diff_in[i] = value;
    return oc__gave(g->graph, value);
}

static oc_value *scalar(oc__gradient *g, double value, oc_error *err) {
    return oc_graph_scalar(g->graph, g->node->in[0]->dtype, value, err);
}

static const oc__op *backward_of(const oc_node *node) {
    char name[40];
    snprintf(name, sizeof(name), "%s_bwd", node->op->name);
    return oc__op_find(name);
}

oc_status oc__eltwise_grad_output(oc__gradient *g, oc_error *err) {
    return oc__eltwise_give(g, 0, oc__node2(g->graph, backward_of(g->node), g->node->params, g->node->out[0], g->diff_out[0], err), err);
}

oc_status oc__eltwise_grad_input(oc__gradient *g, oc_error *err) {
    return oc__eltwise_give(g, 0, oc__node2(g->graph, backward_of(g->node), g->node->params, g->node->in[0], g->diff_out[0], err), err);
}

oc_status oc__eltwise_grad_mask(oc__gradient *g, oc_error *err) {
    if (!g->wanted[1])
        return OC_OK;
    return oc__eltwise_give(g, 1, oc__node2(g->graph, g->node->op, g->node->params, g->node->in[0], g->diff_out[0], err), err);
}

/* f(y, dy) = dy * k(y), and k' from y. */
oc_status oc__eltwise_grad_curve(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *y = g->node->in[0], *dy = g->node->in[1], *d = g->diff_out[0], *slope;
    const oc__op *op = g->node->op;
    if (g->wanted[1])
        OC_TRY(oc__eltwise_give(g, 1, oc__node2(graph, op, NULL, y, d, err), err));
    if (!g->wanted[0])
        return OC_OK;
    oc_value *twice = oc_mul(graph, y, scalar(g, -2, err), err);
    if (op == &oc__op_sigmoid_bwd)
        slope = oc_add(graph, twice, scalar(g, 1, err), err);
    else if (op == &oc__op_tanh_bwd || op == &oc__op_reciprocal_bwd)
        slope = twice;
    else
        slope = oc_reciprocal(graph, oc_mul(graph, twice, y, err), err);
    return oc__eltwise_give(g, 0, oc_mul(graph, oc_mul(graph, d, dy, err), slope, err), err);
}

oc_status oc__eltwise_grad_exp(oc__gradient *g, oc_error *err) {
    return oc__eltwise_give(g, 0, oc_mul(g->graph, g->diff_out[0], g->node->out[0], err), err);
}

oc_status oc__eltwise_grad_log(oc__gradient *g, oc_error *err) {
    return oc__eltwise_give(g, 0, oc_div(g->graph, g->diff_out[0], g->node->in[0], err), err);
}

oc_status oc__eltwise_grad_neg(oc__gradient *g, oc_error *err) {
    return oc__eltwise_give(g, 0, oc_neg(g->graph, g->diff_out[0], err), err);
}

oc_status oc__eltwise_grad_add(oc__gradient *g, oc_error *err) {
    for (int i = 0; i < 2; i++)
        if (g->wanted[i])
            OC_TRY(oc__eltwise_give(g, i, g->diff_out[0], err));
    return OC_OK;
}

oc_status oc__eltwise_grad_sub(oc__gradient *g, oc_error *err) {
    if (g->wanted[0])
        OC_TRY(oc__eltwise_give(g, 0, g->diff_out[0], err));
    return g->wanted[1] ? oc__eltwise_give(g, 1, oc_neg(g->graph, g->diff_out[0], err), err) : OC_OK;
}

oc_status oc__eltwise_grad_mul(oc__gradient *g, oc_error *err) {
    for (int i = 0; i < 2; i++)
        if (g->wanted[i])
            OC_TRY(oc__eltwise_give(g, i, oc_mul(g->graph, g->diff_out[0], g->node->in[1 - i], err), err));
    return OC_OK;
}

oc_status oc__eltwise_grad_div(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *b = g->node->in[1], *ratio = g->wanted[0] || g->wanted[1] ? oc_div(graph, g->diff_out[0], b, err) : NULL;
    if (g->wanted[0])
        OC_TRY(oc__eltwise_give(g, 0, ratio, err));
    if (g->wanted[1])
        OC_TRY(oc__eltwise_give(g, 1, oc_neg(graph, oc_mul(graph, ratio, g->node->out[0], err), err), err));
    return OC_OK;
}

oc_status oc__eltwise_grad_pow(oc__gradient *g, oc_error *err) {
    const oc__op *ops[2] = {&oc__op_pow_da, &oc__op_pow_db};
    for (int i = 0; i < 2; i++) {
        if (g->wanted[i]) {
            oc_value *slope = oc__node2(g->graph, ops[i], NULL, g->node->in[0], g->node->in[1], err);
            OC_TRY(oc__eltwise_give(g, i, oc_mul(g->graph, g->diff_out[0], slope, err), err));
        }
    }
    return OC_OK;
}

/* y x^(y-1) and x^y ln x, of which the first is 0 for y = 0 and the second for x = 0. */
oc_status oc__eltwise_grad_pow_slope(oc__gradient *g, oc_error *err) {
    oc_graph *graph = g->graph;
    oc_value *x = g->node->in[0], *y = g->node->in[1], *d = g->diff_out[0];
    bool first = g->node->op == &oc__op_pow_da;
    oc_value *less = oc_sub(graph, y, scalar(g, 1, err), err);
    if (g->wanted[first]) { /* by the other one's operand: x^(y-1) (1 + y ln x) either way */
        oc_value *mixed = oc_mul(graph, y, oc__node2(graph, &oc__op_pow_db, NULL, x, less, err), err);
        OC_TRY(oc__eltwise_give(g, first, oc_mul(graph, d, oc_add(graph, mixed, oc_pow(graph, x, less, err), err), err), err));
    }
    if (!g->wanted[!first])
        return OC_OK;
    oc_value *own, *half = oc_mul(graph, y, scalar(g, 0.5, err), err);
    if (first) {
        own = oc_mul(graph, y, oc__node2(graph, &oc__op_pow_da, NULL, x, less, err), err);
    } else {
        own = oc__node2(graph, &oc__op_pow_db, NULL, x, half, err);
        own = oc_mul(graph, own, own, err);
    }
    return oc__eltwise_give(g, !first, oc_mul(graph, d, own, err), err);
}

/* All of it to the winner; half to each of equals, as PyTorch has it. */
static oc_status give_shares(oc__gradient *g, bool max, oc_error *err) {
    for (int i = 0; i < 2; i++) {
        if (g->wanted[i]) {
            int first = max ? i : 1 - i;
            oc_value *share = oc__node2(g->graph, &oc__op_max_share, NULL, g->node->in[first], g->node->in[1 - first], err);
            OC_TRY(oc__eltwise_give(g, i, oc_mul(g->graph, g->diff_out[0], share, err), err));
        }
    }
    return OC_OK;
}

oc_status oc__eltwise_grad_max(oc__gradient *g, oc_error *err) {
    return give_shares(g, true, err);
}

oc_status oc__eltwise_grad_min(oc__gradient *g, oc_error *err) {
    return give_shares(g, false, err);
}
