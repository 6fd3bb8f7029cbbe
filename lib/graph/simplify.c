/* SPDX-License-Identifier: Apache-2.0 */
/* Removes nodes that change nothing. */
#include <ocelli/op/shape.h>

#include <string.h>

#include "graph/graph.h"

/* What the node's output is the same as, or NULL. */
static oc_value *same_as(const oc_node *node) {
    oc_value *x = node->in_count ? node->in[0] : NULL;
    if (!x || node->post.count || node->out[0]->dtype != x->dtype || !oc_shape_equal(&node->out[0]->shape, &x->shape))
        return NULL;
    if (node->op->flags & OC_OP_VIEW)
        return x;
    if (!strcmp(node->op->name, "cast"))
        return x;
    if (!strcmp(node->op->name, "transpose")) {
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
        if (same)
            oc__replace_uses(graph, graph->nodes[i]->out[0], same);
    }
    return oc__pass_dead(graph, err);
}
