/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/reader.h"

oc_status oc__onnx_bind(oc__onnx_reader *reader, const char *name, oc__onnx_binding **out, oc_error *err) {
    if (oc__onnx_names_find(&reader->names, name) != NULL)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "the name '%.200s' is made twice", name);
    oc__onnx_binding *binding = oc__arena_alloc(&reader->model.arena, sizeof(*binding));
    if (binding == NULL)
        return oc__fail_memory(reader->context, err, sizeof(*binding));
    *binding = (oc__onnx_binding){.name = name, .next = reader->bindings};
    if (!oc__onnx_names_add(&reader->names, binding))
        return oc__fail_memory(reader->context, err, sizeof(*binding));
    reader->bindings = binding;
    *out = binding;
    return OC_OK;
}

oc_status oc__onnx_bind_tensor(oc__onnx_reader *reader, const char *name, oc_tensor *tensor, uint64_t symbols, oc_error *err) {
    oc__onnx_binding *binding;
    oc_status status = oc__onnx_bind(reader, name, &binding, err);
    if (status != OC_OK) {
        oc_tensor_destroy(&tensor);
        return status;
    }
    binding->tensor = tensor;
    binding->symbols = symbols;
    binding->constant = true;
    return OC_OK;
}

oc_status oc__onnx_binding_load(oc__onnx_reader *reader, oc__onnx_binding *binding, oc_error *err) {
    if (binding->tensor != NULL || binding->initializer == NULL)
        return OC_OK;
    return oc__onnx_tensor_load(&binding->tensor, reader->context, binding->initializer, &reader->files, err);
}

oc_status oc__onnx_binding_value(oc__onnx_reader *reader, oc__onnx_binding *binding, oc_value **out, oc_error *err) {
    oc_error own = {0};
    if (binding->value == NULL) {
        OC_TRY(oc__onnx_binding_load(reader, binding, err));
        if (binding->tensor == NULL)
            return oc__fail(reader->context, err, OC_ERROR_INTERNAL, "'%.200s' was never made", binding->name);
        if (binding->symbols != 0)
            return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED,
                            "'%.200s' is computed from a size that is not a number: give the model fixed sizes", binding->name);
        bool frozen = binding->frozen || binding->constant;
        binding->value = binding->initializer != NULL
                             ? oc_graph_state_tensor(reader->graph, binding->name, binding->tensor, frozen, &own)
                             : oc_graph_constant(reader->graph, binding->name, binding->tensor, &own);
        if (binding->initializer != NULL && !binding->constant) /* its elements are in the graph now */
            oc_tensor_destroy(&binding->tensor);
    }
    if (binding->value == NULL) {
        if (err != NULL)
            *err = own;
        return own.status;
    }
    *out = binding->value;
    return OC_OK;
}

void oc__onnx_reader_finish(oc__onnx_reader *reader) {
    for (oc__onnx_binding *binding = reader->bindings; binding != NULL; binding = binding->next)
        oc_tensor_destroy(&binding->tensor);
    oc__onnx_names_finish(&reader->names);
    oc__onnx_names_finish(&reader->used);
    oc__onnx_files_finish(&reader->files);
    oc__onnx_model_finish(&reader->model);
}
