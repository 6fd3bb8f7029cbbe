/* SPDX-License-Identifier: Apache-2.0 */
/* Removes nodes that change nothing. */
#include <ocelli/op/pool.h>
#include <ocelli/op/shape.h>

#include "graph/graph.h"

/* A window of one element, without gaps or padding. */
static bool pools_nothing(const oc_node *node) {
    const oc_pool_params *p = node->params;
    bool nothing = node->op == &oc__op_avg_pool2d || node->op == &oc__op_max_pool2d;
    for (int i = 0; nothing && i < 2; i++)
        nothing = p->kernel[i] == 1 && p->stride[i] <= 1 && p->pad_begin[i] == 0 && p->pad_end[i] == 0;
    return nothing;
}

/* What a view gives is the same as what it is a view of, or that is a view of; NULL: nothing of the shape. */
static oc_value *same_as_viewed(const oc_node *node) {
    const oc_value *y = node->out[0];
    for (; (node->op->flags & OC_OP_VIEW) && !node->post.count; node = node->in[0]->producer) {
        if (node->in[0]->dtype == y->dtype && oc_shape_equal(&y->shape, &node->in[0]->shape))
            return node->in[0];
        if (node->in[0]->kind != OC_VALUE_NODE)
            return NULL;
    }
    return NULL;
}

/* What the node's output is the same as, or NULL. */
static oc_value *same_as(const oc_node *node) {
    if (node->op->flags & OC_OP_VIEW)
        return same_as_viewed(node);
    oc_value *x = node->in_count ? node->in[0] : NULL;
    if (!x || node->post.count || node->out[0]->dtype != x->dtype || !oc_shape_equal(&node->out[0]->shape, &x->shape))
        return NULL;
    if (node->op == &oc__op_cast || (node->op == &oc__op_concat && node->op_in == 1) || pools_nothing(node))
        return x;
    if (node->op == &oc__op_transpose) {
        const oc_transpose_params *p = node->params;
        for (int i = 0; i < x->shape.rank; i++)
            if (p->perm[i] != i)
                return NULL;
        return x;
    }
    return NULL;
}

oc_status oc__pass_simplify(oc_graph *graph, oc_error *err) {
    for (size_t i = 0; i < graph->node_count; i++) {
        oc_value *same = same_as(graph->nodes[i]);
        if (!same)
            continue;
        oc__pass_note(graph, graph->nodes[i], "changes nothing");
        oc__replace_uses(graph, graph->nodes[i]->out[0], same);
    }
    return oc__pass_dead(graph, err);
}
