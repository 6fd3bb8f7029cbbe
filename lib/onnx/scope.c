/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/reader.h"
#include "op/rig.h"

oc_status oc__onnx_scope_enter(oc__onnx_reader *reader, oc__onnx_scope *scope, oc__onnx_scope *outer, oc_error *err) {
    *scope = (oc__onnx_scope){.outer = outer, .caller = reader->scope, .names = {.context = reader->context},
                              .used = {.context = reader->context}, .opset = reader->model.opset};
    if (outer != NULL) {
        scope->opset = outer->opset;
        scope->function = outer->function;
        scope->call = outer->call;
    }
    reader->scope = scope;
    if (++reader->depth > OC_ONNX_MAX_DEPTH)
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "bodies and functions are nested more than %d deep",
                        OC_ONNX_MAX_DEPTH);
    return OC_OK;
}

void oc__onnx_scope_leave(oc__onnx_reader *reader) {
    oc__onnx_scope *scope = reader->scope;
    oc__onnx_names_finish(&scope->names);
    oc__onnx_names_finish(&scope->used);
    reader->scope = scope->caller;
    reader->depth--;
}

oc__onnx_binding *oc__onnx_find(const oc__onnx_reader *reader, const char *name) {
    oc__onnx_binding *binding = NULL;
    for (const oc__onnx_scope *scope = reader->scope; scope != NULL && binding == NULL; scope = scope->outer)
        binding = oc__onnx_names_find(&scope->names, name);
    return binding;
}

bool oc__onnx_is_used(const oc__onnx_reader *reader, const char *name) {
    return reader->scope->all_used || oc__onnx_names_find(&reader->scope->used, name) != NULL;
}

oc_status oc__onnx_alias(oc__onnx_reader *reader, const char *name, oc__onnx_binding *binding, oc_error *err) {
    if (oc__onnx_names_find(&reader->scope->names, name) != NULL)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT, "the name '%.200s' is made twice", name);
    return oc__onnx_names_add(&reader->scope->names, name, binding) ? OC_OK : oc__fail_memory(reader->context, err,
                                                                                              sizeof(*binding));
}

static oc_status add_binding(oc__onnx_reader *reader, const char *name, oc__onnx_binding **out, oc_error *err) {
    oc__onnx_binding *binding = oc__arena_alloc(&reader->model.arena, sizeof(*binding));
    if (binding == NULL)
        return oc__fail_memory(reader->context, err, sizeof(*binding));
    *binding = (oc__onnx_binding){.name = name, .next = reader->bindings};
    reader->bindings = *out = binding;
    return OC_OK;
}

oc_status oc__onnx_bind(oc__onnx_reader *reader, const char *name, oc__onnx_binding **out, oc_error *err) {
    OC_TRY(add_binding(reader, name, out, err));
    return oc__onnx_alias(reader, name, *out, err);
}

oc_status oc__onnx_number_binding(oc__onnx_reader *reader, oc_dtype dtype, int64_t value, oc__onnx_binding **out, oc_error *err) {
    OC_TRY(add_binding(reader, "number", out, err));
    OC_TRY(oc_tensor_create(&(*out)->tensor, reader->context, NULL, dtype, &(oc_shape){0}, err));
    oc__element_set(dtype, oc_tensor_get_data((*out)->tensor), 0, (double)value);
    (*out)->constant = true;
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

oc_status oc__onnx_binding_see(oc__onnx_reader *reader, oc__onnx_binding *binding, oc_error *err) {
    OC_TRY(oc__onnx_binding_load(reader, binding, err));
    if (binding->tensor == NULL && binding->value != NULL) {
        OC_TRY(oc__onnx_evaluate(reader, binding->value, &binding->tensor, err));
        binding->evaluated = binding->tensor != NULL;
    }
    return OC_OK;
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
    oc__onnx_names_finish(&reader->states);
    oc__onnx_files_finish(&reader->files);
    oc__onnx_model_finish(&reader->model);
}
