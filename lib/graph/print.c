/* SPDX-License-Identifier: Apache-2.0 */
/* A graph as text, a line a node. */
#include <stdio.h>

#include "graph/graph.h"

static void print_value(const oc_writer *writer, const oc_value *value) {
    char buffer[24];
    if (!value) {
        oc__print(writer, "none");
        return;
    }
    if (value->name)
        oc__print(writer, "%s", value->name);
    else
        oc__print(writer, "%%%d", value->id);
    oc__print(writer, ":%s[", oc_dtype_name(value->dtype));
    for (int i = 0; i < value->shape.rank; i++)
        oc__print(writer, i ? ",%s" : "%s", oc__symbols_text(&value->graph->symbols, value->shape.dims[i], buffer));
    oc__print(writer, "]");
}

static void print_node(const oc_writer *writer, const oc_node *node) {
    for (int i = 0; i < node->out_count; i++) {
        oc__print(writer, i ? ", " : "");
        print_value(writer, node->out[i]);
    }
    oc__print(writer, " = %s(", node->op->name);
    for (int i = 0; i < node->in_count; i++) {
        oc__print(writer, i ? ", " : "");
        print_value(writer, node->in[i]);
    }
    oc__print(writer, ")");
    for (int i = 0; i < node->post.count; i++) {
        static const char *const kinds[] = {"", "scale", "bias", "residual", ""};
        const oc__post *post = &node->post.items[i];
        oc__print(writer, " + %s", post->kind == OC_POST_ELTWISE ? post->fn->name : kinds[post->kind]);
    }
    oc__print(writer, "\n");
}

void oc_graph_print(const oc_graph *graph, const oc_writer *writer) {
    for (size_t i = 0; i < graph->input_count; i++) {
        oc__print(writer, "input ");
        print_value(writer, graph->inputs[i]);
        oc__print(writer, "\n");
    }
    for (size_t i = 0; i < graph->state_count; i++) {
        oc__print(writer, "%s ", graph->states[i]->init.frozen ? "frozen" : "state");
        print_value(writer, graph->states[i]);
        oc__print(writer, "\n");
    }
    for (size_t i = 0; i < graph->node_count; i++)
        print_node(writer, graph->nodes[i]);
    for (size_t i = 0; i < graph->output_count; i++) {
        oc__print(writer, "output %s = ", graph->outputs[i].name);
        print_value(writer, graph->outputs[i].value);
        oc__print(writer, "\n");
    }
    for (size_t i = 0; i < graph->state_count; i++) {
        if (graph->states[i]->update) {
            oc__print(writer, "update %s = ", graph->states[i]->name);
            print_value(writer, graph->states[i]->update);
            oc__print(writer, "\n");
        }
    }
}
