/* SPDX-License-Identifier: Apache-2.0 */
/* Takes out nodes whose outputs nobody uses. */
#include "graph/graph.h"

static bool is_dead(const oc_node *node, const int *uses) {
    for (int k = 0; k < node->out_count; k++)
        if (uses[node->out[k]->id])
            return false;
    return true;
}

oc_status oc__pass_dead(oc_graph *graph, oc_error *err) {
    int *uses = oc__use_counts(graph);
    if (!uses)
        return oc__fail_memory(graph->context, err, graph->value_count * sizeof(*uses));
    size_t kept = graph->node_count;
    for (size_t i = graph->node_count; i-- > 0;) {
        oc_node *node = graph->nodes[i];
        if (is_dead(node, uses)) {
            for (int k = 0; k < node->in_count; k++)
                if (node->in[k])
                    uses[node->in[k]->id]--;
        } else {
            graph->nodes[--kept] = node;
        }
    }
    oc__free(graph->context, uses);
    graph->node_count -= kept;
    for (size_t i = 0; i < graph->node_count; i++) {
        graph->nodes[i] = graph->nodes[i + kept];
        graph->nodes[i]->id = (int32_t)i;
    }
    return OC_OK;
}
