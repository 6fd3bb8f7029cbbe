/* SPDX-License-Identifier: Apache-2.0 */
/* What passes share: finding and replacing uses, taking nodes out. */
#include "graph/graph.h"

void oc__replace_uses(oc_graph *graph, oc_value *from, oc_value *to) {
    for (size_t i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i]->in_count; k++)
            if (graph->nodes[i]->in[k] == from)
                graph->nodes[i]->in[k] = to;
    for (size_t i = 0; i < graph->output_count; i++)
        if (graph->outputs[i].value == from)
            graph->outputs[i].value = to;
    for (size_t i = 0; i < graph->state_count; i++)
        if (graph->states[i]->update == from)
            graph->states[i]->update = to;
}

int oc__use_count(const oc_graph *graph, const oc_value *value) {
    int count = 0;
    for (size_t i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i]->in_count; k++)
            count += graph->nodes[i]->in[k] == value;
    for (size_t i = 0; i < graph->output_count; i++)
        count += graph->outputs[i].value == value;
    for (size_t i = 0; i < graph->state_count; i++)
        count += graph->states[i]->update == value;
    return count;
}

/* The number of uses of each value, by id; NULL when out of memory. Freed by the caller. */
int *oc__use_counts(const oc_graph *graph) {
    int *uses = oc__alloc_array(graph->context, OC_MAX(graph->value_count, (size_t)1), sizeof(*uses));
    for (size_t i = 0; uses && i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i]->in_count; k++)
            if (graph->nodes[i]->in[k])
                uses[graph->nodes[i]->in[k]->id]++;
    for (size_t i = 0; uses && i < graph->output_count; i++)
        uses[graph->outputs[i].value->id]++;
    for (size_t i = 0; uses && i < graph->state_count; i++)
        if (graph->states[i]->update)
            uses[graph->states[i]->update->id]++;
    return uses;
}

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
