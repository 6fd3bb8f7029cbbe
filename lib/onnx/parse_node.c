/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes, their attributes, graphs. */
#include <string.h>

#include "onnx/parse.h"
#include "onnx/schema.h"

static size_t count_numbers(oc__span message, uint32_t number, oc__wire_type type) {
    oc__wire wire = oc__wire_init(message), packed = {0};
    uint64_t value;
    size_t count = 0;
    while (oc__wire_next_number(&wire, &packed, number, type, &value))
        count++;
    return count;
}

/* Files of IR version 1 leave `type` out: then it is what is there. */
static oc__onnx_attr_kind guess_kind(const oc__onnx_attr *attr, uint32_t number) {
    static const uint8_t kinds[] = {[ATTRIBUTE_F] = OC_ONNX_FLOAT,   [ATTRIBUTE_I] = OC_ONNX_INT,
                                    [ATTRIBUTE_S] = OC_ONNX_STRING,  [ATTRIBUTE_T] = OC_ONNX_TENSOR,
                                    [ATTRIBUTE_G] = OC_ONNX_GRAPH,   [ATTRIBUTE_FLOATS] = OC_ONNX_FLOATS,
                                    [ATTRIBUTE_INTS] = OC_ONNX_INTS};
    return number < OC_COUNT(kinds) && kinds[number] != 0 ? (oc__onnx_attr_kind)kinds[number] : attr->kind;
}

static float float_of(uint64_t bits) {
    uint32_t low = (uint32_t)bits;
    float value;
    memcpy(&value, &low, sizeof(value));
    return value;
}

static oc_status read_lists(const oc__onnx_parser *p, oc__span message, oc__onnx_attr *out) {
    bool ints = out->kind == OC_ONNX_INTS;
    if (!ints && out->kind != OC_ONNX_FLOATS)
        return OC_OK;
    uint32_t number = ints ? ATTRIBUTE_INTS : ATTRIBUTE_FLOATS;
    oc__wire_type type = ints ? OC_WIRE_VARINT : OC_WIRE_FIXED32;
    out->count = count_numbers(message, number, type);
    void *items;
    OC_TRY(oc__onnx_parse_array(p, &items, out->count, ints ? sizeof(int64_t) : sizeof(float)));
    oc__wire wire = oc__wire_init(message), packed = {0};
    uint64_t value;
    for (size_t i = 0; oc__wire_next_number(&wire, &packed, number, type, &value); i++) {
        if (ints)
            ((int64_t *)items)[i] = (int64_t)value;
        else
            ((float *)items)[i] = float_of(value);
    }
    out->ints = ints ? items : NULL;
    out->floats = ints ? NULL : items;
    return OC_OK;
}

/* The depth of bodies in bodies is that of messages, which is checked. */
static oc_status read_body(const oc__onnx_parser *p, oc__span message, oc__onnx_attr *out) {
    void *body;
    OC_TRY(oc__onnx_parse_array(p, &body, 1, sizeof(oc__onnx_graph)));
    out->graph = body;
    return oc__onnx_parse_graph(p, message, out->graph);
}

oc_status oc__onnx_parse_attribute(const oc__onnx_parser *p, oc__span message, oc__onnx_attr *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    uint64_t declared = 0;
    out->name = out->s = out->reference = "";
    while (oc__wire_next(&wire, &field)) {
        out->kind = guess_kind(out, field.number);
        if (field.number == ATTRIBUTE_NAME)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &out->name));
        else if (field.number == ATTRIBUTE_F)
            out->f = float_of(field.value);
        else if (field.number == ATTRIBUTE_I)
            out->i = (int64_t)field.value;
        else if (field.number == ATTRIBUTE_S && memchr(field.bytes.data, 0, field.bytes.size) == NULL)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &out->s));
        else if (field.number == ATTRIBUTE_T) {
            out->message = field.bytes.data;
            out->message_size = field.bytes.size;
        } else if (field.number == ATTRIBUTE_TYPE)
            declared = field.value;
        else if (field.number == ATTRIBUTE_REFERENCE)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &out->reference));
        else if (field.number == ATTRIBUTE_G)
            OC_TRY(read_body(p, field.bytes, out));
    }
    if (declared != 0)
        out->kind = declared > 100 ? 100 : (oc__onnx_attr_kind)declared;
    return read_lists(p, message, out);
}

oc_status oc__onnx_parse_node(const oc__onnx_parser *p, oc__span message, oc__onnx_node *out) {
    size_t attr_count = oc__onnx_parse_count(message, NODE_ATTRIBUTE);
    void *attrs;
    if (attr_count > INT16_MAX)
        return oc__onnx_parse_fail(p, OC_ERROR_UNSUPPORTED, "a node has more than 32767 attributes");
    OC_TRY(oc__onnx_parse_array(p, &attrs, attr_count, sizeof(oc__onnx_attr)));
    *out = (oc__onnx_node){.type = "", .domain = "", .name = "", .attrs = attrs};
    OC_TRY(oc__onnx_parse_names(p, message, NODE_INPUT, &out->in, &out->in_count));
    OC_TRY(oc__onnx_parse_names(p, message, NODE_OUTPUT, &out->out, &out->out_count));
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field)) {
        if (field.number == NODE_NAME)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &out->name));
        else if (field.number == NODE_TYPE)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &out->type));
        else if (field.number == NODE_DOMAIN)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &out->domain));
        else if (field.number == NODE_ATTRIBUTE)
            OC_TRY(oc__onnx_parse_attribute(p, field.bytes, &out->attrs[out->attr_count++]));
    }
    while (out->in_count > 0 && out->in[out->in_count - 1][0] == 0)
        out->in_count--;
    return OC_OK;
}

oc_status oc__onnx_parse_graph(const oc__onnx_parser *p, oc__span message, oc__onnx_graph *out) {
    void *nodes, *initializers, *inputs, *outputs;
    OC_TRY(oc__onnx_parse_array(p, &nodes, oc__onnx_parse_count(message, GRAPH_NODE), sizeof(oc__onnx_node)));
    OC_TRY(oc__onnx_parse_array(p, &initializers, oc__onnx_parse_count(message, GRAPH_INITIALIZER), sizeof(oc__onnx_tensor)));
    OC_TRY(oc__onnx_parse_array(p, &inputs, oc__onnx_parse_count(message, GRAPH_INPUT), sizeof(oc__onnx_value)));
    OC_TRY(oc__onnx_parse_array(p, &outputs, oc__onnx_parse_count(message, GRAPH_OUTPUT), sizeof(oc__onnx_value)));
    out->nodes = nodes;
    out->initializers = initializers;
    out->inputs = inputs;
    out->outputs = outputs;
    out->sparse_count = oc__onnx_parse_count(message, GRAPH_SPARSE);
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field)) {
        if (field.number == GRAPH_NODE)
            OC_TRY(oc__onnx_parse_node(p, field.bytes, &out->nodes[out->node_count++]));
        else if (field.number == GRAPH_INITIALIZER)
            OC_TRY(oc__onnx_tensor_parse(&out->initializers[out->initializer_count++], p->arena, field.bytes, true, p->err));
        else if (field.number == GRAPH_INPUT)
            OC_TRY(oc__onnx_parse_value(p, field.bytes, &out->inputs[out->input_count++]));
        else if (field.number == GRAPH_OUTPUT)
            OC_TRY(oc__onnx_parse_value(p, field.bytes, &out->outputs[out->output_count++]));
    }
    return OC_OK;
}
