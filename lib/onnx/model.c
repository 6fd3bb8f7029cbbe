/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/model.h"

#include <string.h>

#include "onnx/parse.h"
#include "onnx/schema.h"

static oc_status read_opset(const oc__onnx_parser *p, oc__span message, int64_t *out) {
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    const char *domain = "";
    int64_t version = 0;
    while (oc__wire_next(&wire, &field)) {
        if (field.number == OPSET_DOMAIN)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, &domain));
        else if (field.number == OPSET_VERSION)
            version = (int64_t)field.value;
    }
    if (domain[0] == 0 || strcmp(domain, "ai.onnx") == 0)
        *out = version;
    return OC_OK;
}

static oc_status read_function(const oc__onnx_parser *p, oc__span message, oc__onnx_function *out) {
    void *nodes, *defaults;
    *out = (oc__onnx_function){.name = "", .domain = "", .opset = -1};
    OC_TRY(oc__onnx_parse_array(p, &nodes, oc__onnx_parse_count(message, FUNCTION_NODE), sizeof(oc__onnx_node)));
    OC_TRY(oc__onnx_parse_array(p, &defaults, oc__onnx_parse_count(message, FUNCTION_DEFAULT), sizeof(oc__onnx_attr)));
    out->body.nodes = nodes;
    out->defaults = defaults;
    OC_TRY(oc__onnx_parse_names(p, message, FUNCTION_INPUT, &out->in, &out->in_count));
    OC_TRY(oc__onnx_parse_names(p, message, FUNCTION_OUTPUT, &out->out, &out->out_count));
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field)) {
        if (field.number == FUNCTION_NAME || field.number == FUNCTION_DOMAIN)
            OC_TRY(oc__onnx_parse_text(p, field.bytes, field.number == FUNCTION_NAME ? &out->name : &out->domain));
        else if (field.number == FUNCTION_NODE)
            OC_TRY(oc__onnx_parse_node(p, field.bytes, &out->body.nodes[out->body.node_count++]));
        else if (field.number == FUNCTION_DEFAULT)
            OC_TRY(oc__onnx_parse_attribute(p, field.bytes, &out->defaults[out->default_count++]));
        else if (field.number == FUNCTION_OPSET)
            OC_TRY(read_opset(p, field.bytes, &out->opset));
    }
    return OC_OK;
}

static oc_status read_model(const oc__onnx_parser *p, oc__span message, oc__onnx_model *out) {
    size_t graphs = oc__onnx_parse_count(message, MODEL_GRAPH);
    void *metadata, *functions;
    if (graphs != 1)
        return oc__onnx_parse_fail(p, OC_ERROR_FORMAT,
                                   graphs == 0 ? "no ONNX model: there is no graph in it" : "the model has two graphs");
    OC_TRY(oc__onnx_parse_array(p, &metadata, oc__onnx_parse_count(message, MODEL_METADATA), sizeof(oc__onnx_text)));
    OC_TRY(oc__onnx_parse_array(p, &functions, oc__onnx_parse_count(message, MODEL_FUNCTION), sizeof(oc__onnx_function)));
    out->metadata = metadata;
    out->functions = functions;
    oc__wire wire = oc__wire_init(message);
    oc__wire_field field;
    while (oc__wire_next(&wire, &field)) {
        if (field.number == MODEL_IR_VERSION)
            out->ir_version = (int64_t)field.value;
        else if (field.number == MODEL_OPSET)
            OC_TRY(read_opset(p, field.bytes, &out->opset));
        else if (field.number == MODEL_METADATA)
            OC_TRY(oc__onnx_parse_entry(p, field.bytes, &out->metadata[out->metadata_count++]));
        else if (field.number == MODEL_FUNCTION)
            OC_TRY(read_function(p, field.bytes, &out->functions[out->function_count++]));
        else if (field.number == MODEL_GRAPH)
            OC_TRY(oc__onnx_parse_graph(p, field.bytes, &out->graph));
    }
    return OC_OK;
}

oc_status oc__onnx_model_init(oc__onnx_model *model, oc_context *context, oc__span data, oc_error *err) {
    OC_TRY(oc__wire_check(context, data, &oc__onnx_model_message, err));
    *model = (oc__onnx_model){.opset = -1};
    oc__arena_init(&model->arena, context);
    const oc__onnx_parser p = {&model->arena, err};
    oc_status status = read_model(&p, data, model);
    if (status != OC_OK)
        oc__onnx_model_finish(model);
    return status;
}

void oc__onnx_model_finish(oc__onnx_model *model) {
    oc__arena_finish(&model->arena);
}
