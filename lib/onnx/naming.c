/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "onnx/writer.h"

bool oc__onnx_node_needed(const oc__onnx_writer *writer, const oc_node *node) {
    for (int i = 0; i < node->out_count; i++)
        if (writer->needed[node->out[i]->id])
            return true;
    return false;
}

/* Every op among the needed nodes that has no ONNX form. */
static oc_status check_forms(oc__onnx_writer *writer, oc_error *err) {
    oc__string text;
    oc__string_init(&text, writer->context);
    for (size_t i = 0; i < writer->graph->node_count; i++) {
        const oc_node *node = writer->graph->nodes[i];
        const char *name = node->op->name;
        bool plain = oc__onnx_rule_of(node->op) != NULL && node->pre.count == 0 && node->post.count == 0;
        if (!plain && oc__onnx_node_needed(writer, node) && strstr(text.text, name) == NULL && text.size < 380)
            oc__string_printf(&text, "%s%s", text.size > 0 ? ", " : "", name);
    }
    oc_status status = OC_OK;
    if (text.size > 0)
        status = oc__fail(writer->context, err, OC_ERROR_UNSUPPORTED, "operators that have no form in ONNX: %s", text.text);
    oc__string_finish(&text);
    return status;
}

/* Operands that the written form does without need not be written themselves. */
static bool is_written(const oc_node *node, int operand) {
    const oc__onnx_rule *rule = oc__onnx_rule_of(node->op);
    bool shape_only = oc__is_shape_only(node->op, node->in_count, operand);
    return node->in[operand] != NULL && !(shape_only && rule != NULL && rule->shape_free);
}

oc_status oc__onnx_writer_mark(oc__onnx_writer *writer, oc_error *err) {
    const oc_graph *graph = writer->graph;
    size_t count = graph->value_count + 1;
    writer->needed = oc__arena_alloc(&writer->arena, count * sizeof(bool));
    writer->opset = OC_ONNX_OPSET_WRITTEN;
    writer->names = oc__arena_alloc(&writer->arena, count * sizeof(char *));
    if (writer->needed == NULL || writer->names == NULL)
        return oc__fail_memory(writer->context, err, count * sizeof(char *));
    if (graph->output_count == 0)
        return oc__fail(writer->context, err, OC_ERROR_INVALID, "the graph has no outputs, so there is nothing to write");
    for (size_t i = 0; i < graph->output_count; i++)
        writer->needed[graph->outputs[i].value->id] = true;
    for (size_t i = graph->node_count; i-- > 0;) {
        const oc_node *node = graph->nodes[i];
        if (!oc__onnx_node_needed(writer, node))
            continue;
        for (int k = 0; k < node->in_count; k++)
            if (is_written(node, k))
                writer->needed[node->in[k]->id] = true;
        writer->opset = OC_MAX(writer->opset, oc__onnx_opset_of(node));
    }
    return check_forms(writer, err);
}

static oc_status take(oc__onnx_writer *writer, const oc_value *value, const char *name, oc_error *err) {
    oc__onnx_binding *binding = oc__arena_alloc(&writer->arena, sizeof(*binding));
    if (binding == NULL)
        return oc__fail_memory(writer->context, err, sizeof(*binding));
    binding->name = name;
    if (value != NULL)
        writer->names[value->id] = name;
    return oc__onnx_names_add(&writer->taken, name, binding) ? OC_OK : oc__fail_memory(writer->context, err, sizeof(*binding));
}

static bool is_free(const oc__onnx_writer *writer, const char *name) {
    return name != NULL && name[0] != 0 && strncmp(name, "ocelli.", 7) != 0 && oc__onnx_names_find(&writer->taken, name) == NULL;
}

static oc_status name_ends(oc__onnx_writer *writer, oc_error *err) {
    const oc_graph *graph = writer->graph;
    for (size_t i = 0; i < graph->input_count; i++)
        OC_TRY(take(writer, graph->inputs[i], graph->inputs[i]->name, err));
    for (size_t i = 0; i < graph->state_count; i++)
        OC_TRY(take(writer, graph->states[i], graph->states[i]->name, err));
    for (size_t i = 0; i < graph->output_count; i++) {
        const oc__named *output = &graph->outputs[i];
        const char *own = writer->names[output->value->id];
        if (own != NULL && strcmp(own, output->name) == 0)
            continue;
        if (oc__onnx_names_find(&writer->taken, output->name) != NULL)
            return oc__fail(writer->context, err, OC_ERROR_INVALID, "output '%s' has the name of an input or a state", output->name);
        OC_TRY(take(writer, own == NULL && output->value->kind == OC_VALUE_NODE ? output->value : NULL, output->name, err));
    }
    return OC_OK;
}

oc_status oc__onnx_writer_name(oc__onnx_writer *writer, oc_error *err) {
    OC_TRY(name_ends(writer, err));
    for (size_t i = 0; i < writer->graph->value_count; i++) {
        const oc_value *value = writer->graph->values[i];
        if (!writer->needed[i] || writer->names[i] != NULL)
            continue;
        const char *name = is_free(writer, value->name) ? value->name
                                                        : oc__arena_printf(&writer->arena, "ocelli.%d", writer->serial++);
        if (name == NULL)
            return oc__fail_memory(writer->context, err, 16);
        OC_TRY(take(writer, value, name, err));
    }
    return OC_OK;
}
