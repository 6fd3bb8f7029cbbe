/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions and pools over one spatial axis are made of those over two, with an axis of one element in front of it that comes and
 * goes. What is between two of them keeps that axis: then it meets them in the graph, and they need not leave their layouts. */
#include <ocelli/op/shape.h>
#include <string.h>

#include "graph/graph.h"

#define MOST 16 /* operands */

/* What a value (N, C, L) is a view of, (N, C, 1, L), or NULL. */
static oc_value *lifted_of(const oc_value *value) {
    const oc_node *view = value && value->kind == OC_VALUE_NODE ? value->producer : NULL;
    if (!view || !(view->op->flags & OC_OP_VIEW) || view->post.count || value->shape.rank != 3)
        return NULL;
    oc_value *x = view->in[0];
    const int64_t *dims = value->shape.dims;
    return oc_shape_equal(&x->shape, &OC_SHAPE(dims[0], dims[1], 1, dims[2])) && x->dtype == value->dtype ? x : NULL;
}

/* An operand as its node takes it with the new axis. */
static oc_value *lift(oc_graph *graph, oc_value *x, oc_error *err) {
    oc_value *known = lifted_of(x);
    int rank = x->shape.rank;
    if (known || rank < 2)
        return known ? known : x;
    oc_reshape_params params = {.rank = rank + 1};
    for (int i = 0; i <= rank; i++)
        params.dims[i] = i < rank - 1 ? OC_RESHAPE_AXIS(i) : i == rank ? OC_RESHAPE_AXIS(rank - 1) : 1;
    return oc__graph_node1(graph, &oc__op_reshape, &params, &x, 1, err);
}

typedef union all_params {
    oc_slice_params slice;
    oc_axis_params axis;
} all_params;

/* The params of the node with the new axis; false: it cannot have it. */
static bool lift_params(const oc_node *node, all_params *own, const void **params) {
    *params = node->params;
    if (node->op == &oc__op_slice) {
        own->slice = *(const oc_slice_params *)node->params;
        int64_t *const parts[] = {own->slice.begin, own->slice.end, own->slice.step};
        for (size_t i = 0; i < OC_COUNT(parts); i++) {
            parts[i][3] = parts[i][2];
            parts[i][2] = 0;
        }
        *params = &own->slice;
    } else if (node->op == &oc__op_concat) {
        own->axis = *(const oc_axis_params *)node->params;
        own->axis.axis += own->axis.axis == 2;
        *params = &own->axis;
    } else {
        return (node->op->flags & OC_OP_ELTWISE) || !strcmp(node->op->name, "batch_norm");
    }
    return true;
}

static bool can_be_lifted(const oc_node *node) {
    bool any = false;
    if (node->out_count != 1 || node->in_count > MOST || node->pre.count || node->post.count || node->out[0]->shape.rank != 3)
        return false;
    for (int i = 0; i < node->in_count; i++) {
        if (!node->in[i])
            return false;
        any = any || lifted_of(node->in[i]);
    }
    return any;
}

static oc_status lift_node(oc_graph *graph, oc_node *node, oc_error *err) {
    size_t before = graph->node_count;
    oc_value *in[MOST];
    all_params own;
    const void *params;
    if (!can_be_lifted(node) || !lift_params(node, &own, &params))
        return OC_OK;
    for (int i = 0; i < node->in_count; i++)
        if (!(in[i] = lift(graph, node->in[i], err)))
            return graph->error.status;
    oc_value *y = oc__graph_node1(graph, node->op, params, in, node->in_count, err);
    const oc_reshape_params back = {.rank = 3, .dims = {OC_RESHAPE_AXIS(0), OC_RESHAPE_AXIS(1), OC_RESHAPE_AXIS(3)}};
    oc_value *same = y ? oc__graph_node1(graph, &oc__op_reshape, &back, &y, 1, err) : NULL;
    if (!same)
        return graph->error.status;
    y->producer->name = node->name;
    oc__pass_note(graph, node, "has an axis of one element more");
    oc__replace_uses(graph, node->out[0], same);
    oc__take_place_all(graph, node, graph->node_count - before);
    return OC_OK;
}

oc_status oc__pass_lift(oc_graph *graph, oc_error *err) {
    for (size_t i = 0; i < graph->node_count; i++)
        OC_TRY(lift_node(graph, graph->nodes[i], err));
    return oc__pass_dead(graph, err);
}
