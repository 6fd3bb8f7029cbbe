/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <ocelli/onnx.h>

#include "onnx/reader.h"

static oc_status check_versions(oc__onnx_reader *reader, oc_error *err) {
    const oc__onnx_model *model = &reader->model;
    bool own = false;
    for (size_t i = 0; i < model->graph.node_count; i++)
        own |= oc__onnx_is_default(&model->graph.nodes[i]);
    if (model->opset == -1 && own)
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "the model does not import ONNX's own operators");
    if ((own && model->opset < OC_ONNX_OPSET_MIN) || model->opset > OC_ONNX_OPSET_MAX)
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "opset %lld is not supported (%d to %d are)",
                        (long long)model->opset, OC_ONNX_OPSET_MIN, OC_ONNX_OPSET_MAX);
    return OC_OK;
}

static int64_t input_dim(oc__onnx_reader *reader, const oc__onnx_value *input, int axis) {
    if (input->dims[axis].size >= 0)
        return input->dims[axis].size;
    if (input->dims[axis].param[0] != 0)
        return oc_graph_symbol(reader->graph, input->dims[axis].param);
    char *own = oc__arena_printf(&reader->model.arena, "%s_%d", input->name, axis);
    return own == NULL ? INT64_MIN : oc_graph_symbol(reader->graph, own);
}

static oc_status add_input(oc__onnx_reader *reader, const oc__onnx_value *input, oc_error *err) {
    oc__onnx_binding *binding;
    oc_dtype dtype = oc__onnx_dtype(input->type);
    const oc_tensor *given = oc__onnx_given_find(reader, input->name);
    if (given != NULL && dtype != oc_tensor_get_dtype(given))
        return oc__fail(reader->context, err, OC_ERROR_INVALID, "input '%.200s' is not of the type of what is given for it", input->name);
    if (dtype == OC_DTYPE_NONE || (!input->has_shape && given == NULL))
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "input '%.200s' %s%s", input->name,
                        dtype != OC_DTYPE_NONE ? "has no shape" : input->type == 0 ? "is no tensor" : "is of the unsupported type ",
                        dtype == OC_DTYPE_NONE && input->type != 0 ? oc__onnx_dtype_name(input->type) : "");
    oc_shape shape = {.rank = input->rank};
    for (int i = 0; i < input->rank; i++)
        if ((shape.dims[i] = input_dim(reader, input, i)) == INT64_MIN)
            return oc__fail_memory(reader->context, err, sizeof(shape));
    if (given != NULL)
        shape = *oc_tensor_get_shape(given);
    OC_TRY(oc__onnx_bind(reader, input->name, &binding, err));
    binding->value = oc_graph_input(reader->graph, input->name, dtype, &shape, err);
    return binding->value == NULL ? err->status : OC_OK;
}

static oc_status add_inputs(oc__onnx_reader *reader, oc_error *err) {
    const oc__onnx_model *model = &reader->model;
    for (size_t i = 0; i < model->graph.input_count; i++) {
        const oc__onnx_binding *binding = oc__onnx_find(reader, model->graph.inputs[i].name);
        if (binding == NULL || binding->initializer == NULL) /* up to IR version 3 initializers are inputs too */
            OC_TRY(add_input(reader, &model->graph.inputs[i], err));
    }
    return OC_OK;
}

/* In the file's order, so that parameters are listed as its author did. Those that are constants wait until they are needed. */
static oc_status add_states(oc__onnx_reader *reader, oc_error *err) {
    for (size_t i = 0; i < reader->model.graph.initializer_count; i++) {
        oc__onnx_binding *binding = oc__onnx_find(reader, reader->model.graph.initializers[i].name);
        oc_value *value;
        if (binding->operand && !binding->constant)
            OC_TRY(oc__onnx_binding_value(reader, binding, &value, err));
    }
    return OC_OK;
}

static oc_status add_outputs(oc__onnx_reader *reader, oc_error *err) {
    const oc__onnx_model *model = &reader->model;
    if (model->graph.output_count == 0)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "the model has no outputs");
    for (size_t i = 0; i < model->graph.output_count; i++) {
        const char *name = model->graph.outputs[i].name;
        oc__onnx_binding *binding = oc__onnx_find(reader, name);
        oc_value *value;
        if (binding == NULL)
            return oc__fail(reader->context, err, OC_ERROR_FORMAT, "output '%.200s' is made by no node", name);
        OC_TRY(oc__onnx_binding_value(reader, binding, &value, err));
        OC_TRY(oc_graph_output(reader->graph, name, value, err));
    }
    return OC_OK;
}

static oc_status build(oc__onnx_reader *reader, oc_error *err) {
    const oc__onnx_model *model = &reader->model;
    OC_TRY(check_versions(reader, err));
    OC_TRY(oc__onnx_graph_prepare(reader, &reader->model.graph, err));
    OC_TRY(add_inputs(reader, err));
    OC_TRY(add_states(reader, err));
    OC_TRY(oc__onnx_graph_read(reader, &model->graph, err));
    OC_TRY(add_outputs(reader, err));
    for (size_t i = 0; i < model->metadata_count; i++)
        OC_TRY(oc_graph_set_metadata(reader->graph, model->metadata[i].key, model->metadata[i].text, err));
    return oc_graph_check(reader->graph, err);
}

static oc_status read_model(oc_graph **out, oc_context *context, oc__span data, const char *folder, const oc_onnx_given *given,
                            size_t given_count, oc_error *err) {
    oc__onnx_scope scope;
    oc__onnx_reader reader = {.context = context, .files = {.context = context, .folder = folder},
                              .states = {.context = context}, .given = given, .given_count = given_count};
    OC_TRY(oc__onnx_model_init(&reader.model, context, data, err));
    oc_status status = oc_graph_create(&reader.graph, context, err);
    if (status == OC_OK) {
        status = oc__onnx_scope_enter(&reader, &scope, NULL, err);
        if (status == OC_OK)
            status = build(&reader, err);
        oc__onnx_scope_leave(&reader);
    }
    oc__onnx_reader_finish(&reader);
    if (status == OC_OK)
        *out = reader.graph;
    else
        oc_graph_destroy(&reader.graph);
    return status;
}

oc_status oc_onnx_read_memory(oc_graph **out, oc_context *context, const void *data, size_t size, const char *folder, oc_error *err) {
    oc_error own = {0};
    oc_status status = read_model(out, context, (oc__span){data, size}, folder, NULL, 0, &own);
    if (status != OC_OK && err != NULL)
        *err = own;
    return status;
}

oc_status oc_onnx_read(oc_graph **out, oc_context *context, const char *path, oc_error *err) {
    return oc_onnx_read_given(out, context, path, NULL, 0, err);
}

oc_status oc_onnx_read_given(oc_graph **out, oc_context *context, const char *path, const oc_onnx_given *given, size_t given_count,
                             oc_error *err) {
    oc__mapping mapping;
    oc_error own = {0};
    OC_TRY(oc__file_map(context, path, &mapping, err));
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL ? oc__strdup(context, ".") : oc__strndup(context, path, (size_t)OC_MAX(slash - path, 1));
    oc_status status = folder == NULL ? oc__fail_memory(context, &own, strlen(path)) : OC_OK;
    if (status == OC_OK)
        status = read_model(out, context, (oc__span){mapping.data, mapping.size}, folder, given, given_count, &own);
    oc__free(context, folder);
    oc__file_unmap(context, &mapping);
    if (status != OC_OK) {
        oc_error reason = own;
        status = oc__fail(context, err, status, "%.200s: %s", path, reason.text);
        if (err != NULL)
            err->native = reason.native;
    }
    return status;
}
