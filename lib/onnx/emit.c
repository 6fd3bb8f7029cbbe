/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "onnx/schema.h"
#include "onnx/writer.h"

static void put_attribute(oc__string *out, const oc__onnx_attr *attr) {
    oc__string message;
    oc__string_init(&message, out->context);
    oc__wire_put_text(&message, ATTRIBUTE_NAME, attr->name);
    if (attr->kind == OC_ONNX_FLOAT)
        oc__wire_put_float(&message, ATTRIBUTE_F, (float)attr->f);
    else if (attr->kind == OC_ONNX_INT)
        oc__wire_put_varint(&message, ATTRIBUTE_I, (uint64_t)attr->i);
    else if (attr->kind == OC_ONNX_STRING)
        oc__wire_put_text(&message, ATTRIBUTE_S, attr->s);
    for (size_t i = 0; attr->kind == OC_ONNX_INTS && i < attr->count; i++)
        oc__wire_put_varint(&message, ATTRIBUTE_INTS, (uint64_t)attr->ints[i]);
    for (size_t i = 0; attr->kind == OC_ONNX_FLOATS && i < attr->count; i++)
        oc__wire_put_float(&message, ATTRIBUTE_FLOATS, attr->floats[i]);
    oc__wire_put_varint(&message, ATTRIBUTE_TYPE, attr->kind);
    oc__wire_put_bytes(out, NODE_ATTRIBUTE, message.text, message.size);
    out->failed |= message.failed;
    oc__string_finish(&message);
}

static void put_node(oc__string *out, const oc__onnx_node *node) {
    oc__string message;
    oc__string_init(&message, out->context);
    for (int i = 0; i < node->in_count; i++)
        oc__wire_put_text(&message, NODE_INPUT, node->in[i]);
    for (int i = 0; i < node->out_count; i++)
        oc__wire_put_text(&message, NODE_OUTPUT, node->out[i]);
    if (node->name[0] != 0)
        oc__wire_put_text(&message, NODE_NAME, node->name);
    oc__wire_put_text(&message, NODE_TYPE, node->type);
    if (node->domain[0] != 0)
        oc__wire_put_text(&message, NODE_DOMAIN, node->domain);
    for (int i = 0; i < node->attr_count; i++)
        put_attribute(&message, &node->attrs[i]);
    oc__wire_put_bytes(out, GRAPH_NODE, message.text, message.size);
    out->failed |= message.failed;
    oc__string_finish(&message);
}

/* One ONNX node with the op's operands, outputs and attributes; what is left out at the end is not written. */
static void emit_plain(oc__onnx_writing *writing) {
    const oc_node *source = writing->source;
    int in = source->in_count, out = source->out_count;
    oc__onnx_node *node = oc__onnx_emit(writing, writing->rule->type);
    if (node != NULL && writing->rule->domain != NULL)
        node->domain = writing->rule->domain;
    while (in > 0 && writing->in[in - 1][0] == 0)
        in--;
    while (out > 1 && writing->out[out - 1][0] == 0)
        out--;
    for (int i = 0; i < in; i++)
        oc__onnx_emit_in(writing, node, writing->in[i]);
    for (int i = 0; i < OC_MIN(out, writing->rule->out_max); i++)
        oc__onnx_emit_out(writing, node, writing->out[i]);
    if (node != NULL)
        oc__onnx_attrs_write(writing, node);
}

static const char *name_of(const oc__onnx_writer *writer, const oc_value *value) {
    return value == NULL || writer->names[value->id] == NULL ? "" : writer->names[value->id];
}

static oc_status take_emitted(oc__onnx_writer *writer, oc__onnx_writing *writing, oc_error *err) {
    const char *name = writing->source->name == NULL ? "" : writing->source->name;
    if (writing->last != NULL && name[0] != 0 && oc__onnx_names_find(&writer->node_names, name) == NULL) {
        writing->last->name = name; /* the first of several, as of a loop's rounds */
        writer->nodes.failed |= !oc__onnx_names_add(&writer->node_names, name, &writer->mark);
    }
    for (const oc__onnx_node *node = writing->first; node != NULL; node = node->next)
        put_node(&writer->nodes, node);
    writer->literals = writing->literals;
    return writing->failed || writer->nodes.failed ? oc__fail_memory(writer->context, err, writer->nodes.size) : OC_OK;
}

static oc_status emit_node(oc__onnx_writer *writer, const oc_node *node, oc_error *err) {
    size_t count = (size_t)node->in_count + (size_t)node->out_count;
    const char **names = oc__arena_alloc(&writer->arena, count * sizeof(*names) + 1);
    if (names == NULL)
        return oc__fail_memory(writer->context, err, count * sizeof(*names));
    for (int i = 0; i < node->in_count; i++)
        names[i] = name_of(writer, node->in[i]);
    for (int i = 0; i < node->out_count; i++)
        names[node->in_count + i] = name_of(writer, node->out[i]);
    oc__onnx_writing writing = {.context = writer->context, .arena = &writer->arena, .source = node,
                                .rule = oc__onnx_rule_of(node->op), .opset = writer->opset, .in = names, .out = names + node->in_count,
                                .literals = writer->literals, .serial = &writer->serial};
    if (writing.rule->write != NULL)
        OC_TRY(writing.rule->write(&writing, err));
    else
        emit_plain(&writing);
    return take_emitted(writer, &writing, err);
}

/* Constants become nodes, so that they are not taken for parameters. */
static oc_status emit_constant(oc__onnx_writer *writer, const oc_value *value, oc_error *err) {
    oc__string tensor, attribute, node;
    uint64_t bytes = oc_tensor_get_bytes(value->data);
    uint8_t *elements = oc__alloc(writer->context, (size_t)bytes + 1);
    if (elements == NULL)
        return oc__fail_memory(writer->context, err, (size_t)bytes);
    memcpy(elements, oc_tensor_get_data(value->data), (size_t)bytes);
    oc__swap_to_little(elements, bytes, oc_dtype_size(value->dtype));
    oc__string_init(&tensor, writer->context);
    oc__string_init(&attribute, writer->context);
    oc__string_init(&node, writer->context);
    for (int i = 0; i < value->shape.rank; i++)
        oc__wire_put_varint(&tensor, TENSOR_DIMS, (uint64_t)value->shape.dims[i]);
    oc__wire_put_varint(&tensor, TENSOR_TYPE, (uint64_t)oc__onnx_dtype_number(value->dtype));
    oc__wire_put_bytes(&tensor, TENSOR_RAW, elements, bytes);
    oc__wire_put_text(&attribute, ATTRIBUTE_NAME, "value");
    oc__wire_put_bytes(&attribute, ATTRIBUTE_T, tensor.text, tensor.size);
    oc__wire_put_varint(&attribute, ATTRIBUTE_TYPE, OC_ONNX_TENSOR);
    oc__wire_put_text(&node, NODE_OUTPUT, writer->names[value->id]);
    oc__wire_put_text(&node, NODE_TYPE, "Constant");
    oc__wire_put_bytes(&node, NODE_ATTRIBUTE, attribute.text, attribute.size);
    oc__wire_put_bytes(&writer->nodes, GRAPH_NODE, node.text, node.size);
    writer->nodes.failed |= tensor.failed || attribute.failed || node.failed;
    oc__string_finish(&tensor);
    oc__string_finish(&attribute);
    oc__string_finish(&node);
    oc__free(writer->context, elements);
    return OC_OK;
}

/* Outputs that are further names of a value. */
static oc_status emit_aliases(oc__onnx_writer *writer, oc_error *err) {
    const oc_graph *graph = writer->graph;
    for (size_t i = 0; i < graph->output_count; i++) {
        const char *from = writer->names[graph->outputs[i].value->id], *to = graph->outputs[i].name;
        if (strcmp(from, to) == 0)
            continue;
        const oc__onnx_node node = {.type = "Identity", .domain = "", .name = "", .in = &from, .out = &to, .in_count = 1,
                                    .out_count = 1};
        put_node(&writer->nodes, &node);
    }
    return writer->nodes.failed ? oc__fail_memory(writer->context, err, writer->nodes.size) : OC_OK;
}

oc_status oc__onnx_writer_emit(oc__onnx_writer *writer, oc_error *err) {
    const oc_graph *graph = writer->graph;
    for (size_t i = 0; i < graph->value_count; i++)
        if (writer->needed[i] && graph->values[i]->kind == OC_VALUE_CONSTANT)
            OC_TRY(emit_constant(writer, graph->values[i], err));
    for (size_t i = 0; i < graph->node_count; i++) {
        if (oc__onnx_node_needed(writer, graph->nodes[i]))
            OC_TRY(emit_node(writer, graph->nodes[i], err));
    }
    return emit_aliases(writer, err);
}
