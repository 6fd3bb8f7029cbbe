/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs: the model's own, and those that nodes have as bodies. */
#include <string.h>

#include "onnx/reader.h"

static oc_status check_operators(oc__onnx_reader *reader, oc__onnx_graph *graph, oc_error *err) {
    oc__string text;
    oc_status status = OC_OK;
    if (graph->checked)
        return OC_OK;
    if (graph->sparse_count > 0)
        return oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "sparse initializers are not supported");
    oc__string_init(&text, reader->context);
    oc__onnx_unsupported(reader, graph, &text);
    if (text.size > 0)
        status = oc__fail(reader->context, err, OC_ERROR_UNSUPPORTED, "operators that are not supported: %s", text.text);
    oc__string_finish(&text);
    graph->checked = status == OC_OK;
    return status;
}

/* A state has a name of its own; bodies may call theirs as others do. */
static oc_status name_state(oc__onnx_reader *reader, const char *name, const char **out, oc_error *err) {
    const oc__onnx_scope *model = reader->scope;
    while (model->caller != NULL)
        model = model->caller;
    const char *own = name;
    for (int i = 2; own != NULL && (oc__onnx_names_find(&model->names, own) || oc__onnx_names_find(&reader->states, own)); i++)
        own = oc__arena_printf(&reader->model.arena, "%s.%d", name, i);
    *out = own;
    return own != NULL ? OC_OK : oc__fail_memory(reader->context, err, strlen(name));
}

static oc_status bind_initializer(oc__onnx_reader *reader, oc__onnx_graph *graph, size_t index, oc_error *err) {
    const oc__onnx_tensor *initializer = &graph->initializers[index];
    oc__onnx_binding *binding = graph->bindings[index];
    bool body = reader->scope->caller != NULL;
    if (binding != NULL)
        return oc__onnx_alias(reader, initializer->name, binding, err);
    OC_TRY(oc__onnx_bind(reader, initializer->name, &binding, err));
    if (body) {
        OC_TRY(name_state(reader, initializer->name, &binding->name, err));
        if (!oc__onnx_names_add(&reader->states, binding->name, binding))
            return oc__fail_memory(reader->context, err, sizeof(*binding));
    }
    binding->initializer = initializer;
    binding->constant = !oc__is_real(oc__onnx_dtype(initializer->type));
    graph->bindings[index] = binding;
    return OC_OK;
}

/* Once; a body that is read again has the same states. */
static oc_status bind_initializers(oc__onnx_reader *reader, oc__onnx_graph *graph, oc_error *err) {
    size_t size = graph->initializer_count * sizeof(*graph->bindings);
    if (graph->bindings == NULL && (graph->bindings = oc__arena_alloc(&reader->model.arena, size + 1)) == NULL)
        return oc__fail_memory(reader->context, err, size);
    for (size_t i = 0; i < graph->initializer_count; i++)
        OC_TRY(bind_initializer(reader, graph, i, err));
    return OC_OK;
}

oc_status oc__onnx_mark_used(oc__onnx_reader *reader, const char *name, oc_error *err) {
    if (name[0] == 0 || oc__onnx_names_find(&reader->scope->used, name) != NULL)
        return OC_OK;
    bool added = oc__onnx_names_add(&reader->scope->used, name, &reader->mark);
    return added ? OC_OK : oc__fail_memory(reader->context, err, sizeof(reader->mark));
}

/* How initializers are used decides what they become. */
static void mark_operand(oc__onnx_reader *reader, const oc__onnx_node *node, const oc__onnx_rule *rule, int index) {
    const oc__onnx_function *function = rule == NULL ? oc__onnx_function_find(reader, node) : NULL;
    oc__onnx_binding *binding = oc__onnx_find(reader, node->in[index]);
    uint32_t bit = index < 32 ? (uint32_t)1 << index : 0;
    if (binding == NULL || binding->initializer == NULL || (rule != NULL && (rule->param_inputs & bit) != 0))
        return;
    binding->operand = true;
    binding->frozen |= rule != NULL && (rule->frozen_inputs & bit) != 0;
    binding->frozen |= function != NULL && oc__onnx_function_freezes(reader, function, index);
}

/* Bodies see the names around them, so they use them too. */
static oc_status mark_uses(oc__onnx_reader *reader, const oc__onnx_graph *graph, oc_error *err) {
    for (size_t i = 0; i < graph->node_count; i++) {
        const oc__onnx_node *node = &graph->nodes[i];
        const oc__onnx_rule *rule = oc__onnx_rule_find(reader->context, node, reader->scope->opset, NULL);
        for (int k = 0; k < node->in_count; k++) {
            OC_TRY(oc__onnx_mark_used(reader, node->in[k], err));
            mark_operand(reader, node, rule, k);
        }
        for (int k = 0; k < node->attr_count; k++)
            if (node->attrs[k].graph != NULL)
                OC_TRY(mark_uses(reader, node->attrs[k].graph, err));
    }
    for (size_t i = 0; i < graph->output_count; i++) {
        oc__onnx_binding *binding = oc__onnx_find(reader, graph->outputs[i].name);
        if (binding != NULL)
            binding->operand = true;
        OC_TRY(oc__onnx_mark_used(reader, graph->outputs[i].name, err));
    }
    return OC_OK;
}

oc_status oc__onnx_graph_prepare(oc__onnx_reader *reader, oc__onnx_graph *graph, oc_error *err) {
    OC_TRY(check_operators(reader, graph, err));
    OC_TRY(bind_initializers(reader, graph, err));
    return mark_uses(reader, graph, err);
}

oc_status oc__onnx_graph_read(oc__onnx_reader *reader, const oc__onnx_graph *graph, oc_error *err) {
    for (size_t i = 0; i < graph->node_count; i++)
        OC_TRY(oc__onnx_read_node(reader, &graph->nodes[i], err));
    return OC_OK;
}

static oc_status read_body(oc__onnx_reader *reader, oc__onnx_graph *body, oc__onnx_binding *const *in, oc__onnx_binding **out,
                           oc_error *err) {
    for (size_t i = 0; i < body->input_count; i++)
        OC_TRY(oc__onnx_alias(reader, body->inputs[i].name, in[i], err));
    OC_TRY(oc__onnx_graph_prepare(reader, body, err));
    OC_TRY(oc__onnx_graph_read(reader, body, err));
    for (size_t i = 0; i < body->output_count; i++)
        if ((out[i] = oc__onnx_find(reader, body->outputs[i].name)) == NULL)
            return oc__fail(reader->context, err, OC_ERROR_FORMAT, "output '%.200s' of its body is made by no node",
                            body->outputs[i].name);
    return OC_OK;
}

oc_status oc__onnx_body_read(oc__onnx_reader *reader, oc__onnx_graph *body, oc__onnx_binding *const *in, int in_count,
                             oc__onnx_binding **out, int out_count, oc_error *err) {
    oc__onnx_scope scope;
    if (body->input_count != (size_t)in_count || body->output_count != (size_t)out_count)
        return oc__fail(reader->context, err, OC_ERROR_FORMAT,
                        "its body has %zu inputs and %zu outputs; it should have %d and %d",
                        body->input_count, body->output_count, in_count, out_count);
    oc_status status = oc__onnx_scope_enter(reader, &scope, reader->scope, err);
    if (status == OC_OK)
        status = read_body(reader, body, in, out, err);
    oc__onnx_scope_leave(reader);
    return status;
}
