/* SPDX-License-Identifier: Apache-2.0 */
/* What passes share: finding and replacing uses, and nodes. */
#include <string.h>

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

static bool node_is_fixed(const oc_node *node, const bool *fixed) {
    if (node->op->flags & OC_OP_RANDOM)
        return false;
    for (int i = 0; i < node->in_count; i++)
        if (node->in[i] && !fixed[node->in[i]->id])
            return false;
    return true;
}

bool *oc__fixed_values(const oc_graph *graph) {
    bool *fixed = oc__alloc_array(graph->context, OC_MAX(graph->value_count, (size_t)1), sizeof(*fixed));
    for (size_t i = 0; fixed && i < graph->value_count; i++) {
        const oc_value *value = graph->values[i];
        fixed[i] = value->kind == OC_VALUE_CONSTANT || (value->kind == OC_VALUE_STATE && !value->update);
    }
    for (size_t i = 0; fixed && i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i]->out_count; k++)
            fixed[graph->nodes[i]->out[k]->id] = node_is_fixed(graph->nodes[i], fixed);
    return fixed;
}

void oc__put_before(oc_graph *graph, const oc_node *node) {
    size_t at = (size_t)node->id, last = graph->node_count - 1;
    oc_node *fresh = graph->nodes[last];
    memmove(&graph->nodes[at + 1], &graph->nodes[at], (last - at) * sizeof(*graph->nodes));
    graph->nodes[at] = fresh;
    for (size_t i = at; i < graph->node_count; i++)
        graph->nodes[i]->id = (int32_t)i;
}

void oc__take_place(oc_graph *graph, const oc_node *of) {
    oc_node *fresh = graph->nodes[--graph->node_count];
    fresh->name = of->name;
    fresh->id = of->id;
    graph->nodes[of->id] = fresh;
}

void oc__take_place_all(oc_graph *graph, const oc_node *of, size_t count) {
    size_t at = (size_t)of->id, old = graph->node_count - count;
    for (size_t k = 0; k < count; k++) { /* one after the other: each in front of what is behind `of` */
        oc_node *fresh = graph->nodes[old + k];
        memmove(&graph->nodes[at + k + 1], &graph->nodes[at + k], (old - at) * sizeof(*graph->nodes));
        graph->nodes[at + k] = fresh;
    }
    graph->nodes[at + count - 1]->name = of->name;
    memmove(&graph->nodes[at + count], &graph->nodes[at + count + 1], (graph->node_count - at - count - 1) * sizeof(*graph->nodes));
    graph->node_count--;
    for (size_t i = at; i < graph->node_count; i++)
        graph->nodes[i]->id = (int32_t)i;
}

oc_status oc__pass_with_uses(oc_graph *graph, oc_status (*run)(oc_graph *graph, int *uses, oc_error *err), oc_error *err) {
    int *uses = oc__use_counts(graph);
    if (!uses)
        return oc__fail_memory(graph->context, err, graph->value_count * sizeof(*uses));
    oc_status status = run(graph, uses, err);
    oc__free(graph->context, uses);
    return status == OC_OK ? oc__pass_dead(graph, err) : status;
}
