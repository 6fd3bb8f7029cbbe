/* SPDX-License-Identifier: Apache-2.0 */
/* Training forms of ops become those of inference: in a graph that was built for training, for evaluation. */
#include <ocelli/op/norm.h>
#include <string.h>

#include "graph/graph.h"

/* batch_norm_train (src, scale, bias, running mean, running variance) is batch_norm with the running statistics. */
static oc_status freeze_norm(oc_graph *graph, const oc_node *node, oc_error *err) {
    oc_value *y = oc_batch_norm(graph, node->in[0], node->in[1], node->in[2], node->in[3], node->in[4], node->params, err);
    if (!y)
        return graph->error.status;
    oc__replace_uses(graph, node->out[0], y);
    oc__take_place(graph, node);
    return OC_OK;
}

oc_status oc__pass_inference(oc_graph *graph, oc_error *err) {
    size_t nodes = graph->node_count;
    for (size_t i = 0; i < nodes; i++) {
        oc_node *node = graph->nodes[i];
        if (!strcmp(node->op->name, "dropout")) {
            oc__pass_note(graph, node, "passes on what it gets");
            oc__replace_uses(graph, node->out[0], node->in[0]);
        }
        if (!strcmp(node->op->name, "batch_norm_train")) {
            oc__pass_note(graph, node, "takes the running statistics");
            OC_TRY(freeze_norm(graph, node, err));
        }
    }
    return oc__pass_dead(graph, err);
}
